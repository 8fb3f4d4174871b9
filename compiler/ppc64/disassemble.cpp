// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The other door to LLVM MC: a word in, its text out.
//
// What LLVM needs for that is made for each word: that takes less than a millisecond, and each way through a stub ends at one
// such word at most.
#include "ppc64/disassemble.h"

#include <algorithm>
#include <array>
#include <memory>

#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstPrinter.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/TargetParser/Triple.h>

#include "base/bytes.h"
#include "base/result.h"

extern "C" {
void LLVMInitializePowerPCTargetInfo();
void LLVMInitializePowerPCTargetMC();
void LLVMInitializePowerPCDisassembler();
}

namespace baton::ppc64 {
namespace {

constexpr uint32_t kPrefix = 1;  // the primary opcode of prefixes (Power ISA 3.1, Book I 1.6)

}  // namespace

std::string name_elsewhere(uint32_t word) {
  if (word >> 26 == kPrefix) return "the first half of an instruction of 8 bytes";
  static const bool registered = [] {
    LLVMInitializePowerPCTargetInfo();
    LLVMInitializePowerPCTargetMC();
    LLVMInitializePowerPCDisassembler();
    return true;
  }();
  BATON_CHECK(registered, "the PowerPC target is not linked in");
  const llvm::Triple triple("powerpc64-unknown-linux-gnu");
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple.str(), error);
  BATON_CHECK(target != nullptr, "the PowerPC target is not linked in");
  const llvm::MCTargetOptions options;
  std::unique_ptr<llvm::MCRegisterInfo> registers(target->createMCRegInfo(triple.str()));
  std::unique_ptr<llvm::MCAsmInfo> syntax(target->createMCAsmInfo(*registers, triple.str(), options));
  std::unique_ptr<llvm::MCInstrInfo> instructions(target->createMCInstrInfo());
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(target->createMCSubtargetInfo(triple.str(), "pwr10", ""));
  llvm::MCContext context(triple, syntax.get(), registers.get(), subtarget.get());
  std::unique_ptr<llvm::MCDisassembler> disassembler(target->createMCDisassembler(*subtarget, context));
  std::unique_ptr<llvm::MCInstPrinter> printer(
      target->createMCInstPrinter(triple, syntax->getAssemblerDialect(), *syntax, *instructions, *registers));

  std::array<uint8_t, 4> bytes{};
  for (unsigned i = 0; i < 4; ++i) bytes[i] = static_cast<uint8_t>(word >> (24 - 8 * i));
  llvm::MCInst instruction;
  uint64_t size = 0;
  // A "soft" failure is an instruction with reserved bits that are not 0.
  if (disassembler->getInstruction(instruction, size, {bytes.data(), bytes.size()}, 0, llvm::nulls()) == llvm::MCDisassembler::Fail) return {};
  std::string text;
  llvm::raw_string_ostream stream(text);
  printer->printInst(&instruction, 0, "", *subtarget, stream);
  stream.flush();
  text.erase(0, text.find_first_not_of(" \t"));
  std::replace(text.begin(), text.end(), '\t', ' ');
  return "`" + text + "`";
}

}  // namespace baton::ppc64
