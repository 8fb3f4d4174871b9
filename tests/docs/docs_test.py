#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Is what the pages of this repository say still so?

Every Markdown page outside of compiler/diagnostics/explain (golden.coverage runs those) is read:

  links      a link to a file names a file that is there, and a link to a heading a heading
  commands   each line of a ```sh block is run, or stands in ELSEWHERE with the reason and the test that runs it;
             only `baton` and what TOOLS lists are run, without a shell, in one empty folder per page
  outputs    a block marked `shows` holds lines that were really printed or written, in that order; `...` skips
  programs   a ```baton block is a file or the beginning of one, and is checked
  vocabulary LANGUAGE.md names every machine attribute, built-in function and type of a parameter; each code that a
             page names is in the catalogue; each folder of compiler/ and tests/ has its page, each decision its link

HTML comments before a block say what a reader need not know:

    <!-- file: boot.baton -->        the next block is this file, from here to the end of the page
    <!-- gen: vmlinux                an input, by a recipe of tests/golden/inputs.py
    elf order=big
    -->
    <!-- in: examples/boot-debian --> the files of that folder are there as well
    <!-- at: examples/kdump-debian --> ... and it has its neighbours, as `../boot-opal`
    <!-- prints: plan.txt -->        what the last command of the next block prints is that file of the folder named by
                                     `in` or `at`, whole; with BATON_UPDATE=1 the file is written instead
    <!-- exit: 1 -->                 the last command of the next block ends so, all others with 0
    <!-- shows: output -->           the next block is from what the commands before it printed
    <!-- shows: out/boot.S -->       ... or from this file

It does not judge the wording, and it does not look at pages of other sites.

    docs_test.py --source . --baton build/release/bin/baton [PAGE...]
"""
import argparse
import difflib
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

# Commands that a page shows and that are not run here: the beginning of the line, why, and the test that runs it.
ELSEWHERE = [
    ("./quickstart test", "installs packages and runs all tests, this one too", "what CI runs"),
    ("./quickstart", "installs packages and boots QEMU", "boot.example.boot-debian"),
    ("cmake --preset", "configures a build folder", "./quickstart runs it"),
    ("cmake --build", "builds", "./quickstart runs it"),
    ("ctest --preset", "runs all tests, this one too", "./quickstart test runs it"),
    ("ctest --test-dir", "runs other tests", "the tests it selects"),
    ("BATON_UPDATE=1 ctest", "rewrites expectations in the source tree", "golden-runner"),
    ("baton-load", "runs on the target machine", "runtime.*, boot.*"),
    ("clang-tidy -p", "is advice for a developer", "none: it gates nothing"),
]

# Programs besides `baton` that make the inputs of a page: the package that has each, and what for.
TOOLS = {
    "dtc": ("device-tree-compiler", "a machine's tree from its source"),
    "powerpc64-linux-gnu-gcc": ("gcc-powerpc64-linux-gnu", "a big-endian payload or kernel"),
    "powerpc64le-linux-gnu-gcc": ("gcc-powerpc64le-linux-gnu", "a little-endian one"),
    "powerpc64-linux-gnu-objcopy": ("binutils-powerpc64-linux-gnu", "a payload's bytes alone"),
    "powerpc64le-linux-gnu-objcopy": ("binutils-powerpc64le-linux-gnu", "a payload's bytes alone"),
    "truncate": ("coreutils", "a file of some size, where its bytes do not matter"),
}

COMMENT = re.compile(r"^<!-- (file|gen|in|at|prints|exit|shows): ?(.*?) ?-->", re.DOTALL | re.MULTILINE)
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```[ ]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


def read(path):
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def without_blocks(text):
    """The prose: neither fenced nor indented blocks, in which brackets are code."""
    text = re.sub(r"^```.*?^```[ ]*$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^(    |\t).*$", "", text, flags=re.MULTILINE)
    return re.sub(r"`[^`\n]*`", lambda m: m.group(0) if "](" not in m.group(0) else "", text)


def anchor(heading):
    """The name a forge gives to a heading."""
    words = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
    return words.replace(" ", "-")


def pages(source):
    found = []
    for folder, folders, files in os.walk(source):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in ("build", "explain"))
        found += [os.path.join(folder, f) for f in sorted(files) if f.endswith(".md")]
    return found


def broken_links(source, page, text):
    for target in LINK.findall(without_blocks(text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        path = os.path.normpath(os.path.join(os.path.dirname(page), name)) if name else page
        if not os.path.exists(path):
            yield f"the link `{target}` names nothing"
        elif os.path.relpath(path, source).startswith(".."):
            yield f"the link `{target}` leaves the repository"
        elif heading and heading not in [anchor(h) for h in HEADING.findall(read(path))]:
            yield f"the link `{target}` names no heading of {name or 'this page'}"


def events(text):
    """Comments of ours and fenced blocks, in the order of the page."""
    found, covered = [], []
    for match in FENCE.finditer(text):
        covered.append(match.span())
        found.append((match.start(), "block", match.group(1), match.group(2)))
    for match in COMMENT.finditer(text):
        if not any(begin <= match.start() < end for begin, end in covered):
            found.append((match.start(), match.group(1), match.group(2).strip("\n"), None))
    return sorted(found, key=lambda event: event[0])


def missing_line(block, text):
    """The first line of the block that does not come in `text` after the lines before it."""
    rest = iter(text.splitlines())
    for line in block.splitlines():
        if line.strip() in ("...", ""):
            continue
        if not any(have.rstrip() == line.rstrip() for have in rest):
            return line
    return None


class Page:
    """One page's commands and files, in a folder of their own."""

    def __init__(self, source, baton, folder):
        self.source, self.baton, self.folder = source, baton, folder
        self.root = folder  # nothing above it is touched
        self.home = source  # where the files of the page come from
        self.output, self.last, self.ran, self.complaints = "", "", 0, []

    def complain(self, text):
        self.complaints.append(text)

    def path(self, name):
        path = os.path.normpath(os.path.join(self.folder, name))
        if not path.startswith(self.root + os.sep):
            raise ValueError(f"`{name}` is no name of a file")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def run(self, line, wanted):
        words = shlex.split(line, comments=True)
        program = self.baton if words[0] == "baton" else words[0]
        done = subprocess.run([program] + words[1:], cwd=self.folder, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        self.last = done.stdout
        self.output += done.stdout
        self.ran += 1
        if done.returncode != wanted:
            self.complain(f"`{line}` ended with {done.returncode} instead of {wanted}:\n{done.stdout}")

    def commands(self, block, wanted):
        lines = [l for l in block.replace("\\\n", " ").splitlines() if l.strip() and not l.lstrip().startswith("#")]
        self.output = ""
        for i, line in enumerate(lines):
            if line.split()[0] in ("baton", *TOOLS):
                self.run(line, wanted if i + 1 == len(lines) else 0)
            elif not any(line.startswith(prefix) for prefix, _, _ in ELSEWHERE):
                self.complain(f"`{line}` is neither run nor listed as run elsewhere")

    def printed(self, name):
        """Whether the last command printed a file of the source tree, whole."""
        path = os.path.join(self.home, name)
        if os.environ.get("BATON_UPDATE"):
            with open(path, "w", encoding="utf-8") as stream:
                stream.write(self.last)
            return
        if not os.path.exists(path):
            self.complain(f"{name} is not there: write it with BATON_UPDATE=1, and read it")
            return
        want = read(path).splitlines()
        if want != self.last.splitlines():
            change = difflib.unified_diff(want, self.last.splitlines(), name, "printed", lineterm="", n=1)
            self.complain(f"what is printed is not {name}:\n" + "\n".join(change))

    def program(self, name, block):
        """A ```baton block that is no file is made one, so that it is checked."""
        if name is None:
            name = "block.baton"
            with open(self.path(name), "w", encoding="utf-8") as stream:
                stream.write(block)
            self.run(f"baton check {name}", 0)
            os.remove(self.path(name))
            return
        with open(self.path(name), "w", encoding="utf-8") as stream:
            stream.write(block)

    def read(self, text):
        name, shows, prints, wanted = None, None, None, 0
        for _, kind, value, body in events(text):
            if kind == "gen":
                file, _, recipe = value.partition("\n")
                inputs.make(self.path(file), recipe)
            elif kind == "in":
                self.home = os.path.join(self.source, value)
                shutil.copytree(self.home, self.folder, dirs_exist_ok=True)
            elif kind == "at":
                parent = os.path.dirname(value)
                shutil.copytree(os.path.join(self.source, parent), os.path.join(self.root, parent), dirs_exist_ok=True)
                self.folder, self.home = os.path.join(self.root, value), os.path.join(self.source, value)
            elif kind == "prints":
                prints = value
            elif kind == "file":
                name = value
            elif kind == "exit":
                wanted = int(value)
            elif kind == "shows":
                shows = value
            elif shows is not None:
                have = self.output if shows == "output" else read(self.path(shows))
                line = missing_line(body, have)
                if line is not None:
                    self.complain(f"`{line}` is not a line of {shows}, or not in that order")
                shows = None
            elif value == "sh":
                self.commands(body, wanted)
                if prints is not None:
                    self.printed(prints)
                prints, wanted = None, 0
            elif value == "baton" or name is not None:
                self.program(name, body)
                if name is not None and name.endswith(".baton"):
                    self.run(f"baton fmt --check {name}", 0)
                name = None


def tools(source):
    """Whoever reads a page gets what its commands need from ./quickstart."""
    packages = subprocess.run([os.path.join(source, "quickstart"), "--packages"], stdout=subprocess.PIPE, text=True,
                              check=True).stdout.split()
    for program, (package, _) in sorted(TOOLS.items()):
        if package not in packages and package != "coreutils":  # Debian is not without those
            yield f"quickstart: `{program}` is a page's tool, and its package {package} is not installed"


def vocabulary(source):
    """What must be named where, and is not."""
    reference = read(os.path.join(source, "compiler/LANGUAGE.md"))
    attributes = re.findall(r'^ +\{"([a-z_.]+)", Type::', read(os.path.join(source, "compiler/model/machine.cpp")),
                            re.MULTILINE)
    rows = re.findall(r"^\| `([a-z_.]+)` \| (?:range|ranges|0 or 1|state|address|ids|number|size|tree) \|", reference,
                      re.MULTILINE)
    if len(attributes) < 10:
        yield "compiler/model/machine.cpp: the table of attributes is not where this test looks"
    if rows != attributes:
        yield f"compiler/LANGUAGE.md: its machine attributes are {rows}, the compiler's {attributes}"
    codes = set(re.findall(r"^BATON_DIAGNOSTIC\((\d+),", read(os.path.join(source, "compiler/diagnostics/catalog.def")),
                           re.MULTILINE))
    for page in pages(source):
        for code in re.findall(r"\bBT(\d{4})\b", read(page)):
            if str(int(code)) not in codes:
                yield f"{os.path.relpath(page, source)}: BT{code} is not in the catalogue"
    for parent in ("compiler", "tests", "stdlib", "examples"):
        for folder in sorted(glob.glob(os.path.join(source, parent, "*", ""))):
            if os.path.basename(folder[:-1]) in ("decisions", "__pycache__") or not os.listdir(folder):
                continue
            if not os.path.exists(os.path.join(folder, "README.md")):
                yield f"{os.path.relpath(folder, source)}: there is no README.md"
    overview = read(os.path.join(source, "compiler/ARCHITECTURE.md"))
    for decision in sorted(glob.glob(os.path.join(source, "compiler/decisions/*.md"))):
        if f"decisions/{os.path.basename(decision)}" not in overview:
            yield f"compiler/ARCHITECTURE.md: no link to {os.path.basename(decision)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", required=True)
    parser.add_argument("--baton", required=True)
    parser.add_argument("pages", nargs="*")
    options = parser.parse_args()
    source, baton = os.path.realpath(options.source), os.path.realpath(options.baton)
    wrong, ran = [], 0
    chosen = [os.path.realpath(p) for p in options.pages] or pages(source)
    for path in chosen:
        where, text = os.path.relpath(path, source), read(path)
        wrong += [f"{where}: {complaint}" for complaint in broken_links(source, path, text)]
        with tempfile.TemporaryDirectory(prefix="baton-docs-") as folder:
            page = Page(source, baton, os.path.realpath(folder))
            try:
                page.read(text)
            except (ValueError, OSError, inputs.RecipeError, subprocess.TimeoutExpired) as error:
                page.complain(str(error))
            wrong += [f"{where}: {complaint}" for complaint in page.complaints]
            ran += page.ran
    if not options.pages:
        wrong += list(vocabulary(source)) + list(tools(source))
        # A test that found nothing to do would pass whatever the pages say.
        if ran < 8:
            wrong.append(f"only {ran} commands were found in {len(chosen)} pages")
    print("\n".join(wrong) if wrong else f"{len(chosen)} pages, {ran} commands run")
    return 1 if wrong else 0


sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import inputs  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
