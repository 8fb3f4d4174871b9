// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See meeting_proof.h.
#include "driver/meeting_proof.h"

namespace baton::driver {

using contract::Claim;
using model::ClauseKind;
using model::Section;
using verify::Outcome;

namespace {

constexpr const char *kClause = "slaves that come early, late or never", *kNotReached = "the jump to the taker is not reached";
/// Where the machine does not say how many CPUs there are.
constexpr size_t kSlavesUnlessStated = 3;

size_t slaves_of(const Compilation& c) {
  const auto* cpus = c.layout.machine->find("cpus");
  return cpus && !cpus->value.ids().empty() ? cpus->value.ids().size() - 1 : kSlavesUnlessStated;
}

/// What lies in the segment that is entered, the taker's code is not told of.
bool knows_no_other(const verify::Loaded& loaded, const RangeSet& places) {
  return !places.empty() && std::any_of(loaded.segments.begin(), loaded.segments.end(), [&](const verify::Segment& s) {
    const auto all = Range::checked(s.start, s.size);
    return all && all->contains(loaded.entry) && RangeSet{*all}.contains(places);
  });
}

}  // namespace

std::optional<Address> slaves_landing(const trampoline::ClosedOrder& order) {
  const Claim* landing = order.from.find(Section::kSlaves, ClauseKind::kEnter);
  if (!order.gap.slaves_may_arrive || !landing) return std::nullopt;
  auto at = landing->possible();
  if (at.size() != 1 || !at[0].is_known()) return std::nullopt;
  return Address{at[0].number()};
}

void judge_meeting(const Compilation& c, const trampoline::ClosedOrder& order, const verify::Loaded& loaded, MasterSetting master,
                   SlaveSetting slave, verify::Verdict& verdict) {
  verify::Obligation& way = verdict.obligations.front();
  const bool waits = way.outcome == Outcome::kUnknown && verdict.paths == 1 && knows_no_other(loaded, verdict.waits_for);
  if (way.outcome > Outcome::kAssumed && !waits) return verdict.obligations.push_back({kClause, Outcome::kUnknown, kNotReached});
  slave.goals.comes_back = slave.landing == slave.goals.target;
  if (!loaded.code) {
    for (const verify::Segment& memory : slave.state.memory) slave.goals.may_execute.add(Range::at(memory.start, memory.size));
    slave.goals.may_execute.add(c.layout.entered().extent);
  }
  verify::Loaded at_landing = loaded;
  at_landing.entry = slave.landing;
  slaves::MeetingOf of;
  of.slaves.push_back({at_landing, slave.state, slave.goals, Endian::kBig});
  of.count = slaves_of(c);
  of.block = slave.state.cache_block;
  of.must_enter = order.to.find(Section::kSlaves, ClauseKind::kEnter) != nullptr;
  for (const verify::EntryState& state : master.states) of.masters.push_back({loaded, state, master.goals, order.giver});
  of.seen = std::move(master.seen);
  for (const verify::BytesGoal& bytes : master.goals.bytes) of.window.add(Range::at(bytes.at, Size{bytes.bytes.size()}));
  auto meeting = slaves::meet(of);
  if (waits) {
    if (meeting.slaves_only_look) {
      way.outcome = Outcome::kRefuted;
      way.detail += ": no slave that comes does, nor does anybody else know of it";
    }
    return verdict.obligations.push_back({kClause, Outcome::kUnknown, kNotReached});
  }
  verdict.obligations.push_back({kClause, meeting.outcome, meeting.detail});
  if (!meeting.trace.empty()) verdict.obligations.back().trace = meeting.trace;
}

}  // namespace baton::driver
