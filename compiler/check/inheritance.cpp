// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Clauses beside clauses of their key. See inheritance.h.
#include "check/inheritance.h"

#include <algorithm>

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
  auto same = [&](const Clause& other) { return other.section == stated.section && other.key == stated.key; };
  auto own = std::find_if(c_.clauses.begin(), c_.clauses.end(),
                          [&](const Clause& other) { return same(other) && other.origin == c_.name; });
  if (own != c_.clauses.end()) {
    sink_.report(Code::duplicate_clause, r.head_span(), "`" + stated.key + "` is stated twice")
        .label(own->span, "first here");
    return;
  }
  auto inherited = std::find_if(c_.clauses.begin(), c_.clauses.end(), same);
  if (inherited == c_.clauses.end()) {
    if (!orphan_)
      sink_.report(Code::override_nothing, r.head_span(), "there is no inherited `" + stated.key + "` to withdraw");
    return;
  }
  // What is silent about CPUs is left as it was found; what is said to be unknown is not.
  bool says_unknown = stated.kind == ClauseKind::kRegister || stated.kind == ClauseKind::kMsr ||
                      stated.kind == ClauseKind::kIle || stated.kind == ClauseKind::kArrival ||
                      stated.kind == ClauseKind::kMode;
  if (says_unknown) {
    stated.any = true;
    stated.incidental = false;
    stated.text = "unspecified " + stated.key;
    *inherited = stated;
  } else {
    c_.clauses.erase(inherited);
  }
  // The incidental clause of that key says no more either.
  std::erase_if(c_.clauses, [&](const Clause& other) { return same(other) && other.origin != c_.name; });
}

// A copy goes as a whole or not at all: of one that is withdrawn in part only, the rest must be restated.
void Inheritance::withdraw_copies(const Clause& unspecified) {
  auto inherited_copy = [&](const Clause& other) {
    return other.kind == ClauseKind::kBytes && other.section == unspecified.section && other.origin != c_.name;
  };
  std::erase_if(c_.clauses, [&](const Clause& other) {
    bool named = std::find(unspecified.words.begin(), unspecified.words.end(), other.key) != unspecified.words.end();
    return named && inherited_copy(other);
  });
  contract::Names names;
  names.roles = &c_.roles;
  names.lets = &lets_;
  for (const Clause& other : c_.clauses) {
    if (!inherited_copy(other) || other.values.size() != 2) continue;
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
  auto existing = std::find_if(c_.clauses.begin(), c_.clauses.end(), [&](const Clause& other) {
    return other.section == stated.section && other.role == stated.role && other.key == stated.key &&
           other.incidental == stated.incidental;
  });
  // `unspecified bytes RANGE` withdraws an inherited copy to that range: nothing is known of it now.
  if (stated.kind == ClauseKind::kUnspecified && !r.drops() && !r.overrides()) {
    if (existing == c_.clauses.end()) withdraw_copies(stated);
    existing = std::find_if(c_.clauses.begin(), c_.clauses.end(), [&](const Clause& other) {
      return other.section == stated.section && other.key == stated.key;
    });
  }
  bool found = existing != c_.clauses.end();
  bool inherited = found && existing->origin != c_.name;
  if (r.drops()) {
    // A dropped key takes its incidental twin only when it is named so.
    if (!inherited && !orphan_)
      sink_.report(Code::override_nothing, r.head_span(),
                   "there is no inherited `" + stated.key + "` to drop");
    else if (inherited)
      c_.clauses.erase(existing);
    return;
  }
  if (r.overrides()) {
    if (!inherited) {
      if (!orphan_)
        sink_.report(Code::override_nothing, r.head_span(),
                     "there is no inherited `" + stated.key + "` to override");
      if (found) return;
      c_.clauses.push_back(std::move(stated));
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
  if (found) {
    sink_.report(Code::duplicate_clause, r.head_span(), "`" + stated.key + "` is stated twice")
        .label(existing->span, "first here");
    return;
  }
  c_.clauses.push_back(std::move(stated));
}

}  // namespace baton::check
