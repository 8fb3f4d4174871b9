# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What becomes of all CPUs of a stopped machine between two conventions?

A Bench has a machine, and for a pair (built_pair.py) makes it exactly what the giver promises (whatever is not promised
is junk, and that the promises are kept is compared before anything runs), lets the CPUs go in the order that a Sequence
says, and compares each with the taker's convention at the taker's entry. It knows no convention by its name: a clause
that it has no way to make true is an error, one that cannot be compared is given back.

Example: rows, left, unseen = Bench(options, BareCpus("pseries", "power9", 4)).run(pair, sequences(pair, 4)[0])
"""

import os
import re
import struct
import time

import promises
from built_handoff import Unusable, read
from built_pair import FIRMWARE_TREE
from expectations import Row

HEAD = 0x100  # what slaves run at 0
BESIDE = 0x2000  # so much to either side of everything holds junk that nobody may touch
STACK = 0x2040_0000  # of the giver: far from everything
A_MOMENT = 0.02  # seconds for those who come early
VARIED = ("FP", "VEC", "VSX", "ME", "RI")  # MSR bits that may be anything where they are not promised
POISONED = [f"r{number}" for number in range(32)] + ["lr", "ctr", "cr", "xer"]


def poison(name, cpu, turn):
    """A number that tells which register of which CPU it was in, and is no number that a handoff means."""
    number = POISONED.index(name)
    value = 0x3AD0_0000_7E57_0000 + (turn << 40) + (cpu << 32) + number * 0x101
    return 0xE000_0000 if name == "xer" else value & 0xFFFF_FFFF if name == "cr" else value


def junk(at, size):
    """What memory holds that nobody promised anything of."""
    return b"".join(struct.pack(">I", 0x7C00_0000 | (word * 0x9E37_79B1 >> 8 & 0xFFFFFF) | 1) for word in range(at >> 2, at + size >> 2))


class Bench:
    """One machine, and the handoffs that are run on it one after another."""

    def __init__(self, options, machine):
        self.options, self.machine = options, machine
        self.cpus = machine.all
        self.number = {cpu: number for number, cpu in enumerate(self.cpus)}

    # --- the state of the machine

    def regions(self, pair):
        """(start, end, what is there) of all that is written before a run and looked at after it."""
        found = [(0, HEAD + BESIDE, junk(0, HEAD + BESIDE))]
        blobs = [(one.start, one.memsz, pair.stub_bytes if one is pair.stub else one.content) for one in pair.segments]
        if pair.firmware_tree:
            blobs.append((pair.tree_at, len(pair.firmware_tree), pair.firmware_tree))
        for start, size, content in blobs:
            size += -size % 0x1000 if content is pair.firmware_tree else 0
            inside = content.ljust(size, b"\0")
            found.append((start - BESIDE, start + size + BESIDE, junk(start - BESIDE, BESIDE) + inside + junk(start + size, BESIDE)))
        return found

    def saved(self, start, end):
        path = os.path.join(self.machine.folder.name, "saved")
        self.machine.save(start, end - start, path)
        return read(path)

    def write_changes(self, start, content):
        """Only what differs, by pages."""
        present = self.saved(start, start + len(content))
        for at in range(0, len(content), 0x1000):
            if present[at:at + 0x1000] != content[at:at + 0x1000]:
                self.machine.write(start + at, content[at:at + 0x1000])

    def set_memory(self, pair):
        self.before = self.regions(pair)
        for start, _, content in self.before:
            self.write_changes(start, content)

    def copy_bytes(self, pair, names):
        """The giver's `bytes A = bytes B`."""
        found = promises.Found({}, (pair.stub.start, pair.stub.end), names)
        for clause in pair.giver.clauses:
            if clause["section"] == "ensures memory" and clause["key"].startswith("bytes "):
                target, source = ((min(found.value(place)), promises.number_of(size)) for place, size in
                                  re.findall(r"bytes (.+?) \+: (\w+)", clause["text"]))
                self.machine.write(target[0], self.machine.read(*source)[:target[1]])

    def choice(self, allowed, turn):
        return sorted(allowed)[turn // 2 % len(allowed)]  # the lowest bit is the MSR's

    def state(self, pair, section, names, cpu, sequence):
        """(registers with the MSR, interrupt order or None) of a CPU of the giver's."""
        turn = sequence.turn
        wanted = promises.Found({}, (pair.stub.start, pair.stub.end), names)
        registers = {name: poison(name, self.number[cpu], turn) for name in POISONED}
        msr = sum(1 << promises.MSR_BITS[name] for number, name in enumerate(VARIED) if number + turn & 1)
        order = None
        for clause in pair.giver.clauses:
            key, text = clause["key"], promises.after(clause)
            if clause["section"] != f"ensures {section}" or text == "any" or key == "arrival":
                continue
            if clause.get("incidental") and key not in pair.closed.relies:
                continue
            try:
                if key == "enter":
                    fixed = re.fullmatch(r"enter absolute (\w+)", clause["text"])
                    registers["pc"] = promises.number_of(fixed[1]) if fixed else min(wanted.value(text))
                elif key == "mode" and text == "real":
                    pass
                elif key.startswith("msr ") and key[4:] in promises.MSR_BITS:
                    bit = 1 << promises.MSR_BITS[key[4:]]
                    msr = msr & ~bit | (bit if self.choice(wanted.value(text), turn) else 0)
                elif key == "ile":
                    order = self.choice(wanted.value(text), turn)
                elif key == "r1" and text == "stack(size: unknown)":
                    registers["r1"] = STACK
                elif re.fullmatch(r"r\d+|lr|ctr", key):
                    registers[key] = self.choice(wanted.value(text), turn)
                else:
                    raise promises.Unknown
            except promises.Unknown as problem:
                raise Unusable(f"there is no way to make `{clause['text']}` true") from problem
        return {**registers, "msr": msr}, order

    def turned(self, registers, order, key):
        """The state with one promise broken."""
        if key == "ile":
            return registers, 1 - order
        if key.startswith("msr "):
            return {**registers, "msr": registers["msr"] ^ 1 << promises.MSR_BITS[key[4:]]}, order
        if key not in registers:
            raise Unusable(f"no promise `{key}` can be broken")
        return {**registers, key: registers[key] ^ 0x7F}, order

    # --- what is found

    def found(self, pair, cpu, names, entered, size):
        machine = self.machine
        registers = {name: machine.register(cpu, name) for name in [f"r{number}" for number in range(32)] + ["lr", "ctr", "pc", "msr"]}
        found = promises.Found(registers, (entered.start, entered.start + size), names)
        found.read, found.memory, found.rma = machine.read, [pair.facts["ram"]], [pair.facts["rma"]]
        content = pair.stub_bytes if entered is pair.stub else entered.content
        found.image_placed = machine.read(entered.start, len(content)) == content
        found.extents = {one.name: [(one.start, one.end)] for one in pair.segments if one.name not in ("image", "tree")}
        found.extents["others"] = [(one.start, one.end) for one in pair.segments if one is not entered]
        found.extents["image.overwrites"] = [(0, pair.image.used)]
        if pair.tree_at is not None:
            try:
                found.tree = promises.Tree(machine.read, pair.tree_at)
                found.cpu_node = found.tree.cpu_path(names["cpu.physical_id"])
            except (ValueError, IndexError, KeyError, struct.error):
                found.tree = None
        return found

    @staticmethod
    def wanted(convention):
        """What a taker may count on; what comes about incidentally no stub has to bring about."""
        return [clause for clause in convention.clauses if clause["section"].startswith("ensures") and not clause.get("incidental")]

    def kept_row(self, pair, section, found, given):
        """MSR bits that the taker does not speak of are as the giver left them."""
        spoken = 1 << 5 | 1 << 4 | 1 << 14
        for clause in pair.taker.clauses:
            if clause["section"] == f"ensures {section}" and clause["key"].startswith("msr "):
                spoken |= 1 << promises.MSR_BITS[clause["key"][4:]]
        seen, wanted = found.registers["msr"] & ~spoken, given & ~spoken
        return Row(f"{'' if section == 'master' else 'slaves '}msr others", f"{wanted:#x}", f"{seen:#x}", seen == wanted)

    def changed_rows(self, pair):
        """Memory beside the segments, and in them: only the stub may write to itself, and to what the taker speaks of."""
        spoken = [(pair.stub.start, pair.stub.end), (0, HEAD)]
        tree = next((clause for clause in pair.taker.clauses if clause["key"].startswith("tree.")), None) and pair.tree_at
        if tree:
            held = promises.Tree(lambda at, size: self.at_first(at, size), tree)
            for clause in pair.taker.clauses:
                if clause["key"] == "tree.boot_cpuid_phys":
                    spoken.append((tree + 28, tree + 32))
                elif clause["key"] == "tree.boot_cpu_node":
                    spoken += [(tree + held.places[key][0], tree + held.places[key][0] + 4) for key in held.properties
                               if (key[0], "device_type") in held.properties and not held.properties[key]]
                elif parts := re.match(r'tree\.property "([^"]*)" "([^"]*)"', clause["key"]):
                    if parts.groups() in held.places:
                        at = tree + held.places[parts.groups()][1]
                        spoken.append((at, at + len(held.properties[parts.groups()])))
        changed = []
        for start, end, content in self.before:
            now = self.saved(start, end)
            if now != content:
                changed += [start + at for at in range(len(content)) if now[at] != content[at]
                            and not any(a <= start + at < b for a, b in spoken)]
        return [Row("memory elsewhere", "as it was", f"{len(changed)} bytes differ, from {changed[0]:#x}" if changed else "as it was",
                    not changed)]

    def at_first(self, at, size):
        return next(content[at - start:at - start + size] for start, end, content in self.before
                    if start + BESIDE <= at < end - BESIDE)

    # --- a run

    def run(self, pair, sequence):
        """(rows, what of the giver could not be seen, what of the taker could not be compared)."""
        machine = self.machine
        ids = pair.facts["cpus"][:len(self.cpus)]
        master = self.cpus[sequence.master]
        slaves = [cpu for cpu in self.cpus if cpu != master]
        slaves = slaves[:sequence.coming]

        def names(cpu, entered):
            return pair.names(sequence.order, ids[sequence.master], ids[self.number[cpu]], entered)

        pair.entries = self.entries(pair, bool(slaves))
        machine.set_breakpoints({place for place in pair.entries if place is not None})
        pair.firmware_tree = pair.firmware_blob(ids[sequence.master]) if pair.tree_at == FIRMWARE_TREE else None
        self.set_memory(pair)
        self.copy_bytes(pair, names(master, pair.stub))
        hypervisor = machine.hypervisor or 0
        given, unseen = {}, set()
        for cpu in [master, *slaves]:
            section = "master" if cpu == master else "slaves"
            registers, order = self.state(pair, section, names(cpu, pair.stub), cpu, sequence)
            if cpu == master and self.options.spoil:
                registers, order = self.turned(registers, order, self.options.spoil)
            if order is not None:
                machine.set_interrupt_order(cpu, order)
            registers["msr"] |= hypervisor << promises.MSR_BITS["HV"]
            given[cpu] = registers
        for cpu in given:  # another's interrupt order may have been set by it
            machine.set_registers(cpu, given[cpu])
            given[cpu]["msr"] = machine.register(cpu, "msr")  # less what the processor has not
        if not self.options.spoil:
            unseen = self.confirm(pair, master, slaves, names, given)
        return *self.arrivals(pair, sequence, master, slaves, names, given), unseen

    def confirm(self, pair, master, slaves, names, given):
        """That the machine is what the giver promises, before anything runs. What cannot be seen of it."""
        unseen = set()
        for cpu in [master, *slaves]:
            found = self.found(pair, cpu, names(cpu, pair.stub), pair.stub, len(pair.stub_bytes))
            found.others = (0, 0) if cpu == master else None
            if cpu == master:
                found.ile = self.order_of(cpu, given[cpu])
            promised = [clause for clause in pair.giver.clauses if clause["section"].startswith("ensures")
                        and (not clause.get("incidental") or clause["key"] in pair.closed.relies)]
            rows, left = promises.compare(promised, found, "master" if cpu == master else "slaves")
            false = [f"{row.key} is {row.seen}, not {row.expected}" for row in rows if not row.agrees]
            if false:
                raise Unusable(f"the giver's own promises were not kept: {'; '.join(false)}")
            unseen.update(key for key in left if cpu != master or not key.startswith("slaves "))
        return unseen

    def order_of(self, cpu, registers):
        """Seeing it may cost the registers."""
        seen = self.machine.interrupt_order(cpu)
        if registers:
            self.machine.set_registers(cpu, registers)
        return seen

    def entries(self, pair, slaves):
        """Where the taker is entered by the master, and by slaves; and where firmware is."""
        entry = next(clause["text"] for clause in pair.taker.clauses
                     if clause["section"] == "ensures master" and clause["key"] == "enter")
        if not promises.IMAGE.fullmatch(entry):
            raise Unusable(f"`{entry}` is no entry that can be waited at")
        master_entry, slave_entry = pair.image.start, None
        for clause in pair.taker.clauses:
            if clause["section"] == "ensures slaves" and clause["key"] == "enter" and slaves:
                fixed = re.fullmatch(r"enter absolute (\w+)", clause["text"])
                slave_entry = promises.number_of(fixed[1]) if fixed else master_entry
        if slaves and slave_entry is None:
            raise Unusable("slaves come, and the taker does not say where")
        return master_entry, slave_entry, pair.facts.get("opal.entry") if self.machine.platform == "powernv" else None

    def arrivals(self, pair, sequence, master, slaves, names, given):
        machine = self.machine
        master_entry, slave_entry, opal = pair.entries
        bytes_there = [clause for clause in pair.taker.clauses
                       if clause["section"] == "ensures slaves" and clause["key"].startswith("bytes ")]
        rows, left, arrived, strayed = [], set(), set(), set()

        def of_taker(cpu):
            found = self.found(pair, cpu, names(cpu, pair.image), pair.image, pair.image.used)
            section = "master" if cpu == master else "slaves"
            if cpu == master:
                inside = sum(pair.image.start <= machine.register(other, "pc") < pair.image.end for other in self.cpus if other != cpu)
                found.others = (len(self.cpus) - 1, inside)
                found.ile = machine.interrupt_order(cpu)
            compared, unseen = promises.compare(self.wanted(pair.taker), found, section)
            # What is said of slaves is compared with each that comes; that they may come, or not, is no promise.
            unseen = [key for key in unseen if not key.startswith("slaves ") or cpu != master]
            rows.extend([*compared, self.kept_row(pair, section, found, given[cpu]["msr"])])
            left.update(unseen)
            arrived.add(cpu)

        def has_landed(cpu):
            """At the taker's place for slaves, and the taker's code is there: a pen of the stub's begins at the same one."""
            found = promises.Found({}, (pair.image.start, pair.image.end), names(cpu, pair.image))
            found.read = machine.read
            return all(promises.compare_bytes("", clause, found).agrees for clause in bytes_there)

        def let_go(these, seconds):
            until = time.monotonic() + seconds
            while these := [cpu for cpu in these if cpu not in arrived | strayed]:
                remaining = until - time.monotonic()  # a landing that only comes back to itself never lets the time run out
                cpu = machine.go(remaining, these) if remaining > 0 else None
                if cpu is None:
                    return
                at = machine.register(cpu, "pc")
                if at == opal:
                    machine.serve_opal(cpu, pair.facts["opal.base"])
                elif cpu == master and at == master_entry or cpu != master and at == slave_entry and has_landed(cpu):
                    of_taker(cpu)
                elif at == slave_entry and at != master_entry:
                    machine.step(cpu)
                else:
                    strayed.add(cpu)

        if sequence.timing == "early":
            let_go(slaves, A_MOMENT)
        elif sequence.timing == "late":
            let_go([master], self.options.limit)
        let_go([master, *slaves], self.options.limit)
        came = len(arrived - {master})
        rows.append(Row("master arrived", f"{master_entry:#x}", "there" if master in arrived else f"{machine.register(master, 'pc'):#x}",
                        master in arrived))
        if slaves:
            rows.append(Row("slaves arrived", f"{len(slaves)}", f"{came}", came == len(slaves)))
        return rows + self.changed_rows(pair), left
