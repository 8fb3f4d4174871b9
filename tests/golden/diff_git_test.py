#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Does `baton diff --against git:REF` read the old version from git, and say clearly where it cannot?

Each test makes a repository of its own in a temporary folder. Nothing may change in it or be left beside it: the old
texts are held in memory.

Example: diff_git_test.py build/release/bin/baton
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

BATON = ""

BASE = """language 1;

convention demo.base@1 {
  status stable;
  source "base.S";
  role image : elf64;

  ensures master {
    r3 = 7;
  }

  ensures slaves {
    arrival absent;
  }
}
"""
ENTRY = """language 1;
use "base.baton";

convention demo.entry@1 extends demo.base@1 {
  status stable;
  source "entry.S";
}
"""


class Repository(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory(prefix="baton-git-")
        self.addCleanup(made.cleanup)
        self.folder = os.path.join(os.path.realpath(made.name), "work")
        os.makedirs(os.path.join(self.folder, "boot"))
        # Whatever repository the test itself runs in is not meant.
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        self.environment.update(HOME=made.name, GIT_CONFIG_NOSYSTEM="1", LC_ALL="C", GIT_CEILING_DIRECTORIES=made.name)
        self.git("init", "-q", "-b", "main")
        self.write("boot/base.baton", BASE)
        self.write("boot/entry.baton", ENTRY)
        self.commit("first")

    def git(self, *words):
        return subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words], cwd=self.folder, check=True,
                              env=self.environment, stdout=subprocess.PIPE, text=True).stdout

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as stream:
            stream.write(text)

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def diff(self, *words, code, folder=None, **environment):
        before = self.listing()
        done = subprocess.run([BATON, "diff", *words], cwd=folder or self.folder, check=False,
                              env={**self.environment, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60)
        self.assertEqual(code, done.returncode, done.stdout + done.stderr)
        self.assertEqual(before, self.listing(), "a comparison leaves nothing behind")
        return done

    def listing(self):
        return sorted(os.path.join(root, name) for root, _, files in os.walk(self.folder) for name in files)

    def rules(self, *words, code, **more):
        document = json.loads(self.diff(*words, "--format", "json", code=code, **more).stdout)
        return {(c["after"] or c["before"], change["rule"]) for c in document["conventions"] for change in c["changes"]}

    def test_unchanged(self):
        self.assertEqual(set(), self.rules("--against", "git:HEAD", "boot", code=0))
        self.assertEqual(set(), self.rules("--against", "git:HEAD", code=0))

    def test_use_resolves_in_the_old_tree(self):
        # The promise is in a used file: entry.baton is as it was, and means something else now.
        self.write("boot/base.baton", BASE.replace("    r3 = 7;\n", ""))
        found = self.rules("--against", "git:HEAD", "boot/entry.baton", code=1)
        self.assertIn(("demo.entry@1", "MASTER_REG_REMOVED"), found)
        self.assertIn(("demo.base@1", "CONVENTION_EDITED_IN_PLACE"), found)
        # From another folder, by another way to the same file.
        again = self.rules("--against", "git:HEAD", "../boot/entry.baton", code=1, folder=os.path.join(self.folder, "boot"))
        self.assertEqual(found, again)

    def test_a_branch_a_tag_and_an_ancestor(self):
        self.git("tag", "v1")
        self.write("boot/base.baton", BASE.replace("r3 = 7", "r3 = 8"))
        self.commit("second")
        self.assertEqual(set(), self.rules("--against", "git:main", code=0))
        for ref in ("v1", "HEAD~1", "main^"):
            self.assertIn(("demo.base@1", "REG_VALUE_CHANGED"), self.rules("--against", "git:" + ref, code=1))

    def test_places_name_the_commit(self):
        self.write("boot/base.baton", BASE.replace("r3 = 7", "r3 = 8"))
        text = self.diff("--against", "git:HEAD", "boot/base.baton", code=1).stdout
        self.assertIn("HEAD:boot/base.baton:9", text)
        self.assertIn("boot/base.baton:9", text.replace("HEAD:boot", ""))
        lines = self.diff("--against", "git:HEAD", "boot/base.baton", "--format", "github", code=1).stdout
        self.assertIn("::error file=boot/base.baton,line=9,", lines)
        sarif = json.loads(self.diff("--against", "git:HEAD", "boot/base.baton", "--format", "sarif", code=1).stdout)
        old = [r["relatedLocations"][0] for r in sarif["runs"][0]["results"] if r["ruleId"] == "REG_VALUE_CHANGED"]
        # A line of an old commit is no place in the work tree.
        self.assertNotIn("physicalLocation", old[0])
        self.assertEqual("HEAD:boot/base.baton:9", old[0]["logicalLocations"][0]["fullyQualifiedName"])

    def test_files_come_and_go(self):
        os.remove(os.path.join(self.folder, "boot/entry.baton"))
        self.assertIn(("demo.entry@1", "CONVENTION_REMOVED"), self.rules("--against", "git:HEAD", "boot", code=1))
        self.assertIn(("demo.entry@1", "CONVENTION_REMOVED"), self.rules("--against", "git:HEAD", "boot/entry.baton", code=1))
        self.git("checkout", "-q", ".")
        self.write("boot/new.baton", BASE.replace("demo.base", "demo.new"))
        self.assertEqual(set(), self.rules("--against", "git:HEAD", "boot", code=0))
        self.assertIn("demo.new@1, new", self.diff("--against", "git:HEAD", "boot/new.baton", code=0).stdout)

    def test_an_old_file_that_is_wrong(self):
        self.write("boot/base.baton", BASE.replace("ensures master", "ensure master"))
        self.commit("wrong")
        self.write("boot/base.baton", BASE)
        done = self.diff("--against", "git:HEAD", "boot/base.baton", code=1)
        self.assertIn("--> HEAD:boot/base.baton:8:3", done.stderr)

    def test_a_link_is_not_followed(self):
        os.remove(os.path.join(self.folder, "boot/base.baton"))
        self.write("elsewhere.baton", BASE)
        os.symlink("../elsewhere.baton", os.path.join(self.folder, "boot/base.baton"))
        self.commit("link")
        done = self.diff("--against", "git:HEAD", "boot/entry.baton", code=66)
        self.assertIn("`HEAD:boot/base.baton` is a symbolic link", done.stderr)

    def test_names_that_a_shell_would_read(self):
        self.write("boot/$(touch x) `y` '.baton", BASE.replace("demo.base", "demo.odd"))
        self.commit("odd")
        self.write("boot/$(touch x) `y` '.baton", BASE.replace("demo.base", "demo.odd").replace("r3 = 7", "r3 = 8"))
        self.assertIn(("demo.odd@1", "REG_VALUE_CHANGED"), self.rules("--against", "git:HEAD", code=1))

    def test_before_the_first_commit(self):
        self.git("checkout", "-q", "--orphan", "fresh")
        text = self.diff("--against", "git:HEAD", code=0).stdout
        self.assertIn("demo.base@1, new", text)
        self.assertIn("there is no commit `main~7`", self.diff("--against", "git:main~7", code=66).stderr)

    def test_what_git_ignores_is_not_looked_at(self):
        # Copies in a build folder would declare every convention twice.
        self.write(".gitignore", "build/\n")
        self.commit("ignore")
        os.makedirs(os.path.join(self.folder, "build"))
        self.write("build/base.baton", BASE)
        self.assertEqual(set(), self.rules("--against", "git:HEAD", code=0))
        self.write("copy.baton", BASE)
        self.assertIn("is declared in two of the files", self.diff("--against", "git:HEAD", code=1).stderr)

    def test_names_are_those_of_the_change(self):
        self.write("boot/base.baton", BASE.replace("r3 = 7", "r3 = 8"))
        for words in ([], ["."], ["./boot"], ["./boot/base.baton"]):
            lines = self.diff("--against", "git:HEAD", *words, "--format", "github", code=1).stdout
            self.assertIn("::error file=boot/base.baton,line=9,", lines)
            self.assertNotIn("./", lines)

    def test_changes_that_are_no_finding(self):
        self.write("boot/base.baton", BASE.replace("stable", "experimental"))
        self.write("boot/entry.baton", ENTRY.replace("stable", "experimental"))
        self.commit("experimental")
        self.write("boot/base.baton", BASE.replace("stable", "experimental").replace("r3 = 7", "r3 = 8"))
        for words, code in ([[], 2], [["--allow-changes"], 0], [["--strict", "both", "--allow-changes"], 1]):
            self.diff("--against", "git:HEAD", *words, code=code)

    def test_a_repository_without_programs(self):
        self.git("rm", "-rq", "boot")
        self.commit("empty")
        self.write("notes.txt", "no program")
        self.assertEqual(set(), self.rules("--against", "git:HEAD", code=0))

    def test_no_such_commit(self):
        for ref in ("nowhere", "-h", "--help", "HEAD:boot", "HEAD; touch x", "v1 --"):
            done = self.diff("--against", "git:" + ref, "boot", code=66)
            self.assertIn(f"there is no commit `{ref}`", done.stderr)

    def test_no_repository(self):
        outside = os.path.join(os.path.dirname(self.folder), "outside")
        os.makedirs(outside)
        with open(outside + "/a.baton", "w", encoding="utf-8") as stream:
            stream.write(BASE)
        done = self.diff("--against", "git:HEAD", "a.baton", code=66, folder=outside)
        self.assertIn("is in no work tree of a git repository", done.stderr)

    def test_no_git(self):
        done = self.diff("--against", "git:HEAD", "boot", code=66, PATH="/nonexistent")
        self.assertIn("there is no program `git`", done.stderr)

    def test_nothing_there(self):
        done = self.diff("--against", "git:HEAD", "missing.baton", code=66)
        self.assertIn("missing.baton", done.stderr)

    def test_usage(self):
        for words in (["--against", "HEAD"], ["--against", "git:"], ["--against", "svn:1"], ["--against", "git:HEAD", "a", "b"]):
            self.diff(*words, code=64)


if __name__ == "__main__":
    BATON = os.path.abspath(sys.argv.pop(1))
    unittest.main()
