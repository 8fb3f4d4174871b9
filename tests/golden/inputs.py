# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How does a golden test describe an input that is not text?

A `-- gen: NAME --` section holds a recipe; its first word is the kind:

    elf ...              an ELF image, see make_elf.py
    dtb [OPTION..]       the rest is device tree source, compiled by dtc
    hex [OPTION..]       the rest is bytes in hex, `#` begins a comment
    pattern SIZE         SIZE bytes that differ from place to place, always the same
    zeros SIZE           SIZE zero bytes, not stored (a file with a hole)
    directory            an empty folder
    fifo                 a named pipe that nobody writes
    symlink TARGET       a symbolic link

Options of `dtb` and `hex` damage the result: `cut=N` ends it after N bytes, `poke=OFFSET:HEX` overwrites,
`pad=N` appends N zero bytes. Sizes take KiB, MiB and GiB.
"""
import os
import subprocess

import make_elf

UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


class RecipeError(Exception):
    """A recipe that is not one."""


def size_of(text):
    for unit, factor in UNITS.items():
        if text.endswith(unit):
            return int(text[:-3], 0) * factor
    return int(text, 0)


def pattern(size):
    """Bytes whose order and place can be told: a multiplicative sequence with a period of 2^16."""
    out, state = bytearray(), 1
    for _ in range(min(size, 1 << 16)):
        state = (state * 75 + 74) % 65537
        out.append(state & 0xFF)
    return bytes((out * (size // max(len(out), 1) + 1))[:size])


def compile_tree(source):
    done = subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-"], input=source.encode(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise RecipeError(f"dtc: {done.stderr.decode().strip()}")
    return done.stdout


def damaged(data, options):
    data = bytearray(data)
    for option in options:
        name, _, value = option.partition("=")
        if name == "cut":
            del data[size_of(value):]
        elif name == "pad":
            data += bytes(size_of(value))
        elif name == "poke":
            offset, _, digits = value.partition(":")
            new = bytes.fromhex(digits)
            at = int(offset, 0)
            if at + len(new) > len(data):
                raise RecipeError(f"poke at {offset} lies outside of {len(data)} bytes")
            data[at:at + len(new)] = new
        else:
            raise RecipeError(f"`{option}` is not one of cut= pad= poke=")
    return bytes(data)


def make(path, recipe):
    """Makes the input a recipe describes."""
    first, _, rest = recipe.partition("\n")
    words = first.split()
    kind = words[0] if words else ""
    if kind == "elf":
        try:
            data = make_elf.parse(recipe).build()
        except make_elf.SpecError as error:
            raise RecipeError(str(error)) from None
    elif kind == "dtb":
        data = damaged(compile_tree(rest), words[1:])
    elif kind == "hex":
        digits = "".join(line.split("#")[0] for line in rest.splitlines())
        data = damaged(bytes.fromhex(digits), words[1:])
    elif kind == "pattern":
        data = pattern(size_of(words[1]))
    elif kind == "zeros":
        with open(path, "wb") as stream:
            stream.truncate(size_of(words[1]))
        return
    elif kind == "directory":
        os.makedirs(path)
        return
    elif kind == "fifo":
        os.mkfifo(path)
        return
    elif kind == "symlink":
        os.symlink(words[1], path)
        return
    else:
        raise RecipeError(f"`{first}` begins with no known kind of input")
    with open(path, "wb") as stream:
        stream.write(data)
