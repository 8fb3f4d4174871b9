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

std::array<Atom, 64>& Atoms::own() {
  if (!shared_) {
    shared_ = new Block;
  } else if (shared_->users > 1) {
    auto* copy = new Block{1, shared_->atoms};
    --shared_->users;
    shared_ = copy;
  }
  return shared_->atoms;
}

uint64_t Atoms::equal(const Atoms& o) const {
  if (!shared_ || !o.shared_) return 0;
  uint64_t equal = 0;
  for (unsigned byte = 0; byte < 8; ++byte) {
    const Atom* mine = &shared_->atoms[8 * byte];
    const Atom* others = &o.shared_->atoms[8 * byte];
    unsigned bits = 0;
    for (unsigned n = 0; n < 8; ++n) bits |= static_cast<unsigned>(mine[n] == others[n] && mine[n] != kUnknownAtom) << n;
    equal |= uint64_t{bits} << 8 * byte;
  }
  return equal;
}

bool operator==(const Atoms& a, const Atoms& b) {
  if (a.shared_ == b.shared_) return true;
  for (unsigned n = 0; n < 64; ++n)
    if (a[n] != b[n]) return false;
  return true;
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
  if (mask == 0) return value;
  auto& atoms = value.atoms_.own();
  for (unsigned n = 0; n < 64; ++n) atoms[n] = (symbol + 1) * 64 + n;
  if (mask != ~uint64_t{0})
    for (unsigned n = 0; n < 64; ++n) atoms[n] = (mask >> n & 1) != 0 ? atoms[n] : kUnknownAtom;
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
  const Atom atom = bit.is_constant ? kUnknownAtom : bit.atom;
  if (atoms_[n] == atom) return;
  if (is_constant()) atoms_.clear();
  else atoms_.own()[n] = atom;
}

Value Value::rotate_left(unsigned n) const {
  n %= 64;
  if (n == 0) return *this;
  Value result;
  result.known_ = known_ << n | known_ >> (64 - n);
  result.bits_ = bits_ << n | bits_ >> (64 - n);
  if (is_constant()) return result;
  auto& atoms = result.atoms_.own();
  for (unsigned i = 0; i < 64; ++i) atoms[(i + n) % 64] = atoms_[i];
  return result;
}

Value Value::bytes_reversed(unsigned width) const {
  Value result;
  const unsigned above = 64 - 8 * width;
  result.bits_ = __builtin_bswap64(bits_) >> above;
  if (is_constant()) return result;
  result.known_ = ~(__builtin_bswap64(~known_) >> above);
  if (result.is_constant()) return result;
  auto& atoms = result.atoms_.own();
  for (unsigned byte = 0; byte < width; ++byte) atoms_.copy_byte(width - 1 - byte, &atoms[8 * byte]);
  return result;
}

Value Value::masked(uint64_t mask) const { return Value().with(*this, mask); }

Value Value::with(const Value& other, uint64_t mask) const {
  Value result;
  result.known_ = (known_ & ~mask) | (other.known_ & mask);
  result.bits_ = (bits_ & ~mask) | (other.bits_ & mask);
  // Mostly all open bits come from one of the two.
  const uint64_t mine = ~known_ & ~mask, others = ~other.known_ & mask;
  if (mine == 0 && others == 0) return result;
  if (mine == 0 && others == ~other.known_) {
    result.atoms_ = other.atoms_;
  } else if (others == 0 && mine == ~known_) {
    result.atoms_ = atoms_;
  } else {
    auto& atoms = result.atoms_.own();
    for (unsigned i = 0; i < 64; ++i) atoms[i] = (mask >> i & 1) != 0 ? other.atoms_[i] : atoms_[i];
  }
  return result;
}

Value Value::inverted(uint64_t mask) const {
  Value result = *this;
  result.bits_ = (bits_ ^ mask) & known_;
  if ((mask & ~known_) == 0) return result;
  auto& atoms = result.atoms_.own();
  for (unsigned n = 0; n < 64; ++n)
    if ((mask >> n & 1) != 0 && atoms[n] != kUnknownAtom) atoms[n] ^= kInverse;
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
  return is_constant() || same_bits(other) == ~uint64_t{0};
}

uint64_t Value::same_bits(const Value& other) const {
  uint64_t same = known_ & other.known_ & ~(bits_ ^ other.bits_);
  const uint64_t open = ~known_ & ~other.known_;
  if (open == 0) return same;
  return same | (open & atoms_.equal(other.atoms_));
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

Value operator~(const Value& a) { return a.inverted(~uint64_t{0}); }
Value operator&(const Value& a, const Value& b) {
  if (b.is_constant()) return a.masked(b.bits());
  if (a.is_constant()) return b.masked(a.bits());
  return combine(a, b, [](uint64_t x, uint64_t y) { return x & y; }, [](Bit x, Bit y) { return x & y; });
}
Value operator|(const Value& a, const Value& b) {
  if (b.is_constant()) return a.with(b, b.bits());
  if (a.is_constant()) return b.with(a, a.bits());
  // Put together from parts: where one may be 1 the other is 0.
  const uint64_t of_b = ~(b.known() & ~b.bits()), zero_in_a = a.known() & ~a.bits();
  if ((of_b & ~zero_in_a) == 0) return a.with(b, of_b);
  return combine(a, b, [](uint64_t x, uint64_t y) { return x | y; }, [](Bit x, Bit y) { return x | y; });
}
Value operator^(const Value& a, const Value& b) {
  if (b.is_constant()) return a.inverted(b.bits());
  if (a.is_constant()) return b.inverted(a.bits());
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
