#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A crash handoff on random machines, against a map of pages, readelf and the kernel's way to read its memory.

Each machine has memory nodes of several pairs and, half of them, logical blocks of all kinds in either form of the
property; cells of 1 and 2, a memory limit and CMA ranges, each on some. What the core header describes is read back
by readelf, and must be that machine's memory, page by page. What the capture kernel would take for its own is read
from its tree as Linux does it (arch/powerpc/kernel/prom.c: early_init_dt_scan_memory, early_init_drmem_lmb), every
record for the block that it belongs to.

Example: kdump_test.py --baton build/release/bin/baton --golden tests/golden --machines 40
"""
import argparse
import json
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # the source folder stays as it is
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(1, str(ROOT / "tests" / "golden"))
import json_schema  # noqa: E402

BATON, GOLDEN, MACHINES = None, None, 40
PROOF_SCHEMA = json.loads((ROOT / "compiler/verify/proof.schema.json").read_text())
SCHEMA = json.loads((ROOT / "compiler/emit/segment-table.schema.json").read_text())
PAGE, MIB = 64 << 10, 1 << 20
LOW = 64 << 10
ASSIGNED, RESERVED, REMOVABLE = 0x8, 0x80, 0x100

PROGRAM = """language 1;
use "linux/kdump.baton";
machine crashing from dtb "facts.dtb" {}
handoff capture extends linux.kdump_kernel@2020 on crashing {
  override param kernel_file : path = "vmlinux";
  segment core { ROOM }
}
"""


def run(*command):
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=60, check=False)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


def pages(ranges):
    """The numbers of the pages of (begin, end) ranges."""
    return {page for begin, end in ranges for page in range(begin // PAGE, end // PAGE)}


def merged(numbers):
    """(begin, end) of a set of pages, ascending."""
    found = []
    for page in sorted(numbers):
        if found and found[-1][1] == page * PAGE:
            found[-1][1] += PAGE
        else:
            found.append([page * PAGE, (page + 1) * PAGE])
    return [tuple(pair) for pair in found]


class Block:
    def __init__(self, base, flags):
        self.base, self.flags = base, flags

    @property
    def is_used(self):
        return self.flags & ASSIGNED and not self.flags & RESERVED


class Machine:
    """Memory in steps of 1 MiB, the reservation in its first bank; what is known about it is known from here."""

    def __init__(self, seed):
        chance = self.chance = random.Random(seed)
        self.order = chance.choice(["big", "little"])
        first = chance.randrange(512, 1024) * MIB
        self.nodes = [[(0, first)]]
        top = first
        for _ in range(chance.randrange(3)):
            pairs = []
            for _ in range(chance.randrange(1, 4)):
                top += chance.choice([0, chance.randrange(1, 64) * MIB])
                size = chance.randrange(1, 128) * MIB
                pairs.append((top, top + size))
                top += size
            self.nodes.append(pairs)
        self.block, self.blocks, self.second_form = 16 * MIB, [], chance.random() < 0.5
        if chance.random() < 0.6:
            # Firmware marks the blocks of the first bank as reserved: they stand in its node.
            self.blocks = [Block(base, ASSIGNED | RESERVED) for base in range(0, first - self.block + 1, self.block)][:4]
            base = -(-top // self.block) * self.block
            for _ in range(chance.randrange(1, 30)):
                base += self.block * chance.choice([1, 1, 1, 2, 5])
                flags = chance.choice([ASSIGNED, ASSIGNED, ASSIGNED, ASSIGNED | REMOVABLE, 0, RESERVED, ASSIGNED | RESERVED])
                self.blocks.append(Block(base, flags))
        self.crash = self.range_in(128, 192, 256)
        # QEMU has it at the end of the real mode area, PowerVM anywhere: in the reservation, too.
        self.rtas = chance.choice([(first - MIB, first), (self.crash[1] - MIB, self.crash[1]), (self.crash[0], self.crash[0] + MIB)])
        self.notes = [(chance.randrange(33, 120) * MIB + 0x158 * cpu, 0x158) for cpu in range(chance.randrange(1, 5))]
        self.vmcoreinfo = (chance.randrange(33, 120) * MIB + 0x8000, 0x10024)
        used = [(block.base, block.base + self.block) for block in self.blocks if block.is_used]
        self.ram = self.there = pages([pair for node in self.nodes for pair in node] + used)
        # One cell is enough below 4 GiB; addresses and sizes each have theirs.
        self.cells = chance.choice([(2, 2), (2, 2), (1, 1), (2, 1), (1, 2)])
        if max(self.ram) * PAGE >= 4 << 30:
            self.cells = (2, 2)
        # `mem=`, never below what must be there; the kernel counts bytes.
        self.limit = chance.choice([0, 0, 0, first + chance.randrange(1, 256) * MIB])
        if self.limit:
            self.ram = set(sorted(self.ram)[:self.limit // PAGE])
        # Memory in use that the capture kernel gets besides, wherever the kernel found it: once below the reservation, too.
        self.cma = []
        if chance.random() < 0.5:
            self.cma = [(33 * MIB, 40 * MIB)] * chance.randrange(2) + [(first - 48 * MIB, first - 40 * MIB)]

    def range_in(self, low, least, most):
        begin = self.chance.randrange(low, 200) * MIB
        return begin, begin + self.chance.randrange(least, most) * MIB

    def source(self):
        def cells(*numbers):
            return " ".join(f"0x{number >> 32:x} 0x{number & 0xffffffff:x}" for number in numbers)

        def reg(pairs):
            return " ".join(cells(number) if width == 2 else f"0x{number:x}"
                            for begin, end in pairs for number, width in zip((begin, end - begin), self.cells))

        text = f"/dts-v1/;\n/ {{ #address-cells = <{self.cells[0]}>; #size-cells = <{self.cells[1]}>;\n"
        for pairs in self.nodes:
            text += f'memory@{pairs[0][0]:x} {{ device_type = "memory"; reg = <{reg(pairs)}>; linux,usable-memory = <0 1 0 1>; }};\n'
        text += 'cpus { #address-cells = <1>; #size-cells = <0>;\n'
        text += "".join(f'cpu@{cpu} {{ device_type = "cpu"; reg = <{cpu}>; }};\n' for cpu in range(len(self.notes)))
        text += "};\n" + f"rtas {{ linux,rtas-base = <0x{self.rtas[0]:x}>; rtas-size = <0x{MIB:x}>; }};\n"
        if self.blocks:
            text += f"ibm,dynamic-reconfiguration-memory {{ ibm,lmb-size = <{cells(self.block)}>; {self.block_property()} }};\n"
        text += (f"chosen {{ linux,kernel-end = <{cells(32 * MIB)}>; linux,crashkernel-base = <{cells(self.crash[0])}>; "
                 f"linux,crashkernel-size = <{cells(self.crash[1] - self.crash[0])}>; linux,memory-limit = <{cells(self.limit)}>; }};\n")
        lines = "".join(f"{begin:08x}-{end - 1:08x}\\n" for begin, end in self.cma)
        shared = f'crash-cma-ranges = "{lines}"; ' if lines else ""
        text += (f"baton,facts {{ page-size = <0x10000>; {shared}crash-notes = <{cells(*(n for note in self.notes for n in note))}>; "
                 f"vmcoreinfo = <{cells(*self.vmcoreinfo)}>; }};\n}};\n")
        return text

    def address(self, number):
        return struct.pack(">Q" if self.cells[0] == 2 else ">I", number)

    def block_property(self):
        if not self.second_form:
            entries = b"".join(self.address(block.base) + struct.pack(">IIII", i, 0, 0, block.flags) for i, block in enumerate(self.blocks))
            return f"ibm,dynamic-memory = [{(struct.pack('>I', len(self.blocks)) + entries).hex()}];"
        runs = []
        for block in self.blocks:
            last = runs[-1] if runs else None
            if last and last[1] + last[0] * self.block == block.base and last[2] == block.flags:
                last[0] += 1
            else:
                runs.append([1, block.base, block.flags])
        entries = b"".join(struct.pack(">I", count) + self.address(base) + struct.pack(">III", 0, 0, flags) for count, base, flags in runs)
        return f"ibm,dynamic-memory-v2 = [{(struct.pack('>I', len(runs)) + entries).hex()}];"


def words_of(blob, node, name):
    """The cells of a property; None without it."""
    answer = subprocess.run(["fdtget", "-t", "x", blob, node, name], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        return None
    return [int(cell, 16) for cell in answer.stdout.split()]


class Cells:
    """Takes numbers of so many cells from the front of a property, as dt_mem_next_cell does."""

    def __init__(self, words, widths):
        self.words, self.widths = list(words), widths

    def __bool__(self):
        return bool(self.words)

    def _take(self, width):
        number = 0
        for _ in range(width):
            number = number << 32 | self.words.pop(0)
        return number

    def address(self):
        return self._take(self.widths[0])

    def size(self):
        return self._take(self.widths[1])


class KdumpTest(unittest.TestCase):
    def built(self, folder, machine, room=""):
        (folder / "capture.baton").write_text(PROGRAM.replace("ROOM", room))
        (folder / "facts.dts").write_text(machine.source())
        run("dtc", "-q", "-O", "dtb", "-o", folder / "facts.dtb", folder / "facts.dts")
        (folder / "elf.txt").write_text(f"elf order={machine.order} entry=0x0\nload 0x0 size=0x1000 memsz=0x20000\nkernel-head 0x0\n")
        run(sys.executable, "-B", GOLDEN / "make_elf.py", folder / "elf.txt", "-o", folder / "vmlinux")
        run(BATON, "build", folder / "capture.baton", "-o", folder / "out")
        table = json.loads((folder / "out/capture.json").read_text())
        self.assertEqual(list(json_schema.check(table, SCHEMA)), [])
        proof = json.loads((folder / "out/capture.proof.json").read_text())
        self.assertEqual(list(json_schema.check(proof, PROOF_SCHEMA)), [])
        self.assertEqual({b["name"]: b["sha256"] for b in proof["bytes"]},
                         {s["name"]: s["sha256"] for s in table["segments"] if int(s["bufsz"], 16)})
        outcomes = [o["outcome"] for giver in proof["givers"] for o in giver["obligations"]]
        self.assertEqual(proof["count"], {kind: outcomes.count(kind) for kind in ("proved", "assumed", "unknown", "refuted")})
        self.assertEqual(proof["count"]["unknown"], 0)
        return {s["name"]: {key: int(s[key], 16) for key in ("start", "size", "bufsz", "memsz")} for s in table["segments"]}

    def check_core(self, machine, folder, segments):
        path = folder / "out/capture.elfcorehdr"
        header = run("powerpc64-linux-gnu-readelf", "-hW", path)
        self.assertRegex(header, rf"Data: +2's complement, {machine.order} endian")
        self.assertRegex(header, r"Type: +CORE")
        self.assertRegex(header, r"Machine: +PowerPC64")
        rows = re.findall(r"^ +(NOTE|LOAD) +(0x\w+) (0x\w+) (0x\w+) (0x\w+) (0x\w+) (R?W?E?|RWE) ",
                          run("powerpc64-linux-gnu-readelf", "-lW", path), re.M)
        rows = [(kind, *(int(n, 16) for n in (offset, virtual, physical, filesz, memsz))) for kind, offset, virtual, physical, filesz, memsz, _ in rows]
        notes = [(offset, filesz) for kind, offset, _, physical, filesz, memsz in rows if kind == "NOTE" and physical == offset and memsz == filesz]
        self.assertEqual(notes, [*machine.notes, machine.vmcoreinfo])
        loads = [row[1:] for row in rows if row[0] == "LOAD"]
        self.assertEqual(segments["core"]["bufsz"], 64 + 56 * len(rows))
        for offset, virtual, physical, filesz, memsz in loads:
            self.assertEqual(memsz, filesz)
            self.assertEqual(virtual, 0xC000000000000000 + physical)
            self.assertEqual(offset, segments["backup"]["start"] if physical < LOW else physical)
        wanted = (machine.ram - pages([machine.crash]) | pages([machine.rtas])) - pages(machine.cma)
        expected = [(0, LOW), *((begin, end) for begin, end in merged(wanted - {0}))]
        self.assertEqual([(physical, physical + filesz) for _, _, physical, filesz, _ in loads], expected)

    def check_tree(self, machine, folder):
        """Reads it as the kernel does, and gives what it would use."""
        blob = folder / "out/capture.dtb"
        used = []
        for pairs in machine.nodes:
            usable = words_of(blob, f"/memory@{pairs[0][0]:x}", "linux,usable-memory")
            self.assertIsNotNone(usable)
            mine, rest = [], Cells(usable, machine.cells)
            while rest:
                begin, size = rest.address(), rest.size()
                mine += [(begin, begin + size)] if size else []
            for begin, end in mine:
                self.assertTrue(any(start <= begin and end <= stop for start, stop in pairs), f"0x{begin:x} in {pairs}")
            used += mine
        if machine.blocks:
            words = Cells(words_of(blob, "/ibm,dynamic-reconfiguration-memory", "linux,drconf-usable-memory"), machine.cells)
            for block in machine.blocks:
                if not block.is_used:
                    continue
                for _ in range(words.size()):
                    begin, size = words.address(), words.size()
                    self.assertTrue(block.base <= begin and begin + size <= block.base + machine.block, f"0x{begin:x} is not of this block")
                    used.append((begin, begin + size))
            self.assertFalse(words)
        usable = pages([(0, machine.crash[1]), machine.rtas, *machine.cma])
        self.assertEqual(pages(used), machine.there & usable)

    def check_places(self, machine, segments):
        taken = set()
        for name, segment in segments.items():
            mine = pages([(segment["start"], segment["start"] + segment["memsz"])])
            self.assertTrue(mine <= pages([machine.crash]) - pages([machine.rtas]), name)
            self.assertFalse(mine & taken, name)
            taken |= mine

    def test_random_machines(self):
        for seed in range(MACHINES):
            with self.subTest(seed=seed), tempfile.TemporaryDirectory(prefix="baton-kdump-") as folder:
                folder, machine = pathlib.Path(folder), Machine(seed)
                segments = self.built(folder, machine)
                self.check_core(machine, folder, segments)
                self.check_tree(machine, folder)
                self.check_places(machine, segments)

    def test_room_for_more_ranges(self):
        with tempfile.TemporaryDirectory(prefix="baton-kdump-") as folder:
            folder, machine = pathlib.Path(folder), Machine(1)
            segments = self.built(folder, machine, "ranges <= 8000;")
            self.check_core(machine, folder, segments)
            self.assertEqual(segments["core"]["size"], 64 + 56 * (len(machine.notes) + 1 + 8000))
            self.assertGreaterEqual(segments["core"]["memsz"], segments["core"]["size"])


def main():
    global BATON, GOLDEN, MACHINES
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baton", required=True, type=pathlib.Path)
    parser.add_argument("--golden", required=True, type=pathlib.Path, help="tests/golden: it makes the images")
    parser.add_argument("--machines", type=int, default=MACHINES)
    options, rest = parser.parse_known_args()
    BATON, GOLDEN, MACHINES = options.baton.resolve(), options.golden.resolve(), options.machines
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
