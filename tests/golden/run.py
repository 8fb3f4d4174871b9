#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Does a command print and write exactly what a golden file says?

A golden file is a command, its inputs and everything that comes out, in `-- name --` sections (README.md).
The command runs in an empty folder of its own; output and files are compared as whole texts. With
BATON_UPDATE=1 in the environment the expectations are rewritten instead, and the diff is read in review.
What no expectation can excuse: a program that dies of a signal or runs too long, a failed run that leaves
files behind or has no `fail-` in its test's name, and an input that was changed without saying so.

    run.py --baton build/release/bin/baton tests/golden/syntax/fail-missing-semicolon.golden
"""
import argparse
import difflib
import os
import re
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import inputs  # noqa: E402

HEADER = re.compile(r"^-- (\S.*) --$")
NO_NEWLINE = "\\ no newline at the end"
TIMEOUT_SECONDS = 120
EXPECT_ORDER = ("expect exit", "expect stdout", "expect stderr")


class GoldenError(Exception):
    """A golden file, or what came out, that cannot be compared at all."""


class Golden:
    """The sections of one file, in order; `preamble` is the comment above the first."""

    def __init__(self, preamble, sections):
        self.preamble, self.sections = preamble, sections

    @classmethod
    def parse(cls, text):
        preamble, sections, body = [], [], None
        for line in text.split("\n")[:-1] if text.endswith("\n") else text.split("\n"):
            match = HEADER.match(line)
            if match:
                body = []
                sections.append([match.group(1), body])
            elif body is not None:
                body.append(line[1:] if line.startswith("\\--") else line)
            elif line.startswith("#") or not line.strip():
                preamble.append(line)
            else:
                raise GoldenError(f"`{line}` stands before the first section")
        names = [name for name, _ in sections]
        for name in names:
            if names.count(name) > 1:
                raise GoldenError(f"two sections `{name}`")
        return cls(preamble, [[name, join_lines(body)] for name, body in sections])

    def get(self, name):
        return next((body for each, body in self.sections if each == name), None)

    def set(self, name, body):
        for section in self.sections:
            if section[0] == name:
                section[1] = body
                return
        # A new expectation goes before the first one that stands later in the usual order.
        rank = EXPECT_ORDER.index(name)
        for i, (each, _) in enumerate(self.sections):
            if each.startswith("expect ") and (each not in EXPECT_ORDER or EXPECT_ORDER.index(each) > rank):
                self.sections.insert(i, [name, body])
                return
        self.sections.append([name, body])

    def remove(self, name):
        self.sections = [section for section in self.sections if section[0] != name]

    def text(self):
        lines = list(self.preamble)
        for name, body in self.sections:
            lines.append(f"-- {name} --")
            for line in split_lines(body):
                lines.append("\\" + line if HEADER.match(line) or line.startswith("\\--") else line)
        return "\n".join(lines) + "\n"


def join_lines(lines):
    if lines and lines[-1] == NO_NEWLINE:
        return "\n".join(lines[:-1])
    return "".join(line + "\n" for line in lines)


def split_lines(text):
    if not text:
        return []
    if text.endswith("\n"):
        return text[:-1].split("\n")
    return text.split("\n") + [NO_NEWLINE]


def hex_dump(data):
    rows = (data[i:i + 16] for i in range(0, len(data), 16))
    return "".join(f"{16 * i:04x}  {row.hex(' ', 4)}\n" for i, row in enumerate(rows))


def inside(folder, name):
    """The path of a file of the test; names that leave its folder are refused."""
    path = os.path.normpath(os.path.join(folder, name))
    if not path.startswith(folder + os.sep):
        raise GoldenError(f"`{name}` lies outside of the test's folder")
    return path


def new_file(folder, name):
    path = inside(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


SHARED = os.path.join(os.path.dirname(os.path.realpath(__file__)), "shared")


def with_shared(sections):
    """The sections, with each `shared: NAME` replaced by the inputs of shared/NAME.inputs."""
    found = []
    for name, body in sections:
        if not name.startswith("shared: "):
            found.append((name, body))
            continue
        path = inside(SHARED, name[len("shared: "):].strip() + ".inputs")
        if body.strip():
            raise GoldenError(f"`{name}` takes its text from {os.path.basename(path)}, and has one of its own")
        try:
            with open(path, encoding="utf-8", newline="") as stream:
                shared = Golden.parse(stream.read()).sections
        except OSError as error:
            raise GoldenError(f"{name}: {error.strerror}") from None
        if any(each == "command" or each.startswith(("expect ", "shared: ")) for each, _ in shared):
            raise GoldenError(f"{os.path.basename(path)} holds more than inputs")
        found += shared
    names = [name.removeprefix("gen: ").removeprefix("copy: ") for name, _ in found]
    for name in names:
        if names.count(name) > 1:
            raise GoldenError(f"two inputs `{name}`, one of them shared")
    return found


def write_inputs(sections, folder):
    for name, body in with_shared(sections):
        if name == "command" or name.startswith("expect "):
            continue
        if name.startswith("copy: "):
            source = inside(os.path.dirname(SHARED), body.strip())
            try:
                with open(source, "rb") as stream, open(new_file(folder, name[6:].strip()), "wb") as copy:
                    copy.write(stream.read())
            except OSError as error:
                raise GoldenError(f"{name}: {error.strerror}") from None
        elif name.startswith("gen: "):
            try:
                inputs.make(new_file(folder, name[5:].strip()), body)
            except inputs.RecipeError as error:
                raise GoldenError(f"{name}: {error}") from None
        else:
            with open(new_file(folder, name), "w", encoding="utf-8", newline="") as stream:
                stream.write(body)


def snapshot(folder):
    """Every file below the folder with its bytes; what is no regular file is named by its kind."""
    found = {}
    for root, folders, files in os.walk(folder):
        for name in files + [f for f in folders if os.path.islink(os.path.join(root, f))]:
            path = os.path.join(root, name)
            if os.path.islink(path):
                found[os.path.relpath(path, folder)] = ("link", os.readlink(path))
            elif not os.path.isfile(path):
                found[os.path.relpath(path, folder)] = ("special",)
            elif os.path.getsize(path) > 64 << 20:
                found[os.path.relpath(path, folder)] = ("large", os.stat(path).st_mtime_ns)
            else:
                with open(path, "rb") as stream:
                    found[os.path.relpath(path, folder)] = ("file", stream.read())
    return found


class Outcome:
    def __init__(self, code, stdout, stderr, before, last, after):
        self.code, self.stdout, self.stderr = code, stdout, stderr
        # `last`: before the last command that ran.
        self.before, self.last, self.after = before, last, after

    def file(self, name):
        kind = self.after.get(os.path.normpath(name))
        if kind is None or kind[0] != "file":
            raise GoldenError(f"`{name}` was not written")
        return kind[1]


def execute(command, sections, baton):
    """Runs the commands of a test, one a line, until one fails; their outputs are joined."""
    with tempfile.TemporaryDirectory(prefix="baton-golden-") as made:
        folder = os.path.realpath(made)
        write_inputs(sections, folder)
        before = snapshot(folder)
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "HOME": folder,
                       "BATON_REPLAY": "off"}  # what is printed may not depend on whether QEMU is installed
        for name, value in os.environ.items():
            if name.startswith(("ASAN_", "UBSAN_", "LSAN_")):
                environment[name] = value
        code, stdout, stderr = 0, "", ""
        lines = [line for line in command.splitlines() if line.strip()]
        if not lines:
            raise GoldenError("there is no command")
        last = before
        for number, line in enumerate(lines):
            if number:
                last = snapshot(folder)
            words = shlex.split(line)
            if words[0] != "baton":
                raise GoldenError(f"`{words[0]}` is not the program under test, `baton`")
            try:
                done = subprocess.run([baton] + words[1:], cwd=folder, env=environment, check=False,
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, timeout=TIMEOUT_SECONDS)
            except OSError as error:
                raise GoldenError(f"cannot run the program under test: {error}") from None
            except subprocess.TimeoutExpired:
                raise GoldenError(f"`{line}` ran for more than {TIMEOUT_SECONDS} s") from None
            stdout += done.stdout.decode("utf-8", "backslashreplace")
            stderr += done.stderr.decode("utf-8", "backslashreplace")
            code = done.returncode
            if code < 0:
                raise GoldenError(f"`{line}` died of signal {-code}\n{stderr}")
            if code != 0:
                break
        return Outcome(code, stdout.replace(folder, "$DIR"), stderr.replace(folder, "$DIR"), before, last,
                       snapshot(folder))


def difference(name, expected, actual):
    lines = difflib.unified_diff(split_lines(expected), split_lines(actual), "expected " + name,
                                 "actual " + name, lineterm="")
    return "\n".join(lines)


# The shipped conventions, which a depfile names where they are.
STDLIB = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))), "stdlib")


def expectations(golden, outcome):
    """(section, expected text, actual text) for everything that can be rewritten."""
    yield "expect exit", golden.get("expect exit") or "0\n", f"{outcome.code}\n"
    yield "expect stdout", golden.get("expect stdout") or "", outcome.stdout
    yield "expect stderr", golden.get("expect stderr") or "", outcome.stderr
    for name, body in list(golden.sections):
        if name.startswith("expect file "):
            data = outcome.file(name[len("expect file "):])
            try:
                text = data.decode("utf-8").replace(STDLIB, "$STDLIB")
            except UnicodeDecodeError:
                raise GoldenError(f"`{name}`: not a text; use `expect hex`") from None
            yield name, body, text
        elif name.startswith("expect hex "):
            yield name, body, hex_dump(outcome.file(name[len("expect hex "):]))
        elif name.startswith("expect ") and name not in EXPECT_ORDER and not name.startswith("expect no-files "):
            raise GoldenError(f"`{name}` is no expectation")


def rules(golden, outcome, path):
    """What is wrong whatever the file expects."""
    wrong = []
    failed = outcome.code != 0
    if failed != os.path.basename(path).startswith("fail-"):
        wrong.append(f"the command ended with {outcome.code}, so the file's name must "
                     + ("begin with `fail-`" if failed else "not begin with `fail-`"))
    named = {os.path.normpath(name.split(" ", 2)[2]) for name, _ in golden.sections
             if name.startswith(("expect file ", "expect hex "))}
    for name, content in sorted(outcome.before.items()):
        if outcome.after.get(name) != content and name not in named:
            wrong.append(f"the input `{name}` was changed")
    new = sorted(name for name in outcome.after if name not in outcome.before)
    if failed:
        wrong += [f"the failed command left `{name}` behind" for name in new
                  if name not in named and name not in outcome.last]
    for name, _ in golden.sections:
        if name.startswith("expect no-files "):
            folder = os.path.normpath(name[len("expect no-files "):])
            wrong += [f"`{each}` was written" for each in new if each.startswith(folder + os.sep) or each == folder]
    return wrong


def run(path, baton, update):
    """The sentences that say what is wrong with one test; none if it holds."""
    with open(path, encoding="utf-8", newline="") as stream:
        text = stream.read()
    golden = Golden.parse(text)
    if not golden.sections or golden.sections[0][0] != "command":
        raise GoldenError("the first section is not `-- command --`")
    outcome = execute(golden.get("command"), golden.sections, baton)
    wrong = rules(golden, outcome, path)
    for name, expected, actual in expectations(golden, outcome):
        if expected == actual:
            continue
        if not update:
            wrong.append(difference(name, expected, actual))
        elif (name, actual) in (("expect exit", "0\n"), ("expect stdout", ""), ("expect stderr", "")):
            golden.remove(name)
        else:
            golden.set(name, actual)
    if update and golden.text() != text:
        new = path + ".new"
        with open(new, "w", encoding="utf-8", newline="") as stream:
            stream.write(golden.text())
        os.replace(new, path)
        print(f"rewritten: {path}")
    return wrong


def main(arguments):
    parser = argparse.ArgumentParser(description="Runs golden tests; BATON_UPDATE=1 rewrites them.")
    parser.add_argument("--baton", required=True, help="the program under test")
    parser.add_argument("files", nargs="+")
    given = parser.parse_args(arguments)
    update = os.environ.get("BATON_UPDATE", "") not in ("", "0")
    failed = 0
    for path in given.files:
        try:
            wrong = run(path, os.path.abspath(given.baton), update)
        except GoldenError as error:
            wrong = [str(error)]
        if wrong:
            failed += 1
            print(f"{path}:")
            for sentence in wrong:
                print(sentence)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
