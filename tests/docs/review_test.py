#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Do the hooks and the workflow of compiler/REVIEW.md let good changes pass, and stop bad ones?

A temporary git repository with a convention and a machine gets changes of each kind. The entry of every hook of
.pre-commit-hooks.yaml is run on it as pre-commit would, then pre-commit itself is; and so are the steps of the
workflow, by the shell that GitHub's runners use (`bash -e`). Nothing is fetched from a network.

    review_test.py --source . --baton build/release/bin/baton
"""
import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = BATON = None

CONVENTION = """language 1;

/// A monitor in real mode.
convention demo.monitor@1 {
  status stable;
  source "monitor.S, entry";
  role image : loadable;

  ensures master {
    enter image.entry;
    mode real;
    msr SF = 1, EE = 0;
    r3 = image.start;
  }

  ensures slaves { arrival any; }
}
"""
CHANGES = {
    # what is changed: (old, new), the hooks and steps that must stop it
    "nothing": (("", ""), set()),
    "words": (("A monitor in real mode.", "A monitor, in real mode."), set()),
    "style": (("mode real;", "mode  real;"), {"fmt"}),
    "mistake": (("mode real;", "mode reel;"), {"check", "diff"}),
    "grammar": (("mode real;", "mode real"), {"fmt", "check", "diff"}),
    "meaning": (("r3 = image.start;", "r3 = image.entry;"), {"diff"}),
    "waived": (('source "monitor.S, entry";',
                'source "monitor.S, entry";\n  breaking allowed SLAVE_REG_ADDED because "nobody wrote a loader yet";'), set()),
}


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def hooks():
    """The hooks as dictionaries: the file is a list of flat mappings, one line an entry."""
    found = []
    for line in read(SOURCE + "/.pre-commit-hooks.yaml").splitlines():
        match = re.match(r"(- |  )([a-z_]+): (.+)$", line)
        if line.startswith("#") or not line:
            continue
        if not match:
            raise AssertionError(f"not a line of a flat list: {line}")
        if match.group(1) == "- ":
            found.append({})
        found[-1][match.group(2)] = match.group(3)
    return found


def block(name):
    """The fenced block of the page behind `<!-- file: NAME -->`."""
    page = read(SOURCE + "/compiler/REVIEW.md")
    return re.search(rf"<!-- file: {name} -->\n```yaml\n(.*?)^```", page, re.M | re.S).group(1)


def steps():
    """(name, command) of each `run:` of the workflow."""
    return re.findall(r"- name: (\S+)\n +run: (.+)$", block("workflow"), re.M)


class ReviewCase(unittest.TestCase):
    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="baton-review-"))
        self.addCleanup(shutil.rmtree, self.folder)
        os.mkdir(self.path("bin"))
        os.symlink(BATON, self.path("bin/baton"))
        self.environment = {**os.environ, "PATH": self.path("bin") + ":" + os.environ["PATH"], "HOME": self.folder,
                            "PRE_COMMIT_HOME": self.path("cache"), "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
                            "GIT_CONFIG_GLOBAL": "/dev/null", "LC_ALL": "C.UTF-8",
                            "GITHUB_BASE_REF": "main", "GITHUB_STEP_SUMMARY": self.path("summary.md")}
        for word in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
            self.environment.pop(word, None)

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_in(self, where, *words):
        return subprocess.run(words, cwd=self.path(where), env=self.environment, check=False, text=True, timeout=120,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def git(self, where, *words):
        done = self.run_in(where, "git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false", *words)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout.strip()

    def repository(self, name, **files):
        os.makedirs(self.path(name))
        self.git(name, "init", "-q", "-b", "main")
        for file, text in files.items():
            self.put(f"{name}/{file}", text)
        self.git(name, "add", "-A")
        self.git(name, "commit", "-q", "-m", "first", "--no-verify")

    def put(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as stream:
            stream.write(text)

    def project(self, **more):
        self.repository("project", **{"monitor.baton": CONVENTION, "notes.txt": "no program\n", **more})

    def change(self, old, new):
        self.put("project/monitor.baton", CONVENTION.replace(old, new, 1) if old else CONVENTION)
        self.git("project", "add", "-A")


class Hooks(ReviewCase):
    def test_they_are_what_pre_commit_reads(self):
        self.assertEqual([h["id"] for h in hooks()], re.findall(r"- id: (\S+)", block("pre-commit-config")))
        for hook in hooks():
            self.assertEqual((hook["language"], hook["files"]), ("system", r"\.baton$"))
            self.assertTrue(hook["description"].endswith("."))

    def test_each_entry(self):
        self.project()
        for what, ((old, new), stopped_by) in CHANGES.items():
            self.change(old, new)
            for hook in hooks():
                words = shlex.split(hook["entry"])
                if hook.get("pass_filenames") != "false":
                    words.append("monitor.baton")
                done = self.run_in("project", *words)
                with self.subTest(change=what, hook=hook["id"]):
                    self.assertEqual(done.returncode != 0, hook["id"].removeprefix("baton-") in stopped_by, done.stdout)
        self.assertEqual(self.git("project", "status", "--short"), "M  monitor.baton")  # no hook writes

    def test_by_pre_commit(self):
        self.repository("hooks", **{".pre-commit-hooks.yaml": read(SOURCE + "/.pre-commit-hooks.yaml")})
        config = block("pre-commit-config").replace("https://example.org/baton", "file://" + self.path("hooks"))
        config = config.replace("v0.1.0", self.git("hooks", "rev-parse", "HEAD"))
        self.project(**{".pre-commit-config.yaml": config})
        for what, ((old, new), stopped_by) in CHANGES.items():
            self.change(old, new)
            done = self.run_in("project", "pre-commit", "run", "--color", "never")
            with self.subTest(change=what):
                failed = {name for name, state in re.findall(r"^baton (\w+)\.+(Passed|Failed)", done.stdout, re.M) if state == "Failed"}
                self.assertEqual(failed, stopped_by, done.stdout)
                self.assertEqual(done.returncode != 0, bool(stopped_by), done.stdout)

    def test_a_first_commit(self):
        os.makedirs(self.path("project"))
        self.git("project", "init", "-q", "-b", "main")
        self.change("", "")
        for hook in hooks():
            done = self.run_in("project", *shlex.split(hook["entry"]), *([] if "pass_filenames" in hook else ["monitor.baton"]))
            self.assertEqual(done.returncode, 0, done.stdout)


class ExitCodes(ReviewCase):
    """The table of the page, each cell."""

    def code(self, *words):
        return self.run_in("project", "baton", *words).returncode

    def test_table(self):
        self.project()
        self.assertEqual(re.findall(r"^\| ([0-9]+) \|", read(SOURCE + "/compiler/REVIEW.md"), re.M), ["0", "1", "2", "64", "66"])
        self.assertEqual([self.code("fmt", "--check", "monitor.baton"), self.code("fmt", "--diff", "monitor.baton"),
                          self.code("check", "monitor.baton")], [0, 0, 0])
        self.change("mode real;", "mode  real;")
        self.assertEqual([self.code("fmt", "--check", "monitor.baton"), self.code("fmt", "--diff", "monitor.baton"),
                          self.code("check", "monitor.baton")], [2, 2, 0])
        self.change("mode real;", "mode real")
        self.assertEqual([self.code("fmt", "--check", "monitor.baton"), self.code("fmt", "--diff", "monitor.baton"),
                          self.code("check", "monitor.baton")], [1, 1, 1])
        # One wrong file among good ones is enough, whichever it is.
        self.put("project/good.baton", CONVENTION)
        for command in (["fmt", "--check"], ["check"]):
            self.assertEqual([self.code(*command, *files) for files in (["good.baton", "monitor.baton"], ["monitor.baton", "good.baton"])], [1, 1])
            self.assertEqual([self.code(*command), self.code(*command, "--nonsense", "good.baton")], [64, 64])
            self.assertEqual(self.code(*command, "good.baton", "missing.baton"), 66)

    def test_table_of_diff(self):
        self.project()
        against = ["diff", "--against", "git:HEAD"]
        meaning = CHANGES["meaning"][0]
        for (old, new), options, code in ((("", ""), [], 0), (("A monitor in", "A monitor, in"), [], 0), (meaning, [], 1), (meaning, ["--strict", "none"], 2),
                                          (meaning, ["--strict", "none", "--allow-changes"], 0), (meaning, ["--allow-changes"], 1),
                                          (CHANGES["grammar"][0], ["--allow-changes"], 1)):
            self.change(old, new)
            self.assertEqual(self.code(*against, *options), code, (new, options))
        self.assertEqual([self.code("diff"), self.code(*against, "--nonsense")], [64, 64])
        self.change("", "")
        self.assertEqual([self.code("diff", "monitor.baton", "missing.baton"), self.code("diff", "--against", "git:no-such-commit")], [66, 66])

    def test_warnings(self):
        """They end with 0, and with 1 where they are made errors."""
        self.project()
        self.change("monitor.S, entry", "TODO")
        done = self.run_in("project", "baton", "check", "monitor.baton")
        self.assertEqual((done.returncode, "warning[BT7013 unsourced-claim]" in done.stdout), (0, True), done.stdout)
        self.assertEqual(self.code("check", "-W", "error=unsourced-claim", "monitor.baton"), 1)
        done = self.run_in("project", "baton", "check", "-W", "no-unsourced-claim", "monitor.baton")
        self.assertEqual((done.returncode, "unsourced-claim" in done.stdout), (0, False), done.stdout)

    def test_output_that_is_lost(self):
        """A full disk behind `>` is no success."""
        self.project()
        self.change("mode real;", "mode  real;")
        done = self.run_in("project", "bash", "-c", "baton fmt --diff monitor.baton >/dev/full; echo $?; baton dump check monitor.baton >/dev/full; echo $?")
        self.assertEqual(done.stdout, "baton: cannot write to standard output\n2\n" "baton: cannot write to standard output\n1\n")


class Workflow(ReviewCase):
    def test_steps(self):
        self.assertEqual([name for name, _ in steps()], ["Style", "Soundness", "Meaning", "Summary"])
        self.project()
        self.git("project", "checkout", "-q", "-b", "change")
        self.git("project", "update-ref", "refs/remotes/origin/main", "main")
        for what, ((old, new), stopped_by) in CHANGES.items():
            self.change(old, new)
            for name, command in steps():
                done = self.run_in("project", "bash", "-e", "-c", command)
                short = {"Style": "fmt", "Soundness": "check"}.get(name, "diff")
                with self.subTest(change=what, step=name):
                    self.assertEqual(done.returncode != 0, short in stopped_by, done.stdout)
                    if name == "Meaning" and what == "meaning":
                        self.assertIn("::error file=monitor.baton,line=", done.stdout)
        self.assertIn("| `r3 = image.start`", read(self.path("summary.md")))

    def test_a_repository_without_programs(self):
        self.repository("project", **{"notes.txt": "no program\n"})
        self.git("project", "update-ref", "refs/remotes/origin/main", "main")
        for name, command in steps():
            self.assertEqual(self.run_in("project", "bash", "-e", "-c", command).returncode, 0, name)

    def test_the_first_program(self):
        self.repository("project", **{"notes.txt": "no program\n"})
        self.git("project", "update-ref", "refs/remotes/origin/main", "main")
        self.change("", "")
        for name, command in steps():
            self.assertEqual(self.run_in("project", "bash", "-e", "-c", command).returncode, 0, name)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", required=True)
    parser.add_argument("--baton", required=True)
    arguments, rest = parser.parse_known_args()
    SOURCE, BATON = os.path.realpath(arguments.source), os.path.realpath(arguments.baton)
    unittest.main(argv=[sys.argv[0]] + rest)
