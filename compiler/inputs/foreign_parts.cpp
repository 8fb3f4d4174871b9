// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Looking things up in foreign code: the piece of an address, the code of a descriptor, the symbol of a name. See
// foreign_parts.h.
#include "inputs/foreign_parts.h"

#include <algorithm>

#include "llvm/BinaryFormat/ELF.h"

namespace baton::inputs {

const ForeignPiece* piece_at(const std::vector<ForeignPiece>& pieces, Address address) {
  auto after = std::upper_bound(pieces.begin(), pieces.end(), address,
                                [](Address a, const ForeignPiece& piece) { return a < piece.start; });
  if (after == pieces.begin()) return nullptr;
  const ForeignPiece& piece = *std::prev(after);
  return Size{address.wide() - piece.start.wide()} < piece.size ? &piece : nullptr;
}

std::optional<uint64_t> doubleword_at(const ForeignCode& code, Address address) {
  const ForeignPiece* piece = piece_at(code.pieces, address);
  if (piece == nullptr || !code.order) return std::nullopt;
  return load<uint64_t>(piece->bytes, (address - piece->start).bytes(), *code.order);
}

std::optional<uint64_t> number_of(const ForeignValue& value, const std::map<std::string, ForeignSymbol>& symbols) {
  if (value.relative_to.empty()) return value.number;
  auto found = symbols.find(value.relative_to);
  if (found == symbols.end()) return std::nullopt;
  return found->second.address.value() + value.number;
}

void SymbolNames::add(const ElfSymbol& symbol, const ForeignSymbol& foreign) {
  namespace elf = llvm::ELF;
  if (symbol.name.empty() || symbol.type == elf::STT_SECTION || symbol.type == elf::STT_FILE) return;
  bool local = symbol.binding == elf::STB_LOCAL;
  auto [holder, is_new] = holders_.emplace(symbol.name, local ? Holder::kLocal : Holder::kGlobal);
  if (is_new) {
    symbols_.emplace(symbol.name, foreign);
  } else if (!local) {
    if (holder->second == Holder::kGlobal) return;  // of two the first, as nothing tells which
    holder->second = Holder::kGlobal;
    symbols_[std::string(symbol.name)] = foreign;
  } else if (holder->second == Holder::kLocal) {
    holder->second = Holder::kTwoLocals;
    symbols_.erase(std::string(symbol.name));
  }
}

void find_code_of_descriptors(ForeignParts& parts) {
  if (!parts.descriptors) return;
  parts.code.abi = 1;
  for (auto& [name, symbol] : parts.code.symbols) {
    if (symbol.absolute || !parts.descriptors->contains(symbol.address)) continue;
    if (auto code = doubleword_at(parts.code, symbol.address)) symbol.code = Address{*code};
  }
}

std::optional<uint8_t> local_entry_bytes(uint8_t other) {
  unsigned power = other >> 5;
  if (power < 2) return uint8_t{0};
  if (power == 7) return std::nullopt;
  return static_cast<uint8_t>(1u << power);
}

}  // namespace baton::inputs
