// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which bytes does an ELF image put in memory, and where is it entered?
//
// An ElfImage is the loaded shape of an ELF64 PowerPC64 file of either byte order: its PT_LOADs in the
// order of p_vaddr, at the distances of p_vaddr, counted from the lowest one (`base`). Offsets below are
// from that base; where the image is placed is not decided here. p_paddr is never used: where it
// disagrees, `warnings` says so. The file is not copied; views live as long as the image or a copy of it.
//
//   auto kernel = read_elf(*MappedFile::open("vmlinux"));
//   kernel->entry_offset() == Size{0};  kernel->word_at(Size{0x5c}) == 0x72756e30
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"
#include "base/range.h"
#include "base/result.h"

namespace baton::inputs {

/// One PT_LOAD: `memory` bytes from `offset` on, the first of them `bytes`, the others zero.
struct ElfLoad {
  Size offset;       // from the lowest p_vaddr
  Size memory;       // p_memsz, not zero
  ByteView bytes;    // p_filesz bytes of the file
  unsigned header;   // which program header: for messages
};

/// Bytes of the file at their place in the image.
struct ElfPiece {
  Size offset;
  ByteView bytes;
};

class ElfImage {
 public:
  const MappedFile& file() const { return file_; }
  Endian order() const { return order_; }
  /// The lowest p_vaddr: an address of the linker's, not of any memory.
  Address base() const { return base_; }
  /// From base to the end of the highest PT_LOAD, bss and gaps included.
  Size size() const { return size_; }
  /// From base to the end of the last byte that comes from the file: what a loader is given (bufsz).
  Size file_backed_size() const { return file_backed_size_; }
  /// Where the first instruction is: e_entry, or what the function descriptor there names.
  Size entry_offset() const { return entry_offset_; }
  /// Ascending, disjoint.
  const std::vector<ElfLoad>& loads() const { return loads_; }
  /// What the file holds, ascending; bytes between pieces are zero.
  std::vector<ElfPiece> pieces() const;
  /// The first file_backed_size() bytes as views in order, gaps included: to write or digest in one pass.
  std::vector<ByteView> views() const;

  /// The bytes at [offset, offset + length) when one PT_LOAD has them all from the file.
  std::optional<ByteView> bytes_at(Size offset, Size length) const;
  /// Whether every byte of [offset, offset + length) comes from the file, of one PT_LOAD or several.
  bool is_file_backed(Size offset, Size length) const;
  /// 32 bits in the image's byte order.
  std::optional<uint32_t> word_at(Size offset) const;

  /// Whether this is a Linux kernel, which copies itself to address 0 before it reads its tree: the
  /// run-at-load word is at entry + 0x5c or base + 0x5c, or the bytes hold the banner "Linux version ".
  /// The banner is looked for in the whole file, and only where the word is not found.
  bool moves_itself_to_zero() const;

  /// Oddities that change nothing: sentences for the user.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  friend class ElfReader;
  ElfImage() = default;

  MappedFile file_;
  Endian order_ = Endian::kBig;
  Address base_;
  Size size_, file_backed_size_, entry_offset_;
  std::vector<ElfLoad> loads_;
  std::vector<std::string> warnings_;
};

/// Fails with kMalformed for what is no ELF file or lies about itself, with kUnsuitable for a good
/// file of another kind (32-bit, another processor, an object file, nothing to load).
Result<ElfImage> read_elf(MappedFile file);

/// The same without the entry, which is then entry_offset() 0: for code that is entered elsewhere, or whose function
/// descriptors are yet to be relocated.
Result<ElfImage> read_elf_layout(MappedFile file);

}  // namespace baton::inputs
