# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What holds at the boundary of a real boot, in the instant in which it is crossed?

Stops a machine that QEMU runs where a handoff enters something, by its debugging stub, and compares what is there with
what the handoff's two conventions say (../probe/promises.py): the giver's promises at what it enters, the taker's needs at
the taker's image. Both come from the compiler. The machine runs on afterwards, and its boot is judged by others.

Example: the kernel of a build at 0x20010000: Onlooker(socket, [Stop("the kernel", 0x20010000, [(convention, clauses)])]).
"""

import os
import sys
import tempfile
import threading

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "probe"))

import built_handoff  # noqa: E402
import promises  # noqa: E402
from stopped_machine import Debugger, listening  # noqa: E402,F401

LIMIT = 100  # seconds until a CPU must have come to the next stop
MSR_HV = 1 << 60
HILE, LPCR_ILE = {"power8": 1 << (63 - 19), "power9": 1 << (63 - 4), "power10": 1 << (63 - 4)}, 1 << 25


class Stop:
    """A place to look at, and what must hold there: [(convention, its clauses)]. `size` bytes are the image's there. `who`
    comes: the master, or one of the slaves. `names`: what values are called here only."""

    def __init__(self, what, address, size, conventions, who="master", names=()):
        self.what, self.address, self.size, self.conventions, self.who = what, address, size, conventions, who
        self.names = dict(names)


class Boundary:
    """What is known of a handoff before it happens. `pieces`: [(address, bytes that must be there)]; `names`: what values
    of clauses are called, for all stops; `ids`: the CPUs' own, by the names that the debugging stub has for them."""

    def __init__(self, cpu, names, pieces, ids=None):
        self.cpu, self.names, self.pieces, self.ids = cpu, names, pieces, ids or {}


class Onlooker(threading.Thread):
    """Looks once at each stop, in the order in which CPUs come to them. `findings` and `trouble` are there when it has
    ended."""

    def __init__(self, path, boundary, stops):
        super().__init__(daemon=True)
        self.path, self.boundary, self.stops = path, boundary, stops
        self.findings = []  # (what, convention, rows, keys that were not compared)
        self.trouble = None

    def run(self):
        try:
            machine = Debugger(self.path)
            for stop in self.stops:
                machine.break_at(stop.address)
            waiting = list(self.stops)
            while waiting:
                waiting.remove(self.wait(machine, waiting))
            machine.leave()
        except (built_handoff.Unusable, OSError) as problem:
            self.trouble = str(problem)

    def wait(self, machine, stops):
        """The stop that a CPU came to, when it has been looked at."""
        cpu, at = machine.go_to([stop.address for stop in stops], LIMIT)
        if cpu is None:
            places = ", ".join(f"{stop.what} at {stop.address:#x}" for stop in stops)
            raise built_handoff.Unusable(f"no CPU came to {places} within {LIMIT} s")
        stop = next(stop for stop in stops if stop.address == at)
        found = self.look(machine, cpu, stop)
        for convention, clauses in stop.conventions:
            self.findings.append((stop.what, convention, *promises.compare(clauses, found, stop.who)))
        machine.unbreak(stop.address)
        return stop

    def look(self, machine, cpu, stop):
        registers = {name: machine.register(cpu, name) for name in [*(f"r{number}" for number in range(32)), "pc", "msr", "lr", "ctr"]}
        names = dict(self.boundary.names)
        if stop.who == "master":
            names.update({"image.entry": stop.address, "image.base": stop.address})
        else:
            names.pop("master.physical_id", None)
        names.update(stop.names)
        found = promises.Found(registers, (stop.address, stop.address + stop.size), names)
        found.read = machine.read
        try:
            found.tree = promises.Tree(machine.read, registers["r3"])
            found.memory = found.tree.memory()
            names.setdefault("tree.address", found.tree.address)
            for what in ("base", "entry"):
                names[f"machine.opal.{what}"] = found.tree.number("/ibm,opal", f"opal-{what}-address")
        except (ValueError, IndexError, built_handoff.Unusable, promises.struct.error):
            pass
        if found.memory:
            # Real mode reaches all memory of a host, and the first block of a guest.
            found.rma = found.memory if registers["msr"] & MSR_HV else found.memory[:1]
            if len(found.rma) == 1:
                names["machine.rma.size"] = found.rma[0][1] - found.rma[0][0]
        others = [machine.register(other, "pc") for other in machine.cpus() if other != cpu]
        found.others = (len(others), sum(stop.address <= at < stop.address + stop.size for at in others))
        first = cpu == machine.cpus()[0]  # of other CPUs the stub shows no special purpose register
        if first and stop.who == "master":
            names.setdefault("master.physical_id", machine.register(cpu, "pir"))
        if stop.who == "slaves":
            names["cpu.physical_id"] = self.boundary.ids.get(cpu)
        elif "master.physical_id" in names:
            names["cpu.physical_id"] = names["master.physical_id"]
        if not registers["msr"] & MSR_HV:
            found.ile = self.guest_order(machine, cpu)
        elif first and self.boundary.cpu in HILE:
            found.ile = 1 if machine.register(cpu, "hid0") & HILE[self.boundary.cpu] else 0
        with tempfile.TemporaryDirectory(prefix="baton-boot-") as folder:
            path = os.path.join(folder, "memory")
            found.image_placed = True
            for address, content in self.boundary.pieces:
                machine.save(address, len(content), path)
                with open(path, "rb") as file:
                    found.image_placed = found.image_placed and file.read() == content
        return found

    @staticmethod
    def guest_order(machine, cpu):
        number, text = int(cpu.split(".")[1], 16) - 1, machine.monitor("info registers -a")
        for part in text.split("CPU#")[1:]:
            if int(part.split()[0]) == number and "LPCR" in part:
                return 1 if int(part.split("LPCR")[1].split()[0], 16) & LPCR_ILE else 0
        return None

    # --- what came of it

    def differences(self, otherwise=()):
        """As text; none where everything that could be compared is as the conventions say, and just the clauses of
        `otherwise` are not."""
        if self.trouble:
            return [f"the onlooker: {self.trouble}"]
        false = [(what, convention, row) for what, convention, rows, _ in self.findings for row in rows if not row.agrees]
        return [f"at {what}, {convention}: {row.key}: expected {row.expected}, found {row.seen}"
                for what, convention, row in false if row.key not in otherwise] + \
            [f"{key} holds, and it should not here" for key in otherwise if key not in [row.key for _, _, row in false]]

    def report(self):
        lines, seen = [], {(convention, row.key) for _, convention, rows, _ in self.findings for row in rows}
        for what, convention, rows, left in self.findings:
            held = [row.key for row in rows if row.agrees]
            lines.append(f"  at {what}, {convention}: {len(held)} clauses hold: {', '.join(held)}")
            if len(held) < len(rows):
                lines.append(f"    otherwise: {', '.join(row.key for row in rows if not row.agrees)}")
            left = [key for key in left if (convention, key) not in seen]
            if left:
                lines.append(f"    not compared: {', '.join(left)}")
        return lines
