/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * libFuzzer target: does baton_bundle_check ever read past its buffer or hand out what it should not?
 *
 * Each input is checked twice: as it is, and with the digests made right (a fuzzer does not guess
 * SHA-256), so that the rules behind the digest are reached. What is accepted is looked at: bytes in
 * the buffer, extents that do not wrap or overlap, an entry inside. Under ASan and UBSan.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "baton/bundle_check.h"
#include "baton/sha256.h"

static void require(int condition) {
  if (!condition) abort();
}

static int check(const uint8_t *bytes, size_t length) {
  BatonBundle bundle;
  BatonFault fault;
  if (!baton_bundle_check(bytes, length, &bundle, &fault)) {
    char text[kBatonFaultTextSize];
    require(fault.rule > kBatonRuleNone && fault.rule < kBatonRuleCount);
    require(strlen(baton_fault_text(&fault, text)) < kBatonFaultTextSize - 1);
    return 0;
  }
  require(bundle.segment_count >= 1 && bundle.segment_count <= kBatonBundleMaxSegments);
  require(baton_bundle_segment_at(&bundle, bundle.entry, 4) >= 0);
  require(strlen(bundle.handoff) < kBatonBundleNameSize);
  require(strlen(bundle.machine) < kBatonBundleNameSize);
  for (uint32_t i = 0; i < bundle.segment_count; ++i) {
    const BatonSegment *a = &bundle.segments[i];
    require(strlen(a->name) < kBatonBundleNameSize);
    require(a->offset <= length && a->length <= length - a->offset);
    require(a->bytes == bytes + a->offset);
    require(a->kind != kBatonKindReserve || a->length == 0);
    require(a->length <= a->memsz && a->memsz <= UINT64_MAX - a->start);
    require(a->start % bundle.granule == 0 && a->memsz % bundle.granule == 0);
    for (uint32_t j = 0; j < i; ++j) {
      const BatonSegment *b = &bundle.segments[j];
      require(a->start + a->memsz <= b->start || b->start + b->memsz <= a->start);
    }
  }
  for (uint32_t i = 0; i < bundle.ram_count; ++i)
    require(baton_be64(bundle.ram[i].begin) < baton_be64(bundle.ram[i].end));
  for (uint32_t i = 0; i < bundle.note_count; ++i)
    require(baton_be64(bundle.notes[i].begin) < baton_be64(bundle.notes[i].end));
  require(bundle.note_count > 0 || !(bundle.facts & kBatonFactVmcoreinfo));
  return 1;
}

/* Makes sizes and digests right where there is room for them; the other fields stay as they are. */
static void make_right(uint8_t *bytes, size_t length) {
  if (length < kBatonBundleHeaderSize) return;
  BatonBundleHeader *header = (BatonBundleHeader *)bytes;
  uint32_t segments = baton_be32(header->segment_count), ram = baton_be32(header->ram_count);
  uint32_t notes = baton_be32(header->note_count);
  if (segments > kBatonBundleMaxSegments || ram > kBatonBundleMaxRamRanges || notes > kBatonBundleMaxNotes) return;
  uint64_t meta_size = kBatonBundleHeaderSize + (uint64_t)segments * kBatonBundleSegmentSize +
                       (uint64_t)(ram + notes) * kBatonBundleRangeSize;
  if (meta_size > length) return;
  memcpy(header->magic, BATON_BUNDLE_MAGIC, sizeof header->magic);
  baton_put_be32(header->version, kBatonBundleVersion);
  baton_put_be32(header->header_size, kBatonBundleHeaderSize);
  baton_put_be64(header->total_size, length);
  baton_put_be64(header->meta_size, meta_size);
  BatonBundleSegment *entry = (BatonBundleSegment *)(header + 1);
  for (uint32_t i = 0; i < segments; ++i, ++entry) {
    uint64_t offset = baton_be64(entry->offset), size = baton_be64(entry->length);
    if (offset <= length && size <= length - offset)
      baton_sha256(bytes + offset, (size_t)size, entry->digest);
  }
  baton_bundle_meta_digest(bytes, (size_t)meta_size, header->digest);
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t length, size_t most);

/* Half of the time one field of the metadata gets a number that matters: edges of the address space,
 * multiples of the granule, sizes of the file. Blind mutation rarely writes eight bytes that fit. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t length, size_t most, unsigned seed) {
  if (length < kBatonBundleHeaderSize + kBatonBundleSegmentSize || seed % 2 == 0)
    return LLVMFuzzerMutate(data, length, most);
  const uint64_t numbers[] = {0,          1,           4,          0x1000,     0x10000,
                              0x4000000,  0x5000000,   0x80000000, length,     length - 1,
                              UINT64_MAX, UINT32_MAX, -0x10000ull, -0x1000ull, -0x20000ull};
  const unsigned random = seed / 2;
  const uint64_t value = numbers[random % (sizeof numbers / sizeof numbers[0])];
  const size_t words = length / 4 - 1;
  const size_t most_words = 256; /* header and tables of the bundle that it starts from */
  uint8_t *at = data + 4 * (random / 16 % (most_words < words ? most_words : words));
  if (random / 8192 % 2 == 0)
    baton_put_be64(at, value);
  else
    baton_put_be32(at, (uint32_t)value);
  return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length) {
  check(data, length);
  /* A buffer of its own and of the exact size, so that ASan sees a read past the end. */
  uint8_t *copy = malloc(length == 0 ? 1 : length);
  require(copy != NULL);
  if (length != 0) memcpy(copy, data, length);
  make_right(copy, length);
  check(copy, length);
  free(copy);
  return 0;
}
