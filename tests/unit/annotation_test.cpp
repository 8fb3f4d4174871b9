// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What reviewers' tools read: columns in characters, text that cannot become a command, one document for all.
#include <ostream>

#include <doctest/doctest.h>

#include "diagnostics/annotation.h"

using namespace baton;
using namespace baton::diagnostics;
using source::SourceSet;
using source::Span;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

size_t count(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

}  // namespace

TEST_CASE("columns count characters, not bytes") {
  SourceSet sources;
  // Two characters of two and three bytes before the word.
  auto file = sources.add("a.baton", "language 1;\n\xc3\xa9\xe2\x86\x92 wrong\n");
  auto place = annotation_place(sources, Span{file, 18, 23});
  REQUIRE(place);
  CHECK(place->line == 2);
  CHECK(place->column == 4);
  CHECK(place->end_line == 2);
  CHECK(place->end_column == 9);
  CHECK_FALSE(annotation_place(sources, Span{}));
  CHECK(annotation_place(sources, Span{sources.add("././/a/./b", "x"), 0, 1})->file == "a/./b");
}

TEST_CASE("what a program says cannot end the line of a workflow command") {
  SourceSet sources;
  auto file = sources.add("a,b:c%d\n.baton", "language 1;\n");
  Sink sink;
  sink.report(Code::unknown_clause, Span{file, 0, 8}, "100%\r\n::error::x").note("a\nb");
  std::string text = render_github(annotate(sink.all(), sources));
  CHECK(count(text, "\n") == 1);
  CHECK(text.rfind("::error file=a%2Cb%3Ac%25d", 0) == 0);
  CHECK(has(text, "::100%25"));
  CHECK(has(text, "%0A::error::x%0Anote: a%0Ab\n"));
}

TEST_CASE("lines of several lines have no columns, and a finding without a place has no file") {
  SourceSet sources;
  auto file = sources.add("a.baton", "language\n1;\n");
  Sink sink;
  sink.report(Code::unknown_clause, Span{file, 0, 11}, "m");
  sink.report(Code::program_missing, {}, "gone");
  std::string text = render_github(annotate(sink.all(), sources));
  CHECK(has(text, "file=a.baton,line=1,endLine=2,title="));
  CHECK(has(text, "::error title=BT9003 program-missing::gone\n"));
}

TEST_CASE("a waived finding is suppressed in SARIF and no line of a workflow") {
  Annotation one;
  one.rule = "MASTER_REG_REMOVED";
  one.rule_title = "gone";
  one.message = "m";
  one.waived = "nobody reads it";
  CHECK(render_github({one}).empty());
  std::string sarif = render_sarif({one}, "0.0.0");
  CHECK(has(sarif, "\"suppressions\""));
  CHECK(has(sarif, "\"justification\": \"nobody reads it\""));
}

TEST_CASE("a finding of a file that several programs use is in the document once") {
  SourceSet sources;
  auto file = sources.add("a.baton", "language 1;\n");
  Sink sink;
  sink.report(Code::unknown_clause, Span{file, 0, 8}, "m");
  sink.report(Code::unknown_clause, Span{file, 0, 8}, "m");
  sink.report(Code::unknown_clause, Span{file, 9, 10}, "m");
  auto all = annotate(sink.all(), sources);
  CHECK(count(render_sarif(all, "0.0.0"), "\"ruleIndex\"") == 2);
  CHECK(count(render_github(all), "\n") == 2);
}

TEST_CASE("the places of a SARIF document are URIs") {
  SourceSet sources;
  auto plain = sources.add("a b%.baton", "language 1;\n");
  auto shipped = sources.add("<stdlib>/linux/kexec.baton", "language 1;\n");
  auto absolute = sources.add("/boot/x.baton", "language 1;\n");
  Sink sink;
  for (auto file : {plain, shipped, absolute}) sink.report(Code::unknown_clause, Span{file, 0, 8}, "m");
  std::string text = render_sarif(annotate(sink.all(), sources), "0.0.0");
  CHECK(has(text, "\"uri\": \"a%20b%25.baton\""));
  CHECK(has(text, "\"uri\": \"linux/kexec.baton\",\n                  \"uriBaseId\": \"STDLIB\""));
  CHECK(has(text, "\"uri\": \"file:///boot/x.baton\""));
}
