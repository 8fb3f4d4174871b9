// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The master's id in several words of the tree: each is stored big-endian, in either byte order of the giver, near and far,
// whole and as a byte; and a store that is missing or elsewhere is found out.
#include <doctest/doctest.h>

#include "ppc64/stub.h"
#include "trampoline/id_words.h"
#include "trampoline/synthesize.h"
#include "verify/verify.h"

using namespace baton;
using namespace baton::trampoline;
namespace reg = baton::ppc64::reg;

namespace {

constexpr uint64_t kStart = 0x2000000, kKernel = 0x3000000;

MasterGoals goals_of(Endian giver, const std::vector<uint64_t>& words, bool byte) {
  MasterGoals g;
  g.giver = giver;
  g.known = {{reg::r4, kStart}, {reg::r5, 0}};
  g.id_register = reg::r3;
  g.registers = {{reg::r3, {uint64_t{0x5000000}}, "r3 = tree.address"}};
  g.kept = {{reg::r5, {Source{uint64_t{0}}}, "r5"}};
  for (uint64_t word : words) {
    IdStore store{word, byte, "word " + hex(Wide{word})};
    if (g.id_store)
      g.more_ids.push_back(store);
    else
      g.id_store = store;
  }
  g.target = kKernel;
  g.target_clause = "enter";
  return g;
}

verify::Verdict judged(const ByteBuffer& code, const MasterGoals& goals, const std::vector<uint64_t>& words, bool byte) {
  verify::Loaded loaded;
  loaded.segments = {{"stub", Address{kStart}, code, Size{code.size()}}};
  ByteBuffer zero(4, 0);
  for (uint64_t word : words) loaded.segments.push_back({"tree", Address{word}, zero, Size{4}});
  loaded.entry = Address{kStart};
  verify::EntryState from;
  from.registers = {{"r3", verify::Term::named("id")}, {"r4", verify::Term::number(kStart)}, {"r5", verify::Term::number(0)}};
  from.symbol_bits["id"] = byte ? 0xff : 0xffffffff;
  from.msr_value = uint64_t{1} << 63;
  from.msr_known = from.msr_value | 0x4030;  // 64-bit; PR, IR and DR are off
  verify::Goals to;
  to.target = Address{kKernel};
  to.registers = {{"r3", {verify::Term::number(0x5000000)}, "r3"}, {"r5", {verify::Term::number(0)}, "r5"}};
  for (uint64_t word : words) to.words.push_back({Address{word}, 4, verify::Term::named("id"), "word"});
  return verify::verify_entry(loaded, from, to, goals.giver);
}

ByteBuffer made(const MasterGoals& goals) {
  auto result = synthesize({"job", kStart, {goals}, false, {}, "enter"});
  if (!result) FAIL(result.failure().message);
  auto code = ppc64::encode(result->stub);
  REQUIRE(code.ok());
  return *code;
}

}  // namespace

TEST_CASE("several words get the id, wherever they are and whoever comes") {
  for (Endian giver : {Endian::kBig, Endian::kLittle})
    for (bool byte : {false, true})
      for (const auto& words : std::vector<std::vector<uint64_t>>{{0x500001c, 0x5000140},
                                                                  {0x500001c, 0x5007ffc, 0x5008000},
                                                                  {0x7fff7ffc, 0x7ffffffc, 0x1'2345'6788, 0x10}}) {
        MasterGoals goals = goals_of(giver, words, byte);
        auto verdict = judged(made(goals), goals, words, byte);
        std::string said;
        for (const auto& o : verdict.obligations) said += o.clause + ": " + o.detail + "\n";
        CHECK_MESSAGE(verdict.outcome() == verify::Outcome::kProved, said << to_text(giver) << " " << byte);
      }
}

TEST_CASE("a word that is left out, or another one, is refuted") {
  const std::vector<uint64_t> words = {0x500001c, 0x5000140};
  MasterGoals one = goals_of(Endian::kBig, {words[0]}, false);
  CHECK(judged(made(one), one, words, false).outcome() == verify::Outcome::kRefuted);
  MasterGoals other = goals_of(Endian::kBig, {words[0], words[1] + 4}, false);
  CHECK(judged(made(other), other, words, false).outcome() == verify::Outcome::kRefuted);
}

TEST_CASE("without a register to spare it is refused") {
  MasterGoals goals = goals_of(Endian::kBig, {0x500001c, 0x5000140}, false);
  for (unsigned n : {6, 7, 8, 9, 10, 11, 12}) goals.kept.push_back({ppc64::Gpr{n}, {Source{ppc64::Gpr{n}}}, "kept"});
  CHECK_FALSE(store_more_ids(goals).ok());
}
