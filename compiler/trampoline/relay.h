// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How do slaves get past a head that is replaced under them?
//
// Under relay the head that the giver copies to 0 is the stub's, and has one instruction for slaves: an
// absolute branch at the landing into a *pen* in the stub, where they wait for a word. The master copies the
// taker's head over it, a doubleword at a time, each visible and fetchable for every CPU before the next is
// stored, the landing's last; then it sets the word, and the slaves go to the taker's landing.
//
// Why no delay is needed: what a slave can fetch at the landing is either that one branch, and then it comes
// back by way of the word, which is set after all of the head is in place; or the taker's first instruction,
// whose doubleword is stored after all others. There is no third thing to fetch, so nobody has to know how
// many slaves come, or when.
//
//   at 0x60: ba pen      pen: lis r9,flag@ha; lwz r10,flag@l(r9); cmpwi r10,0; beq .-8; isync; ba 0x60
//
// Source: Power ISA 3.0B, Book II 4.3.2 and Book III 3.3: a modified instruction is dcbst, sync, icbi, sync
// by the writer and a context synchronizing instruction on the CPU that fetches it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "ppc64/stub.h"
#include "trampoline/body.h"

namespace baton::trampoline {

struct Relay {
  uint64_t start = 0;          // of the stub
  uint64_t landing = 0;        // where the giver sends slaves: an address in the low copy, a multiple of 8
  uint64_t taker_landing = 0;  // where the taker's code for them is, once its head is in place
  uint64_t taker_head = 0;     // where the taker's head lies until then
  std::vector<ppc64::Gpr> kept;  // what the pen leaves alone
  std::string landing_clause, enter_clause, copy_clause, order_clause;

  /// The word the slaves wait for, from the start of the stub.
  uint64_t flag_offset() const;
};

/// What stands at the landing and after it, and needs the room from landing to flag_offset() + 4. Fails
/// where one branch does not reach the pen or no register is left for it.
Result<ppc64::Stub> relay_pen(const Relay& relay);

/// The master's part.
Result<Part> relay_handover(const Relay& relay, const MasterGoals& goals);

}  // namespace baton::trampoline
