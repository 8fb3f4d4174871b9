#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Is what a convention says of firmware true of firmware?

Has QEMU's firmware (skiboot, SLOF, the virtual Open Firmware, QEMU itself as an ePAPR boot program, U-Boot) enter the
image of witness.S, stops the machine before its first instruction, and compares registers, memory and the tree with what
the convention ensures, as the compiler understood it (promises.py). With --start the image goes on and has firmware start
another CPU, and it is that CPU's first instruction that is looked at. With --release another CPU is let go by the slot that
the tree names for it, and looked at as well. Exit status: 0 everything as promised, 1 a promise
that is false (or not false where --expect asks for one), 2 the witness could not be called.

Every promise that could not be compared has to be named by --unseen, so that none gets lost.

Example: witness.py --machine powernv9 --image witness.elf --baton bin/baton --program promises.baton
         --convention skiboot.payload@1 --unseen "fact icache_coherent"
"""

import argparse
import os
import struct
import sys
import tempfile
import zlib

sys.dont_write_bytecode = True  # the source folder stays as it is

import expectations
import promises
from built_handoff import Unusable, kernel_image, read
from stopped_machine import StoppedMachine

MIB = 1 << 20
PASSED = 0x2E57A1D5  # what RTAS is to hand on
LPCR_ILE = 1 << 25
HILE = {"power8": 1 << (63 - 19), "power9": 1 << (63 - 4), "power10": 1 << (63 - 4)}  # in HID0
UBOOT = "/usr/lib/u-boot/qemu-ppce500/uboot.elf"
UBOOT_LOADS_AT = 16 * MIB
SLOT = 24  # bytes of an entry of ePAPR's spin table
STRIDE = 8  # between the ids of a guest's CPUs, so that none is an index by chance

# `at`: where the image's file, or with `segment` its first segment, is put.
MACHINES = {
    "powernv8": dict(machine="powernv8", cpu="power8", at=0x20000000, file=True),
    "powernv9": dict(machine="powernv9", cpu="power9", at=0x20000000, file=True),
    "powernv10": dict(machine="powernv10", cpu="power10", at=0x20000000, file=True),
    "slof": dict(machine=f"pseries,vsmt={STRIDE}", at=4 * MIB),
    "vof": dict(machine=f"pseries,x-vof=on,vsmt={STRIDE}", at=4 * MIB),
    "e500": dict(machine="ppce500", at=0),
    "u-boot": dict(machine="ppce500", at=UBOOT_LOADS_AT, bios=UBOOT),
}


def symbols(path):
    """Name -> offset from the image's start, of its global symbols."""
    data = read(path)
    order = ">" if data[5] == 2 else "<"
    table, = struct.unpack_from(order + "Q", data, 40)
    size, count = struct.unpack_from(order + "HH", data, 58)
    sections = [struct.unpack_from(order + "IIQQQQIIQQ", data, table + size * index) for index in range(count)]
    found = {}
    for section in sections:
        if section[1] != 2:
            continue
        strings = sections[section[6]][4]
        for at in range(section[4], section[4] + section[5], 24):
            name, info, _, _, value, _ = struct.unpack_from(order + "IBBHQQ", data, at)
            if info >> 4 == 1:
                found[data[strings + name:data.index(0, strings + name)].decode()] = value
    return found


def u_boot_image(content):
    """The image as U-Boot's bootm takes it: a header of 64 bytes, of a Linux kernel for PowerPC that is not packed."""
    def header(digest):
        return struct.pack(">7I4B32s", 0x27051956, digest, 0, len(content), UBOOT_LOADS_AT, UBOOT_LOADS_AT,
                           zlib.crc32(content), 5, 7, 2, 0, b"witness")
    return header(zlib.crc32(header(0))) + content


class Witness:
    def __init__(self, options):
        self.options, self.platform = options, MACHINES[options.machine]
        self.symbols = symbols(options.image)
        self.content, self.size, _ = kernel_image(options.image)
        offset = read(options.image).index(self.content) if self.platform.get("file") else 0
        self.start = self.platform["at"] + offset
        self.cpu = options.cpu or self.platform["cpu"]
        self.book3e = "ppce500" in self.platform["machine"]

    def at(self, symbol):
        return self.start + self.symbols[symbol]

    def command(self, folder):
        platform, image = self.platform, self.options.image
        extra = []
        if platform.get("bios"):
            read(platform["bios"])
            image = os.path.join(folder, "image")
            with open(image, "wb") as file:
                file.write(u_boot_image(self.content))
            extra = ["-bios", platform["bios"]]
        threads = "" if self.book3e else ",threads=1"
        return ["qemu-system-ppc64", "-M", platform["machine"], "-cpu", self.cpu, "-smp", f"{self.options.cpus}{threads}",
                "-m", "1024M", "-nodefaults", "-no-reboot", "-display", "none", "-monitor", "none", "-serial", "stdio",
                "-kernel", image, *extra]

    # --- what is there

    def registers(self, machine, cpu):
        names = [f"r{number}" for number in range(32)] + ["pc", "msr"]
        return {name: machine.register(cpu, name) for name in names}

    def lpcr(self, machine, cpu):
        """Of any CPU; QEMU's monitor knows, its debugging stub only of the first."""
        number, text = int(cpu.split(".")[1], 16) - 1, machine.monitor("info registers -a")
        for part in text.split("CPU#")[1:]:
            if int(part.split()[0]) == number and "LPCR" in part:
                return int(part.split("LPCR")[1].split()[0], 16)
        return None

    def interrupt_order(self, machine, cpu, registers, hid0):
        """0 big-endian, 1 little-endian, None where the processor has no such thing."""
        if self.book3e:
            return None
        if registers["msr"] >> 60 & 1:
            return 1 if hid0 & HILE[self.cpu] else 0
        lpcr = self.lpcr(machine, cpu)
        return None if lpcr is None else 1 if lpcr & LPCR_ILE else 0

    def mapped(self, machine):
        """Book III-E: how much address space from 0 on is mapped one to one, by large pages."""
        entries, units = [], {"K": 1 << 10, "M": MIB, "G": 1 << 30}
        for line in machine.monitor("info tlb").splitlines():
            words = line.split()
            if len(words) >= 7 and words[0].startswith("0x") and words[0] == words[1] and words[4] == "0":
                start, size = int(words[0], 16), int(words[2][:-1]) * units[words[2][-1]]
                entries.append((start, start + size))
        end = 0
        for first, last in sorted(entries):
            end = max(end, last) if first <= end else end
        return end

    def look(self, machine, cpu):
        """At the master, as firmware has entered it."""
        registers = self.registers(machine, cpu)
        names = {}
        found = promises.Found(registers, (self.start, self.start + self.size), names)
        found.image_placed = machine.read(self.start, len(self.content)) == self.content
        try:
            found.tree = promises.Tree(machine.read, registers["r3"])
        except (ValueError, IndexError, struct.error, Unusable):
            found.tree = None
        if registers["msr"] >> 60 & 1 == 0:
            found.ile = self.interrupt_order(machine, cpu, registers, 0)
        if self.book3e:
            names["master.physical_id"] = machine.register(cpu, "pir")
        if found.tree:
            names["tree.address"] = found.tree.address
            base, entry = (found.tree.number("/ibm,opal", f"opal-{what}-address") for what in ("base", "entry"))
            names.update({"machine.opal.base": base, "machine.opal.entry": entry})
            found.memory = found.tree.memory()
            found.rma = found.memory if registers["msr"] >> 60 & 1 else found.memory[:1]
        if self.book3e:
            # r7 says how much is mapped: true if no more than that is promised, and all of it is there.
            end = self.mapped(machine)
            names["machine.rma.size"] = registers["r7"] if 0 < registers["r7"] <= end else end
            found.rma = [(0, names["machine.rma.size"])]
            found.cpu_node = found.tree.cpu_path(names["master.physical_id"]) if found.tree else None
        if self.book3e or "pseries" in self.platform["machine"]:
            found.memory = found.memory or [(0, 1024 * MIB)]
        return found

    def go_on(self, machine, cpu):
        """From a breakpoint, which would else be met again."""
        machine.unbreak(self.at("_start"))
        machine.step(cpu)
        machine.break_at(self.at("_start"))

    def entered(self, machine, cpu, found):
        """What is seen only when the image goes on: whether others come, and whether the client interface answers."""
        self.go_on(machine, cpu)
        second = machine.go(self.options.listen)
        if second is not None and second != cpu:
            found.others = (self.options.cpus - 1, 1)
            return
        if machine.register(cpu, "pc") != self.at("over"):
            raise Unusable("the image did not come to its end")
        if found.registers["msr"] >> 60 & 1:
            found.names["master.physical_id"] = machine.register(cpu, "r14")
            found.ile = self.interrupt_order(machine, cpu, found.registers, machine.register(cpu, "r15"))
        inside = sum(self.start <= machine.register(other, "pc") < self.start + self.size
                     for other in machine.cpus() if other != cpu)
        found.others = (self.options.cpus - 1, inside)
        if struct.unpack(">i", machine.read(self.at("found"), 4))[0] != -1:  # it did: a node's handle is there
            found.names["client_interface"] = found.registers["r5"]

    def released(self, machine, giver):
        """A CPU that polls a slot, let go as a client does it: the argument first, then the entry."""
        identity = [one for one in giver.tree.cpu_ids() if one != giver.names["master.physical_id"]][-1]
        node = giver.tree.cpu_path(identity)
        slot = giver.tree.number(node, "cpu-release-addr")
        if slot is None:
            raise Unusable(f"{node} names no slot")
        held = machine.read(slot, SLOT)
        machine.write(slot + 8, struct.pack(">Q", PASSED))
        machine.break_at(self.at("started"))
        machine.write(slot, struct.pack(">Q", self.at("started")))
        other = machine.go(self.options.limit)
        if other is None:
            raise Unusable(f"CPU {identity} does not come when its slot at {slot:#x} is written")
        names = {"cpu.physical_id": identity, "slot.address": slot, "slot.entry": self.at("started"), "slot.argument": PASSED,
                 "machine.rma.size": giver.names["machine.rma.size"]}
        found = promises.Found(self.registers(machine, other), (self.at("started"), self.start + self.size), names)
        found.tree, found.cpu_node, found.slot = giver.tree, node, held
        return found

    def started(self, machine, cpu, giver):
        """The CPU that firmware started at the image's request, at its first instruction."""
        ids = giver.tree.cpu_ids() if giver.tree else [STRIDE * index for index in range(self.options.cpus)]
        boots = giver.tree.boot_cpu if giver.tree else 0
        wanted = [one for one in ids if one != boots][-1]
        machine.write(self.at("wanted"), struct.pack(">I", wanted))
        machine.write(self.at("passed"), struct.pack(">I", PASSED))
        self.go_on(machine, cpu)
        machine.break_at(self.at("started"))
        machine.break_at(self.at("started_over"))
        other = machine.go(self.options.limit)
        if other is None:
            answer, = struct.unpack(">i", machine.read(self.at("answer"), 4))
            raise Unusable(f"no CPU was started; firmware said {answer}")
        if other == cpu:
            raise Unusable("the CPU that called was started itself")
        registers = self.registers(machine, other)
        found = promises.Found(registers, (self.at("started"), self.start + self.size), {"value": PASSED})
        found.image_placed = machine.read(self.start, self.symbols["wanted"]) == self.content[:self.symbols["wanted"]]
        caller = giver.registers["msr"] >> 60 & 1
        found.names["giver"] = self.interrupt_order(machine, cpu, giver.registers, machine.register(cpu, "r15") if caller else 0)
        machine.unbreak(self.at("started"))
        if machine.go(self.options.limit) != other:
            raise Unusable("the CPU that was started did not go on")
        machine.unbreak(self.at("started_over"))
        machine.go(self.options.listen)  # what the call came back with, and whether more come
        inside = [one for one in machine.cpus() if self.start <= machine.register(one, "pc") < self.start + self.size]
        found.others = (self.options.cpus - 2, len(inside) - 2)
        hypervisor = registers["msr"] >> 60 & 1
        hid0 = machine.register(other, "r15") if hypervisor else 0
        found.ile = self.interrupt_order(machine, other, registers, hid0)
        identity = machine.register(other, "r14") if hypervisor else wanted
        found.names["cpu.physical_id"] = identity
        answer, = struct.unpack(">i", machine.read(self.at("answer"), 4))
        rows = [expectations.Row("call", "success", str(answer), answer == 0),
                expectations.Row("called for", f"{wanted:#x}", f"{identity:#x}", identity == wanted)]
        return found, rows

    def run(self):
        """Rows and the promises left over; None where nobody came."""
        clauses = promises.clauses_of(self.options.baton, self.options.program, self.options.convention)
        with tempfile.TemporaryDirectory(prefix="baton-witness-") as folder:
            log = os.path.join(folder, "console")
            with open(log, "wb") as console, StoppedMachine(self.command(folder), console) as machine:
                machine.break_at(self.start)
                cpu = machine.go(self.options.limit)
                if cpu is None:
                    tail = read(log).decode(errors="replace").splitlines()[-10:]
                    raise Unusable("nobody came to the image:\n  " + "\n  ".join(tail))
                found, rows, slave = self.look(machine, cpu), [], None
                if self.options.start:
                    found, rows = self.started(machine, cpu, found)
                else:
                    self.entered(machine, cpu, found)
                    slave = self.released(machine, found) if self.options.release else None
        compared, left = promises.compare(clauses, found)
        if slave:
            more, unseen = promises.compare(clauses, slave, "slaves")
            compared += more
            left = [key for key in left if key == "slaves arrival" or not key.startswith("slaves ")] + unseen
        return rows + compared, left


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--machine", choices=sorted(MACHINES), required=True)
    parser.add_argument("--image", required=True, help="the ELF file of witness.S")
    parser.add_argument("--baton", required=True, help="the compiler")
    parser.add_argument("--program", required=True, help="a program that uses the convention")
    parser.add_argument("--convention", required=True, metavar="NAME@N")
    parser.add_argument("--cpu", help="QEMU's name of the processor, where the machine does not say")
    parser.add_argument("--cpus", type=int, choices=range(2, 9), default=3, metavar="N")
    parser.add_argument("--start", action="store_true", help="look at another CPU, which firmware starts at the image's request")
    parser.add_argument("--release", action="store_true", help="look also at a CPU that polls a slot, and let it go")
    parser.add_argument("--unseen", action="append", default=[], metavar="KEY", help="a promise that cannot be compared here")
    parser.add_argument("--expect", action="append", default=[], metavar="KEY", help="a promise that must be found false")
    parser.add_argument("--listen", type=float, default=0.5, metavar="SECONDS", help="how long others may come in")
    parser.add_argument("--limit", type=float, default=60, metavar="SECONDS")
    options = parser.parse_args()
    try:
        rows, left = Witness(options).run()
    except Unusable as problem:
        print(f"witness.py: {problem}", file=sys.stderr)
        return 2
    wide = [max(len(getattr(row, field)) for row in rows) for field in ("key", "expected", "seen")]
    print(f"{options.convention}, on {options.machine}:")
    for row in rows:
        print(f"  {row.key:{wide[0]}}  {row.expected:{wide[1]}}  {row.seen:{wide[2]}}  {'ok' if row.agrees else 'FALSE'}")
    for key in left:
        print(f"  {key:{wide[0]}}  not compared")
    false = sorted(row.key for row in rows if not row.agrees)
    if false != sorted(options.expect):
        print(f"FALSE: {', '.join(false) or 'nothing'}; expected {', '.join(options.expect) or 'nothing'}")
        return 1
    if sorted(left) != sorted(options.unseen):
        print(f"NOT COMPARED: {', '.join(left) or 'nothing'}; --unseen names {', '.join(options.unseen) or 'nothing'}")
        return 1
    print(f"{len(rows) - len(false)} promises are true" + (f", {len(false)} false, as they must be" if false else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
