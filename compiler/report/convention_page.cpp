// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Headings, one table per section, the order as chains. See convention_page.h.
#include "report/convention_page.h"

#include <algorithm>

#include "syntax/format.h"

namespace baton::report {

using model::Clause;
using model::Convention;
using model::Section;

namespace {

/// What Markdown would read as its own: only what can end a table's cell.
std::string cell(std::string text) {
  for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, "\\");
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string code(const std::string& text) { return "`" + cell(text) + "`"; }

/// Doc comments: a blank line of them ends a paragraph.
std::string paragraphs(const std::vector<std::string>& doc) {
  std::string text;
  for (const std::string& line : doc) text += line + "\n";
  return text.empty() ? "" : text + "\n";
}

/// A clause without the word that says what it did to an inherited one.
std::string statement(const Clause& clause) {
  constexpr std::string_view kOverride = "override ";
  std::string text = clause.text;
  if (text.rfind(kOverride, 0) == 0) text.erase(0, kOverride.size());
  bool withdraws = clause.kind == model::ClauseKind::kUnspecified && text.rfind("unspecified", 0) != 0;
  return (withdraws ? "unspecified " : "") + text;
}

class Page {
 public:
  explicit Page(const Convention& convention) : convention_(convention) {}

  std::string text() {
    const Convention& c = convention_;
    text_ = "# " + c.name + "\n\n" + paragraphs(c.doc);
    std::string words = c.status;
    if (!c.parent.empty()) words += "; extends " + code(c.parent);
    if (!c.supersedes.empty()) words += "; supersedes " + code(c.supersedes);
    text_ += "Status: " + words + ".\n\n";
    if (!c.source.empty()) text_ += "Source: " + c.source + ".\n\n";
    roles();
    section(Section::kMaster, "The master, when it is entered");
    section(Section::kSlaves, "Each slave");
    section(Section::kMemory, "Memory, when the master is entered");
    order();
    expectations();
    waivers();
    while (text_.size() > 1 && text_.compare(text_.size() - 2, 2, "\n\n") == 0) text_.pop_back();
    return text_;
  }

 private:
  void heading(const std::string& words) { text_ += "## " + words + "\n\n"; }

  void roles() {
    if (convention_.roles.empty()) return;
    heading("Roles");
    text_ += "| role | kind |\n|---|---|\n";
    for (const auto& role : convention_.roles)
      text_ += "| " + code(role.name) + " | " + role.kind + (role.optional ? ", optional" : "") + " |\n";
    text_ += "\n";
  }

  void rows(const std::vector<const Clause*>& clauses) {
    auto is_other = [&](const Clause* clause) { return clause->origin != convention_.name; };
    bool origins = std::any_of(clauses.begin(), clauses.end(), is_other);
    auto has_reason = [](const Clause* clause) { return !clause->because.empty(); };
    bool reasons = std::any_of(clauses.begin(), clauses.end(), has_reason);
    auto row = [&](const std::string& what, const std::string& why, const std::string& from) {
      text_ += "| " + what + (reasons ? " | " + why : "") + (origins ? " | " + from : "") + " |\n";
    };
    row("clause", "because", "from");
    row("---", "---", "---");
    for (const Clause* clause : clauses)
      row(code(statement(*clause)) + (clause->incidental ? " (incidental: true, and not promised)" : ""),
          cell(clause->because), is_other(clause) ? code(clause->origin) : "");
    text_ += "\n";
  }

  void section(Section section, const std::string& words) {
    std::vector<const Clause*> clauses;
    for (const Clause& clause : convention_.clauses)
      if (clause.section == section) clauses.push_back(&clause);
    if (clauses.empty()) return;
    heading(words);
    rows(clauses);
  }

  void expectations() {
    for (const auto& role : convention_.roles) {
      std::vector<const Clause*> clauses;
      for (const Clause& clause : convention_.clauses)
        if (clause.section == Section::kExpects && clause.role == role.name) clauses.push_back(&clause);
      if (clauses.empty()) continue;
      heading("What is expected of " + code(role.name));
      rows(clauses);
    }
  }

  /// The edges as they were written, joined to chains again.
  void order() {
    if (convention_.order.empty()) return;
    heading("Order of events");
    std::string chain, last;
    auto end = [&] {
      if (!chain.empty()) text_ += "- " + code(chain) + "\n";
    };
    for (const auto& edge : convention_.order) {
      if (edge.before != last) {
        end();
        chain = edge.before;
      }
      chain += " < " + edge.after;
      last = edge.after;
    }
    end();
    text_ += "\n";
  }

  void waivers() {
    if (convention_.waivers.empty()) return;
    heading("Breaking changes that are meant");
    for (const auto& waiver : convention_.waivers) text_ += "- " + code(waiver.rule) + ": " + cell(waiver.because) + "\n";
    text_ += "\n";
  }

  const Convention& convention_;
  std::string text_;
};

}  // namespace

std::string convention_page(const Convention& convention) { return Page(convention).text(); }

std::string loader_page(const model::Loader& loader) {
  std::string text = "# " + loader.name + "\n\n" + paragraphs(loader.doc);
  if (!loader.source.empty()) text += "Source: " + loader.source + ".\n\n";
  std::string tables;
  for (const std::string& table : loader.tables) tables += (tables.empty() ? "" : ", ") + code(table);
  if (!tables.empty()) text += "Tables: " + tables + ".";
  if (loader.max_segments) text += " At most " + std::to_string(*loader.max_segments) + " segments.";
  text += "\n\n## What it refuses\n\n| check | error | because |\n|---|---|---|\n";
  for (const auto& check : loader.checks)
    text += "| " + code(check.text) + (check.on_crash ? ", for a crash kernel" : "") + " | " + (check.error == "none" ? "none: the compiler looks" : check.error) + " | " +
            cell(check.because) + " |\n";
  return text;
}

namespace {

void write_clauses(const std::vector<syntax::Clause>& clauses, size_t indent, const source::SourceSet& sources, std::string& text) {
  for (const syntax::Clause& clause : clauses) {
    source::Span words = clause.head_span;
    if (!clause.arguments.empty()) words = source::cover(words, clause.arguments.back().span);
    for (const std::string& line : clause.doc) text.append(indent, ' ').append("/// ").append(line).append("\n");
    text.append(indent, ' ').append(syntax::one_line(sources.text(words)));
    if (!clause.has_block) {
      text += ";\n";
      continue;
    }
    text += " {\n";
    write_clauses(clause.block, indent + 2, sources, text);
    text.append(indent, ' ').append("}\n");
  }
}

}  // namespace

std::string handoff_page(const model::Handoff& handoff, const std::vector<syntax::Clause>& clauses, const source::SourceSet& sources) {
  std::string text = "# " + handoff.name + "\n\n" + paragraphs(handoff.doc);
  text += "A handoff for others to extend: `handoff NAME extends " + handoff.name + " on MACHINE { ... }`.\n";
  if (!handoff.parent.empty()) text += "\nExtends " + code(handoff.parent) + ".\n";
  std::string rows;
  for (const model::Parameter& p : handoff.parameters) {
    std::string type = model::to_text(p.type);  // "a path"
    rows += "| " + code(p.name) + " | " + type.substr(type.find(' ') + 1) + " | " +
            (p.initial ? code(syntax::one_line(sources.text(p.initial->span))) : "must be given") + " |\n";
  }
  if (!rows.empty()) text += "\n## Parameters\n\n| name | type | default |\n|---|---|---|\n" + rows;
  text += "\n## All of it\n\n";
  if (!handoff.loader.empty()) text += "Loaded by " + code(handoff.loader) + ".\n\n";
  text += "```text\n";
  write_clauses(clauses, 0, sources, text);
  return text + "```\n";
}

}  // namespace baton::report
