// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What lies where, as a text that is read like a linker's map?
//
// Segments by ascending address, with the symbols that fall into each below it: what a debugger or a reader
// of a crash dump wants at hand. The plan (report/plan.h) explains; this only lists.
//
//   0x4000000  0x4000180  0x00180  0x10000  stub  trampoline
//   0x4000000                               . entry
#pragma once

#include <string>
#include <vector>

#include "emit/table.h"

namespace baton::emit {

struct MapSymbol {
  std::string name;  // "kernel.entry"
  Address address;
};

/// NAME.map. The table's entry is a symbol without being named.
std::string map_text(const SegmentTable& table, std::vector<MapSymbol> symbols);

}  // namespace baton::emit
