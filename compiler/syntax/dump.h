// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What did the parser read? The syntax tree as JSON, for `--dump=parse` and for tools.
//
// Every object carries its place as "at": [line, column, end line, end column], 1-based, columns in bytes, the
// end behind the last byte. Numbers that may pass 2^53 are hexadecimal strings. The order of keys and
// members is that of the text, so equal files give equal bytes. Text that can be parsed again is the
// formatter's (format.h).
//
//   {"clause":"align","at":[3,5,3,17],"arguments":[{"size":"0x10000","at":[3,11,3,16]}]}
#pragma once

#include <string>

#include "source/source.h"
#include "syntax/ast.h"

namespace baton::syntax {

/// Ends in a line feed; two blanks per level.
std::string dump_json(const File& file, const source::SourceSet& sources);

/// One expression on one line with every operator's reach in parentheses: `(a == (b except c))`.
std::string to_text(const Expr& expr);

}  // namespace baton::syntax
