// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What do two builds of one handoff differ in?
//
// Two plain structs come in, read from what the builds wrote; they are compared here, and nothing is judged: a build
// that differs is never called breaking. Told are the head of the table, segments (moved, resized, other bytes), the
// stub's instructions under the clause that each is there for, and the properties of the next kernel's tree.
//
//   diff_of_builds(before, after).rows == { {kSegment, "initrd", "start", "0x7ff0000", "0x7fe0000"} }
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace baton::report {

struct BuiltInstruction {
  std::string block;   // the label above it: "body_big"
  std::string text;    // "lis r3, 0x1fff"
  std::string clause;  // "linux.bootblock@2: r3 = tree.address"
};

struct BuiltSegment {
  std::string name;
  std::map<std::string, std::string> fields;  // "kind" "start" "size" "bufsz" "memsz" "sha256"
};

struct BuiltHandoff {
  std::string shown;                         // what was read: "out/boot.json"
  std::map<std::string, std::string> head;   // "handoff" "machine" "from" "to" "giver" "entry" ...
  std::vector<BuiltSegment> segments;        // in the table's order
  std::optional<std::vector<BuiltInstruction>> stub;           // absent: not known (a bundle)
  std::optional<std::map<std::string, std::string>> tree;      // "/chosen \"bootargs\"" -> shown value; absent: no tree
};

struct BuildChange {
  enum class Part { kHandoff, kSegment, kStub, kTree };
  Part part = Part::kHandoff;
  std::string subject;  // the segment, the clause, the property
  std::string field;    // of a segment or the head; for the stub, the block
  std::string before, after;  // empty: not there
};

struct BuildDiff {
  std::string before, after;
  std::vector<BuildChange> changes;
  std::vector<std::string> remarks;  // what could not be compared, and why
};

BuildDiff diff_of_builds(const BuiltHandoff& before, const BuiltHandoff& after);

std::string build_diff_text(const BuildDiff& diff);
std::string build_diff_json(const BuildDiff& diff);

}  // namespace baton::report
