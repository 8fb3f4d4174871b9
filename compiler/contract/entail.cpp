// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The relation, one kind of fact after the other. See entail.h.
#include "contract/entail.h"

#include <algorithm>

#include "model/tree_property.h"

namespace baton::contract {

using model::ClauseKind;
using model::Section;

namespace {

using Facts = std::vector<const Fact*>;

Facts about(const Statement& statement, const Fact& like) {
  Facts all;
  for (const Fact& fact : statement.facts)
    if (fact.same_subject(like)) all.push_back(&fact);
  return all;
}

std::string depends(const std::string& a, const std::string& b) {
  return "whether `" + a + "` and `" + b + "` agree, only a handoff can say";
}

/// Each value that may be there is one of those that will do.
Judgement values(const Facts& promises, const Fact& need) {
  Judgement j;
  if (need.any) j.truth = Truth::kYes;
  for (const Fact* promise : promises) {
    if (!j.promise) j.promise = promise;
    if (promise->any || need.any) continue;
    Truth all = promise->values.empty() ? Truth::kNo : Truth::kYes;
    std::string why;
    for (const Term& p : promise->values) {
      Truth met = Truth::kNo;
      for (const Term& n : need.values) {
        Truth one = satisfies(p, n);
        if (one == Truth::kUnknown && why.empty()) why = depends(to_text(p), to_text(n));
        met = either(met, one);
      }
      all = both(all, met);
    }
    if (all == Truth::kUnknown) j.why = why;
    j.truth = either(j.truth, all);
  }
  if (j.truth != Truth::kUnknown) j.why.clear();
  return j;
}

/// What a fact of one number says: an offset, a bound, an alignment.
Judgement number(const Facts& promises, const Fact& need, Truth (*enough)(const Linear&, const Linear&)) {
  Judgement j;
  for (const Fact* promise : promises) {
    j.promise = promise;
    if (promise->values.empty() || need.values.empty()) continue;
    Truth t = enough(promise->values[0].number, need.values[0].number);
    if (t == Truth::kUnknown) j.why = depends(to_text(promise->values[0]), to_text(need.values[0]));
    j.truth = either(j.truth, t);
  }
  return j;
}

Truth multiple(const Linear& promised, const Linear& needed) {
  if (promised == needed) return Truth::kYes;
  if (!promised.is_constant() || !needed.is_constant()) return Truth::kUnknown;
  if (needed.constant == 0) return Truth::kUnknown;
  return promised.constant % needed.constant == 0 ? Truth::kYes : Truth::kNo;
}

Judgement named_word(const Facts& promises, const Fact& need) {
  Judgement j = number(promises, need, equal);
  if (j.truth != Truth::kYes || need.values.size() < 2) return j;
  // Its default is part of what is offered: a poke refuses any other word.
  j.truth = j.promise->values.size() < 2 ? Truth::kNo : satisfies(j.promise->values[1], need.values[1]);
  if (j.truth == Truth::kUnknown) j.why = depends(to_text(j.promise->values[1]), to_text(need.values[1]));
  return j;
}

bool is_known(const Area& area) {
  return area.spans.empty() && area.sets.empty() && area.differences.empty() && !area.unknown;
}

/// Where the extent lies: all of it within each of these, no byte of it in those.
Judgement place(const Statement& promise, const Fact& need) {
  Judgement j;
  Facts same = about(promise, need);
  if (!same.empty()) j.promise = same.front();
  Fact other = need;
  other.disjoint = !need.disjoint;
  if (need.section == Section::kExpects) other.kind = other.disjoint ? ClauseKind::kDisjoint : ClauseKind::kWithin;
  Facts opposite = about(promise, other);
  const Facts& within = need.disjoint ? opposite : same;
  const Facts& apart = need.disjoint ? same : opposite;

  RangeSet allowed{Range{Address{0}, Address::limit()}};
  bool all_known = true;
  Area kept_out;
  for (const Fact* f : within)
    for (const Area& a : f->areas)
      if (is_known(a)) allowed = allowed.intersect(a.known);
      else all_known = false;
  for (const Fact* f : apart)
    for (const Area& a : f->areas) {
      kept_out.add(a);
      allowed = allowed.except(a.known);
      all_known = all_known && is_known(a);
    }
  j.truth = Truth::kYes;
  for (const Area& wanted : need.areas) {
    Truth met = Truth::kNo;
    if (need.disjoint) {
      met = either(met, covers(kept_out, wanted));
      for (const Fact* f : within)
        for (const Area& a : f->areas) met = either(met, disjoint(a, wanted));
      if (is_known(wanted) && !allowed.overlaps(wanted.known)) met = Truth::kYes;
    } else {
      for (const Fact* f : within)
        for (const Area& a : f->areas) met = either(met, covers(wanted, a));
      if (is_known(wanted) && wanted.known.contains(allowed)) met = Truth::kYes;
    }
    // Several requirements together may do what none does alone.
    if (met == Truth::kNo && !all_known && same.size() + opposite.size() > 0) met = Truth::kUnknown;
    if (met == Truth::kUnknown && j.why.empty()) j.why = "where `" + to_text(wanted) + "` lies, only a handoff can say";
    j.truth = both(j.truth, met);
  }
  if (j.truth != Truth::kUnknown) j.why.clear();
  return j;
}

Judgement reserves(const Facts& promises, const Fact& need) {
  Judgement j;
  Area promised, wanted;
  for (const Fact* f : promises) {
    j.promise = f;
    for (const Area& a : f->areas) promised.add(a);
  }
  for (const Area& a : need.areas) wanted.add(a);
  j.truth = covers(promised, wanted);
  if (j.truth == Truth::kUnknown) j.why = depends(to_text(promised), to_text(wanted));
  return j;
}

Judgement copied(const Statement& promise, const Fact& need) {
  Judgement j;
  std::vector<Copy> promised;
  // What the master finds in memory a slave finds too, if it was there before slaves were released.
  bool for_slaves = promise.order.entails("head_copied", "slaves_released");
  for (const Fact& f : promise.facts) {
    if (f.kind != ClauseKind::kBytes) continue;
    if (f.section != need.section && !(need.section == Section::kSlaves && for_slaves)) continue;
    if (!j.promise || f.clause->key == need.clause->key) j.promise = &f;
    promised.insert(promised.end(), f.copies.begin(), f.copies.end());
  }
  if (need.copies.empty()) {
    j.truth = Truth::kUnknown;
    j.why = "the range is known in a handoff only";
    return j;
  }
  // Bytes that are to be what they were need nobody's copy: memory that is not destroyed is preserved.
  Area lost = destroyed(promise);
  if (is_known(lost))
    for (const Range& r : RangeSet{Range{Address{0}, Address::limit()}}.except(lost.known)) {
      Linear begin = Linear::number(r.begin.wide());
      promised.push_back({begin, begin, Linear::number(r.size().wide())});
    }
  j.truth = Truth::kYes;
  for (const Copy& copy : need.copies) {
    Truth met = provides(promised, copy);
    if (met != Truth::kYes && copy.source == copy.destination)
      met = either(met, disjoint(lost, destination_of(copy)));
    j.truth = both(j.truth, met);
  }
  if (j.truth == Truth::kUnknown) j.why = "whether the ranges of the copies meet, only a handoff can say";
  return j;
}

/// What has no such property, or has it otherwise, has it not with that value.
Truth other_than(const Fact& promise, const Fact& need) {
  if (model::is_absent(*promise.clause)) return Truth::kYes;
  if (model::is_limit(*promise.clause)) return Truth::kUnknown;
  if (promise.values.empty()) return Truth::kYes;  // without a value; what is needed not to be has one
  Truth same = satisfies(promise.values[0], need.values[0]);
  if (model::is_not(*promise.clause)) return same;
  return same == Truth::kYes ? Truth::kNo : same == Truth::kNo ? Truth::kYes : Truth::kUnknown;
}

/// What is not there, or is this long, is not longer.
Truth no_longer_than(const Fact& promise, const Fact& need) {
  if (model::is_absent(*promise.clause)) return Truth::kYes;
  if (model::is_not(*promise.clause)) return Truth::kUnknown;
  if (promise.values.empty()) return Truth::kYes;  // without a value
  if (model::is_limit(*promise.clause)) return at_most(promise.values[0].number, need.values[0].number);
  const std::string& bytes = promise.values[0].word;  // "<00ff>", two digits each
  if (promise.values[0].kind != Term::Kind::kWord || bytes.size() < 2) return Truth::kUnknown;
  return at_most(Linear::number((bytes.size() - 2) / 2), need.values[0].number);
}

/// The same thing in every part: a layout, a property of the tree.
Judgement exactly(const Facts& promises, const Fact& need) {
  Judgement j;
  for (const Fact* promise : promises) {
    if (!j.promise) j.promise = promise;
    Truth same = promise->clause->words == need.clause->words && promise->values.size() == need.values.size() ? Truth::kYes : Truth::kNo;
    if (need.kind == ClauseKind::kTreeProperty && model::is_not(*need.clause)) {
      same = other_than(*promise, need);
      if (same == Truth::kUnknown) j.why = depends(promise->clause->text, need.clause->text);
      j.truth = either(j.truth, same);
      continue;
    }
    if (need.kind == ClauseKind::kTreeProperty && model::is_limit(*need.clause)) {
      same = no_longer_than(*promise, need);
      if (same == Truth::kUnknown) j.why = depends(promise->clause->text, need.clause->text);
      j.truth = either(j.truth, same);
      continue;
    }
    for (size_t i = 0; same != Truth::kNo && i < need.values.size(); ++i) {
      Truth one = satisfies(promise->values[i], need.values[i]);
      if (one == Truth::kUnknown) j.why = depends(to_text(promise->values[i]), to_text(need.values[i]));
      same = both(same, one);
    }
    j.truth = either(j.truth, same);
  }
  if (j.truth != Truth::kUnknown) j.why.clear();
  return j;
}

Judgement stated(const Facts& promises) {
  Judgement j;
  if (promises.empty()) return j;
  j.promise = promises.front();
  j.truth = Truth::kYes;
  return j;
}

}  // namespace

Area destroyed(const Statement& statement) {
  Area area, kept;
  for (const Fact& f : statement.facts) {
    if (f.section != Section::kMemory) continue;
    if (f.kind == ClauseKind::kUnspecified)
      for (const Area& a : f.areas) area.add(a);
    if (f.kind == ClauseKind::kBytes)
      for (const Copy& copy : f.copies)
        (copy.source == copy.destination ? kept : area).add(destination_of(copy));
  }
  // A copy of bytes onto themselves says that they stay.
  if (kept.empty()) return area;
  if (is_known(area) && is_known(kept)) {
    area.known = area.known.except(kept.known);
    return area;
  }
  Area left;
  left.differences.push_back({std::make_shared<Area>(std::move(area)), std::make_shared<Area>(std::move(kept))});
  return left;
}

Judgement judge(const Statement& promise, const Fact& need) {
  if (need.section == Section::kSlaves && need.kind != ClauseKind::kArrival && !promise.slaves_may_arrive())
    return {Truth::kYes, promise.find(need), "no slave arrives", true};
  switch (need.kind) {
    case ClauseKind::kMode:  // its fields are facts of their own
    case ClauseKind::kEnter:
    case ClauseKind::kMsr:
    case ClauseKind::kIle:
    case ClauseKind::kRegister:
    case ClauseKind::kArgument:
    case ClauseKind::kArrival:
    case ClauseKind::kTreeFormat:
    case ClauseKind::kTreeBootCpu: return values(about(promise, need), need);
    case ClauseKind::kBytes: return copied(promise, need);
    case ClauseKind::kUnspecified: return {Truth::kYes, promise.find(need), {}, false};  // asks nothing of anyone
    case ClauseKind::kFact:
      // Loader and giver have put each segment in its place before anything is entered: true unwritten.
      if (need.subject == "segments_placed") return {Truth::kYes, promise.find(need), {}, false};
      return stated(about(promise, need));
    case ClauseKind::kOrderNeutral: return stated(about(promise, need));
    case ClauseKind::kPlace:
    case ClauseKind::kWithin:
    case ClauseKind::kDisjoint: return place(promise, need);
    case ClauseKind::kTreeProperty:
    case ClauseKind::kPen:
    case ClauseKind::kSlotField: return exactly(about(promise, need), need);
    case ClauseKind::kTreeReserves: return reserves(about(promise, need), need);
    case ClauseKind::kLanding: return number(about(promise, need), need, equal);
    case ClauseKind::kHead: return number(about(promise, need), need, at_most);
    case ClauseKind::kAlign:
      // Every address is a multiple of 1.
      if (!need.values.empty() && need.values[0].number == Linear::number(1)) return {Truth::kYes, promise.find(need), {}, false};
      return number(about(promise, need), need, multiple);
    case ClauseKind::kWord: return named_word(about(promise, need), need);
  }
  return {};
}

namespace {

bool of_slaves(const std::string& event) { return event == "slaves_released" || event == "slaves_arrived"; }

}  // namespace

std::vector<model::OrderEdge> needed_order(const Statement& promise, const Statement& need) {
  std::vector<model::OrderEdge> all = need.edges;
  if (promise.slaves_may_arrive()) return all;
  // `a < slaves_released < b` is also `a < b`, and that concerns the master.
  for (const auto& first : need.edges)
    for (const auto& second : need.edges) {
      if (of_slaves(first.before) || of_slaves(second.after) || !of_slaves(first.after)) continue;
      bool chained = first.after == second.before || need.order.entails(first.after, second.before);
      if (chained && of_slaves(second.before)) all.push_back({first.before, second.after, source::cover(first.span, second.span)});
    }
  return all;
}

Judgement judge(const Statement& promise, const model::OrderEdge& need) {
  Judgement j;
  if (promise.order.entails(need.before, need.after)) {
    j.truth = Truth::kYes;
  } else if (!promise.slaves_may_arrive() && (of_slaves(need.before) || of_slaves(need.after))) {
    j.truth = Truth::kYes;
    j.vacuous = true;
    j.why = "no slave arrives";
  }
  return j;
}

Judgement judge_frame(const Statement& promise, const Statement& need) {
  Judgement j;
  Area lost = destroyed(promise), given_up = destroyed(need);
  j.truth = covers(given_up, lost);
  for (const Fact& f : promise.facts)
    if (f.kind == ClauseKind::kUnspecified && !j.promise) j.promise = &f;
  if (j.truth == Truth::kUnknown) j.why = depends(to_text(lost), to_text(given_up));
  return j;
}

Wording wording(const Fact& fact) {
  if (!fact.clause) return {};
  return {fact.clause->text, fact.clause->origin, fact.clause->span};
}

Wording wording(const model::OrderEdge& edge, const std::string& origin) {
  return {edge.before + " < " + edge.after, origin, edge.span};
}

std::string to_text(const model::Role& role) {
  return "role " + role.name + " : " + role.kind + (role.optional ? " optional" : "");
}

bool has_role(const Statement& statement, const model::Role& role) {
  return std::any_of(statement.roles.begin(), statement.roles.end(), [&](const model::Role& r) {
    return r.name == role.name && r.kind == role.kind && r.optional == role.optional;
  });
}

std::vector<Unmet> unmet_ensures(const Statement& promise, const Statement& need) {
  std::vector<Unmet> unmet;
  auto take = [&](const Judgement& j, Wording wanted) {
    if (j.truth == Truth::kYes) return;
    Unmet u{j.truth == Truth::kNo, std::move(wanted), {}, j.why};
    if (j.promise) u.promise = wording(*j.promise);
    unmet.push_back(std::move(u));
  };
  for (const Fact& fact : need.facts)
    if (fact.section != Section::kExpects) take(judge(promise, fact), wording(fact));
  for (const auto& edge : needed_order(promise, need)) take(judge(promise, edge), wording(edge, ""));
  take(judge_frame(promise, need), {"memory that is not mentioned is preserved", "", {}});
  // What the two speak of must be the same things: neither side can do with the other's roles.
  for (const model::Role& role : need.roles)
    if (!has_role(promise, role)) take({}, {to_text(role), "", role.span});
  for (const model::Role& role : promise.roles)
    if (!has_role(need, role)) take({}, {"no " + to_text(role), "", {}});
  return unmet;
}

std::vector<Unmet> unmet_expects(const Statement& promise, const Statement& need) {
  std::vector<Unmet> unmet;
  for (const Fact& fact : need.facts) {
    if (fact.section != Section::kExpects) continue;
    Judgement j = judge(promise, fact);
    if (j.truth == Truth::kYes) continue;
    Unmet u{j.truth == Truth::kNo, wording(fact), {}, j.why};
    if (j.promise) u.promise = wording(*j.promise);
    unmet.push_back(std::move(u));
  }
  return unmet;
}

}  // namespace baton::contract
