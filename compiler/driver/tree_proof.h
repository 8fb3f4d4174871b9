// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Has the tree that is about to be written the properties that the taker needs in it?
//
// Each need is looked up in the blob, read again, and its value is computed anew from the clause. What only the stub can
// fill in is its store's business: here it must have the room, and the goals of the master get the word.
//
//   "epapr.boot@1: tree.property cpu \"cpu-release-addr\" = slot.address": proved, in 4 nodes
#pragma once

#include "driver/pipeline.h"

namespace baton::driver {

/// Properties that are the master's id, as words that the master must have stored.
void add_id_properties(const Compilation& c, const contract::Boundary& to, verify::Goals& goals);

/// One obligation for each need that the tree meets by itself.
void judge_tree_needs(const Compilation& c, const contract::Boundary& to, const verify::Loaded& loaded, verify::Verdict& verdict);

}  // namespace baton::driver
