// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What are answers called, which is the worst of them, and which of several with one clause is meant? Those of verify.h.
#include <algorithm>

#include "verify/verify.h"

namespace baton::verify {

const char* to_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::kProved: return "proved";
    case Outcome::kAssumed: return "assumed";
    case Outcome::kUnknown: return "unknown";
    case Outcome::kRefuted: return "refuted";
  }
  return "";
}

const char* to_text(Replayed::Answer answer) {
  switch (answer) {
    case Replayed::Answer::kConfirmed: return "confirmed";
    case Replayed::Answer::kCannotShow: return "cannot-show";
    case Replayed::Answer::kNotRun: return "not-run";
    case Replayed::Answer::kDisagrees: return "disagrees";
  }
  return "";
}

size_t occurrence_of(const std::vector<Obligation>& in, size_t index) {
  return static_cast<size_t>(std::count_if(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(index),
                                           [&](const Obligation& o) { return o.clause == in[index].clause; }));
}

Outcome Verdict::outcome() const {
  Outcome worst = Outcome::kProved;
  for (const Obligation& obligation : obligations) worst = std::max(worst, obligation.outcome);
  return worst;
}

}  // namespace baton::verify
