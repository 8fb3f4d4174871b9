// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What have all programs in common that hold the judge's semantics against QEMU's?
//
// Random numbers that find edges; the registers of a case, as they begin its record; the assembly that moves them between
// a record and a CPU; and the comparison of what the judge knows with what QEMU left there. Which instructions are tried,
// and how QEMU is brought to execute them, is semantics_tool's and privileged_tool's.
//
//   Dice dice(1994); Registers r = Registers::draw(dice); r.give(machine); r.append_to(record, Endian::kBig)
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>

#include "base/address.h"
#include "base/bytes.h"
#include "verify/machine.h"

namespace baton::differential {

class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}
  uint64_t bits() { return random_(); }
  uint64_t below(uint64_t n) { return random_() % n; }
  /// Small, large, and at the edges of words and doublewords.
  uint64_t number() {
    uint64_t n = bits();
    switch (below(9)) {
      case 0: return n & 0xffffffff;
      case 1: return n >> below(64);
      case 2: return ~(n >> below(64));
      case 3: return below(8);
      case 4: return uint64_t{1} << below(64);
      case 5: return (uint64_t{1} << 63) - below(2);
      case 6: return (n << 32) | ((uint64_t{1} << 31) - below(2));
      case 7: return ~below(3);
      default: return n;
    }
  }

 private:
  std::mt19937_64 random_;
};

/// A record begins with r0..r31; these follow.
inline constexpr uint64_t kCr = 256, kXer = 264, kLr = 272, kCtr = 280, kRegistersSize = 288;

struct Registers {
  std::array<uint64_t, 32> gpr{};
  uint64_t cr = 0, xer = 0, lr = 0, ctr = 0;

  static Registers draw(Dice& dice) {
    Registers r;
    for (uint64_t& n : r.gpr) n = dice.number();
    r.cr = dice.bits() & 0xffffffff;
    r.xer = (dice.bits() & 0xe0000000) | dice.below(128);
    r.lr = dice.number();
    r.ctr = dice.below(2) == 0 ? dice.below(3) : dice.number();
    return r;
  }

  void append_to(ByteBuffer& record, Endian order) const {
    for (uint64_t n : gpr) append(record, n, order);
    for (uint64_t n : {cr, xer, lr, ctr}) append(record, n, order);
  }

  void give(verify::Machine& m) const {
    for (size_t r = 0; r < 32; ++r) m.gpr[r] = verify::Value(gpr[r]);
    m.cr = verify::Value(cr);
    m.xer = verify::Value(xer);
    m.lr = verify::Value(lr);
    m.ctr = verify::Value(ctr);
  }
};

/// Text for the assembler, of code that has a record's address in r31.
class Code {
 public:
  void line(const std::string& l) { text_ += "\t" + l + "\n"; }
  void label(const std::string& name) { text_ += name + ":\n"; }
  /// `ld` or `std` of r`first`..r`end - 1`.
  void each(const char* what, uint64_t end, uint64_t first = 0) {
    for (uint64_t r = first; r < end; ++r) line(std::string(what) + " %r" + std::to_string(r) + ", " + std::to_string(8 * r) + "(%r31)");
  }
  /// By way of r0.
  void load_special(const std::string& write, uint64_t at) {
    line("ld %r0, " + std::to_string(at) + "(%r31)");
    line(write);
  }
  void store_special(const std::string& read, uint64_t at) {
    line(read);
    line("std %r0, " + std::to_string(at) + "(%r31)");
  }
  /// Below 2^31.
  void number(const std::string& r, uint64_t value) {
    line("lis " + r + ", " + std::to_string(value >> 16));
    line("ori " + r + ", " + r + ", " + std::to_string(value & 0xffff));
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// What differs in one case.
class Differences {
 public:
  /// Equal, and unknown exactly where it is undefined.
  void same(const std::string& name, const verify::Value& ours, uint64_t theirs, uint64_t undefined = 0) {
    if (ours.known() == ~undefined && ((ours.bits() ^ theirs) & ~undefined) == 0) return;
    text_ += " " + name + ": " + hex(Wide{ours.bits()}) + (ours.is_constant() ? "" : " but for bits " + hex(Wide{~ours.known()})) +
             ", QEMU " + hex(Wide{theirs}) + ";";
  }
  void add(const std::string& what) { text_ += " " + what + ";"; }
  /// Empty when nothing does.
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace baton::differential
