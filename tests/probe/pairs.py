#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Does each stub that closes a gap between two shipped conventions bring every CPU where its taker wants it?

Builds the handoff of each pair that stdlib/PAIRS.md says S of, and makes of a stopped machine exactly what the giver's
convention promises, as the compiler understood it: each register that is not promised holds junk, MSR bits that are not
named differ from run to run, what may be this or that is each of them once. That this is so is compared with the giver's
clauses before anything runs. Then the CPUs go, slaves before the master, after it, or with it; each is stopped at the
taker's entry and compared with all that the taker's convention ensures (promises.py). Nothing here knows a convention by
its name. Exit status: 0 as promised, 1 a difference, 2 a pair could not be run.

PAIRS_RUN.md says of each pair how it was run and which clauses could not be compared: a run that does otherwise fails,
and so does `--check` where a pair is missing there. BATON_UPDATE=1 writes it.

Example: pairs.py --source . --baton build/release/bin/baton --from linux.kexec@2013 --to linux.zimage@1
"""

import argparse
import fnmatch
import os
import re
import sys
import tempfile

sys.dont_write_bytecode = True  # the source folder stays as it is
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "..", "golden"))

import pair_handoffs
import stub_edit
from bare_cpus import BIG_ONLY, PLATFORMS, BareCpus
from built_handoff import Unusable, read
from built_pair import Pair, sequences
from pair_bench import Bench
from promises import Unknown

LIMIT = 60  # seconds for all to arrive
TABLE = "PAIRS_RUN.md"
USUAL = "power9"  # what the table is of, where the machine has it


def row_of(pair, platform, runs, unseen, left):
    """The table's row of a pair that was run."""
    def said(keys):
        return ", ".join(f"`{key}`" for key in sorted(keys)) or "-"
    timing = " or ".join(str(one) for one in sorted({run.coming for run in runs}, reverse=True))
    return (f"| `{pair.giver.name}` | `{pair.taker.name}` | {pair.closed.machine} | {platform} | {', '.join(pair.orders)} | {timing} | {len(runs)} | "
            f"{said(unseen)} | {said(left)} |")


def departing_row(closed, folder):
    """The table's row of departing code, which departing.py runs; None where no program of its is of this pair."""
    with open(os.path.join(folder, "CMakeLists.txt"), encoding="utf-8") as stream:
        lines = stream.read()
    programs = []
    for name in sorted(os.listdir(os.path.join(folder, "handoffs"))):
        if name.endswith(".baton"):
            text = read(os.path.join(folder, "handoffs", name)).decode()
            variant = name.removesuffix(".baton").removeprefix("leave_")
            if re.search(rf"from {re.escape(closed.giver)};\s+to {re.escape(closed.taker)};", text) and \
                    re.search(rf"probe_departing\(\S+ (\$\{{\w+\}}|{variant}) ", lines) and re.search(rf"\b{variant}\b", lines):
                programs.append(name)
    if not programs:
        return None
    return (f"| `{closed.giver}` | `{closed.taker}` | - | pseries | big, little | 3 | - | by `probe.departing`: "
            f"{', '.join(programs)} | - |")


HEADER = """<!-- Written by tests/probe/pairs.py from runs; probe.pair.* hold it fresh. -->
# Pairs that are run

How each pair that [the table of all pairs](../../stdlib/PAIRS.md) says S of is run under QEMU. On `powernv` the others of a
host wait where they are, as in firmware. Of the giver everything is as promised that is not named under *not shown*: that
is true of QEMU by itself (its caches are coherent; real mode has no hash table), or has no meaning there. What the taker's
convention ensures is compared clause by clause at its entry, but for what stands under *not compared*.

| from | to | machine | QEMU | giver's byte order | slaves that come | runs | giver: not shown | taker: not compared |
|---|---|---|---|---|---|---|---|---|
"""


class Disagrees(Exception):
    """A run that was not as it has to be."""


def shown(rows):
    wide = [max(len(getattr(row, field)) for row in rows) for field in ("key", "expected", "seen")]
    for row in rows:
        print(f"  {row.key:{wide[0]}}  {row.expected:{wide[1]}}  {row.seen:{wide[2]}}  {'ok' if row.agrees else 'FALSE'}")


class Harness:
    """All that is run of one call; machines stay as long as it does."""

    def __init__(self, options, pairs, folder):
        self.options, self.pairs, self.folder = options, pairs, folder
        self.conventions = {each.name: each for each in pairs.conventions}
        self.benches, self.compared, self.runs = {}, 0, 0

    def end(self):
        for bench in self.benches.values():
            bench.machine.end()

    def bench(self, platform, count):
        if (platform, count) not in self.benches:
            self.benches[platform, count] = Bench(self.options, BareCpus(platform, self.model(platform), count))
        return self.benches[platform, count]

    def model(self, platform):
        """The processor that is asked for; without that, the one that the table is of. None where QEMU has none such there."""
        models = PLATFORMS[platform]["cpus"]
        wanted = self.options.cpu or (USUAL if USUAL in models else models[0])
        return wanted if wanted in models else None

    def run(self, closed):
        """(the row of the table, what was not compared); None where the machine has no such processor."""
        giver, taker = self.conventions[closed.giver], self.conventions[closed.taker]
        with tempfile.TemporaryDirectory(dir=self.folder) as out:
            findings = self.pairs.build(giver, taker, closed.machine, True, closed.relies, out)
            if findings:
                raise Unusable(f"it is not built: {findings[0][2]}")
            pair = Pair(closed, giver, taker, self.folder, out)
        platform, count = pair.platform()
        model = self.model(platform)
        runs = [one for one in sequences(pair, count) if self.options.order in (None, one.order)
                and not (one.order == "little" and model in BIG_ONLY)
                and not (self.options.cpu and one.turn % 2)][:self.options.runs]
        if not model or not runs:
            return None
        bench = self.bench(platform, count)
        unseen, left, differing = set(), set(), set()
        for sequence in runs:
            if self.options.mutate:
                pair.stub_bytes = self.edited(pair, sequence.order)
            rows, unmet, hidden = bench.run(pair, sequence)
            unseen |= hidden
            left |= unmet
            self.compared += len(rows)
            false = {row.key for row in rows if not row.agrees}
            differing |= false
            if false and not self.options.expect or self.options.verbose:
                print(f"{giver.name} -> {taker.name} on {platform}, {sequence}:")
                shown(rows)
        self.judge(differing)
        self.runs += len(runs)
        return row_of(pair, platform, runs, unseen, left), left

    def edited(self, pair, order):
        stub = bytearray(pair.stub.content)
        try:
            stub_edit.EDITS[self.options.mutate](stub, order)
        except stub_edit.EditError as problem:
            raise Unusable(f"{self.options.mutate}: {problem}") from problem
        if stub == pair.stub.content or len(stub) > pair.stub.memsz:
            raise Unusable(f"{self.options.mutate}: the stub did not change, or outgrew its memory")
        return bytes(stub)

    def judge(self, differing):
        missing = [key for key in self.options.expect if not fnmatch.filter(differing, key)]
        surplus = [key for key in differing if not any(fnmatch.fnmatch(key, pattern) for pattern in self.options.expect)]
        if missing or surplus:
            raise Disagrees(f"FALSE: {', '.join(sorted(differing)) or 'nothing'}; expected {', '.join(self.options.expect) or 'nothing'}")


def kept_rows(path):
    """(giver, taker) -> the row that the table has."""
    if not os.path.exists(path):
        return {}
    found = re.findall(r"^(\| `([^`]+)` \| `([^`]+)` \|.*)$", read(path).decode(), re.M)
    return {(giver, taker): row for row, giver, taker in found}


def make_parser():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True)
    parser.add_argument("--baton", required=True)
    parser.add_argument("--from", dest="giver", metavar="CONVENTION", help="only pairs of this giver")
    parser.add_argument("--to", dest="taker", metavar="CONVENTION", help="only pairs of this taker")
    parser.add_argument("--order", choices=("big", "little"), help="only givers of this byte order")
    parser.add_argument("--runs", type=int, metavar="N", help="only the first runs of each pair")
    parser.add_argument("--cpu", help="QEMU's name of the processor: half as many runs of each pair, and none of those "
                        "whose machine has no such processor")
    parser.add_argument("--mutate", choices=sorted(stub_edit.EDITS), help="make the stubs wrong in this respect")
    parser.add_argument("--spoil", metavar="KEY", help="the giver breaks this promise to its master")
    parser.add_argument("--expect", action="append", default=[], metavar="KEY", help="what must be found false, and nothing else")
    parser.add_argument("--check", action="store_true", help="run nothing: does the table tell of each pair?")
    parser.add_argument("--verbose", action="store_true", help="every comparison of every run")
    parser.add_argument("--limit", type=float, default=LIMIT, metavar="SECONDS")
    return parser


def checked(closed, rows):
    """What is wrong with the table, in words."""
    wrong = [f"{one.giver} -> {one.taker}: PAIRS.md says S, and {TABLE} does not tell how it is run"
             for one in closed if (one.giver, one.taker) not in rows]
    wrong += [f"{giver} -> {taker}: {TABLE} tells of it, and PAIRS.md does not say S" for giver, taker in rows
              if not any((one.giver, one.taker) == (giver, taker) for one in closed)]
    wrong += [f"{one.giver} -> {one.taker}: it is said to be run otherwise, as departing code is" for one in closed
              if one.departing and rows.get((one.giver, one.taker)) not in (None, departing_row(one, HERE))]
    return wrong


def main():
    options = make_parser().parse_args()
    path = os.path.join(HERE, TABLE)
    update = os.environ.get("BATON_UPDATE", "") not in ("", "0")
    try:
        closed = pair_handoffs.closed(read(os.path.join(options.source, "stdlib", "PAIRS.md")).decode())
        unreadable = [f"{one.giver} -> {one.taker}" for one in closed if not one.readable]
        if unreadable or not closed:
            raise Unusable(f"stdlib/PAIRS.md cannot be read: {', '.join(unreadable) or 'no pair'}")
        rows = kept_rows(path)
        if options.check:
            wrong = checked(closed, rows)
            print("\n".join(wrong) or f"{len(rows)} pairs, each with how it is run")
            return 1 if wrong else 0
        asked = [one for one in closed if options.giver in (None, one.giver) and options.taker in (None, one.taker)]
        if not asked:
            raise Unusable("no such pair")
        whole = not (options.mutate or options.spoil or options.order or options.cpu or options.runs)
        wrong, ran = 0, 0
        with tempfile.TemporaryDirectory(prefix="baton-pairs-") as folder:
            folder = os.path.realpath(folder)
            harness = Harness(options, pair_handoffs.Pairs(os.path.abspath(options.baton), options.source, folder), folder)
            try:
                for one in asked:
                    try:
                        answer = (departing_row(one, HERE), set()) if one.departing else harness.run(one)
                        if answer is None:
                            continue
                        if answer[0] is None:
                            raise Unusable("no program of departing.py leaves so")
                    except (Unusable, Unknown) as problem:
                        raise Unusable(f"{one.giver} -> {one.taker}: {problem}") from problem
                    except Disagrees as difference:
                        print(f"{one.giver} -> {one.taker}: {difference}")
                        wrong += 1
                        continue
                    ran += 1
                    row, left = answer
                    present = rows.get((one.giver, one.taker), "nothing")
                    if whole and update:
                        rows[one.giver, one.taker] = row
                    elif whole and present != row:
                        print(f"{TABLE} says\n  {present}\nand this was run:\n  {row}")
                        wrong += 1
                    elif lost := [key for key in left if f"`{key}`" not in present.split(" | ")[-1] and (key != "ile" or options.cpu not in BIG_ONLY)]:
                        print(f"{one.giver} -> {one.taker}: {', '.join(lost)} could not be compared, and {TABLE} does not say so")
                        wrong += 1
            finally:
                harness.end()
        if not ran:
            raise Unusable("no such pair has a machine with this processor")
    except Unusable as problem:
        print(f"pairs.py: {problem}", file=sys.stderr)
        return 2
    if whole and update:
        wanted = [(one.giver, one.taker) for one in closed]
        with open(path + ".new", "w", encoding="utf-8") as stream:
            stream.write(HEADER + "".join(rows[pair] + "\n" for pair in wanted if pair in rows))
        os.replace(path + ".new", path)
    print(f"{ran} pairs, {harness.runs} runs, {harness.compared} comparisons; {wrong} pairs not as they have to be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
