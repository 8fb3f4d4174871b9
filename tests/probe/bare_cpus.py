# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How does a machine come to stand still with all its CPUs at hand, no software in it, and then obey?

Starts QEMU stopped and makes every CPU one that can be let go: on a guest the others by RTAS, on Book III-E by their spin
table; on bare metal all are there from the start. A CPU can be made to execute a few instructions, which is how its
interrupt byte order is set and seen: by H_SET_MODE in a guest, in HID0 on bare metal. It knows nothing of conventions.

Example: with BareCpus("pseries", "power9", 4) as machine: machine.set_interrupt_order(machine.all[0], 1)
"""

import os
import struct
import tempfile
import time

import inputs
from built_handoff import Unusable, read
from promises import Tree
from stopped_machine import StoppedMachine

MIB = 1 << 20
RAM = 1024 * MIB
PARK = 8 * MIB  # instructions of the harness; whoever makes handoffs has a running kernel there
PARK_END = PARK + 0x400  # where they end, with a breakpoint that stays
ARGUMENTS = PARK + 0x800
SF, CM, ME = 1 << 63, 1 << 31, 1 << 12
LPCR_ILE = 1 << 25
HID0, HILE = 1008, {"power8": 1 << (63 - 19), "power9": 1 << (63 - 4), "power10": 1 << (63 - 4)}
SC_1, BRANCH_HERE = 0x44000022, 0x48000000
H_SET_MODE, H_RTAS, START_CPU, RESOURCE_LE = 0x31C, 0xF000, 0x2006, 4
OPAL_REINIT_CPUS, REINIT_HILE_BE, REINIT_HILE_LE = 70, 1, 2

# What QEMU is asked for. `hypervisor`: what MSR[HV] is there, if there is such a bit.
PLATFORMS = {
    "pseries": dict(machine="pseries,x-vof=on", hypervisor=0, cpus=("970", "power5+_v2.1", "power7", "power8", "power9", "power10")),
    "powernv": dict(machine="powernv{generation}", hypervisor=1, cpus=("power8", "power9", "power10")),
    "ppce500": dict(machine="ppce500", hypervisor=None, cpus=("e5500",)),
}
BIG_ONLY = ("970", "power5+_v2.1", "power7", "e5500")  # what runs no little-endian giver


def special(register, number, write=False):
    """mfspr, or mtspr."""
    return 31 << 26 | register << 21 | (number & 31) << 16 | number >> 5 << 11 | (467 if write else 339) << 1


class BareCpus(StoppedMachine):
    def __init__(self, platform, cpu, count):
        if cpu not in PLATFORMS[platform]["cpus"]:
            raise Unusable(f"{platform} has no {cpu}")
        self.platform, self.model = platform, cpu
        self.hypervisor = PLATFORMS[platform]["hypervisor"]
        self.real = CM if self.hypervisor is None else SF
        with tempfile.TemporaryDirectory(prefix="baton-cpus-") as folder:
            image = os.path.join(folder, "image")
            inputs.make(image, "elf order=big entry=0x0\nload 0x0 size=0x1000 memsz=0x1000\n" if platform != "powernv" else "zeros 64KiB\n")
            threads = "" if platform == "ppce500" else ",threads=1"
            super().__init__(["qemu-system-ppc64", "-M", PLATFORMS[platform]["machine"].format(generation=cpu.removeprefix("power")),
                              "-cpu", cpu, "-smp", f"{count}{threads}", "-m", f"{RAM // MIB}M", "-nodefaults", "-no-reboot",
                              "-display", "none", "-monitor", "none", "-serial", "none",
                              "-bios" if platform == "powernv" else "-kernel", image])
        try:
            self.all = self.cpus()
            if len(self.all) != count:
                raise Unusable(f"QEMU has {len(self.all)} CPUs, not {count}")
            self.breakpoints = set()
            self.write(PARK_END, struct.pack(">I", BRANCH_HERE))
            self.break_at(PARK_END)
            self.assemble()
        except BaseException:
            self.end()
            raise

    def assemble(self):
        """Lets the others be there."""
        if self.platform == "pseries":
            for number in range(1, len(self.all)):
                self.write(ARGUMENTS, struct.pack(">7I", START_CPU, 3, 1, number, PARK, 0, 0xFFFFFFFF))
                self.execute(self.all[0], [SC_1], {"r3": H_RTAS, "r4": ARGUMENTS})
                answer, = struct.unpack(">i", self.read(ARGUMENTS + 24, 4))
                if answer:
                    raise Unusable(f"RTAS does not start CPU {number}: {answer}")
        elif self.platform == "ppce500":
            tree = Tree(self.read, self.register(self.all[0], "r3"))
            for identity in tree.cpu_ids()[1:]:
                slot = tree.number(tree.cpu_path(identity), "cpu-release-addr")
                if slot is None:
                    raise Unusable(f"CPU {identity} has no slot")
                self.write(slot, struct.pack(">Q", PARK))

    def execute(self, cpu, words, values):
        """Has one CPU execute instructions with these registers, in real mode and big-endian."""
        branch = BRANCH_HERE | PARK_END - PARK - 4 * len(words)
        self.write(PARK, struct.pack(f">{len(words) + 1}I", *words, branch))
        self.set_registers(cpu, {**values, "pc": PARK, "msr": self.real | ME})
        if self.go(10, [cpu]) != cpu or self.register(cpu, "pc") != PARK_END:
            raise Unusable(f"CPU {cpu} does not execute what it is told")

    def set_breakpoints(self, places):
        for place in self.breakpoints - places:
            self.unbreak(place)
        for place in places - self.breakpoints:
            self.break_at(place)
        self.breakpoints = set(places)

    def go(self, seconds, cpus=()):
        self.quiet()
        return super().go(seconds, cpus)

    def quiet(self):
        """At each stop, and with each breakpoint, QEMU has a CPU's thread drop all translations, for which it waits until no
        other is at work. One that by then is in a hypercall which changes all CPUs waits for that thread, and both for
        ever. So nobody is let go before all threads sleep; QEMU's own is looked at first, since it wakes the others."""
        tasks = f"/proc/{self.process.pid}/task"
        asleep, until = 0, time.monotonic() + 30
        while asleep < 2:
            states = [read(f"{tasks}/{thread}/stat").rpartition(b")")[2].split()[0] for thread in sorted(os.listdir(tasks), key=int)]
            asleep = asleep + 1 if set(states) == {b"S"} else 0
            if time.monotonic() > until:
                raise Unusable("QEMU's threads do not come to rest")
            if not asleep:
                time.sleep(0.0005)

    # --- interrupt byte order: 0 big-endian, 1 little-endian

    def interrupt_order(self, cpu):
        """None where there is no such thing. The CPU's registers are not what they were."""
        if self.platform == "ppce500":
            return None
        if self.platform == "powernv":
            self.execute(cpu, [special(9, HID0)], {})
            return 1 if self.register(cpu, "r9") & HILE[self.model] else 0
        for part in self.monitor("info registers -a").split("CPU#")[1:]:
            if int(part.split()[0]) == self.all.index(cpu) and "LPCR" in part:
                return 1 if int(part.split("LPCR")[1].split()[0], 16) & LPCR_ILE else 0
        return None

    def set_interrupt_order(self, cpu, order):
        """In a guest that of all CPUs. The CPU's registers are not what they were."""
        if self.platform == "powernv":
            self.execute(cpu, [special(9, HID0)], {})
            value = self.register(cpu, "r9") & ~HILE[self.model] | (HILE[self.model] if order else 0)
            self.execute(cpu, [special(9, HID0, write=True)], {"r9": value})
        elif self.platform == "pseries":
            self.execute(cpu, [SC_1], {"r3": H_SET_MODE, "r4": order, "r5": RESOURCE_LE, "r6": 0, "r7": 0})
            if self.register(cpu, "r3"):
                raise Unusable(f"H_SET_MODE says {self.register(cpu, 'r3'):#x}")

    def serve_opal(self, cpu, base):
        """What firmware does at its entry, on bare metal: it is as strict as OPAL, and as careless with registers."""
        kept = {name: self.register(cpu, name) for name in [f"r{number}" for number in (1, *range(13, 32))] + ["lr", "msr"]}
        token, flags = self.register(cpu, "r0"), self.register(cpu, "r3")
        if self.register(cpu, "r2") != base or kept["msr"] & 0x8031:  # EE IR DR LE
            raise Unusable("OPAL is not entered as it has to be")
        if token != OPAL_REINIT_CPUS or flags not in (REINIT_HILE_BE, REINIT_HILE_LE):
            raise Unusable(f"OPAL is asked for {token}, {flags:#x}: that is not served here")
        self.set_interrupt_order(cpu, flags == REINIT_HILE_LE)
        junk = {f"r{number}": 0x0BA1_0000 + number for number in (0, 2, *range(4, 13))} | {"ctr": 0x0BA1_0021, "cr": 0x0BA10022}
        self.set_registers(cpu, {**junk, **kept, "r3": 0, "pc": kept["lr"]})
