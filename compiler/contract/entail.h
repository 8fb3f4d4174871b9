// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does what one side promises entail what the other needs?
//
// The one relation of the language: the gap of a handoff (gap.h) and the comparison of versions (diff.h)
// both ask here. *Yes* is set inclusion: every state of CPUs, memory and image that the promise allows
// is one that the need takes, whatever the names stand for. *No* comes with the clause on each side, *unknown*
// with what it depends on: two names that may or may not be equal (image.entry, image.base), a machine
// fact that nothing is known of. Polarity is the caller's: `expects` runs the other way.
//
//   promise r4 in { image.base, 0 }, need r4 = 0          -> no
//   promise bytes 0x0 +: 0x100 = bytes image.entry +: 0x100,
//   need    bytes 0x8 +: 0x54 = bytes image.entry + 0x8 +: 0x54 -> yes, by a part of the copy
#pragma once

#include <string>
#include <vector>

#include "contract/statement.h"

namespace baton::contract {

struct Judgement {
  Truth truth = Truth::kNo;
  const Fact* promise = nullptr;  // what the other side says about the same thing
  std::string why;                // of unknown, and of what holds because nobody is concerned
  bool vacuous = false;           // it speaks of slaves, and none comes
};

Judgement judge(const Statement& promise, const Fact& need);
/// `before < after`.
Judgement judge(const Statement& promise, const model::OrderEdge& need);
/// The edges to be judged: those written, and what they say of the master where no slave comes.
std::vector<model::OrderEdge> needed_order(const Statement& promise, const Statement& need);
/// Memory that the need leaves alone is left alone by the promise.
Judgement judge_frame(const Statement& promise, const Statement& need);
/// Memory that does not keep what was placed there: overwritten by a copy, or unspecified.
Area destroyed(const Statement& statement);

/// All of one direction: `ensures` and order of `need` from those of `promise`, or only `expects`. What is
/// not met comes in the order of the need's clauses.
std::vector<Unmet> unmet_ensures(const Statement& promise, const Statement& need);
std::vector<Unmet> unmet_expects(const Statement& promise, const Statement& need);

/// "role tree : devicetree optional", and whether a side has exactly that role.
std::string to_text(const model::Role& role);
bool has_role(const Statement& statement, const model::Role& role);

/// What a fact was written as.
Wording wording(const Fact& fact);
Wording wording(const model::OrderEdge& edge, const std::string& origin);

}  // namespace baton::contract
