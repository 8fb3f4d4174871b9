// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading blobs: libfdt judges the structure, everything after that is plain nodes. See tree.h.
#include "inputs/tree.h"

#include <libfdt.h>

#include <algorithm>

namespace baton::inputs {
namespace {

// Header words by byte offset; all big-endian.
constexpr uint64_t kMagicAt = 0, kTotalSizeAt = 4, kVersionAt = 20, kLastCompatibleAt = 24, kBootCpuAt = 28;
constexpr uint64_t kStructureAt = 8, kStringsAt = 12, kReserveMapAt = 16, kStringsSizeAt = 32, kStructureSizeAt = 36;
constexpr size_t kSmallestHeader = 28;       // version 1
constexpr uint32_t kLargestBlob = 1u << 30;  // libfdt counts in int; real trees have less than a megabyte
constexpr Wide kSmallPage = 0x1000, kLargePage = 0x10000;

Failure malformed(const MappedFile& file, const std::string& what, std::string way_out = {}) {
  return Failure{Failure::Kind::kMalformed, "`" + file.path().string() + "` " + what, std::move(way_out)};
}

/// What is wrong with the header, before libfdt looks at anything.
std::optional<Failure> check_header(const MappedFile& file) {
  ByteView bytes = file.bytes();
  if (bytes.empty()) return malformed(file, "is empty, not a device tree blob");
  auto magic = load<uint32_t>(bytes, kMagicAt, Endian::kBig);
  if (!magic || *magic != FDT_MAGIC) {
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min<size_t>(bytes.size(), 9));
    return malformed(file, "is not a device tree blob: it does not begin with d0 0d fe ed",
                     text == "/dts-v1/;" ? "this is source text: compile it with `dtc -O dtb`" : "");
  }
  if (bytes.size() < kSmallestHeader)
    return malformed(file, "ends inside its header: it has " + std::to_string(bytes.size()) + " bytes");
  uint32_t total = *load<uint32_t>(bytes, kTotalSizeAt, Endian::kBig);
  uint32_t version = *load<uint32_t>(bytes, kVersionAt, Endian::kBig);
  uint32_t compatible = *load<uint32_t>(bytes, kLastCompatibleAt, Endian::kBig);
  if (total > bytes.size())
    return malformed(file, "is truncated: its totalsize is " + hex(total) + ", and the file has " +
                               hex(bytes.size()) + " bytes",
                     "copy the file again");
  if (total > kLargestBlob) return malformed(file, "is larger than any device tree: its totalsize is " + hex(total));
  if (version < FDT_FIRST_SUPPORTED_VERSION)
    return Failure{Failure::Kind::kUnsuitable,
                   "`" + file.path().string() + "` is a device tree blob of version " + std::to_string(version) +
                       "; versions 2 to 17 are read",
                   "`dtc -I dtb -O dtb -V 17` converts it"};
  if (compatible > FDT_LAST_SUPPORTED_VERSION)
    return Failure{Failure::Kind::kUnsuitable,
                   "`" + file.path().string() + "` needs a reader of device tree version " +
                       std::to_string(compatible) + " (last_comp_version); versions 2 to 17 are read"};
  return std::nullopt;
}

/// Walks the structure block with checked arithmetic, before libfdt does: its 1.6.1 adds the length of a
/// property unchecked and can be led in circles.
std::optional<Failure> check_structure(const MappedFile& file) {
  ByteView bytes = file.bytes();
  auto word = [&](uint64_t at) { return load<uint32_t>(bytes, at, Endian::kBig); };
  uint32_t version = *word(kVersionAt);
  bytes = bytes.first(*word(kTotalSizeAt));
  uint64_t start = word(kStructureAt).value_or(0), end = bytes.size();
  if (version >= 17) end = start + word(kStructureSizeAt).value_or(0);
  auto damaged = [&](const std::string& what) {
    return malformed(file, "is a damaged device tree blob: " + what);
  };
  if (start > end || end > bytes.size())
    return damaged("its structure block " + hex(start) + " ..< " + hex(end) + " is not in the " + hex(bytes.size()) +
                   " bytes of its totalsize");
  bytes = bytes.first(end);
  for (uint64_t at = start;;) {
    auto tag = word(at);
    if (!tag) return damaged("its structure block has no end");
    uint64_t here = at;
    at += 4;
    if (*tag == FDT_END) return std::nullopt;
    if (*tag == FDT_END_NODE || *tag == FDT_NOP) continue;
    if (*tag == FDT_BEGIN_NODE) {
      auto name = bytes.subspan(at);
      auto zero = std::find(name.begin(), name.end(), 0);
      if (zero == name.end()) return damaged("the name of the node at offset " + hex(here) + " has no end");
      at += static_cast<uint64_t>(zero - name.begin()) + 1;
    } else if (*tag == FDT_PROP) {
      auto length = word(at);
      at += 8;
      if (version < 16 && length.value_or(0) >= 8 && (at - start) % 8 != 0) at += 4;
      if (!length || at > bytes.size() || *length > bytes.size() - at)
        return damaged("the property at offset " + hex(here) + " has " + (length ? hex(*length) : "an unknown number of") +
                       " bytes, past the end of the structure block");
      at += *length;
    } else {
      return damaged("there is no tag " + hex(*tag) + " (at offset " + hex(here) + ")");
    }
    at = (at + 3) & ~uint64_t{3};
  }
}

std::string_view base_of(std::string_view name) { return name.substr(0, name.find('@')); }

/// [start, end) as a kernel reserves it: exactly, or in whole pages of its own.
bool covers_in_pages(const Range& entry, const Range& what) {
  for (Wide page : {Wide{1}, kSmallPage, kLargePage}) {
    auto end = align_up(what.end, Size{page});
    if (end && entry == Range{align_down(what.begin, Size{page}), *end}) return true;
  }
  return false;
}

Failure about(const DeviceTree& tree, NodeId id, std::string_view property, const std::string& what) {
  return Failure{Failure::Kind::kMalformed, place_of(tree, id, property) + " " + what};
}

/// One number of 1 or 2 cells; the length is known to suffice.
uint64_t cells_at(ByteView bytes, size_t offset, unsigned cells) {
  if (cells == 0) return 0;
  return cells == 1 ? *load<uint32_t>(bytes, offset, Endian::kBig) : *load<uint64_t>(bytes, offset, Endian::kBig);
}

}  // namespace

Result<DeviceTree> read_tree(MappedFile file) {
  if (auto failure = check_header(file)) return *failure;
  if (auto failure = check_structure(file)) return *failure;
  const void* fdt = file.bytes().data();
  int error = fdt_check_full(fdt, file.bytes().size());
  if (error != 0)
    return malformed(file, std::string("is a damaged device tree blob: ") + fdt_strerror(error));

  DeviceTree tree;
  tree.file_ = file;
  tree.blob_ = file.bytes().first(fdt_totalsize(fdt));
  tree.version_ = fdt_version(fdt);
  tree.boot_cpuid_phys_ = load<uint32_t>(tree.blob_, kBootCpuAt, Endian::kBig).value_or(0);
  int entries = fdt_num_mem_rsv(fdt);
  if (entries < 0) return malformed(file, "has a reserve map that runs past its end");
  for (int i = 0; i < entries; ++i) {
    uint64_t address = 0, size = 0;
    if (fdt_get_mem_rsv(fdt, i, &address, &size) != 0)
      return malformed(file, "has a reserve map that runs past its end");
    auto range = Range::checked(Address{address}, Size{size});
    if (!range)
      return malformed(file, "has a reserve map entry that runs past 2^64: " + hex(address) + ", size " + hex(size));
    tree.reserve_map_.push_back(*range);
  }

  std::vector<NodeId> open;  // from the root to the last node
  int depth = -1;  // the root is 0
  for (int at = fdt_next_node(fdt, -1, &depth); at >= 0; at = fdt_next_node(fdt, at, &depth)) {
    if (depth < 0) break;
    if (static_cast<size_t>(depth) > open.size() || (depth == 0 && !open.empty()))
      return malformed(file, "is a damaged device tree blob: it has no root, or two");
    if (depth > static_cast<int>(kDeepestNode))
      return malformed(file, "has nodes more than " + std::to_string(kDeepestNode) + " deep");
    NodeId id = static_cast<NodeId>(tree.nodes_.size());
    open.resize(static_cast<size_t>(depth));
    TreeNode node;
    int length = 0;
    const char* name = fdt_get_name(fdt, at, &length);
    if (name == nullptr) return malformed(file, std::string("is a damaged device tree blob: ") + fdt_strerror(length));
    if (!open.empty()) {
      node.name = std::string_view(name, static_cast<size_t>(length));
      node.parent = open.back();
      tree.nodes_[node.parent].children.push_back(id);
    }
    int p;
    fdt_for_each_property_offset(p, fdt, at) {
      const char* property = nullptr;
      const void* value = fdt_getprop_by_offset(fdt, p, &property, &length);
      if (value == nullptr)
        return malformed(file, std::string("is a damaged device tree blob: ") + fdt_strerror(length));
      node.properties.push_back(
          {property, ByteView(static_cast<const uint8_t*>(value), static_cast<size_t>(length))});
    }
    tree.nodes_.push_back(std::move(node));
    open.push_back(id);
  }
  if (tree.nodes_.empty()) return malformed(file, "is a device tree blob without a root node");
  return tree;
}

MappedFile with_later_header(const MappedFile& file) {
  ByteView bytes = file.bytes();
  if (load<uint32_t>(bytes, kVersionAt, Endian::kBig) != 1u || bytes.size() < kSmallestHeader) return file;
  uint32_t total = *load<uint32_t>(bytes, kTotalSizeAt, Endian::kBig), strings = *load<uint32_t>(bytes, kStringsAt, Endian::kBig);
  if (total > bytes.size() || total > kLargestBlob || strings > total) return file;  // let the reader say what is wrong
  constexpr uint32_t kMore = 8;  // the id of the boot CPU and the size of the strings
  ByteBuffer later(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(total));
  later.insert(later.begin() + kSmallestHeader, kMore, 0);
  for (uint64_t at : {kTotalSizeAt, kStructureAt, kStringsAt, kReserveMapAt})
    store<uint32_t>(later, at, *load<uint32_t>(bytes, at, Endian::kBig) + kMore, Endian::kBig);
  store<uint32_t>(later, kVersionAt, 3, Endian::kBig);
  store<uint32_t>(later, kStringsSizeAt, total - strings, Endian::kBig);
  return MappedFile::from_bytes(std::move(later), file.path());
}

std::string DeviceTree::path(NodeId id) const {
  if (id == kRootNode) return "/";
  std::vector<std::string_view> names;
  for (; id != kRootNode; id = nodes_[id].parent) names.push_back(nodes_[id].name);
  std::string path;
  for (auto it = names.rbegin(); it != names.rend(); ++it) path.append("/").append(*it);
  return path;
}

std::optional<NodeId> DeviceTree::child(NodeId parent, std::string_view component) const {
  std::optional<NodeId> near;
  bool several = false;
  for (NodeId id : nodes_[parent].children) {
    if (nodes_[id].name == component) return id;
    if (base_of(nodes_[id].name) != component) continue;
    several = near.has_value();
    near = id;
  }
  return several ? std::nullopt : near;
}

std::optional<NodeId> DeviceTree::find(std::string_view path) const {
  if (path.empty() || path.front() != '/') return std::nullopt;
  NodeId id = kRootNode;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    if (path.empty()) break;
    std::string_view component = path.substr(0, path.find('/'));
    auto next = child(id, component);
    if (component.empty() || !next) return std::nullopt;
    id = *next;
    path.remove_prefix(component.size());
  }
  return id;
}

std::optional<ByteView> DeviceTree::property(NodeId id, std::string_view name) const {
  for (const TreeProperty& property : nodes_[id].properties)
    if (property.name == name) return property.bytes;
  return std::nullopt;
}

bool DeviceTree::says(NodeId id, std::string_view name, std::string_view text) const {
  auto bytes = property(id, name);
  if (!bytes || bytes->empty()) return false;
  std::string_view value(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  return value.back() == 0 && value.substr(0, value.size() - 1) == text;
}

std::vector<Range> DeviceTree::lasting_reservations() const {
  std::optional<Range> initrd;
  if (auto chosen = find("/chosen")) {
    auto range = read_range(*this, *chosen, "linux,initrd-start", "linux,initrd-end", SecondIs::kEnd);
    if (range && *range && !(*range)->empty()) initrd = **range;
  }
  // To keep an entry too many wastes a page; to drop somebody else's loses his memory: so only what can be
  // nothing else goes. A tree taken from a running system has another size than the blob that it was
  // booted with: then /baton,facts says that one.
  Wide own = blob_.size();
  if (auto facts = find("/baton,facts")) {
    auto booted = read_number(*this, *facts, "boot-tree-size");
    if (booted && *booted) own = **booted;
  }
  auto in_mid_page = [](Wide number) { return number % kSmallPage != 0; };
  std::vector<Address> own_ends;
  for (const Range& entry : reserve_map_)
    if (entry.size().wide() == own && in_mid_page(own)) own_ends.push_back(entry.end);
  std::vector<Range> lasting;
  for (const Range& entry : reserve_map_) {
    if (initrd && covers_in_pages(entry, *initrd)) continue;
    if (entry.size().wide() == own && in_mid_page(own)) continue;
    if (in_mid_page(entry.begin.wide()) && std::find(own_ends.begin(), own_ends.end(), entry.begin) != own_ends.end())
      continue;
    lasting.push_back(entry);
  }
  return lasting;
}

std::string place_of(const DeviceTree& tree, NodeId id, std::string_view property) {
  return "`" + tree.file().path().string() + "`: " + tree.path(id) + " " + std::string(property);
}

Result<CellCounts> cell_counts(const DeviceTree& tree, NodeId id) {
  CellCounts counts;
  struct Kind {
    std::string_view property;
    unsigned lowest;
    unsigned* count;
  };
  for (const Kind& kind : {Kind{"#address-cells", 1, &counts.address}, Kind{"#size-cells", 0, &counts.size}}) {
    auto bytes = tree.property(id, kind.property);
    if (!bytes) continue;
    if (bytes->size() != 4)
      return about(tree, id, kind.property, "has " + std::to_string(bytes->size()) + " bytes; a number of cells has 4");
    uint32_t value = *load<uint32_t>(*bytes, 0, Endian::kBig);
    if (value < kind.lowest || value > 2)
      return about(tree, id, kind.property,
                   "is " + std::to_string(value) + "; addresses and sizes of memory have 1 or 2 cells");
    *kind.count = value;
  }
  return counts;
}

Result<std::vector<Range>> read_pairs(const DeviceTree& tree, NodeId id, std::string_view property,
                                      CellCounts cells) {
  std::vector<Range> ranges;
  auto bytes = tree.property(id, property);
  if (!bytes) return ranges;
  size_t width = 4 * (cells.address + cells.size);
  if (bytes->size() % width != 0)
    return about(tree, id, property,
                 "has " + std::to_string(bytes->size()) + " bytes, which is no number of (address, size) pairs of " +
                     std::to_string(cells.address) + " and " + std::to_string(cells.size) + " cells");
  for (size_t at = 0; at < bytes->size(); at += width) {
    uint64_t address = cells_at(*bytes, at, cells.address);
    uint64_t size = cells_at(*bytes, at + 4 * cells.address, cells.size);
    auto range = Range::checked(Address{address}, Size{size});
    if (!range)
      return about(tree, id, property, "runs past 2^64: address " + hex(address) + ", size " + hex(size));
    ranges.push_back(*range);
  }
  return ranges;
}

Result<std::optional<uint64_t>> read_number(const DeviceTree& tree, NodeId id, std::string_view property) {
  auto bytes = tree.property(id, property);
  if (!bytes) return std::optional<uint64_t>();
  if (bytes->size() != 4 && bytes->size() != 8)
    return about(tree, id, property, "has " + std::to_string(bytes->size()) + " bytes; a number has 4 or 8");
  return std::optional<uint64_t>(cells_at(*bytes, 0, static_cast<unsigned>(bytes->size() / 4)));
}

Result<std::optional<Range>> read_range(const DeviceTree& tree, NodeId id, std::string_view first,
                                        std::string_view second, SecondIs meaning, bool lone_second) {
  auto start = read_number(tree, id, first);
  if (!start) return start.failure();
  auto other = read_number(tree, id, second);
  if (!other) return other.failure();
  if (!*start && (!*other || lone_second)) return std::optional<Range>();
  if (!*start || !*other)
    return about(tree, id, *start ? first : second, "stands alone: there is no " + std::string(*start ? second : first));
  if (meaning == SecondIs::kSize) {
    auto range = Range::checked(Address{**start}, Size{**other});
    if (!range)
      return about(tree, id, first, "runs past 2^64: " + hex(**start) + ", with " + std::string(second) + " " + hex(**other));
    return std::optional<Range>(*range);
  }
  if (**other < **start)
    return about(tree, id, second, hex(**other) + " lies below " + std::string(first) + " " + hex(**start));
  return std::optional<Range>(Range::from_to(**start, **other));
}

}  // namespace baton::inputs
