// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading ELF through LLVM Object, which knows the layouts and both byte orders, and believing none of
// the numbers: every offset, size and address is checked here before it is used. See elf.h.
#include "inputs/elf.h"

#include <algorithm>
#include <array>
#include <functional>

#include "inputs/elf_tables.h"
#include "llvm/Object/ELF.h"

namespace baton::inputs {
namespace {

constexpr uint32_t kRunAtLoadDefault = 0x72756e30;  // "run0": arch/powerpc/kernel/head_64.S
constexpr uint64_t kRunAtLoadOffset = 0x5c;
constexpr std::string_view kLinuxBanner = "Linux version ";
constexpr size_t kProgramHeaderSize = 56;
constexpr unsigned kExtendedCount = 0xffff;  // PN_XNUM: the count stands elsewhere
constexpr size_t kDataAt = 5;  // EI_DATA

/// Gaps between pieces are views of these.
const std::array<uint8_t, 1 << 16> kZeros = {};

std::string quoted(const MappedFile& file) { return "`" + file.path().string() + "`"; }

std::string decimal(Wide n) { return std::to_string(static_cast<uint64_t>(n)); }

bool is_inside(Size offset, Size length, Size end) {
  return offset.wide() + length.wide() <= end.wide();  // each is at most 2^64: Wide holds the sum
}

}  // namespace

/// Reads one file; the header is understood before the byte order is known to the type system.
class ElfReader {
 public:
  ElfReader(MappedFile file, bool with_entry) : with_entry_(with_entry) { image_.file_ = std::move(file); }

  Result<ElfImage> read() {
    if (auto failure = elf_identity_fault(image_.file_)) return *failure;
    image_.order_ = bytes()[kDataAt] == llvm::ELF::ELFDATA2MSB ? Endian::kBig : Endian::kLittle;
    auto failure = image_.order_ == Endian::kBig ? read_as<llvm::object::ELF64BE>()
                                                 : read_as<llvm::object::ELF64LE>();
    if (failure) return *failure;
    return std::move(image_);
  }

 private:
  using Trouble = std::optional<Failure>;

  ByteView bytes() const { return image_.file_.bytes(); }

  Failure malformed(const std::string& what, std::string way_out = {}) const {
    return Failure{Failure::Kind::kMalformed, quoted(image_.file_) + " " + what, std::move(way_out)};
  }
  Failure unsuitable(const std::string& what, std::string way_out = {}) const {
    return Failure{Failure::Kind::kUnsuitable, quoted(image_.file_) + " " + what, std::move(way_out)};
  }

  template <typename ELFT>
  Trouble read_as() {
    auto opened = llvm::object::ELFFile<ELFT>::create(
        llvm::StringRef(reinterpret_cast<const char*>(bytes().data()), bytes().size()));
    if (!opened) return malformed("is not readable as ELF: " + llvm::toString(opened.takeError()));
    const auto& file = *opened;
    const auto& header = file.getHeader();
    if (auto failure = check_kind(header.e_type, header.e_machine)) return failure;
    if (auto failure = read_loads(file)) return failure;
    return with_entry_ ? find_entry(file) : std::nullopt;
  }

  Trouble check_kind(uint16_t type, uint16_t machine) const {
    if (auto failure = elf_machine_fault(image_.file_, machine)) return failure;
    switch (type) {
      case llvm::ELF::ET_EXEC:
      case llvm::ELF::ET_DYN: return std::nullopt;
      case llvm::ELF::ET_REL:
        return unsuitable("is an object file (ET_REL), which has no place in memory yet",
                          "link it into an executable");
      case llvm::ELF::ET_CORE: return unsuitable("is a core dump (ET_CORE), not an image to boot");
      default:
        return unsuitable("has e_type " + decimal(type) + "; an image is ET_EXEC (2) or ET_DYN (3)");
    }
  }

  template <typename ELFT>
  Trouble read_loads(const llvm::object::ELFFile<ELFT>& file) {
    const auto& header = file.getHeader();
    uint64_t table = header.e_phoff;
    unsigned count = header.e_phnum;
    if (count == 0) return unsuitable("has no program headers (e_phnum 0), so nothing of it is loaded");
    if (count == kExtendedCount)
      return unsuitable("has 65535 program headers or more (e_phnum is PN_XNUM); none of that many is an image");
    if (header.e_phentsize != kProgramHeaderSize)
      return malformed("has program headers of " + decimal(header.e_phentsize) + " bytes (e_phentsize); 64-bit ones have " +
                       decimal(kProgramHeaderSize));
    if (Wide{table} + Wide{count} * kProgramHeaderSize > bytes().size())
      return malformed("ends before its program headers do: " + decimal(count) + " of them from offset " +
                       hex(table) + " (e_phoff), and the file has " + hex(bytes().size()) + " bytes");
    if (table % 8 != 0)
      return malformed("has its program headers at offset " + hex(table) + " (e_phoff), no multiple of 8");
    auto headers = file.program_headers();
    if (!headers) return malformed("has unreadable program headers: " + llvm::toString(headers.takeError()));

    std::vector<Raw> raw;
    for (unsigned i = 0; i < count; ++i) {
      const auto& h = (*headers)[i];
      if (h.p_type != llvm::ELF::PT_LOAD) continue;
      Raw load{h.p_vaddr, h.p_paddr, h.p_offset, h.p_filesz, h.p_memsz, i};
      if (auto failure = check_load(load)) return failure;
      if (load.memsz != 0) raw.push_back(load);
    }
    if (raw.empty()) return unsuitable("has no PT_LOAD among its " + decimal(count) +
                                       " program headers, so nothing of it is loaded");
    std::stable_sort(raw.begin(), raw.end(), [](const Raw& a, const Raw& b) { return a.vaddr < b.vaddr; });
    return accept_loads(raw);
  }

  struct Raw {
    uint64_t vaddr, paddr, offset, filesz, memsz;
    unsigned index;
    std::string name() const { return "program header " + std::to_string(index); }
  };

  Trouble check_load(const Raw& load) const {
    if (load.filesz > load.memsz)
      return malformed("has more bytes in the file than in memory in " + load.name() + ": p_filesz " +
                       hex(load.filesz) + ", p_memsz " + hex(load.memsz));
    if (Wide{load.offset} + load.filesz > bytes().size())
      return malformed("is truncated or lies: " + load.name() + " needs bytes " + hex(load.offset) + " ..< " +
                           hex(Wide{load.offset} + load.filesz) + " (p_offset, p_filesz), and the file has " +
                           hex(bytes().size()),
                       "copy the file again");
    if (Wide{load.vaddr} + load.memsz > kTwoTo64)
      return malformed("runs past the end of the address space in " + load.name() + ": p_vaddr " +
                       hex(load.vaddr) + ", p_memsz " + hex(load.memsz));
    return std::nullopt;
  }

  Trouble accept_loads(const std::vector<Raw>& raw) {
    const Raw& first = raw.front();
    image_.base_ = Address{first.vaddr};
    Wide file_end = 0;
    for (size_t i = 0; i < raw.size(); ++i) {
      const Raw& load = raw[i];
      if (i > 0 && Wide{raw[i - 1].vaddr} + raw[i - 1].memsz > load.vaddr)
        return malformed("has overlapping PT_LOADs: " + raw[i - 1].name() + " at p_vaddr " +
                         hex(raw[i - 1].vaddr) + " with p_memsz " + hex(raw[i - 1].memsz) + ", and " +
                         load.name() + " at p_vaddr " + hex(load.vaddr));
      Wide offset = load.vaddr - first.vaddr;
      if (load.paddr - first.paddr != load.vaddr - first.vaddr)
        image_.warnings_.push_back(
            quoted(image_.file_) + ": p_paddr " + hex(load.paddr) + " of " + load.name() + " is not at the distance of p_vaddr " +
            hex(load.vaddr) + " from " + first.name() + " (p_paddr " + hex(first.paddr) + ", p_vaddr " +
            hex(first.vaddr) + "); the image is laid out by p_vaddr");
      image_.loads_.push_back(
          ElfLoad{Size{offset}, Size{load.memsz}, bytes().subspan(load.offset, load.filesz), load.index});
      image_.size_ = Size{offset + load.memsz};
      if (load.filesz != 0) file_end = offset + load.filesz;
    }
    image_.file_backed_size_ = Size{file_end};
    return std::nullopt;
  }

  /// The offset of a virtual address, when a PT_LOAD has it.
  std::optional<Size> offset_of(uint64_t vaddr) const {
    if (Address{vaddr} < image_.base_) return std::nullopt;
    Size offset = Address{vaddr} - image_.base_;
    for (const ElfLoad& load : image_.loads_)
      if (load.offset <= offset && offset.wide() < load.offset.wide() + load.memory.wide()) return offset;
    return std::nullopt;
  }

  /// e_entry is the address of the first instruction. A big-endian program of the first ABI may have
  /// the address of a function descriptor there instead, whose first doubleword is that address; only
  /// the section it lies in tells the two apart (descriptors are data). Without sections it is code.
  template <typename ELFT>
  Trouble find_entry(const llvm::object::ELFFile<ELFT>& file) {
    const auto& header = file.getHeader();
    uint64_t entry = header.e_entry;
    std::string name = "e_entry " + hex(entry);
    if (!offset_of(entry)) return outside(name);
    bool first_abi = image_.order_ == Endian::kBig && (header.e_flags & llvm::ELF::EF_PPC64_ABI) != 2;
    if (first_abi && header.e_shoff != 0) {
      if (header.e_shoff % 8 != 0)
        return malformed("has its section headers at offset " + hex(uint64_t{header.e_shoff}) +
                         " (e_shoff), no multiple of 8");
      auto sections = file.sections();
      if (!sections)
        return malformed("has unreadable section headers, which tell whether e_entry is code or a function descriptor: " +
                             llvm::toString(sections.takeError()),
                         "strip the section headers if e_entry is code");
      for (const auto& section : *sections) {
        bool holds = (section.sh_flags & llvm::ELF::SHF_ALLOC) != 0 && section.sh_addr <= entry &&
                     Wide{entry} < Wide{uint64_t{section.sh_addr}} + uint64_t{section.sh_size};
        if (!holds || (section.sh_flags & llvm::ELF::SHF_EXECINSTR) != 0) continue;
        auto descriptor = image_.bytes_at(*offset_of(entry), Size{8});
        if (!descriptor)
          return malformed("has a function descriptor at " + name + " whose bytes are not in the file");
        uint64_t code = *load<uint64_t>(*descriptor, 0, Endian::kBig);
        name = "the entry " + hex(code) + " in the function descriptor at " + name;
        entry = code;
        break;
      }
    }
    auto offset = offset_of(entry);
    if (!offset) return outside(name);
    if (entry % 4 != 0)
      return malformed("is entered between two instructions: " + name + " is no multiple of 4");
    image_.entry_offset_ = *offset;
    return std::nullopt;
  }

  Failure outside(const std::string& name) const {
    return malformed("is entered outside of what it loads: " + name + " lies in no PT_LOAD (p_vaddr " +
                     hex(image_.base_) + " ..< " + hex(image_.base_.wide() + image_.size_.wide()) + ")");
  }

  ElfImage image_;
  bool with_entry_;
};

Result<ElfImage> read_elf(MappedFile file) { return ElfReader(std::move(file), true).read(); }
Result<ElfImage> read_elf_layout(MappedFile file) { return ElfReader(std::move(file), false).read(); }

std::vector<ElfPiece> ElfImage::pieces() const {
  std::vector<ElfPiece> pieces;
  for (const ElfLoad& load : loads_)
    if (!load.bytes.empty()) pieces.push_back({load.offset, load.bytes});
  return pieces;
}

std::vector<ByteView> ElfImage::views() const {
  std::vector<ByteView> views;
  Wide at = 0;
  for (const ElfPiece& piece : pieces()) {
    for (Wide gap = piece.offset.wide() - at; gap != 0;) {
      Wide part = std::min<Wide>(gap, kZeros.size());
      views.push_back(ByteView(kZeros).first(static_cast<size_t>(part)));
      gap -= part;
    }
    views.push_back(piece.bytes);
    at = piece.offset.wide() + piece.bytes.size();
  }
  return views;
}

std::optional<ByteView> ElfImage::bytes_at(Size offset, Size length) const {
  for (const ElfLoad& load : loads_) {
    if (offset < load.offset) break;
    Size inside{offset.wide() - load.offset.wide()};
    if (is_inside(inside, length, Size{load.bytes.size()}))
      return load.bytes.subspan(inside.bytes(), length.bytes());
  }
  return std::nullopt;
}

bool ElfImage::is_file_backed(Size offset, Size length) const {
  Wide at = offset.wide(), end = at + length.wide();
  for (const ElfLoad& load : loads_) {
    if (at >= end) break;
    Wide begin = load.offset.wide();
    if (begin <= at) at = std::max(at, begin + load.bytes.size());
  }
  return at >= end;
}

std::optional<uint32_t> ElfImage::word_at(Size offset) const {
  auto bytes = bytes_at(offset, Size{4});
  if (!bytes) return std::nullopt;
  return load<uint32_t>(*bytes, 0, order_);
}

bool ElfImage::moves_itself_to_zero() const {
  Size run_at_load{kRunAtLoadOffset};
  if (word_at(Size{entry_offset_.wide() + kRunAtLoadOffset}) == kRunAtLoadDefault ||
      word_at(run_at_load) == kRunAtLoadDefault)
    return true;
  std::boyer_moore_horspool_searcher banner(kLinuxBanner.begin(), kLinuxBanner.end());
  return std::any_of(loads_.begin(), loads_.end(), [&](const ElfLoad& load) {
    return std::search(load.bytes.begin(), load.bytes.end(), banner) != load.bytes.end();
  });
}

}  // namespace baton::inputs
