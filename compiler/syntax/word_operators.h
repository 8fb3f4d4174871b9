// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How do operands and word operators that stand side by side make one expression?
//
// The grammar combines signs (`a + b`, `a == b`) and leaves words alone, because whether `within` joins two
// operands or starts the next part of a clause depends on the clause. Here the words get their
// precedence, from loose to tight:
//
//   or  <  and  <  not  <  == != < <= > >= in within disjoint  <  except  <  ..< +:  <  ++  <  + -  <  *
//
// so a comparison that the grammar has already built is taken apart again where a word binds tighter:
//   [a == b] [except] [c]  ->  a == (b except c)      [x] [in] [s] [and] [y]  ->  (x in s) and y
#pragma once

#include <span>
#include <string>

#include "syntax/ast.h"

namespace baton::syntax {

struct Combination {
  ExprPtr expr;        // null when the items make no expression
  size_t used = 0;     // items that belong to it, or up to the failing one
  Span failed_at;      // where an operand is missing: an operator word, or the empty place after the last
  std::string after;   // the operator whose right side is missing, or empty
};

/// Reads one expression from the front of `items` and stops before an item that cannot continue it: an
/// operand after a complete expression. Each item is what the grammar took as one argument.
Combination combine(std::span<const ExprPtr> items);

ExprPtr make_binary(std::string op, ExprPtr left, ExprPtr right);

}  // namespace baton::syntax
