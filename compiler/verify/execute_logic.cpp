// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Logic, counts of bits, shifts and rotates (Power ISA 3.0B, Book I 3.3.13 and 3.3.14). See execution.h.
#include "verify/execution.h"

namespace baton::verify {

Value Execution::rotate32(unsigned by) {
  // The low word in both halves, then rotated: what comes in from above is the word itself.
  Value low = gpr(1).masked(0xffffffff);
  return (low | low.rotate_left(32)).rotate_left(by);
}

std::optional<unsigned> Execution::rotation(unsigned bits) {
  auto amount = gpr(2).masked((uint64_t{1} << bits) - 1).constant();
  if (!amount) return std::nullopt;
  return static_cast<unsigned>(*amount);
}

void Execution::shift(unsigned width, bool left) {
  uint64_t word = width == 64 ? ~uint64_t{0} : 0xffffffff;
  auto amount = rotation(width == 64 ? 7 : 6);
  if (!amount) {
    const Value by = gpr(2).masked(width == 64 ? 127 : 63);
    gpr(0) = named(left ? Operation::kShiftLeft : Operation::kShiftRight, gpr(1).masked(word), by, Value::unknown().masked(word));
  } else if (*amount >= width) {
    gpr(0) = Value();
  } else {
    Value in = gpr(1).masked(word);
    gpr(0) = left ? in.rotate_left(*amount).masked((~uint64_t{0} << *amount) & word)
                  : in.rotate_left(64 - *amount).masked(word >> *amount);
  }
}

/// The sign comes in from the left, in words into the high half too. CA: a negative number lost a one.
void Execution::shift_algebraic(unsigned width, std::optional<uint64_t> amount) {
  if (!amount) {
    gpr(0) = Value::unknown();
    return set_carry(Bit::unknown());
  }
  const Value in = width == 64 ? gpr(1) : gpr(1).sign_extended(32);
  const unsigned by = static_cast<unsigned>(*amount < 63 ? *amount : 63);
  Value result = in.rotate_left(64 - by);
  const Bit sign = in.bit(63);
  for (unsigned n = 64 - by; n < 64; ++n) result.set_bit(n, sign);
  // All of a word or doubleword goes out with as many bits as it has, the sign included.
  const Value lost = in.masked(*amount >= 64 ? ~uint64_t{0} : (uint64_t{1} << by) - 1);
  Value negative, any;
  negative.set_bit(0, sign);
  any.set_bit(0, ~m_.resolve(m_.definitions->order(lost, Value(), false).equal));
  gpr(0) = result;
  set_carry(conjunction(negative, any).bit(0));
}

void Execution::count_zeros(unsigned width, bool leading) {
  auto value = gpr(1).masked(width == 64 ? ~uint64_t{0} : 0xffffffff).constant();
  if (!value && leading)  // of a word: in the upper half, with a one behind it that ends the count
    gpr(0) = named(Operation::kLeadingZeros, width == 64 ? gpr(1) : gpr(1).masked(0xffffffff).rotate_left(32) | Value(uint64_t{1} << 31),
                   Value(), Value::unknown().masked(127));
  else if (!value)
    gpr(0) = Value::unknown().masked(127);
  else if (*value == 0)
    gpr(0) = Value(width);
  else
    gpr(0) = Value(static_cast<uint64_t>(leading ? __builtin_clzll(*value) - static_cast<int>(64 - width) : __builtin_ctzll(*value)));
}

/// Of each part of `width` bits by itself.
void Execution::count_ones(unsigned width) {
  auto value = gpr(1).constant();
  uint64_t result = 0;
  for (unsigned at = 0; value && at < 64; at += width)
    result |= static_cast<uint64_t>(__builtin_popcountll(*value >> at & (~uint64_t{0} >> (64 - width)))) << at;
  gpr(0) = value ? Value(result) : Value::unknown().masked(width == 64 ? 0x7f : 0x0000003f0000003f);
}

bool Execution::logic() {
  switch (i_.mnemonic) {
    case Mnemonic::kOri: gpr(0) = gpr(1) | number(2); return true;
    case Mnemonic::kOris: gpr(0) = gpr(1) | shifted(2); return true;
    case Mnemonic::kXori: gpr(0) = gpr(1) ^ number(2); return true;
    case Mnemonic::kXoris: gpr(0) = gpr(1) ^ shifted(2); return true;
    case Mnemonic::kAndiDot: gpr(0) = gpr(1) & number(2); return true;
    case Mnemonic::kAndisDot: gpr(0) = gpr(1) & shifted(2); return true;

    case Mnemonic::kAnd: case Mnemonic::kAndDot: gpr(0) = conjunction(gpr(1), gpr(2)); return true;
    case Mnemonic::kAndc: case Mnemonic::kAndcDot: gpr(0) = conjunction(gpr(1), ~gpr(2)); return true;
    case Mnemonic::kOr: case Mnemonic::kOrDot: gpr(0) = disjunction(gpr(1), gpr(2)); return true;
    case Mnemonic::kOrc: case Mnemonic::kOrcDot: gpr(0) = disjunction(gpr(1), ~gpr(2)); return true;
    case Mnemonic::kXor: case Mnemonic::kXorDot: gpr(0) = difference(gpr(1), gpr(2)); return true;
    case Mnemonic::kNor: case Mnemonic::kNorDot: gpr(0) = ~disjunction(gpr(1), gpr(2)); return true;
    case Mnemonic::kNand: case Mnemonic::kNandDot: gpr(0) = ~conjunction(gpr(1), gpr(2)); return true;
    case Mnemonic::kEqv: case Mnemonic::kEqvDot: gpr(0) = ~difference(gpr(1), gpr(2)); return true;
    case Mnemonic::kExtsb: case Mnemonic::kExtsbDot: gpr(0) = gpr(1).sign_extended(8); return true;
    case Mnemonic::kExtsh: case Mnemonic::kExtshDot: gpr(0) = gpr(1).sign_extended(16); return true;
    case Mnemonic::kExtsw: case Mnemonic::kExtswDot: gpr(0) = gpr(1).sign_extended(32); return true;
    case Mnemonic::kCntlzw: case Mnemonic::kCntlzwDot: count_zeros(32, true); return true;
    case Mnemonic::kCntlzd: case Mnemonic::kCntlzdDot: count_zeros(64, true); return true;
    case Mnemonic::kCnttzw: case Mnemonic::kCnttzwDot: count_zeros(32, false); return true;
    case Mnemonic::kCnttzd: case Mnemonic::kCnttzdDot: count_zeros(64, false); return true;
    case Mnemonic::kPopcntw: count_ones(32); return true;
    case Mnemonic::kPopcntd: count_ones(64); return true;

    case Mnemonic::kSlw: case Mnemonic::kSlwDot: shift(32, true); return true;
    case Mnemonic::kSrw: case Mnemonic::kSrwDot: shift(32, false); return true;
    case Mnemonic::kSld: case Mnemonic::kSldDot: shift(64, true); return true;
    case Mnemonic::kSrd: case Mnemonic::kSrdDot: shift(64, false); return true;
    case Mnemonic::kSraw: case Mnemonic::kSrawDot: shift_algebraic(32, rotation(6)); return true;
    case Mnemonic::kSrad: case Mnemonic::kSradDot: shift_algebraic(64, rotation(7)); return true;
    case Mnemonic::kSrawi: case Mnemonic::kSrawiDot: shift_algebraic(32, count(2)); return true;
    case Mnemonic::kSradi: case Mnemonic::kSradiDot: shift_algebraic(64, count(2)); return true;

    case Mnemonic::kRldicl: case Mnemonic::kRldiclDot:
      gpr(0) = gpr(1).rotate_left(count(2)).masked(mask_between(count(3), 63));
      return true;
    case Mnemonic::kRldicr: case Mnemonic::kRldicrDot:
      gpr(0) = gpr(1).rotate_left(count(2)).masked(mask_between(0, count(3)));
      return true;
    case Mnemonic::kRldic: case Mnemonic::kRldicDot:
      gpr(0) = gpr(1).rotate_left(count(2)).masked(mask_between(count(3), 63 - count(2)));
      return true;
    case Mnemonic::kRldimi: case Mnemonic::kRldimiDot:
      insert_rotated(gpr(1).rotate_left(count(2)), mask_between(count(3), 63 - count(2)));
      return true;
    case Mnemonic::kRldcl: case Mnemonic::kRldclDot: case Mnemonic::kRldcr: case Mnemonic::kRldcrDot: {
      const bool left = i_.mnemonic == Mnemonic::kRldcl || i_.mnemonic == Mnemonic::kRldclDot;
      auto by = rotation(6);
      gpr(0) = (by ? gpr(1).rotate_left(*by) : Value::unknown()).masked(left ? mask_between(count(3), 63) : mask_between(0, count(3)));
      return true;
    }
    case Mnemonic::kRlwinm: case Mnemonic::kRlwinmDot:
      gpr(0) = rotate32(count(2)).masked(mask_between(count(3) + 32, count(4) + 32));
      return true;
    case Mnemonic::kRlwimi: case Mnemonic::kRlwimiDot:
      insert_rotated(rotate32(count(2)), mask_between(count(3) + 32, count(4) + 32));
      return true;
    case Mnemonic::kRlwnm: case Mnemonic::kRlwnmDot: {
      auto by = rotation(5);
      gpr(0) = (by ? rotate32(*by) : Value::unknown()).masked(mask_between(count(3) + 32, count(4) + 32));
      return true;
    }
    default: return false;
  }
}

}  // namespace baton::verify
