# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Holds the decoder against binutils' and LLVM's disassemblers, on random words and on words next to every row.

A word that is an instruction here must be one to both, with the same mnemonic and operands: binutils' raw form is
compared field by field, LLVM's text must assemble to the same word by GNU as. A word that is none here, and to both of
them has a mnemonic of ours, must be one of REFUSED, each with its reason.

    encodings_test.py --tool build/bin/ppc64_tool
"""

import argparse
import collections
import pathlib
import re
import subprocess
import sys
import tempfile

GNU = "powerpc64-linux-gnu-"
COMPARES = {"cmpwi": ("cmpi", 0), "cmpdi": ("cmpi", 1), "cmplwi": ("cmpli", 0), "cmpldi": ("cmpli", 1),
            "cmpw": ("cmp", 0), "cmpd": ("cmp", 1), "cmplw": ("cmpl", 0), "cmpld": ("cmpl", 1)}
SYNCS = {"sync": [0], "lwsync": [1], "ptesync": [2]}
RELATIVE = {"b": 0, "bl": 0, "bc": 2, "bcl": 2}  # which operand is a distance
CONDITION = {"lt": 0, "gt": 1, "eq": 2, "so": 3}


def field(word, first, last):
    """Bits by the books' numbers."""
    return word >> (31 - last) & (1 << (last - first + 1)) - 1


def one_bit(mask):
    return mask != 0 and mask & (mask - 1) == 0


# Words that both take for instructions of ours, and that are none here: mnemonics, which of their words, why.
REFUSED = [
    (re.compile(r"bc(lr|lrl|ctr|ctrl)$"), lambda w: field(w, 19, 20) == 2 or (field(w, 21, 30) == 528 and field(w, 19, 20) == 1),
     "the BH hint is reserved"),
    (re.compile(r"bcctrl?$"), lambda w: field(w, 8, 8) == 0, "a branch to CTR that counts CTR down is an invalid form"),
    (re.compile(r"b(c|l)?a$"), lambda w: field(w, 6, 6) == 1 or field(w, 16, 16) == 1,
     "an absolute branch to a negative address: the top of memory, where nothing is"),
    (re.compile(r"m[tf]spr$"), lambda w: True, "a special register outside the subset, or one that is not written or read"),
    (re.compile(r"mtcrf$"), lambda w: field(w, 12, 19) == 0 or one_bit(field(w, 12, 19)),
     "no field, or one: that is written as mtocrf, and assemblers make it so"),
    (re.compile(r"dcb(t|tst|f)$"), lambda w: field(w, 6, 10) != 0, "a hint, or a form of dcbf that does not reach memory"),
    (re.compile(r"l[wd]arx$"), lambda w: field(w, 31, 31) == 1, "the EH hint, reserved before ISA 2.05"),
    (re.compile(r"sc$"), lambda w: field(w, 16, 19) != 0 or field(w, 27, 29) != 0, "reserved bits of sc, beside LEV"),
]


def command(*words, data=None):
    done = subprocess.run(words, input=data, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} failed:\n{done.stderr[:2000]}")
    return done.stdout


def of_listing(text):
    """What stands behind the address of each line, tabs as they are."""
    lines = {}
    for line in text.splitlines():
        match = re.match(r"\s*([0-9a-f]+):\s+(.*)", line)
        if match:
            lines[int(match[1], 16)] = match[2].strip()
    return lines


def number(token):
    """A register, a condition or a number as objdump writes it."""
    token = token.strip()
    if re.fullmatch(r"(r|v|cr)\d+", token):
        return int(re.sub(r"\D", "", token))
    condition = re.fullmatch(r"(?:4\*cr(\d)\+)?(lt|gt|eq|so)", token)
    if condition:
        return 4 * int(condition[1] or 0) + CONDITION[condition[2]]
    return int(token, 0)


def raw(text):
    """Mnemonic and numbers of a line of objdump -Mraw."""
    parts = text.split(None, 1)
    operands = parts[1].split("<")[0] if len(parts) > 1 else ""
    operands = re.sub(r"\(([^)]*)\)", r",\1", operands)
    if parts[0] == "mfcr":
        operands = operands.removesuffix(",-1")  # the field mask that only mfocrf has
    return parts[0].rstrip("+-"), [number(t) for t in operands.split(",") if t.strip()]


def as_raw(name, operands, at):
    """Our row and operands, as binutils' raw form has them."""
    operands = list(operands)
    if name in RELATIVE:
        operands[RELATIVE[name]] = (operands[RELATIVE[name]] + at) & (1 << 64) - 1
    if name in COMPARES:
        name, length = COMPARES[name]
        operands.insert(1, length)
    if name in SYNCS:
        name, operands = "sync", SYNCS[name]
    return name, operands


def distance(to, at):
    return (to - at + (1 << 63)) % (1 << 64) - (1 << 63)


def without_end(operands):
    """Last operands that are 0 may be left out by either."""
    while operands and operands[-1] == 0:
        operands = operands[:-1]
    return operands


def assembled(folder, texts):
    """What GNU as makes of each line by itself: a word, or None."""
    source, objekt, binary = folder / "t.s", folder / "t.o", folder / "t.bin"
    lines = list(texts)
    bad = set()
    for _attempt in range(3):
        source.write_text("\t.machine power9\n" + "".join(f"\t{'.long 0' if i in bad else line}\n" for i, line in enumerate(lines)))
        done = subprocess.run([GNU + "as", "-mregnames", "-o", objekt, source], capture_output=True, text=True, timeout=300)
        if done.returncode == 0:
            break
        bad |= {int(n) - 2 for n in re.findall(r"t\.s:(\d+): Error", done.stderr)}
    else:
        sys.exit(done.stderr[:2000])
    command(GNU + "objcopy", "-O", "binary", "-j", ".text", objekt, binary)
    data = binary.read_bytes()
    return [None if i in bad else int.from_bytes(data[4 * i:4 * i + 4], "big") for i in range(len(lines))]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--count", type=int, default=200_000)
    arguments = parser.parse_args()
    ours = []
    for line in command(arguments.tool, "decode", str(arguments.count)).splitlines():
        parts = line.split("|")
        known = len(parts) == 4
        ours.append((int(parts[0], 16), parts[1] if known else None,
                     [int(n) for n in parts[2].split(",") if n] if known else [], parts[3] if known else ""))
    names = {as_raw(name, operands, 0)[0] for _w, name, operands, _t in ours if name}
    failures, reasons = [], collections.Counter()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        binary, objekt = folder / "words.bin", folder / "words.o"
        binary.write_bytes(b"".join(word.to_bytes(4, "big") for word, *_ in ours))
        gnu = of_listing(command(GNU + "objdump", "-D", "-b", "binary", "-m", "powerpc:common64", "-EB", "-Mraw,power9", "-z",
                                 "--no-show-raw-insn", binary))
        command(GNU + "as", "-o", objekt, "-", data="".join(f"\t.long {word:#x}\n" for word, *_ in ours))
        llvm = of_listing(command("llvm-objdump-19", "-d", "-z", "--triple=powerpc64-unknown-linux-gnu", "--mcpu=pwr9",
                                  "--no-show-raw-insn", "--no-leading-headers", objekt))
        accepted = [i for i, (_w, name, _o, _t) in enumerate(ours) if name]
        texts = []
        for i in accepted:
            text = llvm.get(4 * i, "<unknown>").split("<")[0].strip()
            # A place to go is written as one, and has to be a distance again.
            if ours[i][1] in RELATIVE:
                text = re.sub(r"0x[0-9a-f]+$", lambda m: f".+{distance(int(m[0], 16), 4 * i)}", text)
            texts.append(text or ".long 0")
        again = dict(zip(accepted, assembled(folder, texts)))
    for i, (word, name, operands, text) in enumerate(ours):
        of_gnu, of_llvm = gnu.get(4 * i, ".long"), llvm.get(4 * i, "<unknown>")
        if name:
            expected = as_raw(name, operands, 4 * i)
            try:
                seen = raw(of_gnu)
            except ValueError:
                seen = (of_gnu, [])
            if (seen[0], without_end(seen[1])) != (expected[0], without_end(expected[1])):
                failures.append(f"{word:08x} is `{text}` here, and `{of_gnu}` to binutils")
            if again[i] != word:
                failures.append(f"{word:08x} is `{text}` here, and `{of_llvm}` to LLVM")
        elif not of_gnu.startswith(".long") and not of_llvm.startswith("<unknown>"):
            mnemonic = of_gnu.split()[0].rstrip("+-")
            if mnemonic not in names:
                continue
            for pattern, which, reason in REFUSED:
                if pattern.match(mnemonic) and which(word):
                    reasons[reason] += 1
                    break
            else:
                failures.append(f"{word:08x} is nothing here, `{of_gnu}` to binutils and `{of_llvm}` to LLVM")
    if failures:
        sys.exit("\n".join(failures[:40]) + f"\n{len(failures)} differences")
    for _pattern, _which, reason in REFUSED:
        print(f"  {reasons[reason]:6} refused: {reason}")
    if any(reasons[reason] == 0 for _pattern, _which, reason in REFUSED):
        sys.exit("a reason came up for no word: it is none")
    print(f"{len(accepted)} of {len(ours)} words are instructions here, to binutils and to LLVM, with the same operands")
    if len(names) < 200 or len(accepted) < arguments.count // 4:
        sys.exit("too few of them")


main()
