// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lexer's door: bytes in, tokens out. See tokens.h.
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

std::vector<Token> scan(std::string_view text) {
  antlr4::ANTLRInputStream input{std::string(text)};
  BatonLexer lexer(&input);
  lexer.removeErrorListeners();
  std::vector<Token> tokens;
  uint32_t line_checked = 0;
  bool only_blanks = true;
  for (const auto& token : lexer.getAllTokens()) {
    Token t;
    t.kind = static_cast<TokenKind>(token->getType());
    t.begin = static_cast<uint32_t>(token->getStartIndex());
    t.end = static_cast<uint32_t>(token->getStopIndex() + 1);
    for (; line_checked < t.begin; ++line_checked) {
      char c = text[line_checked];
      if (c == '\n') only_blanks = true;
      else if (c != ' ' && c != '\t' && c != '\r') only_blanks = false;
    }
    t.first_on_line = only_blanks;
    if (t.is(TokenKind::kCall)) {
      std::string_view word = text.substr(t.begin, t.end - t.begin - 1);
      if (is_word_operator(word) ||
          std::find(kConnectives.begin(), kConnectives.end(), word) != kConnectives.end()) {
        Token name = t;
        name.kind = TokenKind::kName;
        --name.end;
        tokens.push_back(name);
        tokens.push_back(Token{TokenKind::kLeftParen, false, t.end - 1, t.end});
        continue;
      }
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
