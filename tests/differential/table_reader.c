/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What does a C program on the target see in a table file? Reads `struct kexec_segment`s, as the kernel's
 * own header declares them, from standard input and prints their fields; then the array that the C header
 * makes at compile time. Freestanding, so that one source serves 64-bit and 32-bit callers in both byte
 * orders without a C library of each.
 */
#include <linux/kexec.h>
#include <linux/unistd.h>
#include <stddef.h>
#include <stdint.h>

#include HEADER

static long system_call(long number, long a, long b, long c) {
  register long r0 __asm__("r0") = number;
  register long r3 __asm__("r3") = a;
  register long r4 __asm__("r4") = b;
  register long r5 __asm__("r5") = c;
  __asm__ volatile("sc\n\tbns+ 1f\n\tneg 3,3\n1:"
                   : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5)
                   :
                   : "r6", "r7", "r8", "r9", "r10", "r11", "r12", "cr0", "ctr", "memory");
  return r3;
}

static void print_number(unsigned long value, char end) {
  char text[2 * sizeof value + 1];
  unsigned i = sizeof text;
  text[--i] = end;
  do {
    text[--i] = "0123456789abcdef"[value & 15];
    value >>= 4;
  } while (value != 0);
  system_call(__NR_write, 1, (long)(text + i), (long)(sizeof text - i));
}

static void print_segments(const struct kexec_segment *segments, unsigned long count) {
  for (unsigned long i = 0; i < count; ++i) {
    print_number((unsigned long)segments[i].buf, ' ');
    print_number(segments[i].bufsz, ' ');
    print_number((unsigned long)segments[i].mem, ' ');
    print_number(segments[i].memsz, '\n');
  }
}

static struct kexec_segment from_file[KEXEC_SEGMENT_MAX];
static const struct kexec_segment from_header[] = KEXEC_SEGMENTS(0);

void _start(void) {
  long length = system_call(__NR_read, 0, (long)from_file, sizeof from_file);
  if (length < 0 || length % (long)sizeof from_file[0] != 0) system_call(__NR_exit, 1, 0, 0);
  print_segments(from_file, (unsigned long)length / sizeof from_file[0]);
  system_call(__NR_write, 1, (long)"header\n", 7);
  print_segments(from_header, sizeof from_header / sizeof from_header[0]);
  system_call(__NR_exit, 0, 0, 0);
}
