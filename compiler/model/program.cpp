// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Look-ups and names of the model. See program.h.
#include "model/program.h"

#include <algorithm>

namespace baton::model {

const char* to_text(Section section) {
  switch (section) {
    case Section::kMaster: return "ensures master";
    case Section::kSlaves: return "ensures slaves";
    case Section::kMemory: return "ensures memory";
    case Section::kExpects: return "expects";
  }
  return "";
}

const char* to_text(SegmentKind kind) {
  switch (kind) {
    case SegmentKind::kElf: return "elf";
    case SegmentKind::kFile: return "file";
    case SegmentKind::kDeviceTree: return "devicetree";
    case SegmentKind::kReserve: return "reserve";
    case SegmentKind::kElfCoreHeader: return "elfcorehdr";
    case SegmentKind::kTrampoline: return "trampoline";
  }
  return "";
}

const char* to_text(GiverOrder order) {
  switch (order) {
    case GiverOrder::kBig: return "big";
    case GiverOrder::kLittle: return "little";
    case GiverOrder::kBoth: return "both";
  }
  return "";
}

const Role* Convention::find_role(const std::string& role) const {
  auto it = std::find_if(roles.begin(), roles.end(), [&](const Role& r) { return r.name == role; });
  return it == roles.end() ? nullptr : &*it;
}

bool Convention::departs_by_call() const {
  return std::any_of(clauses.begin(), clauses.end(), [](const Clause& c) {
    return c.kind == ClauseKind::kEnter && c.section == Section::kMaster && !c.words.empty() && c.words[0] == "call";
  });
}

const Binding* Handoff::find_binding(const std::string& role) const {
  auto it = std::find_if(bindings.begin(), bindings.end(), [&](const Binding& b) { return b.role == role; });
  return it == bindings.end() ? nullptr : &*it;
}

const Segment* Handoff::find_segment(const std::string& name) const {
  auto it = std::find_if(segments.begin(), segments.end(),
                         [&](const Segment& s) { return s.name == name; });
  return it == segments.end() ? nullptr : &*it;
}

}  // namespace baton::model
