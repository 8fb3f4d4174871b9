// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a stub that others wrote put into memory?
//
// Object files (relocated here, for one address), linked programs and raw bytes become the same thing: pieces
// of memory, the symbols in them and the place where it is entered. The values that a loader patches into
// symbols are patched. What the code does is not asked, nor whether the pieces collide with anything else.
// An ELF file that is wrong in any field is refused in time and memory bounded by its size.
//
//   auto code = read_foreign(*MappedFile::open("purgatory.o"),
//                            {.at = Address{0x4000000}, .entry = "start", .sets = {{"kernel", {0x2000000}}}});
//   code->symbols.at("kernel").address == Address{0x4000120};  code->entry == Address{0x4000000}
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/range.h"
#include "base/result.h"

namespace baton::inputs {

/// Where an object file goes when nobody says it: a multiple of every page size, and away from address 0.
inline constexpr Address kForeignAddress{0x4000000};

/// `size` bytes from `start` on: `bytes`, then zeros.
struct ForeignPiece {
  std::string name;  // of the section, or "program header N", or "raw"
  Address start;
  ByteBuffer bytes;  // at most `size`
  Size size;         // not zero
  bool executable = false;
  bool writable = false;
};

struct ForeignSymbol {
  Address address;          // what the name stands for: of a function of the first ABI, its descriptor
  Address code;             // of a function, its first instruction; otherwise the address again
  Size size;                // st_size: zero when the file does not say
  bool function = false;
  bool absolute = false;    // a number, or set by the caller: it lies in no piece
  uint8_t local_entry = 0;  // bytes from `code` to the entry for callers with the same TOC (second ABI)
};

struct ForeignCode {
  std::vector<ForeignPiece> pieces;              // ascending and disjoint
  std::map<std::string, ForeignSymbol> symbols;  // globals, and local ones whose name is nobody else's; `.TOC.` of objects
  std::optional<Endian> order;                   // the file's; raw bytes have none
  int abi = 0;                                   // 1 or 2 as e_flags say, or 1 where there is an .opd; else 0
  Address entry;                                 // the first instruction
  std::string entry_name;                        // a symbol or a section, or the number again
  RangeSet patched = {};                         // what ForeignRequest::sets stored
  std::vector<std::string> remarks;              // sentences for the user about what is odd, or was chosen here
};

/// What is stored at a patched symbol: the address of `relative_to`, if it is named, plus `number`; or `bytes` as
/// they are, when there are any.
struct ForeignValue {
  uint64_t number = 0;
  std::string relative_to = {};
  ByteBuffer bytes = {};
};

/// "0x4000", "12", "NAME", "NAME+0x4000", "NAME-8" or "bytes:00ff.."; nullopt for anything else.
std::optional<ForeignValue> read_foreign_value(std::string_view text);

struct ForeignRequest {
  /// Where it is loaded. Raw bytes need it. Objects go to kForeignAddress without it, linked programs where they were
  /// linked for.
  std::optional<Address> at = {};
  /// A symbol or the address of an instruction. Without it e_entry, or `_start`, or where the first section with code
  /// begins, or the first of the raw bytes.
  std::string entry = {};
  /// A symbol of the file is data that holds the value from now on, in the file's byte order and over its whole
  /// size (8 bytes when the file does not say). Of one that the file leaves undefined it is the address.
  std::map<std::string, ForeignValue> sets = {};
  /// Addresses of symbols that lie elsewhere; of what the file defines itself, or does not use, nothing is changed.
  std::map<std::string, Address> elsewhere = {};
};

/// Fails with kMalformed for files that lie about themselves, with kUnsuitable for what is well-formed and cannot
/// be loaded so: a symbol without an address, a field that a value does not fit in, an entry outside of the code.
Result<ForeignCode> read_foreign(const MappedFile& file, const ForeignRequest& request);

}  // namespace baton::inputs
