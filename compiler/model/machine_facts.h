// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Can this value be a fact of a machine?
//
// A page size is a power of two, the real mode area is one range, a CPU's id has 32 bits. Whether facts agree with
// each other is judged where a machine is built (inputs/machine.h). Values that are known while a program is checked
// are judged then, the others when the machine is built.
//
//   is_possible_fact("page", 48KiB, ...)   ->   false, "a page size is a power of two, not 48KiB"
#pragma once

#include <string_view>

#include "diagnostics/diagnostic.h"
#include "model/value.h"

namespace baton::model {

/// Whether a value of the right type can be this attribute's, or one of its list; reports why not. What is not known
/// yet can be. `value` is where it is written, `clause` the whole statement.
bool is_possible_fact(std::string_view attribute, const Value& v, source::Span value, source::Span clause,
                      diagnostics::Sink& sink);

}  // namespace baton::model
