#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Objects as compiler/inputs loads them, against what GNU ld makes of the same objects at the same addresses.

C and assembly of our own is compiled for both byte orders, both ABIs and each code model. We load the object and say
where each section went; ld gets a script with those addresses and has to come to the same bytes in every section, the
same symbols, the same TOC pointer. ld is told to leave instructions as they are, which it would otherwise improve.
Linked programs (ET_EXEC, and ET_DYN at another address) are compared with what readelf and objcopy say of them.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = None
FOUND_TYPES = set()
AT = 0x4000000

# Two translation units' worth of shapes: calls, static and not; data read, written, zero; pointers in data; a table of
# functions; a switch.
PROGRAM = r"""
typedef unsigned long u64;
static int zeros[300];
int shared[4] = {1, 2, 3, 4};
u64 kernel, counter = 0x1122334455667788;
static const char *const words[] = {"alpha", "bravo", "charlie", "delta"};
const char text[] = "read only";
struct node { struct node *next; int *where; } first, second = {&first, &shared[2]};
static u64 __attribute__((noinline)) leaf(u64 n) { return n * 3 + 1; }
u64 __attribute__((noinline)) work(u64 n) { zeros[n & 255] = shared[n & 3]; counter += n; return leaf(n) + text[n & 7]; }
static u64 __attribute__((noinline)) twice(u64 n) { return work(n) + work(n + 1); }
u64 (*const table[])(u64) = {work, twice, leaf};
u64 _start(u64 n) {
  struct node *at = &second;
  u64 sum = kernel;
  for (; at; at = at->next) sum += (u64)at->where;
  switch (n) {
    case 0: sum += work(n); break;
    case 1: sum += twice(sum); break;
    case 2: sum ^= 5; break;
    case 3: sum -= leaf(n); break;
    case 4: sum = sum << 3; break;
    case 5: sum = counter; break;
  }
  return table[n % 3](sum) + words[n & 3][0] + zeros[n & 127];
}
"""

# Every field that an assembler can ask for, on values that need it. COMMON is what both ABIs take.
FIELDS = r"""
        .section .head,"ax",@progbits
        .globl _start
_start: b       far_code
        bl      .Lhere
.Lhere: mflr    8
        addis   9,8,(table-.Lhere)@ha
        addi    9,9,(table-.Lhere)@l
        beq     .Lnear
        bdnz    far_code
        lis     10,(table-.Lhere)@h
        ori     10,10,(table-.Lhere)@l
.Lnear: lis     3,table@highest
        ori     3,3,table@higher
        rldicr  3,3,32,31
        oris    3,3,table@high
        ori     3,3,table@l
        lis     4,table@highesta
        addi    4,4,table@highera
        lis     5,table@ha
        ld      6,table@l(5)
        lwz     7,table+12@l(5)
        lis     7,table@h
        ld      6,table+8@toc@l(2)
        addis   6,2,table@toc@ha
        addi    6,6,table@toc@l
        std     6,first_toc+8@toc(2)
        stw     6,first_toc+4@toc(2)
        lis     6,table@toc@h
        li      6,small
        ba      0x100
        .section .code.far,"ax",@progbits
        .balign 32
far_code:
        b       _start
        blr
        .data
        .balign 8
table:  .quad   _start
        .quad   far_code+4
        .quad   _start-.
        .long   table
        .long   _start-.
        .short  small
        .byte   1
        .quad   table+3
        .long   far_code
        .globl  kernel
        .balign 8
kernel: .quad   0
        .size   kernel,8
flag:   .long   0
        .size   flag,4
        .set    small,0x123
        .section .toc,"aw"
first_toc:
        .tc     table[TC],table
        .quad   .TOC.@tocbase
        .bss
        .balign 16
stack:  .space  4096
stack_top:
"""
FIELDS_V1 = r"""
        .section .opd,"aw"
        .balign 8
routine: .quad  .routine_code,.TOC.@tocbase,0
        .type   routine,@function
        .text
.routine_code:
        bl      routine
        nop
        blr
"""
FIELDS_V2 = r"""
        .text
        .type   routine,@function
routine:
        addis   2,12,.TOC.-routine@ha
        addi    2,2,.TOC.-routine@l
        .localentry routine,.-routine
        bl      routine
        nop
        beq     routine
        blr
"""
POWER10 = r"""
        .machine power10
        .abiversion 2
        .text
        .globl  _start
_start: pla     3,table@pcrel
        pld     4,table+8@pcrel
        paddi   5,0,table,0
        lxv     0,aligned@toc@l(2)
        lxvp    2,aligned@toc@l(2)
        lq      6,aligned@toc@l(2)
        bl      callee@notoc
        blr
        .type   callee,@function
        .localentry callee,1
callee: blr
        .data
        .balign 16
aligned: .quad  1,2,3,4
table:  .quad   callee
"""

# Improvements to code, and sections made for a dynamic linker: none of them.
LD = ["--no-toc-optimize", "--no-opd-optimize", "--no-toc-sort", "--no-tls-optimize", "--no-multi-toc",
      "--traditional-format", "--no-pcrel-optimize", "--no-warn-rwx-segments", "--no-check-sections", "-z", "norelro"]


def run(*command, fails=False):
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=60)
    if fails != (result.returncode != 0):
        raise AssertionError(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stderr if fails else result.stdout


class Loaded:
    """What the tool prints, and the bytes it wrote."""

    def __init__(self, path, at="-", entry="-", *sets):
        prefix = str(path) + ".piece"
        self.pieces, self.symbols, self.remarks = [], {}, []
        for line in run(TOOL, "load", path, prefix, at if at == "-" else hex(at), entry, *sets).splitlines():
            word, *rest = line.split("\t")
            if word == "piece":
                data = pathlib.Path(f"{prefix}.{len(self.pieces)}").read_bytes()
                self.pieces.append((rest[0], int(rest[1], 16), int(rest[2], 16), rest[3], data))
            elif word == "symbol":
                self.symbols[rest[0]] = (int(rest[1], 16), int(rest[2], 16), int(rest[3], 16), int(rest[4]))
            elif word == "entry":
                self.entry, self.entry_name = int(rest[0], 16), rest[1]
            elif word == "remark":
                self.remarks.append(rest[0])
            else:
                setattr(self, word, rest[0])

    def bytes_of(self, name):
        return next(data for piece, _, _, _, data in self.pieces if piece == name)

    def doubleword(self, address):
        for _, start, size, _, data in self.pieces:
            if start <= address and address + 8 <= start + size:
                held = data[address - start:address - start + 8].ljust(8, b"\0")
                return int.from_bytes(held, self.order)
        raise AssertionError(hex(address))


def sections_of(prefix, elf):
    """Name, address, offset, size, whether it has bytes, of each section with SHF_ALLOC."""
    found = []
    for line in run(prefix + "readelf", "-SW", elf).splitlines():
        if "] ." not in line and "] COMMON" not in line:
            continue
        name, kind, address, offset, size, *rest = line.split("]", 1)[1].split()
        if len(rest) > 1 and "A" in rest[1]:
            found.append((name, int(address, 16), int(offset, 16), int(size, 16), kind != "NOBITS"))
    return found


class ForeignTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="baton-foreign-")
        self.path = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def make(self, prefix, source, kind, *options):
        text, obj = self.path / f"p.{kind}", self.path / "p.o"
        text.write_text(source)
        run(prefix + "gcc", "-c", "-O1", "-ffreestanding", "-fno-pic", "-fno-merge-constants", "-fno-stack-protector",
            *options, "-o", obj, text)
        return obj

    def compare(self, prefix, obj, at, emulation, kept=()):
        """Section for section what ld makes at our addresses. `kept` are relocation types that ld rewrites code for,
        where the object's bytes stay as they are with us."""
        ours = Loaded(obj, at)
        script = "SECTIONS {\n"
        for name, start, _, _, _ in ours.pieces:
            script += f'  "{name}" {start:#x} : {{ *("{name}") }}\n'
        script += "  /DISCARD/ : { *(.got .glink .plt .iplt .branch_lt .note* .comment .gnu.attributes) }\n}\n"
        (self.path / "p.ld").write_text(script)
        elf = self.path / "p.elf"
        run(prefix + "ld", "-m", emulation, *LD, "-e", "0", "-T", self.path / "p.ld", "-o", elf, obj)
        theirs = elf.read_bytes()
        masked = {}
        for line in run(prefix + "readelf", "-rW", obj).splitlines():
            words = line.split()
            if line.startswith("Relocation section"):
                target = line.split("'")[1].removeprefix(".rela")
            if len(words) > 2 and words[2].startswith("R_PPC64"):
                FOUND_TYPES.add(words[2])
                if words[2] in kept:
                    masked.setdefault(target, []).append(int(words[0], 16))
        compared = 0
        named = {name: (address, offset, size, real) for name, address, offset, size, real in sections_of(prefix, elf)}
        for name, start, size, _, data in ours.pieces:
            address, offset, their_size, real = named[name]
            self.assertEqual((start, size), (address, their_size), name)
            expected = bytearray(theirs[offset:offset + size] if real else b"")
            if not real:
                self.assertEqual(data.strip(b"\0"), b"", name)
                continue
            for place in masked.get(name, ()):
                expected[place:place + 8] = data[place:place + 8]
            wrong = [i for i in range(0, size, 4) if bytes(expected[i:i + 4]) != data[i:i + 4]]
            self.assertEqual(wrong, [], "{}: {}".format(name, [(hex(i), expected[i:i + 4].hex(), data[i:i + 4].hex())
                                                               for i in wrong[:4]]))
            compared += size
        self.assertGreater(compared, 64)
        for line in run(prefix + "nm", elf).splitlines():
            value, kind, name = line.split()
            if name in ours.symbols and kind not in "aA":
                self.assertEqual(ours.symbols[name][0], int(value, 16), name)
        return ours

    BIG, LITTLE = ("powerpc64-linux-gnu-", "elf64ppc"), ("powerpc64le-linux-gnu-", "elf64lppc")

    def test_compiled(self):
        for prefix, emulation in (self.BIG, self.LITTLE):
            for abi in ((), ("-mabi=elfv2",)) if prefix == self.BIG[0] else ((),):
                for model in ("small", "medium", "large"):
                    for level in ("-O0", "-O2"):
                        with self.subTest(prefix=prefix, abi=abi, model=model, level=level):
                            obj = self.make(prefix, PROGRAM, "c", *abi, "-mcmodel=" + model, level)
                            ours = self.compare(prefix, obj, AT, emulation, kept=("R_PPC64_ENTRY",))
                            first = prefix == self.BIG[0] and not abi
                            self.assertEqual(ours.abi, "1" if first else "2")
                            self.assertEqual(ours.entry_name, "_start")
                            address, code, _, _ = ours.symbols["_start"]
                            self.assertEqual(ours.entry, code)
                            self.assertEqual(first, address != code)

    def test_prefixed(self):
        for level in ("-O0", "-O2"):
            obj = self.make(self.LITTLE[0], PROGRAM, "c", "-mcpu=power10", "-fvisibility=hidden",
                            "-include", self.hidden(), level)
            self.compare(self.LITTLE[0], obj, AT, self.LITTLE[1])
        for prefix, emulation, more in ((*self.LITTLE, ()), (*self.BIG, ("-mabi=elfv2",))):
            obj = self.make(prefix, POWER10, "s", *more)
            self.compare(prefix, obj, AT, emulation)
            self.assertIn("R_PPC64_REL24_NOTOC", FOUND_TYPES)

    def hidden(self):
        header = self.path / "hidden.h"
        header.write_text("#pragma GCC visibility push(hidden)\n")
        return header

    def test_fields(self):
        for prefix, emulation, more, own in ((*self.BIG, (), FIELDS_V1), (*self.BIG, ("-mabi=elfv2",), FIELDS_V2),
                                             (*self.LITTLE, (), FIELDS_V2)):
            with self.subTest(prefix=prefix, more=more):
                obj = self.make(prefix, FIELDS + own, "s", *more)
                for at in (0x10000, AT, 0x7ff00000):
                    self.compare(prefix, obj, at, emulation)

    def test_own_assembler(self):
        """The same text through LLVM: its object loads to the bytes that ld makes of it, and of the one of GNU as."""
        for (prefix, emulation), order, own in ((self.BIG, "big", FIELDS_V1), (self.LITTLE, "little", FIELDS_V2)):
            text, obj = self.path / "q.s", self.path / "q.o"
            text.write_text('# 1 "stub.S"\n        .machine push\n        .machine "power8"\n' + FIELDS + own +
                            "        .machine pop\n")
            run(TOOL, "assemble", order, text, obj)
            loaded = self.compare(prefix, obj, AT, emulation)
            gnu = self.compare(prefix, self.make(prefix, text.read_text(), "s"), AT, emulation)
            # The sections come in another order, and with the same sizes.
            self.assertEqual({p[0]: p[2] for p in loaded.pieces}, {p[0]: p[2] for p in gnu.pieces})
        text.write_text('# 40 "stub.S" 1\n nop\n lwbogus 3,4\n bogus2 3\n')
        self.assertIn("stub.S, line 41: ", run(TOOL, "assemble", "big", text, obj, fails=True))
        text.write_text('# 7 "stub.S"\n nop\n .quad .text-outside\n')
        self.assertIn("stub.S, line 8: ", run(TOOL, "assemble", "big", text, obj, fails=True))

    def test_patched_symbols(self):
        for (prefix, _), order, own in ((self.BIG, "big", FIELDS_V1), (self.LITTLE, "little", FIELDS_V2)):
            obj = self.make(prefix, FIELDS + own + "\n .data\n.balign 8\n.globl pointer\npointer: .quad outside+8\n", "s")
            self.assertIn("--set outside=0x...", run(TOOL, "load", obj, obj, hex(AT), "-", fails=True))
            ours = Loaded(obj, AT, "far_code", "outside=0x1234567890", "kernel=stack_top-16", "flag=0xffffffff",
                          "table=bytes:0011223344556677")
            data = ours.bytes_of(".data")
            at = {name: ours.symbols[name][0] - ours.symbols["table"][0] for name in ("kernel", "flag", "pointer")}
            self.assertEqual(data[:8].hex(), "0011223344556677")
            self.assertEqual(int.from_bytes(data[at["kernel"]:at["kernel"] + 8], order), ours.symbols["stack_top"][0] - 16)
            self.assertEqual(data[at["flag"]:at["flag"] + 4], b"\xff" * 4)
            self.assertEqual(int.from_bytes(data[at["pointer"]:at["pointer"] + 8], order), 0x1234567898)
            self.assertEqual(ours.entry, ours.symbols["far_code"][0])
            for bad, why in (("flag=0x100000000", "has more"), ("nowhere=1", "no symbol `nowhere`"), ("small=1", "number")):
                self.assertIn(why, run(TOOL, "load", obj, obj, hex(AT), "-", "outside=0", bad, fails=True))

    def test_linked(self):
        """A program at its own address, and one of ET_DYN moved, with the pointers in it moved as well."""
        for prefix, emulation in (self.BIG, self.LITTLE):
            obj = self.make(prefix, PROGRAM, "c", "-fPIE")
            fixed, moving = self.path / "fixed", self.path / "moving"
            run(prefix + "ld", "-m", emulation, "-Ttext=0x20000", "--no-warn-rwx-segments", "-o", fixed, obj)
            run(prefix + "ld", "-m", emulation, "-pie", "--no-dynamic-linker", "-Bsymbolic", "-o", moving, obj)
            ours, flat = Loaded(fixed), fixed.read_bytes()
            entry = next(line for line in run(prefix + "nm", fixed).splitlines() if line.endswith(" _start"))
            self.assertEqual(ours.symbols["_start"][0], int(entry.split()[0], 16))
            self.assertEqual(ours.entry_name, "_start")
            for name, address, offset, size, real in sections_of(prefix, fixed):
                piece = next(p for p in ours.pieces if p[1] <= address and address + size <= p[1] + p[2])
                held = piece[4][address - piece[1]:address - piece[1] + size]
                self.assertEqual(held.strip(b"\0") if not real else held, flat[offset:offset + size] if real else b"", name)
            low, high = Loaded(moving, 0), Loaded(moving, 0x123450000)
            for name in ("table", "second", "words"):
                a, b = low.symbols.get(name), high.symbols.get(name)
                if a is None:
                    continue
                self.assertEqual(b[0] - a[0], 0x123450000)
                step = high.doubleword(b[0] + 8) - low.doubleword(a[0] + 8)
                self.assertEqual(step, 0x123450000, name)
            self.assertEqual(high.entry - low.entry, 0x123450000)
            self.assertEqual(high.entry, high.symbols["_start"][1])

    def test_types_seen(self):
        """The last test: that the others met what stubs are made with."""
        half = ["", "_LO", "_HI", "_HA"]
        names = ["ADDR64", "ADDR32", "REL24", "REL24_NOTOC", "REL14", "REL32", "REL64", "TOC", "PCREL34", "D34", "ENTRY",
                 "ADDR16_HIGHER", "ADDR16_HIGHERA", "ADDR16_HIGHEST", "ADDR16_HIGHESTA", "ADDR16_HIGH",
                 "ADDR16_LO_DS", "TOC16_DS", "TOC16_LO_DS", *("TOC16" + h for h in half),
                 *("REL16" + h for h in half[1:]), *("ADDR16" + h for h in half[1:])]
        self.assertEqual([n for n in names if "R_PPC64_" + n not in FOUND_TYPES], [])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    arguments, rest = parser.parse_known_args()
    TOOL = arguments.tool
    unittest.main(argv=[sys.argv[0], *rest])
