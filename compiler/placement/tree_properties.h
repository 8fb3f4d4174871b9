// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which needs for properties of the tree concern somebody in this handoff?
//
// A need of slaves' nodes asks nothing where none comes. Where each slave's node needs a property that the master's must
// not have, and any CPU may be the master, the tree alone cannot say it: the stub takes the master's away. Who writes the
// properties is emit/tree_needs.h; who stores, trampoline/close.h.
//
//   master: tree.property cpu "status" not "disabled"; slaves: .. = "disabled"; two CPUs  ->  taken_from_master: the slaves' clause
#pragma once

#include <vector>

#include "model/tree_property.h"
#include "placement/layout.h"

namespace baton::placement {

using model::is_absent;
using model::is_limit;
using model::is_not;
using model::of_cpus;

/// The most bytes of a clause that is a limit.
Wide limit_of(const Layout& layout, const model::Clause& clause);

/// Whether the clause is a `tree.property` that asks for something here.
bool is_needed(const Layout& layout, const model::Clause& clause);

/// The slaves' clause about a property that the master's node must not have, where there are several CPUs; else null.
const model::Clause* taken_from_master(const Layout& layout);

/// The machine's CPUs; none where nobody knows them.
std::vector<uint32_t> cpu_ids(const Layout& layout);

}  // namespace baton::placement
