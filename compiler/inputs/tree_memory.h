// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which memory does a device tree say is there?
//
// The `reg` pairs of the root's nodes of device_type "memory", and the assigned logical memory blocks of
// a partition. Banks out of order, cells of another number than 1 or 2 and ranges past 2^64 are failures;
// disabled nodes and nodes without `reg` are remarks. A part of tree_machine.h.
//
//   auto memory = read_memory(tree); memory->ram -> { 0x0 ..< 0x40000000 }
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "inputs/tree.h"

namespace baton::inputs {

struct TreeMemory {
  CellCounts cells;  // the root's
  RangeSet ram;
  std::string origin;           // the nodes that say it
  std::optional<Range> lowest;  // the first pair of the lowest memory node: a guest's real mode area
  std::string lowest_origin;
  std::vector<std::string> remarks;
};

Result<TreeMemory> read_memory(const DeviceTree& tree);

/// A node that says it is not there: firmware marks what it found bad this way.
bool is_disabled(const DeviceTree& tree, NodeId id);

}  // namespace baton::inputs
