// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What wrong programs are told: each mistake once, at its place, under its own code, and never a crash.
#include <algorithm>
#include <ostream>

#include <doctest/doctest.h>

#include "syntax/parse.h"
#include "syntax_programs.h"

using namespace baton;
using namespace baton::syntax;
using diagnostics::Code;

namespace {

struct Parsed {
  source::SourceSet sources;
  diagnostics::Sink sink;
  File file;

  explicit Parsed(std::string text) {
    file = parse(sources.add("test.baton", std::move(text)), sources, sink);
  }
  std::string text(source::Span span) const { return std::string(sources.text(span)); }
  /// "unclosed-string 2:10 `x` | ..."
  std::string summary() const {
    std::string all;
    for (const auto& d : sink.all()) {
      auto place = sources.place(d.span);
      if (!all.empty()) all += " | ";
      all += std::string(entry(d.code).slug) + " " + std::to_string(place.line) + ":" +
             std::to_string(place.column) + " `" + text(d.span) + "`";
    }
    return all;
  }
};

/// The summary for one clause in line 2 of an otherwise correct file.
std::string in_clause(const std::string& clause) {
  Parsed p("language 1; machine m {\n" + clause + "\nisa = 206; }\nlet after = 1;\n");
  // What follows the mistake is read.
  REQUIRE(p.file.declarations.size() == 2);
  CHECK(p.file.declarations[0].clauses.back().head == "isa");
  CHECK(p.file.declarations[1].name == "after");
  return p.summary();
}

std::string in_file(const std::string& text) { return Parsed("language 1;\n" + text).summary(); }

std::string fixed(std::string text) {
  Parsed p(text);
  std::vector<diagnostics::FixIt> fixes;
  for (const auto& d : p.sink.all()) fixes.insert(fixes.end(), d.fixes.begin(), d.fixes.end());
  std::sort(fixes.begin(), fixes.end(), [](auto& a, auto& b) { return a.span.begin > b.span.begin; });
  for (const auto& fix : fixes)
    text.replace(fix.span.begin, fix.span.end - fix.span.begin, fix.replacement);
  return text;
}

std::string repeat(const std::string& part, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += part;
  return all;
}

}  // namespace

TEST_CASE("mistakes inside one word") {
  CHECK(in_clause("page = 64KB;") == "decimal-unit 2:10 `KB`");
  CHECK(in_clause("page = 64kb;") == "decimal-unit 2:10 `kb`");
  CHECK(in_clause("page = 0x10M;") == "decimal-unit 2:12 `M`");
  CHECK(in_clause("rma = 0x0 .. 1MiB;") == "inclusive-range 2:11 `..`");
  CHECK(in_clause("rma = 0x0 ... 1MiB;") == "inclusive-range 2:11 `...`");
  CHECK(in_clause("rma = 0x0 ..= 1MiB;") == "inclusive-range 2:11 `..=`");
  CHECK(in_clause("isa = 18446744073709551616;") == "integer-too-large 2:7 `18446744073709551616`");
  CHECK(in_clause("isa = 0x1_0000_0000_0000_0000;") ==
        "integer-too-large 2:7 `0x1_0000_0000_0000_0000`");
  CHECK(in_clause("page = 16777217TiB;") == "integer-too-large 2:8 `16777217TiB`");
  CHECK(in_clause("isa = 0b101;") == "bad-number 2:7 `0b101`");
  CHECK(in_clause("isa = 0X10;") == "bad-number 2:7 `0X`");
  CHECK(in_clause("isa = 0644;") == "bad-number 2:7 `0644`");
  CHECK(in_clause("isa = 0x;") == "bad-number 2:7 `0x`");
  CHECK(in_clause("isa = 0x_;") == "bad-number 2:7 `0x_`");
  CHECK(in_clause("isa = 12ab;") == "bad-number 2:7 `12ab`");
  CHECK(in_clause("s = \"a\\qb\";") == "bad-escape 2:7 `\\q`");
  CHECK(in_clause("s = \"a\\x4\";") == "bad-escape 2:7 `\\x`");
  CHECK(in_clause("s = \"a\\\xc3\xa9\";") == "bad-escape 2:7 `\\\xc3\xa9`");
  CHECK(in_clause("s = \"never closed;") == "unclosed-string 2:5 `\"never closed;`");
  CHECK(in_clause("s = \"never closed\n;") == "unclosed-string 2:5 `\"never closed`");
  CHECK(in_clause("isa = 206 # + 1;") == "stray-character 2:11 `#`");
  CHECK(in_clause("isa = \xe2\x82\xac 206;") == "stray-character 2:7 `\xe2\x82\xac`");
  CHECK(in_clause("/* isa\n= 206; */") == "block-comment 2:1 `/*`");
}

TEST_CASE("an unclosed block comment is no endless one") {
  CHECK(in_file("/* let a = 1;") .starts_with("block-comment 2:1 `/*`"));
}

TEST_CASE("mistakes between words") {
  CHECK(in_clause("isa = ;") == "syntax-error 2:6 ``");
  CHECK(in_clause("isa = 1 + ;") == "syntax-error 2:10 ``");
  CHECK(in_clause("isa = 1 + * 2;") == "syntax-error 2:11 `*`");
  CHECK(in_clause("isa = (1 + 2;") == "unclosed-parenthesis 2:7 `(`");
  CHECK(in_clause("isa = f(1, 2;") == "unclosed-parenthesis 2:8 `(`");
  CHECK(in_clause("isa = 1 + 2);") == "syntax-error 2:12 `)`");
  CHECK(in_clause("isa in { 1, 2;") == "unclosed-parenthesis 2:8 `{`");
  CHECK(in_file("convention a@1 { ensures master { r4 in { 0, 1; mode real; } }\nlet after = 1;") ==
        "unclosed-parenthesis 2:41 `{`");
  CHECK(in_clause("isa in { 1; 2 };") == "syntax-error 2:11 `;`");
  CHECK(in_clause("isa in {};") == "syntax-error 2:8 `{}`");
  CHECK(in_clause("isa in;") == "syntax-error 2:7 ``");
  CHECK(in_clause("isa = (a b);") == "syntax-error 2:10 `b`");
  CHECK(in_clause("isa = (a and or b);") == "syntax-error 2:14 `or`");
  CHECK(in_clause("isa = a + in;") == "syntax-error 2:11 `in`");
  CHECK(in_clause("isa = a.;") == "syntax-error 2:9 ``");
  CHECK(in_clause("isa = a @ b;") == "syntax-error 2:11 `b`");
  CHECK(in_clause("isa <=;") == "syntax-error 2:5 `<=`");
  CHECK(in_clause("= 5;") == "syntax-error 2:1 `=`");
  CHECK(in_clause("isa = let;") == "reserved-word 2:7 `let`");
  CHECK(in_clause("isa = convention.x;") == "reserved-word 2:7 `convention`");
  CHECK(in_clause("cpus = 0,, 1;") == "syntax-error 2:10 `,`");
  CHECK(in_clause("cpus = 0, 1,;") == "syntax-error 2:13 ``");
  CHECK(in_clause(";") == "syntax-error 2:1 `;`");
  CHECK(in_clause("ensures;") == "syntax-error 2:8 ``");
  CHECK(in_clause("ensures master;") == "missing-block 2:15 ``");
  CHECK(in_clause("{ isa = 1; }") == "syntax-error 2:1 `{`");
  CHECK(in_clause("/// nothing follows\n") == "");
  CHECK(in_clause("isa = /// inside\n 5;").starts_with("dangling-doc"));
  CHECK(in_clause("  let x = 5;") == "syntax-error 2:3 `let`");
}

TEST_CASE("headers") {
  CHECK(in_file("convention a.b {}") == "syntax-error 2:15 ``");
  CHECK(in_file("convention a.b@x {}") == "syntax-error 2:16 `x`");
  CHECK(in_file("loader a@1 extends b {}") == "syntax-error 2:21 ``");
  CHECK(in_file("handoff h on m via l {}") == "syntax-error 2:21 ``");
  CHECK(in_file("handoff a.b on m {}") == "syntax-error 2:12 ``");
  CHECK(in_file("handoff h extends b {}") == "syntax-error 2:20 ``");
  CHECK(in_file("handoff h on m extends b@1 {}") == "syntax-error 2:16 `extends`");
  CHECK(in_file("handoff h of m {}") == "syntax-error 2:11 `of`");
  CHECK(in_file("machine m from tree \"x\" {}") == "syntax-error 2:16 `tree \"x\"`");
  CHECK(in_file("machine loader {}") == "reserved-word 2:9 `loader`");
  CHECK(in_file("let handoff = 5;") == "reserved-word 2:5 `handoff`");
  CHECK(in_file("let a 5;") == "syntax-error 2:7 `5`");
  CHECK(in_file("use a;") == "syntax-error 2:5 `a`");
  CHECK(in_file("handof h { enter x; }\nlet a = 1;") == "syntax-error 2:1 `handof`");
  CHECK(in_file("machine m;\nlet a = 1;") == "missing-block 2:10 `;`");
  CHECK(in_file("machine m { };") == "syntax-error 2:14 `;`");
  CHECK(in_file("/// for nobody\n") == "dangling-doc 2:1 `/// for nobody`");
}

TEST_CASE("the language line") {
  CHECK(Parsed("let a = 1;").summary() == "missing-language 1:1 `let`");
  CHECK(Parsed("").summary() == "missing-language 1:1 ``");
  CHECK(Parsed("// only a comment\n").summary() == "missing-language 1:1 ``");
  CHECK(Parsed("language 2;\nnew syntax!").summary() == "unsupported-language 1:10 `2`");
  CHECK(Parsed("language;\nlet a = 1;").summary() == "syntax-error 1:9 `;`");
  CHECK(Parsed("language 1\nlet a = 1;").summary() == "missing-semicolon 1:11 ``");
  CHECK(Parsed("language 1; let a = 1;\nlanguage 1;").summary() == "syntax-error 2:1 `language`");
  CHECK(fixed("let a = 1;") == "language 1;\nlet a = 1;");
  CHECK(fixed("\xef\xbb\xbflet a = 1;") == "\xef\xbb\xbflanguage 1;\nlet a = 1;");
}

TEST_CASE("a missing semicolon is put where it belongs") {
  CHECK(in_file("let a = 1\nlet b = 2;") == "missing-semicolon 2:10 ``");
  CHECK(in_file("use \"x\"\nconvention a@1 {}") == "missing-semicolon 2:8 ``");
  CHECK(in_file("machine m { isa = 1 }") == "missing-semicolon 2:20 ``");
  CHECK(in_file("convention a@1 {\n  ensures master {\n    mode real\n    r3 = 0;\n    r4 = image.base\n  }\n"
                "  source \"x\"\n  expects image { align 4KiB }\n}") ==
        "missing-semicolon 4:14 `` | missing-semicolon 6:20 `` | missing-semicolon 8:13 `` | "
        "missing-semicolon 9:29 ``");
  CHECK(in_file("handoff h {\n  from a@1\n  to b@2;\n  segment s = trampoline {\n    align 4KiB\n"
                "    size <= 4KiB\n    within machine.rma;\n  }\n}") ==
        "missing-semicolon 3:11 `` | missing-semicolon 6:15 `` | missing-semicolon 7:17 ``");
  CHECK(in_file("handoff h {\n  segment t = devicetree \"x\" {\n    node \"/\" {\n      \"a\" = 1\n"
                "      \"b\" = 2;\n    }\n  }\n}") == "missing-semicolon 5:14 ``");
  CHECK(fixed("language 1\nuse \"x\"\nmachine m {\n  isa = 206\n  page = 4KiB\n}\n") ==
        "language 1;\nuse \"x\";\nmachine m {\n  isa = 206;\n  page = 4KiB;\n}\n");
}

TEST_CASE("blocks that are not closed, and braces that close nothing") {
  CHECK(in_file("machine m {\n  isa = 1;\n") == "unclosed-block 2:11 `{`");
  CHECK(in_file("machine m {\n  isa = 1;\nhandoff h {}") == "unclosed-block 2:11 `{`");
  CHECK(in_file("convention a@1 {\n  ensures master {\n    mode real;\n  ensures slaves {}\n}\nlet a = 1;") ==
        "unclosed-block 3:18 `{`");
  CHECK(in_file("machine m {}\n}\nlet a = 1;") == "stray-brace 3:1 `}`");
  CHECK(in_file("machine m\n  isa = 1;\nlet a = 1;") == "missing-block 3:10 `;`");
  CHECK(in_file("machine m\n  isa = 1;\n}\nlet a = 1;") == "missing-block 2:10 ``");
  CHECK(in_file("convention a@1 {\n  ensures master\n    mode real;\n  }\n  source \"x\";\n}") ==
        "missing-block 3:17 ``");
  CHECK(in_file("handoff h {\n  segment s = trampoline align 4KiB; }\n  enter s;\n}") ==
        "missing-block 3:25 ``");
  CHECK(in_file("machine m {\n  isa = 1;\n  }\n  page = 4KiB;\n}\nlet a = 1;") == "stray-brace 4:3 `}`");
  CHECK(in_file("machine m {\n  isa in 1, 2 };\n  page = 4KiB;\n}") == "stray-brace 3:15 `}`");
  Parsed p("language 1;\nmachine m {\n  isa = 1;\nlet a = 1;\n");
  CHECK(p.summary() == "unclosed-block 2:11 `{`");
  CHECK(p.file.declarations.size() == 2);
}

TEST_CASE("fifty mistakes are fifty messages, in order, and the rest is read") {
  std::string text = "language 1;\nmachine m {\n";
  for (int i = 0; i < 50; ++i) {
    static const char* const kWrong[] = {"  page = 4KB;\n", "  isa = ;\n", "  rma = (0x0;\n",
                                         "  isa = let;\n", "  isa in {};\n"};
    text += kWrong[i % 5];
    text += "  hypervisor = 1;\n";
  }
  Parsed p(text + "}\n");
  CHECK(p.sink.all().size() == 50);
  for (size_t i = 0; i < p.sink.all().size(); ++i)
    CHECK(p.sources.place(p.sink.all()[i].span).line == 3 + 2 * i);
  REQUIRE(p.file.declarations.size() == 1);
  // What could be made of the wrong ones is there too, and known as not read.
  CHECK(p.file.declarations[0].clauses.size() == 100);
  REQUIRE(p.file.unread.size() == 50);
  for (size_t i = 0; i < p.file.unread.size(); ++i) {
    CHECK(p.sources.place(p.file.unread[i].span).line == 3 + 2 * i);
    CHECK(p.file.unread[i].head == p.file.declarations[0].clauses[2 * i].head);
  }
}

TEST_CASE("the fix-its make the file parse") {
  std::string text =
      "machine m {\n  page = 4KB\n  rma = 0x0 .. 12kb;\n  isa = 0206;\n};\n/// for nobody\n";
  std::string mended = fixed(text);
  CHECK(mended ==
        "language 1;\nmachine m {\n  page = 4KiB;\n  rma = 0x0 ..< 12KiB;\n  isa = 206;\n}\n// for nobody\n");
  CHECK(Parsed(mended).summary() == "");
}

TEST_CASE("nesting has a limit and no stack overflow") {
  const std::string after = "\nlet after = 1;\n";
  for (size_t depth : {size_t{150}, size_t{10000}}) {
    CAPTURE(depth);
    bool deep = depth > 200;
    const std::string texts[] = {
        "let a = " + repeat("(", depth) + "1" + repeat(")", depth) + ";",
        "let a = " + repeat("f(", depth) + "1" + repeat(")", depth) + ";",
        "let a = x in " + repeat("{ y in ", depth) + "{ 1 }" + repeat("}", depth) + ";",
        "machine m " + repeat("{ a ", depth) + repeat("}", depth),
        "machine m { a " + repeat("{ b; a ", depth) + "{}" + repeat("}", depth) + "}",
        "let a = " + repeat("(", depth) + ";",
    };
    for (size_t i = 0; i < std::size(texts); ++i) {
      CAPTURE(i);
      Parsed p("language 1;\n" + texts[i] + after);
      REQUIRE(p.file.declarations.size() >= 1);
      CHECK(p.file.declarations.back().name == "after");
      if (deep) {
        REQUIRE(p.sink.all().size() == 1);
        CHECK(p.sink.all()[0].code == Code::nesting_too_deep);
      } else if (i < 3 || i == 4) {
        CHECK(p.summary() == "");
      } else {
        CHECK_FALSE(p.summary() == "");
      }
    }
  }
  // Openers alone, of every kind, and closers alone.
  for (const char* part : {"{", "(", "a {", "}", ")", "machine m {", "f(", "x in {", "///\n{"}) {
    CAPTURE(part);
    Parsed p("language 1;\n" + repeat(part, 10000));
    CHECK_FALSE(p.sink.all().empty());
  }
}

TEST_CASE("one expression has a limit too") {
  Parsed p("language 1;\nlet a = 1" + repeat(" + 1", 100000) + ";\nlet after = 1;\n");
  REQUIRE(p.sink.all().size() == 1);
  CHECK(p.sink.all()[0].code == Code::nesting_too_deep);
  REQUIRE(p.file.declarations.size() == 2);
  CHECK(p.file.declarations[0].value->kind == Expr::Kind::kUnread);
  CHECK(Parsed("language 1;\nlet a = 1" + repeat(" + 1", 1900) + ";\n").summary() == "");
  CHECK(Parsed("language 1;\nlet a = 1" + repeat(" or not 1", 1200) + ";\n").summary() == "");
  // A list is not an expression: each member starts anew.
  CHECK(Parsed("language 1;\nmachine m { cpus = 0" + repeat(", 1", 20000) + "; }\n").summary() == "");
}

TEST_CASE("a clause has a limit") {
  Parsed p("language 1;\nmachine m { cpus = 0" + repeat(", 1", 300000) + "; isa = 206; }\nlet after = 1;\n");
  REQUIRE(p.sink.all().size() == 1);
  CHECK(p.sink.all()[0].code == Code::limit_reached);
  REQUIRE(p.file.declarations.size() == 2);
  CHECK(p.file.declarations[0].clauses.back().head == "isa");
}

TEST_CASE("of mistakes without end the first thousand are told, and that there are more") {
  for (const char* part : {"64KB ", "\"\n", "let a = 1\n", "; ", "} ", "let a = = 1;\n", "\1 ", "# "}) {
    CAPTURE(part);
    Parsed p("language 1;\n" + repeat(part, 5000));
    REQUIRE(p.sink.all().size() == diagnostics::kMaxFindings + 1);
    CHECK(p.sink.full());
    CHECK(p.sink.all().back().code == Code::limit_reached);
    for (size_t i = 0; i + 1 < diagnostics::kMaxFindings; ++i)
      REQUIRE(p.sink.all()[i].span.begin <= p.sink.all()[i + 1].span.begin);
    CHECK(p.file.lost);
  }
}

TEST_CASE("bytes that are no text are refused at their place") {
  CHECK(Parsed(std::string("language 1;\nlet a\0 = 1;", 23)).summary() ==
        std::string("bad-encoding 2:6 `") + '\0' + "`");
  CHECK(in_file("let a = \"\xff\xfe\";") == "bad-encoding 2:10 `\xff`");
  CHECK(in_file("// \xc3\x28\nlet a = 1;") == "bad-encoding 2:4 `\xc3`");
  CHECK(in_file("// \xed\xa0\x80 surrogate\n") == "bad-encoding 2:4 `\xed`");
  CHECK(in_file("// \xc0\xaf overlong\n") == "bad-encoding 2:4 `\xc0`");
  CHECK(in_file("// \xf4\x90\x80\x80 beyond\n") == "bad-encoding 2:4 `\xf4`");
  CHECK(in_file("// \xe2\x80\xae reversed\n") == "bad-encoding 2:4 `\xe2\x80\xae`");
  CHECK(in_file("// x\rlet a = 1;\n") == "bad-encoding 2:5 `\r`");
  CHECK(in_file("let a = 1;\x1b\n") == "bad-encoding 2:11 `\x1b`");
  CHECK(in_file("let a = \"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"; // \xc3\xa9\nlet b 1;") ==
        "syntax-error 3:7 `1`");
}

TEST_CASE("line ends and a byte order mark") {
  CHECK(Parsed("\xef\xbb\xbflanguage 1;\r\nlet a = 1;\r\n").summary() == "");
  Parsed p("language 1;\r\n/// Doc.\r\nlet a = \"x\";\r\n");
  REQUIRE(p.summary() == "");
  CHECK(p.file.declarations[0].doc == std::vector<std::string>{"Doc."});
  CHECK(in_file("let a = 1;\xef\xbb\xbf").starts_with("stray-character"));
}

TEST_CASE("a damaged program is told so, briefly, and nothing else happens") {
  std::mt19937 random(99);
  std::string text = syntax_test::kEveryClause;
  for (int round = 0; round < 600; ++round) {
    std::string damaged = text;
    size_t cuts = 1 + random() % 3;
    for (size_t i = 0; i < cuts; ++i) {
      size_t at = random() % damaged.size();
      switch (random() % 4) {
        case 0: damaged.erase(at, 1 + random() % 12); break;
        case 1: damaged.insert(at, 1, "{}();,=\"\\@.<+x0 \n/"[random() % 18]); break;
        case 2: damaged[at] = static_cast<char>(random()); break;
        default: damaged.insert(at, damaged.substr(random() % damaged.size(), random() % 30));
      }
    }
    CAPTURE(damaged);
    Parsed p(damaged);
    for (const auto& d : p.sink.all()) {
      REQUIRE(d.span.begin <= d.span.end);
      REQUIRE(d.span.end <= damaged.size());
      REQUIRE_FALSE(d.message.empty());
    }
    CAPTURE(p.summary());
    CHECK(p.sink.all().size() <= 14 * cuts);
  }
}

TEST_CASE("a word taken out is at most a few messages") {
  std::string text = syntax_test::kEveryClause;
  size_t worst = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (std::string("{};()=,.@").find(text[at]) == std::string::npos) continue;
    std::string damaged = text;
    damaged.erase(at, 1);
    Parsed p(damaged);
    worst = std::max(worst, p.sink.all().size());
    CAPTURE(damaged.substr(at > 40 ? at - 40 : 0, 80));
    CAPTURE(p.summary());
    CHECK(p.sink.all().size() <= 2);
  }
  CHECK(worst > 0);
}
