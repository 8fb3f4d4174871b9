// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is built of a handoff that departs by a call, and what can be said of it?
//
// The text, the object and the C header of its functions; no table, bundle or map, since nothing is placed. The
// prover runs the object's own code: the master over page lists that are made up here, with a hook that looks at
// what has happened when it is called; a slave before and after the release. What no number of trials shows
// (any page list, the caller's memory map, the caller's hook) is listed as assumed.
//
//   leave.S leave.o leave.h leave.d
#pragma once

#include "driver/outputs.h"

namespace baton::driver {

/// Assembles what close_gap made; false after a report.
bool assemble_departure(Compilation& c);

Outputs departure_outputs(const Compilation& c);

/// As verify_outputs.
bool verify_departure(Compilation& c);

}  // namespace baton::driver
