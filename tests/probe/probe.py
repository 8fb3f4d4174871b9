#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Does the stub of a handoff do on the machine what its conventions say?

Takes what `baton build` wrote for a handoff (NAME.json, NAME.bin, NAME.dtb) and the kernel file it was given,
loads the segments where the table says, lets giver_*.S enter the stub under QEMU and compares what taker.S
found at its entry with expectations.py. Everything comes from the table and the segments' bytes; it builds
nothing and knows no example by name. Exit status: 0 as expected, 1 a difference (or none where --expect asks
for one), 2 the probe could not be run.

Example: probe.py --build out --handoff near_both --kernel taker_be.elf --givers . --platform pseries
         --cpu power8 --master 2 --order little
"""

import argparse
import fnmatch
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True  # the source folder stays as it is

import boot_node
import expectations
import spin_table
import stub_edit
from built_handoff import WORD, Handoff, Unusable

MIB = 1 << 20


class Layout:
    """The numbers of layout.inc."""
    GIVER_BLOCK = 0x800000
    TAKER_BLOCK = 0x802000
    FIRST, LAST = 8 * MIB, 9 * MIB
    MAX_CPUS = 16
    MAX_RANGES = 64
    PATIENCE = 0x9F0
    SLAVES_LEFT = 0x801008  # a big-endian word of the giver's work area
    TAKER_WAITS = 0x40  # a doubleword of the low copy, in the taker's byte order: where the taker is, once it waits


TICKS = 512000000  # of the time base in a second
# So long a stub that said that it stops is watched: the taker prints within a fraction of it.
AFTER_STOP = 1.5
MSR_LE, MSR_RI, MSR_ME, MSR_VSX, MSR_VEC = 1, 2, 0x1000, 1 << 23, 1 << 25
# What Linux was measured to leave on: a stub must keep what it was not told to change.
MASTER_MSR = MSR_VEC | MSR_VSX | 1 << 13 | MSR_ME | MSR_RI  # and FP
SLAVE_MSR = MSR_ME | MSR_RI
POISON = 0x3AD000007E570000  # of giver_common.inc

PLATFORMS = {
    "pseries": dict(machine="pseries,x-vof=on", ram=256 * MIB, stride=1, console=0, giver="giver_pseries.elf"),
    "powernv9": dict(machine="powernv9", ram=1024 * MIB, stride=4, console=1, giver="giver_powernv.bin"),
    "powernv10": dict(machine="powernv10", ram=1024 * MIB, stride=4, console=1, giver="giver_powernv.bin"),
}


def number_at(memory, address, size, order):
    memory.seek(address)
    return int.from_bytes(memory.read(size), order)


class Run:
    """One configuration: which machine, CPUs, master and byte order, and the stub's edit if there is one."""

    def __init__(self, options, handoff):
        self.handoff, self.platform = handoff, PLATFORMS[options.platform]
        stride = options.stride or self.platform["stride"]
        self.ids = [stride * index for index in range(options.cpus)]
        self.vsmt = stride if options.platform == "pseries" and stride > 1 else None
        self.master, self.order, self.cpu, self.givers = options.master, options.order, options.cpu, options.givers
        self.qemu, self.limit, self.untouched_slaves = options.qemu, options.limit, options.untouched_slaves
        self.freeze, self.patience = options.freeze, options.patience
        if self.master not in self.ids:
            raise Unusable(f"no CPU has the id {self.master}: {self.ids}")
        if handoff.giver not in ("both", self.order):
            raise Unusable(f"{handoff.name} is for a {handoff.giver} giver")
        for segment in handoff.segments:
            if segment.end > self.platform["ram"] or segment.start < Layout.LAST:
                raise Unusable(f"segment {segment.name} at {segment.start:#x} is outside the probe's memory")

        stub = bytearray(handoff.stub.content)
        if options.mutate:
            try:
                stub_edit.EDITS[options.mutate](stub, self.order)
            except stub_edit.EditError as problem:
                raise Unusable(f"{options.mutate}: {problem}") from problem
            if stub == handoff.stub.content or len(stub) > handoff.stub.memsz:
                raise Unusable(f"{options.mutate}: the stub did not change, or outgrew its memory")
        # A wrong id that the stub has to replace. One byte only: where all ids fit a byte, a stub may store just that.
        tree = bytearray(handoff.tree.content)
        self.names = (0, 0)
        self.tree_after = None  # where the header does not say who boots
        table = expectations.EXPECTATIONS[handoff.to]
        self.memory, self.slots, self.tree_faults = self.platform["ram"], {}, []
        if "pen" in table:
            try:
                self.slots, self.tree_faults = spin_table.slots(tree), spin_table.faults(tree)
                self.tree_after, self.names = boot_node.named(tree, self.master, *table["pen"])
            except (spin_table.NoSlots, boot_node.NoNode) as problem:
                raise Unusable(f"the tree: {problem}") from problem
            tree[31] = 0x55
        elif table["tree_written"] is None:
            try:
                self.tree_after, self.names = boot_node.named(tree, self.master)
            except boot_node.NoNode as problem:
                raise Unusable(f"the tree: {problem}") from problem
        elif not options.digests:  # a stub that digests the tree would see it
            tree[31] = 0x55
        elif self.master == 0:
            raise Unusable("the id that the tree has already shows no store: another master is needed")
        self.master_msr = MASTER_MSR & ~(MSR_VEC | MSR_VSX) if options.vectors_off else MASTER_MSR
        self.bytes_of = {segment.name: segment.content for segment in handoff.segments}
        self.bytes_of[handoff.stub.name], self.bytes_of[handoff.tree.name] = bytes(stub), bytes(tree)
        self.stop_text = None
        if options.flip:
            name, _, place = options.flip.partition(":")
            content = bytearray(self.bytes_of[handoff.named(name).name])
            bit = int(place, 0)
            if not 0 <= bit + 8 * len(content) < 16 * len(content):
                raise Unusable(f"{name} has no bit {bit}")
            content[bit // 8] ^= 0x80 >> bit % 8
            self.bytes_of[name] = bytes(content)
            self.stop_text = f"baton: segment `{name}` is damaged (its sha256 differs): stopped"
        # What is there when the stub has made its copies, in their order.
        self.left = dict(self.bytes_of)
        for to, at, source, start, size in options.copy:
            room, data = handoff.named(to), self.left[handoff.named(source).name]
            if start + size > max(len(data), handoff.named(source).memsz) or at + size > room.memsz:
                raise Unusable(f"no {size} bytes to copy from {source} to {to}")
            moved = data[start:start + size].ljust(size, b"\0")
            old = self.left[room.name].ljust(at + size, b"\0")
            self.left[room.name] = old[:at] + moved + old[at + size:]
        # What a relay's slaves may lose on their way, and the word that the master sets for them.
        self.pen_registers = ("r9", "r10", "cr") if options.relay else ()
        self.relay_word = (options.relay, options.relay + 4) if options.relay else (0, 0)
        if self.slots:  # a pen sets all that its slaves are promised, and finds their slots; the taker writes to those
            self.pen_registers = (*(f"r{number}" for number in range(3, 13)), "cr", "ctr")
            places = [address - handoff.stub.start for address in self.slots.values()]
            self.relay_word = (min(places), max(places) + 64)
        self.delays, self.wait_for = options.delays or [0] * len(self.ids), options.wait_for
        if len(self.delays) != len(self.ids):
            raise Unusable(f"{len(self.delays)} delays for {len(self.ids)} CPUs")
        self.ranges, self.sums = [], []
        self.watch_memory()

        # For expectations.compare.
        self.image, self.tree = handoff.image, handoff.tree
        self.image_head, self.stub_head = handoff.image.content[:0x100], bytes(stub[:0x100])

    def watch(self, key, start, size, content, skip=(0, 0)):
        """Asks the taker for the sum of [start, start + size), less [skip) in it; `content` is what is there, then zeros."""
        size -= size % 4
        letter = ">" if self.handoff.image_order == "big" else "<"
        filled = min(size, len(content) + -len(content) % 4)
        words = struct.unpack(f"{letter}{filled // 4}I", content[:filled].ljust(filled, b"\0"))
        total = 0
        for index, word in enumerate(words):
            if not skip[0] <= 4 * index < skip[1]:
                total = (((total << 7) | (total >> 57)) + word) & WORD
        turns = 7 * ((size - filled) // 4) % 64  # zeros only rotate
        total = ((total << turns) | (total >> (64 - turns))) & WORD
        self.ranges.append((start, size, start + skip[0], start + skip[1]))
        self.sums.append((key, total))

    def watch_memory(self):
        """Every segment as loaded but for the id in the tree, and zeros where nobody has business."""
        written = expectations.EXPECTATIONS[self.handoff.to]["tree_written"] or self.names
        two = self.slots and self.tree_after is not None  # the header's id and the names of a pen
        if self.tree_after is not None:
            first, end = self.names
            self.watch("tree.boot_cpu_node", self.handoff.tree.start + first, end - first, self.tree_after[first:end])
        beside = 64 << 10
        ordered = sorted(self.handoff.segments, key=lambda segment: segment.start)
        for index, segment in enumerate(ordered):
            content = self.left[segment.name]
            used = max(segment.used, len(content))
            used += -used % 8
            if two and segment is self.handoff.tree:
                first, end = self.names
                self.watch(f"memory.{segment.name}", segment.start, first, content[:first], written)
                self.watch(f"memory.{segment.name}", segment.start + end, used - end, content[end:])
            elif segment is self.handoff.image:  # its zero-filled part is what the taker itself works in
                self.watch(f"memory.{segment.name}", segment.start, len(content), content)
            else:
                self.watch(f"memory.{segment.name}", segment.start, min(used, segment.memsz), content,
                           written if segment is self.handoff.tree else
                           self.relay_word if segment is self.handoff.stub else (0, 0))
            if used < segment.memsz:
                self.watch("memory.elsewhere", segment.start + used, segment.memsz - used, b"")
            before = ordered[index - 1].end if index else Layout.LAST
            after = ordered[index + 1].start if index + 1 < len(ordered) else self.platform["ram"]
            low, high = max(before, segment.start - beside), min(after, segment.end + beside)
            if low < segment.start:
                self.watch("memory.elsewhere", low, segment.start - low, b"")
            if segment.end < high:
                self.watch("memory.elsewhere", segment.end, high - segment.end, b"")
        if len(self.ranges) > Layout.MAX_RANGES:
            raise Unusable("more memory ranges than the taker's parameter block holds")

    def giver_block(self):
        le = MSR_LE if self.order == "little" else 0
        numbers = [self.handoff.entry, self.master_msr | le, SLAVE_MSR, self.master, len(self.ids)]
        unused = [0] * (Layout.MAX_CPUS - len(self.ids))
        return struct.pack(f">{2 * Layout.MAX_CPUS + 6}Q", *numbers, *self.ids, *unused, *self.delays, *unused, self.wait_for)

    def taker_block(self):
        numbers = [self.platform["console"], len(self.ids), self.platform["ram"] - 0x1000, len(self.ranges)]
        for one in self.ranges:
            numbers.extend(one)
        numbers += [0] * (Layout.PATIENCE // 8 - len(numbers)) + [int(self.patience * TICKS)]
        held = [cpu for cpu in self.slots if cpu in self.ids and cpu != self.master]
        numbers.append(len(held))
        for cpu in held:
            numbers += [self.slots[cpu], expectations.SLOT_R3 | cpu, cpu]
        return struct.pack(("<", ">")[self.handoff.image_order == "big"] + f"{len(numbers)}Q", *numbers)

    def command(self, folder):
        machine = self.platform["machine"] + (f",vsmt={self.vsmt}" if self.vsmt else "")
        giver = os.path.join(self.givers, self.platform["giver"])
        if not os.path.exists(giver):
            raise Unusable(f"{giver} is not there")
        command = [self.qemu, "-M", machine, "-cpu", self.cpu, "-smp", f"{len(self.ids)},threads=1",
                   "-m", f"{self.platform['ram'] // MIB}M", "-nodefaults", "-no-reboot", "-display", "none",
                   "-monitor", "none", "-serial", "stdio", "-bios" if giver.endswith(".bin") else "-kernel", giver]
        pieces = [("giver_block", Layout.GIVER_BLOCK, self.giver_block()), ("taker_block", Layout.TAKER_BLOCK, self.taker_block())]
        for number, segment in enumerate(self.handoff.segments):
            content = self.bytes_of[segment.name]
            # The loader's promise is zeros from there to memsz: QEMU's memory is zero at its start.
            if content:
                pieces.append((f"segment{number}", segment.start, content))
        for name, address, content in pieces:
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(content)
            command += ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]
        if self.freeze:  # its memory is a file that can be looked at while it runs
            size, path = self.platform["ram"], os.path.join(folder, "ram")
            with open(path, "wb") as file:
                file.truncate(size)
            command += ["-object", f"memory-backend-file,id=ram,mem-path={path},size={size},share=on"]
            command[command.index("-M") + 1] += ",memory-backend=ram"
        return command

    def finished(self, folder):
        """QEMU has ended, and the folder it ran in is still there."""

    def execute(self):
        """The console's lines up to `probe end`, or as many as came within the limit."""
        with tempfile.TemporaryDirectory(prefix="baton-probe-") as folder:
            try:
                process = subprocess.Popen(self.command(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                           stderr=subprocess.PIPE, text=True, errors="replace")
            except OSError as problem:
                raise Unusable(f"{self.qemu}: {problem.strerror}") from problem
            overdue = threading.Event()

            def give_up():
                overdue.set()
                process.kill()

            timer = threading.Timer(self.limit, give_up)
            timer.start()
            try:
                lines = []
                if self.freeze:
                    self.stand_still(process, os.path.join(folder, "ram"))
                for line in process.stdout:
                    lines.append(line.rstrip("\r\n"))
                    if lines[-1] == "probe end":
                        break
                    if self.stop_text and lines[-1] == self.stop_text:
                        # Whatever comes after its last word is in the lines too.
                        timer.cancel()
                        timer = threading.Timer(AFTER_STOP, give_up)
                        timer.start()
            finally:
                timer.cancel()
                process.kill()
                complaint = process.communicate()[1].strip()
                self.finished(folder)
        if lines and lines[-1] == "probe end":
            return lines
        if self.stop_text and overdue.is_set():
            return lines
        if not overdue.is_set():
            raise Unusable(f"QEMU ended by itself: {complaint or 'without a word'}")
        return lines


    def stand_still(self, process, ram):
        """Stops all of QEMU while the taker waits for its slaves. Unusable where they came before it could be stopped."""
        with open(ram, "rb", buffering=0) as memory:
            while number_at(memory, Layout.TAKER_WAITS, 8, self.handoff.image_order) != self.image.start:
                if process.poll() is not None:
                    return
                time.sleep(0.001)
            process.send_signal(signal.SIGSTOP)
            left = number_at(memory, Layout.SLAVES_LEFT, 4, "big")
        try:
            if left == len(self.ids) - 1:
                raise Unusable("the slaves had left before QEMU was to stand still")
            time.sleep(self.freeze)
        finally:
            process.send_signal(signal.SIGCONT)

    def changed(self, cpu, promised):
        """The registers of a CPU that do not hold what the giver put there. `promised`: those not poisoned, None unseen."""
        seen = {f"r{number}": value for number, value in enumerate(cpu.gpr)} | {"lr": cpu.lr, "ctr": cpu.ctr, "cr": cpu.cr}
        given = {name: POISON + number * 0x101 for number, name in enumerate([f"r{n}" for n in range(32)] + ["lr", "ctr"])}
        given |= {"cr": given["ctr"] & 0xFFFFFFFF} | {f"r{number}": value for number, value in promised.items()}
        return [name for name, value in given.items() if value is not None and value != seen[name]]


class Arrival:
    """One CPU as the taker kept it."""

    def __init__(self, numbers):
        self.role, self.gpr = numbers[0], numbers[1:33]
        self.msr, self.lr, self.ctr, self.cr, self.xer = numbers[33:38]
        self.low = b""


class Report:
    """What the taker printed, parsed. A run in which it printed nothing is a report without CPUs."""

    def __init__(self, lines, run):
        self.cpus, self.giver_msr, self.tree, self.sums = [], {}, None, []
        self.complete = bool(lines) and lines[-1] == "probe end"
        if not self.complete:
            return
        try:
            for line in lines[lines.index("probe begin") + 1:-1]:
                mark, kind, *rest = line.split()
                if mark != "probe":
                    raise ValueError(line)
                if kind == "cpu":
                    if len(rest) != 38:
                        raise ValueError(line)
                    self.cpus.append(Arrival([int(number, 16) for number in rest]))
                elif kind == "low":
                    self.cpus[-1].low = bytes.fromhex(rest[0])
                elif kind == "giver":
                    numbers = struct.unpack(f">{2 * len(run.ids)}Q", bytes.fromhex(rest[0]))
                    self.giver_msr = dict(zip(numbers[::2], numbers[1::2]))
                elif kind == "tree":
                    self.tree = bytes.fromhex(rest[0])
                elif kind == "range":
                    self.sums.append(int(rest[0], 16))
                else:
                    raise ValueError(line)
        except (ValueError, IndexError, struct.error) as problem:
            raise Unusable(f"the taker's report is damaged: {problem}") from problem
        if len(self.sums) != len(run.sums) or sorted(self.giver_msr) != sorted(run.ids) or any(len(cpu.low) != 0x100 for cpu in self.cpus):
            raise Unusable("the taker's report is not whole")


def print_table(run, options, rows, report):
    print(f"{run.handoff.name}: {options.platform} {options.cpu}, CPUs {' '.join(map(str, run.ids))}, master {run.master}, "
          f"{run.order} giver, {run.handoff.image_order} taker" + (f", stub edited: {options.mutate}" if options.mutate else ""))
    wide = [max(len(getattr(row, field)) for row in rows) for field in ("key", "expected", "seen")]
    for row in rows:
        print(f"  {row.key:{wide[0]}}  {row.expected:{wide[1]}}  {row.seen:{wide[2]}}  {'ok' if row.agrees else 'DIFFERS'}")
    for cpu in report.cpus:
        if options.registers or (cpu.role == 0 and any(not row.agrees for row in rows)):
            print(f"  {'slave' if cpu.role else 'master'}: msr {cpu.msr:x} lr {cpu.lr:x} ctr {cpu.ctr:x} cr {cpu.cr:x} xer {cpu.xer:x}")
            for first in range(0, 32, 4):
                print("    " + "  ".join(f"r{number:<2} {cpu.gpr[number]:016x}" for number in range(first, first + 4)))
        if cpu.role == 0:
            changed = run.changed(cpu, {1: None, 3: run.master, 4: run.handoff.entry, 5: 0})
            print(f"  changed by the stub: {' '.join(changed) or 'no register'}")


def judge_stop(run, options, lines):
    """The stub must have said once which segment it is (or nothing, where it cannot), and nobody may have said anything else."""
    said = [line for line in lines if line.strip("\0")]
    expected = [] if options.silent else [run.stop_text]
    print(f"{run.handoff.name}: {options.platform} {options.cpu}, {run.order} giver, bit {options.flip} changed")
    for line in said:
        print(f"  {line}")
    print("stopped, as it must" if said == expected else f"DIFFERS: expected {expected}")
    return 0 if said == expected else 1


def one_copy(text):
    to, at, source, start, size = text.split(":")
    return to, int(at, 0), source, int(start, 0), int(size, 0)


def make_parser():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="output folder of `baton build`")
    parser.add_argument("--handoff", required=True, metavar="NAME")
    parser.add_argument("--kernel", required=True, help="the taker's ELF the handoff was built with")
    parser.add_argument("--givers", required=True, help="folder of giver_pseries.elf and giver_powernv.bin")
    parser.add_argument("--platform", choices=sorted(PLATFORMS), default="pseries")
    parser.add_argument("--cpu", required=True, help="QEMU's name of the processor")
    parser.add_argument("--cpus", type=int, default=4, choices=range(1, Layout.MAX_CPUS + 1), metavar="N")
    parser.add_argument("--stride", type=int, help="distance between CPU ids (pseries: a power of two)")
    parser.add_argument("--master", type=int, default=0, metavar="ID")
    parser.add_argument("--order", choices=("big", "little"), default="big", help="the giver's byte order")
    parser.add_argument("--mutate", choices=sorted(stub_edit.EDITS), help="make the stub wrong in this respect")
    parser.add_argument("--expect", action="append", metavar="KEY", default=[],
                        help="a difference that must be found (may be a pattern); succeed iff just these are")
    parser.add_argument("--untouched-slaves", action="store_true",
                        help="the stub has no slave code of its own: demand all registers of the slaves as the giver left them")
    parser.add_argument("--relay", type=lambda text: int(text, 0), metavar="OFFSET",
                        help="slaves come by a pen of the stub; the word they wait for is at this offset of it")
    parser.add_argument("--delays", type=lambda text: [int(number) for number in text.split(",")], metavar="N,...",
                        help="turns of an empty loop that each CPU makes between the release and leaving")
    parser.add_argument("--wait-for", type=int, default=0, metavar="N",
                        help="the master enters the stub after so many slaves have left for 0x60")
    parser.add_argument("--patience", type=float, default=4.2, metavar="SECONDS",
                        help="so long the taker looks for its slaves: less only where it is known that they do not come")
    parser.add_argument("--freeze", type=float, metavar="SECONDS",
                        help="while the taker waits, QEMU stands still for so long: no vCPU runs, and the time base goes on")
    parser.add_argument("--file", action="append", metavar="SEGMENT=PATH", default=[], type=lambda text: text.split("=", 1),
                        help="what a segment of kind file was built from")
    parser.add_argument("--digests", action="store_true", help="the stub digests the tree: it is loaded as it was built")
    parser.add_argument("--vectors-off", action="store_true", help="the giver leaves with MSR[VEC] and MSR[VSX] off")
    parser.add_argument("--flip", metavar="SEGMENT:BIT", help="change a bit, counted from the segment's start, or from its end if it "
                        "is negative; succeed iff the stub says so and nobody gets to the taker")
    parser.add_argument("--copy", action="append", metavar="TO:AT:FROM:START:SIZE", default=[], type=one_copy,
                        help="the stub copies SIZE bytes from START of segment FROM to AT of segment TO")
    parser.add_argument("--silent", action="store_true", help="with --flip: the machine has no console to say it on")
    parser.add_argument("--registers", action="store_true", help="print every CPU's registers")
    parser.add_argument("--limit", type=float, default=40, metavar="SECONDS")
    parser.add_argument("--qemu", default="qemu-system-ppc64")
    return parser


def main():
    parser = make_parser()
    options = parser.parse_args()
    if bool(options.mutate) != bool(options.expect):
        parser.error("--mutate and --expect go together")

    try:
        run = Run(options, Handoff(options.build, options.handoff, options.kernel, options.file))
        lines = run.execute()
        if options.flip:
            return judge_stop(run, options, lines)
        report = Report(lines, run)
    except Unusable as problem:
        print(f"probe.py: {problem}", file=sys.stderr)
        return 2
    rows = expectations.compare(run.handoff.to, run, report) if report.complete else [
        expectations.Row("master.arrived", "1 CPU at +0", f"nothing within {options.limit:g} s", False)]
    print_table(run, options, rows, report)
    found = sorted({row.key for row in rows if not row.agrees})
    if not options.expect:
        print("as the convention says" if not found else f"DIFFERS: {' '.join(found)}")
        return 1 if found else 0
    missing = [key for key in options.expect if not fnmatch.filter(found, key)]
    surplus = [key for key in found if not any(fnmatch.fnmatch(key, pattern) for pattern in options.expect)]
    for key in missing:
        print(f"NOT FOUND: {key}")
    for key in surplus:
        print(f"FOUND BESIDES: {key}")
    if not missing and not surplus:
        print(f"found, as it must be: {' '.join(found)}")
    return 1 if missing or surplus else 0


if __name__ == "__main__":
    sys.exit(main())
