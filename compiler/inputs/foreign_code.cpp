// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Foreign code of any kind: which reader it needs, what is patched into its symbols, and where it is entered. See
// foreign_code.h; relocatable.cpp and linked_code.cpp do the loading.
#include "inputs/foreign_code.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "diagnostics/suggest.h"
#include "inputs/foreign_parts.h"
#include "llvm/BinaryFormat/ELF.h"

namespace baton::inputs {
namespace {

namespace elf = llvm::ELF;

// A value in zeros makes bytes of the zeros before it, if they are few; else the piece is cut in two.
constexpr uint64_t kFewZeros = 1 << 16;
constexpr uint64_t kDefaultSize = 8;

std::optional<uint64_t> read_number(std::string_view text) {
  int base = 10;
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text.remove_prefix(2);
  }
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_name(std::string_view text) {
  auto may_begin = [](char c) { return c == '_' || c == '.' || c == '$' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && may_begin(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return may_begin(c) || (c >= '0' && c <= '9'); });
}

class Finisher {
 public:
  Finisher(const MappedFile& file, const ForeignRequest& request, ForeignParts parts)
      : file_(file), request_(request), parts_(std::move(parts)) {}

  Result<ForeignCode> finish() {
    for (const auto& [name, value] : request_.sets)
      if (auto fault = set(name, value)) return *fault;
    if (auto fault = find_entry()) return *fault;
    return std::move(parts_.code);
  }

 private:
  using Trouble = std::optional<Failure>;

  std::string named(const std::string& what) const { return "`" + file_.path().string() + "` " + what; }
  Failure unsuitable(const std::string& what, std::string way_out = {}) const {
    return Failure{Failure::Kind::kUnsuitable, named(what), std::move(way_out)};
  }
  Failure no_symbol(const std::string& name, const std::string& what) const {
    Failure failure = unsuitable("has no symbol `" + name + "` " + what);
    if (!parts_.code.order) {
      failure.way_out = "raw bytes have no symbols: give an object or a linked program";
      return failure;
    }
    diagnostics::Names names;
    for (const auto& [known, symbol] : parts_.code.symbols) names.push_back(known);
    diagnostics::suggest(failure, name, names);
    return failure;
  }

  Trouble set(const std::string& name, const ForeignValue& value) {
    if (parts_.set_addresses.contains(name)) return std::nullopt;
    if (name == ".TOC.") return unsuitable("has its .TOC. where its TOC is loaded; it cannot be set");
    auto found = parts_.code.symbols.find(name);
    if (found == parts_.code.symbols.end()) return no_symbol(name, "to set");
    const ForeignSymbol& symbol = found->second;
    if (symbol.function) return unsuitable("has `" + name + "` as a function; what can be set is data");
    if (symbol.absolute)
      return unsuitable("has `" + name + "` as the number " + hex(symbol.address) + "; what can be set is data");
    auto bytes = bytes_of(name, value, symbol.size);
    if (!bytes) return bytes.failure();
    if (symbol.size == Size{} && value.bytes.empty() && load_second_half(symbol.address) != 0)
      parts_.code.remarks.push_back("`" + name + "` has no size in the file: 8 bytes are set at " + hex(symbol.address) +
                                    ", and the last four were not 0 (`.size " + name + ", 4` says that it has 4)");
    return store_at(name, symbol.address, *bytes);
  }

  /// Of the eight bytes of a symbol whose size is not known: is it something else that stands there?
  uint32_t load_second_half(Address address) const {
    const ForeignPiece* piece = piece_at(parts_.code.pieces, address);
    if (!piece) return 0;
    return load<uint32_t>(ByteView(piece->bytes), (address - piece->start).bytes() + 4, Endian::kBig).value_or(0);
  }

  /// What is stored: as many bytes as the symbol has.
  Result<ByteBuffer> bytes_of(const std::string& name, const ForeignValue& value, Size size) const {
    if (!value.bytes.empty()) {
      if (size != Size{} && size.wide() != value.bytes.size())
        return unsuitable("has `" + name + "` with " + hex(size) + " bytes, and is given " + hex(value.bytes.size()));
      return value.bytes;
    }
    auto number = number_of(value, parts_.code.symbols);
    if (!number) return no_symbol(value.relative_to, "for the value of `" + name + "`");
    uint64_t width = size == Size{} ? kDefaultSize : static_cast<uint64_t>(std::min<Wide>(size.wide(), kTwoTo64 - 1));
    if (width != 1 && width != 2 && width != 4 && width != 8)
      return unsuitable("has `" + name + "` with " + hex(width) + " bytes; a number has 1, 2, 4 or 8",
                        "give its bytes: --set " + name + "=bytes:00ff..");
    if (width < 8 && *number >> (8 * width) != 0)
      return unsuitable("has " + std::to_string(width) + " bytes for `" + name + "`, and the value " + hex(Wide{*number}) +
                        " has more");
    ByteBuffer bytes;
    append<uint64_t>(bytes, *number, *parts_.code.order);
    bool big = *parts_.code.order == Endian::kBig;
    auto unused = static_cast<std::ptrdiff_t>(8 - width);
    if (big) bytes.erase(bytes.begin(), bytes.begin() + unused);
    else bytes.erase(bytes.end() - unused, bytes.end());
    return bytes;
  }

  Trouble store_at(const std::string& name, Address address, const ByteBuffer& bytes) {
    auto& pieces = parts_.code.pieces;
    const ForeignPiece* found = piece_at(pieces, address);
    uint64_t offset = found == nullptr ? 0 : (address - found->start).bytes();
    if (found == nullptr || found->size.wide() - offset < bytes.size())
      return unsuitable("has `" + name + "` at " + hex(address) + ", where nothing has " + std::to_string(bytes.size()) +
                        " bytes");
    auto index = static_cast<size_t>(found - pieces.data());
    if (offset > pieces[index].bytes.size() && offset - pieces[index].bytes.size() > kFewZeros) {
      ForeignPiece rest = pieces[index];
      rest.bytes.clear();
      rest.start = address;
      rest.size = Size{pieces[index].size.wide() - offset};
      pieces[index].size = Size{offset};
      pieces.insert(pieces.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(rest));
      ++index;
      offset = 0;
    }
    ForeignPiece& piece = pieces[index];
    if (piece.bytes.size() < offset + bytes.size()) piece.bytes.resize(offset + bytes.size());
    std::copy(bytes.begin(), bytes.end(), piece.bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    parts_.code.patched.add(Range::at(address, Size{bytes.size()}));
    return std::nullopt;
  }

  Trouble find_entry() {
    ForeignCode& code = parts_.code;
    if (!request_.entry.empty()) {
      if (auto number = read_number(request_.entry)) {
        code.entry = Address{*number};
      } else {
        auto symbol = code.symbols.find(request_.entry);
        if (symbol == code.symbols.end()) return no_symbol(request_.entry, "to enter");
        code.entry = symbol->second.code;
      }
      code.entry_name = request_.entry;
    } else if (parts_.e_entry) {
      code.entry = *parts_.e_entry;
      if (parts_.descriptors && parts_.descriptors->contains(code.entry)) {
        auto first = doubleword_at(code, code.entry);
        if (!first) return unsuitable("has no bytes for the function descriptor at e_entry " + hex(code.entry));
        code.entry = Address{*first};
      }
      code.entry_name = name_of(code.entry);
    } else if (auto start = code.symbols.find("_start"); start != code.symbols.end()) {
      code.entry = start->second.code;
      code.entry_name = "_start";
    } else {
      auto first = std::find_if(code.pieces.begin(), code.pieces.end(),
                                [](const ForeignPiece& piece) { return piece.executable; });
      if (first == code.pieces.end()) return unsuitable("has no code: no section with SHF_EXECINSTR is loaded");
      code.entry = first->start;
      code.entry_name = first->name;
    }
    return check_entry();
  }

  std::string name_of(Address address) const {
    const std::string* name = nullptr;
    for (const auto& [known, symbol] : parts_.code.symbols) {
      if (symbol.absolute || symbol.code != address) continue;
      if (symbol.function) return known;
      if (name == nullptr) name = &known;
    }
    return name != nullptr ? *name : hex(address);
  }

  Trouble check_entry() const {
    const ForeignCode& code = parts_.code;
    std::string entry = "is entered at " + hex(code.entry);
    if (code.entry_name != hex(code.entry)) entry += " (`" + code.entry_name + "`)";
    const ForeignPiece* piece = piece_at(code.pieces, code.entry);
    if (piece == nullptr) return unsuitable(entry + ", where it puts nothing", "say where: --entry");
    if (!piece->executable)
      return unsuitable(entry + ", in `" + piece->name + "`, which is no code", "name the first instruction: --entry");
    if (code.entry.wide() % 4 != 0)
      return unsuitable(entry + ", between two instructions: that is no multiple of 4", "say where: --entry");
    if ((code.entry - piece->start).wide() + 4 > piece->bytes.size())
      return unsuitable(entry + ", where `" + piece->name + "` has no instruction from the file", "say where: --entry");
    return std::nullopt;
  }

  const MappedFile& file_;
  const ForeignRequest& request_;
  ForeignParts parts_;
};

bool is_elf(ByteView bytes) { return bytes.size() >= 4 && std::memcmp(bytes.data(), elf::ElfMagic, 4) == 0; }

Result<ForeignParts> read_flat(const MappedFile& file, const ForeignRequest& request) {
  std::string name = "`" + file.path().string() + "` ";
  ByteView bytes = file.bytes();
  if (bytes.empty()) return Failure{Failure::Kind::kUnsuitable, name + "is empty: there is nothing to load"};
  if (!request.at)
    return Failure{Failure::Kind::kUnsuitable, name + "is no ELF file, and raw bytes have no address of their own",
                   "say where they are loaded: --at 0x..."};
  auto end = checked_add(*request.at, Size{bytes.size()});
  if (!end)
    return Failure{Failure::Kind::kUnsuitable, name + "does not fit below 2^64: " + hex(bytes.size()) +
                                                   " bytes are to be loaded at " + hex(*request.at),
                   "load it at a lower address"};
  ForeignParts parts;
  ForeignPiece piece{"raw", *request.at, ByteBuffer(bytes.begin(), bytes.end()), Size{bytes.size()}};
  piece.executable = piece.writable = true;
  parts.code.pieces.push_back(std::move(piece));
  return parts;
}

Result<ForeignParts> read_elf_code(const MappedFile& file, const ForeignRequest& request) {
  auto tables = read_elf_tables(file);
  if (!tables) return tables.failure();
  // read_linked says what is wrong with any other type.
  return tables->type == elf::ET_REL ? read_relocatable(file, *tables, request) : read_linked(file, *tables, request);
}

}  // namespace

std::optional<ForeignValue> read_foreign_value(std::string_view text) {
  ForeignValue value;
  constexpr std::string_view kBytes = "bytes:";
  if (text.starts_with(kBytes)) {
    text.remove_prefix(kBytes.size());
    if (text.empty() || text.size() % 2 != 0) return std::nullopt;
    for (size_t i = 0; i < text.size(); i += 2) {
      uint8_t byte = 0;
      auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
      if (error != std::errc{} || end != text.data() + i + 2) return std::nullopt;
      value.bytes.push_back(byte);
    }
    return value;
  }
  if (auto number = read_number(text)) {
    value.number = *number;
    return value;
  }
  size_t sign = text.find_first_of("+-");
  std::string_view name = text.substr(0, sign);
  if (!is_name(name)) return std::nullopt;
  value.relative_to = name;
  if (sign == std::string_view::npos) return value;
  auto distance = read_number(text.substr(sign + 1));
  if (!distance) return std::nullopt;
  value.number = text[sign] == '-' ? 0 - *distance : *distance;
  return value;
}

Result<ForeignCode> read_foreign(const MappedFile& file, const ForeignRequest& request) {
  auto parts = is_elf(file.bytes()) ? read_elf_code(file, request) : read_flat(file, request);
  if (!parts) return parts.failure();
  return Finisher(file, request, std::move(*parts)).finish();
}

}  // namespace baton::inputs
