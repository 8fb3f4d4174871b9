// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The edited tree is built as plain nodes and then written in one pass; libfdt judges the result.
// (libfdt's own writers do not fit: editing in place leaves dead strings, moves the tail once per edit and
// refuses bases of version 2 and 3; the sequential writer searches all strings for each property, which is
// half a second for the tree of a large server.) See devicetree.h.
#include "emit/devicetree.h"

#include <libfdt.h>

#include <algorithm>
#include <array>
#include <memory>
#include <unordered_map>

namespace baton::emit {

using inputs::DeviceTree;
using inputs::NodeId;

namespace {

constexpr size_t kLargestBlob = size_t{1} << 30;
constexpr std::string_view kFacts = "baton,facts";
constexpr size_t kHeaderSize = 40;  // of version 17

constexpr std::array<std::string_view, 4> kCrashInChosen = {"linux,crashkernel-base", "linux,crashkernel-size",
                                                            "linux,elfcorehdr", "linux,usable-memory-range"};
constexpr std::array<std::string_view, 2> kCrashAnywhere = {"linux,usable-memory", "linux,drconf-usable-memory"};
constexpr std::array<std::string_view, 2> kInitrd = {"linux,initrd-start", "linux,initrd-end"};

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

/// A node that can be changed. Bytes belong to the base or to the edits.
struct Node {
  std::string name;
  struct Property {
    std::string name;
    ByteView bytes;
  };
  std::vector<Property> properties;
  std::vector<std::unique_ptr<Node>> children;

  Node* child(std::string_view component) {
    Node* near = nullptr;
    bool several = false;
    for (const auto& node : children) {
      if (node->name == component) return node.get();
      if (base_of(node->name) != component) continue;
      several = near != nullptr;
      near = node.get();
    }
    return several ? nullptr : near;
  }
  void drop(std::string_view property) {
    std::erase_if(properties, [&](const Property& p) { return p.name == property; });
  }
  void set(std::string_view property, ByteView bytes) {
    for (Property& p : properties)
      if (p.name == property) {
        p.bytes = bytes;
        return;
      }
    properties.push_back({std::string(property), bytes});
  }
};

class TreeEditor {
 public:
  TreeEditor(const DeviceTree& base, const TreeEdits& edits) : base_(base), edits_(edits) {}

  Result<ByteBuffer> run() {
    copy_base();
    for (const TreePropertyEdit& edit : edits_.properties)
      if (auto failure = apply(edit)) return *failure;
    if (edits_.booted_from_kexec)
      if (auto failure = apply({"/chosen", "linux,booted-from-kexec", ByteBuffer{}, true})) return *failure;
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
    if (is_chosen && is_one_of(property.name, kInitrd)) return false;
    if (edits_.drop_crash_properties &&
        (is_one_of(property.name, kCrashAnywhere) || (is_chosen && is_one_of(property.name, kCrashInChosen))))
      return false;
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
      Node* next = node->child(component);
      if (next == nullptr && !edit.create)
        return unsuitable("`" + base_.file().path().string() + "` has no node " + edit.node + ": " + absence(*node, component));
      if (next == nullptr) {
        next = node->children.emplace_back(std::make_unique<Node>()).get();
        next->name = component;
      }
      node = next;
    }
    if (edit.value)
      node->set(edit.property, *edit.value);
    else
      node->drop(edit.property);
    return std::nullopt;
  }

  static std::string absence(const Node& parent, std::string_view component) {
    std::string where = parent.name.empty() ? "the root" : "`" + parent.name + "`";
    auto count = std::count_if(parent.children.begin(), parent.children.end(),
                               [&](const auto& node) { return base_of(node->name) == component; });
    if (count > 1)
      return where + " has " + std::to_string(count) + " nodes `" + std::string(component) + "@...`; name one with its unit address";
    return where + " has no `" + std::string(component) + "`";
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

  /// Header, reserve map, structure and strings, in the order dtc has them.
  Result<ByteBuffer> write() {
    blob_.resize(kHeaderSize);
    for (const Range& range : reserved_) {
      if (range.size().wide() == kTwoTo64) return unsuitable("a reserve map entry cannot hold all 2^64 bytes");
      add_reservation(range.begin.value(), range.size().bytes());
    }
    size_t own_at = blob_.size();
    for (int i = 0; edits_.own && i < 2; ++i) add_reservation(0, 0);  // filled in when the size is known
    for (size_t i = 0; i <= spare_; ++i) add_reservation(0, 0);  // at least the one that ends the map
    size_t structure_at = blob_.size();
    if (!write_structure()) return unsuitable("the edited tree is larger than 1GiB");
    size_t strings_at = blob_.size();
    blob_.insert(blob_.end(), strings_.begin(), strings_.end());

    uint32_t at = 0;
    for (size_t word : {size_t{FDT_MAGIC}, blob_.size(), structure_at, strings_at, kHeaderSize,
                        size_t{FDT_LAST_SUPPORTED_VERSION}, size_t{FDT_LAST_COMPATIBLE_VERSION},
                        size_t{edits_.boot_cpuid_phys.value_or(base_.boot_cpuid_phys())}, strings_.size(),
                        strings_at - structure_at}) {
      store<uint32_t>(blob_, at, static_cast<uint32_t>(word), Endian::kBig);
      at += 4;
    }
    if (auto failure = reserve_itself(own_at)) return *failure;
    BATON_CHECK(fdt_check_full(blob_.data(), blob_.size()) == 0, "libfdt refuses a blob that was written here");
    return std::move(blob_);
  }

  void add_reservation(uint64_t start, uint64_t size) {
    append<uint64_t>(blob_, start, Endian::kBig);
    append<uint64_t>(blob_, size, Endian::kBig);
  }

  void add_word(size_t word) { append<uint32_t>(blob_, static_cast<uint32_t>(word), Endian::kBig); }

  void add_padded(ByteView bytes) {
    blob_.insert(blob_.end(), bytes.begin(), bytes.end());
    blob_.resize((blob_.size() + 3) & ~size_t{3});
  }

  /// The offset of a name among the strings; each stands there once.
  size_t string_at(const std::string& name) {
    auto [it, fresh] = string_offsets_.try_emplace(name, strings_.size());
    if (fresh) strings_.append(name).push_back('\0');
    return it->second;
  }

  void begin_node(const Node& node) {
    add_word(FDT_BEGIN_NODE);
    add_padded(ByteView(reinterpret_cast<const uint8_t*>(node.name.c_str()), node.name.size() + 1));
    for (const Node::Property& property : node.properties) {
      add_word(FDT_PROP);
      add_word(property.bytes.size());
      add_word(string_at(property.name));
      add_padded(property.bytes);
    }
  }

  /// False when it grows past the largest blob; values are looked at before they are copied.
  bool write_structure() {
    struct Step {
      const Node* node;
      size_t next_child;
    };
    std::vector<Step> open;
    auto begin = [&](const Node& node) {
      size_t size = blob_.size() + strings_.size();
      for (const Node::Property& property : node.properties) size += property.bytes.size();
      if (size > kLargestBlob) return false;
      begin_node(node);
      open.push_back({&node, 0});
      return true;
    };
    if (!begin(root_)) return false;
    while (!open.empty()) {
      Step& step = open.back();
      if (step.next_child < step.node->children.size()) {
        if (!begin(*step.node->children[step.next_child++])) return false;
      } else {
        add_word(FDT_END_NODE);
        open.pop_back();
      }
    }
    add_word(FDT_END);
    return true;
  }

  std::optional<Failure> reserve_itself(size_t entry_at) {
    if (!edits_.own) return std::nullopt;
    BATON_CHECK(is_power_of_two(edits_.own->granule.wide()), "a granule is a power of two");
    Size size = *align_up(Size{blob_.size()}, edits_.own->granule);
    if (edits_.own->start == Address::limit() || size.wide() == kTwoTo64 || !Range::checked(edits_.own->start, size))
      return unsuitable("the tree at " + hex(edits_.own->start) + " with its " + hex(size) + " bytes runs past 2^64");
    uint64_t start = edits_.own->start.value(), exact = blob_.size(), rest = size.bytes() - exact;
    size_t at = entry_at;
    for (uint64_t word : {start, exact, rest == 0 ? 0 : start + exact, rest}) {
      store<uint64_t>(blob_, at, word, Endian::kBig);
      at += 8;
    }
    return std::nullopt;
  }

  const DeviceTree& base_;
  const TreeEdits& edits_;
  Node root_;
  std::vector<Range> reserved_;
  size_t spare_ = 0;
  ByteBuffer blob_;
  std::string strings_;
  std::unordered_map<std::string, size_t> string_offsets_;
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
