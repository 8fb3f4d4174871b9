// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How does a stub copy memory before it enters the taker?
//
// `before enter copy RANGE to ADDRESS`: addresses and sizes are known when the stub is made, so a copy is a loop over
// blocks of 64 bytes and a straight line for what is left. All of a block is loaded before any of it is stored, and the
// loop goes up or down: where source and target overlap that is chosen so that no byte is overwritten before it is read.
// The widest access is taken that both ends are aligned to: vectors where the machine has them, else doublewords. Where
// the taker may execute what was copied, the instruction caches are made to see it.
//
// Not here: whether the memory is anybody's (placement), and what the bytes mean to the taker (contract).
//
//   {0x0 .. 0x10000 to 0x11010000} -> 8 ld, 8 std and bdnz for each 64 bytes: 17 instructions
#pragma once

#include <string>
#include <vector>

#include "base/range.h"
#include "trampoline/body.h"

namespace baton::trampoline {

struct MemoryCopy {
  Range from;
  Address to;
  bool executed = false;  // instructions are fetched from the copy
  std::string clause;

  Range target() const { return Range::at(to, from.size()); }
};

/// Whether the copies put the bytes of `wanted` at `destination`, and none of them spoils either before or after.
bool brought_by(const std::vector<MemoryCopy>& copies, const Range& destination, const Range& wanted);

/// In the order given. `vectors`: the machine has them, and firmware does not withhold them.
Result<Part> copy_memory(const std::vector<MemoryCopy>& copies, bool vectors, const MasterGoals& goals);

}  // namespace baton::trampoline
