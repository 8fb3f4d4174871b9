// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Is what the machine holds, where the taker is entered, what the goals ask for?
//
// Registers, MSR, interrupts, words, bytes, copies and flags, one obligation each, and the frame: nothing else is written. What
// is not proved carries a claim where one says when it would be, for paths.h and the solver. Instruction fetches are asked in
// fetch_goals.h. Nothing here knows how the machine came there.
//
//   judge_end_state({machine, goals, entry_msr, value_of, names}, verdict.obligations, claims);
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "verify/machine.h"
#include "verify/verify.h"

namespace baton::verify {

/// Where a run ended, and what its terms mean.
struct RunAtEnd {
  Machine& machine;
  const Goals& goals;
  const Value& entry_msr;
  std::function<Value(const Term&)> value_of;
  SymbolNames names;
};

/// Adds an obligation for each goal; and to `claims`, by the obligation's place, what must hold for one that is not proved.
void judge_end_state(const RunAtEnd& end, std::vector<Obligation>& obligations, std::map<size_t, Claim>& claims);

/// Whatever was stored to these bytes, each is certainly what it was at entry. Of what nobody described that is not known.
bool stands_as_at_entry(const Machine& machine, uint64_t address, unsigned width);
/// The first byte outside of these that was stored and does not stand so.
std::optional<uint64_t> first_changed_outside(const Machine& machine, const RangeSet& allowed);
/// The first byte that is other than it was where nothing may be stored, as a sentence.
std::optional<std::string> written_elsewhere(const Machine& machine, const Goals& goals);
inline constexpr const char* kFrameClause = "nothing else is written";
/// " in `stub`", or nothing.
std::string in_region(const Machine& machine, uint64_t address);

}  // namespace baton::verify
