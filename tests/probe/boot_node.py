# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which cpu node of a blob must be renamed, and where is its name?

Reads the blob as a kernel of 2004 does, token by token, and knows nothing of how it was prepared but the two names:
the node of device_type "cpu" whose `reg` begins with the id has an empty property `baton,other-cpu`, and a stub makes
that `linux,boot-cpu`. See inputs/boot_marks.h in the compiler for the other reader.

Example: named(blob, 2) is the blob as it must be when CPU 2 has entered the taker, and the range of all such names.
"""

import struct

BOOT, OTHER = "linux,boot-cpu", "baton,other-cpu"


class NoNode(Exception):
    pass


def cpu_nodes(blob):
    """[(id, {property name: offset of the word that names it})] of the cpu nodes, in order."""
    structure, strings, _, version = struct.unpack_from(">4I", blob, 8)
    at, open_nodes, found = structure, [], []

    def text(start):
        return bytes(blob[start:blob.index(0, start)]).decode("ascii")

    while True:
        tag = struct.unpack_from(">I", blob, at)[0]
        at += 4
        if tag == 1:  # begin
            at = (at + len(text(at)) + 4) & ~3
            open_nodes.append({})
        elif tag == 2:  # end
            node = open_nodes.pop()
            if node.get("device_type", (0, b""))[1] == b"cpu\0":
                found.append((struct.unpack_from(">I", node["reg"][1])[0], {name: place for name, (place, _) in node.items()}))
        elif tag == 3:  # property
            length, name = struct.unpack_from(">2I", blob, at)
            value = at + 8
            if version < 16 and length >= 8:
                value = (value + 7) & ~7
            open_nodes[-1][text(strings + name)] = (at + 4, bytes(blob[value:value + length]))
            at = (value + length + 3) & ~3
        elif tag == 9:
            return found
        elif tag != 4:
            raise NoNode(f"there is no tag {tag} at {at - 4:#x}")


def boot_cpus(blob, boot=BOOT):
    """The ids of the nodes that say that they boot."""
    return [one for one, properties in cpu_nodes(blob) if boot in properties]


def named(blob, cpu, boot=BOOT, other=OTHER):
    """(the blob with this CPU's node named, (first, end) of the words of all names)."""
    nodes = cpu_nodes(blob)
    if boot_cpus(blob, boot):
        raise NoNode("a node says that it boots before anybody has")
    places = {one: properties[other] for one, properties in nodes if other in properties}
    if cpu not in places:
        raise NoNode(f"no cpu node is prepared for {cpu}")
    strings = struct.unpack_from(">I", blob, 12)[0]
    changed = bytearray(blob)
    struct.pack_into(">I", changed, places[cpu], blob.index(boot.encode() + b"\0", strings) - strings)
    if boot_cpus(changed, boot) != [cpu]:
        raise NoNode(f"the node of {cpu} cannot be named")
    return bytes(changed), (min(places.values()), max(places.values()) + 4)
