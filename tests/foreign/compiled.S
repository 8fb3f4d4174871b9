// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The long one: a stack and a TOC of its own, C (compiled.c) that hashes and copies, and then what the others do. In
// big-endian order it is of the first ABI, in little-endian order of the second.
#include "stub.h"

        .text
        .globl  _start
_start: b       master
        KERNEL_HEAD
        .org    _start + 0x100
master:
#ifdef ID_IN_SCRATCH
#define ID %r9
#else
#define ID %r17
#endif
        mr      ID, %r3
        bcl     20, 31, 1f
1:      mflr    %r30
#ifdef GIVERS_STACK
#elif defined(STACK_IN_TREE)
        ld      %r1, tree_again - 1b(%r30)
        addi    %r1, %r1, 0x7000
#elif defined(STACK_BELOW)
        addi    %r1, %r30, 0x40
        clrrdi  %r1, %r1, 4
        subi    %r1, %r1, 0x400
#else
        lis     %r1, stack_end@highest
        ori     %r1, %r1, stack_end@higher
        sldi    %r1, %r1, 32
        oris    %r1, %r1, stack_end@h
        ori     %r1, %r1, stack_end@l
        subi    %r1, %r1, 112
#endif
#ifdef NO_TOC
#else
        lis     %r2, .TOC.@highest
        ori     %r2, %r2, .TOC.@higher
        sldi    %r2, %r2, 32
        oris    %r2, %r2, .TOC.@h
        ori     %r2, %r2, .TOC.@l
#ifdef TOC_OFF
        addi    %r2, %r2, TOC_OFF
#endif
#endif
#ifdef GLOBAL_ENTRY
        // As a function pointer is called, but without what the second ABI asks for in r12.
        lis     %r11, purgatory@highest
        ori     %r11, %r11, purgatory@higher
        sldi    %r11, %r11, 32
        oris    %r11, %r11, purgatory@h
        ori     %r11, %r11, purgatory@l
        li      %r12, 0
        mtctr   %r11
        bctrl
#else
        bl      purgatory
        nop
#endif
        ld      %r16, again - 1b(%r30)
        ld      %r18, tree_again - 1b(%r30)
#ifdef DIGEST_AFTER_STORE
        li      %r6, 8
        STORE_TREE_WORD(ID, %r18, %r6)
#endif
        li      %r6, 20
        LOAD_TREE_WORD(%r7, %r18, %r6)
        cmplwi  %r7, 2
        blt     2f
        li      %r6, ID_AT
        STORE_TREE_WORD(ID, %r18, %r6)
2:      mr      %r3, %r18
        mr      %r4, %r16
        li      %r5, 0
        mtctr   %r16
        bctr
        .balign 8
        .globl  again, tree_again
again:  .quad   0
        .size   again, 8
tree_again: .quad 0
        .size   tree_again, 8
        .bss
        .balign 16
#ifdef STACK_OF
stack:  .space  STACK_OF
#else
stack:  .space  4096
#endif
stack_end:
