#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Is every clause that is written wrong told once, at the right place, with a way out, and is the rest checked?

The clauses come from the compiler's own table (`baton dump clauses`); a row without a case in mistake_cases.py
is an error. Each row is put, in each block where it may stand, into a small correct program whose last line has
a mistake of its own, the sentinel. As it should be written it must give nothing; misspelt, misplaced, written
twice (where it may stand once), in another shape and with a value of another type it must give exactly one
finding, at the marked column and with a suggestion, and the sentinel. Then programs of fifty mistakes are put
together from the same cases.

    mistakes_test.py --baton build/release/bin/baton --work DIR [--only WORD]
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys

from mistake_cases import CASES, FOREIGN, REGISTERS, program

SENTINEL = "\nlet sentinel = 64KiB + \"text\";\n"
MARK = "^"
WAY_OUT = {
    "misspelt": lambda d: bool(d["fixes"]),
    "misplaced": lambda d: any("it stands in" in note for note in d["notes"]),
    "twice": lambda d: "twice" in d["message"] or bool(d["labels"]),
    "shape": lambda d: bool(d["fixes"] or d["notes"]) or re.search(r" or |needs a (version|block)", d["message"]),
    "type": lambda d: bool(re.search(r"\bneeds\b|\bis\b|\bholds\b|\bspeaks\b", d["message"])),
    "not served": lambda d: bool(d["notes"]) or "does not serve it yet" in d["message"],
}


class Table:
    """The rows of `baton dump clauses`: context, shape, whether it is served, and whether it has a block."""

    def __init__(self, markdown):
        self.rows = []
        context = None
        for line in markdown.splitlines():
            if line.startswith("## In "):
                context = line[len("## In "):].replace("`", "")
            found = re.match(r"\| `(.*)` \| (.*) \|$", line)
            if not context or not found:
                continue
            shape = found[1].replace("\\|", "|")
            block = shape.endswith(" { ... }")
            shape = shape.removesuffix(" { ... }")
            self.rows.append((context, shape, "*Not served" not in found[2], block))


class Trial:
    def __init__(self, title, kind, context, text, mark_text=None):
        self.title, self.kind = title, kind
        source = program(context, text)
        at = source.find(MARK)
        source = source.replace(MARK, "")
        self.place = None
        if at >= 0:
            before = source[:at]
            self.place = (before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1)
        self.source = source.rstrip("\n") + SENTINEL
        self.sentinel = self.source.count("\n")


def misspell(head):
    """The last letter twice: one edit away from the word that is meant."""
    return head + head[-1]


def trials_of(context, shape, served, block, case):
    title = f"{context}: {shape}"
    valid = case["valid"]
    if valid is None:  # a modifier: it needs something to change, and only its shape is tried
        yield Trial(title, "shape", context, case["shape"])
        return
    refused = case.get("refused") or not served
    if not refused:
        valid = valid.replace(MARK, "")
    marked = MARK in valid
    word = re.match(r'[a-z_0-9.]+|"', valid.lstrip(MARK))[0]
    yield Trial(title, "not served" if refused else "valid", context, valid if marked or not refused else MARK + valid)
    if word != '"' and not case.get("no_misspelling"):
        yield Trial(title, "misspelt", context, MARK + misspell(word) + valid.lstrip(MARK)[len(word):])
    if not served:
        return
    foreign = case.get("foreign", FOREIGN.get(context))
    if foreign and not case.get("no_misplacing"):
        yield Trial(title, "misplaced", foreign, MARK + valid)
    if case["once"]:
        yield Trial(title, "twice", context, valid + "\n" + (case.get("again") or MARK + valid))
    for kind in ("shape", "type"):
        wrong = case[kind]
        for text in [wrong] if isinstance(wrong, str) else wrong or []:
            yield Trial(title, kind, context, text)


def with_register(value, name):
    if isinstance(value, list):
        return [with_register(one, name) for one in value]
    return value.replace("REG", name) if isinstance(value, str) else value


def check(baton, work, sources):
    """The findings of each source, by one run."""
    names = []
    for number, source in enumerate(sources):
        name = os.path.join(work, f"{number:05}.baton")
        with open(name, "w", encoding="utf-8") as out:
            out.write(source)
        names.append(name)
    done = subprocess.run([baton, "check", "--format", "json", *names], capture_output=True, text=True, check=False)
    text, answers, decoder = done.stderr, [], json.JSONDecoder()
    while text.strip():
        answer, end = decoder.raw_decode(text.lstrip())
        answers.append(answer["diagnostics"])
        text = text.lstrip()[end:]
    if len(answers) != len(sources):
        raise SystemExit(f"{len(answers)} answers for {len(sources)} programs, exit code {done.returncode}")
    return answers


def place_of(finding):
    primary = finding["primary"]
    return (primary["begin"]["line"], primary["begin"]["column"]) if primary else None


def show(findings):
    return "".join(f"    {place_of(f)} {f['slug']}: {f['message']}\n" for f in findings)


def judge(trial, findings):
    own = [f for f in findings if not (place_of(f) and place_of(f)[0] == trial.sentinel)]
    problems = []
    if len(own) == len(findings):
        problems.append("the sentinel was not reported")
    wanted = 0 if trial.kind == "valid" else 1
    if len(own) != wanted:
        problems.append(f"{len(own)} findings, not {wanted}")
    elif wanted:
        if place_of(own[0]) != trial.place:
            problems.append(f"found at {place_of(own[0])}, not at {trial.place}")
        if not WAY_OUT[trial.kind](own[0]):
            problems.append("no suggestion")
    if not problems:
        return []
    lines = "".join(f"  | {line}\n" for line in trial.source.splitlines())
    return [f"{trial.title}: {trial.kind}: {'; '.join(problems)}\n{lines}{show(own)}"]


def fifty(trials, seed):
    """A program of fifty mistakes that do not touch each other: each in a copy of its trial with names of its own."""
    text, places = 'language 1;\nuse "loaders/kexec_load.baton";\n', []
    opening = len(text)
    for number, trial in enumerate(random.Random(seed).sample(trials, 50)):
        body = trial.source[opening:].replace(SENTINEL, "\n")
        places.append(text.count("\n") + trial.place[0] - 2)
        text += re.sub(r"\bn_(?=[a-z])", f"n{number}_", body)
    return text, places


def main():
    parser = argparse.ArgumentParser(description="Tests what wrong clauses are told.")
    parser.add_argument("--baton", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--only", help="titles that hold this")
    given = parser.parse_args()
    os.makedirs(given.work, exist_ok=True)
    dumped = subprocess.run([given.baton, "dump", "clauses"], capture_output=True, text=True, check=True).stdout
    table, problems, trials, used = Table(dumped), [], [], set()
    # Blocks of clauses that are refused themselves cannot be tried.
    shut = {"an elfcorehdr segment"} if ("a handoff", "segment NAME = elfcorehdr", False) in [r[:3] for r in table.rows] else ()
    for context, shape, served, block in table.rows:
        if context in shut:
            used.add((context, shape) if (context, shape) in CASES else shape)
            continue
        case = CASES.get((context, shape)) or CASES.get(shape)
        if case is None:
            problems.append(f"{context}: `{shape}` has no case in mistake_cases.py\n")
            continue
        used.add((context, shape) if (context, shape) in CASES else shape)
        names = REGISTERS if shape.startswith("REG ") else [None]
        for name in names:
            one = case if name is None else {k: with_register(v, name) for k, v in case.items()}
            trials += trials_of(context, shape, served, block, one)
    for key in CASES.keys() - used:
        problems.append(f"the case {key} belongs to no clause of the table\n")
    if given.only:
        trials = [t for t in trials if given.only in t.title]
    answers = check(given.baton, given.work, [t.source for t in trials])
    for trial, findings in zip(trials, answers):
        problems += judge(trial, findings)
    alone = [t for t in trials if t.kind != "valid" and not t.title.startswith("a file:")]
    if not given.only and not problems:
        rounds = [fifty(alone, seed) for seed in range(20)]
        for (text, places), findings in zip(rounds, check(given.baton, given.work, [text for text, _ in rounds])):
            found = sorted(place_of(f)[0] for f in findings)
            if found != sorted(places):
                extra = [f for f in findings if place_of(f)[0] not in places]
                lost = sorted(set(places) - set(found))
                problems.append(f"fifty mistakes: {len(findings)} findings, not at lines {lost}\n{show(extra)}"
                                + "".join(f"  {n}: {l}\n" for n, l in enumerate(text.splitlines(), 1) if n in lost))
                with open(os.path.join(given.work, "fifty.baton"), "w", encoding="utf-8") as out:
                    out.write(text)
                break
    for problem in problems:
        print(problem)
    print(f"mistakes_test.py: {len(trials)} trials of {len(table.rows)} rows, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
