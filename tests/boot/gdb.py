# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How is an emulated machine stopped at an instruction, and what are its registers there?

QEMU's gdb stub over a socket of the file system, as little of the protocol as a test needs (the GDB manual, "Remote
Serial Protocol"): breakpoint, go on, registers. Connecting stops the machine, and while it is stopped nothing in it
changes; leaving lets it go on.

Example: with Gdb(path) as gdb: gdb.run_to(0x2ffd0000); memory.read(0, 256)
"""

import socket
import time

from qemu import Unusable

NIP, MSR = 64, 65  # in QEMU's numbering for ppc64: r0 to r31, f0 to f31, pc, msr, ..
MSR_IR = 1 << 5


class Gdb:
    def __init__(self, path, seconds=60):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(seconds)
        deadline = time.monotonic() + 5
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError as problem:
                if time.monotonic() > deadline:
                    raise Unusable(f"QEMU's gdb stub at {path}: {problem.strerror}") from problem
                time.sleep(0.05)
        self.rest, self.stopped = b"", False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.stopped:
            self._send("D")
        self.socket.close()

    def _byte(self):
        if not self.rest:
            try:
                self.rest = self.socket.recv(65536)
            except TimeoutError as problem:
                raise Unusable("QEMU's gdb stub does not answer") from problem
            if not self.rest:
                raise Unusable("QEMU ended under its gdb stub")
        byte, self.rest = self.rest[:1], self.rest[1:]
        return byte

    def _receive(self):
        while self._byte() != b"$":
            pass
        text = b""
        while (byte := self._byte()) != b"#":
            text += byte
        self._byte(), self._byte()
        self.socket.sendall(b"+")
        return text.decode("ascii")

    def _send(self, text):
        self.socket.sendall(f"${text}#{sum(text.encode()) & 0xff:02x}".encode())

    def _ask(self, text, wanted="OK"):
        self._send(text)
        answer = self._receive()
        while answer.startswith("T"):  # that it has stopped, when this connected
            answer = self._receive()
        if wanted is not None and answer != wanted:
            raise Unusable(f"QEMU's gdb stub answers `{answer}` to `{text}`")
        return answer

    def register(self, index, little):
        """Of the CPU that stopped; the answer is in the byte order that the CPU runs in. One at a time: asked for all of
        them, QEMU 7.2 ends in an assertion."""
        return int.from_bytes(bytes.fromhex(self._ask(f"p{index:x}", None)), "little" if little else "big")

    def run_to(self, address):
        """Stopped before the instruction at a real address. A program that has the same virtual one is let go on."""
        self._ask("qXfer:features:read:target.xml:0,1000", None)  # who has not asked for that is told of no register
        self._ask(f"Z0,{address:x},4")
        while True:
            self._send("c")
            self._receive()
            if all(self.register(NIP, little) != address for little in (False, True)):
                raise Unusable(f"the machine stopped elsewhere than at 0x{address:x}")
            little = self.register(NIP, True) == address
            if not self.register(MSR, little) & MSR_IR:
                break
            self._ask(f"z0,{address:x},4")
            self._send("s")
            self._receive()
            self._ask(f"Z0,{address:x},4")
        self._ask(f"z0,{address:x},4")
        self.stopped = True
