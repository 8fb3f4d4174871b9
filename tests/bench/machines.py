# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What does a plan cost on machines of 1,000 to 1,000,000 logical blocks of memory?

Writes device trees of partitions, as firmware does (ibm,dynamic-memory, an entry for each block), and has `baton plan`
make a crash handoff of each: time and peak memory of the whole process. Twice: blocks that adjoin, which are one stretch, and
blocks with gaps between pairs of them, so that nothing merges.

Example: machines.run("build/release/bin/baton", "/tmp/bench/machines")
"""

import math
import os
import struct
import subprocess
import sys
import time

SIZES = (1000, 126976, 1000000)  # 126,976 blocks of 256 MiB are 31 TiB
MIB, GIB = 1 << 20, 1 << 30

PROGRAM = """language 1;
use "linux/kdump.baton";
machine crashing from dtb "%s" {}
handoff capture extends linux.kdump_kernel@2020 on crashing {
  override param kernel_file : path = "vmlinux";
  %s
}
"""
# What has more stretches than an ELF header counts is planned without a core header.
NO_CORE = """drop segment core;
  segment tree {
    drop reserve;
    node "/chosen" { override "bootargs" = cmdline; }
  }
  segment stub { override digest sha256 of kernel, tree; }"""


class Blob:
    """A device tree blob of version 17, written from the front."""

    def __init__(self):
        self.structure, self.strings, self.offsets = bytearray(), bytearray(), {}

    def begin(self, name):
        self.structure += struct.pack(">I", 1) + name.encode() + bytes(4 - len(name) % 4)

    def end(self):
        self.structure += struct.pack(">I", 2)

    def put(self, name, value):
        if name not in self.offsets:
            self.offsets[name] = len(self.strings)
            self.strings += name.encode() + b"\0"
        self.structure += struct.pack(">III", 3, len(value), self.offsets[name]) + value + bytes(-len(value) % 4)

    def bytes(self):
        body = bytes(self.structure) + struct.pack(">I", 9)
        at = 40 + 16
        head = struct.pack(">10I", 0xD00DFEED, at + len(body) + len(self.strings), at, at + len(body), 40, 17, 16, 0, len(self.strings), len(body))
        return head + bytes(16) + body + bytes(self.strings)


def wide(*numbers):
    return struct.pack(f">{len(numbers)}Q", *numbers)


def machine(count, gaps, block):
    tree = Blob()
    tree.begin("")
    tree.put("#address-cells", struct.pack(">I", 2))
    tree.put("#size-cells", struct.pack(">I", 2))
    tree.begin("memory@0")
    tree.put("device_type", b"memory\0")
    tree.put("reg", wide(0, GIB))
    tree.end()
    tree.begin("rtas")
    tree.put("linux,rtas-base", struct.pack(">I", GIB - MIB))
    tree.put("rtas-size", struct.pack(">I", MIB))
    tree.end()
    tree.begin("ibm,dynamic-reconfiguration-memory")
    tree.put("ibm,lmb-size", wide(block))
    step = 2 * block if gaps else block
    tree.put("ibm,dynamic-memory", struct.pack(">I", count) + b"".join(
        struct.pack(">QIIII", GIB + i * step, i, 0, 0, 0x8) for i in range(count)))
    tree.end()
    tree.begin("chosen")
    tree.put("linux,kernel-end", wide(32 * MIB))
    tree.put("linux,crashkernel-base", wide(256 * MIB))
    tree.put("linux,crashkernel-size", wide(512 * MIB))
    tree.end()
    tree.begin("baton,facts")
    tree.put("page-size", struct.pack(">I", 65536))
    tree.put("crash-notes", wide(48 * MIB, 0x158))
    tree.put("vmcoreinfo", wide(49 * MIB, 0x1000))
    tree.end()
    tree.end()
    return tree.bytes()


def measured(command, rounds):
    """(seconds of the quickest, peak MiB)"""
    least = math.inf
    for _ in range(rounds):
        begin = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        least = min(least, time.perf_counter() - begin)
    probe = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
             "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    peak = subprocess.run([sys.executable, "-c", probe, *command], stdout=subprocess.PIPE, text=True, check=True)
    return least, int(peak.stdout) / 1024


def run(baton, work):
    """`work` holds the kernel, vmlinux."""
    print(f"{'blocks':>9}  {'memory':>9}  {'stretches':>9}  {'tree':>8}  {'plan':>9}  {'peak':>9}  growth")
    for gaps in (False, True):
        before = None
        for count in SIZES:
            # A million of 256 MiB with gaps would not stand below 2^62, where a kernel's map ends; 16 MiB do.
            blob = machine(count, gaps, 16 * MIB if count == SIZES[-1] else 256 * MIB)
            tree, program = os.path.join(work, "machine.dtb"), os.path.join(work, "capture.baton")
            with open(tree, "wb") as file:
                file.write(blob)
            change = "" if not gaps or count < 65000 else NO_CORE
            with open(program, "w", encoding="ascii") as file:
                file.write(PROGRAM % (tree, change))
            seconds, peak = measured([baton, "plan", program], 5)
            exponent = f"{math.log(seconds / before[1]) / math.log(count / before[0]):.2f}" if before else ""
            memory = count * (16 * MIB if count == SIZES[-1] else 256 * MIB) / (1 << 40)
            print(f"{count:9,}  {memory:5.1f} TiB  {count + 1 if gaps else 1:9,}  {len(blob) / MIB:4.1f} MiB  {seconds * 1000:6.0f} ms  {peak:5.0f} MiB  {exponent}")
            before = count, seconds
