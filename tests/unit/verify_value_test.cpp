// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Symbolic values are sound: under any choice of the symbols, a bit that is known or named is what the
// operation computes.
#include <ostream>

#include <random>

#include <doctest/doctest.h>

#include "base/address.h"
#include "verify/machine.h"
#include "verify/value.h"

using namespace baton;
using namespace baton::verify;

namespace {

using Choice = std::array<uint64_t, 2>;  // the values of two symbols

/// True when `actual` may be the value under this choice: every bit that says something says it rightly.
bool agrees(const Value& value, const Choice& choice, uint64_t actual) {
  for (unsigned n = 0; n < 64; ++n) {
    Bit bit = value.bit(n);
    if (bit.is_unknown()) continue;
    bool one = bit.one;
    if (!bit.is_constant) {
      unsigned symbol = (bit.atom & ~kInverse) / 64u - 1;
      one = ((choice[symbol] >> (bit.atom % 64u) & 1) != 0) != ((bit.atom & kInverse) != 0);
    }
    if (one != ((actual >> n & 1) != 0)) return false;
  }
  return true;
}

struct Sample {
  Value value;
  uint64_t actual;
};

Sample sample(std::mt19937_64& random, const Choice& choice) {
  uint64_t constant = random() >> random() % 64;
  if (random() % 3 == 0) return {Value(constant), constant};
  unsigned symbol = static_cast<unsigned>(random() % 2);
  uint64_t mask = random() % 2 == 0 ? ~uint64_t{0} : random();
  // A symbol's value, some of its bits replaced by constants.
  return {Value(constant).with(Value::symbol(symbol), mask), (constant & ~mask) | (choice[symbol] & mask)};
}

}  // namespace

TEST_CASE("operations on symbolic values agree with every choice of the symbols") {
  std::mt19937_64 random(1969);
  unsigned named = 0;
  for (int round = 0; round < 20000; ++round) {
    Choice choice{random(), random() >> random() % 64};
    Sample a = sample(random, choice), b = sample(random, choice);
    unsigned n = static_cast<unsigned>(random() % 64);
    uint64_t mask = random();
    CHECK(agrees(a.value & b.value, choice, a.actual & b.actual));
    CHECK(agrees(a.value | b.value, choice, a.actual | b.actual));
    CHECK(agrees(a.value ^ b.value, choice, a.actual ^ b.actual));
    CHECK(agrees(~a.value, choice, ~a.actual));
    CHECK(agrees(a.value.rotate_left(n), choice, n == 0 ? a.actual : a.actual << n | a.actual >> (64 - n)));
    CHECK(agrees(a.value.masked(mask), choice, a.actual & mask));
    CHECK(agrees(a.value.with(b.value, mask), choice, (a.actual & ~mask) | (b.actual & mask)));
    CHECK(agrees(a.value.sign_extended(32), choice, static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(a.actual)))));
    Bit carry;
    bool carry_in = random() % 2 == 0;
    CHECK(agrees(add(a.value, b.value, Bit::constant(carry_in), &carry), choice, a.actual + b.actual + carry_in));
    if (carry.is_constant)
      CHECK(carry.one == ((Wide{a.actual} + b.actual + (carry_in ? 1u : 0u)) >> 64 != 0));
    for (bool is_signed : {false, true}) {
      Order order = compare(a.value, b.value, is_signed);
      bool less = is_signed ? static_cast<int64_t>(a.actual) < static_cast<int64_t>(b.actual) : a.actual < b.actual;
      if (order.less.is_constant) CHECK(order.less.one == less);
      if (order.equal.is_constant) CHECK(order.equal.one == (a.actual == b.actual));
      if (order.greater.is_constant) CHECK(order.greater.one == (!less && a.actual != b.actual));
    }
    if (a.value.same_as(b.value)) CHECK(a.actual == b.actual);
    if (a.value.differs_from(b.value)) CHECK(a.actual != b.actual);
    if (!a.value.is_constant() && a.value.rotate_left(n).rotate_left(64 - n).same_as(a.value)) ++named;
  }
  CHECK(named > 5000);
}

TEST_CASE("an id stored in pieces is that id again") {
  Memory memory;
  Value id = Value::symbol(0, 0xffffffff);
  memory.store(0x1c, 4, id, Endian::kBig);
  CHECK(memory.load(0x1c, 4, Endian::kBig).same_as(id));
  Value reversed = memory.load(0x1c, 4, Endian::kLittle);
  CHECK_FALSE(reversed.same_as(id));
  memory.store(0x20, 4, reversed, Endian::kLittle);
  CHECK(memory.load(0x20, 4, Endian::kBig).same_as(id));
  CHECK(memory.load(0x1f, 1, Endian::kBig).same_as(id.masked(0xff)));
  CHECK_FALSE(memory.load(0x18, 8, Endian::kBig).same_as(memory.load(0x18, 8, Endian::kBig)));
  ByteBuffer bytes{1, 2, 3};
  memory.describe("tree", 0x100, bytes, 8);
  CHECK(memory.load(0x100, 8, Endian::kBig).constant() == 0x0102030000000000u);
  CHECK(memory.load(0x100, 8, Endian::kLittle).constant() == 0x030201u);
  CHECK(memory.name_at(0x107) == "tree");
  CHECK(memory.name_at(0x108).empty());
}

TEST_CASE("values as text") {
  SymbolNames names = [](unsigned symbol) { return symbol == 0 ? "master.physical_id" : "another"; };
  Value id = Value::symbol(0);
  CHECK(id.to_text(names) == "master.physical_id");
  CHECK(id.masked(0xff).to_text(names) == "master.physical_id in bits 0xff");
  CHECK(Value(0x40).with(id, 0xf).to_text(names) == "0x40 and master.physical_id in bits 0xf");
  CHECK((~id).to_text(names) == "a mixture of symbols");
  CHECK(Value::unknown().to_text(names) == "unknown");
  CHECK(Value::unknown().masked(0xff).to_text(names) == "0x0 with bits 0xff unknown");
}
