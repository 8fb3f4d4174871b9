// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Flattening, parents first. See conventions.h.
#include "check/conventions.h"

#include <algorithm>
#include <set>

#include "check/clause_index.h"
#include "check/clause_types.h"
#include "check/contract_clauses.h"
#include "check/inheritance.h"
#include "check/lineage.h"
#include "check/pen.h"
#include "check/reader.h"
#include "contract/claim.h"
#include "contract/diff.h"
#include "contract/order.h"
#include "diagnostics/suggest.h"
#include "model/evaluate.h"

namespace baton::check {

using diagnostics::Code;
using model::Clause;
using model::ClauseKind;
using model::Convention;
using model::Section;
using model::Type;
using model::Value;
using syntax::Context;

namespace {

constexpr std::string_view kRoleKinds[] = {"loadable", "elf64",    "devicetree", "raw",
                                           "pagelist", "hook",     "argument"};

/// These are gone through one by one, each against all others or all clauses.
constexpr size_t kMaxRoles = 256;
constexpr size_t kMaxWithdrawals = 256;
constexpr size_t kMaxOrder = 256;

class Flattener {
 public:
  Flattener(const Declarations& declarations, const std::map<std::string, model::Let>& lets,
            const source::SourceSet& sources, diagnostics::Sink& sink)
      : declarations_(declarations), lets_(lets), sources_(sources), sink_(sink) {}

  std::map<std::string, Convention> run() {
    for (const auto& [name, declaration] : declarations_)
      lineage_.read(name, done_, [&](const std::string& one) { flatten(one); });
    return std::move(done_);
  }

 private:
  void flatten(const std::string& name) {
    const syntax::Declaration& d = *declarations_.at(name);
    Convention c;
    c.name = name;
    c.span = d.span;
    c.name_span = d.name_span;
    c.doc = d.doc;
    c.shipped = sources_.is_library(d.span.file);
    if (d.extends) inherit(c, *d.extends);
    // Of what a missing parent would have brought nothing is known: what follows from it is no finding.
    bool orphan = d.extends && (c.parent.empty() || orphans_.count(c.parent) != 0);
    if (orphan) orphans_.insert(name);
    orphan_ = orphan;
    clauses_.open(c.clauses);
    own_clauses(c, d);
    clauses_.sweep();
    if (!orphan) finish(c);
    done_.emplace(name, std::move(c));
  }

  void inherit(Convention& c, const syntax::VersionedName& parent) {
    std::string name = parent.text();
    if (std::string circle = lineage_.circle_to(name); !circle.empty()) {
      sink_.report(Code::cyclic_extends, parent.span, "`" + c.name + "` extends itself").note(circle);
      return;
    }
    if (declarations_.count(name) == 0) {
      auto& d = sink_.report(Code::unknown_name, parent.span, "there is no convention `" + name + "`");
      if (!sink_.wants_suggestions()) return;
      std::vector<std::string_view> names;
      for (const auto& [known, declaration] : declarations_) names.push_back(known);
      diagnostics::suggest(d, name, names, parent.span);
      return;
    }
    const Convention& base = done_.at(name);
    inherited_ += base.clauses.size() + base.order.size();
    if (inherited_ > kMaxInherited) {
      if (!heavy_)
        sink_.report(Code::limit_reached, parent.span,
                     "with this one, conventions inherit more than " + std::to_string(kMaxInherited) + " clauses in all");
      heavy_ = true;
      return;  // an orphan: what follows from that is no finding
    }
    c.parent = name;
    c.roles = base.roles;
    c.clauses = base.clauses;
    c.order = base.order;
  }

  void own_clauses(Convention& c, const syntax::Declaration& d) {
    std::set<std::string> heads;  // clauses that may stand once
    own_order_ = false;
    withdrawals_ = 0;
    changed_roles_.clear();
    dropped_roles_.clear();
    expected_roles_.clear();
    for (const syntax::Clause& clause : d.clauses) {
      if (clause.head == "ensures" || clause.head == "expects") {
        block(c, clause);
        continue;
      }
      ClauseReader r(clause, Context::kConvention, sources_, sink_, true);
      if (!r.known()) continue;
      const std::string& head = r.head();
      if (head != "role" && head != "order" && (r.overrides() || r.drops())) {
        sink_.report(Code::override_nothing, r.head_span(),
                     "`" + head + "` is not inherited: there is nothing to " + (r.drops() ? "drop" : "override"));
        if (r.drops()) continue;
      }
      if (head != "role" && head != "order" && head != "breaking" && !heads.insert(head).second) {
        sink_.report(Code::duplicate_clause, r.head_span(), "`" + head + "` stands twice in `" + c.name + "`");
        continue;
      }
      if (head == "status") {
        auto word = r.name("`stable` or `experimental`");
        if (word && word->text != "stable" && word->text != "experimental")
          r.shape_error(word->span, "`stable` or `experimental`");
        else if (word)
          c.status = word->text;
        r.end();
      } else if (head == "source") {
        if (auto s = r.string("a text in quotes")) c.source = *s;
        r.end();
      } else if (head == "supersedes") {
        if (auto v = r.versioned("a convention")) {
          c.supersedes = v->text;
          if (declarations_.count(v->text) == 0)
            sink_.report(Code::unknown_name, v->span, "there is no convention `" + v->text + "`");
        }
        r.end();
      } else if (head == "breaking") {
        waiver(c, r);
      } else if (head == "role") {
        role(c, r);
      } else if (head == "order") {
        order(c, r);
      }
    }
  }

  /// `breaking allowed RULE because "..."`: the reason is what a reviewer reads, so it may not be left out.
  void waiver(Convention& c, ClauseReader& r) {
    model::Waiver w;
    w.span = r.clause().span;
    if (!r.word("allowed")) return;
    auto rule = r.name("a rule of `baton diff`");
    if (!rule) return;
    auto place = r.here();
    if (!r.end(&w.because)) return;
    if (w.because.empty()) return r.shape_error(place, "`because` and a reason in quotes");
    if (!contract::find_rule(rule->text)) {
      std::vector<std::string_view> ids;
      for (const auto& known : contract::rules()) ids.push_back(known.id);
      auto& d = sink_.report(Code::unknown_word, rule->span, "there is no rule `" + rule->text + "` of `baton diff`");
      if (diagnostics::suggest(d, rule->text, ids, rule->span).empty())
        d.note("`baton diff --rules` lists them");
      return;
    }
    w.rule = rule->text;
    w.rule_span = rule->span;
    bool twice = std::any_of(c.waivers.begin(), c.waivers.end(), [&](const auto& other) { return other.rule == w.rule; });
    if (twice)
      sink_.report(Code::duplicate_clause, w.rule_span, "`" + w.rule + "` is allowed twice in `" + c.name + "`");
    else
      c.waivers.push_back(std::move(w));
  }

  void role(Convention& c, ClauseReader& r) {
    auto name = r.name("a role's name");
    if (!name) return;
    if (r.drops()) {
      if (r.end()) drop_role(c, *name);
      return;
    }
    model::Role role;
    role.name = name->text;
    role.span = name->span;
    if (!r.take_colon()) return r.shape_error(r.here(), "`:` and a kind");
    auto kind = r.name("a kind");
    if (!kind) return;
    if (std::find(std::begin(kRoleKinds), std::end(kRoleKinds), kind->text) == std::end(kRoleKinds)) {
      auto& d = sink_.report(Code::unknown_word, kind->span, "there is no kind of role `" + kind->text + "`");
      diagnostics::suggest(d, kind->text, {std::begin(kRoleKinds), std::end(kRoleKinds)}, kind->span);
    }
    role.kind = kind->text;
    role.optional = r.take_word("optional");
    r.end();
    auto existing = std::find_if(c.roles.begin(), c.roles.end(),
                                 [&](const model::Role& other) { return other.name == role.name; });
    if (r.overrides()) {
      if (inherits_role(c, role.name)) {
        *existing = role;
        changed_roles_.emplace(role.name, role.span);
      } else if (!orphan_) {
        sink_.report(Code::override_nothing, role.span, "there is no inherited role `" + role.name + "` to override");
      }
    } else if (existing == c.roles.end() && c.roles.size() == kMaxRoles) {
      sink_.report(Code::limit_reached, role.span, "a convention has at most " + std::to_string(kMaxRoles) + " roles");
    } else if (existing == c.roles.end()) {
      c.roles.push_back(role);
    } else {
      sink_.report(Code::duplicate_clause, role.span, "role `" + role.name + "` is there already")
          .label(existing->span, "first here");
    }
  }

  bool inherits_role(const Convention& c, const std::string& name) const {
    return !c.parent.empty() && done_.at(c.parent).find_role(name) && changed_roles_.count(name) == 0;
  }

  void drop_role(Convention& c, const Word& name) {
    if (inherits_role(c, name.text)) {
      std::erase_if(c.roles, [&](const model::Role& role) { return role.name == name.text; });
      changed_roles_.emplace(name.text, name.span);
      dropped_roles_.push_back(name);
    } else if (!orphan_) {
      sink_.report(Code::override_nothing, name.span, "there is no inherited role `" + name.text + "` to drop");
    }
  }

  /// Without events all that is inherited, else those pairs of it.
  void drop_order(Convention& c, ClauseReader& r) {
    const std::vector<model::OrderEdge> inherited = c.parent.empty() ? std::vector<model::OrderEdge>{} : done_.at(c.parent).order;
    std::vector<model::OrderEdge> dropped;
    if (r.at_end()) {
      if (inherited.empty() && !orphan_)
        sink_.report(Code::override_nothing, r.head_span(), "there is no inherited order to drop");
      dropped = inherited;
    } else if (!chains(r, dropped)) {
      return;
    }
    r.end();
    for (const model::OrderEdge& gone : dropped) {
      auto same = [&](const model::OrderEdge& e) { return e.before == gone.before && e.after == gone.after; };
      bool there = std::any_of(inherited.begin(), inherited.end(), same);
      if (std::erase_if(c.order, [&](const auto& e) { return there && same(e); }) == 0 && !orphan_)
        sink_.report(Code::override_nothing, gone.span,
                     "there is no inherited `" + gone.before + " < " + gone.after + "` to drop");
    }
  }

  void order(Convention& c, ClauseReader& r) {
    if (r.drops()) return drop_order(c, r);
    if (r.overrides()) {
      bool inherited = !c.parent.empty() && !done_.at(c.parent).order.empty();
      if (!inherited && !orphan_)
        sink_.report(Code::override_nothing, r.head_span(), "there is no inherited order to override");
      if (!own_order_) c.order.clear();
    } else if (!c.order.empty() && !c.parent.empty() && !own_order_) {
      sink_.report(Code::override_missing, r.head_span(),
                   "`" + c.name + "` inherits an order from `" + c.parent + "`; replacing it needs `override`")
          .label(c.order.front().span, "inherited from here");
      return;
    }
    own_order_ = true;
    if (chains(r, c.order)) r.end();
  }

  /// `a < b < c, d < b` as pairs; false: the shape was reported.
  bool chains(ClauseReader& r, std::vector<model::OrderEdge>& into) {
    do {
      syntax::ExprPtr chain = r.expr("a chain such as `a < b < c`");
      if (!chain) return false;
      std::vector<std::pair<std::string, source::Span>> events;
      if (!collect_chain(*chain, events) || events.size() < 2) {
        r.shape_error(chain->span, "a chain of events such as `head_copied < slaves_released`");
        return false;
      }
      bool good = true;
      for (const auto& [event, span] : events) {
        const auto& known = contract::events();
        if (std::find(known.begin(), known.end(), event) != known.end()) continue;
        good = false;
        auto& d = sink_.report(Code::unknown_word, span, "there is no event `" + event + "`");
        diagnostics::suggest(d, event, known, span);
      }
      if (into.size() + events.size() - 1 > kMaxOrder) {
        sink_.report(Code::limit_reached, chain->span,
                     "an order is stated in at most " + std::to_string(kMaxOrder) + " pairs of events");
        return false;
      }
      for (size_t i = 1; good && i < events.size(); ++i)
        into.push_back({events[i - 1].first, events[i].first,
                        source::cover(events[i - 1].second, events[i].second)});
    } while (r.take_comma());
    return true;
  }

  static bool collect_chain(const syntax::Expr& e, std::vector<std::pair<std::string, source::Span>>& out) {
    if (e.kind == syntax::Expr::Kind::kName) {
      out.emplace_back(e.text, e.span);
      return true;
    }
    return e.kind == syntax::Expr::Kind::kBinary && e.text == "<" && !e.parenthesized &&
           collect_chain(*e.operands[0], out) && collect_chain(*e.operands[1], out);
  }

  void block(Convention& c, const syntax::Clause& clause) {
    bool expects = clause.head == "expects";
    std::string about;
    if (clause.arguments.size() == 1 && clause.arguments[0].expr &&
        clause.arguments[0].expr->kind == syntax::Expr::Kind::kName)
      about = clause.arguments[0].expr->text;
    source::Span place = clause.arguments.empty() ? clause.head_span : clause.arguments[0].span;
    Section section = Section::kExpects;
    Context context = Context::kExpects;
    if (!expects) {
      if (about == "master") section = Section::kMaster, context = Context::kEnsuresMaster;
      else if (about == "slaves") section = Section::kSlaves, context = Context::kEnsuresSlaves;
      else if (about == "memory") section = Section::kMemory, context = Context::kEnsuresMemory;
      else {
        auto& d = sink_.report(Code::unknown_word, place,
                               "`ensures` speaks of `master`, `slaves` or `memory`, not of `" + about + "`");
        auto near = diagnostics::suggest(d, about, {"master", "slaves", "memory"}, place);
        if (near.empty()) return;
        // What it holds is checked as what was meant.
        section = near == "master" ? Section::kMaster : near == "slaves" ? Section::kSlaves : Section::kMemory;
        context = near == "master"   ? Context::kEnsuresMaster
                  : near == "slaves" ? Context::kEnsuresSlaves
                                     : Context::kEnsuresMemory;
      }
    } else {
      expected_roles_.push_back({about, place});  // the role may be declared behind it
    }
    for (const syntax::Clause& inner : clause.block) {
      ClauseReader r(inner, context, sources_, sink_, true);
      if (!r.known()) continue;
      bool suspends = section == Section::kMemory && r.head() == "bytes";
      bool withdraws = r.unspecified() && !suspends;
      if (r.unspecified() && suspends && ++withdrawals_ > kMaxWithdrawals) {
        if (withdrawals_ == kMaxWithdrawals + 1)
          sink_.report(Code::limit_reached, r.head_span(),
                       "a convention withdraws bytes in at most " + std::to_string(kMaxWithdrawals) + " clauses");
        continue;
      }
      auto read = read_contract_clause(r, section, r.drops() || withdraws, sources_, sink_);
      for (Clause& stated : read) {
        stated.role = expects ? about : "";
        stated.origin = c.name;
        Inheritance(c, clauses_, orphan_, lets_, sink_).add(std::move(stated), r);
      }
    }
  }

  /// What concerns the convention as a whole: types, order, completeness.
  void finish(Convention& c) {
    contract::ConventionScope scope(c.roles, &lets_);
    for (const Word& role : expected_roles_)
      if (!c.find_role(role.text))
        sink_.report(Code::unknown_name, role.span, "`" + c.name + "` has no role `" + role.text + "`")
            .note("declare it: `role " + (role.text.empty() ? std::string("image") : role.text) + " : loadable;`");
    for (const Clause& clause : c.clauses) {
      auto gone = std::find_if(dropped_roles_.begin(), dropped_roles_.end(), [&](const Word& role) {
        return clause.origin != c.name && contract::speaks_of(clause, role.text) && !c.find_role(role.text);
      });
      if (gone != dropped_roles_.end()) {
        sink_.report(Code::unknown_name, gone->span, "an inherited clause speaks of role `" + gone->text + "`")
            .label(clause.span, "this one")
            .note("drop or override it as well: `drop " + clause.key + ";`");
        continue;
      }
      if (clause.origin != c.name) {
        fits_changed_roles(clause, scope);
        continue;  // the rest was reported where it stands
      }
      check_types(clause, scope, sink_);
      if (clause.kind == ClauseKind::kPlace && clause.subject != "others" && !c.find_role(clause.subject))
        sink_.report(Code::unknown_name, clause.span, "`" + c.name + "` has no role `" + clause.subject + "`");
      if (clause.kind == ClauseKind::kArgument && clause.words.size() == 2) argument(c, clause);
    }
    check_pen(c, scope, sink_);
    contract::PartialOrder order;
    for (const auto& edge : c.order) order.add(edge.before, edge.after);
    if (auto cycle = order.cycle(); !cycle.empty()) {
      std::string drawn;
      for (const auto& event : cycle) drawn += (drawn.empty() ? "" : " < ") + event;
      sink_.report(Code::order_cycle, c.order.front().span, "the order of `" + c.name + "` is a circle").note(drawn);
    }
    if (c.source.empty())
      sink_.report(Code::missing_clause, c.name_span, "`" + c.name + "` does not say where its claims come from")
          .note("add `source \"...\";`: a document, a commit, a file");
    bool slaves = std::any_of(c.clauses.begin(), c.clauses.end(), [](const Clause& clause) {
      return clause.section == Section::kSlaves;
    });
    if (!slaves)
      sink_.report(Code::missing_clause, c.name_span, "`" + c.name + "` says nothing about slaves")
          .note("add `ensures slaves { arrival ...; }`: where they are is part of every handoff");
  }

  /// An argument is a role of its kind, in a register that nothing else has, of a convention that is a call.
  void argument(const Convention& c, const Clause& clause) {
    const model::Role* role = c.find_role(clause.subject);
    if (!role)
      sink_.report(Code::unknown_name, clause.span, "`" + c.name + "` has no role `" + clause.subject + "`")
          .note("declare it: `role " + clause.subject + " : " + clause.words[1] + ";`");
    else if (role->kind != clause.words[1])
      sink_.report(Code::type_mismatch, clause.span,
                   "role `" + role->name + "` is " + role->kind + ", not " + clause.words[1])
          .label(role->span, "the role");
    if (!c.departs_by_call())
      sink_.report(Code::missing_clause, clause.span,
                   "`" + c.name + "` names an argument and is not entered by a call")
          .note("add `enter call;` to `ensures master`");
    for (const Clause& other : c.clauses) {
      if (&other == &clause || other.section != clause.section) continue;
      bool same = (other.kind == ClauseKind::kArgument && other.words.size() == 2 && other.words[0] == clause.words[0] &&
                   &other < &clause) ||
                  (other.kind == ClauseKind::kRegister && other.subject == clause.words[0]);
      if (same)
        sink_.report(Code::duplicate_clause, clause.span, "`" + clause.words[0] + "` holds something else already")
            .label(other.span, "this");
    }
  }

  void fits_changed_roles(const Clause& inherited, const model::Scope& scope) {
    for (const auto& [role, span] : changed_roles_) {
      if (!contract::speaks_of(inherited, role)) continue;
      diagnostics::Sink found;
      check_types(inherited, scope, found);
      if (found.all().empty()) continue;
      sink_.report(Code::type_mismatch, span, "an inherited clause does not fit role `" + role + "` as it is now")
          .label(inherited.span, "this one")
          .note(found.all().front().message);
      return;
    }
  }

  const Declarations& declarations_;
  const std::map<std::string, model::Let>& lets_;
  const source::SourceSet& sources_;
  diagnostics::Sink& sink_;
  std::map<std::string, Convention> done_;
  Lineage lineage_{declarations_};
  ClauseIndex clauses_;            // of the one that is read now
  size_t inherited_ = 0;
  bool heavy_ = false;             // kMaxInherited was reported
  bool own_order_ = false;
  size_t withdrawals_ = 0;         // `unspecified bytes` of the convention being read
  std::map<std::string, source::Span> changed_roles_;  // inherited, and overridden or dropped here
  std::vector<Word> dropped_roles_;
  std::vector<Word> expected_roles_;               // of `expects ROLE`
  std::set<std::string> orphans_;  // extend what is not there, or a convention that does
  bool orphan_ = false;            // the convention being read is one
};

}  // namespace

std::map<std::string, Convention> check_conventions(const Declarations& declarations,
                                                    const std::map<std::string, model::Let>& lets,
                                                    const source::SourceSet& sources,
                                                    diagnostics::Sink& sink) {
  return Flattener(declarations, lets, sources, sink).run();
}

}  // namespace baton::check
