// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks of one convention at a time: promises, sources, clauses that change nothing, owners of head bytes.
//
//   ensures slaves { arrival absent; r3 = cpu.physical_id; }  ->  unusable-promise: no slave ever arrives
#include <algorithm>
#include <array>
#include <tuple>

#include "contract/order.h"
#include "lint/expressions.h"
#include "lint/lints.h"
#include "model/evaluate.h"
#include "syntax/arguments.h"

namespace baton::lint {

using diagnostics::Code;
using model::Clause;
using model::ClauseKind;
using model::Convention;
using model::Section;

namespace {

/// The clauses of a convention by what they are about.
class ByKey {
 public:
  explicit ByKey(const Convention& c) {
    for (const Clause& clause : c.clauses) all_.emplace(key(clause, clause.incidental), &clause);
  }
  const Clause* find(const Clause& like, bool incidental) const {
    auto it = all_.find(key(like, incidental));
    return it == all_.end() ? nullptr : it->second;
  }

 private:
  using Key = std::tuple<Section, std::string, std::string, bool>;
  static Key key(const Clause& c, bool incidental) { return {c.section, c.role, c.key, incidental}; }
  std::map<Key, const Clause*> all_;
};

bool states_the_same(const Clause& a, const Clause& b) {
  if (a.kind != b.kind || a.any != b.any || a.words != b.words || a.subject != b.subject) return false;
  // A word's offset and default, and the two sides of `bytes`, have an order; several values of one thing have none.
  bool ordered = a.kind == ClauseKind::kWord || a.kind == ClauseKind::kBytes || a.kind == ClauseKind::kPen ||
                 a.kind == ClauseKind::kSlotField;
  return a.values.size() == b.values.size() && canonical(a.values, ordered) == canonical(b.values, ordered);
}

/// No slave arrives, whatever the machine: every state the convention allows is `absent` or `firmware`.
const Clause* nobody_arrives(const Convention& c) {
  for (const Clause& clause : c.clauses) {
    if (clause.kind != ClauseKind::kArrival || clause.incidental || clause.any || clause.values.empty()) continue;
    bool none = std::all_of(clause.values.begin(), clause.values.end(), [](const auto& e) {
      return e->is_name("absent") || e->is_name("firmware");
    });
    return none ? &clause : nullptr;
  }
  return nullptr;
}

void promises_to_nobody(const Convention& c, Findings& out) {
  const Clause* arrival = nobody_arrives(c);
  if (!arrival) return;
  // Those that stay where they are wait in a pen, and what is said of slaves is said of leaving it.
  if (std::any_of(c.clauses.begin(), c.clauses.end(), [](const Clause& clause) { return clause.kind == ClauseKind::kPen; })) return;
  for (const Clause& clause : c.clauses) {
    // Inherited from a parent with slaves is no mistake: a clause of this convention, or its arrival, is.
    if (clause.origin != c.name) continue;
    bool about_slaves = clause.section == Section::kSlaves ? clause.kind != ClauseKind::kArrival
                                                           : clause.kind == ClauseKind::kLanding;
    if (!about_slaves) continue;
    out.report(Code::unusable_promise, clause.span,
                    "`" + clause.text + "` is about slaves that arrive, and with `" + arrival->text + "` none does")
        .label(arrival->span, "nobody arrives");
  }
}

}  // namespace

void find_unusable_promises(const Subject& s, Findings& out) {
  std::map<std::string, bool> left, entered;  // in handoffs: as `from`, as `to`
  for (const auto& [name, handoff] : s.program.handoffs) left[handoff.from] = entered[handoff.to] = true;
  for (const auto& [name, c] : s.program.conventions) {
    if (!s.judged(c.span)) continue;
    promises_to_nobody(c, out);
    bool tree = std::any_of(c.roles.begin(), c.roles.end(), [](const auto& r) { return r.kind == "devicetree"; });
    bool landing = std::any_of(c.clauses.begin(), c.clauses.end(),
                               [](const Clause& clause) { return clause.kind == ClauseKind::kLanding; });
    bool only_entered = c.name_span.file == s.main && s.main_has_handoff() && entered.contains(name) &&
                        !left.contains(name);
    for (const Clause& clause : c.clauses) {
      if (clause.origin != c.name) continue;
      bool of_tree = clause.kind == ClauseKind::kTreeFormat || clause.kind == ClauseKind::kTreeBootCpu ||
                     clause.kind == ClauseKind::kTreeReserves || clause.kind == ClauseKind::kTreeProperty;
      if (of_tree && !tree)
        out.report(Code::unusable_promise, clause.span,
                        "`" + clause.text + "` is about a device tree, and `" + name + "` has no role of that kind");
      if (clause.kind == ClauseKind::kOrderNeutral && clause.subject == "landing" && !landing)
        out.report(Code::unusable_promise, clause.span,
                        "`" + clause.text + "` is about a landing, and `" + name + "` names none")
            .note("say where it is: `landing slaves at offset 0x60;`");
      if (clause.incidental && only_entered)
        out.report(Code::unusable_promise, clause.span,
                        "`incidental " + clause.text + "` is never a need, and every handoff here goes *to* `" + name +
                            "`");
    }
  }
}

void find_unsourced_claims(const Subject& s, Findings& out) {
  static constexpr std::array<std::string_view, 7> kNoSource = {"todo", "tbd", "fixme", "unknown", "none", "n/a", "?"};
  auto says_nothing = [&](const std::string& text) {
    std::string plain;
    for (char ch : text)
      if (!std::isspace(static_cast<unsigned char>(ch)) && ch != '.')
        plain += static_cast<char>(std::tolower(static_cast<unsigned char>(ch)));
    return plain.empty() || plain.find_first_not_of("?-") == std::string::npos ||
           std::find(kNoSource.begin(), kNoSource.end(), plain) != kNoSource.end();
  };
  for (const auto& [name, c] : s.program.conventions)
    if (says_nothing(c.source))
      out.report(Code::unsourced_claim, c.name_span, "the source of `" + name + "` names nothing that can be looked up")
          .note("name a document, a file with its version, a commit, or the measurement that showed it");
  for (const auto& [name, loader] : s.program.loaders) {
    if (says_nothing(loader.source))
      out.report(Code::unsourced_claim, loader.name_span, "`" + name + "` does not say where its claims come from")
          .note("add `source \"...\";`: a document, a file with its version, a commit");
    for (const auto& check : loader.checks)
      if (check.error == "none" && says_nothing(check.because))
        out.report(Code::unsourced_claim, check.span,
                        "the loader does not make this check, and nothing says why the compiler should")
            .note("add `because \"...\"`: what happens when it is accepted");
  }
}

namespace {

/// `mode real` says what `msr IR = 0` says.
void implied_by_mode(const Convention& c, const Clause& clause, const Lets& lets, Findings& out) {
  if (clause.kind != ClauseKind::kMsr || clause.any || clause.values.size() != 1) return;
  auto value = known_number(*clause.values[0], lets);
  if (!value) return;
  for (const Clause& mode : c.clauses) {
    if (mode.kind != ClauseKind::kMode || mode.section != clause.section || mode.words.empty() || mode.incidental)
      continue;
    Wide translated = mode.words[0] == "real" ? 0 : 1;
    bool implied = clause.subject == "PR" ? *value == 0
                                          : (clause.subject == "IR" || clause.subject == "DR") && *value == translated;
    if (implied)
      out.report(Code::redundant_clause, clause.span, "`" + clause.text + "` is part of `" + mode.text + "`")
          .label(mode.span, "said here");
  }
}

/// Every convention's declaration, by where its name stands: a program may have as many as lines.
using Declarations = std::map<std::pair<source::FileId, uint32_t>, const syntax::Declaration*>;

Declarations declarations_of(const Subject& s) {
  Declarations all;
  for (const auto& file : s.files)
    for (const auto& d : file.declarations)
      if (d.kind == syntax::Declaration::Kind::kConvention) all[{d.name_span.file, d.name_span.begin}] = &d;
  return all;
}

/// The clause in the text that a model clause was read from: for its modifiers.
std::map<uint32_t, const syntax::Clause*> clauses_by_place(const Declarations& declarations, const Convention& c) {
  std::map<uint32_t, const syntax::Clause*> all;
  auto declared = declarations.find({c.name_span.file, c.name_span.begin});
  if (declared == declarations.end()) return all;
  for (const auto& block : declared->second->clauses)
    for (const auto& clause : block.block) all[clause.span.begin] = &clause;
  return all;
}

void restated(const Declarations& declarations, const Convention& c, const Convention& parent, Findings& out) {
  std::map<uint32_t, const syntax::Clause*> written;
  const ByKey inherited(parent);
  for (const Clause& clause : c.clauses) {
    if (clause.origin != c.name) continue;
    const Clause* before = inherited.find(clause, clause.incidental);
    if (!before) continue;
    if (states_the_same(*before, clause)) {
      out.report(Code::redundant_clause, clause.span,
                      "`" + clause.text + "` is what `" + c.name + "` inherits from `" + before->origin + "` anyway")
          .label(before->span, "inherited from here");
      continue;
    }
    if (written.empty()) written = clauses_by_place(declarations, c);
    auto text = written.find(clause.span.begin);
    if (text == written.end()) continue;
    auto plain = syntax::unwrap(*text->second);
    if (plain.has(syntax::Modifier::kOverride) || plain.has(syntax::Modifier::kUnspecified)) continue;
    out.report(Code::redundant_clause, clause.span,
                    "`" + clause.key + "` is dropped and stated anew; `override` says so in one clause")
        .label(before->span, "the clause that is changed");
  }
  bool own_order = !c.order.empty() && !parent.order.empty() && c.order.front().span != parent.order.front().span;
  if (!own_order) return;
  contract::PartialOrder mine, theirs;
  for (const auto& e : c.order) mine.add(e.before, e.after);
  for (const auto& e : parent.order) theirs.add(e.before, e.after);
  auto covered = [](const auto& edges, const contract::PartialOrder& by) {
    return std::all_of(edges.begin(), edges.end(), [&](const auto& e) { return by.entails(e.before, e.after); });
  };
  if (covered(c.order, theirs) && covered(parent.order, mine))
    out.report(Code::redundant_clause, c.order.front().span,
                    "this order is what `" + c.name + "` inherits from `" + parent.name + "` anyway")
        .label(parent.order.front().span, "inherited from here");
}

/// Two `within` of one role where one holds the other: only the narrower says something.
void implied_ranges(const Convention& c, const Lets& lets, Findings& out) {
  struct Place {
    const Clause* clause;
    std::string name;
    std::optional<RangeSet> ranges;
  };
  auto wider = [](const Place& a, const Place& b) {
    if (a.name == "machine.ram" && (b.name == "machine.rma" || b.name == "machine.crashkernel")) return true;
    return a.ranges && b.ranges && a.ranges->contains(*b.ranges) && *a.ranges != *b.ranges;
  };
  std::map<std::pair<ClauseKind, std::string>, std::vector<Place>> alike;
  for (const Clause& clause : c.clauses) {
    if ((clause.kind != ClauseKind::kWithin && clause.kind != ClauseKind::kDisjoint) || clause.values.size() != 1) continue;
    const syntax::Expr& e = *clause.values[0];
    alike[{clause.kind, clause.role}].push_back({&clause, model::dotted_name(e), known_ranges(e, lets)});
  }
  for (const auto& [what, list] : alike) {
    if (list.size() > kMostCompared) continue;
    for (const Place& a : list)
      for (const Place& b : list) {
        if (&a == &b || a.clause->origin != c.name) continue;
        if (what.first == ClauseKind::kWithin ? wider(a, b) : wider(b, a))
          out.report(Code::redundant_clause, a.clause->span, "`" + a.clause->text + "` follows from `" + b.clause->text + "`")
              .label(b.clause->span, "says more");
      }
  }
}

void repeated_checks(const model::Loader& loader, Findings& out) {
  std::map<std::string, const model::LoaderCheck*> always, on_crash;
  for (const auto& check : loader.checks) {
    std::string text = canonical(*check.predicate);
    auto earlier = always.find(text);
    bool made = earlier != always.end();
    if (!made && check.on_crash) made = (earlier = on_crash.find(text)) != on_crash.end();
    if (made)
      out.report(Code::redundant_clause, check.span, "this check was made already, and passed")
          .label(earlier->second->span, "made here");
    else
      (check.on_crash ? on_crash : always).emplace(text, &check);
  }
}

}  // namespace

void find_redundant_clauses(const Subject& s, Findings& out) {
  const Declarations declarations = declarations_of(s);
  for (const auto& [name, c] : s.program.conventions) {
    if (!s.judged(c.span)) continue;
    const ByKey stated(c);
    for (const Clause& clause : c.clauses) {
      if (clause.origin != name) continue;
      implied_by_mode(c, clause, s.program.lets, out);
      const Clause* promise = clause.incidental ? stated.find(clause, false) : nullptr;
      if (promise && states_the_same(*promise, clause))
        out.report(Code::redundant_clause, clause.span,
                        "`incidental " + clause.text + "` is promised anyway")
            .label(promise->span, "the promise");
    }
    if (const Convention* parent = s.convention(c.parent)) restated(declarations, c, *parent, out);
    implied_ranges(c, s.program.lets, out);
  }
  for (const auto& [name, loader] : s.program.loaders)
    if (s.judged(loader.span)) repeated_checks(loader, out);
  find_redundant_in_handoffs(s, out);
}

void find_overlapping_heads(const Subject& s, Findings& out) {
  struct Owner {
    Range bytes;
    const Clause* clause;
    std::string what;
  };
  auto at = [&](const syntax::Expr& offset) -> std::optional<Range> {
    auto n = known_number(offset, s.program.lets);
    if (!n || *n > kTwoTo64 - 4) return std::nullopt;
    return Range::from_to(*n, *n + 4);
  };
  for (const auto& [name, c] : s.program.conventions) {
    if (!s.judged(c.span)) continue;
    std::map<std::string, std::vector<Owner>> owners;  // by role, or by section for the low copy
    std::map<std::string, std::pair<Wide, const Clause*>> limits;
    for (const Clause& clause : c.clauses) {
      if (clause.values.empty() && clause.kind != ClauseKind::kOrderNeutral) continue;
      if (clause.kind == ClauseKind::kLanding) {
        if (auto r = at(*clause.values[0])) owners[clause.role].push_back({*r, &clause, "the landing"});
      } else if (clause.kind == ClauseKind::kWord) {
        if (auto r = at(*clause.values[0])) owners[clause.role].push_back({*r, &clause, "word `" + clause.subject + "`"});
      } else if (clause.kind == ClauseKind::kOrderNeutral && clause.subject == "entry") {
        owners[clause.role].push_back({Range::from_to(0, 4), &clause, "the first instruction"});
      } else if (clause.kind == ClauseKind::kHead) {
        if (auto n = known_number(*clause.values[0], s.program.lets)) limits[clause.role] = {*n, &clause};
      } else if (clause.kind == ClauseKind::kBytes) {
        auto r = known_ranges(*clause.values[0], s.program.lets);
        if (r && r->count() == 1)
          owners[std::string("bytes of ") + to_text(clause.section)].push_back(
              {r->front(), &clause, "`" + clause.text + "`"});
      }
    }
    for (auto& [role, list] : owners) {
      // From low to high: what begins before the furthest end so far shares bytes with whoever reaches that far.
      std::stable_sort(list.begin(), list.end(), [](const Owner& a, const Owner& b) {
        return std::pair(a.bytes.begin, a.clause->span.begin) < std::pair(b.bytes.begin, b.clause->span.begin);
      });
      const Owner* furthest = nullptr;
      for (const Owner& next : list) {
        const Owner *early = furthest, *late = &next;
        if (!furthest || furthest->bytes.end <= next.bytes.end) furthest = &next;
        if (!early || !late->bytes.overlaps(early->bytes)) continue;
        bool swap = late->clause->origin != name ||
                    (early->clause->origin == name && early->clause->span.begin > late->clause->span.begin);
        if (swap) std::swap(early, late);
        if (late->clause->origin != name) continue;
        out.report(Code::overlapping_head, late->clause->span,
                        late->what + " and " + early->what + " both claim " +
                            to_text(late->bytes.intersect(early->bytes)) + " of the head")
            .label(early->clause->span, early->what);
      }
      auto limit = limits.find(role);
      if (limit == limits.end()) continue;
      for (const Owner& owner : list)
        if (owner.clause->kind == ClauseKind::kLanding && owner.bytes.end.wide() > limit->second.first &&
            (owner.clause->origin == name || limit->second.second->origin == name))
          out.report(Code::overlapping_head, owner.clause->span,
                          owner.what + " lies outside the head, which `" + limit->second.second->text + "` ends at " +
                              hex(limit->second.first))
              .label(limit->second.second->span, "the head");
    }
  }
}

void find_stable_on_experimental(const Subject& s, Findings& out) {
  for (const auto& [name, c] : s.program.conventions) {
    const Convention* parent = s.convention(c.parent);
    if (c.status != "stable" || !parent || parent->status == "stable") continue;
    out.report(Code::stable_on_experimental, c.name_span,
                    "`" + name + "` is stable, and extends `" + parent->name + "`, which may change any day")
        .label(parent->name_span, "experimental");
  }
}

void find_odd_supersedes(const Subject& s, Findings& out) {
  auto split = [](const std::string& full) {
    size_t at = full.find('@');
    return std::pair(full.substr(0, at), std::stoull(full.substr(at + 1)));
  };
  for (const auto& [name, c] : s.program.conventions) {
    if (c.supersedes.empty()) continue;
    auto [mine, version] = split(name);
    auto [theirs, older] = split(c.supersedes);
    if (name == c.supersedes)
      out.report(Code::odd_supersedes, c.name_span, "`" + name + "` supersedes itself");
    else if (mine == theirs && older > version)
      out.report(Code::odd_supersedes, c.name_span,
                      "`" + name + "` supersedes `" + c.supersedes + "`, a later version than itself");
    else if (const Convention* other = s.convention(c.supersedes); other && other->supersedes == name && name < other->name)
      out.report(Code::odd_supersedes, c.name_span,
                      "`" + name + "` and `" + other->name + "` supersede each other")
          .label(other->name_span, "the other");
  }
}

}  // namespace baton::lint
