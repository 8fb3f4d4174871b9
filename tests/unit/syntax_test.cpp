// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What correct programs become: spans, values, precedence, and the clause table against them.
#include <ostream>

#include <cstdlib>
#include <functional>
#include <fstream>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

#include "syntax/arguments.h"
#include "syntax/clause_table.h"
#include "syntax/dump.h"
#include "syntax/literals.h"
#include "syntax/parse.h"
#include "syntax_programs.h"

using namespace baton;
using namespace baton::syntax;
using syntax_test::kEveryClause;

namespace {

struct Parsed {
  source::SourceSet sources;
  diagnostics::Sink sink;
  File file;

  explicit Parsed(std::string text, bool piecewise = false) {
    auto id = sources.add("test.baton", std::move(text));
    file = piecewise ? parse_piecewise(id, sources, sink) : parse(id, sources, sink);
  }
  std::string text(Span span) const { return std::string(sources.text(span)); }
  std::string messages() const {
    std::string all;
    for (const auto& d : sink.all())
      all += std::to_string(sources.place(d.span).line) + ": " + d.message + "\n";
    return all;
  }
};

/// The clause of a one-clause machine.
Clause clause_of(const std::string& text) {
  Parsed parsed("language 1; machine m { " + text + " }");
  INFO(parsed.messages());
  REQUIRE(parsed.sink.all().empty());
  REQUIRE(parsed.file.declarations.size() == 1);
  REQUIRE(parsed.file.declarations[0].clauses.size() == 1);
  return parsed.file.declarations[0].clauses[0];
}

/// What take_expr makes of the arguments of `x ...;`, or "-" and the text of what is left.
std::string combined(const std::string& arguments) {
  Clause clause = clause_of("x " + arguments + ";");
  ArgumentReader in(clause);
  ExprPtr expr = in.take_expr();
  return (expr ? to_text(*expr) : "-") + (in.at_end() ? "" : " ...");
}

void for_each_clause(const std::vector<Clause>& clauses, std::optional<Context> context,
                     const std::function<void(const Clause&, std::optional<Context>)>& visit) {
  for (const Clause& clause : clauses) {
    visit(clause, context);
    for_each_clause(clause.block, context ? block_context(*context, clause) : std::nullopt, visit);
  }
}

}  // namespace

TEST_CASE("a declaration and its clauses know where they stand") {
  Parsed p("language 1;\n/// Doc.\nconvention a.b@3 extends a.b@2 {\n  msr SF = 1, EE = x.y;  // c\n}\n");
  REQUIRE(p.sink.all().empty());
  CHECK(p.file.language == 1u);
  CHECK(p.text(p.file.language_span) == "language 1");
  REQUIRE(p.file.declarations.size() == 1);
  const Declaration& d = p.file.declarations[0];
  CHECK(d.full_name() == "a.b@3");
  CHECK(p.text(d.name_span) == "a.b@3");
  CHECK(d.extends->text() == "a.b@2");
  CHECK(p.text(d.extends->span) == "a.b@2");
  CHECK(p.text(d.span).starts_with("convention a.b@3"));
  CHECK(p.text(d.span).ends_with("\n}"));
  CHECK(d.doc == std::vector<std::string>{"Doc."});
  REQUIRE(d.clauses.size() == 1);
  const Clause& c = d.clauses[0];
  CHECK(p.text(c.span) == "msr SF = 1, EE = x.y;");
  CHECK(p.text(c.head_span) == "msr");
  std::vector<std::string> texts;
  for (const Argument& a : c.arguments) texts.push_back(p.text(a.span));
  CHECK(texts == std::vector<std::string>{"SF", "=", "1", ",", "EE", "=", "x.y"});
}

TEST_CASE("headers of every kind") {
  Parsed p("language 1; use \"a\\tb\"; let n = 1KiB; machine m from dtb \"f.dtb\" {} machine l from live {}"
           "loader l.x@2 {} handoff h on m via l.x@2 {} handoff from {}");
  INFO(p.messages());
  REQUIRE(p.sink.all().empty());
  const auto& d = p.file.declarations;
  REQUIRE(d.size() == 7);
  CHECK(d[0].use_path == "a\tb");
  CHECK(d[1].value->integer == 1024);
  CHECK(d[2].machine_source == "dtb");
  CHECK(*d[2].machine_file == "f.dtb");
  CHECK(p.text(d[2].machine_source_span) == "dtb \"f.dtb\"");
  CHECK(d[3].machine_source == "live");
  CHECK_FALSE(d[3].machine_file);
  CHECK(d[4].full_name() == "l.x@2");
  CHECK(d[5].on == "m");
  CHECK(p.text(d[5].on_span) == "m");
  CHECK(d[5].via->text() == "l.x@2");
  CHECK(d[6].name == "from");
}

TEST_CASE("literals have the values they say") {
  CHECK(clause_of("a 0x7c0_0000;").arguments[0].expr->integer == 0x7c00000);
  CHECK(clause_of("a 18446744073709551615;").arguments[0].expr->integer == kTwoTo64 - 1);
  CHECK(clause_of("a 16777216TiB;").arguments[0].expr->integer == kTwoTo64);
  CHECK(clause_of("a 0x10KiB;").arguments[0].expr->integer == 16384);
  CHECK(clause_of("a \"x\\n\\\"\\\\\\x41\\0\";").arguments[0].expr->text == std::string("x\n\"\\A\0", 6));
  CHECK(clause_of("a \"caf\xc3\xa9\";").arguments[0].expr->text == "caf\xc3\xa9");
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  CHECK(string_value(string_literal(bytes)).text == bytes);
}

TEST_CASE("clause shapes as flat arguments") {
  Clause bound = clause_of("size <= 4KiB;");
  CHECK(bound.relation == "<=");
  CHECK(bound.arguments.size() == 1);
  Clause property = clause_of("\"linux,initrd-end\" = u64(a.end, size: 3);");
  CHECK(property.head_is_string);
  CHECK(property.head == "linux,initrd-end");
  const Expr& call = *property.arguments[1].expr;
  CHECK(call.kind == Expr::Kind::kCall);
  CHECK(call.argument_names == std::vector<std::string>{"", "size"});
  Clause section = clause_of("ensures master {}");
  CHECK(section.head == "ensures");
  CHECK(section.arguments[0].expr->is_name("master"));
  CHECK(section.has_block);
  Clause set = clause_of("r4 in { image.base, 0 };");
  CHECK(set.arguments[1].expr->kind == Expr::Kind::kSet);
  CHECK_FALSE(set.has_block);
  Clause dotted = clause_of("tree.format in { 2 };");
  CHECK(dotted.head == "tree.format");
}

TEST_CASE("operators bind as the language says") {
  CHECK(combined("a + b * c - d") == "((a + (b * c)) - d)");
  CHECK(combined("a ++ b + c") == "(a ++ (b + c))");
  CHECK(combined("a + b ..< c ++ d") == "((a + b) ..< (c ++ d))");
  CHECK(combined("a +: b <= c") == "((a +: b) <= c)");
  CHECK(combined("a < b < c") == "((a < b) < c)");
  CHECK(combined("a.b.c * 2") == "(a.b.c * 0x2)");
  CHECK(combined("(a + b) * c") == "((a + b) * c)");
  CHECK(combined("a ..< b except c") == "((a ..< b) except c)");
  CHECK(combined("a except b ..< c") == "(a except (b ..< c))");
  CHECK(combined("a except b except c") == "((a except b) except c)");
  CHECK(combined("a == b except c") == "(a == (b except c))");
  CHECK(combined("a except b == c") == "((a except b) == c)");
  CHECK(combined("a except b == c except d") == "((a except b) == (c except d))");
  CHECK(combined("x within a except b") == "(x within (a except b))");
  CHECK(combined("x in { 1, 2 } and y") == "((x in { 0x1, 0x2 }) and y)");
  CHECK(combined("not a == b") == "(not (a == b))");
  CHECK(combined("not not a") == "(not (not a))");
  CHECK(combined("not a and not b or c") == "(((not a) and (not b)) or c)");
  CHECK(combined("a or b and c") == "(a or (b and c))");
  CHECK(combined("a == b or c != d and e < f") == "((a == b) or ((c != d) and (e < f)))");
  CHECK(combined("(a or b) and c") == "((a or b) and c)");
  CHECK(combined("not(a or b)") == "(not (a or b))");
  CHECK(combined("a within(b except c)") == "(a within (b except c))");
  CHECK(combined("f(a except b, n: c and d)") == "f((a except b), n: (c and d))");
  CHECK(combined("a == (b < c)") == "(a == (b < c))");
}

TEST_CASE("a value ends where nothing connects it to the next") {
  CHECK(combined("a + b to c") == "(a + b) ...");
  CHECK(combined("a, b") == "a ...");
  CHECK(combined("a = b") == "a ...");
  CHECK(combined("a == b c == d") == "(a == b) ...");
  CHECK(combined("") == "-");

  Clause clause = clause_of("check on_crash spare(r) >= machine.page error none because \"why\";");
  ArgumentReader in(clause);
  CHECK(in.take_word("on_crash"));
  CHECK(to_text(*in.take_expr({"error"})) == "(spare(r) >= machine.page)");
  CHECK(in.take_word("error"));
  CHECK(in.take_name()->text == "none");
  CHECK_FALSE(in.take_word("else"));
  CHECK(in.take_word("because"));
  CHECK(in.take_string()->text == "why");
  CHECK(in.at_end());
  CHECK(in.here().begin == in.here().end);
  CHECK(in.here().end == clause.arguments.back().span.end);
}

TEST_CASE("a stop word that is an operator ends the value") {
  Clause clause = clause_of("x image within machine.rma;");
  ArgumentReader in(clause);
  CHECK(to_text(*in.take_expr({"within"})) == "image");
  CHECK(in.take_word("within"));
  CHECK(in.take_dotted_name()->text == "machine.rma");
}

TEST_CASE("a missing operand is found without consuming anything") {
  Parsed p("language 1; machine m { x a and or b; }");
  REQUIRE(p.sink.all().empty());
  const Clause& clause = p.file.declarations[0].clauses[0];
  ArgumentReader in(clause);
  CHECK(in.take_expr() == nullptr);
  CHECK(p.text(in.failed_at()) == "or");
  CHECK(in.failed_after() == "and");
  CHECK(in.take_name()->text == "a");
  CHECK(in.take_expr() == nullptr);
  CHECK(p.text(in.failed_at()) == "and");
  CHECK(in.failed_after().empty());
}

TEST_CASE("versions and signs are taken one at a time") {
  Clause clause = clause_of("segment k : path = a.b@7, 3;");
  ArgumentReader in(clause);
  CHECK(in.take_name()->text == "k");
  CHECK(in.take_colon());
  CHECK(in.take_word("path"));
  CHECK(in.take_equals());
  CHECK(in.take_versioned_name()->text() == "a.b@7");
  CHECK(in.take_comma());
  CHECK_FALSE(in.take_name());
  CHECK_FALSE(in.take_versioned_name());
  CHECK(to_text(*in.take_expr()) == "0x3");
  CHECK(in.at_end());
}

TEST_CASE("modifiers come off a clause") {
  PlainClause p = unwrap(clause_of("override tree.format in { 16 };"));
  CHECK(p.has(Modifier::kOverride));
  CHECK(p.head == "tree.format");
  CHECK(p.arguments.size() == 2);
  p = unwrap(clause_of("override incidental msr RI = 1, ME = 1;"));
  CHECK(p.modifiers.size() == 2);
  CHECK(p.head == "msr");
  CHECK(p.reader().take_name()->text == "RI");
  p = unwrap(clause_of("override segments <= 16;"));
  CHECK(p.head == "segments");
  CHECK(p.relation == "<=");
  CHECK(to_text(*p.arguments[0].expr) == "0x10");
  p = unwrap(clause_of("drop bytes 0x4 +: 0xfc;"));
  CHECK(p.has(Modifier::kDrop));
  CHECK(p.head == "bytes");
  p = unwrap(clause_of("override;"));
  CHECK(p.head.empty());
  p = unwrap(clause_of("drop \"x\";"));
  CHECK(p.head.empty());
  CHECK(p.arguments.size() == 1);
  p = unwrap(clause_of("override \"x\" = 1;"));
  CHECK(p.head == "x");
  CHECK(p.head_is_string);
  CHECK(p.arguments.size() == 2);
  p = unwrap(clause_of("msr LE = 0;"));
  CHECK(p.modifiers.empty());
}

TEST_CASE("no shipped program is ambiguous, and the pieces make the whole") {
  for (const auto& program : syntax_test::shipped_programs()) {
    CAPTURE(program.name);
    Parsed whole(program.text), pieces(program.text, true);
    CHECK(whole.messages() == "");
    CHECK(pieces.messages() == "");
    CHECK(dump_json(whole.file, whole.sources) == dump_json(pieces.file, pieces.sources));
    CHECK(count_ambiguities(whole.file.id, whole.sources) == 0);
  }
}

TEST_CASE("no random program is ambiguous, and layout does not matter") {
  std::mt19937 random(64);
  for (int round = 0; round < 250; ++round) {
    auto words = syntax_test::random_program(random);
    std::string plain;
    for (const auto& word : words) plain += word + (word.starts_with("///") ? "\n" : " ");
    std::string text = syntax_test::spell(words, random, true);
    CAPTURE(text);
    Parsed first(plain), second(text), pieces(text, true);
    REQUIRE(second.messages() == "");
    REQUIRE(dump_json(second.file, second.sources) == dump_json(pieces.file, pieces.sources));
    REQUIRE(first.messages() == "");
    REQUIRE(first.file.declarations.size() == second.file.declarations.size());
    for (size_t i = 0; i < first.file.declarations.size(); ++i)
      REQUIRE(first.file.declarations[i].clauses.size() == second.file.declarations[i].clauses.size());
    REQUIRE(count_ambiguities(second.file.id, second.sources) == 0);
  }
}

TEST_CASE("every clause of the shipped programs is in the table, where it stands") {
  size_t seen = 0;
  for (const auto& program : syntax_test::shipped_programs()) {
    Parsed p(program.text);
    for (const Declaration& d : p.file.declarations) {
      for_each_clause(d.clauses, context_of(d), [&](const Clause& clause, std::optional<Context> context) {
        CAPTURE(program.name);
        CAPTURE(clause.head);
        ++seen;
        REQUIRE(context);
        PlainClause plain = unwrap(clause);
        if (!plain.modifiers.empty() && !plain.head.empty()) CHECK(find(*context, plain));
        else CHECK(find(*context, clause));
        CHECK((clause.has_block == block_context(*context, clause).has_value()));
      });
    }
  }
  CHECK(seen > 80);
}

TEST_CASE("kEveryClause uses every served head") {
  std::set<std::pair<int, std::string>> used;
  Parsed p(kEveryClause);
  for (const Declaration& d : p.file.declarations)
    for_each_clause(d.clauses, context_of(d), [&](const Clause& clause, std::optional<Context> context) {
      if (!context) return;
      used.insert({static_cast<int>(*context), clause.head_is_string ? std::string(kPropertyHead) : clause.head});
      used.insert({static_cast<int>(*context), unwrap(clause).head});
    });
  std::string missing;
  for (const ClauseForm& form : clause_forms()) {
    if (form.stands_in(Context::kFile) || form.stands_in(Context::kMachine) ||
        is_register(form.head))
      continue;
    bool found = false;
    for (size_t context = 0; context < kContextCount; ++context)
      found = found || (form.stands_in(static_cast<Context>(context)) &&
                        used.count({static_cast<int>(context), std::string(form.head)}));
    if (!found) missing += std::string(form.head) + " ";
  }
  CHECK(missing == "");
}

TEST_CASE("the table answers what checking asks") {
  CHECK(find(Context::kExpects, "landing")->shape == "landing slaves at offset INT");
  CHECK(find(Context::kHandoff, "landing") == nullptr);
  CHECK(find(Context::kEnsuresSlaves, "r31"));
  CHECK_FALSE(find(Context::kEnsuresSlaves, "r32"));
  CHECK(find(Context::kHandoff, "slaves", "relay")->word == "relay");
  CHECK(find(Context::kHandoff, "slaves", "overlay")->word == "overlay");
  CHECK(find(Context::kHandoff, "slaves", "never") == nullptr);
  CHECK(find(Context::kHandoff, clause_of("slaves by never;"))->head == "slaves");
  CHECK(find(Context::kHandoff, clause_of("segment c = elfcorehdr;"))->word == "elfcorehdr");
  CHECK(block_context(Context::kHandoff, clause_of("segment s = trampoline {}")) ==
        Context::kSegmentTrampoline);
  CHECK_FALSE(block_context(Context::kHandoff, clause_of("segment s = nonsense {}")));
  CHECK(contexts_of("within").size() == 7);
  auto names = heads(Context::kConvention);
  CHECK(diagnostics::did_you_mean("ensure", names) == "ensures");
  CHECK(std::count(names.begin(), names.end(), "ensures") == 1);
  CHECK(std::count(names.begin(), names.end(), "override") == 1);
}

// Arguments stand side by side, so a missing `;` is seen by the next line starting with a head of the
// same block (outline.cpp). That may not catch a correct clause: no shape has such a word where it
// could be first on a line behind a complete value.
TEST_CASE("no shape has a head of its own block inside") {
  for (const ClauseForm& form : clause_forms()) {
    for (size_t c = 0; c < kContextCount; ++c) {
      Context context = static_cast<Context>(c);
      if (!form.stands_in(context) || context == Context::kFile) continue;
      std::istringstream shape{std::string(form.shape)};
      std::vector<std::string> words;
      for (std::string word; shape >> word;) words.push_back(word);
      bool alternative = true;  // the next word is the head again, or the first behind it
      for (size_t i = 1; i < words.size(); ++i) {
        bool after_sign = !std::isalnum(static_cast<unsigned char>(words[i - 1].back()));
        if (words[i - 1] == "|") alternative = true;
        if (i >= 2 && !after_sign && !alternative) {
          CAPTURE(form.shape);
          CAPTURE(words[i]);
          CHECK_FALSE(is_head(context, words[i]));
        }
        if (words[i] != "|") alternative = false;
      }
    }
  }
}

TEST_CASE("the clause reference is fresh") {
  std::string path = std::string(BATON_SOURCE_DIR) + "/compiler/syntax/CLAUSES.md";
  std::string wanted = clause_reference_markdown();
  if (std::getenv("BATON_UPDATE")) std::ofstream(path, std::ios::binary) << wanted;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream present;
  present << in.rdbuf();
  CHECK_MESSAGE(present.str() == wanted, "run this test with BATON_UPDATE=1 to write CLAUSES.md again");
}

TEST_CASE("a long program is parsed in stretches, and reads as if it were parsed clause by clause") {
  // Stretches end at some thousand tokens: between declarations, clauses, and clauses of an inner block.
  auto numbered = [](int count, auto part) {
    std::string text;
    for (int i = 0; i < count; ++i) text += part(std::to_string(i));
    return text;
  };
  const std::string lets = numbered(9000, [](auto i) { return "/// one\nlet n" + i + " = " + i + ";\n"; });
  const std::string clauses = numbered(9000, [](auto i) { return "/// one\n// two\na b" + i + ";\n"; });
  const std::string blocks = numbered(400, [](auto i) { return "a b" + i + " { c; " + std::string(90, 'x') + " { d; } }\n"; });
  for (const std::string& text :
       {lets, "machine m {\n" + clauses + "}\n", "/// of m\nmachine m { a {\n" + clauses + "} b; }\n" + lets,
        lets + "machine m { a; /// of b\n b { c { " + clauses + "} } " + clauses + " d; }\nmachine n {}\n",
        "convention c@1 { ensures memory {\n" + blocks + blocks + "} }\n" + lets}) {
    Parsed whole("language 1;\n" + text), pieces("language 1;\n" + text, true);
    INFO(whole.messages());
    REQUIRE(whole.sink.all().empty());
    REQUIRE(pieces.sink.all().empty());
    CHECK(dump_json(whole.file, whole.sources) == dump_json(pieces.file, pieces.sources));
  }
}

TEST_CASE("the dump is the tree as JSON") {
  Parsed p("language 1;\nlet a = 1KiB + b;\n");
  CHECK(dump_json(p.file, p.sources) == R"({
  "file": "test.baton",
  "language": 1,
  "declarations": [
    {
      "let": "a",
      "at": [2, 1, 2, 18],
      "name_at": [2, 5, 2, 6],
      "value": {
        "operator": "+",
        "operands": [
          {
            "size": "0x400",
            "at": [2, 9, 2, 13]
          },
          {
            "name": "b",
            "at": [2, 16, 2, 17]
          }
        ],
        "at": [2, 9, 2, 17]
      }
    }
  ]
}
)");
}
