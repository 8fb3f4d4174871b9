# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Holds the judge's semantics against QEMU's, instruction by instruction, in both byte orders.

Random words of every row that runs in problem state, goes to the next instruction and has a defined
result: all registers but r31, vector registers, CR, XER and a buffer are compared after it. Two semantics written
independently have to agree on each.

    semantics_test.py --tool build/bin/ppc64_tool
"""

import argparse
import pathlib
import random
import subprocess
import sys
import tempfile

PREFIX = {"big": "powerpc64-linux-gnu-", "little": "powerpc64le-linux-gnu-"}
QEMU = {"big": "qemu-ppc64", "little": "qemu-ppc64le"}
BUFFER, BUFFER_SIZE = 0x20000000, 64
# A record: v0..v31, r0..r31, cr, xer, buffer; its size keeps vectors aligned.
VECTORS, NUMBERS = 16 * 32, 8 * 34
CASES, RECORD = 0x21000000, VECTORS + NUMBERS + BUFFER_SIZE
assert RECORD % 16 == 0
ALL_BITS = (1 << 64) - 1
# Not comparable here: control flow, traps, calls, other CPUs, clocks, and what depends on the CPU's caches.
SKIPPED = {"b", "bl", "ba", "bla", "bc", "bcl", "bca", "bclr", "bclrl", "bcctr", "bcctrl", "tdi", "twi", "tw", "td",
           "sc", "lwarx", "ldarx", "stwcx.", "stdcx.", "dcbz", "dcbst", "dcbf", "icbi", "mfspr"}


def command(*words, data=None, text=True):
    done = subprocess.run(words, input=data, capture_output=True, text=text)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} failed with {done.returncode}:\n{str(done.stderr)[:2000]}")
    return done.stdout


def interesting(dice):
    value = dice.getrandbits(64)
    return dice.choice([value, value & 0xffffffff, value >> dice.randrange(64), ALL_BITS ^ (value >> dice.randrange(64)),
                        dice.randrange(8), 1 << dice.randrange(64), (1 << 63) - dice.randrange(2)])


def make_case(row, dice):
    """Registers that let this word run, or None when it cannot (it would need r31, or its address a sum of one register)."""
    word, _name, _text, operands, width, _privileged = row
    fields = [f.split("=") for f in operands.split(",") if f]
    used = [int(v) for f, v in fields if f in ("rt", "rs", "ra", "base", "update", "rb")]
    if 31 in used:
        return None
    registers = [interesting(dice) for _ in range(32)]
    if int(width) != 0:
        at = BUFFER + 16 + dice.randrange(32)
        base = next(int(v) for f, v in fields if f in ("base", "update"))
        rest = [(f, int(v)) for f, v in fields if f in ("d", "rb")][0]
        offset = rest[1] if rest[0] == "d" else None
        if offset is not None:
            if base == 0:
                return None
            registers[base] = (at - offset) & ALL_BITS
        elif base == 0:
            registers[rest[1]] = at
        elif base == rest[1]:
            return None
        else:
            registers[base] = (at - registers[rest[1]]) & ALL_BITS
    # XER: SO, CA and the byte count; OV and CA32 have no instruction here that writes them.
    xer = dice.choice([0, 1 << 31, 1 << 29, 5 << 29])
    # Words of vectors: equal ones must come up, and so must small ones.
    vectors = [dice.choice([dice.getrandbits(128), dice.getrandbits(32) * 0x1000000010000000100000001,
                            dice.getrandbits(64) << dice.choice([0, 64]), ALL_BITS << dice.choice([0, 64])]) for _ in range(32)]
    for target in dice.sample(range(32), 12):
        vectors[target] = vectors[dice.randrange(32)]
    return int(word, 16), registers, vectors, dice.getrandbits(32), xer, bytes(dice.getrandbits(8) for _ in range(BUFFER_SIZE))


def program(cases, order):
    """One block per case: state from the case's record, the word, state back into the record."""
    # A big-endian ELF program starts at a descriptor, a little-endian one (ABI version 2) at its code.
    lines = ["\t.machine power8", "" if order == "big" else "\t.abiversion 2", "\t.text", "\t.globl _start",
             "\t.section .opd,\"aw\"" if order == "big" else "",
             "_start:\t.8byte code, 0, 0" if order == "big" else "", "\t.text", "code:" if order == "big" else "_start:"]
    for i, (word, *_rest) in enumerate(cases):
        record = CASES + i * RECORD
        lines += [f"\tlis %r31, {record >> 16:#x}", f"\tori %r31, %r31, {record & 0xffff:#x}",
                  f"\tlis %r30, {BUFFER >> 16:#x}"]
        for at in range(0, BUFFER_SIZE, 8):
            lines += [f"\tld %r0, {VECTORS + NUMBERS + at}(%r31)", f"\tstd %r0, {at}(%r30)"]
        for r in range(32):
            lines += [f"\tli %r0, {16 * r}", f"\tlvx %v{r}, %r31, %r0"]
        lines += [f"\tld %r0, {VECTORS + 256}(%r31)", "\tmtcrf 0xff, %r0", f"\tld %r0, {VECTORS + 264}(%r31)", "\tmtxer %r0"]
        lines += [f"\tld %r{r}, {VECTORS + 8 * r}(%r31)" for r in range(31)]
        lines += [f"\t.long {word:#x}"]
        lines += [f"\tstd %r{r}, {VECTORS + 8 * r}(%r31)" for r in range(31)]
        lines += ["\tmfcr %r0", f"\tstd %r0, {VECTORS + 256}(%r31)", "\tmfxer %r0", f"\tstd %r0, {VECTORS + 264}(%r31)"]
        for r in range(32):
            lines += [f"\tli %r0, {16 * r}", f"\tstvx %v{r}, %r31, %r0"]
        lines += [f"\tlis %r30, {BUFFER >> 16:#x}"]
        for at in range(0, BUFFER_SIZE, 8):
            lines += [f"\tld %r0, {at}(%r30)", f"\tstd %r0, {VECTORS + NUMBERS + at}(%r31)"]
    # write(1, records, length); exit(0)
    size = len(cases) * RECORD
    lines += [f"\tlis %r4, {CASES >> 16:#x}", f"\tlis %r5, {size >> 16:#x}", f"\tori %r5, %r5, {size & 0xffff:#x}", "again:",
              "\tli %r3, 1", "\tli %r0, 4", "\tsc", "\tadd %r4, %r4, %r3", "\tsubf. %r5, %r3, %r5", "\tbgt again",
              "\tli %r3, 0", "\tli %r0, 1", "\tsc"]
    lines += ["\t.section .buffer,\"aw\"", f"\t.space {BUFFER_SIZE}", "\t.section .cases,\"aw\""]
    for _word, registers, vectors, cr, xer, memory in cases:
        lines += ["\t.byte " + ", ".join(str(b) for v in vectors for b in v.to_bytes(16, order))]
        lines += ["\t.8byte " + ", ".join(f"{r:#x}" for r in registers + [cr, xer])]
        lines += ["\t.byte " + ", ".join(str(b) for b in memory)]
    return "\n".join(lines) + "\n"


def qemu_states(folder, cases, order):
    source, objekt, image = folder / "cases.s", folder / "cases.o", folder / "cases"
    source.write_text(program(cases, order))
    command(PREFIX[order] + "as", "-o", objekt, source)
    command(PREFIX[order] + "ld", "-static", f"--section-start=.buffer={BUFFER:#x}", f"--section-start=.cases={CASES:#x}",
            "-o", image, objekt)
    output = command(QEMU[order], "-cpu", "power9", image, text=False)
    if len(output) != RECORD * len(cases):
        sys.exit(f"QEMU wrote {len(output)} bytes instead of {RECORD * len(cases)}")
    for i in range(len(cases)):
        record = output[i * RECORD:(i + 1) * RECORD]
        vectors = [int.from_bytes(record[k:k + 16], order) for k in range(0, VECTORS, 16)]
        numbers = [int.from_bytes(record[k:k + 8], order) for k in range(VECTORS, VECTORS + NUMBERS, 8)]
        yield vectors, numbers[:31] + numbers[32:], record[VECTORS + NUMBERS:]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--count", type=int, default=12)
    arguments = parser.parse_args()
    rows = [line.split("|") for line in command(arguments.tool, "words", str(arguments.count)).splitlines()]
    rows = [row for row in rows if row[5] == "0" and row[1] not in SKIPPED]
    dice = random.Random(2005)
    compared, names, failures = 0, set(), []
    with tempfile.TemporaryDirectory() as name:
        for order in PREFIX:
            chosen = [(row, case) for row in rows for case in [make_case(row, dice)] if case]
            cases = [case for _row, case in chosen]
            lines = "".join(
                f"{word:x} {' '.join(f'{r:x}' for r in registers)} "
                f"{' '.join(f'{v >> 64:x} {v & ALL_BITS:x}' for v in vectors)} {cr:x} {xer:x} {BUFFER:x} {memory.hex()}\n"
                for word, registers, vectors, cr, xer, memory in cases)
            ours = command(arguments.tool, "run", order, data=lines).splitlines()
            theirs = qemu_states(pathlib.Path(name), cases, order)
            for (row, _case), mine, (vectors, numbers, memory) in zip(chosen, ours, theirs, strict=True):
                if mine.startswith("unknown"):
                    failures.append(f"{order}: {mine}")
                    continue
                words = mine.split()
                values = [int(w, 16) for w in words[:32] + words[96:98]]
                mine_vectors = [int(high, 16) << 64 | int(low, 16) for high, low in zip(words[32:96:2], words[33:96:2])]
                # OV32 and CA32 (ISA 3.0) mirror bits that this machine has already.
                values[33] &= 0xe000007f
                numbers[32] &= 0xe000007f
                if values[:31] + values[32:] != numbers or mine_vectors != vectors or bytes.fromhex(words[98]) != memory:
                    differing = [f"r{i}: {a:#x}, QEMU {b:#x}" for i, (a, b) in
                                 enumerate(zip(values[:31] + values[32:], numbers)) if a != b]
                    differing += [f"v{i}: {a:#x}, QEMU {b:#x}" for i, (a, b) in enumerate(zip(mine_vectors, vectors)) if a != b]
                    failures.append(f"{order}: `{row[2]}` ({row[0]}): {differing or 'memory differs'}")
                compared += 1
                names.add(row[1])
    if failures:
        sys.exit("\n".join(failures[:40]) + f"\n{len(failures)} differences")
    if len(names) < 97:
        sys.exit(f"only {len(names)} rows were compared: {' '.join(sorted(names))}")
    print(f"{compared} runs of {len(names)} instructions agree with QEMU, in both byte orders")


main()
