// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How does a stub put the byte order right that interrupts are taken in?
//
// It is no bit of the MSR but of the partition or the machine (LPCR[ILE], HILE), and only firmware sets it. A
// little-endian kernel in a radix guest leaves it little-endian, and a big-endian one dies of its first interrupt.
// The call comes before anything else that the stub does, since it alone can fail: while firmware is busy it is
// made again, 16384 times at most, and if it is refused the master halts with nothing stored.
//
//   guest: H_SET_MODE(0 or 1, 4, 0, 0)        OPAL: OPAL_REINIT_CPUS(1 or 2), in big-endian real mode
//
// Sources: LoPAPR 14.5.3, and Linux Documentation/arch/powerpc/papr_hcalls.rst (what a hypervisor call clobbers);
// asm/hvcall.h, asm/plpar_wrappers.h and asm/opal-api.h (numbers); skiboot doc/opal-api (calling convention).
#pragma once

#include "model/machine.h"
#include "trampoline/body.h"

namespace baton::trampoline {

/// What can be called on a machine: nothing where it has hypervisor state and no OPAL.
Firmware firmware_of(const model::Machine& machine);

/// How often a call is made while the answer is "busy".
inline constexpr unsigned kMostCalls = 0x4000;

/// What meets goals.interrupts, its first step at address `at`. Fails where no registers are left.
Result<Part> set_interrupt_order(const MasterGoals& goals, uint64_t at);

}  // namespace baton::trampoline
