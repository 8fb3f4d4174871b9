// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums, products, quotients and comparisons (Power ISA 3.0B, Book I 3.3.9 and 3.3.10). What the books leave undefined
// (the high half of a product or quotient of words, a quotient by 0) is unknown here, whatever some CPU makes of it.
#include "base/address.h"
#include "verify/execution.h"

namespace baton::verify {
namespace {

constexpr uint64_t kWord = 0xffffffff;

Value without_high_half(const Value& value) { return Value::unknown().with(value, kWord); }

}  // namespace

void Execution::compare_into_cr(Value a, Value b, bool is_signed, unsigned width) {
  if (width == 32) {
    a = is_signed ? a.sign_extended(32) : a.masked(kWord);
    b = is_signed ? b.sign_extended(32) : b.masked(kWord);
  }
  set_cr_field(count(0), m_.definitions->order(a, b, is_signed));
}

/// CA32 is set with it, and says nothing of CA: whether there is one depends on the CPU.
void Execution::set_carry(Bit carry) {
  m_.xer.set_bit(kXerCa, carry);
  m_.xer = m_.xer.with(Value::unknown(), kXerCa32);
}

Value Execution::add_with_carry(const Value& a, const Value& b, Bit in) {
  Bit out;
  add(a, b, in, &out);
  Value carry;
  carry.set_bit(0, out);
  set_carry(named(Operation::kCarry, a, b, carry, in).bit(0));
  return sum(a, b, in);
}

Value Execution::multiply(const Value& a, const Value& b) {
  if (a.is_constant() && b.is_constant()) return Value(a.bits() * b.bits());
  return named(Operation::kMultiply, a, b, Value::unknown());
}

Value Execution::high_product(const Value& a, const Value& b, bool is_signed) {
  if (!a.is_constant() || !b.is_constant()) return Value::unknown();
  uint64_t high = static_cast<uint64_t>((Wide{a.bits()} * Wide{b.bits()}) >> 64);
  // As signed numbers each negative factor stands for itself less 2^64.
  if (is_signed && (a.bits() >> 63) != 0) high -= b.bits();
  if (is_signed && (b.bits() >> 63) != 0) high -= a.bits();
  return Value(high);
}

Value Execution::quotient(const Value& a, const Value& b, bool is_signed, unsigned width, bool remainder) {
  auto widened = [&](const Value& v) { return width == 64 ? v : is_signed ? v.sign_extended(32) : v.masked(kWord); };
  if (!widened(a).is_constant() || !widened(b).is_constant()) return Value::unknown();
  const uint64_t x = widened(a).bits(), y = widened(b).bits();
  const uint64_t least = width == 64 ? uint64_t{1} << 63 : Value(uint64_t{1} << 31).sign_extended(32).bits();
  if (y == 0 || (is_signed && x == least && y == ~uint64_t{0})) return Value::unknown();
  uint64_t of = x / y;
  if (is_signed) {
    // By magnitudes: the quotient goes towards 0, and a remainder has the dividend's sign.
    auto magnitude = [](uint64_t n) { return (n >> 63) != 0 ? 0 - n : n; };
    of = magnitude(x) / magnitude(y);
    if (((x ^ y) >> 63) != 0) of = 0 - of;
  }
  return Value(remainder ? x - of * y : of);
}

/// isel: one of two registers, by a bit of CR.
void Execution::select() {
  const Value first = base(1), second = gpr(2);
  const Bit condition = cr_bit(count(3));
  if (condition.is_constant) {
    gpr(0) = condition.one ? first : second;
  } else if (first.same_as(second)) {
    gpr(0) = first;
  } else if (condition.is_unknown()) {
    unknown("depends on a condition that is not known");
  } else {
    result_ = {Step::Kind::kForks, where() + " depends on a condition that is not known", condition.atom};
  }
}

bool Execution::arithmetic() {
  const Bit zero = Bit::constant(false), one = Bit::constant(true), carry = m_.xer.bit(kXerCa);
  const Value minus_one(~uint64_t{0});
  switch (i_.mnemonic) {
    case Mnemonic::kAddi: gpr(0) = sum(base(1), number(2)); return true;
    case Mnemonic::kAddis: gpr(0) = sum(base(1), shifted(2)); return true;
    case Mnemonic::kAddic: case Mnemonic::kAddicDot: gpr(0) = add_with_carry(gpr(1), number(2), zero); return true;
    case Mnemonic::kSubfic: gpr(0) = add_with_carry(~gpr(1), number(2), one); return true;
    case Mnemonic::kMulli: gpr(0) = multiply(gpr(1), number(2)); return true;

    case Mnemonic::kCmpwi: compare_into_cr(gpr(1), number(2), true, 32); return true;
    case Mnemonic::kCmpdi: compare_into_cr(gpr(1), number(2), true, 64); return true;
    case Mnemonic::kCmplwi: compare_into_cr(gpr(1), number(2), false, 32); return true;
    case Mnemonic::kCmpldi: compare_into_cr(gpr(1), number(2), false, 64); return true;
    case Mnemonic::kCmpw: compare_into_cr(gpr(1), gpr(2), true, 32); return true;
    case Mnemonic::kCmpd: compare_into_cr(gpr(1), gpr(2), true, 64); return true;
    case Mnemonic::kCmplw: compare_into_cr(gpr(1), gpr(2), false, 32); return true;
    case Mnemonic::kCmpld: compare_into_cr(gpr(1), gpr(2), false, 64); return true;

    case Mnemonic::kAdd: case Mnemonic::kAddDot: gpr(0) = sum(gpr(1), gpr(2)); return true;
    case Mnemonic::kAddc: case Mnemonic::kAddcDot: gpr(0) = add_with_carry(gpr(1), gpr(2), zero); return true;
    case Mnemonic::kAdde: case Mnemonic::kAddeDot: gpr(0) = add_with_carry(gpr(1), gpr(2), carry); return true;
    case Mnemonic::kAddme: case Mnemonic::kAddmeDot: gpr(0) = add_with_carry(gpr(1), minus_one, carry); return true;
    case Mnemonic::kAddze: case Mnemonic::kAddzeDot: gpr(0) = add_with_carry(gpr(1), Value(), carry); return true;
    case Mnemonic::kSubf: case Mnemonic::kSubfDot: gpr(0) = sum(gpr(2), ~gpr(1), one); return true;
    case Mnemonic::kSubfc: case Mnemonic::kSubfcDot: gpr(0) = add_with_carry(gpr(2), ~gpr(1), one); return true;
    case Mnemonic::kSubfe: case Mnemonic::kSubfeDot: gpr(0) = add_with_carry(gpr(2), ~gpr(1), carry); return true;
    case Mnemonic::kSubfme: case Mnemonic::kSubfmeDot: gpr(0) = add_with_carry(minus_one, ~gpr(1), carry); return true;
    case Mnemonic::kSubfze: case Mnemonic::kSubfzeDot: gpr(0) = add_with_carry(Value(), ~gpr(1), carry); return true;
    case Mnemonic::kNeg: case Mnemonic::kNegDot: gpr(0) = sum(Value(), ~gpr(1), one); return true;

    case Mnemonic::kMulld: case Mnemonic::kMulldDot: gpr(0) = multiply(gpr(1), gpr(2)); return true;
    case Mnemonic::kMullw: case Mnemonic::kMullwDot:
      gpr(0) = multiply(gpr(1).sign_extended(32), gpr(2).sign_extended(32));
      return true;
    case Mnemonic::kMulhd: case Mnemonic::kMulhdDot: gpr(0) = high_product(gpr(1), gpr(2), true); return true;
    case Mnemonic::kMulhdu: case Mnemonic::kMulhduDot: gpr(0) = high_product(gpr(1), gpr(2), false); return true;
    case Mnemonic::kMulhw: case Mnemonic::kMulhwDot:
      gpr(0) = without_high_half(multiply(gpr(1).sign_extended(32), gpr(2).sign_extended(32)).rotate_left(32));
      return true;
    case Mnemonic::kMulhwu: case Mnemonic::kMulhwuDot:
      gpr(0) = without_high_half(multiply(gpr(1).masked(kWord), gpr(2).masked(kWord)).rotate_left(32));
      return true;
    case Mnemonic::kDivd: case Mnemonic::kDivdDot: gpr(0) = quotient(gpr(1), gpr(2), true, 64, false); return true;
    case Mnemonic::kDivdu: case Mnemonic::kDivduDot: gpr(0) = quotient(gpr(1), gpr(2), false, 64, false); return true;
    case Mnemonic::kDivw: case Mnemonic::kDivwDot:
      gpr(0) = without_high_half(quotient(gpr(1), gpr(2), true, 32, false));
      return true;
    case Mnemonic::kDivwu: case Mnemonic::kDivwuDot:
      gpr(0) = without_high_half(quotient(gpr(1), gpr(2), false, 32, false));
      return true;
    case Mnemonic::kModsd: gpr(0) = quotient(gpr(1), gpr(2), true, 64, true); return true;
    case Mnemonic::kModud: gpr(0) = quotient(gpr(1), gpr(2), false, 64, true); return true;
    case Mnemonic::kModsw: gpr(0) = without_high_half(quotient(gpr(1), gpr(2), true, 32, true)); return true;
    case Mnemonic::kModuw: gpr(0) = without_high_half(quotient(gpr(1), gpr(2), false, 32, true)); return true;
    case Mnemonic::kIsel: select(); return true;
    default: return false;
  }
}

}  // namespace baton::verify
