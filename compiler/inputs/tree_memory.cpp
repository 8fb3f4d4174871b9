// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory nodes and logical memory blocks (arch/powerpc/mm/drmem.c has their layout). See tree_memory.h.
#include "inputs/tree_memory.h"

#include <algorithm>

namespace baton::inputs {
namespace {

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
      // Of a GPU or an accelerator: the kernel does not use it for its own.
      if (tree_.says(id, "compatible", "ibm,coherent-device-memory")) {
        memory_.remarks.push_back(tree_.path(id) + " is a device's own memory: it is not counted");
        continue;
      }
      if (auto failure = read_bank(id, banks, sources)) return *failure;
    }
    if (auto failure = read_blocks(banks, sources)) return *failure;
    if (auto failure = described_twice(banks)) return *failure;
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

  Trouble described_twice(std::vector<Range> banks) const {
    auto by_begin = [](const Range& a, const Range& b) { return a.begin < b.begin; };
    if (!std::is_sorted(banks.begin(), banks.end(), by_begin)) std::sort(banks.begin(), banks.end(), by_begin);
    for (size_t i = 1; i < banks.size(); ++i)
      if (banks[i].begin < banks[i - 1].end)
        return Failure{Failure::Kind::kMalformed, "`" + tree_.file().path().string() + "`: " +
                                                      to_text(banks[i].intersect(banks[i - 1])) + " is described twice, in " +
                                                      to_text(banks[i - 1]) + " and in " + to_text(banks[i])};
    return std::nullopt;
  }

  Trouble read_blocks(std::vector<Range>& banks, std::vector<std::string>& sources) {
    auto blocks = read_logical_blocks(tree_, memory_.cells);
    if (!blocks) return blocks.failure();
    if (!*blocks) return std::nullopt;
    size_t before = banks.size();
    RangeSet may_go;
    for (const LogicalBlocks::Run& run : (*blocks)->runs) {
      if (!run.is_used()) continue;
      banks.push_back((*blocks)->extent(run));
      if (run.may_go()) may_go.add(banks.back());
    }
    if (banks.size() != before) sources.emplace_back(LogicalBlocks::kNode);
    if (!may_go.empty())
      memory_.remarks.push_back(human(may_go.total_size()) + " of memory are marked as removable: a platform may ask for them back");
    return std::nullopt;
  }

  const DeviceTree& tree_;
  TreeMemory memory_;
};

}  // namespace

bool is_disabled(const DeviceTree& tree, NodeId id) {
  return tree.property(id, "status") && !tree.says(id, "status", "okay") && !tree.says(id, "status", "ok");
}

Result<std::optional<LogicalBlocks>> read_logical_blocks(const DeviceTree& tree, const CellCounts& root) {
  auto id = tree.find(LogicalBlocks::kNode);
  if (!id) return std::optional<LogicalBlocks>();
  const bool one_each = tree.property(*id, "ibm,dynamic-memory").has_value();
  const std::string_view property = one_each ? "ibm,dynamic-memory" : "ibm,dynamic-memory-v2";
  auto bytes = tree.property(*id, property);
  if (!bytes) return std::optional<LogicalBlocks>();
  auto malformed = [&](const std::string& what) {
    return Failure{Failure::Kind::kMalformed, place_of(tree, *id, property) + " " + what};
  };
  auto size = read_number(tree, *id, "ibm,lmb-size");
  if (!size) return size.failure();
  if (!*size || **size == 0) return malformed("has blocks of no known size: ibm,lmb-size is absent or 0");
  LogicalBlocks blocks;
  blocks.block = Size{**size};
  // An entry of v1: address, drc index, reserved, associativity, flags. Of v2: the number of blocks, then the same
  // without the reserved word. So both are as wide.
  const size_t address_at = one_each ? 0 : 4;
  const size_t width = 4 * root.address + 16;
  auto count = load<uint32_t>(*bytes, 0, Endian::kBig);
  if (!count || Wide{*count} * width + 4 != bytes->size())
    return malformed("has " + std::to_string(bytes->size()) + " bytes, which do not hold the " +
                     (count ? std::to_string(*count) : "unknown number of") + " entries of " + std::to_string(width) +
                     " bytes it announces");
  blocks.runs.reserve(*count);
  for (size_t at = 4; at < bytes->size(); at += width) {
    LogicalBlocks::Run run;
    run.count = one_each ? 1 : *load<uint32_t>(*bytes, at, Endian::kBig);
    uint64_t first = root.address == 1 ? *load<uint32_t>(*bytes, at + address_at, Endian::kBig)
                                       : *load<uint64_t>(*bytes, at + address_at, Endian::kBig);
    run.flags = *load<uint32_t>(*bytes, at + width - 4, Endian::kBig);
    if (Wide{first} + Wide{run.count} * **size > kTwoTo64)
      return malformed("runs past 2^64: " + std::to_string(run.count) + " blocks of " + hex(**size) + " from " + hex(first));
    run.first = Address{first};
    blocks.runs.push_back(run);
  }
  return std::optional<LogicalBlocks>(std::move(blocks));
}

Result<TreeMemory> read_memory(const DeviceTree& tree) { return MemoryReader(tree).read(); }

}  // namespace baton::inputs
