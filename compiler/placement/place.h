// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which address does each segment get?
//
// Segments are placed in the order written, each in the first hole from its chosen end that satisfies every
// constraint in force: what the segment says (`within`, `avoid`, `align`), what the conventions need (image
// and tree in the RMA, nothing where the image moves itself), what the machine keeps (the running kernel,
// reserves, firmware) and what is placed already. Every hole that was rejected stays in the trace. A
// constraint that needs the address of a later segment is refused, with the circle drawn where there is one.
//
//   place(layout, sources, sink)  ->  layout.segments[i].start set, or a diagnostic that names each hole
#pragma once

#include <functional>

#include "diagnostics/diagnostic.h"
#include "placement/layout.h"

namespace baton::placement {

/// Gives a segment that is not measured yet its size, when everything before it is placed. False after a
/// report.
using Measure = std::function<bool(PlacedSegment&)>;

/// Fills in addresses; true when all segments are placed.
bool place(Layout& layout, const source::SourceSet& sources, const Measure& measure, diagnostics::Sink& sink);

struct CheckedPredicate {
  const model::LoaderCheck* check = nullptr;
  bool holds = false;
  std::string detail;  // the segment and the values
};

/// The loader's checks in its own order, what the stub copies, and the handoff's asserts; true when all hold.
bool check_placed(const Layout& layout, const source::SourceSet& sources, std::vector<CheckedPredicate>& checks,
                  diagnostics::Sink& sink);

}  // namespace baton::placement
