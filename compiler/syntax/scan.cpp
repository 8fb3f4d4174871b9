// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where does the next token end, and of which kind is it?
//
// The lexer rules of grammar/Baton.g4 by hand: the longest token wins, between equals the earlier rule. The
// generated lexer builds its automaton anew in every process, which took a third of the time of a build;
// a test holds this file against it, on every program of the project and on random bytes. The rules stay in
// the grammar, for readers and for that test. What is no token is kStray here as there; nothing is reported.
//
//   `64KiB..<m(`  ->  kSize [0,5), kRangeTo [5,8), kCall [8,10)
#include <array>
#include <utility>

#include "syntax/tokens.h"

namespace baton::syntax {
namespace {

using K = TokenKind;

constexpr std::array<std::pair<std::string_view, K>, 13> kWords = {{
    {"language", K::kLanguage}, {"use", K::kUse}, {"let", K::kLet}, {"convention", K::kConvention},
    {"machine", K::kMachine}, {"loader", K::kLoader}, {"handoff", K::kHandoff}, {"ensures", K::kEnsures},
    {"expects", K::kExpects}, {"extends", K::kExtends}, {"from", K::kFrom}, {"on", K::kOn}, {"via", K::kVia},
}};

// What begins with another sign of the list stands before it.
constexpr std::array<std::pair<std::string_view, K>, 25> kSigns = {{
    {"..<", K::kRangeTo}, {"...", K::kInclusive}, {"..=", K::kInclusive}, {"..", K::kInclusive}, {".", K::kDot},
    {"++", K::kConcat}, {"+:", K::kRangeOf}, {"+", K::kPlus}, {"==", K::kEqualEqual}, {"=", K::kEquals},
    {"!=", K::kNotEqual}, {"<=", K::kLessEqual}, {"<", K::kLess}, {">=", K::kGreaterEqual}, {">", K::kGreater},
    {";", K::kSemicolon}, {",", K::kComma}, {":", K::kColon}, {"@", K::kAt}, {"{", K::kLeftBrace},
    {"}", K::kRightBrace}, {"(", K::kLeftParen}, {")", K::kRightParen}, {"*", K::kStar}, {"-", K::kMinus},
}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_line_end(char c) { return c == '\r' || c == '\n'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '_'; }

/// A token's kind and its length.
struct Lexeme {
  K kind;
  size_t length;
};

size_t line_length(std::string_view rest) {
  size_t n = 0;
  while (n < rest.size() && !is_line_end(rest[n])) ++n;
  return n;
}

/// Letters and digits in one run are one number, right or wrong.
K number_kind(std::string_view run) {
  for (std::string_view unit : {"KiB", "MiB", "GiB", "TiB"})
    if (run.ends_with(unit))
      return number_kind(run.substr(0, run.size() - unit.size())) == K::kInteger ? K::kSize : K::kBadNumber;
  if (run.empty() || !is_digit(run[0])) return K::kBadNumber;
  bool hex = run.starts_with("0x");
  if (hex && run.size() == 2) return K::kBadNumber;
  for (char c : run.substr(hex ? 2 : 0))
    if (hex ? !is_hex(c) : !is_digit(c) && c != '_') return K::kBadNumber;
  return K::kInteger;
}

Lexeme string(std::string_view rest) {
  size_t n = 1;
  while (n < rest.size() && !is_line_end(rest[n])) {
    if (rest[n] == '"') return {K::kString, n + 1};
    bool escape = rest[n] == '\\' && n + 1 < rest.size() && !is_line_end(rest[n + 1]);
    n += escape ? 2 : 1;
  }
  return {K::kUnclosedString, n};
}

Lexeme comment(std::string_view rest) {
  if (rest.starts_with("/*")) {
    size_t close = rest.find("*/", 2);
    if (close != rest.npos) return {K::kBlockComment, close + 2};
    return {K::kUnclosedBlockComment, 2};
  }
  bool doc = rest.starts_with("///") && !rest.starts_with("////");
  return {doc ? K::kDoc : K::kLineComment, line_length(rest)};
}

/// `rest` is not empty and does not begin with a blank.
Lexeme lexeme(std::string_view rest) {
  char first = rest[0];
  if (is_letter(first) || is_digit(first)) {
    size_t n = 1;
    while (n < rest.size() && (is_letter(rest[n]) || is_digit(rest[n]))) ++n;
    std::string_view run = rest.substr(0, n);
    if (is_digit(first)) return {number_kind(run), n};
    if (n < rest.size() && rest[n] == '(') return {K::kCall, n + 1};
    for (const auto& [word, kind] : kWords)
      if (run == word) return {kind, n};
    return {K::kName, n};
  }
  if (first == '"') return string(rest);
  if (rest.starts_with("//") || rest.starts_with("/*")) return comment(rest);
  for (const auto& [sign, kind] : kSigns)
    if (rest.starts_with(sign)) return {kind, sign.size()};
  return {K::kStray, 1};
}

}  // namespace

std::vector<Token> scan(std::string_view text) {
  std::vector<Token> tokens;
  tokens.reserve(text.size() / 4 + 1);
  bool only_blanks = true;  // on this line, so far
  for (size_t at = 0; at < text.size();) {
    if (is_blank(text[at])) {
      only_blanks = only_blanks || text[at] == '\n';
      ++at;
      continue;
    }
    Lexeme found = lexeme(text.substr(at));
    Token t{found.kind, only_blanks, static_cast<uint32_t>(at), static_cast<uint32_t>(at + found.length)};
    // Behind a token that spans lines, a block comment, its last line is not blank.
    only_blanks = false;
    at += found.length;
    if (t.is(K::kCall) && !calls_something(text.substr(t.begin, found.length - 1))) {
      tokens.push_back({K::kName, t.first_on_line, t.begin, t.end - 1});
      tokens.push_back({K::kLeftParen, false, t.end - 1, t.end});
      continue;
    }
    tokens.push_back(t);
  }
  Token end;
  end.begin = end.end = static_cast<uint32_t>(text.size());
  end.first_on_line = true;
  tokens.push_back(end);
  return tokens;
}

}  // namespace baton::syntax
