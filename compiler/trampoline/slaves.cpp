// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Answers from conventions that are resolved over addresses yet to come. See slaves.h.
#include "trampoline/slaves.h"

#include <algorithm>
#include <optional>

#include "contract/gap.h"
#include "contract/order.h"
#include "trampoline/synthesize.h"

namespace baton::trampoline {

using contract::Claim;
using model::ClauseKind;
using model::Section;
using placement::SlaveMeans;

namespace {

contract::Boundary resolved(const placement::Layout& layout, contract::Side side, Endian giver) {
  diagnostics::Sink reported_later;  // when the gap is closed
  bool from = side == contract::Side::kFrom;
  std::vector<std::string> relied_on;
  if (from) relied_on = layout.handoff->relies_on;
  return contract::resolve(from ? *layout.from : *layout.to, placement::RoleScope(layout, from),
                           {side, giver, relied_on}, reported_later);
}

/// A claim's one number, where it has one.
std::optional<uint64_t> number(const Claim* claim) {
  if (!claim || claim->any || claim->possible().size() != 1) return std::nullopt;
  model::Value v = claim->possible()[0];
  if (!v.is_known() || !v.is_number() || v.number() >= kTwoTo64) return std::nullopt;
  return static_cast<uint64_t>(v.number());
}

/// The first range of a claim's value, where its address is known.
std::optional<Range> range(const model::Value& v) {
  if (!v.is_known() || v.ranges().empty()) return std::nullopt;
  return v.ranges().front();
}

}  // namespace

bool copies_before_release(const model::Convention& giver) {
  contract::PartialOrder promised;
  for (const auto& edge : giver.order) promised.add(edge.before, edge.after);
  return promised.entails("head_copied", "slaves_released");
}

Result<Relay> relay_terms(const contract::Boundary& from, const contract::Boundary& to) {
  const std::string giver = "`" + from.convention->name + "`", taker = "`" + to.convention->name + "`";
  auto refuse = [](const std::string& why) {
    return Failure{Failure::Kind::kUnsuitable, "slaves cannot be relayed: " + why};
  };
  for (const char* field : {"LE", "IR", "DR"})
    if (number(from.find(Section::kSlaves, ClauseKind::kMsr, field)) != 0)
      return refuse(giver + " does not promise that they arrive with " + field + " = 0");
  Relay relay;
  const Claim* enter = to.find(Section::kSlaves, ClauseKind::kEnter);
  auto landing = number(from.find(Section::kSlaves, ClauseKind::kEnter)), taker_landing = number(enter);
  if (!landing) return refuse(giver + " does not say where they land");
  if (!taker_landing) return refuse(taker + " does not say where they enter it");
  relay.landing = *landing;
  relay.taker_landing = *taker_landing;
  relay.enter_clause = enter->clause->origin + ": " + enter->text();
  const Claim* copy = from.find(Section::kMemory, ClauseKind::kBytes);
  if (!copy || range(copy->values[0]) != Range::at(Address{0}, Size{kHeadSize}))
    return refuse(giver + " does not copy the stub's head to 0");
  if (!copies_before_release(*from.convention))
    return refuse(giver + " does not promise `head_copied < slaves_released`");
  for (const Claim& need : to.claims) {
    if (need.section == Section::kSlaves && need.kind == ClauseKind::kRegister && !need.any)
      if (auto gpr = ppc64::find_gpr(need.subject)) relay.kept.push_back(*gpr);
    if (need.section != Section::kSlaves || need.kind != ClauseKind::kBytes) continue;
    // Before the image is placed its addresses are open; that the head is one is then seen later.
    if (auto wanted = range(need.values[0]), source = range(need.values[1]); wanted && source) {
      uint64_t head = source->begin.value() - wanted->begin.value();
      if (wanted->end > Address{kHeadSize} || (!relay.copy_clause.empty() && head != relay.taker_head))
        return refuse("`" + need.clause->text + "` is not of the one head that is put in place");
      relay.taker_head = head;
    }
    relay.copy_clause += (relay.copy_clause.empty() ? "" : "; ") + need.clause->origin + ": " + need.text();
  }
  if (relay.copy_clause.empty()) return refuse(taker + " needs nothing at 0 for them");
  relay.order_clause = to.convention->name + ": order head_copied < slaves_released";
  return relay;
}

std::vector<Endian> giver_orders(const placement::Layout& layout) {
  switch (layout.handoff->giver) {
    case model::GiverOrder::kBig: return {Endian::kBig};
    case model::GiverOrder::kLittle: return {Endian::kLittle};
    case model::GiverOrder::kBoth: break;
  }
  // A convention whose LE is fixed has one order, whatever the handoff leaves open.
  contract::Boundary probe = resolved(layout, contract::Side::kFrom, Endian::kLittle);
  const Claim* le = probe.find(Section::kMaster, ClauseKind::kMsr, "LE");
  if (le && le->values.size() == 1 && le->values[0].is_known() && le->values[0].number() == 0) return {Endian::kBig};
  return {Endian::kBig, Endian::kLittle};
}

SlaveMeans choose_slave_means(const placement::Layout& layout) {
  const std::string& asked = layout.handoff->slaves;
  auto orders = giver_orders(layout);
  contract::Boundary from = resolved(layout, contract::Side::kFrom, orders.front()),
                     to = resolved(layout, contract::Side::kTo, orders.front());
  if (asked == "overlay") return SlaveMeans::kOverlay;  // the head is the taker's even if nobody runs it
  if (asked == "none" || !contract::find_gap(from, to).slaves_may_arrive) return SlaveMeans::kNone;
  if (asked == "relay") return SlaveMeans::kRelay;
  // The entry of a stub takes one word, or two where the giver's order is open (synthesize.cpp).
  Address own{4 * static_cast<uint64_t>(orders.size())};
  bool fits = std::none_of(to.claims.begin(), to.claims.end(), [&](const Claim& need) {
    return need.section == Section::kSlaves && need.kind == ClauseKind::kBytes && need.values[0].is_known() &&
           !need.values[0].ranges().empty() && need.values[0].ranges().front().begin < own;
  });
  // Where a relay cannot be either, what stands in the way of the overlay is the thing to tell.
  return fits || !relay_terms(from, to) ? SlaveMeans::kOverlay : SlaveMeans::kRelay;
}

}  // namespace baton::trampoline
