// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of compiled.S that is C: it hashes the tree's header against a number that the loader left, and copies what
// has to be kept. Plain loops over bytes, a table and a switch, so that there is a TOC and a stack to be right about.
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

// What the loader patches. Not const, and used through a pointer that the compiler cannot see through.
u64 kernel = 0, tree = 0, backup_start = 0, hash = 0;
const u8 *const volatile kept = (const u8 *)0x0;

#ifndef BACKUP_SIZE
#define BACKUP_SIZE 0x10000ul
#endif
#ifndef HASHED
#define HASHED 24ul  // what no stub writes
#endif

static const u32 mix[4] = {0x9e3779b9u, 0x85ebca6bu, 0xc2b2ae35u, 0x27d4eb2fu};

static u32 __attribute__((noinline)) turn(u32 state, u32 byte) {
  switch (byte & 7) {
    case 0: return state ^ byte;
    case 1: return state + byte * 3;
    case 2: return state << 1 | state >> 31;
    case 3: return state - byte;
    case 4: return state * 33 ^ byte;
    case 5: return ~state;
    default: return state + mix[byte & 3];
  }
}

u64 __attribute__((noinline)) digest(const u8 *at, u64 size) {
  u32 state = mix[0];
  for (u64 i = 0; i < size; ++i) state = turn(state, at[i]);
  return state;
}

static void __attribute__((noinline)) copy(u8 *to, const u8 *from, u64 size) {
  for (u64 i = 0; i < size; ++i) __asm__ volatile("stb %1,%0" : "=m"(to[i]) : "r"(from[i]));
}

#ifdef DEEP_STACK
static u64 __attribute__((noinline)) deep(u64 n) {
  volatile u8 room[2048];
  room[n] = 1;
  return n == 0 ? room[0] : deep(n - 1) + room[n];
}
#endif
#ifdef MISSING_CALLEE
extern void print(const char *, ...);
#endif

void purgatory(void) {
#ifdef DEEP_STACK
  if (deep(8) == 0) return;
#endif
#ifdef MISSING_CALLEE
  print("hashing\n");
#endif
#ifdef PROTECTED
  volatile char room[64];
  room[(u64)&room & 63] = 0;
#endif
  if (digest((const u8 *)tree, HASHED) != hash)
    for (;;) __asm__ volatile("");
#ifdef BACKUP
  copy((u8 *)backup_start, kept, BACKUP_SIZE);
#else
  (void)copy, (void)kept;
#endif
}
