/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Process 1 of the boot tests, in the first kernel and in the second: plays one part, says on the console
 * what it found, and ends the machine. It judges nothing; boot.py compares its lines with what it expects.
 *
 * The part stands on the kernel's command line:
 *   baton.stage=facts    runs `baton-load --facts`, and sends the file as base64 between markers
 *   baton.stage=load     runs `baton-load --dry-run -l /bundle`, `-l /bundle` and `-e`: hands over
 *   baton.stage=second   tells what the second kernel was given: command line, initrd, tree, CPUs
 *   baton.stage=crash    sends the facts, waits until the host has put a bundle into its memory (baton.mark, baton.room),
 *                        runs `baton-load --dry-run -p` and `-p`, and crashes the kernel on CPU baton.cpu
 *   baton.stage=capture  tells what the second kernel was given, and what /proc/vmcore says of the first
 *
 *   BATON: second cpus=4 order=big page=4096 boot-cpu=3 marker=7f3a initrd=7f3a filler=9f86d0...
 *
 * Every line for boot.py starts with "BATON: ". The kernel is kept off the console while they are
 * written, so that none is cut in two.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "baton/bundle.h"
#include "baton/sha256.h"

enum { kKlogConsoleOff = 6, kKlogConsoleOn = 7, kNameSize = 80, kDigestText = 65 };

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  printf("BATON: ");
  vprintf(format, arguments);
  va_end(arguments);
  printf("\n");
  fflush(stdout);
  tcdrain(STDOUT_FILENO);
}

static void end_machine(void) __attribute__((noreturn));
static void end_machine(void) {
  say("end");
  sync();
  reboot(RB_POWER_OFF);
  for (;;) pause();
}

static void fail(const char *what, const char *which) __attribute__((noreturn));
static void fail(const char *what, const char *which) {
  say("failed: %s %s: %s", what, which, strerror(errno));
  end_machine();
}

/* The whole file and a NUL after it; null when it cannot be read. */
static unsigned char *read_file(const char *path, size_t *length) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return NULL;
  size_t room = 1 << 16, used = 0;
  unsigned char *bytes = malloc(room + 1);
  while (bytes != NULL) {
    ssize_t count = read(file, bytes + used, room - used);
    if (count < 0) {
      free(bytes);
      bytes = NULL;
    } else if (count == 0) {
      bytes[used] = 0;
      break;
    } else if ((used += (size_t)count) == room) {
      unsigned char *more = realloc(bytes, (room *= 2) + 1);
      if (more == NULL) free(bytes);
      bytes = more;
    }
  }
  close(file);
  *length = used;
  return bytes;
}

/* A short text file as one word: what follows the first blank or unprintable byte is left out, "none"
 * when there is none. */
static void read_word(const char *path, char word[kNameSize]) {
  size_t length = 0, used = 0;
  unsigned char *bytes = read_file(path, &length);
  while (bytes != NULL && used < length && used + 1 < kNameSize && bytes[used] > 0x20 && bytes[used] < 0x7f) {
    word[used] = (char)bytes[used];
    ++used;
  }
  word[used] = 0;
  if (used == 0) strcpy(word, "none");
  free(bytes);
}

static void digest_text(const unsigned char *bytes, size_t length, char text[kDigestText]) {
  uint8_t digest[32];
  baton_sha256(bytes, length, digest);
  for (int i = 0; i < 32; ++i) sprintf(text + 2 * i, "%02x", digest[i]);
}

/* The command line without its newline, and the value of its word `name=`, or "" without one. */
static const char *command_line(void) {
  size_t length = 0;
  char *line = (char *)read_file("/proc/cmdline", &length);
  if (line == NULL) fail("cannot read", "/proc/cmdline");
  line[strcspn(line, "\n")] = 0;
  return line;
}

static void parameter(const char *line, const char *name, char value[kNameSize]) {
  size_t length = strlen(name);
  value[0] = 0;
  for (const char *word = line; *word != 0; word += strcspn(word, " "), word += strspn(word, " ")) {
    if (strncmp(word, name, length) != 0 || word[length] != '=') continue;
    size_t size = strcspn(word + length + 1, " ");
    if (size >= kNameSize) size = kNameSize - 1;
    memcpy(value, word + length + 1, size);
    value[size] = 0;
  }
}

/* Runs a program and gives its exit status; -1 when it was killed or could not be started. */
static int run(char *const words[]) {
  fflush(stdout);
  pid_t child = fork();
  if (child < 0) fail("cannot start", words[0]);
  if (child == 0) {
    execv(words[0], words);
    perror(words[0]);
    _exit(127);
  }
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static char kLoader[] = "/bin/baton-load";

static void play_facts(void) {
  static const char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static char option[] = "--facts", path[] = "/facts.dtb";
  int status = run((char *[]){kLoader, option, path, NULL});
  if (status != 0) {
    say("failed: baton-load --facts ended with %d", status);
    return;
  }
  size_t length;
  unsigned char *bytes = read_file(path, &length);
  if (bytes == NULL) fail("cannot read", path);
  char digest[kDigestText];
  digest_text(bytes, length, digest);
  say("facts begin size=%zu sha256=%s", length, digest);
  for (size_t at = 0; at < length;) {
    char line[97];
    size_t used = 0;
    for (; used < 96 && at < length; used += 4, at += 3) {
      uint32_t three = (uint32_t)bytes[at] << 16;
      if (at + 1 < length) three |= (uint32_t)bytes[at + 1] << 8;
      if (at + 2 < length) three |= bytes[at + 2];
      for (size_t i = 0; i < 4; ++i)
        line[used + i] = at + i > length ? '=' : kDigits[three >> (18 - 6 * i) & 63];
    }
    line[used] = 0;
    say("facts %s", line);
  }
  say("facts end");
}

static void play_load(void) {
  static char dry[] = "--dry-run", load[] = "-l", bundle[] = "/bundle", enter[] = "-e";
  int status = run((char *[]){kLoader, dry, load, bundle, NULL});
  if (status == 0) {
    say("would load");
    status = run((char *[]){kLoader, load, bundle, NULL});
  }
  if (status != 0) {
    say("failed: baton-load -l ended with %d", status);
    return;
  }
  char loaded[kNameSize];
  read_word("/sys/kernel/kexec_loaded", loaded);
  say("loaded kexec_loaded=%s", loaded);
  say("hands over");
  klogctl(kKlogConsoleOn, NULL, 0);
  status = run((char *[]){kLoader, enter, NULL});
  klogctl(kKlogConsoleOff, NULL, 0);
  say("failed: baton-load -e came back with %d", status);
}

/* A buffer of pages that the host finds by their mark, and what it puts there: the first page says how much. */
static void receive(const char *line, const char *path) {
  enum { kMarkSize = 16, kLengthAt = 16, kDigestAt = 24 };
  static const char kDelivered[kMarkSize] = "BATON-DELIVERED";
  char word[kNameSize];
  unsigned char mark[kMarkSize];
  parameter(line, "baton.mark", word);
  for (size_t i = 0; i < kMarkSize; ++i)
    if (sscanf(word + 2 * i, "%2hhx", &mark[i]) != 1) fail("no mark in", word);
  parameter(line, "baton.room", word);
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = strtoull(word, NULL, 10) / page + 2;
  unsigned char *buffer = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (buffer == MAP_FAILED || mlock(buffer, pages * page) != 0) fail("no memory for", "the mailbox");
  for (size_t i = 0; i < pages; ++i) {
    memcpy(buffer + i * page, mark, kMarkSize);
    baton_put_be64(buffer + i * page + kLengthAt, i);
  }
  say("mailbox pages=%zu page=%zu", pages, page);
  while (memcmp(*(unsigned char *volatile *)&buffer, kDelivered, kMarkSize) != 0) usleep(20000);
  __sync_synchronize();
  size_t length = (size_t)baton_be64(buffer + kLengthAt);
  uint8_t digest[32];
  if (length > (pages - 1) * page) fail("too long:", "the mailbox");
  baton_sha256(buffer + page, length, digest);
  if (memcmp(digest, buffer + kDigestAt, sizeof digest) != 0) fail("damaged:", "the mailbox");
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) fail("cannot write", path);
  for (size_t at = 0; at < length;) {
    ssize_t count = write(file, buffer + page + at, length - at);
    if (count <= 0) fail("cannot write", path);
    at += (size_t)count;
  }
  close(file);
  munmap(buffer, pages * page);
}

/* Where kexec-tools is there: what it loads for a crash, for a comparison, or, with an initrd and a command line of its
 * own, to crash into. It says itself where its segments are. Answers whether it stays. */
static bool load_with_kexec_tools(void) {
  static char program[] = "/bin/kexec", debug[] = "--debug", panic[] = "--load-panic", compared[] = "--initrd=/init",
              stays[] = "--initrd=/capture-initrd", kernel[] = "/vmlinux", line[2048] = "--command-line=";
  if (access(program, X_OK) != 0) return false;
  bool lasts = access("/capture-initrd", R_OK) == 0;
  if (!lasts) {
    strcat(line, "maxcpus=1");
  } else {
    int file = open("/capture-line", O_RDONLY | O_CLOEXEC);
    size_t at = strlen(line);
    ssize_t count = file < 0 ? -1 : read(file, line + at, sizeof line - 1 - at);
    if (count < 0) fail("cannot read", "/capture-line");
    line[at + (size_t)count] = 0;
    close(file);
  }
  say("peer ended with %d", run((char *[]){program, debug, panic, line, lasts ? stays : compared, kernel, NULL}));
  return lasts;
}

/* Loads for a crash, and crashes on the CPU that the command line names. */
static void play_crash(const char *line) {
  static char dry[] = "--dry-run", load[] = "-p", bundle[] = "/bundle";
  play_facts();
  if (!load_with_kexec_tools()) {
    receive(line, bundle);
    int status = run((char *[]){kLoader, dry, load, bundle, NULL});
    if (status == 0) {
      say("would load");
      status = run((char *[]){kLoader, load, bundle, NULL});
    }
    if (status != 0) {
      say("failed: baton-load -p ended with %d", status);
      return;
    }
  }
  char word[kNameSize];
  read_word("/sys/kernel/kexec_crash_loaded", word);
  say("loaded kexec_crash_loaded=%s", word);
  parameter(line, "baton.cpu", word);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET((unsigned)strtoul(word, NULL, 10), &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0) fail("cannot move to CPU", word);
  int trigger = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);
  if (trigger < 0) fail("cannot open", "/proc/sysrq-trigger");
  say("crashes on cpu=%d", sched_getcpu());
  klogctl(kKlogConsoleOn, NULL, 0);
  ssize_t written = write(trigger, "c", 1);
  klogctl(kKlogConsoleOff, NULL, 0);
  say("failed: the kernel survived its crash (%zd)", written);
}

static bool is_little_endian(void) {
  const uint16_t one = 1;
  return *(const unsigned char *)&one == 1;
}

/* The program headers of /proc/vmcore, which the capture kernel made from those of the segment. */
static void tell_vmcore(void) {
  int core = open("/proc/vmcore", O_RDONLY | O_CLOEXEC);
  if (core < 0) fail("cannot open", "/proc/vmcore");
  Elf64_Ehdr header;
  if (pread(core, &header, sizeof header, 0) != (ssize_t)sizeof header) fail("cannot read", "/proc/vmcore");
  struct stat status;
  if (fstat(core, &status) != 0) fail("cannot ask about", "/proc/vmcore");
  say("vmcore class=%d data=%d type=%d machine=%d headers=%d size=%jd", header.e_ident[EI_CLASS], header.e_ident[EI_DATA],
      header.e_type, header.e_machine, header.e_phnum, (intmax_t)status.st_size);
  enum { kPiece = 1 << 16, kStep = 16 << 20 };
  unsigned char *piece = malloc(kPiece);
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr part;
    off_t at = (off_t)(header.e_phoff + (Elf64_Off)i * sizeof part);
    if (pread(core, &part, sizeof part, at) != (ssize_t)sizeof part) fail("cannot read", "/proc/vmcore");
    say("vmcore part type=%u at=0x%" PRIx64 " virtual=0x%" PRIx64 " size=0x%" PRIx64, part.p_type, part.p_paddr, part.p_vaddr,
        part.p_filesz);
    /* A piece every 16 MiB: the whole would take minutes. */
    for (Elf64_Xword step = 0; part.p_type == PT_LOAD && step < part.p_filesz; step += kStep) {
      size_t size = part.p_filesz - step < kPiece ? (size_t)(part.p_filesz - step) : kPiece;
      for (size_t got = 0; got < size;) {
        ssize_t count = pread(core, piece + got, size - got, (off_t)(part.p_offset + step + got));
        if (count <= 0) fail("cannot read", "/proc/vmcore");
        got += (size_t)count;
      }
      char digest[kDigestText];
      digest_text(piece, size, digest);
      say("vmcore piece at=0x%" PRIx64 " size=0x%zx sha256=%s", part.p_paddr + step, size, digest);
    }
  }
  free(piece);
  close(core);
}

/* What the first kernel said last, and a dump of what is worth keeping, by makedumpfile where it is there. */
static void dump(void) {
  static char program[] = "/bin/makedumpfile", log[] = "--dump-dmesg", core[] = "/proc/vmcore", text[] = "/dmesg",
              level[] = "-d", most[] = "31", compressed[] = "-c", file[] = "/dump";
  if (access(program, X_OK) != 0) return;
  if (mkdir("/tmp", 0700) != 0) fail("cannot make", "/tmp");  /* makedumpfile's own scratch files */
  say("dump-dmesg ended with %d", run((char *[]){program, log, core, text, NULL}));
  size_t length;
  char *lines = (char *)read_file(text, &length);
  for (char *at = lines; at != NULL && *at != 0;) {
    size_t size = strcspn(at, "\n");
    if (memmem(at, size, "sysrq", 5) != NULL) say("dmesg %.*s", (int)size, at);
    at += size + (at[size] == '\n');
  }
  free(lines);
  int ended = run((char *[]){program, compressed, level, most, core, file, NULL});
  struct stat status = {0};
  if (ended == 0 && stat(file, &status) != 0) fail("cannot ask about", file);
  say("dump ended with %d size=%jd", ended, (intmax_t)status.st_size);
}

static void play_second(const char *line) {
  char marker[kNameSize], initrd[kNameSize], filler[kDigestText] = "none";
  read_word("/proc/device-tree/chosen/baton,marker", marker);
  read_word("/marker", initrd);
  size_t length;
  unsigned char *bytes = read_file("/filler", &length);
  if (bytes != NULL) digest_text(bytes, length, filler);
  free(bytes);
  /* The header's boot_cpuid_phys, at 28: what the stub has written. */
  bytes = read_file("/sys/firmware/fdt", &length);
  uint32_t boot_cpu = bytes != NULL && length >= 40 ? baton_be32(bytes + 28) : UINT32_MAX;
  free(bytes);
  struct utsname name;
  if (uname(&name) != 0) fail("cannot ask", "uname");
  say("cmdline %s", line);
  say("kernel %s %s", name.sysname, name.release);
  say("second cpus=%ld order=%s page=%ld boot-cpu=%" PRIu32 " marker=%s initrd=%s filler=%s",
      sysconf(_SC_NPROCESSORS_ONLN), is_little_endian() ? "little" : "big", sysconf(_SC_PAGESIZE), boot_cpu, marker,
      initrd, filler);
}

int main(void) {
  klogctl(kKlogConsoleOff, NULL, 0);
  static const char *const kMounts[][2] = {{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}};
  for (size_t i = 0; i < sizeof kMounts / sizeof kMounts[0]; ++i)
    if (mount(kMounts[i][0], kMounts[i][1], kMounts[i][0], 0, NULL) != 0) fail("cannot mount", kMounts[i][1]);
  const char *line = command_line();
  char stage[kNameSize];
  parameter(line, "baton.stage", stage);
  say("up stage=%s cpus=%ld", stage, sysconf(_SC_NPROCESSORS_ONLN));
  if (strcmp(stage, "facts") == 0)
    play_facts();
  else if (strcmp(stage, "load") == 0)
    play_load();
  else if (strcmp(stage, "second") == 0)
    play_second(line);
  else if (strcmp(stage, "crash") == 0)
    play_crash(line);
  else if (strcmp(stage, "capture") == 0) {
    play_second(line);
    tell_vmcore();
    dump();
  } else
    say("failed: no baton.stage= on the command line: %s", line);
  end_machine();
}
