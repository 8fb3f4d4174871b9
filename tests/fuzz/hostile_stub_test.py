#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Does `baton verify` answer for every hostile stub, in time and memory that are bounded?

Stubs of a hundred megabytes, raw and as ELF; loops that do not end, that fork before, that store for ever, near and far;
code that stores over itself; calls that nobody knows; files that lie, lie apart or lack something. Each is judged in a process
of its own with 2 GiB of address space and five minutes of processor time, and must end with the exit code of findings and
with a sentence that names place, reason and, where there is one, the way out. Peak memory is held to what is stated: four
times the file and 64 MiB; 1 GiB more for code that stores, or where the solver is asked.

    hostile_stub_test.py --baton build/release/bin/baton --work DIR [--only NAME] [--figures]
"""
import argparse
import os
import resource
import struct
import sys
import tempfile
import time

MIB = 1 << 20
BIG = 100 * MIB
AT = 0x4000000
SPACE, SECONDS = 2 << 30, 300
# What was stored is kept by doublewords, for 50 million steps at most; Z3 gets no more than this either.
MORE = 1 << 30
FINDINGS = 1
NOP, STAYS = b"\x60\x00\x00\x00", b"\x48\x00\x00\x00"
COMMON = ["--from", "linux.kexec@2005", "--to", "linux.bootblock@16", "--replay", "off", "--place", "image=0x10000000", "--place",
          "tree=0x20000000"]
# Six branches on bits that nobody knows: 64 ways.
FORKS = "".join(f"\tandi. 0, 6, {1 << bit}\n\tbeq {bit + 10}f\n\tori 7, 7, {1 << bit}\n{bit + 10}:\n" for bit in range(6))
STORES = "\tlis 4, 0x500\n1:\tstdu 0, 8(4)\n\tb 1b\n"


def elf(segments, order=">"):
    """An ELF program of these (address, p_filesz, p_memsz, bytes that are there)."""
    offset, headers, body = 0x1000, b"", b""
    for address, filesz, memsz, content in segments:
        headers += struct.pack(order + "IIQQQQQQ", 1, 7, offset + len(body), address, address, filesz, memsz, 0x10000)
        body += content
    head = b"\x7fELF" + bytes([2, 2 if order == ">" else 1, 1, 0]) + bytes(8)
    head += struct.pack(order + "HHIQQQIHHHHHH", 2, 21, 1, AT, 64, 0, 1, 64, 56, len(segments), 64, 0, 0)
    return (head + headers).ljust(offset, b"\0") + body


def stubs():
    """Name, file name, content, options, memory besides what the file takes, and what must be said, each on one line."""
    raw = ["--at", hex(AT)]
    enters = "enter image.entry"
    yield "blob-of-zeros", "stub.bin", bytes(BIG), raw, 0, [enters, "at 0x4000000 the word 0 is executed, an illegal instruction always"]
    yield "blob-of-nops", "stub.bin", NOP * (BIG // 4), raw, 0, [enters, "execution goes to 0xa400000, not to 0x10000000", "at most 26214400 instructions"]
    yield "blob-that-stays", "stub.bin", NOP * (BIG // 4 - 1) + STAYS, raw, 0, [enters, "`b .+0` at 0xa3ffffc never goes on"]
    yield "blob-without-a-place", "stub.bin", bytes(BIG), [], 0, ["is no ELF file, and raw bytes have no address of their own", "say where they are loaded: --at 0x..."]
    yield "blob-over-the-image", "stub.bin", bytes(BIG), ["--at", "0xc000000"], 0, ["of the stub, 0xc000000 ..< 0x12400000, overlaps `image`", "--at ADDRESS places the stub"]
    yield "blob-past-the-end", "stub.bin", bytes(BIG), ["--at", "0xfffffffffff00000"], 0, ["does not fit below 2^64", "load it at a lower address"]
    yield "empty", "stub.bin", b"", raw, 0, ["is empty: there is nothing to load"]
    yield "between-instructions", "stub.bin", NOP * 4, ["--at", "0x4000002"], 0, ["between two instructions: that is no multiple of 4", "--entry"]
    yield "half-an-instruction", "stub.bin", NOP + b"\x48\x00", raw, 0, [enters, "0x4000004"]
    yield "elf-segment", "stub.elf", elf([(AT, BIG, BIG, NOP * (BIG // 4 - 1) + STAYS)]), [], 0, [enters, "`b .+0` at 0xa3ffffc never goes on"]
    yield "elf-zeros", "stub.elf", elf([(AT, 4, BIG, STAYS)]), [], 0, [enters, "`b .+0` at 0x4000000 never goes on"]
    yield "elf-truncated", "stub.elf", elf([(AT, BIG, BIG, STAYS)]), [], 0, ["program header 0 needs bytes 0x1000 ..< 0x6401000 (p_offset, p_filesz), and the file has 0x1004", "copy the file again"]
    yield "elf-endless-zeros", "stub.elf", elf([(AT, 4, 1 << 40, STAYS)]), [], 0, ["asks for more than 1GiB of zeros, with program header 0 of 0x10000000000 bytes (p_memsz)"]
    yield "elf-apart", "stub.elf", elf([(AT, 4, 4, STAYS), (0x7fff00000000, 4, 4, STAYS)]), [], 0, [
        "`program header 0` at 0x4000000 and `program header 1` at 0x7fff00000000, with more than 64MiB of zeros", "link its pieces together"]
    yield "elf-magic-alone", "stub.elf", b"\x7fELF", [], 0, ["stub.elf` "]
    yield "symbol-missing", "stub.S", "\tbl far\n", [], 0, ["R_PPC64_REL24 at .text+0x0 to `far`, which is defined nowhere", "--set far=0x..."]
    yield "relocation-out-of-range", "stub.S", "\tli 3, tree\n\tb .\n", ["--set", "tree=0x12345678"], 0, [
        "R_PPC64_ADDR16 at .text+0x2 to `tree`: the value 0x12345678 does not fit in 16 bits", "load it nearer"]
    yield "no-symbol-to-set", "stub.S", "\tb .\nhere:\t.quad 0\n\t.globl here\n", ["--set", "hera=1"], 0, ["has no symbol `hera` to set", "here"]
    yield "self-jump", "stub.S", "\tb .\n", [], 0, [enters, "`b .+0` at 0x4000000 never goes on"]
    yield "circle", "stub.S", "1:\tnop\n\tb 1b\n", [], 0, [enters, "it goes around at 0x4000000 and changes nothing: it never leaves"]
    yield "counts-for-ever", "stub.S", "\tlis 3, 0\n1:\taddi 3, 3, 1\n\tb 1b\n", [], 0, [
        enters, "no end after 50000000 instructions, the next at 0x4000008; a function that takes as long can be taken by contract"]
    yield "forks-and-counts-for-ever", "stub.S", "\tlis 3, 0\n" + FORKS + "1:\taddi 3, 3, 1\n\tb 1b\n", [], 0, [enters, "no end after"]
    yield "forks-for-ever", "stub.S", "1:\tmulld 6, 6, 6\n\tcmpd 6, 7\n\tblt 1b\n\tb 1b\n", [], MORE, [enters]
    yield "grows-for-ever", "stub.S", "1:\tmulld 6, 6, 7\n\taddi 6, 6, 1\n\tdivd 7, 6, 7\n\tb 1b\n", [], 0, [enters]
    yield "stores-for-ever", "stub.S", STORES, [], MORE, [enters, "instructions that store", "the byte at 0x5000008 in no segment is written"]
    yield "stores-far-for-ever", "stub.S", STORES.replace("8(4)", "4096(4)"), [], MORE, [enters, "instructions that store", "the byte at 0x5001000 in no segment is written"]
    yield "forks-and-stores-for-ever", "stub.S", FORKS + STORES, [], MORE, [enters, "instructions that store"]
    yield "stores-over-itself", "stub.S", "\tbcl 20, 31, 1f\n1:\tmflr 4\n\tlis 5, 0x6000\n\tstw 5, 12(4)\n\tb .\n", [], 0, [
        enters, "the instruction at 0x4000010 was stored by the one at 0x400000c, and `dcbst` of its block is missing"]
    yield "unknown-hypervisor-call", "stub.S", "\tli 3, 0x7000\n\tsc 1\n", [], 0, [enters, "`sc 1` at 0x4000004 calls the hypervisor, and what r3 = 0x7000 does is not known here"]
    yield "system-call", "stub.S", "\tli 0, 4\n\tsc\n", [], 0, [enters, "`sc 0` at 0x4000004 is a system call"]


def set_limits():
    resource.setrlimit(resource.RLIMIT_AS, (SPACE, SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(command, folder):
    """What it prints, its exit code, or less than 0, the seconds, and the most memory that it had at once, in bytes."""
    with tempfile.TemporaryFile(dir=folder) as printed:
        begin = time.monotonic()
        child = os.fork()
        if child == 0:
            try:
                os.chdir(folder)
                os.dup2(printed.fileno(), 1)
                os.dup2(printed.fileno(), 2)
                set_limits()
                os.execv(command[0], command)
            finally:
                os._exit(127)
        _, status, usage = os.wait4(child, 0)
        printed.seek(0)
        return printed.read().decode(errors="replace"), os.waitstatus_to_exitcode(status), time.monotonic() - begin, usage.ru_maxrss * 1024


def main():
    parser = argparse.ArgumentParser(description="Tries hostile stubs on `baton verify`.")
    parser.add_argument("--baton", required=True, type=os.path.abspath)
    parser.add_argument("--work", required=True)
    parser.add_argument("--only")
    parser.add_argument("--figures", action="store_true", help="print how long each takes, and its peak memory")
    given = parser.parse_args()
    os.makedirs(given.work, exist_ok=True)
    count, wrong = 0, 0
    for name, file, content, options, memory, said in stubs():
        if given.only and given.only != name:
            continue
        path = os.path.join(given.work, file)
        with open(path, "wb") as out:
            out.write(content if isinstance(content, bytes) else content.encode())
        text, code, seconds, peak = run([given.baton, "verify", file, *options, *COMMON], given.work)
        os.remove(path)
        problems = [f"exit code {code}, `{text[-300:]}`"] if code != FINDINGS else []
        problems += [f"does not say `{part}`, but {text[:1500]}" for part in said if not any(part in line for line in text.splitlines())]
        most = memory + 4 * len(content) + 64 * MIB
        if peak > most:
            problems.append(f"takes {peak // MIB} MiB of memory, and {most // MIB} MiB are stated")
        count += 1
        wrong += bool(problems)
        if given.figures:
            print(f"{name:28}{seconds:8.2f} s{peak // MIB:8} MiB", flush=True)
        for problem in problems:
            print(f"{name}: {problem}", flush=True)
    if count == 0:
        sys.exit(f"hostile_stub_test.py: there is no stub `{given.only}`")
    print(f"hostile_stub_test.py: {count} stubs, {wrong} of them not as they should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
