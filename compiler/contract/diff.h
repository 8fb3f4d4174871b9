// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a change to a convention break, and for whom?
//
// A contract has two users. The *taker* wrote an image for the old version and is entered by a new giver:
// it is safe when new.ensures entails old.ensures and old.expects entails new.expects. The *giver* wrote a
// loader for the old version and enters an image that declares the new one: the mirror of that. Entailment
// alone decides (entail.h); the rules only give each difference a name, and a test holds what a rule declares
// against what entailment answers. Nothing here prints or picks an exit status: that is the command's part.
//
//   compare({&old, &before.lets}, {&new, &after.lets})   with r5 = 0 gone from the new one
//     -> changes { MASTER_REG_REMOVED, "r5 = 0" -> "", taker breaks, giver ok }, taker not clean, giver clean
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/program.h"

namespace baton::contract {

enum class Effect { kOk, kWarns, kBreaks };
const char* to_text(Effect effect);  // "ok", "warns", "breaks"

struct Difference;  // differences.h: one fact that differs, before it has a name

/// One kind of change. The table is the language's list of rules, in reference order.
struct Rule {
  std::string_view id;       // "MASTER_REG_REMOVED"
  std::string_view purpose;  // one line
  Effect taker = Effect::kOk, giver = Effect::kOk;
  bool quiet = false;   // nobody is affected: for those who ask to see everything
  bool policy = false;  // about the version itself, whatever its clauses say: entailment has no say
  bool (*names)(const Difference&) = nullptr;  // whether this rule is the name of that difference; null: policy
};
const std::vector<Rule>& rules();
const Rule* find_rule(std::string_view id);  // null: there is none

/// What one side wrote, or did not.
struct Wording {
  std::string text;    // "r5 = 0"; empty when that side says nothing
  std::string origin;  // "linux.kexec@2005": the convention that wrote the clause
  source::Span span;   // into the sources of that side; invalid when it says nothing
};

struct Change {
  const Rule* rule = nullptr;
  std::string section;  // "ensures master", "expects image", "order", "convention"
  std::string subject;  // "r5", "msr LE", "place tree within", "slaves_released"
  Wording before, after;
  Effect taker = Effect::kOk, giver = Effect::kOk;
  std::string why;  // where more is to be said than the two wordings: what could not be decided, what moved
  /// Handoffs that say `relies on incidental` of this; filled where whole programs are compared.
  std::vector<std::string> relied_on_by;
  /// `breaking allowed RULE because "..."` of the new version, when it names this rule.
  const model::Waiver* waiver = nullptr;
};

/// One clause that the other side's promise is not known to entail.
struct Unmet {
  bool decided = true;     // false: it depends on what only a handoff knows; `why` says on what
  Wording need, promise;   // the promise about the same thing, if there is one
  std::string why;
  bool need_is_old = false;  // which side wrote the need, and its span is into; the other one wrote the promise
};

struct ConventionDiff {
  std::string before, after;  // "linux.kexec@2005"; empty: not there
  bool stable = false;        // by the old side; by the new one where there is no old
  std::vector<Change> changes;
  /// Entailment's answer in each direction; empty: clean.
  std::vector<Unmet> taker_unmet, giver_unmet;

  bool taker_clean() const { return taker_unmet.empty(); }
  bool giver_clean() const { return giver_unmet.empty(); }
  /// The two mean the same. Changes may still tell of words and sources.
  bool same_meaning() const;
};

/// A convention, and the names that its file gives to values.
struct Subject {
  const model::Convention* convention = nullptr;
  const std::map<std::string, model::Let>* lets = nullptr;
};
/// Nothing when the program has no such convention.
std::optional<Subject> find_subject(const model::Program& program, const std::string& name);

/// Two conventions of any name: two texts of one version, or two versions.
ConventionDiff compare(const Subject& before, const Subject& after);

/// All conventions of two programs, paired by name and version, in the order of their names. What exists on
/// one side only is there as well: removed (CONVENTION_REMOVED), or new and without changes. A stable one
/// that changed its meaning under its old name is CONVENTION_EDITED_IN_PLACE besides its other changes.
std::vector<ConventionDiff> compare(const model::Program& before, const model::Program& after);

}  // namespace baton::contract
