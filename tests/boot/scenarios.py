# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which handoffs are booted, on which machines, and what must come of each?

The table only: boot.py runs it. A machine is described once; its facts are taken in a first boot and serve
every scenario that starts from the same giver with the same arguments.

Example: SCENARIOS["small.big-little.power9"] hands over from the big-endian to the little-endian small kernel, on a
guest with four POWER9 CPUs, from CPU 3, and the second kernel must come up with all four.
"""

from dataclasses import dataclass, replace

# name -> byte order; where they come from: fetch_debian.sh and small_kernels.sh
KERNELS = {"debian": "little", "big": "big", "little": "little"}

# name -> QEMU's machine. x-vof: the small firmware, which starts in no time.
PLATFORMS = {"pseries": "pseries,x-vof=on", "powernv9": "powernv9"}

# cpu -> what every kernel on it is told. QEMU 7.2 can lose the wake-up of a 970 that dozes, in any kernel.
CPU_ARGUMENTS = {"970": "powersave=off"}

TESTS, EXAMPLE = "tests/boot/boot.baton", "examples/boot-debian/boot-debian.baton"


@dataclass(frozen=True)
class Machine:
    """A machine and what runs on it first."""
    platform: str
    cpu: str
    cpus: int
    megabytes: int
    giver: str
    arguments: str = ""  # further ones on the giver's command line
    plugged: int = 0  # MiB of memory in a DIMM beside the others: a partition has it in logical blocks

    @property
    def name(self):
        words = [self.platform, self.cpu, f"{self.cpus}cpu", self.giver, *self.arguments.split()]
        words += [f"{self.plugged}m-plugged"] if self.plugged else []
        return "-".join(word.replace("=", ".") for word in words)


@dataclass(frozen=True)
class Scenario:
    """One handoff. `expect`: "up", with all CPUs and everything right; "silent", nothing is heard of the second
    kernel; "fewer-cpus", it is up without some. `control`: the scenario that this one is made wrong from, by `edits`
    (names of edit_bundle.py) or by another handoff of the program; it must itself have come up. `boot_cpu`: the
    id the stub must put into the tree, None where the platform chooses."""
    name: str
    machine: Machine
    taker: str
    program: str = TESTS
    boot_cpu: int | None = 0
    expect: str = "up"
    control: str = ""
    edits: tuple = ()
    handoff: str = ""  # of the program; "" is the one for all

    def __post_init__(self):
        if not self.handoff:
            object.__setattr__(self, "handoff", "boot_debian" if self.program == EXAMPLE else "next")


def debian():
    for cpu in ("power8", "power9", "power10"):
        yield Scenario(f"debian.{cpu}.1cpu", Machine("pseries", cpu, 1, 1024, "debian"), "debian")
        # The last CPU hands over: the id in the tree must become 1.
        yield Scenario(f"debian.{cpu}.2cpu", Machine("pseries", cpu, 2, 1024, "debian", "reboot=s1"), "debian", boot_cpu=1)
    for cpus in (1, 2):
        yield Scenario(f"debian.powernv9.{cpus}cpu", Machine("powernv9", "power9", cpus, 1024, "debian"), "debian", boot_cpu=None)
    yield Scenario("example.boot-debian", Machine("pseries", "power9", 2, 1024, "debian", "reboot=s1"), "debian", EXAMPLE, boot_cpu=1)


def small():
    def on(cpu, giver, taker, arguments="", cpus=4):
        last = cpus - 1  # hands over
        name = f"small.{giver}-{taker}.{cpu}" + (f".{cpus}cpu" if cpus != 4 else "")
        line = f"{arguments} reboot=s{last}".strip()
        return Scenario(name, Machine("pseries", cpu, cpus, 256, giver, line), taker, boot_cpu=last)

    # Four emulated CPUs are more than a small host has. Nothing promises that a slave has left the giver's memory
    # when the image overwrites it (`baton plan` says so), and one that the host does not run for a few
    # milliseconds has not, unless the giver takes its time: clearing a hash table does, radix has none.
    for giver in ("big", "little"):
        for taker in ("big", "little"):
            yield on("power9", giver, taker, "disable_radix")
    yield on("power8", "little", "big")
    yield on("970", "big", "big")
    yield on("power7", "big", "big")
    for giver, taker in (("little", "big"), ("big", "little")):
        yield Scenario(f"small.{giver}-{taker}.powernv9", Machine("powernv9", "power9", 2, 1024, giver), taker, boot_cpu=None)
    # A radix guest leaves interrupts in a little-endian giver's order. One CPU: no slave that could be late.
    radix = on("power9", "little", "big", cpus=1)
    yield radix
    yield replace(radix, name="small.little-big.power9.1cpu.relying", handoff="relying", expect="silent", control=radix.name)
    # What the edited bundles below are held against.
    yield on("power9", "big", "big", cpus=2)
    yield on("power8", "little", "big", cpus=1)


def edited():
    """Bundles changed after the build. Two changes that must do no harm show that it is not the editing that does."""
    controls = {scenario.name: scenario for scenario in small()}

    def on(control, name, expect, *edits):
        base = controls[control]
        return Scenario(f"edited.{name}", base.machine, base.taker, boot_cpu=base.boot_cpu, expect=expect,
                        control=control, edits=edits)

    same = "small.big-big.power9.2cpu"
    yield on(same, "poisoned-id", "up", "poison-boot-id")
    yield on(same, "no-boot-id", "silent", "poison-boot-id", "no-boot-id")
    yield on(same, "nonzero-r5", "silent", "nonzero-r5")
    yield on(same, "dead-landing", "fewer-cpus", "dead-landing")
    # The little-endian kernel ends below where the big-endian one will: there is room between.
    other = "small.little-big.power8.1cpu"
    yield on(other, "moved-tree", "up", "move-tree")
    yield on(other, "overwritten-tree", "silent", "move-tree-under-image")


@dataclass(frozen=True)
class Crash:
    """One crash: the kernel on `machine` crashes on CPU `crash_cpu` (its own number), and `taker` comes up in the
    reservation that the machine's arguments make. `capture`: further arguments of the second kernel. `dumps`: Debian's
    makedumpfile runs there, too."""
    name: str
    machine: Machine
    taker: str
    crash_cpu: int = 0
    capture: str = "maxcpus=1"
    dumps: bool = False
    peer: bool = False  # kexec-tools loads its own first, for a comparison
    boot_cpu: int | None = None  # the id the stub must put into the tree, None where the platform chooses
    program: str = "tests/boot/capture.baton"
    handoff: str = "capture"
    marked: bool = True  # whether the program gives the tree a property of the tests'
    control: str = ""


def crashes():
    def on(cpu, cpus, giver, size, reservation, **more):
        return Crash(f"crash.{giver}.{cpu}.{cpus}cpu", Machine("pseries", cpu, cpus, size, giver, f"crashkernel={reservation}M"), giver, **more)

    # The CPU that crashes is the one that enters: never the first, but where there is only one.
    yield on("power9", 1, "debian", 1024, 256, boot_cpu=0, dumps=True)
    yield Crash("example.kdump-debian", Machine("pseries", "power9", 2, 1024, "debian", "crashkernel=256M"), "debian",
                crash_cpu=1, boot_cpu=1, dumps=True, program="examples/kdump-debian/kdump-debian.baton", handoff="kdump", marked=False)
    yield on("power8", 4, "debian", 1024, 256, crash_cpu=3, boot_cpu=3, dumps=True)
    yield on("power8", 4, "big", 512, 128, crash_cpu=2, boot_cpu=2)
    yield on("power9", 2, "little", 512, 128, crash_cpu=1, boot_cpu=1)
    yield Crash("crash.debian.power9.plugged", Machine("pseries", "power9", 2, 1024, "debian", "crashkernel=256M", plugged=512), "debian",
                crash_cpu=1, boot_cpu=1, dumps=True, peer=True)
    yield Crash("crash.debian.powernv9.2cpu", Machine("powernv9", "power9", 2, 1024, "debian", "crashkernel=256M"), "debian",
                crash_cpu=1, dumps=True)


SCENARIOS = {scenario.name: scenario for part in (debian, small, edited) for scenario in part()}
MACHINES = {scenario.machine.name: scenario.machine for scenario in SCENARIOS.values()}
CRASHES = {crash.name: crash for crash in crashes()}
