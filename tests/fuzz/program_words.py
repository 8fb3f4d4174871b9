#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which words does a fuzzer of programs try? Those of the clause reference, in libFuzzer's form of a dictionary.

    baton dump clauses | program_words.py > program.dict
"""
import re
import sys

SIGNS = ["..<", "+:", "++", "==", "!=", "<=", ">=", "{ ", " }", ";\\x0a", "0x1000", "64KiB", "@1", "// x\\x0a", "/// x\\x0a", "()"]

words = set(SIGNS)
for row in re.findall(r"^\| `(.*)` \|", sys.stdin.read(), re.M):
    words.update(word + " " for word in re.findall(r"[a-z_][a-z_0-9.]*", row))
if len(words) < 100:
    sys.exit("program_words.py: the clause reference has not the form that is expected here")
sys.stdout.write("".join(f'"{word}"\n' for word in sorted(words)))
