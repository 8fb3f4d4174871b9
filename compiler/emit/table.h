// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How does a loader learn which bytes go where? The segment table, in every encoding that loaders read.
//
// One plain struct, five forms: JSON (segment-table.schema.json describes it), a C header that is safe in
// assembly, and `struct kexec_segment[]` as kexec_load(2) takes it, for a 64-bit caller and for a 32-bit
// one, in either byte order. The binary forms are the array and nothing else: 32 or 16 bytes a segment, so
// the count is the file's size divided; the entry stands in the header and in the JSON. Their `buf` field
// holds the offset of the segment's bytes in NAME.bundle: a loader adds the address where it has the bundle.
//
//   native64_table(table, Endian::kBig) -> { buf = 0x3c0, bufsz = 0x180, mem = 0x4000000, memsz = 0x10000 }
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/range.h"
#include "base/result.h"

namespace baton::emit {

class BundleImage;

struct TableSegment {
  std::string name;
  std::string kind;             // "elf", "file", "devicetree", "reserve", "elfcorehdr", "trampoline"
  Address start;
  Size size;                    // content in memory: with bss, without rounding
  Size bufsz;                   // bytes that are in the bundle
  Size memsz;                   // bytes that the loader occupies; from bufsz on they are zero
  std::string sha256;           // of the bufsz bytes, lower-case hex
  uint64_t payload_offset = 0;  // of the bufsz bytes in NAME.bundle
};

struct SegmentTable {
  std::string handoff;
  std::string machine;
  std::string from, to;  // "linux.kexec@2013"
  std::string giver;     // "both", "big", "little"
  Address entry;
  bool on_crash = false;
  Size granule;
  std::vector<TableSegment> segments;  // in source order
};

/// NAME.json
std::string table_json(const SegmentTable& table);
/// The table of an earlier build, to compare with. Fails with kMalformed; offsets in the bundle are not in it.
Result<SegmentTable> read_table_json(ByteView bytes);

/// NAME.h: defines that C99, C++ and GNU assembly read alike, and two macros that make arrays of segments.
std::string table_header(const SegmentTable& table);

inline constexpr size_t kNativeSegmentSize = 32;  // { buf, bufsz, mem, memsz } of 8 bytes each
inline constexpr size_t kCompatSegmentSize = 16;  // the same of 4 bytes each

/// Fails with kUnsuitable, naming the segment and the field, when a value does not fit 64 bits.
Result<ByteBuffer> native64_table(const SegmentTable& table, Endian order);
/// Fails with kUnsuitable when a value, or the last byte of a segment, does not fit 32 bits: then a 32-bit
/// caller cannot load this handoff at all, no file is written and the reason is worth a remark.
Result<ByteBuffer> compat32_table(const SegmentTable& table, Endian order);

/// Where a bundle holds each segment's bytes, in its order: for payload_offset.
std::vector<uint64_t> payload_offsets(const BundleImage& bundle);

/// "baton boot_debian.x" -> "BATON_BOOT_DEBIAN_X": for macro names; never starts with a digit.
std::string macro_name(const std::string& name);

}  // namespace baton::emit
