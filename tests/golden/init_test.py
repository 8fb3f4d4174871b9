#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Does what `baton init` writes compile, for every machine, kernel and pair of conventions it takes?

Each handoff passes `baton check` and `baton fmt --check`, and `baton build` where its kernel exists; paths in it are
right from the folder it stands in. No file is written over without --force, and none is left by a refusal. Names
that are none are usage errors.

Example: init_test.py build/release/bin/baton
"""
import itertools
import os
import re
import subprocess
import sys
import tempfile
import unittest

import inputs

BATON = None

HEAD = "dtb\n/dts-v1/;\n/ { #address-cells = <2>; #size-cells = <2>;\n"
CPUS = ("cpus { #address-cells = <1>; #size-cells = <0>; cpu@0 { device_type = \"cpu\"; reg = <0>; "
        "ibm,ppc-interrupt-server#s = <0 1>; cpu-version = <0x4e1202>; }; };\n")
MEMORY = "memory@0 { device_type = \"memory\"; reg = <0 0 0 0x20000000>; };\n"
MACHINES = {
    "bare": HEAD + MEMORY + CPUS + "chosen { bootargs = \"quote \\\" and \\\\ and \\t tab\"; }; };\n",
    "no-chosen": HEAD + MEMORY + CPUS + "};\n",
    "small": HEAD + "memory@0 { device_type = \"memory\"; reg = <0 0 0 0x4000000>; };\n" + CPUS + "chosen { }; };\n",
    "facts-little": HEAD + MEMORY + CPUS + "chosen { linux,kernel-end = <0 0x2400000>; };\n"
                    "baton,facts { page-size = <0x10000>; giver-little-endian = <1>; }; };\n",
    "facts-big": HEAD + MEMORY + CPUS + "chosen { linux,kernel-end = <0 0x2400000>; };\n"
                 "baton,facts { page-size = <0x1000>; giver-little-endian = <0>; }; };\n",
    "opal": HEAD + MEMORY + CPUS + "chosen { };\nibm,opal { opal-base-address = <0 0x10000000>; opal-runtime-size = <0 0x100000>; "
            "opal-entry-address = <0 0x10000300>; }; };\n",
    "opal-silent": HEAD + MEMORY + CPUS + "chosen { linux,kernel-end = <0 0x2400000>; };\nibm,opal { };\n"
                   "baton,facts { page-size = <0x10000>; giver-little-endian = <1>; }; };\n",
}
KERNEL = "elf order={} entry=0x0\nload 0x0 size=0x1000 memsz=0x20000\nkernel-head 0x0\n"


class InitCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="baton-init-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for order in ("big", "little"):
            inputs.make(self.path("vmlinux-" + order), KERNEL.format(order))
        inputs.make(self.path("initrd"), "pattern 5KiB")
        inputs.make(self.path("flat"), "pattern 5KiB")

    def path(self, name):
        return os.path.join(self.folder, name)

    def baton(self, *words, code=0):
        done = subprocess.run([BATON, *words], cwd=self.folder, check=False, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, code, f"baton {' '.join(words)}\n{done.stdout}{done.stderr}")
        return done.stdout if code == 0 else done.stderr

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as stream:
            return stream.read()

    def sound(self, program):
        done = subprocess.run([BATON, "check", program], cwd=self.folder, check=False, text=True, capture_output=True, timeout=60)
        # No warning, either, but the one that is the author's to answer: what a giver happens to do is relied on.
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        codes = re.findall(r"^[a-z]+\[(\S+) ", done.stderr, re.M)
        self.assertEqual(codes, ["BT7011"] if "relies on incidental" in self.read(program) else [], done.stderr)
        self.baton("fmt", "--check", program)


class Handoff(InitCase):
    def test_machines_and_kernels(self):
        count = 0
        for (machine, recipe), order in itertools.product(MACHINES.items(), ("big", "little")):
            with self.subTest(machine=machine, kernel=order):
                name = f"h{count}"
                inputs.make(self.path("machine.dtb"), recipe)
                self.baton("init", "handoff", name, "--machine", "machine.dtb", "--kernel", "vmlinux-" + order, "--initrd", "initrd")
                self.sound(name + ".baton")
                self.baton("build", name + ".baton", "-o", "out-" + name)
                self.assertTrue(os.path.exists(self.path(f"out-{name}/{name}.bundle")))
                count += 1
        self.assertEqual(count, 2 * len(MACHINES))

    def test_what_the_machine_says(self):
        text = {}
        for machine, recipe in MACHINES.items():
            inputs.make(self.path("machine.dtb"), recipe)
            text[machine] = self.baton("init", "handoff", "boot", "--machine", "machine.dtb", "--kernel", "vmlinux-big", "-o", "-")
        self.assertIn("giver little;", text["facts-little"])
        # A big-endian image wants ile = 0: the hypervisor is asked for it, and OPAL where its entry is known.
        self.assertNotIn("relies on", text["facts-little"])
        self.assertIn("relies on incidental ile;", text["opal-silent"])
        self.assertIn("giver big;", text["facts-big"])
        self.assertNotIn("relies on", text["facts-big"])
        self.assertNotIn("running_kernel", text["facts-big"])
        self.assertIn("running_kernel = 0x0 +: 64MiB;", text["bare"])
        self.assertIn("running_kernel = 0x0 +: 16MiB;", text["small"])
        self.assertIn('param cmdline : string = "quote \\" and \\\\ and \\x09 tab";', text["bare"])

    def test_bootargs_of_any_bytes(self):
        for number, arguments in enumerate((bytes(range(1, 256)), b"", b"x" * 2047, b'%s ${x} // } ; \\" \xc3\xa4', b"up to here\0and no more")):
            digits = " ".join(f"{byte:02x}" for byte in arguments + b"\0")
            inputs.make(self.path("machine.dtb"), HEAD + MEMORY + CPUS + f"chosen {{ bootargs = [{digits}]; }}; }};\n")
            self.baton("init", "handoff", "boot", "--machine", "machine.dtb", "--kernel", "vmlinux-little", "--force")
            self.sound("boot.baton")
            self.baton("build", "boot.baton", "-o", "out")
            words = subprocess.run(["fdtget", "-t", "bx", self.path("out/boot.dtb"), "/chosen", "bootargs"], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout.split()
            self.assertEqual(bytes(int(word, 16) for word in words), arguments.partition(b"\0")[0] + b"\0", number)

    def test_conventions(self):
        inputs.make(self.path("machine.dtb"), MACHINES["facts-big"])
        for start, to in itertools.product(("linux.kexec@2005", "linux.kexec@2008", "linux.kexec@2013"), ("linux.bootblock@17",)):
            self.baton("init", "handoff", "boot", "--machine", "machine.dtb", "--kernel", "vmlinux-big", "--from", start, "--to", to, "--force")
            self.assertIn(f"from {start};", self.read("boot.baton"))
            self.sound("boot.baton")
            self.baton("build", "boot.baton", "-o", "out")

    def test_a_convention_of_ones_own(self):
        os.makedirs(self.path("lib/own"))
        inputs.make(self.path("machine.dtb"), MACHINES["facts-big"])
        self.baton("init", "convention", "own.flat@3", "-o", "lib/own/flat.baton")
        self.baton("init", "handoff", "boot", "--machine", "machine.dtb", "--kernel", "flat", "--to", "own.flat@3", "--stdlib", "lib")
        self.assertIn("segment kernel = file kernel_file", self.read("boot.baton"))
        self.baton("check", "boot.baton", "--stdlib", "lib")
        self.baton("build", "boot.baton", "--stdlib", "lib", "-o", "out")

    def test_without_a_kernel(self):
        inputs.make(self.path("machine.dtb"), MACHINES["bare"])
        self.baton("init", "handoff", "later", "--machine", "machine.dtb", "--kernel", "not-built-yet")
        self.sound("later.baton")
        self.assertIn('param kernel_file : path = "not-built-yet";', self.read("later.baton"))
        self.baton("init", "handoff", "bare", "--machine", "machine.dtb")
        self.sound("bare.baton")
        self.baton("build", "bare.baton", "-o", "out", "-D", "kernel_file=vmlinux-little")

    def test_paths_are_the_programs(self):
        os.makedirs(self.path("in"))
        inputs.make(self.path("in/machine.dtb"), MACHINES["facts-little"])
        self.baton("init", "handoff", "boot", "--machine", "in/machine.dtb", "--kernel", "vmlinux-little", "-o", "programs/boot.baton")
        self.assertIn('from dtb "../in/machine.dtb"', self.read("programs/boot.baton"))
        self.baton("build", "programs/boot.baton", "-o", "out")
        self.baton("init", "handoff", "boot", "--machine", self.path("in/machine.dtb"), "-o", "programs/absolute.baton")
        self.assertIn(f'from dtb "{self.path("in/machine.dtb")}"', self.read("programs/absolute.baton"))

    def test_what_would_not_build_is_not_written(self):
        inputs.make(self.path("machine.dtb"), MACHINES["small"])
        with open(self.path("huge"), "wb") as stream:
            stream.truncate(200 << 20)
        message = self.baton("init", "handoff", "boot", "--machine", "machine.dtb", "--kernel", "vmlinux-little", "--initrd", "huge", code=1)
        self.assertIn("nothing was written", message)
        self.assertIn("[BT3001 no-hole]", message)
        self.assertFalse(os.path.exists(self.path("boot.baton")))
        self.baton("init", "handoff", "boot", "--machine", "machine.dtb", "--kernel", "machine.dtb", code=1)
        self.baton("init", "handoff", "boot", "--machine", "nothing.dtb", code=66)
        inputs.make(self.path("empty.dtb"), HEAD + "};\n")
        self.assertIn("no memory to place a handoff in", self.baton("init", "handoff", "boot", "--machine", "empty.dtb", code=1))
        self.assertIn("unknown-name", self.baton("init", "handoff", "boot", "--machine", "machine.dtb", "--to", "linux.nothing@1", code=1))
        self.assertIn("must be conventions", self.baton("init", "handoff", "boot", "--machine", "machine.dtb", "--to", "linux.kexec_load@2005", code=1))
        self.assertFalse(os.path.exists(self.path("boot.baton")))


class Names(InitCase):
    def test_names_that_are_none(self):
        inputs.make(self.path("machine.dtb"), MACHINES["bare"])
        for name in ("demo", "demo@", "demo@x", "@1", "a..b@1", "a.handoff@1", "1a@1", "a b@1", "a@1@2", "../a@1", "a@9999999999"):
            self.baton("init", "convention", name, code=64)
        for name in ("", "a.b", "1a", "a-b", "language", "../a", "a\n"):
            self.baton("init", "handoff", name, "--machine", "machine.dtb", code=64)
        self.baton("init", "handoff", "boot", "--machine", "machine.dtb", "--from", "linux.kexec", code=64)
        self.baton("import", "machine.dtb", "--name", "a b", code=64)
        for file, name in (("p9-lab.1.dtb", "p9_lab_1"), ("1a.dtb", "target"), ("\u00e4.dtb", "target"), ("machine.dtb", "target"), ("_.dtb", "target")):
            inputs.make(self.path(file), MACHINES["bare"])
            self.assertIn(f"\nmachine {name} {{\n", self.baton("import", file))
        self.baton("init", code=64)
        self.assertEqual([f for f in os.listdir(self.folder) if f.endswith(".baton")], [])

    def test_conventions_compile_whatever_their_name(self):
        for name, file in (("demo.monitor@1", "monitor.baton"), ("a@0", "a.baton"), ("x.NAME@7", "NAME.baton"), ("tree.image.role@2013", "role.baton")):
            self.baton("init", "convention", name)
            self.sound(file)
            self.assertIn(f"convention {name} {{", self.read(file))


class Files(InitCase):
    def test_nobody_is_written_over(self):
        self.baton("init", "convention", "demo.monitor@1")
        text = self.read("monitor.baton")
        with open(self.path("monitor.baton"), "w", encoding="utf-8") as stream:
            stream.write("mine")
        self.assertIn("output-exists", self.baton("init", "convention", "demo.monitor@1", code=1))
        self.assertEqual(self.read("monitor.baton"), "mine")
        self.baton("init", "convention", "demo.monitor@1", "--force")
        self.assertEqual(self.read("monitor.baton"), text)
        os.symlink("nowhere", self.path("link.baton"))
        self.assertIn("output-exists", self.baton("init", "convention", "demo.monitor@1", "-o", "link.baton", code=1))
        os.mkdir(self.path("folder.baton"))
        for output in ("folder.baton", "folder.baton/", "new/", "", "."):
            self.assertIn("names no file", self.baton("init", "convention", "demo.monitor@1", "-o", output, "--force", code=1))
        self.assertIn("cannot-write", self.baton("init", "convention", "demo.monitor@1", "-o", "/proc/none/x.baton", code=1))
        self.assertEqual(self.baton("init", "convention", "demo.monitor@1", "-o", "-"), text)
        self.assertEqual([f for f in os.listdir(self.folder) if f.startswith(".")], [])  # no temporary file is left


if __name__ == "__main__":
    BATON = os.path.abspath(sys.argv.pop(1))
    unittest.main()
