// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What does a function do whose code is not here, or is not to be run?
//
// It is taken by its contract: what it reads and writes, which registers it leaves as they were, what it answers. That it
// keeps the contract is assumed, and listed for each function that was called. Where the contract speaks of memory whose
// address the call does not make a number, the judgement stops there, by name. Calls of firmware that the judge knows by
// itself are in firmware.h.
//
//   memcpy: reads r5 bytes at r4, writes r5 bytes at r3, returns by lr; r0, r4..r12, ctr, xer, cr0, 1, 5, 6, 7 unknown
//
// Sources: 64-bit PowerPC ELF ABI 1.9, 3.2.1 and 3.2.2; ELFv2 ABI 1.4, 2.2.1 and 2.2.3; LoPAPR 14.5.3.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace baton::verify {

struct Machine;

struct CallContract {
  /// A number, or what a register holds at the call.
  struct Operand {
    std::optional<unsigned> gpr = {};
    uint64_t number = 0;
  };
  struct Region {
    Operand at, size;
  };

  std::string name;
  std::vector<Region> reads, writes;
  /// What it may write below r1, and it may then use its caller's frame as both ABIs allow.
  uint64_t stack = 0;
  /// By name ("r3", "lr", "ctr", "xer", "cr", "cr0", "v2"); nothing: what the ABI leaves to who is called.
  std::optional<std::vector<std::string>> clobbers = {};
  std::optional<uint64_t> result = {};  // in r3
};

/// Whether a contract may name this register.
bool can_clobber(const std::string& name);

struct ForeignCalls {
  std::map<uint64_t, CallContract> functions;   // by the address of their code
  std::map<uint64_t, CallContract> hypervisor;  // by what r3 is at `sc 1`
};

/// The machine has come to the function, and goes on where it returns to. On failure why it cannot be told.
std::optional<std::string> call_function(Machine& machine, const CallContract& contract);
/// The machine is at `sc 1`; where it goes on is the instruction's to say.
std::optional<std::string> call_hypervisor(Machine& machine, const CallContract& contract);

}  // namespace baton::verify
