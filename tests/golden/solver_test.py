#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Is Z3 loaded by who needs it, and by nobody else?

Every pair of shipped conventions whose gap a stub closes (stdlib/PAIRS.md) is built, with the judge, and a stub of others
is judged that simplification proves: the dynamic linker may not open libz3 for any of them. For one that only the solver
proves it must, which shows that the look at the linker's notes sees it; and it may not with `--solver off`.

Example: solver_test.py --source . --baton build/release/bin/baton
"""
import argparse
import glob
import os
import subprocess
import sys
import tempfile

import help_test
import pair_handoffs

VERIFY = ["--from", "linux.kexec@2005", "--to", "linux.bootblock@16", "--machine", "single"]
# Two words of the tree by exclusive or, and both taken out again: 0, which no pattern of bits says.
SOLVED = help_test.STUB.replace("\tli\t5, 0\n", "\tlwz\t8, 8(3)\n\tlwz\t9, 12(3)\n\txor\t5, 8, 9\n\txor\t5, 5, 9\n\txor\t5, 5, 8\n")


def opened(folder):
    """Whether a program that ran since the last time opened libz3."""
    found = False
    for name in glob.glob(folder + "/ld.*"):
        with open(name, encoding="utf-8", errors="replace") as notes:
            found = found or "libz3" in notes.read()
        os.remove(name)
    return found


def main(source, baton):
    baton = os.path.abspath(baton)
    failures = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LD_DEBUG"] = "files"
        os.environ["LD_DEBUG_OUTPUT"] = folder + "/ld"
        pairs = pair_handoffs.Pairs(baton, source, folder)
        with open(os.path.join(source, "stdlib", "PAIRS.md"), encoding="utf-8") as table:
            closed = [pair for pair in pair_handoffs.closed(table.read()) if pair.readable]
        by_name = {each.name: each for each in pairs.conventions}
        opened(folder)
        built = 0
        for pair in closed:
            giver, taker = by_name[pair.giver], by_name[pair.taker]
            finding = pairs.build(giver, taker, pair.departing or pair.machine, True, pair.relies, f"{folder}/out{built}")
            built += 1
            if finding:
                failures.append(f"{pair.giver} -> {pair.taker} is not built: {finding}")
            if opened(folder):
                failures.append(f"{pair.giver} -> {pair.taker}: the build opened libz3")
        stub = folder + "/stub.S"
        for text, options, expected, exit_code in ((help_test.STUB, [], False, 0), (SOLVED, [], True, 0),
                                                   (SOLVED, ["--solver", "off"], False, 1)):
            with open(stub, "w", encoding="utf-8") as stream:
                stream.write(text)
            done = subprocess.run([baton, "verify", stub] + VERIFY + options, check=False, stdout=subprocess.PIPE, text=True)
            if done.returncode != exit_code:
                failures.append(f"verify {options} ended with {done.returncode}:\n{done.stdout}")
            if opened(folder) != expected:
                failures.append(f"verify {options} {'did not open' if expected else 'opened'} libz3")
    if built < 20:
        failures.append(f"only {built} pairs are closed by a stub: the table is read wrongly")
    print("\n".join(failures) if failures else f"{built} builds without the solver, and one judgement with it")
    return 1 if failures else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", required=True)
    parser.add_argument("--baton", required=True)
    arguments = parser.parse_args()
    sys.exit(main(arguments.source, arguments.baton))
