// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What kinds of tokens there are, and which belong together. See tokens.h; scan.cpp finds them in a text.
#include "syntax/tokens.h"

#include <algorithm>
#include <array>

#include <antlr4-runtime.h>

#include "BatonLexer.h"

namespace baton::syntax {
namespace {

using grammar::BatonLexer;

#define SAME(kind, type) \
  static_assert(static_cast<size_t>(TokenKind::kind) == static_cast<size_t>(BatonLexer::type))
SAME(kLanguage, Language);
SAME(kVia, Via);
SAME(kSemicolon, Semicolon);
SAME(kRightParen, RightParen);
SAME(kEquals, Equals);
SAME(kConcat, Concat);
SAME(kInclusive, Inclusive);
SAME(kDoc, Doc);
SAME(kBadNumber, BadNumber);
SAME(kUnclosedString, UnclosedString);
SAME(kLineComment, LineComment);
SAME(kStray, Stray);
#undef SAME

// Words that stand before an expression: with a parenthesis right behind them they still call nothing.
constexpr std::array<std::string_view, 7> kWordOperators = {"and", "or", "not", "in",
                                                           "within", "disjoint", "except"};
constexpr std::array<std::string_view, 6> kConnectives = {"to", "of", "else", "error", "because", "at"};

}  // namespace

bool is_word_operator(std::string_view word) {
  return std::find(kWordOperators.begin(), kWordOperators.end(), word) != kWordOperators.end();
}

bool is_reserved(TokenKind kind) {
  return kind >= TokenKind::kLanguage && kind <= TokenKind::kExpects &&
         kind != TokenKind::kMachine && kind != TokenKind::kLoader;
}

bool is_name(TokenKind kind) {
  return kind == TokenKind::kName || kind == TokenKind::kMachine || kind == TokenKind::kLoader ||
         (kind >= TokenKind::kExtends && kind <= TokenKind::kVia);
}

bool is_operator(TokenKind kind) {
  return kind == TokenKind::kDot ||
         (kind >= TokenKind::kEqualEqual && kind <= TokenKind::kInclusive);
}

bool ends_value(TokenKind kind) {
  return is_name(kind) || kind == TokenKind::kSize || kind == TokenKind::kInteger ||
         kind == TokenKind::kString || kind == TokenKind::kRightParen ||
         kind == TokenKind::kRightBrace;
}

bool leads_value(TokenKind kind, std::string_view word) {
  return is_operator(kind) || kind == TokenKind::kEquals || kind == TokenKind::kComma ||
         kind == TokenKind::kColon || kind == TokenKind::kLeftParen || kind == TokenKind::kCall ||
         kind == TokenKind::kLeftBrace || (kind == TokenKind::kName && is_word_operator(word));
}

bool calls_something(std::string_view word) {
  return !is_word_operator(word) &&
         std::find(kConnectives.begin(), kConnectives.end(), word) == kConnectives.end();
}

}  // namespace baton::syntax
