// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From clauses to tree edits. See next_tree.h.
#include "emit/next_tree.h"

#include <algorithm>

#include "contract/claim.h"
#include "emit/tree_needs.h"
#include "inputs/tree_memory.h"
#include "placement/pen.h"

namespace baton::emit {

using diagnostics::Code;
using model::ClauseKind;
using model::Type;
using model::Value;
using placement::HandoffScope;
using placement::RoleScope;

namespace {

/// Thirty times the largest machine's; a record has 8 bytes at least.
constexpr uint64_t kMostBlocks = 1u << 22;

class Builder {
 public:
  Builder(const placement::Layout& layout, const placement::PlacedSegment& segment,
          const inputs::DeviceTree& base, diagnostics::Sink& sink)
      : layout_(layout), segment_(segment), base_(base), sink_(sink) {}

  std::optional<ByteBuffer> run() {
    size_t errors = sink_.error_count();
    for (const auto& node : segment_.declaration->nodes)
      for (const auto& property : node.properties) edit(node, property);
    usable();
    if (layout_.bound("tree") == &segment_) add_tree_needs(layout_, segment_, base_, edits_, sink_);
    reserves();
    boot_cpu();
    if (segment_.content.tree_format) edits_.format = find_blob_format(*segment_.content.tree_format);
    edits_.own = OwnReservation{segment_.start.value_or(Address{0}), layout_.granule};
    edits_.booted_from_kexec = from_kexec();
    if (sink_.error_count() != errors) return std::nullopt;
    auto blob = edit_tree(base_, edits_);
    if (!blob) {
      sink_.report(Code::bad_edit, segment_.declaration->name_span, blob.failure());
      return std::nullopt;
    }
    return std::move(*blob);
  }

 private:
  void edit(const model::NodeEdit& node, const model::PropertyEdit& property) {
    TreePropertyEdit out;
    out.node = node.path;
    out.property = property.name;
    out.create = !property.drop;
    if (!property.drop) {
      ByteBuffer bytes;
      if (is_pair_property(property.name)) {
        if (!pairs(node, property, bytes)) return;
      } else {
        for (const auto& e : property.values)
          if (!append_value(*e, bytes)) return;
      }
      out.value = std::move(bytes);
    }
    edits_.properties.push_back(std::move(out));
  }

  bool append_value(const syntax::Expr& e, ByteBuffer& bytes) {
    Value v = evaluate(e, HandoffScope(layout_), sink_);
    if (v.is_error()) return false;
    if (v.is_pending()) return append_pending(e, v, bytes);
    switch (v.type()) {
      case Type::kCells: bytes.insert(bytes.end(), v.cells().begin(), v.cells().end()); return true;
      case Type::kString:
      case Type::kPath:
        bytes.insert(bytes.end(), v.text().begin(), v.text().end());
        bytes.push_back(0);
        return true;
      case Type::kInt: return number(e, v.number(), 4, bytes);
      case Type::kAddress:
      case Type::kSize: return number(e, v.number(), 8, bytes);
      default:
        sink_.report(Code::type_mismatch, e.span,
                     std::string("a property holds numbers, strings and cells, not ") + to_text(v.type()));
        return false;
    }
  }

  bool number(const syntax::Expr& e, Wide value, unsigned width, ByteBuffer& bytes) {
    if (value >= (Wide{1} << (8 * width))) {
      sink_.report(Code::number_too_large, e.span, hex(value) + " does not fit " + std::to_string(8 * width) + " bits")
          .note("write u64(...) for two cells");
      return false;
    }
    if (width == 4)
      append<uint32_t>(bytes, static_cast<uint32_t>(value), Endian::kBig);
    else
      append<uint64_t>(bytes, static_cast<uint64_t>(value), Endian::kBig);
    return true;
  }

  /// A value of fixed width that waits for an address: its room, as zeros.
  bool append_pending(const syntax::Expr& e, const Value& v, ByteBuffer& bytes) {
    if (v.type() == Type::kString) {
      sink_.report(Code::bad_edit, e.span,
                   "this string needs `" + v.as_pending().what + "`, whose address is not known yet")
          .note("the tree's size must be known before it is placed: use u64(...), or place that segment first");
      return false;
    }
    bool narrow = v.type() == Type::kInt || (e.kind == syntax::Expr::Kind::kCall && e.text == "u32");
    bytes.insert(bytes.end(), narrow ? 4 : 8, 0);
    return true;
  }

  bool pairs(const model::NodeEdit& node, const model::PropertyEdit& property, ByteBuffer& bytes) {
    std::vector<Range> ranges;
    bool cells_only = true;
    for (const auto& e : property.values) {
      Value v = evaluate(*e, HandoffScope(layout_), sink_);
      if (v.is_error()) return false;
      if (v.type() != Type::kRange && v.type() != Type::kRanges) {
        if (!append_value(*e, bytes)) return false;
        continue;
      }
      cells_only = false;
      if (v.is_pending()) ranges.push_back(Range{});
      else for (const Range& r : v.ranges()) ranges.push_back(r);
    }
    if (cells_only) return true;
    auto cells = pair_cells(base_, node.path, property.name, ranges);
    if (!cells) {
      sink_.report(Code::bad_edit, property.span, cells.failure());
      return false;
    }
    bytes.insert(bytes.end(), cells->begin(), cells->end());
    return true;
  }

  /// `usable`: each memory node says which of its bytes a crash kernel may use (linux,usable-memory, which the
  /// kernel reads instead of `reg`; an empty pair where that is none of them).
  void usable() {
    if (segment_.declaration->usable.empty()) return;
    Value v = evaluate_ranges(segment_.declaration->usable, HandoffScope(layout_), sink_);
    if (v.is_error()) return;
    if (v.is_pending()) {
      sink_.report(Code::bad_edit, segment_.declaration->usable_span,
                   "`usable` needs `" + v.as_pending().what + "`, whose address is not known yet")
          .note("the tree's size must be known before it is placed: place that segment first");
      return;
    }
    auto root = inputs::cell_counts(base_, inputs::kRootNode);
    if (!root) {
      sink_.report(Code::bad_tree, segment_.declaration->usable_span, root.failure());
      return;
    }
    usable_nodes(v.ranges(), *root);
    usable_blocks(v.ranges(), *root);
  }

  void usable_nodes(const RangeSet& usable, const inputs::CellCounts& root) {
    for (inputs::NodeId id : base_.node(inputs::kRootNode).children) {
      if (!base_.says(id, "device_type", "memory") || inputs::is_disabled(base_, id)) continue;
      std::string path = base_.path(id);
      auto banks = inputs::read_pairs(base_, id, "reg", root);
      if (!banks) {
        sink_.report(Code::bad_tree, segment_.declaration->usable_span, banks.failure());
        return;
      }
      RangeSet there;
      for (const Range& bank : *banks) there.add(bank);
      RangeSet both = there.intersect(usable);
      std::vector<Range> pairs(both.begin(), both.end());
      if (pairs.empty()) pairs.push_back(Range{});
      auto bytes = pair_cells(base_, path, "linux,usable-memory", pairs);
      if (!bytes) {
        sink_.report(Code::bad_edit, segment_.declaration->usable_span, bytes.failure());
        return;
      }
      edits_.properties.push_back({path, "linux,usable-memory", std::move(*bytes)});
    }
  }

  /// A partition's blocks: linux,drconf-usable-memory has a record for each block that the kernel asks it about, a count
  /// and as many pairs. It asks about those in use, in their order, and takes no record for any other
  /// (early_init_drmem_lmb of 2.6.23 to 6.12).
  void usable_blocks(const RangeSet& usable, const inputs::CellCounts& root) {
    auto blocks = inputs::read_logical_blocks(base_, root);
    if (!blocks) {
      sink_.report(Code::bad_tree, segment_.declaration->usable_span, blocks.failure());
      return;
    }
    if (!*blocks) return;
    auto refuse = [&](const std::string& why) {
      sink_.report(Code::bad_edit, segment_.declaration->usable_span,
                   std::string(inputs::LogicalBlocks::kNode) + " linux,drconf-usable-memory cannot say this: " + why);
    };
    Wide used = 0;
    for (const auto& run : (*blocks)->runs)
      if (run.is_used()) used += run.count;
    if (used > kMostBlocks) {
      refuse(std::to_string(static_cast<uint64_t>(used)) + " blocks of " + human((*blocks)->block) + " are in use, and a tree has room for " +
             std::to_string(kMostBlocks) + " records");
      return;
    }
    ByteBuffer records;
    auto cell = [&](Wide value, unsigned cells) {
      if (cells == 1) append<uint32_t>(records, static_cast<uint32_t>(value), Endian::kBig);
      else append<uint64_t>(records, static_cast<uint64_t>(value), Endian::kBig);
      return cells == 2 || value < Wide{1} << 32;
    };
    for (const auto& run : (*blocks)->runs) {
      if (!run.is_used()) continue;
      for (uint32_t i = 0; i < run.count; ++i) {
        const Size block = (*blocks)->block;
        const auto parts = usable.within(Range::at(Address{run.first.wide() + block.wide() * i}, block));
        cell(parts.size(), root.size);
        for (const Range& part : parts) {
          if (cell(part.begin.wide(), root.address) && cell(part.size().wide(), root.size)) continue;
          refuse("addresses have " + std::to_string(root.address) + " cells there and sizes " + std::to_string(root.size) +
                 ", which do not hold " + to_text(part));
          return;
        }
      }
    }
    edits_.properties.push_back({std::string(inputs::LogicalBlocks::kNode), "linux,drconf-usable-memory", std::move(records)});
  }

  void reserves() {
    auto add = [&](const syntax::Expr& e, const model::Scope& scope) {
      Value v = evaluate_as(e, Type::kRanges, scope, sink_);
      if (v.is_error()) return;
      if (v.is_pending()) {
        edits_.reserve.push_back(Range{});  // its room
        return;
      }
      for (const Range& r : v.ranges()) edits_.reserve.push_back(r);
    };
    for (const auto& e : segment_.declaration->reserve) add(*e, HandoffScope(layout_));
    // Slaves may still be in the pen when the taker begins to use its memory.
    if (layout_.slaves == placement::SlaveMeans::kRelay && layout_.bound("tree") == &segment_) {
      const placement::PlacedSegment& stub = layout_.entered();
      edits_.reserve.push_back(stub.start ? Range::at(*stub.start, stub.content.size) : Range{});
    }
    // And in a pen of the taker's they are until it lets them go, in the low copy of the head, or may come to it still.
    if (layout_.slaves == placement::SlaveMeans::kPen && layout_.bound("tree") == &segment_) {
      const placement::PlacedSegment& stub = layout_.entered();
      edits_.reserve.push_back(Range::at(Address{0}, Size{placement::kLowHead}));
      edits_.reserve.push_back(stub.start ? Range::at(*stub.start, stub.content.size) : Range{});
    }
    for (const auto& clause : layout_.to->clauses) {
      if (clause.kind != ClauseKind::kTreeReserves || layout_.bound("tree") != &segment_) continue;
      for (const auto& e : clause.values) {
        // The tree reserves itself by OwnReservation.
        if (model::dotted_name(*e) != "tree.extent") add(*e, RoleScope(layout_, false));
      }
    }
  }

  /// Known at build time only when there is one CPU; else the stub stores it over this 0.
  void boot_cpu() {
    edits_.boot_cpuid_phys = 0;
    const auto* cpus = layout_.machine->find("cpus");
    if (cpus && cpus->value.ids().size() == 1) edits_.boot_cpuid_phys = cpus->value.ids()[0];
    for (const auto& clause : layout_.to->clauses) {
      if (clause.kind != ClauseKind::kTreeBootCpu || clause.subject != model::kBootCpuNode || clause.any) continue;
      if (layout_.bound("tree") != &segment_) continue;
      if (model::dotted_name(*clause.values[0]) != "master.physical_id") {
        Value v = evaluate_as(*clause.values[0], Type::kInt, RoleScope(layout_, false), sink_);
        if (v.is_known()) edits_.boot_cpus = {static_cast<uint32_t>(v.number())};
      } else if (cpus) {
        edits_.boot_cpus = cpus->value.ids();
      } else {
        sink_.report(Code::bad_edit, segment_.declaration->name_span,
                     "`" + clause.origin + "` needs `" + clause.text + "`, and nothing says which CPUs the machine has")
            .label(clause.span, "the need")
            .note("state them: `cpus = 0, 1;`");
      }
    }
  }

  /// Kernels tell a kexec boot by /chosen linux,booted-from-kexec: any convention of the kexec family.
  bool from_kexec() const {
    for (const model::Convention* c = layout_.from; c != nullptr;) {
      if (c->name.rfind("linux.kexec@", 0) == 0) return true;
      auto parent = layout_.program->conventions.find(c->parent);
      c = parent == layout_.program->conventions.end() ? nullptr : &parent->second;
    }
    return false;
  }

  const placement::Layout& layout_;
  const placement::PlacedSegment& segment_;
  const inputs::DeviceTree& base_;
  diagnostics::Sink& sink_;
  TreeEdits edits_;
};

}  // namespace

std::optional<ByteBuffer> next_tree(const placement::Layout& layout, const placement::PlacedSegment& segment,
                                    const inputs::DeviceTree& base, diagnostics::Sink& sink) {
  return Builder(layout, segment, base, sink).run();
}

std::optional<uint64_t> choose_tree_format(const placement::Layout& layout,
                                           const placement::PlacedSegment& segment, diagnostics::Sink& sink) {
  std::vector<uint64_t> readable;
  const model::Clause* need = nullptr;
  if (layout.bound("tree") == &segment) {
    for (const auto& clause : layout.to->clauses) {
      if (clause.kind != ClauseKind::kTreeFormat || clause.any) continue;
      need = &clause;
      for (const auto& e : clause.values) {
        Value v = evaluate_as(*e, Type::kInt, RoleScope(layout, false), sink);
        if (v.is_known()) readable.push_back(static_cast<uint64_t>(v.number()));
      }
    }
  }
  source::Span place = segment.declaration->name_span;
  std::string written;
  std::optional<uint64_t> wanted;  // without a word about it: the highest that is read and written
  for (const BlobFormat& format : blob_formats()) {
    written += (written.empty() ? "" : ", ") + std::to_string(format.version);
    bool read = !need || std::find(readable.begin(), readable.end(), format.version) != readable.end();
    if (read) wanted = format.version;
  }
  if (segment.declaration->tree_version) {
    Value v = evaluate_as(*segment.declaration->tree_version, Type::kInt, HandoffScope(layout), sink);
    if (!v.is_known()) return std::nullopt;
    wanted = static_cast<uint64_t>(v.number());
    place = segment.declaration->tree_version->span;
    if (need && std::find(readable.begin(), readable.end(), *wanted) == readable.end()) {
      sink.report(Code::tree_format, place,
                  "the taker cannot read a blob of version " + std::to_string(*wanted) + ": `" + need->origin +
                      "` needs `" + need->text + "`")
          .label(need->span, "the need");
      return std::nullopt;
    }
  }
  if (!wanted || !find_blob_format(*wanted)) {
    auto& d = sink.report(Code::tree_format, place,
                          wanted ? "blobs of version " + std::to_string(*wanted) + " cannot be written"
                                 : "no blob that can be written is one that `" + need->origin + "` reads: `" +
                                       need->text + "`");
    if (!wanted) d.label(need->span, "the need");
    d.note("written are the versions " + written);
    return std::nullopt;
  }
  return wanted;
}

}  // namespace baton::emit
