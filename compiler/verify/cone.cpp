// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Places are those of the symbols in ascending order: those without a definition come first. See cone.h.
#include "verify/cone.h"

#include <algorithm>
#include <bit>

#include "base/address.h"

namespace baton::verify {
namespace {

constexpr uint64_t kSignBit = uint64_t{1} << 63;

uint64_t order_bits(uint64_t a, uint64_t b) { return uint64_t{1} << (a < b ? kLessBit : a > b ? kGreaterBit : kEqualBit); }

uint64_t compute(Operation operation, uint64_t a, uint64_t b, uint64_t carry) {
  const unsigned amount = b & 127;
  switch (operation) {
    case Operation::kAdd: return a + b + carry;
    case Operation::kCarry: return Wide{a} + Wide{b} + Wide{carry} >= kTwoTo64 ? 1 : 0;
    case Operation::kMultiply: return a * b;
    case Operation::kAnd: return a & b;
    case Operation::kOr: return a | b;
    case Operation::kXor: return a ^ b;
    case Operation::kShiftLeft: return amount < 64 ? a << amount : 0;
    case Operation::kShiftRight: return amount < 64 ? a >> amount : 0;
    case Operation::kShiftRightSigned: return static_cast<uint64_t>(static_cast<int64_t>(a) >> std::min(amount, 63u));
    case Operation::kLeadingZeros: return static_cast<uint64_t>(std::countl_zero(a));
    case Operation::kSignedOrder: return order_bits(a ^ kSignBit, b ^ kSignBit);
    case Operation::kUnsignedOrder: return order_bits(a, b);
  }
  return 0;
}

}  // namespace

Cone::Cone(const Definitions& definitions, const std::set<unsigned>& symbols, const Assignment& assignment)
    : symbols_(symbols.begin(), symbols.end()), numbers_(symbols_.size()) {
  for (size_t place = 0; place < symbols_.size(); ++place) {
    if (const Definition* d = definitions.find(symbols_[place]))
      results_.push_back({place, d->operation, operand(d->a), operand(d->b), operand(value_of(d->carry))});
    else
      numbers_[place] = assignment.of(symbols_[place]);
  }
}

size_t Cone::place_of(unsigned symbol) const {
  const auto found = std::lower_bound(symbols_.begin(), symbols_.end(), symbol);
  BATON_CHECK(found != symbols_.end() && *found == symbol, "a cone is asked for what was collected");
  return static_cast<size_t>(found - symbols_.begin());
}

Cone::Operand Cone::operand(const Value& value) const {
  Operand operand{value.bits(), {}};
  for (unsigned n = 0; n < 64; ++n) {
    if ((value.known() >> n & 1) != 0) continue;
    const Bit bit = value.bit(n);
    if (bit.is_unknown()) continue;
    const size_t place = !operand.parts.empty() && symbols_[operand.parts.back().place] == symbol_of(bit.atom) ? operand.parts.back().place
                                                                                                               : place_of(symbol_of(bit.atom));
    const Part part{place, static_cast<int>((n - bit_of(bit.atom)) % 64), uint64_t{1} << n, (bit.atom & kInverse) != 0 ? ~uint64_t{0} : 0};
    const auto same = std::find_if(operand.parts.begin(), operand.parts.end(), [&](const Part& other) {
      return other.place == part.place && other.left == part.left && other.flips == part.flips;
    });
    if (same == operand.parts.end())
      operand.parts.push_back(part);
    else
      same->mask |= part.mask;
  }
  return operand;
}

uint64_t Cone::number(const Operand& operand) const {
  uint64_t number = operand.bits;
  for (const Part& part : operand.parts) number |= (std::rotl(numbers_[part.place], part.left) ^ part.flips) & part.mask;
  return number;
}

uint64_t Cone::of(unsigned symbol) {
  const size_t place = place_of(symbol);
  for (; fresh_ < results_.size() && results_[fresh_].place <= place; ++fresh_) {
    const Result& r = results_[fresh_];
    numbers_[r.place] = compute(r.operation, number(r.a), number(r.b), number(r.carry));
  }
  return numbers_[place];
}

uint64_t Cone::of(const Value& value) {
  const Operand parts = operand(value);
  for (const Part& part : parts.parts) of(symbols_[part.place]);
  return number(parts);
}

bool Cone::set(unsigned symbol, uint64_t number) {
  uint64_t& now = numbers_[place_of(symbol)];
  if (now == number) return false;
  now = number;
  fresh_ = 0;  // definitions come behind all that has none
  return true;
}

}  // namespace baton::verify
