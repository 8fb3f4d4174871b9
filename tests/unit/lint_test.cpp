// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lints as a whole: the table and the catalogue say the same, the shipped library is clean, a waiver silences
// what it stands at and nothing else, options switch checks on and off, and a large program costs little.
// What each check finds is held by tests/golden/lint and by the explain pages.
#include <ostream>

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

#include "check/check.h"
#include "check/load.h"
#include "lint/lint.h"
#include "lint/lints.h"

using namespace baton;
using diagnostics::Code;

namespace {

using Found = std::vector<std::string>;

struct Linted {
  source::SourceSet sources;
  diagnostics::SeverityPolicy policy;
  diagnostics::Sink sink;

  explicit Linted(const std::string& text, const std::vector<std::string>& options = {}) {
    sources.add_library(BATON_SOURCE_DIR "/stdlib");
    look(sources.add("main.baton", "language 1;\n" + text), options);
  }
  Linted() { sources.add_library(BATON_SOURCE_DIR "/stdlib"); }

  void look(source::FileId id, const std::vector<std::string>& options) {
    for (const auto& option : options) REQUIRE(policy.add(option).ok());
    auto files = check::load(sources, id, sink);
    auto program = check::check(files, sources, id, sink);
    REQUIRE(sink.error_count() == 0);
    lint::run({sources, files, program, id, {}}, policy, sink);
  }

  /// "slug: text it points at", in the order shown.
  Found found() const {
    Found all;
    for (const auto& d : sink.all())
      all.push_back(std::string(diagnostics::entry(d.code).slug) + ": " + std::string(sources.text(d.span)));
    return all;
  }
};

std::string convention(const std::string& body) {
  return "convention demo.entry@1 {\nstatus stable; source \"demo.S\"; role image : elf64;\n"
         "ensures master { enter image.entry; }\nensures slaves { arrival any; }\n" + body + "\n}\n";
}

}  // namespace

TEST_CASE("the table has every code of range 7 once, in order, and each that it finds itself has a finder") {
  std::vector<Code> table, catalogue;
  for (const auto& lint : lint::lints()) {
    table.push_back(lint.code);
    CHECK(diagnostics::can_be_dropped(lint.code));
    CHECK(lint::find(lint.code) == &lint);
    CHECK_FALSE(lint.doc.empty());
    CHECK(lint.doc.find('\n') == std::string_view::npos);
    CHECK((lint.find == nullptr) == (lint.sees == lint::Sees::kBuild || lint.code == Code::waiver_without_reason ||
                                     lint.code == Code::unknown_waiver || lint.code == Code::unused_waiver));
  }
  for (const auto& entry : diagnostics::catalog())
    if (static_cast<unsigned>(entry.code) / 1000 == 7) catalogue.push_back(entry.code);
  CHECK(table == catalogue);
}

TEST_CASE("LINTS.md is what the table prints") {
  std::string path = std::string(BATON_SOURCE_DIR) + "/compiler/lint/LINTS.md", wanted = lint::lint_reference_markdown();
  if (std::getenv("BATON_UPDATE")) std::ofstream(path, std::ios::binary) << wanted;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream present;
  present << in.rdbuf();
  CHECK_MESSAGE(present.str() == wanted, "run this test with BATON_UPDATE=1 to write LINTS.md again");
}

TEST_CASE("the shipped library is clean, with every check asked for") {
  size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(BATON_SOURCE_DIR "/stdlib")) {
    if (entry.path().extension() != ".baton") continue;
    ++files;
    Linted linted;
    auto id = linted.sources.read(entry.path());
    REQUIRE(id.ok());
    linted.look(*id, {"all"});
    CHECK_MESSAGE(linted.found() == Found{}, entry.path().string());
  }
  CHECK(files >= 4);
}

TEST_CASE("a shipped file that is used is taken as it is; one's own is not") {
  auto folder = std::filesystem::temp_directory_path() / ("baton-lint-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "theirs.baton") << "language 1;\n" + convention("order head_copied < slaves_released, head_copied < slaves_released;");
  {
    Linted own;
    auto id = own.sources.read(folder / "theirs.baton");
    REQUIRE(id.ok());
    own.look(*id, {});
    CHECK(own.found() == Found{"implied-order-edge: head_copied < slaves_released"});
  }
  {
    Linted user;
    user.sources.add_library(folder);
    user.look(user.sources.add("main.baton", "language 1;\nuse \"theirs.baton\";\n"), {});
    CHECK(user.found() == Found{});
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("options switch checks on and off and raise them; a later one wins") {
  const std::string text = convention("order head_copied < slaves_released, head_copied < slaves_released;");
  const std::string edge = "implied-order-edge: head_copied < slaves_released", bare = "undocumented: demo.entry";
  CHECK(Linted(text).found() == Found{edge});
  CHECK(Linted(text, {"no-implied-order-edge"}).found() == Found{});
  CHECK(Linted(text, {"no-implied-order-edge", "implied-order-edge"}).found() == Found{edge});
  CHECK(Linted(text, {"BT7016"}).found() == Found{edge});
  CHECK(Linted(text, {"no-all"}).found() == Found{});
  CHECK(Linted(text, {"all"}).found().size() == 2);
  CHECK(Linted(text, {"no-all", "undocumented"}).found().size() == 1);
  CHECK(Linted(text, {"error=implied-order-edge"}).sink.error_count() == 1);
  CHECK(Linted(text, {"error=implied-order-edge", "all"}).sink.error_count() == 1);
  CHECK(Linted(text, {"error=all"}).sink.error_count() == 1);
  CHECK(Linted(text, {"error=undocumented", "no-implied-order-edge"}).sink.error_count() == 1);
  CHECK(Linted(text, {"error=all", "no-implied-order-edge"}).found() == Found{});
}

TEST_CASE("a waiver silences its line or the next line of code, its slug, and nothing else") {
  auto with = [](const std::string& order) { return Linted(convention(order)).found(); };
  const std::string twice = "order head_copied < slaves_released, head_copied < slaves_released;";
  const std::string finding = "implied-order-edge: head_copied < slaves_released";
  const std::string waiver = "// allow(implied-order-edge): one per sentence of the manual";
  CHECK(with(twice + "  " + waiver) == Found{});
  CHECK(with(waiver + "\n" + twice) == Found{});
  CHECK(with(waiver + "\n// more words\n" + twice) == Found{});
  CHECK(with("// allow( magic-number ,implied-order-edge ): two\n" + twice).size() == 1);  // unused-waiver
  CHECK(with(twice + "\n" + waiver) == Found{finding, "unused-waiver: " + waiver});
  CHECK(with("// allow(undocumented): not asked for\n" + twice) == Found{finding});
}

TEST_CASE("a waiver without a reason or of an unknown slug is reported, and silences nothing") {
  auto with = [](const std::string& comment) {
    return Linted(convention("order head_copied < slaves_released, head_copied < slaves_released;  " + comment)).found();
  };
  const std::string finding = "implied-order-edge: head_copied < slaves_released";
  for (const char* bare : {"// allow(implied-order-edge)", "// allow(implied-order-edge):", "// allow(implied-order-edge): ",
                           "// allow(implied-order-edge) because"}) {
    auto found = with(bare);
    REQUIRE(found.size() == 2);
    CHECK(found[0] == finding);
    CHECK(found[1].starts_with("waiver-without-reason: // allow("));
  }
  CHECK(with("// allow(implied-order-edge").back() == "waiver-without-reason: // allow(implied-order-edge");
  CHECK(with("// allow(implied-order): typo") == Found{finding, "unknown-waiver: implied-order"});
  CHECK(with("// allow(syntax-error): no") == Found{finding, "unknown-waiver: syntax-error"});
  CHECK(with("// allow(): nothing").size() == 2);
  CHECK(with("// we allow(implied-order-edge): here") == Found{finding});
}

/// Processor seconds that the lints take; other programs have no part in them.
double lint_cost(const std::string& text, size_t least_findings) {
  source::SourceSet sources;
  sources.add_library(BATON_SOURCE_DIR "/stdlib");
  auto id = sources.add("main.baton", "language 1;\n" + text);
  diagnostics::Sink sink;
  auto files = check::load(sources, id, sink);
  auto program = check::check(files, sources, id, sink);
  diagnostics::SeverityPolicy policy;
  std::clock_t begin = std::clock();
  lint::run({sources, files, program, id, {}}, policy, sink);
  std::clock_t took = std::clock() - begin;
  CHECK(sink.all().size() >= std::min<size_t>(least_findings, 1000));  // a sink keeps no more, and says so
  return static_cast<double>(took) / CLOCKS_PER_SEC;
}

TEST_CASE("ten thousand segments and their names are looked at in linear time") {
  auto cost = [](size_t count) {
    std::string text =
        "use \"linux/kexec.baton\";\nuse \"linux/bootblock.baton\";\nuse \"loaders/kexec_load.baton\";\n"
        "machine m { ram = 0x0 ..< 1GiB; rma = 0x0 ..< 1GiB; running_kernel = 0x0 ..< 32MiB; }\n"
        "handoff boot on m via linux.kexec_load@2005 {\n  from linux.kexec@2013;\n  to linux.bootblock@17;\n"
        "segment image = elf \"v\" {}\nsegment tree = devicetree \"t\" {}\nsegment stub = trampoline {}\nenter stub;\n";
    for (size_t i = 0; i < count; ++i) text += "segment s" + std::to_string(i) + " = file \"f\" {}\n";
    return lint_cost(text + "}\n", count);
  };
  cost(100);
  double small = cost(1000), large = cost(10000);
  // Ten times the work; thirty leaves room for a busy machine, a quadratic pass would take a hundred.
  CHECK(large < 30 * small + 0.05);
}

TEST_CASE("a chain of versions is looked at in linear time") {
  auto cost = [](size_t count) {
    std::string text =
        "convention old.one@1 {\n  source \"generated\";\n  role image : loadable;\n"
        "  ensures slaves { arrival absent; }\n  ensures master { r3 = 0; }\n}\n";
    for (size_t i = 2; i <= count; ++i)
      text += "convention old.one@" + std::to_string(i) + " extends old.one@" + std::to_string(i - 1) +
              " {\n  source \"edition\";\n  ensures master { override r3 = " + std::to_string(i) + "; }\n}\n";
    return lint_cost(text, 0);
  };
  cost(100);
  double small = cost(2000), large = cost(40000);
  // Twenty times the work; a pass over all for each would take four hundred.
  CHECK(large < 60 * small + 0.05);
}
