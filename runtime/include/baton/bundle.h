/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * What is in a bundle file, byte by byte?
 *
 * A bundle is one self-contained file that the runtime loads: the segment table of one handoff, the
 * bytes of every segment, their digests, and the facts about the machine that the compiler took for
 * granted. This header is the format and nothing else: bundle_check.h reads it, emit/bundle.h
 * writes it. It does not say whether a bundle fits a machine: that is the loader's question.
 *
 * Every integer is big-endian and unsigned. Every field is an array of bytes, so that the structs
 * have no padding and no alignment and nobody can forget the byte order:
 *
 *   const BatonBundleHeader *header = bytes;
 *   uint64_t entry = baton_be64(header->entry);            // 0x4000000
 *
 * Layout, exactly one for given contents (so a bundle has no place for anything hidden):
 *
 *   0                              BatonBundleHeader, 320 bytes
 *   320                            BatonBundleSegment[segment_count], 128 bytes each
 *   320 + 128 * segment_count      BatonBundleRange[ram_count], 16 bytes each
 *   then                           BatonBundleRange[note_count], 16 bytes each
 *   meta_size                      bytes of segment 0, zeros to a multiple of 8, bytes of segment
 *                                  1, ...; no zeros after the last; a segment without bytes adds none
 *   total_size                     end of file
 */
#ifndef BATON_BUNDLE_H
#define BATON_BUNDLE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  kBatonBundleVersion = 1,         /* the only one so far; any other is refused */
  kBatonBundleHeaderSize = 320,    /* bytes */
  kBatonBundleSegmentSize = 128,   /* bytes per segment entry */
  kBatonBundleRangeSize = 16,      /* bytes per RAM range */
  kBatonBundleMaxSegments = 16,    /* KEXEC_SEGMENT_MAX of the kernel (include/linux/kexec.h) */
  kBatonBundleMaxRamRanges = 1048576, /* as many as a machine may have blocks of memory, none beside another */
  kBatonBundleMaxNotes = 65536,
  kBatonBundleNameSize = 56,       /* bytes of a name field, the NUL included */
  kBatonBundleDigestSize = 32,     /* SHA-256 */
  kBatonBundleDigestOffset = 32,   /* of `digest` in the header */
  kBatonBundlePayloadAlignment = 8 /* of each segment's bytes in the file */
};

/* "BATONBDL" */
#define BATON_BUNDLE_MAGIC "BATONBDL"

/* Header `flags`; unknown bits are refused. */
enum {
  kBatonFlagOnCrash = 1 /* loaded for a crash (KEXEC_ON_CRASH), not for a planned handoff */
};

/* Header `giver`: the byte orders in which the outgoing kernel may run; a set, never empty. */
enum { kBatonGiverBig = 1, kBatonGiverLittle = 2, kBatonGiverBoth = 3 };

/* Header `facts`: which of the assumed facts the compiler knew. A fact whose bit is clear is zero
 * in the file and is not compared. Page size is always known. RAM is known iff ram_count > 0, and crash
 * notes iff note_count > 0: a core header points to them, and they are where they are for one boot only. */
enum {
  kBatonFactKernelEnd = 1,
  kBatonFactRmaEnd = 2,
  kBatonFactHypervisor = 4,
  kBatonFactCrashRegion = 8,
  kBatonFactVmcoreinfo = 16, /* the last of the notes is vmcoreinfo, the others are CPUs' */
  kBatonFactsAll = 31
};

/* Segment `kind`. Informative, but for: a reserve has no bytes; and what runs or is read with
 * translation off (trampoline, devicetree, elf, and the segment that is entered) must lie in the RMA. */
enum {
  kBatonKindElf = 1,
  kBatonKindFile = 2,
  kBatonKindDevicetree = 3,
  kBatonKindReserve = 4,
  kBatonKindTrampoline = 5,
  kBatonKindElfcorehdr = 6
};

typedef struct BatonBundleHeader {
  uint8_t magic[8];          /*   0  BATON_BUNDLE_MAGIC without its NUL */
  uint8_t version[4];        /*   8  kBatonBundleVersion */
  uint8_t header_size[4];    /*  12  bytes: kBatonBundleHeaderSize */
  uint8_t total_size[8];     /*  16  bytes: the length of the file, exactly */
  uint8_t meta_size[8];      /*  24  bytes: header + the three tables, exactly */
  uint8_t digest[32];        /*  32  SHA-256 of bytes 0 ..< meta_size, these 32 taken as zero */
  uint8_t entry[8];          /*  64  real address entered, 4-byte aligned, inside a segment's extent */
  uint8_t granule[8];        /*  72  bytes: a power of two, at least 4096; start and memsz of each
                                     segment are multiples of it */
  uint8_t flags[4];          /*  80  kBatonFlag* */
  uint8_t giver[4];          /*  84  kBatonGiver* */
  uint8_t segment_count[4];  /*  88  1 .. kBatonBundleMaxSegments */
  uint8_t ram_count[4];      /*  92  0 (unknown) .. kBatonBundleMaxRamRanges */
  uint8_t facts[4];          /*  96  kBatonFact*: which of the next ones are known */
  uint8_t page_size[4];      /* 100  bytes: the running kernel's page size; a power of two, at
                                     least 4096, that divides granule */
  uint8_t kernel_end[8];     /* 104  real address: first byte after the running kernel */
  uint8_t rma_end[8];        /* 112  real address: first byte that real mode cannot reach */
  uint8_t crash_begin[8];    /* 120  real address: first byte of the crashkernel reservation */
  uint8_t crash_end[8];      /* 128  real address: first byte after it; crash_begin < crash_end */
  uint8_t hypervisor[4];     /* 136  1: the running kernel is the hypervisor (OPAL); 0: a guest */
  uint8_t note_count[4];     /* 140  0 (none are pointed to) .. kBatonBundleMaxNotes */
  uint8_t handoff[56];       /* 144  name, see below; not empty */
  uint8_t machine[56];       /* 200  name; may be empty */
  uint8_t reserved_zero[64]; /* 256  zero */
} BatonBundleHeader;

/* A name is printable ASCII without blanks (0x21 .. 0x7e), then NULs to the end of its field: at
 * least one. Segment names are distinct and not empty. */
typedef struct BatonBundleSegment {
  uint8_t name[56];   /*  0 */
  uint8_t kind[4];    /* 56  kBatonKind* */
  uint8_t reserved_zero[4]; /* 60  zero */
  uint8_t start[8];   /* 64  real address of the destination; a multiple of granule */
  uint8_t memsz[8];   /* 72  bytes at the destination; a multiple of granule, not zero; start + memsz
                             is at most 2^64 - 1; extents of two segments are disjoint */
  uint8_t offset[8];  /* 80  of the bytes in the file: the end of the bytes before, rounded up to a
                             multiple of 8 unless length is 0 */
  uint8_t length[8];  /* 88  bytes in the file (bufsz), at most memsz; the rest of memsz is zeros */
  uint8_t digest[32]; /* 96  SHA-256 of those bytes (of nothing, when length is 0) */
} BatonBundleSegment;

/* RAM that the compiler assumed: half-open, not empty, ascending, with a gap between neighbours. Then the crash
 * notes that it took for granted: half-open, not empty, in the order of the running kernel's CPUs. */
typedef struct BatonBundleRange {
  uint8_t begin[8]; /* 0  real address */
  uint8_t end[8];   /* 8  real address of the first byte after */
} BatonBundleRange;

static inline uint32_t baton_be32(const uint8_t b[4]) {
  return ((uint32_t)b[0] << 24) | ((uint32_t)b[1] << 16) | ((uint32_t)b[2] << 8) | (uint32_t)b[3];
}
static inline uint64_t baton_be64(const uint8_t b[8]) {
  return ((uint64_t)baton_be32(b) << 32) | (uint64_t)baton_be32(b + 4);
}
static inline void baton_put_be32(uint8_t b[4], uint32_t value) {
  b[0] = (uint8_t)(value >> 24);
  b[1] = (uint8_t)(value >> 16);
  b[2] = (uint8_t)(value >> 8);
  b[3] = (uint8_t)value;
}
static inline void baton_put_be64(uint8_t b[8], uint64_t value) {
  baton_put_be32(b, (uint32_t)(value >> 32));
  baton_put_be32(b + 4, (uint32_t)value);
}

#ifdef __cplusplus
}
#define BATON_BUNDLE_LAYOUT(type, size) \
  static_assert(sizeof(type) == (size) && alignof(type) == 1, "bundle layout")
#else
#define BATON_BUNDLE_LAYOUT(type, size) \
  _Static_assert(sizeof(type) == (size) && _Alignof(type) == 1, "bundle layout")
#endif
BATON_BUNDLE_LAYOUT(BatonBundleHeader, kBatonBundleHeaderSize);
BATON_BUNDLE_LAYOUT(BatonBundleSegment, kBatonBundleSegmentSize);
BATON_BUNDLE_LAYOUT(BatonBundleRange, kBatonBundleRangeSize);
#undef BATON_BUNDLE_LAYOUT

#endif
