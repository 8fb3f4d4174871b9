// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which memory does the core header of a crash dump describe, how large is it, and what are its bytes?
//
// A core header is an ELF header and its program headers, nothing else: one PT_NOTE for each CPU's crash notes,
// one for vmcoreinfo, and a PT_LOAD for each range of the crashed system's memory. What is covered, less what
// is excepted, is one set of ranges, in which neighbours are one; a `remap` cuts a range at its borders and says
// where those bytes lie by the time of the dump. Offsets are physical addresses: the capture kernel reads memory, no
// file (fs/proc/vmcore.c). It reads the header as its own structures, so that the byte order is the image's.
//
//   cover 0x0 ..< 1GiB; except 256MiB +: 128MiB; remap 0x0 +: 64KiB to 0x1800_0000;   on 4 CPUs
//   -> 5 notes, 0x0 +: 64KiB from 0x18000000, 0x10000 ..< 0x10000000, 0x18000000 ..< 0x40000000: 512 bytes
#pragma once

#include <algorithm>
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
  std::vector<Range> notes;  // of each CPU, in the order of the kernel that may crash
  std::optional<Range> vmcoreinfo;
  std::string notes_origin;  // who says where they are
  std::vector<CoreRange> ranges;  // ascending
  size_t room = 0;                // for ranges, where that is more than there are

  /// Program headers that are written, and how many there is room for.
  size_t headers() const { return notes.size() + (vmcoreinfo ? 1 : 0) + ranges.size(); }
  size_t most_headers() const { return headers() - ranges.size() + std::max(room, ranges.size()); }
  Size size() const;  // of what is loaded
  Size room_size() const;  // of its place
};

/// The header a segment asks for, over what is placed by now. Where the crash notes are must be known: a dump without
/// the registers of its CPUs is no use. nullopt after a report.
std::optional<CoreHeader> core_header(const placement::Layout& layout, const placement::PlacedSegment& segment,
                                      diagnostics::Sink& sink);

/// Its bytes, once every address is final: ELF-64 in the byte order of the segment bound to `image`. nullopt after a
/// report.
std::optional<ByteBuffer> core_bytes(const placement::Layout& layout, const placement::PlacedSegment& segment,
                                     diagnostics::Sink& sink);

}  // namespace baton::emit
