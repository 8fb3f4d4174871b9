#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Is the table of all pairs of shipped conventions, stdlib/PAIRS.md, what `baton build` says today?

Each ordered pair of conventions becomes a small handoff, which is built: the taker's image entered itself, then through
a trampoline, then with the giver's incidental promises relied on; on a guest to which slaves come, on one with a single
CPU, and on an OPAL host. The first that passes is the pair's outcome, in this order. Where none does, it is what the
trampoline was refused for first, on the machine where the build got furthest. What a handoff binds follows from the roles that the
conventions state; nothing here knows a convention by its name. A giver that is the entry of an ELF file can enter no
trampoline: from it the taker's image is entered itself, or nothing is.

BATON_UPDATE=1 writes the table; read the difference before it is committed.

    pairs_test.py --source . --baton build/release/bin/baton [--only linux.kexec@2013 linux.bootblock@17]
"""
import argparse
import concurrent.futures
import difflib
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import inputs  # noqa: E402

# A guest with three more CPUs that come to 0x60, one that is alone, and a host whose CPUs wait in OPAL. All have a
# reservation for a crash kernel, so that a giver which crashes has somewhere to hand over to.
COMMON = """  ram = 0x0 ..< 1GiB;
  rma = 0x0 ..< 1GiB;
  running_kernel = 0x0 ..< 16MiB;
  crashkernel = 256MiB +: 128MiB;
  page = 64KiB;
"""
MACHINES = {
    "guest": COMMON + "  hypervisor = 0;\n  kexec_slaves = arriving;\n  cpus = 0, 1, 2, 3;\n",
    "single": COMMON + "  hypervisor = 0;\n  kexec_slaves = absent;\n  cpus = 0;\n",
    "host": COMMON + "  hypervisor = 1;\n  kexec_slaves = firmware;\n  cpus = 0, 8, 16, 24;\n"
                     "  opal.base = 0x3000_0000;\n  opal.entry = 0x3000_0b58;\n",
}
# Where segments lie: near enough to 0 for a branch, or in the reservation.
NORMAL = {"image": "0x140_0000", "tree": "0x180_0000", "raw": "0x1a0_0000", "stub": "0x1c0_0000"}
ON_CRASH = {"image": "0x1100_0000", "tree": "0x1140_0000", "raw": "0x1160_0000", "stub": "0x1180_0000"}
INPUTS = {
    "image.elf": "elf order=big entry=0x0\nload 0x0 size=0x1000 memsz=0x20000\nkernel-head 0x0\n",
    "raw.bin": "pattern 4096\n",
    "board.dtb": """dtb
/dts-v1/;
/ {
  #address-cells = <2>;
  #size-cells = <2>;
  memory@0 { device_type = "memory"; reg = <0 0 0 0x40000000>; };
  cpus {
    #address-cells = <1>;
    #size-cells = <0>;
    cpu@0 { device_type = "cpu"; reg = <0>; };
    cpu@1 { device_type = "cpu"; reg = <1>; };
    cpu@2 { device_type = "cpu"; reg = <2>; };
    cpu@3 { device_type = "cpu"; reg = <3>; };
    cpu@8 { device_type = "cpu"; reg = <8>; };
    cpu@10 { device_type = "cpu"; reg = <16>; };
    cpu@18 { device_type = "cpu"; reg = <24>; };
  };
  chosen { };
};
""",
}
# In place of the size of a stub: code that is linked.
CODE = "code"
FINDING = re.compile(r"^error\[(BT\d+) ([a-z0-9-]+)\]: (.*)$")


class Convention:
    """What a pair needs to know: roles by kind, how the master leaves, and what is only incidental."""

    def __init__(self, stated):
        self.name = stated["name"]
        self.roles = [tuple(part.strip() for part in role.split(":", 1)) for role in stated["roles"]]
        texts = [clause["text"] for clause in stated["clauses"]]
        self.departs = any(text == "enter call" for text in texts)
        self.incidental = [clause["key"] for clause in stated["clauses"] if clause.get("incidental")]
        self.keys = {clause["key"] for clause in stated["clauses"]}
        self.on_crash = any("machine.crashkernel" in text for text in texts)
        self.enters_elf = ("image", "elf64") in self.roles
        self.loaded = any("machine.running_kernel" in text for text in texts)

    def of_kind(self, kind):
        return [name for name, each in self.roles if each.split()[0] == kind]


def handoff(giver, taker, machine, trampoline, relies):
    """The text of a handoff between two conventions; everything in it follows from their roles."""
    at = ON_CRASH if giver.on_crash else NORMAL
    if giver.departs:
        lines = ["handoff pair {"]
    else:
        loader = " via linux.kexec_load@2005" if giver.loaded else ""
        lines = [f"handoff pair on {machine}{loader} {{"]
    lines += [f"  from {giver.name};", f"  to {taker.name};"]
    if giver.departs:
        lines.append(f"  giver {machine};")  # an object has one byte order
    if giver.on_crash:
        lines.append("  load on_crash;")
    lines += [f"  relies on incidental {key};" for key in relies]
    # What has a meaning of its own is no address of an image; `start` is one before all others.
    arguments = sorted((name for name in giver.of_kind("argument") if name not in ("stack", "page_size")),
                       key=lambda name: name != "start")
    raws = 0
    bindings, images = [], []
    for name, kind in taker.roles:
        kind = kind.split()[0]
        if giver.departs:
            if kind in ("loadable", "elf64", "devicetree", "raw") and arguments:
                bindings.append(f"  bind {name} = argument.{arguments[0]};")
                arguments = arguments[1:]
        elif kind in ("loadable", "elf64"):
            lines.append(f'  segment {name} = elf "image.elf" {{ place at {at["image"]}; }}')
            images.append(name)
        elif kind in ("devicetree", "raw") and giver.of_kind(kind):
            bindings.append(f"  bind {name} = giver.{giver.of_kind(kind)[0]};")
        elif kind == "devicetree":
            lines.append(f'  segment {name} = devicetree "board.dtb" {{ place at {at["tree"]}; }}')
        elif kind == "raw":
            lines.append(f'  segment {name} = file "raw.bin" {{ place at {at["raw"]} + {raws}; }}')
            raws += 0x10000
    if giver.departs:
        lines.append("  segment stub = trampoline { size <= 4KiB; }")
    elif trampoline:
        lines.append(f'  segment stub = trampoline {{ place at {at["stub"]}; size <= 4KiB; }}')
    lines += bindings
    lines.append(f"  enter {'stub' if trampoline or giver.departs else images[0] if images else 'stub'};")
    return "\n".join(lines + ["}", ""])


class Pairs:
    def __init__(self, baton, source, folder):
        self.baton, self.folder = baton, folder
        self.programs = sorted(glob.glob(os.path.join(source, "stdlib", "**", "*.baton"), recursive=True))
        names = [os.path.relpath(path, os.path.join(source, "stdlib")) for path in self.programs]
        self.preamble = "language 1;\n" + "".join(f'use "{name}";\n' for name in names)
        for name, recipe in INPUTS.items():
            inputs.make(os.path.join(folder, name), recipe)
        for name, facts in MACHINES.items():
            self.preamble += f"machine {name} {{\n{facts}}}\n"
        everything = os.path.join(folder, "all.baton")
        with open(everything, "w", encoding="utf-8") as stream:
            stream.write(self.preamble)
        dump = subprocess.run([baton, "dump", "check", everything], check=True, stdout=subprocess.PIPE, timeout=60)
        self.conventions = sorted((Convention(each) for each in json.loads(dump.stdout)["conventions"]),
                                  key=lambda each: each.name)

    def build(self, giver, taker, machine, trampoline, relies):
        """None where it is built, else the findings: (code, slug, sentence)."""
        with tempfile.TemporaryDirectory(dir=self.folder) as made:
            program = os.path.join(made, "pair.baton")
            with open(program, "w", encoding="utf-8") as stream:
                stream.write(self.preamble + handoff(giver, taker, machine, trampoline, relies))
            for name in INPUTS:
                os.link(os.path.join(self.folder, name), os.path.join(made, name))
            done = subprocess.run([self.baton, "build", program, "-o", os.path.join(made, "out"),
                                   "-W", "error=not-proved"], check=False, cwd=made,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
            if done.returncode == 0:
                stub = os.path.join(made, "out", "pair.bin")
                if giver.departs:
                    return None, CODE
                return None, os.path.getsize(stub) if os.path.exists(stub) else 0
            findings = []
            lines = done.stderr.decode().splitlines()
            for number, line in enumerate(lines):
                match = FINDING.match(line)
                if not match:
                    continue
                note = ""
                for after in lines[number + 1:]:
                    if FINDING.match(after):
                        break
                    if after.lstrip().startswith("= note: "):
                        note = after.lstrip()[len("= note: "):]
                        break
                findings.append((match.group(1), match.group(2), match.group(3).replace(self.folder, ""), note))
            if not findings:
                raise RuntimeError(f"{giver.name} -> {taker.name}: exit {done.returncode} without an error\n"
                                   + done.stderr.decode())
            return findings, 0

    def outcome(self, giver, taker):
        """(symbol, text) of one pair."""
        unproved, first = None, None
        ways = (True,) if giver.departs else (False,) if giver.enters_elf and (taker.of_kind("loadable") or taker.of_kind("elf64")) else (False, True)
        # What a giver only happens to do helps where the taker needs that very thing.
        relied = [key for key in giver.incidental if key in taker.keys]
        for relies in ([], relied) if relied else ([],):
            for machine in MACHINES if not giver.departs else ("big", "little"):
                for trampoline in ways:
                    findings, size = self.build(giver, taker, machine, trampoline, relies)
                    where = f"on `{machine}`" if machine in MACHINES else f"linked into a {machine}-endian caller"
                    if relies:
                        where += ", relying on incidental " + ", ".join(f"`{key}`" for key in relies)
                    if findings is None and size is CODE:
                        return "S", f"departing code, {where}"
                    if findings is None:
                        return ("S", f"a stub of {size} bytes, {where}") if size else ("N", f"no gap, {where}")
                    if all(slug == "not-proved" for _, slug, _, _ in findings):
                        unproved = unproved or (findings, where)
                    elif trampoline == ways[-1] and (first is None or progress(findings) > progress(first)):
                        first = findings
        if unproved:
            code, slug, sentence, _ = unproved[0][0]
            return "u", f"{unproved[1]}, {code} {slug}: {sentence}"
        return refused(first)


def progress(findings):
    """How far a refused build got: to placement, to what is impossible whatever a stub does, to the making of one."""
    code = findings[0][0]
    return (0 if code < "BT5" else 1 if code in ("BT5003", "BT5004") else 2), -len(findings)


def refused(findings):
    """What was refused first; a release that does not serve something is not one that finds it impossible."""
    code, slug, sentence, note = findings[0]
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return "x", f"{code} {slug}: {sentence}" + (f"; {note}" if note else "") + more


LEGEND = """<!-- Written by tests/golden/pairs_test.py from builds; golden.pairs holds it fresh. -->
# Pairs

What becomes of each handoff from one shipped convention (row) to another (column), as `baton build` answers today. The
image, the tree and the machine are small and made for this table: a real one may be refused for its own reasons, by its
size or place. Machines: `guest` has slaves that come, `single` has one CPU, `host` has OPAL, where the others wait. The
first that serves is the one that is named, and for each the image entered itself is tried before a stub.

| | |
|---|---|
| N | no gap: the giver promises all that the taker needs |
| S | a stub closes the gap |
| u | a stub is made, and what is known of the giver's state is not enough to prove it |
| x | impossible: the first need that nothing meets is told below |
| - | planned, but not built in this release |

"""


def table(pairs, outcomes):
    names = [each.name for each in pairs.conventions]
    out = [LEGEND, "| | " + " | ".join(str(n) for n in range(1, len(names) + 1)) + " |\n",
           "|---|" + "---|" * len(names) + "\n"]
    for number, giver in enumerate(names, 1):
        cells = " | ".join(outcomes[giver, taker][0] for taker in names)
        out.append(f"| {number} `{giver}` | {cells} |\n")
    for giver in names:
        out.append(f"\n## From `{giver}`\n\n")
        reasons = {}
        for taker in names:
            reasons.setdefault(outcomes[giver, taker][1], []).append(taker)
        for reason, takers in reasons.items():
            out.append("- " + ", ".join(f"`{taker}`" for taker in takers) + f": {reason}\n")
    return "".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", required=True)
    parser.add_argument("--baton", required=True)
    parser.add_argument("--only", nargs=2, metavar=("FROM", "TO"), help="one pair, printed")
    options = parser.parse_args()
    kept = os.path.join(options.source, "stdlib", "PAIRS.md")
    with tempfile.TemporaryDirectory(prefix="baton-pairs-") as made:
        pairs = Pairs(os.path.abspath(options.baton), options.source, os.path.realpath(made))
        every = {each.name: each for each in pairs.conventions}
        if options.only:
            print(*pairs.outcome(*(every[name] for name in options.only)))
            return 0
        asked = [(giver, taker) for giver in every for taker in every]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = pool.map(lambda pair: pairs.outcome(every[pair[0]], every[pair[1]]), asked)
            wanted = table(pairs, dict(zip(asked, answers)))
    if os.environ.get("BATON_UPDATE", "") not in ("", "0"):
        with open(kept + ".new", "w", encoding="utf-8") as stream:
            stream.write(wanted)
        os.replace(kept + ".new", kept)
        return 0
    present = ""
    if os.path.exists(kept):
        with open(kept, encoding="utf-8") as stream:
            present = stream.read()
    if present != wanted:
        sys.stdout.writelines(difflib.unified_diff(present.splitlines(True), wanted.splitlines(True), "stdlib/PAIRS.md",
                                                   "baton build"))
        return 1
    print(f"{len(asked)} pairs, as the table says")
    return 0


if __name__ == "__main__":
    sys.exit(main())
