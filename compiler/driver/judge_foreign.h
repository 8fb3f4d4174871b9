// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does a stub that others wrote do what two conventions ask of it?
//
// The command `verify`: the stub's own bytes, at their place, are asked what the prover asks of a stub that Baton wrote.
// What it cannot be asked (what the loader or the machine has to bring about) is listed as assumed.
//
//   judge_foreign(options)  ->  the table on standard output, what is refuted or unknown as findings
#pragma once

#include "driver/options.h"

namespace baton::driver {

int judge_foreign(const Options& options);

}  // namespace baton::driver
