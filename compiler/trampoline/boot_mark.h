// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How does a tree without a field for the boot CPU come to name the one that hands over?
//
// The compiler has prepared one byte for each CPU (emit/tree_blob.h); the CPU that runs the stub stores into its
// own. Where that is follows from the id: CPUs are told apart by runs in which a place is a multiple of the id
// away from a fixed address. One run is the rule, and then nothing is compared: nodes of equal content lie at
// equal distances. Each further run costs one comparison and a branch; there is no loop and no table. An id that
// the machine is not said to have is not looked for.
//
//   ids 0..3, 0x9c bytes apart:  mulli r9,r3,0x9c ; addis r9,r9,0x1000 ; stb r5,0x1f7(r9)
#pragma once

#include "trampoline/body.h"

namespace baton::trampoline {

/// CPUs whose place is `base` + (id >> `shift`) * `step`.
struct MarkRun {
  uint32_t first = 0, last = 0;  // ids
  unsigned shift = 0;
  int64_t step = 0;  // of one CPU alone: 0
  uint64_t base = 0;
};

/// As few as it takes when each is made as long as it can be, from the lowest id on.
std::vector<MarkRun> mark_runs(const std::vector<MarkStore::Place>& places);

/// Fails when the master's registers leave too few to do it with.
Result<Part> mark_boot_cpu(const MasterGoals& goals);

}  // namespace baton::trampoline
