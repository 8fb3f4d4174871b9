// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is the shortest way to a 64-bit constant in a register, given what other registers hold?
//
// The machine that the answer is optimal for: one register is written, each instruction reads it or a
// register of known value. First instruction: li, lis, or any of the following on a known register; then
// addi addis (not on r0) ori oris xori xoris rldicl rldicr rldic, and rldimi of a known register or of
// the register into itself by 32. Typical: addresses near a base register cost 1 or 2, any constant
// at most 5. No literal pool: data is the caller's choice.
//
//   materialize(r7, 0x4010000, {{r4, 0x4000000}})  ->  addis r7, r4, 1
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ppc64/instruction.h"

namespace baton::ppc64 {

struct KnownRegister {
  Gpr gpr;
  uint64_t value = 0;
};

/// Writes only `target`; empty when it is in `live` with that value. Deterministic. A register that is
/// listed in `live` is read by its listed value, the target too (its value before the first instruction).
std::vector<Instruction> materialize(Gpr target, uint64_t value, std::span<const KnownRegister> live = {});

}  // namespace baton::ppc64
