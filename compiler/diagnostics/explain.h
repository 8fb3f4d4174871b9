// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a code mean, beyond the line that was printed?
//
// Each code has a page, explain/BTnnnn.md: what happened, what it does on the hardware, a program that
// yields it and one that does not. Pages are Markdown, embedded into the program when it is built, without
// the comments that tell the tests how to run the examples. Nothing is formatted here.
//
//   explain_page(Code::missing_semicolon) -> "# BT0004 missing-semicolon\n\n..."
#pragma once

#include <optional>
#include <string_view>

#include "diagnostics/diagnostic.h"

namespace baton::diagnostics {

/// The page of a code, ending in a newline; nullopt if it has none (a test holds that every code has).
std::optional<std::string_view> explain_page(Code code);

}  // namespace baton::diagnostics
