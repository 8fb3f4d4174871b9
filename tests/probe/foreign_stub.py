#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What does a stub that others wrote leave behind on a machine?

Puts bytes (as `baton verify -o` writes them) into a stopped QEMU, gives one CPU the registers of the giver, lets it run to the
taker's entry, and prints registers and words of memory as they are then. It judges nothing: whoever reads compares.
Memory around the stub is zero, but for words that --word puts there.

Example: foreign_stub.py stub.bin --at 0x4000000 --order big --to 0x8000000 --word 0xc000014=17 --show 0x800005c
    nip = 0x8000000 ... 0x800005c: 48000000
"""
import argparse
import sys
import tempfile

from built_handoff import Unusable
from stopped_machine import StoppedMachine

SF, LE = 1 << 63, 1
SHOWN = ("nip", "msr", *(f"r{number}" for number in range(10)))


def number(text):
    return int(text.replace("_", ""), 0)


def pair(text):
    name, _, value = text.partition("=")
    return name, number(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bytes", metavar="FILE")
    parser.add_argument("--at", type=number, required=True)
    parser.add_argument("--entry", type=number, help="where it is entered; without it, at its first byte")
    parser.add_argument("--order", choices=("big", "little"), required=True, help="the giver's byte order")
    parser.add_argument("--to", type=number, required=True, help="the taker's entry")
    parser.add_argument("--id", type=number, default=0x5, help="r3 at the entry")
    parser.add_argument("--set", type=pair, action="append", default=[], metavar="REGISTER=NUMBER")
    parser.add_argument("--word", type=pair, action="append", default=[], metavar="ADDRESS=NUMBER", help="a big-endian word of memory")
    parser.add_argument("--show", type=number, action="append", default=[], metavar="ADDRESS")
    parser.add_argument("--expect", type=pair, action="append", default=[], metavar="REGISTER|ADDRESS=NUMBER",
                        help="what must be there, a word in memory being read as big-endian; else the exit code is 1")
    parser.add_argument("--cpu", default="power9")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--qemu", default="qemu-system-ppc64")
    options = parser.parse_args()
    entry = options.at if options.entry is None else options.entry
    registers = {"nip": entry, "msr": SF | (LE if options.order == "little" else 0), "r3": options.id, "r4": entry, "r5": 0}
    registers.update(options.set)
    with tempfile.TemporaryDirectory(prefix="baton-foreign-") as folder:
        command = [options.qemu, "-M", "pseries,x-vof=on", "-cpu", options.cpu, "-m", "1G", "-nodefaults", "-display", "none",
                   "-monitor", "none", "-serial", "null", "-device", f"loader,file={options.bytes},addr={options.at:#x},force-raw=on"]
        for count, (address, value) in enumerate(options.word):
            path = f"{folder}/{count}"
            with open(path, "wb") as file:
                file.write(value.to_bytes(4, "big"))
            command += ["-device", f"loader,file={path},addr={number(address):#x},force-raw=on"]
        try:
            with StoppedMachine(command) as machine:
                cpu = machine.cpus()[0]
                named = {("pc" if name == "nip" and "nip" not in machine.numbers else name): value for name, value in registers.items()}
                machine.set_registers(cpu, named)
                machine.break_at(options.to)
                if machine.go(options.seconds) is None:
                    print(f"it does not come to {options.to:#x} within {options.seconds:g} s")
                    return 1
                seen = {name: machine.register(cpu, "pc" if name == "nip" and "nip" not in machine.numbers else name) for name in SHOWN}
                for name in SHOWN:
                    print(f"{name} = {seen[name]:#x}")
                for address in options.show:
                    print(f"{address:#x}: {machine.read(address, 4).hex()}")
                wrong = 0
                for what, value in options.expect:
                    found = seen[what] if what in seen else int.from_bytes(machine.read(number(what), 4), "big")
                    if found != value:
                        print(f"DIFFERS: {what} is {found:#x}, expected {value:#x}")
                        wrong = 1
                return wrong
        except Unusable as problem:
            print(f"foreign_stub.py: {problem}", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
