// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The hole search against a map with one bit per byte of a small address space, laid at 0, in the middle
// and against 2^64; then the wording of what was rejected.
#include <ostream>

#include <algorithm>
#include <array>
#include <random>

#include <doctest/doctest.h>

#include "placement/holes.h"

using namespace baton;
using namespace baton::placement;

namespace {

constexpr unsigned kCells = 96;
using Cells = std::array<bool, kCells>;

constexpr Wide kOrigins[] = {0, static_cast<Wide>(1) << 40, kTwoTo64 - kCells};

struct Case {
  Wide origin = 0;
  HoleRequest request;
  Cells base{};     // the first `within`, free of every `avoid`
  Cells allowed{};  // by every constraint
};

RangeSet random_ranges(std::mt19937& random, Wide origin, unsigned most) {
  std::vector<Range> ranges;
  for (unsigned i = random() % (most + 1); i > 0; --i) {
    unsigned a = random() % (kCells + 1), b = random() % (kCells + 1);
    ranges.push_back(Range::from_to(origin + std::min(a, b), origin + std::max(a, b)));
  }
  return RangeSet(ranges);
}

/// Few short ranges: what is left has holes worth searching.
RangeSet random_specks(std::mt19937& random, Wide origin, unsigned most) {
  std::vector<Range> ranges;
  for (unsigned i = random() % (most + 1); i > 0; --i) {
    unsigned begin = random() % kCells;
    unsigned length = std::min(static_cast<unsigned>(random() % 12), kCells - begin);
    ranges.push_back(Range::from_to(origin + begin, origin + begin + length));
  }
  return RangeSet(ranges);
}

bool in(const RangeSet& set, Wide address) {
  return set.contains(Range::from_to(address, address + 1));
}

Case random_case(std::mt19937& random) {
  Case c;
  c.origin = kOrigins[random() % std::size(kOrigins)];
  HoleRequest& r = c.request;
  r.name = "tested";
  r.size = Size{random() % 24};
  r.granule = Size{static_cast<Wide>(1) << random() % 4};
  r.align = Size{static_cast<Wide>(1) << random() % 6};
  r.direction = random() % 2 ? Direction::kBottomUp : Direction::kTopDown;
  const RangeSet whole{Range::from_to(c.origin, c.origin + kCells)};
  for (unsigned i = 0; i < 1 + random() % 3; ++i)
    r.within.push_back(
        {random() % 3 == 0 ? whole : random_ranges(random, c.origin, 5), "within w" + std::to_string(i)});
  for (unsigned i = random() % 5; i > 0; --i)
    r.avoid.push_back({random_specks(random, c.origin, 4), "avoid a" + std::to_string(i)});
  for (unsigned i = 0; i < kCells; ++i) {
    c.base[i] = in(r.within[0].ranges, c.origin + i);
    for (const Constraint& avoid : r.avoid) c.base[i] = c.base[i] && !in(avoid.ranges, c.origin + i);
    c.allowed[i] = c.base[i];
    for (const Constraint& within : r.within)
      c.allowed[i] = c.allowed[i] && in(within.ranges, c.origin + i);
  }
  return c;
}

unsigned round_up_to(unsigned value, unsigned step) { return (value + step - 1) / step * step; }

unsigned extent_of(const HoleRequest& r) {
  unsigned size = static_cast<unsigned>(r.size.wide());
  return round_up_to(std::max(size, 1u), static_cast<unsigned>(r.granule.wide()));
}
unsigned step_of(const HoleRequest& r) {
  return static_cast<unsigned>(std::max(r.align, r.granule).wide());
}

/// Every start that is right, ascending, as offsets from the origin.
std::vector<unsigned> right_starts(const Case& c) {
  std::vector<unsigned> starts;
  const unsigned extent = extent_of(c.request);
  for (unsigned start = 0; start + extent <= kCells; start += step_of(c.request)) {
    bool right = true;
    for (unsigned i = start; i < start + extent; ++i) right = right && c.allowed[i];
    if (right) starts.push_back(start);
  }
  return starts;
}

/// The longest run of allowed bytes in a hole that begins at an aligned address.
unsigned longest_room(const Case& c, const Cells& cells, const Range& hole) {
  unsigned best = 0;
  const unsigned end = static_cast<unsigned>(hole.end.wide() - c.origin);
  for (unsigned start = 0; start < end; start += step_of(c.request)) {
    if (start < hole.begin.wide() - c.origin) continue;
    unsigned length = 0;
    while (start + length < end && cells[start + length]) ++length;
    best = std::max(best, length);
  }
  return best;
}

void check_trace(const Case& c, const HoleSearch& search) {
  const unsigned extent = extent_of(c.request);
  const bool up = c.request.direction == Direction::kBottomUp;
  RangeSet holes;
  for (size_t i = 0; i < search.rejected.size(); ++i) {
    const Rejection& r = search.rejected[i];
    REQUIRE_FALSE(r.hole.empty());
    if (i > 0) {
      const Range& before = search.rejected[i - 1].hole;
      CHECK((up ? before.end <= r.hole.begin : r.hole.end <= before.begin));
    }
    CHECK(r.room.wide() + r.missing.wide() == extent);
    CHECK(r.missing > Size{});
    if (r.cause == Cause::kCovered) {
      CHECK(c.request.within[0].ranges.first_overlap(r.hole) == r.hole);
      for (Wide a = r.hole.begin.wide(); a < r.hole.end.wide(); ++a)
        CHECK_FALSE(c.base[static_cast<unsigned>(a - c.origin)]);
      continue;
    }
    holes.add(r.hole);
    const unsigned alone = longest_room(c, c.base, r.hole);
    if (r.cause == Cause::kTooSmall || r.cause == Cause::kAlignment) {
      CHECK(r.room == Size{alone});
      CHECK((r.cause == Cause::kAlignment) == (r.hole.size() >= Size{extent}));
      CHECK(r.constraint.empty());
    } else {
      CHECK(alone >= extent);
      CHECK(r.room >= Size{longest_room(c, c.allowed, r.hole)});
      CHECK_FALSE(r.constraint.empty());
      CHECK((r.cause == Cause::kLimited || r.room == Size{}));
    }
    CHECK_FALSE(r.below.empty());
    CHECK_FALSE(r.above.empty());
    if (search.start) {
      CHECK_FALSE(r.hole.overlaps(search.extent));
      CHECK((up ? r.hole.end <= search.extent.begin : search.extent.end <= r.hole.begin));
    }
  }
  // Without a start, the rejected holes are all there is.
  if (!search.start)
    for (unsigned i = 0; i < kCells; ++i) CHECK(in(holes, c.origin + i) == c.base[i]);
}

Constraint named(std::initializer_list<Range> ranges, const char* text) {
  return Constraint{RangeSet(ranges), text, {}};
}

constexpr Wide kMiB = 1 << 20;

}  // namespace

TEST_CASE("a hole is found iff there is one, and it is the first from the chosen end") {
  std::mt19937 random(19700101);
  unsigned found = 0, refused = 0;
  for (int round = 0; round < 20000; ++round) {
    Case c = random_case(random);
    SizeIndex sizes(c.request.within[0].ranges);
    if (random() % 2) c.request.sizes = &sizes;
    HoleSearch search = find_hole(c.request);
    std::vector<unsigned> right = right_starts(c);
    CAPTURE(round);
    REQUIRE(search.start.has_value() == !right.empty());
    check_trace(c, search);
    if (!search.start) {
      ++refused;
      continue;
    }
    ++found;
    unsigned wanted = c.request.direction == Direction::kBottomUp ? right.front() : right.back();
    CHECK(*search.start == Address{c.origin + wanted});
    CHECK(search.extent == Range::from_to(c.origin + wanted, c.origin + wanted + extent_of(c.request)));
    CHECK(check_fixed(*search.start, c.request).violations.empty());
  }
  // Random requests that nearly always end one way would prove little.
  CHECK(found > 4000);
  CHECK(refused > 4000);
}

TEST_CASE("past so many refusals only what is large enough is looked at, and the answer is the same") {
  std::mt19937 random(20260101);
  unsigned skipped = 0;
  for (int round = 0; round < 400; ++round) {
    // Thousands of stretches, most of them too small, with what is avoided and a second `within` in between.
    std::vector<Range> members, specks, reach;
    Wide at = 0;
    for (int i = 0; i < 3000; ++i) {
      at += 1 + random() % 8;
      Wide size = random() % 700 == 0 ? 40 + random() % 100 : 1 + random() % 30;
      members.push_back(Range::from_to(at, at + size));
      if (random() % 5 == 0) specks.push_back(Range::from_to(at + random() % size, at + size));
      at += size;
    }
    for (int i = 0; i < 3; ++i) {
      Wide begin = random() % static_cast<unsigned>(at);
      reach.push_back(Range::from_to(begin, std::min(at, begin + random() % static_cast<unsigned>(at))));
    }
    HoleRequest request;
    request.name = "tested";
    request.size = Size{20 + random() % 60};
    request.align = Size{Wide{1} << random() % 4};
    request.direction = round % 2 ? Direction::kBottomUp : Direction::kTopDown;
    request.within.push_back({RangeSet(members), "within w0", {}});
    if (random() % 2) request.within.push_back({RangeSet(reach), "within w1", {}});
    request.avoid.push_back({RangeSet(specks), "avoid a0", {}});
    SizeIndex sizes(request.within[0].ranges);
    request.sizes = &sizes;
    HoleSearch quick = find_hole(request);

    // By hand: what may be used, piece by piece, from the chosen end.
    RangeSet free = request.within[0].ranges.except(request.avoid[0].ranges);
    for (size_t i = 1; i < request.within.size(); ++i) free = free.intersect(request.within[i].ranges);
    std::vector<Range> pieces(free.begin(), free.end());
    const bool up = request.direction == Direction::kBottomUp;
    if (!up) std::reverse(pieces.begin(), pieces.end());
    std::optional<Address> wanted;
    for (const Range& piece : pieces) {
      Wide step = request.align.wide(), size = request.size.wide();
      Wide start = up ? (piece.begin.wide() + step - 1) / step * step
                      : (piece.end.wide() < size ? kTwoTo64 : (piece.end.wide() - size) / step * step);
      if (start >= piece.begin.wide() && start + size <= piece.end.wide()) {
        wanted = Address{start};
        break;
      }
    }
    CAPTURE(round);
    CHECK(quick.start == wanted);
    CHECK(quick.rejected.size() <= kMostRejections);
    skipped += quick.more > 0;
  }
  CHECK(skipped > 100);
}

TEST_CASE("a fixed address is accepted iff the search could have chosen it") {
  std::mt19937 random(19991231);
  for (int round = 0; round < 10000; ++round) {
    Case c = random_case(random);
    const unsigned extent = extent_of(c.request);
    const unsigned at = random() % kCells;
    std::vector<unsigned> right = right_starts(c);
    const bool expected = std::find(right.begin(), right.end(), at) != right.end();
    FixedPlace fixed = check_fixed(Address{c.origin + at}, c.request);
    CAPTURE(round);
    REQUIRE(fixed.violations.empty() == expected);
    const bool past = c.origin + at + extent > kTwoTo64;
    for (const Violation& v : fixed.violations) {
      CHECK(v.bytes > Size{});
      switch (v.kind) {
        case Violation::Kind::kMisaligned: CHECK(at % step_of(c.request) == v.bytes.wide()); break;
        case Violation::Kind::kPastAddressSpace: CHECK(past); break;
        case Violation::Kind::kOutside:
        case Violation::Kind::kOverlap:
          CHECK(fixed.extent.contains(v.part));
          CHECK_FALSE(v.part.empty());
          for (const auto& list : {c.request.within, c.request.avoid})
            for (const Constraint& constraint : list)
              if (constraint.text == v.constraint)
                CHECK(constraint.ranges.contains(v.part) == (v.kind == Violation::Kind::kOverlap));
      }
    }
  }
}

TEST_CASE("the edges of the address space are ordinary addresses") {
  HoleRequest request;
  request.size = Size{0x10000};
  request.granule = Size{0x10000};
  SUBCASE("nothing is in the way") {
    CHECK(find_hole(request).start == Address{0});
    request.direction = Direction::kTopDown;
    CHECK(find_hole(request).start == Address{kTwoTo64 - 0x10000});
    CHECK(find_hole(request).extent.end == Address::limit());
  }
  SUBCASE("the running kernel begins at 0 and no legal hole is left above it") {
    // A search that takes "below 0" for the top of the space answers an address in what it must avoid.
    request.size = Size{200 * kMiB};
    request.direction = Direction::kTopDown;
    request.within = {named({Range::from_to(0, 1024 * kMiB)}, "within machine.ram")};
    request.avoid = {named({Range::from_to(0, 64 * kMiB)}, "the running kernel"),
                     named({Range::from_to(100 * kMiB, 900 * kMiB)}, "reserve cma")};
    HoleSearch search = find_hole(request);
    CHECK_FALSE(search.start);
    REQUIRE(search.rejected.size() == 2);
    CHECK(describe(search.rejected[0]) ==
          "0x38400000 ..< 0x40000000 (124MiB): too small by 76MiB, between reserve cma and the end of "
          "machine.ram");
    CHECK(describe(search.rejected[1]) ==
          "0x4000000 ..< 0x6400000 (36MiB): too small by 164MiB, between the running kernel and reserve cma");
  }
  SUBCASE("all of memory, and one byte more than that") {
    request.size = Size{kTwoTo64};
    CHECK(find_hole(request).extent == Range{Address{}, Address::limit()});
    request.avoid = {named({Range::from_to(kTwoTo64 - 1, kTwoTo64)}, "the last byte")};
    HoleSearch search = find_hole(request);
    CHECK_FALSE(search.start);
    REQUIRE(search.rejected.size() == 1);
    CHECK(search.rejected[0].missing == Size{1});
  }
  SUBCASE("a hole of exactly one granule, at either end and in the middle") {
    for (Wide at : {Wide{0}, Wide{0x7ff0000}, kTwoTo64 - 0x10000}) {
      request.avoid.clear();
      if (at != 0) request.avoid.push_back(named({Range::from_to(0, at)}, "low"));
      if (at + 0x10000 != kTwoTo64) request.avoid.push_back(named({Range::from_to(at + 0x10000, kTwoTo64)}, "high"));
      for (Direction direction : {Direction::kBottomUp, Direction::kTopDown}) {
        request.direction = direction;
        CHECK(find_hole(request).start == Address{at});
      }
    }
  }
  SUBCASE("an alignment that only address 0 has") {
    request.align = Size{static_cast<Wide>(1) << 63};
    request.direction = Direction::kTopDown;
    CHECK(find_hole(request).start == Address{static_cast<Wide>(1) << 63});
    request.within = {named({Range::from_to(0x10000, static_cast<Wide>(1) << 63)}, "within machine.ram")};
    CHECK(find_hole(request).rejected.at(0).cause == Cause::kAlignment);
  }
}

TEST_CASE("members of one `within` that touch are one") {
  HoleRequest request;
  request.size = Size{3 * kMiB};
  request.within = {named({Range::from_to(0, 2 * kMiB), Range::from_to(2 * kMiB, 4 * kMiB)}, "within machine.ram")};
  CHECK(find_hole(request).start == Address{0});
  request.within = {named({Range::from_to(0, 2 * kMiB), Range::from_to(2 * kMiB + 1, 5 * kMiB)}, "within machine.ram")};
  CHECK_FALSE(find_hole(request).start);
}

TEST_CASE("each rejected hole names what killed it and by how many bytes") {
  HoleRequest request;
  request.name = "kernel";
  request.size = Size{20 * kMiB};
  request.granule = Size{0x10000};
  request.align = Size{16 * kMiB};
  request.within = {named({Range::from_to(0, 512 * kMiB), Range::from_to(768 * kMiB, 784 * kMiB)}, "within machine.ram"),
                    named({Range::from_to(0, 256 * kMiB)}, "within machine.rma"),
                    named({Range::from_to(32 * kMiB, 384 * kMiB)}, "within low")};
  request.avoid = {named({Range::from_to(0, 32 * kMiB)}, "the running kernel"),
                   named({Range::from_to(40 * kMiB, 50 * kMiB)}, "reserve rtas"),
                   named({Range::from_to(70 * kMiB, 240 * kMiB)}, "segment initrd"),
                   named({Range::from_to(760 * kMiB, 800 * kMiB)}, "reserve dma")};
  std::vector<std::string> lines;
  auto search_lines = [&] {
    lines.clear();
    for (const Rejection& r : find_hole(request).rejected) lines.push_back(describe(r));
    return lines;
  };
  using Lines = std::vector<std::string>;
  CHECK(search_lines() ==
        Lines{"0x2000000 ..< 0x2800000 (8MiB): too small by 12MiB, between the running kernel and reserve rtas",
              "0x3200000 ..< 0x4600000 (20MiB): too small by 14MiB once the start is aligned, between reserve "
              "rtas and segment initrd",
              "0xf000000 ..< 0x20000000 (272MiB): `within machine.rma` leaves 16MiB of it, 4MiB too little",
              "0x30000000 ..< 0x31000000 (16MiB): taken by reserve dma"});
  request.direction = Direction::kTopDown;
  std::reverse(lines.begin(), lines.end());
  Lines ascending = lines;
  CHECK(search_lines() == ascending);

  // Together the two leave less than either alone; then one of them alone leaves nothing.
  request.direction = Direction::kBottomUp;
  request.align = Size{1};
  request.avoid.clear();
  request.within = {named({Range::from_to(0, 512 * kMiB)}, "within machine.ram"),
                    named({Range::from_to(0, 256 * kMiB)}, "within machine.rma"),
                    named({Range::from_to(248 * kMiB, 384 * kMiB)}, "within high")};
  CHECK(search_lines() == Lines{"0x0 ..< 0x20000000 (512MiB): `within machine.rma` and `within high` leave 8MiB of it, "
                                "12MiB too little"});
  request.within[2] = named({Range::from_to(600 * kMiB, 700 * kMiB)}, "within high");
  CHECK(search_lines() == Lines{"0x0 ..< 0x20000000 (512MiB): outside `within high`"});
}

TEST_CASE("a fixed address that is wrong in several ways hears of all of them") {
  HoleRequest request;
  request.size = Size{8 * kMiB};
  request.granule = Size{0x10000};
  request.align = Size{kMiB};
  request.within = {named({Range::from_to(0, 34 * kMiB)}, "within machine.ram")};
  request.avoid = {named({Range::from_to(0, 33 * kMiB)}, "the running kernel"), named({}, "reserve nothing"),
                   named({Range::from_to(33 * kMiB, 34 * kMiB), Range::from_to(36 * kMiB, 37 * kMiB)}, "reserve rtas")};
  FixedPlace fixed = check_fixed(Address{32 * kMiB + 0x1234}, request);
  std::vector<std::string> lines;
  for (const Violation& v : fixed.violations) lines.push_back(describe(v));
  CHECK(lines == std::vector<std::string>{
                     "0x2001234 is 0x1234 (4.5KiB) past the last aligned address",
                     "0x2200000 ..< 0x2801234 (6.0MiB) is outside `within machine.ram`",
                     "0x2001234 ..< 0x2100000 (1019.4KiB) is taken by the running kernel",
                     "0x2100000 ..< 0x2200000 (1MiB) is taken by reserve rtas, 2MiB in all"});
  request.within.clear();
  request.avoid.clear();
  fixed = check_fixed(Address{kTwoTo64 - kMiB}, request);
  REQUIRE(fixed.violations.size() == 1);
  CHECK(describe(fixed.violations[0]) == "it ends 7MiB above the top of the address space");
  CHECK(fixed.extent.end == Address::limit());
}
