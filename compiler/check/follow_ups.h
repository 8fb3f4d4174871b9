// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which findings only follow from a mistake that is reported already?
//
// Checking goes on after a mistake, and part of what it then finds is not the user's doing: a segment whose
// clause could not be read is an unknown name elsewhere, its handoff seems to bind nothing to a role. The
// phases of check/ do not think of this. They report everything, and what a reported mistake may explain is
// dropped here, by place and name: a finding inside a clause that could not be read; an unknown name that
// such a clause may declare; a missing clause that it may be; an `override` whose parent has one. When in
// doubt a finding stays, unless it speaks of exactly what was not read.
//
//   segment kernel = elf ;  enter kernel;  enter kernal;   ->   a missing value; no segment `kernal`
#pragma once

#include <vector>

#include "diagnostics/diagnostic.h"
#include "source/source.h"
#include "syntax/ast.h"

namespace baton::check {

/// Reports a clause whose head is misspelt, and puts the head that is meant in its place: its block and the
/// name it declares are then checked as if it had been written so.
void mend_heads(std::vector<syntax::File>& files, diagnostics::Sink& sink);

/// Passes to `sink` what `found` has and no earlier mistake explains. `names_missing`: a used file could not
/// be read, so that which declarations there are is not known.
void pass_independent(const diagnostics::Sink& found, const std::vector<syntax::File>& files,
                      const source::SourceSet& sources, bool names_missing, diagnostics::Sink& sink);

}  // namespace baton::check
