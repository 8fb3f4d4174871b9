// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does departing code do what the taker's convention asks for, run by the judge in small?
//
// A trial gives the code a caller: values of the call, a stack, a page list, a hook, memory that is to be copied, all at
// addresses of a kernel's kind. Then the judge executes the master or a slave, and every need becomes an obligation. The
// hook looks at what is done already when it is called, so that the order is seen as well. Trials show the code on lists of
// three pages and of none; what they cannot show is assumed by name. They run no other CPU at the same time.
//
//   try_departure(c): "pages in two lists, a hook: linux.kexec@2005: r3 = cpu.physical_id" is proved
#pragma once

#include "driver/pipeline.h"

namespace baton::driver {

/// For a compilation whose gap is a departure and whose code is assembled.
verify::Verdict try_departure(const Compilation& c);

}  // namespace baton::driver
