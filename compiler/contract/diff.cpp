// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Differences with their names, and the answer in each direction. See diff.h.
#include "contract/diff.h"

#include <algorithm>
#include <set>

#include "contract/differences.h"

namespace baton::contract {

namespace {

using Renamed = std::map<std::string, std::string>;

/// Roles that may only be called otherwise. `image` is a name with a meaning of its own.
Renamed candidates(const model::Convention& before, const model::Convention& after) {
  Renamed renamed;
  std::set<std::string> taken;
  for (const model::Role& was : before.roles) {
    if (was.name == "image" || after.find_role(was.name)) continue;
    for (const model::Role& is : after.roles) {
      bool free = is.name != "image" && !before.find_role(is.name) && taken.count(is.name) == 0;
      if (!free || is.kind != was.kind || is.optional != was.optional) continue;
      renamed[was.name] = is.name;
      taken.insert(is.name);
      break;
    }
  }
  return renamed;
}

size_t in_meaning(const std::vector<Difference>& all) {
  return static_cast<size_t>(std::count_if(all.begin(), all.end(), [](const Difference& d) {
    return d.what != Difference::What::kWords;
  }));
}

const Rule& rule_of(const Difference& difference) {
  for (const Rule& rule : rules())
    if (rule.names && rule.names(difference)) return rule;
  BATON_CHECK(false, "a difference without a rule");
}

Effect effect(const Judgement& judgement, Effect declared) {
  if (judgement.truth != Truth::kYes) return Effect::kBreaks;
  return declared == Effect::kWarns ? Effect::kWarns : Effect::kOk;
}

Change change_of(const Difference& d) {
  Change c;
  c.rule = &rule_of(d);
  c.section = d.section_text;
  c.subject = d.subject;
  c.before = d.before;
  c.after = d.after;
  c.taker = effect(d.taker, c.rule->taker);
  c.giver = effect(d.giver, c.rule->giver);
  c.why = d.taker.why;
  if (!d.giver.why.empty() && d.giver.why != c.why) c.why += (c.why.empty() ? "" : "; ") + d.giver.why;
  return c;
}

Change policy(const char* id, const model::Convention* before, const model::Convention* after, std::string why) {
  Change c;
  c.rule = find_rule(id);
  c.section = "convention";
  c.subject = (before ? before : after)->name;
  if (before) c.before = {before->name, before->name, before->name_span};
  if (after) c.after = {after->name, after->name, after->name_span};
  c.taker = c.rule->taker;
  c.giver = c.rule->giver;
  c.why = std::move(why);
  return c;
}

const model::Waiver* waiver_for(const model::Convention& convention, const Rule& rule) {
  for (const model::Waiver& w : convention.waivers)
    if (w.rule == rule.id) return &w;
  return nullptr;
}

void add(std::vector<Unmet>& to, std::vector<Unmet> more, bool need_is_old) {
  for (Unmet& unmet : more) unmet.need_is_old = need_is_old;
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// Who says `relies on incidental` of what changed.
void name_reliers(ConventionDiff& diff, const model::Program& before, const model::Program& after) {
  for (Change& change : diff.changes) {
    if (change.rule->id != "INCIDENTAL_CHANGED") continue;
    std::set<std::string> names;
    for (const model::Program* program : {&before, &after})
      for (const auto& [name, handoff] : program->handoffs)
        if (handoff.from == diff.before &&
            std::find(handoff.relies_on.begin(), handoff.relies_on.end(), change.subject) != handoff.relies_on.end())
          names.insert(name);
    change.relied_on_by.assign(names.begin(), names.end());
  }
}

bool same_family(const std::string& a, const std::string& b) { return a.substr(0, a.rfind('@')) == b.substr(0, b.rfind('@')); }

ConventionDiff removed(const model::Convention& gone, const model::Program& after) {
  ConventionDiff diff;
  diff.before = gone.name;
  diff.stable = gone.status == "stable";
  Change change = policy("CONVENTION_REMOVED", &gone, nullptr, "");
  // What is gone cannot allow it: another version of it may.
  for (const auto& [name, c] : after.conventions)
    if (same_family(name, gone.name) && !change.waiver) change.waiver = waiver_for(c, *change.rule);
  diff.changes.push_back(change);
  Wording all{gone.name, gone.name, gone.name_span};
  diff.taker_unmet = diff.giver_unmet = {{true, all, {}, "it is not there any more", true}};
  return diff;
}

}  // namespace

bool ConventionDiff::same_meaning() const { return taker_clean() && giver_clean(); }

std::optional<Subject> find_subject(const model::Program& program, const std::string& name) {
  auto it = program.conventions.find(name);
  if (it == program.conventions.end()) return std::nullopt;
  return Subject{&it->second, &program.lets};
}

ConventionDiff compare(const Subject& before, const Subject& after) {
  const model::Convention &a = *before.convention, &b = *after.convention;
  ConventionDiff diff;
  diff.before = a.name;
  diff.after = b.name;
  diff.stable = a.status == "stable";

  Renamed renamed = candidates(a, b);
  std::vector<Difference> found = differences(before, after, renamed);
  if (!renamed.empty()) {
    std::vector<Difference> plain = differences(before, after, {});
    if (in_meaning(plain) <= in_meaning(found)) {
      found = std::move(plain);
      renamed.clear();
    }
  }
  Statement was = state(before, renamed), is = state(after);
  add(diff.taker_unmet, unmet_ensures(is, was), true);
  add(diff.taker_unmet, unmet_expects(was, is), false);
  add(diff.giver_unmet, unmet_ensures(was, is), false);
  add(diff.giver_unmet, unmet_expects(is, was), true);

  if (a.name == b.name && diff.stable && !diff.same_meaning())
    diff.changes.push_back(policy("CONVENTION_EDITED_IN_PLACE", &a, &b, "a change of meaning is a new version"));
  if (a.name == b.name && a.status != b.status) {
    Change c = policy("STATUS_CHANGED", &a, &b, "");
    c.before.text = "status " + a.status;
    c.after.text = "status " + b.status;
    diff.changes.push_back(std::move(c));
  }
  for (const Difference& d : found) diff.changes.push_back(change_of(d));
  for (const auto& [from, to] : renamed) {
    Difference d;
    d.what = Difference::What::kWords;
    d.section_text = "convention";
    d.subject = "role " + to;
    d.before = {"role " + from, a.name, a.find_role(from)->span};
    d.after = {"role " + to, b.name, b.find_role(to)->span};
    d.taker.truth = d.giver.truth = Truth::kYes;
    d.taker.why = "only the name changed; a handoff that binds it by name follows";
    diff.changes.push_back(change_of(d));
  }
  for (Change& change : diff.changes) change.waiver = waiver_for(b, *change.rule);
  return diff;
}

std::vector<ConventionDiff> compare(const model::Program& before, const model::Program& after) {
  std::set<std::string> names;
  for (const model::Program* program : {&before, &after})
    for (const auto& [name, convention] : program->conventions) names.insert(name);
  std::vector<ConventionDiff> all;
  for (const std::string& name : names) {
    auto was = find_subject(before, name), is = find_subject(after, name);
    if (was && is) {
      all.push_back(compare(*was, *is));
      name_reliers(all.back(), before, after);
    } else if (was) {
      all.push_back(removed(*was->convention, after));
    } else {
      ConventionDiff fresh;
      fresh.after = name;
      fresh.stable = is->convention->status == "stable";
      all.push_back(std::move(fresh));
    }
  }
  return all;
}

}  // namespace baton::contract
