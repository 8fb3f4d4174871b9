#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Is the table of all pairs of shipped conventions, stdlib/PAIRS.md, what `baton build` says today?

Each ordered pair of conventions becomes a small handoff, which is built: the taker's image entered itself, then through
a trampoline, then with the giver's incidental promises relied on; on a guest to which slaves come, on one with a single
CPU, and on an OPAL host. The first that passes is the pair's outcome, in this order. Where none does, it is what the
trampoline was refused for first, on the machine where the build got furthest. What a handoff binds follows from the roles that the
conventions state; nothing here knows a convention by its name. A giver that is the entry of an ELF file can enter no
trampoline: from it the taker's image is entered itself, or nothing is.

BATON_UPDATE=1 writes the table; read the difference before it is committed.

    pairs_test.py --source . --baton build/release/bin/baton [--only linux.kexec@2013 linux.bootblock@17]
"""
import argparse
import concurrent.futures
import difflib
import os
import sys
import tempfile

sys.dont_write_bytecode = True
import pair_handoffs  # noqa: E402

# In place of the size of a stub: code that is linked.
CODE = "code"


class Answers(pair_handoffs.Pairs):
    """What `baton build` says of each pair."""

    def answer(self, giver, taker, machine, trampoline, relies):
        """(None, size of the stub) where it is built, else (the findings, 0)."""
        with tempfile.TemporaryDirectory(dir=self.folder) as made:
            out = os.path.join(made, "out")
            findings = self.build(giver, taker, machine, trampoline, relies, out)
            if findings:
                return findings, 0
            if giver.departs:
                return None, CODE
            stub = os.path.join(out, f"{pair_handoffs.NAME}.bin")
            return None, os.path.getsize(stub) if os.path.exists(stub) else 0

    def outcome(self, giver, taker):
        """(symbol, text) of one pair."""
        unproved, first = None, None
        ways = (True,) if giver.departs else (False,) if giver.enters_elf and (taker.of_kind("loadable") or taker.of_kind("elf64")) else (False, True)
        # What a giver only happens to do helps where the taker needs that very thing.
        relied = [key for key in giver.incidental if key in taker.keys]
        for relies in ([], relied) if relied else ([],):
            for machine in pair_handoffs.MACHINES if not giver.departs else ("big", "little"):
                for trampoline in ways:
                    findings, size = self.answer(giver, taker, machine, trampoline, relies)
                    where = f"on `{machine}`" if machine in pair_handoffs.MACHINES else f"linked into a {machine}-endian caller"
                    if relies:
                        where += ", relying on incidental " + ", ".join(f"`{key}`" for key in relies)
                    if findings is None and size is CODE:
                        return "S", f"departing code, {where}"
                    if findings is None:
                        return ("S", f"a stub of {size} bytes, {where}") if size else ("N", f"no gap, {where}")
                    if all(slug == "not-proved" for _, slug, _, _ in findings):
                        unproved = unproved or (findings, where)
                    elif trampoline == ways[-1] and (first is None or progress(findings) > progress(first)):
                        first = findings
        if unproved:
            code, slug, sentence, _ = unproved[0][0]
            return "u", f"{unproved[1]}, {code} {slug}: {sentence}"
        return refused(first)


def progress(findings):
    """How far a refused build got: to placement, to what is impossible whatever a stub does, to the making of one."""
    code = findings[0][0]
    return (0 if code < "BT5" else 1 if code in ("BT5003", "BT5004") else 2), -len(findings)


def refused(findings):
    """What was refused first; a release that does not serve something is not one that finds it impossible."""
    code, slug, sentence, note = findings[0]
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return "x", f"{code} {slug}: {sentence}" + (f"; {note}" if note else "") + more


LEGEND = """<!-- Written by tests/golden/pairs_test.py from builds; golden.pairs holds it fresh. -->
# Pairs

What becomes of each handoff from one shipped convention (row) to another (column), as `baton build` answers today. The
image, the tree and the machine are small and made for this table: a real one may be refused for its own reasons, by its
size or place. Machines: `guest` has slaves that come, `single` has one CPU, `host` has OPAL, where the others wait. The
first that serves is the one that is named, and for each the image entered itself is tried before a stub.

| | |
|---|---|
| N | no gap: the giver promises all that the taker needs |
| S | a stub closes the gap; [how each is run under QEMU](../tests/probe/PAIRS_RUN.md) |
| u | a stub is made, and what is known of the giver's state is not enough to prove it |
| x | impossible: the first need that nothing meets is told below |
| - | planned, but not built in this release |

"""


def table(pairs, outcomes):
    names = [each.name for each in pairs.conventions]
    out = [LEGEND, "| | " + " | ".join(str(n) for n in range(1, len(names) + 1)) + " |\n",
           "|---|" + "---|" * len(names) + "\n"]
    for number, giver in enumerate(names, 1):
        cells = " | ".join(outcomes[giver, taker][0] for taker in names)
        out.append(f"| {number} `{giver}` | {cells} |\n")
    for giver in names:
        out.append(f"\n## From `{giver}`\n\n")
        reasons = {}
        for taker in names:
            reasons.setdefault(outcomes[giver, taker][1], []).append(taker)
        for reason, takers in reasons.items():
            out.append("- " + ", ".join(f"`{taker}`" for taker in takers) + f": {reason}\n")
    return "".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", required=True)
    parser.add_argument("--baton", required=True)
    parser.add_argument("--only", nargs=2, metavar=("FROM", "TO"), help="one pair, printed")
    options = parser.parse_args()
    kept = os.path.join(options.source, "stdlib", "PAIRS.md")
    with tempfile.TemporaryDirectory(prefix="baton-pairs-") as made:
        pairs = Answers(os.path.abspath(options.baton), options.source, os.path.realpath(made))
        every = {each.name: each for each in pairs.conventions}
        if options.only:
            print(*pairs.outcome(*(every[name] for name in options.only)))
            return 0
        asked = [(giver, taker) for giver in every for taker in every]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = pool.map(lambda pair: pairs.outcome(every[pair[0]], every[pair[1]]), asked)
            wanted = table(pairs, dict(zip(asked, answers)))
    if os.environ.get("BATON_UPDATE", "") not in ("", "0"):
        with open(kept + ".new", "w", encoding="utf-8") as stream:
            stream.write(wanted)
        os.replace(kept + ".new", kept)
        return 0
    present = ""
    if os.path.exists(kept):
        with open(kept, encoding="utf-8") as stream:
            present = stream.read()
    if present != wanted:
        sys.stdout.writelines(difflib.unified_diff(present.splitlines(True), wanted.splitlines(True), "stdlib/PAIRS.md",
                                                   "baton build"))
        return 1
    print(f"{len(asked)} pairs, as the table says")
    return 0


if __name__ == "__main__":
    sys.exit(main())
