// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The JSON and binary forms of table.h; table_header.cpp has the C header. The layout of the binary forms is
// that of struct kexec_segment in <linux/kexec.h>: four words of the caller's size, { buf, bufsz, mem, memsz }.
#include "emit/table.h"

#include <llvm/Support/JSON.h>
#include <llvm/Support/raw_ostream.h>

#include "baton/bundle.h"
#include "emit/bundle.h"

namespace baton::emit {
namespace {

std::string utf8(const std::string& text) { return llvm::json::fixUTF8(text); }

/// Writes one array; Word is the caller's `unsigned long`.
template <typename Word>
Result<ByteBuffer> segment_array(const SegmentTable& table, Endian order, const char* caller) {
  constexpr Wide kLimit = static_cast<Wide>(1) << (8 * sizeof(Word));
  ByteBuffer bytes;
  bytes.reserve(table.segments.size() * 4 * sizeof(Word));
  for (const TableSegment& segment : table.segments) {
    auto unsuitable = [&](const char* field, Wide value) {
      return Failure{Failure::Kind::kUnsuitable,
                     std::string("a segment table for a ") + caller + " caller cannot hold the " + field + " " +
                         hex(value) + " of segment `" + segment.name + "`",
                     std::string("everything must lie below ") + hex(kLimit)};
    };
    const std::pair<const char*, Wide> fields[] = {{"bundle offset", segment.payload_offset},
                                                   {"bufsz", segment.bufsz.wide()},
                                                   {"start", segment.start.wide()},
                                                   {"memsz", segment.memsz.wide()}};
    for (const auto& [field, value] : fields) {
      if (value >= kLimit) return unsuitable(field, value);
      append<Word>(bytes, static_cast<Word>(value), order);
    }
    // The kernel adds mem and memsz in the caller's width: the sum may not wrap there.
    const Wide end = segment.start.wide() + segment.memsz.wide();
    if (end >= kLimit) return unsuitable("end", end);
  }
  if (table.entry.wide() >= kLimit)
    return Failure{Failure::Kind::kUnsuitable,
                   std::string("a ") + caller + " caller cannot name the entry " + hex(table.entry),
                   std::string("everything must lie below ") + hex(kLimit)};
  return bytes;
}

}  // namespace

std::string table_json(const SegmentTable& table) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::json::OStream json(stream, 2);
  json.object([&] {
    json.attribute("format", 1);
    json.attribute("handoff", utf8(table.handoff));
    json.attribute("machine", utf8(table.machine));
    json.attribute("from", utf8(table.from));
    json.attribute("to", utf8(table.to));
    json.attribute("giver", utf8(table.giver));
    json.attribute("entry", hex(table.entry));
    json.attribute("on_crash", table.on_crash);
    json.attribute("granule", hex(table.granule));
    json.attributeArray("segments", [&] {
      for (const TableSegment& segment : table.segments)
        json.object([&] {
          json.attribute("name", utf8(segment.name));
          json.attribute("kind", utf8(segment.kind));
          json.attribute("start", hex(segment.start));
          json.attribute("size", hex(segment.size));
          json.attribute("bufsz", hex(segment.bufsz));
          json.attribute("memsz", hex(segment.memsz));
          json.attribute("sha256", utf8(segment.sha256));
        });
    });
  });
  stream << '\n';
  return text;
}

Result<ByteBuffer> native64_table(const SegmentTable& table, Endian order) {
  return segment_array<uint64_t>(table, order, "64-bit");
}

Result<ByteBuffer> compat32_table(const SegmentTable& table, Endian order) {
  return segment_array<uint32_t>(table, order, "32-bit");
}

std::vector<uint64_t> payload_offsets(const BundleImage& bundle) {
  // The first piece is the bundle's header and tables: what its own check has accepted.
  const ByteView meta = bundle.pieces().front();
  const auto* header = reinterpret_cast<const BatonBundleHeader*>(meta.data());
  const auto* entries = reinterpret_cast<const BatonBundleSegment*>(header + 1);
  std::vector<uint64_t> offsets;
  for (uint32_t i = 0; i < baton_be32(header->segment_count); ++i)
    offsets.push_back(baton_be64(entries[i].offset));
  return offsets;
}

}  // namespace baton::emit
