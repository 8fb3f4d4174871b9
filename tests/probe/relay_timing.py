#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs one probe of a relay, or of a pen of the taker's, many times, each with slaves that leave the giver at another moment.

A slave comes before the master has begun to replace the head, while it does, or long after. Whichever way it
came is seen in the register that the pen uses: poison still there means that it found the taker's own code. Every
run must end as the convention says, and all runs of a relay together must have seen both ways, or nothing was tested.
QEMU's processors are coherent and see stores in order: this shows the logic, not the barriers.

Example: relay_timing.py --runs 250 --seed 1 --build built --handoff relay_big --relay 0x7c ... -> "250 runs, ..."
"""
import random
import sys

import expectations
import probe
from built_handoff import Handoff, Unusable

PEN_REGISTER = 9


def random_delays(generator, count):
    """Every CPU's, the master's too: around the time that the head takes, as many short ones as long ones."""
    return [0 if generator.random() < 0.2 else int(2 ** generator.uniform(2, 12)) for _ in range(count)]


def main():
    parser = probe.make_parser()
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    if options.mutate or options.delays:
        parser.error("--mutate and --delays are for one run")
    generator = random.Random(options.seed)
    by_pen = directly = 0
    try:
        handoff = Handoff(options.build, options.handoff, options.kernel)
        for number in range(options.runs):
            options.delays = random_delays(generator, options.cpus)
            options.wait_for = generator.randrange(options.cpus)
            run = probe.Run(options, handoff)
            report = probe.Report(run.execute(), run)
            rows = expectations.compare(handoff.to, run, report) if report.complete else []
            if not rows or any(not row.agrees for row in rows):
                print(f"run {number} of seed {options.seed}, delays {options.delays}, the master after {options.wait_for}:")
                if rows:
                    probe.print_table(run, options, rows, report)
                else:
                    print(f"  nothing within {options.limit:g} s")
                return 1
            for cpu in report.cpus:
                if cpu.role == 1:
                    poisoned = cpu.gpr[PEN_REGISTER] == probe.POISON + PEN_REGISTER * 0x101
                    directly, by_pen = directly + poisoned, by_pen + (not poisoned)
    except Unusable as problem:
        print(f"relay_timing.py: {problem}", file=sys.stderr)
        return 2
    if not options.relay:  # of a pen of the taker's there is one way
        print(f"{options.runs} runs, {by_pen + directly} slaves by their slots")
        return 0
    print(f"{options.runs} runs, {by_pen} slaves by the pen, {directly} directly")
    if not by_pen or not directly:
        print("one of the ways was never taken: the delays do not reach around the handover")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
