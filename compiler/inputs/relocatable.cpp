// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is an object file (ET_REL) in memory, at one address?
//
// What a loader of kexec does, and what `ld` does of a single object: sections with SHF_ALLOC in the order of the
// file, each at its alignment; symbols at their addresses; each relocation applied. Nothing is made that the
// object does not hold: no TOC entries, no linkage stubs. Where one of those is needed the failure says it.
//
//   .text at 0x4000000, `bl other` in it with R_PPC64_REL24  ->  the branch goes to `other` past its global entry
#include <algorithm>

#include "inputs/foreign_parts.h"
#include "inputs/relocate.h"
#include "llvm/BinaryFormat/ELF.h"

namespace baton::inputs {
namespace {

namespace elf = llvm::ELF;

// The TOC pointer is 32 KiB into the TOC, so that signed 16 bits reach all of it; ld has it on a multiple of 256.
constexpr uint64_t kTocOffset = 0x8000, kTocAlignment = 256;
constexpr uint64_t kLargestAlignment = uint64_t{1} << 30;
constexpr uint32_t kBrtaken = 12, kBrntaken = 13;

std::string decimal(uint64_t n) { return std::to_string(n); }

class ObjectLoader {
 public:
  ObjectLoader(const MappedFile& file, const ElfTables& tables, const ForeignRequest& request)
      : file_(file), tables_(tables), request_(request), order_(tables.order) {}

  Result<ForeignParts> load() {
    parts_.code.order = order_;
    parts_.code.abi = tables_.abi;
    if (tables_.sections.empty()) return malformed("is an object file without sections");
    if (auto fault = check_overlaps()) return *fault;
    if (auto fault = lay_out()) return *fault;
    if (auto fault = place_symbols()) return *fault;
    if (auto fault = relocate_sections()) return *fault;
    find_code_of_descriptors(parts_);
    return std::move(parts_);
  }

 private:
  using Trouble = std::optional<Failure>;
  struct Placed {
    uint64_t address = 0;
    std::optional<size_t> piece = {};  // sections without bytes have none
    bool loaded = false;
  };
  struct Value {
    uint64_t address = 0;
    bool known = false;
    bool in_descriptors = false;
  };

  std::string named(const std::string& what) const { return "`" + file_.path().string() + "` " + what; }
  Failure malformed(const std::string& what, std::string way_out = {}) const {
    return Failure{Failure::Kind::kMalformed, named(what), std::move(way_out)};
  }
  Failure unsuitable(const std::string& what, std::string way_out = {}) const {
    return Failure{Failure::Kind::kUnsuitable, named(what), std::move(way_out)};
  }

  static std::string section_text(const ElfSection& section, size_t index) {
    return "section " + decimal(index) + (section.name.empty() ? "" : " `" + std::string(section.name) + "`");
  }

  /// Sections that share bytes would be read once for each of them, and relocations applied twice.
  Trouble check_overlaps() const {
    std::vector<size_t> with_bytes;
    for (size_t i = 0; i < tables_.sections.size(); ++i)
      if (!tables_.sections[i].bytes.empty()) with_bytes.push_back(i);
    std::sort(with_bytes.begin(), with_bytes.end(),
              [&](size_t a, size_t b) { return tables_.sections[a].offset < tables_.sections[b].offset; });
    for (size_t i = 1; i < with_bytes.size(); ++i) {
      const ElfSection& before = tables_.sections[with_bytes[i - 1]];
      const ElfSection& after = tables_.sections[with_bytes[i]];
      if (before.offset + before.size > after.offset)
        return malformed("has overlapping sections: " + section_text(before, with_bytes[i - 1]) + " has bytes " +
                         hex(before.offset) + " ..< " + hex(before.offset + before.size) + " of the file, and " +
                         section_text(after, with_bytes[i]) + " begins at " + hex(after.offset));
    }
    return std::nullopt;
  }

  static bool is_toc(const ElfSection& section) { return section.name == ".toc" || section.name == ".got"; }

  /// Whether this object uses descriptors. An .opd in an object of the second ABI is any section.
  bool is_descriptors(const ElfSection& section) const {
    return tables_.abi != 2 && section.is_loaded() && section.name == ".opd";
  }

  Trouble take(std::string name, Size size, uint64_t alignment, ByteView bytes, uint64_t flags, Placed& placed) {
    std::string of = "`" + name + "`";
    if (alignment == 0) alignment = 1;
    if (!is_power_of_two(alignment) || alignment > kLargestAlignment)
      return malformed("asks for an alignment of " + hex(alignment) + " of " + of + "; a power of two up to " +
                       hex(kLargestAlignment) + " is one");
    auto start = align_up(next_, Size{alignment});
    auto end = start ? checked_add(*start, size) : std::nullopt;
    // An address of 2^64 is nobody's, not even that of an empty section there.
    if (!end || end->wide() == kTwoTo64)
      return unsuitable("does not fit below 2^64: " + of + " of " + hex(size) + " bytes would begin at or after " +
                            hex(next_),
                        "load it at a lower address");
    zeros_ += size.wide() - bytes.size();
    if (zeros_ > kMostZeros)
      return unsuitable("asks for more than " + human(Size{kMostZeros}) + " of zeros, with " + of + " of " + hex(size) + " bytes");
    placed = Placed{start->value(), std::nullopt, true};
    next_ = *end;
    if (size == Size{}) return std::nullopt;
    placed.piece = parts_.code.pieces.size();
    ForeignPiece piece{std::move(name), *start, ByteBuffer(bytes.begin(), bytes.end()), size};
    piece.executable = (flags & elf::SHF_EXECINSTR) != 0;
    piece.writable = (flags & elf::SHF_WRITE) != 0;
    parts_.code.pieces.push_back(std::move(piece));
    return std::nullopt;
  }

  Trouble lay_out() {
    next_ = request_.at.value_or(kForeignAddress);
    if (next_ == Address::limit()) return unsuitable("cannot be loaded at 2^64, which is no byte's address");
    if (!request_.at)
      parts_.code.remarks.push_back(named("is an object file, and is loaded at " + hex(next_) +
                                          " because no address was given"));
    placed_.resize(tables_.sections.size());
    for (size_t i = 0; i < tables_.sections.size(); ++i) {
      const ElfSection& section = tables_.sections[i];
      if (!section.is_loaded()) continue;
      if ((section.flags & elf::SHF_COMPRESSED) != 0)
        return unsuitable("has a compressed section with SHF_ALLOC, " + section_text(section, i));
      uint64_t alignment = is_toc(section) ? std::max(section.alignment, kTocAlignment) : section.alignment;
      std::string name = section.name.empty() ? "section " + decimal(i) : std::string(section.name);
      if (auto fault = take(std::move(name), Size{section.size}, alignment, section.bytes, section.flags, placed_[i]))
        return fault;
      if (is_descriptors(section) && placed_[i].piece && !parts_.descriptors) {
        parts_.descriptors = Range::at(Address{placed_[i].address}, Size{section.size});
        descriptor_section_ = i;
      }
    }
    find_toc();
    return std::nullopt;
  }

  /// As ld finds it: the TOC, or what has bytes to be written, or anything.
  void find_toc() {
    const Placed* chosen = nullptr;
    auto look = [&](auto&& wanted) {
      for (size_t i = 0; i < placed_.size() && chosen == nullptr; ++i)
        if (placed_[i].piece && wanted(tables_.sections[i])) chosen = &placed_[i];
    };
    for (std::string_view name : {".got", ".toc", ".tocbss", ".plt"})
      look([&](const ElfSection& section) { return section.name == name; });
    look([](const ElfSection& section) { return (section.flags & elf::SHF_WRITE) != 0; });
    look([](const ElfSection&) { return true; });
    uint64_t start = chosen != nullptr ? chosen->address : request_.at.value_or(kForeignAddress).value();
    toc_ = (start & ~(kTocAlignment - 1)) + kTocOffset;
  }

  Trouble place_symbols() {
    SymbolNames names;
    values_.resize(tables_.symbols.size());
    for (size_t i = 1; i < tables_.symbols.size(); ++i) {
      const ElfSymbol& symbol = tables_.symbols[i];
      Value& value = values_[i];
      ForeignSymbol foreign;
      if (symbol.section == elf::SHN_UNDEF) continue;
      auto local = local_entry_bytes(tables_.abi == 1 ? 0 : symbol.other);
      if (!local)
        return malformed("has a reserved distance to the local entry of `" + std::string(symbol.name) +
                         "` (7 in bits 5 to 7 of st_other)");
      if (symbol.section == elf::SHN_ABS) {
        value = {symbol.value, true, false};
        foreign.absolute = true;
      } else if (symbol.section == elf::SHN_COMMON) {
        // st_value is the alignment that it asks for.
        Placed placed;
        if (auto fault = take("COMMON " + std::string(symbol.name), Size{symbol.size}, symbol.value, {},
                              elf::SHF_WRITE, placed))
          return fault;
        value = {placed.address, true, false};
      } else {
        const Placed& placed = placed_[symbol.section];
        if (!placed.loaded) continue;  // of debugging information
        const ElfSection& section = tables_.sections[symbol.section];
        if (symbol.value > section.size)
          return malformed("has `" + std::string(symbol.name) + "` (symbol " + decimal(i) + ") at " + hex(symbol.value) +
                           " of " + section_text(section, symbol.section) + ", which has " + hex(section.size) +
                           " bytes");
        value = {placed.address + symbol.value, true, descriptor_section_ == symbol.section};
      }
      foreign.address = foreign.code = Address{value.address};
      foreign.size = Size{symbol.size};
      foreign.function = symbol.is_function();
      foreign.local_entry = *local;
      names.add(symbol, foreign);
    }
    auto& symbols = parts_.code.symbols = names.take();
    ForeignSymbol toc;
    toc.address = toc.code = Address{toc_};
    toc.absolute = true;
    symbols.emplace(".TOC.", toc);
    return set_undefined();
  }

  /// An address for what the object leaves undefined: set by the caller, the TOC, or 0 for a weak one.
  Trouble set_undefined() {
    for (size_t i = 1; i < tables_.symbols.size(); ++i) {
      const ElfSymbol& symbol = tables_.symbols[i];
      if (symbol.section != elf::SHN_UNDEF || symbol.name.empty()) continue;
      std::string name(symbol.name);
      Value& value = values_[i];
      if (name == ".TOC.") {
        value = {toc_, true, false};
        continue;
      }
      if (auto other = request_.elsewhere.find(name); other != request_.elsewhere.end() && request_.sets.count(name) == 0) {
        value = {other->second.value(), true, false};
        ForeignSymbol foreign;
        foreign.address = foreign.code = other->second;
        foreign.absolute = foreign.function = true;
        parts_.code.symbols[name] = foreign;
        continue;
      }
      if (auto set = request_.sets.find(name); set != request_.sets.end()) {
        if (!set->second.bytes.empty())
          return unsuitable("leaves `" + name + "` undefined, and bytes are no address", "set it to an address");
        auto number = number_of(set->second, parts_.code.symbols);
        if (!number)
          return unsuitable("has no symbol `" + set->second.relative_to + "`, which the value of `" + name +
                            "` is relative to");
        value = {*number, true, false};
        ForeignSymbol foreign;
        foreign.address = foreign.code = Address{*number};
        foreign.absolute = true;
        parts_.code.symbols[name] = foreign;
        parts_.set_addresses.insert(name);
        continue;
      }
      // Before gcc 3.4 calls named the code of a function by a dot; its descriptor tells where that is.
      if (name.size() > 1 && name[0] == '.' && parts_.descriptors) {
        auto function = parts_.code.symbols.find(name.substr(1));
        if (function != parts_.code.symbols.end() && parts_.descriptors->contains(function->second.address)) {
          value = {function->second.address.value(), true, true};
          continue;
        }
      }
      if (symbol.binding == elf::STB_WEAK) value = {0, true, false};
    }
    return std::nullopt;
  }

  Trouble relocate_sections() {
    // Calls look into the descriptors: those first.
    for (bool descriptors : {true, false})
      for (size_t i = 0; i < tables_.sections.size(); ++i) {
        const ElfSection& section = tables_.sections[i];
        if (section.type != elf::SHT_RELA && section.type != elf::SHT_REL && section.type != elf::SHT_RELR &&
            section.type != elf::SHT_CREL)
          continue;
        if (section.extra >= tables_.sections.size())
          return malformed("has relocations of section " + decimal(section.extra) + " (sh_info of " +
                           section_text(section, i) + "), and has " + decimal(tables_.sections.size()));
        if (!placed_[section.extra].loaded || section.size == 0) continue;
        if ((descriptor_section_ == section.extra) != descriptors) continue;
        if (section.type != elf::SHT_RELA)
          return unsuitable("has relocations in " + section_text(section, i) + " that are no SHT_RELA (sh_type " +
                            decimal(section.type) + "); ppc64 has no others");
        if (auto fault = relocate_one_section(section, i)) return fault;
      }
    if (cuts_ != 0)
      parts_.code.remarks.push_back(named("is loaded where " + decimal(cuts_) +
                                          (cuts_ == 1 ? " field" : " fields") + " of @h or @ha cannot hold all upper bits, as " +
                                          first_cut_ + ": linkers refuse that, loaders cut the value, and so does this"));
    return std::nullopt;
  }

  Trouble relocate_one_section(const ElfSection& relocations, size_t index) {
    const ElfSection& section = tables_.sections[relocations.extra];
    const Placed& placed = placed_[relocations.extra];
    if (relocations.entry_size != kRelocationSize || relocations.size % kRelocationSize != 0)
      return malformed("has " + hex(relocations.size) + " bytes of relocations in entries of " +
                       decimal(relocations.entry_size) + " in " + section_text(relocations, index) +
                       "; 64-bit ones with addend have " + decimal(kRelocationSize));
    if (relocations.link >= tables_.sections.size() ||
        tables_.sections[relocations.link].type != elf::SHT_SYMTAB)
      return malformed("has relocations in " + section_text(relocations, index) + " whose symbols are in section " +
                       decimal(relocations.link) + " (sh_link), which is no symbol table");
    std::span<uint8_t> bytes;
    if (placed.piece) bytes = parts_.code.pieces[*placed.piece].bytes;
    for (size_t i = 0; i < relocations.size / kRelocationSize; ++i) {
      ElfRelocation entry = relocation_at(relocations.bytes, i, order_);
      if (auto fault = relocate_entry(entry, section, placed, bytes)) return fault;
    }
    return std::nullopt;
  }

  /// Where a relocation stands and whom it names: made only for messages.
  std::string place_text(const ElfRelocation& entry, const ElfSection& section) const {
    std::string text = relocation_name(entry.type) + " at " + std::string(section.name) + "+" + hex(entry.offset);
    return entry.symbol < tables_.symbols.size() ? text + " to " + symbol_text(entry.symbol) : text;
  }
  std::string symbol_text(size_t index) const {
    const ElfSymbol& symbol = tables_.symbols[index];
    std::string_view name = symbol.name;
    if (name.empty() && symbol.section < tables_.sections.size()) name = tables_.sections[symbol.section].name;
    return name.empty() ? "symbol " + decimal(index) : "`" + std::string(name) + "`";
  }

  Trouble relocate_entry(const ElfRelocation& entry, const ElfSection& section, const Placed& placed,
                         std::span<uint8_t> bytes) {
    auto where = [&] { return "has a relocation " + place_text(entry, section); };
    if (!is_known_relocation(entry.type)) return unknown_type(entry, where());
    if (is_marker_relocation(entry.type)) return std::nullopt;
    if (entry.symbol >= tables_.symbols.size())
      return malformed(where() + ", which names symbol " + decimal(entry.symbol) + " of " +
                       decimal(tables_.symbols.size()));
    uint64_t target = entry.addend;
    if (entry.symbol != 0) {
      const Value& value = values_[entry.symbol];
      if (!value.known) return no_address(entry, where());
      target += value.address;
      if (is_branch_relocation(entry.type))
        if (auto fault = find_call_target(entry, value, where, target)) return fault;
    }
    Relocated done = relocate({entry.type, target, placed.address + entry.offset, toc_}, bytes, entry.offset, order_);
    if (!done.fault.empty())
      return unsuitable(where() + ": " + done.fault, done.fault.find("does not fit") != std::string::npos
                                                        ? "load it nearer to what it refers to, or at another address"
                                                        : "");
    if (done.cut && tables_.abi == 2 && cuts_++ == 0) first_cut_ = place_text(entry, section);
    return std::nullopt;
  }

  Failure unknown_type(const ElfRelocation& entry, const std::string& where) const {
    if (entry.type == elf::R_PPC64_GOT_PCREL34 || (entry.type >= 14 && entry.type <= 17) || entry.type == 58 ||
        entry.type == 59)
      return unsuitable(where + " (type " + decimal(entry.type) + "), which needs a table of addresses that a linker makes",
                        "compile with -fvisibility=hidden, or link the object into a program first");
    if (entry.type == kBrtaken || entry.type == kBrntaken)
      return unsuitable(where + ", which sets a prediction besides", "write the + or - at the branch itself");
    return unsuitable(where + ", which is not known here", "link the object into a program first");
  }

  Failure no_address(const ElfRelocation& entry, const std::string& where) const {
    const ElfSymbol& symbol = tables_.symbols[entry.symbol];
    if (symbol.section != elf::SHN_UNDEF)
      return unsuitable(where + ", which lies in a section that is not loaded (no SHF_ALLOC)");
    std::string name(symbol.name);
    return unsuitable(where + ", which is defined nowhere",
                      "link it in, give its address (--set " + name + "=0x...), or, of a function, what it does (--contract FILE)");
  }

  /// A call goes to code: past the descriptor, and past the instructions that make the TOC pointer.
  template <typename Where>
  Trouble find_call_target(const ElfRelocation& entry, const Value& value, const Where& where, uint64_t& target) {
    const ElfSymbol& symbol = tables_.symbols[entry.symbol];
    if (value.in_descriptors) {
      auto code = doubleword_at(parts_.code, Address{target});
      if (!code || !parts_.descriptors->contains(Address{target}))
        return malformed(where() + ", whose function descriptor would be at " + hex(target) + ", outside of .opd");
      target = *code;
      return std::nullopt;
    }
    if (tables_.abi == 1 || symbol.section == elf::SHN_UNDEF) return std::nullopt;
    unsigned distance = symbol.other >> 5;
    bool caller_has_toc = entry.type != elf::R_PPC64_REL24_NOTOC && entry.type != 124;
    if (caller_has_toc) {
      target += *local_entry_bytes(symbol.other);  // known to be there since the symbol was placed
      if (distance == 1) remark_changed_toc(entry);
    } else if (distance > 1) {
      return unsuitable(where() + ": the caller has no TOC pointer and the callee needs one, so that a linker would put a "
                                  "stub between them",
                        "link the object into a program first, or compile all of it with or without -mpcrel");
    }
    return std::nullopt;
  }

  void remark_changed_toc(const ElfRelocation& entry) {
    if (said_changed_toc_) return;
    said_changed_toc_ = true;
    parts_.code.remarks.push_back(named("calls " + symbol_text(entry.symbol) +
                                        ", which may change r2, without the stub with which a linker would keep r2"));
  }

  const MappedFile& file_;
  const ElfTables& tables_;
  const ForeignRequest& request_;
  Endian order_;
  ForeignParts parts_;
  Address next_;
  Wide zeros_ = 0;
  uint64_t toc_ = 0;
  std::vector<Placed> placed_;  // by section
  std::vector<Value> values_;   // by symbol
  std::optional<size_t> descriptor_section_;
  size_t cuts_ = 0;
  std::string first_cut_;
  bool said_changed_toc_ = false;
};

}  // namespace

Result<ForeignParts> read_relocatable(const MappedFile& file, const ElfTables& tables, const ForeignRequest& request) {
  return ObjectLoader(file, tables, request).load();
}

}  // namespace baton::inputs
