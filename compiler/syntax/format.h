// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How is a Baton file laid out?
//
// In one style: two blanks per block, one clause per line, lines of at most 100 columns where a clause
// can be broken, four more blanks for what is continued. A block that stood on one line and fits stays
// there. At most one empty line is kept between clauses, none at the ends of a block. Comments stay where
// they are, on their own line or behind what they follow; those behind neighbouring clauses begin in one
// column. Words are never changed: the sequence of tokens is the same before and after, and formatting
// twice is formatting once.
//
//   format(sources, id) of "let a=1 ;" -> "let a = 1;\n"
#pragma once

#include <string>

#include "base/result.h"
#include "source/source.h"

namespace baton::syntax {

inline constexpr size_t kFormatColumns = 100;

/// Fails, with the first message, for a file that does not parse.
Result<std::string> format(const source::SourceSet& sources, source::FileId file);

/// A clause on one line, up to its `;`: blanks merged, comments left out.
std::string one_line(std::string_view clause);

}  // namespace baton::syntax
