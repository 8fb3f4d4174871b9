#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Do the probe's own tools hold: the path through a stub, the edits, the comparison, the reading of inputs?

Needs no QEMU and no compiler: the stubs are a few words written here.
"""

import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # the source folder stays as it is

import expectations
import stub_edit

HERE = os.path.dirname(os.path.abspath(__file__))
STB_ID, MR_R3 = 0x9868001F, 0x7D034378  # stb r3,31(r8); mr r3,r8


def stub_of(order, words, head=0x100):
    """A head whose first word branches over it, then `words`."""
    letter = ">" if order == "big" else "<"
    stub = bytearray(head)
    struct.pack_into(letter + "I", stub, 0, 0x48000000 | head)
    return stub + struct.pack(f"{letter}{len(words)}I", *words)


class Path(unittest.TestCase):
    def test_follows_the_head_and_stops_at_the_exit(self):
        for order in ("big", "little"):
            steps = stub_edit.executed_path(stub_of(order, [STB_ID, MR_R3, 0x48010000]), order)
            self.assertEqual([step.offset for step in steps], [0, 0x100, 0x104, 0x108])
            self.assertEqual((steps[1].stores, steps[2].writes, steps[3].leaves), ("stb", 3, True))

    def test_order_neutral_head(self):
        stub = stub_of("big", [MR_R3, 0x48010000], 0x108) + struct.pack("<2I", MR_R3, 0x48010000)
        struct.pack_into("<I", stub, 4, 0x48000000 | (0x110 - 4))
        self.assertEqual([step.offset for step in stub_edit.executed_path(stub, "big")], [0, 0x108, 0x10C])
        self.assertEqual([step.offset for step in stub_edit.executed_path(stub, "little")], [0, 4, 0x110, 0x114])

    def test_refuses_what_it_cannot_follow(self):
        for words in ([0x41820008, 0x48010000],  # a condition
                      [0x48000001],  # a call
                      [0x00000000],  # no instruction
                      [0x7FE00008],  # a trap
                      [0x48000000],  # b .
                      [MR_R3]):  # runs off the end
            with self.assertRaises(stub_edit.EditError):
                stub_edit.executed_path(stub_of("big", words), "big")


class Edits(unittest.TestCase):
    def test_no_boot_id_needs_exactly_one_store(self):
        good = stub_of("little", [STB_ID, MR_R3, 0x48010000])
        stub_edit.EDITS["no-boot-id"](good, "little")
        self.assertEqual(struct.unpack_from("<3I", good, 0x100), (stub_edit.NOP, MR_R3, 0x48010000))
        for words in ([MR_R3, 0x48010000], [STB_ID, STB_ID, 0x48010000]):
            with self.assertRaises(stub_edit.EditError):
                stub_edit.EDITS["no-boot-id"](stub_of("big", words), "big")

    def test_a_register_nobody_writes(self):
        with self.assertRaises(stub_edit.EditError):
            stub_edit.EDITS["wrong-r4"](stub_of("big", [MR_R3, 0x48010000]), "big")

    def test_a_detour_keeps_the_destination(self):
        for leave, expected in ((0x4BFF0000, 0x104 - 0x10000), (0x4E800420, None)):  # b back; bctr
            stub = stub_of("big", [MR_R3, leave])
            stub_edit.EDITS["nonzero-r5"](stub, "big")
            steps = stub_edit.executed_path(stub, "big")
            self.assertEqual([step.word for step in steps if step.writes == 5], [0x38A00001])
            self.assertEqual(steps[-1].target, expected)

    def test_landing(self):
        with self.assertRaises(stub_edit.EditError):
            stub_edit.EDITS["dead-landing"](stub_of("big", [0x48010000]), "big")


class Comparison(unittest.TestCase):
    FIELDS = expectations.EXPECTATIONS["linux.bootblock@17"]["master"]["msr"]

    def agrees(self, giver, seen):
        return expectations.compare_msr("msr", self.FIELDS, giver, seen).agrees

    def test_msr(self):
        giver = 1 << 63 | 0x2000 | 0x1000 | 2
        self.assertTrue(self.agrees(giver, giver))
        self.assertTrue(self.agrees(giver, giver | 1))  # LE is any
        for bit in (63, 60, 25, 15, 14, 13, 12, 5, 4, 1, 40):  # 40: a bit without a name is the giver's too
            self.assertFalse(self.agrees(giver, giver ^ 1 << bit), bit)

    def test_low_window(self):
        head = bytes(range(256))
        for offset, agrees in ((0x7, True), (0x8, False), (0x5B, False), (0x5C, True)):
            seen = bytearray(head)
            seen[offset] ^= 1
            self.assertEqual(expectations.compare_low("low", (0x8, 0x5C), head, seen, None).agrees, agrees)


class Inputs(unittest.TestCase):
    """What probe.py refuses to run, with status 2 and a reason."""

    def refusal(self, spoil):
        with tempfile.TemporaryDirectory() as folder:
            content = {"kernel": bytes(0x100), "tree": bytes(64), "stub": bytes(stub_of("big", [0x48010000]))}
            elf = bytearray(b"\x7fELF\x02\x02\x01".ljust(64, b"\0"))
            struct.pack_into(">Q", elf, 32, 64)
            struct.pack_into(">HH", elf, 54, 56, 1)
            elf += struct.pack(">IIQQQQQQ", 1, 7, 120, 0, 0, 0x100, 0x100, 1) + content["kernel"]
            kinds = {"kernel": "elf", "tree": "devicetree", "stub": "trampoline"}
            table = {"format": 1, "handoff": "h", "to": "linux.bootblock@17", "giver": "big", "entry": "0x2020000", "segments": [
                {"name": name, "kind": kinds[name], "start": hex(0x2000000 + 0x10000 * number), "bufsz": hex(len(data)),
                 "memsz": "0x10000", "sha256": hashlib.sha256(data).hexdigest()} for number, (name, data) in enumerate(content.items())]}
            spoil(table)
            for name, data in (("h.json", json.dumps(table).encode()), ("k", elf), ("h.bin", content["stub"]), ("h.dtb", content["tree"])):
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(data)
            done = subprocess.run([sys.executable, "-B", os.path.join(HERE, "probe.py"), "--build", folder, "--handoff", "h", "--givers", folder,
                                   "--kernel", os.path.join(folder, "k"), "--cpu", "power9"], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
            return done.stderr

    def test_refusals(self):
        def of_segment(number, key, value):
            return lambda table: table["segments"][number].update({key: value})

        cases = {
            "giver_pseries.elf is not there": lambda table: None,  # all of the table is good
            "the bytes are not those": of_segment(1, "sha256", "00"),
            "the table says": of_segment(0, "bufsz", "0x80"),
            "larger than its memory": of_segment(0, "memsz", "0x80"),
            "outside the probe's memory": of_segment(0, "start", "0x10000"),
            "without a usable": of_segment(0, "start", "high"),
            "no expectations are written": lambda table: table.update(to="linux.bootblock@99"),
            "is for a little giver": lambda table: table.update(giver="little"),
            "entry is not the stub": lambda table: table.update(entry="0x2000000"),
            "needs one segment of kind trampoline": lambda table: table["segments"].pop(),
            "has format 2": lambda table: table.update(format=2),
        }
        for reason, spoil in cases.items():
            with self.subTest(reason):
                self.assertIn(reason, self.refusal(spoil))


if __name__ == "__main__":
    unittest.main()
