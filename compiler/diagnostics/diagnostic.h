// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does the compiler tell its user, and in which shape does a finding travel?
//
// A Diagnostic has a code from catalog.def, a message (lower case, no full stop, both sides named), a
// primary label where the user must look, secondary labels (the promise, the earlier definition),
// notes, and fix-its as data. Phases report into a Sink and go on; nobody prints but the renderers
// (render.h). Severity, slug and title belong to the code, not to the place that reports it.
//
//   sink.report(Code::unknown_clause, clause.span, "unknown clause `ensure`")
//       .note("the clauses of a convention are ...").fix(span, "ensures");
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "source/source.h"

namespace baton::diagnostics {

enum class Severity { kError, kWarning, kInfo };

enum class Code : uint16_t {
#define BATON_DIAGNOSTIC(number, name, slug, severity, title) name = number,
#include "diagnostics/catalog.def"
#undef BATON_DIAGNOSTIC
};

struct CatalogEntry {
  Code code;
  std::string_view slug;
  Severity severity;
  std::string_view title;
};

/// Every code, in ascending order.
const std::vector<CatalogEntry>& catalog();
const CatalogEntry& entry(Code code);
/// "BT2104"
std::string to_text(Code code);
/// By "BT2104", "2104" or slug; nullptr if there is none.
const CatalogEntry* find_entry(std::string_view text);

struct Label {
  source::Span span;
  std::string text;
};

struct FixIt {
  source::Span span;  // empty span: an insertion
  std::string replacement;
};

/// A text that quotes a program may be as long as the program: its middle is left out where it is.
std::string shortened(std::string text, size_t most = 2000);

/// No reader goes through more errors, or more of what is no error. What is found later is not kept, and a last
/// finding says so.
inline constexpr size_t kMaxFindings = 1000;

struct Diagnostic {
  Code code = Code::syntax_error;
  Severity severity = Severity::kError;
  std::string message;
  source::Span span;          // the primary place; may be invalid (a missing input file)
  std::string span_text;      // what the primary label says, or empty
  std::vector<Label> labels;  // secondary places
  std::vector<std::string> notes;
  std::vector<FixIt> fixes;

  Diagnostic& at(std::string text) { span_text = shortened(std::move(text)); return *this; }
  Diagnostic& label(source::Span where, std::string text) {
    if (where.valid()) labels.push_back({where, shortened(std::move(text))});
    return *this;
  }
  Diagnostic& note(std::string text) { notes.push_back(shortened(std::move(text))); return *this; }
  Diagnostic& fix(source::Span where, std::string replacement) {
    fixes.push_back({where, std::move(replacement)});
    return *this;
  }
};

class SeverityPolicy;  // policy.h

class Sink {
 public:
  /// The reference is valid until the next report. Behind kMaxFindings it leads nowhere.
  Diagnostic& report(Code code, source::Span span, std::string message);
  /// A Failure from the outside world, at the place in the program that asked for it.
  Diagnostic& report(Code code, source::Span span, const Failure& failure);

  /// A finding made elsewhere, as it is.
  void add(Diagnostic finding) { keep(std::move(finding)); }

  /// Drops and raises what the user's `-W` options and waivers say; may be applied again after each phase.
  void apply(SeverityPolicy& policy);

  const std::vector<Diagnostic>& all() const { return diagnostics_; }
  size_t error_count() const;
  bool has_errors() const { return error_count() != 0; }
  /// Whether there are more errors than are kept: who looks for mistakes may stop.
  bool full() const { return errors_.full; }
  /// Whether it is worth looking through many names for the one that was meant.
  bool wants_suggestions() const { return diagnostics_.size() < kMaxFindings / 10; }

 private:
  struct Count {
    size_t kept = 0;
    bool full = false;
  };
  Diagnostic& keep(Diagnostic finding);

  std::vector<Diagnostic> diagnostics_;
  Count errors_, others_;
  Diagnostic behind_the_last_;
};

/// The candidate that `wanted` most likely means, by edit distance; empty if none is near.
std::string_view did_you_mean(std::string_view wanted, const std::vector<std::string_view>& candidates);

}  // namespace baton::diagnostics
