// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Addresses at the edges of 64 bits, and the range algebra against a brute-force page map.
#include <ostream>

#include <bitset>
#include <random>

#include <doctest/doctest.h>

#include "base/address.h"
#include "base/bytes.h"
#include "base/range.h"

using namespace baton;

TEST_CASE("an address reaches 2^64 as an end and not beyond") {
  CHECK(Address::limit().wide() == kTwoTo64);
  CHECK(checked_add(Address{0xffffffffffffffffull}, Size{1}) == Address::limit());
  CHECK_FALSE(checked_add(Address::limit(), Size{1}));
  CHECK_FALSE(checked_subtract(Address{0}, Size{1}));
  CHECK_FALSE(align_up(Address{0xffffffffffffffffull}, Size{1}) == Address::limit());
  CHECK(align_up(Address{0xfffffffffffff001ull}, Size{0x1000}) == Address::limit());
  CHECK(align_down(Address{0x1fff}, Size{0x1000}) == Address{0x1000});
}

TEST_CASE("numbers as text") {
  CHECK(hex(Wide{0}) == "0x0");
  CHECK(hex(Address{0xc000000000000000ull}) == "0xc000000000000000");
  CHECK(hex(Address::limit()) == "0x10000000000000000");
  CHECK(human(Size{64 << 10}) == "64KiB");
  CHECK(human(Size{(12 << 20) + (512 << 10)}) == "12.5MiB");
  CHECK(human(Size{1}) == "1 byte");
}

TEST_CASE("bounded loads and stores in both byte orders") {
  ByteBuffer bytes{1, 2, 3, 4, 5};
  CHECK(load<uint32_t>(bytes, 0, Endian::kBig) == 0x01020304u);
  CHECK(load<uint32_t>(bytes, 1, Endian::kLittle) == 0x05040302u);
  CHECK_FALSE(load<uint32_t>(bytes, 2, Endian::kBig));
  CHECK_FALSE(load<uint32_t>(bytes, ~uint64_t{0}, Endian::kBig));
  CHECK(store<uint16_t>(bytes, 3, 0xabcd, Endian::kLittle));
  CHECK(bytes == ByteBuffer{1, 2, 3, 0xcd, 0xab});
  CHECK_FALSE(store<uint16_t>(bytes, 4, 0, Endian::kBig));
}

namespace {

constexpr unsigned kCells = 64;
using Cells = std::bitset<kCells>;

Range random_range(std::mt19937& random) {
  unsigned a = random() % (kCells + 1), b = random() % (kCells + 1);
  return Range::from_to(std::min(a, b), std::max(a, b));
}

Cells cells_of(const RangeSet& set) {
  Cells cells;
  for (const Range& r : set)
    for (Wide i = r.begin.wide(); i < r.end.wide(); ++i) cells.set(static_cast<size_t>(i));
  return cells;
}

void check_normal(const RangeSet& set) {
  for (size_t i = 0; i < set.count(); ++i) {
    CHECK(set.ranges()[i].begin < set.ranges()[i].end);
    if (i > 0) CHECK(set.ranges()[i - 1].end < set.ranges()[i].begin);
  }
}

}  // namespace

TEST_CASE("range sets agree with a bit per byte") {
  std::mt19937 random(20050101);
  for (int round = 0; round < 3000; ++round) {
    std::vector<Range> first, second;
    for (unsigned i = random() % 6; i > 0; --i) first.push_back(random_range(random));
    for (unsigned i = random() % 6; i > 0; --i) second.push_back(random_range(random));
    RangeSet a(first), b(second);
    check_normal(a);
    Cells ca = cells_of(a), cb = cells_of(b);
    CHECK(cells_of(a.unite(b)) == (ca | cb));
    CHECK(cells_of(a.intersect(b)) == (ca & cb));
    CHECK(cells_of(a.except(b)) == (ca & ~cb));
    check_normal(a.except(b));
    check_normal(a.intersect(b));
    CHECK(a.overlaps(b) == (ca & cb).any());
    CHECK(a.contains(b) == ((cb & ~ca).none()));
    Range r = random_range(random);
    Cells cr = cells_of(RangeSet{r});
    auto parts = a.within(r);
    CHECK(RangeSet(parts) == a.intersect(RangeSet{r}));
    CHECK(parts.size() == a.intersect(RangeSet{r}).count());
    CHECK(a.overlaps(r) == (ca & cr).any());
    CHECK(a.contains(r) == (cr & ~ca).none());
    RangeSet grown = a, shrunk = a;
    grown.add(r);
    shrunk.subtract(r);
    check_normal(grown);
    check_normal(shrunk);
    CHECK(cells_of(grown) == (ca | cr));
    CHECK(cells_of(shrunk) == (ca & ~cr));
    CHECK(a.total_size() == Size{ca.count()});
  }
}

TEST_CASE("a range may end at the top of memory") {
  RangeSet all{Range{Address{0}, Address::limit()}};
  CHECK(all.total_size().wide() == kTwoTo64);
  all.subtract(Range{Address{kTwoTo64 - 1}, Address::limit()});
  CHECK(all.back().end == Address{kTwoTo64 - 1});
}
