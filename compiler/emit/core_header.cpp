// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ranges covered, less what is left out, cut where bytes were moved; and their program headers. See core_header.h.
#include "emit/core_header.h"

#include <algorithm>

namespace baton::emit {

using diagnostics::Code;
using model::Type;
using model::Value;
using placement::HandoffScope;

namespace {

// ELF-64 object file format: sizes of the file header and of one program header, and the first e_phnum that
// means "look elsewhere", where capture kernels do not look (decisions/0015).
constexpr size_t kFileHeader = 64, kProgramHeader = 56;
constexpr size_t kTooManyHeaders = 0xffff;
constexpr uint16_t kTypeCore = 4, kMachinePpc64 = 21;
constexpr uint32_t kLoad = 1, kNote = 4, kReadWriteExecute = 7;
constexpr uint64_t kNoteAlignment = 4;
// Where Linux on ppc64 maps physical memory one to one (PAGE_OFFSET), and the first address that it cannot map so.
constexpr uint64_t kLinearMap = 0xc000'0000'0000'0000;
constexpr Wide kLinearMapEnd = Wide{1} << 62;

class Builder {
 public:
  Builder(const placement::Layout& layout, const placement::PlacedSegment& segment, diagnostics::Sink& sink)
      : layout_(layout), segment_(*segment.declaration), sink_(sink) {}

  std::optional<CoreHeader> run() {
    size_t errors = sink_.error_count();
    CoreHeader header;
    notes(header);
    auto covered = ranges(segment_.cover);
    auto left_out = ranges(segment_.except);
    if (!covered || !left_out) return std::nullopt;
    RangeSet described = covered->except(*left_out);
    if (described.empty()) {
      sink_.report(Code::bad_core_header, segment_.name_span, "`" + segment_.name + "` describes no memory")
          .note("it covers " + to_text(*covered) + (left_out->empty() ? "" : ", less " + to_text(*left_out)));
      return std::nullopt;
    }
    std::vector<Move> moves = moved(described);
    if (sink_.error_count() != errors) return std::nullopt;
    for (const Range& range : described) cut(range, moves, header.ranges);
    if (described.back().end.wide() > kLinearMapEnd) {
      sink_.report(Code::bad_core_header, segment_.name_span,
                   "`" + segment_.name + "` describes " + to_text(described.back()) +
                       ", and a kernel maps memory below " + hex(kLinearMapEnd) + " only");
      return std::nullopt;
    }
    if (!room(header)) return std::nullopt;
    if (header.most_headers() >= kTooManyHeaders) {
      sink_.report(Code::bad_core_header, segment_.name_span,
                   "`" + segment_.name + "` would have " + std::to_string(header.most_headers()) +
                       " program headers, and an ELF header counts to " + std::to_string(kTooManyHeaders - 1))
          .note("what adjoins is one range already, and one over a hole would have the capture kernel read what is no memory: leave "
                "out with `except` what the dump can do without");
      return std::nullopt;
    }
    return header;
  }

 private:
  struct Move {
    Range from;
    std::optional<Address> to;
    source::Span span;
  };

  /// `ranges <= N`: memory may be plugged before the crash.
  bool room(CoreHeader& header) {
    if (!segment_.most_ranges) return true;
    Value most = evaluate_as(*segment_.most_ranges, Type::kInt, HandoffScope(layout_), sink_);
    if (!most.is_known()) return false;
    if (most.number() < header.ranges.size()) {
      sink_.report(Code::bad_core_header, segment_.most_ranges->span,
                   "`" + segment_.name + "` has " + std::to_string(header.ranges.size()) +
                       " ranges already, and room for " + std::to_string(static_cast<uint64_t>(most.number())));
      return false;
    }
    header.room = static_cast<size_t>(std::min<Wide>(most.number(), kTooManyHeaders));
    return true;
  }

  void notes(CoreHeader& header) {
    const auto& notes = layout_.machine->notes;
    if (!notes) {
      sink_.report(Code::absent_fact, segment_.name_span,
                   "`" + segment_.name + "` points to the crash notes of each CPU, and where they are is not known")
          .note("the kernel that may crash says it: take its facts with `baton-load --facts FILE`, and write `notes \"FILE\";` "
                "in machine `" + layout_.machine->name + "` or declare it `from dtb \"FILE\"`");
      return;
    }
    header.notes = notes->cpus;
    header.vmcoreinfo = notes->vmcoreinfo;
    header.notes_origin = notes->origin;
  }

  std::optional<RangeSet> ranges(const std::vector<syntax::ExprPtr>& list) {
    Value v = evaluate_ranges(list, HandoffScope(layout_), sink_);
    if (v.is_error()) return std::nullopt;
    if (!v.is_pending()) return v.ranges();
    sink_.report(Code::placement_cycle, list.front()->span,
                 "the size of `" + segment_.name + "` depends on `" + v.as_pending().what + "`, which is not known yet")
        .note("segments are placed in the order written: place that one first");
    return std::nullopt;
  }

  std::vector<Move> moved(const RangeSet& described) {
    std::vector<Move> moves;
    for (const model::RangeMove& remap : segment_.remaps) {
      Value from = evaluate_as(*remap.from, Type::kRange, HandoffScope(layout_), sink_);
      Value to = evaluate_as(*remap.to, Type::kAddress, HandoffScope(layout_), sink_);
      if (from.is_error() || to.is_error()) continue;
      if (from.is_pending()) {
        sink_.report(Code::placement_cycle, remap.from->span,
                     "the size of `" + segment_.name + "` depends on `" + from.as_pending().what +
                         "`, which is not known yet");
        continue;
      }
      Move move{from.range(), to.is_known() ? std::optional(to.address()) : std::nullopt, remap.span};
      if (move.from.empty() || !described.contains(RangeSet{move.from})) {
        sink_.report(Code::bad_core_header, remap.span,
                     "`" + remap.text + "` moves memory that `" + segment_.name + "` does not describe")
            .note("it describes " + to_text(described));
        continue;
      }
      if (move.to && !Range::checked(*move.to, move.from.size())) {
        sink_.report(Code::arithmetic_overflow, remap.to->span, "the result lies outside 0 .. 2^64");
        continue;
      }
      auto twice = std::find_if(moves.begin(), moves.end(),
                                [&](const Move& other) { return other.from.overlaps(move.from); });
      if (twice != moves.end()) {
        sink_.report(Code::bad_core_header, remap.span, "two remaps move the same bytes").label(twice->span, "the other");
        continue;
      }
      moves.push_back(move);
    }
    std::sort(moves.begin(), moves.end(), [](const Move& a, const Move& b) { return a.from.begin < b.from.begin; });
    return moves;
  }

  /// A move lies within one range: ranges of a set do not touch.
  static void cut(const Range& range, const std::vector<Move>& moves, std::vector<CoreRange>& out) {
    Address at = range.begin;
    for (const Move& move : moves) {
      if (!range.contains(move.from)) continue;
      if (at < move.from.begin) out.push_back({Range{at, move.from.begin}, at, false});
      out.push_back({move.from, move.to, true});
      at = move.from.end;
    }
    if (at < range.end) out.push_back({Range{at, range.end}, at, false});
  }

  const placement::Layout& layout_;
  const model::Segment& segment_;
  diagnostics::Sink& sink_;
};

/// Program headers one behind the other.
class Writer {
 public:
  Writer(size_t headers, Endian order) : order_(order) {
    bytes_.reserve(kFileHeader + kProgramHeader * headers);
    bytes_ = {0x7f, 'E', 'L', 'F', 2, static_cast<uint8_t>(order == Endian::kLittle ? 1 : 2), 1};  // ELFCLASS64, EV_CURRENT
    bytes_.resize(16);
    half(kTypeCore);
    half(kMachinePpc64);
    word(1);             // e_version
    doubleword(0);       // e_entry
    doubleword(kFileHeader);  // e_phoff
    doubleword(0);       // e_shoff
    word(0);             // e_flags
    half(kFileHeader);
    half(kProgramHeader);
    half(static_cast<uint16_t>(headers));
    bytes_.resize(kFileHeader);  // no sections
  }

  void note(const Range& at) {
    header(kNote, 0, at.begin, 0, at.begin, at.size(), kNoteAlignment);
  }
  void load(const CoreRange& range) {
    header(kLoad, kReadWriteExecute, *range.source, kLinearMap | range.memory.begin.value(), range.memory.begin,
           range.memory.size(), 0);
  }
  ByteBuffer take() { return std::move(bytes_); }

 private:
  void header(uint32_t type, uint32_t flags, Address offset, uint64_t virtual_address, Address physical, Size size,
              uint64_t alignment) {
    word(type);
    word(flags);
    doubleword(offset.value());
    doubleword(virtual_address);
    doubleword(physical.value());
    doubleword(size.bytes());
    doubleword(size.bytes());
    doubleword(alignment);
  }
  void half(uint16_t value) { append(bytes_, value, order_); }
  void word(uint32_t value) { append(bytes_, value, order_); }
  void doubleword(uint64_t value) { append(bytes_, value, order_); }

  ByteBuffer bytes_;
  Endian order_;
};

/// Whether this very copy brings the bytes of a remap to where the dump looks for them.
bool brings(const model::RangeMove& copy, const Range& from, Address to, const placement::Layout& layout) {
  diagnostics::Sink reported;  // when it was placed
  Value source = evaluate_as(*copy.from, Type::kRange, HandoffScope(layout), reported);
  Value target = evaluate_as(*copy.to, Type::kAddress, HandoffScope(layout), reported);
  return source.is_known() && target.is_known() && source.range().contains(from) &&
         target.address().wide() + (from.begin.wide() - source.range().begin.wide()) == to.wide();
}

/// A dump that looks elsewhere for bytes that nobody has moved shows other bytes, and nothing says so.
void expect_copies(const placement::Layout& layout, const model::Segment& core, diagnostics::Sink& sink) {
  const placement::PlacedSegment& entered = layout.entered();
  if (entered.declaration->kind != model::SegmentKind::kTrampoline) return;  // what its code moves is not known
  const auto& copies = entered.declaration->copies;
  for (const model::RangeMove& remap : core.remaps) {
    diagnostics::Sink reported;
    Value from = evaluate_as(*remap.from, Type::kRange, HandoffScope(layout), reported);
    Value to = evaluate_as(*remap.to, Type::kAddress, HandoffScope(layout), reported);
    if (!from.is_known() || !to.is_known()) continue;
    bool moved = std::any_of(copies.begin(), copies.end(), [&](const model::RangeMove& copy) {
      return brings(copy, from.range(), to.address(), layout);
    });
    if (moved) continue;
    sink.report(Code::remap_without_copy, remap.span,
                "no copy of `" + entered.name() + "` brings " + to_text(from.range()) + " to " + hex(to.address()) +
                    ": the dump would show what lies there")
        .label(entered.declaration->name_span, "the stub that is entered")
        .note("add `before enter copy " + remap.text.substr(remap.text.find(' ') + 1) + ";` to it");
  }
}

}  // namespace

Size CoreHeader::size() const { return Size{Wide{kFileHeader} + Wide{kProgramHeader} * headers()}; }
Size CoreHeader::room_size() const { return Size{Wide{kFileHeader} + Wide{kProgramHeader} * most_headers()}; }

std::optional<CoreHeader> core_header(const placement::Layout& layout, const placement::PlacedSegment& segment,
                                      diagnostics::Sink& sink) {
  return Builder(layout, segment, sink).run();
}

std::optional<ByteBuffer> core_bytes(const placement::Layout& layout, const placement::PlacedSegment& segment,
                                     diagnostics::Sink& sink) {
  auto header = core_header(layout, segment, sink);
  if (!header) return std::nullopt;
  const placement::PlacedSegment* image = layout.bound("image");
  if (!image || !image->content.order) {
    sink.report(Code::bad_core_header, segment.declaration->name_span,
                "`" + segment.name() + "` is written in the byte order of the segment bound to `image`, " +
                    (image ? "and `" + image->name() + "` has none" : "and there is none"))
        .note("bind `image` to an `elf` segment: a capture kernel reads the header in its own byte order");
    return std::nullopt;
  }
  expect_copies(layout, *segment.declaration, sink);
  Writer writer(header->headers(), *image->content.order);
  for (const Range& cpu : header->notes) writer.note(cpu);
  if (header->vmcoreinfo) writer.note(*header->vmcoreinfo);
  for (const CoreRange& range : header->ranges) {
    BATON_CHECK(range.source.has_value(), "a core header before all is placed");
    writer.load(range);
  }
  return writer.take();
}

}  // namespace baton::emit
