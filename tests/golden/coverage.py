#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Do the catalogue, the compiler, the golden tests and the explain pages name the same codes?

For every line of catalog.def: some place in compiler/ reports it, some golden file expects it, and it has a
page in explain/ whose failing examples yield exactly this code and whose corrected ones yield nothing. It
does not judge the wording of a page. Errors of range 6 say that the compiler itself was wrong: no program
yields them, so a unit test has to name the outcome (kRefuted for `refuted`) instead.

    coverage.py --source .                        names only
    coverage.py --source . --baton bin/baton      and runs the examples of every page

A page's examples are its fenced blocks: ```baton fails and ```baton. A block is main.baton; lines
`-- NAME --` in it begin further files. The command is `baton check main.baton`. An HTML comment that begins
with `<!-- setup` holds sections of a golden file for all examples of the page: another `-- command --`,
`-- gen: NAME --` inputs, further files. Other fenced blocks are not run.
"""
import argparse
import glob
import os
import re
import sys

sys.dont_write_bytecode = True
import run  # noqa: E402

ENTRY = re.compile(r'^BATON_DIAGNOSTIC\((\d+), (\w+), "([^"]+)", (error|warning|info), "(.+)"\)$')
FENCE = re.compile(r"^```baton( fails)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETUP = re.compile(r"<!-- setup\n(.*?)-->", re.DOTALL)


class Entry:
    def __init__(self, number, name, slug, severity):
        self.code = f"BT{int(number):04}"
        self.name, self.slug, self.severity = name, slug, severity
        self.mark = f"[{self.code} {slug}]"

    def is_our_mistake(self):
        return self.code.startswith("BT6") and self.severity == "error"


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def catalogue(source):
    """The entries of catalog.def; a line that is neither entry, comment nor blank is an error."""
    entries, wrong = [], []
    for line in read(os.path.join(source, "compiler/diagnostics/catalog.def")).splitlines():
        match = ENTRY.match(line)
        if match:
            entries.append(Entry(*match.groups()[:4]))
        elif line and not line.startswith("//"):
            wrong.append(f"catalog.def: `{line}` has not the form of an entry")
    return entries, wrong


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def emit_sites(source):
    """Names of codes that code of the compiler mentions, outside of the catalogue's own folder."""
    names = set()
    for path in glob.glob(os.path.join(source, "compiler/**/*.*"), recursive=True):
        if path.endswith((".cpp", ".h")) and "/compiler/diagnostics/" not in path.replace(os.sep, "/"):
            names.update(re.findall(r"\bCode::(\w+)", without_comments(read(path))))
    return names


def golden_texts(source):
    texts = []
    for path in sorted(glob.glob(os.path.join(source, "tests/golden/**/*.golden"), recursive=True)):
        golden = run.Golden.parse(read(path))
        texts.append((golden.get("expect stdout") or "") + (golden.get("expect stderr") or ""))
    return texts


def unit_tests(source):
    return "".join(read(path) for path in sorted(glob.glob(os.path.join(source, "tests/unit/*.cpp"))))


def sections_of(text, first):
    """A text with `-- NAME --` lines as sections; what stands above the first is `first`."""
    if not run.HEADER.match(text.partition("\n")[0]):
        text = f"-- {first} --\n{text}"
    return run.Golden.parse(text).sections


def examples(page):
    """(fails, sections, command) for every example of a page."""
    setup = SETUP.search(page)
    shared = run.Golden.parse(setup.group(1)).sections if setup else []
    command = next((body for name, body in shared if name == "command"), "baton check main.baton\n")
    for match in FENCE.finditer(page):
        own = sections_of(match.group(2), "main.baton")
        own_names = [name for name, _ in own]
        rest = [s for s in shared if s[0] not in own_names and s[0] != "command"]
        yield bool(match.group(1)), rest + own, command


def check_page(entry, path, baton):
    """What is wrong with a page; its examples are run when there is a program."""
    page = read(path)
    wrong = []
    if not page.startswith(f"# {entry.code} {entry.slug}\n"):
        wrong.append(f"does not open with `# {entry.code} {entry.slug}`")
    if not page.endswith("\n") or any(len(line) > 120 for line in page.splitlines()):
        wrong.append("has lines of more than 120 columns or no newline at its end")
    if not page.isascii():
        wrong.append("is not ASCII")
    found = list(examples(page))
    if entry.is_our_mistake():
        if found:
            wrong.append("has an example, and no program yields this code")
    elif not any(fails for fails, _, _ in found):
        wrong.append("has no failing example (```baton fails)")
    elif all(fails for fails, _, _ in found):
        wrong.append("has no corrected example (```baton)")
    for number, (fails, sections, command) in enumerate(found, 1) if baton else ():
        try:
            outcome = run.execute(command, sections, baton)
        except run.GoldenError as error:
            wrong.append(f"example {number}: {error}")
            continue
        codes = re.findall(r"\[BT\d{4} [a-z0-9-]+\]", outcome.stdout + outcome.stderr)
        others = sorted(set(codes) - {entry.mark})
        if fails and entry.mark not in codes:
            wrong.append(f"example {number} does not yield {entry.mark}:\n{outcome.stdout}{outcome.stderr}")
        if not fails and entry.mark in codes:
            wrong.append(f"example {number} still yields {entry.mark}:\n{outcome.stdout}{outcome.stderr}")
        if others:
            wrong.append(f"example {number} also yields {', '.join(others)}:\n{outcome.stdout}{outcome.stderr}")
        should_fail = fails and entry.severity == "error"
        if (outcome.code != 0) != should_fail:
            wrong.append(f"example {number} ended with {outcome.code}:\n{outcome.stdout}{outcome.stderr}")
    return [f"explain/{entry.code}.md {sentence}" for sentence in wrong]


def check(source, baton=None, only=None):
    entries, wrong = catalogue(source)
    emitted, goldens, units = emit_sites(source), golden_texts(source), unit_tests(source)
    known = {entry.name for entry in entries}
    folder = os.path.join(source, "compiler/diagnostics/explain")
    pages = {os.path.basename(path)[:-3] for path in glob.glob(os.path.join(folder, "*.md"))} - {"README"}
    for entry in entries:
        if only and entry.code not in only:
            continue
        if entry.name not in emitted:
            wrong.append(f"{entry.code} {entry.slug}: nothing in compiler/ reports Code::{entry.name}")
        if entry.is_our_mistake():
            outcome = "k" + entry.name.title().replace("_", "")
            if outcome not in units:
                wrong.append(f"{entry.code} {entry.slug}: no unit test names {outcome}")
        elif not any(entry.mark in text for text in goldens):
            wrong.append(f"{entry.code} {entry.slug}: no golden test expects {entry.mark}")
        if entry.code not in pages:
            wrong.append(f"{entry.code} {entry.slug}: there is no explain/{entry.code}.md")
        else:
            wrong += check_page(entry, os.path.join(folder, entry.code + ".md"), baton)
    wrong += [f"explain/{page}.md explains no code" for page in sorted(pages - {e.code for e in entries})]
    wrong += [f"Code::{name} is not in the catalogue" for name in sorted(emitted - known)]
    return wrong


def main(arguments):
    parser = argparse.ArgumentParser(description="Holds catalogue, compiler, golden tests and pages together.")
    parser.add_argument("--source", required=True, help="the project's root")
    parser.add_argument("--baton", help="the program; without it no example is run")
    parser.add_argument("codes", nargs="*", help="only these, e.g. BT0004")
    given = parser.parse_args(arguments)
    wrong = check(given.source, os.path.abspath(given.baton) if given.baton else None, given.codes)
    for sentence in wrong:
        print(sentence)
    if wrong:
        print(f"{len(wrong)} complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
