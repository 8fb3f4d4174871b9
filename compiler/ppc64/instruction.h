// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is one instruction of a stub, as a value: how is it built, encoded, decoded and printed?
//
// An Instruction is a row of instructions.def and its operands in assembler order. A displacement may name
// a label of the stub instead of a number; stub.h resolves it. decode() is strict: reserved bits, invalid
// forms (update forms with RA = 0, undefined BO codes) and unlisted special registers are no instructions.
// The assembler that makes the bytes of a stub is LLVM's (assemble.h); encode() here serves words of the
// other byte order and the checks against it. What an instruction does stands in verify/semantics.h.
//
//   to_text(ins::stw(reg::r3, 28, reg::r7)) == "stw\t%r3, 28(%r7)";  decode(0x90670018 + 4) gives it back
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ppc64/registers.h"

namespace baton::ppc64 {

enum class Mnemonic : uint8_t {
#define BATON_INSTRUCTION(id, ...) id,
#include "ppc64/instructions.def"
#undef BATON_INSTRUCTION
};

/// What an operand field means; where it lies in the word is known to instruction.cpp only.
enum class Field : uint8_t {
  kNone, kRt, kRs, kRa, kRaBase0, kRaUpdate, kRaUpdateStore, kRb,
  kSi, kUi, kD, kDs, kLi, kLiAbsolute, kBo, kBi, kBd, kBdAbsolute, kBh, kBf,
  kSh6, kMb6, kSh5, kMb5, kMe5, kTo, kLev, kSprTo, kSprFrom, kFxmOne, kFxmMany, kL16,
  kVt, kVa, kVb, kVc, kSim5, kShb, kSt, kSix, kBfTo, kBfa, kBt, kBa, kBb, kBc,
};

inline constexpr size_t kMaxOperands = 5;
/// Every processor that is spoken of here has what is of this level (POWER4).
inline constexpr unsigned kOldestIsa = 200;

/// In which state of the processor an instruction exists.
enum class Rights : uint8_t { kAnyone, kPrivileged, kHypervisor };

struct Encoding {
  Mnemonic mnemonic;
  std::string_view name;
  uint32_t match;  // the fixed bits
  uint32_t mask;   // every bit that is in no field
  unsigned isa;    // the level of the first processors that have it, times 100
  Rights rights;   // of mtspr and mfspr the register says it: is_privileged
  bool records;    // CR field 0 tells how the result, its first operand, compares with 0
  std::array<Field, kMaxOperands> fields;

  size_t operand_count() const;
};

const Encoding& encoding_of(Mnemonic mnemonic);
std::span<const Encoding> encodings();

/// A displacement: a number, or label + addend. In a branch it is the place to go; in addi, ld, stw and
/// the like it is the distance from the start of the stub (or from `base`) to the label.
struct Displacement {
  int64_t value = 0;
  std::string label = {};
  std::string base = {};

  Displacement(int64_t number) : value(number) {}
  Displacement(std::string to, int64_t addend = 0, std::string from = {})
      : value(addend), label(std::move(to)), base(std::move(from)) {}
  Displacement(const char* to) : label(to) {}
};

/// The label that stands for the first byte of every stub, and for absolute targets relative to it.
inline constexpr const char* kStartLabel = "start";

struct Instruction {
  Mnemonic mnemonic = Mnemonic::kOri;
  std::array<int64_t, kMaxOperands> operands{};
  std::string label = {};  // the displacement operand is label + operand (- base), not a number
  std::string base = {};

  bool operator==(const Instruction&) const = default;
};

/// The word, as a number; a Failure when an operand does not fit its field, is an invalid form, or when a
/// label is still open.
Result<uint32_t> encode(const Instruction& instruction);
/// The instruction of a word, or nullopt for what is outside the subset.
std::optional<Instruction> decode(uint32_t word);
/// GNU syntax that GNU as (with or without -mregnames) and LLVM MC read alike: mnemonic, tab, operands.
/// Extended mnemonics are used where they say more (li, mr, sldi, blr, mtctr). A branch by number is
/// written relative to itself (".+0x10").
std::string to_text(const Instruction& instruction);

/// The registers an instruction writes, without CR, XER and memory.
std::optional<Gpr> written_register(const Instruction& instruction);
/// How many bytes a load or store moves; 0 for everything else (and for dcbz).
unsigned access_width(Mnemonic mnemonic);
/// Whether it only orders what others see, or moves bytes between caches: it changes no value.
bool is_order_or_cache(Mnemonic mnemonic);
/// True for instructions that only exist in privileged state, hypervisor state included.
bool is_privileged(const Instruction& instruction);

/// Builders, one per form that synthesis uses; operands in assembler order.
namespace ins {
Instruction b(Displacement to);
Instruction bl(Displacement to);
Instruction ba(uint64_t absolute);
Instruction bc(unsigned bo, unsigned bi, Displacement to);
Instruction beq(Displacement to);
Instruction bne(Displacement to);
Instruction blt(Displacement to);
Instruction bdnz(Displacement to);
/// bcl 20,31,$+4: the next address into LR, without upsetting the return-address predictor.
Instruction bcl_20_31();
Instruction blr();
Instruction bctr();
Instruction bctrl();
Instruction addi(Gpr rt, Gpr ra, Displacement si);
Instruction addis(Gpr rt, Gpr ra, int64_t si);
Instruction li(Gpr rt, int64_t si);
Instruction lis(Gpr rt, int64_t si);
Instruction ori(Gpr ra, Gpr rs, uint64_t ui);
Instruction oris(Gpr ra, Gpr rs, uint64_t ui);
Instruction xori(Gpr ra, Gpr rs, uint64_t ui);
Instruction xoris(Gpr ra, Gpr rs, uint64_t ui);
Instruction cmpdi(unsigned bf, Gpr ra, int64_t si);
Instruction cmpwi(unsigned bf, Gpr ra, int64_t si);
Instruction andi_dot(Gpr ra, Gpr rs, uint64_t ui);
Instruction cmpld(unsigned bf, Gpr ra, Gpr rb);
Instruction cmpd(unsigned bf, Gpr ra, Gpr rb);
Instruction add(Gpr rt, Gpr ra, Gpr rb);
Instruction subf(Gpr rt, Gpr ra, Gpr rb);  // rb - ra
Instruction and_(Gpr ra, Gpr rs, Gpr rb);
Instruction or_(Gpr ra, Gpr rs, Gpr rb);
Instruction xor_(Gpr ra, Gpr rs, Gpr rb);
Instruction mr(Gpr ra, Gpr rs);
Instruction nop();
Instruction rldicl(Gpr ra, Gpr rs, unsigned sh, unsigned mb);
Instruction rldicr(Gpr ra, Gpr rs, unsigned sh, unsigned me);
Instruction rldic(Gpr ra, Gpr rs, unsigned sh, unsigned mb);
Instruction rldimi(Gpr ra, Gpr rs, unsigned sh, unsigned mb);
Instruction rlwinm(Gpr ra, Gpr rs, unsigned sh, unsigned mb, unsigned me);
Instruction sldi(Gpr ra, Gpr rs, unsigned n);    // n < 64
Instruction srdi(Gpr ra, Gpr rs, unsigned n);    // 0 < n < 64
Instruction clrldi(Gpr ra, Gpr rs, unsigned n);  // clears the n high bits
Instruction clrrdi(Gpr ra, Gpr rs, unsigned n);  // clears the n low bits
Instruction lbz(Gpr rt, Displacement d, Gpr ra);
Instruction lhz(Gpr rt, Displacement d, Gpr ra);
Instruction lwz(Gpr rt, Displacement d, Gpr ra);
Instruction lwzu(Gpr rt, Displacement d, Gpr ra);
Instruction ld(Gpr rt, Displacement ds, Gpr ra);
Instruction stb(Gpr rs, Displacement d, Gpr ra);
Instruction sth(Gpr rs, Displacement d, Gpr ra);
Instruction stw(Gpr rs, Displacement d, Gpr ra);
Instruction std(Gpr rs, Displacement ds, Gpr ra);
/// Indexed forms. A base of nullopt is the number 0: the address is rb alone.
Instruction ldx(Gpr rt, std::optional<Gpr> ra, Gpr rb);
Instruction lwzx(Gpr rt, std::optional<Gpr> ra, Gpr rb);
Instruction lwbrx(Gpr rt, std::optional<Gpr> ra, Gpr rb);
Instruction ldbrx(Gpr rt, std::optional<Gpr> ra, Gpr rb);
Instruction stbx(Gpr rs, std::optional<Gpr> ra, Gpr rb);
Instruction stwx(Gpr rs, std::optional<Gpr> ra, Gpr rb);
Instruction stdx(Gpr rs, std::optional<Gpr> ra, Gpr rb);
Instruction stwbrx(Gpr rs, std::optional<Gpr> ra, Gpr rb);
Instruction stdbrx(Gpr rs, std::optional<Gpr> ra, Gpr rb);
Instruction dcbst(std::optional<Gpr> ra, Gpr rb);
Instruction dcbf(std::optional<Gpr> ra, Gpr rb);
Instruction icbi(std::optional<Gpr> ra, Gpr rb);
Instruction mtspr(Spr spr, Gpr rs);
Instruction mfspr(Gpr rt, Spr spr);
Instruction mtctr(Gpr rs);
Instruction mtlr(Gpr rs);
Instruction mflr(Gpr rt);
Instruction mtsrr0(Gpr rs);
Instruction mtsrr1(Gpr rs);
Instruction mthsrr0(Gpr rs);
Instruction mthsrr1(Gpr rs);
Instruction mfmsr(Gpr rt);
/// l = 1 changes EE and RI only.
Instruction mtmsrd(Gpr rs, unsigned l);
Instruction mfcr(Gpr rt);
Instruction mfsrr0(Gpr rt);
Instruction mfsrr1(Gpr rt);
Instruction rfid();
Instruction hrfid();
Instruction sc(unsigned level);
Instruction sync();
Instruction lwsync();
Instruction isync();
Instruction tdi(unsigned to, Gpr ra, int64_t si);
Instruction trap();
/// Vectors.
Instruction lvx(Vr vt, std::optional<Gpr> ra, Gpr rb);
Instruction stvx(Vr vs, std::optional<Gpr> ra, Gpr rb);
Instruction vadduwm(Vr vt, Vr va, Vr vb);
Instruction vmrghw(Vr vt, Vr va, Vr vb);
Instruction vmr(Vr vt, Vr va);
Instruction vxor(Vr vt, Vr va, Vr vb);
/// CR6[LT] where all words are equal.
Instruction vcmpequw_dot(Vr vt, Vr va, Vr vb);
Instruction vspltisw(Vr vt, int64_t sim);
/// The bits of `vb` where `vc` has ones, those of `va` elsewhere.
Instruction vsel(Vr vt, Vr va, Vr vb, Vr vc);
Instruction vperm(Vr vt, Vr va, Vr vb, Vr vc);
/// 16 bytes of va:vb from byte `shb` on.
Instruction vsldoi(Vr vt, Vr va, Vr vb, unsigned shb);
/// SHA-256's functions: small sigmas with st = 0, large ones with st = 1; the second of each for words whose bit
/// in `six` is 1.
Instruction vshasigmaw(Vr vt, Vr va, unsigned st, unsigned six);
/// Any row of the table by its operands, for tests and for what has no builder.
Instruction raw(Mnemonic mnemonic, std::initializer_list<int64_t> operands);
}  // namespace ins

}  // namespace baton::ppc64
