// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What people read: quoted lines at their edges, both sides of a finding, the policy of -W, the pages.
#include <ostream>

#include <doctest/doctest.h>

#include "diagnostics/explain.h"
#include "diagnostics/policy.h"
#include "diagnostics/render.h"
#include "diagnostics/snippet.h"
#include "diagnostics/suggest.h"

using namespace baton;
using namespace baton::diagnostics;
using source::FileId;
using source::SourceSet;
using source::Span;

namespace {

/// The nth place of `what` in the file.
Span find(const SourceSet& sources, FileId file, std::string_view what, int nth = 1) {
  std::string_view text = sources.text(file);
  size_t at = text.find(what);
  for (int i = 1; i < nth; ++i) at = text.find(what, at + 1);
  REQUIRE(at != text.npos);
  return Span{file, static_cast<uint32_t>(at), static_cast<uint32_t>(at + what.size())};
}

}  // namespace

TEST_CASE("a finding with a note and a correction") {
  SourceSet sources;
  FileId file = sources.add("boot.baton", "language 1;\nconvention c@1 {\n  ensure master {\n  }\n}\n");
  Sink sink;
  Span word = find(sources, file, "ensure");
  sink.report(Code::unknown_clause, word, "unknown clause `ensure`")
      .at("no clause of a convention")
      .note("clauses are listed in the reference\nby `baton explain clauses`")
      .fix(word, "ensures");
  CHECK(render_text(sink.all(), sources) ==
        "error[BT2001 unknown-clause]: unknown clause `ensure`\n"
        " --> boot.baton:3:3\n"
        "  |\n"
        "3 |   ensure master {\n"
        "  |   ^^^^^^ no clause of a convention\n"
        "  = note: clauses are listed in the reference\n"
        "          by `baton explain clauses`\n"
        "  = help: write `ensures`\n"
        "\n"
        "1 error\n");
}

TEST_CASE("both sides: labels on the same line, on others and in other files") {
  SourceSet sources;
  FileId taker = sources.add("taker.baton", "a = 1; b = 2;\nsecond\nthird\nfourth\nfifth\nsixth c\n");
  FileId giver = sources.add("giver.baton", std::string(99, '\n') + "promise;\n");
  Sink sink;
  sink.report(Code::register_gap, find(sources, taker, "b = 2"), "needs b")
      .at("needed here")
      .label(find(sources, taker, "a = 1"), "set here")
      .label(find(sources, giver, "promise"), "promised here")
      .label(find(sources, taker, "third"), "and here")
      .label(find(sources, taker, "c\n"), "")
      .label(Span{}, "nowhere");
  CHECK(render_text(sink.all(), sources) ==
        "error[BT5002 register-gap]: needs b\n"
        "   --> taker.baton:1:8\n"
        "    |\n"
        "  1 | a = 1; b = 2;\n"
        "    |        ^^^^^ needed here\n"
        "    | ----- set here\n"
        "  2 | second\n"
        "  3 | third\n"
        "    | ----- and here\n"
        "...\n"
        "  6 | sixth c\n"
        "    |       -\n"
        "   ::: giver.baton:100:1\n"
        "    |\n"
        "100 | promise;\n"
        "    | ------- promised here\n"
        "\n"
        "1 error\n");
}

TEST_CASE("no place, empty places, ends of files and places over several lines") {
  SourceSet sources;
  FileId file = sources.add("x.baton", "one {\n  two\n}");
  Sink sink;
  sink.report(Code::syntax_error, Span{}, "the input is gone");
  sink.report(Code::unclosed_block, Span{file, 4, 13}, "block").at("all of it");
  sink.report(Code::missing_semicolon, Span{file, 11, 11}, "no end").fix(Span{file, 11, 11}, ";");
  sink.report(Code::unclosed_block, Span{file, 13, 13}, "at the end").label(Span{file, 4, 13}, "");
  sink.report(Code::stray_brace, Span{file, 12, 13}, "brace")
      .fix(Span{file, 12, 13}, "")
      .fix(Span{file, 8, 11}, "three");
  CHECK(render_text(sink.all(), sources) ==
        "error[BT0001 syntax-error]: the input is gone\n"
        "\n"
        "error[BT0005 unclosed-block]: block\n"
        " --> x.baton:1:5\n"
        "  |\n"
        "1 | one {\n"
        "  |     ^ all of it (to line 3)\n"
        "\n"
        "error[BT0004 missing-semicolon]: no end\n"
        " --> x.baton:2:6\n"
        "  |\n"
        "2 |   two\n"
        "  |      ^\n"
        "  = help: insert `;`\n"
        "\n"
        "error[BT0005 unclosed-block]: at the end\n"
        " --> x.baton:3:2\n"
        "  |\n"
        "1 | one {\n"
        "  |     - to line 3\n"
        "2 |   two\n"
        "3 | }\n"
        "  |  ^\n"
        "\n"
        "error[BT0006 stray-brace]: brace\n"
        " --> x.baton:3:1\n"
        "  |\n"
        "3 | }\n"
        "  | ^\n"
        "  = help: remove `}`\n"
        "  = help: write `three` instead of `two` at x.baton:2:3\n"
        "\n"
        "5 errors\n");
  SourceSet empty;
  FileId nothing = empty.add("empty.baton", "");
  Sink one;
  one.report(Code::missing_language, Span{nothing, 0, 0}, "empty");
  CHECK(render_text(one.all(), empty) ==
        "error[BT0002 missing-language]: empty\n"
        " --> empty.baton:1:1\n"
        "  |\n"
        "1 |\n"
        "  | ^\n"
        "\n"
        "1 error\n");
  CHECK(render_text({}, sources).empty());
}

TEST_CASE("tabs, wide characters and what a terminal would act on") {
  QuotedLine tabs("\tr3\t= 0;", 1, 80);
  CHECK(tabs.text() == "    r3  = 0;");
  CHECK(tabs.column(1) == 4);
  CHECK(tabs.column(4) == 8);
  QuotedLine umlaut("\xc3\xbc = 1", 5, 80);  // u with two dots, two bytes, one column
  CHECK(umlaut.text() == "\xc3\xbc = 1");
  CHECK(umlaut.column(2) == 1);
  QuotedLine wide("\xe6\xb1\x89 = 1", 3, 80);  // a Chinese character: three bytes, two columns
  CHECK(wide.column(3) == 2);
  QuotedLine hostile("a\x1b[2Jb\xff\xe2\x80\xae", 0, 80);  // escape, no UTF-8, right-to-left override
  CHECK(hostile.text() == "a\\x1b[2Jb\\xff\\xe2\\x80\\xae");
  CHECK(hostile.column(2) == 5);
  CHECK(printable("clean\n\x07\xc2\x9b") == "clean\n\\x07\\xc2\\x9b");
  CHECK(printable("\xe2\x82").size() == 8);  // cut in the middle
}

TEST_CASE("a line of megabytes is cut around the place") {
  std::string line = std::string(3'000'000, 'a') + "X" + std::string(3'000'000, 'b');
  QuotedLine middle(line, 3'000'000, 40);
  CHECK(middle.text() == "..." + std::string(10, 'a') + "X" + std::string(29, 'b') + "...");
  CHECK(middle.column(3'000'000) == 13);
  CHECK(middle.shows(3'000'001));
  CHECK_FALSE(middle.shows(0));
  CHECK_FALSE(middle.shows(line.size()));
  CHECK(QuotedLine(line, 0, 40).text() == std::string(40, 'a') + "...");
  QuotedLine end(line, line.size(), 40);
  CHECK(end.text() == "..." + std::string(40, 'b'));
  CHECK(end.column(line.size()) == 43);
  QuotedLine just_fits(std::string(40, 'c'), 39, 40);
  CHECK(just_fits.text() == std::string(40, 'c'));

  SourceSet sources;
  FileId file = sources.add("long.baton", line);
  Sink sink;
  sink.report(Code::syntax_error, Span{file, 3'000'000, 3'000'001}, "far")
      .label(Span{file, 0, 5'000'000}, "start");
  CHECK(render_text(sink.all(), sources, {.colour = false, .width = 20}) ==
        "error[BT0001 syntax-error]: far\n"
        " --> long.baton:1:3000001\n"
        "  |\n"
        "1 | ...aaaaaXbbbbbbbbbbbbbb...\n"
        "  |         ^\n"
        "1 | aaaaaaaaaaaaaaaaaaaa...\n"
        "  | -------------------- start\n"
        "\n"
        "1 error\n");
}

TEST_CASE("every cut of every line keeps its focus inside the window") {
  std::string line = "a\tbc\xc3\xa4\xe6\xb1\x89\x1b zz\t\txyz";
  for (size_t width : {8, 9, 13, 20, 100}) {
    for (size_t focus = 0; focus <= line.size(); ++focus) {
      QuotedLine quote(line, focus, width);
      CHECK(quote.shows(focus));
      CHECK(quote.column(focus) <= width + 3);
    }
  }
}

TEST_CASE("colour only when it is asked for") {
  SourceSet sources;
  FileId file = sources.add("x.baton", "one\n");
  Sink sink;
  sink.report(Code::syntax_error, Span{file, 0, 3}, "m").label(Span{file, 1, 2}, "l");
  CHECK(render_text(sink.all(), sources).find('\x1b') == std::string::npos);
  std::string coloured = render_text(sink.all(), sources, {.colour = true});
  CHECK(coloured.find("\x1b[1;31merror[BT0001 syntax-error]\x1b[0m") == 0);
  CHECK(coloured.find("\x1b[1;31m^^^\x1b[0m") != std::string::npos);
  CHECK(coloured.find("\x1b[1;34m- l\x1b[0m") != std::string::npos);
}

TEST_CASE("JSON has every part, and is UTF-8 whatever a message quotes") {
  SourceSet sources;
  FileId file = sources.add("x.baton", "one\n  two\n");
  Sink sink;
  sink.report(Code::syntax_error, Span{file, 6, 9}, "a \"quote\", \xff").at("here").fix(Span{file, 9, 9}, ";");
  sink.report(Code::syntax_error, Span{}, "nowhere").note("n").label(Span{file, 0, 3}, "l");
  CHECK(render_json(sink.all(), sources) == R"({
  "format": 1,
  "diagnostics": [
    {
      "code": "BT0001",
      "slug": "syntax-error",
      "severity": "error",
      "message": "a \"quote\", )" "\xef\xbf\xbd" R"(",
      "primary": {
        "file": "x.baton",
        "begin": {
          "line": 2,
          "column": 3
        },
        "end": {
          "line": 2,
          "column": 6
        },
        "text": "here"
      },
      "labels": [],
      "notes": [],
      "fixes": [
        {
          "file": "x.baton",
          "begin": {
            "line": 2,
            "column": 6
          },
          "end": {
            "line": 2,
            "column": 6
          },
          "replacement": ";"
        }
      ]
    },
    {
      "code": "BT0001",
      "slug": "syntax-error",
      "severity": "error",
      "message": "nowhere",
      "primary": null,
      "labels": [
        {
          "file": "x.baton",
          "begin": {
            "line": 1,
            "column": 1
          },
          "end": {
            "line": 1,
            "column": 4
          },
          "text": "l"
        }
      ],
      "notes": [
        "n"
      ],
      "fixes": []
    }
  ]
}
)");
  CHECK(render_json({}, sources) == "{\n  \"format\": 1,\n  \"diagnostics\": []\n}\n");
}

TEST_CASE("a sink takes what a reader goes through, and says when there is more") {
  diagnostics::Sink sink;
  for (size_t i = 0; i < diagnostics::kMaxFindings; ++i) {
    sink.report(Code::unknown_name, {}, "finding " + std::to_string(i)).note("a note");
    CHECK_FALSE(sink.full());
  }
  sink.report(Code::unknown_name, {}, "one more").note("nobody reads it");
  sink.report(Code::unknown_name, {}, "and another");
  CHECK(sink.full());
  REQUIRE(sink.all().size() == diagnostics::kMaxFindings + 1);
  CHECK(sink.all().back().code == Code::limit_reached);
  CHECK(sink.all().back().notes.empty());
  // Warnings are counted by themselves, and their end is none of a build.
  diagnostics::Sink warnings;
  for (size_t i = 0; i < diagnostics::kMaxFindings + 10; ++i) warnings.report(Code::needless_trampoline, {}, "a warning");
  CHECK_FALSE(warnings.full());
  CHECK_FALSE(warnings.has_errors());
  CHECK(warnings.all().size() == diagnostics::kMaxFindings + 1);
  warnings.report(Code::unknown_name, {}, "an error");
  CHECK(warnings.has_errors());
  CHECK(warnings.all().back().message == "an error");
  // Passed on to another sink it says the same, once.
  diagnostics::Sink other;
  for (const auto& d : sink.all()) other.add(d);
  other.report(Code::unknown_name, {}, "of a later phase");
  CHECK(other.full());
  CHECK(other.all().size() == sink.all().size());
  CHECK(other.all().back().message == sink.all().back().message);
}

TEST_CASE("what quotes a text of megabytes is cut between characters") {
  const std::string euro = "\xe2\x82\xac";
  std::string text;
  for (int i = 0; i < 5000; ++i) text += euro;
  for (size_t lead = 0; lead < 3; ++lead) {
    std::string cut = diagnostics::shortened(std::string(lead, 'x') + text);
    CHECK(cut.size() < 2000);
    size_t gap = cut.find(" ... ");
    REQUIRE(gap != cut.npos);
    CHECK((gap - lead) % euro.size() == 0);
    CHECK(cut.substr(gap + 5, 3) == euro);
  }
  CHECK(diagnostics::shortened("short") == "short");
  diagnostics::Sink sink;
  auto& d = sink.report(Code::unknown_name, {}, text).note(text).at(text);
  CHECK(d.message.size() < 2000);
  CHECK(d.notes[0].size() < 2000);
  CHECK(d.span_text.size() < 2000);
}

TEST_CASE("counts of each severity") {
  SourceSet sources;
  Sink sink;
  for (Severity severity : {Severity::kInfo, Severity::kError, Severity::kWarning, Severity::kError})
    sink.report(Code::syntax_error, Span{}, "m").severity = severity;
  CHECK(summary(sink.all()) == "2 errors, 1 warning, 1 remark");
  CHECK(sink.error_count() == 2);
  CHECK(summary({}).empty());
}

TEST_CASE("-W drops and raises, the last word wins, and errors stay") {
  // Not tied to a code that is a warning today: the severity of the finding is set by hand.
  SeverityPolicy policy;
  const CatalogEntry* error = find_entry("syntax-error");
  REQUIRE(error != nullptr);
  auto refused = policy.add("no-syntax-error");
  REQUIRE_FALSE(refused);
  CHECK(refused.failure().message ==
        "`syntax-error` is an error; only warnings and remarks can be dropped");
  auto unknown = policy.add("error=syntax-eror");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.failure().way_out == "did you mean `syntax-error`?");
  CHECK_FALSE(policy.add("syntax-error"));
  CHECK_FALSE(policy.add(""));
  CHECK_FALSE(policy.add("no-"));

  CHECK(policy.add("error=BT0001"));
  Sink sink;
  sink.report(Code::syntax_error, Span{}, "m").severity = Severity::kWarning;
  CHECK(sink.error_count() == 0);
  sink.apply(policy);
  CHECK(sink.error_count() == 1);

  for (const CatalogEntry& e : catalog()) {
    if (e.severity == Severity::kError) continue;
    SeverityPolicy drop;
    REQUIRE(drop.add("no-" + std::string(e.slug)));
    Sink other;
    other.report(e.code, Span{}, "kept or not");
    other.report(Code::syntax_error, Span{}, "kept");
    other.apply(drop);
    REQUIRE(other.all().size() == 1);
    CHECK(other.all()[0].code == Code::syntax_error);
    REQUIRE(drop.add("error=" + std::string(e.slug)));
    other.report(e.code, Span{}, "raised");
    other.apply(drop);
    CHECK(other.error_count() == 2);
  }
}

TEST_CASE("each page opens with its code and slug and holds no comment for the tests") {
  size_t pages = 0;
  for (const CatalogEntry& e : catalog()) {
    auto page = explain_page(e.code);
    if (!page) continue;  // that every code has one is held by golden.coverage
    ++pages;
    CHECK(page->starts_with("# " + to_text(e.code) + " " + std::string(e.slug) + "\n"));
    CHECK(page->find("<!--") == page->npos);
    CHECK(page->ends_with("\n"));
  }
  CHECK(pages > 0);
  CHECK_FALSE(explain_page(static_cast<Code>(9999)));
}

TEST_CASE("what was probably meant is said in one form, and offered where there is a place to write it") {
  Names names{"expects", "ensures"};
  Sink sink;
  auto& placed = sink.report(Code::unknown_word, {}, "there is no `ensure`");
  CHECK(suggest(placed, "ensure", names, {}) == "ensures");
  CHECK(placed.span_text == "did you mean `ensures`?");
  REQUIRE(placed.fixes.size() == 1);
  CHECK(placed.fixes.front().replacement == "ensures");
  auto& noted = sink.report(Code::unknown_word, {}, "there is no `ensure`");
  CHECK(suggest_in_note(noted, "ensure", names) == "ensures");
  CHECK(noted.notes == std::vector<std::string>{"did you mean `ensures`?"});
  CHECK(noted.fixes.empty());
  auto& far = sink.report(Code::unknown_word, {}, "there is no `zzz`");
  CHECK(suggest(far, "zzz", names, {}).empty());
  CHECK(suggest_in_note(far, "zzz", names).empty());
  CHECK(far.span_text.empty());
  CHECK(far.fixes.empty());
  CHECK(far.notes.empty());
  Failure failure{Failure::Kind::kUnsuitable, "no such slug"};
  suggest(failure, "zzz", names);
  CHECK(failure.way_out.empty());
  suggest(failure, "expect", names);
  CHECK(failure.way_out == "did you mean `expects`?");
}

TEST_CASE("codes by every name people use") {
  REQUIRE(find_entry("BT0004") != nullptr);
  CHECK(find_entry("BT0004") == find_entry("0004"));
  CHECK(find_entry("BT0004") == find_entry("missing-semicolon"));
  CHECK(find_entry("") == nullptr);
  CHECK(find_entry("BT4") == nullptr);
  CHECK(did_you_mean("ensure", {"expects", "ensures"}) == "ensures");
  CHECK(did_you_mean("zzz", {"expects", "ensures"}).empty());
  CHECK(did_you_mean("lnaguage", {"language"}) == "language");
}
