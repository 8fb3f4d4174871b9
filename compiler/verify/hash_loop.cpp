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

/// What a register holds `turns` turns after the last of the three it was seen at.
class Extrapolation {
 public:
  Extrapolation(const std::array<const Sha256State*, kTurnsSeen>& states, const Sha256State& later, uint64_t turns)
      : states_(states), later_(later), turns_(turns) {}

  Value operator()(const Value& a, const Value& b, const Value& c) const {
    if (a.same_as(b) && b.same_as(c)) return c;
    if (!a.is_constant() || !b.is_constant() || !c.is_constant()) return Value::unknown();
    uint64_t step = b.bits() - a.bits();
    if (c.bits() - b.bits() == step) return Value(c.bits() + step * turns_);
    auto half = [&](unsigned shift) {
      for (size_t word = 0; word < later_.size(); ++word)
        if ((a.bits() >> shift & kLow) == (*states_[0])[word] && (b.bits() >> shift & kLow) == (*states_[1])[word] &&
            (c.bits() >> shift & kLow) == (*states_[2])[word])
          return Value(later_[word]);
      return Value::unknown().masked(kLow);
    };
    return half(32).rotate_left(32) | half(0);
  }

 private:
  std::array<const Sha256State*, kTurnsSeen> states_;
  const Sha256State& later_;
  uint64_t turns_;
};

}  // namespace

uint64_t LoopSummary::arrive(Machine& m, uint64_t instructions) {
  ++turn_;
  if (loop_->blocks <= kMostTurnsRun || turn_ == 1 || turn_ > kTurnsSeen + 1) return 0;
  // After a store, what is in memory may be something else than what was hashed.
  auto state = m.memory.stored().empty() ? hash(m.memory, *loop_, turn_ - 1) : std::nullopt;
  if (!state) return 0;
  seen_.push_back({m, instructions, *state});
  if (seen_.size() != kTurnsSeen) return 0;
  const Seen &a = seen_[0], &b = seen_[1], &c = seen_[2];
  uint64_t turns = loop_->blocks - kTurnsLeft - kTurnsSeen, a_turn = b.instructions - a.instructions;
  auto later = hash(m.memory, *loop_, loop_->blocks - kTurnsLeft);
  if (!later || c.instructions - b.instructions != a_turn || !a.machine.msr.same_as(b.machine.msr) ||
      !b.machine.msr.same_as(c.machine.msr) || a.machine.other_sprs_written.size() != c.machine.other_sprs_written.size())
    return 0;
  Extrapolation at({&a.state, &b.state, &c.state}, *later, turns);
  for (size_t i = 0; i < m.gpr.size(); ++i) m.gpr[i] = at(a.machine.gpr[i], b.machine.gpr[i], c.machine.gpr[i]);
  for (size_t i = 0; i < m.vr.size(); ++i)
    for (size_t k = 0; k < 2; ++k) m.vr[i][k] = at(a.machine.vr[i][k], b.machine.vr[i][k], c.machine.vr[i][k]);
  for (Value Machine::*part : {&Machine::lr, &Machine::ctr, &Machine::srr0, &Machine::srr1, &Machine::hsrr0, &Machine::hsrr1})
    m.*part = at(a.machine.*part, b.machine.*part, c.machine.*part);
  for (Value Machine::*part : {&Machine::cr, &Machine::xer})
    m.*part = at(a.machine.*part, b.machine.*part, c.machine.*part).masked(kLow);
  skipped_ = turns;
  return turns * a_turn;
}

}  // namespace baton::verify
