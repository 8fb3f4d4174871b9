// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See suggest.h.
#include "diagnostics/suggest.h"

namespace baton::diagnostics {

std::string meant_text(std::string_view near) { return "did you mean `" + std::string(near) + "`?"; }

std::string_view suggest(Diagnostic& d, std::string_view wanted, const Names& names, source::Span place) {
  auto near = did_you_mean(wanted, names);
  if (!near.empty()) d.at(meant_text(near)).fix(place, std::string(near));
  return near;
}

std::string_view suggest_in_note(Diagnostic& d, std::string_view wanted, const Names& names) {
  auto near = did_you_mean(wanted, names);
  if (!near.empty()) d.note(meant_text(near));
  return near;
}

void suggest(Failure& failure, std::string_view wanted, const Names& names) {
  if (auto near = did_you_mean(wanted, names); !near.empty()) failure.way_out = meant_text(near);
}

}  // namespace baton::diagnostics
