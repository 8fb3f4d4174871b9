// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one with slaves of its own: the head that is copied to 0 is the stub's, and has one branch for slaves, into a pen
// in which they wait for a word. The master puts the kernel's head there, the landing last, and then sets the word.
#include "stub.h"

        .text
        .globl  _start
_start: b       master
        .org    _start + 0x60
#ifdef NO_LANDING
        .space  8
#elif defined(LANDING_LOOPS)
        b       .
#else
        ba      pen
#endif
        .org    _start + 0x100
master: bcl     20, 31, here
here:   mflr    %r30
        mr      %r31, %r3
        ld      %r3, tree - here(%r30)
        ld      %r4, kernel - here(%r30)
        li      %r9, ID_AT
        STORE_TREE_WORD(%r31, %r3, %r9)
#ifdef FLAG_FIRST
        li      %r7, 1
        stw     %r7, word - here(%r30)
#endif
        // Everything but the landing, and the landing when all of that can be fetched.
        li      %r7, 0
1:      cmpdi   %r7, 0x60
#ifndef LANDING_IN_TURN
        beq     2f
#endif
        ldx     %r8, %r4, %r7
        stdx    %r8, 0, %r7
2:      addi    %r7, %r7, 8
#ifdef HEAD_ENDS_AT
        cmpdi   %r7, HEAD_ENDS_AT
#else
        cmpdi   %r7, 0x100
#endif
        blt     1b
        bl      flush
#ifndef LANDING_IN_TURN
        li      %r7, 0x60
        ldx     %r8, %r4, %r7
        stdx    %r8, 0, %r7
        bl      flush
#endif
#ifdef HOP_BY_SCRATCH
        ld      %r7, hop - here(%r30)
        std     %r7, 0x100(0)
#ifndef HOP_NOT_FLUSHED
        bl      flush
#endif
#endif
#ifdef PEN_BY_ADDRESS
        li      %r7, PEN_BY_ADDRESS
        std     %r7, word - here(%r30)
#elif !defined(FLAG_FIRST) && !defined(FLAG_NEVER)
#ifdef FLAG_OF_OTHERS
        li      %r7, 2
#else
        li      %r7, 1
#endif
        stw     %r7, word - here(%r30)
#endif
#ifdef HEAD_AGAIN
        li      %r7, 0x80
        std     %r7, 0(%r7)
        bl      flush
#endif
        li      %r5, 0
        mtctr   %r4
        bctr

#ifdef HOP_BY_SCRATCH
#define FLUSH_END 0x140
#else
#define FLUSH_END 0x100
#endif
flush:  li      %r7, 0
        li      %r8, FLUSH_END / FLUSH_STEP
        mtctr   %r8
3:
#ifndef NO_DCBST
        dcbst   0, %r7
#endif
#ifndef NO_FIRST_SYNC
        sync
#endif
#ifndef NO_ICBI
        icbi    0, %r7
#endif
        addi    %r7, %r7, FLUSH_STEP
        bdnz    3b
#ifndef NO_SECOND_SYNC
        sync
#endif
#ifndef NO_ISYNC
        isync
#endif
        blr

        // Slaves are big-endian, and may keep r3 only.
        .balign 64
#ifdef PEN_CLOBBERS
#define HELD %r3
#else
#define HELD %r9
#endif
pen:
#ifdef PEN_STORES
        std     %r3, 0(0)
#endif
        lis     HELD, word@ha
#ifdef PEN_BY_ADDRESS
4:      ld      %r10, word@l(HELD)
        cmpdi   %r10, 0
        beq     4b
        mtctr   %r10
#else
4:      lwz     %r10, word@l(HELD)
#endif
#ifdef PEN_BY_ADDRESS
#elif defined(PEN_LETS_GO)
        cmpwi   %r10, 1
        beq     4b
#elif defined(PEN_ANY)
        cmpwi   %r10, 0
        beq     4b
#else
        cmpwi   %r10, 1
        bne     4b
#endif
#ifndef PEN_WITHOUT_ISYNC
        isync
#endif
#ifdef PEN_BY_ADDRESS
        bctr
#elif defined(PEN_TO_KERNEL)
        lis     %r9, kernel@ha
        ld      %r9, kernel@l(%r9)
        addi    %r9, %r9, 0x60
        mtctr   %r9
        bctr
#elif defined(PEN_TO_ANOTHER)
        ba      0x64
#else
        ba      0x60
#endif
#ifdef CODE_AS_DATA
        .data
#endif
        POOL
#ifdef HOP_BY_SCRATCH
        .balign 8
hop:    isync
        ba      0x60
#endif
#ifdef PEN_BY_ADDRESS
        .balign 8
word:   .quad   0
        .size   word, 8
#else
word:   .long   0
        .size   word, 4
#endif
