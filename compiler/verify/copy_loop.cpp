// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See copy_loop.h.
#include "verify/copy_loop.h"

namespace baton::verify {

std::optional<CopyTurns> CopySummary::turns_at_once(const Machine& m) const {
  auto turns = read_copy_turns(m, kTurnsLeft);
  if (!turns || turns->turns > kMostAtOnce / turns->bytes_of_turn() || m.coherence.meets_others(turns->loaded, turns->stored)) return std::nullopt;
  return turns;
}

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
  const auto at_once = turns_at_once(m);
  const uint64_t turns = at_once ? at_once->turns : loop_.turns - kTurnsLeft - kTurnsSeen + 1, a_turn = b.instructions - a.instructions;
  const bool alike = c.instructions - b.instructions == a_turn && can_go_on(a.machine, b.machine, c.machine);
  if ((!at_once && bytes <= kMostFollowed) || !alike || !m.coherence.go_on(turns, at_once.has_value())) {
    m.coherence.end_turns();
    return 0;
  }
  if (at_once) {
    copy_turns(*at_once, m);
    m.loaded_at_once = m.loaded_at_once.unite(at_once->loaded);
    m.stored_at_once = m.stored_at_once.unite(at_once->stored);
  } else {
    skipped_turns_ = turns;
  }
  go_on(m, a.machine, b.machine, c.machine, turns, [](const Value&, const Value&, const Value&) { return Value::unknown(); });
  return turns * a_turn;
}

}  // namespace baton::verify
