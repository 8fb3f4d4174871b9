// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Facts out of clauses and claims. See statement.h.
#include "contract/statement.h"

#include <algorithm>

#include "model/tree_property.h"

namespace baton::contract {

using model::Clause;
using model::ClauseKind;
using model::Section;

bool is_bit(ClauseKind kind) { return kind == ClauseKind::kMsr || kind == ClauseKind::kIle; }

bool Fact::same_subject(const Fact& other) const {
  return section == other.section && role == other.role && kind == other.kind && subject == other.subject &&
         disjoint == other.disjoint;
}

const Fact* Statement::find(const Fact& like) const {
  for (const Fact& fact : facts)
    if (fact.same_subject(like)) return &fact;
  return nullptr;
}

bool Statement::slaves_may_arrive() const {
  for (const Fact& fact : facts) {
    if (fact.kind != ClauseKind::kArrival || fact.any) continue;
    bool none = !fact.values.empty() && std::all_of(fact.values.begin(), fact.values.end(), [](const Term& t) {
      return t.kind == Term::Kind::kWord && (t.word == "absent" || t.word == "firmware");
    });
    if (none) return false;
  }
  return true;
}

namespace {

bool holds(const std::vector<Term>& values, const Term& wanted) {
  return std::find(values.begin(), values.end(), wanted) != values.end();
}

Term word(std::string_view w) {
  Term t;
  t.kind = Term::Kind::kWord;
  t.word = w;
  return t;
}

/// A set of all there is says nothing; `held` slaves have arrived as well.
void settle(Fact& fact) {
  if (fact.kind == ClauseKind::kArrival && holds(fact.values, word("arriving")) && !holds(fact.values, word("held")))
    fact.values.push_back(word("held"));
  auto number = [](Wide n) {
    Term t;
    t.kind = Term::Kind::kNumber;
    t.number = Linear::number(n);
    return t;
  };
  if (is_bit(fact.kind) && holds(fact.values, number(0)) && holds(fact.values, number(1))) fact.any = true;
  const auto& states = arrival_states();
  if (fact.kind == ClauseKind::kArrival &&
      std::all_of(states.begin(), states.end(), [&](auto s) { return holds(fact.values, word(s)); }))
    fact.any = true;
  if (fact.any) fact.values.clear();
}

/// The kinds whose values are ranges.
bool of_areas(ClauseKind kind) {
  return kind == ClauseKind::kUnspecified || kind == ClauseKind::kPlace || kind == ClauseKind::kTreeReserves ||
         kind == ClauseKind::kWithin || kind == ClauseKind::kDisjoint;
}

Fact begin(const Clause& clause) {
  Fact fact;
  fact.section = clause.section;
  fact.role = clause.role;
  fact.kind = clause.kind;
  fact.subject = clause.subject;
  fact.any = clause.any;
  fact.clause = &clause;
  fact.disjoint = clause.kind == ClauseKind::kDisjoint ||
                  (clause.kind == ClauseKind::kPlace && !clause.words.empty() && clause.words[0] == "disjoint");
  return fact;
}

/// `mode` as the fields it stands for.
std::vector<Fact> unfold(const Fact& mode) {
  std::vector<Fact> fields;
  for (const auto& [field, bit] : mode_bits(*mode.clause)) {
    Fact fact = mode;
    fact.kind = ClauseKind::kMsr;
    fact.subject = field;
    Term t;
    t.kind = Term::Kind::kNumber;
    t.number = Linear::number(static_cast<Wide>(bit));
    if (!fact.any) fact.values = {t};
    fields.push_back(std::move(fact));
  }
  return fields;
}

/// The bytes of a property, as text: 4 in a cell and 4 in two are not the same.
Term property_term(const model::Value& value) {
  auto bytes = property_bytes(value);
  if (!bytes) return term_of(value);
  std::string text = "<";
  constexpr char kDigits[] = "0123456789abcdef";
  for (uint8_t byte : *bytes) (text += kDigits[byte >> 4]) += kDigits[byte & 0xf];
  return word(text + ">");
}

void values(Fact& fact, const Names& names) {
  if (fact.kind == ClauseKind::kTreeProperty) {
    diagnostics::Sink reported_by_the_checker;
    for (const auto& e : fact.clause->values) {
      model::Value v = evaluate(*e, ConventionScope(*names.roles, names.lets), reported_by_the_checker);
      // `at most SIZE` is a number; what else is said of a property are its bytes.
      fact.values.push_back(!v.is_known() ? term_of(*e, names).value_or(Term{}) : model::is_limit(*fact.clause) ? term_of(v) : property_term(v));
    }
    return;
  }
  auto add = [&](const syntax::Expr& e) {
    if (auto term = term_of(e, names))
      fact.values.push_back(*term);
    else
      fact.any = true;  // `giver`: in either order
  };
  for (const auto& e : fact.clause->values) {
    if (e->kind == syntax::Expr::Kind::kSet)
      for (const auto& member : e->operands) add(*member);
    else
      add(*e);
  }
  // `enter call` has no address; it is a way of its own.
  if (fact.kind == ClauseKind::kEnter && fact.values.empty() && !fact.any)
    for (const std::string& w : fact.clause->words) fact.values.push_back(word(w));
}

}  // namespace

Statement state(const Subject& subject, const std::map<std::string, std::string>& renamed) {
  Statement statement;
  const model::Convention& c = *subject.convention;
  Names names{&c.roles, subject.lets, renamed, false};
  for (const Clause& clause : c.clauses) {
    Fact fact = begin(clause);
    names.master = clause.section != Section::kSlaves;
    fact.role = names.role(fact.role);
    if (fact.kind == ClauseKind::kPlace) fact.subject = names.role(fact.subject);
    if (of_areas(fact.kind)) {
      for (const auto& e : clause.values) fact.areas.push_back(area_of(*e, names));
    } else if (fact.kind == ClauseKind::kBytes) {
      if (clause.values.size() == 2)
        if (auto copy = copy_of(*clause.values[0], *clause.values[1], names)) fact.copies.push_back(*copy);
    } else if (fact.kind == ClauseKind::kArgument) {
      // A value of the call, known by its role alone, in that register.
      fact.kind = ClauseKind::kRegister;
      fact.subject = clause.words[0];
      fact.values = {word("argument." + names.role(clause.subject))};
    } else if (fact.kind != ClauseKind::kMode) {
      values(fact, names);
    }
    auto& into = clause.incidental ? statement.incidental : statement.facts;
    if (fact.kind == ClauseKind::kMode) {
      for (Fact& field : unfold(fact)) into.push_back(std::move(field));
      continue;
    }
    settle(fact);
    into.push_back(std::move(fact));
  }
  statement.roles = c.roles;
  for (model::Role& role : statement.roles) role.name = names.role(role.name);
  statement.edges = c.order;
  for (const auto& edge : c.order) statement.order.add(edge.before, edge.after);
  return statement;
}

Statement state(const Boundary& boundary) {
  Statement statement;
  for (const Claim& claim : boundary.claims) {
    Fact fact = begin(*claim.clause);
    fact.kind = claim.kind;
    fact.subject = claim.subject;
    fact.any = claim.any;
    fact.claim = &claim;
    if (of_areas(fact.kind)) {
      for (const auto& v : claim.values) fact.areas.push_back(area_of(v));
    } else if (fact.kind == ClauseKind::kBytes) {
      bool known = claim.values.size() == 2 && claim.values[0].is_known() && claim.values[1].is_known();
      if (known && claim.values[0].ranges().count() == 1 && claim.values[1].ranges().count() == 1) {
        Range to = claim.values[0].ranges().front(), from = claim.values[1].ranges().front();
        fact.copies.push_back({Linear::number(to.begin.wide()), Linear::number(from.begin.wide()),
                               Linear::number(to.size().wide())});
      }
    } else {
      for (const auto& v : claim.possible())
        fact.values.push_back(fact.kind == ClauseKind::kTreeProperty && !model::is_limit(*claim.clause) ? property_term(v) : term_of(v));
    }
    settle(fact);
    statement.facts.push_back(std::move(fact));
  }
  statement.roles = boundary.convention->roles;
  statement.edges = boundary.convention->order;
  for (const auto& edge : statement.edges) statement.order.add(edge.before, edge.after);
  return statement;
}

}  // namespace baton::contract
