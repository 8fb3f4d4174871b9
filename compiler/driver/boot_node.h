// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Is the tree right about who boots, whichever CPU arrives?
//
// Where a convention has the boot CPU told by a property of its node (`tree.boot_cpu_node`), or wants no property there
// that each other CPU's node has (`tree.property cpu .. not ..`), the place of the stub's store depends on the id, and a symbol for it proves nothing. So the stub is judged once for each CPU of the
// machine, with its id as a number; and the tree that this must give is itself read again, as a kernel reads it.
//
//   machine of 4 CPUs -> "CPU 2: linux.bootblock@1: tree.boot_cpu_node = master.physical_id", proved, and three more
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "driver/pipeline.h"
#include "inputs/boot_marks.h"
#include "verify/verify.h"

namespace baton::driver {

struct BootNodeNeed {
  std::string clause;
  std::vector<uint32_t> ids;  // the CPUs that may run the stub
  std::optional<uint32_t> known = {};  // the one that is needed, where it is a number: then the tree has it already
  Address tree;
  ByteView blob;              // as loaded
  inputs::MarkNames names = {};
};

std::optional<BootNodeNeed> boot_node_need(const Compilation& c, const contract::Boundary& to, const verify::Loaded& loaded);

/// The same state with this CPU as the master.
verify::EntryState entered_by(verify::EntryState state, uint32_t id);

/// All obligations, each with its worst answer over the CPUs, and one of the boot CPU's node for each CPU.
verify::Verdict judge_each_boot_cpu(const Compilation& c, const BootNodeNeed& need, const verify::Loaded& loaded, const verify::EntryState& state,
                                    const verify::Goals& goals, Endian giver);

}  // namespace baton::driver
