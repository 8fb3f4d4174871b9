// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The words of a clause `tree.property`. See tree_property.h.
#include "model/tree_property.h"

#include <string_view>

namespace baton::model {
namespace {

/// The word behind path and name, or nothing.
bool says(const Clause& clause, std::string_view word) { return clause.words.size() > 2 && clause.words[2] == word; }

}  // namespace

bool of_cpus(const Clause& clause) { return clause.words[0] == kCpuNodes; }
bool is_absent(const Clause& clause) { return says(clause, "absent"); }
bool is_not(const Clause& clause) { return says(clause, "not"); }
bool is_limit(const Clause& clause) { return says(clause, "most"); }

}  // namespace baton::model
