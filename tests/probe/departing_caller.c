/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Does the C header of departing code say what its registers hold? The call as a kernel makes it; the compiler
 * chooses the registers.
 *
 *   leave_by_c(stack_end, stub, 0xa000002, 2, hook, 4096)
 */
#include "leave.h"

void leave_by_c(unsigned long stack, unsigned long start, unsigned long pages, unsigned long id, void (*clear)(void),
                unsigned long page_size) {
  baton_leave(stack, start, pages, id, clear, page_size);
}
