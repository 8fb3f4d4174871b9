// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Three turns are compared, and one far away is made of them. See hash_loop.h.
#include "verify/hash_loop.h"

#include <algorithm>
#include <optional>

namespace baton::verify {
namespace {

constexpr uint64_t kBlock = 64, kLow = 0xffffffff;

/// The state after `blocks` blocks of memory; nullopt where a byte of them is not known.
std::optional<Sha256State> hash(const Memory& memory, const HashLoop& loop, uint64_t blocks) {
  Sha256State state = sha256_start();
  uint64_t data = loop.data.value();
  if (const uint8_t* bytes = memory.described(data, blocks * kBlock)) {
    for (const auto& done : *loop.hashed)
      if (done.bytes == bytes && done.blocks == blocks) return done.state;
    for (uint64_t i = 0; i < blocks; ++i) sha256_block(state, bytes + i * kBlock);
    loop.hashed->push_back({bytes, blocks, state});
    return state;
  }
  for (uint64_t i = 0; i < blocks; ++i) {
    uint64_t at = data + i * kBlock;
    if (const uint8_t* bytes = memory.described(at, kBlock)) {
      sha256_block(state, bytes);
      continue;
    }
    std::array<uint8_t, kBlock> copied{};
    for (uint64_t k = 0; k < kBlock; ++k) {
      auto byte = memory.byte(at + k).constant();
      if (!byte) return std::nullopt;
      copied[k] = static_cast<uint8_t>(*byte);
    }
    sha256_block(state, copied.data());
  }
  return state;
}

}  // namespace

PassedTurns LoopSummary::arrive(Machine& m, uint64_t instructions) {
  ++turn_;
  if (loop_->blocks <= kMostTurnsRun || turn_ == 1 || turn_ > kTurnsSeen + 1) return {};
  // After a store, what is in memory may be something else than what was hashed.
  auto state = m.memory.stored().empty() ? hash(m.memory, *loop_, turn_ - 1) : std::nullopt;
  if (!state) return {};
  seen_.push_back({m, instructions, *state});
  if (seen_.size() != kTurnsSeen) return {};
  const Seen &a = seen_[0], &b = seen_[1], &c = seen_[2];
  uint64_t turns = loop_->blocks - kTurnsLeft - kTurnsSeen, a_turn = b.instructions - a.instructions;
  auto later = hash(m.memory, *loop_, loop_->blocks - kTurnsLeft);
  if (!later || c.instructions - b.instructions != a_turn || !can_go_on(a.machine, b.machine, c.machine)) return {};
  // What moves in no even step may be two words of the state.
  go_on(m, a.machine, b.machine, c.machine, turns, [&](const Value& x, const Value& y, const Value& z) {
    auto half = [&](unsigned shift) {
      for (size_t word = 0; word < later->size(); ++word)
        if ((x.bits() >> shift & kLow) == a.state[word] && (y.bits() >> shift & kLow) == b.state[word] &&
            (z.bits() >> shift & kLow) == c.state[word])
          return Value((*later)[word]);
      return Value::unknown().masked(kLow);
    };
    return half(32).rotate_left(32) | half(0);
  });
  skipped_ = turns;
  return {turns, a_turn};
}

}  // namespace baton::verify
