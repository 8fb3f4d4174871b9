/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * kexec_load(2) and reboot(2); see kernel_calls.h. On another architecture the calls are not made at
 * all: its numbers mean something else there.
 */
#define _GNU_SOURCE
#include "load/kernel_calls.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "load/files.h"

#if defined(__powerpc64__)
#include <sys/syscall.h>
#endif

enum { kKexecLoad = 268, kKexecOnCrash = 1 };

/* struct kexec_segment of the kernel, 64-bit: 32 bytes. */
struct KexecSegment {
  const void *buf;
  size_t bufsz;
  uint64_t mem;
  uint64_t memsz;
};

unsigned long kexec_flags(bool on_crash) {
  return (21ul << 16) | (on_crash ? kKexecOnCrash : 0);
}

const char *kexec_load_error(int error) {
  switch (error) {
    case EBUSY:
      return "another program is loading or a handoff has begun; try again";
    case EPERM:
      return "not allowed: needs root (CAP_SYS_BOOT), kernel.kexec_load_disabled = 0, and no "
             "lockdown by secure boot";
    case EADDRNOTAVAIL:
      return "a segment is not aligned to the kernel's page size or leaves the address space, or a "
             "crash kernel's segment or entry is outside the crashkernel reservation";
    case ETXTBSY:
      return "a segment lies on the running kernel or on a TCE table";
    case ENOMEM:
      return "not enough free memory to stage the segments, or no free page left in the crashkernel "
             "reservation";
    case EINVAL:
      return "the kernel found segments that overlap, more than 16 of them, more than half of RAM, or "
             "flags that it does not know";
    case EFAULT:
      return "the kernel could not read the segments' bytes";
    case ENOSYS:
      return "this kernel has no kexec_load(2); it needs CONFIG_KEXEC";
    default:
      return "an error that kexec_load(2) does not document";
  }
}

#if defined(__powerpc64__)
static long call_kexec_load(uint64_t entry, unsigned long count, const struct KexecSegment *segments,
                            unsigned long flags) {
  return syscall(kKexecLoad, entry, count, segments, flags);
}
/* magic numbers and LINUX_REBOOT_CMD_KEXEC of include/uapi/linux/reboot.h */
static long call_reboot(void) { return syscall(SYS_reboot, 0xfee1dead, 672274793, 0x45584543, 0); }
#else
static long call_kexec_load(uint64_t entry, unsigned long count, const struct KexecSegment *segments,
                            unsigned long flags) {
  (void)entry, (void)count, (void)segments, (void)flags;
  errno = ENOSYS;
  return -1;
}
static long call_reboot(void) {
  errno = ENOSYS;
  return -1;
}
#endif

int load_segments(const BatonBundle *bundle, bool on_crash) {
  struct KexecSegment segments[kBatonBundleMaxSegments];
  for (uint32_t i = 0; i < bundle->segment_count; ++i)
    segments[i] = (struct KexecSegment){bundle->segments[i].bytes, (size_t)bundle->segments[i].length,
                                        bundle->segments[i].start, bundle->segments[i].memsz};
  if (call_kexec_load(bundle->entry, bundle->segment_count, segments, kexec_flags(on_crash)) == 0)
    return kExitOk;
  int error = errno;
  complain("kexec_load failed: %s (%s); this bundle is not loaded", strerror(error),
           kexec_load_error(error));
  return kExitInternal;
}

int unload(bool on_crash) {
  if (call_kexec_load(0, 0, NULL, kexec_flags(on_crash)) == 0) return kExitOk;
  int error = errno;
  complain("kexec_load failed to unload: %s (%s)", strerror(error), kexec_load_error(error));
  return kExitInternal;
}

int execute_loaded(void) {
  sync();
  call_reboot();
  int error = errno;
  complain("reboot failed to hand over: %s%s", strerror(error),
           error == EPERM ? " (needs root: CAP_SYS_BOOT)"
           : error == EINVAL ? " (nothing is loaded, or the kernel lacks CONFIG_KEXEC)" : "");
  return kExitInternal;
}
