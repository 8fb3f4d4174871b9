# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What does a tree tell an ePAPR client about its other CPUs, and is it what dtc reads there too?

Reads the blob token by token, by itself: reserve map, and of each node of device_type "cpu" its properties. Nothing here
knows how a stub lays out its slots. As a program it holds this reader against dtc, in both directions: what dtc prints of
the blob must name the same nodes with the same properties, and dtc must have no complaint that makes it an error.

Example: slots(blob) == {0: 0x2030100, 1: 0x2030140}; spin_table.py --dtc dtc NAME.dtb -> exit status 0
"""

import argparse
import re
import struct
import subprocess
import sys


class NoSlots(Exception):
    pass


def reserve_map(blob):
    """[(start, size)], without the end."""
    at, found = struct.unpack_from(">I", blob, 16)[0], []
    while True:
        start, size = struct.unpack_from(">QQ", blob, at)
        if start == 0 and size == 0:
            return found
        found.append((start, size))
        at += 16


def cpu_nodes(blob):
    """{id: {property: bytes}} of the cpu nodes of a blob of version 16 or later."""
    structure, strings, _, version = struct.unpack_from(">4I", blob, 8)
    if version < 16:
        raise NoSlots(f"a blob of version {version} is none for an ePAPR client")
    at, open_nodes, found = structure, [], {}

    def text(start):
        return bytes(blob[start:blob.index(0, start)]).decode("ascii")

    while True:
        tag = struct.unpack_from(">I", blob, at)[0]
        at += 4
        if tag == 1:
            at = (at + len(text(at)) + 4) & ~3
            open_nodes.append({})
        elif tag == 2:
            node = open_nodes.pop()
            if node.get("device_type") == b"cpu\0":
                found[struct.unpack_from(">I", node["reg"])[0]] = node
        elif tag == 3:
            length, name = struct.unpack_from(">2I", blob, at)
            open_nodes[-1][text(strings + name)] = bytes(blob[at + 8:at + 8 + length])
            at = (at + 8 + length + 3) & ~3
        elif tag == 9:
            return found
        elif tag != 4:
            raise NoSlots(f"there is no tag {tag} at {at - 4:#x}")


def slots(blob):
    """{id: address of its slot}, as cpu-release-addr says."""
    found = {}
    for cpu, node in cpu_nodes(blob).items():
        if len(node.get("cpu-release-addr", b"")) != 8:
            raise NoSlots(f"the node of CPU {cpu} has no cpu-release-addr of 8 bytes")
        found[cpu] = struct.unpack(">Q", node["cpu-release-addr"])[0]
    return found


def faults(blob, slot=64):
    """What an ePAPR client would trip over, in words; nothing where all is well."""
    wrong = []
    reserved = reserve_map(blob)

    def kept(start, size):
        return any(first <= start and start + size <= first + length for first, length in reserved)

    places = slots(blob)
    for cpu, node in cpu_nodes(blob).items():
        if node.get("enable-method") != b"spin-table\0":
            wrong.append(f"CPU {cpu} is not enabled by a spin table")
        if node.get("status") != b"disabled\0":
            wrong.append(f"CPU {cpu} is not said to be held")
        if places[cpu] % slot or not kept(places[cpu], slot):
            wrong.append(f"the slot of CPU {cpu} at {places[cpu]:#x} is not aligned, or not reserved")
    if len(set(places.values())) != len(places):
        wrong.append("two CPUs have one slot")
    if not kept(0, 0x100):
        wrong.append("what slaves run at 0 is not reserved")
    return wrong


def by_dtc(dtc, path):
    """The same as slots(), and the reserve map, as dtc prints them."""
    done = subprocess.run([dtc, "-q", "-I", "dtb", "-O", "dts", path], check=True, stdout=subprocess.PIPE, text=True)
    places = {}
    for node in re.findall(r"\{([^{}]*device_type = \"cpu\"[^{}]*)[{}]", done.stdout):
        high, low = (int(number, 16) for number in re.search(r"cpu-release-addr = <(\S+) (\S+)>", node).groups())
        if 'enable-method = "spin-table"' not in node:
            raise NoSlots("dtc sees a cpu node without its enable-method")
        places[int(re.search(r"\breg = <(\S+)>", node).group(1), 16)] = high << 32 | low
    reserved = [(int(start, 16), int(size, 16)) for start, size in re.findall(r"/memreserve/\s+(\S+)\s+(\S+);", done.stdout)]
    return places, reserved


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("blob")
    parser.add_argument("--dtc", default="dtc")
    options = parser.parse_args()
    with open(options.blob, "rb") as file:
        blob = file.read()
    wrong = faults(blob)
    places, reserved = by_dtc(options.dtc, options.blob)
    if places != slots(blob):
        wrong.append(f"dtc reads slots {places}, this reader {slots(blob)}")
    if reserved != reserve_map(blob):
        wrong.append(f"dtc reads reservations {reserved}, this reader {reserve_map(blob)}")
    for line in wrong:
        print(line)
    print(f"{len(places)} slots, {len(reserved)} reservations" + (": wrong" if wrong else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
