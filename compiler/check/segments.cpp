// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Segments, clause by clause. See segments.h.
#include "check/segments.h"

#include <algorithm>
#include <set>

#include "check/reader.h"
#include "diagnostics/suggest.h"

namespace baton::check {

using diagnostics::Code;
using model::Segment;
using model::SegmentKind;
using model::Type;
using syntax::Context;

std::optional<Segment> declare_segment(const syntax::Clause& clause, const source::SourceSet& sources,
                                       diagnostics::Sink& sink) {
  ClauseReader r(clause, Context::kHandoff, sources, sink);
  if (!r.known()) return std::nullopt;
  Segment segment;
  segment.span = clause.span;
  segment.doc = clause.doc;
  auto name = r.name("a segment's name");
  if (!name || !r.equals()) return std::nullopt;
  segment.name = name->text;
  segment.name_span = name->span;
  auto kind = r.name("what it is: `elf`, `file`, `devicetree`, `reserve`, `elfcorehdr` or `trampoline`");
  if (!kind) return std::nullopt;
  static constexpr std::pair<std::string_view, SegmentKind> kKinds[] = {
      {"elf", SegmentKind::kElf},         {"file", SegmentKind::kFile},
      {"devicetree", SegmentKind::kDeviceTree}, {"reserve", SegmentKind::kReserve},
      {"elfcorehdr", SegmentKind::kElfCoreHeader}, {"trampoline", SegmentKind::kTrampoline}};
  auto found = std::find_if(std::begin(kKinds), std::end(kKinds),
                            [&](const auto& k) { return k.first == kind->text; });
  if (found == std::end(kKinds)) {
    auto& report = sink.report(Code::unknown_word, kind->span, "there is no kind of segment `" + kind->text + "`");
    auto near = diagnostics::suggest(report, kind->text, {"elf", "file", "devicetree", "reserve", "elfcorehdr", "trampoline"}, kind->span);
    if (near.empty()) return std::nullopt;
    // What it holds is checked as what was meant.
    found = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const auto& k) { return k.first == near; });
    if (found == std::end(kKinds)) return std::nullopt;
  }
  segment.kind = found->second;
  if (segment.kind != SegmentKind::kTrampoline && segment.kind != SegmentKind::kElfCoreHeader) {
    segment.content = r.expr(segment.kind == SegmentKind::kReserve ? "a size" : "a file");
    if (!segment.content) return std::nullopt;
  }
  if (!r.end()) return std::nullopt;
  return segment;
}

namespace {

class SegmentReader {
 public:
  SegmentReader(Segment& segment, const model::Scope& types, const source::SourceSet& sources,
                diagnostics::Sink& sink)
      : s_(segment), types_(types), sources_(sources), sink_(sink) {}

  void content() {
    if (!s_.content) return;
    if (s_.kind == SegmentKind::kReserve) {
      evaluate_as(*s_.content, Type::kSize, types_, sink_);
    } else if (s_.kind == SegmentKind::kDeviceTree) {
      model::Value v = evaluate(*s_.content, types_, sink_);
      if (!v.is_error() && v.type() != Type::kTree && v.type() != Type::kPath && v.type() != Type::kString)
        sink_.report(Code::type_mismatch, s_.content->span,
                     std::string("a device tree is a file or `machine.tree`, not ") + to_text(v.type()));
    } else {
      evaluate_as(*s_.content, Type::kPath, types_, sink_);
    }
  }

  void read(const syntax::Clause& clause) {
    Context context = s_.kind == SegmentKind::kElf          ? Context::kSegmentElf
                      : s_.kind == SegmentKind::kFile       ? Context::kSegmentFile
                      : s_.kind == SegmentKind::kDeviceTree ? Context::kSegmentDevicetree
                      : s_.kind == SegmentKind::kReserve    ? Context::kSegmentReserve
                      : s_.kind == SegmentKind::kElfCoreHeader ? Context::kSegmentElfcorehdr
                                                            : Context::kSegmentTrampoline;
    ClauseReader r(clause, context, sources_, sink_);
    if (!r.known()) return;
    const std::string& head = r.head();
    static constexpr std::string_view kRepeatable[] = {"within", "avoid",  "poke",   "node",  "reserve",
                                                       "cover",  "except", "remap", "before"};
    bool repeatable = std::find(std::begin(kRepeatable), std::end(kRepeatable), head) != std::end(kRepeatable);
    if (!repeatable && !once_.insert(head).second) {
      sink_.report(Code::duplicate_clause, r.head_span(), "`" + head + "` stands twice in segment `" + s_.name + "`");
      return;
    }
    if (head == "place") {
      place(r);
    } else if (head == "align") {
      s_.align = typed(r, Type::kSize, "an alignment");
    } else if (head == "size") {
      if (clause.relation != "<=") return r.shape_error(r.head_span(), "`<=` and a size");
      s_.size_limit = typed(r, Type::kSize, "a size");
    } else if (head == "within") {
      ranges(r, s_.within);
    } else if (head == "avoid") {
      ranges(r, s_.avoid);
    } else if (head == "reserve") {
      ranges(r, s_.reserve);
    } else if (head == "usable") {
      s_.usable_span = clause.span;
      ranges(r, s_.usable);
    } else if (head == "cover") {
      ranges(r, s_.cover);
    } else if (head == "except") {
      ranges(r, s_.except);
    } else if (head == "remap") {
      move(r, s_.remaps);
    } else if (head == "ranges") {
      if (clause.relation != "<=") return r.shape_error(r.head_span(), "`<=` and a number");
      s_.most_ranges = typed(r, Type::kInt, "a number");
    } else if (head == "before") {
      if (r.word("enter") && r.word("copy")) move(r, s_.copies);
    } else if (head == "digest") {
      digest(r);
    } else if (head == "version") {
      s_.tree_version = typed(r, Type::kInt, "a blob version");
    } else if (head == "poke") {
      auto word = r.name("the name of a word");
      if (!word || !r.equals()) return;
      model::Poke poke{word->text, typed(r, Type::kInt, "a number"), clause.span};
      if (poke.value) s_.pokes.push_back(std::move(poke));
    } else if (head == "node") {
      node(r, clause);
    }
  }

 private:
  syntax::ExprPtr typed(ClauseReader& r, Type type, const char* what) {
    syntax::ExprPtr e = r.expr(what);
    if (!e || !r.end()) return nullptr;
    return evaluate_as(*e, type, types_, sink_).is_error() ? nullptr : e;
  }

  void ranges(ClauseReader& r, std::vector<syntax::ExprPtr>& list) {
    do {
      syntax::ExprPtr e = r.expr("a range");
      if (!e) return;
      if (evaluate_as(*e, Type::kRanges, types_, sink_).is_error()) {
        // The clause is there, whatever is wrong with it.
        auto wrong = std::make_shared<syntax::Expr>();
        wrong->kind = syntax::Expr::Kind::kUnread;
        wrong->span = e->span;
        e = std::move(wrong);
      }
      list.push_back(std::move(e));
    } while (r.take_comma());
    r.end();
  }

  /// RANGE to ADDRESS
  void move(ClauseReader& r, std::vector<model::RangeMove>& list) {
    model::RangeMove moved;
    moved.span = r.clause().span;
    moved.text = r.text();
    moved.from = r.expr("a range", {"to"});
    if (!moved.from || !r.word("to")) return;
    moved.to = r.expr("an address");
    if (!moved.to || !r.end()) return;
    bool good = !evaluate_as(*moved.from, Type::kRange, types_, sink_).is_error();
    good = !evaluate_as(*moved.to, Type::kAddress, types_, sink_).is_error() && good;
    if (good) list.push_back(std::move(moved));
  }

  /// Which segments these are is checked once all of them are known.
  void digest(ClauseReader& r) {
    model::Digest digest;
    digest.span = r.clause().span;
    digest.text = r.text();
    if (!r.word("sha256") || !r.word("of")) return;
    do {
      auto name = r.name("a segment");
      if (!name) return;
      digest.segments.emplace_back(name->text, name->span);
    } while (r.take_comma());
    if (r.end()) s_.digest = std::move(digest);
  }

  void place(ClauseReader& r) {
    if (r.take_word("bottom_up")) {
      s_.placing = model::Placing::kBottomUp;
    } else if (r.take_word("top_down")) {
      s_.placing = model::Placing::kTopDown;
    } else if (r.take_word("at")) {
      s_.placing = model::Placing::kAt;
      s_.at = typed(r, Type::kAddress, "an address");
      return;
    } else {
      return r.shape_error(r.here(), "`bottom_up`, `top_down` or `at ADDRESS`");
    }
    r.end();
  }

  void node(ClauseReader& r, const syntax::Clause& clause) {
    model::NodeEdit edit;
    edit.span = clause.span;
    auto path = r.string("a node's path in quotes");
    if (!path || !r.end()) return;
    edit.path = *path;
    if (edit.path.empty() || edit.path[0] != '/') {
      sink_.report(Code::clause_shape, clause.head_span, "a node's path starts with `/`: `" + edit.path + "` does not");
      return;
    }
    std::set<std::string> seen;
    for (const syntax::Clause& inner : clause.block) {
      model::PropertyEdit property;
      property.span = inner.span;
      if (!inner.head_is_string) {
        ClauseReader p(inner, Context::kTreeNode, sources_, sink_);
        if (!p.known()) continue;
        property.drop = true;
        auto name = p.string("a property's name in quotes");
        if (!name || !p.end()) continue;
        property.name = *name;
      } else {
        ClauseReader p(inner, Context::kTreeNode, sources_, sink_);
        property.name = inner.head;
        if (!p.at_end()) {
          if (!p.equals()) continue;
          do {
            syntax::ExprPtr e = p.expr("a value");
            if (!e) break;
            property.values.push_back(e);
            value_type(*e);
          } while (p.take_comma());
          if (!p.end()) continue;
        }
      }
      if (!seen.insert(property.name).second) {
        sink_.report(Code::duplicate_clause, inner.span, "`" + property.name + "` is edited twice in this node");
        continue;
      }
      edit.properties.push_back(std::move(property));
    }
    s_.nodes.push_back(std::move(edit));
  }

  void value_type(const syntax::Expr& e) {
    model::Value v = evaluate(e, types_, sink_);
    if (v.is_error()) return;
    // A range is for `reg` and its like, which the writer of trees knows by their names.
    bool fits = v.is_number() || v.type() == Type::kString || v.type() == Type::kPath || v.type() == Type::kCells ||
                v.type() == Type::kRange || v.type() == Type::kRanges;
    if (!fits)
      sink_.report(Code::type_mismatch, e.span,
                   std::string("a property holds numbers, strings and cells, not ") + to_text(v.type()));
  }

  Segment& s_;
  const model::Scope& types_;
  const source::SourceSet& sources_;
  diagnostics::Sink& sink_;
  std::set<std::string> once_;
};

}  // namespace

void read_segment(Segment& segment, const syntax::Clause& clause, const model::Scope& types,
                  const source::SourceSet& sources, diagnostics::Sink& sink) {
  SegmentReader reader(segment, types, sources, sink);
  reader.content();
  for (const syntax::Clause& inner : clause.block) reader.read(inner);
}

}  // namespace baton::check
