/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Are these bytes a bundle, all of them, and what do they say?
 *
 * A pure function over a byte buffer: every rule of bundle.h is checked with arithmetic that cannot
 * wrap, and only then is anything handed out. It does not compare with a machine. The first rule
 * broken is reported as a fault: which rule, in which segment, the value found and the value wanted.
 *
 *   BatonBundle bundle; BatonFault fault; char text[kBatonFaultTextSize];
 *   if (!baton_bundle_check(bytes, length, &bundle, &fault))
 *     puts(baton_fault_text(&fault, text));   // "truncated: 4096 bytes, the header says 8192; ..."
 */
#ifndef BATON_BUNDLE_CHECK_H
#define BATON_BUNDLE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "baton/bundle.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One segment in host order. Pointers lead into the buffer that was checked. */
typedef struct BatonSegment {
  const char *name; /* NUL-terminated */
  uint32_t kind;
  uint64_t start; /* real address */
  uint64_t memsz; /* bytes */
  const uint8_t *bytes;
  uint64_t length;       /* bytes at `bytes` */
  uint64_t offset;       /* of `bytes` in the file */
  const uint8_t *digest; /* 32 bytes, compared already */
} BatonSegment;

/* A checked bundle in host order. Valid as long as the buffer is. */
typedef struct BatonBundle {
  uint64_t entry;
  uint64_t granule;
  uint32_t flags;
  uint32_t giver;
  const char *handoff;
  const char *machine;
  uint32_t segment_count;
  BatonSegment segments[kBatonBundleMaxSegments];
  uint32_t facts;
  uint32_t page_size;
  uint64_t kernel_end;
  uint64_t rma_end;
  uint64_t crash_begin;
  uint64_t crash_end;
  uint32_t hypervisor;
  uint32_t ram_count;
  const BatonBundleRange *ram; /* ram_count ranges, still big-endian: use baton_be64 */
  uint32_t note_count;
  const BatonBundleRange *notes; /* note_count ranges, still big-endian */
} BatonBundle;

/* In the order in which they are checked. */
typedef enum BatonRule {
  kBatonRuleNone = 0,
  kBatonRuleTooShort,        /* not even a header */
  kBatonRuleMagic,
  kBatonRuleVersion,
  kBatonRuleHeaderSize,
  kBatonRuleTruncated,       /* the file is shorter than total_size */
  kBatonRuleTrailing,        /* the file is longer than total_size */
  kBatonRuleSegmentCount,
  kBatonRuleRamCount,
  kBatonRuleNoteCount,
  kBatonRuleMetaSize,        /* not header + tables, or past the end */
  kBatonRuleMetaDigest,
  kBatonRuleReserved,        /* a reserved field is not zero */
  kBatonRuleFlags,
  kBatonRuleGiver,
  kBatonRuleGranule,
  kBatonRulePageSize,
  kBatonRuleFacts,           /* an unknown bit, or a value for a fact that is not known */
  kBatonRuleHypervisor,
  kBatonRuleCrashRegion,
  kBatonRuleHandoffName,
  kBatonRuleMachineName,
  kBatonRuleRamOrder,        /* empty, backwards, or not after the range before */
  kBatonRuleNoteRange,       /* empty or backwards */
  kBatonRuleSegmentName,
  kBatonRuleSegmentReserved,
  kBatonRuleSegmentKind,
  kBatonRuleSegmentStart,    /* not a multiple of the granule */
  kBatonRuleSegmentMemsz,    /* zero, or not a multiple of the granule */
  kBatonRuleSegmentEnd,      /* start + memsz past 2^64 - 1 */
  kBatonRuleSegmentLength,   /* more bytes than memsz, or bytes in a reserve */
  kBatonRuleSegmentTruncated,/* its bytes run past the end of the file */
  kBatonRuleSegmentOffset,   /* not where the bytes before end */
  kBatonRuleSegmentNameTwice,
  kBatonRuleSegmentOverlap,
  kBatonRulePayloadEnd,      /* bytes after the last segment */
  kBatonRuleEntryAlignment,
  kBatonRuleEntryOutside,
  kBatonRulePadding,         /* bytes between segments that are not zero */
  kBatonRuleSegmentDigest,
  kBatonRuleCount
} BatonRule;

typedef struct BatonFault {
  BatonRule rule;
  int32_t segment; /* index, or -1 */
  int32_t other;   /* index of the second segment or range, or -1 */
  uint64_t found;
  uint64_t wanted;
} BatonFault;

/* True: *bundle is filled and every rule of bundle.h holds. False: *fault is filled, *bundle is
 * not to be used. `bytes` may be null when `length` is 0. Reads bytes 0 ..< length, writes nothing. */
bool baton_bundle_check(const void *bytes, size_t length, BatonBundle *bundle, BatonFault *fault);

/* The same for what a writer has before the payload: the rules for header and tables of a file that
 * will have total_size bytes. Segments' `bytes` are null; padding and their digests are not looked at. */
bool baton_bundle_check_meta(const void *meta, size_t meta_size, uint64_t total_size,
                             BatonBundle *bundle, BatonFault *fault);

/* SHA-256 of the first `meta_size` bytes with the digest field taken as zero: what stands in
 * `digest`. meta_size is at least kBatonBundleHeaderSize. */
void baton_bundle_meta_digest(const uint8_t *meta, size_t meta_size, uint8_t digest[32]);

/* Whether [start, start + size) lies in one of the segments' extents; its index, or -1. */
int baton_bundle_segment_at(const BatonBundle *bundle, uint64_t start, uint64_t size);

/* "elf", "file", ...; "unknown" for what is no kind. */
const char *baton_kind_name(uint32_t kind);

/* A stable word for each rule, as in "segment-overlap". */
const char *baton_rule_name(BatonRule rule);

/* The fault as a sentence: what is wrong, both values, the way out. Returns `text`. */
enum { kBatonFaultTextSize = 320 };
const char *baton_fault_text(const BatonFault *fault, char text[kBatonFaultTextSize]);

#ifdef __cplusplus
}
#endif
#endif
