// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What state does a 64-bit PowerPC thread have at a handoff, and what are its parts called?
//
// General and vector registers, the special registers a stub may meet, and the fields of the MSR with their masks.
// Nothing here says what an instruction does to them; see instruction.h and verify/semantics.h.
//
//   find_msr_field("LE")->mask == 1;   to_text(reg::r3) == "r3";   find_gpr("r31") == reg::r31
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baton::ppc64 {

/// A general register by number, 0..31.
class Gpr {
 public:
  constexpr explicit Gpr(unsigned number) : number_(static_cast<uint8_t>(number & 31)) {}
  constexpr unsigned number() const { return number_; }
  constexpr auto operator<=>(const Gpr&) const = default;

 private:
  uint8_t number_;
};

/// A vector register by number, 0..31.
class Vr {
 public:
  constexpr explicit Vr(unsigned number) : number_(static_cast<uint8_t>(number & 31)) {}
  constexpr unsigned number() const { return number_; }
  constexpr auto operator<=>(const Vr&) const = default;

 private:
  uint8_t number_;
};

namespace reg {
inline constexpr Gpr r0{0}, r1{1}, r2{2}, r3{3}, r4{4}, r5{5}, r6{6}, r7{7}, r8{8}, r9{9}, r10{10},
    r11{11}, r12{12}, r13{13}, r14{14}, r15{15}, r16{16}, r17{17}, r18{18}, r19{19}, r20{20}, r21{21},
    r22{22}, r23{23}, r24{24}, r25{25}, r26{26}, r27{27}, r28{28}, r29{29}, r30{30}, r31{31};
}  // namespace reg

/// "r3".
inline std::string to_text(Gpr gpr) { return "r" + std::to_string(gpr.number()); }
/// "r0".."r31" exactly; nullopt for "r32", "r03", "R3".
std::optional<Gpr> find_gpr(std::string_view name);

/// Special purpose registers, by their number in mtspr/mfspr (Power ISA 3.0B, Book III 5.4.4,
/// figure 18, "SPR encodings"; XER LR CTR: Book I 3.3.17).
enum class Spr : uint16_t {
  kXer = 1, kLr = 8, kCtr = 9,
  kDec = 22, kSrr0 = 26, kSrr1 = 27,
  kCtrlRead = 136, kCtrlWrite = 152,
  kTbRead = 268,
  kSprg0 = 272, kSprg1 = 273, kSprg2 = 274, kSprg3 = 275,
  kPvr = 287, kHsrr0 = 314, kHsrr1 = 315, kLpcr = 318,
  kPir = 1023,
};

struct SprName {
  Spr spr;
  std::string_view name;
  bool privileged;   // needs MSR[PR] = 0
  bool hypervisor;   // needs MSR[HV] = 1 as well
  bool readable;     // has an mfspr form
  bool writable;     // has an mtspr form
  bool in_mnemonic;  // both assemblers know m[tf]NAME; otherwise it is printed by number
};

/// The registers that decode() accepts in mtspr and mfspr: all others are outside the subset.
inline constexpr std::array<SprName, 18> kSprNames{{
    {Spr::kXer, "xer", false, false, true, true, true},
    {Spr::kLr, "lr", false, false, true, true, true},
    {Spr::kCtr, "ctr", false, false, true, true, true},
    {Spr::kDec, "dec", true, false, true, true, false},
    {Spr::kSrr0, "srr0", true, false, true, true, true},
    {Spr::kSrr1, "srr1", true, false, true, true, true},
    {Spr::kCtrlRead, "ctrl", false, false, true, false, false},
    {Spr::kCtrlWrite, "ctrl", true, false, false, true, false},
    {Spr::kTbRead, "tb", false, false, true, false, false},
    {Spr::kSprg0, "sprg0", true, false, true, true, false},
    {Spr::kSprg1, "sprg1", true, false, true, true, false},
    {Spr::kSprg2, "sprg2", true, false, true, true, false},
    {Spr::kSprg3, "sprg3", true, false, true, true, false},
    {Spr::kPvr, "pvr", true, false, true, false, false},
    {Spr::kHsrr0, "hsrr0", true, true, true, true, false},
    {Spr::kHsrr1, "hsrr1", true, true, true, true, false},
    {Spr::kLpcr, "lpcr", true, true, true, true, false},
    {Spr::kPir, "pir", true, false, true, false, false},
}};

const SprName* find_spr(Spr spr);
const SprName* find_spr(std::string_view name);

/// One field of the machine state register. Book3S: Power ISA 3.0B, Book III 3.2.1. Book3E: Power
/// ISA 2.07B, Book III-E 4.2.1. Bit n of the books is mask 1 << (63 - n).
struct MsrField {
  std::string_view name;
  uint64_t mask;
  bool book3e;  // exists on embedded processors only
  std::string_view doc;
};

namespace msr {
inline constexpr uint64_t kSf = 0x8000000000000000, kHv = 0x1000000000000000;
inline constexpr uint64_t kVec = 0x2000000, kVsx = 0x800000;
inline constexpr uint64_t kEe = 0x8000, kPr = 0x4000, kFp = 0x2000, kMe = 0x1000;
inline constexpr uint64_t kSe = 0x400, kBe = 0x200;  // no fields of the language: only Book3S has them, and no handoff is traced
inline constexpr uint64_t kIr = 0x20, kDr = 0x10, kRi = 0x2, kLe = 0x1;
inline constexpr uint64_t kCm = 0x80000000, kGs = 0x10000000, kCe = 0x20000, kDe = 0x200;
inline constexpr uint64_t kIs = 0x20, kDs = 0x10;  // Book3E has them where Book3S has IR and DR
}  // namespace msr

inline constexpr std::array<MsrField, 18> kMsrFields{{
    {"SF", msr::kSf, false, "64-bit mode"},
    {"HV", msr::kHv, false, "hypervisor state"},
    {"VEC", msr::kVec, false, "vector facility available"},
    {"VSX", msr::kVsx, false, "vector-scalar facility available"},
    {"EE", msr::kEe, false, "external interrupts enabled"},
    {"PR", msr::kPr, false, "problem state"},
    {"FP", msr::kFp, false, "floating point available"},
    {"ME", msr::kMe, false, "machine check interrupts enabled"},
    {"IR", msr::kIr, false, "instruction address translation"},
    {"DR", msr::kDr, false, "data address translation"},
    {"RI", msr::kRi, false, "an interrupt taken now is recoverable"},
    {"LE", msr::kLe, false, "little-endian mode"},
    {"CM", msr::kCm, true, "64-bit computation mode"},
    {"GS", msr::kGs, true, "guest state"},
    {"CE", msr::kCe, true, "critical interrupts enabled"},
    {"DE", msr::kDe, true, "debug interrupts enabled"},
    {"IS", msr::kIs, true, "instruction address space"},
    {"DS", msr::kDs, true, "data address space"},
}};

/// By name, upper case; nullptr for what is no field.
const MsrField* find_msr_field(std::string_view name);
/// The names of the Book3S fields in `mask`, most significant first: "SF ME RI".
std::string msr_fields_to_text(uint64_t mask);

}  // namespace baton::ppc64
