// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parameters, files, pokes. See contents.h.
#include "placement/contents.h"

#include <algorithm>
#include <charconv>

#include "diagnostics/suggest.h"
#include "inputs/elf.h"
#include "inputs/raw.h"

namespace baton::placement {

using diagnostics::Code;
using model::SegmentKind;
using model::Type;
using model::Value;

namespace {

/// A number as on the command line: decimal, 0x.., with an optional unit.
std::optional<Wide> read_number(std::string text) {
  unsigned shift = 0;
  for (auto [unit, bits] : {std::pair{"KiB", 10u}, {"MiB", 20u}, {"GiB", 30u}, {"TiB", 40u}}) {
    if (text.size() > 3 && text.compare(text.size() - 3, 3, unit) == 0) {
      shift = bits;
      text.resize(text.size() - 3);
      break;
    }
  }
  text.erase(std::remove(text.begin(), text.end(), '_'), text.end());
  int base = 10;
  const char* begin = text.data();
  if (text.rfind("0x", 0) == 0) {
    base = 16;
    begin += 2;
  }
  uint64_t value = 0;
  auto [end, error] = std::from_chars(begin, text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || begin == end) return std::nullopt;
  Wide wide = static_cast<Wide>(value) << shift;
  if (wide > kTwoTo64) return std::nullopt;
  return wide;
}

/// A value as on the command line, or nothing.
std::optional<Value> read_value(Type type, const std::string& text) {
  if (type == Type::kPath) return Value::of_path(text);
  if (type == Type::kString) return Value::of_string(text);
  if (type == Type::kBool) {
    if (text != "true" && text != "false") return std::nullopt;
    return Value::of(text == "true");
  }
  auto number = read_number(text);
  if (!number) return std::nullopt;
  if (type == Type::kSize) return Value::of(Size{*number});
  return type == Type::kInt ? Value::of_int(*number) : Value::of(Address{*number});
}

std::string beside(const source::SourceSet& sources, source::Span span, const std::string& path) {
  std::filesystem::path p(path);
  if (p.is_absolute()) return path;
  return (sources.folder(span.file) / p).lexically_normal().string();
}

}  // namespace

bool read_parameters(Layout& layout, const std::map<std::string, std::string>& defines,
                     const source::SourceSet& sources, diagnostics::Sink& sink) {
  size_t errors = sink.error_count();
  const model::Handoff& handoff = *layout.handoff;
  for (const auto& [name, text] : defines) {
    bool known = std::any_of(handoff.parameters.begin(), handoff.parameters.end(),
                             [&](const model::Parameter& p) { return p.name == name; });
    if (known) continue;
    auto& d = sink.report(Code::bad_parameter, handoff.name_span,
                          "`" + handoff.name + "` has no parameter `" + name + "` (-D " + name + "=...)");
    std::vector<std::string_view> names;
    for (const auto& p : handoff.parameters) names.push_back(p.name);
    diagnostics::suggest_in_note(d, name, names);
  }
  auto admit = [&](const model::Parameter& p, const Value& v, const std::string& whence) {
    // A path is compared as it is written: the default has been checked, and stands beside its program by now.
    if (p.allowed && !(p.type == Type::kPath && whence == "its default")) {
      auto good = model::is_allowed(v, *p.allowed, p.type, HandoffScope(layout), sink);
      if (!good || !*good) {
        if (good)
          sink.report(Code::bad_parameter, p.span, "parameter `" + p.name + "` is " + to_text(v) + " by " + whence)
              .label(p.allowed->span, "it must be one of these");
        return;
      }
    }
    layout.parameters.emplace(p.name, v);
  };
  for (const auto& p : handoff.parameters) {
    auto given = defines.find(p.name);
    if (given == defines.end()) {
      if (!p.initial) {
        sink.report(Code::bad_parameter, p.span, "parameter `" + p.name + "` has no value")
            .note("it has no default: give one with `-D " + p.name + "=...`");
        continue;
      }
      Value v = evaluate_as(*p.initial, p.type, HandoffScope(layout), sink);
      if (v.is_error()) continue;
      admit(p, p.type == Type::kPath ? Value::of_path(beside(sources, p.initial->span, v.text())) : v, "its default");
      continue;
    }
    auto value = read_value(p.type, given->second);
    if (!value) {
      auto& d = sink.report(Code::bad_parameter, p.span,
                            "parameter `" + p.name + "` is " + to_text(p.type) + ", and `" + given->second + "` is none");
      if (p.type == Type::kBool) d.note("it is `true` or `false`");
      continue;
    }
    admit(p, *value, "`-D " + p.name + "=" + given->second + "`");
  }
  return sink.error_count() == errors;
}

namespace {

class Reader {
 public:
  Reader(Layout& layout, const source::SourceSet& sources, Contents& contents, diagnostics::Sink& sink)
      : layout_(layout), sources_(sources), contents_(contents), sink_(sink) {}

  void read(PlacedSegment& segment) {
    const model::Segment& s = *segment.declaration;
    switch (s.kind) {
      case SegmentKind::kElf: return elf(segment);
      case SegmentKind::kFile: return raw(segment);
      case SegmentKind::kDeviceTree: return tree(segment);
      case SegmentKind::kReserve: {
        Value v = evaluate_as(*s.content, Type::kSize, HandoffScope(layout_), sink_);
        if (known(v, *s.content)) segment.content.size = v.size();
        return;
      }
      case SegmentKind::kElfCoreHeader:
        segment.content.measured = false;  // it describes memory as far as it is decided by then
        return;
      case SegmentKind::kTrampoline: {
        // Placed with all it may take; what it does take is known when it is synthesized.
        segment.content.size = layout_.granule > Size{kDefaultTrampoline} ? layout_.granule : Size{kDefaultTrampoline};
        if (!s.size_limit) return;
        Value v = evaluate_as(*s.size_limit, Type::kSize, HandoffScope(layout_), sink_);
        if (known(v, *s.size_limit)) segment.content.size = v.size();
        return;
      }
    }
  }

 private:
  static constexpr Wide kDefaultTrampoline = 4096;

  bool known(const Value& v, const syntax::Expr& e) {
    if (v.is_known()) return true;
    if (v.is_pending())
      sink_.report(Code::placement_cycle, e.span,
                   "the size of a segment cannot depend on `" + v.as_pending().what + "`")
          .note("sizes are known before anything is placed");
    return false;
  }

  std::optional<std::string> path_of(const syntax::Expr& e) {
    Value v = evaluate_as(e, Type::kPath, HandoffScope(layout_), sink_);
    if (!known(v, e)) return std::nullopt;
    // A literal is relative to its program; a parameter has been resolved already.
    return e.kind == syntax::Expr::Kind::kName ? v.text() : beside(sources_, e.span, v.text());
  }

  std::optional<MappedFile> open(const syntax::Expr& e) {
    auto path = path_of(e);
    if (!path) return std::nullopt;
    auto file = MappedFile::open(*path);
    if (!file) {
      sink_.report(Code::input_missing, e.span, file.failure());
      return std::nullopt;
    }
    contents_.inputs.emplace_back(*path);
    if (file->bytes().empty()) {
      sink_.report(Code::empty_file, e.span, "`" + *path + "` is empty");
      return std::nullopt;
    }
    return *file;
  }

  bool limit(const PlacedSegment& segment) {
    const auto& e = segment.declaration->size_limit;
    if (!e) return true;
    Value v = evaluate_as(*e, Type::kSize, HandoffScope(layout_), sink_);
    if (!known(v, *e)) return false;
    if (segment.content.size <= v.size()) return true;
    sink_.report(Code::assertion_failed, e->span,
                 "`" + segment.name() + "` has " + human(segment.content.size) + ", and at most " +
                     human(v.size()) + " are allowed");
    return false;
  }

  void elf(PlacedSegment& segment) {
    auto file = open(*segment.declaration->content);
    if (!file) return;
    contents_.names[segment.name()] = file->path().string();
    auto image = inputs::read_elf(*file);
    if (!image) {
      sink_.report(Code::bad_elf, segment.declaration->content->span, image.failure());
      return;
    }
    segment.content.size = image->size();
    segment.content.entry_offset = image->entry_offset();
    segment.content.order = image->order();
    segment.content.moves_itself_to_zero = image->moves_itself_to_zero();
    std::vector<std::pair<uint64_t, ByteView>> pieces;
    for (const auto& piece : image->pieces()) pieces.emplace_back(piece.offset.bytes(), piece.bytes);
    contents_.payloads[segment.name()] = inputs::Payload::of_pieces(*file, std::move(pieces));
    for (const auto& warning : image->warnings())
      contents_.warnings.push_back(warning);
    limit(segment);
  }

  void raw(PlacedSegment& segment) {
    auto file = open(*segment.declaration->content);
    if (!file) return;
    contents_.names[segment.name()] = file->path().string();
    segment.content.size = Size{file->bytes().size()};
    contents_.payloads[segment.name()] = inputs::Payload::of_file(*file);
    limit(segment);
  }

  void tree(PlacedSegment& segment) {
    const syntax::Expr& e = *segment.declaration->content;
    Value v = evaluate(e, HandoffScope(layout_), sink_);
    if (v.is_error()) return;
    std::optional<MappedFile> file;
    if (v.type() == Type::kTree) {
      file = layout_.machine->tree;
    } else {
      file = open(e);
    }
    if (!file) return;
    contents_.names[segment.name()] = file->path().string();
    auto tree = inputs::read_tree(*file);
    if (!tree) {
      sink_.report(Code::bad_tree, e.span, tree.failure());
      return;
    }
    segment.content.measured = false;
    contents_.trees.insert_or_assign(segment.name(), std::move(*tree));
  }

  Layout& layout_;
  const source::SourceSet& sources_;
  Contents& contents_;
  diagnostics::Sink& sink_;
};

}  // namespace

bool read_contents(Layout& layout, const source::SourceSet& sources, Contents& contents,
                   diagnostics::Sink& sink) {
  size_t errors = sink.error_count();
  Reader reader(layout, sources, contents, sink);
  for (PlacedSegment& segment : layout.segments) reader.read(segment);
  return sink.error_count() == errors;
}

bool poke_words(Layout& layout, Contents& contents, diagnostics::Sink& sink) {
  size_t errors = sink.error_count();
  for (PlacedSegment& segment : layout.segments) {
    for (const model::Poke& poke : segment.declaration->pokes) {
      const model::Clause* word = nullptr;
      for (const auto& clause : layout.to->clauses)
        if (clause.kind == model::ClauseKind::kWord && clause.subject == poke.word &&
            layout.bound(clause.role) == &segment)
          word = &clause;
      if (!word) {
        sink.report(Code::bad_poke, poke.span,
                    "`" + layout.to->name + "` names no word `" + poke.word + "` in what `" + segment.name() +
                        "` is bound to");
        continue;
      }
      RoleScope scope(layout, false);
      Value offset = evaluate_as(*word->values[0], Type::kSize, scope, sink);
      Value value = evaluate_as(*poke.value, Type::kInt, HandoffScope(layout), sink);
      if (offset.is_error() || value.is_error()) continue;
      if (!value.is_known() || value.number() > 0xffffffffu) {
        sink.report(Code::number_too_large, poke.span, "a poked word has 32 bits and is known before placement");
        continue;
      }
      inputs::Payload& payload = contents.payloads[segment.name()];
      auto present = payload.bytes_at(offset.size().bytes(), 4);
      Endian order = segment.content.order.value_or(Endian::kBig);
      if (!present) {
        sink.report(Code::bad_poke, poke.span, "`" + segment.name() + "` ends before " + hex(offset.number()));
        continue;
      }
      uint32_t now = *load<uint32_t>(*present, 0, order);
      if (word->values.size() > 1) {
        Value initial = evaluate_as(*word->values[1], Type::kInt, scope, sink);
        if (initial.is_known() && initial.number() != now) {
          sink.report(Code::bad_poke, poke.span,
                      "`" + poke.word + "` at " + hex(offset.number()) + " is " + hex(now) + ", not " +
                          hex(initial.number()) + ": this image has no such word")
              .label(word->span, "where the word is declared")
              .note("a kernel built for a fixed address has other bytes there and is left alone");
          continue;
        }
      }
      ByteBuffer bytes;
      append<uint32_t>(bytes, static_cast<uint32_t>(value.number()), order);
      payload.patch(offset.size().bytes(), std::move(bytes));
      // Linux: exactly 1 in __run_at_load means "stay where you are loaded" (head_64.S).
      if (poke.word == "run_at_load" && value.number() == 1) segment.content.stays_where_loaded = true;
    }
  }
  return sink.error_count() == errors;
}

}  // namespace baton::placement
