// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Obligations of different paths are the same if their clause is, counted from the first.
#include "verify/paths.h"

#include <algorithm>
#include <set>

#include "base/address.h"

namespace baton::verify {
namespace {

constexpr uint64_t kMostSeeds = 4;
// Of the conditions of a way, in a sentence.
constexpr size_t kMostTold = 8;
// A run with numbers may notice later than one without that it goes around.
constexpr uint64_t kLeastRerun = 1 << 16;
// And what ends without them at what is not known may go on for some turns.
constexpr uint64_t kFurther = 1 << 18;

bool hold(const Claim& premises, const Definitions& definitions, const Assignment& numbers) {
  return std::all_of(premises.begin(), premises.end(), [&](const Equality& premise) {
    const uint64_t seen = evaluate(premise.seen, definitions, numbers);
    return std::any_of(premise.one_of.begin(), premise.one_of.end(),
                       [&](const Value& value) { return evaluate(value, definitions, numbers) == seen; });
  });
}

/// Numbers that go this way, and that the giver may come with.
std::optional<Assignment> numbers_of(const Decisions& decisions, const Definitions& definitions, const Claim& premises, uint64_t seed) {
  auto numbers = find_assignment(decisions, definitions, seed);
  if (!numbers || hold(premises, definitions, *numbers)) return numbers;
  // What a register holds at entry is a symbol of its own: each seed has it hold another of its values.
  for (const Equality& premise : premises) {
    const Bit bit = premise.seen.bit(0);
    if (!bit.is_constant && !bit.is_unknown() && !definitions.find(symbol_of(bit.atom)))
      numbers->choose(symbol_of(bit.atom), evaluate(premise.one_of[seed % premise.one_of.size()], definitions, *numbers));
  }
  if (!hold(premises, definitions, *numbers) || !holds(decisions, definitions, *numbers)) return std::nullopt;
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

std::vector<std::pair<std::string, uint64_t>> inputs_of(const Assignment& numbers, const SymbolNames& names, const std::map<uint64_t, uint64_t>& filled) {
  constexpr size_t kMostPlaces = 4;
  std::vector<std::pair<std::string, uint64_t>> inputs;
  for (const auto& [symbol, number] : numbers.chosen()) inputs.emplace_back(names(symbol), number);
  for (const auto& [address, number] : filled)
    if (inputs.size() < kMostPlaces + numbers.chosen().size()) inputs.emplace_back("8 bytes at " + hex(Wide{address}), number);
  return inputs;
}

std::vector<std::shared_ptr<const Assignment>> telling_numbers(const Value& open, const Decisions& decisions, const Definitions& definitions,
                                                               const Claim& premises) {
  std::set<unsigned> made_of;
  definitions.collect(open, made_of);
  std::erase_if(made_of, [&](unsigned symbol) { return definitions.find(symbol) != nullptr; });
  std::vector<std::shared_ptr<const Assignment>> all;
  // As an address: low memory, which is there and mostly somebody's. As a count: many turns, a single one, and as many as there are.
  for (uint64_t number : {uint64_t{0x4000}, uint64_t{1}, uint64_t{0}}) {
    auto numbers = numbers_of(decisions, definitions, premises, number);
    if (!numbers) continue;
    for (unsigned symbol : made_of) numbers->choose(symbol, 0);
    // Mostly it is one of them and a number, and one that was loaded in the other byte order now and then.
    if (!made_of.empty()) {
      const uint64_t rest = number - evaluate(open, definitions, *numbers);
      for (uint64_t chosen : {__builtin_bswap64(rest), rest}) {
        numbers->choose(*made_of.begin(), chosen);
        if (evaluate(open, definitions, *numbers) == number) break;
      }
    }
    if (hold(premises, definitions, *numbers) && holds(decisions, definitions, *numbers)) all.push_back(std::make_shared<const Assignment>(*numbers));
  }
  return all;
}

std::string conditions(const std::vector<std::pair<Atom, bool>>& forks, const Definitions& definitions, const SymbolNames& names) {
  std::string text;
  for (size_t i = 0; i < forks.size(); ++i) {
    if (i == kMostTold && forks.size() > kMostTold + 1) return text + " and " + std::to_string(forks.size() - i) + " more";
    text += (text.empty() ? "where " : " and ") + to_text(forks[i].first, forks[i].second, definitions, names);
  }
  return text;
}

/// Null where no more are tried. With numbers the same way is as long, or ends earlier; what ended for what is not known goes on.
const Verdict* PathMerger::rerun(const Path& path, const Assignment& numbers, uint64_t further) {
  for (const Tried& tried : tried_)
    if (tried.numbers == numbers) return &tried.verdict;
  const uint64_t most = 2 * path.steps + kLeastRerun + further;
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
  obligation.example = Example{inputs_of(numbers, path.names, {}), same->detail};
  return true;
}

/// Whether what is refuted stays so.
bool PathMerger::look_for_example(Obligation& obligation, size_t index, const Path& path) {
  const size_t occurrence = occurrence_of(path.verdict.obligations, index);
  for (uint64_t seed = 1; seed <= kMostSeeds; ++seed)
    if (auto numbers = numbers_of(path.decisions, *path.definitions, path.premises, seed); numbers && try_numbers(obligation, occurrence, path, *numbers))
      return true;
  // Where every number comes this way, and results have no part in it.
  auto claim = path.claims.find(index);
  return path.forks.empty() && (claim == path.claims.end() || (path.premises.empty() && is_exact(claim->second, *path.definitions)));
}

/// What is not known since it depends on what nobody promises is wrong if numbers show it: the giver may come with them.
bool PathMerger::show_by_numbers(Path& path) {
  std::vector<Obligation>& obligations = path.verdict.obligations;
  if (path.verdict.outcome() != Outcome::kUnknown || path.is_long) return false;
  for (const auto& numbers : telling_numbers(path.open, path.decisions, *path.definitions, path.premises)) {
    const Verdict* again = rerun(path, *numbers, kFurther);
    if (!again) return false;
    for (size_t i = 0; i < again->obligations.size(); ++i) {
      Obligation wrong = again->obligations[i];
      if (wrong.outcome != Outcome::kRefuted) continue;
      wrong.numbers = numbers;
      wrong.example = Example{inputs_of(*numbers, path.names, again->filled), wrong.detail};
      Obligation* same = find_obligation(obligations, wrong.clause, occurrence_of(again->obligations, i));
      // Where the target is not reached, that is why nothing is known of the rest.
      wrong.detail = (same && obligations.front().outcome != Outcome::kUnknown ? *same : obligations.front()).detail;
      if (same)
        *same = std::move(wrong);
      else
        obligations.push_back(std::move(wrong));
      return true;
    }
  }
  return false;
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
  const bool shown = show_by_numbers(path);
  bool is_gone = path.forks.empty() || shown;
  for (size_t i = 0; i < obligations.size(); ++i) {
    if (obligations[i].outcome <= Outcome::kAssumed) continue;
    const bool has_example = obligations[i].numbers != nullptr;
    if (obligations[i].outcome == Outcome::kRefuted && (has_example || look_for_example(obligations[i], i, path)))
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
  merged_.waits_for = merged_.waits_for.unite(path.verdict.waits_for);
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
