// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rules for single facts of a machine. See machine_facts.h.
#include "model/machine_facts.h"

#include "model/machine.h"

namespace baton::model {

bool is_possible_fact(std::string_view attribute, const Value& v, source::Span value, source::Span clause,
                      diagnostics::Sink& sink) {
  using diagnostics::Code;
  const MachineAttribute* a = find_machine_attribute(attribute);
  if (!a || !v.is_known()) return true;
  if (a->type == Type::kIds && v.number() > 0xffffffffu) {
    sink.report(Code::number_too_large, value, "a CPU id has 32 bits");
  } else if (a->type == Type::kRange && v.ranges().count() != 1) {
    sink.report(Code::type_mismatch, value, "this needs one range, not " + to_text(v));
  } else if (attribute == "page" && !is_power_of_two(v.number())) {
    sink.report(Code::bad_alignment, clause, "a page size is a power of two, not " + to_text(v));
  } else if (attribute == "cache_block" && (!is_power_of_two(v.number()) || v.number() < 4 || v.number() > 4096)) {
    sink.report(Code::bad_alignment, clause, "a cache block is a power of two from 4 to 4096, not " + to_text(v));
  } else if (attribute == "hypervisor" && v.number() > 1) {
    sink.report(Code::type_mismatch, clause, "`hypervisor` is 0 or 1, not " + to_text(v));
  } else {
    return true;
  }
  return false;
}

}  // namespace baton::model
