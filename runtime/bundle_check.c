/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The rules of bundle.h, one function per part of the file; see bundle_check.h for the contract.
 *
 * Freestanding: no library call. Nothing here trusts a number before it has been compared with the
 * length of the buffer: sums are written as differences ("length - offset < size") on values whose
 * order is known, never as additions that may wrap. The digest of header and tables is compared
 * before any field is believed, so that an edited file is reported as edited and not as whatever
 * the edit happened to break; the rules after it catch a writer that lies consistently.
 */
#include "baton/bundle_check.h"

#include "baton/sha256.h"

static bool fail(BatonFault *fault, BatonRule rule, int segment, uint64_t found, uint64_t wanted) {
  fault->rule = rule;
  fault->segment = segment;
  fault->other = -1;
  fault->found = found;
  fault->wanted = wanted;
  return false;
}

static bool equal(const uint8_t *a, const uint8_t *b, size_t length) {
  for (size_t i = 0; i < length; ++i)
    if (a[i] != b[i]) return false;
  return true;
}

/* The index of the first byte that is not zero, or `length`. */
static size_t first_nonzero(const uint8_t *bytes, size_t length) {
  size_t i = 0;
  while (i < length && bytes[i] == 0) ++i;
  return i;
}

/* Printable ASCII without blanks, then NULs to the end of the field, at least one. */
static bool name_is_well_formed(const uint8_t *name, bool may_be_empty) {
  size_t length = 0;
  while (length < kBatonBundleNameSize && name[length] != 0) {
    if (name[length] < 0x21 || name[length] > 0x7e) return false;
    ++length;
  }
  if (length == kBatonBundleNameSize) return false;
  if (length == 0 && !may_be_empty) return false;
  return first_nonzero(name + length, kBatonBundleNameSize - length) ==
         kBatonBundleNameSize - length;
}

static bool is_page_like(uint64_t size) { return size >= 4096 && (size & (size - 1)) == 0; }

void baton_bundle_meta_digest(const uint8_t *meta, size_t meta_size, uint8_t digest[32]) {
  static const uint8_t kZeros[kBatonBundleDigestSize];
  const size_t after = kBatonBundleDigestOffset + kBatonBundleDigestSize;
  BatonSha256 hash;
  baton_sha256_begin(&hash);
  baton_sha256_add(&hash, meta, kBatonBundleDigestOffset);
  baton_sha256_add(&hash, kZeros, sizeof kZeros);
  baton_sha256_add(&hash, meta + after, meta_size - after);
  baton_sha256_end(&hash, digest);
}

/* Sizes and the digest over header and tables: after this the metadata is what its writer wrote.
 * `available` bytes of a file of `length` are at hand: all of them, or header and tables. */
static bool check_envelope(const uint8_t *bytes, size_t available, uint64_t length,
                           BatonFault *fault) {
  if (available < kBatonBundleHeaderSize)
    return fail(fault, kBatonRuleTooShort, -1, available, kBatonBundleHeaderSize);
  const BatonBundleHeader *header = (const BatonBundleHeader *)bytes;
  if (!equal(header->magic, (const uint8_t *)BATON_BUNDLE_MAGIC, sizeof header->magic))
    return fail(fault, kBatonRuleMagic, -1, baton_be64(header->magic),
                baton_be64((const uint8_t *)BATON_BUNDLE_MAGIC));
  uint32_t version = baton_be32(header->version);
  if (version != kBatonBundleVersion)
    return fail(fault, kBatonRuleVersion, -1, version, kBatonBundleVersion);
  uint32_t header_size = baton_be32(header->header_size);
  if (header_size != kBatonBundleHeaderSize)
    return fail(fault, kBatonRuleHeaderSize, -1, header_size, kBatonBundleHeaderSize);
  uint64_t total_size = baton_be64(header->total_size);
  if (length < total_size) return fail(fault, kBatonRuleTruncated, -1, length, total_size);
  if (length > total_size) return fail(fault, kBatonRuleTrailing, -1, length, total_size);

  uint32_t segment_count = baton_be32(header->segment_count);
  if (segment_count < 1 || segment_count > kBatonBundleMaxSegments)
    return fail(fault, kBatonRuleSegmentCount, -1, segment_count, kBatonBundleMaxSegments);
  uint32_t ram_count = baton_be32(header->ram_count);
  if (ram_count > kBatonBundleMaxRamRanges)
    return fail(fault, kBatonRuleRamCount, -1, ram_count, kBatonBundleMaxRamRanges);
  uint32_t note_count = baton_be32(header->note_count);
  if (note_count > kBatonBundleMaxNotes)
    return fail(fault, kBatonRuleNoteCount, -1, note_count, kBatonBundleMaxNotes);
  /* The counts are small by now: these products cannot wrap. */
  uint64_t meta_size = kBatonBundleHeaderSize + (uint64_t)kBatonBundleSegmentSize * segment_count +
                       (uint64_t)kBatonBundleRangeSize * ((uint64_t)ram_count + note_count);
  if (baton_be64(header->meta_size) != meta_size)
    return fail(fault, kBatonRuleMetaSize, -1, baton_be64(header->meta_size), meta_size);
  if (meta_size > available) return fail(fault, kBatonRuleMetaSize, -1, meta_size, available);

  uint8_t digest[kBatonBundleDigestSize];
  baton_bundle_meta_digest(bytes, (size_t)meta_size, digest);
  if (!equal(digest, header->digest, sizeof digest))
    return fail(fault, kBatonRuleMetaDigest, -1, baton_be64(header->digest), baton_be64(digest));
  return true;
}

/* What a fact that is not known must be: zero. */
static bool check_facts(const BatonBundleHeader *header, BatonBundle *bundle, BatonFault *fault) {
  bundle->facts = baton_be32(header->facts);
  if ((bundle->facts & ~(uint32_t)kBatonFactsAll) != 0)
    return fail(fault, kBatonRuleFacts, -1, bundle->facts, kBatonFactsAll);
  bundle->kernel_end = baton_be64(header->kernel_end);
  bundle->rma_end = baton_be64(header->rma_end);
  bundle->hypervisor = baton_be32(header->hypervisor);
  bundle->crash_begin = baton_be64(header->crash_begin);
  bundle->crash_end = baton_be64(header->crash_end);
  if (!(bundle->facts & kBatonFactKernelEnd) && bundle->kernel_end != 0)
    return fail(fault, kBatonRuleFacts, -1, bundle->kernel_end, 0);
  if (!(bundle->facts & kBatonFactRmaEnd) && bundle->rma_end != 0)
    return fail(fault, kBatonRuleFacts, -1, bundle->rma_end, 0);
  if (!(bundle->facts & kBatonFactHypervisor) && bundle->hypervisor != 0)
    return fail(fault, kBatonRuleFacts, -1, bundle->hypervisor, 0);
  if (bundle->hypervisor > 1) return fail(fault, kBatonRuleHypervisor, -1, bundle->hypervisor, 1);
  if (bundle->facts & kBatonFactCrashRegion) {
    if (bundle->crash_begin >= bundle->crash_end)
      return fail(fault, kBatonRuleCrashRegion, -1, bundle->crash_begin, bundle->crash_end);
  } else if (bundle->crash_begin != 0 || bundle->crash_end != 0) {
    return fail(fault, kBatonRuleFacts, -1, bundle->crash_begin | bundle->crash_end, 0);
  }
  if ((bundle->facts & kBatonFactVmcoreinfo) && baton_be32(header->note_count) == 0)
    return fail(fault, kBatonRuleFacts, -1, bundle->facts, kBatonFactsAll & ~kBatonFactVmcoreinfo);
  return true;
}

static bool check_header(const BatonBundleHeader *header, BatonBundle *bundle, BatonFault *fault) {
  if (first_nonzero(header->reserved_zero, sizeof header->reserved_zero) != sizeof header->reserved_zero)
    return fail(fault, kBatonRuleReserved, -1, 1, 0);
  bundle->flags = baton_be32(header->flags);
  if ((bundle->flags & ~(uint32_t)kBatonFlagOnCrash) != 0)
    return fail(fault, kBatonRuleFlags, -1, bundle->flags, kBatonFlagOnCrash);
  bundle->giver = baton_be32(header->giver);
  if (bundle->giver < kBatonGiverBig || bundle->giver > kBatonGiverBoth)
    return fail(fault, kBatonRuleGiver, -1, bundle->giver, kBatonGiverBoth);
  bundle->granule = baton_be64(header->granule);
  if (!is_page_like(bundle->granule))
    return fail(fault, kBatonRuleGranule, -1, bundle->granule, 4096);
  bundle->page_size = baton_be32(header->page_size);
  if (!is_page_like(bundle->page_size) || bundle->page_size > bundle->granule)
    return fail(fault, kBatonRulePageSize, -1, bundle->page_size, bundle->granule);
  if (!check_facts(header, bundle, fault)) return false;
  if (!name_is_well_formed(header->handoff, false))
    return fail(fault, kBatonRuleHandoffName, -1, header->handoff[0], 0);
  if (!name_is_well_formed(header->machine, true))
    return fail(fault, kBatonRuleMachineName, -1, header->machine[0], 0);
  bundle->handoff = (const char *)header->handoff;
  bundle->machine = (const char *)header->machine;
  bundle->entry = baton_be64(header->entry);
  bundle->segment_count = baton_be32(header->segment_count);
  bundle->ram_count = baton_be32(header->ram_count);
  bundle->note_count = baton_be32(header->note_count);
  return true;
}

static bool check_ram(const BatonBundleRange *ram, uint32_t count, BatonFault *fault) {
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t begin = baton_be64(ram[i].begin);
    uint64_t end = baton_be64(ram[i].end);
    bool after_previous = i == 0 || begin > baton_be64(ram[i - 1].end);
    if (begin >= end || !after_previous) {
      fail(fault, kBatonRuleRamOrder, -1, begin, begin >= end ? end : baton_be64(ram[i - 1].end));
      fault->other = (int32_t)i;
      return false;
    }
  }
  return true;
}

static bool check_notes(const BatonBundleRange *notes, uint32_t count, BatonFault *fault) {
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t begin = baton_be64(notes[i].begin), end = baton_be64(notes[i].end);
    if (begin < end) continue;
    fail(fault, kBatonRuleNoteRange, -1, begin, end);
    fault->other = (int32_t)i;
    return false;
  }
  return true;
}

/* Segment `index`; *end is where the bytes before it end in the file, and is moved past its own. */
static bool check_segment(uint64_t total_size, const BatonBundleSegment *entry, int index,
                          uint64_t *end, BatonBundle *bundle, BatonFault *fault) {
  if (!name_is_well_formed(entry->name, false))
    return fail(fault, kBatonRuleSegmentName, index, entry->name[0], 0);
  if (baton_be32(entry->reserved_zero) != 0)
    return fail(fault, kBatonRuleSegmentReserved, index, baton_be32(entry->reserved_zero), 0);
  BatonSegment *segment = &bundle->segments[index];
  segment->name = (const char *)entry->name;
  segment->kind = baton_be32(entry->kind);
  segment->start = baton_be64(entry->start);
  segment->memsz = baton_be64(entry->memsz);
  segment->offset = baton_be64(entry->offset);
  segment->length = baton_be64(entry->length);
  segment->digest = entry->digest;
  segment->bytes = (const uint8_t *)0;
  if (segment->kind < kBatonKindElf || segment->kind > kBatonKindElfcorehdr)
    return fail(fault, kBatonRuleSegmentKind, index, segment->kind, kBatonKindElfcorehdr);
  if (segment->start % bundle->granule != 0)
    return fail(fault, kBatonRuleSegmentStart, index, segment->start, bundle->granule);
  if (segment->memsz == 0 || segment->memsz % bundle->granule != 0)
    return fail(fault, kBatonRuleSegmentMemsz, index, segment->memsz, bundle->granule);
  if (segment->memsz > UINT64_MAX - segment->start)
    return fail(fault, kBatonRuleSegmentEnd, index, segment->start, segment->memsz);
  uint64_t most = segment->kind == kBatonKindReserve ? 0 : segment->memsz;
  if (segment->length > most)
    return fail(fault, kBatonRuleSegmentLength, index, segment->length, most);

  uint64_t padding = segment->length == 0 ? 0 : -*end % kBatonBundlePayloadAlignment;
  /* *end <= total_size: both differences are of ordered values, and no sum is formed before. */
  if (padding > total_size - *end || segment->length > total_size - *end - padding)
    return fail(fault, kBatonRuleSegmentTruncated, index, segment->length,
                padding > total_size - *end ? 0 : total_size - *end - padding);
  uint64_t offset = *end + padding;
  if (segment->offset != offset)
    return fail(fault, kBatonRuleSegmentOffset, index, segment->offset, offset);
  *end = offset + segment->length;
  return true;
}

static bool check_pairs(const BatonBundle *bundle, BatonFault *fault) {
  for (uint32_t i = 0; i < bundle->segment_count; ++i) {
    const BatonSegment *a = &bundle->segments[i];
    for (uint32_t j = 0; j < i; ++j) {
      const BatonSegment *b = &bundle->segments[j];
      bool same_name = equal((const uint8_t *)a->name, (const uint8_t *)b->name,
                             kBatonBundleNameSize);
      bool overlap = a->start < b->start + b->memsz && b->start < a->start + a->memsz;
      if (!same_name && !overlap) continue;
      if (same_name)
        fail(fault, kBatonRuleSegmentNameTwice, (int)i, i, j);
      else
        fail(fault, kBatonRuleSegmentOverlap, (int)i, a->start, b->start + b->memsz);
      fault->other = (int32_t)j;
      return false;
    }
  }
  return true;
}

int baton_bundle_segment_at(const BatonBundle *bundle, uint64_t start, uint64_t size) {
  for (uint32_t i = 0; i < bundle->segment_count; ++i) {
    const BatonSegment *segment = &bundle->segments[i];
    if (start < segment->start) continue;
    uint64_t inside = start - segment->start;
    if (inside <= segment->memsz && size <= segment->memsz - inside) return (int)i;
  }
  return -1;
}

/* All rules that need no payload; `available` as in check_envelope. */
static bool check_meta(const uint8_t *bytes, size_t available, uint64_t length, BatonBundle *bundle,
                       BatonFault *fault) {
  if (!check_envelope(bytes, available, length, fault)) return false;
  const BatonBundleHeader *header = (const BatonBundleHeader *)bytes;
  if (!check_header(header, bundle, fault)) return false;

  const BatonBundleSegment *entries =
      (const BatonBundleSegment *)(bytes + kBatonBundleHeaderSize);
  bundle->ram = (const BatonBundleRange *)(entries + bundle->segment_count);
  bundle->notes = bundle->ram + bundle->ram_count;
  if (!check_ram(bundle->ram, bundle->ram_count, fault)) return false;
  if (!check_notes(bundle->notes, bundle->note_count, fault)) return false;

  uint64_t end = baton_be64(header->meta_size);
  if (end > length) return fail(fault, kBatonRuleMetaSize, -1, end, length);
  for (uint32_t i = 0; i < bundle->segment_count; ++i)
    if (!check_segment(length, &entries[i], (int)i, &end, bundle, fault)) return false;
  if (!check_pairs(bundle, fault)) return false;
  if (end != length) return fail(fault, kBatonRulePayloadEnd, -1, length, end);

  if (bundle->entry % 4 != 0) return fail(fault, kBatonRuleEntryAlignment, -1, bundle->entry, 4);
  if (baton_bundle_segment_at(bundle, bundle->entry, 4) < 0)
    return fail(fault, kBatonRuleEntryOutside, -1, bundle->entry, 0);
  return true;
}

bool baton_bundle_check_meta(const void *meta, size_t meta_size, uint64_t total_size,
                             BatonBundle *bundle, BatonFault *fault) {
  return check_meta((const uint8_t *)meta, meta_size, total_size, bundle, fault);
}

bool baton_bundle_check(const void *data, size_t length, BatonBundle *bundle, BatonFault *fault) {
  const uint8_t *bytes = (const uint8_t *)data;
  if (!check_meta(bytes, length, length, bundle, fault)) return false;
  uint64_t end = baton_be64(((const BatonBundleHeader *)bytes)->meta_size);
  for (uint32_t i = 0; i < bundle->segment_count; ++i) {
    BatonSegment *segment = &bundle->segments[i];
    size_t padding = (size_t)(segment->offset - end);
    size_t zeros = first_nonzero(bytes + end, padding);
    if (zeros != padding) return fail(fault, kBatonRulePadding, (int)i, end + zeros, 0);
    segment->bytes = bytes + segment->offset;
    uint8_t digest[kBatonBundleDigestSize];
    baton_sha256(segment->bytes, (size_t)segment->length, digest);
    if (!equal(digest, segment->digest, sizeof digest))
      return fail(fault, kBatonRuleSegmentDigest, (int)i, baton_be64(segment->digest),
                  baton_be64(digest));
    end = segment->offset + segment->length;
  }
  return true;
}

const char *baton_kind_name(uint32_t kind) {
  static const char *const kNames[] = {"unknown", "elf",        "file",       "devicetree",
                                       "reserve", "trampoline", "elfcorehdr"};
  return kind < sizeof kNames / sizeof kNames[0] ? kNames[kind] : kNames[0];
}
