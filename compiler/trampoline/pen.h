// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How do slaves wait at slots of their own until the taker lets each of them go?
//
// The pen stands at the landing in the stub's head, so slaves run it in the copy at 0 and need no way to it. Each finds
// its slot from its id, sets what it can of the state that the taker needs, and polls at low priority; then it takes what
// the slot says and goes where it says. The table is in the bytes that are loaded (placement/pen.h): nobody has to fill
// it in before a slave looks. When slaves come is nobody's business either, as long as the copy at 0, the pen and the
// table are left alone, which the tree says of them. A CPU whose id is beyond the table stays in a branch to itself.
//
//   0x60: or 1,1,1; cmpldi r3,3; bgt .; sldi r12,r3,6; addis r12,r12,0x103; li r4,0; ..
//         ld r11,0x100(r12); andi. r10,r11,1; bne .-8; isync; ld r3,0x108(r12); mtctr r11; or 2,2,2; bctr
//
// Order: the slot's doubleword is loaded at once, so no half of an address is taken; the branch that depends on it and
// isync come before any other load of the slot and before what is entered is fetched (Power ISA 3.0B, Book II 1.7 and
// 4.6.1; Book III 3.3 for priorities).
#pragma once

#include <vector>

#include "base/result.h"
#include "contract/claim.h"
#include "contract/gap.h"
#include "placement/pen.h"
#include "ppc64/constants.h"
#include "ppc64/stub.h"

namespace baton::trampoline {

struct SlavePen {
  placement::PenTable table;
  uint64_t start = 0;    // of the stub
  uint64_t landing = 0;  // in the low copy, and in the head
  ppc64::Gpr id = ppc64::reg::r3;
  std::vector<ppc64::Gpr> kept;  // needs that the promise meets

  struct Constant {
    ppc64::Gpr gpr;
    uint64_t value;
    std::string clause;
  };
  struct FromSlot {
    ppc64::Gpr gpr;
    placement::SlotField field;
    std::string clause;
  };
  std::vector<Constant> constants;
  std::vector<FromSlot> loads;
  placement::SlotField entry;  // where the slave goes
  std::string landing_clause, enter_clause;

  uint64_t slot_of(uint32_t cpu) const { return start + table.offset_of(cpu); }
};

/// All of a pen but the stub's address and the landing's clause, or why the two conventions allow for none.
Result<SlavePen> pen_terms(const contract::Boundary& from, const contract::Boundary& to, const contract::Gap& gap,
                           const placement::PenTable& table);

/// What stands from the landing on. Fails where the head has no room for it, or registers are short.
Result<ppc64::Stub> pen_code(const SlavePen& pen);

}  // namespace baton::trampoline
