// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Obligations of different paths are the same if their clause is, counted from the first.
#include "verify/paths.h"

#include <algorithm>
#include <set>

#include "base/address.h"

namespace baton::verify {
namespace {

// Of the conditions of a way, in a sentence.
constexpr size_t kMostTold = 8;
// A run with numbers may notice later than one without that it goes around.
constexpr uint64_t kLeastRerun = 1 << 16;

bool hold(const Claim& premises, const Definitions& definitions, const Assignment& numbers) {
  return std::all_of(premises.begin(), premises.end(), [&](const Equality& premise) {
    const uint64_t seen = evaluate(premise.seen, definitions, numbers);
    return std::any_of(premise.one_of.begin(), premise.one_of.end(),
                       [&](const Value& value) { return evaluate(value, definitions, numbers) == seen; });
  });
}

/// Numbers that go this way, and that the giver may come with.
std::optional<Assignment> numbers_of(const Path& path, uint64_t seed) {
  auto numbers = find_assignment(path.decisions, *path.definitions, seed);
  if (!numbers || hold(path.premises, *path.definitions, *numbers)) return numbers;
  // What a register holds at entry is a symbol of its own: each seed has it hold another of its values.
  for (const Equality& premise : path.premises) {
    const Bit bit = premise.seen.bit(0);
    if (!bit.is_constant && !bit.is_unknown() && !path.definitions->find(symbol_of(bit.atom)))
      numbers->choose(symbol_of(bit.atom), evaluate(premise.one_of[seed % premise.one_of.size()], *path.definitions, *numbers));
  }
  if (!hold(path.premises, *path.definitions, *numbers) || !holds(path.decisions, *path.definitions, *numbers)) return std::nullopt;
  return numbers;
}

/// No result in it: its symbols may be any numbers, independently of each other.
bool is_exact(const Claim& claim, const Definitions& definitions) {
  std::set<unsigned> symbols;
  for (const Equality& equality : claim) {
    definitions.collect(equality.seen, symbols);
    for (const Value& value : equality.one_of) definitions.collect(value, symbols);
  }
  return symbols.empty() || !definitions.find(*symbols.rbegin());
}

/// A bit of which nothing is known is not certainly anything: no solver shows that.
bool can_hold(const Claim& claim) {
  return std::none_of(claim.begin(), claim.end(), [](const Equality& equality) {
    return has_unknown_bits(equality.seen) || std::all_of(equality.one_of.begin(), equality.one_of.end(), has_unknown_bits);
  });
}

}  // namespace

std::string conditions(const std::vector<std::pair<Atom, bool>>& forks, const Definitions& definitions, const SymbolNames& names) {
  std::string text;
  for (size_t i = 0; i < forks.size(); ++i) {
    if (i == kMostTold && forks.size() > kMostTold + 1) return text + " and " + std::to_string(forks.size() - i) + " more";
    text += (text.empty() ? "where " : " and ") + to_text(forks[i].first, forks[i].second, definitions, names);
  }
  return text;
}

/// Null where no more are tried. With numbers the same way is as long, or ends earlier.
const Verdict* PathMerger::rerun(const Path& path, const Assignment& numbers) {
  for (const Tried& tried : tried_)
    if (tried.numbers == numbers) return &tried.verdict;
  const uint64_t most = 2 * path.steps + kLeastRerun;
  if (most > left_) return nullptr;
  left_ -= most;
  return &tried_.emplace_back(numbers, rerun_(std::make_shared<const Assignment>(numbers), most)).verdict;
}

/// Whether a run with these numbers refutes it, and then with them as its example.
bool PathMerger::try_numbers(Obligation& obligation, size_t occurrence, const Path& path, const Assignment& numbers) {
  const Verdict* again = rerun(path, numbers);
  if (!again) return false;
  const Obligation* same = find_obligation(again->obligations, obligation.clause, occurrence);
  if (!same || same->outcome != Outcome::kRefuted) return false;
  obligation.outcome = Outcome::kRefuted;
  obligation.numbers = std::make_shared<const Assignment>(numbers);
  if (numbers.chosen().empty() && same->detail == obligation.detail) return true;  // it says nothing new
  obligation.example.emplace();
  for (const auto& [symbol, number] : numbers.chosen()) obligation.example->inputs.emplace_back(path.names(symbol), number);
  obligation.example->seen = same->detail;
  return true;
}

/// Whether what is refuted stays so.
bool PathMerger::look_for_example(Obligation& obligation, size_t index, const Path& path) {
  constexpr uint64_t kSeeds = 4;
  const size_t occurrence = occurrence_of(path.verdict.obligations, index);
  for (uint64_t seed = 1; seed <= kSeeds; ++seed)
    if (auto numbers = numbers_of(path, seed); numbers && try_numbers(obligation, occurrence, path, *numbers))
      return true;
  // Where every number comes this way, and results have no part in it.
  auto claim = path.claims.find(index);
  return path.forks.empty() && (claim == path.claims.end() || (path.premises.empty() && is_exact(claim->second, *path.definitions)));
}

/// What becomes of one that bits and names do not decide, where `way` is what the solver says of the way. The answer is what
/// is to be said of it besides.
std::string PathMerger::ask(Path& path, size_t index, const Solver::Answer& way, bool is_first) {
  Obligation& obligation = path.verdict.obligations[index];
  auto claim = path.claims.find(index);
  const bool askable = claim != path.claims.end() && !claim->second.empty() && can_hold(claim->second);
  Solver::Answer answer = askable ? solver_.find(*path.definitions, path.decisions, path.premises, &claim->second) : way;
  if (askable && answer.kind == Solver::Kind::kNone) {
    obligation.outcome = Outcome::kProved;
    obligation.by_solver = true;
    return ": the solver shows that no numbers make them differ";
  }
  const bool refuted = obligation.outcome == Outcome::kRefuted;
  if (answer.kind == Solver::Kind::kNumbers && (askable || refuted) &&
      try_numbers(obligation, occurrence_of(path.verdict.obligations, index), path, answer.numbers))
    return {};
  obligation.outcome = Outcome::kUnknown;
  if (refuted || askable) return "; no numbers were found that show it" + (answer.reason.empty() ? "" : ": " + answer.reason);
  return answer.reason.empty() || !is_first ? "" : "; " + answer.reason;
}

/// Of what is still open; false when nobody goes this way.
bool PathMerger::settle(Path& path, const std::vector<size_t>& open, bool is_gone, std::map<size_t, std::string>& notes) {
  Solver::Answer way;
  if (!is_gone) way = solver_.find(*path.definitions, path.decisions, path.premises);
  if (way.kind == Solver::Kind::kNone) return false;
  for (size_t index : open) notes[index] = ask(path, index, way, index == open.front());
  return true;
}

void PathMerger::leave_out() {
  ++impossible_;
  all_by_solver_ = true;
}

void PathMerger::add(Path path) {
  tried_.clear();
  const std::string where = conditions(path.forks, *path.definitions, path.names);
  std::vector<Obligation>& obligations = path.verdict.obligations;
  std::vector<size_t> open;
  bool is_gone = path.forks.empty();
  for (size_t i = 0; i < obligations.size(); ++i) {
    if (obligations[i].outcome <= Outcome::kAssumed) continue;
    if (obligations[i].outcome == Outcome::kRefuted && look_for_example(obligations[i], i, path))
      is_gone = true;
    else
      open.push_back(i);
  }
  std::map<size_t, std::string> notes;
  if (!open.empty() && !settle(path, open, is_gone, notes)) {
    ++impossible_;
    for (size_t i : open) spared_.push_back(obligations[i]);
    return;
  }
  ++paths_;
  for (Obligation& o : obligations)
    if (!where.empty() && o.outcome > Outcome::kAssumed) o.detail += ", " + where;
  for (const auto& [index, note] : notes) obligations[index].detail += note;
  if (paths_ == 1) {
    merged_ = std::move(path.verdict);
    return;
  }
  for (size_t i = 0; i < obligations.size(); ++i) {
    Obligation* known = find_obligation(merged_.obligations, obligations[i].clause, occurrence_of(obligations, i));
    if (!known)
      merged_.obligations.push_back(obligations[i]);
    else if (obligations[i].outcome > known->outcome)
      *known = obligations[i];
    else if (obligations[i].outcome == known->outcome)
      known->by_solver = known->by_solver || obligations[i].by_solver;
  }
  merged_.stored.keep_common(path.verdict.stored);
  if (path.verdict.instructions > merged_.instructions) {
    merged_.instructions = path.verdict.instructions;
    merged_.executed = std::move(path.verdict.executed);
  }
}

Verdict PathMerger::finish(size_t open) {
  merged_.paths = paths_ + open;
  merged_.impossible = impossible_;
  if (paths_ == 0) return Verdict{{{"enter", Outcome::kUnknown, "the solver says that nobody goes any way through it"}}, 0, {}};
  for (Obligation& o : merged_.obligations) {
    const bool spared = std::any_of(spared_.begin(), spared_.end(), [&](const Obligation& other) { return other.clause == o.clause; });
    if (o.outcome == Outcome::kProved && (spared || all_by_solver_)) o.by_solver = true;
    if (open == 0 || o.outcome >= Outcome::kUnknown) continue;
    o.outcome = Outcome::kUnknown;
    o.detail = "it has more than " + std::to_string(kMostPaths) + " ways to go";
  }
  return std::move(merged_);
}

}  // namespace baton::verify
