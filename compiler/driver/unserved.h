// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a handoff ask for that this release checks and plans, and does not build?
//
// One entry for each clause whose bytes or instructions a later release must bring: the bytes of a core header,
// `build` refuses each by name before it reads a file; `plan` shows each with its addresses. Whatever is not listed here
// is built.
//
//   segment core = elfcorehdr { .. }  ->  {"segment core = elfcorehdr", "the bytes of a core header"}
#pragma once

#include <string>
#include <vector>

#include "driver/pipeline.h"

namespace baton::driver {

std::vector<Unserved> find_unserved(const model::Handoff& handoff);

/// Reports each as an error.
void report_unserved(Compilation& c);

/// What stands where, for the plan: one line each.
std::vector<std::string> details_of(const Compilation& c, const Unserved& unserved);

}  // namespace baton::driver
