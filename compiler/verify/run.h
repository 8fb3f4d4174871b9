// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is one run of a stub, with a number for everything that is open?
//
// The judge reasons about all runs at once. To be shown on a machine, what it refutes has to be one run: how the CPU and
// memory begin, and how the judge says that they end. Of an end that a machine has come to, judge_end says what the judge
// would say of its own: obligations in the order of verify_entry's, without those that no state shows (instruction caches).
//
//   Run run = run_with({loaded, from, to, Endian::kBig}, numbers);  run.end.gpr[3].constant() == 0x5
#pragma once

#include <memory>
#include <vector>

#include "verify/machine.h"
#include "verify/verify.h"

namespace baton::verify {

/// What verify_entry is asked.
struct Question {
  const Loaded& loaded;
  EntryState from;
  const Goals& to;
  Endian giver = Endian::kBig;
};

enum class RunEnd {
  kArrives,  // at the target
  kLeaves,   // `end.pc` is where no code may run
  kFaults,   // the instruction at `end.pc` traps, or does not exist for this CPU in this state
  kStays,    // the instruction at `end.pc` is a branch to itself
  kCircles,  // it comes to `end.pc` again and again, and changes nothing
  kUnreached,  // the instruction at `end.pc` accesses memory that the machine does not have there
  kStale,    // the word at `end.pc` may be fetched as it was before it was stored
  kUnknown,  // the judge does not know how it goes on
};

struct Run {
  Machine entry, end;
  RunEnd how = RunEnd::kUnknown;
  std::vector<Address> executed;  // the first 4096
  std::vector<Obligation> obligations;
};

Run run_with(const Question& question, std::shared_ptr<const Assignment> numbers);

/// As if `end` were at the target; it has the memory of the run's entry with what was stored since.
std::vector<Obligation> judge_end(const Question& question, std::shared_ptr<const Assignment> numbers, const Machine& end);

}  // namespace baton::verify
