# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What does firmware enter a program with? An image that firmware takes for a kernel. It keeps nothing itself: witness.py
# stops the machine at `_start`, before the first instruction, and looks. Then it goes on and has firmware start a second
# CPU, whose first instruction is at `started`: by RTAS, which it asks the client interface in r5 for, or by OPAL, whose
# base and entry are in r8 and r9. With neither it stays where it is. Big-endian; position-independent below 4 GiB; runs in
# 32-bit mode as well, and in the mode that it was entered in.
#
# In hypervisor mode either CPU puts its PIR into r14 and its HID0 into r15: the debugging stub of QEMU shows special
# purpose registers of the first CPU only, and that need not be the one which firmware enters on.
#
# Example: entered by Open Firmware, `wanted` = 2, `passed` = 0x1234: start-cpu(2, started, 0x1234); `answer` becomes 0.

	.set kOpalStartCpu, 41
	.set kRtasRoom, 0x10000

	.text
	.globl	_start, started, started_over, wanted, passed, answer, found, over
_start:	nop
	bcl	20, 31, 1f
1:	mflr	31
	addi	31, 31, _start - 1b
	cmpwi	5, 0
	bne	open_firmware
	cmpwi	9, 0
	bne	opal
over:	b	over

opal:	mfspr	14, 1023		# firmware's base in r8: hypervisor mode
	mfspr	15, 1008
	lwz	3, wanted - _start(31)
	cmpwi	3, -1
	beq	over
	mr	2, 8
	mtctr	9
	li	0, kOpalStartCpu
	addi	4, 31, started - _start
	bctrl
	bcl	20, 31, 1f		# firmware keeps what the ABI says, but nothing is asked of it here
1:	mflr	31
	addi	31, 31, _start - 1b
	b	answered

# \at = the image's address of \label, as a cell of a call.
	.macro cell at, label
	addi	4, 31, \label - _start
	stw	4, \at - _start(31)
	.endm

	.macro client_call arguments
	addi	3, 31, \arguments - _start
	mtctr	30
	bctrl
	cmpwi	3, 0
	bne	over
	.endm

open_firmware:
	mr	30, 5
	cell	finddevice, text_finddevice
	cell	finddevice + 12, text_rtas
	client_call finddevice
	lwz	29, finddevice + 16 - _start(31)
	stw	29, found - _start(31)
	lwz	4, wanted - _start(31)
	cmpwi	4, -1
	beq	over
	cell	getprop, text_getprop
	stw	29, getprop + 12 - _start(31)
	cell	getprop + 16, text_rtas_size
	cell	getprop + 20, found
	client_call getprop
	lwz	4, found - _start(31)
	lis	5, kRtasRoom@h
	cmplw	4, 5
	bgt	over			# no room for it here
	cell	getprop + 16, text_start_cpu
	client_call getprop
	lwz	28, found - _start(31)
	cell	open, text_open
	cell	open + 12, text_rtas
	client_call open
	lwz	4, open + 16 - _start(31)
	stw	4, call_method + 16 - _start(31)
	cell	call_method, text_call_method
	cell	call_method + 12, text_instantiate
	bcl	20, 31, 1f
1:	mflr	27
	addis	27, 27, (rtas - 1b)@ha
	addi	27, 27, (rtas - 1b)@l
	stw	27, call_method + 20 - _start(31)
	client_call call_method
	lwz	4, call_method + 24 - _start(31)
	cmpwi	4, 0
	bne	over
	lwz	5, call_method + 28 - _start(31)
	mtctr	5
	stw	28, start_cpu - _start(31)
	lwz	4, wanted - _start(31)
	stw	4, start_cpu + 12 - _start(31)
	cell	start_cpu + 16, started
	lwz	4, passed - _start(31)
	stw	4, start_cpu + 20 - _start(31)
	addi	3, 31, start_cpu - _start
	mr	4, 27
	bctrl
	lwz	3, start_cpu + 24 - _start(31)
answered:
	stw	3, answer - _start(31)
	b	over

started:
	nop
	mfmsr	16
	rldicl.	16, 16, 4, 63		# HV
	beq	started_over
	mfspr	14, 1023
	mfspr	15, 1008
started_over:
	b	started_over

	.balign	4
wanted:	.long	-1			# the CPU to start, as firmware names it; -1: none
passed:	.long	0			# what RTAS is to put into its r3
answer:	.long	0x7e570001		# what firmware said to the call
found:	.long	-1			# what the client interface found last
finddevice:
	.long	0, 1, 1, 0, 0
getprop:
	.long	0, 4, 1, 0, 0, 0, 4, 0
open:	.long	0, 1, 1, 0, 0
call_method:
	.long	0, 3, 2, 0, 0, 0, 0, 0
start_cpu:
	.long	0, 3, 1, 0, 0, 0, 0
text_finddevice:	.asciz	"finddevice"
text_getprop:		.asciz	"getprop"
text_open:		.asciz	"open"
text_call_method:	.asciz	"call-method"
text_rtas:		.asciz	"/rtas"
text_rtas_size:		.asciz	"rtas-size"
text_start_cpu:		.asciz	"start-cpu"
text_instantiate:	.asciz	"instantiate-rtas"

	.bss
	.balign	0x1000
rtas:	.space	kRtasRoom
