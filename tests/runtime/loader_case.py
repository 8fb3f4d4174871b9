# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# What the tests of baton-load share: running a build of it (this host's, or the target's under
# qemu-user), a directory with a fake machine and a bundle, and the two questions "accepted?" and
# "refused, for which reasons?". A missing qemu is an error, not a skip.
import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import bundle_format as bundle
from fake_machine import FakeMachine

PROGRAMS = {}  # "host", "ppc64", "ppc64le", "sample": paths, from the command line


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

def main():
    parser = argparse.ArgumentParser()
    for name in ("host", "ppc64", "ppc64le", "sample"):
        parser.add_argument("--" + name, required=True)
    arguments, rest = parser.parse_known_args()
    PROGRAMS.update(vars(arguments))
    unittest.main(argv=sys.argv[:1] + rest)
