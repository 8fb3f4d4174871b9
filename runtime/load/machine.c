/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reading the machine; see machine.h. Sources of the property names: the kernel's
 * arch/powerpc/kexec/core.c (linux,kernel-end, linux,crashkernel-*), prom_init.c (linux,rtas-*,
 * linux,tce-*), skiboot's device-tree documentation (ibm,opal, reserved-ranges, reserved-names).
 */
#define _GNU_SOURCE
#include "load/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "baton/bundle.h"
#include "load/notes.h"

enum { kLargestText = 16 << 20 };

void ranges_add(LiveRanges *ranges, uint64_t begin, uint64_t size, const char *name) {
  if (size == 0) return;
  ranges->items = reallocate(ranges->items, ranges->count + 1, sizeof *ranges->items);
  LiveRange *range = &ranges->items[ranges->count++];
  range->begin = begin;
  range->end = size > UINT64_MAX - begin ? UINT64_MAX : begin + size;
  snprintf(range->name, sizeof range->name, "%s", name);
}

static int range_order(const void *a, const void *b) {
  const LiveRange *x = a, *y = b;
  return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static void ranges_merge(LiveRanges *ranges) {
  if (ranges->count == 0) return;
  qsort(ranges->items, ranges->count, sizeof *ranges->items, range_order);
  size_t kept = 0;
  for (size_t i = 1; i < ranges->count; ++i) {
    LiveRange *last = &ranges->items[kept];
    if (ranges->items[i].begin > last->end)
      ranges->items[++kept] = ranges->items[i];
    else if (ranges->items[i].end > last->end)
      last->end = ranges->items[i].end;
  }
  ranges->count = kept + 1;
}

bool ranges_hold(const LiveRanges *ranges, uint64_t begin, uint64_t end) {
  /* The last range that starts at or below `begin`: there may be a million of them. */
  size_t low = 0, high = ranges->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (ranges->items[middle].begin <= begin)
      low = middle + 1;
    else
      high = middle;
  }
  return low > 0 && end <= ranges->items[low - 1].end;
}

/* The first line of a small file without its newline; false when it cannot be read. */
static bool read_line(int root, const char *path, char *line, size_t size) {
  Bytes bytes;
  if (read_file(root, path, kLargestText, &bytes) != kReadOk) return false;
  snprintf(line, size, "%.*s", (int)strcspn((const char *)bytes.data, "\n"),
           (const char *)bytes.data);
  free(bytes.data);
  return true;
}

static void read_identity(int root, bool live, LiveMachine *machine) {
  struct utsname name;
  if (live && uname(&name) == 0) {
    snprintf(machine->arch, sizeof machine->arch, "%.64s", name.machine);
    snprintf(machine->release, sizeof machine->release, "%.64s", name.release);
  } else {
    read_line(root, "proc/sys/kernel/arch", machine->arch, sizeof machine->arch);
    read_line(root, "proc/sys/kernel/osrelease", machine->release, sizeof machine->release);
  }
  machine->little_endian = strcmp(machine->arch, "ppc64le") == 0;
  machine->is_ppc64 = machine->little_endian || strcmp(machine->arch, "ppc64") == 0;

  if (live) {
    long page = sysconf(_SC_PAGESIZE);
    machine->page_size = page > 0 ? (uint64_t)page : 0;
    return;
  }
  Bytes smaps;
  if (read_file(root, "proc/self/smaps", kLargestText, &smaps) != kReadOk) return;
  const char *field = strstr((const char *)smaps.data, "KernelPageSize:");
  if (field != NULL) {
    unsigned long kib = strtoul(field + strlen("KernelPageSize:"), NULL, 10);
    /* A page is a power of two of at least 4 KiB; anything else is not known. */
    if (kib >= 4 && kib <= 1ul << 20 && (kib & (kib - 1)) == 0) machine->page_size = kib * 1024;
  }
  free(smaps.data);
}

/* Lines are "  00000000-3fffffff : System RAM" with an inclusive end. Only root sees addresses:
 * others read zeros on every line. */
static void read_iomem(int root, LiveMachine *machine) {
  if (read_file(root, "proc/iomem", kLargestText, &machine->iomem) != kReadOk) return;
  bool any = false, any_address = false;
  uint64_t image_end = 0;
  for (const char *line = (const char *)machine->iomem.data; *line != 0;) {
    const char *next = line + strcspn(line, "\n");
    uint64_t first, last;
    int name_at = 0;
    if (sscanf(line, " %" SCNx64 "-%" SCNx64 " : %n", &first, &last, &name_at) >= 2 &&
        name_at != 0 && name_at < next - line) {
      char name[kRangeNameSize];
      snprintf(name, sizeof name, "%.*s", (int)(next - line - name_at), line + name_at);
      any = true;
      if (first != 0 || last != 0) any_address = true;
      bool usable = first <= last && last != UINT64_MAX;
      if (usable && strcmp(name, "System RAM") == 0)
        ranges_add(&machine->ram, first, last - first + 1, name);
      if (usable && strncmp(name, "Kernel ", 7) == 0 && last + 1 > image_end) image_end = last + 1;
      if (usable && strcmp(name, "Crash kernel") == 0 && last != 0) {
        machine->crash_known = true;
        machine->crash_begin = first;
        machine->crash_end = last + 1;
      }
    }
    line = *next == 0 ? next : next + 1;
  }
  machine->iomem_hidden = any && !any_address;
  if (machine->iomem_hidden) {
    machine->ram.count = 0;
  } else if (image_end != 0) {
    machine->kernel_end_known = true;
    machine->kernel_end = image_end;
    machine->kernel_end_source = "/proc/iomem";
  }
}

static bool is_memory(const TreeNode *node) { return tree_says(node, "device_type", "memory"); }

/* The ISA as 10 * major + minor would lie for 2.07: only "at least 3.0" is asked for. Architected
 * values of cpu-version start with 0x0f; 0x0f000005 is ISA 3.0. Real ones are the PVR. */
static bool isa_is_3_0(const TreeNode *tree) {
  const TreeNode *cpus = tree_child(tree, "cpus");
  for (size_t i = 0; cpus != NULL && i < cpus->child_count; ++i) {
    uint32_t version;
    if (!tree_u32(cpus->children[i], "cpu-version", &version)) continue;
    if (version >> 24 == 0x0f) return version >= 0x0f000005;
    uint32_t family = version >> 16;
    return family == 0x004e || family == 0x0080 || family == 0x0082; /* POWER9, 10, 11 */
  }
  return false;
}

static void read_memory(LiveMachine *machine) {
  const TreeNode *tree = machine->tree;
  bool ram_from_tree = machine->ram.count == 0 && !machine->iomem_hidden;
  uint64_t lowest = UINT64_MAX, lowest_size = 0;
  for (size_t i = 0; i < tree->child_count; ++i) {
    const TreeNode *node = tree->children[i];
    if (!is_memory(node)) continue;
    uint64_t address, size;
    for (size_t k = 0; tree_pair(tree, tree_property(node, "reg"), k, &address, &size); ++k) {
      if (ram_from_tree) ranges_add(&machine->ram, address, size, "memory node");
      if (k == 0 && size != 0 && address < lowest) {
        lowest = address;
        lowest_size = size;
      }
    }
  }
  ranges_merge(&machine->ram);
  if (machine->hypervisor) {
    machine->rma_known = machine->ram.count != 0;
    if (machine->rma_known) machine->rma_end = machine->ram.items[machine->ram.count - 1].end;
  } else if (lowest_size != 0 && lowest_size <= UINT64_MAX - lowest) {
    /* A hash guest's real mode ends with the first block; before ISA 3.0 at 1 GiB at most. */
    const uint64_t gib = (uint64_t)1 << 30;
    machine->rma_known = true;
    machine->rma_end = lowest + lowest_size;
    if (machine->rma_end > gib && !isa_is_3_0(tree)) machine->rma_end = gib;
  }
}

/* The pairs of a property; a range that is exactly the old initrd is free again by now. */
static void add_pairs(LiveMachine *machine, const TreeNode *cells, const Bytes *value,
                      const char *name) {
  uint64_t initrd_begin = 0, initrd_end = 0;
  const TreeNode *chosen = tree_child(machine->tree, "chosen");
  tree_u64(chosen, "linux,initrd-start", &initrd_begin);
  tree_u64(chosen, "linux,initrd-end", &initrd_end);
  uint64_t address, size;
  for (size_t k = 0; tree_pair(cells, value, k, &address, &size); ++k)
    if (address != initrd_begin || initrd_begin >= initrd_end)
      ranges_add(&machine->occupied, address, size, name);
}

static void read_reserved(LiveMachine *machine) {
  const TreeNode *tree = machine->tree;
  const Bytes *ranges = tree_property(tree, "reserved-ranges");
  const Bytes *names = tree_property(tree, "reserved-names");
  const char *name = names == NULL ? NULL : (const char *)names->data;
  const char *names_end = names == NULL ? NULL : name + names->length;
  uint64_t address, size;
  for (size_t k = 0; tree_pair(tree, ranges, k, &address, &size); ++k) {
    char label[kRangeNameSize];
    bool named = name != NULL && name < names_end && *name != 0;
    snprintf(label, sizeof label, "reserved range %s", named ? name : "of the firmware");
    if (!named || strncmp(name, "linux,initramfs", 15) != 0)
      ranges_add(&machine->occupied, address, size, label);
    if (name != NULL && name < names_end) name += strlen(name) + 1;
  }
  const TreeNode *memory = tree_child(tree, "reserved-memory");
  for (size_t i = 0; memory != NULL && i < memory->child_count; ++i) {
    const TreeNode *node = memory->children[i];
    if (strncmp(node->name, "linux,initramfs", 15) == 0) continue;
    char label[kRangeNameSize];
    snprintf(label, sizeof label, "reserved memory %.40s", node->name);
    add_pairs(machine, memory, tree_property(node, "reg"), label);
  }
}

/* TCE tables stand in host-bridge nodes anywhere in the tree: device_type "pci". */
static void read_tce(LiveMachine *machine, const TreeNode *node) {
  uint64_t base;
  uint32_t size;
  if (tree_says(node, "device_type", "pci") && tree_u64(node, "linux,tce-base", &base) &&
      tree_u32(node, "linux,tce-size", &size))
    ranges_add(&machine->occupied, base, size, "TCE table");
  for (size_t i = 0; i < node->child_count; ++i) read_tce(machine, node->children[i]);
}

static void read_firmware(LiveMachine *machine) {
  const TreeNode *tree = machine->tree;
  const TreeNode *rtas = tree_child(tree, "rtas");
  const TreeNode *opal = tree_child(tree, "ibm,opal");
  const TreeNode *chosen = tree_child(tree, "chosen");
  uint64_t base, size;
  machine->hypervisor = opal != NULL;
  if (tree_u64(rtas, "linux,rtas-base", &base) &&
      (tree_u64(rtas, "rtas-size", &size) || tree_u64(rtas, "linux,rtas-size", &size)))
    ranges_add(&machine->occupied, base, size, "RTAS");
  if (tree_u64(opal, "opal-base-address", &base) && tree_u64(opal, "opal-runtime-size", &size))
    ranges_add(&machine->occupied, base, size, "OPAL");
  if (tree_u64(chosen, "linux,kernel-end", &base)) {
    machine->kernel_end_known = true;
    machine->kernel_end = base;
    machine->kernel_end_source = "/proc/device-tree/chosen/linux,kernel-end";
  }
  if (tree_u64(chosen, "linux,crashkernel-base", &base) &&
      tree_u64(chosen, "linux,crashkernel-size", &size) && size <= UINT64_MAX - base) {
    machine->crash_known = size != 0;
    machine->crash_begin = base;
    machine->crash_end = base + size;
  }
}

/* A reservation can be made smaller from its end, down to nothing; /chosen keeps what it was at boot. */
static void read_crash_size(int root, LiveMachine *machine) {
  char line[32], *end;
  if (!machine->crash_known || !read_line(root, "sys/kernel/kexec_crash_size", line, sizeof line)) return;
  errno = 0;
  uint64_t size = strtoull(line, &end, 10);
  if (errno != 0 || end == line || *end != 0 || size >= machine->crash_end - machine->crash_begin) return;
  machine->crash_known = size != 0;
  machine->crash_end = machine->crash_begin + size;
}

void machine_read(int root, bool live, LiveMachine *machine) {
  *machine = (LiveMachine){.page_size = 0};
  read_identity(root, live, machine);
  read_iomem(root, machine);
  bool absent;
  machine->tree = tree_read(root, "proc/device-tree", &absent, machine->tree_reason);
  if (machine->tree != NULL) {
    read_firmware(machine);
    read_memory(machine);
    read_reserved(machine);
    read_tce(machine, machine->tree);
  } else {
    ranges_merge(&machine->ram);
  }
  read_crash_size(root, machine);
  notes_read(root, machine);
  char disabled[16];
  machine->loading_disabled =
      read_line(root, "proc/sys/kernel/kexec_load_disabled", disabled, sizeof disabled) &&
      disabled[0] == '1';
}

void machine_free(LiveMachine *machine) {
  tree_free(machine->tree);
  free(machine->iomem.data);
  free(machine->ram.items);
  free(machine->occupied.items);
  free(machine->notes.items);
  *machine = (LiveMachine){.page_size = 0};
}
