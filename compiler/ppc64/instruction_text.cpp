// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How does an instruction read? GNU syntax that GNU as and LLVM MC accept alike.
//
// Registers are written `%r3`, which GNU as takes with and without -mregnames. Extended mnemonics are
// chosen by the operands alone, so that the text of a decoded word assembles to that word again; what
// has no safe extended form is written in full. Where only one assembler knows a name (mthsrr0), the
// generic mtspr with a number is written.
#include "base/address.h"
#include "ppc64/instruction.h"

namespace baton::ppc64 {
namespace {

std::string number_text(int64_t value) {
  if (value >= 0 && value < 10) return std::to_string(value);
  if (value < 0)
    return value > -10 ? std::to_string(value) : "-" + hex(Wide{uint64_t{0} - static_cast<uint64_t>(value)});
  return hex(Wide{static_cast<uint64_t>(value)});
}

std::string gpr_text(int64_t number) { return "%r" + std::to_string(number); }
std::string base_text(int64_t number) { return number == 0 ? "0" : gpr_text(number); }

bool is_branch_field(Field field) { return field == Field::kLi || field == Field::kBd; }

std::string displacement_text(const Instruction& i, int64_t value, Field field) {
  if (i.label.empty()) {
    if (!is_branch_field(field)) return number_text(value);
    return value < 0 ? "." + number_text(value) : ".+" + number_text(value);
  }
  std::string text = i.label;
  if (value != 0) text += (value > 0 ? "+" : "") + number_text(value);
  if (!is_branch_field(field)) text += "-" + (i.base.empty() ? kStartLabel : i.base);
  return text;
}

/// The operands in the order of the row.
std::string operands_text(const Instruction& i) {
  const Encoding& encoding = encoding_of(i.mnemonic);
  std::string text;
  auto separate = [&] { text += text.empty() ? "\t" : ", "; };
  for (size_t k = 0; k < encoding.operand_count(); ++k) {
    int64_t value = i.operands[k];
    switch (Field field = encoding.fields[k]) {
      case Field::kNone: break;
      case Field::kRt:
      case Field::kRs:
      case Field::kRa:
      case Field::kRb:
        separate();
        text += gpr_text(value);
        break;
      case Field::kVt:
      case Field::kVa:
      case Field::kVb:
      case Field::kVc:
        separate();
        text += "%v" + std::to_string(value);
        break;
      case Field::kD:
      case Field::kDs:
        separate();
        text += displacement_text(i, value, field);
        break;
      case Field::kRaBase0:
      case Field::kRaUpdate:
      case Field::kRaUpdateStore:
        if (k > 0 && (encoding.fields[k - 1] == Field::kD || encoding.fields[k - 1] == Field::kDs)) {
          text += "(" + base_text(value) + ")";
        } else {
          separate();
          text += base_text(value);
        }
        break;
      case Field::kBf:
        if (value == 0) break;
        separate();
        text += "%cr" + std::to_string(value);
        break;
      case Field::kBfTo:
      case Field::kBfa:
        separate();
        text += "%cr" + std::to_string(value);
        break;
      case Field::kSi:
      case Field::kLi:
      case Field::kBd:
        separate();
        text += displacement_text(i, value, field);
        break;
      case Field::kUi:
      case Field::kLiAbsolute:
      case Field::kBdAbsolute:
      case Field::kFxmOne:
      case Field::kFxmMany:
        separate();
        text += number_text(value);
        break;
      default:
        separate();
        text += std::to_string(value);
    }
  }
  return text;
}

std::string text_of(std::string_view mnemonic, std::initializer_list<std::string> operands) {
  std::string text(mnemonic);
  const char* separator = "\t";
  for (const std::string& operand : operands) {
    text += separator + operand;
    separator = ", ";
  }
  return text;
}

std::string conditional_branch(const Instruction& i) {
  static constexpr const char* kTrue[] = {"blt", "bgt", "beq", "bso"};
  static constexpr const char* kFalse[] = {"bge", "ble", "bne", "bns"};
  int64_t bo = i.operands[0], bi = i.operands[1];
  std::string target = displacement_text(i, i.operands[2], Field::kBd);
  if (bo == 12 || bo == 4) {
    const char* name = (bo == 12 ? kTrue : kFalse)[bi & 3];
    if (bi < 4) return text_of(name, {target});
    return text_of(name, {"%cr" + std::to_string(bi / 4), target});
  }
  if (bo == 16 && bi == 0) return text_of("bdnz", {target});
  if (bo == 18 && bi == 0) return text_of("bdz", {target});
  return "bc" + operands_text(i);
}

/// The extended form, or empty.
std::string extended(const Instruction& i) {
  const auto& o = i.operands;
  switch (i.mnemonic) {
    case Mnemonic::kAddi:
    case Mnemonic::kAddis:
      if (o[1] != 0) break;
      return text_of(i.mnemonic == Mnemonic::kAddi ? "li" : "lis",
                     {gpr_text(o[0]), displacement_text(i, o[2], Field::kSi)});
    case Mnemonic::kOri:
      if (o[0] == 0 && o[1] == 0 && o[2] == 0) return "nop";
      break;
    case Mnemonic::kOr:
      // or rX,rX,rX is a priority hint, not a move.
      if (o[1] == o[2] && o[0] != o[1]) return text_of("mr", {gpr_text(o[0]), gpr_text(o[1])});
      break;
    case Mnemonic::kRldicl:
      if (o[2] == 0 && o[3] != 0)
        return text_of("clrldi", {gpr_text(o[0]), gpr_text(o[1]), std::to_string(o[3])});
      if (o[2] != 0 && o[3] == 64 - o[2])
        return text_of("srdi", {gpr_text(o[0]), gpr_text(o[1]), std::to_string(o[3])});
      break;
    case Mnemonic::kRldicr:
      if (o[2] != 0 && o[3] == 63 - o[2])
        return text_of("sldi", {gpr_text(o[0]), gpr_text(o[1]), std::to_string(o[2])});
      if (o[2] == 0 && o[3] != 63)
        return text_of("clrrdi", {gpr_text(o[0]), gpr_text(o[1]), std::to_string(63 - o[3])});
      break;
    case Mnemonic::kBc: return conditional_branch(i);
    case Mnemonic::kBclr:
      if (o[0] == 20 && o[1] == 0 && o[2] == 0) return "blr";
      break;
    case Mnemonic::kBcctr:
      if (o[0] == 20 && o[1] == 0 && o[2] == 0) return "bctr";
      break;
    case Mnemonic::kBcctrl:
      if (o[0] == 20 && o[1] == 0 && o[2] == 0) return "bctrl";
      break;
    case Mnemonic::kTw:
      if (o[0] == 31 && o[1] == 0 && o[2] == 0) return "trap";
      break;
    case Mnemonic::kMtspr: {
      const SprName* spr = find_spr(static_cast<Spr>(o[0]));
      if (spr && spr->in_mnemonic) return text_of("mt" + std::string(spr->name), {gpr_text(o[1])});
      break;
    }
    case Mnemonic::kMfspr: {
      const SprName* spr = find_spr(static_cast<Spr>(o[1]));
      if (spr && spr->in_mnemonic) return text_of("mf" + std::string(spr->name), {gpr_text(o[0])});
      break;
    }
    default: break;
  }
  return {};
}

}  // namespace

std::string to_text(const Instruction& instruction) {
  std::string text = extended(instruction);
  if (!text.empty()) return text;
  return std::string(encoding_of(instruction.mnemonic).name) + operands_text(instruction);
}

}  // namespace baton::ppc64
