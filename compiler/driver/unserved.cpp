// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The list of what is planned and not built. See unserved.h.
#include "driver/unserved.h"

#include <algorithm>

namespace baton::driver {

using diagnostics::Code;
using model::Type;
using model::Value;
using Kind = Unserved::Kind;

std::vector<Unserved> find_unserved(const model::Handoff& handoff) {
  std::vector<Unserved> found;
  for (const model::Segment& s : handoff.segments) {
    if (s.kind == model::SegmentKind::kElfCoreHeader)
      found.push_back({Kind::kCoreHeader, s.name_span, "segment " + s.name + " = elfcorehdr", s.name,
                       "the bytes of a core header"});
  }
  return found;
}

void report_unserved(Compilation& c) {
  for (const Unserved& u : c.unserved)
    c.sink.report(Code::not_served, u.span, "`" + u.clause + "` is checked and planned, and this release does not build it")
        .note("a later release brings " + u.needs)
        .note("`baton plan` shows what each clause would be met by");
}

namespace {

std::vector<std::string> core_details(const emit::CoreHeader& core) {
  std::vector<std::string> lines;
  lines.push_back(std::to_string(core.cpu_notes) + (core.cpu_notes == 1 ? " note" : " notes") + " of CPUs (" +
                  core.notes_origin + ")" + (core.vmcoreinfo ? ", vmcoreinfo" : "") + ", " +
                  std::to_string(core.ranges.size()) + (core.ranges.size() == 1 ? " range: " : " ranges: ") +
                  human(core.size()));
  for (const auto& range : core.ranges)
    lines.push_back(to_text(range.memory) + " (" + human(range.memory.size()) + ")" +
                    (!range.moved       ? ""
                     : range.source ? ", its bytes from " + hex(*range.source)
                                    : ", its bytes moved"));
  return lines;
}

}  // namespace

std::vector<std::string> details_of(const Compilation& c, const Unserved& u) {
  std::vector<std::string> lines;
  if (u.kind != Kind::kCoreHeader) return lines;
  diagnostics::Sink ignored;  // reported when it was placed
  // Once more, over final addresses.
  if (auto core = emit::core_header(c.layout, *c.layout.find(u.segment), ignored)) lines = core_details(*core);
  return lines;
}

}  // namespace baton::driver
