// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does firmware do when a stub calls it?
//
// Firmware is not ours to execute: a call is taken by its contract. It is named here with what it needs, what it
// changes and what it leaves unknown; a call that is not in the table stops the judgement by name. Its answer is
// chosen by who asks for a verdict: once 0, and once each way of refusing.
//
//   H_SET_MODE(0, 4, 0, 0), answer 0: interrupts big-endian; r3 = 0; r0, r4..r12, ctr, xer, cr unknown
//
// Known are: H_SET_MODE for the byte order of interrupts, H_PUT_TERM_CHAR; OPAL_REINIT_CPUS for that order, OPAL_CONSOLE_WRITE,
// OPAL_POLL_EVENTS.
//
// Sources: LoPAPR 14.5.3, and Linux Documentation/arch/powerpc/papr_hcalls.rst; asm/hvcall.h; asm/opal-api.h;
// skiboot doc/opal-api.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/address.h"
#include "verify/value.h"

namespace baton::verify {

struct Machine;

/// The byte orders that interrupts may be taken in: 0 big, 1 little; empty when nothing is known.
using InterruptOrders = std::set<unsigned>;

struct Firmware {
  bool papr = false;                  // answers `sc 1`
  std::optional<Address> opal_entry;  // and OPAL where it is called, with its base in r2
  uint64_t opal_base = 0;
  Value answer;                       // of every call: 0, "done"

  /// Every answer but 0, in groups that cover them; those that only ask to try again are among them.
  struct Answer {
    const char* name;
    Value value;
  };
  const std::vector<Answer>& refusals() const;
};

/// Answers the call that the machine makes by `sc 1`, or by having come to OPAL's entry. On failure what was wrong
/// with it: "calls H_ENTER (r3 = 0x8), which is not known here".
std::optional<std::string> call_papr(Machine& machine);
std::optional<std::string> call_opal(Machine& machine);

}  // namespace baton::verify
