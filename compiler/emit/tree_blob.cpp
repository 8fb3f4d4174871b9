// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One pass over the nodes; libfdt judges what it can read. libfdt's own writers do not fit:
// they write 16 and 17 only, editing in place leaves dead strings and moves the tail once per edit, and the
// sequential writer searches all strings for each property, which is half a second for the tree of a large
// server. See tree_blob.h.
#include "emit/tree_blob.h"

#include <libfdt.h>

#include <algorithm>
#include <unordered_map>

#include "inputs/boot_marks.h"

namespace baton::emit {

namespace {

constexpr size_t kLargestBlob = size_t{1} << 30;
const std::string kFiller = "baton,filler";

ByteView with_nul(const std::string& text) {
  return ByteView(reinterpret_cast<const uint8_t*>(text.c_str()), text.size() + 1);
}

class BlobWriter {
 public:
  BlobWriter(const BlobContents& contents, const BlobFormat& format) : contents_(contents), format_(format) {}

  /// Header, reserve map, structure and strings, in the order dtc has them.
  Result<ByteBuffer> run() {
    blob_.resize(format_.reserve_map_offset());
    for (const Range& range : contents_.reserved) {
      if (range.size().wide() == kTwoTo64)
        return Failure{Failure::Kind::kUnsuitable, "a reserve map entry cannot hold all 2^64 bytes"};
      add_reservation(range.begin.value(), range.size().bytes());
    }
    for (size_t i = 0; i <= contents_.spare_reservations; ++i) add_reservation(0, 0);  // at least the end
    // First among the strings: the offsets of both then differ in their last byte only.
    if (any_may_boot(contents_.root))
      for (std::string_view name : {inputs::kBootCpuProperty, inputs::kOtherCpuProperty}) string_at(std::string(name));
    for (const std::string& name : contents_.first_names) string_at(name);
    size_t structure_at = blob_.size();
    if (!write_structure()) return Failure{Failure::Kind::kUnsuitable, "the edited tree is larger than 1GiB"};
    size_t strings_at = blob_.size();
    blob_.insert(blob_.end(), strings_.begin(), strings_.end());
    write_header(structure_at, strings_at);
    // libfdt knows no version 1, and of a version 2 takes the first word of the reserve map, which stands
    // where later headers have the size of the strings, for that size.
    BATON_CHECK(format_.version < 3 || fdt_check_full(blob_.data(), blob_.size()) == 0,
                "libfdt refuses a blob that was written here");
    return std::move(blob_);
  }

 private:
  void write_header(size_t structure_at, size_t strings_at) {
    // Each version appends to the header of the one before.
    const size_t words[] = {FDT_MAGIC,
                            blob_.size(),
                            structure_at,
                            strings_at,
                            format_.reserve_map_offset(),
                            format_.version,
                            format_.last_compatible,
                            contents_.boot_cpuid_phys,
                            strings_.size(),
                            strings_at - structure_at};
    for (size_t i = 0; i < format_.header_size / 4; ++i)
      store<uint32_t>(blob_, 4 * i, static_cast<uint32_t>(words[i]), Endian::kBig);
  }

  void add_reservation(uint64_t start, uint64_t size) {
    append<uint64_t>(blob_, start, Endian::kBig);
    append<uint64_t>(blob_, size, Endian::kBig);
  }

  void add_word(size_t word) { append<uint32_t>(blob_, static_cast<uint32_t>(word), Endian::kBig); }

  /// From the blob's start, which is where the structure's alignment counts from: kernels look at addresses,
  /// and a blob of those versions lies at a multiple of 8.
  void align(size_t to) { blob_.resize((blob_.size() + to - 1) & ~(to - 1)); }

  void add_padded(ByteView bytes) {
    blob_.insert(blob_.end(), bytes.begin(), bytes.end());
    align(4);
  }

  /// The offset of a name among the strings; each stands there once.
  size_t string_at(const std::string& name) {
    auto [it, fresh] = string_offsets_.try_emplace(name, strings_.size());
    if (fresh) strings_.append(name).push_back('\0');
    return it->second;
  }

  void add_property(const std::string& name, ByteView bytes) {
    add_word(FDT_PROP);
    add_word(bytes.size());
    add_word(string_at(name));
    if (format_.full_paths && bytes.size() >= 8) align(8);
    add_padded(bytes);
  }

  static bool any_may_boot(const Node& node) {
    return node.may_boot || std::any_of(node.children.begin(), node.children.end(),
                                        [](const auto& child) { return any_may_boot(*child); });
  }

  /// Where values are aligned to 8, equal nodes are equally long only when they begin alike: in front of each node
  /// that may boot the blob is at a multiple of 8. There is no padding but a property, of 12 bytes.
  void align_next(const Node& node) {
    bool parent = std::any_of(node.children.begin(), node.children.end(), [](const auto& child) { return child->may_boot; });
    if (!format_.full_paths || (!parent && !node.may_boot)) return;
    size_t ends = node.children.empty() ? 4 : 0;  // the tag that ends it follows at once
    if (blob_.size() % 8 != ends) add_property(kFiller, {});
  }

  void begin_node(const Node& node, const std::string& path) {
    add_word(FDT_BEGIN_NODE);
    add_padded(with_nul(!format_.full_paths ? node.name : path.empty() ? "/" : path));
    if (node.may_boot) add_property(std::string(inputs::kOtherCpuProperty), {});
    bool named = false;
    for (const Node::Property& property : node.properties) {
      add_property(property.name, property.bytes);
      named = named || property.name == "name";
    }
    if (format_.full_paths && !named) add_property("name", with_nul(node.name.substr(0, node.name.find('@'))));
    align_next(node);
  }

  /// False when it grows past the largest blob; values are looked at before they are copied.
  bool write_structure() {
    struct Step {
      const Node* node;
      size_t next_child;
      size_t path_length;  // of the parent's path
    };
    std::vector<Step> open;
    std::string path;
    auto begin = [&](const Node& node) {
      size_t size = blob_.size() + strings_.size() + path.size();
      for (const Node::Property& property : node.properties) size += property.bytes.size();
      if (size > kLargestBlob) return false;
      size_t parent_length = path.size();
      if (!open.empty()) path += "/" + node.name;
      begin_node(node, path);
      open.push_back({&node, 0, parent_length});
      return true;
    };
    if (!begin(contents_.root)) return false;
    while (!open.empty()) {
      Step& step = open.back();
      if (step.next_child < step.node->children.size()) {
        if (!begin(*step.node->children[step.next_child++])) return false;
      } else {
        add_word(FDT_END_NODE);
        path.resize(step.path_length);
        open.pop_back();
      }
    }
    add_word(FDT_END);
    return true;
  }

  const BlobContents& contents_;
  const BlobFormat& format_;
  ByteBuffer blob_;
  std::string strings_;
  std::unordered_map<std::string, size_t> string_offsets_;
};

}  // namespace

const std::vector<BlobFormat>& blob_formats() {
  static const std::vector<BlobFormat> kFormats = {{1, 1, 28, false, true},
                                                   {2, 1, 32, true, true},
                                                   {3, 1, 36, true, true},
                                                   {16, 16, 36, true, false},
                                                   {17, 16, 40, true, false}};
  return kFormats;
}

const BlobFormat* find_blob_format(uint64_t version) {
  const auto& all = blob_formats();
  auto it = std::find_if(all.begin(), all.end(), [&](const BlobFormat& f) { return f.version == version; });
  return it == all.end() ? nullptr : &*it;
}

Result<ByteBuffer> write_blob(const BlobContents& contents, const BlobFormat& format) {
  return BlobWriter(contents, format).run();
}

}  // namespace baton::emit
