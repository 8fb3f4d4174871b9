// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `baton init`: which program does a new convention, or a new handoff, begin with?
//
// What is written compiles as it stands and explains itself in comments. A handoff is tried before it is written:
// where its kernel and initrd exist, `baton build` of it works, or nothing is written and the findings say why.
#pragma once

#include "driver/options.h"

namespace baton::driver {

int init(const Options& options);

}  // namespace baton::driver
