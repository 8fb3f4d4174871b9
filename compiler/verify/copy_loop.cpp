// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See copy_loop.h.
#include "verify/copy_loop.h"

namespace baton::verify {

namespace {

bool can_be_done_at_once(const CopyTurns& turns, const Machine& m) {
  return turns.turns <= kMostAtOnce / turns.bytes_of_turn() && !m.coherence.meets_others(turns.loaded, turns.stored);
}

/// Turns are left out; before them `not_followed` was what is not known. What they copy is known where each is as the first, and
/// nothing had been stored there before.
void leave_out(Machine& m, const std::optional<CopyTurns>& known, const RangeSet& not_followed) {
  if (m.coherence.not_followed() == not_followed) return;  // they store nothing
  auto is_fresh = [&](const Range& range) {
    const auto stored = m.memory.stored().next(range.begin.value());
    return !(stored && range.contains(Address{*stored})) && !not_followed.overlaps(range);
  };
  const auto moved = known ? moved_by(*known, m) : std::nullopt;
  if (moved && is_fresh(moved->from) && is_fresh(moved->to))
    m.left_out.push_back(*moved);
  else
    m.left_out.clear();  // what these turns stored may lie among it
}

}  // namespace

uint64_t CopySummary::arrive(Machine& m, uint64_t instructions) {
  ++turn_;
  const uint64_t bytes = loop_.turns * loop_.bytes;
  if (bytes <= kLeastAtOnce || loop_.turns <= kTurnsSeen + kTurnsLeft || turn_ > kTurnsSeen) return 0;
  seen_.push_back({m, instructions});
  if (seen_.size() != kTurnsSeen) {
    m.coherence.begin_turn();
    return 0;
  }
  const Seen &a = seen_[0], &b = seen_[1], &c = seen_[2];
  const auto known = read_copy_turns(m, kTurnsLeft);
  const bool at_once = known && can_be_done_at_once(*known, m);
  const uint64_t turns = known ? known->turns : loop_.turns - kTurnsLeft - kTurnsSeen + 1, a_turn = b.instructions - a.instructions;
  const bool alike = c.instructions - b.instructions == a_turn && can_go_on(a.machine, b.machine, c.machine);
  const RangeSet not_followed = m.coherence.not_followed();
  if ((!at_once && bytes <= kMostFollowed) || !alike || !m.coherence.go_on(turns, at_once)) {
    m.coherence.end_turns();
    return 0;
  }
  if (at_once) {
    copy_turns(*known, m);
    m.loaded_at_once = m.loaded_at_once.unite(known->loaded);
    m.stored_at_once = m.stored_at_once.unite(known->stored);
  } else {
    leave_out(m, known, not_followed);
    skipped_turns_ = turns;
  }
  go_on(m, a.machine, b.machine, c.machine, turns, [](const Value&, const Value&, const Value&) { return Value::unknown(); });
  return turns * a_turn;
}

}  // namespace baton::verify
