// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The comparison of conventions: each rule on its pair of files, what is silent, and the shipped library.
#include <ostream>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

#include "check/check.h"
#include "contract/diff.h"
#include "contract/entail.h"

using namespace baton;
using namespace baton::contract;

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), path.string());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Program {
  source::SourceSet sources;
  diagnostics::Sink sink;
  model::Program program;
  explicit Program(const std::string& text, bool whole = false) {
    sources.add_library(BATON_SOURCE_DIR "/stdlib");
    program = check::check(sources, sources.add("main.baton", whole ? text : "language 1;\n" + text), sink);
    for (const auto& d : sink.all()) FAIL(d.message << "\n" << text);
  }
  Subject subject(const std::string& name) const {
    auto found = find_subject(program, name);
    REQUIRE(found);
    return *found;
  }
};

std::vector<ConventionDiff> diff_texts(const std::string& before, const std::string& after) {
  Program a(before), b(after);
  auto all = compare(a.program, b.program);
  for (ConventionDiff& d : all)  // the waivers go with the programs
    for (Change& c : d.changes) c.waiver = nullptr;
  return all;
}

std::string convention(const std::string& body, const std::string& head = "demo.a@1") {
  return "convention " + head + " { source \"s\"; role image : elf64; role tree : devicetree; " + body + " }\n";
}
const std::string kSlaves = "ensures slaves { arrival arriving; } ";

/// "RULE taker/giver", in order.
std::vector<std::string> names(const ConventionDiff& diff) {
  std::vector<std::string> all;
  for (const Change& c : diff.changes)
    all.push_back(std::string(c.rule->id) + " " + to_text(c.taker) + "/" + to_text(c.giver));
  return all;
}

std::vector<std::string> changes(const std::string& before, const std::string& after) {
  auto all = diff_texts(convention(before), convention(after));
  REQUIRE(all.size() == 1);
  return names(all[0]);
}
using List = std::vector<std::string>;

}  // namespace

TEST_CASE("each rule has a pair of files on which it fires alone, as it declares") {
  fs::path pairs = fs::path(BATON_SOURCE_DIR) / "tests/golden/diff/pairs";
  std::set<std::string> folders;
  for (const auto& entry : fs::directory_iterator(pairs)) folders.insert(entry.path().filename().string());
  for (const Rule& rule : rules()) {
    CAPTURE(rule.id);
    REQUIRE(folders.erase(std::string(rule.id)) == 1);
    Program before(read(pairs / rule.id / "old.baton"), true), after(read(pairs / rule.id / "new.baton"), true);
    std::vector<Change> all;
    bool taker_clean = true, giver_clean = true;
    for (const ConventionDiff& diff : compare(before.program, after.program)) {
      all.insert(all.end(), diff.changes.begin(), diff.changes.end());
      taker_clean = taker_clean && diff.taker_clean();
      giver_clean = giver_clean && diff.giver_clean();
    }
    REQUIRE(!all.empty());
    CHECK(all[0].rule->id == rule.id);
    // An edit in place is told beside what was edited.
    CHECK(all.size() == (rule.id == "CONVENTION_EDITED_IN_PLACE" ? 2 : 1));
    CHECK(all[0].taker == rule.taker);
    CHECK(all[0].giver == rule.giver);
    CHECK(taker_clean == (rule.taker != Effect::kBreaks));
    CHECK(giver_clean == (rule.giver != Effect::kBreaks));
    CHECK((all[0].before.span.valid() || all[0].after.span.valid()));
  }
  for (const std::string& left : folders) FAIL("no rule is called " << left);
}

TEST_CASE("rules: one name each, in words, and quiet only where nobody breaks") {
  std::set<std::string_view> ids;
  for (const Rule& rule : rules()) {
    CHECK(ids.insert(rule.id).second);
    CHECK(find_rule(rule.id) == &rule);
    CHECK(!rule.purpose.empty());
    if (rule.quiet) CHECK((rule.taker == Effect::kOk && rule.giver == Effect::kOk));
    CHECK(rule.policy == (rule.names == nullptr));
  }
  CHECK(find_rule("MASTER_REG_REMOVE") == nullptr);
}

TEST_CASE("the other order of clauses, a parent written out and other words for one meaning are silent") {
  const std::string kBody = "ensures master { mode real; r3 = tree.address; r4 in { image.base, 0 }; } " + kSlaves;
  CHECK(changes(kBody, kSlaves + "ensures master { r4 in { 0, image.base }; r3 = tree.start; mode real; }").empty());
  CHECK(changes(kBody, "ensures master { msr IR = 0, DR = 0, PR = 0; r3 = tree.address; r4 in { image.base, 0 }; } " + kSlaves).empty());
  CHECK(changes("order head_copied < slaves_released < master_enters; " + kSlaves,
                "order slaves_released < master_enters, head_copied < slaves_released, head_copied < master_enters; " + kSlaves)
            .empty());
  CHECK(changes("ensures memory { bytes 0x0 +: 0x100 = bytes image.base +: 0x100; } " + kSlaves,
                "ensures memory { bytes 0x0 +: 0x80 = bytes image.base +: 0x80; "
                "bytes 0x80 +: 0x80 = bytes image.base + 0x80 +: 0x80; } " + kSlaves) == List{"DOC_ONLY ok/ok"});
  // `extends` is the hand-inlined text.
  Program child(convention(kBody, "demo.p@1") + "convention demo.a@1 extends demo.p@1 { source \"s\"; ensures master { "
                "override r3 = 0; drop r4; r9 = 1; } }\n");
  Program inlined(convention("ensures master { r9 = 1; mode real; r3 = 0; } " + kSlaves));
  CHECK(compare(child.subject("demo.a@1"), inlined.subject("demo.a@1")).changes.empty());
}

TEST_CASE("a role that is called otherwise is a matter of words, unless it is the image") {
  auto text = [](const std::string& name, const std::string& kind = "devicetree") {
    return "convention demo.a@1 { source \"s\"; role image : elf64; role " + name + " : " + kind + "; ensures master { r3 = " +
           name + ".start; } " + kSlaves + "ensures memory { place " + name + " within machine.rma; } }";
  };
  CHECK(names(diff_texts(text("tree"), text("blob"))[0]) == List{"DOC_ONLY ok/ok"});
  auto retyped = names(diff_texts(text("tree"), text("blob", "raw"))[0]);
  CHECK(std::find(retyped.begin(), retyped.end(), "ROLE_REMOVED breaks/breaks") != retyped.end());
  auto image = names(diff_texts("convention demo.a@1 { source \"s\"; role image : raw; " + kSlaves + "}",
                                "convention demo.a@1 { source \"s\"; role blob : raw; " + kSlaves + "}")[0]);
  CHECK(image == List{"ROLE_REMOVED breaks/breaks", "ROLE_ADDED breaks/breaks"});
}

TEST_CASE("two versions of the shipped conventions") {
  Program p("use \"linux/kexec.baton\"; use \"linux/bootblock.baton\"; use \"linux/opal.baton\";");
  auto versions = [&](const std::string& a, const std::string& b) { return compare(p.subject(a), p.subject(b)); };
  for (const auto& [name, c] : p.program.conventions) CHECK(versions(name, name).changes.empty());
  for (const auto& diff : compare(p.program, p.program)) CHECK(diff.changes.empty());

  // Slaves are released before the hash table is cleared: one event moved, no register changed.
  auto moved = versions("linux.kexec@2005", "linux.kexec@2008");
  REQUIRE(moved.changes.size() >= 1);
  CHECK(moved.changes[0].rule->id == "ORDER_EDGE_REVERSED");
  CHECK(moved.changes[0].subject == "hash_table_cleared");
  CHECK(moved.changes[0].before.text == "real_mode < hash_table_cleared < head_copied");
  CHECK(moved.changes[0].after.text == "slaves_released < hash_table_cleared < master_enters");
  CHECK(!moved.taker_clean());
  CHECK(!moved.giver_clean());
  for (size_t i = 1; i < moved.changes.size(); ++i) CHECK(moved.changes[i].rule->quiet);

  auto either = versions("linux.kexec@2008", "linux.kexec@2013");
  std::string got;
  for (const Change& c : either.changes)
    if (!c.rule->quiet) got += std::string(c.rule->id) + " " + c.subject + " " + to_text(c.taker) + "/" + to_text(c.giver) + "\n";
  // Interrupts come in big-endian order still, but nobody promises that any more.
  CHECK(got == "MSR_BIT_RELEASED msr LE breaks/ok\nPROMISE_DEMOTED ile breaks/ok\nEXPECT_ADDED order_neutral entry breaks/ok\n"
               "ORDER_EDGE_REMOVED segments_placed < real_mode breaks/ok\n");
  CHECK(!either.taker_clean());
  CHECK(either.giver_clean());
}

TEST_CASE("what only a handoff can decide is not called clean, and says so") {
  auto diff = diff_texts(convention("ensures master { r4 = image.entry; } " + kSlaves),
                         convention("ensures master { r4 = image.base; } " + kSlaves))[0];
  REQUIRE(diff.taker_unmet.size() == 1);
  CHECK(!diff.taker_unmet[0].decided);
  CHECK(diff.taker_unmet[0].need.text == "r4 = image.entry");
  CHECK(diff.taker_unmet[0].promise.text == "r4 = image.base");
  CHECK(diff.taker_unmet[0].why.find("only a handoff can say") != std::string::npos);
  auto decided = diff_texts(convention("ensures master { r4 = image.base; } " + kSlaves),
                            convention("ensures master { r4 = image.base + 0x8; } " + kSlaves))[0];
  CHECK(decided.taker_unmet[0].decided);
  // The axioms: the real mode area and the crash reservation are memory.
  auto within = [](const std::string& range) { return "ensures memory { place tree within " + range + "; } " + kSlaves; };
  CHECK(changes(within("machine.ram"), within("machine.rma")) == List{"PLACE_ADDED ok/breaks"});
  CHECK(changes(within("machine.ram"), within("machine.crashkernel")) == List{"PLACE_ADDED ok/breaks"});
  CHECK(changes(within("machine.ram"), within("machine.rtas")) == List{"PLACE_CHANGED breaks/breaks"});
}

TEST_CASE("where no slave arrives what is said of slaves concerns nobody") {
  auto slaves = [](const std::string& text) { return "ensures slaves { arrival absent; " + text + " }"; };
  CHECK(changes(slaves("r3 = 1;"), slaves("")) == List{"SLAVE_REG_REMOVED ok/ok"});
  CHECK(changes(slaves("r3 = 1;"), slaves("r3 = 2;")) == List{"REG_VALUE_CHANGED ok/ok"});
  CHECK(changes(slaves("r3 = 1;"), slaves("r3 = 1;")).empty());
  // `any` says nothing, whoever comes.
  CHECK(changes(slaves("msr LE = any;"), slaves("")) == List{"DOC_ONLY ok/ok"});
  std::string some = "ensures slaves { arrival any; msr LE = any; }";
  CHECK(changes(some, slaves("")) == List{"ARRIVAL_NARROWED ok/breaks", "DOC_ONLY ok/ok"});
  CHECK(changes(slaves(""), some) == List{"ARRIVAL_WIDENED breaks/ok", "DOC_ONLY ok/ok"});
}

TEST_CASE("an argument of a call is a promise about its register") {
  auto call = [](const std::string& arguments) {
    return "convention demo.leave@1 { source \"s\"; role image : loadable; role pages : pagelist; role start : argument;\n"
           "ensures master { enter call; " + arguments + " } ensures slaves { arrival absent; } }\n";
  };
  auto rules = [&](const std::string& before, const std::string& after) {
    std::set<std::string> found;
    for (const auto& diff : diff_texts(call(before), call(after)))
      for (const auto& change : diff.changes) found.insert(std::string(change.rule->id));
    return found;
  };
  const std::string both = "argument pages = r4 : pagelist; argument start = r5 : argument;";
  CHECK(rules(both, "argument start = r5 : argument; argument pages = r4 : pagelist;").empty());
  CHECK(rules(both, "argument pages = r5 : pagelist; argument start = r4 : argument;") == std::set<std::string>{"REG_VALUE_CHANGED"});
  CHECK(rules(both, "argument pages = r4 : pagelist;") == std::set<std::string>{"MASTER_REG_REMOVED"});
}
