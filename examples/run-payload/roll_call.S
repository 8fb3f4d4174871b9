# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Who arrives behind a kexec? A payload that the running kernel enters as it would enter its own trampoline: the
# master comes to the first byte, and the slaves to 0x60 of the copy of the first 0x100 bytes at address 0. It prints
# the id that each CPU brought in r3 to the hypervisor's console, and stays there. It needs no stack, no tree
# and nothing that the convention does not promise; assembled in either byte order, it is entered in either.
#
#   roll call: master 0000000000000000
#   roll call: slave  0000000000000001

# One instruction, for a CPU that runs in the byte order this file is not assembled for.
	.macro	other word
	.long	((\word & 0xff) << 24) | ((\word & 0xff00) << 8) | ((\word >> 8) & 0xff00) | ((\word >> 24) & 0xff)
	.endm

# What follows runs in this file's own byte order, whichever one the CPU came in. Loses r10, r11 and LR.
	.macro	order_neutral
	tdi	0, 0, 0x48		# 0x08000048 never traps; read in the other order it is `b .+8`
	b	.+0x24
	other	0x7d6000a6		# mfmsr r11
	other	0x696b0001		# xori r11,r11,1: LE
	other	0x429f0005		# bcl 20,31,.+4
	other	0x7d4802a6		# mflr r10
	other	0x394a0014		# addi r10,r10,0x14: behind the rfid
	other	0x7d5a03a6		# mtsrr0 r10
	other	0x7d7b03a6		# mtsrr1 r11
	other	0x4c000024		# rfid
	.endm

	.set	kBase, 0x40		# in the low copy: where the payload is, once the master has said so
	.set	kMaxSlaves, 256
	.set	kNobody, -1

	.text
	.globl	_start
_start:	order_neutral
	b	master
	.org	kBase
	.quad	0

	.org	0x60			# here `_start` is 0: nothing but the low copy is in reach
	order_neutral
1:	or	1, 1, 1			# low priority: the other threads of the core have work to do
	ld	11, kBase(0)
	cmpdi	11, 0
	beq	1b
	or	2, 2, 2
	addi	11, 11, slave - _start
	mtctr	11
	bctr

	.org	0x100
master:	bcl	20, 31, 1f
1:	mflr	31
	addi	31, 31, _start - 1b	# where the loader has put this
	std	31, kBase(0)

	# Nobody says how many slaves there are, nor when the last has come: it waits for 2^29 ticks of the
	# timebase, one second on all of these machines, and calls the roll.
	lis	4, 0x2000
	mftb	5
2:	or	1, 1, 1
	mftb	6
	subf	6, 5, 6
	cmpld	6, 4
	blt	2b
	or	2, 2, 2

	mr	30, 3
	addi	29, 31, text_master - _start
	bl	put_line
	addi	27, 31, count - _start
	lwz	26, 0(27)
	cmplwi	26, kMaxSlaves
	ble	3f
	li	26, kMaxSlaves
3:	addi	27, 27, ids - count
4:	cmpdi	26, 0
	beq	rest
	ld	30, 0(27)
	cmpdi	30, kNobody		# it has taken its place, and is just about to sign
	beq	4b
	addi	29, 31, text_slave - _start
	bl	put_line
	addi	27, 27, 8
	addi	26, 26, -1
	b	4b

# A place of its own for each slave, in the order of arrival. r11 = this instruction, r3 = the id.
slave:	addi	9, 11, count - slave
5:	lwarx	10, 0, 9
	addi	8, 10, 1
	stwcx.	8, 0, 9
	bne-	5b
	cmplwi	10, kMaxSlaves
	bge	rest
	sldi	10, 10, 3
	addi	10, 10, ids - count
	stdx	3, 9, 10
rest:	or	1, 1, 1
	b	rest

put_line:				# r29 = text, r30 = number; keeps r26-r31
	mflr	28
6:	lbz	3, 0(29)
	cmpdi	3, 0
	beq	7f
	bl	put_char
	addi	29, 29, 1
	b	6b
7:	li	25, 16
8:	rotldi	30, 30, 4
	clrldi	3, 30, 60
	cmpldi	3, 10
	addi	3, 3, '0'
	blt	9f
	addi	3, 3, 'a' - '0' - 10
9:	bl	put_char
	addi	25, 25, -1
	cmpdi	25, 0
	bne	8b
	li	3, '\n'
	mtlr	28

put_char:				# r3 = one byte
	sldi	6, 3, 56
	li	3, 0x58			# H_PUT_TERM_CHAR: terminal 0, one byte, from the left of r6
	li	4, 0
	li	5, 1
	.long	0x44000022		# sc 1
	blr

text_master: .asciz "roll call: master "
text_slave:  .asciz "roll call: slave  "
	.balign	8
count:	.long	0
	.balign	8
ids:	.fill	kMaxSlaves, 8, kNobody
