# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The giver on a QEMU pseries guest: an ELF linked at 0 that the virtual Open Firmware (x-vof=on) loads
# at 4 MiB and enters on one CPU. Starts every other CPU in the list by the firmware call start-cpu,
# then all become giver_common's. Assembled big-endian; position-independent.
#
# Firmware calls go through the hypercall H_RTAS, with the argument words in memory and no RTAS to
# instantiate first. It does not use the client interface.
#
# Example: with the ids 0 1 2 300 on CPU 0: start-cpu(1, secondary, 1), (2, secondary, 2), (300, ...).

	.include "layout.inc"
	.set kHRtas, 0xf000
	.set kStartCpu, 0x2006		# QEMU's token numbers are fixed

	.text
	.globl	_start
_start:	bcl	20, 31, 1f
1:	mflr	31
	addi	31, 31, _start - 1b
	mfmsr	3			# 64-bit, real mode, no interrupts, whatever the firmware had
	li	4, 1
	sldi	4, 4, 63
	or	3, 3, 4
	li	4, 0x30
	ori	4, 4, 0x8000
	andc	3, 3, 4
	addi	4, 31, real - _start
	mtsrr0	4
	mtsrr1	3
	rfid

real:	lis	30, kGiverBlock@h
	ori	30, 30, kGiverBlock@l
	ld	27, kCpuCount(30)
	li	26, 1			# the first id in the list is the CPU the firmware entered us on
1:	cmpd	26, 27
	bge	2f
	sldi	5, 26, 3
	addi	5, 5, kCpuIds
	ldx	5, 30, 5
	addi	4, 31, arguments - _start
	stw	5, 12(4)		# which CPU
	addi	6, 31, secondary - _start
	stw	6, 16(4)		# where
	stw	5, 20(4)		# its r3
	li	3, 0
	ori	3, 3, kHRtas
	.long	0x44000022		# sc 1
	addi	26, 26, 1
	b	1b
2:	ld	3, kCpuIds(30)
	b	giver_common

secondary:				# big-endian, real mode, r3 = id, MSR = SF | ME
	b	giver_common

	.ifdef DEPARTING
	.include "departing_common.inc"
	.else
	.include "giver_common.inc"
	.endif

	.balign	8
arguments:
	.long	kStartCpu, 3, 1, 0, 0, 0, 0
