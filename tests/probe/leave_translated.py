#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How is departing code made wrong so that it leaves instruction translation on?

Rewrites the assembly text that Baton wrote: where MSR[IR] and MSR[DR] are named, the code of master and slaves, only
MSR[DR] is left. Any other number of places is an error.

Example: leave_translated.py leave/leave.S
"""
import sys

RIGHT, WRONG = "li\t%r9, 0x30 ", "li\t%r9, 0x10 "


def main(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.count(RIGHT) != 2:
        sys.exit(f"{path}: {text.count(RIGHT)} places turn translation off, not 2")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(RIGHT, WRONG))


if __name__ == "__main__":
    main(sys.argv[1])
