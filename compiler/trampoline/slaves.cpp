// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Answers from conventions that are resolved over addresses yet to come. See slaves.h.
#include "trampoline/slaves.h"

#include <algorithm>
#include <optional>

#include "contract/gap.h"
#include "contract/order.h"
#include "placement/pen.h"
#include "trampoline/synthesize.h"

namespace baton::trampoline {

using contract::Claim;
using model::ClauseKind;
using model::Section;
using placement::SlaveMeans;

namespace {

contract::Boundary resolved(const placement::Layout& layout, contract::Side side, Endian giver) {
  diagnostics::Sink reported_later;  // when the gap is closed
  bool from = side == contract::Side::kFrom;
  std::vector<std::string> relied_on;
  if (from) relied_on = layout.handoff->relies_on;
  return contract::resolve(from ? *layout.from : *layout.to, placement::RoleScope(layout, from),
                           {side, giver, relied_on}, reported_later);
}

/// A claim's one number, where it has one.
std::optional<uint64_t> number(const Claim* claim) {
  if (!claim || claim->any || claim->possible().size() != 1) return std::nullopt;
  model::Value v = claim->possible()[0];
  if (!v.is_known() || !v.is_number() || v.number() >= kTwoTo64) return std::nullopt;
  return static_cast<uint64_t>(v.number());
}

/// The first range of a claim's value, where its address is known.
std::optional<Range> range(const model::Value& v) {
  if (!v.is_known() || v.ranges().empty()) return std::nullopt;
  return v.ranges().front();
}

}  // namespace

bool copies_before_release(const model::Convention& giver) {
  contract::PartialOrder promised;
  for (const auto& edge : giver.order) promised.add(edge.before, edge.after);
  return promised.entails("head_copied", "slaves_released");
}

Result<Relay> relay_terms(const contract::Boundary& from, const contract::Boundary& to) {
  const std::string giver = "`" + from.convention->name + "`", taker = "`" + to.convention->name + "`";
  auto refuse = [](const std::string& why) {
    return Failure{Failure::Kind::kUnsuitable, "slaves cannot be relayed: " + why};
  };
  for (const char* field : {"LE", "IR", "DR"})
    if (number(from.find(Section::kSlaves, ClauseKind::kMsr, field)) != 0)
      return refuse(giver + " does not promise that they arrive with " + field + " = 0");
  Relay relay;
  const Claim* enter = to.find(Section::kSlaves, ClauseKind::kEnter);
  auto landing = number(from.find(Section::kSlaves, ClauseKind::kEnter)), taker_landing = number(enter);
  if (!landing) return refuse(giver + " does not say where they land");
  if (!taker_landing) return refuse(taker + " does not say where they enter it");
  relay.landing = *landing;
  relay.taker_landing = *taker_landing;
  relay.enter_clause = enter->clause->origin + ": " + enter->text();
  const Claim* copy = from.find(Section::kMemory, ClauseKind::kBytes);
  if (!copy || range(copy->values[0]) != Range::at(Address{0}, Size{kHeadSize}))
    return refuse(giver + " does not copy the stub's head to 0");
  if (!copies_before_release(*from.convention))
    return refuse(giver + " does not promise `head_copied < slaves_released`");
  for (const Claim& need : to.claims) {
    if (need.section == Section::kSlaves && need.kind == ClauseKind::kRegister && !need.any)
      if (auto gpr = ppc64::find_gpr(need.subject)) relay.kept.push_back(*gpr);
    if (need.section != Section::kSlaves || need.kind != ClauseKind::kBytes) continue;
    // Before the image is placed its addresses are open; that the head is one is then seen later.
    if (auto wanted = range(need.values[0]), source = range(need.values[1]); wanted && source) {
      uint64_t head = source->begin.value() - wanted->begin.value();
      if (wanted->end > Address{kHeadSize} || (!relay.copy_clause.empty() && head != relay.taker_head))
        return refuse("`" + need.clause->text + "` is not of the one head that is put in place");
      relay.taker_head = head;
    }
    relay.copy_clause += (relay.copy_clause.empty() ? "" : "; ") + need.clause->origin + ": " + need.text();
  }
  if (relay.copy_clause.empty()) return refuse(taker + " needs nothing at 0 for them");
  relay.order_clause = to.convention->name + ": order head_copied < slaves_released";
  return relay;
}

std::vector<Endian> giver_orders(const placement::Layout& layout) {
  switch (layout.handoff->giver) {
    case model::GiverOrder::kBig: return {Endian::kBig};
    case model::GiverOrder::kLittle: return {Endian::kLittle};
    case model::GiverOrder::kBoth: break;
  }
  // A convention whose LE is fixed has one order, whatever the handoff leaves open.
  contract::Boundary probe = resolved(layout, contract::Side::kFrom, Endian::kLittle);
  const Claim* le = probe.find(Section::kMaster, ClauseKind::kMsr, "LE");
  if (le && le->values.size() == 1 && le->values[0].is_known() && le->values[0].number() == 0) return {Endian::kBig};
  return {Endian::kBig, Endian::kLittle};
}

namespace {

SlaveMeans means_of(placement::Layout& layout) {
  const std::string& asked = layout.handoff->slaves;
  auto orders = giver_orders(layout);
  contract::Boundary from = resolved(layout, contract::Side::kFrom, orders.front()),
                     to = resolved(layout, contract::Side::kTo, orders.front());
  layout.slaves_may_arrive = contract::find_gap(from, to).slaves_may_arrive;
  if (asked == "overlay") return SlaveMeans::kOverlay;  // the head is the taker's even if nobody runs it
  if (asked == "none" || !layout.slaves_may_arrive) return SlaveMeans::kNone;
  bool pen = std::any_of(to.claims.begin(), to.claims.end(), [](const Claim& c) { return c.kind == ClauseKind::kPen; });
  if (pen && asked == "auto") return SlaveMeans::kPen;
  if (asked == "relay") return SlaveMeans::kRelay;
  // The entry of a stub takes one word, or two where the giver's order is open (synthesize.cpp).
  Address own{4 * static_cast<uint64_t>(orders.size())};
  bool fits = std::none_of(to.claims.begin(), to.claims.end(), [&](const Claim& need) {
    return need.section == Section::kSlaves && need.kind == ClauseKind::kBytes && need.values[0].is_known() &&
           !need.values[0].ranges().empty() && need.values[0].ranges().front().begin < own;
  });
  // Where a relay cannot be either, what stands in the way of the overlay is the thing to tell.
  return fits || !relay_terms(from, to) ? SlaveMeans::kOverlay : SlaveMeans::kRelay;
}

}  // namespace

void choose_slave_means(placement::Layout& layout) { layout.slaves = means_of(layout); }

bool check_pen(const placement::Layout& layout, diagnostics::Sink& sink) {
  const auto& clauses = layout.to->clauses;
  auto wanted = std::find_if(clauses.begin(), clauses.end(), [](const auto& c) { return c.kind == ClauseKind::kPen && !c.incidental; });
  if (wanted == clauses.end() || !layout.slaves_may_arrive) return true;
  if (layout.slaves != SlaveMeans::kPen) {
    sink.report(diagnostics::Code::no_pen, layout.handoff->slaves_span,
                "`" + layout.to->name + "` wants its slaves in a pen, each at a slot of its own, not by " + layout.handoff->slaves)
        .label(wanted->span, "the need")
        .note("say `slaves by auto`, or nothing");
    return false;
  }
  const placement::PlacedSegment& stub = layout.entered();
  if (stub.declaration->kind != model::SegmentKind::kTrampoline) return true;  // an open gap, told when it is found
  auto table = placement::pen_table(layout);
  if (!table) {
    sink.report(diagnostics::Code::no_pen, layout.handoff->name_span,
                "`" + layout.to->name + "` wants each slave at a slot of its own, and nothing says which CPUs the machine has")
        .note("state them: `cpus = 0, 1;`");
    return false;
  }
  Size needed{placement::PenTable::kOffset + table->size().bytes()};
  if (needed < stub.content.size) return true;
  Size room = *align_up(Size{needed.bytes() + placement::kLowHead}, Size{0x10000});
  constexpr uint64_t kMostSlots = 1 << 16;
  sink.report(diagnostics::Code::no_pen, stub.declaration->name_span,
              "the ids of " + std::to_string(table->ids.size()) + " CPUs lie between " + std::to_string(table->first) + " and " +
                  std::to_string(table->ids.back()) + ": a slot of " + human(Size{table->slot}) + " for each number takes " +
                  human(table->size()) + ", and `" + stub.name() + "` has room for " + human(stub.content.size))
      .label(table->span, "the slots")
      .note(table->slots <= kMostSlots ? "give it room: `size <= " + human(room) + ";`"
                                       : "state `cpus` of the machine with those that hand over and those that come: ids far apart leave holes");
  return false;
}

}  // namespace baton::trampoline
