// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which tree does a `devicetree` segment become in this handoff?
//
// The edits of the segment's block are evaluated over the layout, what the taker's convention needs of the
// tree (reserves, the boot CPU's id where it is known at build time) is added, and edit_tree makes the
// blob. Called twice: to measure, when the segments before it are placed, with the address of those after it
// as 0 in values of fixed width, and for the bytes when all are. A string that needs the address of a later
// segment is refused: its length would depend on it.
//
//   node "/chosen" { "bootargs" = cmdline; "linux,initrd-start" = u64(initrd.start); }
#pragma once

#include "diagnostics/diagnostic.h"
#include "emit/devicetree.h"
#include "placement/layout.h"

namespace baton::emit {

/// nullopt after a report.
std::optional<ByteBuffer> next_tree(const placement::Layout& layout, const placement::PlacedSegment& segment,
                                    const inputs::DeviceTree& base, diagnostics::Sink& sink);

/// The blob version that is written: the highest that the taker reads and this release writes.
/// nullopt after a report.
std::optional<uint64_t> choose_tree_format(const placement::Layout& layout,
                                           const placement::PlacedSegment& segment, diagnostics::Sink& sink);

}  // namespace baton::emit
