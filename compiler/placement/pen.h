// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where is the table of slots that a stub makes for its slaves, and which slot is whose?
//
// A taker's `pen slot 64 while ..` wants each slave to wait at a slot of its own. The table is part of the stub, behind
// the head that the giver copies to 0, so that it has an address before the stub is made: the tree tells of it. A slot
// lies at the CPU's id times its size; ids that nobody has leave a hole, which costs its bytes and nothing else. What
// slots hold at first is in the bytes that are loaded. It does not say how slaves get there (trampoline/pen.h).
//
//   machine.cpus 0, 1, 2, 3, stub at 0x1030000, pen slot 64  ->  table at 0x1030100, CPU 2's slot at 0x1030180
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "placement/layout.h"

namespace baton::placement {

/// The bytes from address 0 that the giver copies from the stub's head.
inline constexpr uint64_t kLowHead = 0x100;

struct SlotField {
  std::string name;
  uint64_t offset = 0;
  unsigned width = 8;
  std::optional<uint64_t> initial = 0;  // nullopt: the CPU's id
};

struct PenTable {
  uint64_t slot = 0;    // bytes of one, a power of two
  uint64_t mask = 0;    // the bits that hold a slave,
  uint64_t polled = 0;  // in the doubleword at this offset of its slot
  uint32_t first = 0;   // the lowest id of the machine
  uint64_t slots = 0;   // up to the highest
  std::vector<uint32_t> ids;  // the CPUs that there are, in rising order
  std::vector<SlotField> fields;
  std::string clause;  // what wants it
  source::Span span;

  /// From the stub's start.
  static constexpr uint64_t kOffset = kLowHead;
  Size size() const { return Size{slot * slots}; }
  /// Of the slot of a CPU, from the stub's start.
  uint64_t offset_of(uint32_t id) const { return kOffset + slot * (id - first); }
  const SlotField* find(const std::string& name) const;
  /// All of it, as it is loaded.
  ByteBuffer bytes() const;
};

/// What the taker's clauses come to on this machine. nullopt where it has no pen, or nobody knows the machine's CPUs.
std::optional<PenTable> pen_table(const Layout& layout);

/// `slot.address` and `cpu.physical_id` of one CPU, over the names of the taker's convention.
class SlotScope : public RoleScope {
 public:
  SlotScope(const Layout& layout, const std::optional<PenTable>& table, uint32_t id)
      : RoleScope(layout, false), table_(table), id_(id) {}
  std::optional<model::Value> lookup(std::string_view name) const override;

 private:
  const std::optional<PenTable>& table_;
  uint32_t id_;
};

}  // namespace baton::placement
