// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The catalogue as a table, and the sink. See diagnostic.h.
#include "diagnostics/diagnostic.h"

#include <algorithm>
#include <numeric>

namespace baton::diagnostics {

const std::vector<CatalogEntry>& catalog() {
  [[maybe_unused]] static constexpr Severity error = Severity::kError;
  [[maybe_unused]] static constexpr Severity warning = Severity::kWarning;
  [[maybe_unused]] static constexpr Severity info = Severity::kInfo;
  static const std::vector<CatalogEntry> kEntries = {
#define BATON_DIAGNOSTIC(number, name, slug, severity, title) {Code::name, slug, severity, title},
#include "diagnostics/catalog.def"
#undef BATON_DIAGNOSTIC
  };
  return kEntries;
}

const CatalogEntry& entry(Code code) {
  const auto& entries = catalog();
  auto it = std::find_if(entries.begin(), entries.end(),
                         [&](const CatalogEntry& e) { return e.code == code; });
  BATON_CHECK(it != entries.end(), "a code outside the catalogue");
  return *it;
}

std::string to_text(Code code) {
  std::string digits = std::to_string(static_cast<unsigned>(code));
  return "BT" + std::string(4 - digits.size(), '0') + digits;
}

const CatalogEntry* find_entry(std::string_view text) {
  for (const CatalogEntry& candidate : catalog()) {
    std::string name = to_text(candidate.code);
    if (text == name || text == name.substr(2) || text == candidate.slug) return &candidate;
  }
  return nullptr;
}

std::string shortened(std::string text, size_t most) {
  if (text.size() <= most) return text;
  auto inside = [&](size_t at) { return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80; };
  size_t begin = most * 2 / 3, end = text.size() - most / 4;
  while (begin > 0 && inside(begin)) --begin;
  while (end < text.size() && inside(end)) ++end;
  return text.substr(0, begin) + " ... " + text.substr(end);
}

Diagnostic& Sink::report(Code code, source::Span span, std::string message) {
  Diagnostic finding;
  finding.code = code;
  finding.severity = entry(code).severity;
  finding.message = shortened(std::move(message));
  finding.span = span;
  return keep(std::move(finding));
}

Diagnostic& Sink::keep(Diagnostic finding) {
  bool error = finding.severity == Severity::kError;
  Count& count = error ? errors_ : others_;
  if (!count.full && count.kept == kMaxFindings) {
    count.full = true;
    // One that was passed on from another sink speaks for this one too.
    if (finding.code != Code::limit_reached) {
      Diagnostic last;
      last.code = Code::limit_reached;
      last.severity = error ? Severity::kError : Severity::kWarning;
      last.span = finding.span;
      last.message = std::string("there are more ") + (error ? "errors" : "warnings and remarks") + " than the " +
                     std::to_string(kMaxFindings) + " that are shown";
      diagnostics_.push_back(std::move(last));
    } else {
      diagnostics_.push_back(std::move(finding));
      return diagnostics_.back();
    }
  }
  if (count.full) return behind_the_last_ = std::move(finding);
  ++count.kept;
  diagnostics_.push_back(std::move(finding));
  return diagnostics_.back();
}

Diagnostic& Sink::report(Code code, source::Span span, const Failure& failure) {
  Diagnostic& diagnostic = report(code, span, failure.message);
  if (!failure.way_out.empty()) diagnostic.note(failure.way_out);
  return diagnostic;
}

size_t Sink::error_count() const {
  return static_cast<size_t>(
      std::count_if(diagnostics_.begin(), diagnostics_.end(),
                    [](const Diagnostic& d) { return d.severity == Severity::kError; }));
}

namespace {

/// Levenshtein distance with a neighbouring swap counted as one edit.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t substitute = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, substitute});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string_view did_you_mean(std::string_view wanted,
                              const std::vector<std::string_view>& candidates) {
  if (wanted.size() > 64) return {};  // no name is that long; do not pay for the table
  std::string_view best;
  // A third of the letters may be wrong, and at least one must be right.
  size_t limit = std::max<size_t>(1, wanted.size() / 3) + 1;
  for (std::string_view candidate : candidates) {
    size_t distance = edit_distance(wanted, candidate);
    if (distance < limit && distance < std::max(wanted.size(), candidate.size())) {
      limit = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace baton::diagnostics
