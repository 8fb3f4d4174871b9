// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does one instruction do to the machine?
//
// One case per row of the table of encodings (Power ISA 3.0B; the MSR rules of rfid, hrfid and mtmsrd:
// Book III 3.3.1 and 5.4.4). What depends on something that is not known, or lies outside this
// machine (interrupts, reservations, translation), is not guessed: step() says what it was.
//
//   step(m).kind == Step::Kind::kWent; m.pc is the next instruction's address
#pragma once

#include <string>

#include "verify/machine.h"

namespace baton::verify {

struct Step {
  enum class Kind {
    kWent,     // executed; pc is where execution goes on
    kWrong,    // certainly not what a stub may do: traps, faults, goes nowhere
    kUnknown,  // outside what this machine can tell
    kForks,    // depends on `condition`: nothing was executed; decide it, and step again
  };
  Kind kind = Kind::kWent;
  std::string reason;
  Atom condition = kUnknownAtom;
  Value open = {};  // unknown because of this value, which is no number: an address, or CTR
  bool stays = false;  // wrong because it is a branch to itself: who waits may do that
  bool endless = false;  // wrong because it goes around for longer than anybody waits
  bool stale = false;  // wrong because of what an instruction cache may hold
  bool unreached = false;  // wrong because of how much memory the machine has
};

/// "Power ISA 2.07", of 207.
std::string isa_text(unsigned level);

/// Fetches at pc in the byte order of MSR[LE], decodes, executes. At OPAL's entry the whole call is one step.
Step step(Machine& machine);

}  // namespace baton::verify
