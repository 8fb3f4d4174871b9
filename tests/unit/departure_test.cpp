// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does the walk of departing code do what any page list says?
//
// Random lists are laid into memory and walked by the judge's machine; what memory holds afterwards is compared with a
// model that knows the copies and no list. Pages are small, so that lists go on elsewhere all the time; destinations
// may be sources of later copies and may be copied to again.
#include <doctest/doctest.h>

#include <deque>
#include <random>
#include <vector>

#include "trampoline/departure_code.h"
#include "verify/fetch_goals.h"
#include "verify/verify.h"

using namespace baton;
using ppc64::Gpr;

namespace {

constexpr uint64_t kCode = 0x10000, kMemory = 0x100000, kPages = 64;
constexpr uint64_t kHigh = uint64_t{0xc} << 60;

/// The walk alone, with what it takes from what comes before; ends at `end`.
ppc64::Stub walk_alone(Endian order) {
  ppc64::Stub stub;
  stub.unit_order = order;
  trampoline::DepartureListing listing(stub);
  listing.walk_pages(Gpr{14}, Gpr{15}, "pages", "coherent");
  stub.label("end").code(ppc64::ins::b("end"), "end");
  listing.copy_blocks("pages", "coherent");
  return stub;
}

struct World {
  std::mt19937 random;
  uint64_t page;
  Endian order;
  ByteBuffer memory;  // pages from kMemory on, as they are before
  ByteBuffer model;   // and afterwards
  std::vector<uint64_t> free;

  World(unsigned seed, uint64_t page_size, Endian o) : random(seed), page(page_size), order(o), memory(kPages * page_size) {
    for (auto& byte : memory) byte = static_cast<uint8_t>(random());
    for (uint64_t i = 0; i < kPages; ++i) free.push_back(i);
    std::shuffle(free.begin(), free.end(), random);
  }
  uint64_t below(uint64_t n) { return random() % n; }
  uint64_t address(uint64_t number) const { return kMemory + number * page; }
  uint64_t take() {
    uint64_t number = free.back();
    free.pop_back();
    return number;
  }

  /// The first entry.
  uint64_t make_list() {
    std::vector<uint64_t> usable, entries;
    for (int i = 0; i < 24; ++i) usable.push_back(take());
    std::vector<std::pair<uint64_t, uint64_t>> copies;  // from, to
    uint64_t to = usable[0];
    bool somewhere = false;
    for (uint64_t i = 0, n = below(30); i < n; ++i) {
      switch (below(4)) {
        case 0:
          to = usable[below(usable.size())];
          entries.push_back(address(to) | 1);
          somewhere = true;
          break;
        case 1:
          if (below(3) == 0) entries.push_back(below(2) ? 0 : address(usable[0]));  // no tag: does nothing
          break;
        default: {
          bool there = std::find(usable.begin(), usable.end(), to) != usable.end();
          uint64_t from = usable[below(usable.size())];
          if (!somewhere || !there || from == to) break;  // not into a list, nor past the end
          entries.push_back(address(from) | 8);
          copies.emplace_back(from, to++);
        }
      }
    }
    // Into lists of random length, the last one first.
    uint64_t after = 4;
    size_t left = entries.size();
    while (left != 0) {
      size_t most = page / 8 - 1, length = std::min<size_t>(left, 1 + below(most));
      uint64_t number = take();
      for (size_t i = 0; i < length; ++i) put(number, i, entries[left - length + i]);
      put(number, length, after);
      after = address(number) | 2;
      left -= length;
    }
    model = memory;
    for (auto [from, into] : copies)
      std::copy_n(model.begin() + static_cast<ptrdiff_t>(from * page), page, model.begin() + static_cast<ptrdiff_t>(into * page));
    return after;
  }
  void put(uint64_t number, size_t index, uint64_t entry) { store<uint64_t>(memory, number * page + index * 8, entry, order); }
};

/// With a nop in place of the instruction of that number, where one is given.
verify::Verdict walk(const World& world, uint64_t first, const ByteBuffer& wanted, std::optional<size_t> nop = {}) {
  auto stub = walk_alone(world.order);
  auto code = ppc64::encode(stub);
  REQUIRE(code.ok());
  if (nop) store<uint32_t>(*code, *nop * 4, 0x60000000, world.order);
  verify::Loaded loaded;
  loaded.segments.push_back({"code", Address{kCode}, ByteView(*code), Size{code->size()}});
  loaded.entry = Address{kHigh | kCode};
  verify::EntryState state;
  state.linear_map = true;
  state.msr_known = state.msr_value = ppc64::msr::kSf;
  state.registers = {{"r14", verify::Term::number(first)},
                     {"r15", verify::Term::number(world.page)},
                     {"r30", verify::Term::number(kHigh)}};
  state.memory.push_back({"memory", Address{kMemory}, ByteView(world.memory), Size{world.memory.size()}});
  verify::Goals goals;
  goals.target = Address{(kHigh | kCode) + ppc64::lay_out(stub)->labels.at("end")};
  goals.bytes.push_back({Address{kMemory}, ByteView(wanted), "memory"});
  goals.may_write.add(Range::at(Address{kMemory}, Size{world.memory.size()}));
  goals.code.add(Range::at(Address{kMemory}, Size{world.memory.size()}));
  goals.code_of_others = goals.code;
  return verify::verify_entry(loaded, state, goals, world.order);
}

}  // namespace

TEST_CASE("random page lists, against a model") {
  size_t lists = 0, changed = 0;
  for (Endian order : {Endian::kBig, Endian::kLittle})
    for (uint64_t page : {64, 128, 512})
      for (unsigned seed = 0; seed < 60; ++seed) {
        World world(seed, page, order);
        uint64_t first = world.make_list();
        auto verdict = walk(world, first, world.model);
        CAPTURE(seed);
        CAPTURE(page);
        for (const auto& o : verdict.obligations) {
          CAPTURE(o.clause);
          CHECK_MESSAGE(o.outcome == verify::Outcome::kProved, o.detail);
        }
        ++lists;
        changed += world.model != world.memory;
      }
  CHECK(lists == 360);
  CHECK(changed > 200);  // most lists do something
}

TEST_CASE("a list that is done at once copies nothing") {
  World world(1, 64, Endian::kBig);
  CHECK(walk(world, 4, world.memory).outcome() == verify::Outcome::kProved);
}

TEST_CASE("the judge tells a page that is wrong") {
  World world(7, 64, Endian::kBig);
  uint64_t first = world.make_list();
  ByteBuffer wrong = world.model;
  wrong[wrong.size() / 2] ^= 1;
  CHECK(walk(world, first, wrong).outcome() == verify::Outcome::kRefuted);
}

TEST_CASE("a walk without one of the steps by which fetches see the pages is refuted") {
  using M = ppc64::Mnemonic;
  World world(7, 512, Endian::kBig);
  uint64_t first = world.make_list();
  REQUIRE(world.model != world.memory);
  const ByteBuffer good = *ppc64::encode(walk_alone(world.order));
  unsigned steps = 0;
  for (size_t n = 0; n < good.size() / 4; ++n) {
    auto instruction = ppc64::decode(*load<uint32_t>(ByteView(good), n * 4, world.order));
    M what = instruction ? instruction->mnemonic : M::kB;
    if (what != M::kDcbst && what != M::kIcbi && what != M::kSync && what != M::kIsync) continue;
    ++steps;
    CAPTURE(ppc64::to_text(*instruction));
    for (const auto& o : walk(world, first, world.model, n).obligations)
      if (o.clause == verify::kFetchClause) CHECK(o.outcome == verify::Outcome::kRefuted);
  }
  CHECK(steps == 5);
}
