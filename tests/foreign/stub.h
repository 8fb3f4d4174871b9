// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the stubs of this folder share: words of a device tree, which are big-endian whatever the stub is, the kernel's
// own head in place of the stub's, and the ways to be wrong that any of them can have. A variant is a -D on the command
// line of the compiler; cases.py has all of them.
#ifdef __BIG_ENDIAN__
#define NATIVE_STORE_WORD(reg, base, index) stwx reg, base, index
#define OTHER_STORE_WORD(reg, base, index) stwbrx reg, base, index
#define NATIVE_LOAD_WORD(reg, base, index) lwzx reg, base, index
#define OTHER_LOAD_WORD(reg, base, index) lwbrx reg, base, index
#else
#define NATIVE_STORE_WORD(reg, base, index) stwbrx reg, base, index
#define OTHER_STORE_WORD(reg, base, index) stwx reg, base, index
#define NATIVE_LOAD_WORD(reg, base, index) lwbrx reg, base, index
#define OTHER_LOAD_WORD(reg, base, index) lwzx reg, base, index
#endif

#ifdef TREE_IN_WRONG_ORDER
#define STORE_TREE_WORD OTHER_STORE_WORD
#define LOAD_TREE_WORD OTHER_LOAD_WORD
#else
#define STORE_TREE_WORD NATIVE_STORE_WORD
#define LOAD_TREE_WORD NATIVE_LOAD_WORD
#endif

#ifndef ID_AT
#define ID_AT 28  // boot_cpuid_phys
#endif

// The first 0x100 bytes: one branch for the master, and the kernel's own from the second word on, which loaders put
// there so that slaves find at 0 what the kernel has for them.
#if defined(NO_HEAD)
#define KERNEL_HEAD .space 0x5c; b .
#elif defined(SHORT_HEAD)
#define KERNEL_HEAD .incbin "head.bin", 4, 0x7c
#elif defined(SHIFTED_HEAD)
#define KERNEL_HEAD .incbin "head.bin", 8, 0xf8
#elif defined(HEAD_IN_WRONG_ORDER)
#define KERNEL_HEAD .incbin "head.other", 4, 0xfc
#else
#define KERNEL_HEAD .incbin "head.bin", 4, 0xfc
#endif

// What the loader patches.
#define POOL .balign 8; .globl kernel, tree; kernel: .quad 0; .size kernel, 8; tree: .quad 0; .size tree, 8

#define MSR_LE 0x1
#define MSR_DR 0x10
#define MSR_IR 0x20
#define MSR_EE 0x8000
