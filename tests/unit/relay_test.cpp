// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Relays, by the judge: the master puts the head in place and sets the word, a slave waits while it is not set
// and goes on when it is, for random places and registers. And the judge of waiting itself, which must not be
// satisfied by a CPU that does not wait.
#include <ostream>

#include <random>

#include <doctest/doctest.h>

#include "ppc64/stub.h"
#include "rounds.h"
#include "trampoline/synthesize.h"
#include "verify/fetch_goals.h"
#include "verify/verify.h"

using namespace baton;
using namespace baton::trampoline;
namespace ins = baton::ppc64::ins;
namespace msr = baton::ppc64::msr;
namespace reg = baton::ppc64::reg;

namespace {

constexpr uint64_t kPage = 0x10000;
constexpr uint64_t kRealMode = msr::kSf | msr::kPr | msr::kIr | msr::kDr | msr::kEe;

struct Place {
  uint64_t start = 0x1000000, kernel = 0x5000000, tree = 0x6000000;
  Endian giver = Endian::kBig;
  bool start_known = true;
};

StubRequest request_for(const Place& place) {
  MasterGoals g;
  g.giver = place.giver;
  if (place.start_known) g.known = {{reg::r4, place.start}};
  g.known.push_back({reg::r5, 0});
  g.id_register = reg::r3;
  g.registers = {{reg::r3, {place.tree}, "r3 = tree.address"}, {reg::r4, {place.kernel}, "r4 = image.base"}};
  g.kept = {{reg::r5, {uint64_t{0}}, "r5"}};
  g.id_store = IdStore{place.tree + 28, false, "the id"};
  g.target = place.kernel;
  g.target_clause = "enter image.entry";
  StubRequest request;
  request.name = "relayed";
  request.start = place.start;
  request.masters = {g};
  request.relay = Relay{place.start, 0x60, 0x60, place.kernel, {reg::r3}, "landing", "enter", "copy", "order"};
  request.landing_clause = "landing";
  return request;
}

ByteBuffer random_head(std::mt19937_64& random) {
  ByteBuffer head(0x100);
  for (auto& byte : head) byte = static_cast<uint8_t>(random());
  return head;
}

/// What the master hands over, and by which stores.
void add_fetches(verify::Goals& goals, const Place& place, uint64_t word) {
  goals.code.add(Range::at(Address{place.kernel}, Size{0x100}));
  goals.code_of_others = goals.code;
  goals.code_of_others.add(Range::from_to(0, 0x100));
  for (Range release : {Range::from_to(0x60, 0x68), Range::from_to(word, word + 4)}) goals.releases.add(release);
}

/// The stub as it lies in memory, with the giver's copy of its head.
struct Scene {
  ByteBuffer stub, head, tree;
  verify::Loaded loaded;
  verify::EntryState state;

  Scene(const Place& place, ByteBuffer code, ByteBuffer kernel_head)
      : stub(std::move(code)), head(std::move(kernel_head)), tree(kPage, 0) {
    loaded.segments = {{"stub", Address{place.start}, stub, Size{kPage}},
                       {"kernel", Address{place.kernel}, head, Size{head.size()}},
                       {"tree", Address{place.tree}, tree, Size{kPage}}};
    state.memory = {{"the low copy", Address{0}, ByteView(stub).first(0x100), Size{0x100}}};
    state.msr_known = kRealMode;
    state.msr_value = msr::kSf;
  }
};

std::string refusals(const verify::Verdict& verdict) {
  std::string text;
  for (const auto& o : verdict.obligations)
    if (o.outcome != verify::Outcome::kProved) text += o.clause + ": " + o.detail + "\n";
  return text;
}

verify::Goals slave_goals(const Place& place) {
  verify::Goals goals;
  goals.target = Address{0x60};
  goals.comes_back = true;
  goals.may_execute.add(Range::from_to(0, 0x100));
  goals.may_execute.add(Range::at(Address{place.start}, Size{kPage}));
  goals.registers = {{"r3", {verify::Term::named("cpu.physical_id")}, "r3 = cpu.physical_id"}};
  return goals;
}

}  // namespace

TEST_CASE("the master replaces the head and lets the slaves go; they wait until then and keep their id") {
  std::mt19937_64 random(11);
  for (unsigned i = 0; i < rounds(60); ++i) {
    Place place;
    place.giver = i % 2 != 0 ? Endian::kLittle : Endian::kBig;
    place.start_known = i % 3 != 0;
    place.start = random() % 0x1f0 * kPage;
    place.kernel = (0x200 + random() % 0x10000) * kPage;
    place.tree = (0x20000 + random() % 0x10000) * kPage;
    CAPTURE(place.start);
    CAPTURE(place.kernel);
    auto made = synthesize(request_for(place));
    REQUIRE(made.ok());
    auto bytes = ppc64::encode(made->stub);
    REQUIRE(bytes.ok());
    Scene scene(place, *bytes, random_head(random));
    scene.loaded.entry = Address{place.start};
    scene.state.registers = {{"r3", verify::Term::named("master.physical_id")}, {"r5", verify::Term::number(0)}};
    if (place.start_known) scene.state.registers["r4"] = verify::Term::number(place.start);
    verify::Goals goals;
    goals.target = Address{place.kernel};
    goals.registers = {{"r3", {verify::Term::number(place.tree)}, "r3"}, {"r4", {verify::Term::number(place.kernel)}, "r4"},
                       {"r5", {verify::Term::number(0)}, "r5"}};
    goals.bytes = {{Address{0}, scene.head, "the head"}};
    goals.words = {{Address{place.tree + 28}, 4, verify::Term::named("master.physical_id"), "the id"}};
    scene.state.symbol_bits["master.physical_id"] = 0xffffffff;
    uint64_t word = place.start + request_for(place).relay->flag_offset();
    goals.may_write.add(Range::from_to(0, 0x100));
    goals.may_write.add(Range::from_to(word, word + 4));
    add_fetches(goals, place, word);
    auto master = verify::verify_entry(scene.loaded, scene.state, goals, place.giver);
    INFO(refusals(master));
    CHECK(master.outcome() == verify::Outcome::kProved);
    CHECK(master.instructions == made->counts[0].instructions);

    scene.loaded.entry = Address{0x60};
    scene.state.registers = {{"r3", verify::Term::named("cpu.physical_id")}};
    auto waits = verify::verify_wait(scene.loaded, scene.state, slave_goals(place), Endian::kBig, "waits");
    INFO(refusals(waits));
    CHECK(waits.outcome() == verify::Outcome::kProved);
    ByteBuffer set = {0, 0, 0, 0x68};
    scene.state.memory.push_back({"the word", Address{word}, set, Size{4}});
    auto goes = verify::verify_entry(scene.loaded, scene.state, slave_goals(place), Endian::kBig);
    INFO(refusals(goes));
    CHECK(goes.outcome() == verify::Outcome::kProved);
    CHECK(verify::verify_wait(scene.loaded, scene.state, slave_goals(place), Endian::kBig, "waits").outcome() ==
          verify::Outcome::kRefuted);
  }
}

TEST_CASE("a relay without one of the steps by which fetches see the head is refuted, on either side") {
  std::mt19937_64 random(12);
  const Place place;
  auto made = synthesize(request_for(place));
  REQUIRE(made.ok());
  const ByteBuffer good = *ppc64::encode(made->stub);
  const uint64_t word = place.start + request_for(place).relay->flag_offset();
  Scene scene(place, good, random_head(random));
  ByteBuffer code = good;
  auto judge = [&](bool slave) {
    scene.loaded.segments[0].bytes = code;
    scene.state.memory = {{"the low copy", Address{0}, ByteView(code).first(0x100), Size{0x100}}};
    verify::Goals goals;
    if (slave) {
      goals = slave_goals(place);
      goals.awaited.add(Range::from_to(word, word + 4));
      scene.loaded.entry = Address{0x60};
      static const ByteBuffer set = {0, 0, 0, 0x68};
      scene.state.memory.push_back({"the word", Address{word}, set, Size{4}});
      scene.state.registers = {{"r3", verify::Term::named("cpu.physical_id")}};
    } else {
      goals.target = Address{place.kernel};
      goals.may_write.add(Range::from_to(0, 0x100));
      goals.may_write.add(Range::from_to(word, word + 4));
      goals.may_write.add(Range::from_to(place.tree + 28, place.tree + 32));
      add_fetches(goals, place, word);
      scene.loaded.entry = Address{place.start};
      scene.state.registers = {{"r4", verify::Term::number(place.start)}, {"r5", verify::Term::number(0)}};
    }
    verify::Verdict verdict = verify::verify_entry(scene.loaded, scene.state, goals, Endian::kBig);
    for (const auto& o : verdict.obligations)
      if (o.clause == (slave ? verify::kPrefetchClause : verify::kFetchClause)) return o.outcome;
    FAIL("nothing is said of fetches");
    return verify::Outcome::kUnknown;
  };
  CHECK(judge(false) == verify::Outcome::kProved);
  CHECK(judge(true) == verify::Outcome::kProved);
  unsigned of_master = 0, of_slave = 0;
  for (uint64_t at = 0; at < good.size(); at += 4) {
    using M = ppc64::Mnemonic;
    auto instruction = ppc64::decode(*load<uint32_t>(ByteView(good), at, Endian::kBig));
    if (!instruction) continue;
    M what = instruction->mnemonic;
    bool slave = at < 0x100 && what == M::kIsync;
    if (!slave && what != M::kDcbst && what != M::kIcbi && what != M::kSync) continue;
    code = good;
    store<uint32_t>(code, at, 0x60000000, Endian::kBig);
    CAPTURE(ppc64::to_text(*instruction));
    CHECK(judge(slave) == verify::Outcome::kRefuted);
    ++(slave ? of_slave : of_master);
  }
  CHECK(of_master == 4);  // dcbst, sync, icbi, sync
  CHECK(of_slave == 1);
}

TEST_CASE("the landing's doubleword is the last of the head to be stored") {
  auto made = synthesize(request_for({}));
  REQUIRE(made.ok());
  // The index begins one doubleword after the landing and goes around: 0x68, .., 0xf8, 0, .., 0x60.
  bool begins = false;
  for (const auto& item : made->stub.items)
    if (const auto* code = std::get_if<ppc64::CodeItem>(&item)) begins = begins || code->instruction == ins::li(reg::r10, 0x68);
  CHECK(begins);
}

TEST_CASE("waiting is a state that repeats: not counting, storing, or leaving") {
  auto judged = [](const std::vector<ppc64::Instruction>& code) {
    ppc64::Stub stub;
    for (const auto& i : code) stub.code(i, "");
    ByteBuffer bytes = *ppc64::encode(stub);
    verify::Loaded loaded;
    loaded.segments = {{"stub", Address{0x1000}, bytes, Size{0x100}}, {"data", Address{0x2000}, {}, Size{0x100}}};
    loaded.entry = Address{0x1000};
    verify::EntryState state;
    state.msr_known = kRealMode;
    state.msr_value = msr::kSf;
    state.registers["r9"] = verify::Term::number(0x2000);
    state.registers["r10"] = verify::Term::number(0);
    verify::Goals goals;
    goals.target = Address{0x3000};
    auto verdict = verify::verify_wait(loaded, state, goals, Endian::kBig, "waits");
    INFO(refusals(verdict));
    CHECK(verdict.obligations.size() == 1);
    return verdict.outcome();
  };
  auto back = [](int64_t by) { return ppc64::Displacement(by); };
  CHECK(judged({ins::isync(), ins::b(back(-4))}) == verify::Outcome::kProved);
  CHECK(judged({ins::lwz(reg::r11, back(0), reg::r9), ins::cmpwi(0, reg::r11, 0), ins::bc(12, 2, back(-8))}) ==
        verify::Outcome::kProved);
  CHECK(judged({ins::addi(reg::r10, reg::r10, back(1)), ins::b(back(-4))}) == verify::Outcome::kUnknown);
  CHECK(judged({ins::stw(reg::r10, back(0), reg::r9), ins::b(back(-4))}) == verify::Outcome::kRefuted);
  CHECK(judged({ins::ba(0x3000)}) == verify::Outcome::kRefuted);
  CHECK(judged({ins::ba(0x4000)}) == verify::Outcome::kRefuted);
}

TEST_CASE("a pen that one branch does not reach is refused") {
  Place place;
  place.start = 0x2000000;
  auto made = synthesize(request_for(place));
  REQUIRE(!made.ok());
  CHECK(made.failure().message == "the one branch at 0x60 does not reach the slaves' pen at 0x2000064");
  place.start = 0x1ff0000;
  CHECK(synthesize(request_for(place)).ok());
}
