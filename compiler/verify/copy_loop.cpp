// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See copy_loop.h.
#include "verify/copy_loop.h"

namespace baton::verify {

uint64_t CopySummary::arrive(Machine& m, uint64_t instructions) {
  ++turn_;
  const uint64_t bytes = loop_.turns * loop_.bytes;
  if (bytes <= kMostRun || loop_.turns <= kTurnsSeen + kTurnsLeft || turn_ > kTurnsSeen) return 0;
  seen_.push_back({m, instructions});
  if (seen_.size() != kTurnsSeen) {
    m.coherence.begin_turn();
    return 0;
  }
  const Seen &a = seen_[0], &b = seen_[1], &c = seen_[2];
  auto known = read_copy_turns(m, kTurnsLeft);
  if (known && !can_copy(*known, m)) known.reset();
  // What such turns tell other CPUs is not followed; what they copy is.
  const bool at_once = known && !m.coherence.meets_others(known->loaded, known->stored);
  const uint64_t turns = known ? known->turns : loop_.turns - kTurnsLeft - kTurnsSeen + 1, a_turn = b.instructions - a.instructions;
  const bool alike = c.instructions - b.instructions == a_turn && can_go_on(a.machine, b.machine, c.machine);
  const auto stored = (!at_once && bytes <= kMostFollowed) || !alike ? std::nullopt : m.coherence.go_on(turns, at_once);
  if (!stored) {
    m.coherence.end_turns();
    return 0;
  }
  if (!known) {
    m.memory.lose(*stored);
  } else {
    copy_turns(*known, m);
    m.loaded_at_once = m.loaded_at_once.unite(known->loaded);
    m.stored_at_once = m.stored_at_once.unite(known->stored);
  }
  go_on(m, a.machine, b.machine, c.machine, turns, [](const Value&, const Value&, const Value&) { return Value::unknown(); });
  return turns * a_turn;
}

}  // namespace baton::verify
