// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The base becomes plain nodes, the edits change them, and tree_blob writes them in one pass. See
// devicetree.h.
#include "emit/devicetree.h"

#include <algorithm>
#include <array>

#include "inputs/boot_marks.h"

namespace baton::emit {

using inputs::DeviceTree;
using inputs::NodeId;

namespace {

constexpr std::string_view kFacts = "baton,facts";

// What a kernel is told about one boot, or tells about itself (arch/powerpc/kernel/prom.c, kexec/core.c, drivers/of/fdt.c,
// drivers/of/kexec.c). The next one believes it: it reads the limit and the reservation in its own byte order, and takes
// the memory that was left to a capture kernel for all there is.
constexpr std::array<std::string_view, 10> kStaleInChosen = {
    "linux,initrd-start", "linux,initrd-end",  "linux,crashkernel-base", "linux,crashkernel-size", "linux,elfcorehdr",
    "linux,kernel-end",   "linux,memory-limit", "linux,htab-base",        "linux,htab-size",        "linux,usable-memory-range"};
constexpr std::array<std::string_view, 2> kStaleAnywhere = {"linux,usable-memory", "linux,drconf-usable-memory"};

constexpr std::array<std::string_view, 5> kPairProperties = {
    "reg", "linux,usable-memory", "linux,usable-memory-range", "linux,elfcorehdr", "reserved-ranges"};

template <size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The characters of the device tree specification, less strict than it about which may come first.
bool is_name(std::string_view name, std::string_view punctuation) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           punctuation.find(c) != std::string_view::npos;
  });
}

std::string_view base_of(std::string_view name) { return name.substr(0, name.find('@')); }

/// The one child that has this name, or has it with a unit address.
Node* child_of(const Node& parent, std::string_view component) {
  Node* near = nullptr;
  bool several = false;
  for (const auto& node : parent.children) {
    if (node->name == component) return node.get();
    if (base_of(node->name) != component) continue;
    several = near != nullptr;
    near = node.get();
  }
  return several ? nullptr : near;
}

void drop(Node& node, std::string_view property) {
  std::erase_if(node.properties, [&](const Node::Property& p) { return p.name == property; });
}

void set(Node& node, std::string_view property, ByteView bytes) {
  for (Node::Property& p : node.properties)
    if (p.name == property) {
      p.bytes = bytes;
      return;
    }
  node.properties.push_back({std::string(property), bytes});
}

class TreeEditor {
 public:
  TreeEditor(const DeviceTree& base, const TreeEdits& edits) : base_(base), edits_(edits) {}

  Result<ByteBuffer> run() {
    copy_base();
    for (const TreePropertyEdit& edit : edits_.properties)
      if (auto failure = apply(edit)) return *failure;
    if (edits_.booted_from_kexec)
      if (auto failure = apply({"/chosen", "linux,booted-from-kexec", ByteBuffer{}, true})) return *failure;
    if (auto failure = mark_boot_cpus()) return *failure;
    list_reservations();
    return write();
  }

 private:
  static Failure unsuitable(std::string what, std::string way_out = {}) {
    return Failure{Failure::Kind::kUnsuitable, std::move(what), std::move(way_out)};
  }

  void copy_base() {
    std::vector<Node*> copies(base_.nodes().size(), nullptr);
    auto chosen = base_.find("/chosen");
    for (NodeId id = 0; id < copies.size(); ++id) {
      const inputs::TreeNode& from = base_.node(id);
      Node* node = &root_;
      if (id != inputs::kRootNode) {
        Node* parent = copies[from.parent];
        bool facts = from.parent == inputs::kRootNode && from.name == kFacts;
        if (parent == nullptr || facts) continue;  // a dropped node's children go with it
        node = parent->children.emplace_back(std::make_unique<Node>()).get();
        node->name = from.name;
      }
      copies[id] = node;
      for (const inputs::TreeProperty& property : from.properties)
        if (stays(from, property, id == chosen))
          node->properties.push_back({std::string(property.name), property.bytes});
    }
  }

  bool stays(const inputs::TreeNode& node, const inputs::TreeProperty& property, bool is_chosen) const {
    if (is_one_of(property.name, kStaleAnywhere) || (is_chosen && is_one_of(property.name, kStaleInChosen))) return false;
    // Blobs before 16 spell every node's name as a property too; later ones say it once.
    if (base_.version() < 16 && property.name == "name") {
      std::string_view text(reinterpret_cast<const char*>(property.bytes.data()), property.bytes.size());
      return text.substr(0, text.find('\0')) != base_of(node.name);
    }
    return true;
  }

  std::optional<Failure> apply(const TreePropertyEdit& edit) {
    if (!is_name(edit.property, ",._+?#-"))
      return unsuitable("`" + edit.property + "` is no property name (in " + edit.node + ")");
    Node* node = &root_;
    std::string_view rest = edit.node;
    if (rest.empty() || rest.front() != '/') return unsuitable("`" + edit.node + "` is no path: a path begins with /");
    while (rest != "/" && !rest.empty()) {
      rest.remove_prefix(1);
      std::string_view component = rest.substr(0, rest.find('/'));
      rest.remove_prefix(component.size());
      if (!is_name(component, ",._+-@")) return unsuitable("`" + edit.node + "` is no path of node names");
      Node* next = child_of(*node, component);
      bool made = edit.create && !names_several(*node, component);
      if (next == nullptr && !made)
        return unsuitable("`" + base_.file().path().string() + "` has no node " + edit.node + ": " + absence(*node, component));
      if (next == nullptr) {
        next = node->children.emplace_back(std::make_unique<Node>()).get();
        next->name = component;
      }
      node = next;
    }
    if (edit.value)
      set(*node, edit.property, *edit.value);
    else
      drop(*node, edit.property);
    return std::nullopt;
  }

  static long namesakes(const Node& parent, std::string_view component) {
    return std::count_if(parent.children.begin(), parent.children.end(),
                         [&](const auto& node) { return base_of(node->name) == component; });
  }
  static bool names_several(const Node& parent, std::string_view component) { return namesakes(parent, component) > 1; }

  static std::string absence(const Node& parent, std::string_view component) {
    std::string where = parent.name.empty() ? "the root" : "`" + parent.name + "`";
    long count = namesakes(parent, component);
    if (count > 1)
      return where + " has " + std::to_string(count) + " nodes `" + std::string(component) + "@...`; name one with its unit address";
    return where + " has no `" + std::string(component) + "`";
  }

  static bool is_cpu(const Node& node) {
    return std::any_of(node.properties.begin(), node.properties.end(), [](const Node::Property& p) {
      return p.name == "device_type" && std::string_view(reinterpret_cast<const char*>(p.bytes.data()), p.bytes.size()) ==
                                            std::string_view("cpu", 4);
    });
  }

  std::optional<Failure> mark_boot_cpus() {
    if (edits_.boot_cpus.empty()) return std::nullopt;
    std::vector<uint32_t> missing = edits_.boot_cpus;
    Node* cpus = child_of(root_, "cpus");
    for (size_t i = 0; cpus != nullptr && i < cpus->children.size(); ++i) {
      Node* node = cpus->children[i].get();
      drop(*node, inputs::kBootCpuProperty);
      drop(*node, inputs::kOtherCpuProperty);
      if (!is_cpu(*node)) continue;
      auto reg = std::find_if(node->properties.begin(), node->properties.end(),
                              [](const Node::Property& p) { return p.name == "reg"; });
      auto id = reg == node->properties.end() ? std::nullopt : load<uint32_t>(reg->bytes, 0, Endian::kBig);
      auto found = id ? std::find(missing.begin(), missing.end(), *id) : missing.end();
      if (found == missing.end()) continue;
      missing.erase(found);
      if (edits_.boot_cpus.size() > 1)
        node->may_boot = true;
      else
        node->properties.insert(node->properties.begin(), Node::Property{std::string(inputs::kBootCpuProperty), {}});
    }
    if (missing.empty()) return std::nullopt;
    return unsuitable("no cpu node of `" + base_.file().path().string() + "` has " + std::to_string(missing.front()) +
                          " in the first cell of its `reg`: where the boot CPU is told by its node, that CPU cannot be it",
                      "it may be another thread of a core: state `cpus` of the machine with the first thread of each");
  }

  /// Entries in order. `spare_` is the room of those that were asked for and are not needed.
  void list_reservations() {
    reserved_ = base_.lasting_reservations();
    for (const Range& range : edits_.reserve) {
      if (range.empty() || std::find(reserved_.begin(), reserved_.end(), range) != reserved_.end())
        ++spare_;
      else
        reserved_.push_back(range);
    }
  }

  Result<ByteBuffer> write() {
    BlobContents contents{root_, reserved_, spare_, edits_.boot_cpuid_phys.value_or(base_.boot_cpuid_phys()), edits_.first_names};
    if (edits_.own) contents.reserved.insert(contents.reserved.end(), 2, Range{});  // filled in when the size is known
    auto blob = write_blob(contents, *edits_.format);
    if (!blob) return blob.failure();
    if (edits_.own)
      if (auto failure = reserve_itself(*blob)) return *failure;
    return blob;
  }

  /// The last two entries of the map become the blob exactly, and what rounds it up.
  std::optional<Failure> reserve_itself(ByteBuffer& blob) {
    BATON_CHECK(is_power_of_two(edits_.own->granule.wide()), "a granule is a power of two");
    Size size = *align_up(Size{blob.size()}, edits_.own->granule);
    if (edits_.own->start == Address::limit() || size.wide() == kTwoTo64 || !Range::checked(edits_.own->start, size))
      return unsuitable("the tree at " + hex(edits_.own->start) + " with its " + hex(size) + " bytes runs past 2^64");
    uint64_t start = edits_.own->start.value(), exact = blob.size(), rest = size.bytes() - exact;
    size_t at = edits_.format->reserve_map_offset() + 16 * reserved_.size();
    for (uint64_t word : {start, exact, rest == 0 ? 0 : start + exact, rest}) {
      store<uint64_t>(blob, at, word, Endian::kBig);
      at += 8;
    }
    return std::nullopt;
  }

  const DeviceTree& base_;
  const TreeEdits& edits_;
  Node root_;
  std::vector<Range> reserved_;
  size_t spare_ = 0;
};

}  // namespace

Result<ByteBuffer> edit_tree(const DeviceTree& base, const TreeEdits& edits) { return TreeEditor(base, edits).run(); }

bool is_pair_property(std::string_view property) { return is_one_of(property, kPairProperties); }

Result<ByteBuffer> pair_cells(const DeviceTree& base, std::string_view node, std::string_view property,
                              const std::vector<Range>& ranges) {
  std::string place = std::string(node) + " " + std::string(property);
  if (!is_pair_property(property))
    return Failure{Failure::Kind::kUnsuitable, place + " is no list of (address, size) pairs",
                   "write its value with u32(...) or u64(...)"};
  std::string_view parent = property == "reserved-ranges" ? node : node.substr(0, node.rfind('/'));
  auto id = base.find(parent.empty() ? "/" : parent);
  if (node.empty() || node.front() != '/' || !id)
    return Failure{Failure::Kind::kUnsuitable, "`" + base.file().path().string() + "` has no node above " + std::string(node)};
  auto cells = inputs::cell_counts(base, *id);
  if (!cells) return cells.failure();
  ByteBuffer bytes;
  auto add = [&](Wide value, unsigned count) {
    if (count == 0 ? value != 0 : value >= (Wide{1} << (32 * count))) return false;
    if (count == 1) append<uint32_t>(bytes, static_cast<uint32_t>(value), Endian::kBig);
    if (count == 2) append<uint64_t>(bytes, static_cast<uint64_t>(value), Endian::kBig);
    return true;
  };
  for (const Range& range : ranges)
    if (!add(range.begin.wide(), cells->address) || !add(range.size().wide(), cells->size))
      return Failure{Failure::Kind::kUnsuitable,
                     place + " cannot hold " + to_text(range) + ": addresses have " + std::to_string(cells->address) +
                         " cells there, sizes " + std::to_string(cells->size)};
  return bytes;
}

}  // namespace baton::emit
