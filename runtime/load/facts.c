/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Gathering the facts; see facts.h. Two things come from the blob that the kernel was booted with
 * (/sys/firmware/fdt) because /proc/device-tree has them not: the memory reserve map and
 * boot_cpuid_phys. A kernel without that file gives an empty map and 0.
 */
#define _GNU_SOURCE
#include "load/facts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "baton/bundle.h"
#include "load/flatten.h"

#define FACTS_NODE "baton,facts"

enum { kLargestBlob = 64 << 20, kLargestSmallText = 64 << 10 };

/* Header words of a blob, by byte offset. */
enum { kOffReserve = 16, kOffVersion = 20, kOffBootCpu = 28, kHeaderV2 = 32 };

/* The reserve map and the boot CPU of a blob; false when it is no blob or runs past its end. */
static bool read_blob(const Bytes *blob, Bytes *reserve, uint32_t *boot_cpu) {
  if (blob->length < kHeaderV2 || baton_be32(blob->data) != 0xd00dfeed) return false;
  size_t at = baton_be32(blob->data + kOffReserve);
  if (at > blob->length) return false;
  size_t begin = at;
  while (blob->length - at >= 16) {
    const uint8_t *pair = blob->data + at;
    at += 16;
    if (baton_be64(pair) != 0 || baton_be64(pair + 8) != 0) continue;
    reserve->length = at - 16 - begin;
    reserve->data = allocate(reserve->length + 1);
    memcpy(reserve->data, blob->data + begin, reserve->length);
    *boot_cpu = baton_be32(blob->data + kOffVersion) >= 2 ? baton_be32(blob->data + kOffBootCpu) : 0;
    return true;
  }
  return false;
}

static void add_pairs(TreeNode *node, const char *name, const LiveRange *ranges, size_t count) {
  if (count == 0) return;
  uint8_t *pairs = allocate(count * 16);
  for (size_t i = 0; i < count; ++i) {
    baton_put_be64(pairs + 16 * i, ranges[i].begin);
    baton_put_be64(pairs + 16 * i + 8, ranges[i].end - ranges[i].begin);
  }
  tree_add_property(node, name, pairs, count * 16);
  free(pairs);
}

static void add_u32(TreeNode *node, const char *name, uint32_t value) {
  uint8_t bytes[4];
  baton_put_be32(bytes, value);
  tree_add_property(node, name, bytes, sizeof bytes);
}

/* Texts of the kernel that are taken as they are; one that is not there, or empty, is left out. */
static void add_texts(int root, TreeNode *node) {
  static const struct {
    const char *path, *name;
  } kTexts[] = {{"sys/kernel/kexec_crash_size", "crash-size"},
                {"sys/kernel/kexec/crash_cma_ranges", "crash-cma-ranges"},
                {"sys/devices/system/cpu/possible", "cpus-possible"}};
  for (size_t i = 0; i < sizeof kTexts / sizeof kTexts[0]; ++i) {
    Bytes text;
    if (read_file(root, kTexts[i].path, kLargestSmallText, &text) != kReadOk) continue;
    if (text.length != 0) tree_add_property(node, kTexts[i].name, text.data, text.length + 1);
    free(text.data);
  }
}

int facts_write(int root, LiveMachine *machine, const char *path) {
  if (!machine->is_ppc64) {
    complain("refused: this machine is `%s`, facts are taken on ppc64 or ppc64le",
             machine->arch[0] == 0 ? "unknown" : machine->arch);
    return kExitRefused;
  }
  if (machine->tree == NULL) {
    complain("cannot read the device tree: %s; mount /proc and run as root", machine->tree_reason);
    return kExitNoInput;
  }
  if (machine->iomem.data == NULL) {
    complain("cannot read /proc/iomem; mount /proc and run as root");
    return kExitNoInput;
  }
  if (machine->iomem_hidden) {
    complain("refused: /proc/iomem shows zeros instead of addresses; run as root");
    return kExitRefused;
  }
  if (machine->page_size == 0) {
    complain("refused: the running kernel's page size is not known (no KernelPageSize in "
             "/proc/self/smaps)");
    return kExitRefused;
  }
  Bytes blob, reserve = {allocate(1), 0};
  uint32_t boot_cpu = 0, boot_tree_size = 0;
  ReadOutcome outcome = read_file(root, "sys/firmware/fdt", kLargestBlob, &blob);
  if (outcome == kReadOk) {
    free(reserve.data);
    reserve = (Bytes){NULL, 0};
    bool ok = read_blob(&blob, &reserve, &boot_cpu);
    boot_tree_size = (uint32_t)blob.length; /* at most kLargestBlob */
    free(blob.data);
    if (!ok) {
      complain("refused: /sys/firmware/fdt is no device tree blob or ends inside its reserve map");
      return kExitRefused;
    }
  } else if (outcome != kReadAbsent) {
    complain("cannot read /sys/firmware/fdt: %s; run as root", read_reason(outcome));
    free(reserve.data);
    return kExitNoInput;
  }

  /* A kernel that was booted with a tree made from facts has the node already: facts of then. */
  tree_remove_child(machine->tree, FACTS_NODE);
  TreeNode *node = tree_add_child(machine->tree, FACTS_NODE);
  add_u32(node, "page-size", (uint32_t)machine->page_size);
  add_u32(node, "giver-little-endian", machine->little_endian);
  /* With it the reserve entry of the booted tree itself can be told from the others. */
  if (boot_tree_size != 0) add_u32(node, "boot-tree-size", boot_tree_size);
  tree_add_property(node, "iomem", machine->iomem.data, machine->iomem.length + 1);
  tree_add_property(node, "kernel-release", machine->release, strlen(machine->release) + 1);
  const LiveRanges *notes = &machine->notes;
  size_t cpus = notes->count - machine->has_vmcoreinfo;
  add_pairs(node, "crash-notes", notes->items, cpus);
  add_pairs(node, "vmcoreinfo", notes->items + cpus, machine->has_vmcoreinfo);
  add_texts(root, node);

  Bytes out;
  bool flat = flatten(machine->tree, boot_cpu, &reserve, &out);
  free(reserve.data);
  if (!flat) {
    complain("refused: the device tree is larger than 4 GiB");
    return kExitRefused;
  }
  bool written = write_file_atomically(path, out.data, out.length);
  int error = errno;
  free(out.data);
  if (!written) {
    complain("cannot write `%s`: %s", path, strerror(error));
    return kExitInternal;
  }
  return kExitOk;
}
