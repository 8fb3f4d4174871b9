/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The loader: takes a bundle, and either loads it into the running kernel or says why not.
 *
 * main is the table of contents. A bundle passes three gates, in this order, and the first that is
 * shut ends the run with nothing changed: the bytes are a bundle (bundle_check.h), the bundle fits
 * this machine now (load/fit.h), the kernel takes it (load/kernel_calls.h). It does not shut the
 * system down before -e: that is the caller's business.
 *
 *   baton-load -l boot.bundle && baton-load -e
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baton/bundle_check.h"
#include "load/facts.h"
#include "load/files.h"
#include "load/fit.h"
#include "load/kernel_calls.h"
#include "load/machine.h"
#include "load/options.h"

static void print_bundle(const BatonBundle *bundle, const char *path) {
  static const char *const kOrders[] = {"none", "big", "little", "both"};
  printf("bundle %s: handoff %s%s%s\n", path, bundle->handoff,
         bundle->machine[0] == 0 ? "" : " on ", bundle->machine);
  printf("  entry 0x%" PRIx64 ", granule 0x%" PRIx64 ", giver %s, load %s\n", bundle->entry,
         bundle->granule, kOrders[bundle->giver],
         bundle->flags & kBatonFlagOnCrash ? "on_crash" : "normal");
  for (uint32_t i = 0; i < bundle->segment_count; ++i) {
    const BatonSegment *segment = &bundle->segments[i];
    printf("  segment %-12s %-10s 0x%" PRIx64 " ..< 0x%" PRIx64 " from %" PRIu64 " bytes\n",
           segment->name, baton_kind_name(segment->kind), segment->start,
           segment->start + segment->memsz, segment->length);
  }
}

static int load_bundle(int root, const Options *options) {
  Bytes file;
  ReadOutcome outcome = read_file(AT_FDCWD, options->bundle, SIZE_MAX / 4, &file);
  if (outcome != kReadOk) {
    complain("cannot read `%s`: %s", options->bundle, read_reason(outcome));
    return kExitNoInput;
  }
  BatonBundle bundle;
  BatonFault fault;
  int result = kExitRefused;
  if (!baton_bundle_check(file.data, file.length, &bundle, &fault)) {
    char text[kBatonFaultTextSize];
    complain("refused: `%s`: %s [%s]", options->bundle, baton_fault_text(&fault, text),
             baton_rule_name(fault.rule));
    free(file.data);
    return result;
  }
  LiveMachine machine;
  machine_read(root, options->live, &machine);
  unsigned misfits = fit_check(&bundle, &machine, options->on_crash);
  if (misfits != 0) {
    complain("`%s` does not fit this machine: %u reason%s above; nothing is loaded", options->bundle,
             misfits, misfits == 1 ? "" : "s");
  } else if (options->dry_run) {
    print_bundle(&bundle, options->bundle);
    printf("would call kexec_load(entry = 0x%" PRIx64 ", segments = %" PRIu32 ", flags = 0x%lx)\n",
           bundle.entry, bundle.segment_count, kexec_flags(options->on_crash));
    result = kExitOk;
  } else {
    result = load_segments(&bundle, options->on_crash);
    if (result == kExitOk)
      printf("loaded %s: handoff %s, %" PRIu32 " segments, entry 0x%" PRIx64 "\n", options->bundle,
             bundle.handoff, bundle.segment_count, bundle.entry);
  }
  machine_free(&machine);
  free(file.data);
  return result;
}

static int unload_loaded(const Options *options) {
  if (!options->dry_run) return unload(options->on_crash);
  printf("would call kexec_load(entry = 0x0, segments = 0, flags = 0x%lx)\n",
         kexec_flags(options->on_crash));
  return kExitOk;
}

static int execute(int root, const Options *options) {
  Bytes loaded;
  ReadOutcome outcome = read_file(root, "sys/kernel/kexec_loaded", 64, &loaded);
  if (outcome != kReadOk) {
    complain("refused: cannot read /sys/kernel/kexec_loaded, so whether anything is loaded is not "
             "known; mount /sys");
    return kExitRefused;
  }
  bool is_loaded = loaded.data[0] == '1';
  free(loaded.data);
  if (!is_loaded) {
    complain("refused: nothing is loaded (/sys/kernel/kexec_loaded is 0); load a bundle with -l first");
    return kExitRefused;
  }
  if (!options->dry_run) return execute_loaded();
  printf("would sync and call reboot(LINUX_REBOOT_CMD_KEXEC)\n");
  return kExitOk;
}

static int write_facts(int root, const Options *options) {
  LiveMachine machine;
  machine_read(root, options->live, &machine);
  int result = facts_write(root, &machine, options->facts);
  machine_free(&machine);
  return result;
}

int main(int count, char **words) {
  Options options;
  int result = options_parse(count, words, &options);
  if (result != kExitOk || options.action == kActionDone) return result;
  int root = open(options.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) {
    complain("cannot open the directory `%s`: %s", options.root, strerror(errno));
    return kExitNoInput;
  }
  switch (options.action) {
    case kActionLoad: result = load_bundle(root, &options); break;
    case kActionUnload: result = unload_loaded(&options); break;
    case kActionExecute: result = execute(root, &options); break;
    case kActionFacts: result = write_facts(root, &options); break;
    case kActionDone: break;
  }
  close(root);
  /* A report that could not be written is no success. */
  if (fflush(stdout) != 0 && result == kExitOk) result = kExitInternal;
  return result;
}
