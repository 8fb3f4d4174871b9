# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# A second implementation of the bundle format, written from the header's comments and not from its
# code: what both give must be the same bytes. It writes lies as willingly as truths.
#
#   write(sample(entry=0x100)) -> bytes of a bundle whose entry lies in no segment, digests right
import hashlib
import struct

KINDS = {"elf": 1, "file": 2, "devicetree": 3, "reserve": 4, "trampoline": 5, "elfcorehdr": 6}
FACT_KERNEL_END, FACT_RMA_END, FACT_HYPERVISOR, FACT_CRASH, FACT_VMCOREINFO = 1, 2, 4, 8, 16
BIG, LITTLE, BOTH = 1, 2, 3


def pattern(length, seed):
    return bytes((i * 7 + seed) & 0xFF for i in range(length))


def sample(**changes):
    """The contents of sample_contents.h; keywords replace single values."""
    contents = {
        "handoff": "boot",
        "machine": "guest",
        "entry": 0x4000000,
        "granule": 0x10000,
        "on_crash": False,
        "giver": BOTH,
        "page": 0x10000,
        "ram": [(0, 0x40000000), (0x50000000, 0x60000000)],
        "kernel_end": 0x2000000,
        "rma_end": 0x40000000,
        "hypervisor": 0,
        "crash": (0x8000000, 0x18000000),
        "notes": [(0x3F000000, 0x3F0001A4), (0x3F000200, 0x3F0003A4), (0x3F000400, 0x3F0005A4)],
        "vmcoreinfo": (0x3A50000, 0x3A51024),
        "segments": [
            ("stub", "trampoline", 0x4000000, 0x10000, pattern(259, 1)),
            ("kernel", "elf", 0x5000000, 0x20000, pattern(1001, 2)),
            ("initrd", "file", 0x6000000, 0x10000, pattern(64, 3)),
            ("backup", "reserve", 0x7000000, 0x10000, b""),
            ("tree", "devicetree", 0x7100000, 0x10000, pattern(77, 4)),
        ],
    }
    unknown = set(changes) - set(contents)
    assert not unknown, unknown
    contents.update(changes)
    return contents


def write(contents):
    segments, ram = contents["segments"], contents["ram"]
    notes = contents["notes"] + ([contents["vmcoreinfo"]] if contents["vmcoreinfo"] else [])
    meta_size = 320 + 128 * len(segments) + 16 * (len(ram) + len(notes))
    payload = bytearray()
    table = bytearray()
    for name, kind, start, memsz, data in segments:
        if data:
            payload += bytes(-(meta_size + len(payload)) % 8)
        table += struct.pack(">56sII4Q", name.encode(), KINDS[kind], 0, start, memsz,
                             meta_size + len(payload), len(data))
        table += hashlib.sha256(data).digest()
        payload += data
    for begin, end in ram + notes:
        table += struct.pack(">QQ", begin, end)
    facts = 0
    for bit, key in ((FACT_KERNEL_END, "kernel_end"), (FACT_RMA_END, "rma_end"),
                     (FACT_HYPERVISOR, "hypervisor"), (FACT_CRASH, "crash"), (FACT_VMCOREINFO, "vmcoreinfo")):
        facts |= bit if contents[key] is not None else 0
    crash = contents["crash"] or (0, 0)
    head = struct.pack(">8sIIQQ", b"BATONBDL", 1, 320, meta_size + len(payload), meta_size)
    body = struct.pack(">QQIIIIIIQQQQII56s56s64x", contents["entry"], contents["granule"],
                       1 if contents["on_crash"] else 0, contents["giver"], len(segments), len(ram),
                       facts, contents["page"], contents["kernel_end"] or 0,
                       contents["rma_end"] or 0, crash[0], crash[1], contents["hypervisor"] or 0, len(notes),
                       contents["handoff"].encode(), contents["machine"].encode())
    body += bytes(table)
    digest = hashlib.sha256(head + bytes(32) + body).digest()
    return head + digest + body + bytes(payload)
