// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does one turn of a loop copy or fill, whatever turn it is; and how many are there?
//
// A turn is read, not run: loads, stores of what was loaded in the same turn by as many bytes, or of a number, additions of a number
// to a register, comparisons with branches out of the loop, and the branch back to its head; anything else is no such turn. Its
// addresses are then sums of registers and a number, and each register that they are made of, or that is compared, moves by the same
// step in every turn. So all turns do the same, each a step further, as long as no address leaves the part of the address space
// that it begins in, nothing is stored to before it is loaded, and the turn's own instructions are not. Those are looked at here for
// all turns together. What else a turn changes each turn changes anew: the last ones, which are run, show it.
//
//   head: ld r11, 8(r9); ldu r12, 16(r9); std r11, 8(r10); stdu r12, 16(r10); bdnz head
//   ->  two pieces of 8 bytes, 16 further in each turn
#pragma once

#include <optional>
#include <vector>

#include "verify/machine.h"

namespace baton::verify {

/// Instructions.
inline constexpr uint64_t kMostInTurn = 64;

struct CopiedPiece {
  uint64_t from = 0, to = 0;            // effective addresses in the turn that begins
  uint64_t from_step = 0, to_step = 0;  // in each turn after it; two's complement
  unsigned width = 0;                   // 1, 2, 4, 8 or 16 bytes
  std::optional<uint64_t> number = {};  // is stored, in place of what was loaded
};

struct CopyTurns {
  std::vector<CopiedPiece> pieces;  // in the order of the stores
  uint64_t turns = 0;               // so many, of those that the loop has left, are as the one that begins
  uint64_t instructions = 0;        // in each
  RangeSet loaded, stored;          // places in memory, by all of these turns
  /// What they store together, where that is without a gap: copied from elsewhere, or the same byte everywhere.
  struct Whole {
    Range to;
    std::optional<Range> from;
    uint8_t byte = 0;
  };
  std::optional<Whole> whole;

  uint64_t bytes_of_turn() const;
};

/// The machine is at the head of a loop, and has gone through at least one turn of it. All turns but the last `left` ones, one at least;
/// nothing where it is no such loop, where turns are not known to do the same, or store more than kMostOneByOne with gaps.
std::optional<CopyTurns> read_copy_turns(const Machine& m, uint64_t left);

/// What `turns` does to memory. Registers are as they were. Turns that store up to so much are done one by one, so that each byte
/// can be told later; what more of them store is copied or filled as a whole.
inline constexpr uint64_t kMostOneByOne = 1024 * 1024;
void copy_turns(const CopyTurns& turns, Machine& m);

}  // namespace baton::verify
