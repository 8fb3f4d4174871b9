/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What does the running kernel's device tree say?
 *
 * /proc/device-tree is a directory per node and a file per property. It is read once, whole, into a
 * tree of plain structs: the live checks ask it, and --facts flattens it. The order is our own and
 * always the same, because a directory has none: properties by name, nodes by name up to `@`, then by
 * unit address as a number, so that `cpu@8` stands before `cpu@10`.
 *
 *   uint64_t end; tree_u64(tree_child(root, "chosen"), "linux,kernel-end", &end);
 */
#ifndef BATON_LOAD_TREE_H
#define BATON_LOAD_TREE_H

#include "load/files.h"

typedef struct TreeProperty {
  char *name;
  Bytes value;
} TreeProperty;

typedef struct TreeNode {
  char *name; /* with the unit address; "" for the root */
  TreeProperty *properties;
  size_t property_count;
  struct TreeNode **children;
  size_t child_count;
} TreeNode;

enum { kTreeReasonSize = 512 };

/* The tree below `path`, or null: `reason` says which file and why, *absent whether it is not there
 * at all. The property `name` is left out: it repeats the node's name. */
TreeNode *tree_read(int root, const char *path, bool *absent, char reason[kTreeReasonSize]);
void tree_free(TreeNode *node);

/* The value, or null when node is null or has no such property. */
const Bytes *tree_property(const TreeNode *node, const char *name);
/* The child with exactly this name, or with this name before `@`; null when there is none. */
const TreeNode *tree_child(const TreeNode *node, const char *name);
/* Numbers are big-endian whatever kernel runs. u32 wants 4 bytes, u64 4 or 8; false otherwise. */
bool tree_u32(const TreeNode *node, const char *name, uint32_t *value);
bool tree_u64(const TreeNode *node, const char *name, uint64_t *value);
/* Whether the first string of the property is `text`. */
bool tree_says(const TreeNode *node, const char *name, const char *text);

/* Pair `index` of (address, size) in `reg`-like cells; false past the end or for odd cell counts.
 * `parent` holds #address-cells and #size-cells (2 and 1 when absent). */
bool tree_pair(const TreeNode *parent, const Bytes *value, size_t index, uint64_t *address,
               uint64_t *size);

/* Takes a child or property away from / adds it to a node; used to build the facts node. */
void tree_remove_child(TreeNode *node, const char *name);
TreeNode *tree_add_child(TreeNode *node, const char *name);
void tree_add_property(TreeNode *node, const char *name, const void *data, size_t length);

#endif
