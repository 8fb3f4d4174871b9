// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See plan_cpus.h.
#include "driver/plan_cpus.h"

#include <algorithm>

namespace baton::driver {

using contract::Claim;
using model::ClauseKind;
using model::Section;

namespace {

std::string landing(const contract::Boundary& boundary) {
  const Claim* enter = boundary.find(Section::kSlaves, ClauseKind::kEnter);
  if (!enter || enter->values.size() != 1 || !enter->values[0].is_known()) return "where the giver sends them";
  return hex(Address{enter->values[0].number()});
}

/// From the landing on.
std::string way(const Compilation& c) {
  const auto& order = c.gap->orders.front();
  const std::string at = landing(order.from);
  if (const auto& relay = c.gap->relay)
    return at + ", go by one branch to the pen at " + hex(Wide{relay->start + relay->landing + 4}) + ", and on to " +
           hex(Wide{relay->taker_landing}) + " of the taker's own head once that is there";
  if (const auto& pen = c.gap->pen)
    return at + ", in the copy of the stub's head, and wait there, each at its own slot from " +
           hex(Wide{pen->slot_of(pen->table.first)}) + " on, until the taker lets it go";
  if (c.gap->parked) return at + ", in the copy of the stub's head, and stay there in a branch to itself";
  if (c.layout.entered().declaration->kind != model::SegmentKind::kTrampoline) return at + ", and find the image's own code there";
  if (c.gap->overlay) return at + ", in the copy of the stub's head, and find the image's own code there";
  return at;
}

}  // namespace

report::PlanCpus cpus_of(const Compilation& c) {
  report::PlanCpus cpus;
  const auto& gap = c.gap->orders.front().gap;
  cpus.arrival = gap.arrival;
  if (const auto* known = c.layout.machine->find("cpus")) cpus.possible = known->value.ids();
  auto may = [&](const char* state) { return std::find(gap.arrival.begin(), gap.arrival.end(), state) != gap.arrival.end(); };
  if (cpus.possible.size() == 1) return cpus;
  if (const auto& departure = c.gap->departure) {
    if (!departure->slave.empty())
      cpus.others = "those that call `" + departure->slave + "` wait in its code, in real mode and without a bound, until the master releases them, and go to " +
                    hex(Wide{departure->landing}) + "; the master waits for none of them";
    return cpus;
  }
  if (may("unknown"))
    cpus.others = "some come, at any time, or never: to " + way(c);
  else if (may("arriving") || may("held"))
    cpus.others = std::string(may("held") ? "have come" : "come") + " to " + way(c);
  if (may("firmware"))
    cpus.others += std::string(cpus.others.empty() ? "" : "; or ") + "stay with firmware, and none comes";
  if (may("absent"))
    cpus.others += std::string(cpus.others.empty() ? "" : "; or ") + "none comes: the giver does not release them, or there are none";
  bool comes = may("unknown") || may("arriving") || may("held");
  if (comes && c.layout.entered().declaration->kind == model::SegmentKind::kTrampoline)
    cpus.others += "; the stub waits for none of them";
  return cpus;
}

}  // namespace baton::driver
