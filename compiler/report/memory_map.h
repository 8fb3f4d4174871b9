// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does memory look like at the handoff, as a picture?
//
// Low addresses first. One box for each stretch with one owner: a segment, the running kernel, a reserve,
// free RAM, or no RAM at all; a box is one to three lines high by the magnitude of its size, not to scale.
// Borders that matter (the end of the RMA) are named where they fall. A long run of boxes that no segment
// touches is folded into one line that counts them.
//
//   0x4000000  +==============================+
//              |             stub             |  trampoline, 64KiB
//   0x4010000  +==============================+
#pragma once

#include <string>

#include "report/plan.h"

namespace baton::report {

/// Each line after `indent` blanks; empty when nothing is known about memory.
std::string memory_map(const PlanReport& plan, size_t indent);

}  // namespace baton::report
