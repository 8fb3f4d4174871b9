#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Has each sentence of the specification a golden test?

compiler/SPECIFICATION.md gives every rule a label, `[S2-3]`: section 2, sentence 3. A golden file below
tests/golden/spec/ names in its header the labels it shows, `# spec: S2-3`. This test fails when a label has no
golden file, when a golden file names a label that is not there, or stands in another section's folder. Whether
the program says what the sentence says is for the reader of the golden file: no tool can judge that.

    spec_coverage.py --source .
    spec_coverage.py --source . --list      every label with its golden files
"""
import argparse
import glob
import os
import re
import sys

# A label stands where its rule begins: at the start of a list item, or in the first cell of a row.
DEFINED = re.compile(r"^(?:- |\| )\[(S\d+-\d+)\]", re.MULTILINE)
MENTIONED = re.compile(r"\bS\d+-\d+\b")
HEADER = re.compile(r"^# spec: (.+)$", re.MULTILINE)


def labels_of(page):
    """The labels a page defines, in its order, and what is wrong with them."""
    found, wrong = [], []
    for label in DEFINED.findall(page):
        section, number = map(int, label[1:].split("-"))
        if label in found:
            wrong.append(f"{label} is defined twice")
        elif found:
            before = tuple(map(int, found[-1][1:].split("-")))
            if (section, number) < before:
                wrong.append(f"{label} stands after {found[-1]}")
        found.append(label)
    wrong += [f"{label} is mentioned and not defined"
              for label in sorted(set(MENTIONED.findall(page)) - set(found))]
    return found, wrong


def named_by(path, text):
    """The labels in the header of a golden file, and what is wrong with it."""
    headers = HEADER.findall(text.partition("\n-- ")[0])
    if len(headers) != 1:
        return [], [f"{path}: needs one line `# spec: LABEL, ..` in its header, and has {len(headers)}"]
    names = [name.strip() for name in headers[0].split(",")]
    return names, [f"{path}: names {name} twice" for name in sorted({n for n in names if names.count(n) > 1})]


def check(page, goldens):
    """(what is wrong, {label: paths}) for the page's text and the golden files' {path: text}."""
    found, wrong = labels_of(page)
    if not found:
        wrong.append("the specification has no label")
    shown = {label: [] for label in found}
    for path, text in sorted(goldens.items()):
        names, complaints = named_by(path, text)
        wrong += complaints
        section = os.path.basename(os.path.dirname(path)).partition("-")[0]
        for name in names:
            if name not in shown:
                wrong.append(f"{path}: there is no {name}")
            else:
                shown[name].append(path)
        if names and all(name.partition("-")[0] != "S" + section for name in names):
            wrong.append(f"{path}: stands in section {section} and shows {', '.join(names)}")
    wrong += [f"{label} has no golden test" for label, paths in shown.items() if not paths]
    return wrong, shown


def main(arguments):
    parser = argparse.ArgumentParser(description="Holds the specification and its golden tests together.")
    parser.add_argument("--source", required=True, help="the project's root")
    parser.add_argument("--list", action="store_true", help="print every label with its golden files")
    given = parser.parse_args(arguments)
    folder = os.path.join(given.source, "tests/golden")
    goldens = {}
    for path in glob.glob(os.path.join(folder, "spec/**/*.golden"), recursive=True):
        with open(path, encoding="utf-8") as stream:
            goldens[os.path.relpath(path, folder)] = stream.read()
    with open(os.path.join(given.source, "compiler/SPECIFICATION.md"), encoding="utf-8") as stream:
        wrong, shown = check(stream.read(), goldens)
    if given.list:
        for label, paths in shown.items():
            print(f"{label:8} {' '.join(paths)}")
    for sentence in wrong:
        print(sentence)
    print(f"{len(shown)} sentences, {sum(1 for paths in shown.values() if paths)} with a test, "
          f"{len(goldens)} golden files")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
