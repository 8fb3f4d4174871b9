# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A stand-in for a kernel of today: the head that a stub, and this compiler, see of one, and nothing behind it. As in a
# kernel since 3.14, either entry works in either byte order, whichever one this file is assembled for; slaves wait at 0x60
# of whatever lies at 0; and the word at 0x5c says whether the image moves itself to 0 or stays where it was loaded.
#
# It is for plans and builds. On a machine it shows that the CPUs got here by standing still.

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

	.set	kSpin, 0x30		# what the slaves wait for: another value than 0
	.set	kSigned, 0x38		# the id of the last that came
	.set	kSize, 0x1000000

	.text
	.globl	_start
_start:	order_neutral
	b	master
	.org	kSpin
	.quad	0
	.org	kSigned
	.quad	0
	.org	0x5c
run_at_load:
	.long	0x72756e30		# "run0": it moves to 0; 1 makes it stay

	.org	0x60
	order_neutral
	std	3, kSigned(0)
1:	ld	4, kSpin(0)
	cmpdi	4, 0
	beq	1b
	b	.

	.org	0x100
master:	b	.

	.bss
	.balign	0x10000
	.space	kSize
