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
import shutil
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
# little-endian; "opal": r8 and r9 as well; "entry near": r9 is within 32 KiB of r8; "node": the tree tells its boot CPU by a node, whose place depends on the id;
# "pen": a client of ePAPR, which needs r6 to r9 as well, and its own node changed.
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
    ("pen_big", {"head", "pen"}),
    ("pen_little", {"head", "pen", "switch"}),
]

# Of a slave that finds its slot let go when it comes: its priority, two for the bound of ids, two for the slot's place, six
# registers, three of the poll, isync, r3, mtctr, priority, bctr.
SLAVE_BOUND = 19

# Counted from the sources of those programs, assembled for ppc64; not measured by this script. Instructions of the
# master for a big-endian and a little-endian giver; bytes; instructions of a slave from its landing to the kernel's
# code; iterations of a delay loop that holds the master until slaves are expected to have left.
PEERS = {
    "kexec-lite": (19, 19, 528, 0, 0),
    "Linux purgatory": (34, 36, 784, 0, 65535),
    "kexec-tools": (67, 71, 13000, 0, 65535),
    "FreeBSD kboot": (15, 24, 252, 9, 0),
}
PEER_REMARKS = {
    "Linux purgatory": "46 and 48 instructions with the kdump copy",
    "kexec-tools": "the bytes are its C; the instructions are those of its assembly alone",
}

# Handoffs of conventions.baton: what is done, how slaves get to the taker, and whose stub does the same.
#   overlay: they run the taker's code in the copied head; relay: they wait in a pen; park: they stay at their landing;
#   none: none comes. A peer that replaces the head under its slaves waits for them in a delay loop.
CONVENTIONS = [
    ("bootblock_17", "kernel since 2.6.13", "overlay", ["kexec-lite", "Linux purgatory", "kexec-tools"]),
    ("opal", "the same with r8 and r9", "none", ["Linux purgatory", "kexec-tools"]),
    ("bootblock_2", "2.6.10, head replaced", "relay", ["Linux purgatory", "kexec-tools"]),
    ("bootblock_2_overlay", "2.6.10, head overlaid", "overlay", ["kexec-lite"]),
    ("bootblock_1", "2.6.9, no id field", "relay", []),
    ("raw", "no kernel, slaves parked", "park", []),
    ("raw_copied", "the same, 4 KiB moved", "none", []),
    ("epapr", "ePAPR client", "none", ["kexec-lite"]),
    ("freebsd", "FreeBSD", "overlay", ["FreeBSD kboot"]),
    ("zimage", "packed Linux, ePAPR's r6", "none", ["kexec-lite"]),
]
NEEDLESS = [
    ("openfirmware", "Open Firmware to Linux"),
    ("skiboot", "skiboot to Linux"),
    ("epapr_kernel", "ePAPR to Linux"),
]
HEAD, LANDING = 0x100, 0x60
BRANCH_TO_ITSELF = 0x48000000


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
    if "pen" in job:
        count += 5 + 3                  # lis, ori r6; r7, r8, r9; mulli, addis and the store of the node
    if order == "little" and "wide" in job:
        count += 1                      # the byte-reversed store has an indexed form only
    if order == "little" and "switch" in job:
        count += 4                      # mfmsr, clrrdi, mtsrr0, mtsrr1, rfid for the branch
        if "pen" in job:
            count += 1                  # the entry's address is in no register that the client wants
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
    executed, of_slaves = {}, []
    for line in report.splitlines():
        if not re.match(r"(big|little): proved ", line):
            raise FigureError(f"{handoff}: not proved: {line}")
        match = re.match(r"(big|little): proved  (a slave: )?.* after (\d+) instructions\)$", line)
        if match and match[2]:
            of_slaves.append(int(match[3]))
        elif match:
            executed[match[1]] = int(match[3])
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
        if "pen" not in job and said[order] != claim:
            raise FigureError(f"{handoff}, {order}: the bound is {bound}, the plan says `{said[order]}`")
        rows.append((order, len(code), count, bound, explain(job, order, count, bound, code)))
    rows += [("slave", len(code), count, SLAVE_BOUND, explain(job, "slave", count, SLAVE_BOUND, code)) for count in of_slaves]
    return rows


def make_inputs(folder):
    """What the handoffs of this folder read."""
    inputs.make(os.path.join(folder, "vmlinux"), KERNEL)
    inputs.make(os.path.join(folder, "tree.dtb"), TREE)
    inputs.make(os.path.join(folder, "payload.bin"), "pattern 4096\n")
    for program in ("handoffs.baton", "conventions.baton", "backup.baton"):
        shutil.copyfile(os.path.join(HERE, program), os.path.join(folder, program))


def table(baton, folder):
    os.makedirs(folder, exist_ok=True)
    make_inputs(folder)
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
    lines += ["", *conventions(baton, folder)]
    return "\n".join(lines) + "\n"


def slave_path(kind, handoff, code, report, image):
    """Instructions of a slave from its landing to the taker's code, or to where it stays; None: no slave comes."""
    if kind == "none":
        return None
    if kind == "relay":  # the prover ran it, with one look at the word that it waits for
        match = re.search(r"a slave: .* enter absolute 0x60 .* after (\d+) instructions\)", report)
        if not match:
            raise FigureError(f"{handoff}: no slave was proved")
        return int(match[1])
    words = [int.from_bytes(code[i:i + 4], "big") for i in range(LANDING, LANDING + 12, 4)]
    if kind == "park":
        if BRANCH_TO_ITSELF not in words:
            raise FigureError(f"{handoff}: slaves do not stay at their landing")
        return words.index(BRANCH_TO_ITSELF) + 1
    if code[LANDING:HEAD] != image[LANDING:HEAD]:
        raise FigureError(f"{handoff}: the head is not the taker's from its landing on")
    return 0


def own_bytes(text):
    """Bytes of a listing that are not the taker's own, nor a gap: instructions and words."""
    sizes = [8 if line.startswith("\t.8byte") else 4 for line in text.splitlines()
             if re.match(r"\t(\.long|\.8byte|[a-z])", line)]
    return sum(sizes)


def beaten(row, names):
    """Whether fewer instructions and fewer bytes are taken than by each of the peers: two words, or dashes."""
    if not names:
        return "-", "-"
    order, size, count, slave = row
    peers = [PEERS[name] for name in names]
    fewer = all(count < peer[order == "little"] + peer[4] and (slave is None or slave <= peer[3] or peer[4]) for peer in peers)
    return "yes" if fewer else "no", "yes" if all(size < peer[2] for peer in peers) else "no"


def conventions(baton, folder):
    """The second table: each kind of taker, beside who does the same job."""
    with open(os.path.join(folder, "vmlinux"), "rb") as stream:
        image = stream.read()[0x10000:]  # where the recipe puts the first byte that is loaded
    if not any(image[LANDING:HEAD]):
        raise FigureError("the kernel's file has no code at its landing")
    lines = ["Stubs by what is entered: instructions of the master and of a slave, as executed by the prover (a relay's slave",
             "looks at its word once), and bytes. Where slaves come, 256 of these are the head, most of it the taker's own code",
             "or nothing: `own` are instructions and words of the stub. Beside whoever does the same job; fewer means fewer",
             "than each of them, their delays included. FreeBSD's stub has all of its code in the head.", "",
             f"{'handoff':20} {'what is entered':24} {'giver':>7} {'master':>7} {'slave':>6} {'bytes':>6} {'own':>4}  "
             f"{'fewer instructions':18}  {'fewer bytes':11}  beside"]
    for handoff, job, kind, names in CONVENTIONS:
        report = run([baton, "build", "conventions.baton", "--handoff", handoff, "-o", "out", "--dump", "verify"], folder)
        with open(os.path.join(folder, "out", handoff + ".bin"), "rb") as stream:
            code = stream.read()
        with open(os.path.join(folder, "out", handoff + ".S"), encoding="utf-8") as stream:
            own = own_bytes(stream.read())
        if kind == "park":  # listed as bytes of the head, and no taker's
            own += 4 * sum(any(code[i:i + 4]) for i in range(LANDING, HEAD, 4))
        executed = re.findall(r"^(big|little): proved +(?!a slave)\S.*: enter .* after (\d+) instructions\)$", report, re.M)
        if not executed or re.search(r"^(big|little): (refuted|unknown)", report, re.M):
            raise FigureError(f"{handoff}: not proved\n{report}")
        for order, count in executed:
            slave = slave_path(kind, handoff, code, report, image)
            fewer = beaten((order, len(code), int(count), slave), names)
            lines.append(f"{handoff:20} {job:24} {order:>7} {int(count):7} {'-' if slave is None else slave:>6} {len(code):6} {own:4}  "
                         f"{fewer[0]:18}  {fewer[1]:11}  {', '.join(names) or 'nobody'}")
    lines += ["", "No stub is needed, and none is made:", ""]
    for handoff, job in NEEDLESS:
        plan = run([baton, "plan", "conventions.baton", "--handoff", handoff], folder)
        if "No stub: nothing that the taker needs is missing" not in plan:
            raise FigureError(f"{handoff}: the plan has a stub")
        lines.append(f"{handoff:20} {job}")
    lines += ["", "Hand-written stubs in use (counted from their sources, not run here):", "",
              f"{'':20} {'big':>5} {'little':>7} {'slave':>6} {'bytes':>6}  delay"]
    for name, (big, little, size, slave, delay) in PEERS.items():
        remark = PEER_REMARKS.get(name, "")
        lines.append(f"{name:20} {big:5} {little:7} {slave:6} {size:6}  {delay or 'none'}" + (f"; {remark}" if remark else ""))
    return lines


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
