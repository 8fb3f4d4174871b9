// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does one clause of `ensures` or `expects` state?
//
// One function per family, each reading the shape that the clause table shows. A clause may state several
// things (`msr SF = 1, EE = 0`): each becomes a model clause with a key of its own.
//
//   `r4 in { image.base, 0 };`  ->  Clause{kRegister, key "r4", values [{image.base, 0}]}
#pragma once

#include <vector>

#include "check/reader.h"
#include "model/program.h"

namespace baton::check {

/// The clauses that `reader`'s clause states; empty after a report. With `key_only` (for `drop`) the
/// clause names its key and needs no value.
std::vector<model::Clause> read_contract_clause(ClauseReader& reader, model::Section section,
                                                bool key_only, const source::SourceSet& sources,
                                                diagnostics::Sink& sink);

}  // namespace baton::check
