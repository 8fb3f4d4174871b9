// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which memory does the core header of a crash dump describe, and how large is it?
//
// A core header is an ELF header and its program headers, nothing else: one PT_NOTE for each CPU's crash notes,
// one for vmcoreinfo, and a PT_LOAD for each range of the crashed system's memory. What is covered, less what
// is excepted, is one set of ranges; a `remap` cuts a range at its borders and says where those bytes lie
// by the time of the dump. This file decides the headers and their number; it writes no byte of them.
//
//   cover 0x0 ..< 1GiB; except 256MiB +: 128MiB; remap 0x0 +: 64KiB to 0x1800_0000;   on 4 CPUs
//   -> 5 notes, 0x0 +: 64KiB from 0x18000000, 0x10000 ..< 0x10000000, 0x18000000 ..< 0x40000000: 512 bytes
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "placement/layout.h"

namespace baton::emit {

struct CoreRange {
  Range memory;                   // as the crashed system had it
  std::optional<Address> source;  // where its bytes are: absent until what it is moved to has an address
  bool moved = false;
};

struct CoreHeader {
  size_t cpu_notes = 0;
  std::string notes_origin;  // who says how many CPUs there are, and whether their notes are known
  bool vmcoreinfo = true;    // every kernel that can crash into another has one
  std::vector<CoreRange> ranges;  // ascending

  size_t headers() const { return cpu_notes + (vmcoreinfo ? 1 : 0) + ranges.size(); }
  Size size() const;
};

/// The header a segment asks for, over what is placed by now. nullopt after a report.
std::optional<CoreHeader> core_header(const placement::Layout& layout, const placement::PlacedSegment& segment,
                                      diagnostics::Sink& sink);

}  // namespace baton::emit
