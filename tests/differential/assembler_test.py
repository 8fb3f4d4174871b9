# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Holds the table of encodings and LLVM's assembler against GNU binutils, in both byte orders.

For random words of every row of the table: the text that the table prints must assemble to that word, by
LLVM MC in process and by GNU as; binutils must disassemble the word to the mnemonic of the row. A sample
stub with code in both byte orders must be the same bytes everywhere.

    assembler_test.py --tool build/bin/ppc64_tool
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

PREFIX = {"big": "powerpc64-linux-gnu-", "little": "powerpc64le-linux-gnu-"}
# Where binutils' raw mnemonic is not the row's: the L field of compares and sync is part of our names.
RAW_NAMES = {
    "cmpwi": "cmpi", "cmpdi": "cmpi", "cmplwi": "cmpli", "cmpldi": "cmpli", "cmpw": "cmp", "cmpd": "cmp",
    "cmplw": "cmpl", "cmpld": "cmpl", "lwsync": "sync", "ptesync": "sync",
}


def command(*words, data=None):
    done = subprocess.run(words, input=data, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} failed:\n{done.stderr[:2000]}")
    return done.stdout


def gnu_text_section(folder, order, text):
    source, objekt, raw = folder / "a.S", folder / "a.o", folder / "a.bin"
    source.write_text(text)
    command(PREFIX[order] + "as", "-o", objekt, source)
    relocations = command(PREFIX[order] + "readelf", "-r", objekt)
    if "no relocations" not in relocations:
        sys.exit(f"GNU as leaves relocations:\n{relocations}")
    command(PREFIX[order] + "objcopy", "-O", "binary", "-j", ".text", objekt, raw)
    return raw.read_bytes()


def disassembled(folder, words):
    raw = folder / "words.bin"
    raw.write_bytes(b"".join(int(w, 16).to_bytes(4, "big") for w in words))
    listing = command(PREFIX["big"] + "objdump", "-D", "-b", "binary", "-m", "powerpc:common64", "-EB",
                      "-Mraw,power9", "-z", raw)
    names = []
    for line in listing.splitlines():
        columns = line.split("\t")
        if len(columns) >= 3:
            names.append(columns[2].strip())
    return names


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--count", type=int, default=20)
    arguments = parser.parse_args()
    rows = [line.split("|") for line in command(arguments.tool, "words", str(arguments.count)).splitlines()]
    names = {row[1] for row in rows}
    failures = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        text = "\t.machine power9\n\t.text\n" + "".join(f"\t{row[2]}\n" for row in rows)
        for order in PREFIX:
            expected = b"".join(int(row[0], 16).to_bytes(4, order) for row in rows)
            made = {
                "LLVM MC": bytes.fromhex(command(arguments.tool, "assemble", order, data=text)),
                "GNU as": gnu_text_section(folder, order, text),
            }
            for assembler, code in made.items():
                if len(code) != len(expected):
                    failures.append(f"{assembler}, {order}: {len(code)} bytes instead of {len(expected)}")
                for i, row in enumerate(rows):
                    word = code[4 * i:4 * i + 4]
                    if word != expected[4 * i:4 * i + 4]:
                        failures.append(f"{assembler}, {order}: `{row[2]}` is {word.hex()}, not {row[0]}")
        for row, shown in zip(rows, disassembled(folder, [row[0] for row in rows]), strict=True):
            mnemonic = shown.split()[0].rstrip("+-")
            if mnemonic != RAW_NAMES.get(row[1], row[1]):
                failures.append(f"{row[0]} is `{row[1]}` in the table and `{shown}` in binutils")
        stubs = set()
        for order in PREFIX:
            text = command(arguments.tool, "stub", order)
            stubs.add(bytes.fromhex(command(arguments.tool, "assemble", order, data=text)))
            stubs.add(gnu_text_section(folder, order, text))
            # gcc runs the preprocessor over it first.
            (folder / "stub.S").write_text(text)
            command(PREFIX[order] + "gcc", "-Wall", "-Werror", "-c", "-o", folder / "stub.o", folder / "stub.S")
            command(PREFIX[order] + "objcopy", "-O", "binary", "-j", ".text", folder / "stub.o", folder / "stub.bin")
            stubs.add((folder / "stub.bin").read_bytes())
        if len(stubs) != 1 or len(next(iter(stubs))) < 0x100:
            failures.append(f"the sample stub has {len(stubs)} different contents")
    if failures:
        sys.exit("\n".join(failures[:40]) + f"\n{len(failures)} differences")
    print(f"{len(rows)} words of {len(names)} rows agree between the table, LLVM MC and binutils, in both byte orders")


main()
