# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What do the CPUs of a machine hold when it stands still?

Starts QEMU stopped and speaks to its debugging stub (GDB's remote protocol over a socket): breakpoints, continue,
registers by their names (special purpose ones too), physical memory. No code of the machine's own takes part in it, so
registers are seen as they are at a first instruction. Which registers there are, QEMU says in its target description.

Example: machine = StoppedMachine([...]); machine.break_at(0x20000000); cpu = machine.go(30); machine.registers(cpu)["msr"]
"""

import os
import re
import socket
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ET

from built_handoff import Unusable

MSR_REAL = 0x30  # IR and DR: both are 0 where translation is off
INCLUDE = re.compile(r'<xi:include href="([^"]+)"')


def listening(path):
    """QEMU's arguments for a debugging stub on the socket `path`."""
    return ["-chardev", f"socket,path={path},server=on,wait=off,id=debug", "-gdb", "chardev:debug"]


class Debugger:
    """Speaks to a debugging stub that listens on a socket. Whoever connects stops the machine."""

    chosen = None  # the CPU that registers are asked of
    was_running = True

    def __init__(self, path, seconds=30):
        self.received, self.orders = b"", {}
        self.socket = self.connected(path, time.monotonic() + seconds)
        while self.was_running and self.receive(0.5) is not None:
            pass  # such a machine says that it has stopped, without being asked
        self.ask("qSupported:multiprocess+;xmlRegisters=powerpc")
        self.numbers, self.sizes = self.describe(), {}
        self.ask("Qqemu.PhyMemMode:1")

    def alive(self):
        """Raises Unusable where there is nobody to wait for."""

    def connected(self, path, until):
        while True:
            self.alive()
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(path)
                return connection
            except OSError as problem:
                connection.close()
                if time.monotonic() > until:
                    raise Unusable(f"QEMU's debugging stub does not answer: {problem}") from problem
                time.sleep(0.05)

    def leave(self):
        """The machine runs on, without anybody who looks."""
        self.ask("D;1")
        self.socket.close()

    # --- the protocol

    def send(self, text):
        body = text.encode("ascii")
        self.socket.sendall(b"$" + body + b"#" + b"%02x" % (sum(body) & 0xFF))

    def receive(self, seconds):
        """One packet's text, None when none came in time."""
        until = time.monotonic() + seconds
        while True:
            start = self.received.find(b"$")
            end = self.received.find(b"#", start)
            if start >= 0 and 0 <= end <= len(self.received) - 3:
                body, self.received = self.received[start + 1:end], self.received[end + 3:]
                self.socket.sendall(b"+")
                # A run of one character is written as that, `*` and its length.
                return re.sub(rb"(.)\*(.)", lambda m: m[1] * (m[2][0] - 28), body, flags=re.S).decode("latin-1")
            left = until - time.monotonic()
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                piece = self.socket.recv(65536)
            except TimeoutError:
                return None
            if not piece:
                self.alive()
                raise Unusable("QEMU has ended")
            self.received += piece

    def ask(self, text, seconds=30):
        self.send(text)
        answer = self.receive(seconds)
        if answer is None or (answer.startswith("E") and len(answer) == 3):
            raise Unusable(f"QEMU's debugging stub answers `{text[:40]}` with {answer}")
        return answer

    def document(self, name):
        """A file of the target description."""
        content = ""
        while True:
            piece = self.ask(f"qXfer:features:read:{name}:{len(content):x},800")
            content += piece[1:]
            if piece[:1] != "m":
                return content

    def describe(self):
        """Register name -> its number."""
        numbers, number = {}, 0
        for name in INCLUDE.findall(self.document("target.xml")):
            text = self.document(name)
            for register in ET.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", text)).iter("reg"):
                number = int(register.get("regnum", number))
                numbers.setdefault(register.get("name").lower(), number)
                number += 1
        return numbers

    # --- what a test asks

    def cpus(self):
        found, answer = [], self.ask("qfThreadInfo")
        while answer != "l":
            found += answer[1:].split(",")
            answer = self.ask("qsThreadInfo")
        return found

    def raw_register(self, cpu, name):
        if name not in self.numbers:
            raise Unusable(f"QEMU shows no register {name}")
        self.choose(cpu)
        return bytes.fromhex(self.ask(f"p{self.numbers[name]:x}"))

    def choose(self, cpu):
        if self.chosen != cpu:
            self.ask(f"Hg{cpu}")
            self.chosen = cpu

    def register(self, cpu, name):
        # The stub speaks the byte order that the CPU is in. MSR[LE] is the lowest bit; the one at its other end is never set.
        if cpu not in self.orders:
            self.orders[cpu] = "little" if self.raw_register(cpu, "msr")[0] & 1 else "big"
        return int.from_bytes(self.raw_register(cpu, name), self.orders[cpu])

    def set_registers(self, cpu, values):
        """What a CPU is to hold when it goes on: name -> number. The MSR comes last, and may change the byte order."""
        msr = values.get("msr", self.register(cpu, "msr"))
        for name, value in [("msr", msr & ~1), *((name, value) for name, value in values.items() if name != "msr"), ("msr", msr)]:
            if name not in self.sizes:
                self.sizes[name] = len(self.raw_register(cpu, name))
            self.choose(cpu)
            size = self.sizes[name]
            order = "little" if self.orders.get(cpu) == "little" else "big"
            self.ask(f"P{self.numbers[name]:x}={(value & (1 << 8 * size) - 1).to_bytes(size, order).hex()}")
            if name == "msr":
                self.orders[cpu] = "little" if value & 1 else "big"

    def read(self, address, size):
        content = b""
        while len(content) < size:
            answer = self.ask(f"m{address + len(content):x},{min(size - len(content), 0x400):x}")
            content += bytes.fromhex(answer)
        return content

    def write(self, address, content):
        for at in range(0, len(content), 0x600):  # what fits into a packet
            piece = content[at:at + 0x600]
            self.ask(f"M{address + at:x},{len(piece):x}:{piece.hex()}")

    def save(self, address, size, path):
        """Memory into a file, for pieces that are large."""
        answer = self.monitor(f'pmemsave {address:#x} {size:#x} "{path}"').strip()
        if answer:
            raise Unusable(f"QEMU's monitor: {answer}")

    def break_at(self, address):
        self.ask(f"Z1,{address:x},4")

    def unbreak(self, address):
        self.ask(f"z1,{address:x},4")

    def go(self, seconds, cpus=()):
        """Lets all CPUs (or those that are named) run until one comes to a breakpoint, and gives that one; None when none
        does."""
        self.orders, self.chosen = {}, None
        self.send("vCont;" + ";".join(f"c:{cpu}" for cpu in cpus) if cpus else "vCont;c")
        answer = self.receive(seconds)
        if answer is None:
            self.socket.sendall(b"\x03")
            answer = self.receive(30)
            if answer is None:
                raise Unusable("QEMU does not stop")
            stopped = re.search(r"thread:([p0-9a-f.]+)", answer)
            # It may have come to one at this very moment.
            return stopped[1] if stopped and answer.startswith("T05") else None
        stopped = re.search(r"thread:([p0-9a-f.]+)", answer)
        if not answer.startswith("T05") or not stopped:
            raise Unusable(f"the machine stopped by itself: {answer}")
        return stopped[1]

    def go_to(self, addresses, seconds):
        """Lets all run until one is before the instruction at one of these real addresses, which have breakpoints: that CPU
        and the address; None twice when none comes. A program that has the same virtual address is let go on."""
        while True:
            cpu = self.go(seconds)
            if cpu is None:
                return None, None
            at = self.register(cpu, "pc")
            if at in addresses and not self.register(cpu, "msr") & MSR_REAL:
                return cpu, at
            self.unbreak(at)
            self.step(cpu)
            self.break_at(at)

    def step(self, cpu):
        """One instruction of one CPU."""
        self.orders, self.chosen = {}, None
        self.send(f"vCont;s:{cpu}")
        answer = self.receive(30)
        if answer is None or not answer.startswith("T05"):
            raise Unusable(f"no step: {answer}")

    def monitor(self, command):
        """What QEMU's monitor says."""
        self.send("qRcmd," + command.encode().hex())
        text = ""
        while True:
            answer = self.receive(30)
            if answer is None:
                raise Unusable(f"QEMU's monitor does not answer `{command}`")
            if answer == "OK":
                return text
            if answer.startswith("O"):
                text += bytes.fromhex(answer[1:]).decode(errors="replace")
            else:
                raise Unusable(f"QEMU's monitor answers `{command}` with {answer}")


class StoppedMachine(Debugger):
    """A machine of one's own, that has not begun to run."""

    was_running = False

    def __init__(self, command, log=subprocess.DEVNULL):
        self.folder = tempfile.TemporaryDirectory(prefix="baton-probe-")
        path = os.path.join(self.folder.name, "debug")
        self.socket = None
        try:
            self.process = subprocess.Popen([*command, "-S", *listening(path)], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.PIPE)
        except OSError as problem:
            self.folder.cleanup()
            raise Unusable(f"{command[0]}: {problem.strerror}") from problem
        try:
            super().__init__(path)
        except BaseException:
            self.end()
            raise

    def alive(self):
        if self.process.poll() is not None:
            raise Unusable(f"QEMU ended by itself: {self.process.communicate()[1].decode(errors='replace').strip()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        if self.socket:
            self.socket.close()
        self.process.kill()
        self.process.communicate()
        self.folder.cleanup()
