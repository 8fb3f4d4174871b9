// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In which facts do two conventions differ?
//
// A Difference is one subject (r5, `msr LE`, the landing) with what each side says of it and whether each
// side's statement entails the other's about it. Facts in the same words, or in other words with one
// meaning, are none. The rules (rules.cpp) give it a name; its effect is entailment's answer, whatever
// the name. Of an order, an event that moved is one difference, not one per pair.
//
//   r5 = 0 gone:  {kRegister, master, "r5", before "r5 = 0", after "", taker no, giver yes}
#pragma once

#include <string>
#include <vector>

#include "contract/entail.h"

namespace baton::contract {

struct Difference {
  enum class What {
    kFact,        // of the kind below
    kMode,        // all fields of a mode clause
    kFrame,       // memory that is unspecified
    kEdge,        // an order edge
    kMoved,       // an event that stands elsewhere in the order
    kRole,
    kIncidental,  // a clause that promises nothing
    kWords        // documentation, reasons, other words for one meaning, the source
  };
  What what = What::kFact;
  model::Section section = model::Section::kMaster;
  model::ClauseKind kind = model::ClauseKind::kFact;
  std::string section_text, subject;
  Wording before, after;
  /// New entails what old said; old entails what new says. For `expects` and its mirror alike: `taker` is
  /// yes where images and loaders of the old version are safe.
  Judgement taker, giver;
  bool was = false, is = false;  // that side says something of it
  /// For the names: what the promise was before, or is now, in an incidental clause.
  bool same_incidental_before = false, same_incidental_after = false;
  bool stack = false;      // about stack(..)
  bool same_start = false;  // a copy of another length only
  bool longer = false;      // and that one is longer now
  bool same_offset = true;  // of a named word
  bool source = false;     // kWords: the convention's source

  bool taker_ok() const { return taker.truth == Truth::kYes; }
  bool giver_ok() const { return giver.truth == Truth::kYes; }
};

std::vector<Difference> differences(const Subject& before, const Subject& after,
                                    const std::map<std::string, std::string>& renamed);

}  // namespace baton::contract
