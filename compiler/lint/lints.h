// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which checks go beyond right and wrong, what does each look at, and which are made unasked?
//
// One row per check: code (slug, severity and title stand in the catalogue), whether it is made without being
// asked for, what it looks at, one line for the reference, and the function that finds it. Rows without a
// function are found by another phase; they stand here because `-W` and waivers treat them alike. LINTS.md and
// `baton explain --lints` are printed from this table.
//
//   find(Code::magic_number)->sees == Sees::kInputs
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lint/subject.h"

namespace baton::lint {

enum class Sees {
  kProgram,  // the text alone
  kInputs,   // besides, input files where they are there already
  kBuild     // found by a later phase of a build
};
const char* to_text(Sees sees);

struct Lint {
  diagnostics::Code code;
  bool by_default;
  Sees sees;
  std::string_view doc;
  void (*find)(const Subject&, Findings&);  // null: another phase reports it
};

/// In ascending order of codes.
const std::vector<Lint>& lints();
const Lint* find(diagnostics::Code code);

/// compiler/lint/LINTS.md
std::string lint_reference_markdown();
/// A line per check; and the same as a JSON document.
std::string lint_table_text();
std::string lint_table_json();

// conventions.cpp
void find_unusable_promises(const Subject&, Findings&);
void find_unsourced_claims(const Subject&, Findings&);
void find_redundant_clauses(const Subject&, Findings&);
void find_overlapping_heads(const Subject&, Findings&);
void find_stable_on_experimental(const Subject&, Findings&);
void find_odd_supersedes(const Subject&, Findings&);
// order.cpp
void find_delays(const Subject&, Findings&);
void find_implied_edges(const Subject&, Findings&);
void find_unbounded_waits(const Subject&, Findings&);
// images.cpp
void find_delay_loops(const Subject&, Findings&);
// handoffs.cpp
void find_incidental_reliance(const Subject&, Findings&);
void find_unknown_stacks(const Subject&, Findings&);
void find_redundant_in_handoffs(const Subject&, Findings&);
// names.cpp
void find_shadowed_names(const Subject&, Findings&);
void find_unused_ranges(const Subject&, Findings&);
void find_unused_names(const Subject&, Findings&);
void find_unused_segments(const Subject&, Findings&);
void find_unused_uses(const Subject&, Findings&);
void find_undocumented(const Subject&, Findings&);
// values.cpp
void find_flag_accesses(const Subject&, Findings&);
void find_magic_numbers(const Subject&, Findings&);
void find_half_pairs(const Subject&, Findings&);

}  // namespace baton::lint
