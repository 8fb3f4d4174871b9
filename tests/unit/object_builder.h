// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ELF64 object files (ET_REL) made in memory, so that a test can lie in any field of them.
//
//   ObjectBuilder object(Endian::kBig); auto text = object.add_code(".text", {0x48000001});
//   object.relocate(text, 0, 10, object.add_symbol("other", 0));  read_foreign(object.file(), {})
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/file.h"

namespace baton::tests {

class ObjectBuilder {
 public:
  struct Section {
    std::string name;
    uint32_t type = 1;  // SHT_PROGBITS
    uint64_t flags = 2;  // SHF_ALLOC
    ByteBuffer bytes = {};
    uint64_t size = 0;  // of what has no bytes
    uint64_t alignment = 1, entry_size = 0;
    uint32_t link = 0, info = 0;
  };
  struct Symbol {
    std::string name;
    uint16_t section = 0;
    uint64_t value = 0, size = 0;
    uint8_t kind = 0x10, other = 0;  // STB_GLOBAL, STT_NOTYPE
  };
  static constexpr uint64_t kWrite = 1, kAlloc = 2, kExecute = 4;
  static constexpr uint8_t kFunction = 0x12, kObject = 0x11, kLocal = 0x00, kWeak = 0x20;

  explicit ObjectBuilder(Endian order) : order_(order) { flags = order == Endian::kBig ? 1 : 2; }

  /// Indices of sections and symbols, as ELF counts them.
  uint16_t add(Section section) {
    sections.push_back(std::move(section));
    return static_cast<uint16_t>(sections.size());
  }
  uint16_t add_code(const std::string& name, const std::vector<uint32_t>& words, uint64_t alignment = 4) {
    Section section{name, 1, kAlloc | kExecute};
    for (uint32_t word : words) append<uint32_t>(section.bytes, word, order_);
    section.alignment = alignment;
    return add(std::move(section));
  }
  uint16_t add_data(const std::string& name, ByteBuffer bytes, uint64_t alignment = 8) {
    return add({name, 1, kAlloc | kWrite, std::move(bytes), 0, alignment});
  }
  uint16_t add_zeros(const std::string& name, uint64_t size) { return add({name, 8, kAlloc | kWrite, {}, size, 8}); }
  uint32_t add_symbol(const std::string& name, uint16_t section, uint64_t value = 0, uint8_t kind = 0x10) {
    symbols.push_back({name, section, value, 0, kind});
    return static_cast<uint32_t>(symbols.size());
  }
  void relocate(uint16_t section, uint64_t offset, uint32_t type, uint32_t symbol, uint64_t addend = 0) {
    ByteBuffer& table = relocations[section];
    append<uint64_t>(table, offset, order_);
    append<uint64_t>(table, uint64_t{symbol} << 32 | type, order_);
    append<uint64_t>(table, addend, order_);
  }

  /// The last chance to lie: called with all sections as they will be written.
  std::function<void(std::vector<Section>&)> lie = {};

  ByteBuffer bytes() const {
    std::vector<Section> all = {Section{"", 0, 0}};
    all.insert(all.end(), sections.begin(), sections.end());
    auto symtab = static_cast<uint32_t>(all.size() + relocations.size());
    for (const auto& [section, table] : relocations)
      all.push_back({".rela" + sections[section - 1u].name, 4, 0, table, 0, 8, 24, symtab, section});
    Section names{".strtab", 3, 0, {0}};
    auto name_of = [&](const std::string& name) {
      if (name.empty()) return uint32_t{0};
      auto at = static_cast<uint32_t>(names.bytes.size());
      names.bytes.insert(names.bytes.end(), name.begin(), name.end());
      names.bytes.push_back(0);
      return at;
    };
    Section table{".symtab", 2, 0, ByteBuffer(24), 0, 8, 24, symtab + 1, 1};
    for (const Symbol& symbol : symbols) {
      append<uint32_t>(table.bytes, name_of(symbol.name), order_);
      table.bytes.push_back(symbol.kind);
      table.bytes.push_back(symbol.other);
      append<uint16_t>(table.bytes, symbol.section, order_);
      append<uint64_t>(table.bytes, symbol.value, order_);
      append<uint64_t>(table.bytes, symbol.size, order_);
    }
    all.push_back(table);
    std::vector<uint32_t> section_names;
    for (const Section& section : all) section_names.push_back(name_of(section.name));
    section_names.push_back(name_of(".strtab"));
    all.push_back(names);
    std::vector<uint64_t> sizes;
    for (const Section& section : all) sizes.push_back(section.type == 8 ? section.size : section.bytes.size());
    for (size_t i = 0; i < all.size(); ++i) all[i].size = sizes[i];
    if (lie) lie(all);

    ByteBuffer out = {0x7f, 'E', 'L', 'F', 2, static_cast<uint8_t>(order_ == Endian::kBig ? 2 : 1), 1};
    out.resize(64);
    std::vector<uint64_t> offsets;
    for (const Section& section : all) {
      out.resize((out.size() + 7) & ~size_t{7});
      offsets.push_back(lie_offsets.contains(offsets.size()) ? lie_offsets.at(offsets.size()) : out.size());
      out.insert(out.end(), section.bytes.begin(), section.bytes.end());
    }
    out.resize((out.size() + 7) & ~size_t{7});
    store<uint16_t>(out, 16, type, order_);
    store<uint16_t>(out, 18, 21, order_);
    store<uint32_t>(out, 20, 1, order_);
    store<uint64_t>(out, 40, out.size(), order_);
    store<uint32_t>(out, 48, flags, order_);
    store<uint16_t>(out, 52, 64, order_);
    store<uint16_t>(out, 58, 64, order_);
    store<uint16_t>(out, 60, static_cast<uint16_t>(all.size()), order_);
    store<uint16_t>(out, 62, static_cast<uint16_t>(all.size() - 1), order_);
    for (size_t i = 0; i < all.size(); ++i) {
      const Section& section = all[i];
      append<uint32_t>(out, section_names[i], order_);
      append<uint32_t>(out, section.type, order_);
      append<uint64_t>(out, section.flags, order_);
      append<uint64_t>(out, 0, order_);
      append<uint64_t>(out, offsets[i], order_);
      append<uint64_t>(out, section.size, order_);
      append<uint32_t>(out, section.link, order_);
      append<uint32_t>(out, section.info, order_);
      append<uint64_t>(out, section.alignment, order_);
      append<uint64_t>(out, section.entry_size, order_);
    }
    return out;
  }
  MappedFile file() const { return MappedFile::from_bytes(bytes(), "stub.o"); }

  uint16_t type = 1;  // ET_REL
  uint32_t flags;
  std::vector<Section> sections;
  std::vector<Symbol> symbols;
  std::map<uint16_t, ByteBuffer> relocations;  // by the section that they change
  std::map<size_t, uint64_t> lie_offsets;

 private:
  Endian order_;
};

}  // namespace baton::tests
