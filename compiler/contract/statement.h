// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a convention state, fact by fact, in normal form?
//
// A Statement is the same thing for a convention by itself (names stay names) and for one side of a
// handoff (every name has its value), so that one relation (entail.h) serves the comparison of versions
// and the making of a stub. One clause may state several facts: `mode real` is three MSR fields. Incidental
// clauses are kept apart: they promise nothing.
//
//   linux.bootblock@17  ->  master r4 {image.base, 0}; slaves copy 0x8 +: 0x54 from image.base + 0x8; ...
#pragma once

#include <map>
#include <string>
#include <vector>

#include "contract/claim.h"
#include "contract/diff.h"
#include "contract/order.h"
#include "contract/term.h"

namespace baton::contract {

struct Fact {
  model::Section section = model::Section::kMaster;
  std::string role;            // kExpects
  model::ClauseKind kind = model::ClauseKind::kFact;
  std::string subject;         // r5; LE; icache_coherent; of kPlace the role; of kWord its name
  bool any = false;            // nothing is said: of values only
  std::vector<Term> values;    // one of these holds
  std::vector<Area> areas;     // of kPlace, kWithin: each holds; of the rest: all together
  bool disjoint = false;       // kPlace: `disjoint`, not `within`
  std::vector<Copy> copies;    // kBytes: one
  const model::Clause* clause = nullptr;
  const Claim* claim = nullptr;  // of a handoff's side

  /// The same thing is spoken of: entailment compares such facts.
  bool same_subject(const Fact& other) const;
};

struct Statement {
  std::vector<Fact> facts;
  std::vector<Fact> incidental;
  std::vector<model::OrderEdge> edges;
  PartialOrder order;
  std::vector<model::Role> roles;

  const Fact* find(const Fact& like) const;
  /// Whether a slave may come to the landing, as this side promises.
  bool slaves_may_arrive() const;
};

/// `renamed`: what this side's roles are called by the other side.
Statement state(const Subject& subject, const std::map<std::string, std::string>& renamed = {});
/// One fact for each claim, in their order.
Statement state(const Boundary& boundary);

/// Fields of one bit; a set of both values says nothing.
bool is_bit(model::ClauseKind kind);

}  // namespace baton::contract
