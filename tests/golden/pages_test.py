#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Are the pages of the standard library those that `baton doc` writes today?

stdlib/pages has one page for each convention, loader and handoff to be extended of stdlib/**/*.baton, and no other. With BATON_UPDATE=1 they
are written again; read the difference before it is committed.

Example: pages_test.py --source . --baton build/release/bin/baton
"""
import argparse
import difflib
import glob
import os
import subprocess
import sys
import tempfile


def pages(folder):
    found = {}
    for path in glob.glob(os.path.join(folder, "*@*.md")):
        with open(path, encoding="utf-8") as stream:
            found[os.path.basename(path)] = stream.read()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", required=True)
    parser.add_argument("--baton", required=True)
    options = parser.parse_args()
    library, kept = os.path.join(options.source, "stdlib"), os.path.join(options.source, "stdlib", "pages")
    programs = sorted(glob.glob(os.path.join(library, "**", "*.baton"), recursive=True))
    with tempfile.TemporaryDirectory(prefix="baton-pages-") as folder:
        subprocess.run([options.baton, "doc", *programs, "-o", folder], check=True, timeout=60)
        wanted = pages(folder)
    if len(wanted) < len(programs):
        print(f"{len(wanted)} pages of {len(programs)} programs")
        return 1
    present = pages(kept)
    if os.environ.get("BATON_UPDATE"):
        for name in present.keys() - wanted.keys():
            os.remove(os.path.join(kept, name))
        for name, text in wanted.items():
            with open(os.path.join(kept, name), "w", encoding="utf-8") as stream:
                stream.write(text)
        return 0
    complaints = 0
    for name in sorted(present.keys() | wanted.keys()):
        before, now = present.get(name, ""), wanted.get(name, "")
        if before != now:
            complaints += 1
            sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), now.splitlines(True), f"stdlib/pages/{name}",
                                                       "baton doc"))
    print(f"{len(wanted)} pages, {complaints} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
