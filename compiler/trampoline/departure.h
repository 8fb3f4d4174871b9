// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which two functions does departing code call, and what do they do in which order?
//
// Where the giver says `enter call`, the stub is code of the giver itself: one function that the master calls and
// that never comes back, and one for each slave. The master changes its stack, turns interrupts off and
// does what the taker's `order` names, in an order that is a line through it: walks the page list, leaves
// translation, calls the hook that clears the hash table, copies the head, releases the slaves, enters. A slave
// leaves translation, counts itself and waits for the release. Addresses are relative to the code; an address seen
// with translation on and the real one differ in the four high bits only, which the code takes from its own.
// It does not judge what it made (driver/departing.h asks the prover), and writes no file.
//
//   to linux.kexec@2005: .. hash_table_cleared, head_copied, slaves_released, master_enters
//   to linux.kexec@2008: .. head_copied, slaves_released, hash_table_cleared, master_enters
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/gap.h"
#include "placement/layout.h"
#include "ppc64/stub.h"

namespace baton::trampoline {

/// What a register of the call holds.
struct CallArgument {
  enum class Kind { kNumber, kPageList, kHook, kConstant, kUnused };
  Kind kind = Kind::kUnused;
  ppc64::Gpr gpr{3};
  std::string name;       // of the parameter in C
  std::string symbol;     // "argument.start", "master.physical_id"; empty for a constant and where nothing is passed
  uint64_t constant = 0;  // kConstant
};

struct Departure {
  Endian giver = Endian::kBig;
  ppc64::Stub stub;
  std::string master;  // C names of the two functions and of the word that counts slaves
  std::string slave;   // empty, and no such function, where no slave comes
  std::string arrived;
  std::vector<CallArgument> master_arguments, slave_arguments;  // from r3 on, without holes
  std::vector<std::string> events;                              // in the order of the code
  uint64_t landing = 0;  // where slaves go
  /// The part of the new image that the code copies for its slaves, from its entry; size 0 where there is none.
  uint64_t head_to = 0, head_offset = 0, head_size = 0;
  std::string image;     // the symbol that says where that image is: "argument.start"

  const CallArgument* find(CallArgument::Kind kind) const;
  const CallArgument* named(std::string_view name) const;
  bool does(std::string_view event) const;
  /// The name that the linker knows: a code address of ELFv1 has a dot before it.
  std::string code_symbol(const std::string& function) const;
  /// Lines for the assembler behind print(stub): what makes the functions callable from C. ELFv1 where the giver is
  /// big-endian (function descriptors), ELFv2 where it is little-endian.
  std::string linkage() const;
  /// The C header.
  std::string header(const std::string& handoff) const;
};

/// Labels of the code, for whoever looks at what it does.
inline constexpr const char* kReleaseLabel = "release_word";
inline constexpr const char* kSlaveWaitLabel = "slave_wait";
/// Below this the stack of the departing master is its hook's.
inline constexpr uint64_t kDepartureFrame = 128;

/// nullopt after reporting what departing code cannot bring about, at the clause that needs it.
std::optional<Departure> depart(const placement::Layout& layout, const contract::Boundary& from,
                                const contract::Gap& gap, Endian giver, diagnostics::Sink& sink);

}  // namespace baton::trampoline
