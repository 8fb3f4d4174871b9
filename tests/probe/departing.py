#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Does departing code leave as its conventions say, into a stub that is also Baton's?

The segments of a handoff are not put where they belong: they lie about in memory as pages, under a page list that
this makes up from a seed (runs of any length, lists that go on elsewhere at any moment, entries that do nothing).
giver_pseries.S, linked with the departing code, calls it; what the taker finds is judged as in probe.py. Besides,
slaves come before the hook is over, or none does, as the order asks for.

Example: departing.py --giver giver_leave_2008.elf --released-first --seed 3 --build built --handoff near_big ...
"""
import os
import random
import struct
import sys

sys.dont_write_bytecode = True

import expectations
import probe
from built_handoff import Handoff, Unusable

PAGES = 160 * probe.MIB  # where source pages and lists lie about
DESTINATION, INDIRECTION, DONE, SOURCE = 1, 2, 4, 8
TICKS_PER_MS = 512000  # QEMU's time base
TRANSLATED = 0x30  # MSR[IR], [DR]


class PageList:
    """Pages and lists in one piece of memory from PAGES on; `first` is what the call passes."""

    def __init__(self, segments, page, generator, order):
        self.page, self.generator, self.letter = page, generator, ">" if order == "big" else "<"
        pages = [(start + offset, content[offset:offset + page].ljust(page, b"\0"))
                 for start, content, memsz in segments for offset in range(0, memsz, page)]
        runs, at = [], 0
        while at < len(pages):
            length = generator.choice((1, 1, 2, 3, 8, len(pages)))
            run = [pages[at]]
            while len(run) < length and at + len(run) < len(pages) and pages[at + len(run)][0] == run[-1][0] + page:
                run.append(pages[at + len(run)])
            runs.append(run)
            at += len(run)
        generator.shuffle(runs)
        entries = []
        for run in runs:
            if generator.random() < 0.2:
                entries.append(generator.choice((0, self.somewhere() | DESTINATION)))
            entries.append((run[0][0], DESTINATION))
            entries.extend((content, SOURCE) for _, content in run)
        self.slots = len(pages) + len(entries) + 8
        self.free = list(range(self.slots))
        generator.shuffle(self.free)
        self.memory = bytearray(generator.randbytes(self.slots * page))
        self.first = self.write(entries) | INDIRECTION

    def somewhere(self):
        return 0x1000000 + self.page * self.generator.randrange(16)

    def take(self):
        return PAGES + self.free.pop() * self.page

    def put(self, address, content):
        self.memory[address - PAGES:address - PAGES + len(content)] = content

    def write(self, entries):
        """Lists of random length, each in a page of its own, from the last one to the first."""
        words = []
        for what, tag in ((entry, None) if isinstance(entry, int) else entry for entry in entries):
            if tag == SOURCE:
                address = self.take()
                self.put(address, what)
                words.append(address | SOURCE)
            else:
                words.append(what if tag is None else what | tag)
        pieces, most = [], self.page // 8 - 1
        while words:
            length = self.generator.randint(max(1, most // 4), most)
            pieces.append(words[:length])
            words = words[length:]
        after = DONE
        for piece in reversed(pieces):
            address = self.take()
            self.put(address, struct.pack(f"{self.letter}{len(piece) + 1}Q", *piece, after))
            after = address | INDIRECTION
        return after & ~INDIRECTION


class Departing(probe.Run):
    def __init__(self, options, handoff):
        super().__init__(options, handoff)
        self.giver, self.page, self.ticks = options.giver, options.page_size, options.hook_ms * TICKS_PER_MS
        ordered = [(segment.start, self.bytes_of[segment.name], segment.memsz) for segment in handoff.segments]
        if any(start + memsz > PAGES - probe.MIB for start, _, memsz in ordered):
            raise Unusable("a segment reaches to where the source pages lie")
        self.pages = PageList(ordered, self.page, random.Random(options.seed), self.order)
        if PAGES + len(self.pages.memory) > self.platform["ram"]:
            raise Unusable("the pages do not fit into the probe's memory")

    def giver_block(self):
        return super().giver_block() + struct.pack(">3Q", self.pages.first, self.page, self.ticks)

    def command(self, folder):
        command = super().command(folder)
        giver = command.index("-kernel") + 1
        command[giver] = self.giver
        command[command.index("-M") + 1] += ",cap-hpt-max-page-size=16m"  # what the caller maps its memory by
        # The two blocks stay; the segments are there by the page list only.
        kept = [argument for number, argument in enumerate(command)
                if not (argument.startswith("loader,") and "/segment" in argument)
                and not (argument == "-device" and "/segment" in command[number + 1])]
        path = os.path.join(folder, "pages")
        with open(path, "wb") as file:
            file.write(self.pages.memory)
        return kept + ["-device", f"loader,file={path},addr={PAGES:#x},force-raw=on"]


def translation_row(report):
    """That there was something to leave."""
    without = sorted(cpu for cpu, msr in report.giver_msr.items() if msr & TRANSLATED != TRANSLATED)
    return expectations.Row("giver.translation", "on", f"off on {without}" if without else "on", not without)


def order_rows(options, report):
    """Who came before the hook was over."""
    early = sum(cpu.role == 1 for cpu in report.cpus)
    late = sum(cpu.role == 2 for cpu in report.cpus)
    if not options.hook_ms:
        return [expectations.Row("order.hook", "never called", "never called" if not late else "called", not late)]
    expected = "some" if options.released_first else "none"
    agrees = early > 0 if options.released_first else early == 0
    return [expectations.Row("order.slaves_before_hook", expected, str(early), agrees)]


def main():
    parser = probe.make_parser()
    parser.add_argument("--giver", required=True, help="the harness, linked with the departing code")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--page-size", type=lambda text: int(text, 0), default=4096)
    parser.add_argument("--hook-ms", type=int, default=200, help="how long the hook takes; 0: there is none")
    parser.add_argument("--released-first", action="store_true", help="slaves are released before the hook is called")
    parser.add_argument("--runs", type=int, default=1, help="with the seeds that follow")
    options = parser.parse_args()
    try:
        handoff = Handoff(options.build, options.handoff, options.kernel, options.file)
        for seed in range(options.seed, options.seed + options.runs):
            options.seed = seed
            run = Departing(options, handoff)
            report = probe.Report(run.execute(), run)
            if report.complete:
                rows = [translation_row(report), *order_rows(options, report)]
                for cpu in report.cpus:
                    cpu.role = min(cpu.role, 1)
                rows += expectations.compare(handoff.to, run, report)
            else:
                rows = [expectations.Row("master.arrived", "1 CPU at +0", f"nothing within {options.limit:g} s", False)]
            found = sorted(row.key for row in rows if not row.agrees)
            wrong = found != sorted(options.expect)
            if wrong or options.runs == 1:
                print(f"seed {seed}, pages of {run.page}, {run.pages.slots} of them")
                probe.print_table(run, options, rows, report)
            if wrong:
                print(f"DIFFERS: {' '.join(found) or 'nothing'}, expected {' '.join(options.expect) or 'nothing'}")
                return 1
    except Unusable as problem:
        print(f"departing.py: {problem}", file=sys.stderr)
        return 2
    print(f"{options.runs} of {options.runs} as the conventions say")
    return 0


if __name__ == "__main__":
    sys.exit(main())
