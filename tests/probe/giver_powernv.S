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

# What stands for the firmware: a console and nothing else. It is as strict as OPAL, and as careless with registers:
# r0 = token, r2 = its base, real mode, big-endian, no interrupts, or the CPU stays in `stray`.
	.set kOpalBase, 0x30000000
	.set kConsoleWrite, 1
	.set kPollEvents, 10
	.org	0x2000
opal_entry:
	lis	12, kOpalBase@h
	cmpd	2, 12
	bne	stray
	mfmsr	11
	andi.	12, 11, 0x8031		# EE IR DR LE
	bne	stray
	cmpdi	0, kPollEvents
	beq	3f
	cmpdi	0, kConsoleWrite
	bne	stray
	cmpdi	3, 0			# terminal 0
	bne	stray
	ld	6, 0(4)			# how many, big-endian
	cmpldi	6, 0x100
	bgt	stray
	lis	7, 0x6			# 0x60300d00103f8: the serial port behind the first chip's LPC bus
	ori	7, 7, 0x0300
	sldi	7, 7, 32
	oris	7, 7, 0xd001
	ori	7, 7, 0x03f8
	mtctr	6
1:	lbz	8, 5(7)
	andi.	8, 8, 0x20
	beq	1b
	lbz	9, 0(5)
	stb	9, 0(7)
	eieio
	addi	5, 5, 1
	bdnz	1b
	std	6, 0(4)			# so many were written
3:	lis	12, 0x7e57
	.irp r,0,2,4,5,6,7,8,9,10,11
	ori	\r, 12, \r
	.endr
	mtctr	12
	mtcr	12
	li	3, 0
	blr
