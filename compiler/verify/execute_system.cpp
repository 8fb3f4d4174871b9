// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Traps, calls of firmware, special registers and the MSR (Power ISA 3.0B, Book I 3.3.11 and 3.3.17, Book III 3.3.1 and
// 5.4.4; for CPUs of Book III-E Power ISA 2.07B, Book III-E 4.3 and 5.4.2). See execution.h.
#include "base/address.h"
#include "verify/execution.h"

namespace baton::verify {

namespace msr = ppc64::msr;

namespace {

/// External interrupts and translation are forced on in problem state (Book III, rfid and mtmsrd).
void force_for_problem_state(Value& to, const Value& from) {
  Bit problem = from.bit(14);  // PR is mask 0x4000
  for (unsigned n : {15u, 5u, 4u}) to.set_bit(n, from.bit(n) | problem);  // EE IR DR
}

}  // namespace

void Execution::trap(const Value& a, const Value& b, unsigned width) {
  unsigned to = count(0);
  if (to == 0) return;
  if (to == 31) return wrong("traps");
  auto widen = [&](const Value& v, bool sign) {
    if (width == 64) return v;
    return sign ? v.sign_extended(32) : v.masked(0xffffffff);
  };
  Order s = m_.definitions->order(widen(a, true), widen(b, true), true), u = m_.definitions->order(widen(a, false), widen(b, false), false);
  const std::pair<unsigned, Bit> parts[] = {{16, s.less}, {8, s.greater}, {4, s.equal}, {2, u.less}, {1, u.greater}};
  for (const auto& [asked, part] : parts) {
    const Bit traps = m_.resolve(part);
    if ((to & asked) == 0 || traps.same_as(Bit::constant(false))) continue;
    if (traps.is_constant) return wrong("traps");
    if (traps.is_unknown()) return unknown("may trap");
    result_ = {Step::Kind::kForks, where() + " traps on a condition that is not known", traps.atom};
    return;
  }
}

Value* Execution::special(int64_t number) {
  switch (static_cast<ppc64::Spr>(number)) {
    case ppc64::Spr::kLr: return &m_.lr;
    case ppc64::Spr::kCtr: return &m_.ctr;
    case ppc64::Spr::kXer: return &m_.xer;
    case ppc64::Spr::kSrr0: return &m_.srr0;
    case ppc64::Spr::kSrr1: return &m_.srr1;
    case ppc64::Spr::kHsrr0: return &m_.hsrr0;
    case ppc64::Spr::kHsrr1: return &m_.hsrr1;
    default: return nullptr;
  }
}

bool Execution::may_access(int64_t number) {
  const ppc64::SprName* name = ppc64::find_spr(static_cast<ppc64::Spr>(number));
  if (!name->hypervisor || is_known(msr::kHv, true)) return true;
  if (is_known(msr::kHv, false))
    wrong("needs hypervisor state");
  else
    unknown("needs hypervisor state, and MSR[HV] is not known");
  return false;
}

void Execution::move_to_special(int64_t number, const Value& value) {
  if (!may_access(number)) return;
  if (Value* target = special(number)) {
    *target = value;
    if (target != &m_.xer) return;
    // SO OV CA and the byte count (Book I 3.2.2). Of a 1 that is written elsewhere CPUs make what they like.
    constexpr uint64_t kDefined = 0xe000007f;
    const uint64_t zeros = value.known() & ~value.bits();
    m_.xer = value.with(Value::unknown(), ~(kDefined | zeros));
    return;
  }
  m_.other_sprs_written.push_back(
      std::string(ppc64::find_spr(static_cast<ppc64::Spr>(number))->name) + " by " + where());
}

void Execution::move_from_special(int64_t number) {
  if (!may_access(number)) return;
  Value* source = special(number);
  gpr(0) = source ? *source : Value::unknown();
}

void Execution::return_from_interrupt(const Value& address, const Value& saved, bool hypervisor) {
  // Bits 33:36 and 42:47 (the books') come from no SRR1; ME and HV only with hypervisor state.
  uint64_t kept = mask_between(33, 36) | mask_between(42, 47);
  Value to = saved.with(m_.msr, kept);
  Bit hv = m_.msr.bit(60);
  if (!hypervisor) {
    to.set_bit(60, hv & saved.bit(60));
    // In hypervisor state ME comes from SRR1, otherwise it stays.
    Bit now = m_.msr.bit(12), then = saved.bit(12);
    to.set_bit(12, now.same_as(then) ? now : (hv & then) | (~hv & now));
  }
  force_for_problem_state(to, saved);
  m_.msr = to;
  m_.coherence.synchronize_context();
  go(address, hypervisor ? "hsrr0" : "srr0");
}

/// Book III-S only: mtmsrd, rfid and hrfid are illegal instructions elsewhere (Power ISA 2.07B, Book III-E 4.3).
bool Execution::of_server() {
  if (m_.book3e) wrong("does not exist on a CPU of Book III-E");
  return !m_.book3e;
}

void Execution::move_to_msr(const Value& value, bool only_ee_and_ri) {
  if (only_ee_and_ri) {
    m_.msr = m_.msr.with(value, msr::kEe | msr::kRi);
    return;
  }
  // HV, S (bit 41), ME and LE are left as they are; so are the bits that rfid leaves.
  uint64_t kept = msr::kHv | msr::kMe | msr::kLe | mask_between(41, 41);
  Value to = value.with(m_.msr, kept);
  force_for_problem_state(to, value);
  m_.msr = to;
  m_.coherence.synchronize_context();  // with L = 1 it is execution synchronizing only (Book III 5.4.4)
}

/// mtmsr: as mtmsrd, but bits 0:31 stay. On a CPU of Book III-E, where the mode is in the low half, all of that is
/// written; what a hypervisor holds back from a guest is not known here.
void Execution::move_low_half_to_msr() {
  const Value whole = m_.msr.with(gpr(0), 0xffffffff);
  if (!m_.book3e) return move_to_msr(whole, o_[1] != 0);
  if (o_[1] != 0) return wrong("does not exist on a CPU of Book III-E");
  if (!is_known(msr::kGs, false)) return unknown("writes the MSR, and MSR[GS] is not known to be 0");
  m_.msr = whole;
  m_.coherence.synchronize_context();
}

bool Execution::system() {
  switch (i_.mnemonic) {
    case Mnemonic::kTdi: trap(gpr(1), number(2), 64); return true;
    case Mnemonic::kTwi: trap(gpr(1), number(2), 32); return true;
    case Mnemonic::kTw: trap(gpr(1), gpr(2), 32); return true;
    case Mnemonic::kTd: trap(gpr(1), gpr(2), 64); return true;
    case Mnemonic::kSc:
      if (o_[0] != 1)
        unknown("is a system call");
      else if (auto refused = call_papr(m_))
        unknown(*refused);
      else
        m_.coherence.synchronize_context();
      return true;
    case Mnemonic::kMtspr: move_to_special(o_[0], gpr(1)); return true;
    case Mnemonic::kMfspr: move_from_special(o_[1]); return true;
    case Mnemonic::kMfmsr: gpr(0) = m_.msr; return true;
    case Mnemonic::kMtmsr: move_low_half_to_msr(); return true;
    case Mnemonic::kMtmsrd:
      if (of_server()) move_to_msr(gpr(0), o_[1] != 0);
      return true;
    case Mnemonic::kRfid:
      if (of_server()) return_from_interrupt(m_.srr0, m_.srr1, false);
      return true;
    case Mnemonic::kHrfid:
      if (of_server()) return_from_interrupt(m_.hsrr0, m_.hsrr1, true);
      return true;
    default: return false;
  }
}

}  // namespace baton::verify
