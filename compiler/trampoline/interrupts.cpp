// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The calls, and what is kept over them. See interrupts.h.
#include "trampoline/interrupts.h"

#include <algorithm>

namespace baton::trampoline {

using ppc64::Gpr;
namespace ins = ppc64::ins;
namespace reg = ppc64::reg;

namespace {

constexpr int64_t kSetMode = 0x31c, kSetModeLittleEndian = 4;  // H_SET_MODE and its resource
constexpr int64_t kReinitCpus = 70;                            // OPAL_REINIT_CPUS; 1 << 0: HILE_BE, 1 << 1: HILE_LE

/// What a call of either firmware may change: r0, r3 .. r12, CTR, XER, CR (and r2, LR, where OPAL is called).
bool is_volatile(Gpr gpr) { return gpr.number() == 0 || (gpr.number() >= 3 && gpr.number() <= 12); }

/// Goals after a call: what was wanted of a volatile register is wanted of the one it was saved in.
class Saving {
 public:
  explicit Saving(const MasterGoals& goals) : after_(goals) {
    for (unsigned number = 31; number >= 14; --number) {
      Gpr gpr{number};
      auto is = [&](const auto& of) { return of.gpr == gpr; };
      if (std::none_of(goals.known.begin(), goals.known.end(), is) &&
          std::none_of(goals.kept.begin(), goals.kept.end(), is) &&
          std::none_of(goals.registers.begin(), goals.registers.end(), is) && goals.id_register != gpr)
        free_.push_back(gpr);
    }
  }

  std::optional<Gpr> take() {
    if (free_.empty()) return std::nullopt;
    Gpr gpr = free_.front();
    free_.erase(free_.begin());
    return gpr;
  }

  bool run(const std::string& clause, bool link_too) {
    if (after_.id_register && is_volatile(*after_.id_register)) {
      Gpr before = *after_.id_register;
      auto kept = take();
      if (!kept) return false;
      steps_.push_back({ins::mr(*kept, before), clause});
      for (RegisterGoal& goal : after_.registers) replace(goal, before, *kept);
      for (RegisterGoal& goal : after_.kept) replace(goal, before, *kept);
      after_.id_register = *kept;
    }
    for (const RegisterGoal& goal : std::vector<RegisterGoal>(after_.kept)) {
      if (!is_volatile(goal.gpr) && !(link_too && goal.gpr == reg::r2)) continue;
      RegisterGoal again = goal;
      if (again.allowed == std::vector<Source>{goal.gpr}) {
        auto kept = take();
        if (!kept) return false;
        steps_.push_back({ins::mr(*kept, goal.gpr), clause});
        again.allowed = {*kept};
      }
      std::erase_if(after_.kept, [&](const RegisterGoal& k) { return k.gpr == goal.gpr; });
      after_.registers.push_back(std::move(again));
    }
    std::erase_if(after_.known, [&](const ppc64::KnownRegister& k) {
      return is_volatile(k.gpr) || (link_too && k.gpr == reg::r2);
    });
    after_.known.push_back({reg::r3, 0});  // the answer, or execution does not get there
    after_.interrupts.reset();
    return true;
  }

  std::vector<Step>& steps() { return steps_; }
  MasterGoals& after() { return after_; }

 private:
  static void replace(RegisterGoal& goal, Gpr before, Gpr kept) {
    for (Source& source : goal.allowed)
      if (source == Source{before}) source = kept;
  }

  MasterGoals after_;
  std::vector<Step> steps_;
  std::vector<Gpr> free_;
};

}  // namespace

Firmware firmware_of(const model::Machine& machine) {
  if (auto hypervisor = machine.number("hypervisor"); !hypervisor) return {};
  if (machine.number("hypervisor") == 0) return {Firmware::Kind::kPapr, 0, 0};
  auto base = machine.number("opal.base"), entry = machine.number("opal.entry");
  if (!base || !entry) return {};
  return {Firmware::Kind::kOpal, static_cast<uint64_t>(*base), static_cast<uint64_t>(*entry)};
}

Result<Part> set_interrupt_order(const MasterGoals& goals, uint64_t at) {
  const InterruptGoal& goal = *goals.interrupts;
  const bool opal = goal.firmware.kind == Firmware::Kind::kOpal;
  const Failure none_left{Failure::Kind::kUnsuitable, "no register is left over a call of firmware"};

  Saving saving(goals);
  if (!saving.run(goal.clause, opal)) return none_left;
  auto kept = saving.take();  // over the calls: how many are left to make, or the giver's MSR
  if (!kept) return none_left;
  std::vector<Step>& steps = saving.steps();
  std::optional<Endian> order;  // of the step that is added; the giver's without it
  auto add = [&](ppc64::Instruction i) { steps.push_back({std::move(i), goal.clause, order}); };
  auto load = [&](Gpr gpr, uint64_t value) {
    for (const auto& i : ppc64::materialize(gpr, value)) add(i);
  };
  auto bytes_from = [&](size_t step) { return 4 * (static_cast<int64_t>(step) - static_cast<int64_t>(steps.size())); };
  // To the step after the return, with this MSR. That step's address depends on how many steps its address takes.
  auto switch_order = [&](Gpr msr_value) {
    size_t first = steps.size();
    for (size_t length = 1;; ++length) {
      auto address = ppc64::materialize(reg::r9, at + 4 * (first + length + 3));
      if (address.size() > length) continue;
      for (const auto& i : address) add(i);
      while (steps.size() < first + length) add(ins::nop());
      break;
    }
    add(ins::mtsrr0(reg::r9));
    add(ins::mtsrr1(msr_value));
    add(ins::rfid());
  };

  if (!opal) add(ins::li(*kept, kMostCalls));
  const bool switches = opal && goals.giver == Endian::kLittle;
  if (switches) {
    // OPAL is entered big-endian.
    add(ins::mfmsr(*kept));
    add(ins::clrrdi(reg::r10, *kept, 1));
    switch_order(reg::r10);
    order = Endian::kBig;
  }
  size_t again = steps.size();
  if (opal) {
    load(reg::r2, goal.firmware.opal_base);
    load(reg::r12, goal.firmware.opal_entry);
    add(ins::mtctr(reg::r12));
    add(ins::li(reg::r0, kReinitCpus));
    add(ins::li(reg::r3, goal.little ? 2 : 1));
    add(ins::bctrl());
  } else {
    add(ins::li(reg::r3, kSetMode));
    add(ins::li(reg::r4, goal.little ? 1 : 0));
    add(ins::li(reg::r5, kSetModeLittleEndian));
    add(ins::li(reg::r6, 0));
    add(ins::li(reg::r7, 0));
    add(ins::sc(1));
  }
  // Done at 0. A guest's firmware says by a positive number that it is busy; OPAL waits by itself, for a second,
  // until the other CPUs have come back to it, and anything but 0 is final.
  add(ins::cmpdi(0, reg::r3, 0));
  if (opal) {
    add(ins::beq(ppc64::Displacement(int64_t{12})));
  } else {
    add(ins::beq(ppc64::Displacement(int64_t{28})));
    add(ins::blt(ppc64::Displacement(int64_t{16})));
    add(ins::addi(*kept, *kept, ppc64::Displacement(int64_t{-1})));
    add(ins::cmpdi(0, *kept, 0));
    add(ins::bne(ppc64::Displacement(bytes_from(again))));
  }
  add(ins::or_(reg::r1, reg::r1, reg::r1));  // low priority, for ever
  add(ins::b(ppc64::Displacement(int64_t{-4})));
  if (switches) switch_order(*kept);
  // Of the refusals nothing is executed on the way that goes on.
  return Part{steps, steps.size() - (opal ? 2 : 6), saving.after()};
}

}  // namespace baton::trampoline
