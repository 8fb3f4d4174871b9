// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What may 64 bits hold when some of them are only known by name?
//
// Each bit of a Value is 0, 1, one bit of a named symbol (or its inverse), or unknown. That is exact for
// moves, masks, rotates, byte swaps, stores of a part and flips of one bit: a byte-reversed store of the
// master's id read back in the other order *is* the id. Addition is exact as long as carries are decided.
// A symbol whose high bits are known to be zero (ids below 256) is written so when it is made.
//
//   Value id = Value::symbol(0, 0xff); (id | Value(0x100)).to_text(names) == "0x100 and id in bits 0xff"
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace baton::verify {

/// 0 stands for "unknown"; otherwise (symbol + 1) * 64 + bit, with the top bit for the inverse.
using Atom = uint32_t;
inline constexpr Atom kUnknownAtom = 0;
inline constexpr Atom kInverse = 0x8000'0000;
inline constexpr unsigned kMostSymbols = 1u << 24;

/// One bit: a constant or an atom.
struct Bit {
  bool is_constant = true;
  bool one = false;
  Atom atom = kUnknownAtom;

  static Bit constant(bool one) { return {true, one, kUnknownAtom}; }
  static Bit of(Atom atom) { return {false, false, atom}; }
  static Bit unknown() { return of(kUnknownAtom); }
  friend bool operator==(const Bit&, const Bit&) = default;
  bool is_unknown() const { return !is_constant && atom == kUnknownAtom; }
  /// Certainly the same bit; two unknowns are not.
  bool same_as(Bit other) const {
    if (is_constant != other.is_constant) return false;
    return is_constant ? one == other.one : atom == other.atom && atom != kUnknownAtom;
  }
};
Bit operator~(Bit a);
Bit operator&(Bit a, Bit b);
Bit operator|(Bit a, Bit b);
Bit operator^(Bit a, Bit b);

/// What a symbol is called.
using SymbolNames = std::function<std::string(unsigned)>;

/// What the bits of a value are that are no numbers: 64 atoms, shared by all copies until one is changed. Most values are
/// numbers and have none. One thread only.
class Atoms {
 public:
  Atoms() = default;
  Atoms(const Atoms& o) : shared_(o.shared_) {
    if (shared_) ++shared_->users;
  }
  Atoms(Atoms&& o) noexcept : shared_(std::exchange(o.shared_, nullptr)) {}
  Atoms& operator=(Atoms o) noexcept {
    std::swap(shared_, o.shared_);
    return *this;
  }
  ~Atoms() {
    if (shared_ && --shared_->users == 0) delete shared_;
  }

  /// kUnknownAtom where there are none.
  Atom operator[](unsigned n) const { return shared_ ? shared_->atoms[n] : kUnknownAtom; }
  /// The eight of one byte.
  void copy_byte(unsigned byte, Atom* to) const {
    if (shared_) std::copy_n(shared_->atoms.begin() + 8 * byte, 8, to);
  }
  /// To be changed: this value's own from here on.
  std::array<Atom, 64>& own();
  /// None of its own: it is faster where there was nothing but kUnknownAtom.
  void clear() { *this = Atoms(); }
  /// Bit n: these are the same here and there, and one that has a name.
  uint64_t equal(const Atoms& o) const;
  friend bool operator==(const Atoms& a, const Atoms& b);

 private:
  struct Block {
    uint32_t users = 1;
    std::array<Atom, 64> atoms = {};
  };
  Block* shared_ = nullptr;
};

class Value {
 public:
  Value() = default;  // zero
  explicit Value(uint64_t constant) : bits_(constant) {}
  static Value unknown();
  /// Symbol number `symbol`; bits outside `mask` are zero.
  static Value symbol(unsigned symbol, uint64_t mask = ~uint64_t{0});

  bool is_constant() const { return known_ == ~uint64_t{0}; }
  std::optional<uint64_t> constant() const {
    return is_constant() ? std::optional<uint64_t>(bits_) : std::nullopt;
  }
  /// Bits that are 0 or 1 for certain, and their values (0 elsewhere).
  uint64_t known() const { return known_; }
  uint64_t bits() const { return bits_; }
  /// Bit 0 is the least significant.
  Bit bit(unsigned n) const;
  void set_bit(unsigned n, Bit bit);

  Value rotate_left(unsigned n) const;
  /// The low `width` bytes in the other order, zero above.
  Value bytes_reversed(unsigned width) const;
  /// The bits under `mask`, zero elsewhere.
  Value masked(uint64_t mask) const;
  /// The bits of `other` under `mask`, this one's elsewhere.
  Value with(const Value& other, uint64_t mask) const;
  /// The bits under `mask` turned into their opposites.
  Value inverted(uint64_t mask) const;
  Value sign_extended(unsigned width) const;

  /// Which bits are certainly the same; all of them.
  uint64_t same_bits(const Value& other) const;
  bool same_as(const Value& other) const;
  /// Some bit certainly differs.
  bool differs_from(const Value& other) const;
  /// The same description, unknown bits at the same places: not the same value, but the same knowledge.
  friend bool operator==(const Value& a, const Value& b) = default;
  /// "0x1000", "master.physical_id", "unknown", "0x40 and master.physical_id in bits 0xff".
  std::string to_text(const SymbolNames& names) const;

 private:
  uint64_t known_ = ~uint64_t{0};
  uint64_t bits_ = 0;
  Atoms atoms_;  // for the bits that are not known; kUnknownAtom elsewhere
};

Value operator~(const Value& a);
Value operator&(const Value& a, const Value& b);
Value operator|(const Value& a, const Value& b);
Value operator^(const Value& a, const Value& b);
/// a + b + carry_in; `carry_out` receives the carry when it is wanted.
Value add(const Value& a, const Value& b, Bit carry_in = Bit::constant(false), Bit* carry_out = nullptr);

/// The signed or unsigned order of two values, as far as it is decided.
struct Order {
  Bit less, greater, equal;
};
Order compare(const Value& a, const Value& b, bool is_signed);

}  // namespace baton::verify
