// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What do the readers of objects and of linked programs leave to what follows alike for both?
//
// They load pieces and name symbols; the values of patched symbols and the entry come afterwards, in
// foreign_code.cpp. Nobody outside of this folder includes this header.
//
//   auto parts = read_relocatable(file, tables, request);  parts->code.pieces[0].name == ".text"
#pragma once

#include <set>

#include "inputs/elf_tables.h"
#include "inputs/foreign_code.h"

namespace baton::inputs {

/// Bytes without contents are declared, not allocated; more than this of them is a lie.
inline constexpr Wide kMostZeros = Wide{1} << 30;

struct ForeignParts {
  ForeignCode code;                         // without entry and patched values
  std::optional<Range> descriptors = {};    // .opd of the first ABI
  std::optional<Address> e_entry = {};      // of a linked program, where it is loaded
  std::set<std::string> set_addresses = {};  // undefined symbols that got theirs from the caller
};

/// The piece that has this byte, or null. Zeros belong to it.
const ForeignPiece* piece_at(const std::vector<ForeignPiece>& pieces, Address address);
/// The doubleword at an address when one piece has all of it from the file.
std::optional<uint64_t> doubleword_at(const ForeignCode& code, Address address);
/// The number that a value stands for; nullopt when it is relative to a symbol that is not there.
std::optional<uint64_t> number_of(const ForeignValue& value, const std::map<std::string, ForeignSymbol>& symbols);

/// Adds a symbol: globals before local ones, and no name that two local ones have.
class SymbolNames {
 public:
  void add(const ElfSymbol& symbol, const ForeignSymbol& foreign);
  std::map<std::string, ForeignSymbol> take() { return std::move(symbols_); }

 private:
  enum class Holder { kLocal, kTwoLocals, kGlobal };
  std::map<std::string, ForeignSymbol> symbols_;
  std::map<std::string_view, Holder> holders_;
};

/// `code` of every function in the descriptors, once they are relocated; an object that has them is of the first ABI.
void find_code_of_descriptors(ForeignParts& parts);

Result<ForeignParts> read_relocatable(const MappedFile& file, const ElfTables& tables, const ForeignRequest& request);
Result<ForeignParts> read_linked(const MappedFile& file, const ElfTables& tables, const ForeignRequest& request);

/// How many bytes from the first instruction of a function to its entry for callers with the same TOC; nullopt for
/// the reserved value (ELFv2, bits 5 to 7 of st_other).
std::optional<uint8_t> local_entry_bytes(uint8_t other);

}  // namespace baton::inputs
