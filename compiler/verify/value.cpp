// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bit by bit, with a short way for constants, which nearly all values of a stub are.
#include "verify/value.h"

#include "base/address.h"

namespace baton::verify {

Bit operator~(Bit a) {
  if (a.is_constant) return Bit::constant(!a.one);
  return a.is_unknown() ? a : Bit::of(a.atom ^ kInverse);
}

Bit operator&(Bit a, Bit b) {
  if (a.is_constant) return a.one ? b : a;
  if (b.is_constant) return b.one ? a : b;
  if (a.same_as(b)) return a;
  if (a.same_as(~b)) return Bit::constant(false);
  return Bit::unknown();
}

Bit operator|(Bit a, Bit b) { return ~(~a & ~b); }

Bit operator^(Bit a, Bit b) {
  if (a.is_constant) return a.one ? ~b : b;
  if (b.is_constant) return b.one ? ~a : a;
  if (a.same_as(b)) return Bit::constant(false);
  if (a.same_as(~b)) return Bit::constant(true);
  return Bit::unknown();
}

Value Value::unknown() {
  Value value;
  value.known_ = 0;
  return value;
}

Value Value::symbol(unsigned symbol, uint64_t mask) {
  BATON_CHECK(symbol < kMostSymbols, "too many symbols");
  Value value;
  value.known_ = ~mask;
  for (unsigned n = 0; n < 64; ++n)
    if ((mask >> n & 1) != 0) value.atoms_[n] = static_cast<Atom>((symbol + 1) * 64 + n);
  return value;
}

Bit Value::bit(unsigned n) const {
  if ((known_ >> n & 1) != 0) return Bit::constant((bits_ >> n & 1) != 0);
  return Bit::of(atoms_[n]);
}

void Value::set_bit(unsigned n, Bit bit) {
  uint64_t mask = uint64_t{1} << n;
  bits_ = bit.is_constant && bit.one ? bits_ | mask : bits_ & ~mask;
  known_ = bit.is_constant ? known_ | mask : known_ & ~mask;
  atoms_[n] = bit.is_constant ? kUnknownAtom : bit.atom;
}

Value Value::rotate_left(unsigned n) const {
  n %= 64;
  if (n == 0) return *this;
  Value result;
  result.known_ = known_ << n | known_ >> (64 - n);
  result.bits_ = bits_ << n | bits_ >> (64 - n);
  if (!is_constant())
    for (unsigned i = 0; i < 64; ++i) result.atoms_[(i + n) % 64] = atoms_[i];
  return result;
}

Value Value::masked(uint64_t mask) const { return Value().with(*this, mask); }

Value Value::with(const Value& other, uint64_t mask) const {
  Value result;
  result.known_ = (known_ & ~mask) | (other.known_ & mask);
  result.bits_ = (bits_ & ~mask) | (other.bits_ & mask);
  if (!result.is_constant())
    for (unsigned i = 0; i < 64; ++i) result.atoms_[i] = (mask >> i & 1) != 0 ? other.atoms_[i] : atoms_[i];
  return result;
}

Value Value::sign_extended(unsigned width) const {
  Value result = *this;
  Bit sign = bit(width - 1);
  for (unsigned n = width; n < 64; ++n) result.set_bit(n, sign);
  return result;
}

bool Value::same_as(const Value& other) const {
  if (known_ != other.known_ || bits_ != other.bits_) return false;
  if (is_constant()) return true;
  for (unsigned n = 0; n < 64; ++n)
    if ((known_ >> n & 1) == 0 && (atoms_[n] == kUnknownAtom || atoms_[n] != other.atoms_[n])) return false;
  return true;
}

bool Value::differs_from(const Value& other) const {
  if (((bits_ ^ other.bits_) & known_ & other.known_) != 0) return true;
  for (unsigned n = 0; n < 64; ++n)
    if (bit(n).same_as(~other.bit(n))) return true;
  return false;
}

std::string Value::to_text(const SymbolNames& names) const {
  if (is_constant()) return hex(Wide{bits_});
  // The usual case: one symbol, all of its bits moved by as much, constants elsewhere.
  uint64_t own_bits = 0, open = ~known_;
  unsigned symbol = kMostSymbols, moved = 0;
  for (unsigned n = 0; n < 64; ++n) {
    if ((open >> n & 1) == 0 || atoms_[n] == kUnknownAtom) continue;
    unsigned from = (atoms_[n] & ~kInverse) / 64u - 1, by = (n - atoms_[n]) % 64;
    if ((atoms_[n] & kInverse) != 0 || (symbol != kMostSymbols && (symbol != from || moved != by))) return "a mixture of symbols";
    symbol = from;
    moved = by;
    own_bits |= uint64_t{1} << n;
  }
  if (symbol == kMostSymbols)
    return open == ~uint64_t{0} ? "unknown" : hex(Wide{bits_}) + " with bits " + hex(Wide{open}) + " unknown";
  std::string name = names(symbol);
  if (own_bits != open) return "a mixture of " + name + " and unknown bits";
  if (moved != 0) name = "(" + name + " rotated left by " + std::to_string(moved) + ")";
  if (bits_ != 0) return hex(Wide{bits_}) + " and " + name + " in bits " + hex(Wide{own_bits});
  if (own_bits == ~uint64_t{0}) return name;
  return name + " in bits " + hex(Wide{own_bits});
}

namespace {

template <typename OnWords, typename OnBits>
Value combine(const Value& a, const Value& b, OnWords on_words, OnBits on_bits) {
  if (a.is_constant() && b.is_constant()) return Value(on_words(a.bits(), b.bits()));
  Value result;
  for (unsigned n = 0; n < 64; ++n) result.set_bit(n, on_bits(a.bit(n), b.bit(n)));
  return result;
}

}  // namespace

Value operator~(const Value& a) { return a ^ Value(~uint64_t{0}); }
Value operator&(const Value& a, const Value& b) {
  return combine(a, b, [](uint64_t x, uint64_t y) { return x & y; }, [](Bit x, Bit y) { return x & y; });
}
Value operator|(const Value& a, const Value& b) {
  return combine(a, b, [](uint64_t x, uint64_t y) { return x | y; }, [](Bit x, Bit y) { return x | y; });
}
Value operator^(const Value& a, const Value& b) {
  return combine(a, b, [](uint64_t x, uint64_t y) { return x ^ y; }, [](Bit x, Bit y) { return x ^ y; });
}

Value add(const Value& a, const Value& b, Bit carry_in, Bit* carry_out) {
  if (a.is_constant() && b.is_constant() && carry_in.is_constant) {
    Wide sum = Wide{a.bits()} + Wide{b.bits()} + Wide{carry_in.one ? 1u : 0u};
    if (carry_out) *carry_out = Bit::constant(sum >= kTwoTo64);
    return Value(static_cast<uint64_t>(sum));
  }
  Value result;
  Bit carry = carry_in;
  for (unsigned n = 0; n < 64; ++n) {
    Bit x = a.bit(n), y = b.bit(n);
    Bit both = x ^ y;
    result.set_bit(n, both ^ carry);
    // The carry is what two of the three agree on.
    carry = x.same_as(y) ? x : (x & y) | (carry & both);
  }
  if (carry_out) *carry_out = carry;
  return result;
}

Order compare(const Value& a, const Value& b, bool is_signed) {
  if (a.same_as(b)) return {Bit::constant(false), Bit::constant(false), Bit::constant(true)};
  // Unsigned bounds; the sign bit inverted makes a signed order unsigned.
  uint64_t flip = is_signed ? uint64_t{1} << 63 : 0;
  auto low = [&](const Value& v) { return ((v.bits() ^ flip) & v.known()); };
  auto high = [&](const Value& v) { return ((v.bits() ^ flip) & v.known()) | ~v.known(); };
  Order order{Bit::unknown(), Bit::unknown(), Bit::unknown()};
  if (high(a) < low(b)) {
    order = {Bit::constant(true), Bit::constant(false), Bit::constant(false)};
  } else if (low(a) > high(b)) {
    order = {Bit::constant(false), Bit::constant(true), Bit::constant(false)};
  } else {
    if (a.differs_from(b)) order.equal = Bit::constant(false);
    if (high(a) <= low(b)) order.greater = Bit::constant(false);
    if (low(a) >= high(b)) order.less = Bit::constant(false);
  }
  return order;
}

}  // namespace baton::verify
