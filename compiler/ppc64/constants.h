// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is the shortest way to a 64-bit constant in a register, given what other registers hold?
//
// The machine that the answer is optimal for: one register is written, and each instruction reads it or a
// register of known value. First comes li, lis, or addi addis (not on r0) ori oris xori xoris of a known
// register; then the same in place, rldicl rldicr rldic, and rldimi of the register into itself by 32.
// Sequences of one or two may also rotate a known register or insert it (rldimi), and insert the register into
// itself by any distance: an answer of at most three is therefore the shortest of that machine. Any constant takes
// at most five. An address near a base takes one or two. No literal pool: data is the caller's choice.
//
//   materialize(r7, 0x123450000, {{r4, 0x123440000}})  ->  addis r7, r4, 1
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ppc64/instruction.h"

namespace baton::ppc64 {

struct ConstantStep;

struct KnownRegister {
  Gpr gpr;
  uint64_t value = 0;
};

/// Writes only `target`; empty when it is in `live` with that value. Deterministic. A register that is
/// listed in `live` is read by its listed value, the target too (its value before the first instruction).
std::vector<Instruction> materialize(Gpr target, uint64_t value, std::span<const KnownRegister> live = {});

/// One step of the search in constant_search.h as an instruction; `source` is what it reads besides the target.
Instruction instruction_of(const ConstantStep& step, Gpr target, Gpr source);

}  // namespace baton::ppc64
