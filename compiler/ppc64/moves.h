// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In which order are several registers set at once, when some of them are each other's source?
//
// A parallel assignment: all sources are read as they were before it. Constants are made from whatever is
// known at their turn, so the order also decides how long they are: a base register is used before it is
// overwritten. A cycle is opened through a scratch register, or through a target that is not yet set.
// The sequence is the shortest over all orders and saves (up to ten assignments; with more, a greedy one),
// each constant made by its own shortest sequence (constants.h). The cost is the number of instructions; where
// this is not the shortest there is, and why: README.md, "The cost model".
//
//   { r3 <- r4, r4 <- r3, r5 <- 0 }, scratch r0  ->  mr r0,r3; mr r3,r4; mr r4,r0; li r5,0
#pragma once

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "ppc64/constants.h"
#include "ppc64/instruction.h"

namespace baton::ppc64 {

struct Assignment {
  Gpr target;
  std::variant<Gpr, uint64_t> source;
};

struct Move {
  Instruction instruction;
  size_t assignment;  // index of what it serves; for a save, of the first assignment that reads it later
};

/// Writes only targets and scratch registers; empty when everything holds already. `live` are registers of
/// known value before the sequence; `scratch` may be overwritten. Fails when a target is named twice,
/// when a scratch register is a target or a source, or when a cycle has no register left to open it.
Result<std::vector<Move>> parallel_moves(std::span<const Assignment> assignments,
                                         std::span<const KnownRegister> live,
                                         std::span<const Gpr> scratch);

}  // namespace baton::ppc64
