# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is the handoff from one shipped convention to another, and how is it built?

The one home of the small handoff that a pair of conventions becomes: its machines, its inputs, its text, and the run of
`baton build` over it. What it binds follows from the roles that the conventions state; nothing here knows a convention by
its name. pairs_test.py makes the table of all pairs with it, tests/probe/pairs.py runs the stubs that close a gap.

Example: Pairs(baton, source, folder).build(giver, taker, "guest", True, [], out) -> None, and out holds pair.json, pair.bin ...
"""
import glob
import json
import os
import re
import subprocess
import tempfile

import inputs

NAME = "pair"
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
FINDING = re.compile(r"^error\[(BT\d+) ([a-z0-9-]+)\]: (.*)$")
STUB = re.compile(r"a stub of (\d+) bytes, on `(\w+)`(?:, relying on incidental (.+))?$")
DEPARTING = re.compile(r"departing code, linked into a (\w+)-endian caller$")


class Convention:
    """What a pair needs to know: roles by kind, how the master leaves, and what is only incidental."""

    def __init__(self, stated):
        self.name, self.clauses = stated["name"], stated["clauses"]
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



def facts(machine):
    """What a machine states: name -> number, range as (first, end), or word; a range's size and ends have names too."""
    def number(text):
        for unit, factor in inputs.UNITS.items():
            if text.endswith(unit):
                return int(text[:-3].replace("_", ""), 0) * factor
        return int(text.replace("_", ""), 0)

    found = {}
    for name, value in re.findall(r"([\w.]+) = ([^;]+);", MACHINES[machine]):
        between = re.fullmatch(r"(\S+) (\.\.<|\+:) (\S+)", value)
        if between:
            first, last = number(between[1]), number(between[3])
            found[name] = (first, last if between[2] == "..<" else first + last)
            for part, what in (("start", found[name][0]), ("end", found[name][1]), ("size", found[name][1] - found[name][0])):
                found[f"{name}.{part}"] = what
        elif name == "cpus":
            found[name] = [number(one) for one in value.split(",")]
        else:
            found[name] = number(value) if value[0].isdigit() else value
    return found


class Closed:
    """A pair whose gap a stub closes, as the table says it: on which machine, of what size, relying on what."""

    def __init__(self, giver, taker, text):
        self.giver, self.taker = giver, taker
        stub, departing = STUB.match(text), DEPARTING.match(text)
        self.departing = departing[1] if departing else None
        self.size, self.machine = (int(stub[1]), stub[2]) if stub else (None, None)
        self.relies = re.findall(r"`([^`]+)`", stub[3] or "") if stub else []
        self.readable = bool(stub or departing)


def closed(table):
    """The pairs that the table (stdlib/PAIRS.md) says S of, in its order."""
    rows = re.findall(r"^\| (\d+) `([^`]+)` \| (.*) \|$", table, re.M)
    names = {int(number): name for number, name, _ in rows}
    marked = [(giver, names[number]) for _, giver, cells in rows
              for number, cell in enumerate(cells.split(" | "), 1) if cell == "S"]
    texts = {}
    for section in re.split(r"^## From ", table, flags=re.M)[1:]:
        giver = re.match(r"`([^`]+)`", section)[1]
        for takers, text in re.findall(r"^- ((?:`[^`]+`(?:, )?)+): (.*)$", section, re.M):
            for taker in re.findall(r"`([^`]+)`", takers):
                texts[giver, taker] = text
    return [Closed(giver, taker, texts.get((giver, taker), "")) for giver, taker in marked]


class Pairs:
    def __init__(self, baton, source, folder):
        self.baton, self.folder = baton, folder
        self.programs = sorted(glob.glob(os.path.join(source, "stdlib", "**", "*.baton"), recursive=True))
        names = [os.path.relpath(path, os.path.join(source, "stdlib")) for path in self.programs]
        self.preamble = "language 1;\n" + "".join(f'use "{name}";\n' for name in names)
        for name, recipe in INPUTS.items():
            inputs.make(os.path.join(folder, name), recipe)
        for name, stated in MACHINES.items():
            self.preamble += f"machine {name} {{\n{stated}}}\n"
        everything = os.path.join(folder, "all.baton")
        with open(everything, "w", encoding="utf-8") as stream:
            stream.write(self.preamble)
        dump = subprocess.run([baton, "dump", "check", everything], check=True, stdout=subprocess.PIPE, timeout=60)
        self.conventions = sorted((Convention(each) for each in json.loads(dump.stdout)["conventions"]),
                                  key=lambda each: each.name)

    def build(self, giver, taker, machine, trampoline, relies, out):
        """None where it is built into the folder `out`, else the findings: (code, slug, sentence, note)."""
        with tempfile.TemporaryDirectory(dir=self.folder) as made:
            program = os.path.join(made, f"{NAME}.baton")
            with open(program, "w", encoding="utf-8") as stream:
                stream.write(self.preamble + handoff(giver, taker, machine, trampoline, relies))
            for name in INPUTS:
                os.link(os.path.join(self.folder, name), os.path.join(made, name))
            done = subprocess.run([self.baton, "build", program, "-o", out, "-W", "error=not-proved"], check=False, cwd=made,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        if done.returncode == 0:
            return None
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
        return findings
