#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Do Make and Ninja rebuild when, and only when, a file named in our depfile changes?

Every input and the output carry characters that need an escape in one of the two. Both programs run on a
real folder: nothing to do at first, something to do after any one input is newer, and names without a
common spelling are refused.

    depfile_test.py build/bin/table_sample
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

INPUTS = ["plain.baton", "two words", "hash#tag", "dollar$x", "colon:x", "not~root", "vmlinux-6.1~bpo+1", "a$$ #b: c"]
OUTPUTS = ["out", "out put#1$x"]
REFUSED = ["percent%", "semi;colon", "back\\slash", "star*", "pipe|", "equals=1", "line\nbreak", "ends:", "~root", "\x7f"]
failures = []


def make_word(name):
    name = name.replace("$", "$$").replace("#", "\\#").replace(" ", "\\ ")
    return name


def ninja_word(name):
    return name.replace("$", "$$").replace(" ", "$ ").replace(":", "$:")


def run(command, folder):
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def make_is_idle(folder, output):
    done = run(["make", "-q", output], folder)
    if done.returncode not in (0, 1):
        sys.exit(f"depfile_test: make cannot read the depfile:\n{done.stdout}")
    return done.returncode == 0


def ninja_is_idle(folder):
    done = run(["ninja", "-n"], folder)
    if done.returncode != 0:
        sys.exit(f"depfile_test: ninja cannot read the depfile:\n{done.stdout}")
    return "no work to do" in done.stdout


def check_output(sample, output):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        done = run([sample, "depfile", output, *INPUTS, INPUTS[0]], folder)
        if done.returncode != 0:
            sys.exit(f"depfile_test: {done.stdout}")
        if done.stdout.count(INPUTS[0]) != 1:
            failures.append("an input that is named twice is listed twice")
        depfile = folder / "given.d"
        depfile.write_text(done.stdout)
        (folder / "Makefile").write_text(f"{make_word(output)}:\n\t@touch made\ninclude given.d\n")
        # Ninja takes the depfile's word only after the command ran: the command writes it.
        (folder / "build.ninja").write_text(
            "rule build\n  command = cp given.d used.d && cp given.d $out\n  depfile = used.d\n"
            f"build {ninja_word(output)}: build\n")
        for each in INPUTS:
            (folder / each).write_text("")
            os.utime(folder / each, (1000, 1000))
        done = run(["ninja"], folder)
        if done.returncode != 0:
            sys.exit(f"depfile_test: ninja failed:\n{done.stdout}")
        os.utime(folder / output, (2000, 2000))
        # Ninja's own record of the run must not be newer than the touches below.
        newer = (folder / output).stat().st_mtime + 4_000_000_000

        if not make_is_idle(folder, output):
            failures.append(f"make finds work for {output!r} although nothing changed")
        (folder / ".ninja_log").unlink()
        run(["ninja"], folder)
        os.utime(folder / output)
        if not ninja_is_idle(folder):
            failures.append(f"ninja finds work for {output!r} although nothing changed")
        for each in INPUTS:
            os.utime(folder / each, (newer, newer))
            if make_is_idle(folder, output):
                failures.append(f"make does not see that {each!r} changed")
            if ninja_is_idle(folder):
                failures.append(f"ninja does not see that {each!r} changed")
            os.utime(folder / each, (1000, 1000))


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 64
    for program in ("make", "ninja"):
        if not shutil.which(program):
            sys.exit(f"depfile_test: `{program}` is missing; ./quickstart installs it")
    sample = os.path.abspath(sys.argv[1])
    for output in OUTPUTS:
        check_output(sample, output)
    for name in REFUSED:
        done = run([sample, "depfile", "out", name], ".")
        if done.returncode != 1 or "no common spelling" not in done.stdout:
            failures.append(f"{name!r} is not refused: {done.stdout}")
    for sentence in failures:
        print(sentence)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
