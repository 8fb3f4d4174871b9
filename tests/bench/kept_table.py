# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A table of exact figures that is kept in a file: compared, or with BATON_UPDATE=1 written again."""
import difflib
import os
import sys


def settle(text, path):
    """The exit status: 0 where no file is named, or it holds the text."""
    if not path:
        return 0
    if os.environ.get("BATON_UPDATE"):
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        return 0
    with open(path, encoding="utf-8") as stream:
        expected = stream.read()
    if expected == text:
        return 0
    sys.stderr.writelines(difflib.unified_diff(expected.splitlines(True), text.splitlines(True), path, "counted now"))
    return 1
