/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The machine as one file that the compiler reads: `machine X from dtb "facts.dtb"`.
 *
 * The live device tree, flattened (flatten.h), with one more node below the root, /baton,facts, for
 * what no tree says: page size, byte order, /proc/iomem, where the crash notes are. README.md has
 * the list. Equal machines give equal bytes.
 */
#ifndef BATON_LOAD_FACTS_H
#define BATON_LOAD_FACTS_H

#include "load/machine.h"

/* Writes the facts below the directory descriptor `root` to `path`; an exit code, with the reason
 * complained about. Nothing is written unless everything could be read. */
int facts_write(int root, LiveMachine *machine, const char *path);

#endif
