#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Our reading of real ELF images against objcopy, nm and readelf.

The images come from the cross linkers, big-endian of the first ABI (entry through a function descriptor)
and little-endian of the second, with one PT_LOAD or several. The flat bytes must be objcopy's, the entry the
address of the code symbol, the size what readelf's program headers span.
"""
import argparse
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

TOOL = None

PROGRAM = r"""
static int zeros[5000];
const char text[] = "read only";
int counter = 7;
int work(int n) { zeros[n & 4095] = counter; return text[n & 7] + zeros[(n + 1) & 4095]; }
void _start(void) { for (;;) counter = work(counter); }
"""
# The data lies beside the code, or far above it: a gap between two PT_LOADs.
LINKER = "ENTRY(_start) SECTIONS { . = BASE; .text : { *(.text*) } .rodata : { *(.rodata*) } . = ALIGN(STEP);" \
         " .opd : { *(.opd) } .data : { *(.data*) *(.toc*) *(.got*) } .bss : { *(.bss*) *(COMMON) } /DISCARD/ : { *(.eh_frame*) *(.note*) *(.comment) } }"


def run(*command):
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=60)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


class ElfTest(unittest.TestCase):
    def check(self, prefix, order, base, step, descriptor):
        with tempfile.TemporaryDirectory(prefix="baton-elf-") as folder:
            path = pathlib.Path(folder)
            (path / "p.c").write_text(PROGRAM)
            (path / "p.ld").write_text(LINKER.replace("BASE", hex(base)).replace("STEP", hex(step)))
            elf, flat, ours = path / "p.elf", path / "p.bin", path / "ours.bin"
            run(prefix + "gcc", "-O1", "-ffreestanding", "-fno-pic", "-no-pie", "-mno-relocatable", "-nostdlib", "-static",
                "-Wl,--no-warn-rwx-segments,--build-id=none", "-T", path / "p.ld", "-o", elf, path / "p.c")
            run(prefix + "objcopy", "-O", "binary", elf, flat)
            output = run(TOOL, "elf", elf, ours).split()
            self.assertEqual(ours.read_bytes(), flat.read_bytes())
            self.assertEqual(output[4], hashlib.sha256(flat.read_bytes()).hexdigest())
            loads = re.findall(r"LOAD +0x\w+ (0x\w+) 0x\w+ 0x\w+ (0x\w+)", run(prefix + "readelf", "-lW", elf))
            spans = [(int(v, 16), int(v, 16) + int(m, 16)) for v, m in loads]
            self.assertEqual(int(output[0], 16), min(s[0] for s in spans))
            self.assertEqual(int(output[1], 16), max(s[1] for s in spans) - min(s[0] for s in spans))
            self.assertEqual(output[3], order)
            symbol = r"^(\w+) \w _start$"
            address = int(re.search(symbol, run(prefix + "nm", elf), re.M).group(1), 16)
            if descriptor:  # nm shows the descriptor, objdump the code
                address = self.code_of(address, elf, prefix)
            self.assertEqual(int(output[2], 16) + int(output[0], 16), address)
            # Without symbols it is the same: the section headers are what tells a descriptor.
            run(prefix + "objcopy", "--strip-all", elf, path / "stripped.elf")
            again = run(TOOL, "elf", path / "stripped.elf", ours).split()
            self.assertEqual(again, output)
            self.assertGreaterEqual(len(loads), 2 if step > 0x10000 else 1)

    @staticmethod
    def code_of(descriptor, elf, prefix):
        symbols = run(prefix + "objdump", "-d", "-j", ".text", elf)
        code = int(re.search(r"^(\w+) <(\.?_start)>:$", symbols, re.M).group(1), 16)
        assert code != descriptor
        return code

    def test_big_endian_with_descriptors(self):
        self.check("powerpc64-linux-gnu-", "big", 0x10000000, 0x100, True)

    def test_big_endian_with_a_gap(self):
        self.check("powerpc64-linux-gnu-", "big", 0xc000000000000000, 0x40000, True)

    def test_little_endian(self):
        self.check("powerpc64le-linux-gnu-", "little", 0xc000000000000000, 0x100, False)

    def test_little_endian_with_a_gap(self):
        self.check("powerpc64le-linux-gnu-", "little", 0x20000, 0x100000, False)

    def test_other_kinds_are_refused(self):
        with tempfile.TemporaryDirectory(prefix="baton-elf-") as folder:
            path = pathlib.Path(folder)
            (path / "p.c").write_text(PROGRAM)
            run("powerpc64-linux-gnu-gcc", "-c", "-o", path / "p.o", path / "p.c")
            for file, reason in ((path / "p.o", "object file (ET_REL)"), (sys.executable, "e_machine"),
                                 (path / "p.c", "is not an ELF file")):
                result = subprocess.run([TOOL, "elf", file, path / "out"], capture_output=True, text=True)
                self.assertEqual(result.returncode, 1)
                self.assertIn(reason, result.stderr)
                self.assertFalse((path / "out").exists())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    arguments, rest = parser.parse_known_args()
    TOOL = arguments.tool
    unittest.main(argv=[sys.argv[0]] + rest)
