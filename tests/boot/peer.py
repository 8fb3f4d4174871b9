# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where does a crash handoff differ from what kexec-tools loads on the same machine in the same boot?

Both put their segments straight into the reservation, so that a test has them from the guest's memory. Core headers are
compared note by note and page by page, trees property by property. What differs must be in DIFFERENCES, which says why;
what is there must differ. README.md shows the table, and a test holds it to this one.

Example: differences(peer, ours) with two Loads -> {"/chosen bootargs", "reserve map"}
"""

import struct
from dataclasses import dataclass

PAGE = 64 << 10
PT_LOAD, PT_NOTE = 1, 4

# What differs, and why.
DIFFERENCES = {
    "core: ranges": "kexec-tools puts firmware behind all other ranges, and in whole pages; Baton has ranges ascend, as they are",
    "/chosen bootargs": "kexec-tools writes `elfcorehdr=` in KiB, Baton the address; the tests' own words besides",
    "/chosen baton,marker": "the tests' own",
    "/chosen linux,initrd-start": "another initrd, elsewhere",
    "/chosen linux,initrd-end": "another initrd, elsewhere",
    "/chosen linux,memory-limit": "of the kernel that runs: kexec-tools passes it on, and the next kernel reads it in its own byte order; Baton drops it",
    "/ibm,dynamic-reconfiguration-memory linux,drconf-usable-memory":
        "kexec-tools has a record for every block; Linux takes one only for a block in use, so that it reads them for the wrong blocks",
    "reserve map": "kexec-tools reserves what a segment loads, Baton what it takes; trees and initrds are of other sizes",
}


@dataclass
class Load:
    """Bytes of what was loaded."""
    core: bytes
    tree: bytes


def is_core(content):
    return struct.unpack_from("<H" if content[5] == 1 else ">H", content, 16)[0] == 4


def headers(core):
    """[(type, offset, virtual, physical, size)]"""
    order = "<" if core[5] == 1 else ">"
    at, = struct.unpack_from(order + "Q", core, 32)
    size, count = struct.unpack_from(order + "HH", core, 54)
    found = []
    for index in range(count):
        kind, _, offset, virtual, physical, length, _, _ = struct.unpack_from(order + "IIQQQQQQ", core, at + index * size)
        found.append((kind, offset, virtual, physical, length))
    return found


def tree_of(blob):
    """({path: {property: bytes}}, reserve map)"""
    structure, strings, reserve = struct.unpack_from(">III", blob, 8)
    entries = []
    while (pair := struct.unpack_from(">QQ", blob, reserve)) != (0, 0):
        entries.append(pair)
        reserve += 16
    nodes, path, at = {}, [], structure
    while True:
        token, = struct.unpack_from(">I", blob, at)
        at += 4
        if token == 1:
            end = blob.index(b"\0", at)
            path.append(blob[at:end].decode())
            nodes["/".join(path) or "/"] = {}
            at = (end + 4) & ~3
        elif token == 2:
            path.pop()
        elif token == 3:
            length, name = struct.unpack_from(">II", blob, at)
            end = blob.index(b"\0", strings + name)
            nodes["/".join(path) or "/"][blob[strings + name:end].decode()] = blob[at + 8:at + 8 + length]
            at = (at + 8 + length + 3) & ~3
        elif token == 9:
            return nodes, entries


def differences(peer, ours):
    """What of DIFFERENCES is so, and what else is."""
    found = set()
    theirs, mine = headers(peer.core), headers(ours.core)

    def notes(rows):
        return [row[1:] for row in rows if row[0] == PT_NOTE]

    def loads(rows):
        return [row[1:] for row in rows if row[0] == PT_LOAD]

    def pages(rows):
        return {page for _, _, physical, length in loads(rows) for page in range(physical // PAGE, -(-(physical + length) // PAGE))}

    def moved(rows):
        return [(offset, physical, length) for offset, _, physical, length in loads(rows) if offset != physical]

    if notes(theirs) != notes(mine):
        found.add(f"core: notes, {notes(theirs)} there and {notes(mine)} here")
    if pages(theirs) != pages(mine):
        found.add(f"core: pages {sorted(pages(theirs) ^ pages(mine))}")
    if [row[1:] for row in moved(theirs)] != [(0, PAGE)] or [row[1:] for row in moved(mine)] != [(0, PAGE)]:
        found.add(f"core: what was moved, {moved(theirs)} there and {moved(mine)} here")
    if [row[1:] for row in loads(theirs)] != [row[1:] for row in loads(mine)]:
        found.add("core: ranges")
    (their_nodes, their_map), (my_nodes, my_map) = tree_of(peer.tree), tree_of(ours.tree)
    for path in sorted(their_nodes.keys() | my_nodes.keys()):
        a, b = their_nodes.get(path), my_nodes.get(path)
        if a is None or b is None:
            found.add(f"{path}, only {'there' if b is None else 'here'}")
            continue
        found |= {f"{path} {name}" for name in a.keys() | b.keys() if a.get(name) != b.get(name)}
    if their_map != my_map:
        found.add("reserve map")
    return found
