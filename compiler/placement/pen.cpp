// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From clauses and ids to a table. See pen.h.
#include "placement/pen.h"

#include <algorithm>

#include "contract/claim.h"

namespace baton::placement {

using model::Clause;
using model::ClauseKind;
using model::Type;
using model::Value;

namespace {

/// Checked to be a number when the convention was read.
uint64_t number(const Clause& clause, size_t n, Type type, const Layout& layout) {
  diagnostics::Sink reported_by_check;
  Value v = evaluate_as(*clause.values[n], type, RoleScope(layout, false), reported_by_check);
  return v.is_known() && v.number() < kTwoTo64 ? static_cast<uint64_t>(v.number()) : 0;
}

/// `cpu.physical_id` has no number in the scope of a convention.
std::optional<uint64_t> initial(const Clause& clause, const Layout& layout) {
  if (clause.values.size() < 3) return 0;
  if (model::dotted_name(*clause.values[2]) == "cpu.physical_id") return std::nullopt;
  return number(clause, 2, Type::kInt, layout);
}

}  // namespace

std::optional<PenTable> pen_table(const Layout& layout) {
  const auto* cpus = layout.machine->find("cpus");
  const Clause* pen = nullptr;
  for (const Clause& clause : layout.to->clauses)
    if (clause.kind == ClauseKind::kPen && !clause.incidental) pen = &clause;
  if (!pen || !cpus || cpus->value.ids().empty()) return std::nullopt;
  PenTable table;
  table.slot = number(*pen, 0, Type::kSize, layout);
  table.mask = number(*pen, 1, Type::kInt, layout);
  table.polled = number(*pen, 2, Type::kSize, layout);
  table.ids = cpus->value.ids();
  std::sort(table.ids.begin(), table.ids.end());
  table.first = table.ids.front();
  table.slots = uint64_t{table.ids.back()} - table.first + 1;
  table.clause = pen->origin + " slaves: " + pen->text;  // as its instructions are labelled
  table.span = pen->span;
  for (const Clause& clause : layout.to->clauses)
    if (clause.kind == ClauseKind::kSlotField && !clause.incidental) {
      SlotField field{clause.subject, number(clause, 0, Type::kSize, layout),
                      static_cast<unsigned>(number(clause, 1, Type::kSize, layout)), initial(clause, layout)};
      bool polls = field.offset == table.polled && field.width == 8;
      if (polls && clause.values.size() < 3) field.initial = table.mask;
      table.fields.push_back(std::move(field));
    }
  return table;
}

const SlotField* PenTable::find(const std::string& name) const {
  for (const SlotField& field : fields)
    if (field.name == name) return &field;
  return nullptr;
}

ByteBuffer PenTable::bytes() const {
  ByteBuffer all(slot * slots);
  for (uint64_t n = 0; n < slots; ++n) {
    uint64_t at = n * slot;
    store<uint64_t>(all, at + polled, mask, Endian::kBig);
    for (const SlotField& field : fields) {
      uint64_t value = field.initial.value_or(first + n);
      if (field.width == 8)
        store<uint64_t>(all, at + field.offset, value, Endian::kBig);
      else
        store<uint32_t>(all, at + field.offset, static_cast<uint32_t>(value), Endian::kBig);
    }
  }
  return all;
}

std::optional<Value> SlotScope::lookup(std::string_view name) const {
  if (name == "cpu.physical_id") return Value::of_int(id_);
  if (name == contract::kSlotAddress && table_) {
    const PlacedSegment& stub = layout_.entered();
    if (!stub.start) return Value::pending(Type::kAddress, stub.name() + ".start");
    auto at = checked_add(*stub.start, Size{table_->offset_of(id_)});
    return at ? Value::of(*at) : Value::error();
  }
  return RoleScope::lookup(name);
}

}  // namespace baton::placement
