// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How is the gap of a placed handoff closed, and is there one at all?
//
// For each byte order the giver may arrive in: the two conventions are resolved over the final addresses,
// the gap is found, and either nothing is missing (no trampoline), or the stub is synthesized, or the
// reason why it cannot be is reported at the clause that needs it. What the taker's image offers is checked
// against its bytes before it is used.
//
//   close_gap(layout, payloads, sink) -> stub of 6 instructions; obligations, each with its answer
#pragma once

#include <map>
#include <string>

#include "contract/gap.h"
#include "inputs/payload.h"
#include "placement/layout.h"
#include "trampoline/departure.h"
#include "trampoline/synthesize.h"

namespace baton::trampoline {

using Payloads = std::map<std::string, inputs::Payload, std::less<>>;

struct ClosedOrder {
  Endian giver = Endian::kBig;
  contract::Boundary from, to;
  contract::Gap gap;
};

struct Offer {
  std::string clause;
  bool checked = false;  // else assumed
  std::string detail;
  bool vacuous = false;   // nobody needs it here; `detail` says why
  bool of_giver = false;  // expected by the giver of what it enters, not offered by the taker's image
};

struct ClosedGap {
  std::vector<ClosedOrder> orders;
  std::optional<SynthesizedStub> stub;  // absent: the giver enters the taker itself
  bool overlay = false;                 // slaves run the taker's code in the low copy of the stub's head
  std::optional<Digest> digest;         // what the stub checks before it stores anything
  std::vector<MemoryCopy> copies;       // what it copies then
  std::optional<Relay> relay;           // or wait in a pen of the stub until the taker's head is in place
  std::optional<SlavePen> pen;          // or wait at their own slots until the taker lets them go
  bool parked = false;                  // or stay in the low copy of the head, in a branch to itself
  bool departs_by_call = false;         // the stub is code of the giver: functions that it calls
  std::optional<Departure> departure;   // what those are
  bool needless = false;                // a trampoline is entered although nothing is missing without it
  std::vector<Offer> offers;
};

/// Both boundaries in each byte order and what lies between them, with nothing closed: for a stub that others wrote.
std::optional<ClosedGap> open_gap(const placement::Layout& layout, diagnostics::Sink& sink);

std::optional<ClosedGap> close_gap(const placement::Layout& layout, const Payloads& payloads,
                                   diagnostics::Sink& sink);

}  // namespace baton::trampoline
