// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of checks, and the ways in which it is printed. See lints.h.
#include "lint/lints.h"

#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include "diagnostics/render.h"

namespace baton::lint {

using diagnostics::Code;

const char* to_text(Sees sees) {
  switch (sees) {
    case Sees::kProgram: return "program";
    case Sees::kInputs: return "inputs";
    case Sees::kBuild: return "build";
  }
  return "";
}

const std::vector<Lint>& lints() {
  constexpr bool kOn = true, kOff = false;
  // clang-format off
  static const std::vector<Lint> kLints = {
    {Code::needless_trampoline, kOn, Sees::kBuild, "the giver's promise entails the taker's need: the image can be entered itself", nullptr},
    {Code::image_oddity, kOn, Sees::kBuild, "an ELF file whose physical addresses disagree with its virtual ones", nullptr},
    {Code::waiver_without_reason, kOn, Sees::kProgram, "`// allow(SLUG)` without `: reason`; it silences nothing", nullptr},
    {Code::unknown_waiver, kOn, Sees::kProgram, "`// allow(SLUG): ...` of a slug that does not exist, or of an error", nullptr},
    {Code::unused_waiver, kOn, Sees::kProgram, "a comment or an `allow` clause where its check finds nothing", nullptr},
    {Code::delay_as_barrier, kOn, Sees::kInputs, "an entered image that waits by counting, or an order after `slaves_arrived` without a handshake", find_delays},
    {Code::incidental_reliance, kOn, Sees::kProgram, "every `relies on incidental`: the next version of the giver may differ", find_incidental_reliance},
    {Code::unusable_promise, kOn, Sees::kProgram, "slaves where none arrive, trees without a role, a neutral landing without one, incidentals of what is only entered", find_unusable_promises},
    {Code::unsourced_claim, kOn, Sees::kProgram, "a source that names nothing, a loader without one, a check of the compiler's own without `because`", find_unsourced_claims},
    {Code::redundant_clause, kOn, Sees::kProgram, "an override, place, check, assertion or reliance that changes nothing", find_redundant_clauses},
    {Code::shadowed_name, kOn, Sees::kProgram, "a parameter or segment called like a `let`, a range called like a fact", find_shadowed_names},
    {Code::implied_order_edge, kOn, Sees::kProgram, "an order of two events that the convention's other edges imply", find_implied_edges},
    {Code::unbounded_wait, kOn, Sees::kProgram, "a need for slaves where they are `unknown`, or after a crash", find_unbounded_waits},
    {Code::unknown_stack, kOn, Sees::kProgram, "a stack pointer that is needed where the giver states no size", find_unknown_stacks},
    {Code::flag_access, kOn, Sees::kProgram, "words off their alignment, pokes in the wrong byte order, cells of the wrong width", find_flag_accesses},
    {Code::overlapping_head, kOn, Sees::kProgram, "words, landing, first instruction and byte ranges that claim the same bytes", find_overlapping_heads},
    {Code::unused_range, kOn, Sees::kProgram, "a region that nothing names, a reserve where there is no memory", find_unused_ranges},
    {Code::unused_name, kOn, Sees::kProgram, "a parameter, and in a file with a handoff a `let`, machine, loader or convention", find_unused_names},
    {Code::unused_segment, kOn, Sees::kProgram, "a segment without a place of its own that is not entered, bound or named", find_unused_segments},
    {Code::magic_number, kOn, Sees::kInputs, "an address or range in a handoff that is a fact of its machine", find_magic_numbers},
    {Code::stable_on_experimental, kOn, Sees::kProgram, "`status stable` on what extends an experimental convention", find_stable_on_experimental},
    {Code::odd_supersedes, kOn, Sees::kProgram, "a convention that supersedes itself or a later version, or two that supersede each other", find_odd_supersedes},
    {Code::half_pair, kOn, Sees::kProgram, "`linux,initrd-start` without `linux,initrd-end`, or the reverse", find_half_pairs},
    {Code::unused_use, kOn, Sees::kProgram, "in a file with a handoff, a `use` of which it names nothing", find_unused_uses},
    {Code::undocumented, kOff, Sees::kProgram, "a convention, loader or handoff without a `///` comment", find_undocumented},
    {Code::remap_without_copy, kOn, Sees::kBuild, "a `remap` of a core header that no copy of the entered stub makes true", nullptr},
  };
  // clang-format on
  return kLints;
}

const Lint* find(Code code) {
  for (const Lint& lint : lints())
    if (lint.code == code) return &lint;
  return nullptr;
}

std::string lint_reference_markdown() {
  std::string text =
      "# Lints\n\n"
      "Generated from the table in lints.cpp by `baton dump lints`; do not edit. `baton explain SLUG` has a failing and\n"
      "a corrected example of each.\n\n"
      "*Sees*: `program` is the text alone; `inputs` also reads files of the handoff that are there already; `build` is\n"
      "found by a later phase of `baton build` or `baton plan`. *Unasked*: whether it is made without `-W SLUG`.\n\n"
      "| Code | Slug | Severity | Sees | Unasked | Finds |\n|---|---|---|---|---|---|\n";
  for (const Lint& lint : lints()) {
    const auto& entry = diagnostics::entry(lint.code);
    text += "| " + to_text(lint.code) + " | `" + std::string(entry.slug) + "` | " +
            diagnostics::to_text(entry.severity) + " | " + to_text(lint.sees) + " | " +
            (lint.by_default ? "yes" : "no") + " | " + std::string(lint.doc) + " |\n";
  }
  return text;
}

std::string lint_table_text() {
  size_t width = 0;
  for (const Lint& lint : lints()) width = std::max(width, diagnostics::entry(lint.code).slug.size());
  std::string text;
  for (const Lint& lint : lints()) {
    const auto& entry = diagnostics::entry(lint.code);
    std::string severity = diagnostics::to_text(entry.severity);
    text += to_text(lint.code) + "  " + std::string(entry.slug) + std::string(width - entry.slug.size(), ' ') + "  " +
            severity + std::string(7 - severity.size(), ' ') + "  " + (lint.by_default ? "on " : "off") + "  " +
            std::string(lint.doc) + "\n";
  }
  return text;
}

std::string lint_table_json() {
  std::string text;
  llvm::raw_string_ostream stream(text);
  {
    llvm::json::OStream json(stream, 2);
    json.object([&] {
      json.attribute("format", 1);
      json.attributeArray("lints", [&] {
        for (const Lint& lint : lints())
          json.object([&] {
            const auto& entry = diagnostics::entry(lint.code);
            json.attribute("code", to_text(lint.code));
            json.attribute("slug", std::string(entry.slug));
            json.attribute("severity", diagnostics::to_text(entry.severity));
            json.attribute("sees", to_text(lint.sees));
            json.attribute("default", lint.by_default);
            json.attribute("title", std::string(entry.title));
            json.attribute("finds", std::string(lint.doc));
          });
      });
    });
  }
  stream << '\n';
  stream.flush();
  return text;
}

}  // namespace baton::lint
