#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Is what two conventions say true while Debian's kernel is really entered?

Two kinds of crossing, both watched in the instant in which they happen (onlooker.py): what the giver's convention promises
and what the taker's needs is compared with the machine, stopped there; then the machine runs on, and the kernel must come
up with all CPUs, its command line and its initrd.

  firmware enters the kernel   skiboot by its payload's entry, SLOF and the virtual Open Firmware by the client's. The test
                               builds the handoff first: for this kernel, at the place where this firmware puts it, Baton
                               must say that no stub is needed.
  a kernel enters the stub     a kexec, as in boot.py: looked at where the first kernel enters the stub, where the stub
                               enters the second kernel, and where a slave comes to the landing.

  run NAME    one of them; facts of the machine must be there (boot.py facts MACHINE)
  list        every test as `NAME CPUS KERNELS MACHINE`, for CMakeLists.txt

Exit status: 0 as expected, 1 a difference, 2 the test could not be run: never a pass.

Example: crossing.py --build build/release --work build/release/tests/boot run crossing.skiboot.opal
"""

import json
import os
import shlex
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace

sys.dont_write_bytecode = True

import boot
import edit_bundle
import onlooker
import qemu
from qemu import Unusable
from scenarios import KERNELS, SCENARIOS

PROGRAM = "tests/boot/crossing.baton"
LANDING = 0x60  # where a kexec sends slaves


@dataclass(frozen=True)
class Start:
    """Firmware enters Debian's kernel. `base`: a scenario of the same machine, whose facts serve; `firmware`: QEMU's
    machine, where it is not the one of that scenario; `at`: where that firmware puts the image, with its file's headers
    (`file`) or without."""
    name: str
    base: str
    handoff: str
    at: int
    file: bool = False
    firmware: str = ""


@dataclass(frozen=True)
class Watched:
    """A kexec that is looked at. `handoff` is of crossing.baton, or the base's own. `wrapped`: the second kernel comes in its
    boot wrapper. `otherwise`: what conventions call
    incidental and is not so here; it has to be found so."""
    name: str
    base: str
    handoff: str = ""
    otherwise: tuple = ()
    wrapped: bool = False


CROSSINGS = {one.name: one for one in (
    Start("crossing.skiboot.bootblock", "debian.powernv9.1cpu", "skiboot_bootblock", 0x20000000, file=True),
    Start("crossing.skiboot.opal", "debian.powernv9.2cpu", "skiboot_opal", 0x20000000, file=True),
    Start("crossing.vof.openfirmware", "debian.power9.2cpu", "openfirmware", 4 * boot.MIB),
    Start("crossing.slof.openfirmware", "debian.power9.2cpu", "openfirmware", 4 * boot.MIB, firmware="pseries"),
    Watched("crossing.kexec.opal", "debian.powernv9.2cpu", "kexec_opal"),
    # A radix guest leaves interrupts in the order of its little-endian kernel.
    Watched("crossing.kexec.bootblock", "debian.power9.2cpu", otherwise=("incidental ile",)),
    Watched("crossing.kexec.zimage", "debian.power9.1cpu", "kexec_zimage", otherwise=("incidental ile",), wrapped=True),
)}


class Wrapping(boot.Setting):
    """The same, but for the kernel that is handed over to: in its boot wrapper."""

    def __init__(self, setting):
        vars(self).update(vars(setting))

    def kernel(self, name):
        script = os.path.join(boot.HERE, "wrap_debian.sh")
        answer = subprocess.run([script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
        if name != "debian" or answer.returncode != 0:
            raise Unusable(f"wrap_debian.sh ended with {answer.returncode}")
        return os.path.join(answer.stdout.strip(), "zImage")


def first_load(path):
    """(offset, bytes, memory size) of the kernel's first PT_LOAD."""
    data = boot.read(path)
    order = ">" if data[5] == 2 else "<"
    table, = struct.unpack_from(order + "Q", data, 32)
    size, count = struct.unpack_from(order + "HH", data, 54)
    for at in range(table, table + size * count, size):
        kind, _, offset, _, _, filesz, memsz, _ = struct.unpack_from(order + "IIQQQQQQ", data, at)
        if kind == 1:
            return offset, data[offset:offset + filesz], memsz
    raise Unusable(f"{path} has no PT_LOAD")


def conventions(setting, folder, program, handoff):
    """(table of the build, [(name, clauses)] of the giver's convention and the taker's)."""
    table = json.loads(boot.read(os.path.join(folder, "out", f"{handoff}.json")))
    baton = os.path.join(setting.build, "bin", "baton")
    program = os.path.join(folder, os.path.basename(program))
    return table, [(table[side], onlooker.promises.clauses_of(baton, program, table[side])) for side in ("from", "to")]


def watch(command, log, watcher, begin=None):
    """Runs the machine under the onlooker's eyes: from the start, or from the line on which `begin` is."""
    def last(line):
        if begin and begin in line and not watcher.is_alive() and watcher.ident is None:
            watcher.start()
        return boot.is_last(line)

    if not begin:
        watcher.start()
    console = qemu.run(command, log, last, 2 * boot.FIRST_LIMIT)
    if watcher.ident is None:
        watcher.trouble = f"the machine never said `{begin}`"
    else:
        watcher.join(10)
    return console


def conclude(name, watcher, console, differences, log, otherwise=()):
    differences = differences + watcher.differences(otherwise)
    if differences:
        print(f"{name}:\n" + "\n".join(f"  {line}" for line in differences) + f"\n  {boot.explain(console, log)}")
        return 1
    print(f"{name}: up after {console.seconds:.1f} s, and as the conventions say:\n" + "\n".join(watcher.report()))
    return 0


def run_start(setting, crossing):
    base = SCENARIOS[crossing.base]
    scenario = replace(base, name=crossing.name, program=PROGRAM, handoff=crossing.handoff)
    folder = boot.fresh_folder(os.path.join(setting.work, crossing.name))
    expected = boot.Expected(setting, scenario)
    boot.lay_out(setting, scenario, expected, folder)
    kernel = setting.kernel(scenario.taker)
    offset, content, memory = first_load(kernel)
    at = crossing.at + (offset if crossing.file else 0)
    build = [os.path.join(setting.build, "bin", "baton"), "build", os.path.join(folder, os.path.basename(PROGRAM)), "--handoff",
             crossing.handoff, "-o", os.path.join(folder, "out"), "-D", f"kernel_file={kernel}", "-D", f"kernel_at={at:#x}"]
    boot.write(os.path.join(folder, "build.sh"), (shlex.join(build) + "\n").encode())
    boot.compiled(build)
    table, sides = conventions(setting, folder, PROGRAM, crossing.handoff)
    kinds = [segment["kind"] for segment in table["segments"]]
    if kinds != ["elf"] or int(table["entry"], 16) != at:
        print(f"{crossing.name}: Baton wants more than the kernel at {at:#x}: {kinds}, entry {table['entry']}")
        return 1
    initrd, log = os.path.join(folder, "initrd"), os.path.join(folder, "console.log")
    machine = replace(scenario.machine, arguments="")
    command = setting.command(machine, initrd, "")
    command[command.index("-append") + 1] = expected.command_line
    if crossing.firmware:
        command[command.index("-M") + 1] = crossing.firmware
    boot.write(os.path.join(folder, "boot.sh"), (shlex.join(command) + "\n").encode())
    names = {"image.order": KERNELS[scenario.taker] == "little", "giver": 0}
    with tempfile.TemporaryDirectory(prefix="baton-boot-") as place:
        path = os.path.join(place, "debug")
        watcher = onlooker.Onlooker(path, onlooker.Boundary(machine.cpu, names, [(at, content)]),
                                    [onlooker.Stop("the kernel", at, memory, sides)])
        console = watch([*command, "-S", *onlooker.listening(path)], log, watcher)
    says = boot.Says(console)
    wanted = expected.second_line()
    wanted["marker"] = "none"  # the tree is firmware's
    if machine.platform == "pseries":
        wanted["boot-cpu"] = "0"
    seen = boot.seen_by(says)
    differences = [f"{name}: expected {value}, found {seen.get(name)}" for name, value in wanted.items() if seen.get(name) != value]
    if not says.has(f"cmdline {expected.command_line}"):
        differences.append(f"command line: expected `{expected.command_line}`, found `{says.after('cmdline ')}`")
    return conclude(crossing.name, watcher, console, differences, log)


def run_watched(setting, crossing):
    base = SCENARIOS[crossing.base]
    scenario = replace(base, name=crossing.name, program=PROGRAM if crossing.handoff else base.program,
                       handoff=crossing.handoff or base.handoff)
    folder = boot.fresh_folder(os.path.join(setting.work, crossing.name))
    expected = boot.Expected(setting, scenario)
    data = boot.build_bundle(Wrapping(setting) if crossing.wrapped else setting, scenario, expected, folder)
    bundle = edit_bundle.Bundle(data)
    table, (giver, taker) = conventions(setting, folder, scenario.program, scenario.handoff)
    names = {"giver": int(KERNELS[scenario.machine.giver] == "little"), "image.order": int(KERNELS[scenario.taker] == "little"),
             "machine.hypervisor": int(scenario.machine.platform != "pseries"), "tree.address": bundle.tree.start}
    if scenario.boot_cpu is not None:
        names["master.physical_id"] = scenario.boot_cpu
    pieces = [(segment.start, bytes(segment.content)) for segment in bundle.segments if segment.content]
    stops = [onlooker.Stop("the stub", int(table["entry"], 16), bundle.stub.memsz, [giver]),
             onlooker.Stop("the kernel", bundle.image.start, bundle.image.memsz, [taker])]
    ids = {}
    if scenario.machine.platform == "pseries" and scenario.machine.cpus > 1:
        # The first slave that comes to the copy of the stub's head, which has the kernel's own code there.
        stops.append(onlooker.Stop("the landing", LANDING, 0x100 - LANDING, [giver, taker], "slaves",
                                   {"image.base": bundle.image.start}))
        ids = {f"p01.{number + 1:02x}": number for number in range(scenario.machine.cpus)}
    initrd, log = os.path.join(folder, "first-initrd"), os.path.join(folder, "console.log")
    boot.write(initrd, setting.first_initrd(scenario.machine, data))
    command = setting.command(scenario.machine, initrd, "baton.stage=load")
    boot.write(os.path.join(folder, "boot.sh"), (shlex.join(command) + "\n").encode())
    with tempfile.TemporaryDirectory(prefix="baton-boot-") as place:
        path = os.path.join(place, "debug")
        watcher = onlooker.Onlooker(path, onlooker.Boundary(scenario.machine.cpu, names, pieces, ids), stops)
        console = watch([*command, *onlooker.listening(path)], log, watcher, boot.SAYS + "would load")
    return conclude(crossing.name, watcher, console, boot.judge(console, expected), log, crossing.otherwise)


def main():
    parser, commands = boot.command_line_parser(__doc__)
    run = commands.add_parser("run", help="build, boot, look and compare")
    run.add_argument("crossing", choices=sorted(CROSSINGS), metavar="NAME")
    options = boot.parsed(parser)
    if options.command == "list":
        for name, crossing in CROSSINGS.items():
            machine = SCENARIOS[crossing.base].machine
            kernels = "debian,zimage" if isinstance(crossing, Watched) and crossing.wrapped else "debian"
            print(name, machine.cpus, f"{kernels},facts_{machine.name}")
        return 0
    crossing = CROSSINGS[options.crossing]
    try:
        return (run_start if isinstance(crossing, Start) else run_watched)(boot.Setting(options), crossing)
    except (Unusable, onlooker.built_handoff.Unusable, edit_bundle.EditError) as problem:
        print(f"crossing: cannot be run: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
