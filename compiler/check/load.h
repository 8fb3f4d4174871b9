// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which files make up a program? The main one and all it uses, each parsed once, in order of use.
//
// A file that uses itself through others is an error that draws the circle.
#pragma once

#include <vector>

#include "diagnostics/diagnostic.h"
#include "syntax/ast.h"

namespace baton::check {

/// Used files come before their users; the main file is last.
std::vector<syntax::File> load(source::SourceSet& sources, source::FileId main, diagnostics::Sink& sink);

}  // namespace baton::check
