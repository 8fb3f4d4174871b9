// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does what a convention says about the slots of its slaves' pen fit together?
//
// Each clause is looked at by itself where it is read (clause_types.h). Here they are looked at together: fields lie
// within the slot and apart from each other, the field that is polled holds its slave at first, and `slot.NAME` is the
// name of a field. It does not ask whether a stub can make such a pen.
//
//   pen slot 16 while 0x1 at offset 0x0; field at offset 0x10 size 4 named pir;   ->   it does not lie in its slot
#pragma once

#include "diagnostics/diagnostic.h"
#include "model/evaluate.h"
#include "model/program.h"

namespace baton::check {

void check_pen(const model::Convention& convention, const model::Scope& scope, diagnostics::Sink& sink);

}  // namespace baton::check
