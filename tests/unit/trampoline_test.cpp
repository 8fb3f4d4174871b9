// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bodies of stubs: as short as the counted bounds for the handoffs that are counted, and right for random
// ones. Every body is encoded and run on the abstract machine of verify/, which shares nothing with the
// search: registers, stored word, MSR and target at the end, and nothing else written.
#include <ostream>

#include <algorithm>
#include <random>

#include <doctest/doctest.h>

#include "ppc64/stub.h"
#include "rounds.h"
#include "trampoline/body.h"
#include "trampoline/bound.h"
#include "trampoline/synthesize.h"
#include "verify/verify.h"

using namespace baton;
using namespace baton::trampoline;
using ppc64::Gpr;
namespace msr = baton::ppc64::msr;
namespace reg = baton::ppc64::reg;

namespace {

constexpr uint64_t kPage = 0x10000;
constexpr uint64_t kNear = 0x4000000;

/// What a kexec leaves and what a Linux kernel wants: stub, tree and kernel on pages of their own.
struct Job {
  uint64_t start = kNear, tree = kNear + kPage, kernel = kNear + 2 * kPage;
  Endian giver = Endian::kBig;
  bool byte_ids = false, to_big = false;
  uint64_t opal_entry = 0;  // 0: not wanted

  MasterGoals goals() const {
    MasterGoals g;
    g.giver = giver;
    g.known = {{reg::r4, start}, {reg::r5, 0}};
    g.id_register = reg::r3;
    g.registers = {{reg::r3, {tree}, "r3 = tree.address"}, {reg::r4, {kernel, uint64_t{0}}, "r4 in { image.base, 0 }"}};
    if (opal_entry != 0) {
      g.registers.push_back({reg::r8, {uint64_t{0x30000000}}, "r8 = machine.opal.base"});
      g.registers.push_back({reg::r9, {opal_entry}, "r9 = machine.opal.entry"});
    }
    g.kept = {{reg::r5, {uint64_t{0}}, "r5"}};
    g.id_store = IdStore{tree + 28, byte_ids, "tree.boot_cpuid_phys = master.physical_id"};
    if (to_big) g.msr = {{msr::kLe, false, giver == Endian::kLittle, "msr LE = 0"}};
    g.target = kernel;
    g.target_clause = "enter image.entry";
    return g;
  }
};

std::string listing(const verify::Verdict& verdict) {
  std::string text;
  for (const auto& o : verdict.obligations)
    text += std::string(verify::to_text(o.outcome)) + ": " + o.clause + ": " + o.detail + "\n";
  return text;
}

/// Runs `code`, loaded at `start` and entered there, against what `goals` say; the text of the stub is in the
/// log. Every register that no goal and no scratch use is held to its value at entry.
verify::Verdict judged(const MasterGoals& goals, uint64_t start, const ByteBuffer& code,
                       const std::vector<unsigned>& untouched = {1, 2, 13, 14, 31}, uint64_t msr_known = 0,
                       uint64_t msr_value = 0) {
  verify::Loaded loaded;
  ByteBuffer zeros(0x100, 0);
  loaded.segments.push_back({"stub", Address{start}, code, Size{std::max<uint64_t>(code.size(), kPage)}});
  if (goals.id_store) {
    uint64_t page = goals.id_store->address & ~uint64_t{0xfff};
    loaded.segments.push_back({"tree", Address{page}, zeros, Size{0x1000}});
  }
  loaded.entry = Address{start};
  verify::EntryState from;
  for (const auto& k : goals.known) from.registers[to_text(k.gpr)] = verify::Term::number(k.value);
  const std::string kId = "master.physical_id";
  if (goals.id_register) from.registers[to_text(*goals.id_register)] = verify::Term::named(kId);
  from.symbol_bits[kId] = goals.id_store && goals.id_store->fits_byte ? 0xff : 0xffffffff;
  from.msr_known = msr::kSf | msr::kPr | msr::kIr | msr::kDr | msr::kEe | msr_known;
  from.msr_value = msr::kSf | msr_value;
  verify::Goals to;
  to.target = Address{goals.target};
  for (const RegisterGoal& g : goals.registers) {
    verify::RegisterGoal goal{to_text(g.gpr), {}, g.clause};
    for (const Source& s : g.allowed) {
      if (const auto* n = std::get_if<uint64_t>(&s)) goal.one_of.push_back(verify::Term::number(*n));
      else if (goals.id_register && std::get<Gpr>(s) == *goals.id_register)
        goal.one_of.push_back(verify::Term::named(kId));
      else
        goal.one_of.push_back(verify::Term::named(to_text(std::get<Gpr>(s)) + " at entry"));
    }
    to.registers.push_back(std::move(goal));
  }
  auto keep = [&](Gpr gpr) {
    auto known = from.registers.find(to_text(gpr));
    to.registers.push_back({to_text(gpr),
                            {known != from.registers.end() ? known->second
                                                           : verify::Term::named(to_text(gpr) + " at entry")},
                            "kept " + to_text(gpr)});
  };
  for (const auto& kept : goals.kept) keep(kept.gpr);
  for (unsigned n : untouched) {
    bool goal = std::any_of(goals.registers.begin(), goals.registers.end(),
                            [&](const RegisterGoal& g) { return g.gpr == Gpr{n}; });
    if (!goal) keep(Gpr{n});
  }
  for (const MsrGoal& g : goals.msr) {
    to.msr_fixed |= g.mask;
    if (g.set) to.msr_value |= g.mask;
    if (g.promised && g.mask != msr::kLe) {
      from.msr_known |= g.mask;
      from.msr_value = (from.msr_value & ~g.mask) | (*g.promised ? g.mask : 0);
    }
  }
  if (goals.id_store)
    to.words.push_back({Address{goals.id_store->address}, 4, verify::Term::named(kId), goals.id_store->clause});
  return verify::verify_entry(loaded, from, to, goals.giver);
}

/// `offset` bytes that are never run, then the body.
ByteBuffer encoded(const std::vector<Step>& body, uint64_t offset, Endian order) {
  ppc64::Stub stub;
  stub.unit_order = order;
  if (offset != 0) {
    stub.code(ppc64::ins::b(ppc64::Displacement("body")), "head");
    stub.org(offset);
  }
  stub.label("body");
  for (const Step& step : body) stub.code(step.instruction, step.clause, order);
  auto bytes = ppc64::encode(stub);
  if (!bytes) FAIL(bytes.failure().message);
  return *bytes;
}

std::string text_of(const std::vector<Step>& body) {
  std::string text;
  for (const Step& step : body) text += to_text(step.instruction) + "\n";
  return text;
}

/// The length of the body; proves it on the way.
size_t proved(const MasterGoals& goals, uint64_t start, uint64_t offset,
              const std::vector<unsigned>& untouched = {1, 2, 13, 14, 31}) {
  auto body = shortest_body(goals, start, offset);
  if (!body) FAIL(body.failure().message);
  INFO(text_of(*body));
  for (const Step& step : *body) CHECK(!step.clause.empty());
  verify::Verdict verdict = judged(goals, start, encoded(*body, offset, goals.giver), untouched);
  INFO(listing(verdict));
  CHECK(verdict.outcome() == verify::Outcome::kProved);
  CHECK(verdict.instructions == body->size() + (offset != 0 ? 1 : 0));
  return body->size();
}

/// From entry to the jump, with the head branch of an overlay; synthesized, encoded, judged.
size_t whole(const Job& job) {
  StubRequest request{"job", job.start, {job.goals()}, true, {{8, ByteBuffer(0xf8, 0x60), "bytes"}}, "enter"};
  auto result = synthesize(request);
  if (!result) FAIL(result.failure().message);
  REQUIRE(result->counts.size() == 1);
  auto bytes = ppc64::encode(result->stub);
  REQUIRE(bytes.ok());
  verify::Verdict verdict = judged(job.goals(), job.start, *bytes);
  INFO(listing(verdict));
  CHECK(verdict.outcome() == verify::Outcome::kProved);
  CHECK(verdict.instructions == result->counts[0].instructions);
  CHECK(result->counts[0].instructions == result->counts[0].lower_bound);
  return result->counts[0].instructions;
}

}  // namespace

TEST_CASE("a kexec to a Linux kernel takes as many instructions as were counted") {
  for (uint64_t base : {kNear, uint64_t{0x3fff0000}, uint64_t{0x7ffd0000}}) {
    CAPTURE(hex(Wide{base}));
    Job job;
    job.start = base, job.tree = base + kPage, job.kernel = base + 2 * kPage;
    auto count = [&](Endian giver, bool bytes, bool far, bool to_big, uint64_t opal) {
      Job j = job;
      j.giver = giver, j.byte_ids = bytes, j.to_big = to_big, j.opal_entry = opal;
      if (far) j.kernel = base + (uint64_t{64} << 20);
      return whole(j);
    };
    constexpr Endian kBig = Endian::kBig, kLittle = Endian::kLittle;
    // r8 takes one, and r9 one: from r8, or, further away, from a base of the store that has its low half.
    static constexpr std::pair<uint64_t, size_t> kEntries[] = {{0, 0}, {0x300050a8, 2}, {0x300090a8, 2}, {0x300190a8, 2}};
    for (auto [opal, more] : kEntries) {
      CAPTURE(opal);
      for (bool bytes : {false, true}) {
        CHECK(count(kBig, bytes, false, false, opal) == 6 + more);
        CHECK(count(kBig, bytes, true, false, opal) == 7 + more);
      }
      CHECK(count(kLittle, true, false, false, opal) == 6 + more);
      CHECK(count(kLittle, true, true, false, opal) == 7 + more);
      CHECK(count(kLittle, false, false, false, opal) == 7 + more);
      CHECK(count(kLittle, false, true, false, opal) == 8 + more);
      for (bool far : {false, true}) {
        CHECK(count(kLittle, true, far, true, opal) == 10 + more);
        CHECK(count(kLittle, false, far, true, opal) == 11 + more);
      }
    }
  }
}

TEST_CASE("a stub for either giver is right in both orders, from one image") {
  Job big, little;
  little.giver = Endian::kLittle;
  for (bool bytes : {false, true}) {
    big.byte_ids = little.byte_ids = bytes;
    StubRequest request{"job", big.start, {big.goals(), little.goals()}, true, {{8, ByteBuffer(0xf8, 0x60), "b"}}, "enter"};
    auto result = synthesize(request);
    REQUIRE(result.ok());
    auto code = ppc64::encode(result->stub);
    REQUIRE(code.ok());
    for (const Job& job : {big, little}) {
      verify::Verdict verdict = judged(job.goals(), job.start, *code);
      INFO(listing(verdict));
      CHECK(verdict.outcome() == verify::Outcome::kProved);
      CHECK(verdict.instructions == result->counts[job.giver == Endian::kBig ? 0 : 1].instructions);
    }
    CHECK(result->counts[0].instructions == 6);
    // One more than alone: the big-endian branch is passed over as a trap that never happens.
    CHECK(result->counts[1].instructions == (bytes ? 7 : 8));
  }
}

TEST_CASE("a head that needs the stub's own words is refused") {
  Job job, little;
  little.giver = Endian::kLittle;
  StubRequest request{"job", job.start, {job.goals()}, true, {{0, ByteBuffer(0x100, 0x60), "b"}}, "enter"};
  CHECK(!synthesize(request).ok());
  request.head[0].offset = 4;
  CHECK(synthesize(request).ok());
  request.masters.push_back(little.goals());
  auto both = synthesize(request);
  REQUIRE(!both.ok());
  CHECK(both.failure().message.find("0x4") != std::string::npos);
  CHECK(both.failure().way_out.find("giver big") != std::string::npos);
}

TEST_CASE("the bound of a body counts what no goal asks for, and is never above what is found") {
  MasterGoals goals;
  goals.known = {{reg::r4, kNear}};
  goals.target = kNear + kPage;
  auto bound = [&] { return least_set_up(goals, kNear, 0); };
  CHECK(bound() == 1);
  goals.target_clause = "enter";
  goals.target = uint64_t{0x123456789000};  // far. Beyond three instructions for a constant nothing is proved.
  CHECK(bound() == 5);
  CHECK(proved(goals, kNear, 0) == 6);
  goals.target = kNear + kPage;
  // A constant of one, of two and of three instructions; two of them that share nothing may still be counted once.
  goals.registers = {{reg::r3, {uint64_t{0x10000}}, "r3"}};
  CHECK(bound() == 2);
  goals.registers = {{reg::r3, {uint64_t{0x12345678}}, "r3"}};
  CHECK(bound() == 3);
  CHECK(proved(goals, kNear, 0) == 3);
  goals.registers = {{reg::r3, {uint64_t{0x5deadbeef}}, "r3"}};
  CHECK(bound() == 4);
  CHECK(proved(goals, kNear, 0) == 4);
  goals.registers = {{reg::r3, {uint64_t{0x12345678}}, "r3"}, {reg::r6, {uint64_t{0x7ead9bef}}, "r6"}};
  CHECK(bound() == 4);
  CHECK(proved(goals, kNear, 0) == 5);
  // What a register holds already takes nothing.
  goals.registers = {{reg::r4, {uint64_t{kNear}}, "r4"}};
  CHECK(bound() == 1);

  std::mt19937_64 random(2006);
  size_t shortest = 0;
  constexpr int kRounds = 300;
  for (int round = 0; round < kRounds; ++round) {
    Job job;
    job.start = kNear + (random() % 64 << 16), job.tree = kNear + (random() % 4096 << 12), job.kernel = kNear + (random() % 4096 << 16);
    job.giver = random() % 2 == 0 ? Endian::kBig : Endian::kLittle;
    job.byte_ids = random() % 2 == 0;
    job.opal_entry = random() % 2 == 0 ? 0 : 0x30000000 + (random() % 0x40000 & ~uint64_t{3});
    MasterGoals random_goals = job.goals();
    auto body = shortest_body(random_goals, job.start, 0x100);
    REQUIRE(body.ok());
    size_t least = least_set_up(random_goals, job.start, 0x100);
    REQUIRE(least <= body->size());
    shortest += least == body->size();
  }
  MESSAGE(shortest << " of " << kRounds << " random jobs are known to be the shortest");
  CHECK(shortest > kRounds / 2);
}

TEST_CASE("without needs a body is the jump alone") {
  MasterGoals goals;
  goals.known = {{reg::r4, kNear}};
  goals.target = kNear + kPage;
  goals.target_clause = "enter image.entry";
  CHECK(proved(goals, kNear, 0) == 1);
  // The reach of a branch, to the byte.
  for (uint64_t reach : {uint64_t{0x1fffffc}, ~uint64_t{0x1ffffff}}) {
    goals.target = kNear * 4 + reach;
    goals.known = {{reg::r4, kNear * 4}};
    CHECK(proved(goals, kNear * 4, 0) == 1);
    goals.target += reach < kNear ? 4 : ~uint64_t{3};
    CHECK(proved(goals, kNear * 4, 0) > 2);
  }
  // Where a register holds the far target already, two.
  goals.known = {{reg::r12, 0x800000000}};
  goals.target = 0x800000000;
  CHECK(proved(goals, kNear, 0) == 2);
}

TEST_CASE("the id wherever it is wanted, and swaps") {
  MasterGoals goals;
  goals.known = {{reg::r4, kNear}};
  goals.id_register = reg::r3;
  goals.registers = {{reg::r4, {reg::r3}, "r4 = id"}, {reg::r3, {kNear + 0x40}, "r3 = somewhere"}};
  goals.target = kNear + kPage;
  goals.target_clause = "enter image.entry";
  CHECK(proved(goals, kNear, 0) <= 4);
  goals.registers.push_back({reg::r24, {reg::r3}, "r24 = id"});
  goals.registers.push_back({reg::r5, {kNear, uint64_t{7}}, "r5"});
  CHECK(proved(goals, kNear, 0) <= 6);
}

namespace {

uint64_t random_page(std::mt19937_64& random) {
  switch (random() % 4) {
    case 0: return (random() % 0x4000) * kPage;                    // below 1 GiB
    case 1: return kNear + (random() % 0x100) * kPage;             // in branch reach of each other
    case 2: return (uint64_t{1} << 32) + (random() % 0x100000) * kPage;  // above 4 GiB
    default: return random() % 2 == 0 ? (random() >> 16 << 16) & 0x0fffffffffff0000 : 0x80000000 - kPage * (random() % 4);
  }
}

}  // namespace

TEST_CASE("random handoffs: every body that is made is proved") {
  std::mt19937_64 random(41);
  unsigned made = 0, switched = 0;
  for (unsigned round = 0; round < rounds(150); ++round) {
    MasterGoals g;
    g.giver = random() % 2 == 0 ? Endian::kBig : Endian::kLittle;
    uint64_t start = random_page(random), tree = random_page(random), kernel = random_page(random);
    if (start == tree || start == kernel || tree == kernel) continue;
    std::vector<unsigned> order(30);
    for (unsigned i = 0; i < 30; ++i) order[i] = i;
    std::erase_if(order, [](unsigned n) { return n == 1 || n == 2 || n == 13 || n == 14; });
    std::shuffle(order.begin(), order.end(), random);
    // Volatile registers first in most rounds: there the search has its scratch.
    if (random() % 3 != 0) std::stable_partition(order.begin(), order.end(), [](unsigned n) { return n >= 3 && n <= 12; });
    size_t next = 0;
    g.id_register = Gpr{order[next++]};
    for (unsigned i = random() % 3; i > 0; --i)
      g.known.push_back({Gpr{order[next++]}, random() % 3 == 0 ? start : random() % 64});
    for (const auto& k : g.known)
      if (random() % 3 == 0) g.kept.push_back({k.gpr, {k.value}, "kept"});
    auto any_value = [&]() -> Source {
      switch (random() % 8) {
        case 0: return *g.id_register;
        case 1: return tree;
        case 2: return kernel;
        case 3: return kernel + 0x60;
        case 4: return uint64_t{random() % 0x20000};
        case 5: return g.known.empty() ? uint64_t{0} : g.known[random() % g.known.size()].value;
        case 6: return ~uint64_t{0} - random() % 100;
        default: return uint64_t{random() % 0x100000000};
      }
    };
    // Targets: fresh registers, registers that are known, the id's own.
    for (unsigned i = random() % 5; i > 0; --i) {
      Gpr gpr = random() % 4 == 0                     ? *g.id_register
                : random() % 3 == 0 && !g.known.empty() ? g.known[random() % g.known.size()].gpr
                                                        : Gpr{order[next++]};
      bool taken = std::any_of(g.kept.begin(), g.kept.end(), [&](const auto& r) { return r.gpr == gpr; }) ||
                   std::any_of(g.registers.begin(), g.registers.end(), [&](const auto& r) { return r.gpr == gpr; });
      if (taken) continue;
      RegisterGoal goal{gpr, {any_value()}, to_text(gpr) + " = a goal"};
      if (random() % 6 == 0) goal.allowed.push_back(any_value());
      g.registers.push_back(std::move(goal));
    }
    if (random() % 3 != 0) g.id_store = IdStore{tree + 28, random() % 2 == 0, "the id's word"};
    // ME is not among them: rfid changes it in hypervisor state only.
    static constexpr uint64_t kFields[] = {msr::kLe, msr::kRi, msr::kFp, msr::kVec, msr::kVsx, msr::kHv};
    if (random() % 2 == 0)
      for (uint64_t mask : kFields) {
        if (random() % 3 != 0) continue;
        MsrGoal goal{mask, random() % 2 == 0, std::nullopt, "msr " + ppc64::msr_fields_to_text(mask)};
        if (mask == msr::kLe) goal.promised = g.giver == Endian::kLittle;
        else if (random() % 2 == 0) goal.promised = random() % 2 == 0;
        // HV is given up by rfid and never gained; who has it keeps it here.
        if (mask == msr::kHv) goal.set = false, goal.promised = true;
        g.msr.push_back(goal);
      }
    g.target = kernel + (random() % 2 == 0 ? 0 : 0x60);
    uint64_t offset = random() % 2 == 0 ? 0 : 0x100;
    CAPTURE(round);
    auto body = shortest_body(g, start, offset);
    if (!body) {
      CHECK(!body.failure().message.empty());
      continue;
    }
    ++made;
    switched += g.msr.empty() ? 0 : 1;
    INFO(text_of(*body));
    verify::Verdict verdict = judged(g, start, encoded(*body, offset, g.giver));
    INFO(listing(verdict));
    CHECK(verdict.outcome() == verify::Outcome::kProved);
    // The same goals give the same body.
    if (made % 4 != 1) continue;
    auto again = shortest_body(g, start, offset);
    REQUIRE(again.ok());
    CHECK(text_of(*again) == text_of(*body));
  }
  CHECK(made > rounds(90));
  CHECK(switched > rounds(30));
}

TEST_CASE("two MSR masks in one register: the first is not taken for the second") {
  MasterGoals g;
  g.known = {{reg::r10, msr::kHv}, {reg::r4, kNear}};
  g.msr = {{msr::kSf, true, std::nullopt, "msr SF = 1"}, {msr::kHv, false, true, "msr HV = 0"}};
  g.target = kNear + kPage;
  g.target_clause = "enter image.entry";
  proved(g, kNear, 0);
}

TEST_CASE("a field that is set and flipped beside one of the high half comes out right") {
  MasterGoals g;
  g.known = {{reg::r4, kNear}};
  g.msr = {{msr::kFp, false, std::nullopt, "msr FP = 0"}, {msr::kHv, false, true, "msr HV = 0"}};
  g.target = kNear + kPage;
  g.target_clause = "enter image.entry";
  proved(g, kNear, 0);
}
