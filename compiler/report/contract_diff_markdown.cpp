// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A comparison of conventions as a comment on a pull request: the verdict first, a table per convention, what it
// means for handoffs. See contract_diff.h.
//
// What a program says stands between back-quotes, or has its Markdown and HTML characters escaped: a convention's
// text cannot become a link, an image or a mention there.
#include <algorithm>

#include "diagnostics/snippet.h"
#include "report/contract_diff.h"

namespace baton::report {
namespace {

using diagnostics::printable;

std::string one_line(std::string_view text) {
  std::string clean = printable(text);
  std::replace(clean.begin(), clean.end(), '\n', ' ');
  return clean;
}

/// Prose of any origin; `@` would call somebody, `|` would end a cell of a table.
std::string prose(std::string_view text) {
  static constexpr std::string_view kSpecial = "\\`*_{}[]<>()#+-!|~&@$";
  std::string from = one_line(text), out;
  for (size_t i = 0; i < from.size(); ++i) {
    // Sentences of ours quote names between single back-quotes, which stay; any other run of them opens nothing.
    size_t close = from[i] == '`' ? from.find('`', i + 1) : from.npos;
    bool quoted = close != from.npos && close > i + 1 && (i == 0 || from[i - 1] != '`') &&
                  (close + 1 == from.size() || from[close + 1] != '`');
    if (quoted) {
      for (; i < close; ++i) out += from[i] == '|' ? std::string("\\|") : std::string(1, from[i]);
      out += '`';
    } else if (from[i] == '@') {
      out += "&#64;";
    } else {
      if (kSpecial.find(from[i]) != kSpecial.npos) out += '\\';
      out += from[i];
    }
  }
  return out;
}

/// A clause as code, with as many back-quotes as it takes.
std::string code(std::string_view text) {
  std::string clean = one_line(text);
  if (clean.empty()) return "";
  size_t longest = 0, run = 0;
  for (char c : clean) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  std::string escaped;
  for (char c : clean) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  std::string fence(longest + 1, '`');
  std::string pad = longest > 0 ? " " : "";
  return fence + pad + escaped + pad + fence;
}

std::string cell(const DiffWording& wording) {
  if (wording.text.empty()) return "-";
  std::string text = code(wording.text);
  if (wording.place) text += "<br>" + prose(wording.place->file + ":" + std::to_string(wording.place->line));
  return text;
}

std::string title(const DiffConvention& convention) {
  if (convention.before.empty()) return code(convention.after) + ", new";
  if (convention.after.empty()) return code(convention.before) + ", removed";
  if (convention.before == convention.after) return code(convention.after);
  return code(convention.before) + " to " + code(convention.after);
}

std::string table(const DiffConvention& convention, bool all) {
  std::string rows;
  for (const DiffChange& change : convention.changes) {
    if (change.quiet && !all) continue;
    std::string verdict = who_breaks(change);
    if (change.finding) verdict = "**" + verdict + "**";
    if (change.waived) verdict += ", waived: " + prose(*change.waived);
    std::string about = code(change.rule) + "<br>" + prose(change.section);
    if (!change.why.empty()) verdict += "<br>" + prose(change.why);
    for (const std::string& handoff : change.relied_on_by) verdict += "<br>handoff " + code(handoff) + " relies on it";
    rows += "| " + cell(change.before) + " | " + cell(change.after) + " | " + about + " | " + verdict + " |\n";
  }
  if (rows.empty()) return "";
  return "| old | new | rule | who breaks |\n|---|---|---|---|\n" + rows;
}

}  // namespace

std::string contract_diff_markdown(const ContractDiff& diff, bool all) {
  std::string text = "### Boot contract: " + std::string(diff.changes() == 0   ? "no change of meaning"
                                                          : diff.findings() == 0 ? "changed, nothing breaks"
                                                                                 : "breaking changes") + "\n\n";
  text += code(diff.before) + " to " + code(diff.after) + ": " + diff_summary(diff) + ".\n";
  for (const DiffConvention& convention : diff.conventions) {
    std::string rows = table(convention, all);
    if (rows.empty() && !convention.before.empty() && !convention.after.empty()) continue;
    text += "\n#### " + title(convention) + "\n";
    if (convention.beside)
      text += "\nA new version beside the old one: told, not judged.\n";
    else if (convention.strict == "none")
      text += "\nTold, not judged.\n";
    if (!rows.empty()) text += "\n" + rows;
  }
  if (!diff.handoffs.empty()) {
    text += "\n#### Handoffs that use what changed\n\n";
    for (const DiffHandoff& handoff : diff.handoffs) {
      text += "- " + prose(handoff_sentence(handoff)) + " (" + (handoff.shipped ? "shipped, " : "") +
              prose(handoff.file) + ")\n";
      const bool two = handoff.before.bodies.size() > 1 || handoff.after.bodies.size() > 1;
      for (const auto& [list, sign] : {std::pair{&handoff.lost, "-"}, {&handoff.gained, "+"}})
        for (const DiffInstruction& each : *list)
          text += std::string("  - ") + (*sign == '+' ? "gains " : "loses ") + code(each.text) +
                  (two ? " (" + each.giver + " giver)" : "") + ": " + code(each.clause) + "\n";
    }
  }
  if (diff.changes() != 0)
    text += "\nTakers are images written for the old version that a new giver enters; givers are loaders written for "
            "the old version that enter a new image.\n";
  return text;
}

}  // namespace baton::report
