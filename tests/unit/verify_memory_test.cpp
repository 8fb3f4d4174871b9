// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Regions that overlap in all ways, and wrap: is what memory holds the same as when every byte is kept by itself?
#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <random>

#include "verify/machine.h"

using namespace baton;
using namespace baton::verify;

namespace {

constexpr unsigned kFirstSymbol = 100;
constexpr uint64_t kSpace = 0x80;

/// Memory, and beside it what each byte was, and what is stored there.
struct Model {
  Memory memory;
  std::map<uint64_t, Value> bytes, stored;
  std::deque<ByteBuffer> kept;
  unsigned next_symbol = kFirstSymbol;

  void describe(uint64_t start, uint64_t have, uint64_t size, uint8_t fill) {
    kept.emplace_back(have, fill);
    for (size_t i = 0; i < have; ++i) kept.back()[i] = static_cast<uint8_t>(fill + i);
    memory.describe("region", start, kept.back(), size);
    for (uint64_t i = 0; i < size; ++i) bytes[start + i] = Value(i < have ? kept.back()[i] : 0u);
  }
  void describe_unknown(uint64_t start, uint64_t size) {
    memory.describe_unknown("named", start, size, next_symbol);
    for (uint64_t i = 0; i < size; ++i)
      bytes[start + i] = Value::symbol(next_symbol + static_cast<unsigned>(i / 8)).rotate_left(8 + 8 * (i % 8)).masked(0xff);
    next_symbol += static_cast<unsigned>((size + 7) / 8);
  }
  void store(uint64_t address, unsigned width, uint64_t number) {
    memory.store(address, width, Value(number), Endian::kBig);
    for (unsigned i = 0; i < width; ++i) stored[address + i] = Value(number >> 8 * (width - 1 - i) & 0xff);
  }
  void copy(uint64_t from, uint64_t to, uint64_t size) {
    memory.copy(Range::at(Address{from}, Size{size}), Range::at(Address{to}, Size{size}));
    const Model before = *this;
    for (uint64_t i = 0; i < size; ++i) stored[to + i] = before.number(from + i, 1);
  }
  void fill(uint64_t at, uint64_t size, uint8_t byte) {
    memory.put({Range::at(Address{at}, Size{size}), {}, byte});
    for (uint64_t i = 0; i < size; ++i) stored[at + i] = Value(byte);
  }
  void put_from_entry(uint64_t from, uint64_t to, uint64_t size) {
    memory.put({Range::at(Address{to}, Size{size}), to - from, {}});
    for (uint64_t i = 0; i < size; ++i) stored[to + i] = at_entry(from + i);
  }
  void lose(uint64_t at, uint64_t size) {
    memory.put({Range::at(Address{at}, Size{size}), {}, {}});
    for (uint64_t i = 0; i < size; ++i) stored[at + i] = Value::unknown().masked(0xff);
  }
  Value at_entry(uint64_t address) const {
    auto byte = bytes.find(address);
    return byte == bytes.end() ? Value::unknown().masked(0xff) : byte->second;
  }
  Value number(uint64_t address, unsigned width) const {
    Value value;
    for (unsigned i = 0; i < width; ++i) {
      auto byte = stored.find(address + i);
      value = value.rotate_left(8).masked(~uint64_t{0xff}) | (byte == stored.end() ? at_entry(address + i) : byte->second);
    }
    return value;
  }
};

}  // namespace

TEST_CASE("what is seen of regions over regions is what was described last, byte by byte") {
  std::mt19937_64 random(2005);
  auto below = [&](uint64_t n) { return random() % n; };
  for (int round = 0; round < 200; ++round) {
    Model model;
    // The middle of memory, and both its ends.
    const uint64_t base = round % 2 == 0 ? 0x10000 : 0 - kSpace / 2;
    for (uint64_t regions = below(8) + 1; regions > 0; --regions) {
      const uint64_t start = base + below(kSpace), size = below(40);
      if (below(3) == 0) model.describe_unknown(start, size);
      else model.describe(start, below(size + 1), size, static_cast<uint8_t>(below(256)));
      // In between, since what was looked up is remembered.
      for (int k = 0; k < 20; ++k) {
        const uint64_t at = base + below(kSpace);
        const unsigned width = static_cast<unsigned>(below(8) + 1);
        CAPTURE(at);
        CAPTURE(width);
        REQUIRE(model.memory.number(at, width) == model.number(at, width));
        REQUIRE(model.memory.byte(at) == model.number(at, 1));
        const uint8_t* where = model.memory.described(at, width);
        for (unsigned i = 0; where && i < width; ++i) REQUIRE(model.at_entry(at + i).constant() == where[i]);
      }
      for (int k = 0; k < 3; ++k) {
        model.store(base + below(kSpace), static_cast<unsigned>(below(8) + 1), random());
      }
    }
  }
}

TEST_CASE("what is copied or filled as a whole, or lost, is seen as if it were stored byte by byte") {
  std::mt19937_64 random(1972);
  auto below = [&](uint64_t n) { return random() % n; };
  for (int round = 0; round < 100; ++round) {
    Model model;
    const uint64_t base = 0x10000;
    for (uint64_t regions = below(6); regions > 0; --regions) {
      if (below(2) == 0) model.describe_unknown(base + below(kSpace), below(40));
      else model.describe(base + below(kSpace), 8, 8 + below(16), static_cast<uint8_t>(below(256)));
    }
    for (int change = 0; change < 12; ++change) {
      const uint64_t at = base + below(kSpace), size = 1 + below(48);
      switch (below(7)) {
        case 0: model.store(at, static_cast<unsigned>(below(8) + 1), random()); break;
        case 1: model.lose(at, size); break;
        case 2: model.fill(at, size, static_cast<uint8_t>(below(256))); break;
        case 3: model.put_from_entry(at, base + below(kSpace), size); break;
        default: model.copy(at, base + below(kSpace), size); break;
      }
      CHECK(model.memory.bytes_written() == model.stored.size());
      for (uint64_t i = base - 8; i < base + kSpace + 64; ++i) {
        CAPTURE(i);
        REQUIRE(model.memory.byte(i) == model.number(i, 1));
        REQUIRE(model.memory.was_stored(i, 1) == (model.stored.count(i) == 1));
        for (unsigned width : {2u, 4u, 8u}) REQUIRE(model.memory.number(i, width) == model.number(i, width));
      }
      const RangeSet allowed{Range::at(Address{base + below(kSpace)}, Size{below(64)})};
      const uint64_t odd = below(2);
      std::optional<uint64_t> first;
      for (const auto& [i, value] : model.stored)
        if (!first && !allowed.contains(Range::at(Address{i}, Size{1})) && i % 2 == odd) first = i;
      CHECK(model.memory.first_written_outside(allowed, [&](uint64_t i) { return i % 2 == odd; }) == first);
    }
  }
}
