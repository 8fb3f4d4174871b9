#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Does a crash kernel come up beside the memory it is to save, and does it save that memory?

One boot of one machine: the first kernel sends its facts, waits while `baton build` compiles with them, gets the
bundle through its memory (guest_memory.py), loads it with `baton-load -p` and crashes. The machine is stopped at the
first instruction of the stub, and what it has in memory then is the truth. It goes on, and

  the second kernel's process 1 says what it was given, and what /proc/vmcore has: program headers, and the digest of
  64 KiB in every 16 MiB. Each must be that of the truth; of the first 64 KiB, too, which are elsewhere by then.
  At the end all memory outside the reservation and the first 64 KiB is compared with the truth, byte by byte.

Where kexec-tools runs in the first kernel, what it loads is compared, too (peer.py). Where makedumpfile runs (Debian's
kernel), it must find the last words of the first kernel and write a dump.

  run CRASH     one of CRASHES in scenarios.py
  list          every one as `NAME CPUS FIXTURES`, for CMakeLists.txt

Exit status as of boot.py. Example: crash.py --build build/release run crash.debian.power9
"""

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the source folder stays as it is

import boot
import newc
import peer
import qemu
from boot import MIB, SAYS, Says, Setting, Unusable, read, words, write
from guest_memory import GuestMemory
from onlooker import Debugger, built_handoff, listening
from scenarios import CRASHES, KERNELS

LOW = 64 << 10  # what the stub moves away: a kernel's vectors are there, and the capture kernel puts its own
ENTRY_LIMIT = 100  # seconds from the crash to the stub
LIMIT = 400  # seconds: two boots, a compiler, a dump, on a busy machine
VPA_ALIGNMENT, VPA_COUNTER = 0x400, 0x100  # of the area that a guest shares with the hypervisor
STEP, PIECE = 16 * MIB, 64 << 10  # of the digests of /proc/vmcore, as init.c has them


def pairs(text):
    """name -> value of `name=value ...`"""
    return dict(word.partition("=")[::2] for word in words(text))


class Crash:
    """One crash, from the facts to the end: what is done between the lines of the console."""

    def __init__(self, setting, scenario, memory, socket):
        self.setting, self.scenario, self.memory, self.socket = setting, scenario, memory, socket
        self.folder = boot.fresh_folder(os.path.join(setting.work, scenario.name))
        tools = program("makedumpfile") if scenario.dumps else None
        self.expected = boot.Expected(setting, scenario, "capture", words(scenario.capture), tools, scenario.marked)
        self.more_arguments = []  # of QEMU
        self.mark = hashlib.sha256(scenario.name.encode()).digest()[:16]
        self.said, self.facts, self.truth, self.firmware = [], None, None, []
        self.peer, self.peer_segments = None, {}  # what kexec-tools has loaded, and where it says that

    def first_command(self):
        machine, initrd = self.scenario.machine, os.path.join(self.folder, "first-initrd")
        write(initrd, self.setting.first_initrd(machine, further=self.further_files()))
        room = len(self.expected.initrd) + os.path.getsize(self.setting.kernel(self.scenario.taker)) + 4 * MIB
        command = self.setting.command(machine, initrd, f"baton.stage=crash baton.mark={self.mark.hex()} baton.room={room} "
                                                        f"baton.cpu={self.scenario.crash_cpu}",
                                       [bank.option for bank in self.memory.banks])
        return [*command, *self.more_arguments, *listening(self.socket)]

    def further_files(self):
        """What the first kernel's initrd has besides, for kexec-tools."""
        if not self.scenario.peer:
            return {}
        return {**program("kexec-tools"), "vmlinux": newc.Entry(read(self.setting.kernel(self.scenario.taker)))}

    def take(self, line):
        """Called with each line as it comes; whether it was the last."""
        segment = re.search(r"segment\[(\d+)\]\.(mem|bufsz) += 0x(\w+)", line)
        if segment:
            self.peer_segments.setdefault(int(segment[1]), {})[segment[2]] = int(segment[3], 16)
        if SAYS not in line:
            return False
        text = line[line.index(SAYS) + len(SAYS):]
        self.said.append((0, line))
        if text.startswith("mailbox "):
            self.answer(pairs(text[len("mailbox "):]))
        elif text == "peer ended with 0":
            self.read_peer()
        elif text.startswith("crashes on "):
            self.stop_at_entry()
        return boot.is_last(line)

    def answer(self, mailbox):
        """Builds with the facts of this very boot, and puts the bundle where the first kernel waits for it."""
        self.facts = boot.facts_from(Says(qemu.Console(self.said)))
        bundle = boot.build_bundle(self.setting, self.scenario, self.expected, self.folder, self.facts)
        if not self.memory.deliver(self.mark, int(mailbox["page"]), int(mailbox["pages"]), bundle):
            raise Unusable(f"the bundle of {len(bundle)} bytes finds no place in the guest's mailbox: {mailbox}")

    def read_peer(self):
        """A crash kernel's segments are where they are to be as soon as they are loaded."""
        loaded = [(segment["mem"], self.memory.read(segment["mem"], segment["bufsz"])) for segment in self.peer_segments.values()]
        core = next((content for _, content in loaded if content[:4] == b"\x7fELF" and peer.is_core(content)), None)
        tree = next((content for _, content in loaded if content[:4] == b"\xd0\x0d\xfe\xed"), None)
        if core is None or tree is None:
            raise Unusable("kexec-tools has loaded no core header, or no tree")
        self.peer = peer.Load(core, tree)

    def stop_at_entry(self):
        """The truth: all of memory, when the crashed kernel has left and nothing of the stub has run."""
        table = json.loads(read(os.path.join(self.folder, "out", f"{self.scenario.handoff}.json")))
        machine, entry = Debugger(self.socket), int(table["entry"], 16)
        machine.break_at(entry)
        if machine.go_to([entry], ENTRY_LIMIT) == (None, None):
            raise Unusable(f"nobody came to the stub within {ENTRY_LIMIT} s")
        machine.unbreak(entry)
        self.truth = self.memory.read(0, self.memory.size)
        machine.leave()

    # --- what must have come of it ---

    def tree_cells(self, node, name):
        """The cells of a property of the first kernel's tree; none without it."""
        answer = subprocess.run(["fdtget", "-d", "", "-t", "x", os.path.join(self.folder, "facts.dtb"), node, name],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        return [int(cell, 16) for cell in answer.stdout.split()]

    def tree_numbers(self, node, name):
        """Its numbers of 64 bits."""
        cells = self.tree_cells(node, name)
        return [high << 32 | low for high, low in zip(cells[::2], cells[1::2])]

    def reservation(self):
        """begin, end, as the first kernel says them in its tree."""
        begin = self.tree_numbers("/chosen", "linux,crashkernel-base")
        size = self.tree_numbers("/chosen", "linux,crashkernel-size")
        if not begin or not size:
            raise Unusable("the first kernel has no crashkernel reservation")
        return begin[0], begin[0] + size[0]

    def covered(self, begin, end):
        """[(start, size)] that a dump must have: memory but for the reservation, and firmware in it; ascending."""
        found = [(0, LOW), (LOW, begin - LOW)]
        rtas = self.tree_cells("/rtas", "linux,rtas-base"), self.tree_cells("/rtas", "rtas-size")
        if rtas[0] and begin <= rtas[0][0] < end:
            found.append((rtas[0][0], rtas[1][0]))
        return found + ([(end, self.memory.size - end)] if end < self.memory.size else [])

    def is_firmwares(self, at):
        """OPAL runs beside the kernels, in memory of its own."""
        return any(start <= at < start + size for start, size in self.firmware)

    def differences(self, says):
        """Between what must be and what is, as text; none means as expected."""
        if self.truth is None:
            return ["the first kernel did not load the bundle and crash into it"]
        second = says.after("second ")
        if second is None:
            return ["the second kernel did not come up"]
        begin, end = self.reservation()
        ranges = self.tree_numbers("/", "reserved-ranges")
        self.firmware = list(zip(ranges[::2], ranges[1::2]))
        return [*self.of_second(says, pairs(second)), *self.of_core(says, begin, end), *self.of_memory(begin, end),
                *(self.of_dump(says) if self.scenario.dumps else []), *(self.of_peer() if self.scenario.peer else [])]

    def of_second(self, says, seen):
        wanted = {**self.expected.second_line(), "cpus": "1"}
        found = [f"{name}: expected {value}, found {seen.get(name)}" for name, value in wanted.items() if seen.get(name) != value]
        line = next((said[len("cmdline "):] for said in says.lines if said.startswith("cmdline ")), "")
        if not re.fullmatch(re.escape(self.expected.command_line) + r" elfcorehdr=0x[0-9a-f]+", line):
            found.append(f"command line: expected `{self.expected.command_line} elfcorehdr=...`, found `{line}`")
        return found

    def of_core(self, says, begin, end):
        """/proc/vmcore: the right kind of ELF file, all memory less the reservation, and its bytes."""
        found = []
        header = pairs(says.after("vmcore class=") and "class=" + says.after("vmcore class="))
        data = "1" if KERNELS[self.scenario.taker] == "little" else "2"
        for name, value in {"class": "2", "data": data, "type": "4", "machine": "21"}.items():
            if header.get(name) != value:
                found.append(f"/proc/vmcore {name}: expected {value}, found {header.get(name)}")
        parts = [pairs(line[len("vmcore part "):]) for line in says.lines if line.startswith("vmcore part ")]
        loads = [(int(part["at"], 16), int(part["size"], 16)) for part in parts if part["type"] == "1"]
        wanted = self.covered(begin, end)
        if loads != wanted:
            found.append(f"/proc/vmcore has {loads}, expected {wanted}")
        for part in parts:
            if part["type"] == "1" and int(part["virtual"], 16) != 0xC000000000000000 + int(part["at"], 16):
                found.append(f"/proc/vmcore: {part} is not in the linear map")
        pieces = [pairs(line[len("vmcore piece "):]) for line in says.lines if line.startswith("vmcore piece ")]
        if len(pieces) != sum(-(-size // STEP) for _, size in loads):
            found.append(f"/proc/vmcore: {len(pieces)} pieces were read")
        for piece in pieces:
            at, size = int(piece["at"], 16), int(piece["size"], 16)
            if not self.is_firmwares(at) and hashlib.sha256(self.truth[at:at + size]).hexdigest() != piece["sha256"]:
                found.append(f"/proc/vmcore: the {size} bytes of 0x{at:x} are not those of the crashed kernel")
        return found

    def of_memory(self, begin, end):
        """Memory that is none of the capture kernel's is as it was when the stub was entered. But for one word a CPU: a
        hypervisor counts dispatches in the area that the crashed kernel gave it (PAPR, H_REGISTER_VPA: 4 bytes at 0x100)."""
        counters, found = set(), []
        for start, stop in ((LOW, begin), (end, self.memory.size)):
            for at in range(start, stop, PIECE):
                was, now = self.truth[at:at + PIECE], self.memory.read(at, PIECE)
                if was == now or self.is_firmwares(at):
                    continue
                changed = {at + i & ~3 for i in range(PIECE) if was[i] != now[i]}
                counters |= {word for word in changed if word % VPA_ALIGNMENT == VPA_COUNTER}
                found += [f"memory at 0x{word:x} has changed since the crash" for word in sorted(changed - counters)]
        if len(counters) > self.scenario.machine.cpus:
            found.append(f"{len(counters)} words have changed where only CPUs' dispatch counters may: {sorted(counters)}")
        return found[:8]

    def of_peer(self):
        """What differs from kexec-tools' crash handoff is what is known to differ."""
        if self.peer is None:
            return ["kexec-tools loaded nothing"]
        out = os.path.join(self.folder, "out", self.scenario.handoff)
        found = peer.differences(self.peer, peer.Load(read(out + ".elfcorehdr"), read(out + ".dtb")))
        return [*(f"differs from kexec-tools: {what}" for what in sorted(found - peer.DIFFERENCES.keys())),
                *(f"does not differ from kexec-tools any more: {what}" for what in sorted(peer.DIFFERENCES.keys() - found))]

    @staticmethod
    def of_dump(says):
        found = []
        if not says.has("dump-dmesg ended with 0"):
            found.append(f"makedumpfile --dump-dmesg ended with {says.after('dump-dmesg ended with ')}")
        for words_of_panic in ("sysrq: Trigger a crash", "Kernel panic - not syncing: sysrq triggered crash"):
            if not any(line.startswith("dmesg ") and words_of_panic in line for line in says.lines):
                found.append(f"makedumpfile --dump-dmesg does not show `{words_of_panic}`")
        dump = pairs((says.after("dump ended ") or "").replace("with ", "status="))
        if dump.get("status") != "0" or int(dump.get("size", "0")) < MIB:
            found.append(f"makedumpfile -d 31: {says.after('dump ended ')}")
        return found


def program(package):
    """A program of Debian's for an initrd, with its libraries: path -> entry."""
    answer = subprocess.run([os.path.join(boot.HERE, "fetch_debian.sh"), package], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, text=True, check=False)
    if answer.returncode != 0:
        raise Unusable(f"fetch_debian.sh {package} ended with {answer.returncode}")
    folder = answer.stdout.strip()
    return {f"{where}/{name}": newc.Entry(read(os.path.join(folder, where, name)), 0o755)
            for where in ("bin", "lib", "lib64") for name in sorted(os.listdir(os.path.join(folder, where)))}


def run(setting, scenario):
    machine = scenario.machine
    with GuestMemory(machine.megabytes * MIB, machine.plugged * MIB) as memory, tempfile.TemporaryDirectory(prefix="baton-crash-") as private:
        crash = Crash(setting, scenario, memory, os.path.join(private, "gdb"))
        command, log = crash.first_command(), os.path.join(crash.folder, "console.log")
        write(os.path.join(crash.folder, "boot.sh"), (shlex.join(command) + "\n").encode())
        console = qemu.run(command, log, crash.take, LIMIT, files=memory.files)
        if console.ended == "exit" and not console.lines:
            raise Unusable(f"QEMU ended at once: {console.complaint}")
        differences = crash.differences(Says(console))
    crashed, up = console.seconds_of(SAYS + "crashes on "), console.seconds_of(SAYS + "second ")
    times = f"crashed at {crashed:.1f} s" if crashed is not None else "no crash"
    times += f", second kernel up at {up:.1f} s, done at {console.seconds:.1f} s" if up is not None else f", silence until {console.seconds:.1f} s"
    if differences:
        print(f"{scenario.name}: {times}\n" + "\n".join(f"  {line}" for line in differences) + f"\n  {boot.explain(console, log)}")
        return 1
    print(f"{scenario.name}: {times}: the core is the crashed kernel's memory")
    return 0


def main():
    parser, commands = boot.command_line_parser(__doc__)
    run_command = commands.add_parser("run", help="crash, and compare")
    run_command.add_argument("crash", choices=sorted(CRASHES), metavar="CRASH")
    options = boot.parsed(parser)
    if options.command == "list":
        for crash in CRASHES.values():
            print(crash.name, crash.machine.cpus, ",".join(sorted({crash.machine.giver, crash.taker, *(["makedumpfile"] if crash.dumps else []),
                                                                          *(["kexec-tools"] if crash.peer else [])})))
        return 0
    try:
        return run(Setting(options), CRASHES[options.crash])
    except (Unusable, built_handoff.Unusable) as problem:
        print(f"crash: cannot be run: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
