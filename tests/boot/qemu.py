# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What does a machine say on its console, and when?

Starts QEMU, stamps each line of the console, and stops QEMU (by its own process, never by name) on a line that
the caller waits for, or when time is up. It does not know what the lines mean.

Example: run(command, "boot.log", last=lambda line: line == "BATON: end", seconds=60).ended is "line".
"""

import os
import selectors
import subprocess
import time
from dataclasses import dataclass, field


class Unusable(Exception):
    """The test cannot be run: a program, package or input is missing or damaged. Never a pass, never a skip."""


@dataclass
class Console:
    lines: list = field(default_factory=list)  # (seconds since the start, text)
    ended: str = "time"  # "line": the last one came; "exit": QEMU ended by itself; "time": neither
    seconds: float = 0.0
    complaint: str = ""  # what QEMU itself said

    def seconds_of(self, text):
        return next((stamp for stamp, line in self.lines if text in line), None)

    def tail(self, count):
        return "\n".join(f"    {stamp:7.2f} {line}" for stamp, line in self.lines[-count:])


def run(command, log, last, seconds, watch=None, files=()):
    """`last(line)` says whether to stop. `watch`: (text, seconds): from a line with that text on, only so long. `files`:
    descriptors that QEMU gets, too."""
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=files)
    except OSError as problem:
        raise Unusable(f"{command[0]}: {problem.strerror}; install qemu-system-ppc and qemu-system-data") from problem
    console, begin = Console(), time.monotonic()
    deadline, rest = begin + seconds, b""
    with selectors.DefaultSelector() as selector, open(log, "w", buffering=1, encoding="utf-8") as file:
        selector.register(process.stdout, selectors.EVENT_READ)
        try:
            done = False
            while not done and time.monotonic() < deadline:
                if not selector.select(deadline - time.monotonic()):
                    break
                piece = os.read(process.stdout.fileno(), 65536)
                if not piece:
                    console.ended = "exit"
                    break
                *complete, rest = (rest + piece).split(b"\n")
                for raw in complete:
                    stamp, line = time.monotonic() - begin, raw.strip(b"\r").decode("ascii", "replace")
                    console.lines.append((stamp, line))
                    file.write(f"{stamp:7.2f} {line}\n")
                    if watch and watch[0] in line:
                        deadline = min(deadline, begin + stamp + watch[1])
                    if last(line):
                        console.ended, done = "line", True
                        break
        finally:
            console.seconds = time.monotonic() - begin
            process.kill()
            console.complaint = process.communicate()[1].decode("utf-8", "replace").strip()
        if rest and console.ended != "line":
            line = rest.decode("ascii", "replace")
            console.lines.append((console.seconds, line))
            file.write(f"{console.seconds:7.2f} {line}\n")
        file.write(f"{console.seconds:7.2f} [{console.ended}] {console.complaint}\n")
    return console
