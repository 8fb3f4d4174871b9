// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pen and handover. See relay.h.
#include "trampoline/relay.h"

#include <algorithm>

#include "trampoline/synthesize.h"

namespace baton::trampoline {

using ppc64::Gpr;
namespace ins = ppc64::ins;
namespace reg = ppc64::reg;

namespace {

constexpr uint64_t kBranchReach = uint64_t{1} << 25;  // of `ba`, upwards
constexpr unsigned kStep = 8;                         // a doubleword: stored and fetched as one
constexpr int kPenInstructions = 6;

bool is_one_of(Gpr gpr, const std::vector<Gpr>& list) { return std::find(list.begin(), list.end(), gpr) != list.end(); }

/// Registers a CPU may lose, in a fixed order; none of them r0, which is no base.
std::vector<Gpr> free_registers(const std::vector<Gpr>& taken) {
  std::vector<Gpr> all;
  for (unsigned number : {9, 10, 11, 12, 6, 7, 8})
    if (Gpr gpr{number}; !is_one_of(gpr, taken)) all.push_back(gpr);
  return all;
}

}  // namespace

uint64_t Relay::flag_offset() const { return landing + 4 + 4 * kPenInstructions; }

Result<ppc64::Stub> relay_pen(const Relay& relay) {
  uint64_t pen = relay.start + relay.landing + 4, flag = relay.start + relay.flag_offset();
  if (flag >= kBranchReach)
    return Failure{Failure::Kind::kUnsuitable,
                   "the one branch at " + hex(Wide{relay.landing}) + " does not reach the slaves' pen at " + hex(Wide{pen}),
                   "place the stub below 32MiB: `within 0x0 ..< 32MiB`"};
  if (relay.landing % kStep != 0)
    return Failure{Failure::Kind::kUnsuitable, "a landing at " + hex(Wide{relay.landing}) +
                                                   " is not at the beginning of a doubleword, which one store replaces"};
  uint64_t end = relay.flag_offset() + 4;
  if (end > kHeadSize)
    return Failure{Failure::Kind::kUnsuitable,
                   "a relay takes " + human(Size{end - relay.landing}) + " from the landing at " + hex(Wide{relay.landing}) +
                       ", and the head that is copied ends at " + hex(Wide{kHeadSize}) + ": " +
                       human(Size{end - kHeadSize}) + " too many"};
  auto free = free_registers(relay.kept);
  if (free.size() < 2) return Failure{Failure::Kind::kUnsuitable, "the slaves' registers leave none for their pen"};
  Gpr base = free[0], value = free[1];
  uint64_t high = (flag + 0x8000) >> 16;
  auto low = static_cast<int64_t>(flag - (high << 16));

  ppc64::Stub stub;
  // Slaves arrive big-endian, whatever the master's byte order is.
  auto add = [&](ppc64::Instruction i, const std::string& clause) { stub.code(std::move(i), clause, Endian::kBig); };
  stub.comment("Slaves, in the low copy: one branch, to the pen in the stub itself.");
  stub.label("landing");
  add(ins::ba(pen), relay.landing_clause);
  stub.comment("The pen: until the taker's head is in place, then to its landing.");
  stub.label("pen");
  add(ins::lis(base, static_cast<int64_t>(high)), relay.order_clause);
  stub.label("wait");
  add(ins::lwz(value, low, base), relay.order_clause);
  add(ins::cmpwi(0, value, 0), relay.order_clause);
  add(ins::beq("wait"), relay.order_clause);
  add(ins::isync(), relay.copy_clause);  // nothing fetched before the word was seen is executed after it
  add(ins::ba(relay.taker_landing), relay.enter_clause);
  stub.label("relay_word");
  stub.word(0, Endian::kBig, "not 0 once the taker's head is in place");
  return stub;
}

Result<Part> relay_handover(const Relay& relay, const MasterGoals& goals) {
  std::vector<Gpr> taken;
  for (const auto& k : goals.kept) taken.push_back(k.gpr);
  for (const auto& k : goals.known) taken.push_back(k.gpr);
  if (goals.id_register) taken.push_back(*goals.id_register);
  for (const RegisterGoal& goal : goals.registers)
    for (const Source& source : goal.allowed)
      if (const auto* gpr = std::get_if<Gpr>(&source)) taken.push_back(*gpr);
  auto free = free_registers(taken);
  if (free.size() < 2 || is_one_of(reg::r0, taken))
    return Failure{Failure::Kind::kUnsuitable, "the master's registers leave none to copy the head with"};
  Gpr from = free[0], index = free[1], data = reg::r0;

  std::vector<Step> steps;
  auto add = [&](ppc64::Instruction i, const std::string& clause) { steps.push_back({std::move(i), clause}); };
  const std::string& copy = relay.copy_clause;
  for (const auto& i : ppc64::materialize(from, relay.taker_head, goals.known)) add(i, copy);
  static_assert(kHeadSize == 0x100, "the index wraps by keeping 8 bits");
  // Around the head, from the doubleword after the landing's to the landing's own: that is how it comes last.
  uint64_t first = (relay.landing + kStep) % kHeadSize;
  add(ins::li(index, static_cast<int64_t>(first)), copy);
  constexpr size_t turns = kHeadSize / kStep;
  add(ins::li(data, turns), copy);
  add(ins::mtctr(data), copy);
  size_t loop = steps.size();
  add(ins::ldx(data, from, index), copy);
  add(ins::stdx(data, std::nullopt, index), copy);
  // What was stored can be fetched by everybody before the next is stored.
  add(ins::dcbst(std::nullopt, index), copy);
  add(ins::sync(), copy);
  add(ins::icbi(std::nullopt, index), copy);
  add(ins::sync(), copy);
  add(ins::addi(index, index, kStep), copy);
  add(ins::clrldi(index, index, 56), copy);
  add(ins::bdnz(-4 * static_cast<int64_t>(steps.size() - loop)), copy);
  size_t again = (turns - 1) * (steps.size() - loop);
  // The index is back where it began, which is not 0: that is what the slaves wait for.
  uint64_t flag = relay.start + relay.flag_offset();
  Gpr base = from;
  uint64_t base_value = flag;
  for (const auto& k : goals.known)
    if (k.gpr != reg::r0 && static_cast<int64_t>(flag - k.value) >= -0x8000 && static_cast<int64_t>(flag - k.value) < 0x8000)
      base = k.gpr, base_value = k.value;
  MasterGoals after = goals;
  after.known.push_back({index, first});
  if (base == from)
    for (const auto& i : ppc64::materialize(from, flag, after.known)) add(i, relay.order_clause);
  add(ins::stw(index, static_cast<int64_t>(flag - base_value), base), relay.order_clause);
  after.known.push_back({from, base == from ? flag : relay.taker_head});
  size_t executed = steps.size() + again;
  return Part{std::move(steps), executed, std::move(after)};
}

}  // namespace baton::trampoline
