// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What are the instructions of departing code, event by event?
//
// departure.cpp says what is to be done and in which order; this is the listing. Registers of the master: r14 on
// hold what the call passed, r22 to r26 are the walk's, r30 the high bits under which real memory is seen, r31
// the code's own address. All of them survive a call by the ABI. Slaves use r9 to r12 and leave the rest alone.
//
//   real mode: mfmsr r12; li r9,2; andc r9,r12,r9; mtmsrd r9,1; ..; mtsrr1 r12; mtsrr0 r9; rfid
#pragma once

#include <string>

#include "ppc64/stub.h"

namespace baton::trampoline {

/// Labels each instruction with the clause it is there for.
class DepartureListing {
 public:
  explicit DepartureListing(ppc64::Stub& stub) : stub_(stub) {}

  /// r1 to the 16 bytes below `top` and a frame as both ABIs want it; a back chain of 0.
  void change_stack(ppc64::Gpr top, const std::string& clause);
  void interrupts_off(const std::string& clause);
  /// `base` = where the code is, as it is seen now; through LR.
  void find_itself(ppc64::Gpr base, const std::string& label, const std::string& clause);
  /// Translation off; goes on at the real address of what follows. `base` and MSR in r12 as they are afterwards.
  void leave_translation(ppc64::Gpr base, const std::string& label, const std::string& clause);
  /// Every page of the list that begins with the entry in `first`, to its place and fetchable.
  void walk_pages(ppc64::Gpr first, ppc64::Gpr page_size, const std::string& clause, const std::string& coherent);
  /// A hook of C without arguments, unless it is null. Descriptors where `descriptors`.
  void call_hook(ppc64::Gpr hook, bool descriptors, const std::string& clause);
  void copy_head(uint64_t to, ppc64::Gpr from, uint64_t offset, uint64_t size, const std::string& clause);
  void release(const std::string& clause);
  /// What walk_pages and copy_head call: r11 blocks of 64 bytes from r10 to r9.
  void copy_blocks(const std::string& clause, const std::string& coherent);
  void count_slave(const std::string& arrived, const std::string& clause);
  void wait_for_release(const std::string& clause);
  /// `big`: by rfid with MSR[LE] off; else by a branch.
  void slave_goes(uint64_t landing, bool big, const std::string& clause, const std::string& order_clause);

 private:
  ppc64::Stub& stub_;
};

/// What copy_head can copy: whole blocks.
inline constexpr uint64_t kCopyBlock = 64;

}  // namespace baton::trampoline
