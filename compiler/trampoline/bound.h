// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// With how many instructions, at the least, can registers be set and the taker be entered?
//
// The answer is a proof by counting, and does not know what the search (body.h) found. Each register that is to be
// set takes an instruction, so do the store of the id, each part of the jump, and each change of the MSR. To these
// are added instructions that no goal asks for by itself and that still must be there: a base that the store needs
// and nobody promises, the first step of a constant that no single instruction makes of what is ever at hand.
// Where one such instruction might serve two goals, it is counted once.
//
// Where body.h needs as many, that is the shortest; where it needs more, the bound may be too low, and the plan
// says that it is not known. What counts as an instruction is in ppc64/README.md, "The cost model".
//
//   kexec -> bootblock@17, kernel near: r3, r4, the store, `b`; and the base of the store: 5
#pragma once

#include "trampoline/goals.h"

namespace baton::trampoline {

/// For the body that starts `offset` bytes into the stub placed at `start`. Never more than there is.
size_t least_set_up(const MasterGoals& goals, uint64_t start, uint64_t offset);

/// For the store of one byte that renames a property of the boot CPU's node (boot_mark.h); 0 without one.
size_t least_mark(const MasterGoals& goals);

}  // namespace baton::trampoline
