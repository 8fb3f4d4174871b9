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

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))

import built_pair
import expectations
import pair_bench
import pair_handoffs
import pairs
import promises
import stopped_machine
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


class Registers(unittest.TestCase):
    """The debugging stub answers in the byte order that the CPU is in."""

    def test_either_order(self):
        class Said(stopped_machine.Debugger):
            def __init__(self, order, msr):
                self.orders, self.numbers = {}, {"pc": 64, "msr": 65}
                self.answers = {"p40": (0x3D570000).to_bytes(8, order).hex(), "p41": msr.to_bytes(8, order).hex(), "Hg1": "OK"}

            def ask(self, text, seconds=30):
                return self.answers[text]

        for order, msr in (("big", 0x9000000000000000), ("big", 0), ("little", 0x9000000000001003), ("little", 1)):
            self.assertEqual(Said(order, msr).register("1", "pc"), 0x3D570000)
        with self.assertRaises(stopped_machine.Unusable):
            Said("big", 0).register("1", "lpcr")


class Written(unittest.TestCase):
    """Registers that are set, the MSR last and first without its lowest bit, in the order that the CPU is in."""

    def test_either_order(self):
        class Heard(stopped_machine.Debugger):
            def __init__(self, msr):
                self.orders, self.sizes, self.numbers, self.msr, self.said = {}, {}, {"r3": 3, "cr": 66, "msr": 65}, msr, []

            def ask(self, text, seconds=30):
                order = "little" if self.msr & 1 else "big"
                if text.startswith("p"):
                    number = int(text[1:], 16)
                    return (self.msr if number == 65 else 0).to_bytes(4 if number == 66 else 8, order).hex()
                if text.startswith("P"):
                    number, content = text[1:].split("=")
                    value = int.from_bytes(bytes.fromhex(content), order)
                    self.said.append((int(number, 16), value, order))
                    if number == "41":
                        self.msr = value
                return "OK"

        for before in (1 << 63, 1 << 63 | 1):
            for after in (0x1000, 0x1001):
                heard = Heard(before)
                heard.set_registers("1", {"r3": 1 << 64 | 7, "msr": after, "cr": 0x1_0000_0002})
                was = "little" if before & 1 else "big"
                self.assertEqual(heard.said, [(65, 0x1000, was), (3, 7, "big"), (66, 2, "big"), (65, after, "big")])
                self.assertEqual(heard.orders["1"], "little" if after & 1 else "big")


class Pairs(unittest.TestCase):
    """The pairs that are run: what the table says of them, and what follows from it. Nothing is run here."""

    TABLE = ("| | 1 | 2 |\n|---|---|---|\n| 1 `a.b@1` | S | x |\n| 2 `c.d@2` | S | S |\n\n## From `a.b@1`\n\n"
             "- `a.b@1`: a stub of 12 bytes, on `host`, relying on incidental `msr SF`, `r4`\n- `c.d@2`: BT1 no: it cannot\n\n"
             "## From `c.d@2`\n\n- `a.b@1`, `c.d@2`: departing code, linked into a big-endian caller\n")

    def test_the_table_is_read(self):
        found = pair_handoffs.closed(self.TABLE)
        self.assertEqual([(one.giver, one.taker, one.size, one.machine, one.relies, one.departing, one.readable) for one in found],
                         [("a.b@1", "a.b@1", 12, "host", ["msr SF", "r4"], None, True),
                          ("c.d@2", "a.b@1", None, None, [], "big", True), ("c.d@2", "c.d@2", None, None, [], "big", True)])
        self.assertFalse(pair_handoffs.closed(self.TABLE.replace("a stub of 12", "some stub of 12"))[0].readable)

    def test_a_row_that_is_missing_or_too_much(self):
        closed = pair_handoffs.closed(self.TABLE)
        rows = {("a.b@1", "a.b@1"): "| `a.b@1` | `a.b@1` |", ("x.y@1", "a.b@1"): "|"}
        wrong = "\n".join(pairs.checked(closed, rows))
        for part in ("c.d@2 -> a.b@1: PAIRS.md says S", "c.d@2 -> c.d@2: PAIRS.md says S", "x.y@1 -> a.b@1: PAIRS_RUN.md tells"):
            self.assertIn(part, wrong)
        self.assertNotIn("a.b@1 -> a.b@1", wrong)
        self.assertIsNone(pairs.departing_row(closed[1], HERE))  # no program leaves so

    def test_machines(self):
        host = pair_handoffs.facts("host")
        self.assertEqual((host["hypervisor"], host["kexec_slaves"], host["cpus"], host["rma.size"], host["opal.entry"]),
                         (1, "firmware", [0, 8, 16, 24], 1 << 30, 0x30000B58))
        self.assertEqual(pair_handoffs.facts("single")["cpus"], [0])

    def pair(self, texts, machine="guest", orders=("big",)):
        """A pair whose giver says these clauses of its master, or with `slaves:` before them of its slaves."""
        clauses = []
        for text in texts:
            section, rest = ("slaves", text[7:]) if text.startswith("slaves:") else ("master", text)
            words = rest.split()
            key = " ".join(words[:2]) if words[0] == "msr" else words[0]
            clauses.append({"section": f"ensures {section}", "key": key, "text": rest})
        made = object.__new__(built_pair.Pair)
        made.giver = pair_handoffs.Convention({"name": "g", "roles": [], "clauses": clauses})
        made.closed, made.orders, made.facts = pair_handoffs.Closed("g", "t", ""), orders, pair_handoffs.facts(machine)
        stub = object.__new__(built_pair.Segment)
        stub.start, stub.memsz, made.segments, made.tree_at = 0x1C00000, 0x1000, [], None
        made.stub = made.image = stub
        return made

    def test_what_is_run_where(self):
        for machine, text, expected in (("guest", "msr EE = 0", ("pseries", 4)), ("host", "msr EE = 0", ("powernv", 4)),
                                        ("guest", "msr HV = 1", ("powernv", 4)), ("host", "msr HV = 0", ("pseries", 4)),
                                        ("host", "msr HV = machine.hypervisor", ("powernv", 4)), ("single", "msr CM = 0", ("ppce500", 1))):
            self.assertEqual(self.pair([text], machine).platform(), expected)
        for machine, text, expected in (("guest", "arrival machine.kexec_slaves", [3]), ("host", "arrival machine.kexec_slaves", [0]),
                                        ("guest", "arrival unknown", [3, 2, 1, 0]), ("guest", "arrival firmware", [0])):
            self.assertEqual(self.pair([f"slaves:{text}"], machine).arriving(3), expected)
        with self.assertRaises(built_pair.Unusable):
            self.pair(["slaves:arrival any"]).arriving(3)

    def test_every_way_is_run(self):
        one = self.pair(["msr EE = 0", "ile in { 0, giver }", "slaves:arrival unknown"], orders=("big", "little"))
        runs = built_pair.sequences(one, 4)
        self.assertEqual(len(runs), 2 * 3 + 4 * 3)
        self.assertEqual({(run.order, run.turn // 2) for run in runs}, {("big", 0), ("little", 0), ("little", 1)})
        self.assertEqual(({run.timing for run in runs}, {run.coming for run in runs}, {run.master for run in runs}),
                         ({"early", "late", "together"}, {0, 1, 2, 3}, {0, 1, 2, 3}))

    def state(self, texts, order="big", turn=0, section="master"):
        made = self.pair(texts)
        bench = object.__new__(pair_bench.Bench)
        bench.number = {"p1.1": 0}
        return bench.state(made, section, made.names(order, 2, 2, made.stub), "p1.1", built_pair.Sequence(order, turn, None, 2, 0))

    def test_the_state_is_what_is_promised_and_junk(self):
        texts = ["enter image.entry", "mode real", "msr SF = 1", "msr LE = giver", "msr ME = 1", "r3 = cpu.physical_id", "r5 = 0",
                 "ile in { 0, giver }", "r9 = any"]
        registers, order = self.state(texts, "little", 2)
        self.assertEqual((registers["pc"], registers["r3"], registers["r5"], order), (0x1C00000, 2, 0, 1))
        self.assertEqual(self.state(texts, "little", 1)[1], 0)
        self.assertEqual(registers["msr"] & 0x8000000000001001, 0x8000000000001001)
        self.assertEqual(registers["msr"] & 0x8000000000001001, self.state(texts, "little", 3)[0]["msr"] & 0x8000000000001001)
        # Every bit that nobody promises is once on and once off.
        self.assertEqual(registers["msr"] ^ self.state(texts, "little", 3)[0]["msr"], 1 << 25 | 1 << 23 | 1 << 13 | 2)
        rest = [value for name, value in registers.items() if name not in ("pc", "msr", "r3", "r5", "xer")]
        self.assertEqual(len(rest), len(set(rest)))
        self.assertTrue(all(value >> 48 == 0x3AD0 for name, value in registers.items() if name in ("r0", "r9", "lr", "ctr")))
        self.assertEqual(self.state(["enter absolute 0x60"])[0]["pc"], 0x60)

    def test_what_cannot_be_made_true(self):
        for text in ("mode virtual", "msr XX = 1", "r1 = stack(size: 4KiB)", "argument stack = r3 : argument", "r4 = nobody.knows"):
            with self.assertRaises(built_pair.Unusable, msg=text):
                self.state([text])


class Promises(unittest.TestCase):
    """Clauses against a machine that is made up here: each is found true, false, or out of sight."""

    BASE = 0x3000

    def tree(self, boot_cpu=4, version=17, reserved=((0x3000, 0x1000),)):
        reserves = b"".join(struct.pack(">2Q", *one) for one in (*reserved, (0, 0)))
        strings = b"device_type\0reg\0#address-cells\0#size-cells\0"

        def place(name, value):
            return struct.pack(">3I", 3, len(value), strings.index(name)) + value.ljust(-(-len(value) // 4) * 4, b"\0")

        body = struct.pack(">I4x", 1) + place(b"#address-cells", bytes((0, 0, 0, 2))) + place(b"#size-cells", bytes((0, 0, 0, 2)))
        body += struct.pack(">I8s", 1, b"memory") + place(b"device_type", b"memory\0") + place(b"reg", struct.pack(">2Q", 0, 0x8000))
        body += struct.pack(">I", 2)
        body += struct.pack(">I8s", 1, b"cpu@4") + place(b"device_type", b"cpu\0") + place(b"reg", struct.pack(">I", 4))
        body += struct.pack(">3I", 2, 2, 9)
        first = 40 + len(reserves)
        size = first + len(body) + len(strings)
        return struct.pack(">10I", 0xD00DFEED, size, first, first + len(body), 40, version, 16, boot_cpu, len(strings), len(body)) + \
            reserves + body + strings

    def found(self, blob):
        memory = bytearray(0x8000)
        memory[self.BASE:self.BASE + len(blob)] = blob
        registers = {f"r{number}": 0 for number in range(32)} | {"r1": 0x2000, "r3": self.BASE, "pc": 0x1000, "msr": 1 << 63}
        found = promises.Found(registers, (0x1000, 0x1800), {"tree.address": self.BASE, "master.physical_id": 4})
        found.tree = promises.Tree(lambda at, size: bytes(memory[at:at + size]), self.BASE)
        found.memory = found.rma = found.tree.memory()
        found.image_placed, found.ile, found.others = True, 0, (1, 0)
        return found

    def judge(self, found, text, key=None, section="ensures master"):
        rows, left = promises.compare([{"section": section, "key": key or text.split()[0], "text": text}], found)
        return rows[0].agrees if rows else None if left else "nothing"

    def test_a_tree_is_read(self):
        tree = self.found(self.tree()).tree
        self.assertEqual((tree.boot_cpu, tree.version, tree.memory(), tree.cpu_ids()), (4, 17, [(0, 0x8000)], [4]))
        self.assertEqual(tree.reserved, [(0x3000, 0x4000)])

    def test_what_is_no_tree(self):
        for blob in (b"\0" * 40, self.tree()[:8] + b"\xff" * 32, self.tree().replace(struct.pack(">3I", 2, 2, 9), b"\0" * 12)):
            with self.assertRaises((ValueError, IndexError, struct.error)):
                self.found(blob)

    def test_registers(self):
        found = self.found(self.tree())
        found.registers.update({"r4": 7, "r10": 0x3760})
        found.names.update({"machine.opal.entry": 0x30003760, "machine.opal.base": 0x30000000})
        for text, good in (("r3 = tree.address", True), ("r3 = 0x1", False), ("r4 in { 0, 7 }", True), ("r4 in { 0, 8 }", False),
                           ("r10 = machine.opal.entry - machine.opal.base", True), ("r10 = machine.opal.entry", False),
                           ("r5 = client_interface", None), ("r4 = 7 * 1", None), ("r4 = any", "nothing"),
                           ("r1 = stack(size: unknown)", True)):
            self.assertEqual(self.judge(found, text), good, text)
        for wrong in (0x2008, 0x1400, 0x9000, 0):
            found.registers["r1"] = wrong
            self.assertIs(self.judge(found, "r1 = stack(size: unknown)"), False, hex(wrong))

    def test_bytes_and_incidental_ones(self):
        found = self.found(self.tree())
        memory = bytearray(0x2000)
        found.names["image.entry"] = 0x1000
        found.read = lambda at, size: bytes(memory[at:at + size])
        text, key = "bytes 0x0 +: 0x100 = bytes image.entry +: 0x100", "bytes 0x0 ..< 0x100"
        self.assertIs(self.judge(found, text, key, "ensures memory"), True)
        memory[0x10ff] = 1
        self.assertIs(self.judge(found, text, key, "ensures memory"), False)
        self.assertIsNone(self.judge(found, text, key, "ensures slaves"))
        self.assertIsNone(self.judge(found, "bytes 0x0 +: 0x100 = bytes other.entry +: 0x100", key, "ensures memory"))
        rows, _ = promises.compare([{"section": "ensures slaves", "key": key, "text": text}], found, "slaves")
        self.assertEqual([(row.key, row.agrees) for row in rows], [(f"slaves {key}", False)])
        clause = {"section": "ensures master", "key": "lr", "text": "lr = image.entry", "incidental": True}
        found.registers["lr"] = 0x1000
        rows, _ = promises.compare([clause], found)
        self.assertEqual([(row.key, row.agrees) for row in rows], [("incidental lr", True)])

    def test_msr_and_entry(self):
        found = self.found(self.tree())
        for text, key, good in (("msr SF = 1", "msr SF", True), ("msr SF = 0", "msr SF", False), ("msr XX = 0", "msr XX", None),
                                ("mode real", None, True), ("mode virtual", None, False), ("enter image.entry", None, True),
                                ("enter absolute 0x60", None, False), ("ile = 0", None, True), ("ile = 1", None, False)):
            self.assertIs(self.judge(found, text, key), good, text)
        found.registers.update({"pc": 0x1004, "msr": 1 << 63 | 0x10})
        found.ile = None
        for text, good in (("mode real", False), ("enter image.entry", False), ("ile = 0", None)):
            self.assertIs(self.judge(found, text), good, text)

    def test_memory_and_slaves(self):
        cases = (("tree.format in { 16, 17 }", "tree.format", True), ("tree.format in { 2 }", "tree.format", False),
                 ("tree.boot_cpuid_phys = master.physical_id", "tree.boot_cpuid_phys", True),
                 ("tree.reserves tree.extent", "tree.reserves", True), ("tree.reserves 0x0 +: 0x100", "tree.reserves", None),
                 ("place tree within machine.rma", "place tree within", True),
                 ("place tree disjoint 0x0 +: 0x10", "place tree disjoint", True),
                 ("place tree disjoint 0x0 +: 1MiB", "place tree disjoint", False),
                 ("place tree disjoint 0x0 +: tree.size", "place tree disjoint", None),
                 ("place others disjoint image.overwrites", "place others disjoint", None),
                 ("fact segments_placed", "fact segments_placed", True), ("fact icache_coherent", "fact icache_coherent", None))
        found = self.found(self.tree())
        for text, key, good in cases:
            self.assertIs(self.judge(found, text, key, "ensures memory"), good, text)
        found = self.found(self.tree(boot_cpu=0, reserved=((0x3000, 0x20), (0x3030, 0x1000))))
        found.rma, found.image_placed = [(0, 0x3000)], False
        for text, key, _ in (cases[2], cases[3], cases[5], cases[7]):
            self.assertIs(self.judge(found, text, key, "ensures memory"), False, text)
        for text, others, good in (("arrival firmware", (1, 0), True), ("arrival firmware", (1, 1), False),
                                   ("arrival in { absent, firmware }", (0, 0), True), ("arrival absent", (1, 0), False),
                                   ("arrival any", (1, 1), None)):
            found.others = others
            self.assertIs(self.judge(found, text, section="ensures slaves"), good, text)

    def test_properties(self):
        found = self.found(self.tree())
        found.cpu_node = "/cpu@4"
        found.tree.properties["/cpu@4", "empty"] = b""
        found.names["slot.address"] = 4
        for text, good in (('"device_type" = "cpu"', True), ('"device_type" = "cp"', False), ('"device_type" not "memory"', True),
                           ('"device_type" not "cpu"', False), ('"reg" = slot.address', True), ('"reg" = 5', False),
                           ('"status" = "okay"', False), ('"status" not "disabled"', True), ('"status" absent', True),
                           ('"reg" absent', False), ('"empty"', True), ('"reg"', False), ('"status"', False)):
            self.assertIs(self.judge(found, f"tree.property cpu {text}", "tree.property x"), good, text)
        self.assertIs(self.judge(found, 'tree.property "/memory" "device_type" = "memory"', "tree.property x"), True)
        found.cpu_node = None
        self.assertIsNone(self.judge(found, 'tree.property cpu "reg" = 4', "tree.property x"))

    def test_others_and_a_boot_node(self):
        found = self.found(self.tree())
        found.extents = {"others": [(0x4000, 0x5000)], "image.overwrites": [(0, 0x4000)]}
        text, key = "place others disjoint image.overwrites", "place others disjoint"
        self.assertIs(self.judge(found, text, key, "ensures memory"), True)
        found.extents["others"].append((0x3fff, 0x4000))
        self.assertIs(self.judge(found, text, key, "ensures memory"), False)
        text, key = "tree.boot_cpu_node = master.physical_id", "tree.boot_cpu_node"
        self.assertIs(self.judge(found, text, key, "ensures memory"), False)
        found.tree.properties["/cpu@4", "linux,boot-cpu"] = b""
        self.assertIs(self.judge(found, text, key, "ensures memory"), True)
        found.tree.properties["/other", "linux,boot-cpu"], found.tree.properties["/other", "reg"] = b"", bytes((0, 0, 0, 5))
        self.assertIs(self.judge(found, text, key, "ensures memory"), False)
        self.assertEqual((found.tree.cpu_path(4), found.tree.cpu_path(7)), ("/cpu@4", None))

    def test_a_tree_of_an_old_version(self):
        blob = pair_handoffs.inputs.compile_tree("/dts-v1/; / { cpus { cpu@2 { device_type = \"cpu\"; reg = <2>; long = <1 2>; }; }; };")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "new.dtb")
            with open(path, "wb") as file:
                file.write(blob)
            old = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dtb", "-V", "2", path], check=True, stdout=subprocess.PIPE).stdout
        tree = promises.Tree(lambda at, size: old[at:at + size], 0)
        self.assertEqual((tree.version, tree.cpu_path(2), tree.number("/cpus/cpu@2", "long")), (2, "/cpus/cpu@2", 1 << 32 | 2))
        name, value = tree.places["/cpus/cpu@2", "long"]
        self.assertEqual((old[value:value + 8], value % 8), (struct.pack(">2I", 1, 2), 0))
        strings, offset = struct.unpack_from(">I", old, 12)[0], struct.unpack_from(">I", old, name)[0]
        self.assertEqual(old[strings + offset:strings + offset + 5], b"long\0")

    def test_a_slot(self):
        found = self.found(self.tree())
        found.slot = bytes(7) + b"\1" + bytes(12) + b"\0\0\0\2"
        found.names.update({"cpu.physical_id": 2, "slot.entry": 0x60})
        found.registers["pc"] = 0x60

        def of_slave(text, key):
            rows, _ = promises.compare([{"section": "ensures slaves", "key": key, "text": text}], found, "slaves")
            return rows[0].agrees if rows else None

        for text, key, good in (("pen slot 64 while 0x1 at offset 0x0", "pen", True), ("pen slot 64 while 0x2 at offset 0x0", "pen", False),
                                ("field at offset 0x14 size 4 named pir default cpu.physical_id", "field pir", True),
                                ("field at offset 0x10 size 4 named pir default cpu.physical_id", "field pir", False),
                                ("field at offset 0x8 size 8 named argument", "field argument", True),
                                ("field at offset 0x14 size 8 named argument", "field argument", False),
                                ("enter slot.entry", "enter", True)):
            self.assertIs(of_slave(text, key), good, text)
        found.registers["pc"], found.slot = 0x64, None
        self.assertIs(of_slave("enter slot.entry", "enter"), False)
        self.assertIsNone(of_slave("pen slot 64 while 0x1 at offset 0x0", "pen"))

    def test_sizes_have_units(self):
        found = self.found(self.tree())
        self.assertEqual((found.value("64MiB"), found.value("{ 4KiB, 1GiB + 1 }")), ({64 << 20}, {4096, (1 << 30) + 1}))

    def test_of_a_slave_itself(self):
        found = self.found(self.tree())
        found.registers.update({"pc": 0x60, "r3": 0})
        found.names["cpu.physical_id"] = 0
        clauses = [{"section": f"ensures {section}", "key": text.split()[0], "text": text} for section, text in (
            ("master", "r3 = tree.address"), ("slaves", "arrival any"), ("slaves", "enter absolute 0x60"),
            ("slaves", "r3 = cpu.physical_id"), ("slaves", "mode real"), ("memory", "fact icache_coherent"))]
        rows, left = promises.compare(clauses, found, "slaves")
        self.assertEqual([(row.key, row.agrees) for row in rows],
                         [("slaves enter", True), ("slaves r3", True), ("slaves mode", True)])
        self.assertEqual(left, [])
        found.registers["pc"] = 0x100
        self.assertIs(promises.compare(clauses, found, "slaves")[0][0].agrees, False)
        self.assertEqual(promises.compare(clauses[2:4], found)[1], ["slaves enter", "slaves r3"])


if __name__ == "__main__":
    unittest.main()
