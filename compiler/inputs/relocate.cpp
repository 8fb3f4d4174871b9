// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One table of relocation types, and one function a kind of field. See relocate.h.
//
// A half-word field is the 16 bits at its own offset: assemblers put the offset at the half of the instruction that
// has them, which byte order decides. The other fields are whole words, or the two words of a prefixed instruction.
#include "inputs/relocate.h"

#include <algorithm>
#include <array>

#include "base/address.h"
#include "llvm/BinaryFormat/ELF.h"

namespace baton::inputs {
namespace {

namespace elf = llvm::ELF;

enum class Field : uint8_t {
  kNone,
  kDouble,    // 64 bits
  kWord,      // 32 bits
  kBranch,    // 24 bits of an instruction, shifted by two: b, bl
  kBranch14,  // 14 bits: bc
  kHalf,      // 16 bits
  kHalfDs,    // the upper 14, or 12, of them: ld, std, lxv
  kPrefixed   // 34 bits over the two words of an instruction
};
enum class From : uint8_t { kTarget, kPlace, kToc, kTocItself };  // what is subtracted from S + A
enum class Fit : uint8_t {
  kAny,     // the other bits are somebody else's
  kSigned,  // the field is sign-extended
  kEither,  // read as a signed or an unsigned number, it is the value
  kCut      // as kSigned by the ABI; loaders do not look
};

struct Row {
  uint32_t type;
  const char* name;
  Field field;
  From from = From::kTarget;
  unsigned shift = 0;     // which 16 bits: 16 is @h
  bool adjusted = false;  // for an addition of a signed lower half: @ha
  Fit fit = Fit::kAny;
};

#define ROW(name, ...) Row{elf::R_PPC64_##name, "R_PPC64_" #name, __VA_ARGS__}
constexpr std::array kRows = {
    ROW(NONE, Field::kNone),
    Row{109, "R_PPC64_TOCSAVE", Field::kNone},
    Row{118, "R_PPC64_ENTRY", Field::kNone},
    Row{123, "R_PPC64_PCREL_OPT", Field::kNone},
    ROW(ADDR64, Field::kDouble),
    Row{43, "R_PPC64_UADDR64", Field::kDouble},
    ROW(REL64, Field::kDouble, From::kPlace),
    ROW(TOC, Field::kDouble, From::kTocItself),
    ROW(ADDR32, Field::kWord, From::kTarget, 0, false, Fit::kEither),
    Row{24, "R_PPC64_UADDR32", Field::kWord, From::kTarget, 0, false, Fit::kEither},
    ROW(REL32, Field::kWord, From::kPlace, 0, false, Fit::kSigned),
    ROW(ADDR24, Field::kBranch, From::kTarget, 0, false, Fit::kSigned),
    ROW(REL24, Field::kBranch, From::kPlace, 0, false, Fit::kSigned),
    ROW(REL24_NOTOC, Field::kBranch, From::kPlace, 0, false, Fit::kSigned),
    Row{124, "R_PPC64_REL24_P9NOTOC", Field::kBranch, From::kPlace, 0, false, Fit::kSigned},
    ROW(ADDR14, Field::kBranch14, From::kTarget, 0, false, Fit::kSigned),
    ROW(REL14, Field::kBranch14, From::kPlace, 0, false, Fit::kSigned),
    ROW(ADDR16, Field::kHalf, From::kTarget, 0, false, Fit::kEither),
    Row{25, "R_PPC64_UADDR16", Field::kHalf, From::kTarget, 0, false, Fit::kEither},
    ROW(ADDR16_LO, Field::kHalf),
    ROW(ADDR16_HI, Field::kHalf, From::kTarget, 16, false, Fit::kCut),
    ROW(ADDR16_HA, Field::kHalf, From::kTarget, 16, true, Fit::kCut),
    ROW(ADDR16_HIGH, Field::kHalf, From::kTarget, 16),
    ROW(ADDR16_HIGHA, Field::kHalf, From::kTarget, 16, true),
    ROW(ADDR16_HIGHER, Field::kHalf, From::kTarget, 32),
    ROW(ADDR16_HIGHERA, Field::kHalf, From::kTarget, 32, true),
    ROW(ADDR16_HIGHEST, Field::kHalf, From::kTarget, 48),
    ROW(ADDR16_HIGHESTA, Field::kHalf, From::kTarget, 48, true),
    ROW(ADDR16_DS, Field::kHalfDs, From::kTarget, 0, false, Fit::kSigned),
    ROW(ADDR16_LO_DS, Field::kHalfDs),
    ROW(REL16, Field::kHalf, From::kPlace, 0, false, Fit::kSigned),
    ROW(REL16_LO, Field::kHalf, From::kPlace),
    ROW(REL16_HI, Field::kHalf, From::kPlace, 16, false, Fit::kSigned),
    ROW(REL16_HA, Field::kHalf, From::kPlace, 16, true, Fit::kSigned),
    Row{240, "R_PPC64_REL16_HIGH", Field::kHalf, From::kPlace, 16},
    Row{241, "R_PPC64_REL16_HIGHA", Field::kHalf, From::kPlace, 16, true},
    Row{242, "R_PPC64_REL16_HIGHER", Field::kHalf, From::kPlace, 32},
    Row{243, "R_PPC64_REL16_HIGHERA", Field::kHalf, From::kPlace, 32, true},
    Row{244, "R_PPC64_REL16_HIGHEST", Field::kHalf, From::kPlace, 48},
    Row{245, "R_PPC64_REL16_HIGHESTA", Field::kHalf, From::kPlace, 48, true},
    ROW(TOC16, Field::kHalf, From::kToc, 0, false, Fit::kSigned),
    ROW(TOC16_LO, Field::kHalf, From::kToc),
    ROW(TOC16_HI, Field::kHalf, From::kToc, 16, false, Fit::kSigned),
    ROW(TOC16_HA, Field::kHalf, From::kToc, 16, true, Fit::kSigned),
    ROW(TOC16_DS, Field::kHalfDs, From::kToc, 0, false, Fit::kSigned),
    ROW(TOC16_LO_DS, Field::kHalfDs, From::kToc),
    ROW(PCREL34, Field::kPrefixed, From::kPlace, 0, false, Fit::kSigned),
    Row{128, "R_PPC64_D34", Field::kPrefixed, From::kTarget, 0, false, Fit::kSigned},
};
#undef ROW

const Row* find_row(uint32_t type) {
  auto found = std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) { return row.type == type; });
  return found == kRows.end() ? nullptr : &*found;
}

unsigned field_bytes(Field field) {
  switch (field) {
    case Field::kNone: return 0;
    case Field::kHalf:
    case Field::kHalfDs: return 2;
    case Field::kWord:
    case Field::kBranch:
    case Field::kBranch14: return 4;
    case Field::kDouble:
    case Field::kPrefixed: return 8;
  }
  return 0;
}

unsigned field_bits(Field field) {
  switch (field) {
    case Field::kNone: return 0;
    case Field::kBranch14:
    case Field::kHalf:
    case Field::kHalfDs: return 16;
    case Field::kBranch: return 26;
    case Field::kWord: return 32;
    case Field::kPrefixed: return 34;
    case Field::kDouble: return 64;
  }
  return 0;
}

bool fits_signed(uint64_t value, unsigned bits) {
  auto v = static_cast<int64_t>(value);
  return bits >= 64 || (v >= -(int64_t{1} << (bits - 1)) && v < (int64_t{1} << (bits - 1)));
}

/// "-0x8004" reads better than 2^64 less that.
std::string signed_hex(uint64_t value) {
  return static_cast<int64_t>(value) < 0 ? "-" + hex(Wide{0 - value}) : hex(Wide{value});
}

/// How many low bits of a displacement belong to the operation code instead: two, and four for loads of 16 bytes and
/// the vector forms (lq, lxvp, stxvp; lxv, stxv).
uint16_t operation_bits(uint32_t instruction) {
  uint32_t primary = instruction >> 26;
  bool sixteen = primary == 56 || primary == 6 || (primary == 61 && (instruction & 3) == 1);
  return sixteen ? 15 : 3;
}

const char* subtracted(From from) {
  switch (from) {
    case From::kPlace: return " from here";
    case From::kToc: return " from .TOC.";
    case From::kTarget:
    case From::kTocItself: return "";
  }
  return "";
}

}  // namespace

std::string relocation_name(uint32_t type) {
  const Row* row = find_row(type);
  return row != nullptr ? row->name : "type " + std::to_string(type);
}
bool is_known_relocation(uint32_t type) { return find_row(type) != nullptr; }
bool is_marker_relocation(uint32_t type) {
  const Row* row = find_row(type);
  return row != nullptr && row->field == Field::kNone;
}
bool is_branch_relocation(uint32_t type) {
  const Row* row = find_row(type);
  return row != nullptr && (row->field == Field::kBranch || row->field == Field::kBranch14);
}

Relocated relocate(const Relocation& relocation, std::span<uint8_t> bytes, uint64_t offset, Endian order) {
  const Row* found = find_row(relocation.type);
  BATON_CHECK(found != nullptr, "a relocation type that nobody asked about");
  const Row& row = *found;
  if (row.field == Field::kNone) return {};
  unsigned size = field_bytes(row.field);
  if (offset > bytes.size() || bytes.size() - offset < size)
    return {"its field of " + std::to_string(size) + " bytes reaches beyond the " + hex(bytes.size()) +
            " bytes that the section has"};

  uint64_t value = relocation.target;
  if (row.from == From::kPlace) value -= relocation.place;
  if (row.from == From::kToc) value -= relocation.toc;
  if (row.from == From::kTocItself) value += relocation.toc;
  std::string distance = signed_hex(value) + subtracted(row.from);
  // @ha rounds, because the lower half that is added later is a signed number.
  if (row.adjusted) value += 0x8000;
  // The bits above the field are the sign's: a shift keeps it.
  auto part = static_cast<uint64_t>(static_cast<int64_t>(value) >> row.shift);
  unsigned bits = field_bits(row.field);
  bool fits = fits_signed(part, bits) || (row.fit == Fit::kEither && (part >> bits) == 0);
  if ((row.fit == Fit::kSigned || row.fit == Fit::kEither) && !fits)
    return {"the value " + distance + " does not fit in " + std::to_string(bits + row.shift) + " bits"};
  Relocated done{{}, row.fit == Fit::kCut && !fits};

  switch (row.field) {
    case Field::kNone: break;
    case Field::kDouble: store<uint64_t>(bytes, offset, part, order); break;
    case Field::kWord: store<uint32_t>(bytes, offset, static_cast<uint32_t>(part), order); break;
    case Field::kBranch:
    case Field::kBranch14: {
      if (part % 4 != 0) return {"the value " + distance + " is no multiple of 4, and instructions are"};
      uint32_t mask = row.field == Field::kBranch ? 0x03fffffc : 0xfffc;
      uint32_t instruction = *load<uint32_t>(bytes, offset, order);
      store<uint32_t>(bytes, offset, (instruction & ~mask) | (static_cast<uint32_t>(part) & mask), order);
      break;
    }
    case Field::kHalf: store<uint16_t>(bytes, offset, static_cast<uint16_t>(part), order); break;
    case Field::kHalfDs: {
      // The half with the displacement is the last of a big-endian instruction and the first of a little-endian one.
      auto instruction = order == Endian::kBig ? (offset >= 2 ? load<uint32_t>(bytes, offset - 2, order) : std::nullopt)
                                               : load<uint32_t>(bytes, offset, order);
      if (!instruction) return {"its field is no part of an instruction in this section"};
      uint16_t kept = operation_bits(*instruction);
      if ((part & kept) != 0)
        return {"the value " + distance + " is no multiple of " + std::to_string(kept + 1) +
                ", as the displacement of this instruction is"};
      auto low = static_cast<uint16_t>(part | (*instruction & kept));
      store<uint16_t>(bytes, offset, low, order);
      break;
    }
    case Field::kPrefixed: {
      uint32_t prefix = *load<uint32_t>(bytes, offset, order), suffix = *load<uint32_t>(bytes, offset + 4, order);
      prefix = (prefix & ~uint32_t{0x3ffff}) | (static_cast<uint32_t>(part >> 16) & 0x3ffff);
      suffix = (suffix & ~uint32_t{0xffff}) | (static_cast<uint32_t>(part) & 0xffff);
      store<uint32_t>(bytes, offset, prefix, order);
      store<uint32_t>(bytes, offset + 4, suffix, order);
      break;
    }
  }
  return done;
}

}  // namespace baton::inputs
