#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Our trees against dtc and fdtput, and our machines against QEMU's command line.

Each tree is edited twice, by us and by fdtput; `dtc -s` must print both alike. The reserve map, which
fdtput cannot edit, is compared with what was asked for. The trees are small ones of all versions that are
read, and the ones QEMU makes for pseries and powernv machines, whose RAM and CPUs are known from outside.
"""
import argparse
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

TOOL = None
WITH_QEMU = True

SMALL = """/dts-v1/;
/memreserve/ 0x7000 0x800;
/memreserve/ 0x5000000 0x123;
/ { #address-cells = <2>; #size-cells = <2>; model = "small";
  memory@0 { device_type = "memory"; reg = <0 0 0 0x40000000>; };
  cpus { #address-cells = <1>; #size-cells = <0>;
    PowerPC,970@0 { device_type = "cpu"; reg = <0>; cpu-version = <0x390202>; empty; };
    PowerPC,970@1 { device_type = "cpu"; reg = <1>; cpu-version = <0x390202>; bytes = [01 02 03]; }; };
  chosen { bootargs = "old"; linux,initrd-start = <0x5000000>; linux,initrd-end = <0x5000123>; drop-me; };
};
"""

# Name, QEMU's machine options, and what is known about it.
QEMU_MACHINES = [
    ("pseries-power8", ["-machine", "pseries", "-cpu", "power8", "-smp", "2", "-m", "2G"],
     {"ram": "0x0 ..< 0x80000000", "rma": "0x0 ..< 0x40000000", "cpus": "0, 1", "isa": "207", "hypervisor": "0",
      "kexec_slaves": "arriving"}),
    ("pseries-power9", ["-machine", "pseries", "-cpu", "power9", "-smp", "8", "-m", "2G,slots=2,maxmem=8G"],
     {"ram": "0x0 ..< 0x80000000", "rma": "0x0 ..< 0x80000000", "cpus": "0, 1, 2, 3, 4, 5, 6, 7", "isa": "300"}),
    ("pseries-970", ["-machine", "pseries", "-cpu", "970", "-smp", "1", "-m", "512M"],
     {"ram": "0x0 ..< 0x20000000", "isa": "201", "kexec_slaves": "absent", "cpus": "0"}),
    ("powernv9", ["-machine", "powernv9", "-smp", "4", "-m", "2G"],
     {"ram": "0x0 ..< 0x80000000", "rma": "0x0 ..< 0x80000000", "cpus": "0, 4, 8, 12", "isa": "300",
      "hypervisor": "1", "kexec_slaves": "firmware"}),
]


def run(*command):
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=60)
    if result.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


def sorted_source(blob):
    """dtc's text of a blob, (reserve map, the rest)."""
    text = run("dtc", "-q", "-s", "-I", "dtb", "-O", "dts", blob)
    return re.findall(r"^/memreserve/.*$", text, re.M), re.sub(r"^/memreserve/.*\n", "", text, flags=re.M)


def reserve_map(blob):
    """The entries of a blob, in its order, and what stands between the map's end and the structure."""
    data = blob.read_bytes()
    at = struct.unpack_from(">I", data, 16)[0]
    entries = []
    while True:
        pair = struct.unpack_from(">QQ", data, at)
        at += 16
        if pair[1] == 0:
            return entries, data[at:struct.unpack_from(">I", data, 8)[0]]
        entries.append(pair)


class TreeTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="baton-dtb-")
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def compiled(self, source, version=17):
        (self.path / "in.dts").write_text(source)
        blob = self.path / f"in-v{version}.dtb"
        run("dtc", "-q", "-I", "dts", "-O", "dtb", "-V", version, "-b", 1, "-o", blob, self.path / "in.dts")
        return blob

    def edited(self, blob, *edits):
        out = self.path / "ours.dtb"
        run(TOOL, "edit", blob, out, *edits)
        data = out.read_bytes()
        total, _, _, _, version, compatible = struct.unpack_from(">6I", data, 4)
        self.assertEqual((total, version, compatible), (len(data), 17, 16))
        return out

    def by_fdtput(self, blob, *commands):
        out = self.path / "theirs.dtb"
        run("dtc", "-q", "-I", "dtb", "-O", "dtb", "-V", 17, "-o", out, blob)  # fdtput writes 17 only
        for command in commands:
            if command[0] == "-d" and command[2] not in run("fdtget", "-p", out, command[1]).split():
                continue  # fdtput refuses, we have nothing to do
            run("fdtput", command[0], out, *command[1:])
        return out

    def check_edits(self, blob):
        """The same edits by both programs, on any tree with /chosen or without."""
        ours = self.edited(
            blob, "create", "/chosen", "bootargs", b"root=/dev/sda1 quiet\0".hex(),
            "create", "/chosen", "linux,initrd-start", "0000000006000000",
            "create", "/chosen", "linux,initrd-end", "0000000006800400",
            "set", "/", "baton-test", "00112233445566778899aabbccddeeff",
            "create", "/fresh/node@12", "value", "deadbeef", "drop", "/chosen", "drop-me",
            "set", "/", "empty-one", "", "kexec", "cpu", 12, "reserve", "0x6000000", "0x800400", "reserve", 0x123000, 0x1000,
            "own", "0x4000000", "0x10000")
        theirs = self.by_fdtput(
            blob, ("-p", "-ts", "/chosen", "bootargs", "root=/dev/sda1 quiet"),
            ("-tx", "/chosen", "linux,initrd-start", "0", "6000000"),
            ("-tx", "/chosen", "linux,initrd-end", "0", "6800400"),
            ("-thhx", "/", "baton-test", *(f"{i:x}{i:x}" for i in range(16))),
            ("-p", "-tx", "/fresh/node@12", "value", "deadbeef"),
            ("-d", "/chosen", "drop-me"), ("-tx", "/", "empty-one"), ("-tx", "/chosen", "linux,booted-from-kexec"))
        self.assertEqual(sorted_source(ours)[1], sorted_source(theirs)[1])
        self.assertEqual(struct.unpack_from(">I", ours.read_bytes(), 28)[0], 12)
        size = ours.stat().st_size
        own = [(0x4000000, size), (0x4000000 + size, -size % 0x10000)]
        entries, gap = reserve_map(ours)
        self.assertEqual(entries[-4:], [(0x6000000, 0x800400), (0x123000, 0x1000)] + own)
        self.assertEqual(gap, b"")
        # What was ours and the initrd's goes with the next edit; nothing else does.
        again = self.path / "again.dtb"
        run(TOOL, "edit", ours, again)
        self.assertEqual(reserve_map(again)[0], entries[:-4] + [(0x123000, 0x1000)])
        return entries

    def test_versions(self):
        for version in (2, 3, 16, 17):
            with self.subTest(version=version):
                entries = self.check_edits(self.compiled(SMALL, version))
                self.assertEqual(entries[0], (0x7000, 0x800))
                self.assertEqual(len(entries), 5)  # the old initrd's is gone

    def test_every_version_gives_one_blob(self):
        blobs = {self.edited(self.compiled(SMALL, version)).read_bytes() for version in (2, 3, 16, 17)}
        self.assertEqual(len(blobs), 1)

    def test_without_edits_only_properties_of_the_base_s_boot_go(self):
        blob = self.compiled(SMALL)
        theirs = self.by_fdtput(blob, ("-d", "/chosen", "linux,initrd-start"), ("-d", "/chosen", "linux,initrd-end"))
        self.assertEqual(sorted_source(self.edited(blob))[1], sorted_source(theirs)[1])

    def test_each_version_is_written_as_dtc_writes_it(self):
        # No name of a property ends in another's: dtc lets such names share their bytes.
        source = """/dts-v1/;
/memreserve/ 0x7000 0x800;
/ { #address-cells = <2>; #size-cells = <2>; model = "seven b"; compatible = "eight by", "more"; flag;
  memory@0 { device_type = "memory"; reg = <0 0 0 0x40000000>; };
  cpus { #address-cells = <1>; #size-cells = <0>;
    PowerPC,970@0 { device_type = "cpu"; reg = <0>; odd = [01 02 03]; nine = [01 02 03 04 05 06 07 08 09]; };
    PowerPC,970@1 { name = "PowerPC,970"; reg = <1>; linux,boot-cpu; }; };
  chosen { bootargs = ""; deep { deeper { a-node-name-of-thirty-one-chars { x = <1 2>; }; }; }; };
};
"""
        for version in (1, 2, 3, 16, 17):
            with self.subTest(version=version):
                ours = self.path / "ours.dtb"
                base = source if version < 16 else source.replace('name = "PowerPC,970"; ', "")
                run(TOOL, "edit", self.compiled(base), ours, "cpu", 1, "version", version)
                self.assertEqual(ours.read_bytes(), self.compiled(base, version).read_bytes())

    def test_a_tree_prepared_for_its_boot_cpu(self):
        # dtc reads it as it is, and once the name of one property is changed it says that one CPU boots.
        cpus = "".join(f'PowerPC,970@{i:x} {{ device_type = "cpu"; reg = <{i}>; linux,boot-cpu; wide = <1 {i}>; '
                       f'odd = [{"00 " * (i % 3)}]; l2-cache {{ }}; }};' for i in (0, 1, 2, 8, 9, 0x20, 0x100))
        base = self.compiled("/dts-v1/; / { model = \"m\"; cpus { #address-cells = <1>; #size-cells = <0>;" + cpus + "}; };")
        ids = (0, 1, 8, 0x20, 0x100)
        for version in (1, 2, 3, 16, 17):
            prepared = self.path / "prepared.dtb"
            run(TOOL, "edit", base, prepared, "version", version, *(word for one in ids for word in ("may-boot", one)))
            text = sorted_source(prepared)[1]
            self.assertEqual((text.count("linux,boot-cpu;"), text.count("baton,other-cpu;")), (0, len(ids)))
            data = prepared.read_bytes()
            structure, strings = struct.unpack_from(">2I", data, 8)
            boot, other = (data.index(name + b"\0", strings) - strings for name in (b"linux,boot-cpu", b"baton,other-cpu"))
            places = [at for at in range(structure, strings, 4) if data[at:at + 12] == struct.pack(">3I", 3, 0, other)]
            self.assertEqual(len(places), len(ids))
            for one, place in zip(ids, places):
                with self.subTest(version=version, cpu=one):
                    stored = bytearray(data)
                    stored[place + 11] = boot
                    out = self.path / "stored.dtb"
                    out.write_bytes(stored)
                    node = re.search(r"PowerPC,970@([0-9a-f]+) \{[^{}]*linux,boot-cpu;", sorted_source(out)[1])
                    self.assertIsNotNone(node)
                    self.assertEqual(int(node.group(1), 16), one)
                    self.assertEqual(sorted_source(out)[1].count("linux,boot-cpu;"), 1)

    def test_version_1_is_refused(self):
        result = subprocess.run([TOOL, "edit", self.compiled(SMALL, 1), self.path / "out"], capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("is a device tree blob of version 1; versions 2 to 17 are read", result.stderr)
        self.assertFalse((self.path / "out").exists())

    def test_many_edits_keep_every_node(self):
        nodes = "".join(f"n{i:x}@{i:x} {{ a = <{i}>; long-name-{i % 97} = \"{'x' * (i % 13)}\"; }};" for i in range(2000))
        blob = self.compiled("/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; chosen { }; bus {" + nodes + "}; };")
        self.check_edits(blob)

    def test_qemu(self):
        if not WITH_QEMU:
            return
        for name, options, known in QEMU_MACHINES:
            with self.subTest(machine=name):
                blob = self.path / f"{name}.dtb"
                options = [options[0], f"{options[1]},dumpdtb={blob}"] + options[2:]
                run("qemu-system-ppc64", *options, "-nographic", "-nodefaults")
                self.check_edits(blob)
                for version in (1, 2, 3, 16):  # what dtc reads in it is the same tree
                    old = self.path / f"{name}-{version}.dtb"
                    run(TOOL, "edit", blob, old, "version", version)
                    text = re.sub(r'^\t*name = .*\n', "", sorted_source(old)[1], flags=re.M)
                    ours = re.sub(r'^\t*name = .*\n', "", sorted_source(self.edited(blob))[1], flags=re.M)
                    self.assertEqual(text, ours)
                facts = {line.split("\t")[0]: line.split("\t")[1] for line in run(TOOL, "machine", blob).splitlines()}
                self.assertEqual({key: facts.get(key) for key in known}, known)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--without-qemu", action="store_true")
    arguments, rest = parser.parse_known_args()
    TOOL, WITH_QEMU = arguments.tool, not arguments.without_qemu
    unittest.main(argv=[sys.argv[0]] + rest)
