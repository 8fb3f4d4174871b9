// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Obligations of different paths are the same if their clause is, counted from the first.
#include "verify/paths.h"

#include <algorithm>

#include "base/address.h"

namespace baton::verify {
namespace {

/// The obligation of this clause, where it comes up for the `occurrence`th time.
Obligation* find(std::vector<Obligation>& in, const std::string& clause, size_t occurrence) {
  for (Obligation& o : in)
    if (o.clause == clause && occurrence-- == 0) return &o;
  return nullptr;
}

size_t occurrence_of(const std::vector<Obligation>& in, size_t index) {
  return static_cast<size_t>(std::count_if(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(index),
                                           [&](const Obligation& o) { return o.clause == in[index].clause; }));
}

}  // namespace

std::string conditions(const std::vector<std::pair<Atom, bool>>& forks, const Definitions& definitions, const SymbolNames& names) {
  std::string text;
  for (const auto& [atom, one] : forks) text += (text.empty() ? "where " : " and ") + to_text(atom, one, definitions, names);
  return text;
}

void PathMerger::look_for_example(Obligation& obligation, size_t occurrence, const Path& path, const std::string& where) {
  constexpr uint64_t kSeeds = 4;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    auto numbers = find_assignment(path.decisions, *path.definitions, seed);
    if (!numbers) continue;
    auto shared = std::make_shared<const Assignment>(*numbers);
    Verdict again = rerun_(shared);
    const Obligation* same = find(again.obligations, obligation.clause, occurrence);
    if (!same || same->outcome != Outcome::kRefuted) continue;
    if (numbers->chosen().empty() && same->detail == obligation.detail) return;  // it says nothing new
    obligation.example.emplace();
    for (const auto& [symbol, number] : numbers->chosen()) obligation.example->inputs.emplace_back(path.names(symbol), number);
    obligation.example->seen = same->detail;
    return;
  }
  if (path.forks.empty()) return;  // then every number comes this way
  obligation.outcome = Outcome::kUnknown;
  obligation.detail += "; no numbers were found " + where;
}

void PathMerger::add(Path path) {
  ++paths_;
  const std::string where = conditions(path.forks, *path.definitions, path.names);
  std::vector<Obligation>& obligations = path.verdict.obligations;
  for (size_t i = 0; i < obligations.size(); ++i) {
    if (obligations[i].outcome == Outcome::kRefuted) look_for_example(obligations[i], occurrence_of(obligations, i), path, where);
    if (!where.empty() && obligations[i].outcome > Outcome::kAssumed) obligations[i].detail += ", " + where;
  }
  if (paths_ == 1) {
    merged_ = std::move(path.verdict);
    return;
  }
  for (size_t i = 0; i < obligations.size(); ++i) {
    Obligation* known = find(merged_.obligations, obligations[i].clause, occurrence_of(obligations, i));
    if (!known)
      merged_.obligations.push_back(obligations[i]);
    else if (obligations[i].outcome > known->outcome)
      *known = obligations[i];
  }
  std::erase_if(merged_.stored, [&](const auto& byte) {
    auto same = path.verdict.stored.find(byte.first);
    return same == path.verdict.stored.end() || same->second != byte.second;
  });
  if (path.verdict.instructions > merged_.instructions) {
    merged_.instructions = path.verdict.instructions;
    merged_.executed = std::move(path.verdict.executed);
  }
}

Verdict PathMerger::finish(size_t open) {
  merged_.paths = paths_ + open;
  if (open != 0)
    for (Obligation& o : merged_.obligations)
      if (o.outcome < Outcome::kUnknown) {
        o.outcome = Outcome::kUnknown;
        o.detail = "it has more than " + std::to_string(kMostPaths) + " ways to go";
      }
  return std::move(merged_);
}

}  // namespace baton::verify
