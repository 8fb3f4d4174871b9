#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One machine by four ways: `from dtb`, `baton import` of the blob, of a folder, and `from live`.

- `machine m from dtb F` and what `baton import F` writes have the same facts, for every tree of the golden tests and
  for random ones; the imported program passes `baton check` and is in the style of `baton fmt`.
- So have the trees that QEMU hands to its pseries and powernv machines, and `baton init handoff` builds for each.
- A tree with bytes changed is refused, or imported with the same facts.
- A folder is flattened to what dtc makes of it (`dtc -I fs`), and its import says what the blob's says.
- A live machine is, byte for byte, the facts file that `baton-load --facts` writes from the same copy of it.
- Folders and copies that are damaged, too large, or not readable are refused in words, with the exit code that is
  documented.

    machine_test.py --baton bin/baton --tool inputs_tool --loader baton-load-host --source .
"""
import argparse
import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BATON = TOOL = LOADER = SOURCE = None
WIDE_TOP = 2 ** 64


def run(*words, **options):
    return subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                          check=False, **options)


def must(*words, **options):
    done = run(*words, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def cells(*numbers):
    return b"".join(n.to_bytes(4, "big") for n in numbers)


def wide(*numbers):
    return b"".join(n.to_bytes(8, "big") for n in numbers)


def text(*strings):
    return b"".join(s.encode() + b"\0" for s in strings)


def recipes():
    """The recipes of all device trees of the golden tests and the front page, and the dts files, once each."""
    import run as golden
    found = []
    for path in sorted(glob.glob(SOURCE + "/tests/golden/**/*.golden", recursive=True)):
        with open(path, encoding="utf-8") as stream:
            sections = golden.Golden.parse(stream.read()).sections
        found += [body for name, body in sections if re.fullmatch(r"gen: .*\.dtb", name)]
    with open(SOURCE + "/README.md", encoding="utf-8") as stream:
        found += re.findall(r"^<!-- gen: facts\.dtb\n(.*?)^-->", stream.read(), re.M | re.S)
    for path in sorted(glob.glob(SOURCE + "/tests/**/*.dts", recursive=True)):
        with open(path, encoding="utf-8") as stream:
            found.append("dtb\n" + stream.read())
    return sorted(set(found))


def random_nodes(dice):
    """A tree as {path: {property: bytes}}, of everything that a machine is read from, each part there or not."""
    def some(chance=0.6):
        return dice.random() < chance

    def size():
        return dice.choice((1, 0x123, 0x1000, 0x12345, 1 << 16, 3 << 20, 256 << 20, 1 << 30, 5 << 32))

    nodes = {"": {"#address-cells": cells(2), "#size-cells": cells(2)}}
    if some():
        nodes[""]["model"] = text(dice.choice(("a board", "tab\there", "new\nline; }", "\u00e4 board", "*/ // x")))
    if some():
        nodes[""]["compatible"] = text("made,up", "ibm,powernv")[:dice.choice((99, 7))]
    at = 0
    for _ in range(dice.randrange(0, 9)):
        length = size()
        if at + length < WIDE_TOP:
            nodes[f"memory@{at:x}"] = {"device_type": text("memory"), "reg": wide(at, length)}
            if some(0.1):
                nodes[f"memory@{at:x}"]["status"] = text("disabled")
        at += length + dice.choice((0, 0x1000, 1 << 32))
    if some(0.1):
        at = 1 << 63
        nodes[f"memory@{at:x}"] = {"device_type": text("memory"), "reg": wide(at, 1 << 63)}
    if some(0.9):
        nodes["cpus"] = {"#address-cells": cells(1), "#size-cells": cells(0)}
        step = dice.choice((1, 4, 8))
        for cpu in range(0, dice.choice((0, 1, 2, 40)) * step, step):
            nodes[f"cpus/cpu@{cpu:x}"] = {"device_type": text("cpu"), "reg": cells(cpu),
                                          "cpu-version": cells(dice.choice((0x4E1202, 0x4D0200, 0x390202, 0x11110000)))}
            if some():
                nodes[f"cpus/cpu@{cpu:x}"]["ibm,ppc-interrupt-server#s"] = cells(*range(cpu, cpu + dice.randrange(1, step + 1)))
    chosen = nodes.setdefault("chosen", {})
    if some():
        chosen["linux,kernel-end"] = wide(dice.choice((0x2000000, 0x2345678, 0x1)))
    for first, second in (("crashkernel-base", "crashkernel-size"), ("htab-base", "htab-size")):
        if some(0.4):
            chosen["linux," + first], chosen["linux," + second] = wide(size()), wide(size())
    if some(0.4):
        start = size()
        chosen["linux,initrd-start"], chosen["linux,initrd-end"] = wide(start), wide(start + size())
    if some(0.4):
        nodes["rtas"] = {"rtas-size": cells(0x20000)}
        if some():
            nodes["rtas"]["linux,rtas-base"] = cells(0xFE00000)
    if some(0.4):
        nodes["ibm,opal"] = {}
        if some():
            nodes["ibm,opal"] = {"opal-base-address": wide(0x30000000), "opal-entry-address": wide(0x30000300),
                                 "opal-runtime-size": wide(size())}
    for bridge in range(dice.choice((0, 0, 1, 12))):
        nodes[f"pci@8000000200000{bridge:02x}"] = {"device_type": text("pci"), "linux,tce-size": cells(0x80000),
                                                  "linux,tce-base": wide(0x60000000 + bridge * 0x100000)}
    if some(0.3):
        nodes["reserved-memory"] = {"#address-cells": cells(2), "#size-cells": cells(2), "ranges": b""}
        nodes["reserved-memory/a@9000000"] = {"reg": wide(0x9000000, size())}
        nodes["reserved-memory/later"] = {"size": wide(4096)}
    if some(0.3):
        nodes[""]["reserved-ranges"] = wide(0x8000000, size())
    if some(0.3):
        nodes["baton,facts"] = {"page-size": cells(dice.choice((0x1000, 0x10000, 1 << 24))), "giver-little-endian": cells(dice.randrange(2)),
                                "iomem": text("00000000-3fffffff : System RAM\n  00000000-01ffffff : Kernel code\n")}
    return nodes


def clauses(program):
    return [line.split("//")[0].split() for line in program.splitlines() if line.split("//")[0].strip()]


def as_folder(nodes, folder):
    for path, properties in nodes.items():
        os.makedirs(os.path.join(folder, path), exist_ok=True)
        for name, value in {**properties, "name": text(path.rpartition("/")[2].partition("@")[0])}.items():
            with open(os.path.join(folder, path, name), "wb") as stream:
                stream.write(value)


class MachineCase(unittest.TestCase):
    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="baton-machine-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as stream:
            stream.write(content if isinstance(content, bytes) else content.encode())
        return self.path(name)

    def facts(self, program, *options):
        """{name: value} as `baton dump machine` has them."""
        dumped = json.loads(must(BATON, "dump", "machine", program, *options))
        return {fact["name"]: fact["value"] for fact in dumped["facts"]}, dumped["remarks"]

    def check_import(self, blob, what):
        """Both ways to the facts of `blob`; the text of the import."""
        imported = self.path("imported.baton")
        must(BATON, "import", blob, "--name", "m", "-o", imported, "--force")
        must(BATON, "check", imported)
        must(BATON, "fmt", "--check", imported)
        by_tree, remarks = self.facts(self.write("tree.baton", f'language 1;\nmachine m from dtb "{blob}" {{}}\n'))
        by_clauses, _ = self.facts(imported)
        self.assertIn("tree", by_tree, what)
        del by_tree["tree"]
        self.assertEqual(by_clauses, by_tree, what)
        with open(imported, encoding="ascii") as stream:
            program = stream.read()
        # Every fact of the tree has its clause, with its origin behind it or above, everything it lacks its comment.
        for name in by_tree:
            if name != "page" or "page size taken" not in " ".join(remarks):
                name = re.escape(name)
                self.assertRegex(program, rf"(?m)^  {name} = [^;]*; +// .|^  // `{name}` is from .+\n(?:  //   .*\n)*  {name} = [^;]*;\n", what)
        self.assertLessEqual(max(map(len, program.splitlines())), 100, what)
        for remark in remarks:
            absent = re.match(r"`([a-z_.]+)` is not known", remark)
            if absent:
                self.assertIn(f"// - `{absent.group(1)}` is not known", program, what)
        return program


class Import(MachineCase):
    def test_trees_of_the_tests(self):
        import inputs
        read = 0
        for recipe in recipes():
            blob = self.path("t.dtb")
            inputs.make(blob, recipe)
            if run(BATON, "import", blob).returncode == 0:  # else it is wrong on purpose, and a golden test has why
                self.check_import(blob, recipe)
                read += 1
        self.assertGreaterEqual(read, 4)

    def test_random_trees_as_blob_and_as_folder(self):
        dice = random.Random(20)
        for number in range(40):
            with self.subTest(number=number):
                nodes = random_nodes(dice)
                tree, blob = self.path(f"{number}"), self.path("theirs.dtb")
                os.makedirs(tree)
                as_folder(nodes, tree)
                must("dtc", "-q", "-f", "-I", "fs", "-O", "dtb", "-o", blob, tree)
                from_blob = self.check_import(blob, f"tree {number}")
                from_folder = must(BATON, "import", tree, "--name", "m")
                # dtc takes a folder in the order of the disk: the clauses are the same, not the places named with them.
                self.assertEqual(clauses(from_folder), clauses(from_blob))
                # The same nodes and properties as dtc reads there, in an order of our own.
                ours = self.path("ours.dtb")
                must(TOOL, "folder", tree, ours)

                def sorted_source(path):
                    source = must("dtc", "-q", "-f", "-s", "-I", "dtb", "-O", "dts", path)
                    return [l for l in source.splitlines() if not re.match(r"\s*name = ", l)]
                self.assertEqual(sorted_source(ours), sorted_source(blob))

    def test_damaged_trees(self):
        """Blobs with bytes changed: refused with a sentence, or imported with the facts that `from dtb` has."""
        dice, imported = random.Random(21), 0
        for number in range(60):
            nodes = random_nodes(dice)
            as_folder(nodes, self.path(f"d{number}"))
            blob = self.path("damaged.dtb")
            must(TOOL, "folder", self.path(f"d{number}"), blob)
            with open(blob, "r+b") as stream:
                size = os.path.getsize(blob)
                for _ in range(dice.choice((1, 1, 2, 30))):
                    stream.seek(dice.randrange(size))
                    stream.write(bytes([dice.choice((0, 1, 0x0A, 0x3B, 0x7D, 0xFF, dice.randrange(256)))]))
                if dice.random() < 0.1:
                    stream.truncate(dice.randrange(size))
            with self.subTest(number=number):
                done = run(BATON, "import", blob)
                if done.returncode == 0:
                    self.check_import(blob, f"damaged tree {number}")
                    imported += 1
                else:
                    self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
                    self.assertRegex(done.stderr, r"\Aerror\[BT4002 bad-tree\]: `.*damaged.dtb`")
        self.assertGreater(imported, 10)
        self.assertLess(imported, 60)

    def test_no_tree_writes_a_clause(self):
        nodes = {"": {"#address-cells": cells(2), "#size-cells": cells(2), "model": text("x\n}\nmachine n { page = 4KiB; }\n//")},
                 "memory@0\n; page = 4KiB; //": {"device_type": text("memory"), "reg": wide(0, 1 << 30)}}
        as_folder(nodes, self.path("t"))
        program = must(BATON, "import", self.path("t"), "--name", "m")
        self.assertNotIn("\npage", program)
        self.assertEqual(set(self.facts(self.write("p.baton", program))[0]), {"ram", "rma", "hypervisor", "kexec_slaves", "page"})
        self.assertEqual(self.facts(self.path("p.baton"))[0]["page"], "64KiB")

    def test_memory_up_to_the_top(self):
        for reg, ram in (((0, WIDE_TOP // 2, WIDE_TOP // 2, WIDE_TOP // 2), "0x0 ..< 0x10000000000000000"),
                         ((WIDE_TOP - 1, 1), "0xffffffffffffffff ..< 0x10000000000000000")):
            nodes = {"": {"#address-cells": cells(2), "#size-cells": cells(2)}, "ibm,opal": {},
                     "memory@0": {"device_type": text("memory"), "reg": wide(*reg)}}
            as_folder(nodes, self.path(f"top{reg[0]}"))
            facts, _ = self.facts(self.write("p.baton", must(BATON, "import", self.path(f"top{reg[0]}"), "--name", "m")))
            self.assertEqual((facts["ram"], facts["rma"]), (ram, ram))


# What QEMU's machines hand to a kernel or a firmware: from one CPU to hundreds, with and without hot-plugged memory.
QEMU = {
    "pseries": ("-machine", "pseries", "-m", "512M"),
    "pseries-power8-hotplug": ("-machine", "pseries", "-cpu", "power8", "-m", "2G,slots=4,maxmem=16G", "-smp", "8"),
    "pseries-numa": ("-machine", "pseries", "-m", "4G", "-smp", "64", "-object", "memory-backend-ram,id=a,size=2G", "-object",
                     "memory-backend-ram,id=b,size=2G", "-numa", "node,memdev=a", "-numa", "node,memdev=b"),
    "pseries-large": ("-machine", "pseries", "-m", "8G,slots=32,maxmem=1T", "-smp", "1,maxcpus=512"),
    "powernv8": ("-machine", "powernv8", "-m", "2G"),
    "powernv9": ("-machine", "powernv9", "-m", "4G", "-smp", "16,sockets=1,cores=4,threads=4"),
    "powernv10-two-chips": ("-machine", "powernv10", "-m", "8G", "-smp", "64,sockets=2,cores=8,threads=4"),
}


class Qemu(MachineCase):
    """Trees that nobody here made up."""

    def test_import_and_begin_a_handoff(self):
        import inputs
        for order in ("big", "little"):
            inputs.make(self.path("vmlinux-" + order),
                        f"elf order={order} entry=0x0\nload 0x0 size=0x1000 memsz=0x20000\nkernel-head 0x0\n")
        wanted = {"pseries": ("isa = 300;", "kexec_slaves = absent;", "ram = 0x0 +: 512MiB;"),
                  "pseries-power8-hotplug": ("isa = 207;", "cpus = 0, 1, 2, 3, 4, 5, 6, 7;", "rma = 0x0 +: 1GiB;"),
                  "pseries-numa": ("ram = 0x0 +: 4GiB;", "rma = 0x0 +: 2GiB;", " 62, 63;"),
                  "pseries-large": ("ram = 0x0 +: 8GiB;",),
                  "powernv8": ("isa = 207;", "/// Compatible: qemu,powernv8, qemu,powernv, ibm,powernv"),
                  "powernv9": ("isa = 300;", "hypervisor = 1;", "kexec_slaves = firmware;"),
                  "powernv10-two-chips": ("isa = 310;", " 31, 256, 257,")}
        for machine, options in QEMU.items():
            with self.subTest(machine=machine):
                blob = self.path(machine + ".dtb")
                words = list(options)
                words[1] += f",dumpdtb={blob}"
                must("qemu-system-ppc64", "-display", "none", "-nodefaults", *words)
                program = self.check_import(blob, machine)
                for piece in wanted[machine]:
                    self.assertIn(piece, program)
                for order in ("big", "little"):
                    begun, out = self.path("begun.baton"), self.path("out")
                    must(BATON, "init", "handoff", "boot", "--machine", blob, "--kernel", self.path("vmlinux-" + order), "-o", begun, "--force")
                    must(BATON, "check", begun)
                    must(BATON, "fmt", "--check", begun)
                    must(BATON, "build", begun, "-o", out)
                    self.assertTrue(os.path.exists(os.path.join(out, "boot.bundle")))


class Folders(MachineCase):
    """What is no device tree, or may not be read. The property that all runs have: no crash, a sentence, a code."""

    def setUp(self):
        super().setUp()
        as_folder({"": {"#address-cells": cells(2), "#size-cells": cells(2)},
                   "memory@0": {"device_type": text("memory"), "reg": wide(0, 1 << 30)}}, self.path("t"))

    def refused(self, code, *pieces, path=None, **options):
        done = run(BATON, "import", path or self.path("t"), **options)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, "")
        for piece in pieces:
            self.assertIn(piece, done.stderr)

    def test_links_and_pipes_below_are_passed_over(self):
        plain = must(BATON, "import", self.path("t"))
        os.symlink("/", self.path("t/loop"))
        os.symlink("/etc/passwd", self.path("t/ibm,opal"))
        os.symlink(self.path("t"), self.path("t/memory@0/self"))
        os.mkfifo(self.path("t/pipe"))
        self.assertEqual(must(BATON, "import", self.path("t")), plain)
        os.symlink("t", self.path("link"))  # /proc/device-tree is a link itself
        self.assertEqual(must(BATON, "import", self.path("link"), "--name", "t").replace("/link`", "/t`"), plain)

    def test_depth(self):
        deep = "/".join("n" * 1 for _ in range(32))
        os.makedirs(self.path("t/" + deep))
        must(BATON, "import", self.path("t"))
        os.makedirs(self.path("t/" + deep + "/n"))
        self.refused(1, "bad-tree", "more than 32 folders deep")

    def peak_kib(self):
        """Memory that an import takes at its highest. Freed memory that a sanitizer holds back would count, too."""
        with subprocess.Popen([BATON, "import", self.path("t")], stdout=subprocess.DEVNULL,
                              env={**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=1"}) as child:
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(child.returncode, 0)
        return used.ru_maxrss

    def test_memory(self):
        """Many small properties take about what they hold: not a page each."""
        before = self.peak_kib()
        for i in range(6000):
            with open(self.path(f"t/p{i}"), "wb") as stream:
                stream.write(b"\0\0\0\1")
        self.assertLess(self.peak_kib() - before, 12 << 10)

    def test_size(self):
        with open(self.path("t/large"), "wb") as stream:
            stream.truncate((16 << 20) + 1)
        self.refused(1, "bad-tree", "/t/large` has more than 16MiB")
        for i in range(5):
            with open(self.path(f"t/n{i}"), "wb") as stream:
                stream.truncate(15 << 20)
        os.unlink(self.path("t/large"))
        self.refused(1, "bad-tree", "have more than 64MiB: that is no device tree")

    def test_permission(self):
        for name in ("t/memory@0/reg", "t/memory@0"):
            os.chmod(self.folder, 0o755)
            os.chmod(self.path(name), 0)
            as_user = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
            # A copy, as `nobody` may not reach a build folder.
            program = shutil.copy(BATON, self.path("baton"))
            done = run(program, "import", self.path("t"), **as_user)
            self.assertEqual((done.returncode, done.stdout), (66, ""), done.stderr)
            self.assertIn("input-missing", done.stderr)
            self.assertIn(f"{name}`: Permission denied", done.stderr)
            self.assertIn("root", done.stderr)
            os.chmod(self.path(name), 0o755)

    def test_missing_and_wrong(self):
        self.refused(66, "input-missing", path=self.path("nothing"))
        os.mkdir(self.path("empty"))
        self.refused(1, "bad-tree", "is no device tree: it has none of", path=self.path("empty"))
        self.refused(1, "bad-tree", "is not a device tree blob", path=self.write("text", "hello"))
        os.symlink("b", self.path("a"))
        os.symlink("a", self.path("b"))
        self.refused(66, "input-missing", path=self.path("a"))  # links in a circle
        os.mkfifo(self.path("pipe"))
        self.refused(66, "input-missing", "is not a regular file", path=self.path("pipe"))
        self.refused(66, "input-missing", path="/dev/zero")
        os.mkdir(self.path("odd"))
        os.symlink("/dev/zero", self.path("odd/compatible"))
        os.mkfifo(self.path("odd/model"))
        self.refused(1, "bad-tree", "is no device tree: it has none of", path=self.path("odd"))
        self.refused(1, "bad-tree", "is no device tree: it has none of", path="/")
        with open(self.write("sparse", b""), "wb") as stream:
            stream.truncate(1 << 40)
        self.refused(1, "bad-tree", "is not a device tree blob", path=self.path("sparse"))
        self.write("t/memory@0/reg", b"123")
        self.refused(1, "bad-tree", "/memory@0 reg has 3 bytes")


class Live(MachineCase):
    def setUp(self):
        super().setUp()
        from fake_machine import FakeMachine
        self.machine = FakeMachine(self.path("root"))
        self.program = self.write("live.baton", "language 1;\nmachine m from live {}\n")

    def both(self):
        """The facts file by the loader program, the same by the compiler, and the facts in words."""
        self.machine.write()
        must(LOADER, "--facts", self.path("facts.dtb"), "--root", self.machine.root)
        must(TOOL, "live", self.machine.root, self.path("live.dtb"))
        with open(self.path("facts.dtb"), "rb") as theirs, open(self.path("live.dtb"), "rb") as ours:
            self.assertEqual(ours.read(), theirs.read())
        by_file, _ = self.facts(self.write("file.baton", 'language 1;\nmachine m from dtb "facts.dtb" {}\n'))
        live, _ = self.facts(self.program, "--live", self.machine.root)
        by_live_file, _ = self.facts(self.program, "--live", self.path("facts.dtb"))
        del by_file["tree"], live["tree"], by_live_file["tree"]
        self.assertEqual(live, by_file)
        self.assertEqual(by_live_file, by_file)
        return live

    def test_a_machine_is_its_facts_file(self):
        facts = self.both()
        self.assertEqual((facts["page"], facts["running_kernel"]), ("64KiB", "0x0 ..< 0x2000000"))
        self.assertEqual(facts["cpus"], "0, 8, 16, 160, 2288")

    def test_variants(self):
        self.machine.arch, self.machine.page_kib = "ppc64", 4
        self.assertEqual(self.both()["page"], "4KiB")
        self.machine.blob = False
        self.both()
        self.machine.opal()
        self.assertEqual(self.both()["hypervisor"], "1")
        self.machine.tree["baton,facts"] = {"page-size": cells(1), "stale": b"x"}
        self.machine.tree["baton,facts/deeper"] = {}
        self.machine.tree["isa@1f,10"] = {}
        self.machine.tree["isa@1f,9"] = {}
        self.machine.tree["isa@1f"] = {}
        self.machine.tree["isa@x"] = {}
        self.machine.tree["isa@08"] = {}
        self.machine.tree["isa@8"] = {}
        self.machine.tree["isa"] = {f"p{i}": bytes(range(i)) for i in range(90)}
        self.both()
        self.machine.files["sys/devices/system/cpu/cpu2/crash_notes"] = "nonsense\n"
        self.machine.files["sys/devices/system/cpu/cpu11/crash_notes"] = "1" * 40 + "\n"
        self.machine.files["sys/kernel/vmcoreinfo"] = "3a50000\n"
        self.both()

    def test_a_clause_overrides(self):
        self.machine.write()
        program = self.write("o.baton", "language 1;\nmachine m from live { page = 4KiB; isa = 207; }\n")
        facts, _ = self.facts(program, "--live", self.machine.root)
        self.assertEqual((facts["page"], facts["isa"], facts["hypervisor"]), ("4KiB", "207", "0"))

    def test_depfile(self):
        """It names the file that stands for the machine, and no folder, of which no time of change says anything."""
        import inputs
        self.machine.write()
        must(LOADER, "--facts", self.path("facts.dtb"), "--root", self.machine.root)
        inputs.make(self.path("vmlinux"), "elf order=little entry=0x0\nload 0x0 size=0x1000 memsz=0x20000\nkernel-head 0x0\n")
        must(BATON, "init", "handoff", "boot", "--machine", self.path("facts.dtb"), "--kernel", self.path("vmlinux"), "-o", self.path("boot.baton"))
        with open(self.path("boot.baton"), encoding="utf-8") as stream:
            program, count = re.subn(r'from dtb "[^"]*"', "from live", stream.read())
        self.assertEqual(count, 1)
        self.write("boot.baton", program)
        stubs = []
        for path, named in ((self.path("facts.dtb"), True), (self.machine.root, False)):
            must(BATON, "build", self.path("boot.baton"), "-o", self.path("out"), "--live", path)
            with open(self.path("out/boot.d"), encoding="utf-8") as stream:
                self.assertEqual(path in stream.read().replace("\\\n", " ").split(), named)
            with open(self.path("out/boot.bundle"), "rb") as stream:
                stubs.append(stream.read())
        self.assertEqual(stubs[0], stubs[1])

    def refused(self, code, *pieces):
        self.machine.write()
        done = run(BATON, "dump", "machine", self.program, "--live", self.machine.root)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        for piece in pieces:
            self.assertIn(piece, done.stderr)

    def test_refusals(self):
        self.machine.arch = "x86_64"
        self.refused(1, "other-machine", "is `x86_64`, not ppc64 or ppc64le", "baton-load --facts FILE", "--live FILE")
        self.machine.arch = None
        self.refused(1, "other-machine", "does not say its architecture")
        self.machine.arch, self.machine.page_kib = "ppc64le", None
        self.refused(66, "input-missing", "page size is not known")
        self.machine.page_kib, iomem = 64, self.machine.iomem
        self.machine.iomem = "00000000-00000000 : System RAM\n"
        self.refused(66, "input-missing", "zeros instead of addresses", "run as root")
        self.machine.iomem = None
        self.refused(66, "input-missing", "proc/iomem")
        self.machine.iomem, self.machine.blob = iomem, False
        for blob in (b"", b"\xd0\x0d\xfe\xed", b"x" * 100, cells(0xD00DFEED, 88, 72, 88, 40, 17, 16, 0, 0, 16),
                     cells(0xD00DFEED, 88, 72, 88, 0xFFFFFFFF, 17, 16, 0, 0, 16), cells(0xD00DFEED, 88, 72, 88, 40, 17) + b"\1" * 160):
            self.machine.files["sys/firmware/fdt"] = blob
            self.refused(1, "bad-tree", "sys/firmware/fdt` is no device tree blob")
        del self.machine.files["sys/firmware/fdt"]
        self.machine.tree = None
        self.refused(66, "input-missing", "proc/device-tree")

    def test_files_that_are_no_facts(self):
        must("dtc", "-q", "-I", "dts", "-O", "dtb", "-o", self.path("plain.dtb"), self.write("plain.dts", "/dts-v1/; / { chosen { }; };"))
        for path, code, piece in ((self.path("plain.dtb"), 1, "is no facts file: it has no node /baton,facts"),
                                  (self.write("text", "hello"), 1, "is not a device tree blob"), (self.path("none"), 66, "input-missing")):
            done = run(BATON, "dump", "machine", self.program, "--live", path)
            self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
            self.assertIn(piece, done.stderr)

    def test_hostile_copies(self):
        """Links in circles, pipes, devices, files without an end: a sentence, or passed over where they say little."""
        self.machine.write()

        def replaced(name, make, code, *pieces):
            path = os.path.join(self.machine.root, name)
            kept = self.path("kept")
            os.rename(path, kept)
            make(path)
            done = run(BATON, "dump", "machine", self.program, "--live", self.machine.root)
            self.assertEqual(done.returncode, code, name + done.stderr)
            for piece in pieces:
                self.assertIn(piece, done.stderr)
            os.unlink(path)
            os.rename(kept, path)

        def large(mib):
            def make(path):
                with open(path, "wb") as stream:
                    stream.truncate((mib << 20) + 1)
            return make

        def link(to):
            return lambda path: os.symlink(to, path)
        circle = link("../proc/iomem")
        replaced("proc/iomem", circle, 66, "input-missing", "proc/iomem")
        replaced("proc/iomem", link("/dev/zero"), 66, "is not a regular file")
        replaced("proc/iomem", os.mkfifo, 66, "is not a regular file")
        replaced("proc/iomem", large(16), 1, "bad-tree", "has more than 16MiB")
        replaced("proc/self/smaps", large(16), 1, "bad-tree", "has more than 16MiB")
        replaced("proc/device-tree", circle, 66, "input-missing", "proc/device-tree")
        replaced("proc/device-tree", link("/dev/zero"), 66, "input-missing", "proc/device-tree")
        replaced("proc/sys/kernel/arch", link("/dev/zero"), 1, "other-machine", "does not say its architecture")
        replaced("sys/firmware/fdt", large(64), 1, "bad-tree", "has more than 64MiB")
        replaced("sys/firmware/fdt", link("fdt"), 66, "input-missing", "sys/firmware/fdt")
        for path in ("sys/kernel/vmcoreinfo", "sys/devices/system/cpu/cpu0/crash_notes"):
            for make in (os.mkfifo, link("/dev/zero"), large(64)):
                replaced(path, make, 0)

    def test_this_machine(self):
        """Where the compiler runs: its facts on ppc64, a refusal that shows the way anywhere else."""
        done = run(BATON, "dump", "machine", self.program)
        if os.uname().machine in ("ppc64", "ppc64le"):
            self.assertIn(done.returncode, (0, 66), done.stderr)
            return
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(f"`{os.uname().machine}`, not ppc64 or ppc64le", done.stderr)
        self.assertIn("baton-load --facts FILE", done.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for word in ("baton", "tool", "loader", "source"):
        parser.add_argument("--" + word, required=True)
    arguments, rest = parser.parse_known_args()
    BATON, TOOL, LOADER, SOURCE = (os.path.abspath(p) for p in (arguments.baton, arguments.tool, arguments.loader, arguments.source))
    sys.path[:0] = [os.path.join(SOURCE, "tests/runtime"), os.path.join(SOURCE, "tests/golden")]
    sys.dont_write_bytecode = True
    unittest.main(argv=[sys.argv[0]] + rest)
