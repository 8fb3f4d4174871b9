// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The instructions. See departure_code.h.
//
// Sources: Power ISA 3.0B, Book III 3.3.1 (rfid; MSR[RI] is 0 while SRR0 and SRR1 are live), 5.7.3 (the four high
// bits of an address are ignored with translation off), Book II 4.3.2 (dcbst, sync, icbi, sync, isync for code that
// was stored). A block of 64 bytes is the smallest cache block of a 64-bit CPU: none is passed over.
#include "trampoline/departure_code.h"

#include "trampoline/departure.h"

namespace baton::trampoline {

using namespace ppc64;
using namespace ppc64::reg;

namespace {

constexpr unsigned kHighBits = 4;
constexpr unsigned kEqual = 2;           // of CR0
constexpr unsigned kUnlessEqual = 4, kIfEqual = 12;  // BO
constexpr int64_t kDestination = 1, kIndirection = 2, kDone = 4, kSource = 8;

Instruction andc(Gpr ra, Gpr rs, Gpr rb) {
  return ins::raw(Mnemonic::kAndc, {ra.number(), rs.number(), rb.number()});
}
Instruction neg(Gpr rt, Gpr ra) { return ins::raw(Mnemonic::kNeg, {rt.number(), ra.number()}); }

}  // namespace

void DepartureListing::change_stack(Gpr top, const std::string& clause) {
  stub_.code(ins::clrrdi(r1, top, 4), clause)
      .code(ins::li(r0, 0), clause)
      .code(ins::raw(Mnemonic::kStdu, {0, -static_cast<int64_t>(kDepartureFrame), 1}), clause);
}

void DepartureListing::interrupts_off(const std::string& clause) {
  // mtmsrd with L = 1 changes EE and RI only: RI stays as it was.
  stub_.code(ins::mfmsr(r9), clause)
      .code(ins::rlwinm(r9, r9, 0, 17, 15), clause)
      .code(ins::mtmsrd(r9, 1), clause);
}

void DepartureListing::find_itself(Gpr base, const std::string& label, const std::string& clause) {
  stub_.code(ins::bcl_20_31(), clause)
      .label(label)
      .code(ins::mflr(base), clause)
      .code(ins::addi(base, base, Displacement(kStartLabel, 0, label)), clause);
}

void DepartureListing::leave_translation(Gpr base, const std::string& label, const std::string& clause) {
  stub_.code(ins::mfmsr(r12), clause)
      .code(ins::li(r9, msr::kRi), clause)
      .code(andc(r9, r12, r9), clause)
      .code(ins::mtmsrd(r9, 1), clause)
      .code(ins::li(r9, msr::kIr | msr::kDr), clause)
      .code(andc(r12, r12, r9), clause)
      .code(ins::clrldi(base, base, kHighBits), clause)
      .code(ins::addi(r9, base, Displacement(label)), clause)
      .code(ins::mtsrr0(r9), clause)
      .code(ins::mtsrr1(r12), clause)
      .code(ins::rfid(), clause)
      .label(label);
}

void DepartureListing::walk_pages(Gpr first, Gpr page_size, const std::string& clause, const std::string& coherent) {
  const Gpr entry = r22, next = r23, to = r24, mask = r25, blocks = r26;
  stub_.code(ins::mr(entry, first), clause)
      .code(ins::li(next, 0), clause)
      .code(ins::li(to, 0), clause)
      .code(neg(mask, page_size), clause)
      .code(ins::srdi(blocks, page_size, 6), clause)
      .label("walk")
      .code(ins::andi_dot(r0, entry, kDone), clause)
      .code(ins::bc(kUnlessEqual, kEqual, "walked"), clause)
      .code(ins::and_(r10, entry, mask), clause)
      .code(ins::or_(r10, r10, r30), clause)
      .code(ins::andi_dot(r0, entry, kSource), clause)
      .code(ins::bc(kIfEqual, kEqual, "no_source"), clause)
      .code(ins::mr(r9, to), clause)
      .code(ins::mr(r11, blocks), clause)
      .code(ins::bl("copy_blocks"), coherent)
      .code(ins::add(to, to, page_size), clause)
      .code(ins::b("next_entry"), clause)
      .label("no_source")
      .code(ins::andi_dot(r0, entry, kDestination), clause)
      .code(ins::bc(kIfEqual, kEqual, "no_destination"), clause)
      .code(ins::mr(to, r10), clause)
      .code(ins::b("next_entry"), clause)
      .label("no_destination")
      .code(ins::andi_dot(r0, entry, kIndirection), clause)
      .code(ins::bc(kIfEqual, kEqual, "next_entry"), clause)
      .code(ins::mr(next, r10), clause)
      .label("next_entry")
      .code(ins::ld(entry, int64_t{0}, next), clause)
      .code(ins::addi(next, next, 8), clause)
      .code(ins::b("walk"), clause)
      .label("walked");
}

void DepartureListing::call_hook(Gpr hook, bool descriptors, const std::string& clause) {
  stub_.code(ins::cmpdi(0, hook, 0), clause).code(ins::bc(kIfEqual, kEqual, "no_hook"), clause);
  if (descriptors)
    stub_.code(ins::clrldi(r12, hook, kHighBits), clause)
        .code(ins::ld(r0, int64_t{0}, r12), clause)
        .code(ins::ld(r2, 8, r12), clause)
        .code(ins::ld(r11, 16, r12), clause)
        .code(ins::mtctr(r0), clause);
  else
    stub_.code(ins::mr(r12, hook), clause).code(ins::mtctr(r12), clause);
  stub_.code(ins::bctrl(), clause).label("no_hook");
}

void DepartureListing::copy_head(uint64_t to, Gpr from, uint64_t offset, uint64_t size, const std::string& clause) {
  stub_.code(ins::li(r9, static_cast<int64_t>(to)), clause)
      .code(ins::addi(r10, from, static_cast<int64_t>(offset)), clause)
      .code(ins::li(r11, static_cast<int64_t>(size / kCopyBlock)), clause)
      .code(ins::bl("copy_blocks"), clause);
}

void DepartureListing::release(const std::string& clause) {
  stub_.code(ins::sync(), clause)
      .code(ins::li(r9, 1), clause)
      .code(ins::stw(r9, Displacement(kReleaseLabel), r31), clause);
}

void DepartureListing::copy_blocks(const std::string& clause, const std::string& coherent) {
  const Gpr through[] = {r0, r3, r4, r5, r6, r7, r8, r12};
  stub_.label("copy_blocks").code(ins::mtctr(r11), clause).label("copy_block");
  for (int64_t i = 0; i < 8; ++i) stub_.code(ins::ld(through[i], 8 * i, r10), clause);
  for (int64_t i = 0; i < 8; ++i) stub_.code(ins::std(through[i], 8 * i, r9), clause);
  stub_.code(ins::dcbst(std::nullopt, r9), coherent)
      .code(ins::addi(r10, r10, kCopyBlock), clause)
      .code(ins::addi(r9, r9, kCopyBlock), clause)
      .code(ins::bdnz("copy_block"), clause)
      .code(ins::sync(), coherent)
      .code(ins::mtctr(r11), coherent)
      .label("drop_block")
      .code(ins::addi(r9, r9, -static_cast<int64_t>(kCopyBlock)), coherent)
      .code(ins::icbi(std::nullopt, r9), coherent)
      .code(ins::bdnz("drop_block"), coherent)
      .code(ins::sync(), coherent)
      .code(ins::isync(), coherent)
      .code(ins::blr(), clause);
}

void DepartureListing::count_slave(const std::string& arrived, const std::string& clause) {
  stub_.code(ins::addi(r9, r11, Displacement(arrived)), clause)
      .code(ins::sync(), clause)
      .label("count_slave")
      .code(ins::raw(Mnemonic::kLwarx, {10, 0, 9}), clause)
      .code(ins::addi(r10, r10, 1), clause)
      .code(ins::raw(Mnemonic::kStwcxDot, {10, 0, 9}), clause)
      .code(ins::bc(kUnlessEqual, kEqual, "count_slave"), clause);
}

void DepartureListing::wait_for_release(const std::string& clause) {
  // or 1,1,1 and or 2,2,2: low and medium priority of the thread (Book II 3.2).
  stub_.code(ins::or_(r1, r1, r1), clause)
      .label(kSlaveWaitLabel)
      .code(ins::lwz(r10, Displacement(kReleaseLabel), r11), clause)
      .code(ins::cmpwi(0, r10, 0), clause)
      .code(ins::bc(kIfEqual, kEqual, kSlaveWaitLabel), clause)
      .code(ins::or_(r2, r2, r2), clause)
      .code(ins::isync(), clause);
}

void DepartureListing::slave_goes(uint64_t landing, bool big, const std::string& clause, const std::string& order_clause) {
  if (!big) {
    stub_.code(ins::ba(landing), clause);
    return;
  }
  stub_.code(ins::li(r9, msr::kRi), order_clause)
      .code(andc(r9, r12, r9), order_clause)
      .code(ins::mtmsrd(r9, 1), order_clause)
      .code(ins::li(r9, msr::kLe), order_clause)
      .code(andc(r12, r12, r9), order_clause)
      .code(ins::li(r9, static_cast<int64_t>(landing)), clause)
      .code(ins::mtsrr0(r9), clause)
      .code(ins::mtsrr1(r12), order_clause)
      .code(ins::rfid(), clause);
}

}  // namespace baton::trampoline
