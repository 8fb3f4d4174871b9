// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which sections, symbols and relocations does an ELF file list?
//
// Every offset, size, index and string of these tables lies in the file when `read_elf_tables` returns them, and
// every name is of a sensible length; nothing is said of what the numbers mean. Views live as long as the file.
//
//   auto tables = read_elf_tables(file);  tables->section_named(".toc")->size == 0x10
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/result.h"

namespace baton::inputs {

struct ElfSection {
  std::string_view name;
  uint32_t type = 0;
  uint64_t flags = 0, address = 0, offset = 0, size = 0;
  uint32_t link = 0, extra = 0;  // sh_link, sh_info
  uint64_t alignment = 0, entry_size = 0;
  ByteView bytes;  // of the file; none of SHT_NOBITS

  bool is_loaded() const;  // SHF_ALLOC
};

struct ElfSymbol {
  std::string_view name;
  uint8_t type = 0, binding = 0, other = 0;
  uint16_t section = 0;  // an index, or SHN_UNDEF, SHN_ABS, SHN_COMMON
  uint64_t value = 0, size = 0;

  bool is_function() const;
};

struct ElfRelocation {
  uint64_t offset = 0;
  uint32_t type = 0, symbol = 0;
  uint64_t addend = 0;
};

/// The `index`th entry of a table of Elf64_Rela, which has bytes for it.
ElfRelocation relocation_at(ByteView table, size_t index, Endian order);
inline constexpr size_t kRelocationSize = 24;

struct ElfTables {
  Endian order = Endian::kBig;
  uint16_t type = 0;  // ET_*
  int abi = 0;        // of e_flags: 0 when it does not say
  uint64_t entry = 0;
  std::vector<ElfSection> sections;  // index 0 included
  std::vector<ElfSymbol> symbols;    // of the SHT_SYMTAB, index 0 included; empty without one

  const ElfSection* section_named(std::string_view name) const;
};

/// The start of a good ELF64 header, of either byte order; else why it is none. Shared with elf.h.
std::optional<Failure> elf_identity_fault(const MappedFile& file);
/// Whether e_machine is the one.
std::optional<Failure> elf_machine_fault(const MappedFile& file, uint16_t machine);

/// A file without section headers has no tables; that is no failure.
Result<ElfTables> read_elf_tables(const MappedFile& file);

}  // namespace baton::inputs
