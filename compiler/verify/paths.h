// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is to be said of a stub that has several ways through it?
//
// The worst that is said of any way, with the conditions under which it is taken. Where a way depends on a result of its
// inputs, it may be one that nobody ever takes: what is refuted there counts only with numbers that take it, and a
// trial with those numbers that ends in the same. Where no numbers are found by going back through definitions the solver
// is asked: for numbers, or that there are none, and then nobody goes the way, or the obligation holds on it.
//
//   PathMerger merger(solver, rerun); merger.add(path); merger.finish(0)
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "verify/definitions.h"
#include "verify/solver.h"
#include "verify/verify.h"

namespace baton::verify {

/// One way through a stub, and what became of its obligations.
struct Path {
  Verdict verdict;
  /// What was decided, in order, and what follows from that.
  std::vector<std::pair<Atom, bool>> forks;
  Decisions decisions;
  const Definitions* definitions;
  SymbolNames names;
  /// Of obligations that are not proved, by their place in the verdict: what must hold for them to be. Without one there
  /// is nothing to ask but whether anybody goes this way.
  std::map<size_t, Claim> claims;
  /// What the giver promises of values that are not numbers.
  Claim premises;
  /// How long it was, by the count of kMostInstructions.
  uint64_t steps = 0;
  /// A value that it ends by, since it is no number: an address, or CTR. A constant where there is none.
  Value open;
  bool is_long = false;  // it was not followed to its end
};

/// "where A < B and C = D"; empty without forks.
std::string conditions(const std::vector<std::pair<Atom, bool>>& forks, const Definitions& definitions, const SymbolNames& names);

/// What an example tells: the numbers that were chosen, and the first of what memory held that nobody described.
std::vector<std::pair<std::string, uint64_t>> inputs_of(const Assignment& numbers, const SymbolNames& names, const std::map<uint64_t, uint64_t>& filled);

/// Numbers that may tell a wrong state of a run that ends by `open`, or by what nobody described: all that go this way, and
/// that the giver may come with. The open value, where it is made of what the giver may choose, is one that stands out.
std::vector<std::shared_ptr<const Assignment>> telling_numbers(const Value& open, const Decisions& decisions, const Definitions& definitions,
                                                               const Claim& premises);

/// A trial with these numbers for all symbols, for so many steps.
using Rerun = std::function<Verdict(std::shared_ptr<const Assignment>, uint64_t most)>;

class PathMerger {
 public:
  /// `most`: steps that all trials together may take.
  PathMerger(Solver& solver, uint64_t most, Rerun rerun) : solver_(solver), rerun_(std::move(rerun)), left_(most) {}
  void add(Path path);
  /// One that was not followed, since the solver shows that nobody goes it.
  void leave_out();
  uint64_t ways() const { return paths_ + impossible_; }
  bool wants_more() const { return paths_ < kMostPaths && impossible_ < kMostImpossible; }
  /// `open`: ways that were not followed to their end.
  Verdict finish(size_t open);

 private:
  static constexpr uint64_t kMostImpossible = 8 * kMostPaths;
  /// Of one way, the same numbers are asked about each of its obligations.
  struct Tried {
    Assignment numbers;
    Verdict verdict;
  };
  const Verdict* rerun(const Path& path, const Assignment& numbers, uint64_t further = 0);
  bool try_numbers(Obligation& obligation, size_t occurrence, const Path& path, const Assignment& numbers);
  bool show_by_numbers(Path& path);
  bool look_for_example(Obligation& obligation, size_t index, const Path& path);
  bool settle(Path& path, const std::vector<size_t>& open, bool is_gone, std::map<size_t, std::string>& notes);
  std::string ask(Path& path, size_t index, const Solver::Answer& way, bool is_first);

  Solver& solver_;
  Rerun rerun_;
  uint64_t left_;
  std::vector<Tried> tried_;  // of the way that is being added
  Verdict merged_;
  uint64_t paths_ = 0, impossible_ = 0;
  bool all_by_solver_ = false;
  std::vector<Obligation> spared_;  // what was not proved on ways that nobody goes
};

}  // namespace baton::verify
