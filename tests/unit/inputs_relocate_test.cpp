// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One relocation into one field: which bits it writes, and where its values end. The differential test has the common
// types on code; here are the limits, and what assemblers do not make.
#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <vector>

#include "inputs/relocate.h"

using namespace baton;
using namespace baton::inputs;

namespace {

constexpr uint64_t kPlace = 0x4000000, kToc = 0x4808000;
const std::array kOrders = {Endian::kBig, Endian::kLittle};

enum From { kAbsolute, kPlaceRelative, kTocRelative };

/// The word, or the prefix and suffix, after a relocation of one instruction; nullopt when the value is refused.
std::optional<uint64_t> changed(uint32_t type, uint64_t value, From from, uint64_t before, Endian order, bool half = false) {
  bool prefixed = before >> 32 != 0;
  ByteBuffer bytes;
  if (prefixed) append<uint32_t>(bytes, static_cast<uint32_t>(before >> 32), order);
  append<uint32_t>(bytes, static_cast<uint32_t>(before), order);
  uint64_t offset = half && order == Endian::kBig ? 2 : 0;
  Relocation relocation{type, value, kPlace, kToc};
  if (from == kPlaceRelative) relocation.target += kPlace;
  if (from == kTocRelative) relocation.target += kToc;
  ByteBuffer old = bytes;
  if (!relocate(relocation, bytes, offset, order).fault.empty()) {
    CHECK(bytes == old);
    return std::nullopt;
  }
  uint64_t after = *load<uint32_t>(bytes, 0, order);
  return prefixed ? after << 32 | *load<uint32_t>(bytes, 4, order) : after;
}

uint64_t minus(uint64_t n) { return 0 - n; }

}  // namespace

TEST_CASE("instruction fields take the bits that are theirs, and values to their limits") {
  struct Case {
    uint32_t type;
    From from;
    uint64_t before;
    bool half;
    uint64_t value;
    std::optional<uint64_t> after;
  };
  const std::optional<uint64_t> no;
  const std::vector<Case> cases = {
      // REL24, ADDR24, NOTOC: +-32 MiB, multiples of 4; AA and LK stay
      {10, kPlaceRelative, 0x48000001, false, 0x1fffffc, 0x49fffffd},
      {10, kPlaceRelative, 0x48000001, false, 0x2000000, no},
      {10, kPlaceRelative, 0x48000001, false, minus(0x2000000), 0x4a000001},
      {10, kPlaceRelative, 0x48000001, false, minus(0x2000004), no},
      {10, kPlaceRelative, 0x48000001, false, 0x1002, no},
      {116, kPlaceRelative, 0x48000001, false, 0x20, 0x48000021},
      {124, kPlaceRelative, 0x48000001, false, 0x20, 0x48000021},
      {2, kAbsolute, 0x48000002, false, 0x1000, 0x48001002},
      {2, kAbsolute, 0x48000002, false, 0x2000000, no},
      // REL14, ADDR14
      {11, kPlaceRelative, 0x41820000, false, 0x7ffc, 0x41827ffc},
      {11, kPlaceRelative, 0x41820000, false, 0x8000, no},
      {11, kPlaceRelative, 0x41820000, false, minus(0x8000), 0x41828000},
      {7, kAbsolute, 0x41820002, false, 0x100, 0x41820102},
      // ADDR16: signed or unsigned
      {3, kAbsolute, 0x38600000, true, 0xffff, 0x3860ffff},
      {3, kAbsolute, 0x38600000, true, minus(0x8000), 0x38608000},
      {3, kAbsolute, 0x38600000, true, 0x10000, no},
      {3, kAbsolute, 0x38600000, true, minus(0x8001), no},
      {25, kAbsolute, 0x38600000, true, 0x1234, 0x38601234},
      {4, kAbsolute, 0x38600000, true, 0x123456789abcdef0, 0x3860def0},
      {110, kAbsolute, 0x38600000, true, 0x123456789abcdef0, 0x38609abc},
      {111, kAbsolute, 0x38600000, true, 0x123456789abcdef0, 0x38609abd},
      {39, kAbsolute, 0x38600000, true, 0x123456789abcdef0, 0x38605678},
      {40, kAbsolute, 0x38600000, true, 0x12345678ffff8000, 0x38605679},
      {41, kAbsolute, 0x38600000, true, 0x123456789abcdef0, 0x38601234},
      {42, kAbsolute, 0x38600000, true, 0x1234ffffffff8000, 0x38601235},
      // Two low bits are the operation's, and four of the vector forms
      {56, kAbsolute, 0xe8600002, true, 0x7ffc, 0xe8607ffe},
      {56, kAbsolute, 0xe8600002, true, 0x8000, no},
      {56, kAbsolute, 0xe8600002, true, 0x7ffe, no},
      {57, kAbsolute, 0xe8600001, true, 0x12345678, 0xe8605679},
      {57, kAbsolute, 0xe8600001, true, 0x12345679, no},
      {57, kAbsolute, 0xf4600009, true, 0x12345670, 0xf4605679},
      {57, kAbsolute, 0xf4600009, true, 0x12345678, no},
      {57, kAbsolute, 0xe0c30000, true, 0x12345678, no},
      {63, kTocRelative, 0xe8620000, true, minus(0x8000), 0xe8628000},
      {63, kTocRelative, 0xe8620000, true, minus(0x8004), no},
      {64, kTocRelative, 0xe8620000, true, 0x12344, 0xe8622344},
      // TOC16 and its halves; REL16
      {47, kTocRelative, 0x38620000, true, minus(1), 0x3862ffff},
      {47, kTocRelative, 0x38620000, true, 0x8000, no},
      {48, kTocRelative, 0x38620000, true, 0x18000, 0x38628000},
      {49, kTocRelative, 0x3c620000, true, 0x18000, 0x3c620001},
      {50, kTocRelative, 0x3c620000, true, 0x18000, 0x3c620002},
      {50, kTocRelative, 0x3c620000, true, 0x7fff7fff, 0x3c627fff},
      {50, kTocRelative, 0x3c620000, true, 0x7fff8000, no},
      {249, kPlaceRelative, 0x38600000, true, 0x7fff, 0x38607fff},
      {249, kPlaceRelative, 0x38600000, true, 0x8000, no},
      {250, kPlaceRelative, 0x38600000, true, 0x18000, 0x38608000},
      {251, kPlaceRelative, 0x3c600000, true, minus(0x10000), 0x3c60ffff},
      {252, kPlaceRelative, 0x3c600000, true, minus(0x80000000), 0x3c608000},
      {252, kPlaceRelative, 0x3c600000, true, minus(0x80008001), no},
      {240, kPlaceRelative, 0x3c600000, true, 0x123456789abcdef0, 0x3c609abc},
      {245, kPlaceRelative, 0x3c600000, true, 0x1234ffffffff8000, 0x3c601235},
      // 34 bits over two words
      {132, kPlaceRelative, 0x0610000038600000, false, 0x1ffffffff, 0x0611ffff3860ffff},
      {132, kPlaceRelative, 0x0610000038600000, false, 0x200000000, no},
      {132, kPlaceRelative, 0x0610000038600000, false, minus(0x200000000), 0x0612000038600000},
      {128, kAbsolute, 0x0600000038600000, false, 0x12345678, 0x0600123438605678},
      // ADDR32, REL32 on a word
      {1, kAbsolute, 0x11111111, false, 0xffffffff, 0xffffffff},
      {1, kAbsolute, 0x11111111, false, minus(0x80000000), 0x80000000},
      {1, kAbsolute, 0x11111111, false, 0x100000000, no},
      {24, kAbsolute, 0x11111111, false, 5, 5},
      {26, kPlaceRelative, 0x11111111, false, 0x7fffffff, 0x7fffffff},
      {26, kPlaceRelative, 0x11111111, false, 0x80000000, no},
  };
  for (Endian order : kOrders)
    for (const Case& c : cases) {
      CAPTURE(relocation_name(c.type));
      CAPTURE(c.value);
      CHECK(changed(c.type, c.value, c.from, c.before, order, c.half) == c.after);
    }
}

TEST_CASE("doublewords take any value") {
  for (Endian order : kOrders) {
    auto after = [&](uint32_t type) {
      ByteBuffer bytes(16, 0xee);
      CHECK(relocate({type, 0x5000000, kPlace, kToc}, bytes, 5, order).fault.empty());
      CHECK(bytes[4] == 0xee);
      CHECK(bytes[13] == 0xee);
      return *load<uint64_t>(bytes, 5, order);
    };
    CHECK(after(38) == 0x5000000);
    CHECK(after(43) == 0x5000000);
    CHECK(after(44) == 0x1000000);
    ByteBuffer bytes(8);
    CHECK(relocate({51, 0, kPlace, kToc}, bytes, 0, order).fault.empty());
    CHECK(*load<uint64_t>(bytes, 0, order) == kToc);
  }
}

TEST_CASE("@h and @ha are cut, and say so") {
  ByteBuffer bytes(4);
  CHECK_FALSE(relocate({5, 0x7fffffff, 0, 0}, bytes, 2, Endian::kBig).cut);
  CHECK(relocate({5, 0x80000000, 0, 0}, bytes, 2, Endian::kBig).cut);
  CHECK(*load<uint16_t>(bytes, 2, Endian::kBig) == 0x8000);
  CHECK(relocate({6, 0x7fff8000, 0, 0}, bytes, 2, Endian::kBig).cut);
  CHECK_FALSE(relocate({111, 0x7fff8000, 0, 0}, bytes, 2, Endian::kBig).cut);
}

TEST_CASE("a field lies in its section, markers have none, and other types have no name") {
  ByteBuffer bytes(6);
  CHECK(relocate({38, 0, 0, 0}, bytes, 0, Endian::kBig).fault == "its field of 8 bytes reaches beyond the 0x6 bytes that the section has");
  CHECK_FALSE(relocate({4, 0, 0, 0}, bytes, 5, Endian::kBig).fault.empty());
  CHECK_FALSE(relocate({4, 0, 0, 0}, bytes, ~uint64_t{0}, Endian::kBig).fault.empty());
  CHECK(relocate({4, 0, 0, 0}, bytes, 4, Endian::kBig).fault.empty());
  CHECK(relocate({57, 0, 0, 0}, bytes, 0, Endian::kBig).fault == "its field is no part of an instruction in this section");
  CHECK(relocate({57, 0, 0, 0}, bytes, 4, Endian::kLittle).fault == "its field is no part of an instruction in this section");
  for (uint32_t type : {0u, 109u, 118u, 123u}) {
    CHECK(is_marker_relocation(type));
    CHECK(relocate({type, 0, 0, 0}, {}, 77, Endian::kBig).fault.empty());
  }
  CHECK(is_branch_relocation(10));
  CHECK_FALSE(is_branch_relocation(38));
  CHECK_FALSE(is_known_relocation(73));
  CHECK(relocation_name(73) == "type 73");
  CHECK(relocation_name(38) == "R_PPC64_ADDR64");
}
