// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does one convention state, with its parents folded in?
//
// `extends` copies roles, clauses and order; a clause of an inherited key needs `override`, and `drop KEY`
// removes one. status, source, supersedes and documentation are not inherited. Keys are those of the
// language reference: two clauses of one key in one block are an error.
#pragma once

#include <map>
#include <string>

#include "diagnostics/diagnostic.h"
#include "model/program.h"
#include "syntax/ast.h"

namespace baton::check {

using Declarations = std::map<std::string, const syntax::Declaration*>;

/// All conventions of the program, flattened, by full name. `lets`: the values they may name.
std::map<std::string, model::Convention> check_conventions(const Declarations& declarations,
                                                           const std::map<std::string, model::Let>& lets,
                                                           const source::SourceSet& sources,
                                                           diagnostics::Sink& sink);

}  // namespace baton::check
