// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Syntax trees by handoff. See handoff_clauses.h.
#include "model/handoff_clauses.h"

namespace baton::model {

HandoffClauses::HandoffClauses(const std::vector<syntax::File>& files) {
  for (const auto& file : files)
    for (const auto& d : file.declarations)
      if (d.kind == syntax::Declaration::Kind::kHandoff) written_[{d.name_span.file, d.name_span.begin}] = &d;
}

const std::vector<syntax::Clause>& HandoffClauses::of(const Handoff& handoff) const {
  return handoff.merged ? *handoff.merged : written_.at({handoff.name_span.file, handoff.name_span.begin})->clauses;
}

}  // namespace baton::model
