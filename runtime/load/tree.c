/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reading and asking a device tree; see tree.h. The tree comes from the kernel, or from a copy in
 * --root: depth and sizes are bounded, so that a directory that is no device tree ends in a reason.
 */
#define _GNU_SOURCE
#include "load/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baton/bundle.h"

enum { kDeepest = 32, kLargestProperty = 16 << 20 };

static void node_push_property(TreeNode *node, TreeProperty property) {
  /* Powers of two: the array is full exactly when the count is one. */
  size_t count = node->property_count;
  if ((count & (count - 1)) == 0)
    node->properties =
        reallocate(node->properties, count == 0 ? 1 : count * 2, sizeof *node->properties);
  node->properties[node->property_count++] = property;
}

static void node_push_child(TreeNode *node, TreeNode *child) {
  size_t count = node->child_count;
  if ((count & (count - 1)) == 0)
    node->children = reallocate(node->children, count == 0 ? 1 : count * 2, sizeof *node->children);
  node->children[node->child_count++] = child;
}

static TreeNode *node_new(const char *name) {
  TreeNode *node = allocate(sizeof *node);
  *node = (TreeNode){.name = duplicate(name)};
  return node;
}

void tree_free(TreeNode *node) {
  if (node == NULL) return;
  for (size_t i = 0; i < node->property_count; ++i) {
    free(node->properties[i].name);
    free(node->properties[i].value.data);
  }
  for (size_t i = 0; i < node->child_count; ++i) tree_free(node->children[i]);
  free(node->properties);
  free(node->children);
  free(node->name);
  free(node);
}

static int property_order(const void *a, const void *b) {
  return strcmp(((const TreeProperty *)a)->name, ((const TreeProperty *)b)->name);
}

/* Whether a unit address is hexadecimal numbers of at most 64 bits joined by commas, as in "1f,0". */
static bool is_numeric(const char *unit) {
  for (;;) {
    size_t digits = strspn(unit, "0123456789abcdefABCDEF");
    if (digits == 0 || digits > 16) return false;
    unit += digits;
    if (*unit == 0) return true;
    if (*unit++ != ',') return false;
  }
}

/* Numbers by value and before anything else, the rest as text. Equal numbers ("8", "08") are put in
 * order as text: two different names are never equal, so the result does not depend on qsort. */
static int unit_order(const char *a, const char *b) {
  bool a_numeric = is_numeric(a), b_numeric = is_numeric(b);
  if (a_numeric != b_numeric) return a_numeric ? -1 : 1;
  const char *x = a, *y = b;
  while (a_numeric) {
    char *x_end, *y_end;
    unsigned long long p = strtoull(x, &x_end, 16), q = strtoull(y, &y_end, 16);
    if (p != q) return p < q ? -1 : 1;
    if (*x_end == 0 || *y_end == 0) {
      if (*x_end != *y_end) return *x_end == 0 ? -1 : 1;
      break;
    }
    x = x_end + 1;
    y = y_end + 1;
  }
  return strcmp(a, b);
}

static int child_order(const void *left, const void *right) {
  const char *a = (*(TreeNode *const *)left)->name;
  const char *b = (*(TreeNode *const *)right)->name;
  size_t a_base = strcspn(a, "@"), b_base = strcspn(b, "@");
  size_t common = a_base < b_base ? a_base : b_base;
  int order = memcmp(a, b, common);
  if (order != 0) return order;
  if (a_base != b_base) return a_base < b_base ? -1 : 1;
  if (a[a_base] == 0 || b[b_base] == 0) return (a[a_base] != 0) - (b[b_base] != 0);
  return unit_order(a + a_base + 1, b + b_base + 1);
}

static TreeNode *read_node(int parent, const char *directory_name, const char *name, int depth,
                           char reason[kTreeReasonSize]) {
  if (depth > kDeepest) {
    snprintf(reason, kTreeReasonSize, "nodes are nested deeper than %d at `%s`", kDeepest, name);
    return NULL;
  }
  int fd = openat(parent, directory_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  if (directory == NULL) {
    snprintf(reason, kTreeReasonSize, "cannot open the node `%s`: %s", name, strerror(errno));
    if (fd >= 0) close(fd);
    return NULL;
  }
  TreeNode *node = node_new(name);
  const struct dirent *entry;
  bool ok = true;
  while (ok && (entry = readdir(directory)) != NULL) {
    const char *item = entry->d_name;
    struct stat status;
    if (strcmp(item, ".") == 0 || strcmp(item, "..") == 0 || strcmp(item, "name") == 0) continue;
    if (fstatat(fd, item, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      snprintf(reason, kTreeReasonSize, "cannot examine `%s` in node `%s`: %s", item, name,
               strerror(errno));
      ok = false;
    } else if (S_ISDIR(status.st_mode)) {
      TreeNode *child = read_node(fd, item, item, depth + 1, reason);
      ok = child != NULL;
      if (ok) node_push_child(node, child);
    } else if (S_ISREG(status.st_mode)) {
      TreeProperty property = {.name = NULL};
      ReadOutcome outcome = read_file(fd, item, kLargestProperty, &property.value);
      ok = outcome == kReadOk;
      if (ok) {
        property.name = duplicate(item);
        node_push_property(node, property);
      } else {
        snprintf(reason, kTreeReasonSize, "cannot read the property `%s` of node `%s`: %s", item,
                 name, read_reason(outcome));
      }
    }
  }
  closedir(directory);
  if (!ok) {
    tree_free(node);
    return NULL;
  }
  /* qsort must not see a null array, even of no elements. */
  if (node->property_count > 1)
    qsort(node->properties, node->property_count, sizeof *node->properties, property_order);
  if (node->child_count > 1)
    qsort(node->children, node->child_count, sizeof *node->children, child_order);
  return node;
}

TreeNode *tree_read(int root, const char *path, bool *absent, char reason[kTreeReasonSize]) {
  struct stat status;
  *absent = fstatat(root, path, &status, 0) != 0 && (errno == ENOENT || errno == ENOTDIR);
  if (*absent) {
    snprintf(reason, kTreeReasonSize, "there is no /%s", path);
    return NULL;
  }
  return read_node(root, path, "", 0, reason);
}

const Bytes *tree_property(const TreeNode *node, const char *name) {
  if (node == NULL) return NULL;
  for (size_t i = 0; i < node->property_count; ++i)
    if (strcmp(node->properties[i].name, name) == 0) return &node->properties[i].value;
  return NULL;
}

const TreeNode *tree_child(const TreeNode *node, const char *name) {
  if (node == NULL) return NULL;
  size_t length = strlen(name);
  for (size_t i = 0; i < node->child_count; ++i) {
    const char *child = node->children[i]->name;
    if (strncmp(child, name, length) == 0 && (child[length] == 0 || child[length] == '@'))
      return node->children[i];
  }
  return NULL;
}

bool tree_u32(const TreeNode *node, const char *name, uint32_t *value) {
  const Bytes *bytes = tree_property(node, name);
  if (bytes == NULL || bytes->length != 4) return false;
  *value = baton_be32(bytes->data);
  return true;
}

bool tree_u64(const TreeNode *node, const char *name, uint64_t *value) {
  const Bytes *bytes = tree_property(node, name);
  if (bytes == NULL || (bytes->length != 4 && bytes->length != 8)) return false;
  *value = bytes->length == 4 ? baton_be32(bytes->data) : baton_be64(bytes->data);
  return true;
}

bool tree_says(const TreeNode *node, const char *name, const char *text) {
  const Bytes *bytes = tree_property(node, name);
  return bytes != NULL && strcmp((const char *)bytes->data, text) == 0;
}

static bool take_cells(const uint8_t *data, uint32_t cells, uint64_t *value) {
  *value = 0;
  for (uint32_t i = 0; i < cells; ++i) {
    if (*value >> 32 != 0) return false; /* more than 64 bits */
    *value = (*value << 32) | baton_be32(data + 4 * (size_t)i);
  }
  return true;
}

bool tree_pair(const TreeNode *parent, const Bytes *value, size_t index, uint64_t *address,
               uint64_t *size) {
  uint32_t address_cells = 2, size_cells = 1;
  tree_u32(parent, "#address-cells", &address_cells);
  tree_u32(parent, "#size-cells", &size_cells);
  if (address_cells < 1 || address_cells > 4 || size_cells < 1 || size_cells > 4) return false;
  size_t pair = 4 * ((size_t)address_cells + size_cells);
  if (value == NULL || index >= value->length / pair) return false;
  const uint8_t *data = value->data + index * pair;
  return take_cells(data, address_cells, address) &&
         take_cells(data + 4 * (size_t)address_cells, size_cells, size);
}

void tree_remove_child(TreeNode *node, const char *name) {
  size_t kept = 0;
  for (size_t i = 0; i < node->child_count; ++i) {
    if (strcmp(node->children[i]->name, name) == 0)
      tree_free(node->children[i]);
    else
      node->children[kept++] = node->children[i];
  }
  /* The array's room follows from the count (see node_push_child): a smaller count asks for no more
   * room than there is, and the next push reallocates to a size that is large enough. */
  node->child_count = kept;
}

TreeNode *tree_add_child(TreeNode *node, const char *name) {
  TreeNode *child = node_new(name);
  node_push_child(node, child);
  return child;
}

void tree_add_property(TreeNode *node, const char *name, const void *data, size_t length) {
  TreeProperty property = {.name = duplicate(name)};
  property.value.data = allocate(length + 1);
  property.value.length = length;
  if (length != 0) memcpy(property.value.data, data, length);
  property.value.data[length] = 0;
  node_push_property(node, property);
}
