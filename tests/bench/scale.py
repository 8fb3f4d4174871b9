#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How do time and memory of `baton check` grow with a program, and those of dtc with a device tree of its size?

Programs of 1,000 to 100,000 lines (large_programs.py), checked in turns with trees of as many lines that dtc compiles
to a blob; the median of some rounds is shown. Processor time is that of the whole process, start-up included. Growth is
the exponent between one size and the next, start-up taken off: 1 is linear. Peak memory is the kernel's figure for the
process; less than that of the small Python that starts it cannot be seen, so that figure is printed too.

    scale.py --baton build/release/bin/baton --work DIR [--rounds 7] [--sizes 1000,10000,100000] [--dtc dtc]
"""
import argparse
import math
import os
import shutil
import statistics
import subprocess
import sys

import large_programs

SIZES = [1000, 3000, 10000, 30000, 100000]

# Runs a command and prints processor milliseconds, wall milliseconds and KiB: a parent of its own, whose own memory
# is small, because a child's peak is never less than that of the process it was started from.
MEASURE = """
import os, sys, time
null = os.open(os.devnull, os.O_WRONLY)
begin = time.perf_counter_ns()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
_, status, usage = os.wait4(child, 0)
wall = (time.perf_counter_ns() - begin) / 1e6
print((usage.ru_utime + usage.ru_stime) * 1e3, wall, usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


class ScaleError(Exception):
    pass


def measure(command):
    done = subprocess.run([sys.executable, "-I", "-S", "-c", MEASURE, *command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ScaleError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr[:500]}")
    return [float(word) for word in done.stdout.split()]


def write(path, text):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return text.count("\n"), len(text.encode())


def turns(commands, rounds):
    """For each command the medians of processor time and wall time, and the highest peak."""
    found = {name: [] for name in commands}
    names = list(commands)
    for turn in range(-1, rounds):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            figures = measure(commands[name])
            if turn >= 0:
                found[name].append(figures)
    return {name: (statistics.median(f[0] for f in all_), statistics.median(f[1] for f in all_), max(f[2] for f in all_))
            for name, all_ in found.items()}


def growth(before, after, start_up):
    """The exponent between two (lines, milliseconds); None while start-up hides it."""
    small, large = before[1] - start_up, after[1] - start_up
    if small < 0.2 * start_up or small <= 0 or large <= 0:
        return None
    return math.log(large / small) / math.log(after[0] / before[0])


def table(title, rows, start_up):
    print(f"\n{title}")
    print(f"  {'lines':>8} {'KiB':>7}   {'cpu ms':>8} {'wall ms':>8} {'us/line':>8} {'growth':>7} {'peak MiB':>9} {'KiB/line':>9}")
    before = None
    for lines, size, (cpu, wall, peak) in rows:
        exponent = growth(before, (lines, cpu), start_up[0]) if before else None
        print(f"  {lines:8} {size >> 10:7}   {cpu:8.1f} {wall:8.1f} {cpu * 1e3 / lines:8.2f} "
              f"{f'{exponent:.2f}' if exponent is not None else '':>7} {peak / 1024:9.1f} "
              f"{max(0.0, peak - start_up[2]) / lines:9.2f}", flush=True)
        before = (lines, cpu)


def run(baton, dtc, work, sizes, rounds):
    os.makedirs(work, exist_ok=True)
    one = os.path.join(work, "one.baton")
    write(one, large_programs.HEAD)
    tiny = os.path.join(work, "one.dts")
    write(tiny, "/dts-v1/;\n/ { };\n")
    blob = os.path.join(work, "tree.dtb")
    dtc_command = [dtc, "-q", "-I", "dts", "-O", "dtb", "-o", blob]
    commands, facts = {"baton": [baton, "check", one], "dtc": [*dtc_command, tiny], "true": [shutil.which("true")]}, {}
    for size in sizes:
        for shape, suffix in (("mixed", "baton"), ("tree", "dts")):
            path = os.path.join(work, f"{shape}-{size}.{suffix}")
            facts[shape, size] = write(path, large_programs.SHAPES[shape](size))
            commands[shape, size] = [baton, "check", path] if suffix == "baton" else [*dtc_command, path]
    found = turns(commands, rounds)
    print(f"Median of {rounds} rounds in turns after one to warm up; {os.cpu_count()} processors, load average "
          f"{os.getloadavg()[0]:.1f}. Of nothing at all: baton {found['baton'][0]:.1f} ms, dtc {found['dtc'][0]:.1f} ms, "
          f"true {found['true'][0]:.1f} ms and {found['true'][2] / 1024:.1f} MiB (the least that is seen).")
    table("baton check: parse and check of conventions, machines, loaders and handoffs",
          [(*facts["mixed", n], found["mixed", n]) for n in sizes], found["baton"])
    table("dtc -O dtb: a nested device tree", [(*facts["tree", n], found["tree", n]) for n in sizes], found["dtc"])
    ratio = found["mixed", sizes[-1]], found["tree", sizes[-1]]
    lines = facts["mixed", sizes[-1]][0], facts["tree", sizes[-1]][0]
    print(f"\nAt {lines[0]} lines `baton check` takes {ratio[0][0] / lines[0] / (ratio[1][0] / lines[1]):.1f} times the processor "
          f"time of dtc a line, and {ratio[0][2] / ratio[1][2]:.1f} times its memory.")
    print("\nOne list that grows: processor time a line (us), growth from the size before, and peak memory at the last size")
    print(f"  {'shape':10}" + "".join(f"{n:>9} {'':>6}" for n in sizes) + f"{'peak MiB':>11}")
    for shape, make in large_programs.PROGRAMS.items():
        if shape == "mixed" or shape in large_programs.WRONG:
            continue
        line, before, peak = f"  {shape:10}", None, 0
        for size in sizes:
            path = os.path.join(work, f"{shape}.baton")
            lines, _ = write(path, make(size))
            cpu, _, peak = turns({"baton": [baton, "check", path]}, max(1, rounds // 2))["baton"]
            exponent = growth(before, (lines, cpu), found["baton"][0]) if before else None
            line += f"{cpu * 1e3 / lines:9.2f} {f'{exponent:.2f}' if exponent is not None else '':>6}"
            before = (lines, cpu)
        print(line + f"{peak / 1024:11.1f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description="Prints how `baton check` grows with a program.")
    parser.add_argument("--baton", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--dtc", default="dtc")
    given = parser.parse_args()
    dtc = shutil.which(given.dtc)
    if not dtc:
        sys.exit(f"scale.py: there is no {given.dtc}")
    try:
        run(os.path.abspath(given.baton), dtc, given.work, [int(n) for n in given.sizes.split(",")], given.rounds)
    except ScaleError as error:
        sys.exit(f"scale.py: {error}")


if __name__ == "__main__":
    main()
