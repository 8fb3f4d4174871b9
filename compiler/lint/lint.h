// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which habits of a program are worth a word, although nothing in it is wrong?
//
// run() makes every check that the options of `-W` ask for, drops what the program waives, and reports what is
// left in source order; last it reports the waivers that silenced nothing. For programs that check() has
// found no error in. Waivers stay in the policy, so that later phases' findings heed them as well.
//
//   lint::run({sources, files, program, main, {}}, policy, sink);
#pragma once

#include "diagnostics/policy.h"
#include "lint/subject.h"

namespace baton::lint {

void run(const Subject& subject, diagnostics::SeverityPolicy& policy, diagnostics::Sink& sink);

}  // namespace baton::lint
