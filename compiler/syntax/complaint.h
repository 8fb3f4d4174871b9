// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Why can this clause, header or line not go on at this token?
//
// The parser knows where it stopped; this turns the place and its neighbours into one message. It does
// not guess what was meant beyond the nearest sign, and reports exactly once.
//
//   `convention linux.kexec { }`  ->  "`convention linux.kexec` needs a version: NAME@N"
#pragma once

#include <vector>

#include "diagnostics/diagnostic.h"
#include "syntax/tokens.h"

namespace baton::syntax {

/// The piece is [first, last); the parser stopped at `stop`, where `last` means that it is incomplete.
void complain(const std::vector<Token>& tokens, size_t first, size_t last, size_t stop,
              source::FileId file, const source::SourceSet& sources, diagnostics::Sink& sink);

}  // namespace baton::syntax
