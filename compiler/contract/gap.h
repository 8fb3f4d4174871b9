// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does the giver's promise entail the taker's need, and where it does not, what is missing?
//
// One relation (entail.h) serves the making of a stub, checking and the comparison of versions. Here each
// need of `to` is answered in a handoff: *entailed* by a promise of `from`; a *gap* that something must
// close; or *impossible*, with the reason. What the promise does not entail about bytes, placement and the
// image concerns real files and addresses: the phases that own those close it, and the clauses are listed
// here as `kElsewhere` so that nothing is forgotten.
//
//   from: r5 = 0    to: r5 = 0            -> entailed by `r5 = 0`
//   from: r3 = cpu.physical_id, to: r3 = tree.address -> gap
//   from: msr HV = 0, to: msr HV = 1      -> impossible: no instruction raises MSR[HV]
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/claim.h"

namespace baton::contract {

enum class Answer {
  kEntailed,    // the promise is enough
  kVacuous,     // nothing is needed: no slave comes
  kGap,         // the stub must bring it about
  kImpossible,  // no stub can
  kElsewhere    // not entailed, about bytes, placement or the image: answered by the phase that owns it
};

struct Obligation {
  const Claim* need = nullptr;     // null for an order edge
  const Claim* promise = nullptr;  // what `from` says about the same thing, if anything
  Answer answer = Answer::kGap;
  std::string reason;              // of kImpossible and kVacuous; of a kGap that could not be decided
  std::optional<model::OrderEdge> edge;
};

struct Gap {
  std::vector<Obligation> obligations;
  /// The states slaves may be in, as `from` promises them.
  std::vector<std::string> arrival;
  /// Whether any slave may ever come to the landing.
  bool slaves_may_arrive = false;

  bool closed() const;
};

/// Both boundaries resolved for the same byte order of the giver.
Gap find_gap(const Boundary& from, const Boundary& to);

}  // namespace baton::contract
