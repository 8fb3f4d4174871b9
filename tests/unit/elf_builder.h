// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ELF64 images made in memory, field by field, so that a test can lie in any one of them.
//
//   ElfBuilder elf(Endian::kBig); elf.add_load(0xc000000000000000, bytes); read_elf(elf.file())
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"

namespace baton::tests {

class ElfBuilder {
 public:
  struct Load {
    uint32_t type = 1;  // PT_LOAD
    uint64_t vaddr = 0, paddr = 0;
    ByteBuffer bytes;
    uint64_t memsz = 0;
    std::optional<uint64_t> lie_filesz = {}, lie_offset = {};
  };
  struct Section {
    uint64_t flags = 0, addr = 0, size = 0;
  };

  explicit ElfBuilder(Endian order) : order_(order) { flags = order == Endian::kBig ? 1 : 2; }

  Load& add_load(uint64_t vaddr, ByteBuffer bytes, uint64_t memsz = 0) {
    memsz = memsz != 0 ? memsz : bytes.size();
    loads.push_back(Load{1, vaddr, vaddr & 0xffffffff, std::move(bytes), memsz});
    return loads.back();
  }

  ByteBuffer bytes() const {
    ByteBuffer out = {0x7f, 'E', 'L', 'F', 2, static_cast<uint8_t>(order_ == Endian::kBig ? 2 : 1), 1};
    out.resize(16);
    uint64_t headers_end = 64 + 56 * loads.size();
    uint64_t data_size = 0;
    for (const Load& load : loads) data_size += (load.bytes.size() + 7) & ~uint64_t{7};
    half(out, type);
    half(out, machine);
    word(out, 1);
    wide(out, entry);
    wide(out, lie_phoff.value_or(64));
    wide(out, sections.empty() ? 0 : lie_shoff.value_or(headers_end + data_size));
    word(out, flags);
    half(out, 64);
    half(out, phentsize);
    half(out, lie_phnum.value_or(static_cast<uint16_t>(loads.size())));
    half(out, sections.empty() ? 0 : 64);
    half(out, static_cast<uint16_t>(sections.size()));
    half(out, 0);
    uint64_t at = headers_end;
    for (const Load& load : loads) {
      word(out, load.type);
      word(out, 7);
      wide(out, load.lie_offset.value_or(at));
      wide(out, load.vaddr);
      wide(out, load.paddr);
      wide(out, load.lie_filesz.value_or(load.bytes.size()));
      wide(out, load.memsz);
      wide(out, 0x10000);
      at += (load.bytes.size() + 7) & ~uint64_t{7};
    }
    for (const Load& load : loads) {
      out.insert(out.end(), load.bytes.begin(), load.bytes.end());
      out.resize((out.size() + 7) & ~size_t{7});
    }
    for (const Section& section : sections) {
      word(out, 0);
      word(out, 1);  // SHT_PROGBITS
      wide(out, section.flags);
      wide(out, section.addr);
      wide(out, 0);
      wide(out, section.size);
      word(out, 0);
      word(out, 0);
      wide(out, 8);
      wide(out, 0);
    }
    return out;
  }
  MappedFile file(const std::string& name = "image") const { return MappedFile::from_bytes(bytes(), name); }

  uint16_t type = 2, machine = 21, phentsize = 56;
  uint64_t entry = 0;
  uint32_t flags;
  std::vector<Load> loads;
  std::vector<Section> sections;
  std::optional<uint64_t> lie_phoff, lie_shoff;
  std::optional<uint16_t> lie_phnum;

 private:
  void half(ByteBuffer& out, uint16_t v) const { append<uint16_t>(out, v, order_); }
  void word(ByteBuffer& out, uint32_t v) const { append<uint32_t>(out, v, order_); }
  void wide(ByteBuffer& out, uint64_t v) const { append<uint64_t>(out, v, order_); }

  Endian order_;
};

}  // namespace baton::tests
