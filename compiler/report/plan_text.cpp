// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The plan for people: one function per part, in the order in which a reader asks. See plan.h.
#include <algorithm>

#include "report/memory_map.h"
#include "report/plan.h"
#include "report/text_layout.h"

namespace baton::report {
namespace {

std::string heading(const std::string& text) {
  const std::string shown = ascii(text).substr(0, kWidth);
  return "\n" + shown + "\n" + std::string(shown.size(), '-') + "\n";
}

std::string giver_text(const std::string& giver) {
  return giver == "both" ? "in either byte order" : giver + "-endian";
}

std::string head_part(const PlanReport& plan) {
  const std::string title = ascii("Handoff " + plan.handoff + (plan.machine.empty() ? "" : " on " + plan.machine)).substr(0, kWidth);
  std::string text = title + "\n" + std::string(title.size(), '=') + "\n";
  std::string doc;
  for (const std::string& line : plan.doc) doc += line + " ";
  if (!doc.empty()) text += wrap(doc, 0, 0);
  text += "\n";
  auto convention = [](const PlanConvention& c) {
    return c.name + (c.status.empty() ? "" : ", " + c.status) + (c.source.empty() ? "" : ": " + c.source);
  };
  TextTable table({Align::kLeft, Align::kLeft});
  table.row({"from", convention(plan.from)});
  table.row({"to", convention(plan.to)});
  table.row({"giver", giver_text(plan.giver) + (plan.on_crash ? ", after a crash" : "")});
  table.row({"loader", plan.loader.empty() ? "none: there is no segment table"
                                           : plan.loader + ", in granules of " + human(plan.granule)});
  if (plan.entry) table.row({"entry", hex(*plan.entry) + " in " + plan.entered});
  return text + table.print(2);
}

std::string machine_part(const PlanReport& plan) {
  TextTable table({Align::kLeft, Align::kLeft, Align::kLeft});
  for (const PlanFact& fact : plan.facts) table.row({fact.name, fact.value, fact.origin});
  std::string text;
  if (!table.empty()) text += table.print(2, 52);
  for (const std::string& remark : plan.remarks) text += wrap("! " + remark, 2, 4);
  return text.empty() ? text : heading("Machine " + plan.machine) + text;
}

bool same_reason(const placement::Rejection& a, const placement::Rejection& b) {
  using placement::Cause;
  return a.cause == b.cause && (a.cause == Cause::kOutside || a.cause == Cause::kCovered) &&
         a.constraint == b.constraint && a.below == b.below && a.above == b.above;
}

std::string rejected_part(const PlanSegment& segment) {
  static constexpr size_t kMostLines = 16;
  const auto& rejected = segment.rejected;
  TextTable table({Align::kRight, Align::kRight, Align::kLeft});
  size_t lines = 0, i = 0;
  for (; i < rejected.size() && lines < kMostLines; ++lines) {
    size_t end = i + 1;
    while (end < rejected.size() && same_reason(rejected[i], rejected[end])) ++end;
    // Of a run with one reason the first is shown and the others are counted.
    std::string more = end - i > 1 ? ", and " + counted(end - i - 1, "more hole") + " likewise" : "";
    table.row({to_text(rejected[i].hole), human(rejected[i].hole.size()),
               placement::reason_of(rejected[i]) + more});
    i = end;
  }
  std::string text = table.print(6);
  const size_t untold = rejected.size() - i + segment.more_rejected;
  if (untold > 0) text += wrap("and " + counted(untold, "more hole"), 6, 6);
  return text;
}

std::string segments_part(const PlanReport& plan) {
  if (plan.segments.empty()) return {};
  TextTable table({Align::kLeft, Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kRight,
                   Align::kLeft});
  table.row({"name", "kind", "start", "end", "size", "extent", "placed"});
  for (const PlanSegment& s : plan.segments) {
    std::string placing = s.placing + (s.align > plan.granule ? ", align " + human(s.align) : "");
    if (s.start)
      table.row({s.name, s.kind, hex(*s.start), hex(*s.start + s.size), human(s.size), human(s.extent.size()),
                 placing});
    else
      table.row({s.name, s.kind, "-", "-", human(s.size), "-", (s.placing.rfind("linked", 0) == 0 ? "" : "not placed: ") + placing});
  }
  return heading("Segments") + table.print(2);
}

/// Joined; the word that the line starts with already is left out of each.
std::string listed(const std::vector<std::string>& texts, const std::string& word) {
  std::string out;
  for (const std::string& text : texts)
    out += (out.empty() ? "" : "; ") + (text.rfind(word, 0) == 0 ? text.substr(word.size()) : text);
  return out;
}

std::string placement_part(const PlanReport& plan) {
  static constexpr size_t kMostHeld = 16;
  std::string text;
  for (const PlanSegment& s : plan.segments) {
    if (!s.start && s.rejected.empty()) continue;  // nobody looked for a place
    std::string title = s.name + (s.content.empty() ? "" : " = " + s.content);
    if (s.start && s.size > s.bufsz)
      title += s.bufsz == Size{} ? "; nothing is loaded, all is zero"
                                 : "; " + human(s.bufsz) + " are loaded, the rest is zero";
    text += (text.empty() ? "" : "\n") + wrap(title, 2, 4);
    TextTable constraints({Align::kLeft, Align::kLeft});
    for (size_t i = 0; i < std::min(s.holds.size(), kMostHeld); ++i) constraints.row({i == 0 ? "holds" : "", s.holds[i]});
    if (s.holds.size() > kMostHeld) constraints.row({"", "and " + std::to_string(s.holds.size() - kMostHeld) + " more"});
    if (!s.within.empty()) constraints.row({"inside", listed(s.within, "within ")});
    if (!s.avoid.empty()) constraints.row({"clear of", listed(s.avoid, "avoid ")});
    text += constraints.print(4, 44, 8);
    if (s.rejected.empty()) {
      if (s.start && s.placing.rfind("at ", 0) != 0) text += "    in the first hole there is\n";
      continue;
    }
    text += "    " + counted(s.rejected.size() + s.more_rejected, "hole") + " refused" + (s.start ? " before it" : "") +
            ", in the order of the search\n" + rejected_part(s);
  }
  return text.empty() ? text : heading("Why there") + text;
}

std::string map_part(const PlanReport& plan) {
  std::string map = memory_map(plan, 2);
  return map.empty() ? map : heading("Memory, low addresses first, not to scale") + map;
}

std::vector<std::string> instructions_for(const PlanClause& clause, const char* giver) {
  std::vector<std::string> texts;
  for (const PlanInstruction& instruction : clause.instructions)
    if (instruction.giver.empty() || instruction.giver == giver) texts.push_back(instruction.text);
  return texts;
}

std::string instruction_count(const PlanClause& clause) {
  const size_t big = instructions_for(clause, "big").size();
  const size_t little = instructions_for(clause, "little").size();
  const bool one_giver_only = (big == 0 || little == 0);
  if (big == little || one_giver_only) return counted(std::max(big, little), "instruction");
  return counted(big, "instruction") + " for a big giver, " + std::to_string(little) + " for a little one";
}

std::string answer_text(const PlanClause& clause) {
  using Answer = PlanClause::Answer;
  switch (clause.answer) {
    case Answer::kPromised:
      return clause.by.empty() || clause.by == clause.clause ? "promised" : "promised: " + clause.by;
    case Answer::kStub:
      return "stub, " + instruction_count(clause) +
             (clause.by.empty() ? "" : ": " + clause.by);
    case Answer::kPlaced: return clause.by.empty() ? "holds" : "holds: " + clause.by;
    case Answer::kVacuous: return "not needed: " + clause.by;
    case Answer::kAssumed: return "ASSUMED" + (clause.by.empty() ? "" : ": " + clause.by);
  }
  return {};
}

/// One clause, its answer beside it and the instructions below the answer.
std::string clause_lines(const PlanClause& clause, size_t width) {
  TextTable table({Align::kLeft, Align::kLeft});
  table.row({clause.clause, answer_text(clause)});
  const auto big = instructions_for(clause, "big"), little = instructions_for(clause, "little");
  if (big == little) {
    for (const std::string& text : big) table.row({"", "  " + text});
  } else {
    for (const std::string& text : big) table.row({"", "     big: " + text});
    for (const std::string& text : little) table.row({"", "  little: " + text});
  }
  return table.print(4, width, width);
}

std::string stub_lines(const PlanReport& plan) {
  if (!plan.stub) return "  No stub: nothing that the taker needs is missing when the giver leaves.\n";
  std::string text = "  The stub has " + human(plan.stub_size) + ".\n";
  if (!plan.digests.empty()) text += wrap("Before it stores anything it compares digests, by " + plan.digest_by + ":", 2, 4);
  for (const PlanDigest& digest : plan.digests)
    text += wrap("sha256 of " + digest.segment + ", " + human(digest.size) + ": " + digest.sha256, 4, 6);
  if (!plan.copies.empty()) text += wrap(plan.digests.empty() ? "Before it enters the taker it copies:" : "Then it copies:", 2, 4);
  for (const PlanCopy& copy : plan.copies)
    text += wrap(to_text(copy.from) + " (" + human(copy.from.size()) + ") to " + hex(copy.to) +
                     (copy.executed ? ", which instruction caches are made to see" : ""),
                 4, 6);
  for (const PlanBody& body : plan.bodies) {
    std::string line = counted(body.instructions, "instruction") + " from entry to jump for a " + body.giver +
                       "-endian giver";
    if (body.lower_bound != 0 && body.instructions <= body.lower_bound)
      line += ", the fewest there can be";
    else if (body.lower_bound != 0)
      line += "; not known to be the fewest: nobody can do with less than " + std::to_string(body.lower_bound);
    else if (body.set_up <= body.set_up_bound)
      line += "; the last " + std::to_string(body.set_up) + ", which set registers and enter, are the fewest there can be";
    else
      line += "; the last " + std::to_string(body.set_up) +
              ", which set registers and enter, are not known to be the fewest: nobody can do with less than " +
              std::to_string(body.set_up_bound);
    text += wrap(line, 4, 6);
  }
  return text;
}

std::string contract_part(const PlanReport& plan) {
  static constexpr size_t kWidestClause = 44;
  if (plan.clauses.empty()) return {};
  size_t width = 0;
  for (const PlanClause& clause : plan.clauses)
    if (clause.clause.size() <= kWidestClause) width = std::max(width, clause.clause.size());
  // One group for each section of a convention, in the order in which they first come up.
  std::vector<std::pair<std::string, std::string>> groups;
  std::string expected;
  for (const PlanClause& clause : plan.clauses) {
    if (clause.section == "entered") {
      expected += clause_lines(clause, width);
      continue;
    }
    const std::string title = clause.section + ", " + clause.convention;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == title; });
    if (group == groups.end()) group = groups.insert(group, {title, {}});
    group->second += clause_lines(clause, width);
  }
  std::string text;
  for (const auto& [title, lines] : groups) text += (text.empty() ? "" : "\n") + wrap(title, 2, 4) + lines;
  if (!expected.empty())
    expected = heading("What " + plan.from.name + " expects of what it enters") + expected;
  return heading("What the taker needs, and what meets it") + text + expected + "\n" + stub_lines(plan);
}

std::string cpus_part(const PlanReport& plan) {
  if (!plan.cpus) return {};
  const auto& possible = plan.cpus->possible;
  std::string ids;
  for (uint32_t id : possible) ids += (ids.empty() ? "" : ", ") + std::to_string(id);
  TextTable table({Align::kLeft, Align::kLeft});
  table.row({"master", possible.empty() ? "whichever it is" : possible.size() == 1 ? ids + ", the only one" : "any of " + ids});
  if (!plan.cpus->others.empty()) table.row({"others", plan.cpus->others});
  return heading("Where CPUs go") + table.print(2);
}

std::string checks_part(const PlanReport& plan) {
  if (plan.checks.empty()) return {};
  TextTable table({Align::kLeft, Align::kLeft, Align::kLeft});
  for (const PlanCheck& check : plan.checks) {
    std::string error = check.error == "none" ? "(it does not look)" : check.error;
    table.row({check.holds ? "ok" : "FAILS", error,
               check.text + (check.holds || check.detail.empty() ? "" : "; here " + check.detail)});
  }
  return heading("Checks of " + plan.loader + ", and its error where one fails") + table.print(2);
}

std::string assumptions_part(const PlanReport& plan) {
  if (plan.assumptions.empty()) return {};
  std::string text;
  for (const PlanAssumption& a : plan.assumptions)
    text += wrap("- " + a.text + (a.why.empty() ? "" : ": " + a.why), 2, 4);
  return heading("Assumed, not checked (" + std::to_string(plan.assumptions.size()) + ")") + text;
}

std::string outputs_part(const PlanReport& plan) {
  if (plan.outputs.empty()) return {};
  TextTable table({Align::kLeft, Align::kRight, Align::kLeft});
  for (const PlanOutput& output : plan.outputs) table.row({output.name, human(output.size), output.what});
  return heading("Files") + table.print(2);
}

}  // namespace

std::string plan_text(const PlanReport& plan) {
  return head_part(plan) + machine_part(plan) + segments_part(plan) + map_part(plan) + placement_part(plan) +
         cpus_part(plan) + contract_part(plan) + checks_part(plan) + assumptions_part(plan) + outputs_part(plan);
}

std::string shown_ranges(const RangeSet& ranges, size_t most) {
  if (ranges.empty()) return "nothing";
  std::string text;
  size_t shown = 0;
  for (const Range& range : ranges) {
    if (shown == most && ranges.count() > most) break;
    text += (shown++ ? ", " : "") + to_text(range) + " (" + human(range.size()) + ")";
  }
  if (shown < ranges.count())
    text += " and " + std::to_string(ranges.count() - shown) + " more, " + human(ranges.total_size()) + " in all";
  return text;
}

const char* to_text(PlanClause::Answer answer) {
  switch (answer) {
    case PlanClause::Answer::kPromised: return "promised";
    case PlanClause::Answer::kStub: return "stub";
    case PlanClause::Answer::kPlaced: return "placed";
    case PlanClause::Answer::kVacuous: return "vacuous";
    case PlanClause::Answer::kAssumed: return "assumed";
  }
  return "";
}

}  // namespace baton::report
