// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which properties does the taker need in its tree, as edits of it?
//
// `tree.property` of the taker's convention: in a node of a path, or in the nodes of CPUs. What the base tree says
// instead is about its own boot, and is replaced; what the handoff itself writes is meant, and a contradiction is
// refused. Where the master's node must not have what each slave's has, and nobody knows who is the master, all nodes get
// it, and the names are laid out so that the stub takes the master's away by one byte (inputs/boot_marks.h). A property
// that is the master's id has its room here; the stub stores the id.
//
//   tree.property cpu "cpu-release-addr" = slot.address  ->  /cpus/cpu@0 0x1030100, /cpus/cpu@1 0x1030140, ...
#pragma once

#include <string>

#include "diagnostics/diagnostic.h"
#include "emit/devicetree.h"
#include "placement/layout.h"

namespace baton::emit {

/// Reports what cannot be written.
void add_tree_needs(const placement::Layout& layout, const placement::PlacedSegment& segment, const inputs::DeviceTree& base,
                    TreeEdits& edits, diagnostics::Sink& sink);

/// The node under /cpus that is of this CPU: its `reg` begins with the id.
std::optional<inputs::NodeId> cpu_node(const inputs::DeviceTree& tree, uint32_t id);

}  // namespace baton::emit
