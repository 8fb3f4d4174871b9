#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Is everything that is refuted in the tests so in QEMU, or is it said why QEMU cannot show it?

Takes each `baton verify` of the golden tests, and of the changes of tests/mutation one in many, and has what is refuted
repeated; tests/foreign counts its own by the same rules. Each refuted obligation has to be confirmed, or to have one of the reasons that
compiler/replay/README.md lists; nothing may be left out, nothing may disagree, and some of all must be confirmed. Prints
counts by answer and reason; --verbose each obligation.

    replayed.py --source . --baton build/release/bin/baton golden
    replayed.py --source . --tool build/release/bin/mutation_tool changes --sample 150
"""
import argparse
import collections
import glob
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

# Beginnings of what is said of clauses that QEMU cannot show.
REASONS = (
    "its instruction caches follow every store",
    "no state shows it: ",
    "it happens in memory that no machine here has",
    "it has no CPU of Book III-E ",
    "the code runs translated, ",
    "it does not keep a load within what a guest reaches",
    "it calls ",  # OPAL, or what is taken by contract
    "it takes several CPUs, ",
    "it is about a CPU that waits, ",
    "it is about what a kernel reads in the tree, ",
    "it takes firmware that refuses, ",
    "its CPU does not hold an MSR of ",
    "its rfid changes ME in a guest, too",
    "it depends on what its CPU does not hold, ",
)


class Tally:
    def __init__(self, verbose):
        self.count, self.wrong, self.verbose = collections.Counter(), [], verbose

    def take(self, name, text, complaints):
        """The answers of one run: its certificate."""
        if not text:
            return  # it was refused before anything was judged
        try:
            certificate = json.loads(text)
        except ValueError as problem:
            self.wrong.append(f"{name}: {problem}: {text[:200]} {complaints}")
            return
        if "givers" not in certificate:
            return  # findings: it was refused before anything was judged
        for giver in certificate["givers"]:
            for o in giver["obligations"]:
                replay = o.get("replay")
                if o["outcome"] == "refuted" or replay:
                    answer, detail = (replay["answer"], replay["detail"]) if replay else ("left out", "")
                    self.look(f"{name}, {giver['order']}: {o['clause']}: {o['detail']}", answer, detail)

    def look(self, name, answer, detail):
        if self.verbose:
            print(f"{name}\n    {answer}: {detail}")
        reason = next((each for each in REASONS if detail.startswith(each)), None)
        if answer == "cannot-show" and reason:
            self.count["not shown: " + reason.strip(" :,")] += 1
        elif answer == "confirmed" and detail:
            self.count[answer] += 1
        else:
            self.wrong.append(f"{name}: {answer}: {detail}")

    def report(self, some):
        """Prints the counts, and what is wrong; `some`: of so many that one at least is confirmed. Whether anything is."""
        for what, count in sorted(self.count.items()):
            print(f"{count:4} {what}")
        if some and self.count["confirmed"] == 0:
            self.wrong.append("nothing was confirmed")
        for line in self.wrong:
            print(line)
        return bool(self.wrong)


def golden(options, tally):
    sys.path.insert(0, str(options.source / "tests/golden"))
    import run
    for path in sorted(glob.glob(str(options.source / "tests/golden/**/*.golden"), recursive=True)):
        text = run.Golden.parse(pathlib.Path(path).read_text(encoding="utf-8"))
        lines = [shlex.split(line) for line in text.get("command").splitlines() if line.strip()]
        if not any(words[1:2] == ["verify"] for words in lines):
            continue
        with tempfile.TemporaryDirectory(prefix="baton-replayed-") as folder:
            run.write_inputs(text.sections, folder)
            for words in lines:
                judges = words[1:2] == ["verify"]
                command = [options.baton, *words[1:]] if words[0] == "baton" else words
                if judges:
                    command = [*without(command, "--replay", "--qemu", "--format"), "--format", "json", "--replay", "require"]
                done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
                if judges:
                    tally.take(os.path.basename(path), done.stdout, done.stderr)


def without(words, *names):
    """A command line without these options, which take a value each."""
    kept, skip = [], False
    for word in words:
        if skip or word in names:
            skip = word in names
            continue
        kept.append(word)
    return kept


def changes(options, tally):
    """Of each shipped stub every Nth change, as `baton build` judges it."""
    bench = str(options.source / "tests/bench")
    sys.path.insert(0, str(options.source / "tests/mutation"))
    import mutation_test
    handoffs = mutation_test.chosen_handoffs(bench)
    import stub_table
    with tempfile.TemporaryDirectory(prefix="baton-replayed-") as folder:
        stub_table.make_inputs(folder)
        for name, arguments in handoffs:
            command = [options.tool, "--every", str(options.sample), "--replay", "build", *arguments, "--replay", "require"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
            if done.returncode != 0 or not done.stdout:
                tally.wrong.append(f"{name}: {done.stderr}")
            for line in done.stdout.splitlines():
                if line.startswith("replay\t"):
                    _, place, change, clause, answer, detail = line.split("\t")
                    tally.look(f"{name}, {place}, {change}: {clause}", answer, detail)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=("golden", "changes"))
    parser.add_argument("--source", type=lambda text: pathlib.Path(text).resolve(), required=True)
    parser.add_argument("--baton", type=lambda text: pathlib.Path(text).resolve(), help="of golden")
    parser.add_argument("--tool", type=lambda text: pathlib.Path(text).resolve(), help="mutation_tool, of changes")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="of each stub every Nth change")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    tally = Tally(options.verbose)
    {"golden": golden, "changes": changes}[options.which](options, tally)
    sys.exit(1 if tally.report(some=True) else 0)


if __name__ == "__main__":
    main()
