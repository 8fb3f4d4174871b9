// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What becomes of a convention's clauses when one more is stated: beside them, or in the place of an inherited one?
//
// A clause of an inherited key needs `override`; `drop KEY` takes one away; `unspecified KEY` withdraws the
// promise, so that nothing is known of it. Keys are read elsewhere (contract_clauses.h). An *orphan* extends
// what is not there: what it would have inherited is not known, and nothing is reported that follows from that.
//
//   r5 = 0 inherited, `unspecified r5` stated  ->  r5 is any;  `r5 = 1` stated  ->  override-missing
#pragma once

#include <map>
#include <string>

#include "check/clause_index.h"
#include "check/reader.h"
#include "diagnostics/diagnostic.h"
#include "model/program.h"

namespace baton::check {

class Inheritance {
 public:
  /// `clauses` is open on the convention's.
  Inheritance(const model::Convention& convention, ClauseIndex& clauses, bool orphan,
              const std::map<std::string, model::Let>& lets, diagnostics::Sink& sink)
      : c_(convention), clauses_(clauses), orphan_(orphan), lets_(lets), sink_(sink) {}

  /// `r` tells the modifiers, and where to point.
  void add(model::Clause stated, ClauseReader& r);

 private:
  void withdraw(model::Clause stated, ClauseReader& r);
  void withdraw_copies(const model::Clause& unspecified);
  void merge(model::Clause stated, const ClauseReader& r);

  const model::Convention& c_;
  ClauseIndex& clauses_;
  bool orphan_;
  const std::map<std::string, model::Let>& lets_;
  diagnostics::Sink& sink_;
};

}  // namespace baton::check
