// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The door to LLVM MC: text in, ELF64 object out, all in memory.
//
// The PowerPC target is registered once per process (below 0.1 ms); everything else lives for one call.
// The object is read back with checked arithmetic to get at .text and to see that nothing is left to a linker.
#include "ppc64/assemble.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <llvm/MC/MCAsmBackend.h>
#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCCodeEmitter.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCObjectFileInfo.h>
#include <llvm/MC/MCObjectWriter.h>
#include <llvm/MC/MCParser/MCAsmParser.h>
#include <llvm/MC/MCParser/MCTargetAsmParser.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCStreamer.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/TargetParser/Triple.h>

extern "C" {
void LLVMInitializePowerPCTargetInfo();
void LLVMInitializePowerPCTargetMC();
void LLVMInitializePowerPCAsmParser();
}

namespace baton::ppc64 {
namespace {

// ELF64 as far as it is needed here (System V ABI, "Object files"): offsets within Elf64_Ehdr and Elf64_Shdr.
namespace elf {
constexpr uint64_t kShoff = 40, kShentsize = 58, kShnum = 60, kShstrndx = 62;
constexpr uint64_t kName = 0, kType = 4, kFlags = 8, kOffset = 24, kSize = 32, kEntrySize = 64;
constexpr uint32_t kRela = 4, kRel = 9, kNobits = 8;
constexpr uint64_t kAlloc = 2;
}  // namespace elf

Failure inner(const std::string& what) {
  return Failure{Failure::Kind::kMalformed, "the assembler's object has " + what};
}

std::string name_at(ByteView object, uint64_t at) {
  std::string name;
  while (at < object.size() && object[at] != 0) name += static_cast<char>(object[at++]);
  return name;
}

/// The contents of .text, provided that nothing in it is relocated, and that no other section of what is loaded as it
/// is has contents.
Result<ByteBuffer> text_section(ByteView object, Endian order, Use use) {
  auto table = load<uint64_t>(object, elf::kShoff, order);
  auto count = load<uint16_t>(object, elf::kShnum, order);
  auto names_index = load<uint16_t>(object, elf::kShstrndx, order);
  auto entry_size = load<uint16_t>(object, elf::kShentsize, order);
  if (!table || !count || !names_index || !entry_size || *entry_size != elf::kEntrySize)
    return inner("no section table");
  auto header = [&](uint64_t index, uint64_t field) -> std::optional<uint64_t> {
    uint64_t offset = 0;
    if (__builtin_add_overflow(*table, index * elf::kEntrySize + field, &offset)) return std::nullopt;
    bool narrow = field == elf::kName || field == elf::kType;
    if (!narrow) return load<uint64_t>(object, offset, order);
    auto value = load<uint32_t>(object, offset, order);
    return value ? std::optional<uint64_t>(*value) : std::nullopt;
  };
  auto names = header(*names_index, elf::kOffset);
  if (!names) return inner("no section names");
  std::optional<ByteBuffer> text;
  for (uint64_t i = 1; i < *count; ++i) {
    auto name_offset = header(i, elf::kName), type = header(i, elf::kType), flags = header(i, elf::kFlags),
         offset = header(i, elf::kOffset), size = header(i, elf::kSize);
    uint64_t name_place = 0;
    if (!name_offset || !type || !flags || !offset || !size ||
        __builtin_add_overflow(*names, *name_offset, &name_place))
      return inner("a section table that ends early");
    std::string name = name_at(object, name_place);
    bool relocates = (*type == elf::kRela || *type == elf::kRel) && *size != 0;
    if (use == Use::kLinked && relocates && name != ".rela.text" && name != ".rel.text") continue;
    if (relocates)
      return Failure{Failure::Kind::kUnsuitable,
                     "the listing leaves a relocation in `" + name + "`, and a stub is loaded as it is"};
    if ((*flags & elf::kAlloc) == 0 || *size == 0) continue;
    if (use == Use::kLinked && name != ".text") continue;
    if (name != ".text" || *type == elf::kNobits)
      return Failure{Failure::Kind::kUnsuitable, "the listing puts contents into `" + name +
                                                     "`, and a stub is one section, .text"};
    if (*offset > object.size() || object.size() - *offset < *size) return inner("a truncated .text");
    ByteView bytes = object.subspan(*offset, *size);
    text = ByteBuffer(bytes.begin(), bytes.end());
  }
  return text ? std::move(*text) : ByteBuffer{};
}

void register_target() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializePowerPCTargetInfo();
    LLVMInitializePowerPCTargetMC();
    LLVMInitializePowerPCAsmParser();
  });
}

}  // namespace

namespace {

/// What the assembler complains of: the first error is told whole, the rest follow from it.
struct Complaints {
  const std::string& text;
  const std::string& name;
  std::string first = {};
  size_t errors = 0;
  bool with_file = false;  // whether a place is a file and a line
};

/// The file and line that line `number` of a preprocessed text came from: the last mark before it says. LLVM's parser
/// knows the marks, and not for what it finds wrong at the end of a line, or when the object is written.
std::pair<std::string, size_t> origin_of(const std::string& text, std::string file, size_t number) {
  size_t line = 0, at = 0;
  for (size_t i = 1; i < number && at < text.size(); ++i) {
    size_t end = std::min(text.find('\n', at), text.size());
    unsigned marked = 0;
    char name[256] = {};
    std::string mark = text.substr(at, std::min<size_t>(end - at, 512));
    if (std::sscanf(mark.c_str(), "# %9u \"%255[^\"]\"", &marked, name) == 2) {
      file = name;
      line = marked - 1;
    } else {
      ++line;
    }
    at = end + 1;
  }
  return {std::move(file), line + 1};
}

void take_complaint(const llvm::SMDiagnostic& diagnostic, Complaints& complaints) {
  if (diagnostic.getKind() != llvm::SourceMgr::DK_Error || complaints.errors++ != 0) return;
  const char* place = diagnostic.getLoc().getPointer();
  const char* start = complaints.text.data();
  std::less_equal<const char*> not_after;
  bool inside = place != nullptr && not_after(start, place) && not_after(place, start + complaints.text.size());
  auto number = inside ? static_cast<size_t>(std::count(start, place, '\n')) + 1
                       : static_cast<size_t>(std::max(diagnostic.getLineNo(), 1));
  auto [file, origin] = origin_of(complaints.text, complaints.name, number);
  std::string line = "line " + std::to_string(origin);
  if (complaints.with_file) line = file + ", " + line;
  complaints.first = line + ": " + diagnostic.getMessage().str();
  std::string text = diagnostic.getLineContents().trim().str();
  if (!text.empty()) complaints.first += ", at `" + text + "`";
}

Result<ByteBuffer> run_assembler(Complaints& complaints, Endian order, const char* processor) {
  register_target();
  llvm::Triple triple(order == Endian::kBig ? "powerpc64-unknown-linux-gnu" : "powerpc64le-unknown-linux-gnu");
  std::string error;
  const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple.str(), error);
  BATON_CHECK(target != nullptr, "the PowerPC target is not linked in");

  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBuffer(complaints.text, complaints.name), llvm::SMLoc());
  sources.setDiagHandler(
      [](const llvm::SMDiagnostic& diagnostic, void* heard) {
        take_complaint(diagnostic, *static_cast<Complaints*>(heard));
      },
      &complaints);

  llvm::MCTargetOptions options;
  std::unique_ptr<llvm::MCRegisterInfo> registers(target->createMCRegInfo(triple.str()));
  std::unique_ptr<llvm::MCAsmInfo> syntax(target->createMCAsmInfo(*registers, triple.str(), options));
  std::unique_ptr<llvm::MCInstrInfo> instructions(target->createMCInstrInfo());
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(target->createMCSubtargetInfo(triple.str(), processor, ""));
  llvm::MCContext context(triple, syntax.get(), registers.get(), subtarget.get(), &sources, &options);
  context.setDiagnosticHandler([&](const llvm::SMDiagnostic& diagnostic, bool, const llvm::SourceMgr&,
                                   std::vector<const llvm::MDNode*>&) {
    take_complaint(diagnostic, complaints);
  });
  std::unique_ptr<llvm::MCObjectFileInfo> sections(
      target->createMCObjectFileInfo(context, /*PIC=*/false, /*LargeCodeModel=*/false));
  context.setObjectFileInfo(sections.get());

  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  std::unique_ptr<llvm::MCCodeEmitter> emitter(target->createMCCodeEmitter(*instructions, context));
  std::unique_ptr<llvm::MCAsmBackend> backend(target->createMCAsmBackend(*subtarget, *registers, options));
  std::unique_ptr<llvm::MCObjectWriter> writer = backend->createObjectWriter(stream);
  std::unique_ptr<llvm::MCStreamer> streamer(
      target->createMCObjectStreamer(triple, context, std::move(backend), std::move(writer),
                                     std::move(emitter), *subtarget));
  std::unique_ptr<llvm::MCAsmParser> parser(llvm::createMCAsmParser(sources, context, *streamer, *syntax));
  std::unique_ptr<llvm::MCTargetAsmParser> target_parser(
      target->createMCAsmParser(*subtarget, *parser, *instructions, options));
  parser->setTargetParser(*target_parser);
  bool failed = parser->Run(/*NoInitialTextSection=*/false);
  if (failed || context.hadError() || complaints.errors != 0)
    return Failure{Failure::Kind::kMalformed, complaints.first.empty() ? "the listing does not assemble" : complaints.first};
  return ByteBuffer(object.begin(), object.end());
}

}  // namespace

Result<Assembled> assemble(const std::string& text, Endian order, Use use) {
  const std::string name = "stub";
  Complaints complaints{text, name};
  auto object = run_assembler(complaints, order, "pwr8");
  if (!object) return object.failure();
  Assembled result;
  result.object = std::move(*object);
  auto bytes = text_section(result.object, order, use);
  if (!bytes) return bytes.failure();
  result.text = std::move(*bytes);
  return result;
}

Result<ByteBuffer> assemble_object(const std::string& text, Endian order, const std::string& name) {
  Complaints complaints{text, name};
  complaints.with_file = true;
  auto object = run_assembler(complaints, order, "pwr10");
  if (object) return object;
  Failure failure = object.failure();
  if (complaints.errors > 1)
    failure.message += " (and " + std::to_string(complaints.errors - 1) + (complaints.errors == 2 ? " error" : " errors") +
                       " after it)";
  return failure;
}

}  // namespace baton::ppc64
