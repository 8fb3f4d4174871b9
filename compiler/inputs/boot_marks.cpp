// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One walk over the structure block with checked arithmetic: libfdt does not read version 1. See boot_marks.h.
#include "inputs/boot_marks.h"

#include <algorithm>
#include <string>

namespace baton::inputs {
namespace {

constexpr uint64_t kTotalSizeAt = 4, kStructureAt = 8, kStringsAt = 12, kVersionAt = 20;
constexpr uint32_t kBeginNode = 1, kEndNode = 2, kProperty = 3, kNop = 4, kEnd = 9;
constexpr uint32_t kUnitNames = 16;  // since this version values have no alignment of their own

class MarkReader {
 public:
  MarkReader(ByteView blob, const MarkNames& names) : blob_(blob), names_(names) {}

  Result<BootMarks> run() {
    auto total = word(kTotalSizeAt), structure = word(kStructureAt), strings = word(kStringsAt), version = word(kVersionAt);
    if (!version || *total > blob_.size() || *structure > *total || *strings > *total)
      return malformed("its header speaks of more than it has");
    blob_ = blob_.first(*total);
    strings_ = blob_.subspan(*strings);
    marks_.boot_name = find_name(names_.boot);
    marks_.other_name = find_name(names_.other);
    return walk(*structure, *version);
  }

 private:
  struct OpenNode {
    bool is_cpu = false;
    CpuMark mark;
  };

  static Failure malformed(const std::string& what) {
    return Failure{Failure::Kind::kMalformed, "a device tree blob is damaged: " + what};
  }
  std::optional<uint32_t> word(uint64_t at) const { return load<uint32_t>(blob_, at, Endian::kBig); }

  /// The text that begins at an offset; nullopt when it has no end.
  static std::optional<std::string_view> text_at(ByteView bytes, uint64_t at) {
    if (at >= bytes.size()) return std::nullopt;
    auto rest = bytes.subspan(at);
    auto zero = std::find(rest.begin(), rest.end(), 0);
    if (zero == rest.end()) return std::nullopt;
    return std::string_view(reinterpret_cast<const char*>(rest.data()), static_cast<size_t>(zero - rest.begin()));
  }

  std::optional<uint32_t> find_name(std::string_view name) const {
    for (uint64_t at = 0;;) {
      auto text = text_at(strings_, at);
      if (!text) return std::nullopt;
      if (*text == name) return static_cast<uint32_t>(at);
      at += text->size() + 1;
    }
  }

  Result<BootMarks> walk(uint64_t at, uint32_t version) {
    std::vector<OpenNode> open;
    for (;;) {
      auto tag = word(at);
      if (!tag) return malformed("its structure has no end");
      uint64_t here = at;
      at += 4;
      if (*tag == kNop) continue;
      if (*tag == kEnd) return open.empty() ? Result<BootMarks>(std::move(marks_)) : malformed("a node has no end");
      if (*tag == kEndNode) {
        if (open.empty()) return malformed("a node ends that did not begin");
        if (open.back().is_cpu) marks_.cpus[slot_.back()] = open.back().mark;
        open.pop_back();
        slot_.pop_back();
        continue;
      }
      if (*tag == kBeginNode) {
        auto name = text_at(blob_, at);
        if (!name) return malformed("a node's name has no end");
        at += name->size() + 1;
        open.push_back({});
        slot_.push_back(0);
      } else if (*tag == kProperty && !open.empty()) {
        auto length = word(at), name_offset = word(at + 4);
        auto name = name_offset ? text_at(strings_, *name_offset) : std::nullopt;
        if (!name) return malformed("a property has no name");
        uint64_t name_at = at + 4;
        at += 8;
        if (version < kUnitNames && *length >= 8) at = (at + 7) & ~uint64_t{7};
        if (at > blob_.size() || *length > blob_.size() - at) return malformed("a property runs past its end");
        note(open.back(), *name, blob_.subspan(at, *length), name_at);
        at += *length;
      } else {
        return malformed("there is no tag " + std::to_string(*tag) + " at " + std::to_string(here));
      }
      at = (at + 3) & ~uint64_t{3};
    }
  }

  void note(OpenNode& node, std::string_view name, ByteView value, uint64_t name_at) {
    if (name == names_.boot) node.mark.boots = true;
    if (name == names_.other) node.mark.name_at = name_at;
    if (name == "reg") node.mark.id = load<uint32_t>(value, 0, Endian::kBig).value_or(0);
    if (name != "device_type" || text_at(value, 0) != "cpu" || node.is_cpu) return;
    node.is_cpu = true;
    slot_.back() = marks_.cpus.size();  // nodes are told of in the order in which they begin
    marks_.cpus.emplace_back();
  }

  ByteView blob_, strings_;
  const MarkNames& names_;
  std::vector<size_t> slot_;  // of each open node, where it is a CPU's
  BootMarks marks_;
};

}  // namespace

std::optional<uint32_t> BootMarks::boot_cpu() const {
  std::optional<uint32_t> id;
  for (const CpuMark& cpu : cpus) {
    if (!cpu.boots) continue;
    if (id) return std::nullopt;
    id = cpu.id;
  }
  return id;
}

Result<BootMarks> read_boot_marks(ByteView blob, const MarkNames& names) { return MarkReader(blob, names).run(); }

}  // namespace baton::inputs
