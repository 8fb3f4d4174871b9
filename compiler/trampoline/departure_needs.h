// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does the taker ask of departing code, and in which order is it done?
//
// Reads the obligations of a gap whose giver is left by a call: which values the call passes, which needs the code has to
// bring about, which events these are, and an order of them that is a line through the taker's own. What departing code
// cannot do is refused at the clause that needs it. It writes no instruction: departure.cpp does.
//
//   to linux.kexec@2008: needs `mode real` (real), `msr EE = 0` (off), and 7 events, the release before the hash table
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "trampoline/departure.h"

namespace baton::trampoline {

struct RegisterNeed {
  const contract::Claim* need;
  bool entailed;
};

/// The needs that have instructions, by what is done; null where nothing has to be.
struct DepartureNeeds {
  std::map<std::string, std::string> events;  // and the edge that brings each in, if none of the needs does
  std::vector<RegisterNeed> registers, slave_registers;
  const contract::Claim *enter = nullptr, *slave_enter = nullptr, *off = nullptr, *slave_off = nullptr, *real = nullptr,
                        *slave_real = nullptr, *slave_big = nullptr, *placed = nullptr, *cleared = nullptr,
                        *coherent = nullptr, *head = nullptr;
};

/// Also fills in `departure`: its arguments, events, landing and head. nullopt after a report.
std::optional<DepartureNeeds> read_departure_needs(const placement::Layout& layout, const contract::Boundary& from,
                                                   const contract::Gap& gap, Departure& departure,
                                                   diagnostics::Sink& sink);

/// The argument of the master's call that holds this value, or null.
const CallArgument* passed_as(const Departure& departure, const model::Value& value);
std::optional<std::string> symbol_of(const model::Value& value);
std::optional<uint64_t> number_of(const model::Value& value);

void refuse_departure(const placement::Layout& layout, const contract::Claim& need, const std::string& why,
                      const std::string& way_out, diagnostics::Sink& sink);

}  // namespace baton::trampoline
