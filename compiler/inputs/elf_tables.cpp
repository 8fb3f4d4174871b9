// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tables of an ELF file, read field by field at checked offsets. See elf_tables.h.
//
// LLVM names the constants and nothing else: its tables hand out arrays whose entries point anywhere, and each of
// them would have to be checked here all the same.
#include "inputs/elf_tables.h"

#include <algorithm>
#include <cstring>

#include "llvm/BinaryFormat/ELF.h"

namespace baton::inputs {
namespace {

namespace elf = llvm::ELF;

constexpr size_t kHeaderSize = 64, kSectionSize = 64, kSymbolSize = 24;
constexpr size_t kClassAt = 4, kDataAt = 5, kVersionAt = 6;
// One name can be as long as the file, and each symbol a tail of it.
constexpr size_t kLongestName = 4096, kAllNames = size_t{1} << 26;

std::string quoted(const MappedFile& file) { return "`" + file.path().string() + "`"; }
std::string decimal(uint64_t n) { return std::to_string(n); }

/// The names users know; others stay numbers.
std::string machine_name(uint16_t machine) {
  switch (machine) {
    case elf::EM_386: return "i386";
    case elf::EM_PPC: return "32-bit PowerPC";
    case elf::EM_S390: return "s390";
    case elf::EM_ARM: return "ARM";
    case elf::EM_X86_64: return "x86-64";
    case elf::EM_AARCH64: return "AArch64";
    case elf::EM_RISCV: return "RISC-V";
    default: return "another processor";
  }
}

class TablesReader {
 public:
  explicit TablesReader(const MappedFile& file) : file_(file), bytes_(file.bytes()) {}

  Result<ElfTables> read() {
    if (auto fault = elf_identity_fault(file_)) return *fault;
    tables_.order = bytes_[kDataAt] == elf::ELFDATA2MSB ? Endian::kBig : Endian::kLittle;
    if (auto fault = elf_machine_fault(file_, half(18))) return *fault;
    tables_.type = half(16);
    tables_.entry = wide(24);
    tables_.abi = static_cast<int>(word(48) & elf::EF_PPC64_ABI);
    if (tables_.abi == 3) return malformed("has ABI version 3 in e_flags; there are 1 and 2");
    if (auto fault = read_sections()) return *fault;
    if (auto fault = read_symbols()) return *fault;
    return std::move(tables_);
  }

 private:
  using Trouble = std::optional<Failure>;

  Failure malformed(const std::string& what) const {
    return Failure{Failure::Kind::kMalformed, quoted(file_) + " " + what};
  }
  Failure unsuitable(const std::string& what) const {
    return Failure{Failure::Kind::kUnsuitable, quoted(file_) + " " + what};
  }

  // For places that are known to be in the file.
  uint16_t half(uint64_t at) const { return *load<uint16_t>(bytes_, at, tables_.order); }
  uint32_t word(uint64_t at) const { return *load<uint32_t>(bytes_, at, tables_.order); }
  uint64_t wide(uint64_t at) const { return *load<uint64_t>(bytes_, at, tables_.order); }

  Trouble read_sections() {
    uint64_t table = wide(40);
    uint16_t entry_size = half(58), count = half(60), names = half(62);
    if (table == 0) return std::nullopt;
    if (count == 0 || names == elf::SHN_XINDEX)
      return unsuitable("has 65280 sections or more (e_shnum " + decimal(count) + ", e_shstrndx " + decimal(names) +
                        "); nothing of that many is a stub");
    if (entry_size != kSectionSize)
      return malformed("has section headers of " + decimal(entry_size) + " bytes (e_shentsize); 64-bit ones have " +
                       decimal(kSectionSize));
    if (Wide{table} + Wide{count} * kSectionSize > bytes_.size())
      return malformed("ends before its section headers do: " + decimal(count) + " of them from offset " + hex(table) +
                       " (e_shoff), and the file has " + hex(bytes_.size()) + " bytes");
    std::vector<uint32_t> name_offsets;
    for (uint64_t i = 0; i < count; ++i) {
      uint64_t at = table + i * kSectionSize;
      ElfSection section;
      name_offsets.push_back(word(at));
      section.type = word(at + 4);
      section.flags = wide(at + 8);
      section.address = wide(at + 16);
      section.offset = wide(at + 24);
      section.size = wide(at + 32);
      section.link = word(at + 40);
      section.extra = word(at + 44);
      section.alignment = wide(at + 48);
      section.entry_size = wide(at + 56);
      if (section.type != elf::SHT_NOBITS && section.type != elf::SHT_NULL) {
        if (Wide{section.offset} + section.size > bytes_.size())
          return malformed("is truncated or lies: section " + decimal(i) + " has bytes " + hex(section.offset) + " ..< " +
                           hex(Wide{section.offset} + section.size) + " (sh_offset, sh_size), and the file has " +
                           hex(bytes_.size()));
        section.bytes = bytes_.subspan(section.offset, section.size);
      }
      tables_.sections.push_back(section);
    }
    if (names == elf::SHN_UNDEF) return std::nullopt;
    if (names >= count)
      return malformed("keeps the names of its sections in section " + decimal(names) + " (e_shstrndx), and has " +
                       decimal(count));
    for (size_t i = 0; i < count; ++i) {
      std::string of = "section " + decimal(i);
      if (auto fault = read_name(tables_.sections[names].bytes, name_offsets[i], of, tables_.sections[i].name)) return fault;
    }
    return std::nullopt;
  }

  Trouble read_name(ByteView strings, uint64_t offset, const std::string& of, std::string_view& name) {
    if (offset == 0 && strings.empty()) return std::nullopt;
    if (offset >= strings.size())
      return malformed("has no name for " + of + ": it would be at " + hex(offset) + " of " + hex(strings.size()) +
                       " bytes of names");
    const uint8_t* start = strings.data() + offset;
    size_t rest = std::min(strings.size() - offset, kLongestName);
    const void* end = std::memchr(start, 0, rest);
    if (end == nullptr)
      return malformed("has a name without an end for " + of + ": no NUL in " + decimal(rest) + " bytes from " +
                       hex(offset) + " of the names on");
    name = std::string_view(reinterpret_cast<const char*>(start),
                            static_cast<size_t>(static_cast<const uint8_t*>(end) - start));
    names_size_ += name.size();
    if (names_size_ > kAllNames)
      return unsuitable("has more than " + decimal(kAllNames >> 20) + " MiB of names, one inside another");
    return std::nullopt;
  }

  Trouble read_symbols() {
    const ElfSection* table = nullptr;
    for (const ElfSection& section : tables_.sections) {
      if (section.type != elf::SHT_SYMTAB) continue;
      if (table != nullptr) return malformed("has two symbol tables (SHT_SYMTAB); one is allowed");
      table = &section;
    }
    if (table == nullptr) return std::nullopt;
    if (table->entry_size != kSymbolSize || table->size % kSymbolSize != 0)
      return malformed("has a symbol table of " + hex(table->size) + " bytes in entries of " + decimal(table->entry_size) +
                       "; 64-bit symbols have " + decimal(kSymbolSize));
    if (table->link >= tables_.sections.size())
      return malformed("keeps the names of its symbols in section " + decimal(table->link) + " (sh_link), and has " +
                       decimal(tables_.sections.size()));
    ByteView strings = tables_.sections[table->link].bytes, entries = table->bytes;
    for (size_t i = 0; i < entries.size() / kSymbolSize; ++i) {
      ByteView entry = entries.subspan(i * kSymbolSize, kSymbolSize);
      ElfSymbol symbol;
      uint8_t kind = entry[4];
      symbol.type = kind & 15;
      symbol.binding = static_cast<uint8_t>(kind >> 4);
      symbol.other = entry[5];
      symbol.section = *load<uint16_t>(entry, 6, tables_.order);
      symbol.value = *load<uint64_t>(entry, 8, tables_.order);
      symbol.size = *load<uint64_t>(entry, 16, tables_.order);
      std::string of = "symbol " + decimal(i);
      if (auto fault = read_name(strings, *load<uint32_t>(entry, 0, tables_.order), of, symbol.name)) return fault;
      bool named_place = symbol.section == elf::SHN_ABS || symbol.section == elf::SHN_COMMON;
      if (!named_place && symbol.section >= tables_.sections.size())
        return malformed("has a symbol in a section that is not there: `" + std::string(symbol.name) + "` (" + of +
                         ") is in section " + decimal(symbol.section) + " of " + decimal(tables_.sections.size()));
      tables_.symbols.push_back(symbol);
    }
    return std::nullopt;
  }

  const MappedFile& file_;
  ByteView bytes_;
  ElfTables tables_;
  size_t names_size_ = 0;
};

}  // namespace

bool ElfSection::is_loaded() const { return (flags & elf::SHF_ALLOC) != 0; }
bool ElfSymbol::is_function() const { return type == elf::STT_FUNC || type == elf::STT_GNU_IFUNC; }

ElfRelocation relocation_at(ByteView table, size_t index, Endian order) {
  ByteView entry = table.subspan(index * kRelocationSize, kRelocationSize);
  uint64_t what = *load<uint64_t>(entry, 8, order);
  return {*load<uint64_t>(entry, 0, order), static_cast<uint32_t>(what), static_cast<uint32_t>(what >> 32),
          *load<uint64_t>(entry, 16, order)};
}

const ElfSection* ElfTables::section_named(std::string_view name) const {
  auto found = std::find_if(sections.begin(), sections.end(),
                            [&](const ElfSection& section) { return section.is_loaded() && section.name == name; });
  return found == sections.end() ? nullptr : &*found;
}

std::optional<Failure> elf_identity_fault(const MappedFile& file) {
  ByteView b = file.bytes();
  auto malformed = [&](const std::string& what, std::string way_out = {}) {
    return Failure{Failure::Kind::kMalformed, quoted(file) + " " + what, std::move(way_out)};
  };
  if (b.empty()) return malformed("is empty, not an ELF file");
  if (b.size() < 4 || std::memcmp(b.data(), elf::ElfMagic, 4) != 0) {
    std::string start;
    for (size_t i = 0; i < std::min<size_t>(4, b.size()); ++i) {
      const char* digits = "0123456789abcdef";
      start += (i ? " " : "") + std::string{digits[b[i] >> 4], digits[b[i] & 15]};
    }
    bool gzip = b.size() >= 2 && b[0] == 0x1f && b[1] == 0x8b;
    return malformed("is not an ELF file: it begins with " + start + ", not with 7f 45 4c 46",
                     gzip ? "this is gzip data: unpack it first" : "");
  }
  if (b.size() < kHeaderSize)
    return malformed("ends inside its ELF header: it has " + decimal(b.size()) + " bytes, the header " +
                     decimal(kHeaderSize));
  if (b[kClassAt] == elf::ELFCLASS32)
    return Failure{Failure::Kind::kUnsuitable,
                   quoted(file) + " is a 32-bit ELF file (EI_CLASS 1); a ppc64 image is 64-bit (EI_CLASS 2)"};
  if (b[kClassAt] != elf::ELFCLASS64)
    return malformed("has EI_CLASS " + decimal(b[kClassAt]) + "; 2 is a 64-bit file");
  if (b[kDataAt] != elf::ELFDATA2MSB && b[kDataAt] != elf::ELFDATA2LSB)
    return malformed("has EI_DATA " + decimal(b[kDataAt]) + "; 1 is little-endian, 2 big-endian");
  if (b[kVersionAt] != elf::EV_CURRENT)
    return malformed("has ELF version " + decimal(b[kVersionAt]) + " (EI_VERSION); 1 is the only one");
  return std::nullopt;
}

std::optional<Failure> elf_machine_fault(const MappedFile& file, uint16_t machine) {
  if (machine == elf::EM_PPC64) return std::nullopt;
  return Failure{Failure::Kind::kUnsuitable, quoted(file) + " is for " + machine_name(machine) + " (e_machine " +
                                                 decimal(machine) + "), not for 64-bit PowerPC (21)"};
}

Result<ElfTables> read_elf_tables(const MappedFile& file) { return TablesReader(file).read(); }

}  // namespace baton::inputs
