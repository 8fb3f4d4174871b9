// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How does the master's id get into words of the tree besides the one that its header has?
//
// A property that is the master's id (`tree.property "/chosen" "fdtbootcpu" = master.physical_id`) is a big-endian word at
// a fixed place of the placed tree. One such word is the body's own business (body.h searches for the shortest way); each
// further one is an address and a store here.
//
//   words {0x1020140}, ids below 256  ->  lis r9,0x102 ; stb r3,0x143(r9)
#pragma once

#include "trampoline/body.h"

namespace baton::trampoline {

/// Fails when the master's registers leave none to do it with.
Result<Part> store_more_ids(const MasterGoals& goals);

}  // namespace baton::trampoline
