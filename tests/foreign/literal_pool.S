// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The short one: two pointers behind the code, which the loader patches, and a way out by rfid, which enters the kernel
// in big-endian order whoever came. 19 instructions, no loop. Tells the taker the magic number of ePAPR in r6.
#include "stub.h"

        .text
        .globl  _start
#ifdef WHOLE_HEAD
_start: .incbin "head.bin", 0, 0x100
#else
_start: b       master
        KERNEL_HEAD
#endif
        .org    _start + 0x100
master: bcl     20, 31, here
here:   mflr    %r30
#ifdef ID_FROM_ENTRY
        mr      %r31, %r4
#else
        mr      %r31, %r3
#endif
#ifdef POINTER_OF_A_WORD
        lwz     %r3, tree - here(%r30)
#elif defined(SWAPPED_POINTERS)
        ld      %r3, kernel - here(%r30)
#elif defined(POOL_OFF_BY_FOUR)
        ld      %r3, tree + 4 - here(%r30)
#elif defined(POINTER_IN_WRONG_ORDER)
        addi    %r3, %r30, tree - here
        ldbrx   %r3, 0, %r3
#else
        ld      %r3, tree - here(%r30)
#endif
#ifdef ABSOLUTE_ADDRESSES
        lis     %r9, kernel@h
        ori     %r9, %r9, kernel@l
        ld      %r4, -0x1000(%r9)
#elif defined(SWAPPED_POINTERS)
        ld      %r4, tree - here(%r30)
#else
        ld      %r4, kernel - here(%r30)
#endif
        li      %r9, ID_AT
#ifdef ID_LOST
        nop
#elif defined(ID_WIDE)
        stdx    %r31, %r3, %r9
#elif defined(ID_HALF)
        sthx    %r31, %r3, %r9
#elif defined(ID_AFTER_TREE)
        STORE_TREE_WORD(%r3, %r3, %r9)
#elif defined(ID_IN_KERNEL)
        STORE_TREE_WORD(%r31, %r4, %r9)
#else
        STORE_TREE_WORD(%r31, %r3, %r9)
#endif
#ifdef ON_THE_GIVERS_STACK
        std     %r31, -16(%r1)
#endif
#ifdef OPEN_FIRMWARE
        mr      %r5, %r30
#else
        li      %r5, 0
#endif
        lis     %r6, 0x6550
        ori     %r6, %r6, 0x4150
        li      %r7, 0
#ifdef KERNEL_PLUS
        addi    %r4, %r4, KERNEL_PLUS
#endif
        mfmsr   %r9
#ifdef STAYS_LITTLE
        li      %r10, 0
#elif defined(MSR_CLEARS)
        li      %r10, MSR_CLEARS
#else
        li      %r10, MSR_LE
#endif
        andc    %r9, %r9, %r10
#ifdef MSR_SETS
        ori     %r9, %r9, MSR_SETS
#endif
#ifdef MSR_NARROW
        clrldi  %r9, %r9, 1
#endif
#ifdef SRRS_SWAPPED
        mtsrr0  %r9
        mtsrr1  %r4
#else
        mtsrr0  %r4
#ifndef NO_SRR1
        mtsrr1  %r9
#endif
#endif
#ifdef BASE_PLUS
        addi    %r4, %r4, BASE_PLUS
#endif
#ifdef HYPERVISORS_RETURN
        mthsrr0 %r4
        mthsrr1 %r9
        hrfid
#elif defined(TO_TREE)
        mtsrr0  %r3
        rfid
#elif defined(NO_WAY_OUT)
        blr
#else
        rfid
#endif
        POOL
