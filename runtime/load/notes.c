/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reading the notes; see notes.h. Their files are described in the kernel's
 * Documentation/ABI/testing/sysfs-devices-system-cpu and sysfs-kernel-vmcoreinfo.
 */
#define _GNU_SOURCE
#include "load/notes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kLargestNumber = 4096, kMostCpus = 1 << 20 };

/* A number that is all there is in a small file, in `base`. */
static bool read_number(int root, const char *path, int base, uint64_t *value) {
  Bytes text;
  if (read_file(root, path, kLargestNumber, &text) != kReadOk) return false;
  char *end;
  errno = 0;
  *value = strtoull((const char *)text.data, &end, base);
  bool ok = errno == 0 && end != (char *)text.data && (*end == 0 || *end == '\n');
  free(text.data);
  return ok;
}

static int number_order(const void *a, const void *b) {
  unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;
  return x < y ? -1 : x > y;
}

/* The numbers N of the directories cpuN, ascending. */
static size_t list_cpus(int root, unsigned long **numbers) {
  *numbers = NULL;
  size_t count = 0;
  int fd = openat(root, "sys/devices/system/cpu", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  if (directory == NULL) {
    if (fd >= 0) close(fd);
    return 0;
  }
  const struct dirent *entry;
  while ((entry = readdir(directory)) != NULL) {
    const char *digits = entry->d_name + 3;
    if (strncmp(entry->d_name, "cpu", 3) != 0 || *digits == 0 ||
        strspn(digits, "0123456789") != strlen(digits))
      continue;
    unsigned long number = strtoul(digits, NULL, 10);
    if (number >= kMostCpus) continue;
    *numbers = reallocate(*numbers, count + 1, sizeof **numbers);
    (*numbers)[count++] = number;
  }
  closedir(directory);
  if (count > 1) qsort(*numbers, count, sizeof **numbers, number_order);
  return count;
}

static void read_cpu_notes(int root, LiveMachine *machine) {
  unsigned long *cpus;
  size_t count = list_cpus(root, &cpus);
  for (size_t i = 0; i < count; ++i) {
    char path[96], name[kRangeNameSize];
    uint64_t address, size;
    snprintf(path, sizeof path, "sys/devices/system/cpu/cpu%lu/crash_notes", cpus[i]);
    if (!read_number(root, path, 16, &address)) continue;
    snprintf(path, sizeof path, "sys/devices/system/cpu/cpu%lu/crash_notes_size", cpus[i]);
    if (!read_number(root, path, 10, &size)) continue;
    snprintf(name, sizeof name, "the crash note of CPU %lu", cpus[i]);
    ranges_add(&machine->notes, address, size, name);
  }
  free(cpus);
}

/* "2a50000 1024" or with 0x: both numbers are hexadecimal. */
static void read_vmcoreinfo(int root, LiveMachine *machine) {
  Bytes text;
  if (read_file(root, "sys/kernel/vmcoreinfo", kLargestNumber, &text) != kReadOk) return;
  uint64_t address, size;
  if (sscanf((const char *)text.data, "%" SCNx64 " %" SCNx64, &address, &size) == 2 && size != 0) {
    ranges_add(&machine->notes, address, size, "vmcoreinfo");
    machine->has_vmcoreinfo = true;
  }
  free(text.data);
}

void notes_read(int root, LiveMachine *machine) {
  read_cpu_notes(root, machine);
  read_vmcoreinfo(root, machine);
}
