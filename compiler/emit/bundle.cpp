// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Filling in the structs of baton/bundle.h; see bundle.h. The only rules here are those of the
// conversion from our wider types (2^64 is an address limit for us and no number in the file);
// everything else is asked of the runtime's own check, so that there is one judge.
#include "emit/bundle.h"

#include <algorithm>
#include <cstring>

#include "baton/bundle_check.h"
#include "baton/sha256.h"

namespace baton::emit {
namespace {

Failure unsuitable(std::string message) {
  return Failure{Failure::Kind::kUnsuitable, "a bundle cannot hold this: " + std::move(message)};
}

std::string fault_text(const BatonFault& fault) {
  char text[kBatonFaultTextSize];
  return baton_fault_text(&fault, text);
}

bool put_name(uint8_t (&field)[kBatonBundleNameSize], const std::string& name) {
  if (name.size() >= sizeof field) return false;
  std::memcpy(field, name.data(), name.size());
  return true;
}

/// False for 2^64, which is a limit in memory and no number in the file.
bool put_wide(uint8_t (&field)[8], Wide value) {
  if (value >= kTwoTo64) return false;
  baton_put_be64(field, static_cast<uint64_t>(value));
  return true;
}

bool put_facts(BatonBundleHeader& header, const BundleFacts& facts) {
  uint32_t known = 0;
  bool fits = true;
  if (facts.kernel_end) {
    known |= kBatonFactKernelEnd;
    fits = put_wide(header.kernel_end, facts.kernel_end->wide()) && fits;
  }
  if (facts.rma_end) {
    known |= kBatonFactRmaEnd;
    fits = put_wide(header.rma_end, facts.rma_end->wide()) && fits;
  }
  if (facts.hypervisor) {
    known |= kBatonFactHypervisor;
    baton_put_be32(header.hypervisor, *facts.hypervisor ? 1 : 0);
  }
  if (facts.crashkernel) {
    known |= kBatonFactCrashRegion;
    fits = put_wide(header.crash_begin, facts.crashkernel->begin.wide()) && fits;
    fits = put_wide(header.crash_end, facts.crashkernel->end.wide()) && fits;
  }
  if (facts.vmcoreinfo) known |= kBatonFactVmcoreinfo;
  baton_put_be32(header.facts, known);
  return fits;
}

}  // namespace

Sha256Digest sha256(const std::vector<ByteView>& pieces) {
  BatonSha256 hash;
  baton_sha256_begin(&hash);
  for (ByteView piece : pieces) baton_sha256_add(&hash, piece.data(), piece.size());
  Sha256Digest digest;
  baton_sha256_end(&hash, digest.data());
  return digest;
}

uint64_t BundleSegment::length() const {
  uint64_t total = 0;
  for (ByteView piece : pieces) total += piece.size();
  return total;
}

ByteBuffer BundleImage::bytes() const {
  ByteBuffer all;
  all.reserve(total_size_);
  for (ByteView piece : pieces_) all.insert(all.end(), piece.begin(), piece.end());
  return all;
}

Result<BundleImage> lay_out_bundle(const BundleContents& contents) {
  static constexpr uint8_t kZeros[kBatonBundlePayloadAlignment] = {};
  const size_t segment_count = contents.segments.size();
  const size_t ram_count = contents.facts.ram.count();
  std::vector<Range> notes = contents.facts.crash_notes;
  if (contents.facts.vmcoreinfo) notes.push_back(*contents.facts.vmcoreinfo);
  // The tables are made before the check sees the counts: bound them here.
  if (segment_count > kBatonBundleMaxSegments)
    return unsuitable(std::to_string(segment_count) + " segments, kexec_load takes at most " +
                      std::to_string(int{kBatonBundleMaxSegments}));
  if (ram_count > kBatonBundleMaxRamRanges)
    return unsuitable(std::to_string(ram_count) + " ranges of RAM, the format allows " +
                      std::to_string(int{kBatonBundleMaxRamRanges}));
  if (notes.size() > kBatonBundleMaxNotes)
    return unsuitable(std::to_string(notes.size()) + " crash notes, the format allows " +
                      std::to_string(int{kBatonBundleMaxNotes}));
  if (contents.facts.page.wide() > UINT32_MAX)
    return unsuitable("a page of " + human(contents.facts.page));

  const size_t meta_size = sizeof(BatonBundleHeader) + segment_count * sizeof(BatonBundleSegment) +
                           (ram_count + notes.size()) * sizeof(BatonBundleRange);
  BundleImage image;
  image.meta_.assign(meta_size, 0);
  image.pieces_.push_back(image.meta_);
  auto* header = reinterpret_cast<BatonBundleHeader*>(image.meta_.data());
  auto* entries = reinterpret_cast<BatonBundleSegment*>(header + 1);
  auto* ranges = reinterpret_cast<BatonBundleRange*>(entries + segment_count);

  uint64_t end = meta_size;
  for (size_t i = 0; i < segment_count; ++i) {
    const BundleSegment& segment = contents.segments[i];
    BatonBundleSegment& entry = entries[i];
    const uint64_t length = segment.length();
    const uint64_t padding = length == 0 ? 0 : -end % kBatonBundlePayloadAlignment;
    if (!put_name(entry.name, segment.name))
      return unsuitable("the segment name `" + segment.name + "` has " +
                        std::to_string(segment.name.size()) + " bytes, the format allows " +
                        std::to_string(kBatonBundleNameSize - 1));
    if (!put_wide(entry.start, segment.start.wide()) || !put_wide(entry.memsz, segment.memsz.wide()))
      return unsuitable("segment `" + segment.name + "` at " + hex(segment.start) + " of " +
                        hex(segment.memsz) + " bytes leaves the address space");
    baton_put_be32(entry.kind, static_cast<uint32_t>(segment.kind));
    baton_put_be64(entry.offset, end + padding);
    baton_put_be64(entry.length, length);
    const Sha256Digest digest = segment.digest ? *segment.digest : sha256(segment.pieces);
    std::copy(digest.begin(), digest.end(), entry.digest);
    if (padding != 0) image.pieces_.push_back(ByteView(kZeros, padding));
    image.pieces_.insert(image.pieces_.end(), segment.pieces.begin(), segment.pieces.end());
    end += padding + length;
  }
  size_t index = 0;
  for (const Range& range : contents.facts.ram) {
    if (!put_wide(ranges[index].begin, range.begin.wide()) ||
        !put_wide(ranges[index].end, range.end.wide()))
      return unsuitable("RAM at " + to_text(range) + " reaches the end of the address space");
    ++index;
  }
  for (const Range& note : notes) {
    if (!put_wide(ranges[index].begin, note.begin.wide()) || !put_wide(ranges[index].end, note.end.wide()))
      return unsuitable("a crash note at " + to_text(note) + " reaches the end of the address space");
    ++index;
  }

  std::memcpy(header->magic, BATON_BUNDLE_MAGIC, sizeof header->magic);
  baton_put_be32(header->version, kBatonBundleVersion);
  baton_put_be32(header->header_size, kBatonBundleHeaderSize);
  baton_put_be64(header->total_size, end);
  baton_put_be64(header->meta_size, meta_size);
  baton_put_be32(header->flags, contents.on_crash ? kBatonFlagOnCrash : 0);
  baton_put_be32(header->giver, static_cast<uint32_t>(contents.giver));
  baton_put_be32(header->segment_count, static_cast<uint32_t>(segment_count));
  baton_put_be32(header->ram_count, static_cast<uint32_t>(ram_count));
  baton_put_be32(header->note_count, static_cast<uint32_t>(notes.size()));
  baton_put_be32(header->page_size, static_cast<uint32_t>(contents.facts.page.wide()));
  if (!put_wide(header->entry, contents.entry.wide()) ||
      !put_wide(header->granule, contents.granule.wide()) || !put_facts(*header, contents.facts))
    return unsuitable("the entry, the granule or a machine fact is 2^64");
  if (!put_name(header->handoff, contents.handoff) || !put_name(header->machine, contents.machine))
    return unsuitable("the name `" + contents.handoff + "` or `" + contents.machine +
                      "` is longer than " + std::to_string(kBatonBundleNameSize - 1) + " bytes");
  baton_bundle_meta_digest(image.meta_.data(), meta_size, header->digest);

  BatonBundle bundle;
  BatonFault fault;
  if (!baton_bundle_check_meta(image.meta_.data(), meta_size, end, &bundle, &fault)) {
    // The way out that it ends with ("build the bundle again") is for whoever holds a bad file.
    std::string text = fault_text(fault);
    return unsuitable(text.substr(0, text.rfind("; ")));
  }
  image.total_size_ = end;
  return image;
}

Result<BundleContents> read_bundle(ByteView bytes) {
  BatonBundle bundle;
  BatonFault fault;
  if (!baton_bundle_check(bytes.data(), bytes.size(), &bundle, &fault))
    return Failure{Failure::Kind::kMalformed,
                   fault_text(fault) + " [" + baton_rule_name(fault.rule) + "]"};
  BundleContents contents;
  contents.handoff = bundle.handoff;
  contents.machine = bundle.machine;
  contents.entry = Address{bundle.entry};
  contents.granule = Size{bundle.granule};
  contents.on_crash = (bundle.flags & kBatonFlagOnCrash) != 0;
  contents.giver = static_cast<BundleGiver>(bundle.giver);
  contents.facts.page = Size{bundle.page_size};
  std::vector<Range> ram;
  ram.reserve(bundle.ram_count);
  for (uint32_t i = 0; i < bundle.ram_count; ++i)
    ram.push_back(Range::from_to(baton_be64(bundle.ram[i].begin), baton_be64(bundle.ram[i].end)));
  contents.facts.ram = RangeSet(std::move(ram));
  if (bundle.facts & kBatonFactKernelEnd) contents.facts.kernel_end = Address{bundle.kernel_end};
  if (bundle.facts & kBatonFactRmaEnd) contents.facts.rma_end = Address{bundle.rma_end};
  if (bundle.facts & kBatonFactHypervisor) contents.facts.hypervisor = bundle.hypervisor != 0;
  if (bundle.facts & kBatonFactCrashRegion)
    contents.facts.crashkernel = Range::from_to(bundle.crash_begin, bundle.crash_end);
  for (uint32_t i = 0; i < bundle.note_count; ++i)
    contents.facts.crash_notes.push_back(
        Range::from_to(baton_be64(bundle.notes[i].begin), baton_be64(bundle.notes[i].end)));
  if (bundle.facts & kBatonFactVmcoreinfo) {
    contents.facts.vmcoreinfo = contents.facts.crash_notes.back();
    contents.facts.crash_notes.pop_back();
  }
  for (uint32_t i = 0; i < bundle.segment_count; ++i) {
    const BatonSegment& from = bundle.segments[i];
    BundleSegment segment;
    segment.name = from.name;
    segment.kind = static_cast<BundleKind>(from.kind);
    segment.start = Address{from.start};
    segment.memsz = Size{from.memsz};
    if (from.length != 0) segment.pieces = {ByteView(from.bytes, from.length)};
    segment.digest.emplace();
    std::copy_n(from.digest, segment.digest->size(), segment.digest->begin());
    contents.segments.push_back(std::move(segment));
  }
  return contents;
}

}  // namespace baton::emit
