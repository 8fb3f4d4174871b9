// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Clauses beside clauses of their key. See inheritance.h.
#include "check/inheritance.h"

#include <optional>

#include "contract/term.h"

namespace baton::check {

using diagnostics::Code;
using model::Clause;
using model::ClauseKind;

void Inheritance::add(Clause stated, ClauseReader& r) {
  bool suspends = stated.kind == ClauseKind::kUnspecified;  // `unspecified bytes` of memory is a clause of its own
  if (r.unspecified() && !suspends)
    withdraw(std::move(stated), r);
  else
    merge(std::move(stated), r);
}

void Inheritance::withdraw(Clause stated, ClauseReader& r) {
  if (r.incidental()) return r.shape_error(r.head_span(), "no `incidental` beside `unspecified`");
  if (stated.kind == ClauseKind::kEnter) {
    sink_.report(Code::clause_shape, r.head_span(), "where a CPU enters cannot be unspecified")
        .note("`override enter ...;` moves it");
    return;
  }
  std::vector<size_t> same = clauses_.find(stated.section, stated.key);
  for (size_t place : same) {
    if (clauses_.at(place).origin != c_.name) continue;
    sink_.report(Code::duplicate_clause, r.head_span(), "`" + stated.key + "` is stated twice")
        .label(clauses_.at(place).span, "first here");
    return;
  }
  if (same.empty()) {
    if (!orphan_)
      sink_.report(Code::override_nothing, r.head_span(), "there is no inherited `" + stated.key + "` to withdraw");
    return;
  }
  // What is silent about CPUs is left as it was found; what is said to be unknown is not.
  bool says_unknown = stated.kind == ClauseKind::kRegister || stated.kind == ClauseKind::kMsr ||
                      stated.kind == ClauseKind::kIle || stated.kind == ClauseKind::kArrival ||
                      stated.kind == ClauseKind::kMode;
  // The incidental clause of that key says no more either.
  for (size_t i = says_unknown ? 1 : 0; i < same.size(); ++i) clauses_.remove(same[i]);
  if (!says_unknown) return;
  stated.any = true;
  stated.incidental = false;
  stated.text = "unspecified " + stated.key;
  clauses_.at(same[0]) = std::move(stated);
}

// A copy goes as a whole or not at all: of one that is withdrawn in part only, the rest must be restated.
void Inheritance::withdraw_copies(const Clause& unspecified) {
  auto inherited_copy = [&](const Clause& other) {
    return other.kind == ClauseKind::kBytes && other.section == unspecified.section && other.origin != c_.name;
  };
  for (const std::string& word : unspecified.words)
    for (size_t place : clauses_.find(unspecified.section, word))
      if (inherited_copy(clauses_.at(place))) clauses_.remove(place);
  contract::Names names;
  names.roles = &c_.roles;
  names.lets = &lets_;
  for (size_t place = 0; place < clauses_.size(); ++place) {
    const Clause& other = clauses_.at(place);
    if (clauses_.is_removed(place) || !inherited_copy(other) || other.values.size() != 2) continue;
    auto copy = contract::copy_of(*other.values[0], *other.values[1], names);
    if (!copy) continue;
    for (const auto& range : unspecified.values)
      if (contract::disjoint(contract::destination_of(*copy), contract::area_of(*range, names)) == contract::Truth::kNo)
        sink_.report(Code::override_missing, range->span, "`" + c_.name + "` inherits a copy to a part of this range")
            .label(other.span, "inherited from here")
            .note("`override` it with what is still copied, or withdraw all of it: `unspecified " + other.key + ";`");
  }
}

void Inheritance::merge(Clause stated, const ClauseReader& r) {
  std::optional<size_t> place;
  for (size_t other : clauses_.find(stated.section, stated.key)) {
    bool twin = clauses_.at(other).role == stated.role && clauses_.at(other).incidental == stated.incidental;
    if (twin && !place) place = other;
  }
  // `unspecified bytes RANGE` withdraws an inherited copy to that range: nothing is known of it now.
  if (stated.kind == ClauseKind::kUnspecified && !r.drops() && !r.overrides()) {
    if (!place) withdraw_copies(stated);
    std::vector<size_t> left = clauses_.find(stated.section, stated.key);
    place = left.empty() ? std::nullopt : std::optional(left[0]);
  }
  Clause* existing = place ? &clauses_.at(*place) : nullptr;
  bool inherited = existing && existing->origin != c_.name;
  if (r.drops()) {
    // A dropped key takes its incidental twin only when it is named so.
    if (!inherited && !orphan_)
      sink_.report(Code::override_nothing, r.head_span(),
                   "there is no inherited `" + stated.key + "` to drop");
    else if (inherited)
      clauses_.remove(*place);
    return;
  }
  if (r.overrides()) {
    if (!inherited) {
      if (!orphan_)
        sink_.report(Code::override_nothing, r.head_span(),
                     "there is no inherited `" + stated.key + "` to override");
      if (!existing) clauses_.push(std::move(stated));
      return;
    }
    *existing = std::move(stated);
    return;
  }
  if (inherited) {
    sink_.report(Code::override_missing, r.head_span(),
                 "`" + c_.name + "` inherits `" + existing->text + "` from `" + existing->origin +
                     "`; changing it needs `override`")
        .label(existing->span, "inherited from here")
        .fix(source::Span{r.head_span().file, r.head_span().begin, r.head_span().begin}, "override ");
    return;
  }
  if (existing) {
    sink_.report(Code::duplicate_clause, r.head_span(), "`" + stated.key + "` is stated twice")
        .label(existing->span, "first here");
    return;
  }
  clauses_.push(std::move(stated));
}

}  // namespace baton::check
