// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does `baton plan` know? Everything a compilation found out, in the report's terms.
#pragma once

#include <string>

#include "driver/outputs.h"
#include "report/plan.h"

namespace baton::driver {

report::PlanReport make_plan(const Compilation& c, const Outputs& outputs);

/// The plan of a compiled and judged handoff, for people.
std::string plan_text(const Compilation& c, const Outputs& outputs);

}  // namespace baton::driver
