# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is in the guest's memory, seen from the host, and how do bytes get into it while it runs?

QEMU's RAM is files in this host's memory that both have mapped (`option` is QEMU's side of one). So a test reads
what no program in the guest could be asked about, and hands a program there a file without a disk or a network: the
program fills a buffer with marked pages (init.c, `mailbox`), the host finds them by their mark, fills them, and says so
in the first.

Example: with GuestMemory(1 << 30) as memory: run([*command, "-object", memory.banks[0].option], files=memory.files);
memory.read(0, 256)
"""

import hashlib
import mmap
import os
import struct

MARK_SIZE = 16
DELIVERED = b"BATON-DELIVERED\0"  # of MARK_SIZE; then the length, 8 bytes big-endian, and the SHA-256 of the bytes


class Bank:
    """Memory that is one object to QEMU, in a file of its own."""

    def __init__(self, name, start, size):
        self.name, self.start, self.size = name, start, size
        self.file = os.memfd_create(f"baton-{name}")
        os.ftruncate(self.file, size)
        self.bytes = mmap.mmap(self.file, size)

    @property
    def option(self):
        return f"memory-backend-file,id={self.name},size={self.size},mem-path=/proc/self/fd/{self.file},share=on"


class GuestMemory:
    """Banks one behind the other from 0: `ram`, and `dimm` where something is plugged."""

    def __init__(self, size, plugged=0):
        self.size = size + plugged
        self.banks = [Bank("ram", 0, size)] + ([Bank("dimm", size, plugged)] if plugged else [])
        self.files = [bank.file for bank in self.banks]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for bank in self.banks:
            bank.bytes.close()
            os.close(bank.file)

    def read(self, start, size):
        pieces = []
        for bank in self.banks:
            begin, end = max(start, bank.start), min(start + size, bank.start + bank.size)
            if begin < end:
                pieces.append(bank.bytes[begin - bank.start:end - bank.start])
        return b"".join(pieces)

    def find_pages(self, mark, page, count):
        """Where the `count` pages of the buffer are, (bank, offset), by the mark and the number that each begins with; None:
        not all are there."""
        found = [None] * count
        for bank in self.banks:
            at = bank.bytes.find(mark)
            while at >= 0:
                if at % page == 0:
                    number, = struct.unpack_from(">Q", bank.bytes, at + MARK_SIZE)
                    if number < count:
                        found[number] = bank, at
                at = bank.bytes.find(mark, at + 1)
        return None if None in found else found

    def deliver(self, mark, page, count, content):
        """Hands `content` to the program that waits; False when its buffer cannot be found or is too small."""
        pages = self.find_pages(mark, page, count)
        if pages is None or len(content) > page * (count - 1):
            return False
        for index, (bank, at) in enumerate(pages[1:]):
            piece = content[index * page:(index + 1) * page]
            bank.bytes[at:at + len(piece)] = piece
        bank, at = pages[0]
        bank.bytes[at + MARK_SIZE:at + MARK_SIZE + 40] = struct.pack(">Q", len(content)) + hashlib.sha256(content).digest()
        bank.bytes[at:at + MARK_SIZE] = DELIVERED  # last: it is what the program looks at
        return True
