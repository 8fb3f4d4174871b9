// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ranges covered, less what is left out, cut where bytes were moved. See core_header.h.
#include "emit/core_header.h"

#include <algorithm>

namespace baton::emit {

using diagnostics::Code;
using model::Type;
using model::Value;
using placement::HandoffScope;

namespace {

// ELF-64 object file format: sizes of the file header and of one program header, and the first e_phnum that
// means "look elsewhere".
constexpr Wide kFileHeader = 64, kProgramHeader = 56;
constexpr size_t kTooManyHeaders = 0xffff;

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
    if (header.headers() >= kTooManyHeaders) {
      sink_.report(Code::bad_core_header, segment_.name_span,
                   "`" + segment_.name + "` would have " + std::to_string(header.headers()) +
                       " program headers, and an ELF header counts to " + std::to_string(kTooManyHeaders - 1));
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

  void notes(CoreHeader& header) {
    if (const auto& notes = layout_.machine->notes) {
      header.cpu_notes = notes->cpus.size();
      header.notes_origin = notes->origin;
      return;
    }
    const auto* cpus = layout_.machine->find("cpus");
    if (!cpus) {
      sink_.report(Code::absent_fact, segment_.name_span,
                   "`" + segment_.name + "` has a note for each CPU, and `machine.cpus` is not known")
          .note("state `cpus = ...;` in machine `" + layout_.machine->name + "`, or `notes` with a facts file of it");
      return;
    }
    header.cpu_notes = cpus->value.ids().size();
    header.notes_origin = "machine.cpus; the addresses of their notes are not known";
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

}  // namespace

Size CoreHeader::size() const { return Size{kFileHeader + kProgramHeader * headers()}; }

std::optional<CoreHeader> core_header(const placement::Layout& layout, const placement::PlacedSegment& segment,
                                      diagnostics::Sink& sink) {
  return Builder(layout, segment, sink).run();
}

}  // namespace baton::emit
