/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The comparisons behind fit.h, one function per subject. All of them run, so that one look shows
 * everything that is wrong.
 *
 * An assumed fact is a bound wherever a bound is what the compiler used it for: the running kernel
 * may end earlier than assumed and there may be more RAM, never the other way round. What is not a
 * bound (hypervisor, the crashkernel reservation that the second kernel's tree repeats) must be equal.
 */
#include "load/fit.h"

#include <inttypes.h>

#define TAKE_FACTS_AGAIN \
  "; take the machine's facts again with `baton-load --facts FILE` and build again"
#define HEX "0x%" PRIx64
#define RANGE HEX " ..< " HEX

static const char *byte_order(bool little) { return little ? "little" : "big"; }

static unsigned fit_caller(const BatonBundle *bundle, const LiveMachine *machine, bool on_crash) {
  unsigned misfits = 0;
  bool for_crash = (bundle->flags & kBatonFlagOnCrash) != 0;
  if (!machine->is_ppc64) {
    complain("refused: this machine is `%s`, a bundle is for ppc64 or ppc64le",
             machine->arch[0] == 0 ? "unknown" : machine->arch);
    ++misfits;
  }
  if (for_crash && !on_crash) {
    complain("refused: the bundle is built for a crash (load on_crash), -l loads for a planned "
             "handoff; load it with -p");
    ++misfits;
  }
  if (!for_crash && on_crash) {
    complain("refused: the bundle is built for a planned handoff, -p loads for a crash; load it with "
             "-l, or build it with `load on_crash;`");
    ++misfits;
  }
  uint32_t wanted = machine->little_endian ? kBatonGiverLittle : kBatonGiverBig;
  if (machine->is_ppc64 && (bundle->giver & wanted) == 0) {
    complain("refused: the running kernel is %s-endian, the bundle takes a %s-endian giver only; "
             "build it with `giver both;`",
             byte_order(machine->little_endian), byte_order(!machine->little_endian));
    ++misfits;
  }
  if (machine->loading_disabled) {
    complain("refused: kernel.kexec_load_disabled is 1 on this machine, no kernel can be loaded until "
             "the next boot");
    ++misfits;
  }
  return misfits;
}

static unsigned fit_page(const BatonBundle *bundle, const LiveMachine *machine) {
  if (machine->page_size == 0) {
    complain("refused: the running kernel's page size is not known (no KernelPageSize in "
             "/proc/self/smaps)");
    return 1;
  }
  if (bundle->granule % machine->page_size != 0) {
    complain("refused: the bundle places segments in steps of " HEX
             ", the running kernel's page size is " HEX
             " and must divide it; build with `page = %" PRIu64 "KiB` in the machine",
             bundle->granule, machine->page_size, machine->page_size / 1024);
    return 1;
  }
  return 0;
}

static unsigned fit_kernel_end(const BatonBundle *bundle, const LiveMachine *machine) {
  if (!machine->kernel_end_known) {
    complain("refused: the running kernel's end is not known (no "
             "/proc/device-tree/chosen/linux,kernel-end, no `Kernel` line in /proc/iomem), so nothing "
             "can be placed safely; is this kernel built with CONFIG_KEXEC?");
    return 1;
  }
  unsigned misfits = 0;
  if ((bundle->facts & kBatonFactKernelEnd) && machine->kernel_end > bundle->kernel_end) {
    complain("refused: the bundle assumes that the running kernel ends at " HEX
             ", it ends at " HEX " (%s)" TAKE_FACTS_AGAIN,
             bundle->kernel_end, machine->kernel_end, machine->kernel_end_source);
    ++misfits;
  }
  for (uint32_t i = 0; i < bundle->segment_count; ++i) {
    const BatonSegment *segment = &bundle->segments[i];
    if (segment->start >= machine->kernel_end) continue;
    complain("refused: segment `%s` starts at " HEX ", the running kernel ends at " HEX
             " (%s)" TAKE_FACTS_AGAIN,
             segment->name, segment->start, machine->kernel_end, machine->kernel_end_source);
    ++misfits;
  }
  return misfits;
}

static unsigned fit_ram(const BatonBundle *bundle, const LiveMachine *machine) {
  if (machine->iomem_hidden) {
    complain("refused: /proc/iomem shows zeros instead of addresses, so RAM cannot be compared; run "
             "as root");
    return 1;
  }
  if (machine->ram.count == 0) {
    complain("refused: neither /proc/iomem nor /proc/device-tree says where RAM is; mount /proc");
    return 1;
  }
  unsigned misfits = 0;
  for (uint32_t i = 0; i < bundle->ram_count; ++i) {
    uint64_t begin = baton_be64(bundle->ram[i].begin), end = baton_be64(bundle->ram[i].end);
    if (ranges_hold(&machine->ram, begin, end)) continue;
    complain("refused: the bundle assumes RAM at " RANGE
             ", this machine has it not all (/proc/iomem, first range " RANGE ")" TAKE_FACTS_AGAIN,
             begin, end, machine->ram.items[0].begin, machine->ram.items[0].end);
    ++misfits;
  }
  uint64_t ram = 0, sum = 0;
  for (size_t i = 0; i < machine->ram.count; ++i)
    ram += machine->ram.items[i].end - machine->ram.items[i].begin;
  for (uint32_t i = 0; i < bundle->segment_count; ++i) {
    const BatonSegment *segment = &bundle->segments[i];
    uint64_t end = segment->start + segment->memsz;
    sum += segment->memsz; /* disjoint extents below 2^64: the sum cannot wrap */
    if (ranges_hold(&machine->ram, segment->start, end)) continue;
    complain("refused: segment `%s` at " RANGE
             " is not in RAM (no `System RAM` line of /proc/iomem holds it)" TAKE_FACTS_AGAIN,
             segment->name, segment->start, end);
    ++misfits;
  }
  if (sum > ram / 2) {
    complain("refused: the segments take " HEX " bytes, kexec_load(2) takes at most half of the " HEX
             " bytes of RAM; give the machine more memory or load less",
             sum, ram);
    ++misfits;
  }
  return misfits;
}

static unsigned fit_occupied(const BatonBundle *bundle, const LiveMachine *machine) {
  unsigned misfits = 0;
  for (uint32_t i = 0; i < bundle->segment_count; ++i) {
    const BatonSegment *segment = &bundle->segments[i];
    uint64_t end = segment->start + segment->memsz;
    for (size_t k = 0; k < machine->occupied.count; ++k) {
      const LiveRange *range = &machine->occupied.items[k];
      if (segment->start >= range->end || range->begin >= end) continue;
      complain("refused: segment `%s` at " RANGE " hits %s at " RANGE TAKE_FACTS_AGAIN,
               segment->name, segment->start, end, range->name, range->begin, range->end);
      ++misfits;
    }
  }
  return misfits;
}

/* What is fetched, loaded or stored with translation off. A file may be: whether it is entered tells. */
static bool is_used_in_real_mode(const BatonBundle *bundle, uint32_t index) {
  uint32_t kind = bundle->segments[index].kind;
  return kind == kBatonKindElf || kind == kBatonKindDevicetree || kind == kBatonKindTrampoline ||
         baton_bundle_segment_at(bundle, bundle->entry, 4) == (int)index;
}

static unsigned fit_real_mode(const BatonBundle *bundle, const LiveMachine *machine) {
  unsigned misfits = 0;
  if ((bundle->facts & kBatonFactHypervisor) &&
      (bundle->hypervisor != 0) != machine->hypervisor) {
    complain("refused: the bundle is built for %s, this machine is %s" TAKE_FACTS_AGAIN,
             bundle->hypervisor ? "a hypervisor (OPAL)" : "a guest",
             machine->hypervisor ? "a hypervisor (OPAL)" : "a guest");
    ++misfits;
  }
  if (!machine->rma_known) {
    complain("refused: no memory node in /proc/device-tree has a size, so the end of what real mode "
             "reaches is not known");
    return misfits + 1;
  }
  if ((bundle->facts & kBatonFactRmaEnd) && bundle->rma_end > machine->rma_end) {
    complain("refused: the bundle assumes that real mode reaches " HEX
             ", here it ends at " HEX TAKE_FACTS_AGAIN,
             bundle->rma_end, machine->rma_end);
    ++misfits;
  }
  for (uint32_t i = 0; i < bundle->segment_count; ++i) {
    const BatonSegment *segment = &bundle->segments[i];
    uint64_t end = segment->start + segment->memsz;
    if (end <= machine->rma_end || !is_used_in_real_mode(bundle, i)) continue;
    complain("refused: segment `%s` (%s) at " RANGE
             " is used with translation off, which reaches " HEX " only" TAKE_FACTS_AGAIN,
             segment->name, baton_kind_name(segment->kind), segment->start, end, machine->rma_end);
    ++misfits;
  }
  return misfits;
}

/* Whether begin ..< end has room for one page that starts at a multiple of its size. */
static bool has_page(uint64_t begin, uint64_t end, uint64_t page) {
  if (page == 0 || begin > UINT64_MAX - (page - 1)) return false;
  begin = (begin + page - 1) & ~(page - 1);
  return begin < end && end - begin >= page;
}

/* The kernel takes its control page from what the segments leave of the reservation. */
static bool leaves_a_page(const BatonBundle *bundle, const LiveMachine *machine) {
  uint64_t from = machine->crash_begin;
  for (;;) {
    /* The first segment at or above `from`: segments are disjoint, so this walks them in order. */
    const BatonSegment *next = NULL;
    for (uint32_t i = 0; i < bundle->segment_count; ++i) {
      const BatonSegment *segment = &bundle->segments[i];
      if (segment->start >= from && (next == NULL || segment->start < next->start)) next = segment;
    }
    uint64_t end = next == NULL || next->start > machine->crash_end ? machine->crash_end : next->start;
    if (has_page(from, end, machine->page_size)) return true;
    if (next == NULL) return false;
    from = next->start + next->memsz;
  }
}

static unsigned fit_crash(const BatonBundle *bundle, const LiveMachine *machine) {
  if (!machine->crash_known) {
    complain("refused: no memory is reserved for a crash kernel on this machine; boot it with "
             "crashkernel=SIZE");
    return 1;
  }
  unsigned misfits = 0;
  if ((bundle->facts & kBatonFactCrashRegion) &&
      (bundle->crash_begin != machine->crash_begin || bundle->crash_end != machine->crash_end)) {
    complain("refused: the bundle assumes the crashkernel reservation " RANGE
             ", this machine has " RANGE TAKE_FACTS_AGAIN,
             bundle->crash_begin, bundle->crash_end, machine->crash_begin, machine->crash_end);
    ++misfits;
  }
  bool inside = true;
  for (uint32_t i = 0; i < bundle->segment_count; ++i) {
    const BatonSegment *segment = &bundle->segments[i];
    uint64_t end = segment->start + segment->memsz;
    if (segment->start >= machine->crash_begin && end <= machine->crash_end) continue;
    complain("refused: segment `%s` at " RANGE
             " is outside the crashkernel reservation " RANGE TAKE_FACTS_AGAIN,
             segment->name, segment->start, end, machine->crash_begin, machine->crash_end);
    inside = false;
    ++misfits;
  }
  if (inside && !leaves_a_page(bundle, machine)) {
    complain("refused: the segments leave no free page of " HEX
             " in the crashkernel reservation " RANGE
             ", the kernel needs one for itself; reserve more with crashkernel=SIZE",
             machine->page_size, machine->crash_begin, machine->crash_end);
    ++misfits;
  }
  return misfits;
}

/* A core header points to them: one that is elsewhere by now would be read as whatever is there. */
static unsigned fit_notes(const BatonBundle *bundle, const LiveMachine *machine) {
  if (bundle->note_count == 0) return 0;
  bool has_vmcoreinfo = (bundle->facts & kBatonFactVmcoreinfo) != 0;
  if (bundle->note_count != machine->notes.count || has_vmcoreinfo != machine->has_vmcoreinfo) {
    complain("refused: the core header of the bundle points to %" PRIu32 " crash notes%s, this machine has %zu%s" TAKE_FACTS_AGAIN,
             bundle->note_count - has_vmcoreinfo, has_vmcoreinfo ? " and vmcoreinfo" : "",
             machine->notes.count - machine->has_vmcoreinfo, machine->has_vmcoreinfo ? " and vmcoreinfo" : "");
    return 1;
  }
  unsigned misfits = 0;
  for (uint32_t i = 0; i < bundle->note_count; ++i) {
    const LiveRange *live = &machine->notes.items[i];
    uint64_t begin = baton_be64(bundle->notes[i].begin), end = baton_be64(bundle->notes[i].end);
    if (begin == live->begin && end == live->end) continue;
    complain("refused: the core header of the bundle points to " RANGE ", %s is at " RANGE
             " since this boot" TAKE_FACTS_AGAIN,
             begin, end, live->name, live->begin, live->end);
    ++misfits;
  }
  return misfits;
}

unsigned fit_check(const BatonBundle *bundle, const LiveMachine *machine, bool on_crash) {
  unsigned misfits = fit_caller(bundle, machine, on_crash);
  /* On another architecture /proc has nothing of what is asked below: one reason is enough. */
  if (!machine->is_ppc64) return misfits;
  if (machine->tree == NULL) {
    complain("refused: the device tree cannot be read: %s; mount /proc and run as root",
             machine->tree_reason);
    return misfits + 1;
  }
  misfits += fit_page(bundle, machine);
  misfits += fit_kernel_end(bundle, machine);
  misfits += fit_ram(bundle, machine);
  misfits += fit_occupied(bundle, machine);
  misfits += fit_real_mode(bundle, machine);
  if (on_crash) misfits += fit_crash(bundle, machine);
  misfits += fit_notes(bundle, machine);
  return misfits;
}
