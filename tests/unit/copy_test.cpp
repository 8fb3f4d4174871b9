// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies made by stubs, by the judge: whatever the memory holds, it must be where it belongs when the taker is entered.
// Every alignment, blocks and what is left of them, apart and overlapping either way, in both byte orders.
#include <ostream>

#include <array>
#include <random>

#include <doctest/doctest.h>

#include "ppc64/assemble.h"
#include "ppc64/stub.h"
#include "trampoline/synthesize.h"
#include "verify/fetch_goals.h"
#include "verify/verify.h"

using namespace baton;
using namespace baton::trampoline;
namespace msr = baton::ppc64::msr;
namespace reg = baton::ppc64::reg;

namespace {

constexpr uint64_t kStart = 0x4000000, kKernel = 0x5000000, kRoom = 0x8000000, kPage = 0x10000;

struct Scene {
  Endian order;
  StubRequest request;
  SynthesizedStub made;
  ByteBuffer stub;

  Scene(Endian giver, bool vectors, std::vector<MemoryCopy> copies) : order(giver) {
    MasterGoals g;
    g.giver = order;
    g.known = {{reg::r4, kStart}, {reg::r5, 0}};
    g.registers = {{reg::r7, {reg::r3}, "r7"}, {reg::r4, {kKernel}, "r4"}};
    g.kept = {{reg::r5, {uint64_t{0}}, "r5"}, {reg::r6, {reg::r6}, "r6"}, {reg::r14, {reg::r14}, "r14"}};
    g.target = kKernel;
    g.target_clause = "enter image.entry";
    request.name = "copying";
    request.start = kStart;
    request.masters = {g};
    request.copies = std::move(copies);
    request.vectors = vectors;
    auto result = synthesize(request);
    if (!result) FAIL(result.failure().message);
    made = std::move(*result);
    auto encoded = ppc64::encode(made.stub);
    if (!encoded) FAIL(encoded.failure().message);
    stub = std::move(*encoded);
  }

  verify::Verdict judge() const {
    verify::Loaded loaded;
    loaded.entry = Address{kStart};
    loaded.segments = {{"stub", Address{kStart}, stub, Size{kPage}}};
    for (const StubLoop& loop : made.loops) loaded.copy_loops.push_back({Address{kStart + loop.offset}, loop.turns, loop.bytes});
    verify::EntryState state;
    state.registers = {{"r4", verify::Term::number(kStart)}, {"r5", verify::Term::number(0)}};
    state.msr_known = msr::kSf | msr::kPr | msr::kIr | msr::kDr | msr::kEe | msr::kLe;
    state.msr_value = msr::kSf;
    verify::Goals goals;
    goals.target = Address{kKernel};
    goals.registers = {{"r7", {verify::Term::named("r3 at entry")}, "r7"}, {"r4", {verify::Term::number(kKernel)}, "r4"},
                       {"r6", {verify::Term::named("r6 at entry")}, "r6"}, {"r14", {verify::Term::named("r14 at entry")}, "r14"}};
    for (const MemoryCopy& copy : request.copies) {
      goals.copies.push_back({copy.from, copy.to, "copy"});
      if (copy.executed) goals.code.add(copy.target());
    }
    // What a later copy stored there is data, unless it is executed as well.
    for (auto copy = request.copies.begin(); copy != request.copies.end(); ++copy)
      if (!copy->executed) goals.code.subtract(copy->target());
    goals.code_of_others = goals.code;
    return verify::verify_entry(loaded, state, goals, order);
  }
};

MemoryCopy copy_of(uint64_t from, uint64_t size, uint64_t to, bool executed = false) {
  return {Range::at(Address{from}, Size{size}), Address{to}, executed, "copy"};
}

std::string refusals(const verify::Verdict& verdict) {
  std::string text;
  for (const auto& o : verdict.obligations)
    if (o.outcome != verify::Outcome::kProved) text += o.clause + ": " + o.detail + "\n";
  return text;
}

void check_copies(const std::vector<MemoryCopy>& copies) {
  for (Endian order : {Endian::kBig, Endian::kLittle})
    for (bool vectors : {false, true}) {
      CAPTURE(to_text(order));
      CAPTURE(vectors);
      for (const auto& copy : copies) {
        INFO(to_text(copy.from) << " to " << hex(copy.to));
        Scene scene(order, vectors, copies);
        auto verdict = scene.judge();
        INFO(refusals(verdict));
        CHECK(verdict.outcome() == verify::Outcome::kProved);
        CHECK(verdict.instructions == scene.made.counts[0].instructions);
      }
    }
}

}  // namespace

TEST_CASE("every size and alignment is copied, apart") {
  for (uint64_t size : {1, 2, 3, 7, 8, 15, 16, 17, 31, 63, 64, 65, 127, 128, 129, 191, 200, 1023})
    for (uint64_t from : {0, 1, 2, 4, 8, 16})
      for (uint64_t to : {0, 1, 4, 8, 16}) check_copies({copy_of(kRoom + from, size, kRoom + 0x10000 + to)});
}

TEST_CASE("overlapping memory is copied, upwards and downwards") {
  for (uint64_t size : {17, 64, 100, 128, 300})
    for (int64_t distance : {-128, -64, -63, -16, -8, -4, -1, 1, 2, 8, 16, 24, 48, 63, 64, 65, 99, 128})
      check_copies({copy_of(kRoom + 0x1000, size, kRoom + 0x1000 + static_cast<uint64_t>(distance))});
}

TEST_CASE("copies are made one after the other") {
  std::mt19937_64 random(8);
  for (int round = 0; round < 40; ++round) {
    std::vector<MemoryCopy> copies;
    for (int i = 0; i < 3; ++i) {
      auto place = [&] { return kRoom + (random() % 600 & ~(uint64_t{7} >> random() % 4)); };
      uint64_t from = place();
      copies.push_back(copy_of(from, 1 + random() % 200, place(), random() % 2 == 0));
    }
    check_copies(copies);
  }
}

TEST_CASE("a copy without one of its loads or stores is refuted, however its turns are followed") {
  for (uint64_t size : {200, 0x2008, 0x200008})
    for (bool vectors : {false, true}) {
      CAPTURE(size);
      Scene scene(Endian::kBig, vectors, {copy_of(kRoom, size, kRoom + 0x400000)});
      CHECK(scene.judge().outcome() == verify::Outcome::kProved);
      const ByteBuffer good = scene.stub;
      size_t accesses = 0;
      for (size_t at = 0; at + 4 <= good.size(); at += 4) {
        auto instruction = ppc64::decode(*load<uint32_t>(ByteView(good), at, Endian::kBig));
        if (!instruction || ppc64::access_width(instruction->mnemonic) == 0) continue;
        scene.stub = good;
        store<uint32_t>(scene.stub, at, 0x60000000, Endian::kBig);
        CHECK(scene.judge().outcome() > verify::Outcome::kAssumed);
        ++accesses;
      }
      CHECK(accesses >= 8);
    }
}

TEST_CASE("of much memory both ends are followed, and the turns between are as one of them") {
  auto copied = [](const Scene& scene) {
    const auto verdict = scene.judge();
    INFO(refusals(verdict));
    CHECK(verdict.instructions == scene.made.counts[0].instructions);
    CHECK(verdict.outcome() == verify::Outcome::kAssumed);  // of what is code
    return verify::find_obligation(verdict.obligations, "copy", 0)->outcome;
  };
  for (int64_t distance : {-0x100000, -64, 64, 0x100000}) {
    CAPTURE(distance);
    Scene scene(Endian::kBig, true, {copy_of(kRoom, 0x80018, kRoom + static_cast<uint64_t>(distance), true)});
    CHECK(copied(scene) == verify::Outcome::kProved);
    // Nobody believes a hint.
    scene.made.loops.front().bytes += 8;
    scene.made.loops.front().turns += 1;
    CHECK(copied(scene) == verify::Outcome::kProved);
  }
  // A turn that loads what it stores, or what one before it did, is not as all others.
  Scene scene(Endian::kBig, false, {copy_of(kRoom, 0x80018, kRoom + 16, true)});
  CHECK(copied(scene) == verify::Outcome::kAssumed);
  // After so many turns the loop does not end where it should.
  scene.made.loops.front().turns += verify::kTurnsLeft + 1;
  CHECK(scene.judge().outcome() > verify::Outcome::kAssumed);
}

TEST_CASE("what turns that were left out may have stored is not there to be copied on") {
  // The smaller copy has to come first: it is of what the longer one replaces.
  for (uint64_t size : {0x100, 0x2000, 0x180000}) {
    CAPTURE(size);
    const MemoryCopy longer = copy_of(kRoom, 0x200000, kRoom + 0x400000), on = copy_of(kRoom + 0x401000, size, kRoom + 0x1000000);
    Scene scene(Endian::kBig, false, {on, longer});
    CHECK(scene.judge().outcome() == verify::Outcome::kProved);
    Scene wrong(Endian::kBig, false, {longer, on});
    wrong.request.copies = {on, longer};
    INFO(refusals(wrong.judge()));
    CHECK(wrong.judge().outcome() > verify::Outcome::kAssumed);
  }
  // Nor is it where turns are of no kind that is known: what the others copy is not what these do.
  const MemoryCopy longer = copy_of(kRoom, 0x200000, kRoom + 0x10), on = copy_of(kRoom + 0x80000, 0x180000, kRoom + 0x1000000);
  Scene wrong(Endian::kBig, false, {longer, on});
  wrong.request.copies = {on, longer};
  CHECK(wrong.judge().outcome() > verify::Outcome::kAssumed);
}

TEST_CASE("long copies are followed through one another") {
  // Two payloads change places, by way of a third.
  const uint64_t a = kRoom, b = kRoom + 0x800000, by_way_of = kRoom + 0x1000000, size = 0x300000;
  const std::vector<MemoryCopy> copies = {copy_of(a, size, by_way_of), copy_of(b, size, a), copy_of(by_way_of, size, b)};
  CHECK(Scene(Endian::kBig, false, copies).judge().outcome() == verify::Outcome::kProved);
  // And what is made in another order is not that.
  Scene wrong(Endian::kBig, false, {copies[1], copies[0], copies[2]});
  wrong.request.copies = copies;
  const auto verdict = wrong.judge();
  CHECK(verify::find_obligation(verdict.obligations, "copy", 0)->outcome == verify::Outcome::kRefuted);
}

TEST_CASE("what is executed is shown to instruction fetches, line by line") {
  Scene scene(Endian::kBig, false, {copy_of(kRoom + 8, 0x100, kRoom + 0x1008, true)});
  size_t written_back = 0, dropped = 0, orders = 0;
  for (const auto& item : scene.made.stub.items)
    if (const auto* code = std::get_if<ppc64::CodeItem>(&item)) {
      written_back += code->instruction.mnemonic == ppc64::Mnemonic::kDcbst;
      dropped += code->instruction.mnemonic == ppc64::Mnemonic::kIcbi;
      orders += code->instruction.mnemonic == ppc64::Mnemonic::kSync || code->instruction.mnemonic == ppc64::Mnemonic::kIsync;
    }
  CHECK(written_back == 1);
  CHECK(dropped == 1);
  CHECK(orders == 3);
  std::vector<uint64_t> lines;
  for (const auto& loop : scene.made.loops)
    if (loop.bytes == 64 && loop.turns == 5) lines.push_back(loop.turns);
  CHECK(lines.size() == 2);  // 0x100 bytes that begin within a line touch five
}

TEST_CASE("executed copies without one of the steps by which fetches see them are refuted") {
  using M = ppc64::Mnemonic;
  // Within lines, across them, of just as much as is followed and more, and downwards.
  using Case = std::array<uint64_t, 3>;
  for (auto [from, size, to] : {Case{kRoom + 8, 0x100, kRoom + 0x1008}, Case{kRoom, 0x10000, kRoom + 0x20020},
                                Case{kRoom, 0x80018, kRoom + 0x100000}, Case{kRoom, 0x30000, kRoom + 0x40}}) {
    CAPTURE(size);
    Scene scene(Endian::kBig, false, {copy_of(from, size, to, true)});
    const ByteBuffer good = scene.stub;
    auto fetched = [&] {
      for (const auto& o : scene.judge().obligations)
        if (o.clause == verify::kFetchClause) return o.outcome;
      return verify::Outcome::kUnknown;
    };
    CHECK(fetched() == (size > verify::kMostFollowed ? verify::Outcome::kAssumed : verify::Outcome::kProved));
    unsigned steps = 0;
    for (size_t at = 0; at + 4 <= good.size(); at += 4) {
      auto instruction = ppc64::decode(*load<uint32_t>(ByteView(good), at, Endian::kBig));
      if (!instruction) continue;
      M what = instruction->mnemonic;
      if (what != M::kDcbst && what != M::kIcbi && what != M::kSync && what != M::kIsync) continue;
      scene.stub = good;
      store<uint32_t>(scene.stub, at, 0x60000000, Endian::kBig);
      CAPTURE(ppc64::to_text(*instruction));
      CHECK(fetched() == verify::Outcome::kRefuted);
      ++steps;
    }
    CHECK(steps == 5);
  }
}
