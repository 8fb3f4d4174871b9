// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How does a program that a command wrote reach the user, and what was found meanwhile?
//
// A text that becomes a file is put in place whole, or not at all; it replaces nobody's file unless that was asked
// for. Findings go to standard error.
//
//   write_program(c, options, text)  ->  options.file, or standard output for "-"
#pragma once

#include <string>

#include "driver/options.h"
#include "driver/pipeline.h"

namespace baton::driver {

/// Applies -W and prints what was found, where nothing else will be.
void show_findings(Compilation& c, const Options& options);

/// Writes `text` to options.file; false after a report.
bool write_program(Compilation& c, const Options& options, const std::string& text);

}  // namespace baton::driver
