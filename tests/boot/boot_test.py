#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Do the boot tests' own tools tell right from wrong? No machine is booted here.

A test that can only pass is worth nothing: so what boot.py must find is put before it, and what edit_bundle.py and
newc.py write is read back by other programs (baton-load, cpio).
"""

import argparse
import base64
import hashlib
import os
import stat
import struct
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "..", "runtime"))

import boot
import bundle_format
import crossing
import edit_bundle
import newc
import onlooker
import peer
import qemu
from scenarios import MACHINES, SCENARIOS

PROGRAMS = {}


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="baton-boot-")
        self.addCleanup(self.folder.cleanup)

    def path(self, name):
        return os.path.join(self.folder.name, name)


class Initrd(Folder):
    def test_cpio_reads_what_is_written(self):
        archive = newc.archive({"init": newc.Entry(b"#!\n1", 0o755), "a/b/c": newc.Entry(b"12345"), "empty": newc.Entry()})
        listed = subprocess.run(["cpio", "-itv", "--quiet", "-n"], input=archive, stdout=subprocess.PIPE, check=True).stdout.decode()
        found = {line.split()[-1]: line.split() for line in listed.splitlines()}
        self.assertEqual(sorted(found), ["a", "a/b", "a/b/c", "dev", "dev/console", "empty", "init", "proc", "sys"])
        self.assertEqual(found["init"][:5], ["-rwxr-xr-x", "1", "0", "0", "4"])
        self.assertEqual(found["a/b"][0], "drwxr-xr-x")
        self.assertEqual(found["dev/console"][:6], ["crw-------", "1", "0", "0", "5,", "1"])
        subprocess.run(["cpio", "-i", "--quiet", "-d", "--no-absolute-filenames", "init", "a/b/c", "empty"], input=archive,
                       cwd=self.folder.name, check=True)
        self.assertEqual(boot.read(self.path("a/b/c")), b"12345")
        self.assertEqual(boot.read(self.path("init")), b"#!\n1")
        self.assertTrue(os.stat(self.path("init")).st_mode & stat.S_IXUSR)
        self.assertEqual(boot.read(self.path("empty")), b"")

    def test_order_of_entries_does_not_matter(self):
        one, other = newc.Entry(b"1"), newc.Entry(b"2", 0o600)
        self.assertEqual(newc.archive({"x": one, "y/z": other}), newc.archive({"y/z": other, "x": one}))

    def test_bad_paths(self):
        for path in ("/init", "a/../b", "a//b", ""):
            with self.assertRaises(ValueError):
                newc.archive({path: newc.Entry()})


def stub_words(*words):
    return b"".join(struct.pack(">I", word) for word in words)


def real_bundle(**changes):
    """A big-endian giver's: stub with head, landing, a store of the id, and the jump; tree; kernel far above it."""
    stub = bytearray(0x110)
    stub[0:4] = stub_words(0x48000100)  # b +0x100
    stub[0x60:0x64] = stub_words(0x38600000)
    # lis r8,0x610; stb r3,31(r8); mr r3,r8; b kernel
    stub[0x100:] = stub_words(0x3D000610, 0x9868001F, 0x7D034378, 0x48000000 | (0x5000000 - 0x400010C))
    return bundle_format.sample(kernel_end=0x1000000, segments=[
        ("stub", "trampoline", 0x4000000, 0x10000, bytes(stub)),
        ("kernel", "elf", 0x5000000, 0x1100000, b"kernel" * 100),
        ("tree", "devicetree", 0x6100000, 0x10000, bytes(range(64)))], **changes)


class Edits(Folder):
    def refusal(self, data):
        """What baton-load says of it on a machine that it does not fit: only a whole bundle gets that far."""
        boot.write(self.path("bundle"), data)
        answer = subprocess.run([PROGRAMS["loader"], "--root", self.folder.name, "--dry-run", "-l", self.path("bundle")],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(answer.returncode, 1)
        return answer.stdout

    def segments(self, data):
        bundle = edit_bundle.Bundle(data)
        return [(segment.start, bytes(segment.content)) for segment in bundle.segments]

    def test_unedited_is_the_same(self):
        subprocess.run([PROGRAMS["sample"], self.path("sample")], check=True)
        data = boot.read(self.path("sample"))
        self.assertEqual(edit_bundle.Bundle(data).write(), data)

    def test_edited_is_whole(self):
        data = bundle_format.write(real_bundle())
        for name in edit_bundle.EDITS:
            changed = edit_bundle.edited(data, [name], "big", boot_cpu=2)
            self.assertNotEqual(changed, data)
            self.assertIn("does not fit this machine", self.refusal(changed), name)
        self.assertNotIn("does not fit this machine", self.refusal(data[:-1] + b"!"))

    def test_only_what_it_says_is_changed(self):
        data = bundle_format.write(real_bundle())
        (_, stub), kernel, (at, tree) = self.segments(data)
        poisoned = self.segments(edit_bundle.edited(data, ["poison-boot-id"], "big"))
        self.assertEqual(poisoned, [(0x4000000, stub), kernel, (at, tree[:31] + b"\x55" + tree[32:])])
        nop = stub[:0x104] + stub_words(0x60000000) + stub[0x108:]
        self.assertEqual(self.segments(edit_bundle.edited(data, ["no-boot-id"], "big")), [(0x4000000, nop), kernel, (at, tree)])
        dead = stub[:0x60] + stub_words(0x48000000) + stub[0x64:]
        self.assertEqual(self.segments(edit_bundle.edited(data, ["dead-landing"], "big")), [(0x4000000, dead), kernel, (at, tree)])

    def test_moved_tree(self):
        data = bundle_format.write(real_bundle())
        for name, low, high in (("move-tree", 0x1100000, 0x40000000), ("move-tree-under-image", 0x1000000, 0x1100000)):
            moved = self.segments(edit_bundle.edited(data, [name], "big", boot_cpu=2))
            at, tree = moved[2]
            self.assertTrue(low <= at <= high - 0x10000, f"{name}: {at:#x}")
            self.assertEqual(tree[28:32], b"\0\0\0\2")
            path = edit_bundle.stub_edit.executed_path(moved[0][1], "big")
            self.assertEqual([step.word for step in path[-3:-1]], [0x3C600000 | at >> 16, 0x60630000])
            self.assertEqual(path[-1].target, 0x1000000, "from the stub to the kernel, as before")

    def test_nothing_to_change_is_an_error(self):
        plain = bundle_format.write(bundle_format.sample())  # its stub is no code
        for names in (["no-boot-id"], ["nonzero-r5"], ["move-tree-under-image"]):
            with self.assertRaises((edit_bundle.EditError, edit_bundle.stub_edit.EditError)):
                edit_bundle.edited(plain, names, "big", boot_cpu=0)
        twice = edit_bundle.edited(bundle_format.write(real_bundle()), ["poison-boot-id"], "big")
        with self.assertRaises(edit_bundle.EditError):
            edit_bundle.edited(twice, ["poison-boot-id"], "big")
        with self.assertRaises(edit_bundle.EditError):  # no room: the running kernel ends where the next one will
            edit_bundle.edited(bundle_format.write(dict(real_bundle(), kernel_end=0x1100000)), ["move-tree-under-image"], "big", 0)

    def test_damaged_bundles(self):
        data = bundle_format.write(real_bundle())
        for bad in (b"", data[:100], data[:-1], b"x" + data[1:], data[:-1] + b"!"):
            with self.assertRaises(edit_bundle.EditError):
                edit_bundle.Bundle(bad)


class Setting:
    """Stands for boot.Setting: a program of no meaning."""

    def target_program(self, name, order):
        return f"{name} {order}".encode()


class Judgement(unittest.TestCase):
    def console(self, expected, drop="", ended="line", **changes):
        """What a machine would say on which all is as expected, but for the changes."""
        second = {"boot-cpu": "0", **expected.second_line(), **changes}
        lines = ["BATON: would load", "BATON: loaded kexec_loaded=1", "BATON: hands over", f"[ 1.0] {boot.LEAVES}",
                 "BATON: up stage=second", f"BATON: cmdline {expected.command_line}",
                 "BATON: second " + " ".join(f"{name}={value}" for name, value in second.items()), "BATON: end"]
        return qemu.Console([(float(at), line) for at, line in enumerate(lines) if not drop or drop not in line], ended)

    def judge(self, name, **changes):
        expected = boot.Expected(Setting(), SCENARIOS[name])
        return boot.judge(self.console(expected, **changes), expected)

    def test_up(self):
        name = "small.big-little.power9"
        self.assertEqual(self.judge(name), [])
        for key, value in (("cpus", "3"), ("order", "big"), ("page", "65536"), ("boot-cpu", "85"), ("marker", "none"),
                           ("initrd", "initrd-"), ("filler", "0" * 64)):
            differences = self.judge(name, **{key: value})
            self.assertEqual([line.split(":")[0] for line in differences], [key])
        self.assertEqual(self.judge(name, drop="BATON: second"), ["the second kernel did not come up"])
        self.assertIn("did not load", self.judge(name, drop="BATON: loaded")[0])
        self.assertIn("command line", self.judge(name, drop="BATON: cmdline")[0])

    def test_boot_cpu_that_the_platform_chooses(self):
        self.assertEqual(self.judge("debian.powernv9.2cpu", **{"boot-cpu": "4"}), [])

    def test_silent(self):
        name = "edited.no-boot-id"
        self.assertIn("must not", self.judge(name)[0])
        expected = boot.Expected(Setting(), SCENARIOS[name])
        silent = self.console(expected, ended="time")
        silent.lines = silent.lines[:4]
        self.assertEqual(boot.judge(silent, expected), [])
        silent.ended = "exit"  # a panic
        self.assertEqual(boot.judge(silent, expected), [])
        silent.lines = silent.lines[:3]
        self.assertIn("did not leave", boot.judge(silent, expected)[0])
        silent.lines = silent.lines[:2]
        self.assertIn("did not load", boot.judge(silent, expected)[0])
        partly = self.console(expected, drop="BATON: second", ended="line")
        self.assertNotEqual(boot.judge(partly, expected), [])

    def test_fewer_cpus(self):
        name = "edited.dead-landing"
        self.assertEqual(self.judge(name, cpus="1"), [])
        self.assertIn("fewer than all", self.judge(name)[0])
        self.assertIn("marker", self.judge(name, cpus="1", marker="x")[0])


class Facts(unittest.TestCase):
    def says(self, facts, size=None, digest=None):
        text = base64.b64encode(facts).decode()
        lines = [f"facts begin size={len(facts) if size is None else size} sha256={digest or hashlib.sha256(facts).hexdigest()}"]
        lines += [f"facts {text[at:at + 96]}" for at in range(0, len(text), 96)] + ["facts end"]
        return boot.Says(qemu.Console([(0.0, f"noise BATON: {line}") for line in lines]))

    def test_whole(self):
        for length in (0, 1, 2, 3, 71, 72, 73, 1000):
            facts = bytes(at * 7 & 0xFF for at in range(length))
            self.assertEqual(boot.facts_from(self.says(facts)), facts)

    def test_damaged(self):
        bad_letter = self.says(b"abc" * 50)
        bad_letter.lines[1] = bad_letter.lines[1][:20] + "*" + bad_letter.lines[1][21:]
        lost_line = self.says(b"abc" * 50)
        del lost_line.lines[1]
        for says in (self.says(b"abc", size=4), self.says(b"abc", digest="0" * 64), bad_letter, lost_line,
                     boot.Says(qemu.Console([(0.0, "BATON: end")]))):
            with self.assertRaises(qemu.Unusable):
                boot.facts_from(says)


class Console(Folder):
    def run_program(self, program, seconds=20.0, watch=None):
        return qemu.run([sys.executable, "-uc", program], self.path("log"), lambda line: line == "stop", seconds, watch)

    def test_ends(self):
        console = self.run_program("import time; print('one\\nstop'); time.sleep(60)")
        self.assertEqual((console.ended, [line for _, line in console.lines]), ("line", ["one", "stop"]))
        console = self.run_program("import sys; print('one\\r\\ntwo', end=''); sys.stderr.write('why')")
        self.assertEqual((console.ended, [line for _, line in console.lines], console.complaint), ("exit", ["one", "two"], "why"))
        console = self.run_program("import time; print('one', flush=True); time.sleep(60)", seconds=1)
        self.assertEqual((console.ended, console.seconds < 20), ("time", True))

    def test_watch(self):
        console = self.run_program("import time; print('now'); time.sleep(60)", watch=("now", 0.2))
        self.assertEqual((console.ended, console.seconds < 15), ("time", True))

    def test_missing_program(self):
        with self.assertRaises(qemu.Unusable):
            qemu.run([self.path("no-such-program")], self.path("log"), lambda line: True, 1)


class Crossings(unittest.TestCase):
    def watcher(self, *rows):
        watcher = onlooker.Onlooker("nowhere", onlooker.Boundary("power9", {}, []), [])
        watcher.findings = [("the kernel", "a@1", [onlooker.promises.Row(key, "1", "0", agrees) for key, agrees in rows], ["x"])]
        return watcher

    def test_differences(self):
        self.assertEqual(self.watcher(("r3", True)).differences(), [])
        self.assertEqual(self.watcher(("r3", True), ("r4", False)).differences(), ["at the kernel, a@1: r4: expected 1, found 0"])
        self.assertEqual(self.watcher(("r4", False)).differences(("r4",)), [])
        self.assertEqual(self.watcher(("r4", True)).differences(("r4",)), ["r4 holds, and it should not here"])
        lost = self.watcher(("r3", True))
        lost.trouble = "nobody came"
        self.assertEqual(lost.differences(), ["the onlooker: nobody came"])

    def test_nobody_listens(self):
        watcher = onlooker.Onlooker("/nowhere/debug", onlooker.Boundary("power9", {}, []), [])
        with unittest.mock.patch.object(onlooker, "Debugger", side_effect=OSError("no socket")):
            watcher.run()
        self.assertEqual(watcher.trouble, "no socket")

    def test_table(self):
        for name, one in crossing.CROSSINGS.items():
            self.assertEqual(SCENARIOS[one.base].taker, "debian", name)
            self.assertTrue(name.startswith("crossing."), name)
            if isinstance(one, crossing.Watched) and one.wrapped:
                self.assertEqual(SCENARIOS[one.base].machine.cpus, 1, "a wrapped kernel's slaves have nowhere to wait")


class Table(unittest.TestCase):
    def test_names_and_controls(self):
        for name, scenario in SCENARIOS.items():
            changed = bool(scenario.edits) or scenario.handoff == "relying"
            self.assertEqual(changed, bool(scenario.control), name)
            self.assertIn(scenario.expect, ("up", "silent", "fewer-cpus"), name)
            if scenario.control:
                control = SCENARIOS[scenario.control]
                self.assertEqual((control.expect, control.machine, control.taker), ("up", scenario.machine, scenario.taker), name)
                self.assertLessEqual(set(scenario.edits), set(edit_bundle.EDITS), name)
            else:
                self.assertEqual(scenario.expect, "up", name)
        self.assertEqual({machine.name for machine in MACHINES.values()}, set(MACHINES))


class Peer(unittest.TestCase):
    def test_the_readme_shows_each_difference_and_why(self):
        with open(os.path.join(HERE, "README.md"), encoding="utf-8") as file:
            text = file.read()
        table = text[text.index("| | why |"):].split("\n\n", 1)[0].splitlines()[2:]
        rows = dict(tuple(cell.strip() for cell in row.strip("|").split(" | ")) for row in table)
        self.assertEqual({what.strip("`"): why for what, why in rows.items()}, peer.DIFFERENCES)

    def test_a_header_is_not_the_same_when_a_note_or_a_page_differs(self):
        def core(notes, loads, order="<"):
            head = b"\x7fELF\2" + (b"\1" if order == "<" else b"\2") + b"\1" + bytes(9)
            head += struct.pack(order + "HHIQQQIHHHHHH", 4, 21, 1, 0, 64, 0, 0, 64, 56, len(notes) + len(loads), 0, 0, 0)
            rows = [(4, 0, at, 0, at, size, size, 4) for at, size in notes] + [(1, 7, offset, 0, at, size, size, 0) for offset, at, size in loads]
            return head + b"".join(struct.pack(order + "IIQQQQQQ", *row) for row in rows)

        tree = struct.pack(">10I", 0xD00DFEED, 72, 56, 72, 40, 17, 16, 0, 0, 16) + bytes(16) + struct.pack(">IIII", 1, 0, 2, 9)
        low, rest = (0x100000, 0, 0x10000), (0x10000, 0x10000, 0x50000)
        one = peer.Load(core([(0x100, 8)], [low, rest]), tree)
        self.assertEqual(peer.differences(one, one), set())
        self.assertEqual(peer.differences(one, peer.Load(core([(0x100, 8)], [low, rest], ">"), tree)), set())
        for other in (core([(0x108, 8)], [low, rest]), core([(0x100, 8)], [low, (0x10000, 0x10000, 0x40000)]),
                      core([(0x100, 8)], [(0, 0, 0x10000), rest])):
            self.assertTrue(any(what.startswith("core: ") for what in peer.differences(one, peer.Load(other, tree))))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--loader", required=True, help="baton-load built for this host")
    parser.add_argument("--sample", required=True, help="bundle_sample")
    options, rest = parser.parse_known_args()
    PROGRAMS.update(loader=os.path.abspath(options.loader), sample=os.path.abspath(options.sample))
    unittest.main(argv=[sys.argv[0], *rest])
