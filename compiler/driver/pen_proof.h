// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does the pen that the stub makes keep the taker's slaves, where the tree says they are?
//
// The slots are taken from the tree as it is about to be written, where it tells of them (`slot.address`), so that what
// the taker reads and what its slaves poll are held against each other; each slave is then judged by itself
// (verify/pen.h). What the slaves run and poll has to be covered by the tree's reserve map.
//
//   "a slave: each slave polls its own slot alone", proved, and one obligation for each thing that holds when it leaves
#pragma once

#include "driver/pipeline.h"

namespace baton::driver {

/// `slave` and `goals` are the entry state and the needs of a slave, its target left open.
void judge_pen(const Compilation& c, const trampoline::ClosedOrder& order, const verify::Loaded& loaded,
               const verify::EntryState& slave, verify::Goals goals, verify::Verdict& verdict);

}  // namespace baton::driver
