// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which words and signs does a file consist of?
//
// A Token is a kind and a half-open range of byte offsets; its text stays in the SourceSet. `scan` turns
// bytes into tokens and never fails: what is no token becomes kStray. `check_tokens` then reports every
// mistake that one token can have (a bad escape, `64KB`, `..`) and replaces the token by what was
// meant, so that one mistake is one message and the parser sees a clean stream.
//
//   `align 64KiB; // why`  ->  kName `align`, kSize `64KiB`, kSemicolon, kLineComment
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "diagnostics/diagnostic.h"
#include "source/source.h"

namespace baton::syntax {

/// In the order of the lexer rules of grammar/Baton.g4.
enum class TokenKind : uint8_t {
  kEnd,
  kLanguage, kUse, kLet, kConvention, kMachine, kLoader, kHandoff, kEnsures, kExpects,
  kExtends, kFrom, kOn, kVia,
  kSemicolon, kComma, kColon, kAt, kDot, kLeftBrace, kRightBrace, kLeftParen, kRightParen,
  kEquals, kEqualEqual, kNotEqual, kLessEqual, kGreaterEqual, kLess, kGreater, kStar, kPlus, kMinus,
  kConcat, kRangeTo, kRangeOf, kInclusive,
  kDoc, kCall, kSize, kInteger, kBadNumber, kName, kString, kUnclosedString,
  kLineComment, kBlockComment, kUnclosedBlockComment, kSpace, kStray
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  bool first_on_line = false;
  uint32_t begin = 0;
  uint32_t end = 0;

  bool is(TokenKind k) const { return kind == k; }
};

/// Reports NUL, control characters and invalid UTF-8, once per run, and answers the text as the lexer
/// may see it: of the same length, with blanks for what was refused and for a byte order mark, and
/// with DEL for each byte of a character beyond ASCII, which only strings and comments may hold.
std::string readable_text(source::FileId file, const source::SourceSet& sources,
                          diagnostics::Sink& sink);

/// All tokens of a text from readable_text, comments included; the last is kEnd at the end of the text.
/// A call of what is no function, `not(` or `to(`, is two tokens: the word and its parenthesis.
std::vector<Token> scan(std::string_view text);

/// The stream for the parser: comments are gone, and every token is one that the grammar knows.
std::vector<Token> check_tokens(const std::vector<Token>& tokens, source::FileId file,
                                const source::SourceSet& sources, diagnostics::Sink& sink);

/// `convention`, `let`, ...: words that are nobody's name.
bool is_reserved(TokenKind kind);
/// `machine`, `on`, ...: words that mean something in a header and are names elsewhere.
bool is_name(TokenKind kind);
/// `+`, `==`, `..<`, `.`: wants something on its right.
bool is_operator(TokenKind kind);
/// A token after which an expression may be complete: a name, a literal, `)`, `}`.
bool ends_value(TokenKind kind);
/// After such a token a `{` opens a set, after any other a block. `word` is the token's text.
bool leads_value(TokenKind kind, std::string_view word);
/// `and or not in within disjoint except`.
bool is_word_operator(std::string_view word);
/// Neither a word operator nor a connective (`to of else error because at`): `word(` is a call.
bool calls_something(std::string_view word);

}  // namespace baton::syntax
