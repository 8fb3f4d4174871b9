// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A comparison of conventions for people: the clause of the old version stands beside that of the new one. See
// contract_diff.h.
#include <algorithm>

#include "report/contract_diff.h"
#include "report/text_layout.h"

namespace baton::report {
namespace {

constexpr size_t kIndent = 4;
constexpr size_t kColumn = (kWidth - kIndent - 3) / 2;

std::string heading(const std::string& text) {
  const std::string shown = ascii(text).substr(0, kWidth);
  return shown + "\n" + std::string(shown.size(), '-') + "\n";
}

std::string where(const DiffWording& wording) {
  if (!wording.place) return "";
  return wording.place->file + ":" + std::to_string(wording.place->line);
}

/// Two texts beside each other, each wrapped in its column.
std::string columns(const std::string& left, const std::string& right) {
  auto a = break_lines(ascii(left), kColumn), b = break_lines(ascii(right), kColumn);
  std::string text;
  for (size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    std::string line = std::string(kIndent, ' ') + padded(i < a.size() ? a[i] : "", kColumn) + " | " +
                       (i < b.size() ? b[i] : "");
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string sided(const DiffWording& before, const DiffWording& after) {
  std::string text = columns(before.text.empty() ? "-" : before.text, after.text.empty() ? "-" : after.text);
  if (before.place || after.place) text += columns(where(before), where(after));
  return text;
}

std::string change_part(const DiffChange& change) {
  std::string head = change.rule + ", " + change.section;
  head += ": " + who_breaks(change);
  if (change.waived) head += ", waived";
  std::string text = wrap(head, 2, 4) + wrap("(" + change.purpose + ")", kIndent, kIndent);
  text += sided(change.before, change.after);
  if (!change.why.empty()) text += wrap(change.why, kIndent, kIndent);
  for (const std::string& handoff : change.relied_on_by)
    text += wrap("handoff `" + handoff + "` says that it relies on it", kIndent, kIndent);
  if (change.waived) text += wrap("allowed in the file, because: " + *change.waived, kIndent, kIndent);
  return text;
}

std::string title(const DiffConvention& convention) {
  if (convention.before.empty()) return convention.after + ", new";
  if (convention.after.empty()) return convention.before + ", removed";
  if (convention.before == convention.after) return convention.after;
  return convention.before + " -> " + convention.after;
}

std::string measure(const DiffConvention& convention) {
  if (convention.beside) return "a new version beside the old one: told, not judged";
  std::string status = convention.stable ? "stable" : "experimental";
  if (convention.before.empty()) return status + "; there is nothing to compare it with";
  if (convention.strict == "none") return status + ": changes are told, not judged";
  if (convention.strict == "exact") return status + ", judged as exact: no change of meaning passes";
  if (convention.strict == "both") return status + ", judged for takers and givers";
  return status + ", judged for " + convention.strict + "s only";
}

/// Whether a change tells of that need already.
bool is_told(const DiffConvention& convention, const DiffUnmet& unmet) {
  return std::any_of(convention.changes.begin(), convention.changes.end(), [&](const DiffChange& change) {
    const std::string& text = unmet.need_is_old ? change.before.text : change.after.text;
    return !change.quiet && text.find(unmet.need.text) != text.npos;
  });
}

/// Directions that are not clean although no change says so; rules name what entailment decides.
std::string unnamed_part(const DiffConvention& convention) {
  std::string text;
  for (const auto& [list, who] : {std::pair{&convention.taker_unmet, "takers"}, {&convention.giver_unmet, "givers"}})
    for (const DiffUnmet& unmet : *list) {
      if (unmet.decided || is_told(convention, unmet)) continue;
      text += wrap(std::string("open for ") + who + ": `" + unmet.need.text + "`" +
                       (unmet.promise.text.empty() ? "" : " against `" + unmet.promise.text + "`") +
                       (unmet.why.empty() ? "" : ": " + unmet.why),
                   2, 4);
    }
  return text;
}

std::string convention_part(const DiffConvention& convention, bool all) {
  std::string changes;
  for (const DiffChange& change : convention.changes)
    if (all || !change.quiet) changes += (changes.empty() ? "" : "\n") + change_part(change);
  bool one_sided = convention.before.empty() || convention.after.empty();
  if (changes.empty() && !one_sided) return "";
  std::string text = heading(title(convention)) + wrap(measure(convention), 2, 2);
  if (!changes.empty()) text += "\n" + changes;
  std::string open = unnamed_part(convention);
  if (!open.empty()) text += "\n" + open;
  return text + "\n";
}

std::string handoff_part(const ContractDiff& diff) {
  if (diff.handoffs.empty()) return "";
  std::string text = heading("Handoffs that use what changed");
  for (const DiffHandoff& handoff : diff.handoffs) {
    text += wrap(handoff_sentence(handoff), 2, 4);
    std::string uses;
    for (const std::string& name : handoff.uses) uses += (uses.empty() ? "" : ", ") + name;
    text += wrap((handoff.shipped ? "shipped, " : "") + handoff.file + ", uses " + uses, kIndent, kIndent);
    const bool two = handoff.before.bodies.size() > 1 || handoff.after.bodies.size() > 1;
    for (const auto& [list, sign] : {std::pair{&handoff.lost, "- "}, {&handoff.gained, "+ "}})
      for (const DiffInstruction& each : *list)
        text += wrap(sign + each.text + "   # " + (two ? each.giver + " giver, " : "") + each.clause, kIndent, kIndent + 4);
  }
  return text + "\n";
}

}  // namespace

std::string contract_diff_text(const ContractDiff& diff, bool all) {
  std::string text = wrap("old: " + diff.before, 0, 5) + wrap("new: " + diff.after, 0, 5);
  std::string body;
  bool breaks = false;
  for (const DiffConvention& convention : diff.conventions) {
    body += convention_part(convention, all);
    for (const DiffChange& change : convention.changes)
      breaks = breaks || change.taker == DiffEffect::kBreaks || change.giver == DiffEffect::kBreaks;
  }
  if (breaks)
    text += "takers: images written for the old version that a new giver enters\n"
            "givers: loaders written for the old version that enter a new image\n";
  return text + "\n" + body + handoff_part(diff) + diff_summary(diff) + "\n";
}

}  // namespace baton::report
