// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is a linked program (ET_EXEC, ET_DYN) in memory, at its own address or at another?
//
// Its PT_LOADs. The relocations that a linker leaves to a loader are applied if they are R_PPC64_RELATIVE, which
// name no symbol; others ask for a dynamic linker, and no stub has one. A program of fixed addresses may be loaded
// elsewhere, as loaders of flat images do: it must then be one that finds its own place.
//
//   linked at 0x10000, loaded at 0x4000000: R_PPC64_RELATIVE with addend 0x10020 makes 0x4000020
#include <array>

#include "inputs/elf.h"
#include "inputs/foreign_parts.h"
#include "llvm/BinaryFormat/ELF.h"

namespace baton::inputs {
namespace {

namespace elf = llvm::ELF;

constexpr uint64_t kProgramHeaderSize = 56, kDynamicSize = 16;

class ProgramLoader {
 public:
  ProgramLoader(const MappedFile& file, const ElfTables& tables, const ForeignRequest& request)
      : file_(file), tables_(tables), request_(request), order_(tables.order) {}

  Result<ForeignParts> load() {
    auto image = read_elf_layout(file_);
    if (!image) return image.failure();
    parts_.code.order = order_;
    parts_.code.abi = tables_.abi;
    base_ = image->base();
    Address at = request_.at.value_or(base_);
    if (at.wide() + image->size().wide() >= kTwoTo64)
      return unsuitable("does not fit below 2^64: it has " + hex(image->size()) + " bytes, and is loaded at " + hex(at),
                        "load it at a lower address");
    bias_ = at.value() - base_.value();
    if (bias_ != 0 && tables_.type == elf::ET_EXEC)
      parts_.code.remarks.push_back(named("is linked for " + hex(base_) + " and loaded at " + hex(at) +
                                          ": nothing in it is relocated, as it is no ET_DYN"));
    if (auto fault = take_pieces(*image)) return *fault;
    if (auto fault = relocate_for_load(*image)) return *fault;
    if (auto fault = name_symbols()) return *fault;
    parts_.e_entry = Address{tables_.entry + bias_};
    return std::move(parts_);
  }

 private:
  using Trouble = std::optional<Failure>;

  std::string named(const std::string& what) const { return "`" + file_.path().string() + "` " + what; }
  Failure malformed(const std::string& what) const {
    return Failure{Failure::Kind::kMalformed, named(what)};
  }
  Failure unsuitable(const std::string& what, std::string way_out = {}) const {
    return Failure{Failure::Kind::kUnsuitable, named(what), std::move(way_out)};
  }

  /// A field of a program header that read_elf_layout found in the file.
  template <typename T>
  T header_field(unsigned header, uint64_t field) const {
    uint64_t table = *baton::load<uint64_t>(file_.bytes(), 32, order_);
    return *baton::load<T>(file_.bytes(), table + header * kProgramHeaderSize + field, order_);
  }

  Trouble take_pieces(const ElfImage& image) {
    Wide zeros = 0;
    for (const ElfLoad& load : image.loads()) {
      zeros += load.memory.wide() - load.bytes.size();
      std::string name = "program header " + std::to_string(load.header);
      if (zeros > kMostZeros)
        return unsuitable("asks for more than " + human(Size{kMostZeros}) + " of zeros, with " + name + " of " +
                          hex(load.memory) + " bytes (p_memsz)");
      auto flags = header_field<uint32_t>(load.header, 4);
      ForeignPiece piece{std::move(name), Address{base_.value() + bias_} + load.offset,
                         ByteBuffer(load.bytes.begin(), load.bytes.end()), load.memory};
      piece.executable = (flags & elf::PF_X) != 0;
      piece.writable = (flags & elf::PF_W) != 0;
      parts_.code.pieces.push_back(std::move(piece));
    }
    return std::nullopt;
  }

  struct Dynamic {
    std::optional<uint64_t> rela, rela_size, rela_entry, rel, relr, jump, jump_size;
  };

  Trouble relocate_for_load(const ElfImage& image) {
    auto count = *baton::load<uint16_t>(file_.bytes(), 56, order_);
    for (unsigned i = 0; i < count; ++i) {
      if (header_field<uint32_t>(i, 0) != elf::PT_DYNAMIC) continue;
      auto offset = header_field<uint64_t>(i, 8), size = header_field<uint64_t>(i, 32);
      if (Wide{offset} + size > file_.bytes().size())
        return malformed("has its dynamic section at " + hex(offset) + " ..< " + hex(Wide{offset} + size) +
                         " (program header " + std::to_string(i) + "), and the file has " + hex(file_.bytes().size()) + " bytes");
      return relocate_dynamic(image, read_dynamic(file_.bytes().subspan(offset, size)));
    }
    return std::nullopt;
  }

  Dynamic read_dynamic(ByteView entries) const {
    Dynamic found;
    for (uint64_t at = 0; at + kDynamicSize <= entries.size(); at += kDynamicSize) {
      auto tag = *baton::load<uint64_t>(entries, at, order_), value = *baton::load<uint64_t>(entries, at + 8, order_);
      switch (tag) {
        case elf::DT_NULL: return found;
        case elf::DT_RELA: found.rela = value; break;
        case elf::DT_RELASZ: found.rela_size = value; break;
        case elf::DT_RELAENT: found.rela_entry = value; break;
        case elf::DT_REL: found.rel = value; break;
        case elf::DT_RELR: found.relr = value; break;
        case elf::DT_JMPREL: found.jump = value; break;
        case elf::DT_PLTRELSZ: found.jump_size = value; break;
        default: break;
      }
    }
    return found;
  }

  Trouble relocate_dynamic(const ElfImage& image, const Dynamic& dynamic) {
    if (dynamic.rel || dynamic.relr)
      return unsuitable(std::string("has relocations as DT_") + (dynamic.rel ? "REL" : "RELR") + ", which are not read here",
                        dynamic.relr ? "link it with -z nopack-relative-relocs" : "");
    if (dynamic.jump && dynamic.jump_size.value_or(0) != 0)
      return unsuitable("has calls that a dynamic linker resolves (DT_JMPREL)", "link it with -static");
    uint64_t size = dynamic.rela_size.value_or(0);
    if (!dynamic.rela || size == 0) return std::nullopt;
    if (dynamic.rela_entry.value_or(kRelocationSize) != kRelocationSize || size % kRelocationSize != 0)
      return malformed("has dynamic relocations of " + hex(size) + " bytes (DT_RELASZ) in entries of " +
                       std::to_string(dynamic.rela_entry.value_or(kRelocationSize)) + " (DT_RELAENT); they have " +
                       std::to_string(kRelocationSize));
    auto table = *dynamic.rela >= base_.value()
                     ? image.bytes_at(Size{*dynamic.rela - base_.value()}, Size{size})
                     : std::nullopt;
    if (!table)
      return malformed("has its dynamic relocations at " + hex(*dynamic.rela) + " with " + hex(size) +
                       " bytes (DT_RELA, DT_RELASZ), which no PT_LOAD has from the file");
    for (size_t i = 0; i < size / kRelocationSize; ++i)
      if (auto fault = relocate_entry(relocation_at(*table, i, order_))) return fault;
    return std::nullopt;
  }

  Trouble relocate_entry(const ElfRelocation& entry) {
    if (entry.type == elf::R_PPC64_NONE) return std::nullopt;
    std::string where = "has a dynamic relocation of type " + std::to_string(entry.type) + " at " + hex(entry.offset);
    if (entry.type != elf::R_PPC64_RELATIVE)
      return unsuitable(where + "; without a dynamic linker only R_PPC64_RELATIVE (22) can be applied",
                        "link it with -static, or with -pie and -Bsymbolic");
    Address place{entry.offset + bias_};
    // The pieces are looked up as those of constant code are, and written to here.
    auto* piece = const_cast<ForeignPiece*>(piece_at(parts_.code.pieces, place));
    if (piece == nullptr || !store<uint64_t>(piece->bytes, (place - piece->start).bytes(), entry.addend + bias_, order_))
      return malformed(where + ", where no PT_LOAD has eight bytes from the file");
    return std::nullopt;
  }

  Trouble name_symbols() {
    if (const ElfSection* section = tables_.section_named(".opd"); section != nullptr && tables_.abi != 2) {
      Address start{section->address + bias_};
      auto range = Range::checked(start, Size{section->size});
      if (!range) return malformed("has its .opd at " + hex(start) + " with " + hex(section->size) + " bytes, past 2^64");
      parts_.descriptors = *range;
    }
    SymbolNames names;
    for (const ElfSymbol& symbol : tables_.symbols) {
      if (symbol.section == elf::SHN_UNDEF || symbol.section == elf::SHN_COMMON) continue;
      ForeignSymbol foreign;
      foreign.absolute = symbol.section == elf::SHN_ABS;
      foreign.address = foreign.code = Address{foreign.absolute ? symbol.value : symbol.value + bias_};
      foreign.size = Size{symbol.size};
      foreign.function = symbol.is_function();
      auto local = local_entry_bytes(tables_.abi == 1 ? 0 : symbol.other);
      if (!local)
        return malformed("has a reserved distance to the local entry of `" + std::string(symbol.name) +
                         "` (7 in bits 5 to 7 of st_other)");
      foreign.local_entry = *local;
      if (!foreign.absolute && !tables_.sections[symbol.section].is_loaded()) continue;
      names.add(symbol, foreign);
    }
    parts_.code.symbols = names.take();
    find_code_of_descriptors(parts_);
    return std::nullopt;
  }

  const MappedFile& file_;
  const ElfTables& tables_;
  const ForeignRequest& request_;
  Endian order_;
  ForeignParts parts_;
  Address base_;
  uint64_t bias_ = 0;  // modulo 2^64: what is added to a linker's address
};

}  // namespace

Result<ForeignParts> read_linked(const MappedFile& file, const ElfTables& tables, const ForeignRequest& request) {
  return ProgramLoader(file, tables, request).load();
}

}  // namespace baton::inputs
