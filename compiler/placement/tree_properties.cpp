// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See tree_properties.h.
#include "placement/tree_properties.h"

#include "contract/claim.h"

namespace baton::placement {

using model::Clause;
using model::ClauseKind;
using model::Section;

Wide limit_of(const Layout& layout, const Clause& clause) {
  diagnostics::Sink reported_by_the_checker;
  return evaluate(*clause.values[0], RoleScope(layout, false), reported_by_the_checker).number();
}

namespace {

/// Whether what slaves' nodes have is what the master's must not have.
bool contradicts(const Layout& layout, const Clause& master, const Clause& slaves) {
  if (is_absent(master)) return true;
  if (!is_not(master) || slaves.values.size() != 1) return false;
  diagnostics::Sink reported_elsewhere;
  auto a = property_bytes(evaluate(*master.values[0], RoleScope(layout, false), reported_elsewhere));
  auto b = property_bytes(evaluate(*slaves.values[0], RoleScope(layout, false), reported_elsewhere));
  return a && a == b;
}

}  // namespace

bool is_needed(const Layout& layout, const Clause& clause) {
  if (clause.kind != ClauseKind::kTreeProperty || clause.incidental) return false;
  if (clause.section == Section::kSlaves && !layout.slaves_may_arrive) return false;
  return !contract::speaks_of_unbound_role(clause, *layout.to, RoleScope(layout, false));
}

const Clause* taken_from_master(const Layout& layout) {
  if (cpu_ids(layout).size() < 2) return nullptr;
  for (const Clause& slaves : layout.to->clauses) {
    if (!is_needed(layout, slaves) || slaves.section != Section::kSlaves || !of_cpus(slaves) || is_absent(slaves) || is_not(slaves) || is_limit(slaves))
      continue;
    for (const Clause& master : layout.to->clauses)
      if (is_needed(layout, master) && master.section == Section::kMaster && of_cpus(master) && master.words[1] == slaves.words[1] &&
          contradicts(layout, master, slaves))
        return &slaves;
  }
  return nullptr;
}

std::vector<uint32_t> cpu_ids(const Layout& layout) {
  const auto* cpus = layout.machine->find("cpus");
  return cpus ? cpus->value.ids() : std::vector<uint32_t>{};
}

}  // namespace baton::placement
