// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a device tree say about its machine?
//
// Every attribute of model/machine.h is derived here, each with the node and property that says it. What
// the tree does not say is absent, and a remark says why ("`rtas` is not known: ..."); what it says wrongly (a length, a
// range past 2^64, banks out of order, cells that are no 1 or 2) is a failure that names the property:
// a machine is not guessed at. What the program states about the machine is not looked at.
//
//   auto machine = machine_from_tree(*tree, "powernv");
//   machine->find("rma") -> { 0x0 ..< 0x40000000, "/memory@0 reg" }
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "inputs/tree.h"
#include "model/machine.h"

namespace baton::inputs {

Result<model::Machine> machine_from_tree(const DeviceTree& tree, std::string name);

/// The ISA level times 100 of a `cpu-version`: a processor's PVR or an architected ("logical") one.
/// nullopt for a processor that this table does not know.
std::optional<unsigned> isa_of_cpu_version(uint32_t version);

}  // namespace baton::inputs
