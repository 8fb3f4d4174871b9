// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The image: vectors and handlers in both byte orders, the loop, tables of translation, slots, records. See
// privileged_image.h. The loop is big-endian, as is the machine at its start. What is below 32 KiB is reached without a
// register, which an interrupt leaves none of.
#include "privileged_image.h"

#include <algorithm>

#include "ppc64/assemble.h"
#include "tool.h"

namespace baton::differential {

namespace {

/// Where interrupts are taken (Power ISA 3.0B, Book III 6.5).
constexpr uint64_t kVectors[] = {0x100, 0x200, 0x300, 0x380, 0x400, 0x480, 0x500, 0x600, 0x700, 0x800, 0x900, 0x980, 0xa00, 0xc00, 0xd00,
                                 0xe00, 0xe20, 0xe40, 0xe60, 0xe80, 0xea0, 0xf00, 0xf20, 0xf40, 0xf60, 0xf80};
constexpr uint64_t kSystemCall = 0xc00;
constexpr uint64_t kSave = 0x2000, kBigCode = 0x3000, kLittleCode = 0x5000, kCodeSize = 0x1000;
constexpr uint64_t kRoot = 0x10000, kDirectory = 0x20000, kPartitions = 0x30000, kProcesses = 0x40000, kTablesEnd = 0x50000;
/// `tdi 0, 0, 0x48`, which does nothing; its bytes in little-endian order are `b .+8`.
constexpr uint32_t kWhichOrder = 0x08000048;
constexpr uint32_t kTrap = 0x7fe00008, kIllegal = 0;

// By number: not every assembler has all names.
constexpr const char *kHsrr0Number = "314", *kHsrr1Number = "315", *kLpcrNumber = "318", *kHid0Number = "1008", *kPirNumber = "1023",
                     *kDecNumber = "22", *kRecordNumber = "304", *kOwnMsrNumber = "305";  // HSPRG0 and HSPRG1

std::string read(const char* number) { return std::string("mfspr %r0, ") + number; }
std::string write(const char* number) { return std::string("mtspr ") + number + ", %r0"; }

/// The 0x8000 bytes from 0 on, of one byte order: other bytes are 0.
std::string low_code(Endian order, uint64_t cases) {
  const bool big = order == Endian::kBig;
  Code code;
  auto save = [&](const std::string& instruction, uint64_t at) {
    code.line(instruction);
    code.line("std %r0, " + std::to_string(kSave + at) + "(0)");
  };
  if (big) {
    code.line(".org 0x10");
    code.line("b main");
  }
  for (uint64_t vector : kVectors) {
    code.line(".org " + std::to_string(vector + (big ? 0 : 8)));
    if (big) code.line(".long " + std::to_string(kWhichOrder));
    code.line("b from_" + std::to_string(vector));
  }
  code.line(".org " + std::to_string(big ? kBigCode : kLittleCode));
  for (uint64_t vector : kVectors) {
    code.label("from_" + std::to_string(vector));
    if (vector == kSystemCall) {
      code.line("b raised");
      continue;
    }
    code.line("std %r0, " + std::to_string(kSave) + "(0)");
    save("li %r0, " + std::to_string(vector), kVector);
    code.line("b saved");
  }
  code.label("saved");
  const std::string which = big ? "li %r0, 0" : "li %r0, -1";
  save(which, kHandler);
  for (uint64_t r = 1; r < 32; ++r) code.line("std %r" + std::to_string(r) + ", " + std::to_string(kSave + 8 * r) + "(0)");
  save("mfcr %r0", kCr);
  save("mfxer %r0", kXer);
  save("mflr %r0", kLr);
  save("mfctr %r0", kCtr);
  save("mfsrr0 %r0", kSrr0);
  save("mfsrr1 %r0", kSrr1);
  for (unsigned n = 0; n < 4; ++n) save("mfsprg %r0, " + std::to_string(n), kSprg + 8 * n);
  save("mftb %r0", kTb);
  save("mfpvr %r0", kPvr);
  code.line("mfmsr %r3");
  code.line("rldicl. %r3, %r3, 4, 63");  // MSR[HV]
  code.line("bne raised");
  code.line("sc 1");
  code.label("raised");
  save(which, kHypervisor);
  save(read(kHsrr0Number), kHsrr0);
  save(read(kHsrr1Number), kHsrr1);
  save(read(kLpcrNumber), kLpcr);
  save(read(kHid0Number), kHid0);
  save(read(kDecNumber), kDec);
  save(read(kPirNumber), kPir);
  code.line("mfspr %r3, " + std::string(kRecordNumber));
  code.line("li %r4, " + std::to_string(kSave - 8));
  code.line("addi %r3, %r3, -8");
  code.line("li %r0, " + std::to_string(kRecordSize / 8));
  code.line("mtctr %r0");
  code.label("copy");
  code.line("ldu %r0, 8(%r4)");
  code.line("stdu %r0, 8(%r3)");
  code.line("bdnz copy");
  code.line("addi %r0, %r3, 8");
  code.line(write(kRecordNumber));
  code.line(read(kOwnMsrNumber));
  code.line(write(kHsrr1Number));
  code.line("li %r0, " + std::to_string(kBigCode + kCodeSize));
  code.line(write(kHsrr0Number));
  code.line("hrfid");
  if (!big) return code.text();

  code.line(".org " + std::to_string(kBigCode + kCodeSize));
  code.line("b next");
  code.label("main");
  code.number("%r0", kPartitions);
  code.line("mtspr 464, %r0");  // PTCR
  code.line("li %r0, 1");
  code.line("mtspr 319, %r0");  // LPIDR
  code.line("li %r0, 0");
  code.line("mtspr 48, %r0");  // PIDR
  code.line("li %r30, -1");    // the number of the case that comes
  code.line("std %r30, " + std::to_string(kFinished) + "(0)");
  code.number("%r0", kRecords);
  code.line(write(kRecordNumber));
  code.line("mfmsr %r0");
  code.line(write(kOwnMsrNumber));
  code.label("next");
  code.line("ld %r30, " + std::to_string(kFinished) + "(0)");
  code.line("addi %r30, %r30, 1");
  code.line("std %r30, " + std::to_string(kFinished) + "(0)");
  code.number("%r29", cases);
  code.line("cmpd %r30, %r29");
  code.label("wait");
  code.line("beq wait");
  code.line("mfspr %r31, " + std::string(kRecordNumber));
  code.load_special("mtsrr0 %r0", kSrr0);
  code.load_special("mtsrr1 %r0", kSrr1);
  for (unsigned n = 0; n < 4; ++n) code.load_special("mtsprg " + std::to_string(n) + ", %r0", kSprg + 8 * n);
  code.load_special(write(kHsrr0Number), kHsrr0);
  code.load_special(write(kHsrr1Number), kHsrr1);
  code.load_special(write(kLpcrNumber), kLpcr);
  code.load_special(write(kHid0Number), kHid0);
  code.load_special(write(kDecNumber), kDec);
  code.line("ld %r0, " + std::to_string(kEntry) + "(%r31)");
  code.line("cmpdi %r0, 0");
  code.line("bne by_rfid");
  for (bool by_rfid : {false, true}) {
    if (by_rfid) code.label("by_rfid");
    code.load_special(by_rfid ? "mtsrr0 %r0" : write(kHsrr0Number), kStart);
    code.load_special(by_rfid ? "mtsrr1 %r0" : write(kHsrr1Number), kMsr);
    code.load_special("mtcrf 0xff, %r0", kCr);
    code.load_special("mtxer %r0", kXer);
    code.load_special("mtlr %r0", kLr);
    code.load_special("mtctr %r0", kCtr);
    code.each("ld", 32);
    code.line(by_rfid ? "rfid" : "hrfid");
  }
  return code.text();
}

/// The low 1 GiB mapped to itself by radix trees (Power ISA 3.0B, Book III 5.7.6 to 5.7.10): a root of 2^13 entries, whose first is a
/// directory of 2^9, whose first is a page. The same trees serve the hypervisor's processes, the partition's real
/// addresses and its processes.
void put_tables(ByteBuffer& bytes) {
  auto put = [&](uint64_t at, uint64_t number) { store(bytes, at, number, Endian::kBig); };
  constexpr uint64_t kValid = uint64_t{1} << 63, kLeaf = uint64_t{1} << 62, kReferenced = 0x100, kChanged = 0x80, kAllAccess = 7;
  put(kRoot, kValid | kDirectory | 9);
  put(kDirectory, kValid | kLeaf | kReferenced | kChanged | kAllAccess);
  // 2^(31 + 21) bytes, in two fields; the root; its size.
  constexpr uint64_t kTree = uint64_t{2} << 61 | 5 << 5 | kRoot | 13, kHostRadix = uint64_t{1} << 63;
  for (uint64_t partition : {0u, 1u}) {
    put(kPartitions + 16 * partition, kHostRadix | kTree);
    put(kPartitions + 16 * partition + 8, kProcesses);
  }
  put(kProcesses, kTree);
}

}  // namespace

uint64_t recorded(ByteView record, uint64_t at) {
  // Zero or all ones reads the same in both orders.
  const bool of_hypervisor = at >= kHsrr0 && at <= kDec;
  const uint64_t little = *load<uint64_t>(record, of_hypervisor || at == kPir ? kHypervisor : kHandler, Endian::kBig);
  return *load<uint64_t>(record, at, little != 0 ? Endian::kLittle : Endian::kBig);
}

ByteBuffer image(const std::vector<Case>& cases, Endian order) {
  if (cases.size() > kMostCases) stop(std::to_string(cases.size()) + " cases are more than " + std::to_string(kMostCases));
  ByteBuffer bytes(kTablesEnd);
  for (Endian of_code : {Endian::kBig, Endian::kLittle}) {
    const ByteBuffer code = must(ppc64::assemble(low_code(of_code, cases.size()), of_code)).text;
    const uint64_t end = of_code == Endian::kBig ? kFinished : kLittleCode + kCodeSize;
    if (code.size() > end) stop("the handlers are too long");
    for (size_t at = 0; at < code.size(); ++at) {
      if (code[at] != 0 && bytes[at] != 0) stop("handlers overlap at " + hex(Wide{at}));
      bytes[at] |= code[at];
    }
  }
  put_tables(bytes);
  bytes.resize(kSlots);
  for (const Case& c : cases) {
    const uint32_t end = c.ends_by_trap ? kTrap : kIllegal;
    append(bytes, c.word, order);
    for (unsigned place = 0; place < 2; ++place) {
      append(bytes, kWhichOrder, Endian::kBig);
      append(bytes, end, Endian::kBig);
      append(bytes, end, Endian::kLittle);
    }
    append(bytes, kIllegal, Endian::kBig);
  }
  bytes.resize(kRecords);
  for (size_t n = 0; n < cases.size(); ++n) {
    const Case& c = cases[n];
    const size_t begin = bytes.size();
    c.registers.append_to(bytes, Endian::kBig);
    bytes.resize(begin + kRecordSize);
    auto put = [&](uint64_t at, uint64_t number) { store(bytes, begin + at, number, Endian::kBig); };
    put(kSrr0, c.srr0);
    put(kSrr1, c.srr1);
    for (size_t s = 0; s < 4; ++s) put(kSprg + 8 * s, c.sprg[s]);
    put(kHsrr0, c.hsrr0);
    put(kHsrr1, c.hsrr1);
    put(kLpcr, c.lpcr);
    put(kHid0, c.hid0);
    put(kDec, c.dec);
    put(kMsr, c.msr);
    put(kEntry, c.enters_by_rfid ? 1 : 0);
    put(kStart, slot_of(n));
  }
  return bytes;
}

}  // namespace baton::differential
