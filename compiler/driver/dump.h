// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What did a phase make? As JSON, or as text that can be read again.
#pragma once

#include <string>

#include "driver/pipeline.h"

namespace baton::driver {

/// The value of the last run of a phase; empty when it did not run.
std::string dump_phase(Compilation& c, Phase phase);
std::string dump_machine(const model::Machine& machine);

}  // namespace baton::driver
