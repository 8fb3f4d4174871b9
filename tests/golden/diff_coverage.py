#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Has every rule of `baton diff` its pair of files and its golden test, and is the JSON what its schema says?

Rules are those that `baton diff --rules` lists. For each: diff/pairs/RULE has old.baton and new.baton, diff/rules has
a golden test whose output names the rule, and the comparison as JSON fits contract-diff.schema.json, names the rule
and, where the table says that somebody breaks, has that effect. The JSON in every other golden test of diff fits its
schema too. The standard library, compared with itself, has not changed.

    diff_coverage.py --source . --baton build/release/bin/baton
"""
import argparse
import glob
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True
import json_schema  # noqa: E402
import run  # noqa: E402


def rule_table(baton):
    """rule -> (taker, giver)"""
    lines = subprocess.run([baton, "diff", "--rules"], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    rows = [line.split() for line in lines[1:] if line[:1].isupper()]
    return {row[0]: (row[1], row[2]) for row in rows}


def goldens(folder):
    """rule named in the header -> expected standard output"""
    found = {}
    for path in glob.glob(os.path.join(folder, "diff/rules/*.golden")):
        with open(path, encoding="utf-8") as stream:
            golden = run.Golden.parse(stream.read())
        for line in golden.preamble:
            if line.startswith("# The rule "):
                found[line[len("# The rule "):].partition(",")[0]] = golden.get("expect stdout") or ""
    return found


def json_of_goldens(here, source):
    """Violations of the schemas by what golden tests expect as JSON."""
    schemas = {}
    for kind in ("contract", "build"):
        with open(os.path.join(source, f"compiler/report/{kind}-diff.schema.json"), encoding="utf-8") as stream:
            schemas[kind] = json.load(stream)
    wrong, seen = [], set()
    for path in sorted(glob.glob(os.path.join(here, "diff/*.golden"))):
        with open(path, encoding="utf-8") as stream:
            golden = run.Golden.parse(stream.read())
        printed = golden.get("expect stdout") or ""
        if not golden.get("command").rstrip().endswith("--format json") or not printed.startswith("{"):
            continue
        document = json.loads(printed)
        seen.add(document["kind"])
        wrong += [f"{os.path.basename(path)}: {each}" for each in json_schema.check(document, schemas[document["kind"]])]
    return wrong + [f"no golden test shows JSON of kind {kind}" for kind in set(schemas) - seen]


def same_library(baton, source):
    stdlib = os.path.join(source, "stdlib")
    done = subprocess.run([baton, "diff", stdlib, stdlib, "--strict", "exact", "--all"], check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60)
    return [] if done.returncode == 0 and "changes" not in done.stdout else [f"the library differs from itself:\n{done.stdout}"]


def check_pair(rule, effects, pair, baton, schema):
    sides = [os.path.join(pair, name + ".baton") for name in ("old", "new")]
    if not all(os.path.isfile(side) for side in sides):
        return [f"{rule} has no pair of files in {pair}"]
    done = subprocess.run([baton, "diff", *sides, "--format", "json"], check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60)
    if done.returncode not in (0, 1, 2):
        return [f"{rule}: the comparison ended with {done.returncode}: {done.stderr}"]
    document = json.loads(done.stdout)
    wrong = [f"{rule}: {each}" for each in json_schema.check(document, schema)]
    changes = [change for convention in document["conventions"] for change in convention["changes"]]
    named = [change for change in changes if change["rule"] == rule]
    if not named:
        wrong.append(f"{rule}: its pair yields {sorted({change['rule'] for change in changes})}")
    elif effects not in [(change["taker"], change["giver"]) for change in named]:
        wrong.append(f"{rule}: the table says {effects}, the pair yields {(named[0]['taker'], named[0]['giver'])}")
    if any(change["rule"] == "UNNAMED" for change in changes):
        wrong.append(f"{rule}: its pair has a break that no rule names")
    return wrong


def main():
    parser = argparse.ArgumentParser(description="Holds rules, pairs and golden tests together.")
    parser.add_argument("--source", required=True)
    parser.add_argument("--baton", required=True)
    given = parser.parse_args()
    here = os.path.join(given.source, "tests/golden")
    with open(os.path.join(given.source, "compiler/report/contract-diff.schema.json"), encoding="utf-8") as stream:
        schema = json.load(stream)
    rules, tests = rule_table(given.baton), goldens(here)
    wrong = [] if len(rules) > 30 else [f"`baton diff --rules` lists {len(rules)} rules"]
    wrong += json_of_goldens(here, given.source) + same_library(given.baton, given.source)
    for rule, effects in rules.items():
        wrong += check_pair(rule, effects, os.path.join(here, "diff/pairs", rule), given.baton, schema)
        if rule not in tests:
            wrong.append(f"{rule} has no golden test in diff/rules")
        elif rule not in tests[rule]:
            wrong.append(f"the golden test of {rule} does not show it")
    for name in sorted(set(os.listdir(os.path.join(here, "diff/pairs"))) | set(tests)):
        if name not in rules:
            wrong.append(f"{name} is no rule")
    print("\n".join(wrong) if wrong else f"{len(rules)} rules have pairs and golden tests")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
