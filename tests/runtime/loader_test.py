# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Does baton-load take a bundle that fits and refuse each misfit for its own reason?
#
# Every case runs the program itself, with --dry-run on a copy of a machine (fake_machine.py): this
# host's build, and the ppc64 and ppc64le programs under qemu-user, whose output must be the same.
# Loading for real is tests/boot's.
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import bundle_format as bundle
from fake_machine import FakeMachine, text, u32, u64

PROGRAMS = {}
SAMPLE = None


def command(build):
    if build == "host":
        return [PROGRAMS["host"]]
    qemu = shutil.which("qemu-" + build)
    if qemu is None:
        raise RuntimeError("qemu-%s is missing; install the package qemu-user" % build)
    return [qemu, PROGRAMS[build]]


def run(build, *words):
    done = subprocess.run(command(build) + list(words), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, env={"LC_ALL": "C", "PATH": ""})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class LoaderCase(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="baton-load-test-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.machine = FakeMachine(os.path.join(self.directory, "root"))
        self.path = os.path.join(self.directory, "boot.bundle")

    def put(self, data):
        with open(self.path, "wb") as file:
            file.write(data)

    def dry_run(self, contents, *words, build="host"):
        """Writes machine and bundle, runs, and gives (exit code, stdout, stderr)."""
        self.machine.write()
        self.put(contents if isinstance(contents, bytes) else bundle.write(contents))
        return run(build, "--dry-run", "--root", self.machine.root, *(words or ["-l"]), self.path)

    def accepted(self, contents, *words):
        code, out, err = self.dry_run(contents, *words)
        self.assertEqual((code, err), (0, ""), out)
        self.assertIn("would call kexec_load(", out)
        return out

    def refused(self, contents, *reasons, words=()):
        """Refused with exactly these reasons, one a line, each naming the given pieces of text."""
        code, out, err = self.dry_run(contents, *words)
        self.assertEqual(code, 1, err)
        self.assertEqual(out, "")
        lines = [line for line in err.splitlines() if "refused: " in line]
        self.assertEqual(len(lines), len(reasons), err)
        for line, pieces in zip(lines, reasons):
            for piece in (pieces,) if isinstance(pieces, str) else pieces:
                self.assertIn(piece, line)
        return err


class Format(LoaderCase):
    def test_writer_and_second_implementation_agree(self):
        subprocess.run([SAMPLE, self.path], check=True)
        with open(self.path, "rb") as file:
            self.assertEqual(file.read(), bundle.write(bundle.sample()))

    def test_a_good_bundle_is_shown(self):
        out = self.accepted(bundle.sample())
        self.assertEqual(out, (
            "bundle %s: handoff boot on guest\n"
            "  entry 0x4000000, granule 0x10000, giver both, load normal\n"
            "  segment stub         trampoline 0x4000000 ..< 0x4010000 from 259 bytes\n"
            "  segment kernel       elf        0x5000000 ..< 0x5020000 from 1001 bytes\n"
            "  segment initrd       file       0x6000000 ..< 0x6010000 from 64 bytes\n"
            "  segment backup       reserve    0x7000000 ..< 0x7010000 from 0 bytes\n"
            "  segment tree         devicetree 0x7100000 ..< 0x7110000 from 77 bytes\n"
            "would call kexec_load(entry = 0x4000000, segments = 5, flags = 0x150000)\n") % self.path)

    def test_truncated(self):
        data = bundle.write(bundle.sample())
        for length in (0, 319, 320, 1000, len(data) - 1):
            self.refused(data[:length], "[too-short]" if length < 320 else
                         ("[truncated]", "%d bytes" % length, "says %d" % len(data), "copy the bundle"))

    def test_edited(self):
        data = bytearray(bundle.write(bundle.sample()))
        data[-1] ^= 1
        self.refused(bytes(data), ("segment 4 is edited or damaged", "[segment-digest]"))
        data[-1] ^= 1
        data[66] ^= 1
        self.refused(bytes(data), "[meta-digest]")

    def test_other_files(self):
        self.refused(b"\x7fELF" + bytes(1000), ("not a bundle", "0x7f454c46", "NAME.bundle"))

    def test_lying_writer(self):
        self.refused(bundle.sample(entry=0x100), ("entry 0x100 lies in no segment", "build the bundle"))
        segments = bundle.sample()["segments"]
        segments[1] = ("kernel", "elf", 0x4000000, 0x20000, b"x")
        self.refused(bundle.sample(segments=segments), "segments 1 and 0 overlap")
        self.refused(bundle.sample(segments=[("s%d" % i, "file", 0x4000000 + i * 0x10000, 0x10000, b"")
                                             for i in range(17)]), "17 segments")


class Live(LoaderCase):
    def test_big_endian_machine_and_guest_without_names(self):
        self.machine.arch = "ppc64"
        self.accepted(bundle.sample(giver=bundle.BIG, machine=""))

    def test_unknown_facts_are_not_compared(self):
        out = self.accepted(bundle.sample(kernel_end=None, rma_end=None, hypervisor=None, crash=None,
                                          ram=[]))
        self.assertIn("segments = 5", out)

    def test_assumed_bounds_may_be_wider_than_needed(self):
        self.machine.add("chosen", linux__kernel_end=u64(0x1F00000))
        self.machine.page_kib = 4
        self.accepted(bundle.sample(ram=[(0, 0x20000000)], rma_end=0x20000000))

    def test_architecture(self):
        self.machine.arch = "x86_64"
        self.refused(bundle.sample(), ("this machine is `x86_64`", "ppc64"))
        self.machine.arch = None
        self.refused(bundle.sample(), "this machine is `unknown`")

    def test_byte_order(self):
        self.refused(bundle.sample(giver=bundle.BIG),
                     ("running kernel is little-endian", "big-endian giver only", "giver both"))
        self.machine.arch = "ppc64"
        self.refused(bundle.sample(giver=bundle.LITTLE),
                     ("running kernel is big-endian", "little-endian giver only"))

    def test_loading_disabled(self):
        self.machine.files["proc/sys/kernel/kexec_load_disabled"] = "1\n"
        self.refused(bundle.sample(), "kexec_load_disabled is 1")

    def test_crash_flag_and_option(self):
        self.refused(bundle.sample(), ("planned handoff", "load it with -l"),
                     *["outside the crashkernel reservation"] * 5, words=["-p"])
        segments = [("stub", "trampoline", 0x8000000, 0x10000, b"x")]
        crash = bundle.sample(on_crash=True, segments=segments, entry=0x8000000)
        self.refused(crash, ("built for a crash", "load it with -p"))
        self.assertIn("flags = 0x150001", self.accepted(crash, "-p"))

    def test_page_size(self):
        self.refused(bundle.sample(granule=0x1000, page=0x1000),
                     ("steps of 0x1000", "page size is 0x10000", "page = 64KiB"))
        self.machine.page_kib = None
        self.refused(bundle.sample(), "page size is not known")

    def test_kernel_end(self):
        self.machine.add("chosen", linux__kernel_end=u64(0x4000001))
        self.refused(bundle.sample(), ("running kernel ends at 0x2000000", "ends at 0x4000001", "--facts"),
                     ("segment `stub` starts at 0x4000000", "ends at 0x4000001", "linux,kernel-end"))
        self.machine.add("chosen", linux__kernel_end=None)
        self.refused(bundle.sample(), "running kernel's end is not known")
        self.machine.iomem += "00000000-01ffffff : Kernel code\n"
        self.accepted(bundle.sample())
        self.machine.iomem += "02000000-02ffffff : Kernel bss\n"
        self.refused(bundle.sample(), ("ends at 0x3000000", "(/proc/iomem)"))

    def test_ram(self):
        self.machine.iomem = "00000000-0601ffff : System RAM\n50000000-5fffffff : System RAM\n"
        self.refused(bundle.sample(ram=[]),
                     ("segment `backup` at 0x7000000 ..< 0x7010000", "not in RAM"),
                     ("segment `tree`", "not in RAM"))
        self.refused(bundle.sample(), ("assumes RAM at 0x0 ..< 0x40000000", "0x0 ..< 0x6020000"),
                     "`backup`", "`tree`")

    def test_ram_in_adjacent_pieces(self):
        self.machine.iomem = ("00000000-04ffffff : System RAM\n05000000-05007fff : System RAM\n"
                              "05008000-3fffffff : System RAM\n50000000-5fffffff : System RAM\n")
        self.accepted(bundle.sample())

    def test_a_segment_across_a_hole(self):
        self.machine.iomem = ("00000000-05007fff : System RAM\n05008001-3fffffff : System RAM\n"
                              "50000000-5fffffff : System RAM\n")
        self.refused(bundle.sample(ram=[]), ("segment `kernel`", "not in RAM"))

    def test_ram_from_memory_nodes_where_iomem_is_silent(self):
        self.machine.iomem = "200080000000-2000ffffffff : /pci@800000020000000\n"
        self.accepted(bundle.sample())
        self.machine.add("memory@0", reg=u64(0, 0x5000000))
        self.refused(bundle.sample(ram=[], rma_end=None),
                     *["is not in RAM"] * 4,
                     *["used with translation off"] * 2)

    def test_iomem_hidden_or_nothing(self):
        self.machine.iomem = "00000000-00000000 : System RAM\n00000000-00000000 : System RAM\n"
        self.refused(bundle.sample(), ("zeros", "run as root"))
        self.machine.iomem = None
        for node in ("memory@0", "memory@50000000"):
            del self.machine.tree[node]
        self.refused(bundle.sample(), "neither /proc/iomem nor /proc/device-tree",
                     "what real mode reaches is not known")

    def test_half_of_ram(self):
        segments = bundle.sample()["segments"]
        segments.append(("big", "reserve", 0x10000000, 0x2A000000, b""))
        self.refused(bundle.sample(segments=segments), ("0x2a060000 bytes", "half of the 0x50000000"))

    def test_no_tree(self):
        self.machine.tree = None
        self.refused(bundle.sample(), ("device tree cannot be read", "/proc/device-tree"))

    def test_rtas(self):
        self.machine.add("rtas", linux__rtas_base=u32(0x7108000))
        self.refused(bundle.sample(),
                     ("segment `tree` at 0x7100000 ..< 0x7110000", "hits RTAS at 0x7108000 ..< 0x7118000"))
        self.machine.add("rtas", linux__rtas_base=u32(0x7110000))  # just behind it
        self.accepted(bundle.sample())

    def test_opal_and_reserved_ranges(self):
        self.machine.opal()
        good = bundle.sample(hypervisor=1)
        self.accepted(good)
        self.machine.add("ibm,opal", opal_base_address=u64(0x4000000), opal_runtime_size=u64(1))
        self.refused(good, ("segment `stub`", "hits OPAL at 0x4000000 ..< 0x4000001"))
        self.machine.add("ibm,opal", opal_base_address=u64(0x30000000))
        self.machine.add("", reserved_ranges=u64(0x5010000, 0x1000, 0x6000000, 0x1000))
        # The second one is named linux,initramfs: the old initrd, free by now.
        self.refused(good, ("segment `kernel`", "hits reserved range ibm,firmware"))
        self.machine.add("", reserved_names=None)
        self.refused(good, ("segment `kernel`", "reserved range of the firmware"), "segment `initrd`")

    def test_hypervisor_fact(self):
        self.refused(bundle.sample(hypervisor=1), ("built for a hypervisor", "this machine is a guest"))
        self.machine.opal()
        self.refused(bundle.sample(), ("built for a guest", "this machine is a hypervisor"))

    def test_reserved_memory(self):
        self.machine.add("reserved-memory/heap@7000000", reg=u64(0x7000000, 0x1000))
        self.refused(bundle.sample(), ("segment `backup`", "reserved memory heap@7000000"))
        self.machine.add("chosen", linux__initrd_start=u64(0x7000000), linux__initrd_end=u64(0x7001000))
        self.accepted(bundle.sample())

    def test_tce_table(self):
        self.machine.add("pci@800000020000000/pci@1", device_type=text("pci"),
                         linux__tce_base=u64(0x5000000), linux__tce_size=u32(0x1000))
        self.refused(bundle.sample(), ("segment `kernel`", "hits TCE table at 0x5000000 ..< 0x5001000"))

    def test_rma(self):
        self.machine.add("memory@0", reg=u64(0, 0x7100000, 0x7100000, 0x38F00000))
        self.refused(bundle.sample(),
                     ("assumes that real mode reaches 0x40000000", "ends at 0x7100000"),
                     ("segment `tree` (devicetree)", "translation off", "0x7100000 only"))

    def test_rma_counts_for_what_real_mode_uses(self):
        self.machine.add("memory@0", reg=u64(0, 0x6000000, 0x6000000, 0x3A000000))
        # initrd and backup lie above too, and nobody touches them in real mode.
        self.refused(bundle.sample(rma_end=0x6000000), "segment `tree`")
        # A raw file that is entered is touched.
        segments = [("image", "file", 0x6000000, 0x10000, b"x")]
        self.refused(bundle.sample(rma_end=0x6000000, entry=0x6000000, segments=segments),
                     "segment `image` (file)")

    def test_rma_of_old_guests_ends_at_1_gib(self):
        segments = [("stub", "trampoline", 0x40000000, 0x10000, b"x")]
        high = bundle.sample(ram=[], rma_end=None, entry=0x40000000, segments=segments)
        self.machine.iomem = "00000000-7fffffff : System RAM\n"
        self.machine.add("memory@0", reg=u64(0, 0x80000000))
        self.accepted(high)  # POWER9
        for node, properties in self.machine.tree.items():
            if "cpu-version" in properties:
                properties["cpu-version"] = u32(0x004D0200)  # POWER8
        self.refused(high, ("segment `stub`", "0x40000000 only"))
        for node, properties in self.machine.tree.items():
            if "cpu-version" in properties:
                properties["cpu-version"] = u32(0x0F000005)  # ISA 3.0 by compatibility
        self.accepted(high)

    def test_crash_reservation(self):
        def crash(segments, **changes):
            return bundle.sample(on_crash=True, segments=segments, entry=segments[0][2], **changes)

        stub = ("stub", "trampoline", 0x8000000, 0x10000, b"x")
        self.accepted(crash([stub]), "-p")
        self.refused(crash([stub], crash=(0x8000000, 0x10000000)),
                     ("assumes the crashkernel reservation 0x8000000 ..< 0x10000000",
                      "has 0x8000000 ..< 0x18000000"), words=["-p"])
        low = ("low", "file", 0x7FF0000, 0x10000, b"x")
        self.refused(crash([stub, low]), ("segment `low` at 0x7ff0000 ..< 0x8000000",
                                          "outside the crashkernel reservation"), words=["-p"])
        fill = ("fill", "reserve", 0x8010000, 0xFFF0000, b"")
        self.refused(crash([stub, fill]), ("leave no free page of 0x10000", "crashkernel=SIZE"),
                     words=["-p"])
        fill = ("fill", "reserve", 0x8010000, 0xFFE0000, b"")  # one page is left at the end
        self.accepted(crash([stub, fill]), "-p")
        last = ("last", "reserve", 0x17FF0000, 0x10000, b"")
        fill = ("fill", "reserve", 0x8010000, 0xFFD0000, b"")  # one page is left in the middle
        self.accepted(crash([stub, last, fill]), "-p")
        self.machine.add("chosen", linux__crashkernel_base=None, linux__crashkernel_size=None)
        self.accepted(crash([stub]), "-p")  # /proc/iomem says the same
        self.machine.iomem = self.machine.iomem.replace("Crash kernel", "reserved")
        self.refused(crash([stub]), ("no memory is reserved", "crashkernel=SIZE"), words=["-p"])

    def test_all_reasons_are_given_at_once(self):
        self.machine.arch = "ppc64"
        self.machine.add("rtas", linux__rtas_base=u32(0x4000000))
        err = self.refused(bundle.sample(giver=bundle.LITTLE, hypervisor=1, granule=0x10000),
                           "big-endian", "hits RTAS", "built for a hypervisor")
        self.assertIn("3 reasons above; nothing is loaded", err)


class CommandLine(LoaderCase):
    def test_help_and_version(self):
        code, out, err = run("host", "--help")
        self.assertEqual((code, err), (0, ""))
        for option in ("-l", "-p", "-u", "-e", "--facts", "--dry-run", "--root", "--version", "--help"):
            self.assertIn(option, out)
        code, out, err = run("host", "--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^baton-load \d+\.\d+\.\d+, bundle format 1\n$")

    def test_usage(self):
        for words, reason in (([], "nothing to do"), (["-l"], "need a BUNDLE"), (["-p"], "need a BUNDLE"),
                              (["-l", "a", "b"], "one BUNDLE only"), (["-u", "a"], "for -l and -p only"),
                              (["-l", "-e", "a"], "one thing at a time"),
                              (["-l", "-p", "a"], "one thing at a time"),
                              (["--root", "/", "-l", "a"], "add --dry-run"),
                              (["--root", "/", "-e"], "add --dry-run"),
                              (["--facts", "f", "--dry-run"], "leave out --dry-run"),
                              (["--nonsense"], "nonsense"), (["--facts"], "argument")):
            code, out, err = run("host", *words)
            self.assertEqual((code, out), (64, ""), words)
            self.assertIn(reason, err)

    def test_missing_files(self):
        self.machine.write()
        code, _, err = run("host", "--dry-run", "--root", self.machine.root, "-l", self.path)
        self.assertEqual(code, 66)
        self.assertIn("No such file", err)
        code, _, err = run("host", "--dry-run", "--root", self.machine.root, "-l", self.directory)
        self.assertEqual(code, 66)
        self.assertIn("Is a directory", err)
        code, _, err = run("host", "--dry-run", "--root", self.path, "-e")
        self.assertEqual(code, 66)

    def test_unload_and_execute(self):
        self.machine.write()
        dry = ["--dry-run", "--root", self.machine.root]
        self.assertEqual(run("host", *dry, "-u"), (
            0, "would call kexec_load(entry = 0x0, segments = 0, flags = 0x150000)\n", ""))
        self.assertEqual(run("host", *dry, "-u", "-p"), (
            0, "would call kexec_load(entry = 0x0, segments = 0, flags = 0x150001)\n", ""))
        code, out, err = run("host", *dry, "-e")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("nothing is loaded", err)
        self.machine.files["sys/kernel/kexec_loaded"] = "1\n"
        self.machine.write()
        self.assertEqual(run("host", *dry, "-e"), (
            0, "would sync and call reboot(LINUX_REBOOT_CMD_KEXEC)\n", ""))
        del self.machine.files["sys/kernel/kexec_loaded"]
        self.machine.write()
        code, _, err = run("host", *dry, "-e")
        self.assertEqual(code, 1)
        self.assertIn("mount /sys", err)


class Cross(LoaderCase):
    """The target's programs under qemu-user say byte for byte what this host's says."""

    def compare(self, *words):
        want = run("host", *words)
        for build in ("ppc64", "ppc64le"):
            self.assertEqual(run(build, *words), want, build)
        return want

    def test_help(self):
        self.assertEqual(self.compare("--help")[0], 0)

    def test_good_and_bad_bundles(self):
        dry = ["--dry-run", "--root", self.machine.root, "-l", self.path]
        for arch in ("ppc64", "ppc64le"):
            self.machine.arch = arch
            self.machine.write()
            for contents, code in ((bundle.sample(), 0), (bundle.sample(giver=bundle.BIG), arch != "ppc64"),
                                   (bundle.sample(entry=0x100), 1), (bundle.sample(hypervisor=1), 1)):
                self.put(bundle.write(contents))
                self.assertEqual(self.compare(*dry)[0], code)
            self.put(bundle.write(bundle.sample())[:-1])
            self.assertEqual(self.compare(*dry)[0], 1)

    def test_a_kernel_without_kexec_is_explained(self):
        # qemu-user has no kexec_load(2): the call is made and its error put in words.
        for build in ("ppc64", "ppc64le"):
            code, out, err = run(build, "-u")
            self.assertEqual((code, out), (70, ""))
            self.assertIn("Function not implemented", err)
            self.assertIn("CONFIG_KEXEC", err)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("host", "ppc64", "ppc64le", "sample"):
        parser.add_argument("--" + name, required=True)
    arguments, rest = parser.parse_known_args()
    PROGRAMS.update(host=arguments.host, ppc64=arguments.ppc64, ppc64le=arguments.ppc64le)
    SAMPLE = arguments.sample
    unittest.main(argv=sys.argv[:1] + rest)
