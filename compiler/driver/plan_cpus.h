// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where does each CPU go, and who waits for whom?
//
// One CPU is the master, whichever it is. What becomes of the others follows from the giver's `arrival`, which may be the
// machine's to say, and from the means by which slaves get to the taker. A stub waits for none of them, ever.
//
//   arrival arriving, slaves by relay  ->  others: come to 0x60, go by one branch to the pen at 0x1010064, and on to 0x60
//   of the taker's own head once that is there
#pragma once

#include "driver/pipeline.h"
#include "report/plan.h"

namespace baton::driver {

report::PlanCpus cpus_of(const Compilation& c);

}  // namespace baton::driver
