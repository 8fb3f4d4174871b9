// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does the program itself ask not to be told, and why?
//
// Two forms: the comment `// allow(SLUG): reason`, for the line it ends, or for the next line of code when it
// has a line to itself; and the clause `allow SLUG because "...";`, for all of its handoff. A comment may name
// several slugs. A waiver without a reason is reported and does nothing.
//
//   relies on incidental ile;  // allow(incidental-reliance): the guest boots with disable_radix
#pragma once

#include "diagnostics/policy.h"
#include "lint/subject.h"

namespace baton::lint {

/// Adds every waiver of the program's judged files to the policy; reports those that are none.
void read_waivers(const Subject& subject, diagnostics::SeverityPolicy& policy, Findings& found);

}  // namespace baton::lint
