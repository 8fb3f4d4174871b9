// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a device tree blob say: which nodes, which properties, which reserve map?
//
// A DeviceTree is a blob (versions 2 to 17, libfdt's) read once into plain nodes in the blob's order. It
// knows structure, not meaning: what the properties say of a machine is tree_machine.h. Names and
// values are views of the file and live as long as the tree or a copy of it. Bytes after `totalsize`
// are not looked at.
//
//   auto tree = read_tree(*MappedFile::open("p9.dtb"));
//   auto chosen = tree->find("/chosen"); auto args = tree->property(*chosen, "bootargs");
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/range.h"
#include "base/result.h"

namespace baton::inputs {

struct TreeProperty {
  std::string_view name;
  ByteView bytes;
};

/// Index of a node; the root is 0, children come after their parent.
using NodeId = uint32_t;
inline constexpr NodeId kRootNode = 0;
/// Real trees are less than 20 deep; no blob makes our readers keep longer paths than this.
inline constexpr size_t kDeepestNode = 256;

struct TreeNode {
  std::string_view name;  // with the unit address: "memory@0"; empty for the root
  NodeId parent = kRootNode;
  std::vector<TreeProperty> properties;
  std::vector<NodeId> children;
};

/// How many 32-bit cells addresses and sizes of a node's children have.
struct CellCounts {
  unsigned address = 2;  // what holds where the tree does not say
  unsigned size = 1;
};

class DeviceTree {
 public:
  const MappedFile& file() const { return file_; }
  /// The blob without what follows it in the file.
  ByteView blob() const { return blob_; }
  uint32_t version() const { return version_; }
  uint32_t boot_cpuid_phys() const { return boot_cpuid_phys_; }
  /// As written, in order.
  const std::vector<Range>& reserve_map() const { return reserve_map_; }
  const std::vector<TreeNode>& nodes() const { return nodes_; }
  const TreeNode& node(NodeId id) const { return nodes_[id]; }
  std::string path(NodeId id) const;

  /// The node of an absolute path. A component without unit address also names the one node that has
  /// this name with one; nullopt when there is none or there are several.
  std::optional<NodeId> find(std::string_view path) const;
  std::optional<NodeId> child(NodeId parent, std::string_view component) const;
  std::optional<ByteView> property(NodeId id, std::string_view name) const;
  /// Whether a property is this one string.
  bool says(NodeId id, std::string_view property, std::string_view text) const;

  /// The reserve map without the entries of the tree itself and of its initrd: what a tree made from this
  /// one keeps. The tree's own entry has the blob's size, and an entry that starts in mid-page where it
  /// ends rounds it up (emit/devicetree.h writes the pair); a size of whole pages proves nothing, and
  /// such an entry stays. The initrd's covers linux,initrd-start ..< linux,initrd-end, exactly or in
  /// whole pages.
  std::vector<Range> lasting_reservations() const;

 private:
  friend Result<DeviceTree> read_tree(MappedFile file);
  DeviceTree() = default;

  MappedFile file_;
  ByteView blob_;
  uint32_t version_ = 0, boot_cpuid_phys_ = 0;
  std::vector<Range> reserve_map_;
  std::vector<TreeNode> nodes_;
};

/// Fails with kMalformed for what is no blob, is truncated, or is damaged; with kUnsuitable for version 1.
Result<DeviceTree> read_tree(MappedFile file);

/// A blob of version 1 as one of version 3, which says the same and has two words more in its header; any other as it is.
/// For what was written here: a base tree of version 1 is refused, since its boot CPU is told in another way.
MappedFile with_later_header(const MappedFile& file);

/// "`p9.dtb`: /memory@0 reg": how failures name a property.
std::string place_of(const DeviceTree& tree, NodeId id, std::string_view property);

/// #address-cells and #size-cells of a node, for the values of its children. Fails unless each is one
/// cell and says 1 or 2 (#size-cells also 0).
Result<CellCounts> cell_counts(const DeviceTree& tree, NodeId id);

/// The (address, size) pairs of a property, in order, empty ones included. Fails for a length that is no
/// number of pairs and for a pair that runs past 2^64. An absent property has none.
Result<std::vector<Range>> read_pairs(const DeviceTree& tree, NodeId id, std::string_view property,
                                      CellCounts cells);

/// A number of one or two cells; nullopt when the property is absent.
Result<std::optional<uint64_t>> read_number(const DeviceTree& tree, NodeId id, std::string_view property);

/// The range of two properties, start and size, or start and end. nullopt when neither is there (or,
/// with `lone_second`, when only the second is); fails when one is missing or the range is impossible.
enum class SecondIs { kSize, kEnd };
Result<std::optional<Range>> read_range(const DeviceTree& tree, NodeId id, std::string_view first,
                                        std::string_view second, SecondIs meaning,
                                        bool lone_second = false);

}  // namespace baton::inputs
