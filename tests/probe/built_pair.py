# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is a built pair of conventions, on which machine is it run, and how often?

Reads what `baton build` wrote for the handoff of a pair (pair_handoffs.py), and what the two conventions say as the
compiler understood it: which machine QEMU has to be, how many slaves come, and what their clauses call things. How it is
run, pair_bench.py knows.

Example: a giver that says `msr HV = 1` gives platform() == ("powernv", 4), one with `ile in { 0, giver }` twice the runs.
"""

import json
import os
import struct

import inputs
import pair_handoffs
import promises
from built_handoff import Segment, Unusable, kernel_image, read

FIRMWARE_TREE = 0x1F0_0000  # where a giver's own tree is
TIMINGS = ("early", "late", "together")


class Sequence:
    """How one run goes."""

    def __init__(self, order, turn, timing, master, coming):
        self.order, self.turn, self.timing, self.master, self.coming = order, turn, timing, master, coming

    def __str__(self):
        return f"{self.order} giver, CPU {self.master} the master, {self.coming} slaves {self.timing or ''}, turn {self.turn}"


class Pair:
    """A handoff as it was built, and what its two conventions say of it."""

    def __init__(self, closed, giver, taker, folder, out):
        self.closed, self.giver, self.taker = closed, giver, taker
        self.facts = pair_handoffs.facts(closed.machine)
        table = json.loads(read(os.path.join(out, f"{pair_handoffs.NAME}.json")))
        self.orders = ("big", "little") if table["giver"] == "both" else (table["giver"],)
        self.segments = [Segment(row) for row in table["segments"]]
        for segment in self.segments:
            if segment.kind == "elf":
                content, segment.used, _ = kernel_image(os.path.join(folder, f"{segment.name}.elf"))
                segment.fill(content, segment.used)
            else:
                files = {"trampoline": os.path.join(out, f"{pair_handoffs.NAME}.bin"), "file": os.path.join(folder, "raw.bin"),
                         "devicetree": os.path.join(out, f"{pair_handoffs.NAME}.dtb")}
                segment.fill(read(files[segment.kind]))
        self.stub = next(one for one in self.segments if one.kind == "trampoline")
        self.image = next(one for one in self.segments if one.kind == "elf")
        if int(table["entry"], 16) != self.stub.start or len(self.stub.content) != closed.size:
            raise Unusable(f"the stub is not the one of {closed.size} bytes that the table tells of")
        self.stub_bytes = self.stub.content
        self.firmware_tree = None
        self.tree_at = next((one.start for one in self.segments if one.kind == "devicetree"), None)
        if self.tree_at is None and giver.of_kind("devicetree"):
            self.tree_at = FIRMWARE_TREE

    def platform(self):
        """(what QEMU is, how many CPUs): by what the giver says of the MSR, else of the machine."""
        msr = {clause["key"]: clause["text"] for clause in self.giver.clauses if clause["section"] == "ensures master"
               and clause["key"].startswith("msr ") and not clause.get("incidental")}
        if "msr CM" in msr:
            name = "ppce500"
        else:
            hypervisor = promises.after({"key": "msr HV", "text": msr["msr HV"]}) if "msr HV" in msr else "machine.hypervisor"
            stated = self.facts["hypervisor"] if hypervisor == "machine.hypervisor" else promises.number_of(hypervisor)
            name = "powernv" if stated else "pseries"
        return name, 1 if len(self.facts["cpus"]) == 1 else 4

    def arriving(self, count):
        """How many slaves come, of so many: each number that may be."""
        clause = next(clause for clause in self.giver.clauses if clause["key"] == "arrival")
        what = promises.after(clause)
        what = self.facts.get(what.removeprefix("machine."), what) if what.startswith("machine.") else what
        if what in ("firmware", "absent"):
            return [0]
        if what == "arriving":
            return [count]
        if what == "unknown":
            return list(range(count, -1, -1))
        raise Unusable(f"`arrival {what}` does not say how many come")

    def names(self, order, master, cpu, entered):
        """What clauses call things. `entered`: the segment that is this side's image."""
        names = {f"machine.{name}": value for name, value in self.facts.items() if isinstance(value, int)}
        names.update({"giver": int(order == "little"), "master.physical_id": master, "cpu.physical_id": cpu, "image.order": 0})
        for segment in self.segments:
            if segment is not self.image and segment is not self.stub:
                names.update({f"{segment.name}.{what}": segment.start for what in ("start", "address", "base")})
        if self.tree_at is not None:
            names["tree.address"] = self.tree_at
        names.update({f"image.{what}": entered.start for what in ("start", "base", "entry")})
        for number, name in enumerate(self.giver.of_kind("argument")):
            names[name] = 0x5EED_0000 + number
        return names

    def firmware_blob(self, master):
        """A tree as the giver promises its own: of this boot CPU, reserved itself."""
        source = pair_handoffs.INPUTS["board.dtb"].partition("\n")[2]
        source = source.replace("/dts-v1/;", f"/dts-v1/;\n/memreserve/ {self.tree_at:#x} 0x10000;", 1)
        blob = bytearray(inputs.compile_tree(source))
        struct.pack_into(">I", blob, 28, master)
        return bytes(blob)


def sequences(pair, count):
    """All runs of a pair: each byte order, each way that the giver leaves open, each timing; the master differs."""
    numbers = pair.arriving(count - 1)
    timings = TIMINGS if max(numbers) else (None,)
    found = []
    for order in pair.orders:
        open_ones = promises.Found({}, (0, 0), pair.names(order, 0, 0, pair.stub))
        ways = max(len(open_ones.value(promises.after(clause))) for clause in pair.giver.clauses
                   if clause["section"] == "ensures master" and promises.after(clause).startswith("{")
                   or clause["key"] == "msr EE")
        for turn in range(2 * ways):
            for timing in timings:
                found.append(Sequence(order, turn, timing, (len(found) + 2) % count, numbers[len(found) % len(numbers)]))
    return found
