// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Does each slave wait at its own slot, and at no other, and does it leave as its slot says?
//
// Each CPU is run by itself, its id a number: its place in the table depends on the id, and a symbol for it proves
// nothing. As loaded it must go around without an end and store nothing; so it must when every slot but its own lets go,
// since who looks at a neighbour's would leave then. With its own slot letting go, and no other, it must come to the
// address that stands there, for two addresses that differ in each bit, with the slot's other fields in the registers
// that are to have them, whatever the fields say, and read behind a barrier: the taker writes them before it lets go, and
// a load of this CPU may be done early. CPUs without a slot must stay, and look at nothing.
//
//   verify_pen(loaded at 0x60, slave, goals, {slots {0: 0x1030100, 1: 0x1030140}, ..})  ->  "CPU 1 polls its own slot": proved
#pragma once

#include <map>

#include "verify/verify.h"

namespace baton::verify {

struct PenSlots {
  struct Field {
    uint64_t offset = 0;
    unsigned width = 8;
  };
  std::map<uint32_t, Address> slots;  // by id, from who tells the taker
  Size size;                          // of one
  uint64_t mask = 0;                  // a CPU is held while one of these is set
  uint64_t polled = 0;                // in the doubleword at this offset
  Field entry;                        // where it goes then
  std::map<std::string, Field> fields;  // what symbols of the goals stand for: "slot.argument"
  std::string id = "cpu.physical_id";   // the symbol of the CPU's own id
  std::vector<uint32_t> strangers;      // ids without a slot
  std::string clause;                   // of the wait
};

/// `loaded` is entered where slaves land; `goals` are those of a slave, without a target. Obligations over all CPUs, each
/// with its worst answer.
Verdict verify_pen(const Loaded& loaded, const EntryState& slave, const Goals& goals, const PenSlots& pen);

}  // namespace baton::verify
