// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Handoffs, segment by segment. See handoffs.h.
#include "check/handoffs.h"

#include <algorithm>
#include <set>

#include "check/reader.h"
#include "check/segments.h"
#include "contract/claim.h"
#include "diagnostics/policy.h"
#include "diagnostics/suggest.h"

namespace baton::check {

using diagnostics::Code;
using model::Handoff;
using model::Program;
using model::Segment;
using model::SegmentKind;
using model::Type;
using model::Value;
using syntax::Context;

const char* role_kind_of(SegmentKind kind) {
  if (kind == SegmentKind::kElf) return "elf64";
  if (kind == SegmentKind::kDeviceTree) return "devicetree";
  if (kind == SegmentKind::kReserve || kind == SegmentKind::kElfCoreHeader) return "raw";
  return "loadable";
}

namespace {

bool fits(const std::string& role, SegmentKind kind) {
  switch (kind) {
    case SegmentKind::kElf: return role == "elf64" || role == "loadable";
    case SegmentKind::kFile: return role == "loadable" || role == "raw";
    case SegmentKind::kDeviceTree: return role == "devicetree";
    case SegmentKind::kReserve:
    case SegmentKind::kElfCoreHeader: return role == "raw";
    case SegmentKind::kTrampoline: return role == "loadable";
  }
  return false;
}

constexpr std::pair<std::string_view, Type> kParameterTypes[] = {
    {"path", Type::kPath}, {"string", Type::kString},   {"int", Type::kInt},
    {"size", Type::kSize}, {"address", Type::kAddress}, {"bool", Type::kBool}};

}  // namespace

std::optional<Value> HandoffTypes::lookup(std::string_view name) const {
  for (const auto& p : handoff_.parameters)
    if (p.name == name) return Value::pending(p.type, std::string(name));
  if (auto it = program_.lets.find(std::string(name)); it != program_.lets.end()) return it->second.value;
  size_t dot = name.find('.');
  std::string_view head = name.substr(0, dot);
  if (head == "machine" && dot != std::string_view::npos) {
    if (const auto* a = model::find_machine_attribute(name.substr(dot + 1)))
      return Value::pending(a->type, std::string(name));
    auto machine = program_.machines.find(handoff_.machine);
    if (machine != program_.machines.end())
      for (const auto& clause : machine->second.clauses)
        if (clause.kind != model::MachineClause::Kind::kFact && clause.name == name.substr(dot + 1))
          return Value::pending(Type::kRanges, std::string(name));
    return std::nullopt;
  }
  for (const Segment& s : handoff_.segments) {
    if (s.name != head) continue;
    if (dot == std::string_view::npos) return Value::pending(Type::kRange, std::string(name));
    for (const auto& attribute : contract::role_attributes(role_kind_of(s.kind)))
      if (attribute.name == name.substr(dot + 1)) return Value::pending(attribute.type, std::string(name));
  }
  return std::nullopt;
}

std::vector<std::string> HandoffTypes::names() const {
  std::vector<std::string> all;
  for (const auto& p : handoff_.parameters) all.push_back(p.name);
  for (const auto& [name, let] : program_.lets) all.push_back(name);
  for (const auto& a : model::machine_attributes()) all.push_back("machine." + std::string(a.name));
  auto machine = program_.machines.find(handoff_.machine);
  if (machine != program_.machines.end())
    for (const auto& clause : machine->second.clauses)
      if (clause.kind != model::MachineClause::Kind::kFact) all.push_back("machine." + clause.name);
  for (const Segment& s : handoff_.segments) {
    all.push_back(s.name);
    for (const auto& attribute : contract::role_attributes(role_kind_of(s.kind)))
      all.push_back(s.name + "." + std::string(attribute.name));
  }
  return all;
}

namespace {

/// Segments and parameters are looked for by name in each expression, loaders take sixteen; each incidental clause that is
/// relied upon is looked for among all clauses.
constexpr size_t kMaxNames = 1024;
constexpr size_t kMaxRelied = 256;

class HandoffChecker {
 public:
  HandoffChecker(const syntax::Declaration& d, const Program& program, const source::SourceSet& sources,
                 diagnostics::Sink& sink)
      : d_(d), program_(program), sources_(sources), sink_(sink), types_(handoff_, program) {}

  Handoff run() {
    handoff_.name = d_.full_name();
    handoff_.span = d_.span;
    handoff_.name_span = d_.name_span;
    handoff_.machine = d_.on;
    handoff_.machine_span = d_.on_span;
    handoff_.doc = d_.doc;
    if (d_.extends) handoff_.parent = d_.extends->text();
    if (d_.has_version && !d_.on.empty())
      sink_.report(Code::misplaced_clause, d_.on_span, "`" + d_.full_name() + "` is there for others to extend, and on no machine")
          .note("each that extends it says its own: `handoff NAME extends " + d_.full_name() + " on MACHINE { ... }`");
    else if (!d_.on.empty())
      require(program_.machines, d_.on, d_.on_span, "machine");
    if (d_.via) {
      handoff_.loader = d_.via->text();
      require(program_.loaders, handoff_.loader, d_.via->span, "loader");
    }
    // Names first: a clause may speak of a segment that stands below it.
    for (const auto& clause : d_.clauses) declare(clause);
    for (const auto& clause : d_.clauses) read(clause);
    complete();
    return std::move(handoff_);
  }

 private:
  template <typename Map>
  bool require(const Map& map, const std::string& name, source::Span span, const char* what) {
    if (map.count(name) != 0) return true;
    auto& report = sink_.report(Code::unknown_name, span,
                                std::string("there is no ") + what + " `" + name + "`");
    if (!sink_.wants_suggestions()) return false;
    std::vector<std::string_view> names;
    for (const auto& [known, value] : map) names.push_back(known);
    diagnostics::suggest(report, name, names, span);
    return false;
  }

  void declare(const syntax::Clause& clause) {
    if (clause.head == "param") {
      ClauseReader r(clause, Context::kHandoff, sources_, sink_);
      model::Parameter p;
      auto name = r.name("a parameter's name");
      if (!name) return;
      p.name = name->text;
      p.span = name->span;
      if (!r.take_colon()) return r.shape_error(r.here(), "`:` and a type");
      auto type = r.name("a type");
      if (!type) return;
      auto found = std::find_if(std::begin(kParameterTypes), std::end(kParameterTypes),
                                [&](const auto& t) { return t.first == type->text; });
      if (found == std::end(kParameterTypes))
        return r.shape_error(type->span, "a type: `path`, `string`, `int`, `size`, `address` or `bool`");
      p.type = found->second;
      if (r.take_word("in") && !(p.allowed = r.expr("a set such as `{ 1, 2 }` or a range"))) return;
      if (r.take_equals()) p.initial = r.expr("a default");
      if (!r.end()) return;
      if (unique(p.name, p.span)) handoff_.parameters.push_back(std::move(p));
    } else if (clause.head == "segment") {
      auto segment = declare_segment(clause, sources_, sink_);
      if (segment && unique(segment->name, segment->name_span)) {
        bodies_.push_back(&clause);
        handoff_.segments.push_back(std::move(*segment));
      }
    }
  }

  bool unique(const std::string& name, source::Span span) {
    if (names_.size() == kMaxNames) {
      if (!names_reported_)
        sink_.report(Code::limit_reached, span,
                     "a handoff has at most " + std::to_string(kMaxNames) + " segments and parameters");
      names_reported_ = true;
      return false;
    }
    auto [it, fresh] = names_.emplace(name, span);
    if (!fresh)
      sink_.report(Code::duplicate_declaration, span, "`" + name + "` is declared twice")
          .label(it->second, "first here");
    return fresh;
  }

  void read(const syntax::Clause& clause) {
    if (clause.head == "param") {
      for (const auto& p : handoff_.parameters)
        if (source::cover(clause.span, p.span) == clause.span) parameter(p);
      return;
    }
    if (clause.head == "segment") {
      for (size_t i = 0; i < bodies_.size(); ++i)
        if (bodies_[i] == &clause) read_segment(handoff_.segments[i], clause, types_, sources_, sink_);
      return;
    }
    ClauseReader r(clause, Context::kHandoff, sources_, sink_);
    if (!r.known()) return;
    const std::string& head = r.head();
    if (head != "bind" && head != "relies" && head != "assert" && head != "allow" && !once_.insert(head).second) {
      sink_.report(Code::duplicate_clause, r.head_span(), "`" + head + "` stands twice in `" + handoff_.name + "`");
      return;
    }
    if (head == "from" || head == "to") {
      auto v = r.versioned("a convention");
      if (!v || !r.end()) return;
      require(program_.conventions, v->text, v->span, "convention");
      (head == "from" ? handoff_.from : handoff_.to) = v->text;
      (head == "from" ? handoff_.from_span : handoff_.to_span) = v->span;
    } else if (head == "giver") {
      auto word = choice(r, {"big", "little", "both"});
      if (!word) return;
      handoff_.giver_span = clause.span;
      handoff_.giver = word->text == "big"      ? model::GiverOrder::kBig
                       : word->text == "little" ? model::GiverOrder::kLittle
                                                : model::GiverOrder::kBoth;
    } else if (head == "load") {
      if (auto word = choice(r, {"normal", "on_crash"})) handoff_.on_crash = word->text == "on_crash";
    } else if (head == "slaves") {
      if (!r.word("by")) return;
      auto word = choice(r, {"overlay", "relay", "none", "auto"});
      if (!word) return;
      handoff_.slaves = word->text;
      handoff_.slaves_span = clause.span;
    } else if (head == "enter") {
      if (auto n = r.name("a segment"); n && r.end()) {
        handoff_.enter = n->text;
        handoff_.enter_span = n->span;
        segment_exists(*n);
      }
    } else if (head == "bind") {
      bind(r, clause);
    } else if (head == "relies") {
      if (!r.word("on") || !r.word("incidental")) return;
      auto key = r.dotted("the key of an incidental clause");
      if (!key) return;
      if (key->text == "msr")
        if (auto field = r.name("an MSR field")) key->text += " " + field->text;
      std::string because;
      if (!r.end(&because)) return;
      if (handoff_.relies_on.size() == kMaxRelied) {
        sink_.report(Code::limit_reached, r.head_span(),
                     "a handoff relies on at most " + std::to_string(kMaxRelied) + " incidental clauses");
        return;
      }
      handoff_.relies_on.push_back(key->text);
      handoff_.relies_spans.push_back(clause.span);
    } else if (head == "allow") {
      allow(r, clause);
    } else if (head == "assert") {
      model::Assertion a;
      a.span = clause.span;
      a.condition = r.expr("a condition", {"else"});
      if (!a.condition) return;
      if (r.take_word("else"))
        if (auto s = r.string("what to say when it does not hold, in quotes")) a.message = *s;
      if (!r.end()) return;
      evaluate_as(*a.condition, Type::kBool, types_, sink_);
      handoff_.assertions.push_back(std::move(a));
    }
  }

  void allow(ClauseReader& r, const syntax::Clause& clause) {
    // A slug reads as a difference of names: what counts is its text.
    syntax::ExprPtr slug = r.expr("the slug of a finding", {"because"});
    if (!slug) return;
    model::Allowance a{std::string(sources_.text(slug->span)), {}, clause.span};
    if (!r.end(&a.because)) return;
    if (a.because.find_first_not_of(' ') == std::string::npos)
      return r.shape_error(r.here(), "`because` and the reason");
    const auto* entry = diagnostics::find_entry(a.slug);
    if (!entry) {
      auto& d = sink_.report(Code::unknown_word, slug->span, "there is no finding `" + a.slug + "`");
      diagnostics::suggest(d, a.slug, diagnostics::droppable_slugs(), slug->span);
      return;
    }
    if (!diagnostics::can_be_dropped(entry->code)) {
      sink_.report(Code::unknown_word, slug->span,
                   "`" + a.slug + "` is an error; only warnings and remarks can be allowed");
      return;
    }
    handoff_.allowed.push_back(std::move(a));
  }

  std::optional<Word> choice(ClauseReader& r, std::initializer_list<std::string_view> choices) {
    std::string list;
    for (auto c : choices) list += (list.empty() ? "`" : ", `") + std::string(c) + "`";
    source::Span where = r.here();
    // `on_crash` and the like are plain words.
    auto word = r.name(list);
    if (!word) return std::nullopt;
    if (std::find(choices.begin(), choices.end(), word->text) == choices.end()) {
      r.shape_error(where, list);
      return std::nullopt;
    }
    if (!r.end()) return std::nullopt;
    return word;
  }

  bool segment_exists(const Word& name) {
    if (handoff_.find_segment(name.text)) return true;
    auto& report = sink_.report(Code::unknown_name, name.span,
                                "`" + handoff_.name + "` has no segment `" + name.text + "`");
    std::vector<std::string_view> names;
    for (const Segment& s : handoff_.segments) names.push_back(s.name);
    diagnostics::suggest(report, name.text, names, name.span);
    return false;
  }

  void bind(ClauseReader& r, const syntax::Clause& clause) {
    model::Binding b;
    b.span = clause.span;
    auto role = r.name("a role of `to`");
    if (!role || !r.equals()) return;
    b.role = role->text;
    source::Span place = r.here();
    auto what = r.dotted("a segment");
    if (!what || !r.end()) return;
    if (what->text.rfind("giver.", 0) == 0) {
      b.to = model::Binding::To::kGiver;
      b.name = what->text.substr(6);
    } else if (what->text.rfind("argument.", 0) == 0) {
      b.to = model::Binding::To::kArgument;
      b.name = what->text.substr(9);
    } else if (segment_exists(*what)) {
      b.name = what->text;
    } else {
      misbound_.insert(b.role);  // reported: not unbound as well
      return;
    }
    b.span = source::cover(clause.span, place);
    auto twice = std::find_if(handoff_.bindings.begin(), handoff_.bindings.end(),
                              [&](const model::Binding& other) { return other.role == b.role; });
    if (twice != handoff_.bindings.end()) {
      sink_.report(Code::duplicate_clause, role->span, "role `" + b.role + "` is bound twice")
          .label(twice->span, "first here");
      return;
    }
    handoff_.bindings.push_back(std::move(b));
  }

  /// What a handoff cannot be without, and what concerns several clauses.
  void complete() {
    if (d_.has_version) return;  // the rest is said by those that extend it
    auto missing = [&](const std::string& what, const std::string& how) {
      sink_.report(Code::missing_clause, d_.name_span, "`" + d_.name + "` does not say " + what)
          .note("add `" + how + "`");
    };
    auto from = program_.conventions.find(handoff_.from);
    auto to = program_.conventions.find(handoff_.to);
    bool known = from != program_.conventions.end();
    bool call = known && from->second.departs_by_call();
    if (call)
      departing(from->second);
    else if (d_.on.empty() && (known || handoff_.from.empty()))
      sink_.report(Code::missing_clause, d_.name_span, "`" + d_.name + "` does not say on which machine")
          .note("write `handoff " + d_.name + " on MACHINE via LOADER { ... }`");
    if (handoff_.from.empty() && once_.count("from") == 0) missing("where it comes from", "from CONVENTION@N;");
    if (handoff_.to.empty() && once_.count("to") == 0) missing("where it goes", "to CONVENTION@N;");
    if (handoff_.enter.empty() && once_.count("enter") == 0)
      missing("which segment the loader enters", "enter SEGMENT;");
    if (to != program_.conventions.end() && to->second.departs_by_call())
      sink_.report(Code::misplaced_clause, handoff_.to_span,
                   "`" + handoff_.to + "` is a call that departing code makes: it can be left, and not entered");
    for (const Segment& s : handoff_.segments) core_and_digest(s);
    if (from != program_.conventions.end())
      for (size_t i = 0; i < handoff_.relies_on.size(); ++i) relies(from->second, i);
    if (to != program_.conventions.end()) roles(known ? &from->second : nullptr, to->second);
    if (handoff_.loader.empty() && !call && !d_.header_unread)
      for (const Segment& s : handoff_.segments)
        if (s.placing != model::Placing::kAt)
          sink_.report(Code::missing_clause, s.name_span,
                       "without a loader every segment says where it is: `" + s.name + "` does not")
              .note("add `place at ADDRESS;`, or say `via LOADER` in the head of the handoff");
  }

  /// The stub is a function of its caller: nothing is loaded, and nothing has an address of its own.
  void departing(const model::Convention& from) {
    auto does_not_apply = [&](source::Span where, const std::string& what) {
      auto& d = sink_.report(Code::misplaced_clause, where, what);
      for (const auto& clause : from.clauses)
        if (clause.kind == model::ClauseKind::kEnter && clause.section == model::Section::kMaster)
          d.label(clause.span, "`" + from.name + "` is left by a call");
    };
    if (!d_.on.empty()) does_not_apply(d_.on_span, "a handoff that departs by a call is on no machine in particular");
    if (d_.via) does_not_apply(d_.via->span, "a handoff that departs by a call needs no loader");
    for (const Segment& s : handoff_.segments) {
      if (s.kind != SegmentKind::kTrampoline)
        does_not_apply(s.name_span, "a handoff that departs by a call loads no segment such as `" + s.name + "`");
      else if (s.at || s.align || !s.within.empty() || !s.avoid.empty())
        does_not_apply(s.name_span, "`" + s.name + "` is linked into its caller and placed there");
      if (!s.copies.empty())
        does_not_apply(s.copies.front().span, "departing code copies the pages that its caller lists, and nothing else");
    }
  }

  void core_and_digest(const Segment& s) {
    if (s.kind == SegmentKind::kElfCoreHeader && s.cover.empty())
      sink_.report(Code::missing_clause, s.name_span, "core header `" + s.name + "` does not say what it covers")
          .note("add `cover machine.ram;`");
    if (!s.digest) return;
    if (!handoff_.enter.empty() && handoff_.enter != s.name)
      sink_.report(Code::misplaced_clause, s.digest->span, "`" + s.name + "` is not entered: nobody computes its digests")
          .label(handoff_.enter_span, "this segment is");
    std::set<std::string> seen;
    for (const auto& [name, span] : s.digest->segments) {
      if (!segment_exists({name, span})) continue;
      const Segment* other = handoff_.find_segment(name);
      if (other == &s)
        sink_.report(Code::type_mismatch, span, "`" + name + "` cannot hold the digest of its own bytes");
      else if (other->kind == SegmentKind::kTrampoline)
        sink_.report(Code::type_mismatch, span, "`" + name + "` is a stub, and nobody enters it")
            .label(other->name_span, "the segment");
      else if (other->kind == SegmentKind::kReserve)
        sink_.report(Code::type_mismatch, span, "`" + name + "` is a reserve: it has no bytes that a digest is of")
            .label(other->name_span, "the segment");
      else if (!seen.insert(name).second)
        sink_.report(Code::duplicate_clause, span, "`" + name + "` is named twice");
    }
  }

  /// What a parameter may be, and that its default is one of those.
  void parameter(const model::Parameter& p) {
    size_t errors = sink_.error_count();
    if (p.allowed) model::check_restriction(*p.allowed, p.type, types_, sink_);
    if (!p.initial) return;
    Value v = evaluate_as(*p.initial, p.type, types_, sink_);
    if (!p.allowed || sink_.error_count() != errors || !v.is_known()) return;
    auto good = model::is_allowed(v, *p.allowed, p.type, types_, sink_);
    if (good && !*good)
      sink_.report(Code::bad_parameter, p.initial->span, "the default of `" + p.name + "` is " + to_text(v))
          .label(p.allowed->span, "it must be one of these");
  }

  void relies(const model::Convention& from, size_t i) {
    const std::string& key = handoff_.relies_on[i];
    auto found = std::find_if(from.clauses.begin(), from.clauses.end(), [&](const model::Clause& c) {
      return c.incidental && c.key == key;
    });
    if (found == from.clauses.end())
      sink_.report(Code::unknown_name, handoff_.relies_spans[i],
                   "`" + from.name + "` states no incidental `" + key + "`");
  }

  /// `bind ROLE = giver.NAME` or `argument.NAME`: NAME is a role of what is left, and of a kind that fits.
  void passed_on(const model::Convention* from, const model::Role& role, const model::Binding& b) {
    if (!from) return;
    bool argument = b.to == model::Binding::To::kArgument;
    const model::Role* theirs = from->find_role(b.name);
    bool runtime = theirs && contract::is_runtime_kind(theirs->kind);
    if (!theirs || argument != runtime) {
      auto& d = sink_.report(Code::unknown_name, b.span,
                             "`" + from->name + "` has no " + (argument ? "argument" : "role") + " `" + b.name + "`" +
                                 (argument || !runtime ? "" : " that it supplies: it is a value of the call"));
      if (runtime) d.note("write `bind " + role.name + " = argument.` followed by its name");
      return;
    }
    bool good = argument ? theirs->kind == "argument"
                         : role.kind == theirs->kind || role.kind == "raw" ||
                               (role.kind == "loadable" && theirs->kind == "elf64");
    if (!good)
      sink_.report(Code::unbound_role, b.span,
                   "role `" + role.name + "` needs " + role.kind + ", and `" + b.name + "` of `" + from->name + "` is " +
                       theirs->kind)
          .label(theirs->span, "what the giver supplies")
          .label(role.span, "the role");
  }

  void roles(const model::Convention* from, const model::Convention& to) {
    for (const model::Binding& b : handoff_.bindings)
      if (!to.find_role(b.role))
        sink_.report(Code::unknown_name, b.span, "`" + to.name + "` has no role `" + b.role + "`");
    for (const model::Role& role : to.roles) {
      const model::Binding* bound = handoff_.find_binding(role.name);
      if (contract::is_runtime_kind(role.kind)) {
        const Segment* named = handoff_.find_segment(role.name);
        if (bound || named)
          sink_.report(Code::unbound_role, bound ? bound->span : named->name_span,
                       "role `" + role.name + "` is a value of the call itself: nothing is bound to it")
              .label(role.span, "the role");
        continue;
      }
      if (bound && bound->to != model::Binding::To::kSegment) {
        passed_on(from, role, *bound);
        continue;
      }
      const Segment* segment = handoff_.find_segment(bound ? bound->name : role.name);
      source::Span place = bound ? bound->span : d_.name_span;
      if (!segment) {
        if (!role.optional && misbound_.count(role.name) == 0)
          sink_.report(Code::unbound_role, place,
                       "role `" + role.name + "` of `" + to.name + "` is bound to nothing")
              .label(role.span, "the role")
              .note("add `bind " + role.name + " = SEGMENT;` or name a segment `" + role.name + "`");
        continue;
      }
      if (!fits(role.kind, segment->kind))
        sink_.report(Code::unbound_role, segment->name_span,
                     "role `" + role.name + "` of `" + to.name + "` needs " + role.kind + ", and segment `" +
                         segment->name + "` is " + to_text(segment->kind))
            .label(role.span, "the role");
    }
  }

  const syntax::Declaration& d_;
  const Program& program_;
  const source::SourceSet& sources_;
  diagnostics::Sink& sink_;
  Handoff handoff_;
  HandoffTypes types_;
  std::map<std::string, source::Span> names_;
  bool names_reported_ = false;
  std::vector<const syntax::Clause*> bodies_;
  std::set<std::string> misbound_;  // roles bound to what is no segment
  std::set<std::string> once_;
};

}  // namespace

Handoff check_handoff(const syntax::Declaration& declaration, const Program& program,
                      const source::SourceSet& sources, diagnostics::Sink& sink) {
  return HandoffChecker(declaration, program, sources, sink).run();
}

}  // namespace baton::check
