#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Does the golden runner itself see what it must see? A small program plays `baton`."""
import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import inputs      # noqa: E402
import make_elf    # noqa: E402
import run         # noqa: E402
import json_schema  # noqa: E402
import spec_coverage  # noqa: E402

FAKE = """#!/usr/bin/env python3
import os, sys
for word in sys.argv[1:]:
    kind, _, rest = word.partition(":")
    name, _, text = rest.partition("=")
    if kind == "out": sys.stdout.write(rest.replace("+", "\\n"))
    elif kind == "err": sys.stderr.write(rest.replace("+", "\\n"))
    elif kind == "cat": sys.stdout.write(open(rest).read())
    elif kind == "size": print(os.path.getsize(rest))
    elif kind == "where": print(os.getcwd() + "/x")
    elif kind == "write":
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        open(name, "w").write(text.replace("+", "\\n"))
    elif kind == "raw": open(name, "wb").write(bytes.fromhex(text))
    elif kind == "abort": os.abort()
    elif kind == "exit": sys.exit(int(rest))
"""


class Runner(unittest.TestCase):
    def setUp(self):
        self.made = tempfile.TemporaryDirectory(prefix="baton-runner-")
        self.addCleanup(self.made.cleanup)
        self.folder = self.made.name
        self.baton = os.path.join(self.folder, "fake")
        with open(self.baton, "w", encoding="utf-8") as stream:
            stream.write(FAKE)
        os.chmod(self.baton, 0o755)

    def golden(self, text, name="t.golden"):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        return path

    def wrong(self, text, name="t.golden", update=False):
        return run.run(self.golden(text, name), self.baton, update)

    def test_holds(self):
        self.assertEqual([], self.wrong(
            "# a comment\n-- command --\nbaton cat:in.txt err:two+ write:out/f=a+b+\n-- in.txt --\none\n"
            "-- expect stdout --\none\n-- expect stderr --\ntwo\n-- expect file out/f --\na\nb\n"
            "-- expect no-files other --\n"))

    def test_sees_each_difference(self):
        base = "-- command --\nbaton out:a+ err:b+ write:f=c+\n"
        for expectation in ("-- expect stdout --\nx\n-- expect stderr --\nb\n-- expect file f --\nc\n",
                            "-- expect stdout --\na\n-- expect stderr --\nx\n-- expect file f --\nc\n",
                            "-- expect stdout --\na\n-- expect stderr --\nb\n-- expect file f --\nx\n",
                            "-- expect stderr --\nb\n", "-- expect stdout --\na\n"):
            self.assertTrue(self.wrong(base + expectation), expectation)

    def test_no_newline_is_not_a_newline(self):
        self.assertTrue(self.wrong("-- command --\nbaton out:a\n-- expect stdout --\na\n"))
        self.assertEqual([], self.wrong(
            "-- command --\nbaton out:a\n-- expect stdout --\na\n\\ no newline at the end\n"))

    def test_header_in_a_text_is_escaped(self):
        path = self.golden("-- command --\nbaton cat:f\n-- f --\n\\-- expect exit --\n")
        self.assertEqual([], run.run(path, self.baton, True))
        with open(path, encoding="utf-8") as stream:
            self.assertIn("-- expect stdout --\n\\-- expect exit --\n", stream.read())
        self.assertEqual([], run.run(path, self.baton, False))

    def test_exit_code_and_name_agree(self):
        self.assertTrue(self.wrong("-- command --\nbaton exit:1\n-- expect exit --\n1\n"))
        self.assertEqual([], self.wrong("-- command --\nbaton exit:1\n-- expect exit --\n1\n", "fail-t.golden"))
        self.assertTrue(self.wrong("-- command --\nbaton exit:2\n-- expect exit --\n1\n", "fail-t.golden"))
        self.assertTrue(self.wrong("-- command --\nbaton exit:0\n", "fail-t.golden"))

    def test_failed_command_leaves_nothing(self):
        text = "-- command --\nbaton write:out/f=a exit:1\n-- expect exit --\n1\n"
        self.assertIn("left `out/f` behind", self.wrong(text, "fail-t.golden")[0])

    def test_no_files(self):
        text = "-- command --\nbaton write:out/f=a\n-- expect no-files out --\n"
        self.assertEqual(["`out/f` was written"], self.wrong(text))
        self.assertEqual([], self.wrong("-- command --\nbaton write:o/f=a\n-- expect no-files out --\n"))

    def test_changed_input(self):
        text = "-- command --\nbaton write:f=b\n-- f --\na\n"
        self.assertEqual(["the input `f` was changed"], self.wrong(text))
        self.assertEqual([], self.wrong("-- command --\nbaton write:f=b+\n-- f --\na\n-- expect file f --\nb\n"))

    def test_update_rewrites_and_then_holds(self):
        path = self.golden("# kept\n-- command --\nbaton cat:i write:f=n+ err:e+ exit:3\n-- i --\nin\n"
                           "-- expect file f --\nold\n-- expect stderr --\nold\n", "fail-t.golden")
        self.assertEqual([], run.run(path, self.baton, True))
        with open(path, encoding="utf-8") as stream:
            self.assertEqual("# kept\n-- command --\nbaton cat:i write:f=n+ err:e+ exit:3\n-- i --\nin\n"
                             "-- expect exit --\n3\n-- expect stdout --\nin\n-- expect file f --\nn\n"
                             "-- expect stderr --\ne\n", stream.read())
        self.assertEqual([], run.run(path, self.baton, False))

    def test_update_does_not_excuse_a_wrong_name(self):
        self.assertTrue(self.wrong("-- command --\nbaton exit:1\n", update=True))

    def test_update_removes_what_is_empty(self):
        path = self.golden("-- command --\nbaton\n-- expect exit --\n1\n-- expect stdout --\nx\n")
        self.assertEqual([], run.run(path, self.baton, True))
        with open(path, encoding="utf-8") as stream:
            self.assertEqual("-- command --\nbaton\n", stream.read())

    def test_paths_of_the_folder_are_normalized(self):
        self.assertEqual([], self.wrong("-- command --\nbaton where:\n-- expect stdout --\n$DIR/x\n"))

    def test_several_commands_stop_at_the_first_failure(self):
        self.assertEqual([], self.wrong(
            "-- command --\nbaton out:a+\nbaton out:b+ exit:1\nbaton out:c+\n-- expect exit --\n1\n"
            "-- expect stdout --\na\nb\n", "fail-t.golden"))

    def test_hex(self):
        self.assertEqual([], self.wrong("-- command --\nbaton raw:f=ff000102030405060708090a0b0c0d0e0f10\n"
                                        "-- expect hex f --\n0000  ff000102 03040506 0708090a 0b0c0d0e\n"
                                        "0010  0f10\n"))
        with self.assertRaises(run.GoldenError):
            self.wrong("-- command --\nbaton raw:f=ff\n-- expect file f --\n")

    def test_missing_program(self):
        self.baton += ".gone"
        with self.assertRaises(run.GoldenError):
            self.wrong("-- command --\nbaton\n")

    def test_refuses_what_cannot_be_compared(self):
        for text in ("-- f --\n", "", "text\n-- command --\nbaton\n", "-- command --\n",
                     "-- command --\nsh -c true\n", "-- command --\nbaton\n-- expect nothing --\n",
                     "-- command --\nbaton\n-- expect file f --\n", "-- command --\nbaton abort:\n",
                     "-- command --\nbaton\n-- f --\n-- f --\n", "-- command --\nbaton\n-- ../f --\nx\n",
                     "-- command --\nbaton\n-- gen: f --\nmagic\n"):
            with self.assertRaises(run.GoldenError, msg=text):
                self.wrong(text)

    def test_generated_inputs(self):
        self.assertEqual([], self.wrong(
            "-- command --\nbaton size:p size:z size:h size:d\n-- gen: p --\npattern 3KiB\n"
            "-- gen: z --\nzeros 8GiB\n-- gen: h --\nhex pad=2 poke=1:ff cut=4\n00 11 # two\n22\n"
            "-- gen: d --\ndtb cut=40\n/dts-v1/;\n/ { };\n"
            "-- gen: folder --\ndirectory\n-- gen: pipe --\nfifo\n-- gen: loop --\nsymlink loop\n"
            "-- expect stdout --\n3072\n8589934592\n4\n40\n"))


class Elf(unittest.TestCase):
    SPEC = """elf order={order} entry=0x1000
load 0x0 size=0x1100 memsz=0x3000
load 0x10000 size=0x20 align=0x1000 flags=rw paddr=0x90000
kernel-head 0x0
quad 0x10000 0x1122334455667788
opd 0x1000 entry=0x100 toc=0x8000
"""

    def readelf(self, order, *flags):
        with tempfile.NamedTemporaryFile() as made:
            made.write(make_elf.parse(self.SPEC.format(order=order)).build())
            made.flush()
            return subprocess.run(["readelf", "-W", *flags, made.name], check=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True).stdout

    def test_readelf_agrees(self):
        for order, data in (("big", "big endian"), ("little", "little endian")):
            header = self.readelf(order, "-h")
            self.assertIn(data, header)
            self.assertIn("PowerPC64", header)
            self.assertRegex(header, r"Entry point address:\s+0x1000\n")
            loads = [line.split() for line in self.readelf(order, "-l").splitlines() if " LOAD " in line]
            self.assertEqual([["0x0000000000000000", "0x0000000000000000", "0x001100", "0x003000"],
                              ["0x0000000000010000", "0x0000000000090000", "0x000020", "0x000020"]],
                             [row[2:6] for row in loads])
            sections = self.readelf(order, "-S")
            self.assertRegex(sections, r"\.opd\s+PROGBITS\s+0*1000 \w+ 000018 00\s+WA")
            self.assertNotIn("Warning", header + sections)

    def test_bytes(self):
        for order, mark in (("big", "big"), ("little", "little")):
            data = make_elf.parse(self.SPEC.format(order=order)).build()
            first = int.from_bytes(data[64 + 8:64 + 16], mark)
            self.assertEqual(0x72756E30, int.from_bytes(data[first + 0x5C:first + 0x60], mark))
            self.assertEqual(0x100, int.from_bytes(data[first + 0x1000:first + 0x1008], mark))
            self.assertEqual(first % 0x10000, 0)

    def test_lies_and_cuts(self):
        data = make_elf.parse("elf\nload 0 size=8\nset load.0.p_filesz 0xffffffffffffffff\n"
                              "set e_phnum 0xffff\nset ei_magic 0\ncut 110\n").build()
        self.assertEqual(110, len(data))
        self.assertEqual(b"\0\0\0\0", data[:4])
        self.assertEqual(b"\xff" * 8, data[64 + 32:64 + 40])
        self.assertEqual(b"\xff\xff", data[56:58])
        for bad in ("load 0", "elf order=middle", "elf\nword 0 0", "elf\nset e_nothing 0", "elf\nhop", ""):
            with self.assertRaises(make_elf.SpecError, msg=bad):
                make_elf.parse(bad).build()


class Recipes(unittest.TestCase):
    def test_pattern_tells_places_apart(self):
        data = inputs.pattern(1 << 17)
        self.assertEqual(1 << 17, len(data))
        self.assertNotEqual(data[0:64], data[64:128])
        self.assertEqual(data[:100], inputs.pattern(100))


class Shared(unittest.TestCase):
    def test_takes_the_place_of_inputs(self):
        names = [name for name, _ in run.with_shared([["a.txt", "x"], ["shared: world", ""]])]
        self.assertEqual("a.txt", names[0])
        self.assertIn("world.baton", names)

    def test_what_cannot_be_shared(self):
        for sections in ([["shared: no-such-file", ""]], [["shared: ../spec", ""]], [["shared: world", "text"]],
                         [["world.baton", ""], ["shared: world", ""]], [["shared: world", ""], ["shared: world", ""]]):
            with self.assertRaises(run.GoldenError, msg=sections):
                run.with_shared(sections)


class Specification(unittest.TestCase):
    PAGE = "- [S2-1] One.\n- [S2-3] Two, see S2-1.\n\n| rule | |\n|---|---|\n| [S3-1] | three |\n"
    GOLDENS = {"spec/2-state/one.golden": "# spec: S2-1, S2-3\n-- command --\n",
               "spec/3-roles/three.golden": "# spec: S3-1\n-- command --\n"}

    def wrong(self, page=PAGE, **goldens):
        return spec_coverage.check(page, {**self.GOLDENS, **{f"spec/{k.replace('__', '/')}": v for k, v in goldens.items()}})[0]

    def test_holds(self):
        self.assertEqual([], self.wrong())

    def test_sentence_without_a_test(self):
        self.assertEqual(["S3-2 has no golden test"], self.wrong(self.PAGE + "| [S3-2] | four |\n"))

    def test_test_of_no_sentence(self):
        self.assertIn("there is no S2-9", "".join(self.wrong(**{"2-state__x": "# spec: S2-9\n-- command --\n"})))
        self.assertIn("needs one line", "".join(self.wrong(**{"2-state__x": "# a comment\n-- command --\n# spec: S2-1\n"})))
        self.assertIn("stands in section 3", "".join(self.wrong(**{"3-roles__x": "# spec: S2-1\n-- command --\n"})))
        self.assertIn("names S2-1 twice", "".join(self.wrong(**{"2-state__x": "# spec: S2-1, S2-1\n-- command --\n"})))

    def test_labels(self):
        self.assertIn("S2-1 is defined twice", self.wrong(self.PAGE + "- [S2-1] Again.\n"))
        self.assertIn("S2-2 stands after S3-1", self.wrong(self.PAGE + "- [S2-2] Late.\n"))
        self.assertIn("S9-9 is mentioned and not defined", self.wrong(self.PAGE + "See S9-9.\n"))
        self.assertIn("the specification has no label", self.wrong("text\n"))


class Schema(unittest.TestCase):
    def test_each_keyword(self):
        schema = {"type": "object", "required": ["a"], "additionalProperties": False,
                  "properties": {"a": {"type": ["integer", "null"], "minimum": 1, "maximum": 3},
                                 "b": {"type": "array", "minItems": 1, "items": {"enum": ["x", 1]}},
                                 "c": {"const": 1}, "d": {"pattern": "^y$"}, "e": {"$ref": "#/$defs/z"}},
                  "$defs": {"z": {"anyOf": [{"const": 1}, {"const": 2}]}}}
        for good in ({"a": 1}, {"a": None, "b": ["x", 1], "c": 1, "d": "y", "e": 2}):
            self.assertEqual([], json_schema.check(good, schema))
        for bad in ({}, {"a": 0}, {"a": 4}, {"a": True}, {"a": 1, "x": 1}, {"a": 1, "b": []}, {"a": 1, "b": [True]},
                    {"a": 1, "c": True}, {"a": 1, "d": "yy"}, {"a": 1, "e": 3}, []):
            self.assertTrue(json_schema.check(bad, schema), bad)
        with self.assertRaises(json_schema.UnknownKeyword):
            json_schema.check(1, {"multipleOf": 2})


if __name__ == "__main__":
    unittest.main()
