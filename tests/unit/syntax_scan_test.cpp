// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// compiler/syntax/scan.cpp against the lexer that is generated from the grammar: the same tokens on every
// program of the project and on random texts, of which most are no programs.
#include <antlr4-runtime.h>
#include <doctest/doctest.h>

#include "BatonLexer.h"
#include "syntax/tokens.h"
#include "syntax_programs.h"

using namespace baton;
using namespace baton::syntax;

namespace {

struct Seen {
  size_t kind;
  size_t begin;
  size_t end;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> by_grammar(const std::string& text) {
  antlr4::ANTLRInputStream input{text};
  grammar::BatonLexer lexer(&input);
  lexer.removeErrorListeners();
  std::vector<Seen> all;
  for (const auto& token : lexer.getAllTokens())
    all.push_back({token->getType(), token->getStartIndex(), token->getStopIndex() + 1});
  return all;
}

/// `not(` is one token in the grammar and two from scan: put together again.
std::vector<Seen> by_hand(const std::string& text) {
  std::vector<Seen> all;
  auto tokens = scan(text);
  REQUIRE(!tokens.empty());
  CHECK(tokens.back().is(TokenKind::kEnd));
  CHECK(tokens.back().begin == text.size());
  tokens.pop_back();
  for (const Token& t : tokens) {
    bool behind = !all.empty() && all.back().end == t.begin && t.is(TokenKind::kLeftParen) &&
                  is_name(static_cast<TokenKind>(all.back().kind));
    if (behind)
      all.back() = {static_cast<size_t>(TokenKind::kCall), all.back().begin, t.end};
    else
      all.push_back({static_cast<size_t>(t.kind), t.begin, t.end});
  }
  return all;
}

void compare(const std::string& text) {
  auto want = by_grammar(text), have = by_hand(text);
  if (want == have) return;
  std::string shown = "on: " + text + "\n";
  for (const auto* list : {&want, &have}) {
    shown += list == &want ? "grammar:" : "scan:   ";
    for (const Seen& s : *list)
      shown += " " + std::to_string(s.kind) + "[" + std::to_string(s.begin) + "," + std::to_string(s.end) + ")";
    shown += "\n";
  }
  FAIL_CHECK(shown);
}

}  // namespace

TEST_CASE("scan finds the tokens of every shipped program") {
  auto programs = syntax_test::shipped_programs();
  REQUIRE(programs.size() >= 5);
  for (const auto& program : programs) {
    CAPTURE(program.name);
    // As readable_text leaves it: characters beyond ASCII, in comments, are DEL.
    std::string text = program.text;
    for (char& c : text)
      if (static_cast<unsigned char>(c) >= 0x80) c = 0x7f;
    compare(text);
  }
}

TEST_CASE("scan finds the tokens where rules compete") {
  for (const char* text :
       {"", "/", "//", "///", "////", "//////", "/// a", "//a\r\n///b", "/*", "/**/", "/*/", "/*/*/", "/* \n */ a", "/*a*b/",
        "\"", "\"\"", "\"\\\"", "\"\\\\\"", "\"\\", "\"a\\\n\"", "\"a\nb\"", "0", "0x", "0x_", "0x1KiB", "0xKiB", "1KiBKiB",
        "64KiB", "64KB", "6_4", "_6", "0b1", "0X1", "1KiBx", "1_TiB", "1..<2", "1...2", "1..=2", "....", ".....<",
        "a+:b", "+++:", "a++b", "!", "!=", "!==", "<==", ">>=", "from(", "not(", "machine(x", "usex", "use", "on", "o n",
        "f (x)", "a@2", "\x7f", "\t\r\n", "#", "a\rb", "///\rb"})
    compare(text);
}

TEST_CASE("scan finds the tokens of random texts") {
  static constexpr const char* kPieces[] = {
      "0", "1", "x", "0x", "_", "KiB", "MiB", "TiB", "GiB", "K", "iB", "a", "F", "use", "let", "on", "via", "from",
      "machine", "not", "to", "(", ")", "{", "}", ";", ",", ":", "@", ".", "..", "<", "=", ">", "!", "+", "-", "*", "/",
      "//", "///", "/*", "*/", "\"", "\\", " ", "\n", "\r", "\t", "\x7f", "#", "$", "~"};
  std::mt19937 random(20041);
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (size_t n = 1 + random() % 12; n > 0; --n) text += kPieces[random() % std::size(kPieces)];
    compare(text);
  }
}
