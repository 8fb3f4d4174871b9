/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * POSIX behind files.h. A bundle is read into private memory, not mapped: a mapping of a file that
 * somebody rewrites between the check and the load would change under our hands.
 */
#define _GNU_SOURCE
#include "load/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void complain(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fflush(stdout);
  fputs("baton-load: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
}

void *reallocate(void *old, size_t count, size_t size) {
  void *memory = NULL;
  if (size == 0 || count <= SIZE_MAX / size) {
    size_t bytes = count * size;
    memory = realloc(old, bytes == 0 ? 1 : bytes);
  }
  if (memory == NULL) {
    complain("out of memory: %zu times %zu bytes", count, size);
    exit(kExitInternal);
  }
  return memory;
}

void *allocate(size_t size) { return reallocate(NULL, 1, size); }

char *duplicate(const char *text) {
  size_t size = strlen(text) + 1;
  return memcpy(allocate(size), text, size);
}

const char *read_reason(ReadOutcome outcome) {
  switch (outcome) {
    case kReadNotAFile: return "not a regular file";
    case kReadTooLarge: return "too large";
    default: return strerror(errno);
  }
}

ReadOutcome read_file(int directory, const char *path, size_t most, Bytes *out) {
  int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return errno == ENOENT || errno == ENOTDIR ? kReadAbsent : kReadFailed;
  struct stat status;
  ReadOutcome outcome = kReadOk;
  if (fstat(fd, &status) != 0) {
    outcome = kReadFailed;
  } else if (S_ISDIR(status.st_mode)) {
    outcome = kReadFailed;
    errno = EISDIR;
  } else if (!S_ISREG(status.st_mode)) {
    outcome = kReadNotAFile;
  }
  if (outcome != kReadOk) {
    int error = errno;
    close(fd);
    errno = error;
    return outcome;
  }
  /* One more than said, so that the read which meets the end needs no second buffer. */
  size_t capacity = 4096;
  if (status.st_size > 0 && (uint64_t)status.st_size < most) capacity = (size_t)status.st_size + 1;
  uint8_t *data = allocate(capacity + 1);
  size_t length = 0;
  for (;;) {
    if (length == capacity) {
      if (capacity > most) {
        outcome = kReadTooLarge;
        break;
      }
      capacity = capacity > most / 2 ? most + 1 : capacity * 2;
      data = reallocate(data, capacity + 1, 1);
    }
    ssize_t got = read(fd, data + length, capacity - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) outcome = kReadFailed;
    if (got <= 0) break;
    length += (size_t)got;
  }
  if (outcome == kReadOk && length > most) outcome = kReadTooLarge;
  int error = errno;
  close(fd);
  errno = error;
  if (outcome != kReadOk) {
    free(data);
    return outcome;
  }
  data[length] = 0;
  out->data = data;
  out->length = length;
  return kReadOk;
}

bool write_file_atomically(const char *path, const uint8_t *data, size_t length) {
  size_t size = strlen(path) + 32;
  char *temporary = allocate(size);
  snprintf(temporary, size, "%s.tmp%ld", path, (long)getpid());
  int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  bool ok = fd >= 0;
  while (ok && length != 0) {
    ssize_t written = write(fd, data, length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      ok = false;
      break;
    }
    data += written;
    length -= (size_t)written;
  }
  int error = errno;
  if (fd >= 0 && close(fd) != 0 && ok) {
    ok = false;
    error = errno;
  }
  if (ok && rename(temporary, path) != 0) {
    ok = false;
    error = errno;
  }
  if (!ok && fd >= 0) unlink(temporary);
  free(temporary);
  errno = error;
  return ok;
}
