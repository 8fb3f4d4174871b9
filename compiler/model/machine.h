// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is known about the machine a handoff is for, and who says so?
//
// A Machine is a set of named facts (`ram`, `rma`, `running_kernel`, `opal.base`, ...), each with its
// origin: a node and property of the device tree, a clause of the program, or a rule of this table. A
// fact that nobody states is absent: it contributes nothing in a list and is an error as a scalar.
// The attribute table is the vocabulary: inputs/ fills it from a tree, check/ from clauses.
//
//   machine.find("rma") -> { 0x0 ..< 0x10000000, "/memory@0 reg" }
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "model/value.h"
#include "source/source.h"

namespace baton::model {

struct MachineAttribute {
  std::string_view name;
  Type type;
  bool scalar;           // absent is an error when used; lists are empty instead
  std::string_view doc;  // one line, for the reference and for hover
};

/// Every attribute, in reference order: ram rma hypervisor kexec_slaves running_kernel crashkernel crash_cma rtas
/// opal.base opal.entry opal.memory tce hash_table initrd reserved cpus isa page tree.
const std::vector<MachineAttribute>& machine_attributes();
const MachineAttribute* find_machine_attribute(std::string_view name);

struct MachineFact {
  Value value = Value::error();
  std::string origin;   // "/memory@0 reg", "clause", "default: 64KiB pages unless written"
  source::Span span;    // the clause, where one states it
};

/// A named range list that placement avoids (`reserve`) or that only has a name (`region`).
struct NamedRanges {
  std::string name;
  RangeSet ranges;
  bool reserve = false;
  std::string origin;
  source::Span span;
};

/// Where each CPU leaves its registers when the system crashes, and the kernel's description of itself.
struct CrashNotes {
  std::vector<Range> cpus;
  std::optional<Range> vmcoreinfo;
  std::string origin;
};

struct Machine {
  std::string name;
  source::Span span;
  std::map<std::string, MachineFact, std::less<>> facts;
  std::vector<NamedRanges> named;
  /// The blob `machine.tree` stands for, when the machine came from one.
  std::optional<MappedFile> tree;
  /// From a facts file; no other tree has them.
  std::optional<CrashNotes> notes;
  /// What a reader of the plan should know: facts that the tree lacks and what follows.
  std::vector<std::string> remarks;

  const MachineFact* find(std::string_view attribute) const {
    auto it = facts.find(attribute);
    return it == facts.end() ? nullptr : &it->second;
  }
  /// The ranges of a list or range attribute; empty when it is absent.
  RangeSet ranges(std::string_view attribute) const;
  /// The number of a scalar attribute.
  std::optional<Wide> number(std::string_view attribute) const;
};

}  // namespace baton::model
