// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The formatter: one style, nothing lost, and a fixed point after one round.
#include <ostream>
#include <set>

#include <doctest/doctest.h>

#include "syntax/format.h"
#include "syntax/parse.h"
#include "syntax/tokens.h"
#include "syntax_programs.h"

using namespace baton;
using namespace baton::syntax;

namespace {

std::string formatted(const std::string& text) {
  source::SourceSet sources;
  auto result = format(sources, sources.add("test.baton", text));
  REQUIRE_MESSAGE(result.ok(), text);
  return *result;
}

/// The words without comments, and the comments, each without blanks at its end.
std::pair<std::vector<std::string>, std::multiset<std::string>> content(const std::string& text) {
  source::SourceSet sources;
  diagnostics::Sink sink;
  auto id = sources.add("test.baton", text);
  std::pair<std::vector<std::string>, std::multiset<std::string>> both;
  for (const Token& t : scan(readable_text(id, sources, sink))) {
    std::string word = text.substr(t.begin, t.end - t.begin);
    word.erase(word.find_last_not_of(" \t\r") + 1);
    if (t.is(TokenKind::kLineComment)) both.second.insert(word);
    else both.first.push_back(word);
  }
  return both;
}

}  // namespace

TEST_CASE("one clause per line, two blanks per block") {
  CHECK(formatted("language 1  ;use\"a\";let x=1KiB+2*( 3-f( a , n:b ) ) ;") ==
        "language 1;\nuse \"a\";\nlet x = 1KiB + 2 * (3 - f(a, n: b));\n");
  CHECK(formatted("language 1; convention a . b @ 1 extends a.b@2\n{ role t:elf64; ensures master{\nr4 in{a . b,0};}}") ==
        "language 1;\n"
        "convention a.b@1 extends a.b@2 {\n"
        "  role t : elf64;\n"
        "  ensures master {\n"
        "    r4 in { a.b, 0 };\n"
        "  }\n"
        "}\n");
}

TEST_CASE("a block that stood on one line and fits stays there") {
  CHECK(formatted("language 1;\nmachine m{page=4KiB;cpus=0,1;}") ==
        "language 1;\nmachine m { page = 4KiB; cpus = 0, 1; }\n");
  CHECK(formatted("language 1;\nmachine m\n{page=4KiB;}") == "language 1;\nmachine m { page = 4KiB; }\n");
  CHECK(formatted("language 1;\nmachine m { page = 4KiB;\n}") ==
        "language 1;\nmachine m {\n  page = 4KiB;\n}\n");
  CHECK(formatted("language 1;\nmachine m from dtb \"x\" {\n\n}") ==
        "language 1;\nmachine m from dtb \"x\" {}\n");
  std::string many = "language 1;\nmachine m { ";
  for (int i = 0; i < 12; ++i) many += "page = 4KiB; ";
  std::string broken = formatted(many + "}");
  CHECK(broken.starts_with("language 1;\nmachine m {\n  page = 4KiB;\n"));
}

TEST_CASE("comments stay where they are") {
  std::string text =
      "// first\n"
      "language 1;  // the only one\n"
      "\n"
      "/// Doc.\n"
      "// between\n"
      "machine m {  // opens\n"
      "  // alone\n"
      "  page = 4KiB;         // trails\n"
      "  //// ----\n"
      "  ram = 0x0 ..< 4GiB,  // low\n"
      "      // and\n"
      "      0x1_0000_0000 +: 4GiB;  // high\n"
      "  // last\n"
      "}  // closes\n"
      "// end\n";
  CHECK(formatted(text) == text);
  CHECK(formatted("language 1; // a\r\n// b   \r\n") == "language 1;  // a\n// b\n");
}

TEST_CASE("at most one empty line is kept, and none at the ends of a block") {
  CHECK(formatted("\n\nlanguage 1;\n\n\n\nmachine m {\n\n\n  page = 4KiB;\n\n\n\n  isa = 206;\n\n}\n\n\n") ==
        "language 1;\n\nmachine m {\n  page = 4KiB;\n\n  isa = 206;\n}\n");
  CHECK(formatted("language 1;\nmachine m {  // c\n\n  page = 4KiB;\n}\n") ==
        "language 1;\nmachine m {  // c\n  page = 4KiB;\n}\n");
}

TEST_CASE("a long clause is broken where it reads best") {
  std::string text = formatted(
      "language 1; loader l@1 { check segment.extent within machine.ram error none because "
      "\"the kernel does not look: a destination without RAM is accepted\";\n }");
  CHECK(text ==
        "language 1;\nloader l@1 {\n"
        "  check segment.extent within machine.ram error none\n"
        "      because \"the kernel does not look: a destination without RAM is accepted\";\n}\n");
  std::string list = "language 1; machine m {\n ram = ";
  for (int i = 0; i < 30; ++i) list += (i ? ", " : "") + std::string("0x1000 +: 4KiB");
  text = formatted(list + "; }");
  size_t line = 0;
  for (char c : text) {
    line = c == '\n' ? 0 : line + 1;
    CHECK(line <= kFormatColumns);
  }
}

TEST_CASE("a file with mistakes is not formatted") {
  source::SourceSet sources;
  auto result = format(sources, sources.add("bad.baton", "language 1;\nlet x = ;\n"));
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure().message == "`bad.baton` is not formatted: line 2: a value is missing after `=`");
}

TEST_CASE("formatting keeps every word and comment and is done after one round") {
  for (const auto& program : syntax_test::shipped_programs()) {
    CAPTURE(program.name);
    std::string once = formatted(program.text);
    CHECK(formatted(once) == once);
    CHECK(content(once) == content(program.text));
  }
  std::mt19937 random(2013);
  for (int round = 0; round < 400; ++round) {
    auto words = syntax_test::random_program(random);
    std::string text = syntax_test::spell(words, random, round % 2 == 0);
    CAPTURE(text);
    std::string once = formatted(text);
    REQUIRE(formatted(once) == once);
    REQUIRE(content(once) == content(text));
    for (size_t at = 0; (at = once.find('\n', at)) != once.npos; ++at)
      REQUIRE((at == 0 || once[at - 1] != ' '));
    REQUIRE(once.find("\n\n\n") == once.npos);
  }
}
