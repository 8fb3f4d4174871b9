// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What do `machine` and `loader` declarations say?
//
// Names and shapes only: a machine's facts are complete when its device tree is read (inputs/), a loader's
// checks are evaluated when segments are placed (placement/).
#pragma once

#include <map>
#include <string>

#include "diagnostics/diagnostic.h"
#include "model/program.h"
#include "syntax/ast.h"

namespace baton::check {

model::MachineDeclaration check_machine(const syntax::Declaration& declaration,
                                        const source::SourceSet& sources, diagnostics::Sink& sink);

/// By "name@version". A loader that extends another begins with its clauses.
using LoaderDeclarations = std::map<std::string, const syntax::Declaration*>;
std::map<std::string, model::Loader> check_loaders(const LoaderDeclarations& declarations,
                                                   const source::SourceSet& sources, diagnostics::Sink& sink);

}  // namespace baton::check
