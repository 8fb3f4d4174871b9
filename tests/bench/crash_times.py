# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What lies between a crash and the capture kernel's process 1, with Baton's bundle and with what kexec-tools loads?

Boots Debian's kernel twice on the same guest under QEMU, loads the same kernel, initrd and command line for a crash, once
by each, and crashes. QEMU counts instructions, since it records the execution: how many were executed between the entry
that the crashing kernel jumps to and the capture kernel's own first instruction. Wall time is QEMU's, in the same mode for
both: it says what a test waits for, and nothing of a processor, for which a vector instruction is one like any other.

Example: crash_times.run(build="build/release", work="/tmp/bench/crash")
"""

import argparse
import json
import os
import re
import sys
import tempfile
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "boot"))

import boot  # noqa: E402
import crash  # noqa: E402
import newc  # noqa: E402
import qemu  # noqa: E402
from guest_memory import GuestMemory  # noqa: E402
from onlooker import Debugger  # noqa: E402
from qemu import Unusable  # noqa: E402
from scenarios import Crash, Machine  # noqa: E402

MIB = 1 << 20
LIMIT = 1500  # seconds of one boot
MACHINE = Machine("pseries", "power9", 1, 1024, "debian", "crashkernel=256M")


class Timed(crash.Crash):
    """A crash that is looked at twice: where the stub is entered, and where the kernel is."""

    def __init__(self, setting, memory, socket, peer):
        scenario = Crash(f"times.{'kexec-tools' if peer else 'baton'}", MACHINE, "debian", peer=peer)
        super().__init__(setting, scenario, memory, socket)
        self.more_arguments = ["-icount", f"shift=0,rr=record,rrfile={os.path.join(os.path.dirname(socket), 'record')}"]
        self.entry, self.at = None, []  # [(wall, instructions)] of entry and kernel

    def further_files(self):
        files = super().further_files()
        if files:
            files["capture-initrd"] = newc.Entry(self.expected.initrd)
            files["capture-line"] = newc.Entry(self.expected.command_line.encode())
        return files

    def take(self, line):
        entry = re.search(r"kexec_load: entry = (0x\w+)", line)
        if entry:
            self.entry = int(entry[1], 16)
        return super().take(line) or line.startswith(boot.SAYS + "second ")

    def read_peer(self):
        """It stays: there is nothing to compare."""

    def places(self):
        """(where the crashing kernel goes, where the capture kernel begins)"""
        if self.scenario.peer:
            kernel = max(self.peer_segments.values(), key=lambda segment: segment["bufsz"])
            return self.entry, kernel["mem"]
        table = json.loads(boot.read(os.path.join(self.folder, "out", f"{self.scenario.handoff}.json")))
        return int(table["entry"], 16), next(int(s["start"], 16) for s in table["segments"] if s["name"] == "kernel")

    def stop_at_entry(self):
        machine = Debugger(self.socket)
        for place in self.places():
            machine.break_at(place)
            if machine.go_to([place], LIMIT) == (None, None):
                raise Unusable(f"nobody came to {place:#x} within {LIMIT} s")
            executed = re.search(r"instruction count = (\d+)", machine.monitor("info replay"))
            self.at.append((time.monotonic(), int(executed[1])))
            machine.unbreak(place)
        machine.leave()


def timed(setting, peer):
    """(instructions of the stub, seconds of the stub, seconds from the kernel's entry to process 1)"""
    with GuestMemory(MACHINE.megabytes * MIB, 0) as memory, tempfile.TemporaryDirectory(prefix="baton-crash-") as private:
        one = Timed(setting, memory, os.path.join(private, "gdb"), peer)
        command, log = one.first_command(), os.path.join(one.folder, "console.log")
        begin = time.monotonic()
        console = qemu.run(command, log, one.take, LIMIT, files=memory.files)
    up = console.seconds_of(boot.SAYS + "second ")
    if len(one.at) != 2 or up is None:
        raise Unusable(f"the capture kernel did not come up: {boot.explain(console, log)}")
    (entered, first), (started, second) = one.at
    return second - first, started - entered, up - (started - begin)


def run(build, work):
    setting = boot.Setting(argparse.Namespace(build=build, work=work, qemu="qemu-system-ppc64"))
    rows = [("baton", *timed(setting, peer=False)), ("kexec-tools", *timed(setting, peer=True))]
    print(f"{'loaded by':12}  {'stub, instructions':>20}  {'stub':>8}  {'kernel to process 1':>20}")
    for name, count, stub, kernel in rows:
        print(f"{name:12}  {count:20,}  {stub:6.1f} s  {kernel:18.1f} s")
    (_, *ours), (_, *theirs) = rows
    print(f"{'ratio':12}  {ours[0] / theirs[0]:20.2f}  {ours[1] / theirs[1]:8.2f}  {ours[2] / theirs[2]:20.2f}")
