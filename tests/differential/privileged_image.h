// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How is a CPU brought to execute one privileged instruction in a chosen state, and what does it hold afterwards?
//
// By an image for a bare machine with hypervisor state. A loop loads a case's state from its record and returns into the
// case's slot by rfid or hrfid, whose MSR is the case's. In the slot stands the instruction, then words that tell by the
// address at which they end whether they were fetched big- or little-endian, and then an interrupt. The handler of
// interrupts, in both byte orders, writes all registers into the record and goes on with the next case. Memory is mapped to itself, for the
// hypervisor and for one partition, so that every state of MSR[HV PR IR DR] goes on where it is.
//
//   image(cases, Endian::kLittle) at 0, entered at 0x10; when the number at kFinished is the number of cases, records lie
//   at kRecords
#pragma once

#include <vector>

#include "random_state.h"

namespace baton::differential {

// A slot has eight words: the instruction and where it goes on, and from the fifth where rfid and hrfid go.
inline constexpr uint64_t kSlots = 0x100000, kSlotSize = 32, kNextAt = 4, kReturnAt = 16;
/// In big-endian code the first word of a place does nothing, and the next one ends it; in little-endian code the first is
/// a branch to the one after that.
inline constexpr uint64_t kEndBig = 4, kEndLittle = 8;
constexpr uint64_t slot_of(size_t n) { return kSlots + n * kSlotSize; }

// A record after its registers. What is set before a case, and read afterwards:
inline constexpr uint64_t kRecords = 0x200000, kSrr0 = kRegistersSize, kSrr1 = 296, kSprg = 304, kHsrr0 = 336, kHsrr1 = 344, kLpcr = 352,
                          kHid0 = 360, kDec = 368;
// Read only: the time, which processor this is, the interrupt, and the byte order of its handler as 0 or all ones; of that of
// the hypervisor's handler, which reads what only that may (kHsrr0 to kDec).
inline constexpr uint64_t kTb = 376, kPvr = 384, kPir = 392, kVector = 400, kHandler = 408, kHypervisor = 416;
// Set only: the MSR of the case, and by what it is entered: 0 by hrfid, 1 by rfid.
inline constexpr uint64_t kMsr = 424, kEntry = 432, kStart = 440, kRecordSize = 448;
inline constexpr uint64_t kFinished = 0x7000;

/// 16 MiB and above are QEMU's, for its device tree.
inline constexpr uint64_t kMostCases = (0x1000000 - kRecords) / kRecordSize;
static_assert(kSlots + kMostCases * kSlotSize <= kRecords);

// LPCR and HID0 (Power ISA 3.0B, Book III 2.2; POWER9 User's Manual 4.1): byte order of interrupts.
inline constexpr uint64_t kLpcrIle = uint64_t{1} << 25, kHid0Hile = uint64_t{1} << 59;
/// LPCR with radix trees (UPRT, HR) and a wide decrementer (LD).
inline constexpr uint64_t kLpcrBase = uint64_t{1} << (63 - 41) | uint64_t{1} << (63 - 43) | uint64_t{1} << (63 - 46);

struct Case {
  uint32_t word = 0;
  bool ends_by_trap = false;  // else by an illegal word
  bool enters_by_rfid = false;
  Registers registers;
  uint64_t srr0 = 0, srr1 = 0, hsrr0 = 0, hsrr1 = 0, lpcr = 0, hid0 = 0, dec = 0, msr = 0;
  std::array<uint64_t, 4> sprg{};
};

/// The number at an offset of a record that the machine wrote.
uint64_t recorded(ByteView record, uint64_t at);

/// Slots in byte order `order`: that is the one they are entered in.
ByteBuffer image(const std::vector<Case>& cases, Endian order);

}  // namespace baton::differential
