// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which declarations and clauses does a file have, even when it is wrong somewhere?
//
// The outline is read from tokens alone, before the grammar: where each declaration and clause starts
// and ends, by `;` and braces. It finds the mistakes that would derail a parser (a missing `;`, a block
// never closed, nesting without end) and, when the grammar then refuses the file, each piece can be
// parsed by itself: fifty mistakes are fifty messages. For a correct file it agrees with the grammar.
//
//   `let a = 1; machine m { ram = 0x0 +: 1GiB; }`  ->  [let a = 1] [machine m { [ram = 0x0 +: 1GiB] }]
#pragma once

#include <vector>

#include "syntax/ast.h"
#include "syntax/tokens.h"

namespace baton::syntax {

/// Braces, parentheses and blocks inside each other; also what the parser's stack is sized for.
inline constexpr size_t kMaxNesting = 200;
/// Tokens between two commas of a clause: an expression's tree is at most this deep.
inline constexpr size_t kMaxExpressionTokens = 4000;

/// Tokens of one clause: what the generated parser makes of it is in memory as a whole.
inline constexpr size_t kMaxClauseTokens = 1u << 19;

struct OutlinePiece {
  size_t first = 0;  // the tokens of the statement or header: [first, last), without `;` and block
  size_t last = 0;
  std::vector<size_t> docs;  // tokens
  bool has_block = false;
  std::vector<OutlinePiece> block;
  uint32_t end = 0;          // byte offset after `;` or `}`
  bool reported = false;     // a mistake in it was reported: not to be parsed
};

struct Outline {
  std::vector<OutlinePiece> declarations;
  std::optional<uint64_t> language;
  Span language_span;
  bool clean = true;       // nothing was reported
  bool readable = true;    // false: another language version, nothing further was read
  bool lost = false;       // a part nested too deep, or that is no declaration, was skipped
  std::vector<OutlinePiece> skipped;                      // what is no declaration, as far as it was looked at
  std::vector<std::pair<size_t, TokenKind>> corrected;    // misspelt words that open a declaration
};

Outline read_outline(const std::vector<Token>& tokens, source::FileId file,
                     const source::SourceSet& sources, diagnostics::Sink& sink);

}  // namespace baton::syntax
