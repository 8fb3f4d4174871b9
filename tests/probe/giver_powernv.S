# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The giver in hypervisor mode: the raw image QEMU's powernv machines take instead of firmware (-bios).
# It lies at 0 and every CPU of the machine starts at 0x10 at once, big-endian, real mode, HV = 1; each
# knows its id from PIR (0, 4, 8, 12 with one thread per core on POWER9).
#
# A kexec on OPAL leaves the slaves in firmware. Here they go to 0x60 all the same: this is the bare
# machine in hypervisor mode, which the probe needs to see slaves with HV = 1 at all. The code keeps
# above 0x1000, because the giver's own copy of the head lands on [0, 0x100).

	.include "layout.inc"
	.set kPir, 1023

	.text
	.globl	_start
_start:	.org	0x10
	b	entry
	.org	0x1000
entry:	mfspr	3, kPir
	.include "giver_common.inc"
