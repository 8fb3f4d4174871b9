# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Does `baton-load --facts` write the machine, all of it, the same on every build of the program?
#
# Oracles: dtc reads the blob back (and, with -I fs, makes its own from the same directory), fdtget
# reads single properties. Needs the package device-tree-compiler.
import os
import re
import shutil
import struct
import subprocess
import tempfile
import unittest

from fake_machine import FakeMachine, u32
from loader_case import main, run

def tool(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout.decode()


def node_names(source):
    """Names of the nodes of a .dts, in order, with their depth."""
    names, depth = [], 0
    for line in source.splitlines():
        opened = re.match(r"\s*(\S+) \{$", line)
        if opened:
            names.append((depth, opened.group(1)))
            depth += 1
        elif line.strip() == "};":
            depth -= 1
    return names


class FactsCase(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="baton-facts-test-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.machine = FakeMachine(os.path.join(self.directory, "root"))
        self.path = os.path.join(self.directory, "facts.dtb")

    def facts(self, build="host"):
        self.machine.write()
        result = run(build, "--facts", self.path, "--root", self.machine.root)
        self.assertEqual(result, (0, "", ""))
        with open(self.path, "rb") as file:
            return file.read()

    def words(self, node, name):
        return tool("fdtget", "-t", "x", self.path, node, name).split()

    def refused(self, code, *pieces):
        self.machine.write()
        got, out, err = run("host", "--facts", self.path, "--root", self.machine.root)
        self.assertEqual((got, out), (code, ""), err)
        for piece in pieces:
            self.assertIn(piece, err)
        self.assertEqual(sorted(os.listdir(self.directory)), ["root"])  # nothing is left


class Facts(FactsCase):
    def test_node(self):
        self.facts()
        self.assertEqual(self.words("/baton,facts", "page-size"), ["10000"])
        self.assertEqual(self.words("/baton,facts", "giver-little-endian"), ["1"])
        self.assertEqual(tool("fdtget", "-t", "s", self.path, "/baton,facts", "iomem"), self.machine.iomem + "\n")
        self.assertEqual(tool("fdtget", self.path, "/baton,facts", "kernel-release").strip(),
                         "6.1.0-made-up")
        blob = os.path.join(self.machine.root, "sys/firmware/fdt")
        self.assertEqual(self.words("/baton,facts", "boot-tree-size"), [format(os.path.getsize(blob), "x")])
        # CPUs 0, 2 and 11 in this order, each address and size of 64 bits; 420 bytes are 0x1a4
        self.assertEqual(self.words("/baton,facts", "crash-notes"),
                         ["0", "3f000000", "0", "1a4", "0", "3f000200", "0", "1a4",
                          "0", "3f000400", "0", "1a4"])
        self.assertEqual(self.words("/baton,facts", "vmcoreinfo"), ["0", "3a50000", "0", "1024"])
        for name, path in (("crash-size", "sys/kernel/kexec_crash_size"), ("cpus-possible", "sys/devices/system/cpu/possible"),
                           ("crash-cma-ranges", "sys/kernel/kexec/crash_cma_ranges")):
            self.assertEqual(tool("fdtget", "-t", "s", self.path, "/baton,facts", name), self.machine.files[path] + "\n")
        self.assertEqual(tool("fdtget", "-p", self.path, "/baton,facts").split(),
                         ["page-size", "giver-little-endian", "boot-tree-size", "iomem", "kernel-release", "crash-notes",
                          "vmcoreinfo", "crash-size", "crash-cma-ranges", "cpus-possible"])

    def test_what_a_machine_lacks_is_left_out(self):
        for path in list(self.machine.files):
            if "crash" in path or "vmcoreinfo" in path or "possible" in path:
                del self.machine.files[path]
        self.machine.files["sys/kernel/kexec/crash_cma_ranges"] = ""  # a kernel that could have some, and has none
        self.machine.arch, self.machine.page_kib = "ppc64", 4
        self.facts()
        self.assertEqual(tool("fdtget", "-p", self.path, "/baton,facts").split(),
                         ["page-size", "giver-little-endian", "boot-tree-size", "iomem", "kernel-release"])
        self.assertEqual(self.words("/baton,facts", "page-size"), ["1000"])
        self.assertEqual(self.words("/baton,facts", "giver-little-endian"), ["0"])

    def test_unreadable_numbers_are_left_out(self):
        self.machine.files["sys/devices/system/cpu/cpu2/crash_notes"] = "nonsense\n"
        self.machine.files["sys/devices/system/cpu/cpu11/crash_notes"] = "1" * 40 + "\n"
        self.machine.files["sys/kernel/vmcoreinfo"] = "3a50000\n"
        self.facts()
        self.assertEqual(self.words("/baton,facts", "crash-notes"), ["0", "3f000000", "0", "1a4"])
        self.assertNotIn("vmcoreinfo", tool("fdtget", "-p", self.path, "/baton,facts"))

    def test_header_and_reserve_map(self):
        blob = self.facts()
        magic, total, structure, strings, reserve, version, compatible, boot_cpu, strings_size, \
            structure_size = struct.unpack(">10I", blob[:40])
        self.assertEqual((magic, total, version, compatible), (0xD00DFEED, len(blob), 17, 16))
        self.assertEqual(boot_cpu, 8)
        self.assertEqual(reserve % 8, 0)
        self.assertEqual(structure + structure_size, strings)
        self.assertEqual(strings + strings_size, total)
        source = tool("dtc", "-q", "-I", "dtb", "-O", "dts", self.path)
        self.assertEqual([tuple(int(n, 16) for n in pair) for pair in
                          re.findall(r"/memreserve/\s+(0x[0-9a-f]+) (0x[0-9a-f]+);", source)],
                         self.machine.reserve)

    def test_machine_without_a_blob(self):
        self.machine.blob = False
        blob = self.facts()
        self.assertEqual(struct.unpack(">I", blob[28:32])[0], 0)
        self.assertNotIn("memreserve", tool("dtc", "-q", "-I", "dtb", "-O", "dts", self.path))

    def test_node_order_is_numeric(self):
        self.machine.tree["cpus/l2-cache@8"] = {}
        self.machine.tree["isa@1f,10"] = {}
        self.machine.tree["isa@1f,9"] = {}
        self.machine.tree["isa@1f"] = {}
        self.machine.tree["isa@x"] = {}
        self.machine.tree["isa"] = {}
        self.facts()
        names = node_names(tool("dtc", "-q", "-I", "dtb", "-O", "dts", self.path))
        self.assertEqual([name for depth, name in names if depth == 1],
                         ["chosen", "cpus", "isa", "isa@1f", "isa@1f,9", "isa@1f,10", "isa@x", "memory@0",
                          "memory@50000000", "pci@800000020000000", "reserved-memory", "rtas",
                          "baton,facts"])
        self.assertEqual([name for depth, name in names if depth == 2],
                         ["PowerPC,POWER9@0", "PowerPC,POWER9@8", "PowerPC,POWER9@10", "PowerPC,POWER9@a0",
                          "PowerPC,POWER9@8f0", "l2-cache@8"])

    def test_same_tree_as_dtc_makes_of_the_directory(self):
        self.facts()
        ours = tool("dtc", "-q", "-s", "-I", "dtb", "-O", "dts", self.path)
        base = os.path.join(self.machine.root, "sys/firmware/devicetree/base")
        theirs = tool("dtc", "-q", "-s", "-I", "fs", "-O", "dts", base)
        ours = re.sub(r"\n\tbaton,facts \{\n.*?\n\t\};\n", "", ours, flags=re.S)

        def lines(source):
            # `name` repeats the node's name and is left out of ours; the reserve map is not in /proc.
            return [line for line in source.splitlines()
                    if line and not re.match(r"\s*name = |/memreserve/", line)]

        self.assertEqual(lines(ours), lines(theirs))
        self.assertGreater(len(lines(ours)), 40)

    def test_old_facts_are_replaced(self):
        plain = self.facts()
        self.machine.tree["baton,facts"] = {"page-size": u32(1), "stale": b"x"}
        self.machine.tree["baton,facts/deeper"] = {}
        self.assertEqual(self.facts(), plain)

    def test_all_builds_write_the_same_bytes(self):
        for arch in ("ppc64", "ppc64le"):
            self.machine.arch = arch
            self.machine.tree["big"] = {"p%d" % i: bytes(range(i)) for i in range(200)}
            want = self.facts("host")
            self.assertEqual(self.facts("host"), want)
            for build in ("ppc64", "ppc64le"):
                self.assertEqual(self.facts(build), want, build)

    def test_empty_tree_and_deep_tree(self):
        self.machine.tree = {"": {}}
        self.facts()
        self.assertEqual(node_names(tool("dtc", "-q", "-I", "dtb", "-O", "dts", self.path)),
                         [(0, "/"), (1, "baton,facts")])
        self.machine.tree = {"/".join("n" * 1 for _ in range(32)): {}}
        self.facts()
        self.machine.tree = {"/".join("n" * 1 for _ in range(33)): {}}
        os.unlink(self.path)
        self.refused(66, "deeper than 32")


class Refusals(FactsCase):
    def test_not_root(self):
        self.machine.iomem = "00000000-00000000 : System RAM\n"
        self.refused(1, "zeros", "run as root")

    def test_other_machine(self):
        self.machine.arch = "x86_64"
        self.refused(1, "this machine is `x86_64`")

    def test_nothing_there(self):
        self.machine.tree = None
        self.refused(66, "device tree", "mount /proc")

    def test_no_iomem(self):
        self.machine.iomem = None
        self.refused(66, "/proc/iomem")

    def test_no_page_size(self):
        self.machine.page_kib = None
        self.refused(1, "page size is not known")

    def test_lying_blobs(self):
        self.machine.blob = False
        head = struct.pack(">10I", 0xD00DFEED, 88, 72, 88, 40, 17, 16, 0, 0, 16)
        for blob in (b"", b"\xd0\x0d\xfe\xed", b"x" * 100, head, head + bytes(15),
                     head[:16] + b"\xff\xff\xff\xff" + head[20:] + bytes(48),
                     head + b"\1" * 160):  # a reserve map without an end
            self.machine.files["sys/firmware/fdt"] = blob
            self.refused(1, "/sys/firmware/fdt is no device tree blob")

    def test_unwritable_place(self):
        self.machine.write()
        code, _, err = run("host", "--facts", os.path.join(self.directory, "no", "facts.dtb"), "--root",
                           self.machine.root)
        self.assertEqual(code, 70)
        self.assertIn("No such file", err)


if __name__ == "__main__":
    main()
