// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory nodes and logical memory blocks (arch/powerpc/mm/drmem.c has their layout). See tree_memory.h.
#include "inputs/tree_memory.h"

namespace baton::inputs {
namespace {

// Flags of a logical memory block (mm/drmem.c): it is there, and nobody else's.
constexpr uint32_t kLmbAssigned = 0x8, kLmbReserved = 0x80;

class MemoryReader {
 public:
  explicit MemoryReader(const DeviceTree& tree) : tree_(tree) {}

  Result<TreeMemory> read() {
    auto cells = cell_counts(tree_, kRootNode);
    if (!cells) return cells.failure();
    memory_.cells = *cells;
    if (memory_.cells.size == 0) return malformed(kRootNode, "#size-cells", "is 0; memory has a size");
    std::vector<Range> banks;
    std::vector<std::string> sources;
    for (NodeId id : tree_.node(kRootNode).children) {
      if (!tree_.says(id, "device_type", "memory")) continue;
      if (is_disabled(tree_, id)) {
        memory_.remarks.push_back(tree_.path(id) + " is disabled: its memory is not counted");
        continue;
      }
      if (auto failure = read_bank(id, banks, sources)) return *failure;
    }
    if (auto drconf = tree_.find("/ibm,dynamic-reconfiguration-memory")) {
      size_t before = banks.size();
      if (auto failure = read_lmbs(*drconf, banks)) return *failure;
      if (banks.size() != before) sources.push_back(tree_.path(*drconf));
    }
    memory_.ram = RangeSet(std::move(banks));
    if (!sources.empty()) memory_.origin = sources.front();
    if (sources.size() == 2) memory_.origin += ", " + sources.back();
    if (sources.size() > 2)
      memory_.origin += " and " + std::to_string(sources.size() - 1) + " more nodes, to " + sources.back();
    return std::move(memory_);
  }

 private:
  using Trouble = std::optional<Failure>;

  Failure malformed(NodeId id, std::string_view property, const std::string& what) const {
    return Failure{Failure::Kind::kMalformed, place_of(tree_, id, property) + " " + what};
  }

  /// The pairs of one node ascend; empty ones are sockets without memory.
  Trouble read_bank(NodeId id, std::vector<Range>& banks, std::vector<std::string>& sources) {
    if (!tree_.property(id, "reg")) {
      memory_.remarks.push_back(tree_.path(id) + " has no reg: its memory is not counted");
      return std::nullopt;
    }
    auto pairs = read_pairs(tree_, id, "reg", memory_.cells);
    if (!pairs) return pairs.failure();
    std::optional<Range> previous;
    for (const Range& pair : *pairs) {
      if (pair.empty()) continue;
      if (previous && pair.begin < previous->end)
        return malformed(id, "reg", "descends: " + to_text(pair) + " stands after " + to_text(*previous));
      if (!previous && (!memory_.lowest || pair.begin < memory_.lowest->begin)) {
        memory_.lowest = pair;
        memory_.lowest_origin = tree_.path(id) + " reg";
      }
      previous = pair;
      banks.push_back(pair);
    }
    if (previous) sources.push_back(tree_.path(id) + " reg");
    return std::nullopt;
  }

  /// Logical memory blocks: one entry each (v1), or one entry for a run of neighbours (v2). A reserved
  /// one stands in a memory node already, or belongs to the platform.
  Trouble read_lmbs(NodeId id, std::vector<Range>& banks) {
    bool first_form = tree_.property(id, "ibm,dynamic-memory").has_value();
    std::string_view property = first_form ? "ibm,dynamic-memory" : "ibm,dynamic-memory-v2";
    auto bytes = tree_.property(id, property);
    if (!bytes) return std::nullopt;
    auto lmb = read_number(tree_, id, "ibm,lmb-size");
    if (!lmb) return lmb.failure();
    if (!*lmb || **lmb == 0) return malformed(id, property, "has blocks of no known size: ibm,lmb-size is absent or 0");
    // v1: address, drc index, reserved, associativity, flags. v2: the number of blocks, then the same
    // without the reserved word.
    size_t address_at = first_form ? 0 : 4;
    size_t width = 4 * memory_.cells.address + 16;
    auto count = load<uint32_t>(*bytes, 0, Endian::kBig);
    if (!count || Wide{*count} * width + 4 != bytes->size())
      return malformed(id, property, "has " + std::to_string(bytes->size()) + " bytes, which do not hold the " +
                                         (count ? std::to_string(*count) : "unknown number of") + " entries of " +
                                         std::to_string(width) + " bytes it announces");
    for (size_t at = 4; at < bytes->size(); at += width) {
      uint32_t blocks = first_form ? 1 : *load<uint32_t>(*bytes, at, Endian::kBig);
      uint64_t base = memory_.cells.address == 1 ? *load<uint32_t>(*bytes, at + address_at, Endian::kBig)
                                               : *load<uint64_t>(*bytes, at + address_at, Endian::kBig);
      uint32_t flags = *load<uint32_t>(*bytes, at + width - 4, Endian::kBig);
      if ((flags & kLmbAssigned) == 0 || (flags & kLmbReserved) != 0) continue;
      Wide size = Wide{blocks} * **lmb;
      if (Wide{base} + size > kTwoTo64)
        return malformed(id, property, "runs past 2^64: " + std::to_string(blocks) + " blocks of " + hex(**lmb) +
                                           " from " + hex(base));
      banks.push_back(Range::from_to(base, base + size));
    }
    return std::nullopt;
  }

  const DeviceTree& tree_;
  TreeMemory memory_;
};

}  // namespace

bool is_disabled(const DeviceTree& tree, NodeId id) {
  return tree.property(id, "status") && !tree.says(id, "status", "okay") && !tree.says(id, "status", "ok");
}

Result<TreeMemory> read_memory(const DeviceTree& tree) { return MemoryReader(tree).read(); }

}  // namespace baton::inputs
