// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The machine attribute table and its look-ups. See machine.h.
#include "model/machine.h"

#include <algorithm>

namespace baton::model {

const std::vector<MachineAttribute>& machine_attributes() {
  static const std::vector<MachineAttribute> kAttributes = {
      {"ram", Type::kRanges, false, "memory that is there: every pair of `reg` of memory nodes, assigned LMBs"},
      {"rma", Type::kRange, true, "what a CPU reaches with translation off: the real mode area"},
      {"hypervisor", Type::kInt, true, "MSR[HV] of the running kernel: 1 on bare metal, 0 in a guest"},
      {"kexec_slaves", Type::kWord, true, "where a kexec leaves the other CPUs: an arrival state"},
      {"running_kernel", Type::kRange, true, "the kernel that loads: no destination may lie in it"},
      {"crashkernel", Type::kRanges, false, "memory reserved for a crash kernel"},
      {"crash_cma", Type::kRanges, false, "memory that the running kernel uses and a crash kernel may take besides"},
      {"rtas", Type::kRanges, false, "the run-time abstraction services in memory"},
      {"opal.base", Type::kAddress, true, "where OPAL is loaded"},
      {"opal.entry", Type::kAddress, true, "the address OPAL calls go to"},
      {"opal.memory", Type::kRanges, false, "memory OPAL keeps"},
      {"tce", Type::kRanges, false, "DMA translation tables of PCI host bridges"},
      {"hash_table", Type::kRanges, false, "the running kernel's hash page table"},
      {"initrd", Type::kRanges, false, "the running kernel's initial RAM disk"},
      {"reserved", Type::kRanges, false, "reserve map, /reserved-memory and /reserved-ranges"},
      {"cpus", Type::kIds, true, "hardware ids of all CPU threads"},
      {"isa", Type::kInt, true, "Power ISA level times 100: 207 for POWER8, 300 for POWER9"},
      {"cache_block", Type::kSize, true, "the smallest cache block of its CPUs: what `dcbst` and `icbi` reach"},
      {"page", Type::kSize, true, "the running kernel's page size; no device tree says it"},
      {"tree", Type::kTree, true, "the device tree the machine was described by"},
  };
  return kAttributes;
}

const MachineAttribute* find_machine_attribute(std::string_view name) {
  const auto& all = machine_attributes();
  auto it = std::find_if(all.begin(), all.end(),
                         [&](const MachineAttribute& a) { return a.name == name; });
  return it == all.end() ? nullptr : &*it;
}

RangeSet Machine::ranges(std::string_view attribute) const {
  const MachineFact* fact = find(attribute);
  if (!fact || !fact->value.is_known()) return {};
  if (fact->value.type() != Type::kRange && fact->value.type() != Type::kRanges) return {};
  return fact->value.ranges();
}

std::optional<Wide> Machine::number(std::string_view attribute) const {
  const MachineFact* fact = find(attribute);
  if (!fact || !fact->value.is_known() || !fact->value.is_number()) return std::nullopt;
  return fact->value.number();
}

}  // namespace baton::model
