// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See pen_proof.h.
#include "driver/pen_proof.h"

#include <algorithm>

#include "driver/verification.h"
#include "emit/tree_needs.h"
#include "inputs/written_tree.h"
#include "placement/pen.h"
#include "placement/tree_properties.h"
#include "verify/pen.h"

namespace baton::driver {

using contract::Claim;
using model::ClauseKind;
using verify::Outcome;

namespace {

/// The tree as it is about to be written, read again; nullopt where the taker has none here.
std::optional<inputs::DeviceTree> written(const Compilation& c, const verify::Loaded& loaded) {
  const auto* tree = c.layout.bound("tree");
  for (const verify::Segment& segment : loaded.segments)
    if (tree && segment.name == tree->name() && segment.start == *tree->start)
      if (auto read = inputs::read_written_tree(segment.bytes)) return std::move(*read);
  return std::nullopt;
}

/// The property by which a slave's node tells of its slot.
std::string slot_property(const placement::Layout& layout) {
  for (const model::Clause& clause : layout.to->clauses)
    if (placement::is_needed(layout, clause) && placement::of_cpus(clause) && clause.values.size() == 1 &&
        model::dotted_name(*clause.values[0]) == contract::kSlotAddress)
      return clause.words[1];
  return {};
}

/// Where each CPU's slot is: as its node says, or, where nothing tells of it, as it was laid out.
std::map<uint32_t, Address> slots_of(const Compilation& c, const std::optional<inputs::DeviceTree>& tree) {
  std::map<uint32_t, Address> slots;
  std::string property = slot_property(c.layout);
  for (uint32_t id : c.gap->pen->table.ids) {
    slots[id] = Address{c.gap->pen->slot_of(id)};
    if (property.empty()) continue;
    auto node = tree ? emit::cpu_node(*tree, id) : std::nullopt;
    auto bytes = node ? tree->property(*node, property) : std::nullopt;
    auto at = bytes && bytes->size() == 8 ? load<uint64_t>(*bytes, 0, Endian::kBig) : std::nullopt;
    slots[id] = Address{at.value_or(0)};  // where no slot is
  }
  return slots;
}

verify::Obligation reserved(const std::optional<inputs::DeviceTree>& tree, const std::map<uint32_t, Address>& slots, Size slot) {
  const std::string clause = "the tree reserves where slaves wait and what they poll";
  if (!tree) return {clause, Outcome::kRefuted, "there is no tree that says so"};
  RangeSet kept;
  for (const Range& range : tree->reserve_map()) kept.add(range);
  if (!kept.contains(RangeSet{Range::at(Address{0}, Size{placement::kLowHead})}))
    return {clause, Outcome::kRefuted, "its reserve map leaves the copy of the head at 0 to anybody"};
  for (const auto& [id, at] : slots)
    if (!kept.contains(RangeSet{Range::at(at, slot)}))
      return {clause, Outcome::kRefuted, "its reserve map leaves the slot of CPU " + std::to_string(id) + " at " + hex(at) + " to anybody"};
  return {clause, Outcome::kProved, "the copy of the head at 0, and " + std::to_string(slots.size()) + " slots"};
}

}  // namespace

void judge_pen(const Compilation& c, const trampoline::ClosedOrder& order, const verify::Loaded& loaded,
               const verify::EntryState& slave, verify::Goals goals, verify::Verdict& verdict) {
  const trampoline::SlavePen& pen = *c.gap->pen;
  auto tree = written(c, loaded);
  verify::PenSlots slots;
  slots.slots = slots_of(c, tree);
  slots.size = Size{pen.table.slot};
  slots.mask = pen.table.mask;
  slots.polled = pen.table.polled;
  slots.entry = {pen.entry.offset, pen.entry.width};
  for (const placement::SlotField& field : pen.table.fields)
    slots.fields[std::string(contract::kSlotWords) + field.name] = {field.offset, field.width};
  slots.clause = pen.table.clause;
  if (pen.table.first != 0) slots.strangers.push_back(pen.table.first - 1);
  slots.strangers.push_back(pen.table.ids.back() + 1);
  slots.strangers.push_back(0xffff'ffff);
  if (const Claim* enter = order.to.find(model::Section::kSlaves, ClauseKind::kEnter))
    goals.target_clause = enter->clause->origin + ": " + enter->text();
  goals.may_execute.add(Range::at(Address{0}, Size{placement::kLowHead}));
  verify::Loaded at_landing = loaded;
  at_landing.entry = Address{pen.landing};
  verify::Verdict of_slaves = verify::verify_pen(at_landing, slave, goals, slots);
  add_obligations(verdict, "a slave: ", of_slaves);
  verdict.obligations.push_back(reserved(tree, slots.slots, slots.size));
}

}  // namespace baton::driver
