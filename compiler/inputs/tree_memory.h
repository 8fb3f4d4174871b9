// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which memory does a device tree say is there?
//
// The `reg` pairs of the root's nodes of device_type "memory", and the assigned logical memory blocks of
// a partition. Banks out of order, memory described twice, cells of another number than 1 or 2 and ranges past 2^64 are failures;
// disabled nodes, nodes without `reg` and a device's own memory (ibm,coherent-device-memory) are remarks. A part of tree_machine.h.
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

/// The memory of a partition in blocks of one size that come and go (LMBs): arch/powerpc/mm/drmem.c. In the order of the
/// property, ibm,dynamic-memory (an entry for each block) or ibm,dynamic-memory-v2 (one for a run of neighbours).
struct LogicalBlocks {
  static constexpr std::string_view kNode = "/ibm,dynamic-reconfiguration-memory";

  struct Run {
    Address first;
    uint32_t count = 0;
    uint32_t flags = 0;

    /// There, and this partition's to use: a reserved one stands in a memory node already, or is the platform's.
    bool is_used() const { return (flags & 0x8) != 0 && (flags & 0x80) == 0; }
    /// The platform may ask for it back.
    bool may_go() const { return (flags & 0x100) != 0; }
  };
  Size block;
  std::vector<Run> runs;

  Range extent(const Run& run) const { return Range::at(run.first, Size{block.wide() * run.count}); }
};

/// nullopt where there is no such node, or no block in it. Checked: counts hold what they announce, nothing runs past 2^64.
Result<std::optional<LogicalBlocks>> read_logical_blocks(const DeviceTree& tree, const CellCounts& root);

/// A node that says it is not there: firmware marks what it found bad this way.
bool is_disabled(const DeviceTree& tree, NodeId id);

}  // namespace baton::inputs
