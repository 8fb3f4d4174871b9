// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a lint look at, and whom does it tell?
//
// A Subject is a program without errors: its model, the trees it came from, its text, and the parameters of
// this run. A lint is a function from a Subject to findings; it changes nothing, opens input files only where
// its row in lints.h says so, and knows neither `-W` nor waivers: Findings does. Files of the shipped library are looked at
// when they are what was asked for, and are taken as they are when somebody else uses them.
//
//   void find_odd_supersedes(const Subject& s, Findings& out);
#pragma once

#include <map>
#include <string>
#include <vector>

#include "diagnostics/policy.h"
#include "model/program.h"
#include "syntax/ast.h"

namespace baton::lint {

struct Subject {
  const source::SourceSet& sources;
  const std::vector<syntax::File>& files;
  const model::Program& program;
  source::FileId main = source::kNoFile;
  std::map<std::string, std::string> defines;  // -D name=value

  /// Whether findings at this place are this run's business.
  bool judged(source::Span place) const;
  /// Whether the main file is a program of its own: a file without a handoff is there for others.
  bool main_has_handoff() const { return !program.main_handoffs.empty(); }

  const model::Convention* convention(const std::string& name) const;
  /// The segment that a role of `to` is bound to, by `bind` or by its name; null when none is.
  static const model::Segment* bound(const model::Handoff& handoff, const std::string& role);
};

/// What the checks find, less what is waived or not this run's business. A check may find as much as the program
/// is long: what is kept is what a reader goes through, the rest is counted.
class Findings {
 public:
  Findings(const Subject& subject, diagnostics::SeverityPolicy& policy) : subject_(subject), policy_(policy) {}

  /// The reference is valid until the next report, and leads nowhere where the finding is not kept.
  diagnostics::Diagnostic& report(diagnostics::Code code, source::Span span, std::string message);

  const std::vector<diagnostics::Diagnostic>& kept() const { return kept_; }
  size_t more() const { return more_; }

  /// Not all could be looked at (an input file is not there): a waiver may be needed elsewhere.
  bool incomplete = false;

 private:
  const Subject& subject_;
  diagnostics::SeverityPolicy& policy_;
  std::vector<diagnostics::Diagnostic> kept_;
  diagnostics::Diagnostic not_kept_;
  size_t more_ = 0;
};

}  // namespace baton::lint
