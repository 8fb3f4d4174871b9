// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From syntax trees to a program: does every name exist, does every clause have its shape, is every
// inheritance sound?
//
// check() reads the main file and everything it uses, reports all it finds, and answers the model of what
// was sound. A declaration with mistakes is still there, as far as it could be understood, so that one
// mistake does not hide the next. Whether a handoff *works* is decided later, with real files.
//
//   Program p = check(sources, sources.read("boot.baton"), sink);
#pragma once

#include "diagnostics/diagnostic.h"
#include "model/program.h"
#include "syntax/ast.h"

namespace baton::check {

model::Program check(source::SourceSet& sources, source::FileId main, diagnostics::Sink& sink);
/// The same over files that load() has read, for callers that look at the text as well. A misspelt head is read, and
/// stands in the files from then on, as the one that was meant.
model::Program check(std::vector<syntax::File>& files, const source::SourceSet& sources, source::FileId main,
                     diagnostics::Sink& sink);

}  // namespace baton::check
