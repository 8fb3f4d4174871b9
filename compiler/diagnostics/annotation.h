// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How do findings reach the tools in which a change is reviewed?
//
// An Annotation is one finding with its places resolved to file, line and column, so that findings over several
// sets of sources (two versions of a convention) may stand in one document. Two forms: SARIF 2.1.0, which editors
// and code hosts import, and the `::error` lines that a GitHub workflow turns into marks beside the change. Columns
// count Unicode characters there, not bytes. Which findings there are, and how grave they are, is decided before.
//
//   render_github(annotate(sink.all(), sources)) -> "::error file=boot.baton,line=4,col=3,...::unknown clause..."
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "diagnostics/diagnostic.h"

namespace baton::diagnostics {

/// A piece of a file as it lies in the work tree now.
struct AnnotationPlace {
  std::string file;          // as diagnostics print it
  bool in_work_tree = true;  // false: an old version of it, which a reviewer's tool cannot show
  uint32_t line = 0, column = 0;
  uint32_t end_line = 0, end_column = 0;  // one past the last character
};

/// nullopt for an invalid span.
std::optional<AnnotationPlace> annotation_place(const source::SourceSet& sources, source::Span span);

struct AnnotationLabel {
  AnnotationPlace place;
  std::string text;
};

struct Annotation {
  std::string rule;        // "BT2001", "MASTER_REG_REMOVED"
  std::string rule_name;   // "unknown-clause"; may be empty
  std::string rule_title;  // what the rule is about in general
  std::string rule_help;   // where more is said of it
  Severity severity = Severity::kError;
  std::string message;
  std::vector<std::string> notes;
  std::optional<AnnotationPlace> place;
  std::vector<AnnotationLabel> related;
  std::vector<AnnotationLabel> fixes;  // the text replaces what stands at the place
  std::optional<std::string> waived;   // why it was accepted, where it was

  bool operator<(const Annotation& other) const;
};

std::vector<Annotation> annotate(const std::vector<Diagnostic>& diagnostics, const source::SourceSet& sources);

/// One document with one run, ending in a newline. A finding that stands in the list twice is written once: several
/// programs may use one file. `version` is the program's.
std::string render_sarif(const std::vector<Annotation>& annotations, const std::string& version);

/// One line each; empty for none. What was waived is not among them.
std::string render_github(const std::vector<Annotation>& annotations);

}  // namespace baton::diagnostics
