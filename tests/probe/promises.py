# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which promises of a convention are true of a machine that was stopped at the boundary?

Reads what the compiler says of a convention (`baton dump check`), so that nothing is restated here: each `ensures` clause
becomes a comparison with what was found, by what kind of clause it is and by the value it states. It knows no convention
by its name. A clause that it has no way to compare is given back as such, never as true.

Example: with found.register("r6") == 0x65504150, the clause `r6 = 0x6550_4150` gives a row that agrees.
"""

import json
import re
import struct
import subprocess

import boot_node
from built_handoff import Unusable
from expectations import MSR_FIELDS, Row

MSR_BITS = {**MSR_FIELDS, "CM": 31}
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
TOKEN = re.compile(r"\s*(0x[0-9a-fA-F_]+|[0-9][0-9_]*(?:[KMG]iB)?|[A-Za-z_][A-Za-z0-9_.]*|[-+{},])")
IMAGE = re.compile(r"enter (\w+)\.entry")


class Unknown(Exception):
    """A value that nobody but the program's author knows."""


def clauses_of(baton, program, convention):
    """The `ensures` clauses of a convention, as the compiler understood them."""
    answer = subprocess.run([baton, "dump", "check", program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, check=False)
    if answer.returncode != 0:
        raise Unusable(f"baton dump check {program} ended with {answer.returncode}:\n{answer.stderr}{answer.stdout}")
    for each in json.loads(answer.stdout)["conventions"]:
        if each["name"] == convention:
            return [clause for clause in each["clauses"] if clause["section"].startswith("ensures")]
    raise Unusable(f"{program} knows no convention {convention}")


class Tree:
    """A flattened tree in the machine's memory: its header, reserve map and properties by path."""

    MAGIC = 0xD00DFEED

    def __init__(self, read, address):
        magic, self.size, structure, strings, reserves, self.version = struct.unpack(">6I", read(address, 24))
        if magic != self.MAGIC or not 40 <= self.size <= 16 << 20:
            raise ValueError(f"there is no tree at {address:#x}")
        self.address, blob = address, read(address, self.size)
        self.boot_cpu = struct.unpack_from(">I", blob, 28)[0]
        self.reserved = []
        while True:
            start, size = struct.unpack_from(">2Q", blob, reserves)
            if (start, size) == (0, 0):
                break
            self.reserved.append((start, start + size))
            reserves += 16
        self.properties, path, at = {}, [], structure
        self.places = {}  # of each property: where its name's word and its value are, from the blob's start

        def text(start):
            return blob[start:blob.index(0, start)].decode("ascii")

        while (tag := struct.unpack_from(">I", blob, at)[0]) != 9:
            at += 4
            if tag == 1:
                path.append(text(at))
                at = (at + len(path[-1]) + 4) & ~3
            elif tag == 2:
                path.pop()
            elif tag == 3:
                length, name = struct.unpack_from(">2I", blob, at)
                value = at + 8
                if self.version < 16 and length >= 8:
                    value = (value + 7) & ~7
                # Nodes of the old versions are called by their whole path.
                key = ("/".join(path) or "/") if self.version >= 16 else path[-1], text(strings + name)
                self.properties[key], self.places[key] = blob[value:value + length], (at + 4, value)
                at = (value + length + 3) & ~3
            elif tag != 4:
                raise ValueError(f"the tree at {address:#x} has a tag {tag}")

    @property
    def extent(self):
        return self.address, self.address + self.size

    def number(self, path, name):
        value = self.properties.get((path, name))
        return None if value is None else int.from_bytes(value, "big")

    def memory(self):
        """Ranges of memory, in the order of the nodes; two cells each for address and size, or one."""
        address, size = (4 * (self.number("/", name) or default) for name, default in (("#address-cells", 2), ("#size-cells", 1)))
        found = []
        for (path, name), value in self.properties.items():
            if name == "reg" and self.properties.get((path, "device_type")) == b"memory\0":
                for at in range(0, len(value) - address - size + 1, address + size):
                    start = int.from_bytes(value[at:at + address], "big")
                    found.append((start, start + int.from_bytes(value[at + address:at + address + size], "big")))
        return found

    def cpu_ids(self):
        """Of all threads, as firmware names them."""
        found = []
        for (path, name), value in self.properties.items():
            if name == "device_type" and value == b"cpu\0":
                ids = self.properties.get((path, "ibm,ppc-interrupt-server#s")) or self.properties.get((path, "reg"), b"")
                found += [number for number, in struct.iter_unpack(">I", ids)]
        return found

    def cpu_path(self, identity):
        """The path of a CPU's node."""
        return next((path for (path, name), value in self.properties.items()
                     if name == "reg" and self.properties.get((path, "device_type")) == b"cpu\0"
                     and int.from_bytes(value[:4], "big") == identity), None)


def number_of(token):
    unit = token[-3:] if token[-3:] in UNITS else ""
    return int(token.removesuffix(unit).replace("_", ""), 0) * UNITS.get(unit, 1)


def covered(wanted, ranges):
    """Is [start, end) inside the ranges together?"""
    start, end = wanted
    for first, last in sorted(ranges):
        if first <= start:
            start = max(start, last)
    return start >= end


class Found:
    """What was seen at a boundary. None stands for what cannot be seen there."""

    def __init__(self, registers, image, names):
        self.registers = registers  # "r0".. "pc", "msr"
        self.image = image  # (start, end) of the image, whose first byte is its entry
        self.image_placed = None  # are its bytes those of the file?
        self.tree = None
        self.ile = None
        self.rma = None  # ranges that can be reached at once
        self.memory = None  # ranges of memory
        self.others = None  # (how many other CPUs there are, how many of them were seen in the image)
        self.read = None  # (address, size) -> bytes of memory
        self.cpu_node = None  # the path of this CPU's node in the tree
        self.slot = None  # the bytes of the slot that this CPU polled, while it did
        self.extents = {}  # ranges of other things that a clause may speak of: name -> [(start, end), ...]
        self.names = names  # what the values of other clauses are called: "tree.address" -> number

    def value(self, text):
        """The numbers that a value's text allows."""
        tokens, at = [], 0
        text = text.strip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if not match:
                raise Unknown(text)
            tokens.append(match[1])
            at = match.end()
        braces = bool(tokens) and tokens[0] == "{"
        if braces and tokens[-1] != "}":
            raise Unknown(text)
        alternatives, current = [], []
        for token in (tokens[1:-1] if braces else tokens) + [","]:
            if token == ",":
                alternatives.append(self.sum_of(current, text))
                current = []
            else:
                current.append(token)
        return set(alternatives)

    def sum_of(self, tokens, text):
        total, sign = 0, 1
        for number, token in enumerate(tokens):
            if number % 2:
                if token not in "+-":
                    raise Unknown(text)
                sign = 1 if token == "+" else -1
            elif token[0].isdigit():
                total += sign * number_of(token)
            elif self.names.get(token) is None:
                raise Unknown(token)
            else:
                total += sign * self.names[token]
        if len(tokens) % 2 == 0:
            raise Unknown(text)
        return total


def show(numbers):
    return " or ".join(f"{number:#x}" for number in sorted(numbers))


def after(clause):
    """What stands behind a clause's key."""
    return re.sub(r"^\s*(=|in\b)\s*", "", clause["text"][len(clause["key"]):]).strip()


def compare_stack(key, found):
    """A stack of no known size: it points to aligned memory that the image does not lie in."""
    at = found.registers["r1"]
    inside = found.image[0] <= at < found.image[1]
    memory = found.memory is None or covered((at - 16, at), found.memory)
    good = at % 16 == 0 and at > 16 and memory and not inside
    return Row(key, "aligned, in memory, outside the image", f"{at:#x}", good)


def compare_place(clause, found):
    """`place WHAT within WHERE` or `disjoint WHERE`."""
    parts = re.fullmatch(r"place (\w+) (within|disjoint) (.+)", clause["text"])
    if not parts:
        return None
    extents = {"tree": [found.tree.extent] if found.tree else None, "image": [found.image],
               "machine.rma": found.rma, **found.extents}
    where, between = extents.get(parts[3]), re.fullmatch(r"(.+?) (\+:|\.\.<) (.+)", parts[3])
    if between:
        first, last = (min(found.value(between[side])) for side in (1, 3))
        where = [(first, last if between[2] == "..<" else first + last)]
    if where is None or extents.get(parts[1]) is None:
        return None
    what = extents[parts[1]]
    if parts[2] == "within":
        good = all(covered(one, where) for one in what)
    else:
        good = not any(a < end and start < b for start, end in what for a, b in where)
    return Row(clause["key"], ("in " if parts[2] == "within" else "clear of ") + " ".join(f"[{a:#x}, {b:#x})" for a, b in where),
               " ".join(f"[{a:#x}, {b:#x})" for a, b in what) or "nothing", good)


def compare_boot_node(clause, found):
    """Of all nodes of CPUs, which say that they boot?"""
    said = sorted(int.from_bytes(found.tree.properties[path, "reg"][:4], "big")
                  for path, name in found.tree.properties if name == boot_node.BOOT)
    allowed = found.value(after(clause))
    return Row(clause["key"], show(allowed), " ".join(f"{one:#x}" for one in said) or "none", len(said) == 1 and said[0] in allowed)


def compare_property(label, clause, found):
    """`tree.property NODE "NAME"`, and what is said of its value. `cpu` is the node of the CPU that was found."""
    parts = re.fullmatch(r'tree\.property (cpu|"[^"]*") "([^"]*)"(?: (=|not) (.+)| (absent))?', clause["text"])
    node = found.cpu_node if parts and parts[1] == "cpu" else parts and parts[1].strip('"')
    if not parts or found.tree is None or node is None:
        return None
    seen = found.tree.properties.get((node, parts[2]))
    shown = "absent" if seen is None else seen.hex() if b"\0" not in seen[-1:] or len(seen) < 2 else repr(seen[:-1])[1:]
    if parts[5] or not parts[3]:
        good = seen is None if parts[5] else seen == b""
        return Row(label, "absent" if parts[5] else "there, without a value", shown, good)
    if parts[4].startswith('"'):
        same = seen == parts[4].strip('"').encode() + b"\0"
    else:
        same = seen is not None and int.from_bytes(seen, "big") in found.value(parts[4])
        shown = "absent" if seen is None else f"{int.from_bytes(seen, 'big'):#x}"
    return Row(label, f"{'not ' if parts[3] == 'not' else ''}{parts[4]}", shown, same if parts[3] == "=" else not same)


def compare_slot(label, clause, found):
    """`pen slot N while MASK at offset A`: held until then; `field at offset A size N named X default V`."""
    pen = re.fullmatch(r"pen slot (\w+) while (\w+) at offset (\w+)", clause["text"])
    field = re.fullmatch(r"field at offset (\w+) size (\w+) named (\w+)(?: default (.+))?", clause["text"])
    if found.slot is None or not (pen or field):
        return None
    if pen:
        mask, at = number_of(pen[2]), number_of(pen[3])
        seen = int.from_bytes(found.slot[at:at + 8], "big")
        return Row(label, f"any of {mask:#x} set", f"{seen:#x}", bool(seen & mask))
    at, size = number_of(field[1]), number_of(field[2])
    seen = int.from_bytes(found.slot[at:at + size], "big")
    if not field[4]:
        # What is there is for the client to write; that it works shows in what the CPU has when it comes.
        return Row(label, f"{size} bytes at {at:#x}", "there", at + size <= len(found.slot))
    allowed = found.value(field[4])
    return Row(label, show(allowed), f"{seen:#x}", seen in allowed)


def compare_bytes(label, clause, found):
    """`bytes A +: SIZE = bytes B +: SIZE`, or None."""
    sides = [re.fullmatch(r"bytes (.+?) \+: (0x[0-9a-fA-F_]+)", side.strip()) for side in clause["text"].split("=", 1)]
    if found.read is None or len(sides) != 2 or None in sides:
        return None
    places = [(min(found.value(side[1])), int(side[2].replace("_", ""), 0)) for side in sides]
    here, there = (found.read(*place) for place in places)
    different = sum(one != other for one, other in zip(here, there))
    return Row(label, f"as at {places[1][0]:#x}", f"{different} bytes differ" if different else "as there", here == there)


def compare_clause(clause, found, who):
    """A Row, or None where there is no way to tell."""
    key, section = clause["key"], clause["section"].split()[-1]
    label = f"{section} {key}" if section == "slaves" else key
    if key.startswith("bytes ") and (section == "memory" or who == "slaves"):
        return compare_bytes(label, clause, found)
    if key.startswith("tree.property ") and (section != "slaves" or who == "slaves"):
        return compare_property(label, clause, found)
    if (key == "pen" or key.startswith("field ")) and who == "slaves":
        return compare_slot(label, clause, found)
    if section == "slaves" and who == "master":
        if key != "arrival" or found.others is None:
            return None
        allowed = set(re.findall(r"\w+", after(clause)))
        if not allowed <= {"absent", "firmware"}:
            return None
        count, inside = found.others
        good = inside == 0 and (count == 0 if allowed == {"absent"} else True)
        return Row(label, " or ".join(sorted(allowed)), f"{count} others, {inside} in the image", good)
    if key == "enter":
        fixed = re.fullmatch(r"enter absolute (\w+)", clause["text"])
        if clause["text"] == "enter slot.entry":
            place = min(found.value("slot.entry"))
        elif fixed or IMAGE.fullmatch(clause["text"]):
            place = number_of(fixed[1]) if fixed else found.image[0]
        else:
            return None
        return Row(label, f"{place:#x}", f"{found.registers['pc']:#x}", found.registers["pc"] == place)
    if key == "mode":
        translation = found.registers["msr"] >> 4 & 3
        privileged = not found.registers["msr"] >> 14 & 1
        good = after(clause) == "real" and not translation and privileged
        return Row(label, after(clause), f"IR/IS DR/DS {translation:02b}, {'supervisor' if privileged else 'user'}", good)
    if key.startswith("msr "):
        bit = MSR_BITS.get(key[4:])
        if bit is None:
            return None
        seen = found.registers["msr"] >> bit & 1
        allowed = found.value(after(clause))
        return Row(label, show(allowed), f"{seen:#x}", seen in allowed)
    if key == "ile":
        if found.ile is None:
            return None
        allowed = found.value(after(clause))
        return Row(label, show(allowed), f"{found.ile:#x}", found.ile in allowed)
    if key == "r1" and after(clause).startswith("stack("):
        return compare_stack(label, found) if "unknown" in clause["text"] else None
    if re.fullmatch(r"r\d+|lr|ctr", key):
        allowed = found.value(after(clause))
        return Row(label, show(allowed), f"{found.registers[key]:#x}", found.registers[key] in allowed)
    if key == "fact segments_placed":
        return None if found.image_placed is None else Row(label, "the file's bytes", "they are" if found.image_placed else "others", found.image_placed)
    if key.startswith("place "):
        return compare_place(clause, found)
    if key.startswith("tree."):
        if found.tree is None:
            return Row(label, after(clause), "no tree", False)
        if key == "tree.reserves":
            if after(clause) != "tree.extent":
                return None
            start, end = found.tree.extent
            near = [(a, b) for a, b in found.tree.reserved if a < end and start < b]
            return Row(label, f"[{start:#x}, {end:#x})", " ".join(f"[{a:#x}, {b:#x})" for a, b in near) or "nothing of it",
                       covered(found.tree.extent, near))
        if key == "tree.boot_cpu_node":
            return compare_boot_node(clause, found)
        seen = {"tree.format": found.tree.version, "tree.boot_cpuid_phys": found.tree.boot_cpu}.get(key)
        if seen is None:
            return None
        allowed = found.value(after(clause))
        return Row(label, show(allowed), f"{seen:#x}", seen in allowed)
    return None


def compare(clauses, found, who="master"):
    """(rows, keys of clauses that could not be compared). `who`: whether the CPU that was found is the master, or one of the
    slaves; of a slave only what is said of slaves is compared."""
    rows, left = [], []
    for clause in clauses:
        if who == "slaves" and (not clause["section"].endswith("slaves") or clause["key"] == "arrival"):
            continue
        if after(clause) == "any" and clause["key"] != "arrival":
            continue  # nothing is promised
        try:
            row = compare_clause(clause, found, who)
        except Unknown:
            row = None
        if row is None:
            left.append(clause["key"] if not clause["section"].endswith("slaves") else f"slaves {clause['key']}")
        else:
            if clause.get("incidental"):
                row.key = f"incidental {row.key}"
            rows.append(row)
    return rows, left
