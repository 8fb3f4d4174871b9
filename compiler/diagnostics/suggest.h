// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How is a user told which name was probably meant?
//
// Where a name is looked up and not found, the nearest of the names that there are is said beside it, and offered
// as a fix. What counts as near is did_you_mean's (diagnostic.h). That it is not looked for in a text without end
// is the caller's business: Sink::wants_suggestions.
//
//   suggest(report, "devicetre", kinds, word.span)  ->  at the word: did you mean `devicetree`?
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "diagnostics/diagnostic.h"

namespace baton::diagnostics {

using Names = std::vector<std::string_view>;

/// "did you mean `near`?"
std::string meant_text(std::string_view near);

/// Says it at the diagnostic's place, with a fix that writes it over `place`. What it answers is empty if none is near,
/// and nothing was said.
std::string_view suggest(Diagnostic& d, std::string_view wanted, const Names& names, source::Span place);

/// The same as a note, where nothing in a file can be fixed.
std::string_view suggest_in_note(Diagnostic& d, std::string_view wanted, const Names& names);

/// The same as a failure's way out.
void suggest(Failure& failure, std::string_view wanted, const Names& names);

}  // namespace baton::diagnostics
