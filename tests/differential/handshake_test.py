#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Does SPIN come to our verdicts?

Each handshake of handshake_tool is judged by the explorer, and by SPIN from its Promela, which describes caches and
views of memory in a way of its own. All subsets of a publication's barriers and the overwritten loops, for one slave
and two; written as events, and as instructions from which the events are taken. A search that SPIN could not finish is an error.

    handshake_test.py --tool build/release/bin/handshake_tool
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile


def run(command, folder=None):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"handshake_test: {' '.join(command)}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def spin_verdict(promela, folder):
    """(verdict, states) of SPIN's own exhaustive search."""
    with open(os.path.join(folder, "model.pml"), "w", encoding="utf-8") as text:
        text.write(promela)
    run(["spin", "-a", "model.pml"], folder)
    run(["gcc", "-O0", "-w", "-DSAFETY", "-o", "pan", "pan.c"], folder)
    report = run(["./pan", "-E", "-m1000000", "-w22"], folder)
    errors = re.search(r"errors: (\d+)", report)
    states = re.search(r"(\d+) states, stored", report)
    if not errors or not states or "truncated" in report or "max search depth too small" in report:
        sys.exit(f"handshake_test: SPIN did not finish:\n{report}")
    violated = errors.group(1) != "0"
    if violated and "assertion violated" not in report:
        sys.exit(f"handshake_test: SPIN found something else:\n{report}")
    return "violated" if violated else "holds", int(states.group(1))


def main():
    parser = argparse.ArgumentParser(description="Does SPIN come to our verdicts?")
    parser.add_argument("--tool", required=True)
    tool = os.path.abspath(parser.parse_args().tool)
    for program in ("spin", "gcc"):
        if not shutil.which(program):
            sys.exit(f"handshake_test: `{program}` is missing; ./quickstart installs it")
    names = run([tool, "list"]).split()
    seen, wrong = set(), []
    print(f"{'handshake':<26} {'ours':<9} {'states':>7}   {'SPIN':<9} {'states':>8}")
    for name in names:
        ours, states = run([tool, "verdict", name]).split()
        with tempfile.TemporaryDirectory() as folder:
            theirs, their_states = spin_verdict(run([tool, "promela", name]), folder)
        print(f"{name:<26} {ours:<9} {states:>7}   {theirs:<9} {their_states:>8}", flush=True)
        seen.add(theirs)
        if ours != theirs:
            wrong.append(name)
    if len(names) != 46 or seen != {"holds", "violated"}:
        sys.exit(f"handshake_test: {len(names)} handshakes, of which SPIN says {sorted(seen)}")
    if wrong:
        sys.exit(f"handshake_test: not the same verdict: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
