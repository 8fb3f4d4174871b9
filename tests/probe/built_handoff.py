# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What did `baton build` write for a handoff, and is it whole?

Reads NAME.json and the bytes of every segment (NAME.bin the stub, NAME.dtb the tree, the kernel from its own ELF
file) and holds sizes and digests against the table. It does not look into the stub or the tree.

Example: Handoff("out", "near_both", "taker_big.elf").stub.start is where the giver jumps to.
"""

import hashlib
import json
import os
import struct

import expectations

WORD = (1 << 64) - 1


class Unusable(Exception):
    """The probe cannot be run: input, tool or report is not what it must be."""


class Segment:
    def __init__(self, row):
        try:
            self.name, self.kind = row["name"], row["kind"]
            self.start, self.bufsz, self.memsz = (int(row[key], 16) for key in ("start", "bufsz", "memsz"))
            self.digest = row["sha256"]
        except (KeyError, ValueError, TypeError) as problem:
            raise Unusable(f"the table has a segment without a usable {problem}") from problem
        if self.bufsz > self.memsz or self.start + self.memsz > WORD:
            raise Unusable(f"segment {self.name} is larger than its memory")
        self.content = b""  # what the loader copies; zeros follow, to memsz
        self.used = 0  # bytes of it that are the segment's own; beyond, nobody has business

    @property
    def end(self):
        return self.start + self.memsz

    def fill(self, content, used=None):
        if len(content) != self.bufsz:
            raise Unusable(f"segment {self.name}: the table says {self.bufsz:#x} bytes, the file has {len(content):#x}")
        if hashlib.sha256(content).hexdigest() != self.digest:
            raise Unusable(f"segment {self.name}: the bytes are not those the table has the digest of")
        self.content, self.used = bytes(content), max(used or 0, len(content))


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as problem:
        raise Unusable(f"{path}: {problem.strerror}") from problem


def kernel_image(path):
    """(file bytes, memory size, byte order) of the single PT_LOAD of the taker's ELF."""
    data = read(path)
    if data[:5] != b"\x7fELF\x02":
        raise Unusable(f"{path} is no 64-bit ELF file")
    order = ">" if data[5] == 2 else "<"
    table, size, count = struct.unpack_from(order + "Q", data, 32)[0], *struct.unpack_from(order + "HH", data, 54)
    headers = [struct.unpack_from(order + "IIQQQQQQ", data, table + size * index) for index in range(count)]
    loads = [header for header in headers if header[0] == 1]
    if len(loads) != 1:
        raise Unusable(f"{path} has {len(loads)} PT_LOADs, a taker has one")
    _, _, offset, _, _, filesz, memsz, _ = loads[0]
    return data[offset:offset + filesz], memsz, "big" if order == ">" else "little"


class Handoff:
    """A built handoff: the table's facts, with every segment's bytes read and checked."""

    def __init__(self, folder, name, kernel, files=()):
        try:
            table = json.loads(read(os.path.join(folder, name + ".json")))
            if table["format"] != 1:
                raise Unusable(f"{name}.json has format {table['format']}, this reads 1")
            self.name, self.to, self.giver = table["handoff"], table["to"], table["giver"]
            self.entry, self.segments = int(table["entry"], 16), [Segment(row) for row in table["segments"]]
        except (KeyError, ValueError, TypeError) as problem:
            raise Unusable(f"{name}.json: {problem!r}") from problem
        self.image = self.only("elf")
        self.tree = self.only("devicetree")
        self.stub = self.only("trampoline")
        content, memory, self.image_order = kernel_image(kernel)
        self.image.fill(content, memory)
        self.tree.fill(read(os.path.join(folder, name + ".dtb")))
        self.stub.fill(read(os.path.join(folder, name + ".bin")))
        for name_of_file, path in files:
            self.named(name_of_file).fill(read(path))
        for segment in self.segments:
            if not segment.content and segment.kind != "reserve":
                raise Unusable(f"segment {segment.name}: a probe has no bytes for kind {segment.kind}")
        if self.to not in expectations.EXPECTATIONS:
            raise Unusable(f"no expectations are written for {self.to}")
        if self.entry != self.stub.start:
            raise Unusable("the loader's entry is not the stub")

    def named(self, name):
        found = [segment for segment in self.segments if segment.name == name]
        if not found:
            raise Unusable(f"the table has no segment {name}")
        return found[0]

    def only(self, kind):
        found = [segment for segment in self.segments if segment.kind == kind]
        if len(found) != 1:
            raise Unusable(f"a probe needs one segment of kind {kind}, the table has {len(found)}")
        return found[0]
