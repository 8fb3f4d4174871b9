// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one that waits: a loop of 65536 turns in which slaves are meant to get away, then the tree's boot CPU if the tree
// has a field for it, then the kernel by a plain branch. That nothing is overwritten where slaves run, the kernel's
// own head at 0, is why it is right: the loop shows nothing.
#include "stub.h"

#ifndef DELAY
#define DELAY 1
#endif

        .text
        .globl  _start
_start: b       master
        KERNEL_HEAD
        .org    _start + 0x100
master: or      1, 1, 1
        mr      %r17, %r3
#ifdef DELAY_WITHOUT_A_COUNT
#elif defined(DELAY_OF_NONE)
        li      %r6, 0
        mtctr   %r6
#else
        lis     %r6, DELAY
        mtctr   %r6
#endif
#ifdef DELAY_FOR_EVER
        b       .
#else
        bdnz    .
#endif
        or      3, 3, 3
#ifdef ID_IN_COUNTED_REGISTER
        mr      %r17, %r6
#endif
        bcl     20, 31, 1f
1:      mflr    %r30
        ld      %r16, kernel - 1b(%r30)
        ld      %r18, tree - 1b(%r30)
#ifdef SECOND_HEAD
        // What slaves are running is written once more.
        li      %r7, SECOND_HEAD / 8
        mtctr   %r7
        addi    %r8, SECOND_HEAD_FROM, -8
        li      %r9, -8
3:      ldu     %r10, 8(%r8)
        stdu    %r10, 8(%r9)
        bdnz    3b
#endif
#ifdef CLEARED_UP_TO
        // Memory that it may use is cleared, and the half of it then filled from the other, from its end down.
        lis     %r7, 0x1000
        lis     %r8, CLEARED_UP_TO@h
        ori     %r8, %r8, CLEARED_UP_TO@l
        li      %r9, 0
4:      std     %r9, 0(%r7)
        std     %r9, 8(%r7)
        addi    %r7, %r7, 16
        cmpld   %r7, %r8
        blt     4b
        lis     %r7, 0x1400
        lis     %r8, 0x1200
        lis     %r10, 0x40
5:      cmpdi   %r10, 0
        beq     6f
        ldu     %r11, -8(%r8)
        stdu    %r11, -8(%r7)
        addi    %r10, %r10, -1
        b       5b
6:
#endif
        li      %r6, 20
        LOAD_TREE_WORD(%r7, %r18, %r6)
#ifdef VERSION_ABOVE
        cmpldi  %r7, VERSION_ABOVE
        blt     2f
#else
        cmpldi  %r7, 2
        blt     2f
#endif
        li      %r6, ID_AT
        STORE_TREE_WORD(%r17, %r18, %r6)
2:
#ifdef FLAG
        lis     %r7, FLAG@h
        ori     %r7, %r7, FLAG@l
#ifdef FLAG_IN_LOW_COPY
        li      %r16, 0
#endif
#ifdef FLAG_WIDE
        std     %r7, 0x5c(%r16)
#else
        stw     %r7, 0x5c(%r16)
#endif
#endif
#ifndef NO_TREE
        mr      %r3, %r18
#endif
        mr      %r4, %r16
        li      %r5, 0
#ifdef LEFT_IN_LINK
        mtlr    %r16
        bctr
#elif defined(MISSING_CTR)
        bctr
#else
        mtctr   %r16
        bctr
#endif
        POOL
