# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How is an initrd written without being root, and the same bytes each time?

Writes cpio archives in the "newc" format (Documentation/driver-api/early-userspace/buffer-format.rst of Linux):
owner root, time 0, inode numbers by position. Not compressed. Folders of a path are added by themselves.

Example: archive({"init": Entry(program, 0o755)}) boots; /dev/console comes with it, so that process 1 has an output.
"""

import stat
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    content: bytes = b""
    mode: int = 0o644  # with no type: a regular file
    device: tuple = (0, 0)


FOLDER = Entry(mode=stat.S_IFDIR | 0o755)
CONSOLE = Entry(mode=stat.S_IFCHR | 0o600, device=(5, 1))


def record(number, name, entry):
    kind = stat.S_IFMT(entry.mode) or stat.S_IFREG
    mode = kind | stat.S_IMODE(entry.mode)
    fields = [number, mode, 0, 0, 2 if kind == stat.S_IFDIR else 1, 0, len(entry.content), 0, 0, *entry.device, len(name) + 1, 0]
    if max(fields) > 0xFFFFFFFF:
        raise ValueError(f"{name} is too large for an initrd")
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + entry.content + bytes(-len(entry.content) % 4)


def archive(entries):
    """entries: path without a leading slash -> Entry."""
    everything = {"dev": FOLDER, "dev/console": CONSOLE, "proc": FOLDER, "sys": FOLDER, **entries}
    for path in entries:
        parts = path.split("/")
        if not all(parts) or ".." in parts:
            raise ValueError(f"`{path}` is no path for an initrd")
        for depth in range(1, len(parts)):
            everything.setdefault("/".join(parts[:depth]), FOLDER)
    # A folder sorts before what is in it.
    records = [record(number, path, everything[path]) for number, path in enumerate(sorted(everything), 1)]
    return b"".join(records) + record(0, "TRAILER!!!", Entry(mode=stat.S_IFREG))
