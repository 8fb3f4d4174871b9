/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A device tree as a blob: the flattened format of the Devicetree Specification, version 17 with
 * last compatible version 16.
 *
 * The order of nodes and properties is the tree's own. Strings are shared, first come first, so that
 * one tree has one blob. The blob is packed: nothing after the strings.
 */
#ifndef BATON_LOAD_FLATTEN_H
#define BATON_LOAD_FLATTEN_H

#include "load/tree.h"

/* `reserve` is the memory reserve map: pairs of big-endian 64-bit address and size, 16 bytes each,
 * without the terminating pair. False: the blob would pass 4 GiB. On success *blob owns its memory. */
bool flatten(const TreeNode *tree, uint32_t boot_cpuid_phys, const Bytes *reserve, Bytes *blob);

#endif
