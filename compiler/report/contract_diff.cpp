// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sentences that every form of contract_diff.h uses, and the annotations.
#include "report/contract_diff.h"

#include <algorithm>

#include "report/text_layout.h"

namespace baton::report {
namespace {

template <typename Count>
size_t sum(const ContractDiff& diff, Count count) {
  size_t n = 0;
  for (const DiffConvention& convention : diff.conventions) {
    if (convention.beside) continue;
    for (const DiffChange& change : convention.changes) n += count(change) ? 1 : 0;
  }
  return n;
}

std::string size_of(const DiffHandoffSide& side) {
  if (side.bodies.empty()) return "no stub";
  std::string text;
  for (const DiffBody& body : side.bodies) {
    if (!text.empty()) text += ", ";
    text += std::to_string(body.instructions) + (side.bodies.size() > 1 ? " (" + body.giver + ")" : "");
  }
  return text;
}

/// The bodies of both sides for one byte order of the giver, as a change of their lengths.
std::string growth(const DiffHandoff& handoff) {
  auto length = [](const DiffHandoffSide& side, const std::string& giver) {
    for (const DiffBody& body : side.bodies)
      if (body.giver == giver) return static_cast<long>(body.instructions);
    return 0L;
  };
  std::vector<std::string> givers;
  for (const auto* side : {&handoff.before, &handoff.after})
    for (const DiffBody& body : side->bodies)
      if (std::find(givers.begin(), givers.end(), body.giver) == givers.end()) givers.push_back(body.giver);
  std::string text;
  for (const std::string& giver : givers) {
    long change = length(handoff.after, giver) - length(handoff.before, giver);
    std::string part;
    if (change != 0)
      part = (change > 0 ? "gains " : "loses ") + counted(static_cast<size_t>(std::abs(change)), "instruction");
    else if (!handoff.gained.empty() || !handoff.lost.empty())
      part = "has other instructions, as many as before";
    else
      part = "keeps its stub";
    if (givers.size() > 1) part += " (" + giver + " giver)";
    text += (text.empty() ? "" : ", ") + part;
  }
  if (text.empty()) return "needs no stub on either side";
  if (handoff.before.bodies.empty()) text += "; it had no stub";
  if (handoff.after.bodies.empty()) text += "; it needs no stub any more";
  return text + ": " + size_of(handoff.before) + " -> " + size_of(handoff.after);
}

}  // namespace

const char* to_text(DiffEffect effect) {
  switch (effect) {
    case DiffEffect::kOk: return "ok";
    case DiffEffect::kWarns: return "warns";
    case DiffEffect::kBreaks: return "breaks";
  }
  return "";
}

size_t ContractDiff::findings() const {
  return sum(*this, [](const DiffChange& c) { return c.finding; });
}
size_t ContractDiff::waived() const {
  return sum(*this, [](const DiffChange& c) { return c.waived.has_value(); });
}
size_t ContractDiff::changes() const {
  return sum(*this, [](const DiffChange& c) { return !c.quiet; });
}

size_t ContractDiff::new_versions() const {
  return static_cast<size_t>(std::count_if(conventions.begin(), conventions.end(), [](const DiffConvention& c) {
    return c.beside || c.before.empty();
  }));
}

std::string who_breaks(const DiffChange& change) {
  auto named = [&](DiffEffect effect) -> std::string {
    bool taker = change.taker == effect, giver = change.giver == effect;
    return taker && giver ? "takers and givers" : taker ? "takers" : giver ? "givers" : "";
  };
  std::string breaks = named(DiffEffect::kBreaks), warns = named(DiffEffect::kWarns);
  if (breaks.empty() && warns.empty()) return "breaks nobody";
  if (breaks.empty()) return "warns " + warns;
  return "breaks " + breaks + (warns.empty() ? "" : ", warns " + warns);
}

std::string handoff_sentence(const DiffHandoff& handoff) {
  using State = DiffHandoffSide::State;
  const DiffHandoffSide &before = handoff.before, &after = handoff.after;
  std::string name = "`" + handoff.name + "` ";
  if (before.state == State::kCompiled && after.state == State::kCompiled) return name + growth(handoff);
  if (before.state == State::kCompiled && after.state == State::kRefused) return name + "stops compiling: " + after.diagnostic;
  if (before.state == State::kRefused && after.state == State::kCompiled)
    return name + "compiles now (" + size_of(after) + "); before: " + before.diagnostic;
  if (before.state == State::kRefused && after.state == State::kRefused)
    return name + "compiles on neither side: " + after.diagnostic;
  if (before.state == State::kAbsent) return name + "is new";
  if (after.state == State::kAbsent) return name + "is gone";
  // One side could not be compiled for want of files, or of a stub for it: what is left is the contract itself.
  std::vector<std::string> opened, closed;
  for (const std::string& clause : after.open)
    if (std::find(before.open.begin(), before.open.end(), clause) == before.open.end()) opened.push_back(clause);
  for (const std::string& clause : before.open)
    if (std::find(after.open.begin(), after.open.end(), clause) == after.open.end()) closed.push_back(clause);
  auto listed = [](const std::vector<std::string>& clauses) {
    std::string text;
    for (const std::string& clause : clauses) text += (text.empty() ? "`" : ", `") + clause + "`";
    return text;
  };
  std::string text = name;
  if (before.state == State::kRefused || after.state == State::kRefused)
    text += after.state == State::kRefused ? "is refused with the new conventions: " + after.diagnostic
                                           : "was refused with the old conventions: " + before.diagnostic;
  else if (opened.empty() && closed.empty())
    text += "has the same gap to close";
  else
    text += (opened.empty() ? std::string() : "has to bring about " + listed(opened) + " as well") +
            (opened.empty() || closed.empty() ? "" : "; ") +
            (closed.empty() ? std::string() : "need not bring about " + listed(closed) + " any more");
  return text + " (not compiled, only the contracts were compared: " +
         (after.state == State::kContractsOnly ? after.diagnostic : before.diagnostic) + ")";
}

std::string diff_summary(const ContractDiff& diff) {
  size_t findings = diff.findings(), waived = diff.waived(), changes = diff.changes();
  std::string text = "nothing changed in meaning";
  if (changes != 0)
    text = counted(changes, "change") + ": " +
           (findings == 0 ? "none that counts as breaking" : std::to_string(findings) + " breaking");
  if (waived != 0) text += ", " + std::to_string(waived) + " waived";
  if (size_t fresh = diff.new_versions(); fresh != 0) text += "; " + counted(fresh, "new version");
  return text;
}

namespace {

/// A handoff for which nothing changed is no annotation.
std::optional<diagnostics::Annotation> handoff_annotation(const DiffHandoff& handoff) {
  using State = DiffHandoffSide::State;
  const DiffHandoffSide &before = handoff.before, &after = handoff.after;
  bool stops = after.state == State::kRefused && before.state != State::kRefused && before.state != State::kAbsent;
  bool differs = before.state != after.state || before.open != after.open || !handoff.gained.empty() || !handoff.lost.empty();
  if (before.state == State::kAbsent || after.state == State::kAbsent || (!stops && !differs)) return std::nullopt;
  diagnostics::Annotation one;
  one.rule = stops ? "HANDOFF_STOPS_COMPILING" : "HANDOFF_CHANGED";
  one.rule_title = stops ? "a handoff that uses what changed compiles no more" : "a handoff that uses what changed has another stub";
  one.rule_help = "`baton plan` shows a handoff's gap and stub";
  one.severity = stops ? diagnostics::Severity::kWarning : diagnostics::Severity::kInfo;
  one.message = handoff_sentence(handoff);
  for (const auto& [list, word] : {std::pair{&handoff.lost, "loses"}, {&handoff.gained, "gains"}})
    for (const DiffInstruction& each : *list) one.notes.push_back(std::string(word) + " `" + each.text + "`, for " + each.clause);
  one.place = handoff.place;
  return one;
}

}  // namespace

std::vector<diagnostics::Annotation> contract_diff_annotations(const ContractDiff& diff, bool all) {
  std::vector<diagnostics::Annotation> list;
  for (const DiffConvention& convention : diff.conventions) {
    if (convention.beside) continue;
    for (const DiffChange& change : convention.changes) {
      if (change.quiet && !all) continue;
      diagnostics::Annotation one;
      one.rule = change.rule;
      one.rule_title = change.purpose;
      one.rule_help = "`baton diff --rules` lists every rule with who breaks";
      one.severity = change.finding                                 ? diagnostics::Severity::kError
                     : change.taker == DiffEffect::kOk && change.giver == DiffEffect::kOk ? diagnostics::Severity::kInfo
                                                                                          : diagnostics::Severity::kWarning;
      std::string name = convention.after.empty() ? convention.before : convention.after;
      one.message = "`" + name + "`, " + change.section + ": " + who_breaks(change);
      auto worded = [](const DiffWording& w) { return w.text.empty() ? std::string("nothing") : "`" + w.text + "`"; };
      if (!change.before.text.empty() || !change.after.text.empty())
        one.message += "; was " + worded(change.before) + ", is " + worded(change.after);
      if (!change.why.empty()) one.notes.push_back(change.why);
      for (const std::string& handoff : change.relied_on_by) one.notes.push_back("handoff `" + handoff + "` relies on it");
      one.place = change.after.place ? change.after.place : convention.place;
      if (change.before.place) one.related.push_back({*change.before.place, "the old version: " + worded(change.before)});
      one.waived = change.waived;
      list.push_back(std::move(one));
    }
  }
  for (const DiffHandoff& handoff : diff.handoffs)
    if (auto one = handoff_annotation(handoff)) list.push_back(std::move(*one));
  return list;
}

}  // namespace baton::report
