// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Look-ups by name over the tables of registers.h.
#include "ppc64/registers.h"

namespace baton::ppc64 {

std::optional<Gpr> find_gpr(std::string_view name) {
  if (name.size() < 2 || name.size() > 3 || name[0] != 'r') return std::nullopt;
  if (name.size() == 3 && name[1] == '0') return std::nullopt;
  unsigned number = 0;
  for (char c : name.substr(1)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  if (number > 31) return std::nullopt;
  return Gpr{number};
}

const SprName* find_spr(Spr spr) {
  for (const SprName& row : kSprNames)
    if (row.spr == spr) return &row;
  return nullptr;
}

const SprName* find_spr(std::string_view name) {
  for (const SprName& row : kSprNames)
    if (row.name == name) return &row;
  return nullptr;
}

const MsrField* find_msr_field(std::string_view name) {
  for (const MsrField& field : kMsrFields)
    if (field.name == name) return &field;
  return nullptr;
}

std::string msr_fields_to_text(uint64_t mask) {
  std::string text;
  for (const MsrField& field : kMsrFields) {
    if (field.book3e || (mask & field.mask) == 0) continue;
    if (!text.empty()) text += ' ';
    text += field.name;
  }
  return text;
}

}  // namespace baton::ppc64
