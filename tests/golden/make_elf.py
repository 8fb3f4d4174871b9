#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which bytes has a small ELF64 image for ppc64 that is exactly what a test needs?

Builds images of either byte order from a short text: several PT_LOADs, words at virtual addresses, an ELFv1
entry descriptor, and fields that lie on purpose. It does not assemble and it checks nothing: what makes no
sense is built as written, because refusing it is what is being tested. One line, one statement:

    elf order=big type=exec entry=0x0            first line; also machine=21 class=2 flags=0
    load 0x0 size=0x2000 memsz=0x3000            a PT_LOAD at that p_vaddr; also paddr= align= flags=rwx
    word 0x5c 0x72756e30                         32 bits in the image's byte order, at a virtual address
    quad 0x100 0x123456789abcdef0                64 bits, likewise
    bytes 0x200 00 11 22 33
    kernel-head 0x0                              an entry like Linux's: see kernel_head()
    opd 0x1000 entry=0x100 toc=0x9000            an .opd section with one descriptor, and sections for it
    set e_phnum 0xffff                           overwrites a field of the ELF header ...
    set load.0.p_filesz 0xffffffffffffffff       ... or of the nth program header, after everything else
    cut 0x80                                     the file ends there

    make_elf.py SPEC.txt -o vmlinux              ("-" reads the standard input)
"""
import argparse
import struct
import sys

EHDR_SIZE, PHDR_SIZE, SHDR_SIZE = 64, 56, 64
# name: offset, struct code
EHDR_FIELDS = {
    "ei_magic": (0, "I"), "ei_class": (4, "B"), "ei_data": (5, "B"), "ei_version": (6, "B"),
    "e_type": (16, "H"), "e_machine": (18, "H"), "e_version": (20, "I"), "e_entry": (24, "Q"),
    "e_phoff": (32, "Q"), "e_shoff": (40, "Q"), "e_flags": (48, "I"), "e_ehsize": (52, "H"),
    "e_phentsize": (54, "H"), "e_phnum": (56, "H"), "e_shentsize": (58, "H"), "e_shnum": (60, "H"),
    "e_shstrndx": (62, "H"),
}
PHDR_FIELDS = {
    "p_type": (0, "I"), "p_flags": (4, "I"), "p_offset": (8, "Q"), "p_vaddr": (16, "Q"),
    "p_paddr": (24, "Q"), "p_filesz": (32, "Q"), "p_memsz": (40, "Q"), "p_align": (48, "Q"),
}
TYPES = {"rel": 1, "exec": 2, "dyn": 3, "core": 4}
RUN0 = 0x72756E30  # "run0", what Linux has at 0x5c unless it must stay where it is loaded


class SpecError(Exception):
    """The description of an image is not one."""


class Load:
    def __init__(self, vaddr, size=None, memsz=None, paddr=None, align=0x10000, flags=7):
        self.vaddr, self.size, self.memsz = vaddr, size, memsz
        self.paddr = vaddr if paddr is None else paddr
        self.align, self.flags = align, flags
        self.data = bytearray()

    def put(self, address, data):
        at = address - self.vaddr
        if len(self.data) < at + len(data):
            self.data.extend(bytes(at + len(data) - len(self.data)))
        self.data[at:at + len(data)] = data

    def file_bytes(self):
        size = len(self.data) if self.size is None else self.size
        if size < len(self.data):
            raise SpecError(f"the load at {self.vaddr:#x} has {len(self.data):#x} bytes, more than its size")
        return bytes(self.data) + bytes(size - len(self.data))


class Image:
    def __init__(self, order="big", etype=2, entry=0, machine=21, elf_class=2, flags=None):
        if order not in ("big", "little"):
            raise SpecError(f"order={order}: it is big or little")
        self.order, self.mark = order, ">" if order == "big" else "<"
        self.etype, self.entry, self.machine, self.elf_class = etype, entry, machine, elf_class
        self.flags = flags  # e_flags; by default ELFv1 for an image with .opd, else ELFv2
        self.loads, self.opd, self.lies, self.length = [], None, [], None

    def put(self, address, data):
        for load in self.loads:
            end = load.vaddr + (load.size if load.size is not None else 1 << 30)
            if load.vaddr <= address and address + len(data) <= end:
                load.put(address, data)
                return
        raise SpecError(f"no load holds {address:#x} +: {len(data)}")

    def word(self, address, value):
        self.put(address, struct.pack(self.mark + "I", value))

    def quad(self, address, value):
        self.put(address, struct.pack(self.mark + "Q", value))

    def order_neutral(self, address):
        """What can be entered in either byte order: in the image's own, a no-operation and a branch over the
        rest; in the other, whose bytes read as a branch over that branch, a switch by rfid to what follows."""
        self.word(address, 0x08000048)      # tdi 0,0,0x48; in the other order b .+8
        self.word(address + 4, 0x48000024)  # b .+0x24
        switch = (0x7D6000A6,  # mfmsr r11
                  0x696B0001,  # xori r11,r11,1: MSR[LE]
                  0x429F0005,  # bcl 20,31,.+4: LR is the next address
                  0x7D4802A6,  # mflr r10
                  0x394A0014,  # addi r10,r10,0x14
                  0x7D5A03A6,  # mtsrr0 r10
                  0x7D7B03A6,  # mtsrr1 r11
                  0x4C000024)  # rfid
        other = "<" if self.mark == ">" else ">"
        self.put(address + 8, struct.pack(other + "8I", *switch))
        return address + 0x28

    def kernel_head(self, base):
        """An entry and a landing of the shape Linux has since 3.14, and loops where its code would be. The
        word at 0x5c says whether the image moves itself to 0."""
        master = self.order_neutral(base)
        self.word(master, 0x48000000 | (base + 0x100 - master))  # b 0x100
        self.word(base + 0x5C, RUN0)
        slave = self.order_neutral(base + 0x60)
        self.word(slave, 0x48000000)         # b .
        self.word(base + 0x100, 0x48000000)  # b .

    def build(self):
        phnum = len(self.loads)
        offset = EHDR_SIZE + PHDR_SIZE * phnum
        placed = []
        for load in self.loads:
            align = max(load.align, 1)
            offset += (load.vaddr - offset) % align if align <= 0x10000 else 0
            placed.append(offset)
            offset += len(load.file_bytes())
        sections, names = self._sections(placed)
        shstr_at = offset
        shoff = (shstr_at + len(names) + 7) // 8 * 8 if sections else 0
        flags = self.flags if self.flags is not None else (1 if self.opd else 2)
        out = bytearray(struct.pack(
            self.mark + "4sBBBBQHHIQQQIHHHHHH", b"\x7fELF", self.elf_class,
            2 if self.order == "big" else 1, 1, 0, 0, self.etype, self.machine, 1, self.entry,
            EHDR_SIZE if phnum else 0, shoff, flags, EHDR_SIZE, PHDR_SIZE, phnum, SHDR_SIZE,
            len(sections), max(len(sections) - 1, 0)))
        for load, at in zip(self.loads, placed):
            size = len(load.file_bytes())
            memsz = size if load.memsz is None else load.memsz
            out += struct.pack(self.mark + "IIQQQQQQ", 1, load.flags, at, load.vaddr, load.paddr,
                               size, memsz, load.align)
        for load, at in zip(self.loads, placed):
            out += bytes(at - len(out)) + load.file_bytes()
        if sections:
            sections[-1] = sections[-1][:4] + (shstr_at, len(names)) + sections[-1][6:]
            out += names
            out += bytes(shoff - len(out))
            for section in sections:
                out += struct.pack(self.mark + "IIQQQQIIQQ", *section)
        for field, value in self.lies:
            self._lie(out, field, value)
        return bytes(out if self.length is None else out[:self.length])

    def _sections(self, placed):
        """Section headers and their names: none, or .text, .opd and .shstrtab."""
        if self.opd is None:
            return [], b""
        names, starts = b"\0", {}
        for name in (".text", ".opd", ".shstrtab"):
            starts[name] = len(names)
            names += name.encode() + b"\0"
        address, entry, toc = self.opd
        self.put(address, struct.pack(self.mark + "QQQ", entry, toc, 0))
        holder = next(i for i, l in enumerate(self.loads)
                      if l.vaddr <= address < l.vaddr + len(l.file_bytes()))
        load = self.loads[holder]
        first = self.loads[0]
        text_size = len(first.file_bytes())
        if holder == 0:
            text_size = address - first.vaddr
        alloc, write, execute = 2, 1, 4
        return [
            (0,) * 10,
            (starts[".text"], 1, alloc | execute, first.vaddr, placed[0], text_size, 0, 0, 4, 0),
            (starts[".opd"], 1, alloc | write, address, placed[holder] + address - load.vaddr, 24, 0, 0, 8, 0),
            (starts[".shstrtab"], 3, 0, 0, 0, 0, 0, 0, 1, 0),
        ], names

    def _lie(self, out, field, value):
        fields, base, name = EHDR_FIELDS, 0, field
        if field.startswith("load."):
            _, index, name = field.split(".")
            fields, base = PHDR_FIELDS, EHDR_SIZE + PHDR_SIZE * int(index)
        if name not in fields:
            raise SpecError(f"there is no field `{field}`")
        offset, code = fields[name]
        mark = ">" if name == "ei_magic" else self.mark
        value &= (1 << (8 * struct.calcsize(code))) - 1
        struct.pack_into(mark + code, out, base + offset, value)


def options(words, known):
    """`name=value` words as a dictionary; values are numbers unless `known` says otherwise."""
    values = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or name not in known:
            raise SpecError(f"`{word}` is not one of {', '.join(known)}")
        try:
            values[name] = known[name](text)
        except (ValueError, KeyError):
            raise SpecError(f"`{word}` has no such value") from None
    return values


def number(text):
    return int(text.replace("_", ""), 0)


def flag_bits(text):
    return sum({"r": 4, "w": 2, "x": 1}[c] for c in text)


def parse(text):
    """The Image a description means."""
    image = None
    for raw in text.splitlines():
        words = raw.split("#")[0].split()
        if not words:
            continue
        head, rest = words[0], words[1:]
        if head == "elf":
            given = options(rest, {"order": str, "type": TYPES.__getitem__, "entry": number,
                                   "machine": number, "class": number, "flags": number})
            image = Image(given.get("order", "big"), given.get("type", 2), given.get("entry", 0),
                          given.get("machine", 21), given.get("class", 2), given.get("flags"))
        elif image is None:
            raise SpecError("the first line begins with `elf`")
        elif head == "load":
            given = options(rest[1:], {"size": number, "memsz": number, "paddr": number,
                                       "align": number, "flags": flag_bits})
            image.loads.append(Load(number(rest[0]), **given))
        elif head == "word":
            image.word(number(rest[0]), number(rest[1]))
        elif head == "quad":
            image.quad(number(rest[0]), number(rest[1]))
        elif head == "bytes":
            image.put(number(rest[0]), bytes.fromhex("".join(rest[1:])))
        elif head == "kernel-head":
            image.kernel_head(number(rest[0]))
        elif head == "opd":
            given = options(rest[1:], {"entry": number, "toc": number})
            image.opd = (number(rest[0]), given.get("entry", 0), given.get("toc", 0))
            image.put(image.opd[0], bytes(24))
        elif head == "set":
            image.lies.append((rest[0], number(rest[1])))
        elif head == "cut":
            image.length = number(rest[0])
        else:
            raise SpecError(f"`{head}` is no statement of an image")
    if image is None:
        raise SpecError("an empty description")
    return image


def main(arguments):
    parser = argparse.ArgumentParser(description="Builds a small ELF image from its description.")
    parser.add_argument("spec", help="a file, or - for the standard input")
    parser.add_argument("-o", dest="output", required=True)
    given = parser.parse_args(arguments)
    if given.spec == "-":
        text = sys.stdin.read()
    else:
        with open(given.spec, encoding="utf-8") as stream:
            text = stream.read()
    with open(given.output, "wb") as stream:
        stream.write(parse(text).build())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
