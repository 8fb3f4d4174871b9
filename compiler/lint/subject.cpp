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

diagnostics::Diagnostic& Findings::report(diagnostics::Code code, source::Span span, std::string message) {
  diagnostics::Diagnostic finding;
  finding.code = code;
  finding.severity = diagnostics::entry(code).severity;
  finding.span = span;
  finding.message = diagnostics::shortened(std::move(message));
  // Waivers are asked even when nothing more is kept: whether they silence something is known of all.
  bool kept = subject_.judged(span) && !policy_.waives(finding) && !policy_.drops(code);
  if (kept && kept_.size() >= diagnostics::kMaxFindings) ++more_;
  if (!kept || kept_.size() >= diagnostics::kMaxFindings) return not_kept_ = std::move(finding);
  return kept_.emplace_back(std::move(finding));
}

}  // namespace baton::lint
