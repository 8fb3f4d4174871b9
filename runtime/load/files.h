/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How do bytes come in, and how do they leave? Whole files, relative to a root directory.
 *
 * /proc and /sys are always read relative to a directory descriptor, so that the same code reads a
 * live machine ("/") and a copy of one (--root DIR). Files of /proc have no size: reading goes on
 * until the end. Nothing is interpreted here.
 *
 *   Bytes text; if (read_file(root, "proc/iomem", 1 << 20, &text) == kReadOk) puts(text.data);
 */
#ifndef BATON_LOAD_FILES_H
#define BATON_LOAD_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The process's exit codes; the same as the compiler's. */
enum {
  kExitOk = 0,
  kExitRefused = 1,   /* a bundle or a machine that does not fit; nothing was changed */
  kExitUsage = 64,    /* the command line is wrong */
  kExitNoInput = 66,  /* a file is missing or unreadable */
  kExitInternal = 70  /* the kernel or the system refused a call */
};

typedef struct Bytes {
  uint8_t *data; /* one NUL follows the last byte, so that text files are C strings */
  size_t length;
} Bytes;

typedef enum ReadOutcome {
  kReadOk,
  kReadAbsent,   /* no such file */
  kReadFailed,   /* errno says why */
  kReadNotAFile, /* a device or pipe, which may never end */
  kReadTooLarge  /* more than `most` bytes */
} ReadOutcome;

/* Why a read did not give kReadOk, in words; right after the read, because it may ask errno. */
const char *read_reason(ReadOutcome outcome);

/* Reads all of `path`, relative to the directory `directory`. On kReadOk *out owns its memory. */
ReadOutcome read_file(int directory, const char *path, size_t most, Bytes *out);

/* Writes under a temporary name beside `path` and renames. False: errno says why, nothing is left. */
bool write_file_atomically(const char *path, const uint8_t *data, size_t length);

/* malloc/realloc that end the process with kExitInternal and a message when memory is out. */
void *allocate(size_t size);
void *reallocate(void *old, size_t count, size_t size);
char *duplicate(const char *text);

/* "baton-load: " + the message + newline on standard error. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void complain(const char *format, ...);

#endif
