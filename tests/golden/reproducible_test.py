#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Does the same input give the same bytes, wherever it is built, and does a failed build leave the old ones alone?

The program of help_test.py is built twice, from two folders and with another environment; every output must be the
same. Then a third build over the first outputs
fails, and they must be untouched.

Example: reproducible_test.py build/release/bin/baton
"""
import os
import subprocess
import sys
import tempfile

import help_test
import inputs


def build(program, folder, kernel="vmlinux", **environment):
    return subprocess.run([program, "build", "boot.baton", "-o", "out", "-D", "kernel_file=" + kernel], cwd=folder, check=False,
                          env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def outputs(folder):
    found = {}
    for name in sorted(os.listdir(folder + "/out")):
        with open(f"{folder}/out/{name}", "rb") as stream:
            found[name] = stream.read()
    return found


def main(program):
    program = os.path.abspath(program)
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        for folder in (first, second):
            with open(folder + "/boot.baton", "w", encoding="utf-8") as stream:
                stream.write(help_test.PROGRAM)
            inputs.make(folder + "/guest.dtb", help_test.TREE)
            inputs.make(folder + "/vmlinux", help_test.KERNEL)
        for folder, zone in ((first, "UTC"), (second, "Asia/Tokyo")):
            done = build(program, folder, TZ=zone, LC_ALL="C" if zone == "UTC" else "C.UTF-8")
            if done.returncode != 0:
                print(done.stdout)
                return 1
        one, two = outputs(first), outputs(second)
        if len(one) < 10 or list(one) != list(two):
            print("the builds have other files:", list(one), list(two))
            return 1
        differ = [name for name in one if one[name] != two[name]]
        if differ:
            print("the builds differ in", differ)
            return 1
        failed = build(program, first, kernel="missing")
        if failed.returncode != 66 or outputs(first) != one:
            print(f"a failed build (exit {failed.returncode}) changed what was there")
            return 1
        print(f"{len(one)} outputs are the same; a failed build leaves them alone")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
