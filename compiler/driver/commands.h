// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function per command; run() picks it. Results go to standard output, findings to standard error.
#pragma once

#include "driver/options.h"

namespace baton::driver {

int run(const Options& options);

}  // namespace baton::driver
