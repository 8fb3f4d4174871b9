// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Places for reviewers, and the lines a GitHub workflow reads. See annotation.h; render_sarif.cpp has SARIF.
//
// In such a line `%`, line ends and, in a property, `:` and `,` are written as %XX: nothing a program says can end
// the line and begin a command of its own.
#include "diagnostics/annotation.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "diagnostics/snippet.h"

namespace baton::diagnostics {
namespace {

/// Characters in the first `bytes` bytes of a line; a byte that begins none counts as one.
uint32_t characters(std::string_view line, uint32_t bytes) {
  uint32_t count = 0;
  for (char c : line.substr(0, bytes)) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

std::string escaped(std::string_view text, bool property) {
  std::string out;
  for (char c : text) {
    bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    if (!special) {
      out += c;
      continue;
    }
    static constexpr char kDigits[] = "0123456789ABCDEF";
    auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

auto key(const AnnotationPlace& p) { return std::tie(p.file, p.line, p.column, p.end_line, p.end_column); }

}  // namespace

bool Annotation::operator<(const Annotation& other) const {
  if (place.has_value() != other.place.has_value()) return !place;
  if (place && key(*place) != key(*other.place)) return key(*place) < key(*other.place);
  return std::tie(rule, message, severity) < std::tie(other.rule, other.message, other.severity);
}

std::optional<AnnotationPlace> annotation_place(const source::SourceSet& sources, source::Span span) {
  if (!span.valid()) return std::nullopt;
  AnnotationPlace place;
  auto at = [&](uint32_t offset, uint32_t& line, uint32_t& column) {
    source::Place where = sources.place(source::Span{span.file, offset, offset});
    line = where.line;
    column = characters(sources.line(span.file, where.line), where.column - 1) + 1;
  };
  place.file = sources.name(span.file);
  // A change names its files without it.
  while (place.file.rfind("./", 0) == 0) place.file.erase(0, place.file.find_first_not_of('/', 1));
  at(span.begin, place.line, place.column);
  at(span.end, place.end_line, place.end_column);
  return place;
}

std::vector<Annotation> annotate(const std::vector<Diagnostic>& diagnostics, const source::SourceSet& sources) {
  std::vector<Annotation> all;
  for (const Diagnostic& diagnostic : diagnostics) {
    const CatalogEntry& about = entry(diagnostic.code);
    Annotation one;
    one.rule = to_text(diagnostic.code);
    one.rule_name = about.slug;
    one.rule_title = about.title;
    one.rule_help = "`baton explain " + one.rule + "` has a page about it";
    one.severity = diagnostic.severity;
    one.message = diagnostic.message;
    one.notes = diagnostic.notes;
    one.place = annotation_place(sources, diagnostic.span);
    for (const Label& label : diagnostic.labels)
      if (auto place = annotation_place(sources, label.span)) one.related.push_back({*place, label.text});
    for (const FixIt& fix : diagnostic.fixes)
      if (auto place = annotation_place(sources, fix.span)) one.fixes.push_back({*place, fix.replacement});
    all.push_back(std::move(one));
  }
  return all;
}

std::string render_github(const std::vector<Annotation>& annotations) {
  std::string text;
  std::set<std::string> written;
  for (const Annotation& each : annotations) {
    if (each.waived) continue;
    const char* command = each.severity == Severity::kError     ? "::error "
                          : each.severity == Severity::kWarning ? "::warning "
                                                                : "::notice ";
    std::string line = command;
    if (each.place && each.place->in_work_tree) {
      const AnnotationPlace& place = *each.place;
      line += "file=" + escaped(printable(place.file), true) + ",line=" + std::to_string(place.line) +
              ",endLine=" + std::to_string(place.end_line);
      // Columns are understood within one line only.
      if (place.line == place.end_line)
        line += ",col=" + std::to_string(place.column) + ",endColumn=" + std::to_string(place.end_column);
      line += ",";
    }
    std::string title = each.rule + (each.rule_name.empty() ? "" : " " + each.rule_name);
    std::string message = each.message;
    for (const std::string& note : each.notes) message += "\nnote: " + note;
    for (const AnnotationLabel& label : each.related)
      message += "\n" + label.place.file + ":" + std::to_string(label.place.line) + ": " + label.text;
    line += "title=" + escaped(printable(title), true) + "::" + escaped(printable(message), false) + "\n";
    if (written.insert(line).second) text += line;
  }
  return text;
}

}  // namespace baton::diagnostics
