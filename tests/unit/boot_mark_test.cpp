// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The store of one byte at a place that depends on the CPU: found right for each, in as few instructions as said,
// and missed when it is not made.
#include <doctest/doctest.h>

#include <algorithm>

#include "ppc64/stub.h"
#include "trampoline/boot_mark.h"
#include "trampoline/synthesize.h"
#include "verify/verify.h"

using namespace baton;
using namespace baton::trampoline;
namespace msr = baton::ppc64::msr;
namespace reg = baton::ppc64::reg;

namespace {

using Places = std::vector<MarkStore::Place>;

constexpr uint64_t kStart = 0x2000000, kKernel = 0x3000000;

/// Places of `ids`, `distance` bytes from one to the next, from `first` on.
Places regular(uint64_t first, uint64_t distance, const std::vector<uint32_t>& ids) {
  Places places;
  for (uint32_t id : ids) places.push_back({id, first + distance * places.size()});
  return places;
}

MasterGoals goals_of(const Places& places, Endian giver, bool zero_known = true) {
  MasterGoals g;
  g.giver = giver;
  g.known = {{reg::r4, kStart + 1}};
  if (zero_known) g.known.push_back({reg::r5, 0});
  g.id_register = reg::r3;
  g.registers = {{reg::r3, {uint64_t{0x5000000}}, "r3 = tree.address"}, {reg::r4, {kKernel}, "r4 = image.base"}};
  g.kept = {{reg::r5, {zero_known ? Source{uint64_t{0}} : Source{reg::r5}}, "r5"}};
  g.mark_store = MarkStore{places, 0, "tree.boot_cpu_node = master.physical_id"};
  g.target = kKernel;
  g.target_clause = "enter image.entry";
  return g;
}

struct Made {
  ByteBuffer code;
  uint64_t longest = 0;
};

Made made(const MasterGoals& goals) {
  auto result = synthesize({"job", kStart, {goals}, false, {}, "enter"});
  if (!result) FAIL(result.failure().message);
  auto code = ppc64::encode(result->stub);
  REQUIRE(code.ok());
  return {*code, result->counts[0].instructions};
}

/// The way of one CPU: exactly its byte is 0 afterwards, of all that were 15.
verify::Verdict judged(const Made& stub, const MasterGoals& goals, uint32_t id) {
  const Places& places = goals.mark_store->places;
  auto byte_at = [&](uint64_t low, uint64_t high) { return std::pair(low & ~uint64_t{0xfff}, (high | 0xfff) + 1); };
  auto [low, high] = std::minmax_element(places.begin(), places.end(),
                                         [](const auto& a, const auto& b) { return a.address < b.address; });
  auto [begin, end] = byte_at(low->address, high->address);
  ByteBuffer tree(end - begin, 0xff);
  for (const auto& place : places) tree[place.address - begin] = 15;
  verify::Loaded loaded;
  loaded.segments = {{"stub", Address{kStart}, stub.code, Size{stub.code.size()}}, {"tree", Address{begin}, tree, Size{tree.size()}}};
  loaded.entry = Address{kStart};
  verify::EntryState from;
  for (const auto& k : goals.known) from.registers[to_text(k.gpr)] = verify::Term::number(k.value);
  from.registers["r3"] = verify::Term::number(id);
  from.msr_known = msr::kSf | msr::kPr | msr::kIr | msr::kDr | msr::kEe;
  from.msr_value = msr::kSf;
  verify::Goals to;
  to.target = Address{goals.target};
  for (const auto& place : places)
    to.words.push_back({Address{place.address}, 1, verify::Term::number(place.id == id ? 0 : 15), "place of " + std::to_string(place.id)});
  to.registers = {{"r3", {verify::Term::number(0x5000000)}, "r3"}, {"r4", {verify::Term::number(kKernel)}, "r4"}};
  to.registers.push_back({"r5", {goals.known.size() > 1 ? verify::Term::number(0) : verify::Term::named("r5 at entry")}, "r5"});
  return verify::verify_entry(loaded, from, to, goals.giver);
}

/// The longest way of all CPUs; each is proved.
uint64_t proved(const MasterGoals& goals) {
  Made stub = made(goals);
  uint64_t longest = 0;
  for (const auto& place : goals.mark_store->places) {
    CAPTURE(place.id);
    verify::Verdict verdict = judged(stub, goals, place.id);
    for (const auto& o : verdict.obligations) CHECK_MESSAGE(o.outcome == verify::Outcome::kProved, (o.clause + ": " + o.detail));
    longest = std::max(longest, verdict.instructions);
  }
  CHECK(longest == stub.longest);  // what is reported is what is executed
  return longest;
}

}  // namespace

TEST_CASE("runs: as long as a step that can be multiplied by goes") {
  CHECK(mark_runs(regular(0x1000, 0x9c, {0, 1, 2, 3})).size() == 1);
  CHECK(mark_runs(regular(0x1000, 0x9c, {2, 3, 4})).front().base == 0x1000 - 2 * 0x9c);
  auto threads = mark_runs(regular(0x1000, 0x9c, {0, 8, 16, 24}));  // 0x9c is no multiple of 8
  REQUIRE(threads.size() == 1);
  CHECK(threads[0].shift == 3);
  CHECK(mark_runs(regular(0x1000, 0x98, {0, 8, 16, 24})).front().shift == 0);
  CHECK(mark_runs(regular(0x1000, 0x9c, {0, 1, 2, 8, 9, 10})).size() == 2);
  CHECK(mark_runs(regular(0x1000, 0x10000, {0, 1, 2})).size() == 3);  // past what mulli multiplies by
  CHECK(mark_runs({{0, 0x3000}, {1, 0x2000}, {2, 0x1000}}).front().step == -0x1000);
  CHECK(mark_runs({{5, 0x3000}}).front().step == 0);
}

TEST_CASE("each CPU stores its own byte, in either byte order") {
  std::vector<uint32_t> many;
  for (uint32_t id = 0; id < 200; ++id) many.push_back(4 * id + (id >= 100 ? 0x800 : 0));
  for (Endian giver : {Endian::kBig, Endian::kLittle}) {
    // mulli, addis, stb; the rest is r3, r4 and the branch.
    CHECK(proved(goals_of(regular(0x5000123, 0x9c, {0, 1, 2, 3}), giver)) == 3 + 3);
    CHECK(proved(goals_of(regular(0x5000123, 0x9c, {0, 8, 16, 24}), giver)) == 4 + 3);
    CHECK(proved(goals_of(regular(0x5000123, 0x9c, {0, 1, 2, 3}), giver, false)) == 4 + 3);
    // One comparison and its branch, and a branch over the second run.
    CHECK(proved(goals_of(regular(0x5000123, 0x9c, {0, 1, 2, 8, 9, 10}), giver)) == 2 + 3 + 1 + 3);
    CHECK(proved(goals_of({{0, 0x5000123}, {3, 0x5000700}, {4, 0x5000207}, {9, 0x5000203}}, giver)) <= 2 * 3 + 4 + 3);
    CHECK(proved(goals_of(regular(0x5000123, 0x260, many), giver)) <= 2 + 5 + 3);
    CHECK(proved(goals_of({{0, 0x5000123}, {0x12345678, 0x5000200}, {0x12345679, 0x5000400}}, giver)) <= 12);
    CHECK(proved(goals_of(regular(0x123456789abc, 0x9c, {0, 1, 2, 3}), giver)) <= 9 + 3);  // past what addis reaches
    CHECK(proved(goals_of({{7, 0x123456789abc}, {9, 0x123456799001}}, giver)) <= 12 + 3);
  }
}

TEST_CASE("a stub that does not store is refuted for every CPU") {
  MasterGoals goals = goals_of(regular(0x5000123, 0x9c, {0, 1, 2, 3}), Endian::kBig);
  Made stub = made(goals);
  uint32_t nop = 0x60000000;
  for (size_t at = 0; at < stub.code.size(); at += 4)
    if (*load<uint32_t>(stub.code, at, Endian::kBig) >> 26 == 38) store<uint32_t>(stub.code, at, nop, Endian::kBig);
  for (uint32_t id : {0, 1, 2, 3}) CHECK(judged(stub, goals, id).outcome() == verify::Outcome::kRefuted);
}

TEST_CASE("a CPU that the machine is not said to have stores where nobody may") {
  MasterGoals goals = goals_of(regular(0x5000123, 0x9c, {0, 1, 2, 3}), Endian::kBig);
  CHECK(judged(made(goals), goals, 4).outcome() == verify::Outcome::kRefuted);
}
