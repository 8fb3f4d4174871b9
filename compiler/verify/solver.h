// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What of it that bits and names do not show is so nevertheless?
//
// The question is put to Z3, in 64-bit vectors: are there numbers under which a way is gone, and, on it, something is not as
// claimed? Symbols without a definition may be any number, those with one are what it says, unknown bits may be anything.
// None is a proof; numbers are believed after a run with them only (paths.h). Z3 is loaded by the first question: no stub
// that the compiler writes itself asks one. Effort is counted in Z3's own steps, not in time: the same question has the same
// answer on every machine. Without Z3 the answer is that it is not known.
//
//   Solver solver({}); solver.find(definitions, decisions, {}, &claim).kind == Solver::Kind::kNone: it holds on that way
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "verify/definitions.h"

namespace baton::verify {

/// `seen` is one of the others.
struct Equality {
  Value seen;
  std::vector<Value> one_of;
};
/// All of them hold.
using Claim = std::vector<Equality>;

struct SolverUse {
  bool allowed = true;
  std::string library = "libz3.so.4";
  uint64_t effort = 500'000;           // of one question: about a second, where it is all spent
  uint64_t total_effort = 10'000'000;  // of all that are asked by one Solver
};

class Solver {
 public:
  enum class Kind {
    kNone,     // certainly no numbers
    kNumbers,  // these
    kUnknown,  // see `reason`
  };
  struct Answer {
    Kind kind = Kind::kUnknown;
    Assignment numbers = Assignment();
    std::string reason = {};  // "libz3.so.4, the solver, is not installed, and might tell"
  };

  explicit Solver(SolverUse use);
  ~Solver();
  Solver(const Solver&) = delete;
  Solver& operator=(const Solver&) = delete;

  /// Numbers under which all decisions come out so, the premises hold and, where one is given, the claim does not.
  Answer find(const Definitions& definitions, const Decisions& decisions, const Claim& premises, const Claim* claim = nullptr);

 private:
  class Session;  // Z3's context

  SolverUse use_;
  std::unique_ptr<Session> session_;
};

}  // namespace baton::verify
