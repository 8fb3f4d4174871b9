// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names of a program, as lints ask for them. See subject.h.
#include "lint/subject.h"

namespace baton::lint {

bool Subject::judged(source::Span place) const {
  return place.valid() && (!sources.is_library(place.file) || sources.is_library(main));
}

const model::Convention* Subject::convention(const std::string& name) const {
  auto it = program.conventions.find(name);
  return it == program.conventions.end() ? nullptr : &it->second;
}

const model::Segment* Subject::bound(const model::Handoff& handoff, const std::string& role) {
  const model::Binding* binding = handoff.find_binding(role);
  if (!binding) return handoff.find_segment(role);
  return binding->to == model::Binding::To::kSegment ? handoff.find_segment(binding->name) : nullptr;
}

}  // namespace baton::lint
