// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The master's straight-line way from the stub to the taker, as short as it can be made.
//
// See synthesize.h for where a body stands; this file is the search itself. The result is position
// dependent only in its last branch, which names its target relative to the start of the stub.
//
//   shortest_body(goals, start, offset) -> addis r9,r4,0x10; stw r3,28(r9); mr r3,r9; ...
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ppc64/instruction.h"
#include "trampoline/goals.h"

namespace baton::trampoline {

struct Step {
  ppc64::Instruction instruction;
  std::string clause;
  std::optional<Endian> order = {};  // the giver's, if it has none
};

/// A loop in a part, for the judge, who cannot run all of a long one.
struct PartLoop {
  size_t step = 0;  // its first instruction
  uint64_t turns = 0, bytes = 0;  // of memory, in each turn
};

/// What a stub does before its body: a call of firmware, a copy.
struct Part {
  std::vector<Step> steps;
  size_t executed = 0;  // instructions on the way that goes on, loops turned out
  MasterGoals after;    // what is left for the body, and what it may count on
  std::vector<PartLoop> loops = {};
};

/// The body that starts `offset` bytes into the stub placed at `start`.
Result<std::vector<Step>> shortest_body(const MasterGoals& goals, uint64_t start, uint64_t offset);

}  // namespace baton::trampoline
