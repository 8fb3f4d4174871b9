# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Holds the judge's semantics against QEMU's, instruction by instruction, in both byte orders.

semantics_tool makes random cases of every row that runs in problem state into one program for each byte order, and
compares what QEMU's user mode makes of it with what the judge does: registers, vectors, CR, XER, LR, CTR, memory, where
it goes on, and whether it traps. Two semantics written independently have to agree on each.

    semantics_test.py --tool build/bin/semantics_tool
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

QEMU = {"big": "qemu-ppc64", "little": "qemu-ppc64le"}
FEWEST_CASES, FEWEST_ROWS = 50_000, 230


def command(*words, output=subprocess.PIPE):
    done = subprocess.run(words, stdout=output, stderr=subprocess.PIPE, timeout=300)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} ends with {done.returncode}:\n{done.stderr.decode(errors='replace')[:6000]}")
    return done.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--count", type=int, default=160, help="cases of each row, in each byte order")
    arguments = parser.parse_args()
    total, rows = 0, []
    with tempfile.TemporaryDirectory() as name:
        for order, qemu in QEMU.items():
            program, records = pathlib.Path(name) / "cases", pathlib.Path(name) / "records"
            command(arguments.tool, "make", order, str(arguments.count), program)
            program.chmod(0o755)
            with records.open("wb") as stream:
                command(qemu, "-cpu", "power9", program, output=stream)
            counts = command(arguments.tool, "compare", order, str(arguments.count), records)
            cases, of_rows, taken, trapped = map(int, counts.split())
            print(f"{order}-endian: {cases} cases of {of_rows} rows agree with QEMU; {taken} branched, {trapped} trapped")
            total += cases
            rows.append(of_rows)
            if taken < 100 or trapped < 100:
                sys.exit("too few branches or traps came up")
    if total < FEWEST_CASES or min(rows) < FEWEST_ROWS:
        sys.exit(f"{total} cases of {min(rows)} rows are fewer than {FEWEST_CASES} of {FEWEST_ROWS}")
    print(f"{total} cases in all")


main()
