# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Holds the judge's semantics of privileged instructions against QEMU's bare machine, in both byte orders.

privileged_tool makes random cases of each instruction, and of each special register, that problem state may not touch into one
image for each byte order. A POWER9 without firmware runs it; its memory is a file here, in which the tool compares what
each case left behind with what the judge makes of it: hypervisor, supervisor and problem state, translated or not.

    privileged_test.py --tool build/bin/privileged_tool
"""

import argparse
import mmap
import pathlib
import subprocess
import sys
import tempfile
import time

MEMORY = 1 << 30  # the least that the machine takes; nearly all of it stays a hole
FEWEST_CASES, KINDS, FEWEST_OF_A_SORT = 20_000, 29, 50
SECONDS = 50  # a run takes one or two


def command(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} ends with {done.returncode}:\n{done.stderr.decode(errors='replace')[:6000]}")
    return done.stdout.decode()


def run(image, memory, cases, finished):
    """Until the machine has counted all cases in its memory."""
    with memory.open("wb") as file:
        file.truncate(MEMORY)
    words = ["qemu-system-ppc64", "-M", "powernv9,memory-backend=ram", "-accel", "tcg", "-cpu", "power9", "-smp", "1", "-m", f"{MEMORY >> 20}M",
             "-object", f"memory-backend-file,id=ram,share=on,size={MEMORY},mem-path={memory}", "-bios", image, "-nodefaults",
             "-no-user-config", "-display", "none", "-monitor", "none", "-serial", "none"]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        with memory.open("rb") as file, mmap.mmap(file.fileno(), MEMORY, prot=mmap.PROT_READ) as ram:
            until = time.monotonic() + SECONDS
            while (count := int.from_bytes(ram[finished:finished + 8], "big")) != cases:
                if process.poll() is not None or time.monotonic() > until:
                    process.kill()
                    sys.exit(f"QEMU came to case {count} of {cases} only: {process.communicate()[1].decode(errors='replace')}")
                time.sleep(0.02)
    finally:
        process.kill()
        process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--count", type=int, default=200, help="cases of each register, in each byte order; eight times as many of what sets the MSR")
    arguments = parser.parse_args()
    total = 0
    with tempfile.TemporaryDirectory() as name:
        for order in ("big", "little"):
            image, memory = pathlib.Path(name) / "image", pathlib.Path(name) / "memory"
            cases, finished = map(int, command(arguments.tool, "make", order, str(arguments.count), image).split())
            run(image, memory, cases, finished)
            counts = command(arguments.tool, "compare", order, str(arguments.count), memory).splitlines()
            kinds, *sorts = (int(line.split()[0]) for line in counts)
            print(f"{order}-endian: {cases} cases of {', '.join(counts)}")
            total += cases
            if kinds < KINDS or min(sorts) < FEWEST_OF_A_SORT:
                sys.exit(f"of {KINDS} instructions and registers, or of {FEWEST_OF_A_SORT} cases of each sort, some are missing")
    if total < FEWEST_CASES:
        sys.exit(f"{total} cases are fewer than {FEWEST_CASES}")
    print(f"{total} cases in all")


main()
