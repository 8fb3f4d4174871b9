# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What does a kernel see when a stub enters it? A fake kernel with the head of a real one: an
# order-neutral first word at +0 and at +0x60, run_at_load at +0x5c, a release word that the slaves
# poll in the low copy. Both entries keep all 32 GPRs, MSR, LR, CTR, CR and XER as they were at the
# first instruction; the master then prints everything and ends the run. Assembled in either byte order
# from this one source; entered in either; position-independent.
#
# It judges nothing: probe.py compares. Report lines, all numbers hex without a prefix:
#   probe begin
#   probe cpu ROLE r0 .. r31 msr lr ctr cr xer     ROLE 0 master, 1 or 2 slave; in the order of arrival
#   probe low BYTES                                [0, 0x100) as the CPU of the line above saw it
#   probe giver BYTES                              per CPU: id, MSR (big-endian doublewords)
#   probe tree BYTES                               40 bytes at the master's r3, if it is an address
#   probe range SUM                                per range asked for
#   probe end
#
# A slave's ROLE is 2 where the hook of a departing giver was over before it came.
#
# With SPIN_TABLE it is a client of ePAPR instead: slaves do not come to +0x60 but are let go by slots of a table, whose
# places probe.py has read from the tree.
#
# How 32 registers are kept when storing one needs another: r10 and r11 wait in SPRG2 and SPRG1, MSR in
# SPRG3, LR in SPRG0, CR in DAR, the role in DSISR. A taker may use those; nobody promised them.

	.include "layout.inc"
	.ifdef ELF_ABI
	.abiversion ELF_ABI		# 1: as big-endian kernels are, 2: as little-endian ones
	.endif

# One instruction, for a CPU that runs in the byte order this file is not assembled for.
	.macro other word
	.long	((\word & 0xff) << 24) | ((\word & 0xff00) << 8) | ((\word >> 8) & 0xff00) | ((\word >> 24) & 0xff)
	.endm

# The first two words of an entry and what the wrong byte order executes: keep r10, r11, MSR and LR, go on
# at the address `join` bytes from the label after bcl, in the right order. 15 words.
	.macro order_neutral_entry right, join
	tdi	0, 0, 0x48		# 0x08000048: never traps; in the other order `b .+8`
	b	\right
	other	0x7d7143a6		# mtsprg1 r11
	other	0x7d5243a6		# mtsprg2 r10
	other	0x7d6000a6		# mfmsr r11
	other	0x7d7343a6		# mtsprg3 r11
	other	0x7d4802a6		# mflr r10
	other	0x7d5043a6		# mtsprg0 r10
	other	0x429f0005		# bcl 20,31,.+4
	other	0x7d4802a6		# mflr r10
	other	(0x394a0000 + \join)	# addi r10,r10,join
	other	0x7d5a03a6		# mtsrr0 r10
	other	0x696b0001		# xori r11,r11,1
	other	0x7d7b03a6		# mtsrr1 r11
	other	0x4c000024		# rfid
	.endm

	.macro keep_first_registers
	mtsprg	1, 11
	mtsprg	2, 10
	mfmsr	11
	mtsprg	3, 11
	mflr	10
	mtsprg	0, 10
	.endm

	.set kMasterJoin, 0x118
	.set kSlaveJoin, 0xb4
	.set kReleaseWord, 0x40		# in the low copy
	.set kSlotShift, 10
	.set kSlotLow, 0x200		# in a slot: GPRs, then MSR LR CTR CR XER ROLE, then the low copy at 0x200
	.set kDone, 4			# in `count`: slots that are complete
	.set kPrinter, 8

	.text
	.globl	_start
_start:	order_neutral_entry master_right, kMasterJoin - 0x24
	.long	0x7e570001		# the bytes up to 0x5c mean nothing, but must be seen at 0 like any others
	.org	kReleaseWord
	.quad	0
	.quad	0x7e57000200000003
	.quad	0x7e57000400000005
	.long	0x7e570006
	.org	0x5c
	.ifdef SPIN_TABLE
	.long	0			# no Linux kernel: it stays where it is
	.else
	.long	0x72756e30		# run_at_load, its default: not set
	.endif

	.org	0x60			# slaves execute this in the low copy, where `_start` is 0
	order_neutral_entry slave_right, kSlaveJoin - 0x84
slave_right:
	keep_first_registers
	.org	kSlaveJoin
	mfcr	10
	mtdar	10
	lis	11, kGiverWork@h
	ori	11, 11, kGiverWork@l
	lbz	11, kHookOver(11)
	mtdsisr	11
1:	ld	11, kReleaseWord(0)	# the master's address, once it is known
	cmpdi	11, 0
	beq	1b
	isync
	addi	11, 11, slave_released - _start
	mtsrr0	11
	mfmsr	11
	mtsrr1	11
	rfid

	.org	0x100, 0x57		# no CPU gets to the filling, but it must be seen at 0 too
master_right:
	keep_first_registers
	.org	kMasterJoin
	mfcr	10
	mtdar	10
	li	11, 0
	mtdsisr	11
	b	capture
slave_released:
	mfdsisr	11
	addi	11, 11, 1
	mtdsisr	11

	.ifdef SPIN_TABLE
	b	capture
from_slot:				# where the slots send a slave
	keep_first_registers
	mfcr	10
	mtdar	10
	li	11, 1
	mtdsisr	11
	.endif

# A slot of its own for each CPU, by order of arrival and not by id: ids are under test.
capture:
	bcl	20, 31, 1f
1:	mflr	11
	addis	11, 11, (count - 1b)@ha
	addi	11, 11, (count - 1b)@l
2:	lwarx	10, 0, 11
	addi	10, 10, 1
	stwcx.	10, 0, 11
	bne-	2b
	cmplwi	10, kMaxCpus
	bgt	park
	sldi	10, 10, kSlotShift
	add	11, 11, 10		# `count` is one slot long: the first CPU has the slot after it
	.irp r,0,1,2,3,4,5,6,7,8,9,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	std	\r, 8 * \r(11)
	.endr
	mfsprg	0, 2
	std	0, 8 * 10(11)
	mfsprg	0, 1
	std	0, 8 * 11(11)
	mfsprg	0, 3
	std	0, 8 * 32(11)		# MSR
	mfsprg	0, 0
	std	0, 8 * 33(11)		# LR
	mfctr	0
	std	0, 8 * 34(11)
	mfdar	0
	std	0, 8 * 35(11)		# CR
	mfxer	0
	std	0, 8 * 36(11)
	mfdsisr	28
	std	28, 8 * 37(11)		# role

	mr	29, 11			# own slot
	bcl	20, 31, 1f
1:	mflr	31
	addis	30, 31, (count - 1b)@ha
	addi	30, 30, (count - 1b)@l
	addi	31, 31, _start - 1b	# where the image is
	li	3, 0
2:	ldx	4, 0, 3
	add	5, 29, 3
	std	4, kSlotLow(5)
	addi	3, 3, 8
	cmpdi	3, 0x100
	blt	2b
	cmpdi	28, 0
	beq	first_master
	sync				# the slot before its count
	addi	3, 30, kDone
3:	lwarx	4, 0, 3
	addi	4, 4, 1
	stwcx.	4, 0, 3
	bne-	3b
park:	b	.

# A second CPU at the master's entry is kept and shown, but does not print over the first.
first_master:
	addi	3, 30, kPrinter
1:	lwarx	4, 0, 3
	cmpwi	4, 0
	bne	park
	li	4, 1
	stwcx.	4, 0, 3
	bne-	1b

	sync				# only now, with its own copy taken, is the low page written to
	lis	27, kTakerBlock@h
	ori	27, 27, kTakerBlock@l
	.ifdef SPIN_TABLE		# each by its own slot, in the order of an ePAPR client: PIR, r3, then the address
	ld	4, kSlotCount(27)
	addi	5, 27, kSlots - 24
	addi	6, 31, from_slot - _start
11:	cmpdi	4, 0
	beq	12f
	ldu	7, 24(5)
	ld	8, 16(5)
	stw	8, 20(7)
	ld	8, 8(5)
	std	8, 8(7)
	sync
	std	6, 0(7)
	addi	4, 4, -1
	b	11b
12:
	.else
	li	3, 0
	std	31, kReleaseWord(3)
	.endif
	ld	4, kTakerCpuCount(27)
	addi	4, 4, -1
	mftb	7
	ld	8, kPatience(27)	# a slave that comes later than that does not come
	li	9, 0
	li	10, 0x60
2:	lwz	5, kDone(30)
	cmpw	5, 4
	bge	3f
	look	9, 7, 6
	cmpld	9, 8
	bge	3f
	# QEMU (7.2) may translate the branch at 0x60 just while it is replaced, and keep what it read: slaves then go round
	# between 0x60 and the pen, in code that is no longer there. After a quarter of a second the taker stores once what is
	# there already, to which QEMU listens. To a machine that is a store of nothing; what was missing is missing still.
	srdi	6, 9, 27
	cmpdi	6, 0
	beq	2b
	cmpldi	10, 0x100
	bge	2b
	lwz	6, 0(10)
	stw	6, 0(10)
	addi	10, 10, 4
	b	2b
3:	lwsync

# From here r31 = image, r30 = count, r29 = the master's slot, r27 = parameters.
	addi	3, 31, text_begin - _start
	bl	put_string
	lwz	26, 0(30)
	cmplwi	26, kMaxCpus
	ble	4f
	li	26, kMaxCpus
4:	addi	25, 30, 1 << kSlotShift
	li	24, 0
5:	cmpd	24, 26
	bge	8f
	addi	3, 31, text_cpu - _start
	bl	put_string
	ld	3, 8 * 37(25)
	bl	put_hex
	li	23, 0
6:	sldi	3, 23, 3
	ldx	3, 25, 3
	bl	put_hex
	addi	23, 23, 1
	cmpdi	23, 37
	blt	6b
	addi	3, 31, text_low - _start
	bl	put_string
	addi	3, 25, kSlotLow
	li	4, 0x100
	bl	put_bytes
	addi	25, 25, 1 << kSlotShift
	addi	24, 24, 1
	b	5b

8:	addi	3, 31, text_giver - _start
	bl	put_string
	lis	3, kGiverReport@h
	ori	3, 3, kGiverReport@l
	ld	4, kTakerCpuCount(27)
	sldi	4, 4, 4
	bl	put_bytes

	ld	26, 8 * 3(29)		# r3 as it was at the entry
	ld	4, kTreeLimit(27)
	cmpld	26, 4
	bge	9f
	addi	3, 31, text_tree - _start
	bl	put_string
	mr	3, 26
	li	4, 40
	bl	put_bytes

# sum = rotate_left(sum, 7) + word, over words in this file's byte order: bijective in every word, so no
# single changed word can go unseen.
9:	ld	26, kRangeCount(27)
	addi	25, 27, kRanges
10:	cmpdi	26, 0
	beq	15f
	ld	4, 0(25)
	ld	5, 8(25)
	add	5, 4, 5
	ld	6, 16(25)
	ld	7, 24(25)
	li	3, 0
11:	cmpld	4, 5
	bge	14f
	cmpld	4, 6
	blt	12f
	cmpld	4, 7
	blt	13f
12:	lwz	8, 0(4)
	rotldi	3, 3, 7
	add	3, 3, 8
13:	addi	4, 4, 4
	b	11b
14:	mr	24, 3
	addi	3, 31, text_range - _start
	bl	put_string
	mr	3, 24
	bl	put_hex
	addi	25, 25, 32
	addi	26, 26, -1
	b	10b

15:	addi	3, 31, text_end - _start
	bl	put_string
	ld	3, kConsole(27)
	cmpdi	3, 0
	bne	park			# nothing to switch off: the runner ends QEMU
	addi	4, 31, power_off - _start
	li	3, 0
	ori	3, 3, 0xf000		# H_RTAS
	.long	0x44000022		# sc 1
	b	park

# The console. r14-r22 belong to these; put_char keeps nothing else but r23-r31.
put_string:				# r3 = NUL-terminated text
	mflr	22
	mr	21, 3
1:	lbz	3, 0(21)
	cmpwi	3, 0
	beq	2f
	bl	put_char
	addi	21, 21, 1
	b	1b
2:	mtlr	22
	blr

put_hex:				# r3 = number: a blank and 16 digits
	mflr	22
	mr	21, 3
	li	3, ' '
	bl	put_char
	li	20, 16
1:	rotldi	21, 21, 4
	clrldi	3, 21, 60
	bl	put_digit
	addi	20, 20, -1
	cmpwi	20, 0
	bne	1b
	mtlr	22
	blr

put_bytes:				# r3 = address, r4 = count, not 0: a blank and 2 digits each
	mflr	22
	mr	21, 3
	mr	20, 4
	li	3, ' '
	bl	put_char
1:	lbz	19, 0(21)
	srwi	3, 19, 4
	bl	put_digit
	clrldi	3, 19, 60
	bl	put_digit
	addi	21, 21, 1
	addi	20, 20, -1
	cmpwi	20, 0
	bne	1b
	mtlr	22
	blr

put_digit:				# r3 = 0..15; tail of put_char
	cmpwi	3, 10
	addi	3, 3, '0'
	blt	put_char
	addi	3, 3, 'a' - '0' - 10
put_char:
	ld	4, kConsole(27)
	cmpdi	4, 0
	bne	1f
	sldi	6, 3, 56		# H_PUT_TERM_CHAR, terminal 0, one byte, left-justified
	li	3, 0x58
	li	4, 0
	li	5, 1
	li	7, 0
	.long	0x44000022		# sc 1
	blr
1:	lis	4, 0x6			# 0x60300d00103f8: the serial port behind the first chip's LPC bus
	ori	4, 4, 0x0300
	sldi	4, 4, 32
	oris	4, 4, 0xd001
	ori	4, 4, 0x03f8
2:	lbz	5, 5(4)
	andi.	5, 5, 0x20
	beq	2b
	stb	3, 0(4)
	eieio
	blr

	.balign	8
power_off:				# big-endian words in memory whatever we are: token 0x2003, 2 in, 1 out
	.byte	0, 0, 0x20, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
text_begin:	.asciz	"\nprobe begin"
text_cpu:	.asciz	"\nprobe cpu"
text_low:	.asciz	"\nprobe low"
text_giver:	.asciz	"\nprobe giver"
text_tree:	.asciz	"\nprobe tree"
text_range:	.asciz	"\nprobe range"
text_end:	.asciz	"\nprobe end\n"
	.balign	8

	.bss
	.balign	0x400
count:	.space	1 << kSlotShift		# arrived, kDone, kPrinter
	.space	kMaxCpus << kSlotShift
