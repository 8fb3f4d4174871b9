# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which variants of the stubs here are there, and what is the answer to each?

A row is a name, what is defined when it is compiled (words), the answer, and of a wrong one the clause (a part of it) and
the reason (a part of it). `both` makes a case for each byte order of the giver, which is also the stub's; without it the
stub is big-endian. What is in `only` is given to every case of a table.
"""
from dataclasses import dataclass, field


@dataclass
class Shape:
    sources: list
    sets: dict


@dataclass
class Case:
    shape: str
    name: str
    defines: list = field(default_factory=list)
    outcome: str = "right"
    clause: str = ""
    reason: str = ""
    order: str = "big"
    kernel: str = ""
    handoff: str = ""
    sets: dict = field(default_factory=dict)
    flags: list = field(default_factory=list)
    link: list = field(default_factory=list)
    options: list = field(default_factory=list)


POINTERS = {"kernel": "kernel", "tree": "tree"}
SHAPES = {
    "literal_pool": Shape(["literal_pool.S"], POINTERS),
    "compiled": Shape(["compiled.S", "compiled.c"], {**POINTERS, "again": "kernel", "tree_again": "tree", "hash": "tree"}),
    "moving": Shape(["moving.S"], {**POINTERS, "backup_start": "backup", "run_at_load": "1"}),
    "delay": Shape(["delay.S"], POINTERS),
    "relay": Shape(["relay.S"], POINTERS),
}
CASES = []

ENTER, ID = "enter image.entry", "tree.boot_cpuid_phys = master.physical_id"
R3, R4, R5 = "r3 = tree.address", "r4 in { image.base, 0 }", "r5 = 0"
FRAME, HEAD, SPIN = "nothing else is written", "bytes 0x60 +: 0xa0", "bytes 0x8 +: 0x54"
FLAG, BACKUP = "named run_at_load", "copy 0x0 +: backup.size to backup.start"
FETCHED, PREFETCHED = "code that was stored is fetched as stored", "what was prefetched before it is let go is dropped"


def add(shape, handoff, name, defines="", outcome="right", clause="", reason="", orders=("big",), **more):
    for order in orders:
        case = Case(shape, f"{shape}.{name}" + (f".{order}" if len(orders) > 1 else ""), defines.split(), outcome, clause, reason, order,
                    **more)
        case.kernel = case.kernel or order
        case.handoff = case.handoff or handoff.format(order=order)
        CASES.append(case)


BOTH = ("big", "little")
WRONG, OPEN, REFUSED = "refuted", "unknown", "not loaded"


def literal_pool(name, defines="", outcome="right", clause="", reason="", orders=("big",), handoff="{order}", **more):
    add("literal_pool", handoff, name, defines, outcome, clause, reason, orders, **more)


literal_pool("right", orders=BOTH)
literal_pool("right-for-the-other-kernel", orders=("big",), kernel="little")
literal_pool("right-for-the-other-kernel-little", orders=("little",), kernel="big")
literal_pool("right-alone", orders=BOTH, handoff="single_{order}")
literal_pool("right-old", orders=BOTH, handoff="old_{order}", kernel="big")
# Who boots: lost, elsewhere, too wide, too narrow, in the wrong order, somebody else.
literal_pool("id-lost", "ID_LOST", WRONG, ID, "", BOTH)
# Where there is one CPU, the tree that the handoff writes names it already.
literal_pool("id-lost-alone", "ID_LOST", handoff="single_big")
literal_pool("id-in-last-comp-version", "ID_AT=24", WRONG, ID, "", BOTH)
literal_pool("id-in-size-of-strings", "ID_AT=32", WRONG, ID, "", BOTH)
literal_pool("id-unaligned", "ID_AT=29", WRONG, ID, "", BOTH)
literal_pool("id-wide", "ID_WIDE", WRONG, ID, "")
literal_pool("id-wide-frame", "ID_WIDE ID_AT=24", WRONG, FRAME, "is written")
literal_pool("id-half", "ID_HALF", WRONG, ID, "", BOTH)
literal_pool("id-in-wrong-order", "TREE_IN_WRONG_ORDER", WRONG, ID, "", BOTH)
literal_pool("id-from-entry", "ID_FROM_ENTRY", WRONG, ID, "0x4000000", BOTH)
literal_pool("id-after-tree", "ID_AFTER_TREE", WRONG, ID, "0x6000000", BOTH)
literal_pool("id-in-kernel", "ID_IN_KERNEL", WRONG, FRAME, "in `kernel`", BOTH)
# Registers.
literal_pool("swapped", "SWAPPED_POINTERS", WRONG, ENTER, "", BOTH)
literal_pool("pointer-of-a-word", "POINTER_OF_A_WORD", WRONG, R3, "r3 = 0x0")
literal_pool("pointer-in-wrong-order", "POINTER_IN_WRONG_ORDER", WRONG, R3, "", BOTH)
literal_pool("pool-off-by-four", "POOL_OFF_BY_FOUR", WRONG, R3, "", BOTH)
literal_pool("absolute", "ABSOLUTE_ADDRESSES", WRONG, ENTER, "loads 8 bytes at 0x3fff150, which nobody described", BOTH)
literal_pool("open-firmware", "OPEN_FIRMWARE", WRONG, R5, "r5 = 0x4000104", BOTH)
literal_pool("base-plus", "BASE_PLUS=4", WRONG, R4, "r4 = 0x2000004", BOTH)
literal_pool("entry-plus-4", "KERNEL_PLUS=4", WRONG, ENTER, "not to", BOTH)
literal_pool("entry-plus-256", "KERNEL_PLUS=0x100", WRONG, ENTER, "not to", BOTH)
literal_pool("not-patched-kernel", "", WRONG, ENTER, "", BOTH, sets={"kernel": None})
literal_pool("not-patched-tree", "", WRONG, R3, "r3 = 0x0", BOTH, sets={"tree": None})
literal_pool("patched-with-size", "", WRONG, R3, "r3 = 0x6000100", BOTH, sets={"tree": "tree+0x100"})
# The machine state.
literal_pool("stays-little", "STAYS_LITTLE", WRONG, "msr LE = 0", "(LE)", ("little",), handoff="old_little", kernel="big")
literal_pool("enables-interrupts", "MSR_SETS=MSR_EE", WRONG, "msr EE = 0", "(EE)", BOTH)
literal_pool("translates", "MSR_SETS=(MSR_IR|MSR_DR)", WRONG, "msr IR = 0", "(IR)", BOTH)
literal_pool("translates-data", "MSR_SETS=MSR_DR", WRONG, "msr DR = 0", "(DR)", BOTH)
literal_pool("problem-state", "MSR_SETS=0x4000", WRONG, "msr PR = 0", "(PR)", BOTH)
literal_pool("narrow", "MSR_NARROW", WRONG, "msr SF = 1", "(SF)", BOTH)
literal_pool("floating-point-off", "MSR_CLEARS=0x2001", WRONG, "every other msr field is left as it was", "(FP)", BOTH)
literal_pool("srrs-swapped", "SRRS_SWAPPED", WRONG, ENTER, "srr0, whose value is not known", BOTH)
literal_pool("no-srr1", "NO_SRR1", WRONG, "msr SF = 1", "(SF)", BOTH)
literal_pool("hypervisors-return", "HYPERVISORS_RETURN", WRONG, ENTER, "", BOTH)
literal_pool("to-tree", "TO_TREE", WRONG, ENTER, "in `tree`", BOTH)
literal_pool("no-way-out", "NO_WAY_OUT", WRONG, ENTER, "as long as nobody else stores to 0x4000148: no slave that comes does", BOTH)
# The stack is the giver's, and nobody says how much there is.
literal_pool("givers-stack", "ON_THE_GIVERS_STACK", WRONG, FRAME, "at an address that is not known", BOTH)
# What slaves find at 0.
literal_pool("no-head", "NO_HEAD", WRONG, HEAD, "not certainly", BOTH)
literal_pool("no-head-alone", "NO_HEAD", handoff="single_big")
literal_pool("short-head", "SHORT_HEAD", WRONG, HEAD, "not certainly", BOTH)
literal_pool("shifted-head", "SHIFTED_HEAD", WRONG, HEAD, "not certainly", BOTH)
literal_pool("head-in-wrong-order", "HEAD_IN_WRONG_ORDER", WRONG, HEAD, "not certainly", BOTH)
literal_pool("whole-head", "WHOLE_HEAD", WRONG, ENTER, "", BOTH)


def delay(name, defines="", outcome="right", clause="", reason="", orders=("big",), handoff="{order}", **more):
    add("delay", handoff, name, defines, outcome, clause, reason, orders, **more)


delay("right", orders=BOTH)
delay("right-alone", orders=BOTH, handoff="single_{order}")
delay("right-same-head-again", "SECOND_HEAD=0x100 SECOND_HEAD_FROM=%r4", orders=BOTH)
delay("right-for-long", "DELAY=0x7000", orders=BOTH)
CLEARED = ["--scratch", "0x10000000+0x4000000"]
delay("right-clears", "CLEARED_UP_TO=0x14000000", orders=BOTH, options=CLEARED)
delay("clears-too-much", "CLEARED_UP_TO=0x15000000", WRONG, FRAME, "the byte at 0x14000000", BOTH, options=CLEARED)
delay("no-count", "DELAY_WITHOUT_A_COUNT", WRONG, ENTER, "counts CTR down, whose value is not known", BOTH)
delay("count-of-none", "DELAY_OF_NONE", WRONG, ENTER, "goes around 0xffffffffffffffff times more", BOTH)
delay("for-ever", "DELAY_FOR_EVER", WRONG, ENTER, "", BOTH)
delay("id-counted", "ID_IN_COUNTED_REGISTER", WRONG, ID, "= 0x10000", BOTH)
delay("id-in-wrong-order", "TREE_IN_WRONG_ORDER", WRONG, ID, "", BOTH)
delay("id-elsewhere", "ID_AT=24", WRONG, ID, "", BOTH)
delay("version-above-17", "VERSION_ABOVE=18", WRONG, ID, "", BOTH)
delay("no-tree", "NO_TREE", WRONG, R3, "", BOTH)
delay("left-in-link", "LEFT_IN_LINK", WRONG, ENTER, "", BOTH)
delay("no-target", "MISSING_CTR", WRONG, ENTER, "", BOTH)
delay("slaves-lost", "NO_HEAD", WRONG, HEAD, "not certainly", BOTH)
delay("head-in-wrong-order", "HEAD_IN_WRONG_ORDER", WRONG, HEAD, "not certainly", BOTH)
delay("head-of-the-tree", "SECOND_HEAD=0x100 SECOND_HEAD_FROM=%r18", WRONG, HEAD, "not certainly", BOTH)
delay("head-of-the-tree-frame", "SECOND_HEAD=0x108 SECOND_HEAD_FROM=%r18", WRONG, FRAME, "the byte at 0x100", BOTH)
delay("flag-other-order", "FLAG=0x01000000", WRONG, FLAG, "0x1000000", BOTH)
delay("flag-other-kernel", "FLAG=1", WRONG, FLAG, "0x1000000", kernel="little")
delay("flag-wide", "FLAG=1 FLAG_WIDE", WRONG, FRAME, "in `kernel`", BOTH)
delay("flag-of-the-low-copy", "FLAG=1 FLAG_IN_LOW_COPY", WRONG, ENTER, "", BOTH)
delay("flag-two", "FLAG=2", WRONG, FLAG, "is written there", BOTH)
delay("flag-run0", "FLAG=0x72756e30", orders=BOTH)
delay("stays", "FLAG=1", orders=BOTH)


def moving(name, defines="", outcome="right", clause="", reason="", orders=BOTH, handoff="crash_{order}", **more):
    add("moving", handoff, name, defines, outcome, clause, reason, orders, **more)


moving("right")
moving("no-backup", "NO_BACKUP", WRONG, BACKUP, "")
moving("backup-short", "BACKUP_SIZE=0xfff8", WRONG, BACKUP, "0x2200fff8")
moving("backup-of-a-page", "BACKUP_SIZE=0x1000", WRONG, BACKUP, "0x22001000")
moving("backup-long", "ONE_TURN_MORE", WRONG, FRAME, "0x22010000")
moving("backup-elsewhere", "BACKUP_PLUS=8", WRONG, BACKUP, "")
moving("backup-behind", "BACKUP_PLUS=0x10000-0x8000-0x8000+0x7ff8", WRONG, FRAME, "")
moving("backup-from-elsewhere", "FROM=0x100", WRONG, BACKUP, "")
moving("backup-with-gaps", "STEP=16", WRONG, BACKUP, "0x22000008")
moving("backup-by-words", "BY_WORDS", WRONG, BACKUP, "")
moving("backup-of-one-place", "SAME_SOURCE", WRONG, BACKUP, "")
moving("backup-reversed", "BACKUP_REVERSED", WRONG, BACKUP, "")
moving("backup-endless", "ENDLESS", WRONG, FRAME, "0x22010000")
moving("backup-not-patched", "", WRONG, BACKUP, "", sets={"backup_start": None})
moving("backup-into-kernel", "", WRONG, BACKUP, "", sets={"backup_start": "kernel"})
moving("spoils-what-is-kept", "SPOILED_BEFORE", WRONG, FRAME, "0x200")
moving("place-lost", "LINK_LOST", WRONG, ENTER, "loads from 0xffffffffffffff50")
moving("boot-cpu-zero", "BOOT_CPU_ZERO", WRONG, ID, "0x0")
moving("id-in-wrong-order", "TREE_IN_WRONG_ORDER", WRONG, ID, "")
moving("open-firmware", "OPEN_FIRMWARE", WRONG, R5, "r5 = 0x1")
moving("forks-the-wrong-way", "FORKS_THE_WRONG_WAY TRANSLATION_ON", WRONG, "msr IR = 0", "(IR)", orders=("big",))
moving("translates", "TRANSLATION_ON", WRONG, "msr IR = 0", "(IR)", orders=("little",))
moving("flag-in-wrong-order", "FLAG_IN_WRONG_ORDER", WRONG, FLAG, "0x1000000")
moving("flag-wide", "FLAG_WIDE", WRONG, FRAME, "in `kernel`")
moving("flag-read-wide", "FLAG_READ_WIDE", WRONG, FLAG, "is written there, which is not 0x1", orders=("big",))
moving("right-flag-read-wide", "FLAG_READ_WIDE", orders=("little",))
moving("flag-cleared", "FLAG_CLEARED", WRONG, FLAG, "0x0 is written there")
moving("flag-one-word-on", "FLAG_AT=0x60", WRONG, FRAME, "in `kernel`")


def compiled(name, defines="", outcome="right", clause="", reason="", orders=BOTH, handoff="{order}", **more):
    add("compiled", handoff, name, defines, outcome, clause, reason, orders, **more)


BACKED_UP = {"backup_start": "backup"}
compiled("right")
compiled("right-linked", link=["-N", "-Ttext=0x4000000", "-e", "_start", "--no-warn-rwx-segments"])
compiled("right-with-backup", "BACKUP", handoff="crash_{order}", sets=BACKED_UP)
compiled("right-not-optimized", flags=["-O0"])
compiled("right-small", flags=["-mcmodel=small"])
compiled("right-large", flags=["-mcmodel=large"])
compiled("right-pic", flags=["-fPIC"])
compiled("id-in-scratch", "ID_IN_SCRATCH", WRONG, ID, "")
compiled("id-in-wrong-order", "TREE_IN_WRONG_ORDER", WRONG, ID, "")
compiled("tree-in-wrong-hash", "", WRONG, ENTER, "", sets={"hash": "0x1234"})
compiled("other-tree", "HASHED=23ul", WRONG, ENTER, "", sets={})
compiled("frame", "DIGEST_AFTER_STORE", WRONG, FRAME, "in `tree`")
compiled("no-backup", "", WRONG, BACKUP, "", handoff="crash_{order}", sets=BACKED_UP)
compiled("backup-short", "BACKUP BACKUP_SIZE=0xffff", WRONG, BACKUP, "0x2200ffff", handoff="crash_{order}", sets=BACKED_UP)
compiled("backup-long", "BACKUP BACKUP_SIZE=0x10001", WRONG, FRAME, "0x22010000", handoff="crash_{order}", sets=BACKED_UP)
compiled("backup-not-patched", "BACKUP", WRONG, BACKUP, "", handoff="crash_{order}", sets={})
compiled("givers-stack", "GIVERS_STACK", WRONG, FRAME, "at an address that is not known")
compiled("stack-in-tree", "STACK_IN_TREE", WRONG, FRAME, "")
compiled("stack-below", "STACK_BELOW", WRONG, FRAME, "in no segment")
compiled("stack-too-small", "DEEP_STACK STACK_OF=0x1000", WRONG, ENTER, "")
compiled("no-toc", "NO_TOC", WRONG, ENTER, "at an address that is not known")
compiled("toc-misplaced", "TOC_OFF=0x100", WRONG, ENTER, "", orders=("big",))
# What is taken for an address then is the half of one, or a hash: no memory of the guest.
compiled("toc-misaligned", "TOC_OFF=4", WRONG, ENTER, "loads from 0x600000000000000, which no CPU of this guest reaches", orders=("big",))
compiled("toc-one-entry-on", "TOC_OFF=8", WRONG, ENTER, "loads from 0xdb84caaa, which no CPU of this guest reaches", orders=("big",))
# Of the first ABI that is the descriptor, which is no code; of the second, r2 comes from r12, and what is found by it is the
# giver's own memory, of which nobody promises that it holds the right pointer.
compiled("global-entry", "GLOBAL_ENTRY", WRONG, ENTER, "execution goes to", orders=("big",))
compiled("global-entry-little", "GLOBAL_ENTRY", WRONG, ENTER, "loads 8 bytes at 0x1074, which nobody described", orders=("little",))
compiled("protected", "PROTECTED", REFUSED, "__stack_chk_fail", flags=["-fstack-protector-all"])
compiled("for-size", "", REFUSED, "_restgpr0_", flags=["-Os"])
compiled("missing-callee", "MISSING_CALLEE", REFUSED, "print")
compiled("slaves-lost", "NO_HEAD", WRONG, HEAD, "not certainly")
compiled("head-in-wrong-order", "HEAD_IN_WRONG_ORDER", WRONG, HEAD, "not certainly")


def relay(name, defines="", outcome="right", clause="", reason="", handoff="low_big", **more):
    words = defines.split() + ([] if "FLUSH_STEP" in defines else ["FLUSH_STEP=64"])
    add("relay", handoff, name, " ".join(words), outcome, clause, reason, **more)


relay("flush-by-128", "FLUSH_STEP=128", WRONG, FETCHED, "")
relay("no-dcbst", "NO_DCBST", WRONG, FETCHED, "`dcbst`")
relay("no-sync", "NO_FIRST_SYNC", WRONG, FETCHED, "")
relay("no-icbi", "NO_ICBI", WRONG, FETCHED, "`icbi`")
relay("id-lost", "ID_AT=24", WRONG, ID, "")
MEET = "slaves that come early, late or never"
FOR_EVER = "for ever, whatever the others do"
relay("right")
relay("right-by-32", "FLUSH_STEP=32")
relay("right-any-word", "PEN_ANY")
relay("right-other-word", "FLAG_OF_OTHERS PEN_ANY")
# Who leaves the pen early comes back to it by the one branch; what was flushed in the first round needs no sync after the second.
relay("right-word-first", "FLAG_FIRST")
relay("right-without-the-last-sync", "NO_SECOND_SYNC")
relay("right-without-the-masters-isync", "NO_ISYNC")
# As a spin table: the word is where they go.
relay("right-by-address", "PEN_BY_ADDRESS=0x60")
relay("by-a-wrong-address", "PEN_BY_ADDRESS=0x64", WRONG, MEET, "at 0x88 the word 0 is executed")
relay("by-an-address-elsewhere", "PEN_BY_ADDRESS=0x1000", WRONG, MEET, "execution goes to 0x1000, not to 0x60")
# By code that is copied elsewhere for them.
SCRATCH = ["--scratch", "0x100+0x40"]
relay("right-by-scratch", "PEN_BY_ADDRESS=0x100 HOP_BY_SCRATCH", options=SCRATCH)
relay("by-scratch-not-flushed", "PEN_BY_ADDRESS=0x100 HOP_BY_SCRATCH HOP_NOT_FLUSHED", WRONG, MEET, "it executes at 0x100 what was there at entry", options=SCRATCH)
relay("by-scratch-that-is-none", "PEN_BY_ADDRESS=0x100 HOP_BY_SCRATCH", WRONG, MEET, "execution goes to 0x100")
relay("head-short", "HEAD_ENDS_AT=0x80", WRONG, HEAD, "the byte at 0x8")
relay("head-spoiled", "HEAD_AGAIN", WRONG, HEAD, "the byte at 0x80")
relay("landing-in-turn", "LANDING_IN_TURN", WRONG, MEET, "which is the taker's code")
relay("past-the-landing", "PEN_TO_KERNEL", WRONG, MEET, "execution goes to 0x2000060 in `kernel`, not to 0x60")
relay("id-of-the-slave-lost", "PEN_CLOBBERS", WRONG, "a slave, let go: linux.bootblock@2: r3 = cpu.physical_id", "r3 = 0x1c00000")
relay("pen-without-isync", "PEN_WITHOUT_ISYNC", WRONG, PREFETCHED, "is missing after the branch")
relay("never-let-go", "FLAG_NEVER", WRONG, MEET, FOR_EVER)
relay("let-go-by-another-word", "FLAG_OF_OTHERS", WRONG, MEET, "as the master leaves it")
relay("let-go-by-the-opposite", "PEN_LETS_GO", WRONG, MEET, "as the master leaves it")
relay("no-landing", "NO_LANDING", WRONG, MEET, "an illegal instruction")
relay("landing-loops", "LANDING_LOOPS", WRONG, MEET, FOR_EVER)
relay("one-word-past-the-landing", "PEN_TO_ANOTHER", WRONG, MEET, "at 0x88 the word 0 is executed")
