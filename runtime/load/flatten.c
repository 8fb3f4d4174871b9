/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Writing a flattened device tree; see flatten.h. Devicetree Specification 0.4, chapter 5: header of
 * ten big-endian words, reserve map, structure block of 4-byte aligned tokens, strings.
 */
#include "load/flatten.h"

#include <stdlib.h>
#include <string.h>

#include "baton/bundle.h"

enum {
  kHeaderSize = 40,
  kFdtVersion = 17,
  kLastCompatible = 16,
  kBeginNode = 1,
  kEndNode = 2,
  kProperty = 3,
  kEnd = 9
};
static const uint32_t kFdtMagic = 0xd00dfeed;

typedef struct Buffer {
  uint8_t *data;
  size_t length;
  size_t capacity;
} Buffer;

static void put(Buffer *buffer, const void *data, size_t length) {
  if (length > buffer->capacity - buffer->length) {
    size_t capacity = (buffer->length + length) * 2;
    buffer->data = reallocate(buffer->data, capacity, 1);
    buffer->capacity = capacity;
  }
  if (length != 0) memcpy(buffer->data + buffer->length, data, length);
  buffer->length += length;
}

static void put_u32(Buffer *buffer, uint32_t value) {
  uint8_t bytes[4];
  baton_put_be32(bytes, value);
  put(buffer, bytes, sizeof bytes);
}

static void align4(Buffer *buffer) {
  static const uint8_t kZeros[4];
  put(buffer, kZeros, (4 - buffer->length % 4) % 4);
}

/* The offset of a property's name among the strings, appended when it is new. */
static uint32_t string_at(Buffer *strings, const char *name) {
  size_t size = strlen(name) + 1;
  for (size_t at = 0; at < strings->length; at += strlen((char *)strings->data + at) + 1)
    if (strcmp((char *)strings->data + at, name) == 0) return (uint32_t)at;
  size_t at = strings->length;
  put(strings, name, size);
  return (uint32_t)at;
}

static void put_node(Buffer *structure, Buffer *strings, const TreeNode *node) {
  put_u32(structure, kBeginNode);
  put(structure, node->name, strlen(node->name) + 1);
  align4(structure);
  for (size_t i = 0; i < node->property_count; ++i) {
    const TreeProperty *property = &node->properties[i];
    put_u32(structure, kProperty);
    put_u32(structure, (uint32_t)property->value.length); /* at most 16 MiB: see tree.c */
    put_u32(structure, string_at(strings, property->name));
    put(structure, property->value.data, property->value.length);
    align4(structure);
  }
  for (size_t i = 0; i < node->child_count; ++i)
    put_node(structure, strings, node->children[i]);
  put_u32(structure, kEndNode);
}

bool flatten(const TreeNode *tree, uint32_t boot_cpuid_phys, const Bytes *reserve, Bytes *blob) {
  Buffer structure = {NULL, 0, 0}, strings = {NULL, 0, 0}, out = {NULL, 0, 0};
  put_node(&structure, &strings, tree);
  put_u32(&structure, kEnd);

  const size_t reserve_size = reserve->length + 16; /* the pair of zeros that ends it */
  const size_t structure_at = kHeaderSize + reserve_size;
  const size_t strings_at = structure_at + structure.length;
  const size_t total = strings_at + strings.length;
  if (total > UINT32_MAX) {
    free(structure.data);
    free(strings.data);
    return false;
  }
  put_u32(&out, kFdtMagic);
  put_u32(&out, (uint32_t)total);
  put_u32(&out, (uint32_t)structure_at);
  put_u32(&out, (uint32_t)strings_at);
  put_u32(&out, kHeaderSize); /* the reserve map: 8-byte aligned */
  put_u32(&out, kFdtVersion);
  put_u32(&out, kLastCompatible);
  put_u32(&out, boot_cpuid_phys);
  put_u32(&out, (uint32_t)strings.length);
  put_u32(&out, (uint32_t)structure.length);
  static const uint8_t kEndOfReserve[16];
  put(&out, reserve->data, reserve->length);
  put(&out, kEndOfReserve, sizeof kEndOfReserve);
  put(&out, structure.data, structure.length);
  put(&out, strings.data, strings.length);
  free(structure.data);
  free(strings.data);
  blob->data = out.data;
  blob->length = out.length;
  return true;
}
