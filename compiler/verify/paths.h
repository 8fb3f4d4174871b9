// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is to be said of a stub that has several ways through it?
//
// The worst that is said of any way, with the conditions under which it is taken. Where a way depends on a result of its
// inputs, it may be one that nobody ever takes: what is refuted there counts only with numbers that take it, and a
// trial with those numbers that ends in the same. A solver is not asked: without such numbers the answer is `unknown`.
//
//   PathMerger merger(rerun); merger.add(verdict, decisions, ...); merger.finish(0)
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "verify/definitions.h"
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
};

/// "where A < B and C = D"; empty without forks.
std::string conditions(const std::vector<std::pair<Atom, bool>>& forks, const Definitions& definitions, const SymbolNames& names);

/// A trial with these numbers for all symbols.
using Rerun = std::function<Verdict(std::shared_ptr<const Assignment>)>;

class PathMerger {
 public:
  explicit PathMerger(Rerun rerun) : rerun_(std::move(rerun)) {}
  void add(Path path);
  bool wants_more() const { return paths_ < kMostPaths; }
  /// `open`: ways that were not followed to their end.
  Verdict finish(size_t open);

 private:
  void look_for_example(Obligation& obligation, size_t occurrence, const Path& path, const std::string& where);

  Rerun rerun_;
  Verdict merged_;
  size_t paths_ = 0;
};

}  // namespace baton::verify
