// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What did the running kernel add about itself when its tree was taken with `baton-load --facts`?
//
// Such a tree has a node /baton,facts with what no device tree says: page size, byte order, the text of
// /proc/iomem, where the crash notes are. runtime/README.md lists the properties. A tree from elsewhere
// has no such node, and nothing here is known.
//
//   auto live = read_live_facts(tree); if (live && *live) use((*live)->page);
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inputs/tree.h"

namespace baton::inputs {

inline constexpr std::string_view kLiveFactsNode = "/baton,facts";

struct LiveFacts {
  std::optional<Size> page;
  std::optional<Endian> giver;
  std::string kernel_release;
  std::optional<Address> kernel_end;  // past the last "Kernel ..." line of iomem
  RangeSet system_ram;                // its "System RAM" lines
  RangeSet crash_kernel;              // its "Crash kernel" lines
  std::vector<Range> crash_notes;     // one for each CPU that has a buffer
  std::optional<Range> vmcoreinfo;
  std::optional<Size> crash_size;  // what is left of the crash reservation; it can be made smaller, never larger
  RangeSet crash_cma;              // memory that the running kernel uses and a crash kernel gets besides
  uint32_t possible_cpus = 0;      // 0: not said
};

/// nullopt without the node; fails for properties of impossible shape or value.
Result<std::optional<LiveFacts>> read_live_facts(const DeviceTree& tree);

/// One line of /proc/iomem: "  00000000-3fffffff : System RAM", the end inclusive there, not here.
struct IomemLine {
  Range range;
  std::string_view name;
};
/// The lines that have this form, nested ones included; others are passed over.
std::vector<IomemLine> read_iomem(std::string_view text);

}  // namespace baton::inputs
