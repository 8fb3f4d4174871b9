#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How many instructions does a stub execute for each byte it digests or copies?

Stubs of tests/probe are run under QEMU over two lengths of the same segment, and every instruction that is
executed within the stub is counted: QEMU logs each block of code it translates and each it enters. The slope
is the figure. Nothing of the compiler is asked for it; its own number, as `baton plan` prints it, must be the one
counted, to the instruction. Exact, so that it is a test as well; no time is measured.

    loop_figures.py --baton build/release/bin/baton --probes build/release/tests/probe --work DIR
    loop_figures.py ... --expect loop_figures.expected     and compare the table; BATON_UPDATE=1 rewrites it
"""
import argparse
import collections
import json
import os
import random
import re
import subprocess
import sys

import kept_table

sys.dont_write_bytecode = True  # the source folder stays as it is
PROBES = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "probe")
sys.path.insert(0, PROBES)
import probe  # noqa: E402
from built_handoff import Handoff, Unusable  # noqa: E402

SIZES = (8192, 16384)


def copies(size):
    """Those of handoffs/copy.baton: of the whole segment, and three of the same length whatever it is."""
    made = (f"room:0:extra:0:{size}", "room:48:room:0:0x10000", "room:0x7c00:room:0x8000:20011", "room:104:room:101:1003")
    return [word for one in made for word in ("--copy", one)]


# What is counted: how, which handoff of which program, and what the probe is told of it.
DIGESTS = [("general registers", "digest_both", "digest.baton", lambda size: ["--digests"]),
           ("vector instructions", "digest_vectors_both", "digest.baton", lambda size: ["--digests"])]
COPIES = [("doublewords", "copy_both", "copy.baton", copies), ("vector instructions", "copy_vectors_both", "copy.baton", copies)]
CPU = "power8"
# sha256_process of kexec-tools' purgatory as gcc 12 compiles it (-Os), big- and little-endian: 2,334 and 2,354 instructions a
# block. Linux's purgatory copies its backup region by doublewords, five instructions for each, kexec-tools' by bytes. Counted by
# others: cited, not measured by this script.
DIGEST_PEERS = [("kexec-tools, compiled C", "36.5-36.8")]
COPY_PEERS = [("Linux's purgatory", "0.625"), ("kexec-tools, compiled C", "5")]


class FigureError(Exception):
    """A figure that is not what another source says it is."""


class Counted(probe.Run):
    """A probe whose instructions within the stub are counted."""

    count = None

    def command(self, folder):
        stub = self.handoff.stub
        return super().command(folder) + ["-d", "in_asm,exec,nochain", "-D", os.path.join(folder, "log"),
                                          "-dfilter", f"{stub.start:#x}+{stub.bufsz:#x}"]

    def finished(self, folder):
        self.count = counted(os.path.join(folder, "log"))


def counted(path):
    """Instructions of all blocks entered, less those that were left before their first one."""
    length, entered, start = {}, collections.Counter(), None
    with open(path, encoding="ascii", errors="replace") as log:
        for line in log:
            if line.startswith("IN:"):
                start = 0
            elif match := re.match(r"0x([0-9a-f]+):", line):
                if start is None:
                    continue
                at = int(match[1], 16)
                if start == 0:
                    start, length[at] = at, 0
                length[start] += 1
            elif match := re.match(r"Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/", line):
                start = None
                entered[int(match[1], 16)] += 1
            elif match := re.match(r"Stopped execution of TB chain before \S+ \[([0-9a-f]+)\]", line):
                entered[int(match[1], 16)] -= 1
            elif not line.strip():
                start = None
    return sum(length[at] * times for at, times in entered.items())


def run(arguments):
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FigureError(f"{' '.join(arguments)}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def measure(options, handoff, program, told, size):
    """({order: instructions}, bytes of the stub): as QEMU counted them and as the plan says."""
    extra = os.path.join(options.work, f"extra-{size}")
    with open(extra, "wb") as file:
        file.write(random.Random(size).randbytes(size))
    kernel = os.path.join(options.probes, "taker_big.elf")
    common = [os.path.join(PROBES, "handoffs", program), "--handoff", handoff, "-D", f"kernel_file={kernel}",
              "-D", f"tree_file={os.path.join(options.probes, 'probe.dtb')}", "-D", f"extra_file={extra}"]
    out = os.path.join(options.work, f"{handoff}-{size}")
    run([options.baton, "build", *common, "-o", out])
    stub = json.loads(run([options.baton, "plan", *common, "--format", "json"]))["stub"]
    planned = {body["giver"]: body["instructions"] for body in stub["bodies"]}
    seen = {}
    for order in planned:
        given = probe.make_parser().parse_args(
            ["--build", out, "--handoff", handoff, "--kernel", kernel, "--givers", options.probes, "--cpu", CPU, "--cpus", "2",
             "--master", "1", "--order", order, *told(size), "--file", f"extra={extra}", "--limit", "60"])
        one = Counted(given, Handoff(out, handoff, kernel, given.file))
        if probe.Report(one.execute(), one).complete:
            seen[order] = one.count
    if seen != planned:
        raise FigureError(f"{handoff}, {size} bytes: QEMU executed {seen}, the plan says {planned}")
    return seen, int(stub["size"], 16)


def part(options, title, ways, peers, remark):
    lines = [title, "", f"{'by':24} {'giver':>7} {'instructions a byte':>20} {'64 bytes':>10}"]
    for name, handoff, program, told in ways:
        (few, _), (many, size) = (measure(options, handoff, program, told, size) for size in SIZES)
        for order in few:
            slope = (many[order] - few[order]) / (SIZES[1] - SIZES[0])
            lines.append(f"{name:24} {order:>7} {slope:20.3f} {slope * 64:10.0f}")
        lines.append(f"{'':24} {'':>7} {'':20} {'':10}  {size} bytes for both givers, {remark}")
    lines += ["", "Cited, not run here:"] + [f"{name:24} {'':>7} {figure:>20}" for name, figure in peers]
    return lines


def table(options):
    os.makedirs(options.work, exist_ok=True)
    counted_how = "instructions executed a byte, counted by QEMU, by the slope between two lengths."
    lines = part(options, "SHA-256 in stubs: " + counted_how, DIGESTS, DIGEST_PEERS, "tables and texts for 3 segments included")
    lines += ["", *part(options, "Copies: " + counted_how, COPIES, COPY_PEERS, "with four copies")]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description="Counts the instructions of digests and copies.")
    parser.add_argument("--baton", required=True)
    parser.add_argument("--probes", required=True, help="where the probes' givers and takers are built")
    parser.add_argument("--work", required=True, help="a folder for inputs and outputs")
    parser.add_argument("--expect", help="a file that holds the table; BATON_UPDATE=1 rewrites it")
    options = parser.parse_args()
    try:
        text = table(options)
    except (FigureError, Unusable) as error:
        print(f"loop_figures.py: {error}", file=sys.stderr)
        return 1
    print(text, end="")
    return kept_table.settle(text, options.expect)


if __name__ == "__main__":
    sys.exit(main())
