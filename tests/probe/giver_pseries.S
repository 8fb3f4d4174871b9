# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The giver on a QEMU pseries guest: an ELF linked at 0 that the virtual Open Firmware (x-vof=on) loads
# at 4 MiB and enters on one CPU. Starts every other CPU in the list by the firmware call start-cpu,
# then all become giver_common's. Assembled big-endian; position-independent.
#
# Firmware calls go through the hypercall H_RTAS, with the argument words in memory and no RTAS to
# instantiate first. It does not use the client interface.
#
# With DEPARTING the CPUs become departing_common.inc's: real memory is entered into the hash table first, in pages of
# 16 MiB from 0xc << 60 on, and with LITTLE_CALLER they go on little-endian, in an image of their own that is put in here.
#
# Example: with the ids 0 1 2 300 on CPU 0: start-cpu(1, secondary, 1), (2, secondary, 2), (300, ...).

	.include "layout.inc"
	.set kHRtas, 0xf000
	.set kStartCpu, 0x2006		# QEMU's token numbers are fixed
	.ifdef DEPARTING
	.include "departing_map.inc"
	.endif

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
	.ifdef DEPARTING
	li	26, 0			# H_ENTER, a page of 16 MiB each; the hash table is QEMU's to keep
3:	li	3, 8
	li	4, 0			# anywhere in the group
	xori	5, 26, kVsid		# the group: the hash of segment and page
	sldi	5, 5, 3
	lis	6, (kVsid << 12)@h
	sldi	7, 26, 8
	or	6, 6, 7
	ori	6, 6, 5			# a large page, valid
	sldi	7, 26, 24
	ori	7, 7, 0x190		# referenced, changed, memory coherent; read and write for the supervisor
	.long	0x44000022		# sc 1
	cmpdi	3, 0
	bne	.
	addi	26, 26, 1
	cmpdi	26, kPages16M
	blt	3b
	.endif
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

	.ifndef DEPARTING
	.include "giver_common.inc"
	.else
	.ifndef LITTLE_CALLER
	.include "departing_common.inc"
	.else
giver_common:
	bcl	20, 31, 1f
1:	mflr	10
	addi	10, 10, little - 1b
	mtsrr0	10
	mfmsr	11
	ori	11, 11, 1
	mtsrr1	11
	rfid
	.balign	0x1000
little:	.incbin	"departing_little.bin"
	.endif
	.endif

	.balign	8
arguments:
	.long	kStartCpu, 3, 1, 0, 0, 0, 0
