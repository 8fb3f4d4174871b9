# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What does the proof cost?

For each handoff of handoffs.baton and conventions.baton whose stub is proved: `baton build` with and without
--no-verify, whole processes in turns. The difference is the proof with its certificate, the ratio what a user waits
for. Then a stub that copies 64 KiB, and a stub of others with compiled C, from `baton verify` to its table. Times never fail.
"""
import os
import re
import statistics
import subprocess

import stub_table

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT_MS, LIMIT_BACKUP_MS, LIMIT_C_MS, LIMIT_RATIO = 10, 50, 500, 2


def in_turns(commands, once, rounds):
    """{name: (median wall ms, median processor ms)} of commands that are run in turns, and the pairwise differences."""
    null = os.open(os.devnull, os.O_WRONLY)
    silence = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    taken = {name: [] for name in commands}
    names = list(commands)
    for turn in range(-1, rounds):
        for name in names if turn % 2 else reversed(names):
            sample = once(commands[name], silence)
            if turn >= 0:
                taken[name].append(sample)
    os.close(null)
    return taken


def cost(baton, once, common, rounds):
    """(proof in ms of wall time, of processor time, ratio of whole builds): medians of pairs within a round."""
    taken = in_turns({"proved": [baton, "build", *common, "-o", "out-proved"],
                      "unproved": [baton, "build", *common, "-o", "out-unproved", "--no-verify"]}, once, rounds)
    pairs = list(zip(taken["proved"], taken["unproved"]))
    return (statistics.median(p[0] - u[0] for p, u in pairs), statistics.median(p[1] - u[1] for p, u in pairs),
            statistics.median(p[0] / u[0] for p, u in pairs))


def names_in(program):
    with open(os.path.join(HERE, program), encoding="utf-8") as text:
        return re.findall(r"^handoff (\w+) ", text.read(), re.M)


def met(good):
    return "met" if good else "NOT met"


def run(baton, folder, once, say, rounds):
    os.makedirs(folder, exist_ok=True)
    stub_table.make_inputs(folder)
    before = os.getcwd()
    os.chdir(folder)
    try:
        shown(baton, once, say, rounds)
    finally:
        os.chdir(before)


def shown(baton, once, say, rounds):
    rows = []
    for program in ("handoffs.baton", "conventions.baton"):
        for handoff in names_in(program):
            if handoff in (name for name, _ in stub_table.NEEDLESS):
                continue
            common = [program, "--handoff", handoff]
            if program == "handoffs.baton":
                common += ["-D", "kernel_file=vmlinux", "-D", "tree_file=tree.dtb"]
            rows.append((handoff, *cost(baton, once, common, rounds)))
    say(f"What the proof of each shipped stub costs, certificate included: medians of pairs, {rounds} rounds in turns")
    say()
    say(f"{'handoff':22} {'wall ms':>8} {'cpu ms':>7} {'build with/without':>19}")
    for name, wall, cpu, ratio in rows:
        say(f"{name:22} {wall:8.2f} {cpu:7.2f} {ratio:19.2f}")
    median, worst = statistics.median(r[1] for r in rows), max(r[1] for r in rows)
    ratio = max(r[3] for r in rows)
    say()
    say(f"median {median:.2f} ms, most {worst:.2f} ms (target: under {LIMIT_MS} ms: {met(median < LIMIT_MS)}); "
        f"build with verification at most {ratio:.2f} times (target: {LIMIT_RATIO}: {met(ratio <= LIMIT_RATIO)})")
    wall, cpu, ratio = cost(baton, once, ["backup.baton"], rounds)
    say(f"64 KiB backup copy included: {wall:.2f} ms, {cpu:.2f} ms processor, build {ratio:.2f} times "
        f"(target: under {LIMIT_BACKUP_MS} ms: {met(wall < LIMIT_BACKUP_MS)})")
    compiled(baton, once, say, rounds)
    say()


def compiled(baton, once, say, rounds):
    """A stub with a stack, a TOC and C, as a loader's purgatory is: whole processes of `baton verify`."""
    with open("callee.c", "w", encoding="utf-8") as text:
        text.write(C)
    with open("entry.S", "w", encoding="utf-8") as text:
        text.write(ENTRY)
    gcc = ["powerpc64-linux-gnu-gcc", "-mbig-endian", "-mabi=elfv2", "-O2", "-ffreestanding", "-fno-stack-protector", "-mcpu=power8",
           "-mno-altivec", "-mno-vsx", "-nostdlib", "-fno-pic", "-no-pie", "-r", "-o", "compiled.o", "entry.S", "callee.c"]
    done = subprocess.run(gcc, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise stub_table.FigureError(f"{' '.join(gcc)}: {done.stdout}")
    command = [baton, "verify", "compiled.o", "--from", "linux.kexec@2013", "--to", "linux.bootblock@17", "--machine", "single", "--giver", "big", "--image-order", "big",
               "--set", "kernel=image", "--set", "tree=tree", "--replay", "off"]
    if "--replay" not in stub_table.run([baton, "verify", "--help"], "."):
        command = command[:-2]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    arrived = re.search(r"at most ([\d,]+) instructions", done.stdout)
    if done.returncode != 0 or not arrived:
        raise stub_table.FigureError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}")
    taken = in_turns({"verify": command, "start": [baton, "--version"]}, once, rounds)
    wall = statistics.median(v[0] - s[0] for v, s in zip(taken["verify"], taken["start"]))
    say(f"a stub of others with compiled C, {arrived[1]} instructions to the jump: {wall:.1f} ms over the program's start "
        f"(target: under {LIMIT_C_MS} ms: {met(wall < LIMIT_C_MS)})")


# 64 KiB are summed and copied a byte at a time, as code that is compiled for size does it.
C = """
extern unsigned char room[65536];
unsigned char source[65536] = {1, 2, 3};
unsigned long work(void) {
  unsigned long sum = 0;
  for (unsigned long i = 0; i < sizeof source; ++i) {
    ((volatile unsigned char *)room)[i] = source[i];
    sum = sum * 31 + source[i];
  }
  return sum;
}
unsigned char room[65536];
"""
ENTRY = """
        .text
        .globl  start
start:  b       1f
        .org    0x100
1:      mr      31, 3
        lis     1, stack@highest
        ori     1, 1, stack@higher
        sldi    1, 1, 32
        oris    1, 1, stack@h
        ori     1, 1, stack@l
        addi    1, 1, 4032
        lis     2, .TOC.@highest
        ori     2, 2, .TOC.@higher
        sldi    2, 2, 32
        oris    2, 2, .TOC.@h
        ori     2, 2, .TOC.@l
        bl      work
        nop
        lis     3, tree@highest
        ori     3, 3, tree@higher
        sldi    3, 3, 32
        oris    3, 3, tree@h
        ori     3, 3, tree@l
        stw     31, 28(3)
        lis     4, kernel@highest
        ori     4, 4, kernel@higher
        sldi    4, 4, 32
        oris    4, 4, kernel@h
        ori     4, 4, kernel@l
        li      5, 0
        mtctr   4
        bctr
        .bss
        .balign 128
stack:  .space  4096
"""
