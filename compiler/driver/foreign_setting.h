// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where does a stub that others wrote stand, and what lies around it?
//
// Either a handoff says it: the stub then takes the place of the trampoline that Baton would have written, and image,
// tree and machine are the real ones. Or only two conventions are named: then there is a machine of ordinary size, and
// image and tree are memory of which nothing is known but where it is. The command line may say where.
//
//   set_up_foreign(c, options, code)  ->  c.layout with addresses, c.gap with both boundaries, code as it is loaded there
#pragma once

#include <optional>

#include "driver/pipeline.h"
#include "inputs/foreign_code.h"

namespace baton::driver {

/// What only two conventions leave open. `name` is what the user calls it.
struct StatedMachine {
  const char* name;
  const char* what;
  const char* clauses;
};
const std::vector<StatedMachine>& stated_machines();

/// The stub, loaded at its place; nullopt after a report.
std::optional<inputs::ForeignCode> set_up_foreign(Compilation& c, const Options& options);

}  // namespace baton::driver
