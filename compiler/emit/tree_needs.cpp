// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the taker's clauses to edits, node by node. See tree_needs.h.
#include "emit/tree_needs.h"

#include <algorithm>

#include "contract/claim.h"
#include "inputs/boot_marks.h"
#include "placement/pen.h"
#include "placement/tree_properties.h"

namespace baton::emit {

using diagnostics::Code;
using model::Clause;
using model::ClauseKind;
using model::Section;
using model::Type;
using model::Value;
using placement::HandoffScope;
using placement::is_absent;
using placement::is_limit;
using placement::is_needed;
using placement::is_not;
using placement::of_cpus;

namespace {

/// `master.physical_id`, where several CPUs may be it.
bool is_open_id(const Value& v) { return v.is_symbol() && v.as_symbol().name == "master.physical_id"; }

/// Names of the taker's convention where one CPU is spoken of, or none.
class NeedScope : public placement::SlotScope {
 public:
  NeedScope(const placement::Layout& layout, const std::optional<placement::PenTable>& table, std::optional<uint32_t> slave)
      : SlotScope(layout, table, slave.value_or(0)), slave_(slave), ids_(placement::cpu_ids(layout)) {}
  std::optional<Value> lookup(std::string_view name) const override {
    if (name == "master.physical_id" || (name == "cpu.physical_id" && !slave_))
      return ids_.size() == 1 ? Value::of_int(ids_[0]) : Value::symbol("master.physical_id");
    if (name == contract::kSlotAddress && !slave_) return std::nullopt;
    return SlotScope::lookup(name);
  }

 private:
  std::optional<uint32_t> slave_;
  std::vector<uint32_t> ids_;
};

class Needs {
 public:
  Needs(const placement::Layout& layout, const placement::PlacedSegment& segment, const inputs::DeviceTree& base,
        TreeEdits& edits, diagnostics::Sink& sink)
      : layout_(layout), segment_(segment), base_(base), edits_(edits), sink_(sink), ids_(placement::cpu_ids(layout)),
        table_(layout.slaves == placement::SlaveMeans::kPen ? placement::pen_table(layout) : std::nullopt) {}

  void run() {
    std::vector<const Clause*> limits;
    for (const Clause& clause : layout_.to->clauses) {
      if (!is_needed(layout_, clause)) continue;
      if (is_limit(clause)) {
        limits.push_back(&clause);
      } else if (!of_cpus(clause)) {
        if (auto bytes = value_of(clause, std::nullopt)) need(clause, clause.words[0], std::move(bytes));
      } else if (clause.section == Section::kMaster) {
        of_master(clause);
      } else if (ids_.size() != 1) {
        of_slaves(clause);
      }
    }
    for (const Clause* clause : limits) limit(*clause);  // of what is written by now
  }

 private:
  /// The bytes of the value; empty without one, and for `absent`. nullopt after a report.
  std::optional<ByteBuffer> value_of(const Clause& clause, std::optional<uint32_t> slave) {
    if (clause.values.empty()) return ByteBuffer{};
    const syntax::Expr& e = *clause.values[0];
    Value v = evaluate(e, NeedScope(layout_, table_, slave), sink_);
    if (v.is_error()) return std::nullopt;
    if (is_open_id(v)) {
      if (!of_cpus(clause)) return ByteBuffer(4);  // the stub's to fill
      refuse(clause, "which CPU is the master is not known when the tree is written");
      return std::nullopt;
    }
    if (v.is_pending()) {  // its room
      bool narrow = v.type() == Type::kInt || (e.kind == syntax::Expr::Kind::kCall && e.text == "u32");
      if (v.type() != Type::kString) return ByteBuffer(narrow ? 4 : 8);
    }
    auto bytes = property_bytes(v);
    if (!bytes) refuse(clause, "`" + to_text(v) + "` is no value that can be written");
    return bytes;
  }

  /// Who reads a property into room of its own cuts off what does not fit.
  void limit(const Clause& clause) {
    std::vector<std::string> paths;
    if (!of_cpus(clause)) paths.push_back(clause.words[0]);
    for (uint32_t id : of_cpus(clause) ? ids_ : std::vector<uint32_t>{})
      if (auto node = cpu_node(base_, id)) paths.push_back(base_.path(*node));
    const Wide most = placement::limit_of(layout_, clause);
    for (const std::string& path : paths) {
      auto node = base_.find(path);
      std::optional<size_t> length;
      if (node)
        if (auto bytes = base_.property(*node, clause.words[1])) length = bytes->size();
      for (const TreePropertyEdit& edit : edits_.properties) {
        if (edit.property != clause.words[1] || (edit.node != path && !(node && base_.find(edit.node) == node))) continue;
        length = edit.value ? std::optional(edit.value->size()) : std::nullopt;
      }
      if (!length || *length <= most) continue;
      source::Span span = segment_.declaration->name_span;
      for (const model::NodeEdit& edit : segment_.declaration->nodes)
        for (const model::PropertyEdit& property : edit.properties)
          if (property.name == clause.words[1] && (edit.path == path || (node && base_.find(edit.path) == node))) span = property.span;
      sink_.report(Code::tree_need, span,
                   "`" + clause.origin + "` needs `" + clause.text + "`, and " + path + " " + clause.words[1] + " has " +
                       std::to_string(*length) + " bytes" + (span == segment_.declaration->name_span ? " in the tree that was given" : ""))
          .label(clause.span, "the need")
          .note("a string has one byte more than characters; what does not fit would be cut off without a word");
    }
  }

  void refuse(const Clause& clause, const std::string& why) {
    sink_.report(Code::tree_need, segment_.declaration->name_span, "`" + clause.origin + "` needs `" + clause.text + "`: " + why)
        .label(clause.span, "the need");
  }

  /// One property of one node; without bytes it must not be there.
  void need(const Clause& clause, const std::string& path, std::optional<ByteBuffer> bytes) {
    if (is_absent(clause)) bytes.reset();
    if (contradicted(clause, path, bytes)) return;
    if (is_not(clause)) {  // nothing to do but where the given tree has that very value
      auto node = base_.find(path);
      if (!node || !says(*node, clause.words[1], *bytes)) return;
      bytes.reset();
    }
    bool create = bytes.has_value();
    if (!create && !base_.find(path)) return;  // nothing to take away
    edits_.properties.push_back({path, clause.words[1], std::move(bytes), create});
  }

  bool says(inputs::NodeId node, const std::string& property, const ByteBuffer& bytes) const {
    auto said = base_.property(node, property);
    return said && ByteBuffer(said->begin(), said->end()) == bytes;
  }

  /// Whether the handoff itself writes something else there. An edit that says the same may stand.
  bool contradicted(const Clause& clause, const std::string& path, const std::optional<ByteBuffer>& bytes) {
    auto node = base_.find(path);
    for (const model::NodeEdit& edit : segment_.declaration->nodes) {
      if (edit.path != path && !(node && base_.find(edit.path) == node)) continue;
      for (const model::PropertyEdit& property : edit.properties) {
        if (property.name != clause.words[1] || says_so(property, bytes) != is_not(clause)) continue;
        sink_.report(Code::tree_need, property.span,
                     "`" + clause.origin + "` needs `" + clause.text + "`, and this edit says something else")
            .label(clause.span, "the need")
            .note("leave it out: it is written without being asked for");
        return true;
      }
    }
    return false;
  }

  bool says_so(const model::PropertyEdit& property, const std::optional<ByteBuffer>& bytes) const {
    if (property.drop || !bytes) return property.drop == !bytes;
    ByteBuffer said;
    for (const auto& e : property.values) {
      diagnostics::Sink reported_with_the_edit;
      auto one = property_bytes(evaluate(*e, HandoffScope(layout_), reported_with_the_edit));
      if (!one) return false;
      said.insert(said.end(), one->begin(), one->end());
    }
    return said == *bytes;
  }

  const std::string* path_of(const Clause& clause, uint32_t id) {
    auto node = cpu_node(base_, id);
    if (!node) {
      sink_.report(Code::tree_need, segment_.declaration->name_span,
                   "`" + clause.origin + "` needs `" + clause.text + "`, and no cpu node of `" + base_.file().path().string() + "` has " +
                       std::to_string(id) + " in the first cell of its `reg`")
          .label(clause.span, "the need")
          .note("each CPU needs a node of its own: state `cpus` of the machine with those that have one");
      return nullptr;
    }
    path_ = base_.path(*node);
    return &path_;
  }

  void of_slaves(const Clause& clause) {
    for (uint32_t id : ids_) {
      const std::string* path = path_of(clause, id);
      if (!path) return;
      auto bytes = value_of(clause, id);
      if (!bytes) return;
      need(clause, *path, std::move(bytes));
    }
  }

  /// The master is one of these CPUs, so each is written as it would be.
  void of_master(const Clause& clause) {
    if (const Clause* taken = placement::taken_from_master(layout_); taken && taken->words[1] == clause.words[1]) {
      // Of the slaves' clause: all have it, and the stub renames the master's.
      edits_.first_names = {std::string(inputs::kParkedPrefix) + taken->words[1], taken->words[1]};  // the first's offset is 0
      return;
    }
    const Clause* of_slaves = nullptr;
    for (const Clause& other : layout_.to->clauses)
      if (is_needed(layout_, other) && other.section == Section::kSlaves && of_cpus(other) && other.words[1] == clause.words[1])
        of_slaves = &other;
    if (of_slaves && ids_.size() != 1 && !is_not(clause))
      return refuse(clause, "slaves' nodes are to have another value, and a stub can only take a property from the master's");
    for (uint32_t id : ids_) {
      if ((is_absent(clause) || is_not(clause)) && !cpu_node(base_, id)) continue;
      const std::string* path = path_of(clause, id);
      if (!path) return;
      auto bytes = value_of(clause, std::nullopt);
      if (!bytes) return;
      need(clause, *path, std::move(bytes));
    }
  }

  const placement::Layout& layout_;
  const placement::PlacedSegment& segment_;
  const inputs::DeviceTree& base_;
  TreeEdits& edits_;
  diagnostics::Sink& sink_;
  std::vector<uint32_t> ids_;
  std::optional<placement::PenTable> table_;
  std::string path_;
};

}  // namespace

void add_tree_needs(const placement::Layout& layout, const placement::PlacedSegment& segment, const inputs::DeviceTree& base,
                    TreeEdits& edits, diagnostics::Sink& sink) {
  Needs(layout, segment, base, edits, sink).run();
}

std::optional<inputs::NodeId> cpu_node(const inputs::DeviceTree& tree, uint32_t id) {
  auto cpus = tree.find("/cpus");
  if (!cpus) return std::nullopt;
  for (inputs::NodeId node : tree.node(*cpus).children) {
    auto reg = tree.property(node, "reg");
    if (tree.says(node, "device_type", "cpu") && reg && load<uint32_t>(*reg, 0, Endian::kBig) == id) return node;
  }
  return std::nullopt;
}

}  // namespace baton::emit
