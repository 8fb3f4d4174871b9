// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From text to program: what inheritance leaves of a convention, and for each mistake exactly one finding, of
// the right code, at the text that is wrong.
#include <ostream>

#include <algorithm>
#include <filesystem>
#include <set>

#include <doctest/doctest.h>

#include "check/check.h"

using namespace baton;
using diagnostics::Code;
using model::Section;

namespace {

struct Checked {
  source::SourceSet sources;
  diagnostics::Sink sink;
  model::Program program;

  explicit Checked(const std::string& text) {
    sources.add_library(BATON_SOURCE_DIR "/stdlib");
    auto id = sources.add("main.baton", "language 1;\n" + text);
    program = check::check(sources, id, sink);
  }
  /// "code-slug: text it points at", in the order reported.
  std::vector<std::string> findings() const {
    std::vector<std::string> all;
    for (const auto& d : sink.all())
      all.push_back(std::string(diagnostics::entry(d.code).slug) + ": " + std::string(sources.text(d.span)));
    return all;
  }
};

using Findings = std::vector<std::string>;

/// A parent that has everything, and a child of it.
std::string child(const std::string& body) {
  return "convention demo.exit@1 {\n source \"demo.S\"; role image : loadable;\n"
         " ensures master { enter image.entry; r3 = cpu.physical_id; r5 = 0; incidental r6 = 1; msr EE = 0; }\n"
         " ensures slaves { arrival absent; }\n order head_copied < slaves_released;\n}\n"
         "convention demo.exit@2 extends demo.exit@1 {\n source \"demo2.S\";\n" + body + "\n}\n";
}

const model::Clause* find(const model::Convention& c, const std::string& key, bool incidental = false) {
  for (const auto& clause : c.clauses)
    if (clause.key == key && clause.incidental == incidental) return &clause;
  return nullptr;
}

std::string machine() {
  return "machine lpar { ram = 0x0 ..< 1GiB; rma = 0x0 ..< 256MiB; page = 64KiB; running_kernel = 0x0 ..< 32MiB; }\n";
}

}  // namespace

TEST_CASE("a child has what it inherits, changes and drops, each clause with its origin") {
  Checked c(child("ensures master { override r5 = 7; drop r3; r7 = 1; override incidental r6 = 2; }\n"
                  "override order slaves_released < master_enters;"));
  CHECK(c.findings() == Findings{});
  const auto& two = c.program.conventions.at("demo.exit@2");
  const auto& one = c.program.conventions.at("demo.exit@1");
  REQUIRE(find(two, "r5"));
  CHECK(find(two, "r5")->origin == "demo.exit@2");
  CHECK(find(two, "r5")->text == "r5 = 7");
  CHECK(!find(two, "r3"));
  CHECK(find(one, "r3"));
  CHECK(find(one, "r5")->text == "r5 = 0");
  CHECK(find(two, "r7")->origin == "demo.exit@2");
  CHECK(find(two, "msr EE")->origin == "demo.exit@1");
  REQUIRE(find(two, "r6", true));
  CHECK(find(two, "r6", true)->text.find("r6 = 2") != std::string::npos);
  REQUIRE(two.order.size() == 1);
  CHECK(two.order[0].before == "slaves_released");
  CHECK(two.source == "demo2.S");
  CHECK(two.parent == "demo.exit@1");
  REQUIRE(two.roles.size() == 1);
  // An incidental clause and a promise of one key are two statements.
  Checked both(child("ensures master { r6 = 1; }"));
  CHECK(both.findings() == Findings{});
}

TEST_CASE("what is withdrawn is not known; what is dropped is not mentioned") {
  Checked c("convention a.b@1 { source \"s\"; role image : elf64; role tree : devicetree; role blob : raw;\n"
            "ensures master { enter image.entry; mode real; msr EE = 0; r5 = 0; incidental r5 = 0; incidental r6 = 1; }\n"
            "ensures slaves { arrival arriving; r3 = cpu.physical_id; bytes 0x0 +: 16 = bytes image.base +: 16; }\n"
            "ensures memory { bytes 0x0 +: 0x100 = bytes image.entry +: 0x100; bytes 0x200 +: 8 = bytes image.base +: 8;\n"
            " fact icache_coherent; tree.format in { 17 }; place tree within machine.rma; place tree disjoint 0x0 +: 64KiB; }\n"
            "order head_copied < slaves_released < master_enters; }\n"
            "convention a.b@2 extends a.b@1 { source \"s\";\n"
            "ensures master { unspecified r5; unspecified r6; unspecified msr EE; unspecified mode; }\n"
            "ensures slaves { unspecified arrival; unspecified r3; unspecified bytes 0x0 +: 16; }\n"
            "ensures memory { unspecified bytes 0x0 +: 256; unspecified fact icache_coherent; unspecified tree.format;\n"
            " unspecified place tree within; drop place tree disjoint 0x0 +: 64KiB; drop bytes 0x200 ..< 0x208; }\n"
            "drop role blob; drop order slaves_released < master_enters; breaking allowed DOC_ONLY because \"why\"; }\n"
            "convention a.b@3 extends a.b@2 { source \"s\"; drop order; ensures master { override r5 = 1; }\n"
            "ensures memory { drop unspecified bytes 0x0 +: 256; } }\n");
  CHECK(c.findings() == Findings{});
  const auto& two = c.program.conventions.at("a.b@2");
  for (const char* key : {"r5", "r6", "msr EE", "mode", "arrival", "r3"}) {
    INFO(std::string(key));
    REQUIRE(find(two, key));
    CHECK(find(two, key)->any);
    CHECK(find(two, key)->values.empty());
    CHECK(find(two, key)->origin == "a.b@2");
    CHECK(find(two, key)->text == std::string("unspecified ") + key);
    CHECK(!find(two, key, true));
  }
  std::set<std::string> memory;
  for (const auto& clause : two.clauses)
    if (clause.section == Section::kMemory) memory.insert(clause.text);
  CHECK(memory == std::set<std::string>{"bytes 0x0 +: 256"});  // unspecified
  CHECK(!find(two, "bytes 0x0 ..< 0x10"));
  CHECK(!two.find_role("blob"));
  REQUIRE(two.order.size() == 1);
  CHECK(two.order[0].after == "slaves_released");
  REQUIRE(two.waivers.size() == 1);
  CHECK(two.waivers[0].because == "why");
  const auto& three = c.program.conventions.at("a.b@3");
  CHECK(std::none_of(three.clauses.begin(), three.clauses.end(), [](auto& k) { return k.section == Section::kMemory; }));
  CHECK(three.order.empty());
  CHECK(three.waivers.empty());  // what a parent waived concerned the parent
  CHECK(find(three, "r5")->text == "r5 = 1");
  CHECK(find(c.program.conventions.at("a.b@1"), "fact icache_coherent"));
}

TEST_CASE("a convention names lets, roles before them, and nothing of a handoff") {
  const std::string lets = "let low = 64KiB; let where = 0x0 ..< 1GiB; let tree = 1;\n";
  Checked c(lets + "convention a.b@1 { source \"s\"; role image : elf64; role tree : devicetree;\n"
            "ensures master { r5 = low; r6 = tree.start; }\nensures slaves { arrival absent; }\n"
            "ensures memory { place tree within where, 0x0 + low ..< 1GiB; } }");
  CHECK(c.findings() == Findings{});
  Checked missing("convention a.b@1 { source \"s\"; role image : elf64;\nensures master { r5 = low; }\n"
                  "ensures slaves { arrival absent; } }");
  CHECK(missing.findings() == Findings{"unknown-name: low"});
}

TEST_CASE("declarations may stand in any order") {
  std::string text = child("");
  size_t second = text.find("convention demo.exit@2");
  Checked c(text.substr(second) + text.substr(0, second));
  CHECK(c.findings() == Findings{});
  CHECK(find(c.program.conventions.at("demo.exit@2"), "r3"));
}

TEST_CASE("each mistake of inheritance is one finding at its own text") {
  const std::pair<const char*, const char*> table[] = {
      {"ensures master { r5 = 1; }", "override-missing: r5"},
      {"ensures master { override r7 = 1; }", "override-nothing: r7"},
      {"ensures master { override r6 = 1; }", "override-nothing: r6"},  // only the incidental one is there
      {"ensures master { drop r8; }", "override-nothing: r8"},
      {"ensures slaves { override arrival absent; override r3 = 1; }", "override-nothing: r3"},
      {"ensures master { r7 = 1; r7 = 2; }", "duplicate-clause: r7"},
      {"ensures master { drop r5; drop r5; }", "override-nothing: r5"},
      {"order slaves_released < master_enters;", "override-missing: order"},
      {"role image : elf64;", "duplicate-clause: image"},
      {"status stable; status stable;", "duplicate-clause: status"},
      {"supersedes demo.exit@3;", "unknown-name: demo.exit@3"},
      {"expects kernel { align 64KiB; }", "unknown-name: kernel"},
      {"ensures master { r7 = image.entri; }", "unknown-name: image.entri"},
      {"ensures master { r7 = image; }", "type-mismatch: image"},
      {"ensures master { msr XE = 1; }", "unknown-word: XE"},
      {"ensures master { msr ME = 2; }", "type-mismatch: 2"},
      {"ensures mater { r7 = 1; }", "unknown-word: mater"},
      {"ensures slaves { override arrival late; }", "unknown-name: late"},
      {"ensures memory { fact segments_plased; }", "unknown-word: segments_plased"},
      {"ensures memory { place tree within machine.rma; }", "unknown-name: place tree within machine.rma;"},
      {"ensures memory { bytes 0x0 +: 0x100 = bytes image.entry +: 0x80; }",
       "clause-shape: bytes 0x0 +: 0x100 = bytes image.entry +: 0x80;"},
      {"override order head_copied < slaves_release;", "unknown-word: slaves_release"},
      {"override order head_copied < slaves_released < head_copied;", "order-cycle: head_copied < slaves_released"},
      {"ensures master { r32 = 1; }", "unknown-clause: r32"},
      {"ensures master { r7; }", "clause-shape: "},
      {"ensures master { unspecified r7; }", "override-nothing: r7"},
      {"ensures master { unspecified r5; r5 = 1; }", "duplicate-clause: r5"},
      {"ensures master { unspecified r5; unspecified r5; }", "duplicate-clause: r5"},
      {"ensures master { unspecified enter; }", "clause-shape: enter"},
      {"ensures master { override drop r5; }", "clause-shape: drop"},
      {"ensures master { unspecified override r5; }", "clause-shape: override"},
      {"expects image { unspecified align; }", "misplaced-clause: unspecified"},
      {"ensures memory { unspecified fact icache_coherent; }", "override-nothing: fact"},
      {"unspecified order;", "misplaced-clause: unspecified"},
      {"override role blob : raw;", "override-nothing: blob"},
      {"drop role blob;", "override-nothing: blob"},
      {"drop role image;", "unknown-name: image"},
      {"drop order slaves_released < master_enters;", "override-nothing: slaves_released < master_enters"},
      {"drop order head_copied;", "clause-shape: head_copied"},
      {"override supersedes demo.exit@1;", "override-nothing: supersedes"},
      {"drop supersedes;", "override-nothing: supersedes"},
      {"breaking allowed MASTER_REG_REMOVED;", "clause-shape: "},
      {"breaking allowed MASTER_REG_REMOVE because \"r\";", "unknown-word: MASTER_REG_REMOVE"},
      {"breaking allowed DOC_ONLY because \"a\"; breaking allowed DOC_ONLY because \"b\";", "duplicate-clause: DOC_ONLY"},
      {"breaking MASTER_REG_REMOVED because \"r\";", "clause-shape: "}};
  for (const auto& [body, wanted] : table) {
    Checked c(child(body));
    INFO(std::string(body));
    auto found = c.findings();
    REQUIRE(found.size() == 1);
    if (std::string(wanted) == "clause-shape: ") CHECK(found[0].rfind(wanted, 0) == 0);
    else CHECK(found[0] == wanted);
  }
}

TEST_CASE("an order that is not inherited cannot be overridden") {
  Checked c("convention a.b@1 { source \"s\"; role image : loadable; ensures slaves { arrival absent; } }\n"
            "convention a.b@2 extends a.b@1 { source \"s\"; override order head_copied < slaves_released; }\n");
  CHECK(c.findings() == Findings{"override-nothing: order"});
}

TEST_CASE("a parent that is not there, or is the child itself, is one finding") {
  const std::string body = " ensures master { override r3 = image.entry; drop r4; } expects image { align 4KiB; }\n"
                           " override order head_copied < slaves_released; }\n";
  Checked unknown("convention a.b@2 extends a.b@1 { source \"s\";" + body);
  CHECK(unknown.findings() == Findings{"unknown-name: a.b@1"});
  CHECK(unknown.sink.all()[0].span_text == "did you mean `a.b@2`?");
  Checked self("convention a.b@2 extends a.b@2 { source \"s\";" + body);
  CHECK(self.findings() == Findings{"cyclic-extends: a.b@2"});
  const std::string small = " ensures master { override r3 = image.entry; drop r4; }\n"
                            " override order head_copied < slaves_released; }\n";
  Checked circle("convention a.b@1 extends a.b@3 { source \"s\";" + small + "convention a.b@2 extends a.b@1 { source \"s\";" +
                 small + "convention a.b@3 extends a.b@2 { source \"s\";" + small);
  CHECK(circle.findings() == Findings{"cyclic-extends: a.b@1"});
  REQUIRE(circle.sink.all().size() == 1);
  CHECK(circle.sink.all()[0].notes == Findings{"a.b@1 -> a.b@3 -> a.b@2 -> a.b@1"});
}

TEST_CASE("a line of versions may be as long as a file, and a circle too") {
  std::string text = "convention a.b@1 { source \"s\"; role image : loadable; ensures slaves { arrival absent; }\n"
                     " ensures master { r3 = 1; r4 = 1; } }\nloader l@1 { source \"s\"; granule = 64KiB; }\n";
  constexpr int kVersions = 20000;
  for (int i = 2; i <= kVersions; ++i) {
    std::string n = std::to_string(i), before = std::to_string(i - 1);
    text += "convention a.b@" + n + " extends a.b@" + before + " { source \"s\"; ensures master { override r3 = " + n +
            "; " + (i % 2 ? "r4 = " + n : "drop r4") + "; } }\n";
    text += "loader l@" + n + " extends l@" + before + " { source \"s\"; }\n";
  }
  Checked line(text);
  CHECK(line.findings() == Findings{});
  const model::Convention& last = line.program.conventions.at("a.b@" + std::to_string(kVersions));
  CHECK(last.clauses.size() == 2);
  CHECK(find(last, "r3")->text == "r3 = " + std::to_string(kVersions));
  CHECK(find(last, "r4") == nullptr);
  CHECK(line.program.loaders.at("l@" + std::to_string(kVersions)).granule);
  std::string closed = "convention c.d@1 extends c.d@" + std::to_string(kVersions) + " { source \"s\"; }\n";
  for (int i = 2; i <= kVersions; ++i)
    closed += "convention c.d@" + std::to_string(i) + " extends c.d@" + std::to_string(i - 1) + " { source \"s\"; }\n";
  Checked circle(closed);
  REQUIRE(circle.sink.all().size() == 1);
  CHECK(circle.sink.all()[0].code == Code::cyclic_extends);
  CHECK(circle.sink.all()[0].notes[0].size() <= 2100);
}

TEST_CASE("what is inherited is bounded, and what follows from that is no finding") {
  std::string text = "convention a.b@1 { source \"s\"; ensures slaves { arrival absent; } ensures memory {\n";
  for (int i = 0; i < 1000; ++i)
    text += " bytes " + std::to_string(i * 16) + " +: 16 = bytes " + std::to_string(i * 16) + " +: 16;\n";
  text += "} }\n";
  for (int i = 2; i < 400; ++i)
    text += "convention a.b@" + std::to_string(i) + " extends a.b@1 { source \"s\"; ensures memory { drop bytes 16 +: 16; } }\n";
  Checked c(text);
  REQUIRE(c.sink.all().size() == 1);
  CHECK(c.sink.all()[0].code == Code::limit_reached);
}

TEST_CASE("roles, orders, withdrawals and checks are bounded") {
  auto repeated = [](int times, auto part) {
    std::string text;
    for (int i = 0; i < times; ++i) text += part(std::to_string(i * 16));
    return text;
  };
  const std::string open = "convention a.b@1 { source \"s\"; ensures slaves { arrival absent; }\n";
  auto roles = [&](int n) { return open + repeated(n, [](auto i) { return "role r" + i + " : raw;\n"; }) + "}\n"; };
  auto order = [&](int n) {
    return open + "order real_mode < head_copied" + repeated(n - 1, [](auto) { return ", real_mode < head_copied"; }) + "; }\n";
  };
  auto withdrawals = [&](int n) {
    return open + "ensures memory {\n" + repeated(n, [](auto i) { return "unspecified bytes " + i + " +: 16;\n"; }) + "} }\n";
  };
  auto checks = [&](int n) {
    return "loader l@1 { source \"s\"; granule = 64KiB;\n" +
           repeated(n, [](auto i) { return "check entry >= " + i + " error EINVAL;\n"; }) + "}\n";
  };
  for (const auto& [least, most] : {std::pair(roles(256), roles(257)), std::pair(order(256), order(257)),
                                    std::pair(withdrawals(256), withdrawals(300)), std::pair(checks(256), checks(257))}) {
    CHECK(Checked(least).findings() == Findings{});
    Checked c(most);
    REQUIRE(c.sink.all().size() == 1);
    CHECK(c.sink.all()[0].code == Code::limit_reached);
  }
}

TEST_CASE("every shipped file is clean by itself") {
  unsigned files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(BATON_SOURCE_DIR "/stdlib")) {
    if (entry.path().extension() != ".baton") continue;
    ++files;
    source::SourceSet sources;
    sources.add_library(BATON_SOURCE_DIR "/stdlib");
    diagnostics::Sink sink;
    auto id = sources.read(entry.path());
    REQUIRE(id.ok());
    auto program = check::check(sources, *id, sink);
    INFO(entry.path().string());
    for (const auto& d : sink.all()) FAIL_CHECK(d.message);
    CHECK(program.conventions.size() + program.loaders.size() > 0);
    for (const auto& [name, convention] : program.conventions) {
      CHECK(!convention.source.empty());
      CHECK(!convention.status.empty());
    }
  }
  CHECK(files >= 4);
  Checked all("use \"linux/kexec.baton\"; use \"linux/opal.baton\"; use \"loaders/kexec_load.baton\";");
  for (const char* name : {"linux.kexec@2005", "linux.kexec@2008", "linux.kexec@2013", "linux.bootblock@2",
                           "linux.bootblock@17", "linux.opal@1"})
    CHECK_MESSAGE(all.program.conventions.count(name) == 1, name);
  // The interrupt order: a promise of two values, and what most kernels leave, for who relies on it.
  const auto& kexec = all.program.conventions.at("linux.kexec@2013");
  CHECK(find(kexec, "ile")->values.size() + find(kexec, "ile", true)->values.size() >= 2);
  CHECK(find(all.program.conventions.at("linux.opal@1"), "r3")->origin == "linux.bootblock@2");
}

TEST_CASE("names of a handoff: each unknown one is told by what it is") {
  const std::string head = "use \"linux/kexec.baton\"; use \"linux/bootblock.baton\"; use \"loaders/kexec_load.baton\";\n" +
                           machine();
  const std::string good =
      "handoff boot on lpar via linux.kexec_load@2005 {\n from linux.kexec@2013; to linux.bootblock@17;\n"
      " segment kernel = elf \"vmlinux\" { place bottom_up; }\n"
      " segment tree = devicetree machine.tree { place top_down; }\n"
      " segment stub = trampoline { place top_down; }\n bind image = kernel;\n enter stub;\n}\n";
  CHECK(Checked(head + good).findings() == Findings{});
  struct Change {
    const char *from, *to, *wanted, *near;
  };
  const Change table[] = {
      {"on lpar", "on lpra", "unknown-name: lpra", "lpar"},
      {"kexec_load@2005", "kexec_load@2006", "unknown-name: linux.kexec_load@2006", "linux.kexec_load@2005"},
      {"kexec@2013", "kexec@2014", "unknown-name: linux.kexec@2014", "linux.kexec@2013"},
      {"enter stub", "enter stup", "unknown-name: stup", "stub"},
      {"image = kernel", "image = kernal", "unknown-name: kernal", "kernel"},
      {"machine.tree", "machine.treee", "unknown-name: machine.treee", "machine.tree"},
      {"place bottom_up;", "place bottom_up; within machine.rna;", "unknown-name: machine.rna", "machine.rma"},
      {"place bottom_up;", "place bottom_up; avoid tree.star ..< tree.end;", "unknown-name: tree.star", "tree.start"}};
  for (const Change& change : table) {
    std::string text = good;
    text.replace(text.find(change.from), std::string(change.from).size(), change.to);
    Checked c(head + text);
    INFO(std::string(change.to));
    auto found = c.findings();
    REQUIRE(!found.empty());
    CHECK(found.size() == 1);
    CHECK(found[0] == change.wanted);
    CHECK(c.sink.all()[0].span_text == "did you mean `" + std::string(change.near) + "`?");
  }
}

TEST_CASE("what no build makes yet is sound, and what nothing reads is refused by name") {
  Checked live("machine here from live { }");
  CHECK(live.findings().empty());
}

TEST_CASE("a loader's predicate: what spare() takes, and how many segments there may be") {
  auto loader = [](const std::string& body) {
    return "loader my.load@1 { source \"s\"; table json; granule = 4KiB; " + body + " }\n";
  };
  CHECK(Checked(loader("check spare(machine.ram) >= 4KiB error ENOMEM;")).findings() == Findings{});
  CHECK(Checked(loader("check spare(5) >= 4KiB error ENOMEM;")).findings().size() == 1);
  CHECK(Checked(loader("check spare(machine.page) >= 4KiB error ENOMEM;")).findings().size() == 1);
  CHECK(Checked(loader("check segment.start error EINVAL;")).findings() == Findings{"type-mismatch: segment.start"});
  CHECK(Checked(loader("segments <= 100000;")).findings().size() == 1);
}

TEST_CASE("fifty mistakes are fifty findings, in one run") {
  std::string text = "convention demo.exit@1 {\n source \"demo.S\"; role image : loadable;\n ensures slaves { arrival absent; }\n"
                     " ensures master {\n  enter image.entry;\n";
  for (int i = 3; i < 28; ++i) text += "  r" + std::to_string(i) + " = image.entry" + std::to_string(i) + ";\n";
  text += " }\n ensures memory {\n";
  for (int i = 0; i < 12; ++i) text += "  fact segments_placed" + std::to_string(i) + ";\n";
  text += " }\n order head_copied < slaves_freed;\n}\nmachine lpar {\n";
  for (int i = 0; i < 12; ++i) text += "  pagee" + std::to_string(i) + " = 64KiB;\n";
  text += "}\n";
  Checked c(text);
  CHECK(c.sink.all().size() == 50);
  std::set<uint32_t> places;
  for (const auto& d : c.sink.all()) places.insert(d.span.begin);
  CHECK(places.size() == 50);
}
