/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Where will the running kernel leave its CPUs' registers when it crashes, and where does it describe itself?
 *
 * One buffer for each CPU that has one (/sys/devices/system/cpu/cpuN/crash_notes, crash_notes_size), in the order of
 * logical CPUs, and one for all (/sys/kernel/vmcoreinfo). The kernel gets them while it boots: another boot, other
 * addresses.
 *
 *   notes_read(root, &machine)   ->   { "the crash note of CPU 0", ..., "vmcoreinfo" }
 */
#ifndef BATON_LOAD_NOTES_H
#define BATON_LOAD_NOTES_H

#include "load/machine.h"

/* Fills machine->notes and has_vmcoreinfo from the files below the directory descriptor `root`. A buffer whose numbers
 * cannot be read is left out. */
void notes_read(int root, LiveMachine *machine);

#endif
