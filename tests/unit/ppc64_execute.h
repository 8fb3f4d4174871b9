// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What do the register instructions that constants and moves are made of do to 32 registers?
//
// The tests' own executor: written from the definition of each instruction, sharing nothing with the
// search that chose the instructions or with the abstract machine of verify/.
#pragma once

#include <array>
#include <cstdint>

#include <doctest/doctest.h>

#include "ppc64/instruction.h"

namespace baton::ppc64::test {

using Registers = std::array<uint64_t, 32>;

inline uint64_t rotate_left(uint64_t x, unsigned n) { return n == 0 ? x : (x << n) | (x >> (64 - n)); }

/// Ones from bit `from` to bit `to`, bit 0 the most significant, around the end when from > to.
inline uint64_t mask(unsigned from, unsigned to) {
  uint64_t m = 0;
  for (unsigned bit = from;; bit = (bit + 1) % 64) {
    m |= uint64_t{1} << (63 - bit);
    if (bit == to) return m;
  }
}

inline void execute(const Instruction& i, Registers& r) {
  auto o = [&](size_t k) { return static_cast<size_t>(i.operands[k]); };
  uint64_t immediate = static_cast<uint64_t>(i.operands[2]);
  unsigned sh = static_cast<unsigned>(i.operands[2]), bound = static_cast<unsigned>(i.operands[3]);
  switch (i.mnemonic) {
    case Mnemonic::kAddi: r[o(0)] = (o(1) == 0 ? 0 : r[o(1)]) + immediate; return;
    case Mnemonic::kAddis: r[o(0)] = (o(1) == 0 ? 0 : r[o(1)]) + (immediate << 16); return;
    case Mnemonic::kOri: r[o(0)] = r[o(1)] | immediate; return;
    case Mnemonic::kOris: r[o(0)] = r[o(1)] | immediate << 16; return;
    case Mnemonic::kXori: r[o(0)] = r[o(1)] ^ immediate; return;
    case Mnemonic::kXoris: r[o(0)] = r[o(1)] ^ immediate << 16; return;
    case Mnemonic::kOr: r[o(0)] = r[o(1)] | r[o(2)]; return;
    case Mnemonic::kRldicl: r[o(0)] = rotate_left(r[o(1)], sh) & mask(bound, 63); return;
    case Mnemonic::kRldicr: r[o(0)] = rotate_left(r[o(1)], sh) & mask(0, bound); return;
    case Mnemonic::kRldic: r[o(0)] = rotate_left(r[o(1)], sh) & mask(bound, 63 - sh); return;
    case Mnemonic::kRldimi: {
      uint64_t m = mask(bound, 63 - sh);
      r[o(0)] = (rotate_left(r[o(1)], sh) & m) | (r[o(0)] & ~m);
      return;
    }
    default: FAIL("not a register instruction: " << to_text(i));
  }
}

}  // namespace baton::ppc64::test
