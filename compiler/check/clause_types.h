// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Has each value of a convention's clause the type that its place wants?
//
// Of one clause by itself: whether it may stand beside others is not asked here. Names are typed by the scope
// of the convention (contract::ConventionScope) and mostly not known; what is known is held against its bounds.
//
//   r5 = image  ->  "a register holds a number or an address, not a range"
#pragma once

#include "diagnostics/diagnostic.h"
#include "model/evaluate.h"
#include "model/program.h"

namespace baton::check {

void check_types(const model::Clause& clause, const model::Scope& scope, diagnostics::Sink& sink);

}  // namespace baton::check
