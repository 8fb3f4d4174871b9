/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Does this bundle fit this machine, now?
 *
 * The compiler decided on facts that somebody gave it, perhaps last year, perhaps of another machine.
 * Here every one of them is compared again with what /proc says. The kernel compares little: it
 * takes a segment where no RAM is, and one on top of the firmware. A well-formed bundle is assumed
 * (bundle_check.h); nothing is loaded here.
 *
 *   refused: segment `tree` at 0x7fe0000 ..< 0x7ff0000 hits RTAS at 0x7fe0000 ..< 0x8000000;
 *   take the machine's facts again with `baton-load --facts FILE` and build again
 */
#ifndef BATON_LOAD_FIT_H
#define BATON_LOAD_FIT_H

#include "baton/bundle_check.h"
#include "load/machine.h"

/* Compares everything and complains about each misfit; the number of misfits. `on_crash` is what
 * the command line asked for (-p). */
unsigned fit_check(const BatonBundle *bundle, const LiveMachine *machine, bool on_crash);

#endif
