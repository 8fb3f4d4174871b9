// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which device tree does the taker get?
//
// A copy of a tree with edits, as a packed blob of the version asked for, and the same for the same input: nodes and
// properties keep their order, new ones come last. What belongs to the base's own boot goes: in /chosen its initrd, its
// crash reservation and core header, its kernel's end, hash table and memory limit; linux,usable-memory and its like
// anywhere; the reserve map entries of that initrd and of the base blob itself; /baton,facts. The blob's size depends on
// the lengths of what is put in, never on addresses, so that a caller measures with addresses of 0, places, and edits again.
//
//   TreeEdits edits; edits.properties = {{"/chosen", "bootargs", bytes}};
//   edits.own = OwnReservation{Address{0x4000000}, Size{0x10000}};
//   auto blob = edit_tree(*base, edits);
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/range.h"
#include "base/result.h"
#include "emit/tree_blob.h"
#include "inputs/tree.h"

namespace baton::emit {

/// Sets a property to these bytes, or drops it. Dropping what is not there does nothing.
struct TreePropertyEdit {
  std::string node;  // a path; a component without unit address names the one node that has it with one
  std::string property;
  std::optional<ByteBuffer> value = {};
  bool create = false;  // make the nodes of the path that are missing; else a missing node is a failure
};

/// The blob reserves itself: start +: its size rounded up to `granule`, as the last two entries: the blob
/// exactly, and what rounds it up. So the next handoff can tell them from everybody else's and drop them.
struct OwnReservation {
  Address start;
  Size granule{1};
};

struct TreeEdits {
  std::vector<TreePropertyEdit> properties = {};  // in order
  /// Added to the reserve map. An entry that is there already, exactly, is not added again, and an empty
  /// one never; their room stays (zeros after the map's end), so that the size does not change.
  std::vector<Range> reserve = {};
  std::optional<OwnReservation> own = {};
  std::optional<uint32_t> boot_cpuid_phys = {};  // else the base's
  /// Where the blob's header does not say who boots: these CPUs may. Each is the first cell of the `reg` of one cpu
  /// node. One gets `linux,boot-cpu`; several are prepared for a store (Node::may_boot). What the base says goes.
  std::vector<uint32_t> boot_cpus = {};
  /// These stand first among the strings (BlobContents::first_names).
  std::vector<std::string> first_names = {};
  bool booted_from_kexec = false;           // /chosen linux,booted-from-kexec, without a value
  const BlobFormat* format = &blob_formats().back();
};

/// Fails with kUnsuitable for an edit that cannot be made: no such node, an impossible name, a blob
/// past 1 GiB.
Result<ByteBuffer> edit_tree(const inputs::DeviceTree& base, const TreeEdits& edits);

/// Whether the property is a list of (address, size) pairs whose cells the node's surroundings decide:
/// reg, linux,usable-memory, linux,usable-memory-range, linux,elfcorehdr, reserved-ranges.
bool is_pair_property(std::string_view property);

/// Ranges as the value of such a property at `node` (which need not exist, its parent must), in the cells
/// of its parent; reserved-ranges, which stands in the root, has the root's own. Fails for another
/// property, a missing parent, and a number that its cells cannot hold.
Result<ByteBuffer> pair_cells(const inputs::DeviceTree& base, std::string_view node, std::string_view property,
                              const std::vector<Range>& ranges);

}  // namespace baton::emit
