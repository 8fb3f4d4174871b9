/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The two system calls of a handoff, and what their errors mean.
 *
 * kexec_load(2) is number 268 on ppc64; the table is the kernel's struct kexec_segment in the running
 * kernel's own layout, which is this program's. Nothing is checked here: fit.h and bundle_check.h
 * have done that.
 */
#ifndef BATON_LOAD_KERNEL_CALLS_H
#define BATON_LOAD_KERNEL_CALLS_H

#include "baton/bundle_check.h"

/* KEXEC_ARCH_PPC64 of include/uapi/linux/kexec.h, and KEXEC_ON_CRASH when asked for. */
unsigned long kexec_flags(bool on_crash);

/* Loads the bundle's segments; an exit code, with the reason complained about. */
int load_segments(const BatonBundle *bundle, bool on_crash);
/* Forgets what is loaded (the crash kernel when on_crash). */
int unload(bool on_crash);
/* Hands over; returns only when that failed. */
int execute_loaded(void);

/* What an errno of kexec_load(2) means, in words. */
const char *kexec_load_error(int error);

#endif
