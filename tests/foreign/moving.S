// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one for a crash: it finds its own place, copies the first 64 KiB of memory away by doublewords, tells the kernel to
// stay where it is, and enters it by a branch in big-endian order and by rfid in little-endian order.
#include "stub.h"

#ifndef BACKUP_SIZE
#define BACKUP_SIZE 0x10000
#endif
#ifndef STEP
#define STEP 8
#endif
#ifndef FROM
#define FROM 0
#endif
#ifndef FLAG_AT
#define FLAG_AT 0x5c
#endif

        .text
        .globl  _start
_start: b       master
        KERNEL_HEAD
        .globl  run_at_load
        .set    run_at_load, _start + 0x5c
        .size   run_at_load, 4
        .org    _start + 0x100
master: or      1, 1, 1
        mr      %r17, %r3
        bcl     20, 31, 1f
1:      mflr    %r30
#ifdef LINK_LOST
        li      %r30, 0
#endif
#ifndef NO_BACKUP
        ld      %r13, backup_start - 1b(%r30)
#ifdef BACKUP_PLUS
        addi    %r13, %r13, BACKUP_PLUS
#endif
        li      %r7, FROM
        lis     %r8, BACKUP_SIZE@ha
        addi    %r8, %r8, BACKUP_SIZE@l
        li      %r9, 0
2:
#ifdef BY_WORDS
        lwzx    %r10, %r9, %r7
        stdx    %r10, %r13, %r9
#elif defined(SAME_SOURCE)
        ldx     %r10, 0, %r7
        stdx    %r10, %r13, %r9
#elif defined(BACKUP_REVERSED)
        ldbrx   %r10, %r9, %r7
        stdx    %r10, %r13, %r9
#else
        ldx     %r10, %r9, %r7
        stdx    %r10, %r13, %r9
#endif
        addi    %r9, %r9, STEP
        cmpld   %r9, %r8
#ifdef ONE_TURN_MORE
        ble     2b
#elif defined(ENDLESS)
        b       2b
#else
        blt     2b
#endif
#endif
#ifdef SPOILED_BEFORE
        // Too late, or too early: what is to be kept, is written.
        li      %r9, 0x200
        std     %r17, 0(%r9)
#endif
        ld      %r16, kernel - 1b(%r30)
        ld      %r18, tree - 1b(%r30)
        li      %r6, 20
        LOAD_TREE_WORD(%r7, %r18, %r6)
        cmplwi  %r7, 2
        blt     3f
        li      %r6, ID_AT
#ifdef BOOT_CPU_ZERO
        li      %r17, 0
#endif
        STORE_TREE_WORD(%r17, %r18, %r6)
3:
#ifdef FLAG_READ_WIDE
        ld      %r7, run_at_load - 1b(%r30)
#else
        lwz     %r7, run_at_load - 1b(%r30)
#endif
#ifndef FLAG_READ_WIDE
        cmplwi  %r7, 1
        bne     4f
#endif
#ifdef FLAG_IN_WRONG_ORDER
        li      %r6, FLAG_AT
        stwbrx  %r7, %r16, %r6
#elif defined(FLAG_WIDE)
        std     %r7, FLAG_AT(%r16)
#else
        stw     %r7, FLAG_AT(%r16)
#endif
4:
#ifdef FLAG_CLEARED
        li      %r7, 0
        stw     %r7, FLAG_AT(%r16)
#endif
        or      3, 3, 3
        mr      %r3, %r18
        mr      %r4, %r16
#ifdef OPEN_FIRMWARE
        li      %r5, 1
#else
        li      %r5, 0
#endif
        mfmsr   %r11
        andi.   %r10, %r11, MSR_LE
#ifdef FORKS_THE_WRONG_WAY
        beq     little
#else
        bne     little
#endif
        mtctr   %r4
        bctr
little: mtsrr0  %r4
        clrrdi  %r11, %r11, 1
#ifdef TRANSLATION_ON
        ori     %r11, %r11, MSR_IR | MSR_DR
#endif
        mtsrr1  %r11
        rfid
        .balign 8
        .globl  kernel, tree, backup_start
kernel: .quad   0
        .size   kernel, 8
tree:   .quad   0
        .size   tree, 8
backup_start: .quad 0
        .size   backup_start, 8
