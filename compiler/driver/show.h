// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How do findings get to the terminal, and in which form were they asked for?
//
// Text, JSON and `::error` lines are printed program by program. SARIF is one document for the whole run: it is
// gathered, and printed at the end.
#pragma once

#include <string>
#include <vector>

#include "diagnostics/annotation.h"
#include "driver/options.h"

namespace baton::driver {

/// To standard output, whole.
void print(const std::string& text);

class Findings {
 public:
  explicit Findings(const Options& options) : options_(options) {}
  /// Prints to standard error, or keeps for finish().
  void show(const diagnostics::Sink& sink, const source::SourceSet& sources);
  /// The document, where there is one for all.
  void finish();

 private:
  const Options& options_;
  std::vector<diagnostics::Annotation> gathered_;
};

}  // namespace baton::driver
