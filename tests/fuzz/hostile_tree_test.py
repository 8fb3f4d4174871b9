#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Is every hostile device tree read, or refused in words, without a crash, a hang or memory without bound?

The trees are made here, blobs of 64 MiB: a million nodes side by side, a million properties, one property that is all of
it, reservations, names, and nesting without end. Each is given to `baton import` in a process of its own, with 2 GiB of
address space and thirty seconds of processor time; it must end with an exit code of ours, and print what a reader can go
through. What is a tree must be read: then the machine's memory is what the tree says.

    hostile_tree_test.py --baton build/release/bin/baton --work DIR [--only NAME] [--figures]
"""
import argparse
import os
import resource
import struct
import subprocess
import sys
import time

SIZE = 64 << 20
MEMORY, SECONDS = 2 << 30, 30
MOST_PRINTED = 2 << 20
BEGIN, END, PROPERTY, LAST = (struct.pack(">I", token) for token in (1, 2, 3, 9))
STRINGS = b"#address-cells\0#size-cells\0device_type\0reg\0x\0"


def name(text):
    return BEGIN + text + bytes(4 - len(text) % 4)


def put(key, value):
    offset = STRINGS.index(key + b"\0")
    return PROPERTY + struct.pack(">II", len(value), offset) + value + bytes(-len(value) % 4)


ROOT = name(b"") + put(b"#address-cells", struct.pack(">I", 2)) + put(b"#size-cells", struct.pack(">I", 2))
RAM = name(b"memory@0") + put(b"device_type", b"memory\0") + put(b"reg", struct.pack(">QQ", 0, 1 << 30)) + END


def blob(structure, reservations=b""):
    at = 40 + len(reservations) + 16
    total = at + len(structure) + len(STRINGS)
    head = struct.pack(">10I", 0xD00DFEED, total, at, at + len(structure), 40, 17, 16, 0, len(STRINGS), len(structure))
    return head + reservations + bytes(16) + structure + STRINGS


def many(unit):
    return unit * (SIZE // len(unit))


def tree(more):
    return blob(ROOT + RAM + more + END + LAST)


def numbered(count):
    return b"".join(name(b"n%x" % number) + END for number in range(count))


def trees():
    """(name, blob, whether it is a tree)"""
    yield "nodes", tree(numbered(SIZE // 20)), True
    yield "like-nodes", tree(many(name(b"n") + END)), None  # two nodes of one name: read or refused, but told
    yield "properties", tree(name(b"p") + many(put(b"x", b"")) + END), None
    yield "one-property", tree(name(b"p") + put(b"x", bytes(SIZE)) + END), True
    yield "long-name", tree(name(b"n" * SIZE) + END), None
    yield "reservations", blob(ROOT + RAM + END + LAST, struct.pack(">QQ", 1 << 20, 4096) * (SIZE // 16)), None
    yield "nesting", tree(many(name(b"n"))), False
    yield "nesting-closed", tree(many(name(b"n") + bytes())[:SIZE // 2] + END * (SIZE // 2 // 8)), False
    yield "no-end", blob(ROOT + RAM + many(struct.pack(">I", 4))), False
    yield "memory-nodes", tree(b"".join(
        name(b"memory@%x" % ((number + 2) << 30)) + put(b"device_type", b"memory\0") +
        put(b"reg", struct.pack(">QQ", (number + 2) << 30, 1 << 29)) + END for number in range(SIZE // 80))), False  # more than a program can write out


def set_limits():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def try_one(baton, path, good):
    """What is wrong, or nothing; and the seconds."""
    begin = time.monotonic()
    done = subprocess.run([baton, "import", path], capture_output=True, check=False, preexec_fn=set_limits)
    seconds, printed = time.monotonic() - begin, len(done.stdout) + len(done.stderr)
    if done.returncode not in (0, 1, 66):
        return f"exit code {done.returncode}, `{done.stderr[-200:].decode(errors='replace')}`", seconds
    if done.returncode != 0 and b"error[BT" not in done.stderr:
        return f"refused without a word: {done.stderr[:200]}", seconds
    if len(done.stderr) > MOST_PRINTED or (printed > MOST_PRINTED and not good):
        return f"{printed} bytes are printed", seconds
    if good and (done.returncode != 0 or b"ram = 0x0 +: 1GiB;" not in done.stdout):
        return f"is not read: {(done.stderr or done.stdout)[:300].decode(errors='replace')}", seconds
    if good is False and done.returncode == 0:
        return "is read as a machine", seconds
    return None, seconds


def main():
    parser = argparse.ArgumentParser(description="Tries hostile device trees on the compiler.")
    parser.add_argument("--baton", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--only")
    parser.add_argument("--figures", action="store_true", help="print how long each takes")
    given = parser.parse_args()
    os.makedirs(given.work, exist_ok=True)
    path, count, wrong = os.path.join(given.work, "hostile.dtb"), 0, 0
    for kind, content, good in trees():
        if given.only not in (None, kind):
            continue
        count += 1
        with open(path, "wb") as file:
            file.write(content)
        problem, seconds = try_one(given.baton, path, good)
        if given.figures:
            print(f"{kind:16} {len(content) / (1 << 20):6.1f} MiB {seconds:6.2f} s")
        if problem:
            wrong += 1
            print(f"{kind}: {problem}")
    if os.path.exists(path):
        os.remove(path)
    print(f"hostile_tree_test.py: {count} trees, {wrong} of them not as they should be")
    return 1 if wrong or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
