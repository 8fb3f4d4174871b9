// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A line for each obligation and one for its reason. See judgement.h.
#include "verify/judgement.h"

#include <algorithm>
#include <algorithm>
#include <map>

namespace baton::verify {
namespace {

std::string plural(uint64_t n, const char* what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); }

std::string padded(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

/// What is wrong first, and what is in order last.
std::vector<const Obligation*> worst_first(const Verdict& verdict) {
  std::vector<const Obligation*> sorted;
  for (const Obligation& o : verdict.obligations) sorted.push_back(&o);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Obligation* a, const Obligation* b) { return a->outcome > b->outcome; });
  return sorted;
}

}  // namespace

std::string example_text(const Example& example) {
  std::string text;
  for (const auto& [name, number] : example.inputs) text += (text.empty() ? "" : ", ") + name + " = " + hex(Wide{number});
  return text + (text.empty() ? "" : ": ") + example.seen;
}

std::string replayed_text(const Replayed& replayed) {
  switch (replayed.answer) {
    case Replayed::Answer::kConfirmed: return "confirmed in QEMU: " + replayed.detail;
    case Replayed::Answer::kCannotShow: return "QEMU can not show this: " + replayed.detail;
    case Replayed::Answer::kNotRun: return "not replayed: " + replayed.detail;
    case Replayed::Answer::kDisagrees: return "QEMU disagrees: " + replayed.detail;
  }
  return {};
}

std::string judgement_text(const Judgement& j) {
  constexpr size_t kWord = sizeof("refuted");
  std::string text = j.stub + ": " + j.kind + j.entry + "\n";
  for (const NamedRange& piece : j.pieces) text += "  " + padded(to_text(piece.range), 28) + piece.name + "\n";
  for (const NamedRange& other : j.around) text += "  " + padded(to_text(other.range), 28) + other.name + "\n";
  for (const std::string& remark : j.remarks) text += "  note: " + remark + "\n";
  text += "from " + j.from + " to " + j.to + "\n";
  std::map<Outcome, uint64_t> count;
  uint64_t by_solver = 0;
  for (const JudgedOrder& way : j.ways) {
    text += "\n" + std::string(to_text(way.giver)) + "-endian giver: " + plural(way.verdict->paths, "way") + ", at most " +
            plural(way.verdict->instructions, "instruction") +
            (way.verdict->impossible == 0 ? "" : "; nobody goes " + std::to_string(way.verdict->impossible) + " more, as the solver shows") + "\n";
    const auto sorted = worst_first(*way.verdict);
    for (size_t i = 0; i < sorted.size(); ++i) {
      const Obligation& o = *sorted[i];
      ++count[o.outcome];
      if (o.by_solver) ++by_solver;
      text += "  " + padded(to_text(o.outcome), kWord) + "  " + o.clause + (o.by_solver ? ", by the solver" : "") + "\n";
      // A reason that several in a row have is said once, behind the last.
      const bool said_again = i + 1 < sorted.size() && sorted[i + 1]->outcome == o.outcome && sorted[i + 1]->detail == o.detail;
      if (!o.detail.empty() && !said_again) text += std::string(kWord + 4, ' ') + o.detail + "\n";
      for (size_t at = 0; at < o.trace.size();) {
        const size_t end = std::min(o.trace.find('\n', at), o.trace.size());
        text += std::string(kWord + 4, ' ') + o.trace.substr(at, end - at) + "\n";
        at = end + 1;
      }
      if (o.example) text += std::string(kWord + 4, ' ') + "for example: " + example_text(*o.example) + "\n";
      if (o.replayed) text += std::string(kWord + 4, ' ') + replayed_text(*o.replayed) + "\n";
    }
  }
  text += "\n";
  const char* separator = "";
  for (Outcome outcome : {Outcome::kProved, Outcome::kAssumed, Outcome::kUnknown, Outcome::kRefuted}) {
    text += separator + std::to_string(count[outcome]) + " " + to_text(outcome);
    if (outcome == Outcome::kProved && by_solver != 0) text += " (" + std::to_string(by_solver) + " by the solver)";
    separator = ", ";
  }
  return text + "\n";
}

}  // namespace baton::verify
