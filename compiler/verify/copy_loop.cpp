// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See copy_loop.h.
#include "verify/copy_loop.h"

namespace baton::verify {

uint64_t CopySummary::arrive(Machine& m, uint64_t instructions) {
  ++turn_;
  if (loop_.turns * loop_.bytes <= kMostFollowed || loop_.turns <= kTurnsSeen + kTurnsLeft || turn_ > kTurnsSeen) return 0;
  seen_.push_back({m, instructions});
  if (seen_.size() != kTurnsSeen) {
    m.coherence.begin_turn();
    return 0;
  }
  const Seen &a = seen_[0], &b = seen_[1], &c = seen_[2];
  uint64_t turns = loop_.turns - kTurnsLeft - kTurnsSeen + 1, a_turn = b.instructions - a.instructions;
  bool alike = c.instructions - b.instructions == a_turn && can_go_on(a.machine, b.machine, c.machine);
  if (!alike || !m.coherence.go_on(turns)) {
    m.coherence.end_turns();
    return 0;
  }
  go_on(m, a.machine, b.machine, c.machine, turns, [](const Value&, const Value&, const Value&) { return Value::unknown(); });
  skipped_turns_ = turns;
  return turns * a_turn;
}

}  // namespace baton::verify
