#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Do a loader's C compiler and our writer agree on the segment table?

A small C program that includes <linux/kexec.h> is built for 64-bit and 32-bit callers in both byte orders,
runs under QEMU's user mode and reads our table files; what it prints must be what the JSON says. The C
header is compiled as C99, as C++ and as assembly, and the JSON is held against its schema.

    table_layout_test.py build/bin/table_sample
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "golden"))
import json_schema  # noqa: E402

# compiler prefix, word size of the caller, table suffix, emulator
CALLERS = [
    ("powerpc64-linux-gnu", 64, "native64-be", "qemu-ppc64"),
    ("powerpc64le-linux-gnu", 64, "native64-le", "qemu-ppc64le"),
    ("powerpc64-linux-gnu", 32, "compat32-be", "qemu-ppc"),
]
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
failures = []


def expect(condition, sentence):
    if not condition:
        failures.append(sentence)


def tool(name):
    path = shutil.which(name)
    if not path:
        sys.exit(f"table_layout_test: `{name}` is missing; ./quickstart installs it")
    return path


def run(command, **options):
    done = subprocess.run([str(each) for each in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **options)
    if done.returncode != 0:
        sys.exit(f"table_layout_test: {' '.join(map(str, command))} failed:\n{done.stdout.decode()}")
    return done.stdout


def offsets_of(table, folder, name):
    """Bundle offsets, which the JSON leaves out, from the header: the one place that names each segment's."""
    source = folder / "offsets.c"
    source.write_text(f'#include "{name}.h"\nEACH {name.upper()}_EACH_SEGMENT(ROW)\n')
    text = run([tool("cpp"), "-P", source], cwd=folder).decode()
    rows = text[text.index("EACH"):].split("ROW(")[1:]
    numbers = [int(row.split(",")[6].strip().removesuffix("ULL"), 16) for row in rows]
    expect(len(numbers) == len(table["segments"]), f"{name}.h: EACH_SEGMENT has {len(numbers)} rows")
    return numbers


def wanted_rows(table, offsets):
    return [[offset, int(s["bufsz"], 16), int(s["start"], 16), int(s["memsz"], 16)]
            for s, offset in zip(table["segments"], offsets)]


def rows_of(lines):
    return [[int(word, 16) for word in line.split()] for line in lines]


def check_layout(name, table, offsets, folder):
    wanted = wanted_rows(table, offsets)
    for prefix, bits, suffix, emulator in CALLERS:
        path = folder / f"{name}.{suffix}.table"
        if bits == 32 and name == "tall":
            expect(not path.exists(), f"{path.name}: written, although a value does not fit")
            continue
        program = folder / f"reader-{name}-{suffix}"
        run([tool(f"{prefix}-gcc"), f"-m{bits}", "-std=gnu99", "-O1", "-ffreestanding", "-fno-stack-protector",
             "-nostdlib", "-static", "-Wall", "-Wextra", "-Werror", f"-I{folder}", f'-DHEADER="{name}.h"',
             f"-DKEXEC_SEGMENTS={name.upper()}_KEXEC_SEGMENTS", HERE / "table_reader.c", "-o", program])
        with open(path, "rb") as stream:
            lines = run([tool(emulator), program], stdin=stream).decode().splitlines()
        middle = lines.index("header")
        expect(rows_of(lines[:middle]) == wanted, f"{path.name}: a {bits}-bit caller reads {lines[:middle]}")
        expect(rows_of(lines[middle + 1:]) == wanted, f"{name}.h: {suffix} reads {lines[middle + 1:]}")


def check_compat_little(name, table, offsets, folder):
    """No emulator runs 32-bit little-endian Linux programs: the compiler judges the layout, Python the values."""
    source = folder / "layout32.c"
    source.write_text("#include <linux/kexec.h>\n#include <stddef.h>\n"
                      + "".join(f"_Static_assert(offsetof(struct kexec_segment, {field}) == {at}, \"{field}\");\n"
                                for at, field in zip(range(0, 16, 4), ("buf", "bufsz", "mem", "memsz")))
                      + "_Static_assert(sizeof(struct kexec_segment) == 16, \"size\");\n")
    run([tool("powerpc64le-linux-gnu-gcc"), "-m32", "-ffreestanding", "-c", source, "-o", folder / "layout32.o"])
    data = (folder / f"{name}.compat32-le.table").read_bytes()
    words = [int.from_bytes(data[i:i + 4], "little") for i in range(0, len(data), 4)]
    rows = [words[i:i + 4] for i in range(0, len(words), 4)]
    expect(rows == wanted_rows(table, offsets), f"{name}.compat32-le.table: {rows}")


def check_header(name, table, folder):
    upper = name.upper()
    user = folder / "user.c"
    user.write_text(f"""#include <stddef.h>
#include <stdint.h>
#include "{name}.h"
#include "{name}.h"
struct row {{ const char *name, *kind; uint64_t start, size, bufsz, memsz, offset; const char *sha256; }};
#define ROW(name, kind, start, size, bufsz, memsz, offset, sha256) \\
  {{ name, kind, start, size, bufsz, memsz, offset, sha256 }},
const struct row rows[] = {{ {upper}_EACH_SEGMENT(ROW) }};
struct segment {{ const void *buf; size_t bufsz; const void *mem; size_t memsz; }};
const struct segment segments[] = {upper}_KEXEC_SEGMENTS(0);
typedef char counted[sizeof rows / sizeof rows[0] == {upper}_SEGMENT_COUNT ? 1 : -1];
typedef char flagged[{upper}_ON_CRASH == {int(table["on_crash"])} ? 1 : -1];
typedef char entered[{upper}_ENTRY == {table["entry"]}ULL ? 1 : -1];
""")
    for prefix in ("powerpc64-linux-gnu", "powerpc64le-linux-gnu"):
        run([tool(f"{prefix}-gcc"), "-std=c99", *STRICT, "-Wno-long-long", "-c", user, "-o", folder / "user.o"])
    run([tool("g++"), "-x", "c++", "-std=c++17", "-Wall", "-Werror", "-fsyntax-only", user])

    assembly = folder / "user.S"
    assembly.write_text(f'#include "{name}.h"\n  .quad {upper}_ENTRY, {upper}_KERNEL_START, {upper}_INITRD_1_START\n'
                        f"  .quad {upper}_INITRD_1_2_START\n  .ascii {upper}_STUB_SHA256\n")
    segments = {s["name"]: s for s in table["segments"]}
    numbers = [int(n, 16) for n in (table["entry"], segments["kernel"]["start"], segments["initrd.1"]["start"],
                                    segments["initrd_1"]["start"])]
    for prefix, order in (("powerpc64-linux-gnu", "big"), ("powerpc64le-linux-gnu", "little")):
        run([tool(f"{prefix}-gcc"), "-c", assembly, "-o", folder / "user.o"])
        run([tool(f"{prefix}-objcopy"), "-O", "binary", "-j", ".text", folder / "user.o", folder / "user.bin"])
        wanted = b"".join(n.to_bytes(8, order) for n in numbers) + segments["stub"]["sha256"].encode()
        expect((folder / "user.bin").read_bytes() == wanted, f"{name}.h: {prefix} assembles other numbers")


def check_json(name, table, folder):
    schema = json.loads((ROOT / "compiler" / "emit" / "segment-table.schema.json").read_text())
    for sentence in json_schema.check(table, schema):
        failures.append(f"{name}.json: {sentence}")
    for key, value in (("format", 2), ("entry", "0x01"), ("entry", 5), ("giver", "any"), ("from", "linux")):
        expect(json_schema.check({**table, key: value}, schema), f"the schema lets {key} = {value} pass")
    expect(json_schema.check({**table, "more": 1}, schema), "the schema lets an unknown property pass")


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 64
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        remarks = run([sys.argv[1], "tables", folder]).decode()
        expect(remarks.count("32-bit caller cannot hold the start 0x123456789ab0000 of segment `initrd.1`") == 2,
               f"remarks about what 32 bits cannot hold: {remarks!r}")
        for sample in ("low", "tall"):
            table = json.loads((folder / f"{sample}.json").read_text())
            offsets = offsets_of(table, folder, sample)
            check_json(sample, table, folder)
            check_header(sample, table, folder)
            check_layout(sample, table, offsets, folder)
            if sample == "low":
                check_compat_little(sample, table, offsets, folder)
    for sentence in failures:
        print(sentence)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
