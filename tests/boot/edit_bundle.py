#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How is a good bundle made wrong in exactly one respect, so that the loader still takes it?

Reads a bundle (the format of runtime/include/baton/bundle.h), changes bytes of the stub or the tree or the tree's
place, and writes it with right digests. The stub's instructions are found by decoding what the master executes
(../probe/stub_edit.py). An edit that finds nothing to change is an error: a negative test must never pass by
breaking nothing.

  poison-boot-id         the tree names a CPU that is not there: the stub has to put that right
  no-boot-id             the stub no longer stores the id of the CPU that boots
  nonzero-r5             the stub enters the kernel with r5 = 1, as Open Firmware would
  dead-landing           slaves find `b .` at 0x60
  move-tree              the tree elsewhere in free memory, the stub passing that address
  move-tree-under-image  the same, but where the image moves itself to before it reads the tree

Example: edit_bundle.py boot.bundle wrong.bundle --giver big poison-boot-id no-boot-id
"""

import argparse
import hashlib
import os
import struct
import sys
from dataclasses import dataclass

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "probe"))

import stub_edit  # noqa: E402

HEADER, SEGMENT, RANGE = 320, 128, 16
KIND_ELF, KIND_TREE, KIND_STUB = 1, 3, 5
FACT_KERNEL_END, FACT_RMA_END = 1, 2


class EditError(Exception):
    pass


@dataclass
class Segment:
    entry: bytes  # as in the file; what is changed here is written over it
    kind: int
    start: int
    memsz: int
    content: bytearray

    @property
    def end(self):
        return self.start + self.memsz


class Bundle:
    def __init__(self, data):
        if len(data) < HEADER or data[:8] != b"BATONBDL" or struct.unpack_from(">II", data, 8) != (1, HEADER):
            raise EditError("this is no bundle of version 1")
        total, meta = struct.unpack_from(">QQ", data, 16)
        count, ranges, facts = struct.unpack_from(">III", data, 88)
        notes, = struct.unpack_from(">I", data, 140)
        if total != len(data) or meta != HEADER + SEGMENT * count + RANGE * (ranges + notes) or meta > total:
            raise EditError("the bundle's sizes do not fit its length")
        self.head = bytearray(data[:HEADER])
        self.ranges = data[HEADER + SEGMENT * count:meta]  # of RAM, and crash notes
        self.granule, = struct.unpack_from(">Q", data, 72)
        kernel_end, rma_end = struct.unpack_from(">QQ", data, 104)
        self.kernel_end = kernel_end if facts & FACT_KERNEL_END else None
        self.rma_end = rma_end if facts & FACT_RMA_END else None
        self.segments = []
        for index in range(count):
            entry = data[HEADER + SEGMENT * index:HEADER + SEGMENT * (index + 1)]
            kind, = struct.unpack_from(">I", entry, 56)
            start, memsz, offset, length = struct.unpack_from(">QQQQ", entry, 64)
            content = data[offset:offset + length]
            if len(content) != length or hashlib.sha256(content).digest() != entry[96:128]:
                raise EditError(f"segment {index} is damaged")
            self.segments.append(Segment(entry, kind, start, memsz, bytearray(content)))

    def only(self, kind, what):
        found = [segment for segment in self.segments if segment.kind == kind]
        if len(found) != 1:
            raise EditError(f"the bundle has {len(found)} segments that are a {what}, not one")
        return found[0]

    @property
    def stub(self):
        return self.only(KIND_STUB, "trampoline")

    @property
    def tree(self):
        return self.only(KIND_TREE, "device tree")

    @property
    def image(self):
        return self.only(KIND_ELF, "kernel")

    def write(self):
        meta = HEADER + SEGMENT * len(self.segments) + len(self.ranges)
        table, payload = bytearray(), bytearray()
        for segment in self.segments:
            if len(segment.content) > segment.memsz:
                raise EditError("a segment outgrew its memory")
            if segment.content:
                payload += bytes(-(meta + len(payload)) % 8)
            table += segment.entry[:64]
            table += struct.pack(">QQQQ", segment.start, segment.memsz, meta + len(payload), len(segment.content))
            table += hashlib.sha256(segment.content).digest()
            payload += segment.content
        struct.pack_into(">Q", self.head, 16, meta + len(payload))
        self.head[32:64] = bytes(32)
        self.head[32:64] = hashlib.sha256(self.head + table + self.ranges).digest()
        return bytes(self.head + table + self.ranges + payload)


def poison_boot_id(bundle, giver):
    del giver
    tree = bundle.tree.content
    # The low byte only: where all ids fit one, a stub need not store more. No machine here has a CPU 0x55.
    if len(tree) < 32 or tree[31] == 0x55:
        raise EditError("the tree has no boot_cpuid_phys to poison")
    tree[31] = 0x55


def edit_stub(name):
    def edit(bundle, giver):
        before = bytes(bundle.stub.content)
        stub_edit.EDITS[name](bundle.stub.content, giver)
        if bundle.stub.content == before:
            raise EditError(f"{name} changed nothing")
    return edit


def move_tree(bundle, giver, low, high):
    """Moves the tree to the lowest free place in [low, high) and has the stub pass that address. The stub goes on to
    store the CPU's id at the old place, where nobody looks: so the bytes get it here, and boot.py says which it is."""
    tree = bundle.tree
    others = sorted((segment for segment in bundle.segments if segment is not tree), key=lambda segment: segment.start)
    start = -(-low // bundle.granule) * bundle.granule
    for other in others + [tree]:  # and off its old place
        if start < other.end and other.start < start + tree.memsz:
            start = other.end
    hit = [other for other in bundle.segments if start < other.end and other.start < start + tree.memsz]
    if hit or start + tree.memsz > high or start >= 1 << 31:
        raise EditError(f"no room for the tree in [{low:#x}, {high:#x})")
    stub_edit.insert_before_exit(bundle.stub.content, giver, [0x3C600000 | start >> 16, 0x60630000 | start & 0xFFFF])  # lis; ori
    tree.start = start


def move_tree_anywhere(bundle, giver):
    if bundle.rma_end is None or bundle.kernel_end is None:
        raise EditError("the bundle does not say where the RMA or the running kernel ends")
    move_tree(bundle, giver, max(bundle.kernel_end, bundle.image.memsz), bundle.rma_end)


def move_tree_under_image(bundle, giver):
    if bundle.kernel_end is None:
        raise EditError("the bundle does not say where the running kernel ends")
    move_tree(bundle, giver, bundle.kernel_end, bundle.image.memsz)


EDITS = {
    "poison-boot-id": poison_boot_id,
    "no-boot-id": edit_stub("no-boot-id"),
    "nonzero-r5": edit_stub("nonzero-r5"),
    "dead-landing": edit_stub("dead-landing"),
    "move-tree": move_tree_anywhere,
    "move-tree-under-image": move_tree_under_image,
}


def edited(data, names, giver, boot_cpu=None):
    """The bytes of the bundle `data` after these edits. `boot_cpu`: the id that a moved tree gets."""
    bundle = Bundle(data)
    for name in names:
        EDITS[name](bundle, giver)
        if name.startswith("move-tree"):
            if boot_cpu is None:
                raise EditError("moving the tree needs --boot-cpu")
            struct.pack_into(">I", bundle.tree.content, 28, boot_cpu)
    return bundle.write()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle")
    parser.add_argument("output")
    parser.add_argument("edits", nargs="+", choices=sorted(EDITS), metavar="EDIT")
    parser.add_argument("--giver", choices=("big", "little"), required=True, help="the running kernel's byte order")
    parser.add_argument("--boot-cpu", type=int, help="the id that a moved tree gets")
    options = parser.parse_args()
    try:
        with open(options.bundle, "rb") as file:
            data = edited(file.read(), options.edits, options.giver, options.boot_cpu)
    except (EditError, stub_edit.EditError, OSError, struct.error) as problem:
        sys.exit(f"edit_bundle: {options.bundle}: {problem}")
    with open(options.output, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main()
