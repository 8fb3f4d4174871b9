// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See copy_loop.h.
#include "verify/copy_loop.h"

namespace baton::verify {

PassedTurns CopySummary::arrive(Machine& m, uint64_t instructions) {
  ++turn_;
  const uint64_t bytes = loop_.turns * loop_.bytes;
  if ((vouches_ && bytes <= kMostRun) || loop_.turns <= kTurnsSeen + kTurnsLeft || turn_ > kTurnsSeen) return {};
  seen_.push_back({m, instructions});
  if (seen_.size() != kTurnsSeen) {
    m.coherence.begin_turn();
    return {};
  }
  const Seen &a = seen_[0], &b = seen_[1], &c = seen_[2];
  const uint64_t a_turn = b.instructions - a.instructions;
  auto known = read_copy_turns(m, kTurnsLeft);
  if (known && known->instructions != a_turn) known.reset();
  // What such turns tell other CPUs is not followed; what they copy is.
  const bool at_once = known && !m.coherence.meets_others(known->loaded, known->stored);
  const uint64_t turns = known ? known->turns : loop_.turns - kTurnsLeft - kTurnsSeen + 1;
  const bool alike = c.instructions - b.instructions == a_turn && can_go_on(a.machine, b.machine, c.machine);
  const auto stored = (!at_once && (!vouches_ || bytes <= kMostFollowed)) || !alike ? std::nullopt : m.coherence.go_on(turns, at_once);
  if (!stored) {
    m.coherence.end_turns();
    return {};
  }
  if (!known) {
    for (const Range& range : *stored) m.memory.put({range, {}, {}});
  } else {
    copy_turns(*known, m);
    m.loaded_at_once = m.loaded_at_once.unite(known->loaded);
    m.stored_at_once = m.stored_at_once.unite(known->stored);
  }
  go_on(m, a.machine, b.machine, c.machine, turns, [](const Value&, const Value&, const Value&) { return Value::unknown(); });
  return {turns, a_turn};
}

PassedTurns LoopFinder::come_back(Machine& m, uint64_t instructions) {
  const uint64_t passed = instructions - last_;
  if (m.pc != head_ || passed != a_turn_) {
    head_ = m.pc;
    a_turn_ = passed;
    turns_ = 0;
    summary_.reset();
  }
  last_ = instructions;
  if (summary_) return summary_->arrive(m, instructions);
  if (++turns_ != kTurnsBefore) return {};
  const auto known = read_copy_turns(m, kTurnsLeft);
  if (!known || known->turns * known->instructions < kLeastLeft) return {};
  summary_.emplace(CopyLoop{Address{m.pc}, known->turns + kTurnsLeft, known->bytes_of_turn()}, false);
  return summary_->arrive(m, instructions);
}

}  // namespace baton::verify
