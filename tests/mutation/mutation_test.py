#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What of a stub can be changed without the judge saying so, and why is that right?

mutation_tool has the stub of each handoff of tests/bench judged with every bit of every instruction flipped, every
instruction dropped and all neighbours swapped. A change is refuted, or it makes a word that is no instruction of the table;
what is left is put into groups by what the instruction was, what it became, and what is otherwise when the CPUs have come to
their ends. A group is explained by that (the same state; registers that nobody needs then), or by a sentence of REASONS. One
that is not fails, and so does a judge that no longer notices what it did: survivors.expected has all groups and counts.

BATON_UPDATE=1 writes that file; read the difference.

    mutation_test.py --tool build/bin/mutation_tool --bench tests/bench --expect survivors.expected [--only HANDOFF]
"""
import argparse
import collections
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap

sys.dont_write_bytecode = True

import departing_reasons

# Why a change is as good, or why the judge cannot tell: (answer, instruction before, after, what is otherwise or not known).
# Each is a regular expression for the whole; the first that matches counts.
REASONS = [
    # Barriers and caches: no register or byte tells them apart, so that the judge's own rules are what is looked at.
    ("equivalent", "sync", "ptesync", "nothing", "it orders all that sync does, and changes of translation besides"),
    ("equivalent", "sync; isync", "isync; sync", "nothing",
     "no other CPU runs what was copied; of this one's fetches isync drops what was there before icbi, and nothing is fetched ahead of it"),
    ("equivalent", "(sync|isync); (lis|addi|li)", "(lis|addi|li); (sync|isync)", "nothing", "a sum of registers is ordered by no barrier"),
    # Other ways to the same end.
    ("equivalent", "b", "(tdi|xori|b)", r".*on another way", "it falls into the other byte order's words, or before its own: what they do is done again or needed by nobody"),
    ("equivalent", "(beq|bne)", "(beq|bne)", "on another way", "it goes around by more or fewer instructions that bring about the same each time"),
    ("equivalent", "bgt", "bcl", "lr; on another way", "a CPU without a slot stays in a branch to itself, which writes lr now"),
    ("equivalent", "bgt; sldi", "sldi; bgt", r".*on another way", "the slot's place is computed for a CPU without a slot, too, which does not look there"),
    ("equivalent", "or; bctr", "bctr; or", "on another way", "the hint of a priority is not given: it changes no state"),
    ("equivalent", "li", "li", r"(ctr, )?(r\d+(, )?)*(; )?(stores other bytes; )?on another way",
     "more turns: the same bytes are copied once more, or more blocks are flushed"),
    ("equivalent", "cmpldi", "cmpldi", r".*on another way", "the bound of ids is looser, and keeps out whoever has no slot nevertheless"),
    ("equivalent", "stw", "(stb|sth)", "stores other bytes", "the word is not 0 then either"),
    ("equivalent", "stb", "stw", "stores other bytes", "little-endian, of an id of one byte: the three bytes behind it are 0 before and after"),
    ("equivalent", ".*", ".*", "it is done after a difference only", "it stays then, and stores nothing else; what people read is not judged"),
    ("equivalent", r"(bge|vcmpequw\.)(; \w+)?", ".*", r"nothing|vr|(a register|r\d+)(, vr)?(, xer)?", "one half of the digest is compared: what is tried differs in the other half, too"),
    ("equivalent", r"(\w+; )?(bne|cmpld)(; \w+)?", "(?!bc$).*", r"(nothing|(cr|xer|r1)(, (cr|xer|r1))*)",
     "a quarter of the digest is not compared, or not as it was: what is tried differs in the others, too"),
    ("equivalent", "isync; b", "b; isync", "on another way", "isync is left out: mtmsrd with L = 0 synchronizes the context itself"),
    ("equivalent", "li; b", "b; li", r"(a register|r\d+); on another way", "it is left out: the payload needs nothing of that register"),
    ("equivalent", "(isync.*|mtmsrd; isync)", ".*", r"nothing|r\d+", "mtmsrd with L = 0 synchronizes the context itself"),
    ("equivalent", "addi|bdnz", "addic|bcl?", r"((xer|lr); )?on another way", "the turns of the copy are run one by one then, not at once"),
    ("equivalent", "b", "bl", "lr; stores other bytes", "the giver's copy of the head at 0 has the changed word, and the backup has it from there"),
    # What the judge does not know, and says so: such a stub is built with a warning that it is not proved.
    ("unknown", ".*", ".*", r".*no end after [\d,]+ instructions.*", "it takes too long: a count that is huge, or none"),
    ("unknown", ".*", ".*", r".*counts CTR down, whose value is not known.*", "a count that nobody promises, on a way to words that are no instructions"),
    ("unknown", ".*", ".*", r".*depends on a condition that is not known.*", "a slave that waits for nothing it was promised; with numbers it was not seen to leave"),
    ("unknown", ".*", ".*", r".*accesses memory at an address that is not known.*", "an address that nobody promises: data is executed, or a store that nothing reserved is left to chance"),
    ("unknown", ".*", ".*", r"a handshake may have 64 events; with those of `master` it has more", "the master stores more often than one model has events"),
    ("unknown", "stw", "stw", r"it reads at N what is no number", "what slaves find in place of the branch is a register that nobody promises"),
    ("unknown", "stw", "stw", r"what it does next depends on what it read, and no branch stands between", "the master lets slaves go by a number that nobody promises"),
    ("unknown", ".*", ".*", r".*it can go more than 1024 ways.*", "a slave runs what is being replaced: too many ways to look at"),
    ("unknown", ".*", ".*", r".*clears a cache block, whose size is the CPU's.*", "dcbz clears 128 bytes on one CPU and 32 on another"),
    ("unknown", ".*", ".*", r".*stores conditionally to what was not reserved.*", "whether that stores is left to chance"),
    ("unknown", ".*", ".*", r".*(64-bit mode|the byte order) is not known.*", "MSR becomes what nobody promises, or 32-bit mode: neither is followed"),
    ("unknown", ".*", ".*", r"(it is found, and then (after H_BUSY )?)?no state repeats in .*", "it counts itself again and again, so that no state comes again"),
    ("unknown", "li", "li", r"msr bits N \(ME\) are not as they must be", "the one bit of MSR that is lost is not shown by the numbers that are tried"),
    ("unknown", ".*", ".*", r".*goes through (ctr|lr|h?srr0), whose value is not known.*", "it goes where a register sends it that nobody promises"),
    ("unknown", ".*", ".*", r".*(translation is not known to be off|byte order is not known|64-bit mode is not known to be on).*",
     "the MSR is taken from a register that nobody promises"),
    ("unknown", ".*", ".*", r".*OPAL is (entered|called) with.*|it is found, and then .*OPAL is called, and where it returns to is not known", "after a difference OPAL is called in another way, of which nothing is known here"),
    ("unknown", ".*", ".*", r".*calls the hypervisor.*", "after a difference the hypervisor is called in another way, of which nothing is known here"),
    ("unknown", ".*", ".*", r"r5 = (N|unknown)", "after a difference H_PUT_TERM_CHAR is called for more than the 16 characters that it takes"),
    ("unknown", "b|mtctr", "b|mtctr", r"(.*, and then )?(may trap|traps on a condition that is not known)", "after a difference it goes astray: data is executed"),
    ("unknown", "sc", "sc", r"is a system call", "after a difference something else than the hypervisor is called, of which nothing is known here"),
    ("unknown", ".*", ".*", r".*as long as nobody else stores to.*", "it goes around, and somebody else might end that"),
]
HERE = os.path.dirname(os.path.abspath(__file__))
ORDER = {"sync", "lwsync", "ptesync", "eieio", "isync", "dcbst", "dcbf", "icbi"}


def mnemonics(text):
    return "; ".join(part.split()[0] for part in text.split("; "))


def explain(answer, before, after, otherwise):
    """Why this group is no mistake of the judge's; empty when nobody knows."""
    for of, was, becomes, state, reason in REASONS:
        if of == answer and re.fullmatch(was, before) and re.fullmatch(becomes, after) and re.fullmatch(state, otherwise):
            return reason
    if answer != "equivalent" or ORDER & set(re.split("; ", before + "; " + after)) or ";" in otherwise or "way" in otherwise:
        return ""
    if otherwise == "nothing":
        return "every CPU ends in the same state"
    if otherwise == "it is never executed":
        return ""
    if otherwise == "vr" or otherwise.endswith(", vr"):
        return "a vector counts for one of its four words, or no longer"
    state = otherwise.split(", ")
    if all(re.fullmatch(r"r\d+|lr|ctr|cr|xer", name) for name in state):
        return "nobody needs that then, or either number will do"
    return ""


def departing(bench):
    """The same of departing code: a file each."""
    folder = os.path.join(os.path.dirname(bench), "probe", "handoffs")
    for program in sorted(os.listdir(folder)):
        if program.startswith("leave_") and program != "leave_2013_big.baton":  # the same code as leave_2008
            yield program.removesuffix(".baton"), [os.path.join(folder, program)]


def handoffs(bench):
    """(name, arguments of `baton build`) of every shipped stub."""
    for program, defines in (("handoffs.baton", ["-D", "kernel_file=vmlinux", "-D", "tree_file=tree.dtb"]), ("conventions.baton", [])):
        with open(os.path.join(bench, program), encoding="utf-8") as stream:
            for name in re.findall(r"^handoff (\w+) ", stream.read(), re.M):
                yield name, [program, "--handoff", name, *defines]


# Of examples/: program, handoff and the tree of its machine. The kernel is that of tests/bench, the initrd its payload.
EXAMPLES = [("boot-2.6.10", "boot_2_6_10", "p5"), ("boot-opal", "boot_opal", "powernv9")]


def examples_of(bench, folder):
    """The same of the examples, whose machines are made in that folder."""
    shutil.copyfile(os.path.join(folder, "payload.bin"), os.path.join(folder, "initrd.img"))
    for name, handoff, machine in EXAMPLES:
        source = os.path.join(os.path.dirname(os.path.dirname(bench)), "examples", name)
        subprocess.run(["dtc", "-q", "-O", "dtb", "-o", os.path.join(folder, machine + ".dtb"), os.path.join(source, machine + ".dts")], check=True, timeout=60)
        shutil.copyfile(os.path.join(source, name + ".baton"), os.path.join(folder, name + ".baton"))
        yield "example " + handoff, [name + ".baton", "--handoff", handoff, "-D", "kernel_file=vmlinux"]
    # On the machine of boot-opal.
    shutil.copyfile(os.path.join(HERE, "kdump.baton"), os.path.join(folder, "kdump.baton"))
    yield "example kdump", ["kdump.baton", "--handoff", "kdump"]


# The handoffs of digests.baton.
DIGESTS = ["digest_vectors", "digest_scalar"]


def digests(folder):
    """The same of the code that computes digests."""
    shutil.copyfile(os.path.join(HERE, "digests.baton"), os.path.join(folder, "digests.baton"))
    with open(os.path.join(folder, "small.bin"), "wb") as stream:
        stream.write(bytes(7 * i & 0xFF for i in range(40)))
    for handoff in DIGESTS:
        yield handoff, ["digests.baton", "--handoff", handoff]


def chosen_handoffs(bench, only=""):
    """Those of which the stub is Baton's and none is needless."""
    sys.path.insert(0, bench)
    import stub_table
    needless = {name for name, _ in stub_table.NEEDLESS}
    return [(name, arguments) for name, arguments in handoffs(bench) if name not in needless and only in name]


def mutate(tool, folder, name, arguments):
    done = subprocess.run([tool, "build", *arguments], cwd=folder, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode != 0 or not done.stdout:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr}")
    *changes, counts = done.stdout.splitlines()
    return [line.split("\t") for line in changes], {name: int(count) for name, count in re.findall(r", (\w+) (\d+)", counts)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--tool", required=True, type=os.path.abspath)
    parser.add_argument("--bench", required=True, type=os.path.abspath)
    parser.add_argument("--expect", type=os.path.abspath)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    departs = dict(departing(options.bench))
    chosen = chosen_handoffs(options.bench, options.only) + [each for each in departs.items() if options.only in each[0]]
    import kept_table
    import stub_table
    groups, examples, totals, rows, tried = collections.Counter(), {}, collections.Counter(), [], collections.Counter()
    with tempfile.TemporaryDirectory(prefix="baton-mutation-") as folder, concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        stub_table.make_inputs(folder)
        chosen += [each for each in [*examples_of(options.bench, folder), *digests(folder)] if options.only in each[0]]
        # The longest first: no processor waits for it in the end.
        order = sorted(chosen, key=lambda each: each[0] not in ("digest_scalar", "digest_vectors", "example kdump", "raw_copied") and each[0] not in departs)
        found = dict(zip((name for name, _ in order), pool.map(lambda each: mutate(options.tool, folder, *each), order)))
    for name, _ in chosen:
        changes, counts = found[name]
        totals.update(counts)
        rows.append((name, counts))
        for answer, _, change, before, after, otherwise in changes:
            if answer == "equivalent" and name in departs:
                reason = departing_reasons.explain(before, after, otherwise)
                tried[reason, mnemonics(before) if reason else f"{before} -> {after}: {otherwise}"] += 1
                continue
            if otherwise == "it is never executed" and name in DIGESTS:
                otherwise = "it is done after a difference only"
            if answer == "unknown":
                otherwise = re.sub(r"0x[0-9a-f_]+", "N", re.sub(r"(of a slave, |`master` |[^`]*`[^`]*` at 0x[0-9a-f]+ )?(.*)", r"\2", otherwise.split(": ")[-1]))
                otherwise = re.sub(r"^(no end after [0-9,]+ \w+).*", r"\1", otherwise)
                otherwise = re.sub(r"where bit N of cr at entry is 1", "on one of two ways", re.sub(r"it has \d+$", "it has more", otherwise))
            else:
                otherwise = re.sub(r"\br\d+\b(, r\d+\b)*", lambda match: "a register" if "," not in match[0] else "registers", otherwise)
            key = (answer, change.split()[0], mnemonics(before), mnemonics(after), otherwise)
            groups[key] += 1
            examples.setdefault(key, f"{before} -> {after}")
    return report(groups, examples, tried, totals, rows, options, kept_table)


def of_trials(tried, unexplained):
    """Lines: what no trial tells apart, by the reason why it is as good."""
    if not tried:
        return []
    text = ["", "Of departing code: as good, and the same in all trials", ""]
    for reason in sorted({reason for reason, _ in tried}):
        of_it = sorted((what, count) for (why, what), count in tried.items() if why == reason)
        text.append(f"{sum(count for _, count in of_it):4}  {reason or 'UNEXPLAINED'}")
        text += [f"      {line}" for line in textwrap.wrap(", ".join(f"{count} {what}" for what, count in of_it), 120)]
        if not reason:
            unexplained += [f"{count} {what}" for what, count in of_it]
    return text


def report(groups, examples, tried, totals, rows, options, kept_table):
    text = ["Changes of the stubs of tests/bench that the judge does not refute. mutation_test.py makes this table.", ""]
    text.append(f"{'handoff':22} {'changes':>8} {'refuted':>8} {'undecodable':>12} {'not proved':>11} {'equivalent':>11}")
    for name, counts in rows + [("all", totals)]:
        text.append(f"{name:22} {sum(counts.values()):8} {counts.get('refuted', 0):8} {counts.get('undecodable', 0):12} "
                    f"{counts.get('unknown', 0):11} {counts.get('equivalent', 0):11}")
    unexplained = []
    for answer, title in (("equivalent", "As good, and proved to be"), ("unknown", "Not proved: a build says so")):
        text += ["", title, ""]
        for key in sorted(key for key in groups if key[0] == answer):
            _, change, before, after, otherwise = key
            state = re.sub(r"\ba register\b|\bregisters\b", "r1", otherwise)
            reason = explain(answer, before, after, state)
            if not reason:
                unexplained.append(f"{groups[key]} {change}: {examples[key]}: {otherwise}")
            text.append(f"{groups[key]:4}  {change:5} {examples[key]}")
            text.append(f"      {otherwise}: {reason or 'UNEXPLAINED'}")
    text += of_trials(tried, unexplained)
    noticed, changes = totals["refuted"] + totals["undecodable"], sum(totals.values())
    print(f"{len(rows)} stubs, {changes} changes: {totals['refuted']} refuted, {totals['undecodable']} undecodable, {totals['unknown']} not proved, "
          f"{totals['equivalent']} equivalent; of those that are not, {100 * noticed / (changes - totals['equivalent']):.1f} % are refuted or no code")
    for line in unexplained:
        print(f"unexplained: {line}")
    if options.only:
        print("\n".join(text))
        return 1 if unexplained else 0
    return kept_table.settle("\n".join(text) + "\n", options.expect) or (1 if unexplained else 0)


if __name__ == "__main__":
    sys.exit(main())
