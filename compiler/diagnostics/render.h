// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How do findings leave the compiler: as text for people, as JSON for programs?
//
// Both forms list the diagnostics in the order they were reported. The text quotes the program with both
// sides of a finding underlined, `^` for the place to look at and `-` for the others, and ends in a line of
// counts. Whether colour is wanted (a terminal, and no NO_COLOR) is decided by the caller. What the renderer
// adds is ASCII; what it quotes is the user's own text, with control characters written out as \xNN, so
// that no input drives a terminal. The JSON form is described by diagnostics.schema.json.
//
//   error[BT2001 unknown-clause]: unknown clause `ensure`
//    --> boot.baton:4:3
//     |
//   4 |   ensure master {
//     |   ^^^^^^ a clause of a convention is wanted here
//     = help: write `ensures`
#pragma once

#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"

namespace baton::diagnostics {

struct TextStyle {
  bool colour = false;
  /// Columns a quoted line may take; a longer one is cut around what is underlined.
  unsigned width = 100;
};

/// Empty for no diagnostics; otherwise ends in the line of counts.
std::string render_text(const std::vector<Diagnostic>& diagnostics, const source::SourceSet& sources,
                        const TextStyle& style = {});

/// One document, ending in a newline; `{"format": 1, "diagnostics": []}` for none.
std::string render_json(const std::vector<Diagnostic>& diagnostics, const source::SourceSet& sources);

/// "2 errors, 1 warning"; empty for none.
std::string summary(const std::vector<Diagnostic>& diagnostics);

/// "error", "warning" or "info".
const char* to_text(Severity severity);

}  // namespace baton::diagnostics
