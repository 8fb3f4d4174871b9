// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `baton diff`: what does a change to a convention break, or what did another build of a handoff come to?
//
// Which of the two is asked shows in what is named: programs, folders of programs or conventions; or outputs of two
// builds. This file reads the command line and picks the exit code; what is compared is contract/diff.h and
// diff_builds.h, and how it is shown is report/contract_diff.h and report/build_diff.h.
//
//   baton diff linux.kexec@2008 linux.kexec@2013; baton diff --against git:main stdlib; baton diff out.old out
#pragma once

#include "driver/options.h"

namespace baton::driver {

/// kOk: nothing changed in meaning; kChanges: it did, and breaks nobody; kFindings: it breaks somebody.
int diff(const Options& options);

}  // namespace baton::driver
