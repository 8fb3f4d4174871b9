// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does `baton plan` know? Everything a compilation found out, in the report's terms.
#pragma once

#include "driver/outputs.h"
#include "report/plan.h"

namespace baton::driver {

/// The plan of a compiled and judged handoff.
report::PlanReport make_plan(const Compilation& c, const Outputs& outputs);

}  // namespace baton::driver
