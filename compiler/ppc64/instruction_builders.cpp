// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The builders of instruction.h: operands in assembler order, nothing checked here (encode() checks).
#include <algorithm>

#include "ppc64/instruction.h"

namespace baton::ppc64::ins {
namespace {

int64_t n(Gpr gpr) { return gpr.number(); }
int64_t n(Vr vr) { return vr.number(); }
int64_t n(std::optional<Gpr> base) {
  // Register 0 as a base means the number 0: r0 cannot be one.
  BATON_CHECK(!base || base->number() != 0, "r0 cannot be a base register");
  return base ? base->number() : 0;
}
int64_t base_of(Gpr base) { return n(std::optional<Gpr>(base)); }
int64_t s(uint64_t value) { return static_cast<int64_t>(value); }

Instruction make(Mnemonic mnemonic, std::initializer_list<int64_t> operands) {
  BATON_CHECK(operands.size() == encoding_of(mnemonic).operand_count(), "wrong number of operands");
  Instruction instruction;
  instruction.mnemonic = mnemonic;
  std::copy(operands.begin(), operands.end(), instruction.operands.begin());
  return instruction;
}

Instruction with(Instruction instruction, const Displacement& d) {
  instruction.label = d.label;
  instruction.base = d.base;
  return instruction;
}

Instruction memory(Mnemonic mnemonic, Gpr value, const Displacement& d, Gpr base) {
  return with(make(mnemonic, {n(value), d.value, base_of(base)}), d);
}
Instruction indexed(Mnemonic mnemonic, Gpr value, std::optional<Gpr> base, Gpr index) {
  return make(mnemonic, {n(value), n(base), n(index)});
}

}  // namespace

using M = Mnemonic;

Instruction raw(Mnemonic mnemonic, std::initializer_list<int64_t> operands) {
  return make(mnemonic, operands);
}

Instruction b(Displacement to) { return with(make(M::kB, {to.value}), to); }
Instruction bl(Displacement to) { return with(make(M::kBl, {to.value}), to); }
Instruction ba(uint64_t absolute) { return make(M::kBa, {s(absolute)}); }
Instruction bc(unsigned bo, unsigned bi, Displacement to) {
  return with(make(M::kBc, {bo, bi, to.value}), to);
}
Instruction beq(Displacement to) { return bc(12, 2, std::move(to)); }
Instruction bne(Displacement to) { return bc(4, 2, std::move(to)); }
Instruction blt(Displacement to) { return bc(12, 0, std::move(to)); }
Instruction bdnz(Displacement to) { return bc(16, 0, std::move(to)); }
Instruction bcl_20_31() { return make(M::kBcl, {20, 31, 4}); }
Instruction blr() { return make(M::kBclr, {20, 0, 0}); }
Instruction bctr() { return make(M::kBcctr, {20, 0, 0}); }
Instruction bctrl() { return make(M::kBcctrl, {20, 0, 0}); }

Instruction addi(Gpr rt, Gpr ra, Displacement si) {
  return with(make(M::kAddi, {n(rt), base_of(ra), si.value}), si);
}
Instruction addis(Gpr rt, Gpr ra, int64_t si) { return make(M::kAddis, {n(rt), base_of(ra), si}); }
Instruction li(Gpr rt, int64_t si) { return make(M::kAddi, {n(rt), 0, si}); }
Instruction lis(Gpr rt, int64_t si) { return make(M::kAddis, {n(rt), 0, si}); }
Instruction ori(Gpr ra, Gpr rs, uint64_t ui) { return make(M::kOri, {n(ra), n(rs), s(ui)}); }
Instruction oris(Gpr ra, Gpr rs, uint64_t ui) { return make(M::kOris, {n(ra), n(rs), s(ui)}); }
Instruction xori(Gpr ra, Gpr rs, uint64_t ui) { return make(M::kXori, {n(ra), n(rs), s(ui)}); }
Instruction xoris(Gpr ra, Gpr rs, uint64_t ui) { return make(M::kXoris, {n(ra), n(rs), s(ui)}); }
Instruction cmpdi(unsigned bf, Gpr ra, int64_t si) { return make(M::kCmpdi, {bf, n(ra), si}); }
Instruction cmpwi(unsigned bf, Gpr ra, int64_t si) { return make(M::kCmpwi, {bf, n(ra), si}); }
Instruction andi_dot(Gpr ra, Gpr rs, uint64_t ui) { return make(M::kAndiDot, {n(ra), n(rs), s(ui)}); }
Instruction cmpld(unsigned bf, Gpr ra, Gpr rb) { return make(M::kCmpld, {bf, n(ra), n(rb)}); }
Instruction cmpd(unsigned bf, Gpr ra, Gpr rb) { return make(M::kCmpd, {bf, n(ra), n(rb)}); }
Instruction add(Gpr rt, Gpr ra, Gpr rb) { return make(M::kAdd, {n(rt), n(ra), n(rb)}); }
Instruction subf(Gpr rt, Gpr ra, Gpr rb) { return make(M::kSubf, {n(rt), n(ra), n(rb)}); }
Instruction and_(Gpr ra, Gpr rs, Gpr rb) { return make(M::kAnd, {n(ra), n(rs), n(rb)}); }
Instruction or_(Gpr ra, Gpr rs, Gpr rb) { return make(M::kOr, {n(ra), n(rs), n(rb)}); }
Instruction xor_(Gpr ra, Gpr rs, Gpr rb) { return make(M::kXor, {n(ra), n(rs), n(rb)}); }
Instruction mr(Gpr ra, Gpr rs) { return or_(ra, rs, rs); }
Instruction nop() { return make(M::kOri, {0, 0, 0}); }

Instruction rldicl(Gpr ra, Gpr rs, unsigned sh, unsigned mb) {
  return make(M::kRldicl, {n(ra), n(rs), sh, mb});
}
Instruction rldicr(Gpr ra, Gpr rs, unsigned sh, unsigned me) {
  return make(M::kRldicr, {n(ra), n(rs), sh, me});
}
Instruction rldic(Gpr ra, Gpr rs, unsigned sh, unsigned mb) {
  return make(M::kRldic, {n(ra), n(rs), sh, mb});
}
Instruction rldimi(Gpr ra, Gpr rs, unsigned sh, unsigned mb) {
  return make(M::kRldimi, {n(ra), n(rs), sh, mb});
}
Instruction rlwinm(Gpr ra, Gpr rs, unsigned sh, unsigned mb, unsigned me) {
  return make(M::kRlwinm, {n(ra), n(rs), sh, mb, me});
}
Instruction sldi(Gpr ra, Gpr rs, unsigned count) { return rldicr(ra, rs, count, 63 - count); }
Instruction srdi(Gpr ra, Gpr rs, unsigned count) { return rldicl(ra, rs, 64 - count, count); }
Instruction clrldi(Gpr ra, Gpr rs, unsigned count) { return rldicl(ra, rs, 0, count); }
Instruction clrrdi(Gpr ra, Gpr rs, unsigned count) { return rldicr(ra, rs, 0, 63 - count); }

Instruction lbz(Gpr rt, Displacement d, Gpr ra) { return memory(M::kLbz, rt, d, ra); }
Instruction lhz(Gpr rt, Displacement d, Gpr ra) { return memory(M::kLhz, rt, d, ra); }
Instruction lwz(Gpr rt, Displacement d, Gpr ra) { return memory(M::kLwz, rt, d, ra); }
Instruction lwzu(Gpr rt, Displacement d, Gpr ra) { return memory(M::kLwzu, rt, d, ra); }
Instruction ld(Gpr rt, Displacement ds, Gpr ra) { return memory(M::kLd, rt, ds, ra); }
Instruction stb(Gpr rs, Displacement d, Gpr ra) { return memory(M::kStb, rs, d, ra); }
Instruction sth(Gpr rs, Displacement d, Gpr ra) { return memory(M::kSth, rs, d, ra); }
Instruction stw(Gpr rs, Displacement d, Gpr ra) { return memory(M::kStw, rs, d, ra); }
Instruction std(Gpr rs, Displacement ds, Gpr ra) { return memory(M::kStd, rs, ds, ra); }
Instruction ldx(Gpr rt, std::optional<Gpr> ra, Gpr rb) { return indexed(M::kLdx, rt, ra, rb); }
Instruction lwzx(Gpr rt, std::optional<Gpr> ra, Gpr rb) { return indexed(M::kLwzx, rt, ra, rb); }
Instruction lwbrx(Gpr rt, std::optional<Gpr> ra, Gpr rb) { return indexed(M::kLwbrx, rt, ra, rb); }
Instruction ldbrx(Gpr rt, std::optional<Gpr> ra, Gpr rb) { return indexed(M::kLdbrx, rt, ra, rb); }
Instruction stbx(Gpr rs, std::optional<Gpr> ra, Gpr rb) { return indexed(M::kStbx, rs, ra, rb); }
Instruction stwx(Gpr rs, std::optional<Gpr> ra, Gpr rb) { return indexed(M::kStwx, rs, ra, rb); }
Instruction stdx(Gpr rs, std::optional<Gpr> ra, Gpr rb) { return indexed(M::kStdx, rs, ra, rb); }
Instruction stwbrx(Gpr rs, std::optional<Gpr> ra, Gpr rb) { return indexed(M::kStwbrx, rs, ra, rb); }
Instruction stdbrx(Gpr rs, std::optional<Gpr> ra, Gpr rb) { return indexed(M::kStdbrx, rs, ra, rb); }
Instruction dcbst(std::optional<Gpr> ra, Gpr rb) { return make(M::kDcbst, {n(ra), n(rb)}); }
Instruction dcbf(std::optional<Gpr> ra, Gpr rb) { return make(M::kDcbf, {n(ra), n(rb)}); }
Instruction icbi(std::optional<Gpr> ra, Gpr rb) { return make(M::kIcbi, {n(ra), n(rb)}); }

Instruction mtspr(Spr spr, Gpr rs) { return make(M::kMtspr, {static_cast<int64_t>(spr), n(rs)}); }
Instruction mfspr(Gpr rt, Spr spr) { return make(M::kMfspr, {n(rt), static_cast<int64_t>(spr)}); }
Instruction mtctr(Gpr rs) { return mtspr(Spr::kCtr, rs); }
Instruction mtlr(Gpr rs) { return mtspr(Spr::kLr, rs); }
Instruction mflr(Gpr rt) { return mfspr(rt, Spr::kLr); }
Instruction mtsrr0(Gpr rs) { return mtspr(Spr::kSrr0, rs); }
Instruction mtsrr1(Gpr rs) { return mtspr(Spr::kSrr1, rs); }
Instruction mthsrr0(Gpr rs) { return mtspr(Spr::kHsrr0, rs); }
Instruction mthsrr1(Gpr rs) { return mtspr(Spr::kHsrr1, rs); }
Instruction mfmsr(Gpr rt) { return make(M::kMfmsr, {n(rt)}); }
Instruction mtmsrd(Gpr rs, unsigned l) { return make(M::kMtmsrd, {n(rs), l}); }
Instruction mfcr(Gpr rt) { return make(M::kMfcr, {n(rt)}); }
Instruction mfsrr0(Gpr rt) { return mfspr(rt, Spr::kSrr0); }
Instruction mfsrr1(Gpr rt) { return mfspr(rt, Spr::kSrr1); }
Instruction rfid() { return make(M::kRfid, {}); }
Instruction hrfid() { return make(M::kHrfid, {}); }
Instruction sc(unsigned level) { return make(M::kSc, {level}); }
Instruction sync() { return make(M::kSync, {}); }
Instruction lwsync() { return make(M::kLwsync, {}); }
Instruction isync() { return make(M::kIsync, {}); }
Instruction tdi(unsigned to, Gpr ra, int64_t si) { return make(M::kTdi, {to, n(ra), si}); }
Instruction trap() { return make(M::kTw, {31, 0, 0}); }

Instruction lvx(Vr vt, std::optional<Gpr> ra, Gpr rb) { return make(M::kLvx, {n(vt), n(ra), n(rb)}); }
Instruction stvx(Vr vs, std::optional<Gpr> ra, Gpr rb) { return make(M::kStvx, {n(vs), n(ra), n(rb)}); }
Instruction vadduwm(Vr vt, Vr va, Vr vb) { return make(M::kVadduwm, {n(vt), n(va), n(vb)}); }
Instruction vmrghw(Vr vt, Vr va, Vr vb) { return make(M::kVmrghw, {n(vt), n(va), n(vb)}); }
Instruction vmr(Vr vt, Vr va) { return make(M::kVor, {n(vt), n(va), n(va)}); }
Instruction vxor(Vr vt, Vr va, Vr vb) { return make(M::kVxor, {n(vt), n(va), n(vb)}); }
Instruction vcmpequw_dot(Vr vt, Vr va, Vr vb) { return make(M::kVcmpequwDot, {n(vt), n(va), n(vb)}); }
Instruction vspltisw(Vr vt, int64_t sim) { return make(M::kVspltisw, {n(vt), sim}); }
Instruction vsel(Vr vt, Vr va, Vr vb, Vr vc) { return make(M::kVsel, {n(vt), n(va), n(vb), n(vc)}); }
Instruction vperm(Vr vt, Vr va, Vr vb, Vr vc) { return make(M::kVperm, {n(vt), n(va), n(vb), n(vc)}); }
Instruction vsldoi(Vr vt, Vr va, Vr vb, unsigned shb) { return make(M::kVsldoi, {n(vt), n(va), n(vb), shb}); }
Instruction vshasigmaw(Vr vt, Vr va, unsigned st, unsigned six) {
  return make(M::kVshasigmaw, {n(vt), n(va), st, six});
}

}  // namespace baton::ppc64::ins
