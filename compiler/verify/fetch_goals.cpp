// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See fetch_goals.h.
#include "verify/fetch_goals.h"

namespace baton::verify {
namespace {

/// Instructions, without what the taker reads there.
RangeSet without_data(RangeSet code, const Goals& to) {
  for (const WordGoal& word : to.words) code.subtract(Range::at(word.at, Size{word.width}));
  return code;
}

/// Where this CPU goes on, the first instruction of it in any case.
RangeSet code_here(const Goals& to) {
  RangeSet code = to.code;
  if (auto first = Range::checked(to.target, Size{4})) code.add(*first);
  return without_data(std::move(code), to);
}

}  // namespace

void watch_fetches(Coherence& coherence, const EntryState& from, const Goals& to) {
  coherence = Coherence(from.cache_block);
  coherence.watch(without_data(to.code_of_others, to), to.releases);
  coherence.wait_for(to.awaited);
}

void judge_fetches(const Coherence& coherence, const Goals& to, bool arrived, std::vector<Obligation>& obligations) {
  using Fetched = Coherence::Fetched;
  auto say = [&](const char* clause, Outcome outcome, std::string detail) { obligations.push_back({clause, outcome, std::move(detail)}); };
  const RangeSet here = code_here(to), elsewhere = coherence.watched();
  auto stored = [&] {
    if (const auto& early = coherence.released_early()) return say(kFetchClause, Outcome::kRefuted, "when the other CPUs are let go, " + *early);
    if (!arrived) return say(kFetchClause, Outcome::kUnknown, "the jump to the taker is not reached");
    if (auto missing = coherence.missing(here, Fetched::kHere)) return say(kFetchClause, Outcome::kRefuted, *missing);
    if (auto missing = coherence.missing(elsewhere, Fetched::kElsewhere))
      return say(kFetchClause, Outcome::kRefuted, "for the other CPUs, " + *missing);
    if (coherence.not_followed().overlaps(here) || coherence.not_followed().overlaps(elsewhere))
      return say(kFetchClause, Outcome::kAssumed, "turns that were not run are taken to store, write back and drop from caches as the others do");
    say(kFetchClause, Outcome::kProved, "nothing is missing for blocks of " + std::to_string(coherence.block()) + " bytes and larger ones");
  };
  if (!to.code.empty() || !elsewhere.empty() || coherence.missing(here, Fetched::kHere)) stored();
  if (to.awaited.empty()) return;
  if (!arrived) return say(kPrefetchClause, Outcome::kUnknown, "the jump to the taker is not reached");
  auto missing = coherence.missing_after_wait();
  say(kPrefetchClause, missing ? Outcome::kRefuted : Outcome::kProved, missing.value_or("the context is synchronized after the branch"));
}

}  // namespace baton::verify
