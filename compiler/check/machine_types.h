// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Has every fact that a machine states the type it must have?
//
// Facts get their values when a machine is built, from its tree and its clauses (inputs/machine.h). Their types
// are known before, and so are most values: a wrong one is said without opening a file. Those that depend on other facts
// are judged when the machine is built.
//
//   machine m { page = "big"; }   ->   this needs a size, not a string
#pragma once

#include "diagnostics/diagnostic.h"
#include "model/program.h"

namespace baton::check {

/// The lets of the program are known by now.
void check_machine_types(const model::Program& program, diagnostics::Sink& sink);

}  // namespace baton::check
