# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Does baton-load refuse what is no bundle, and do all three builds of it behave alike?
#
# Every case runs the program itself, with --dry-run on a copy of a machine (fake_machine.py): this
# host's build, and the ppc64 and ppc64le programs under qemu-user, whose output must be the same.
# What fits a machine is fit_test.py's; loading for real is tests/boot's.
import os
import subprocess

import bundle_format as bundle
from loader_case import PROGRAMS, LoaderCase, main, run


class Format(LoaderCase):
    def test_writer_and_second_implementation_agree(self):
        subprocess.run([PROGRAMS["sample"], self.path], check=True)
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
        code, _, err = run("host", "--dry-run", "--root", self.machine.root, "-l", "/dev/zero")
        self.assertEqual(code, 66)
        self.assertIn("not a regular file", err)
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
    main()
