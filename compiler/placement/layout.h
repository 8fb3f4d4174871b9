// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where does everything lie, and what do names stand for while that is being decided?
//
// A Layout is the state of one handoff between the files that were read and the addresses that are final:
// each segment's size and what its content says about itself (entry, byte order, what it overwrites), and,
// once placed, its address. HandoffScope gives the handoff's expressions their values over that state: the
// address of a segment that is not placed yet is pending, so a cycle cannot be computed by accident.
//
//   layout.find("kernel")->start  ;  HandoffScope(layout).lookup("kernel.entry")
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/evaluate.h"
#include "model/program.h"
#include "placement/holes.h"

namespace baton::placement {

/// What a segment's content says before it has an address.
struct Content {
  Size size;                    // in memory: ELF with bss, file length; a trampoline's limit
  bool measured = true;         // false: a tree whose strings may wait for the address of an earlier segment
  Size entry_offset;            // of `entry` from `start`
  std::optional<Endian> order;  // elf only
  /// The image moves itself to 0 before it reads the tree's reserve map (Linux), unless told to stay.
  bool moves_itself_to_zero = false;
  bool stays_where_loaded = false;  // run_at_load is poked to 1
  std::optional<uint64_t> tree_format;  // devicetree only: the blob version that is written
};

struct PlacedSegment {
  const model::Segment* declaration = nullptr;
  Content content;
  std::optional<Address> start;
  Range extent;      // what the loader occupies, when placed
  HoleSearch search; // the trace: every hole that was rejected, and why
  std::vector<std::string> within, avoid;  // the constraints as applied, in words: for the plan

  const std::string& name() const { return declaration->name; }
  RangeSet overwrites() const;
};

/// By which means slaves get to the taker's code.
enum class SlaveMeans {
  kNone,
  kOverlay,  // they find it in the low copy of the stub's head
  kRelay,    // they wait in a pen of the stub until it has been put there
  kPen       // the taker wants them in one of its making, each at a slot of its own (placement/pen.h)
};

struct Layout {
  const model::Program* program = nullptr;
  const model::Handoff* handoff = nullptr;
  const model::Convention* from = nullptr;
  const model::Convention* to = nullptr;
  const model::Loader* loader = nullptr;  // null: no table
  const model::Machine* machine = nullptr;
  std::map<std::string, model::Value> parameters;
  Size granule{1};
  SlaveMeans slaves = SlaveMeans::kNone;
  bool slaves_may_arrive = false;  // as the giver promises: what is needed of slaves concerns somebody
  std::vector<PlacedSegment> segments;  // in source order

  const PlacedSegment* find(std::string_view name) const;
  PlacedSegment* find(std::string_view name);
  /// The segment bound to a role of `to`; for `from` the role `image` is the segment that is entered.
  const PlacedSegment* bound(const std::string& role) const;
  /// Whether the stub reads this segment's bytes for a digest.
  bool is_digested(std::string_view name) const;
  const PlacedSegment& entered() const { return *find(handoff->enter); }
  Address entry() const { return *entered().start + entered().content.entry_offset; }
};

/// Names of the handoff itself: parameters, lets, the machine, segments.
class HandoffScope : public model::Scope {
 public:
  explicit HandoffScope(const Layout& layout) : layout_(layout) {}
  std::optional<model::Value> lookup(std::string_view name) const override;
  std::optional<std::string> why_absent(std::string_view name) const override;
  std::vector<std::string> names() const override;

 protected:
  std::optional<model::Value> segment_attribute(const PlacedSegment& segment, std::string_view attribute) const;
  const Layout& layout_;
};

/// Names of a convention's clauses in this handoff: roles stand for segments.
class RoleScope : public HandoffScope {
 public:
  /// `entered`: clauses of `from`, whose `image` is the segment that is entered.
  RoleScope(const Layout& layout, bool from) : HandoffScope(layout), from_(from) {}
  std::optional<model::Value> lookup(std::string_view name) const override;
  std::optional<std::string> why_absent(std::string_view name) const override;

 private:
  /// What the giver itself supplies, and what a call passes: typed, known by name alone, never placed.
  static std::optional<model::Value> supplied(const model::Role& role, const std::string& giver_role,
                                              std::string_view attribute);
  static std::optional<model::Value> passed(const model::Role& role, const std::string& argument,
                                            std::string_view attribute);
  bool from_;
};

}  // namespace baton::placement
