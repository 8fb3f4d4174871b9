// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What must the stub do? The gap of one handoff, as goals for one CPU in one byte order.
//
// Contract obligations speak of clauses and values; synthesis wants registers, numbers and addresses. This
// file translates, and refuses what no stub of this release can bring about, at the clause that needs it.
// Every goal keeps the clause it came from: that is the label of the instructions that meet it.
//
//   gap { r3 = tree.address, tree.boot_cpuid_phys } -> { r3 <- 0x5000000 }, { word 0x500001c <- r3 }
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "contract/gap.h"
#include "ppc64/constants.h"
#include "ppc64/registers.h"

namespace baton::trampoline {

/// A number, or the register that holds the value when the stub is entered.
using Source = std::variant<ppc64::Gpr, uint64_t>;

struct RegisterGoal {
  ppc64::Gpr gpr;
  std::vector<Source> allowed;  // any of them will do
  std::string clause;
};

/// A 32-bit big-endian word that must hold the id of the CPU that runs the stub.
struct IdStore {
  uint64_t address = 0;
  bool fits_byte = false;  // every id is below 256 and the word is zero: its last byte is enough
  std::string clause;
};

/// One byte of the tree, at a place of its own for each CPU that may run the stub: it renames the property that says
/// which CPU boots (inputs/boot_marks.h).
struct MarkStore {
  struct Place {
    uint32_t id = 0;
    uint64_t address = 0;
  };
  std::vector<Place> places;  // in rising order of ids
  uint8_t value = 0;
  std::string clause = {};
};

struct MsrGoal {
  uint64_t mask = 0;             // one field
  bool set = false;
  std::optional<bool> promised;  // what the giver leaves there, if it says
  std::string clause;
};

/// What firmware a stub can call.
struct Firmware {
  enum class Kind { kNone, kPapr, kOpal };
  Kind kind = Kind::kNone;
  uint64_t opal_base = 0, opal_entry = 0;
};

/// The byte order that interrupts must be taken in, which only firmware changes.
struct InterruptGoal {
  bool little = false;
  Firmware firmware;
  std::string clause;
};

/// The master's way through the stub when it arrives in byte order `giver`.
struct MasterGoals {
  Endian giver = Endian::kBig;
  std::vector<ppc64::KnownRegister> known;  // what the giver promises, as numbers
  std::optional<ppc64::Gpr> id_register;    // where the giver promises the master's id
  std::vector<RegisterGoal> registers;
  std::vector<RegisterGoal> kept;           // needs that the promise meets: not to be touched
  std::optional<InterruptGoal> interrupts;  // needs a call of firmware
  std::optional<IdStore> id_store;
  std::vector<IdStore> more_ids = {};  // besides that one
  std::optional<MarkStore> mark_store = {};
  std::vector<MsrGoal> msr;
  uint64_t target = 0;
  std::string target_clause;
};

struct TreeWord {
  uint64_t address = 0;  // of boot_cpuid_phys in the placed tree
  bool fits_byte = false;
};

/// A property of the placed tree that is the master's id.
struct PropertyWord {
  TreeWord word;
  const contract::Claim* need = nullptr;
};

/// What has to be stored in the placed tree when the boot CPU is known.
struct TreeStores {
  std::optional<TreeWord> word = {};
  std::optional<MarkStore> mark = {};
  std::vector<PropertyWord> properties = {};
  /// The need for the mark, where it is a property that the master's node must not have.
  const contract::Claim* taken = nullptr;
};

/// Translates a gap. Answers nullopt after reporting what cannot be closed.
std::optional<MasterGoals> master_goals(const contract::Boundary& from, const contract::Gap& gap,
                                        Endian giver, const TreeStores& tree,
                                        const Firmware& firmware, source::Span handoff, diagnostics::Sink& sink);

}  // namespace baton::trampoline
