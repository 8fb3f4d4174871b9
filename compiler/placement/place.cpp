// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constraints gathered, holes searched, one segment after the other. See place.h.
#include "placement/place.h"

#include <algorithm>
#include <functional>
#include <set>

#include "contract/claim.h"

namespace baton::placement {

using diagnostics::Code;
using model::ClauseKind;
using model::Section;
using model::SegmentKind;
using model::Type;
using model::Value;

namespace {

/// An expression as written, on one line.
std::string one_line(const source::SourceSet& sources, const syntax::Expr& e) {
  std::string line;
  for (char c : sources.text(e.span)) {
    bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!blank) line.push_back(c);
    else if (!line.empty() && line.back() != ' ') line.push_back(' ');
  }
  return line;
}

class Placer {
 public:
  Placer(Layout& layout, const source::SourceSet& sources, const Measure& measure, diagnostics::Sink& sink)
      : layout_(layout), sources_(sources), measure_(measure), sink_(sink), ram_(layout.machine->ranges("ram")), ram_sizes_(ram_) {}

  bool run() {
    for (PlacedSegment& segment : layout_.segments) {
      if (!segment.content.measured && !measure_(segment)) return false;
      auto request = request_for(segment);
      if (!request) return false;
      if (!place_one(segment, *request)) return false;
    }
    return true;
  }

 private:
  std::optional<HoleRequest> request_for(PlacedSegment& segment) {
    const model::Segment& s = *segment.declaration;
    HoleRequest request;
    request.name = s.name;
    request.size = segment.content.size;
    request.granule = layout_.granule;
    request.align = Size{1};
    request.direction = s.placing == model::Placing::kTopDown ? Direction::kTopDown : Direction::kBottomUp;
    bool ok = true;
    if (s.align) {
      Value v = evaluate_as(*s.align, Type::kSize, HandoffScope(layout_), sink_);
      ok = later(segment, *s.align, v) && !v.is_error();
      if (ok && !is_power_of_two(v.number())) {
        sink_.report(Code::bad_alignment, s.align->span, "an alignment is a power of two, not " + to_text(v));
        ok = false;
      }
      if (ok) request.align = v.size();
    }
    auto within = [&](const RangeSet& ranges, std::string text, source::Span span) {
      request.within.push_back({ranges, std::move(text), span});
    };
    auto avoid = [&](const RangeSet& ranges, std::string text, source::Span span) {
      if (!ranges.empty()) request.avoid.push_back({ranges, std::move(text), span});
    };
    within(ram_, "within machine.ram", s.name_span);
    request.sizes = &ram_sizes_;
    for (const auto& e : s.within)
      if (auto r = ranges_of(segment, *e)) within(*r, "within " + one_line(sources_, *e), e->span);
      else ok = false;
    for (const auto& e : s.avoid)
      if (auto r = ranges_of(segment, *e)) avoid(*r, "avoid " + one_line(sources_, *e), e->span);
      else ok = false;
    if (!conventions(segment, within, avoid)) ok = false;
    if (!expected_alignment(segment, request)) ok = false;
    digests(segment, request);
    keep_out(segment, within, avoid);
    for (const PlacedSegment& other : layout_.segments)
      if (&other != &segment && other.start)
        avoid(RangeSet{other.extent}, "segment " + other.name(), other.declaration->name_span);
    if (!ok) return std::nullopt;
    for (const Constraint& c : request.within) segment.within.push_back(c.text);
    for (const Constraint& c : request.avoid) segment.avoid.push_back(c.text);
    return request;
  }

  /// What the two conventions need of this segment's place.
  template <typename Within, typename Avoid>
  bool conventions(PlacedSegment& segment, Within& within, Avoid& avoid) {
    bool ok = true;
    auto apply = [&](const model::Clause& clause, bool from, bool is_within) {
      const model::Convention& convention = from ? *layout_.from : *layout_.to;
      if (contract::speaks_of_unbound_role(clause, convention, RoleScope(layout_, from))) return;
      for (const auto& e : clause.values) {
        Value v = evaluate_as(*e, Type::kRanges, RoleScope(layout_, from), sink_);
        if (v.is_error()) {
          ok = false;
          continue;
        }
        if (!later(segment, *e, v)) {
          ok = false;
          continue;
        }
        std::string text = clause.origin + ": " + clause.text;
        if (is_within)
          within(v.ranges(), text, clause.span);
        else
          avoid(v.ranges(), text, clause.span);
      }
    };
    if (segment.name() == layout_.handoff->enter)
      for (const auto& clause : layout_.from->clauses)
        if (clause.section == Section::kExpects && clause.role == "image" &&
            (clause.kind == ClauseKind::kWithin || clause.kind == ClauseKind::kDisjoint))
          apply(clause, true, clause.kind == ClauseKind::kWithin);
    const PlacedSegment* image = layout_.bound("image");
    for (const auto& clause : layout_.to->clauses) {
      if (clause.kind == ClauseKind::kPlace) {
        bool here = clause.subject == "others" ? &segment != image
                                               : layout_.bound(clause.subject) == &segment;
        if (here) apply(clause, false, clause.words[0] == "within");
      } else if (clause.section == Section::kExpects && layout_.bound(clause.role) == &segment &&
                 (clause.kind == ClauseKind::kWithin || clause.kind == ClauseKind::kDisjoint)) {
        apply(clause, false, clause.kind == ClauseKind::kWithin);
      }
    }
    return still_written(segment, avoid) && ok;
  }

  /// `unspecified bytes RANGES` of the giver: somebody still writes there, and what the loader places would not stay.
  template <typename Avoid>
  bool still_written(const PlacedSegment& segment, Avoid& avoid) {
    bool ok = true;
    for (const auto& clause : layout_.from->clauses) {
      if (clause.section != Section::kMemory || clause.kind != ClauseKind::kUnspecified) continue;
      RangeSet all;
      for (const auto& e : clause.values) {
        Value v = evaluate_as(*e, Type::kRanges, RoleScope(layout_, true), sink_);
        if (v.is_error() || !later(segment, *e, v)) ok = false;
        else for (const Range& r : v.ranges()) all.add(r);
      }
      avoid(all, clause.origin + ": unspecified " + clause.text, clause.span);
    }
    return ok;
  }

  /// `expects ROLE { align N; }` of either convention: a multiple of N, besides the segment's own `align`.
  bool expected_alignment(const PlacedSegment& segment, HoleRequest& request) {
    auto apply = [&](const model::Clause& clause, bool from) {
      Value v = evaluate_as(*clause.values[0], Type::kSize, RoleScope(layout_, from), sink_);
      if (v.is_error()) return false;
      if (!later(segment, *clause.values[0], v)) return false;
      if (!is_power_of_two(v.number())) {
        sink_.report(Code::bad_alignment, clause.values[0]->span, "an alignment is a power of two, not " + to_text(v));
        return false;
      }
      request.align = std::max(request.align, v.size());
      return true;
    };
    bool ok = true;
    for (const auto& clause : layout_.from->clauses)
      if (clause.kind == ClauseKind::kAlign && clause.role == "image" && segment.name() == layout_.handoff->enter)
        ok = apply(clause, true) && ok;
    for (const auto& clause : layout_.to->clauses)
      if (clause.kind == ClauseKind::kAlign && layout_.bound(clause.role) == &segment) ok = apply(clause, false) && ok;
    return ok;
  }

  /// A stub reads what it digests in pieces of 16 bytes, and has tables of 0x100.
  void digests(const PlacedSegment& segment, HoleRequest& request) {
    if (segment.declaration->digest) request.align = std::max(request.align, Size{0x100});
    if (layout_.is_digested(segment.name())) request.align = std::max(request.align, Size{16});
  }

  /// What the machine keeps, without being told.
  template <typename Within, typename Avoid>
  void keep_out(const PlacedSegment& segment, Within& within, Avoid& avoid) {
    const model::Machine& machine = *layout_.machine;
    source::Span span = segment.declaration->name_span;
    static constexpr std::pair<const char*, const char*> kKept[] = {
        {"running_kernel", "machine.running_kernel"}, {"reserved", "machine.reserved"},
        {"rtas", "machine.rtas"},                 {"opal.memory", "machine.opal.memory"},
        {"tce", "machine.tce"},                   {"hash_table", "machine.hash_table"}};
    for (const auto& [attribute, text] : kKept) avoid(machine.ranges(attribute), text, span);
    for (const auto& named : machine.named)
      if (named.reserve) avoid(named.ranges, "reserve " + named.name, named.span.valid() ? named.span : span);
    // What the stub reads with translation off.
    if (machine.find("rma"))
      for (const model::Segment& stub : layout_.handoff->segments)
        if (stub.digest)
          for (const auto& [name, where] : stub.digest->segments)
            if (name == segment.name())
              within(machine.ranges("rma"), stub.name + ": " + stub.digest->text + ", so within machine.rma", where);
    if (layout_.handoff->on_crash)
      within(machine.ranges("crashkernel"), "load on_crash: within machine.crashkernel", span);
    else
      avoid(machine.ranges("crashkernel"), "machine.crashkernel", span);
  }

  std::optional<RangeSet> ranges_of(PlacedSegment& segment, const syntax::Expr& e) {
    Value v = evaluate_as(e, Type::kRanges, HandoffScope(layout_), sink_);
    if (v.is_error() || !later(segment, e, v)) return std::nullopt;
    return v.ranges();
  }

  /// False, with a report, when the value waits for the address of a segment that is placed later.
  bool later(const PlacedSegment& segment, const syntax::Expr& e, const Value& v) {
    if (!v.is_pending()) return true;
    std::string what = v.as_pending().what;
    std::string other = what.substr(0, what.find('.'));
    const PlacedSegment* needed = layout_.find(other);
    if (!needed) needed = layout_.bound(other);
    auto& d = sink_.report(Code::placement_cycle, e.span,
                           "the place of `" + segment.name() + "` needs `" + what + "`, which is not known yet");
    if (!needed) return false;
    d.label(needed->declaration->name_span, "placed later, or never");
    auto path = circle(needed->name(), segment.name());
    if (needed == &segment)
      d.note(segment.name() + " -> " + segment.name() + ": a segment cannot depend on its own place");
    else if (!path.empty())
      d.note(segment.name() + " -> " + path + ": each waits for the other");
    else
      d.note("segments are placed in the order written: move `" + needed->name() + "` above `" + segment.name() + "`");
    return false;
  }

  /// "b -> a" when the place of `from` depends on `to`, through whatever lies between.
  std::string circle(const std::string& from, const std::string& to) {
    std::set<std::string> seen;
    std::function<std::string(const std::string&)> walk = [&](const std::string& name) -> std::string {
      if (!seen.insert(name).second) return {};
      const PlacedSegment* s = layout_.find(name);
      if (!s) return {};
      std::set<std::string> needs;
      for (const auto& list : {s->declaration->within, s->declaration->avoid})
        for (const auto& e : list) collect(*e, needs);
      if (s->declaration->at) collect(*s->declaration->at, needs);
      for (const std::string& need : needs) {
        if (need == to) return name + " -> " + to;
        std::string rest = walk(need);
        if (!rest.empty()) return name + " -> " + rest;
      }
      return {};
    };
    return walk(from);
  }

  void collect(const syntax::Expr& e, std::set<std::string>& names) const {
    if (e.kind == syntax::Expr::Kind::kName && layout_.find(e.text)) names.insert(e.text);
    for (const auto& operand : e.operands) collect(*operand, names);
  }

  bool place_one(PlacedSegment& segment, const HoleRequest& request) {
    const model::Segment& s = *segment.declaration;
    if (s.placing == model::Placing::kAt) return place_at(segment, request);
    segment.search = find_hole(request);
    if (segment.search.start) {
      segment.start = segment.search.start;
      segment.extent = segment.search.extent;
      return true;
    }
    auto& d = sink_.report(Code::no_hole, s.name_span,
                           "there is no place for `" + s.name + "`: " + human(request.size) + ", aligned to " +
                               human(std::max(request.align, request.granule)));
    if (segment.search.rejected.empty()) d.note("the machine has no RAM at all");
    for (const Rejection& rejection : segment.search.rejected) {
      if (d.notes.size() >= 24) {
        d.note("... and " + std::to_string(segment.search.refused() - d.notes.size()) + " more holes");
        break;
      }
      d.note(describe(rejection));
    }
    if (layout_.handoff->on_crash) {
      RangeSet reserved = layout_.machine->ranges("crashkernel");
      d.note(reserved.empty() ? "no memory is reserved for a crash: boot the running kernel with `crashkernel=SIZE`, and take its facts then"
                              : human(reserved.total_size()) + " are reserved for a crash: if that is too little, boot the running kernel "
                                    "with a larger `crashkernel=SIZE`, and take its facts then");
    }
    return false;
  }

  bool place_at(PlacedSegment& segment, const HoleRequest& request) {
    const model::Segment& s = *segment.declaration;
    if (!s.at) return false;
    Value v = evaluate_as(*s.at, Type::kAddress, HandoffScope(layout_), sink_);
    if (v.is_error() || !later(segment, *s.at, v)) return false;
    FixedPlace fixed = check_fixed(v.address(), request);
    if (!fixed.violations.empty()) {
      auto& d = sink_.report(Code::bad_place, s.at->span,
                             "`" + s.name + "` cannot stand at " + hex(v.address()) + " (" +
                                 human(request.size) + ")");
      for (const Violation& violation : fixed.violations) {
        d.note(describe(violation));
        if (violation.span.valid() && violation.span != s.name_span && !(violation.span == s.at->span))
          d.label(violation.span, "this constraint");
      }
      return false;
    }
    segment.start = v.address();
    segment.extent = fixed.extent;
    return true;
  }

  Layout& layout_;
  const source::SourceSet& sources_;
  const Measure& measure_;
  diagnostics::Sink& sink_;
  const RangeSet ram_;
  const SizeIndex ram_sizes_;
};

/// What a loader's predicate speaks of: one segment at a time, or the whole table.
class PredicateScope : public HandoffScope {
 public:
  PredicateScope(const Layout& layout, const PlacedSegment* segment) : HandoffScope(layout), segment_(segment) {}

  std::optional<Value> lookup(std::string_view name) const override {
    if (name == "entry") return Value::of(layout_.entry());
    if (name == "segments.total") {
      Size total;
      for (const auto& s : layout_.segments) total = total + s.extent.size();
      return Value::of(total);
    }
    if (segment_ && name == "segments.others") {
      RangeSet others;
      for (const auto& s : layout_.segments)
        if (&s != segment_) others.add(s.extent);
      return Value::of(others);
    }
    if (segment_ && name.substr(0, 8) == "segment.") return segment_attribute(*segment_, name.substr(8));
    if (name.substr(0, 8) == "machine.") return HandoffScope::lookup(name);
    return std::nullopt;
  }
  std::optional<Value> call(std::string_view name, const std::vector<Value>& arguments) const override {
    if (name != "spare" || arguments.size() != 1) return std::nullopt;
    RangeSet left = arguments[0].ranges();
    for (const auto& s : layout_.segments) left.subtract(s.extent);
    Size largest;
    for (const Range& r : left) largest = std::max(largest, r.size());
    return Value::of(largest);
  }

 private:
  const PlacedSegment* segment_;
};

bool speaks_of_segment(const syntax::Expr& e) {
  std::string name = model::dotted_name(e);
  if (name.rfind("segment.", 0) == 0 || name == "segments.others") return true;
  return std::any_of(e.operands.begin(), e.operands.end(), [](const auto& o) { return speaks_of_segment(*o); });
}

/// "kernel.end = 0x6000000, kernel.end - kernel.start = 32MiB": every part of a predicate that is not written out
/// already, valued, smaller parts first. The whole predicate is known not to hold.
std::string values_in(const syntax::Expr& e, const model::Scope& scope, const source::SourceSet& sources,
                      const std::string& segment) {
  std::string text;
  std::set<std::string> seen;
  auto show = [&](const syntax::Expr& part, std::string name) {
    diagnostics::Sink ignored;
    Value v = evaluate(part, scope, ignored);
    if (v.is_error() || !seen.insert(name).second) return;
    if (name.rfind("segment.", 0) == 0) name = segment + name.substr(7);
    text += (text.empty() ? "" : ", ") + name + " = " + to_text(v);
  };
  std::function<void(const syntax::Expr&)> walk = [&](const syntax::Expr& part) {
    if (std::string name = model::dotted_name(part); !name.empty()) {
      if (name != "true" && name != "false") show(part, name);
      return;
    }
    for (const auto& operand : part.operands) walk(*operand);
    using Kind = syntax::Expr::Kind;
    bool literal = part.kind == Kind::kInteger || part.kind == Kind::kSize || part.kind == Kind::kString ||
                   part.kind == Kind::kSet || part.kind == Kind::kNot;
    // A range or a sum of literals says what it is; so does the predicate itself.
    bool of_literals = !model::speaks_of_a_name(part);
    if (!literal && !of_literals && &part != &e) show(part, one_line(sources, part));
  };
  walk(e);
  return text;
}

/// `before enter copy`: both sides are reached with translation off, and what is written to is free: room that a segment
/// has without bytes of its own, the source itself, or memory that no segment and nobody else has.
class CopyChecker {
 public:
  CopyChecker(const Layout& layout, diagnostics::Sink& sink) : layout_(layout), sink_(sink), scope_(layout) {}

  bool run() {
    size_t errors = sink_.error_count();
    for (const PlacedSegment& stub : layout_.segments)
      for (const model::RangeMove& copy : stub.declaration->copies) check(copy);
    return sink_.error_count() == errors;
  }

 private:
  void check(const model::RangeMove& copy) {
    Value from = evaluate_as(*copy.from, Type::kRange, scope_, sink_), to = evaluate_as(*copy.to, Type::kAddress, scope_, sink_);
    if (!from.is_known() || !to.is_known()) return;
    auto refuse = [&](const std::string& why) -> diagnostics::Diagnostic& {
      return sink_.report(Code::bad_place, copy.span, "`" + copy.text + "`: " + why)
          .note("it copies " + to_text(from.range()) + " to " + hex(to.address()));
    };
    auto target = Range::checked(to.address(), from.range().size());
    if (!target || from.range().empty()) {
      refuse(target ? "there is nothing to copy" : "the copy runs past 2^64");
      return;
    }
    const auto* rma = layout_.machine->find("rma");
    if (rma && rma->value.is_known() &&
        !(rma->value.range().contains(*target) && rma->value.range().contains(from.range()))) {
      refuse("the stub runs with translation off and reaches machine.rma only, " + to_text(rma->value.range()));
      return;
    }
    bool in_room = false;
    for (const PlacedSegment& s : layout_.segments) {
      if (!s.start || !s.extent.overlaps(*target)) continue;
      Range bytes = Range::at(*s.start, s.content.size);
      bool room = s.declaration->kind == SegmentKind::kReserve || !bytes.overlaps(*target) || bytes.contains(from.range());
      if (!room || s.declaration->kind == SegmentKind::kTrampoline) {
        refuse("it would overwrite `" + s.name() + "` at " + to_text(s.extent)).label(s.declaration->name_span, "the segment");
        return;
      }
      in_room = in_room || s.extent.contains(*target);
    }
    if (!in_room) free_memory(*target, refuse);
  }

  template <typename Refuse>
  void free_memory(const Range& target, Refuse refuse) {
    if (layout_.handoff->on_crash) {
      refuse("the copy lies in no segment, and of a machine that has crashed only the segments are ours");
      return;
    }
    if (const auto* ram = layout_.machine->find("ram"); ram && ram->value.is_known() && !ram->value.ranges().contains(target))
      refuse("the copy lies outside of machine.ram");
    for (const char* fact : {"reserved", "opal.memory", "tce", "rtas", "hash_table"}) {
      RangeSet taken = layout_.machine->ranges(fact);
      if (taken.overlaps(target)) refuse(std::string("the copy would overwrite machine.") + fact);
    }
  }

  const Layout& layout_;
  diagnostics::Sink& sink_;
  HandoffScope scope_;
};

}  // namespace

bool place(Layout& layout, const source::SourceSet& sources, const Measure& measure, diagnostics::Sink& sink) {
  return Placer(layout, sources, measure, sink).run();
}

bool check_placed(const Layout& layout, const source::SourceSet& sources, std::vector<CheckedPredicate>& checks,
                  diagnostics::Sink& sink) {
  bool all_hold = CopyChecker(layout, sink).run();
  if (const model::Loader* loader = layout.loader) {
    if (loader->max_segments && layout.segments.size() > *loader->max_segments) {
      sink.report(Code::too_many_segments, layout.handoff->name_span,
                  "`" + loader->name + "` takes at most " + std::to_string(*loader->max_segments) +
                      " segments, and this handoff has " + std::to_string(layout.segments.size()))
          .label(loader->max_segments_span, "the limit");
      all_hold = false;
    }
    for (const auto& check : loader->checks) {
      if (check.on_crash && !layout.handoff->on_crash) continue;
      std::vector<const PlacedSegment*> subjects{nullptr};
      if (speaks_of_segment(*check.predicate)) {
        subjects.clear();
        for (const auto& s : layout.segments) subjects.push_back(&s);
      }
      CheckedPredicate result{&check, true, ""};
      for (const PlacedSegment* subject : subjects) {
        PredicateScope scope(layout, subject);
        Value v = evaluate_as(*check.predicate, Type::kBool, scope, sink);
        if (v.is_error()) return false;
        if (v.boolean()) continue;
        result.holds = all_hold = false;
        result.detail = values_in(*check.predicate, scope, sources, subject ? subject->name() : "");
        auto& d = sink.report(Code::loader_refuses,
                              subject ? subject->declaration->name_span : layout.handoff->name_span,
                              (check.error == "none"
                                   ? "`" + loader->name + "` would accept this and the machine would not survive it"
                                   : "`" + loader->name + "` would refuse this with " + check.error) +
                                  (subject ? ": segment `" + subject->name() + "`" : ""))
                      .label(check.span, "this check does not hold");
        d.note(result.detail);
        if (!check.because.empty()) d.note(check.because);
      }
      checks.push_back(std::move(result));
    }
  }
  for (const auto& assertion : layout.handoff->assertions) {
    HandoffScope scope(layout);
    Value v = evaluate_as(*assertion.condition, Type::kBool, scope, sink);
    if (v.is_error()) return false;
    if (v.boolean()) continue;
    all_hold = false;
    auto& d = sink.report(Code::assertion_failed, assertion.condition->span,
                          assertion.message.empty() ? "this assertion does not hold" : assertion.message);
    std::string values = values_in(*assertion.condition, scope, sources, "");
    if (!values.empty()) d.note(values);
  }
  return all_hold;
}

}  // namespace baton::placement
