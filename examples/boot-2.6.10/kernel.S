# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A stand-in for a kernel of 2.6.10: what a stub, and this compiler, see of one, and nothing behind it. The entry is
# at its first byte; its slaves wait at 0x60 of whatever lies at 0, with the word that they wait for and the word
# that they sign below it. So does its own master, once it has moved itself there, as those kernels do.
# Big-endian code only: neither entry can be reached in another byte order.
#
# It is for plans and builds. On a machine it shows that the CPUs got here by standing still.

	.set	kSpin, 0x20		# what the slaves wait for: another value than 0
	.set	kSigned, 0x28		# the id of the last that came
	.set	kSize, 0x300000

	.text
	.globl	_start
_start:	b	master
	.org	kSpin
	.quad	0
	.org	kSigned
	.quad	0

	.org	0x60
slave:	std	3, kSigned(0)
1:	ld	4, kSpin(0)
	cmpdi	4, 0
	beq	1b
	b	.

	.org	0x100
master:	bcl	20, 31, 1f
1:	mflr	31
	addi	31, 31, _start - 1b
	ld	4, kSpin(0)		# its own word, which the stub must have put there with the rest of the head
	b	.

	.bss
	.balign	0x1000
	.space	kSize
