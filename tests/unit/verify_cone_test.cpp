// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers of results: on random definitions they are what is computed bit by bit, from the beginning, after each change of a
// symbol. And a search that cannot move anything ends.
#include "verify/cone.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

using namespace baton;
using namespace baton::verify;

namespace {

constexpr unsigned kInputs = 6;
using Numbers = std::map<unsigned, uint64_t>;

/// Bit by bit.
uint64_t plain(const Value& value, const Numbers& numbers) {
  uint64_t number = 0;
  for (unsigned n = 0; n < 64; ++n) {
    const Bit bit = value.bit(n);
    bool one = bit.is_constant && bit.one;
    if (!bit.is_constant && !bit.is_unknown()) one = ((numbers.at(symbol_of(bit.atom)) >> bit_of(bit.atom) & 1) != 0) != ((bit.atom & kInverse) != 0);
    number |= uint64_t{one} << n;
  }
  return number;
}

uint64_t plain(const Definition& d, const Numbers& numbers) {
  const uint64_t a = plain(d.a, numbers), b = plain(d.b, numbers), carry = plain(value_of(d.carry), numbers), sum = a + b + carry;
  const auto order = [](auto x, auto y) { return x < y ? 1u : x > y ? 2u : 4u; };
  const uint64_t amount = b % 128;
  switch (d.operation) {
    case Operation::kAdd: return sum;
    case Operation::kCarry: return sum < a || (carry != 0 && sum == a) ? 1 : 0;
    case Operation::kMultiply: return a * b;
    case Operation::kAnd: return a & b;
    case Operation::kOr: return a | b;
    case Operation::kXor: return a ^ b;
    case Operation::kShiftLeft: return amount > 63 ? 0 : a << amount;
    case Operation::kShiftRight: return amount > 63 ? 0 : a >> amount;
    case Operation::kShiftRightSigned: return (amount > 63 ? 0 : a >> amount) | (a >> 63 != 0 && amount != 0 ? ~uint64_t{0} << (amount > 63 ? 0 : 64 - amount) : 0);
    case Operation::kLeadingZeros: {
      uint64_t zeros = 0;
      for (uint64_t rest = a; zeros < 64 && rest >> 63 == 0; rest <<= 1) ++zeros;
      return zeros;
    }
    case Operation::kSignedOrder: return order(static_cast<int64_t>(a), static_cast<int64_t>(b));
    case Operation::kUnsignedOrder: return order(a, b);
  }
  return 0;
}

/// A number, or in pieces of what there is: rotated, inverted, of two symbols.
Value operand(std::mt19937_64& random, const std::vector<unsigned>& symbols) {
  const auto any = [&] {
    // Mostly a late one, so that definitions stand upon each other.
    const size_t back = random() % (random() % 2 == 0 ? std::min<size_t>(4, symbols.size()) : symbols.size());
    return Value::symbol(symbols[symbols.size() - 1 - back]).rotate_left(static_cast<unsigned>(random() % 64));
  };
  Value value = any();
  if (random() % 4 == 0) value = Value(random() >> random() % 64);
  if (random() % 4 == 0) value = value.inverted(random());
  if (random() % 4 == 0) value = value.with(any(), random());
  if (random() % 4 == 0) value = value.masked(random());
  return value;
}

}  // namespace

TEST_CASE("results have the numbers that are computed bit by bit, after each change of a symbol") {
  std::mt19937_64 random(2004);
  constexpr Operation kOperations[] = {Operation::kAdd,       Operation::kCarry,      Operation::kMultiply,         Operation::kAnd,
                                       Operation::kOr,        Operation::kXor,        Operation::kShiftLeft,        Operation::kShiftRight,
                                       Operation::kShiftRightSigned, Operation::kLeadingZeros, Operation::kSignedOrder, Operation::kUnsignedOrder};
  for (int i = 0; i < 50; ++i) {
    CAPTURE(i);
    Definitions definitions;
    std::vector<unsigned> symbols;
    for (unsigned n = 0; n < kInputs; ++n) symbols.push_back(n);
    while (symbols.size() < 60) {
      const Value a = operand(random, symbols), b = operand(random, symbols);
      const Bit carry = random() % 2 == 0 ? Bit::constant(random() % 2 == 0) : Value::symbol(symbols.back()).bit(3);
      symbols.push_back(definitions.name({kOperations[random() % std::size(kOperations)], a, b, carry}));
    }
    std::set<unsigned> all(symbols.begin(), symbols.end());
    Assignment assignment(random());
    Cone cone(definitions, all, assignment);
    for (int change = 0; change < 10; ++change) {
      Numbers numbers;
      for (unsigned symbol : all) {
        const Definition* d = definitions.find(symbol);
        numbers[symbol] = d ? plain(*d, numbers) : assignment.of(symbol);
      }
      for (int asked = 0; asked < 10; ++asked) {
        const unsigned symbol = symbols[random() % symbols.size()];
        CHECK(cone.of(symbol) == numbers[symbol]);
        const Value value = operand(random, symbols).with(Value::unknown(), random() % 2 == 0 ? 0 : random());
        CHECK(cone.of(value) == plain(value, numbers));
        CHECK(evaluate(value, definitions, assignment) == plain(value, numbers));
        const Bit bit = Value::symbol(symbol).inverted(random()).bit(static_cast<unsigned>(random() % 64));
        CHECK(cone.is_one(bit.atom) == (plain(value_of(bit), numbers) != 0));
      }
      const unsigned input = static_cast<unsigned>(random() % kInputs);
      const uint64_t number = random() % 4 == 0 ? numbers[input] : random();
      assignment.choose(input, number);
      CHECK(cone.set(input, number) == (number != numbers[input]));
    }
  }
}

TEST_CASE("a search that can move nothing ends") {
  // As of a digest: many decisions, all of them about products of one unknown word.
  Definitions definitions;
  Decisions decisions;
  Value hash = Value::symbol(1);
  for (int i = 0; i < 200; ++i) {
    hash = Value::symbol(definitions.name({Operation::kMultiply, hash.rotate_left(7), hash, Bit::constant(false)}));
    decisions[hash.bit(0).atom] = i % 2 == 0;
  }
  CHECK_FALSE(find_assignment(decisions, definitions, 1));
  // What it can move it does, beside results that come out right by themselves.
  const unsigned order = definitions.name({Operation::kUnsignedOrder, Value::symbol(2), Value(7), Bit::constant(false)});
  const unsigned zero = definitions.name({Operation::kMultiply, Value::symbol(1).masked(2), Value::symbol(2).masked(2), Bit::constant(false)});
  const auto found = find_assignment({{Value::symbol(order).bit(kEqualBit).atom, true}, {Value::symbol(zero).bit(0).atom, false}}, definitions, 1);
  REQUIRE(found);
  CHECK(found->of(2) == 7);
}

TEST_CASE("of a result that thousands stand behind, numbers that make it differ are found") {
  Definitions definitions;
  Value hash = Value::symbol(1);
  for (int i = 0; i < 3000; ++i)
    hash = Value::symbol(definitions.name({i % 2 == 0 ? Operation::kXor : Operation::kAdd, hash.rotate_left(7), hash, Bit::constant(false)}));
  const Atom equal = Value::symbol(definitions.name({Operation::kUnsignedOrder, hash, Value(7), Bit::constant(false)})).bit(kEqualBit).atom;
  const auto found = find_assignment({{equal, false}}, definitions, 1);
  REQUIRE(found);
  CHECK(evaluate(hash, definitions, *found) != 7);
}
