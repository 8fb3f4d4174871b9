// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a clause `tree.property` say of its property: that it has a value, or what else?
//
//   tree.property "/chosen" "bootargs" at most 512;   is_limit
#pragma once

#include "model/program.h"

namespace baton::model {

bool of_cpus(const Clause& clause);
/// It must not be there; it must not have this value; it must have no more bytes than this.
bool is_absent(const Clause& clause);
bool is_not(const Clause& clause);
bool is_limit(const Clause& clause);

}  // namespace baton::model
