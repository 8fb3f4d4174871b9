// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See id_words.h.
#include "trampoline/id_words.h"

#include <algorithm>

namespace baton::trampoline {

using ppc64::Gpr;
namespace ins = ppc64::ins;

Result<Part> store_more_ids(const MasterGoals& goals) {
  Part part{{}, 0, goals};
  std::vector<Gpr> taken{*goals.id_register};
  for (const RegisterGoal& goal : goals.kept) taken.push_back(goal.gpr);
  for (const RegisterGoal& goal : goals.registers)
    for (const Source& source : goal.allowed)
      if (const auto* gpr = std::get_if<Gpr>(&source)) taken.push_back(*gpr);
  std::vector<Gpr> free;
  auto is_known = [&](Gpr gpr) {
    return std::any_of(goals.known.begin(), goals.known.end(), [&](const auto& k) { return k.gpr == gpr; });
  };
  for (bool of_known_value : {false, true})
    for (unsigned number : {9, 10, 11, 12, 6, 7, 8})
      if (Gpr gpr{number}; std::find(taken.begin(), taken.end(), gpr) == taken.end() && is_known(gpr) == of_known_value)
        free.push_back(gpr);
  if (free.empty()) return Failure{Failure::Kind::kUnsuitable, "the master's registers leave none to store its id with"};
  Gpr place = free[0], id = *goals.id_register;
  for (const IdStore& word : goals.more_ids) {
    auto add = [&](ppc64::Instruction i) { part.steps.push_back({std::move(i), word.clause}); };
    std::erase_if(part.after.known, [&](const auto& k) { return k.gpr == place; });
    bool whole = goals.giver == Endian::kLittle && !word.fits_byte;  // stwbrx has no displacement
    uint64_t high = whole ? word.address : (word.address + 0x8000) & ~uint64_t{0xffff};
    for (const auto& i : ppc64::materialize(place, high, part.after.known)) add(i);
    auto low = static_cast<int64_t>(word.address - high);
    if (word.fits_byte && low <= 0x7ffc)
      add(ins::stb(id, low + 3, place));
    else if (whole)
      add(ins::stwbrx(id, std::nullopt, place));
    else
      add(ins::stw(id, low, place));
    part.after.known.push_back({place, high});
  }
  part.after.more_ids.clear();
  part.executed = part.steps.size();
  return part;
}

}  // namespace baton::trampoline
