/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What is true about the machine that this program runs on, as far as a handoff needs it?
 *
 * Read from /proc and /sys below a root directory. The live machine ("/") also answers through
 * uname(2) and sysconf(3); a copy of one (--root DIR) answers through files only:
 *   proc/sys/kernel/arch       "ppc64" or "ppc64le"        proc/sys/kernel/osrelease
 *   proc/self/smaps            KernelPageSize              proc/iomem, proc/device-tree, sys/...
 * What cannot be known is marked as not known, never guessed; fit.h decides what that means.
 *
 *   0 ..< 0x40000000 RAM, kernel ends at 0x2960000, guest, RMA ends at 0x40000000, page 65536
 */
#ifndef BATON_LOAD_MACHINE_H
#define BATON_LOAD_MACHINE_H

#include "load/tree.h"

enum { kRangeNameSize = 64 };

/* Half-open; begin < end. */
typedef struct LiveRange {
  uint64_t begin;
  uint64_t end;
  char name[kRangeNameSize]; /* who owns it, for messages */
} LiveRange;

typedef struct LiveRanges {
  LiveRange *items;
  size_t count;
} LiveRanges;

typedef struct LiveMachine {
  char arch[65];    /* as uname(1) -m says it */
  char release[65]; /* as uname(1) -r says it */
  bool is_ppc64;
  bool little_endian; /* byte order of the running kernel */
  uint64_t page_size; /* bytes; 0 when not known */
  Bytes iomem;        /* text of /proc/iomem; null data when absent */
  bool iomem_hidden;  /* it shows zeros: only root sees the addresses */
  TreeNode *tree;     /* null when there is none */
  char tree_reason[kTreeReasonSize];
  bool loading_disabled; /* kernel.kexec_load_disabled */

  LiveRanges ram;      /* ascending, merged */
  LiveRanges occupied; /* firmware and DMA tables that no segment may hit */
  bool kernel_end_known;
  uint64_t kernel_end;
  const char *kernel_end_source;
  bool hypervisor;
  bool rma_known;
  uint64_t rma_end;
  bool crash_known; /* a crashkernel reservation exists */
  uint64_t crash_begin;
  uint64_t crash_end;
  LiveRanges notes;    /* of CPUs, as they are numbered; see notes.h */
  bool has_vmcoreinfo; /* then it is the last of them */
} LiveMachine;

/* Fills *machine from the files below the directory descriptor `root`; `live` says that it is "/". */
void machine_read(int root, bool live, LiveMachine *machine);
void machine_free(LiveMachine *machine);

/* Adds begin +: size; nothing for an empty range, and a range past the top ends at the top. */
void ranges_add(LiveRanges *ranges, uint64_t begin, uint64_t size, const char *name);

/* Whether one range of the list, which ascends and is merged, holds all of begin ..< end. */
bool ranges_hold(const LiveRanges *ranges, uint64_t begin, uint64_t end);

#endif
