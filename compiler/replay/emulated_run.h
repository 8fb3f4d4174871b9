// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a run of the judge's come to in QEMU?
//
// A machine of one CPU is given the memory and the registers that the run begins with, and goes on until the CPU is at one
// of the places asked for, at an interrupt's vector, or a time has passed. A guest (pseries) where MSR[HV] is 0, bare metal
// (powernv9) where it is 1: each such CPU is a POWER9. What a CPU of QEMU does not hold is a Failure of kind kUnsuitable,
// what keeps QEMU from running at all one of kind kEnvironment.
//
//   auto seen = emulate({run.entry, {0x8000000}, ...});  seen->how == Seen::How::kStop; seen->end.gpr[3]
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "verify/machine.h"
#include "verify/stored_numbers.h"

namespace baton::replay {

/// No machine gets more memory than this; it costs what is touched.
inline constexpr uint64_t kMostMemory = uint64_t{64} << 30;

struct Emulation {
  std::string program;                          // QEMU's path
  const verify::Machine* entry = nullptr;       // every value a number, its symbols chosen
  std::set<uint64_t> stops;
  std::optional<uint64_t> stays_at;             // an instruction that may go to itself
  std::set<uint64_t> executed = {};             // no vectors there; nothing: a stop at the entry is met before it is executed
  verify::StoredNumbers besides = {};           // bytes of memory that `entry` does not describe
  uint64_t memory = 0;                          // bytes
  double seconds = 10;
};

struct Seen {
  enum class How {
    kStop,       // before the instruction at one of the places
    kInterrupt,  // at the vector `end.pc`, from `from`
    kStays,      // one step of the instruction at `end.pc` goes there again
    kTime,       // it was interrupted at `end.pc`
  };
  How how = How::kTime;
  verify::Machine end;
  uint64_t from = 0;
};

Result<Seen> emulate(const Emulation& emulation);

/// MSR bits that these CPUs hold; and of these, those that may be any where nobody says what they are.
uint64_t named_msr_bits();
uint64_t free_msr_bits();

}  // namespace baton::replay
