#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How many instructions does a stub take from its entry to the jump, and how few could it be?

One row a handoff of handoffs.baton and byte order of its giver. The count is that of the prover, which
executes the bytes that are about to be written (`baton build --dump verify`); it is held against the figure
`baton plan` prints from the synthesizer, and the size against the .bin file. The lower bound is counted
here, by hand, from what the job needs, and not taken from the compiler. A row that misses its bound or
falls below it is explained, and the explanation is checked on the stub's bytes; a row that cannot be
explained is an error. No time is measured: that is bench.py.

    stub_table.py --baton build/release/bin/baton --work DIR                        print the table
    stub_table.py --baton ... --work DIR --expect stub-table.expected               and compare it
"""
import argparse
import os
import re
import subprocess
import sys

import kept_table

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "golden"))
import inputs  # noqa: E402  the recipes of binary inputs

KERNEL = "elf order=little entry=0x0\nload 0x0 size=0x4000 memsz=0x20000\nkernel-head 0x0\n"
TREE = """dtb
/dts-v1/;
/ {
  #address-cells = <2>;
  #size-cells = <2>;
  memory@0 { device_type = "memory"; reg = <0 0 0 0x40000000>; };
  cpus {
    #address-cells = <1>;
    #size-cells = <0>;
    cpu@0 { device_type = "cpu"; reg = <0>; };
    cpu@1 { device_type = "cpu"; reg = <1>; };
    cpu@2 { device_type = "cpu"; reg = <2>; };
    cpu@3 { device_type = "cpu"; reg = <3>; };
  };
  chosen { };
};
"""

# Handoff and what makes its job longer. "head": slaves read the taker's bytes at 4 .. 0xff, so the first word
# is a branch over them; "two": a giver of either byte order, which costs that branch too; "far": the kernel is
# out of reach of a branch; "wide": ids need the whole word; "switch": the taker is not entered in
# little-endian; "opal": r8 and r9 as well; "entry near": r9 is within 32 KiB of r8; "node": the tree tells its boot CPU by a node, whose place depends on the id.
HANDOFFS = [
    ("near_big", {"head"}),
    ("near_little", {"head"}),
    ("near_both", {"head", "two"}),
    ("far_big", {"head", "far"}),
    ("far_little", {"head", "far"}),
    ("far_both", {"head", "two", "far"}),
    ("near_wide_little", {"head", "wide"}),
    ("far_wide_little", {"head", "far", "wide"}),
    ("near_wide_both", {"head", "two", "wide"}),
    ("strict_little", {"head", "switch"}),
    ("strict_wide_little", {"head", "switch", "wide"}),
    ("strict_both", {"head", "two", "switch"}),
    ("powernv_big", set()),
    ("powernv_little", set()),
    ("powernv_both", {"two"}),
    ("opal_big", {"opal", "entry near"}),
    ("opal_little", {"opal", "entry near"}),
    ("opal_apart_big", {"opal"}),
    ("opal_apart_little", {"opal"}),
    ("opal_apart_far_big", {"opal", "far"}),
    ("opal_apart_both", {"opal", "two"}),
    ("node_big", {"head", "node"}),
    ("node_far_big", {"head", "node", "far"}),
]

# Counted from the sources of those programs, assembled for ppc64; not measured by this script.
PEERS = [
    ("kexec-lite", "19", "528 bytes", ""),
    ("Linux purgatory", "34-36", "784 bytes", "46-48 with the kdump copy; and a delay of 65,535 iterations"),
    ("kexec-tools", "67-71", "13 KB of C more", "the C code's instructions are not in the count"),
]


class FigureError(Exception):
    """A figure that is not what another source says it is."""


def lower_bound(job, order):
    """addis, the store of the id, mr, addis, branch; r5 = 0 and r4 = start are promised."""
    count = 5
    if job & {"head", "two"}:
        count += 1                      # the branch at the entry
    if "opal" in job:
        # lis r8; addi r9 from it, or lis, ori r9: nothing at hand has the low half of an entry that is apart
        count += 2 if "entry near" in job else 3
    if "node" in job:
        count += 1                      # the multiplication by the distance of nodes
    if order == "little" and "wide" in job:
        count += 1                      # the byte-reversed store has an indexed form only
    if order == "little" and "switch" in job:
        count += 4                      # mfmsr, clrrdi, mtsrr0, mtsrr1, rfid for the branch
    elif "far" in job:
        count += 1                      # mtctr, bctr for the branch
    return count


def is_tdi_never(word):
    """`tdi 0,..`: opcode 2 with no condition to trap on."""
    return word >> 26 == 2 and (word >> 21) & 31 == 0


def explain(job, order, count, bound, code):
    """Why a row is not at its bound; FigureError when nothing says it."""
    if count == bound:
        return ""
    if count == bound + 1 and order == "little" and "two" in job and is_tdi_never(int.from_bytes(code[:4], "little")):
        return "[1]"
    raise FigureError(f"{count} instructions with a lower bound of {bound}, and nothing that explains it")


NOTES = {
    "[1]": "misses the bound by 1: the word at the entry serves both byte orders. It is the big-endian giver's\n"
           "    branch; in the other order the same four bytes are a `tdi` that never traps, executed before the\n"
           "    little-endian giver's own branch.",
}


def run(arguments, folder):
    done = subprocess.run(arguments, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise FigureError(f"{' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def measure(baton, handoff, job, folder):
    """[(order, size, count, bound, mark)] of one handoff."""
    common = [os.path.join(HERE, "handoffs.baton"), "--handoff", handoff,
              "-D", "kernel_file=vmlinux", "-D", "tree_file=tree.dtb"]
    report = run([baton, "build", *common, "-o", "out", "--dump", "verify"], folder)
    executed = {}
    for line in report.splitlines():
        if not re.match(r"(big|little): proved ", line):
            raise FigureError(f"{handoff}: not proved: {line}")
        match = re.match(r"(big|little): .* after (\d+) instructions\)$", line)
        if match:
            executed[match[1]] = int(match[2])
    planned, said = {}, {}
    plan = re.sub(r"\n {6}", " ", run([baton, "plan", *common], folder))  # a line that was wrapped
    for line in plan.splitlines():
        match = re.match(r" *(\d+) instructions? from entry to jump for a (big|little)-endian giver(.*)$", line)
        if match:
            planned[match[2]], said[match[2]] = int(match[1]), match[3]
    if not executed or executed != planned:
        raise FigureError(f"{handoff}: the prover executed {executed}, the plan says {planned}")
    with open(os.path.join(folder, "out", handoff + ".bin"), "rb") as stream:
        code = stream.read()
    rows = []
    for order, count in executed.items():
        bound = lower_bound(job, order)
        claim = ", the fewest there can be" if count == bound else \
            f"; not known to be the fewest: nobody can do with less than {bound}"
        if said[order] != claim:
            raise FigureError(f"{handoff}, {order}: the bound is {bound}, the plan says `{said[order]}`")
        rows.append((order, len(code), count, bound, explain(job, order, count, bound, code)))
    return rows


def table(baton, folder):
    os.makedirs(folder, exist_ok=True)
    inputs.make(os.path.join(folder, "vmlinux"), KERNEL)
    inputs.make(os.path.join(folder, "tree.dtb"), TREE)
    lines = ["Stubs from linux.kexec@2013: instructions executed from the entry to the jump, by the prover on the",
             "bytes written, beside the lower bound counted by hand. The bytes include the taker's own 0x100-byte",
             "head where slaves read it.",
             "",
             f"{'handoff':20} {'giver':>7} {'bytes':>6} {'instructions':>13} {'bound':>6}"]
    used, reached, total = [], 0, 0
    for handoff, job in HANDOFFS:
        for order, size, count, bound, mark in measure(baton, handoff, job, folder):
            lines.append(f"{handoff:20} {order:>7} {size:6} {count:13} {bound:6} {mark}".rstrip())
            total += 1
            reached += count <= bound
            if mark and mark not in used:
                used.append(mark)
    lines += ["", f"{reached} of {total} rows reach the bound."]
    lines += [f"{mark} {NOTES[mark]}" for mark in sorted(used)]
    lines += ["", "Hand-written stubs in use (counted from their sources, not run here):", ""]
    for name, count, size, remark in PEERS:
        lines.append(f"{name:20} {count:>7} instructions, {size}" + (f"; {remark}" if remark else ""))
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description="Counts the instructions of stubs.")
    parser.add_argument("--baton", required=True)
    parser.add_argument("--work", required=True, help="a folder for inputs and outputs")
    parser.add_argument("--expect", help="a file that holds the table; BATON_UPDATE=1 rewrites it")
    given = parser.parse_args()
    try:
        text = table(os.path.abspath(given.baton), given.work)
    except FigureError as error:
        print(f"stub_table.py: {error}", file=sys.stderr)
        return 1
    print(text, end="")
    return kept_table.settle(text, given.expect)


if __name__ == "__main__":
    sys.exit(main())
