// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of encodings and what is made of it: encoder and strict decoder.
//
// Where a field lies in the word is said once, in insert() and extract(); everything else about a field
// (sign, multiples, forms that the architecture calls invalid) is said once, in complaint(). The
// printer is in instruction_text.cpp, the builders in instruction_builders.cpp.
#include "ppc64/instruction.h"

#include <algorithm>
#include <array>
#include <vector>

namespace baton::ppc64 {
namespace {

/// One contiguous piece of a field: `width` bits of the value from bit `from` lie at bit `at` of the word.
struct Piece {
  uint8_t from, width, at;
};
struct Shape {
  std::array<Piece, 2> pieces;  // width 0: unused
  bool is_signed;
  uint8_t multiple;  // the value counts in steps of this (displacements of DS and branch forms)
};

constexpr Shape plain(uint8_t width, uint8_t at) { return {{Piece{0, width, at}, Piece{}}, false, 1}; }

constexpr Shape shape_of(Field field) {
  switch (field) {
    case Field::kNone: return plain(0, 0);
    case Field::kRt:
    case Field::kRs:
    case Field::kTo:
    case Field::kVt:
    case Field::kBt:
    case Field::kBo: return plain(5, 21);
    case Field::kRa:
    case Field::kRaBase0:
    case Field::kRaUpdate:
    case Field::kRaUpdateStore:
    case Field::kVa:
    case Field::kBa:
    case Field::kBi: return plain(5, 16);
    case Field::kVb:
    case Field::kBb:
    case Field::kRb:
    case Field::kSh5: return plain(5, 11);
    case Field::kVc:
    case Field::kBc:
    case Field::kMb5: return plain(5, 6);
    case Field::kMe5: return plain(5, 1);
    case Field::kUi: return plain(16, 0);
    case Field::kSi:
    case Field::kD: return {{Piece{0, 16, 0}, Piece{}}, true, 1};
    case Field::kDs:
    case Field::kBd:
    case Field::kBdAbsolute: return {{Piece{2, 14, 2}, Piece{}}, true, 4};
    case Field::kLi:
    case Field::kLiAbsolute: return {{Piece{2, 24, 2}, Piece{}}, true, 4};
    case Field::kBh: return plain(2, 11);
    case Field::kBf:
    case Field::kBfTo: return plain(3, 23);
    case Field::kBfa: return plain(3, 18);
    // The sixth bit of a 64-bit shift count or mask bound lies away from the other five.
    case Field::kSh6: return {{Piece{0, 5, 11}, Piece{5, 1, 1}}, false, 1};
    case Field::kMb6: return {{Piece{0, 5, 6}, Piece{5, 1, 5}}, false, 1};
    case Field::kLev: return plain(7, 5);
    // The halves of an SPR number are swapped in the word.
    case Field::kSprTo:
    case Field::kSprFrom: return {{Piece{0, 5, 16}, Piece{5, 5, 11}}, false, 1};
    case Field::kFxmOne:
    case Field::kFxmMany: return plain(8, 12);
    case Field::kL16: return plain(1, 16);
    case Field::kSim5: return {{Piece{0, 5, 16}, Piece{}}, true, 1};
    case Field::kShb: return plain(4, 6);
    case Field::kSt: return plain(1, 15);
    case Field::kSix: return plain(4, 11);
  }
  return plain(0, 0);
}

constexpr unsigned width_of(const Shape& shape) {
  unsigned width = 0;
  for (const Piece& piece : shape.pieces)
    if (piece.width != 0) width = std::max<unsigned>(width, piece.from + piece.width);
  return width;
}

constexpr uint32_t insert(Field field, int64_t value) {
  uint32_t word = 0;
  for (const Piece& piece : shape_of(field).pieces) {
    uint32_t bits = static_cast<uint32_t>(static_cast<uint64_t>(value) >> piece.from);
    word |= (bits & ((1u << piece.width) - 1)) << piece.at;
  }
  return word;
}

constexpr int64_t extract(Field field, uint32_t word) {
  Shape shape = shape_of(field);
  uint64_t value = 0;
  for (const Piece& piece : shape.pieces)
    value |= static_cast<uint64_t>((word >> piece.at) & ((1u << piece.width) - 1)) << piece.from;
  unsigned width = width_of(shape);
  if (shape.is_signed && ((value >> (width - 1)) & 1) != 0) value |= ~uint64_t{0} << width;
  return static_cast<int64_t>(value);
}

constexpr uint32_t fixed_bits(const std::array<Field, kMaxOperands>& fields) {
  uint32_t variable = 0;
  for (Field field : fields)
    if (field != Field::kNone) variable |= insert(field, -1);
  return ~variable;
}

namespace row {
constexpr Field Rt = Field::kRt, Rs = Field::kRs, Ra = Field::kRa, RaBase0 = Field::kRaBase0,
                RaUpdate = Field::kRaUpdate, RaUpdateStore = Field::kRaUpdateStore, Rb = Field::kRb,
                Si = Field::kSi, Ui = Field::kUi, D = Field::kD, Ds = Field::kDs, Li = Field::kLi,
                LiAbsolute = Field::kLiAbsolute, Bo = Field::kBo, Bi = Field::kBi, Bd = Field::kBd,
                BdAbsolute = Field::kBdAbsolute, Bh = Field::kBh, Bf = Field::kBf, Sh6 = Field::kSh6,
                Mb6 = Field::kMb6, Sh5 = Field::kSh5, Mb5 = Field::kMb5, Me5 = Field::kMe5,
                To = Field::kTo, Lev = Field::kLev, SprTo = Field::kSprTo, SprFrom = Field::kSprFrom,
                FxmOne = Field::kFxmOne, FxmMany = Field::kFxmMany, L16 = Field::kL16, Vt = Field::kVt,
                Va = Field::kVa, Vb = Field::kVb, Vc = Field::kVc, Sim5 = Field::kSim5, Shb = Field::kShb,
                St = Field::kSt, Six = Field::kSix, BfTo = Field::kBfTo, Bfa = Field::kBfa, Bt = Field::kBt,
                Ba = Field::kBa, Bb = Field::kBb, Bc = Field::kBc;
constexpr Rights Anyone = Rights::kAnyone, Privileged = Rights::kPrivileged, Hypervisor = Rights::kHypervisor;

constexpr Encoding make(Mnemonic mnemonic, std::string_view name, uint32_t match, unsigned isa, Rights rights,
                        std::array<Field, kMaxOperands> fields = {}) {
  // Conditional stores and comparisons of vectors have the dot too, and set CR in ways of their own.
  bool records = name.back() == '.' && (fields[0] == Field::kRt || fields[0] == Field::kRa);
  return {mnemonic, name, match, fixed_bits(fields), isa, rights, records, fields};
}

constexpr Encoding kTable[] = {
#define BATON_INSTRUCTION(id, name, match, isa, rights, ...) \
  make(Mnemonic::id, name, match, isa, rights __VA_OPT__(, {__VA_ARGS__})),
#include "ppc64/instructions.def"
#undef BATON_INSTRUCTION
};

constexpr bool rows_are_apart() {
  for (const Encoding& a : kTable)
    for (const Encoding& b : kTable)
      if (&a != &b && ((a.match ^ b.match) & a.mask & b.mask) == 0) return false;
  return true;
}
static_assert(rows_are_apart(), "two rows take the same word");
static_assert(std::size(kTable) <= 256, "rows are numbered with eight bits");
}  // namespace row

/// Rows by primary opcode, so that decoding looks at few of them.
struct OpcodeIndex {
  std::array<std::vector<uint8_t>, 64> rows;
  OpcodeIndex() {
    for (size_t i = 0; i < std::size(row::kTable); ++i)
      rows[row::kTable[i].match >> 26].push_back(static_cast<uint8_t>(i));
  }
};

bool is_one_hot(int64_t mask) { return mask != 0 && (mask & (mask - 1)) == 0; }

/// BO codes that the architecture defines, z bits zero, hint 0b01 reserved (Book I 2.4, figure "BO
/// field encodings").
bool is_valid_bo(int64_t bo) {
  switch (bo) {
    case 0b00000: case 0b00010: case 0b01000: case 0b01010:  // CTR and condition
    case 0b00100: case 0b00110: case 0b00111:                // condition false
    case 0b01100: case 0b01110: case 0b01111:                // condition true
    case 0b10000: case 0b11000: case 0b11001:                // CTR not zero
    case 0b10010: case 0b11010: case 0b11011:                // CTR zero
    case 0b10100: return true;                               // always
    default: return false;
  }
}

/// Why the operands are no valid form, or empty.
std::string complaint(const Encoding& encoding, const std::array<int64_t, kMaxOperands>& operands) {
  for (size_t i = 0; i < encoding.operand_count(); ++i) {
    Field field = encoding.fields[i];
    int64_t value = operands[i];
    Shape shape = shape_of(field);
    unsigned width = width_of(shape);
    int64_t low = shape.is_signed ? -(int64_t{1} << (width - 1)) : 0;
    int64_t high = (int64_t{1} << (shape.is_signed ? width - 1 : width)) - 1;
    if (value < low || value > high)
      return "operand " + std::to_string(i + 1) + " is " + std::to_string(value) + ", outside " +
             std::to_string(low) + " .. " + std::to_string(high);
    if (value % shape.multiple != 0)
      return "operand " + std::to_string(i + 1) + " is " + std::to_string(value) +
             ", not a multiple of 4";
    switch (field) {
      case Field::kRaUpdate:
        if (value == operands[0]) return "an update form loads its own base";
        [[fallthrough]];
      case Field::kRaUpdateStore:
        if (value == 0) return "an update form has no base";
        break;
      case Field::kBo:
        if (!is_valid_bo(value)) return "the BO code is reserved";
        if ((encoding.mnemonic == Mnemonic::kBcctr || encoding.mnemonic == Mnemonic::kBcctrl) &&
            (value & 4) == 0)
          return "a branch to CTR cannot count CTR down";
        break;
      case Field::kBh: {
        bool to_ctr = encoding.mnemonic == Mnemonic::kBcctr || encoding.mnemonic == Mnemonic::kBcctrl;
        if (value == 2 || (to_ctr && value == 1)) return "the BH hint is reserved";
        break;
      }
      case Field::kSprTo:
      case Field::kSprFrom: {
        const SprName* spr = find_spr(static_cast<Spr>(value));
        if (!spr) return "special register " + std::to_string(value) + " is outside the subset";
        if (field == Field::kSprTo ? !spr->writable : !spr->readable)
          return "special register `" + std::string(spr->name) + "` cannot be accessed this way";
        break;
      }
      case Field::kLiAbsolute:
      case Field::kBdAbsolute:
        // The top of memory: nothing is there, and not every assembler writes it.
        if (value < 0) return "an absolute branch goes to a negative address";
        break;
      case Field::kFxmOne:
        if (!is_one_hot(value)) return "one CR field must be named";
        break;
      case Field::kFxmMany:
        // GNU as writes the one-field form for one field: the same text must mean the same word.
        if (value == 0 || is_one_hot(value)) return "several CR fields must be named";
        break;
      default: break;
    }
  }
  return {};
}

}  // namespace

size_t Encoding::operand_count() const {
  return static_cast<size_t>(std::find(fields.begin(), fields.end(), Field::kNone) - fields.begin());
}

std::span<const Encoding> encodings() { return row::kTable; }

const Encoding& encoding_of(Mnemonic mnemonic) { return row::kTable[static_cast<size_t>(mnemonic)]; }

Result<uint32_t> encode(const Instruction& instruction) {
  const Encoding& encoding = encoding_of(instruction.mnemonic);
  if (!instruction.label.empty())
    return Failure{Failure::Kind::kUnsuitable,
                   "`" + to_text(instruction) + "` names a label that has no place yet"};
  std::string why = complaint(encoding, instruction.operands);
  if (!why.empty())
    return Failure{Failure::Kind::kUnsuitable, "`" + std::string(encoding.name) +
                                                   "` cannot be encoded: " + why};
  uint32_t word = encoding.match;
  for (size_t i = 0; i < encoding.operand_count(); ++i)
    word |= insert(encoding.fields[i], instruction.operands[i]);
  return word;
}

namespace {

std::optional<Instruction> decode_afresh(uint32_t word) {
  static const OpcodeIndex index;
  for (uint8_t i : index.rows[word >> 26]) {
    const Encoding& encoding = row::kTable[i];
    if ((word & encoding.mask) != encoding.match) continue;
    Instruction instruction;
    instruction.mnemonic = encoding.mnemonic;
    for (size_t k = 0; k < encoding.operand_count(); ++k)
      instruction.operands[k] = extract(encoding.fields[k], word);
    if (complaint(encoding, instruction.operands).empty()) return instruction;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Instruction> decode(uint32_t word) {
  // Who executes a loop asks for the same words again and again.
  struct Decoded {
    uint32_t word = 0;  // which is no instruction
    std::optional<Instruction> instruction = {};
  };
  constexpr unsigned kBits = 8;
  thread_local std::array<Decoded, 1u << kBits> recent;
  Decoded& decoded = recent[word * 0x9e3779b1u >> (32 - kBits)];
  if (decoded.word != word) decoded = {word, decode_afresh(word)};
  return decoded.instruction;
}

std::optional<Gpr> written_register(const Instruction& instruction) {
  const Encoding& encoding = encoding_of(instruction.mnemonic);
  switch (encoding.fields[0]) {
    case Field::kRt: return Gpr{static_cast<unsigned>(instruction.operands[0])};
    // Logical and rotate forms name their result first, in the RA field; stores and dcbst-like do not.
    case Field::kRa: return Gpr{static_cast<unsigned>(instruction.operands[0])};
    case Field::kRs:
      for (size_t i = 1; i < encoding.operand_count(); ++i)
        if (encoding.fields[i] == Field::kRaUpdateStore)
          return Gpr{static_cast<unsigned>(instruction.operands[i])};
      return std::nullopt;
    default: return std::nullopt;
  }
}

unsigned access_width(Mnemonic mnemonic) {
  switch (mnemonic) {
    case Mnemonic::kLbz: case Mnemonic::kLbzu: case Mnemonic::kLbzx: case Mnemonic::kLbzux:
    case Mnemonic::kStb: case Mnemonic::kStbu: case Mnemonic::kStbx: case Mnemonic::kStbux: return 1;
    case Mnemonic::kLhz: case Mnemonic::kLhzu: case Mnemonic::kLhzx: case Mnemonic::kLhzux: case Mnemonic::kLhbrx:
    case Mnemonic::kLha: case Mnemonic::kLhau: case Mnemonic::kLhax: case Mnemonic::kLhaux:
    case Mnemonic::kSth: case Mnemonic::kSthu: case Mnemonic::kSthx: case Mnemonic::kSthux:
    case Mnemonic::kSthbrx: return 2;
    case Mnemonic::kLwz: case Mnemonic::kLwzu: case Mnemonic::kLwzx: case Mnemonic::kLwzux: case Mnemonic::kLwbrx:
    case Mnemonic::kLwa: case Mnemonic::kLwax: case Mnemonic::kLwaux: case Mnemonic::kLwarx:
    case Mnemonic::kStw: case Mnemonic::kStwu: case Mnemonic::kStwx: case Mnemonic::kStwux: case Mnemonic::kStwbrx:
    case Mnemonic::kStwcxDot: return 4;
    case Mnemonic::kLd: case Mnemonic::kLdu: case Mnemonic::kLdx: case Mnemonic::kLdux: case Mnemonic::kLdbrx:
    case Mnemonic::kLdarx:
    case Mnemonic::kStd: case Mnemonic::kStdu: case Mnemonic::kStdx: case Mnemonic::kStdux: case Mnemonic::kStdbrx:
    case Mnemonic::kStdcxDot: return 8;
    case Mnemonic::kLvx: case Mnemonic::kStvx: return 16;
    default: return 0;
  }
}

bool is_order_or_cache(Mnemonic mnemonic) {
  switch (mnemonic) {
    case Mnemonic::kSync:
    case Mnemonic::kLwsync:
    case Mnemonic::kPtesync:
    case Mnemonic::kEieio:
    case Mnemonic::kIsync:
    case Mnemonic::kDcbst:
    case Mnemonic::kDcbf:
    case Mnemonic::kDcbt:
    case Mnemonic::kDcbtst:
    case Mnemonic::kIcbi: return true;
    default: return false;
  }
}

bool is_privileged(const Instruction& instruction) {
  switch (instruction.mnemonic) {
    case Mnemonic::kMtspr: return find_spr(static_cast<Spr>(instruction.operands[0]))->privileged;
    case Mnemonic::kMfspr: return find_spr(static_cast<Spr>(instruction.operands[1]))->privileged;
    default: return encoding_of(instruction.mnemonic).rights != Rights::kAnyone;
  }
}

}  // namespace baton::ppc64
