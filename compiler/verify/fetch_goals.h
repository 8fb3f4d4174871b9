// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What must be so of instruction fetches when the taker is entered, and was it?
//
// Turns the goals' code and words into questions to coherence.h, and its answers into obligations. Code of the taker
// that this CPU stored must be fetched as stored, by it where it goes and by other CPUs where they go; by those at the
// store that lets them go, already. Words that the taker is to find patched in its image are data. Who was let go by
// another CPU must have dropped what it prefetched.
//
//   watch_fetches(machine.coherence, from, to); ...; judge_fetches(machine.coherence, to, true, verdict.obligations);
#pragma once

#include <vector>

#include "verify/verify.h"

namespace baton::verify {

inline constexpr const char* kFetchClause = "code that was stored is fetched as stored (Power ISA, Book II 1.8)";
inline constexpr const char* kPrefetchClause = "what was prefetched before it is let go is dropped (Power ISA, Book II 1.8)";

/// Before the first instruction.
void watch_fetches(Coherence& coherence, const EntryState& from, const Goals& to);
/// Where it ended: `arrived` at the taker, or elsewhere.
void judge_fetches(const Coherence& coherence, const Goals& to, bool arrived, std::vector<Obligation>& obligations);

}  // namespace baton::verify
