// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a machine hold many turns of a loop later, if it goes on as in three turns that were seen?
//
// A register that stays, stays; a number that grows by the same step goes on doing so; everything else is what the
// caller recognizes, or unknown. Nothing here knows what the loop is for, and memory is not touched. hash_loop.h and
// copy_loop.h say for which loops that is done, and what is then said of the turns that were left out.
//
//   ctr = 1024, 1023, 1022 in the turns seen, 1000 turns on  ->  ctr = 22; r10 = three loaded values  ->  unknown
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "verify/machine.h"

namespace baton::verify {

inline constexpr size_t kTurnsSeen = 3, kTurnsLeft = 2;

/// Turns that were not run, and the instructions in each.
struct PassedTurns {
  uint64_t turns = 0, instructions = 0;
};

/// A register's later value, from what three turns had in it: asked where it neither stays nor moves by one step.
using Recognize = std::function<Value(const Value&, const Value&, const Value&)>;

/// Whether three turns differ in registers only, in a way that can go on.
bool can_go_on(const Machine& a, const Machine& b, const Machine& c);
/// The registers of `m`, which is `c`, `turns` turns after `c`.
void go_on(Machine& m, const Machine& a, const Machine& b, const Machine& c, uint64_t turns, const Recognize& recognize);

}  // namespace baton::verify
