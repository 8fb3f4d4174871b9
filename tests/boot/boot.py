#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Does a handoff bring a real Linux kernel up, and a wrong one not?

Boots a kernel under QEMU, has it load a bundle with baton-load and hand over, and compares what the second
kernel's process 1 (init.c) says with what the scenario (scenarios.py) expects. In this order:

  facts MACHINE   the first kernel runs `baton-load --facts`; the file comes back over the console
  run SCENARIO    `baton build` with these facts, then a second boot of the same machine with the bundle
  show SCENARIO   both, with the plan and what the second kernel said
  list            every test as `KIND NAME CPUS KERNELS CONTROL MACHINE`, for CMakeLists.txt

Everything is left in --work: facts/MACHINE/, SCENARIO/. Exit status: 0 as expected, 1 a difference, 2 the test
could not be run (a missing package, a compiler that fails): never a pass.

Example: boot.py --build build/release --work build/release/tests/boot run small.big-little.power9
"""

import argparse
import base64
import binascii
import hashlib
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys

sys.dont_write_bytecode = True  # the source folder stays as it is

import edit_bundle
import newc
import qemu
from qemu import Unusable
from scenarios import CPU_ARGUMENTS, KERNELS, MACHINES, PLATFORMS, SCENARIOS

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
MIB = 1 << 20
SAYS = "BATON: "
LEAVES = "kexec: Starting switchover sequence."  # Linux's last words before it copies the segments
FIRST_LIMIT = 120  # seconds for a boot that must succeed; a busy machine may be slow
SILENCE = 10  # seconds without a second kernel that count as failed, at least; see patience()
# No self-test of ciphers, which takes a second under emulation; a panic ends the machine.
ALWAYS = "console=hvc0 cryptomgr.notests panic=-1"


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as problem:
        raise Unusable(f"{path}: {problem.strerror}") from problem


def write(path, content):
    """Whole or not at all: another test may be reading it."""
    partial = f"{path}.{os.getpid()}"
    with open(partial, "wb") as file:
        file.write(content)
    os.replace(partial, path)


def fresh_folder(path):
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def words(text):
    return [word for word in text.split(" ") if word]


def command_line(machine, *more):
    return " ".join([ALWAYS, *words(CPU_ARGUMENTS.get(machine.cpu, "")), *more])


class Setting:
    """Where the programs and kernels are."""

    def __init__(self, options):
        self.build, self.work, self.qemu = (os.path.abspath(options.build), os.path.abspath(options.work), options.qemu)

    def kernel(self, name):
        script = os.path.join(HERE, "fetch_debian.sh" if name == "debian" else "small_kernels.sh")
        answer = subprocess.run([script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
        if answer.returncode != 0:
            raise Unusable(f"{os.path.basename(script)} ended with {answer.returncode}")
        file = {"debian": "vmlinux", "big": "vmlinux-be", "little": "vmlinux-le"}[name]
        return os.path.join(answer.stdout.strip(), file)

    def target_program(self, name, order):
        """A program for the kernel of that byte order: `runtime/baton-load` or `tests/boot/init`."""
        return read(os.path.join(self.build, f"{name}-{'ppc64' if order == 'big' else 'ppc64le'}"))

    def first_initrd(self, machine, bundle=None, further=None):
        order = KERNELS[machine.giver]
        entries = {"init": newc.Entry(self.target_program("tests/boot/init", order), 0o755),
                   "bin/baton-load": newc.Entry(self.target_program("runtime/baton-load", order), 0o755)}
        if bundle is not None:
            entries["bundle"] = newc.Entry(bundle)
        entries.update(further or {})
        return newc.archive(entries)

    def command(self, machine, initrd, arguments, banks=()):
        """`banks`: options of memory objects that replace QEMU's own, of the names `ram` and, plugged, `dimm`."""
        platform, memory, more = PLATFORMS[machine.platform], f"{machine.megabytes}M", []
        for bank in banks:
            more += ["-object", bank]
        if banks:
            platform += ",memory-backend=ram"
        if machine.plugged:
            memory += f",slots=1,maxmem={2 * (machine.megabytes + machine.plugged)}M"
            more += [] if banks else ["-object", f"memory-backend-ram,id=dimm,size={machine.plugged}M"]
            more += ["-device", "pc-dimm,memdev=dimm"]
        return [self.qemu, "-M", platform, "-cpu", machine.cpu, "-smp", f"{machine.cpus},threads=1",
                "-m", memory, *more, "-nodefaults", "-no-reboot", "-display", "none", "-monitor", "none",
                "-serial", "stdio", "-kernel", self.kernel(machine.giver), "-initrd", initrd,
                "-append", command_line(machine, *words(machine.arguments), arguments)]


class Says:
    """What init.c said, of all that came over the console."""

    def __init__(self, console):
        found = (line[line.index(SAYS) + len(SAYS):] for _, line in console.lines if SAYS in line)
        self.lines = [line.rstrip() for line in found]

    def after(self, start):
        return next((line[len(start):] for line in self.lines if line.startswith(start)), None)

    def has(self, line):
        return line in self.lines


def is_last(line):
    return SAYS + "end" in line


def explain(console, log):
    reason = {"line": "the machine said it was done", "exit": "QEMU ended by itself", "time": "time was up"}[console.ended]
    return (f"{reason} after {console.seconds:.1f} s {console.complaint}\n  the last lines of {log}:\n{console.tail(25)}")


# --- facts ---

def facts_from(says):
    """The facts file out of the console's lines, whole as its digest says."""
    announced = re.fullmatch(r"size=(\d+) sha256=([0-9a-f]{64})", says.after("facts begin ") or "")
    if not announced:
        raise Unusable("the first kernel sent no facts")
    lines = [line[len("facts "):] for line in says.lines if line.startswith("facts ")]
    try:
        facts = base64.b64decode("".join(line for line in lines if not line.startswith(("begin ", "end"))), validate=True)
    except binascii.Error as problem:
        raise Unusable(f"the facts are damaged: {problem}") from problem
    if len(facts) != int(announced[1]) or hashlib.sha256(facts).hexdigest() != announced[2]:
        raise Unusable("the facts are damaged: size or digest differ from what the first kernel announced")
    return facts


def facts_folder(setting, machine):
    return os.path.join(setting.work, "facts", machine.name)


def take_facts(setting, machine):
    """Boots the machine for its facts, unless those of the same kernel, programs and QEMU are there already."""
    folder = facts_folder(setting, machine)
    os.makedirs(folder, exist_ok=True)
    path, log = os.path.join(folder, "facts.dtb"), os.path.join(folder, "console.log")
    initrd = setting.first_initrd(machine)
    write(os.path.join(folder, "initrd"), initrd)
    command = setting.command(machine, os.path.join(folder, "initrd"), "baton.stage=facts")
    version = subprocess.run([setting.qemu, "--version"], stdout=subprocess.PIPE, check=False).stdout
    key = hashlib.sha256(b"\0".join([version, initrd, read(setting.kernel(machine.giver)), "\0".join(command).encode()])).hexdigest()
    stamp = os.path.join(folder, "facts.key")
    if os.path.exists(path) and os.path.exists(stamp) and read(stamp).decode() == key + hashlib.sha256(read(path)).hexdigest():
        print(f"{machine.name}: the facts of {path} are still those of this machine")
        return
    console = qemu.run(command, log, is_last, FIRST_LIMIT)
    says = Says(console)
    try:
        facts = facts_from(says)
    except Unusable as problem:
        raise Unusable(f"{problem}: {explain(console, log)}") from problem
    if facts[:4] != b"\xd0\x0d\xfe\xed" or struct.unpack_from(">I", facts, 4)[0] != len(facts) or b"baton,facts" not in facts:
        raise Unusable("what baton-load --facts wrote is no device tree with a node /baton,facts")
    write(path, facts)
    write(stamp, (key + hashlib.sha256(facts).hexdigest()).encode())
    print(f"{machine.name}: {len(facts)} bytes of facts, {console.seconds:.1f} s")


# --- handoffs ---

class Expected:
    """What the second kernel is given, and so must find. Different in every scenario, the same in every run."""

    def __init__(self, setting, scenario, stage="second", arguments=(), files=None, marked=True):
        self.scenario = scenario
        self.mark = hashlib.sha256((scenario.control or scenario.name).encode()).hexdigest()[:12]
        self.marker = f"tree-{self.mark}" if marked else None  # a property of the tree, where the program gives it one
        self.command_line = command_line(scenario.machine, f"baton.stage={stage}", f"baton.mark={self.mark}", *arguments)
        # Enough of it that a lost page would be noticed.
        self.filler = b"".join(hashlib.sha256(f"{self.mark} {block}".encode()).digest() for block in range(MIB // 32))
        self.initrd = newc.archive({
            "init": newc.Entry(setting.target_program("tests/boot/init", KERNELS[scenario.taker]), 0o755),
            "marker": newc.Entry(f"initrd-{self.mark}\n".encode()), "filler": newc.Entry(self.filler), **(files or {})})

    def second_line(self):
        """name -> value of the line `second`; a boot CPU that the platform chooses is not in it."""
        found = {"cpus": str(self.scenario.machine.cpus), "order": KERNELS[self.scenario.taker],
                 "page": "65536" if self.scenario.taker == "debian" else "4096", "marker": self.marker or "none",
                 "initrd": f"initrd-{self.mark}", "filler": hashlib.sha256(self.filler).hexdigest()}
        if self.scenario.boot_cpu is not None:
            found["boot-cpu"] = str(self.scenario.boot_cpu)
        return found


def lay_out(setting, scenario, expected, folder, facts=None):
    """Puts what the compiler reads into the folder: the program beside the machine's facts, as a user would have it."""
    facts = facts if facts is not None else read(os.path.join(facts_folder(setting, scenario.machine), "facts.dtb"))
    write(os.path.join(folder, "facts.dtb"), facts)
    write(os.path.join(folder, os.path.basename(scenario.program)), read(os.path.join(SOURCE, scenario.program)))
    write(os.path.join(folder, "initrd"), expected.initrd)


def compiler(setting, scenario, expected, folder, verb):
    """The command line of `baton build` or `baton plan`."""
    parameters = {"kernel_file": setting.kernel(scenario.taker), "initrd_file": os.path.join(folder, "initrd"),
                  "cmdline": expected.command_line, **({"marker": expected.marker} if expected.marker else {})}
    command = [os.path.join(setting.build, "bin", "baton"), verb, os.path.join(folder, os.path.basename(scenario.program)),
               "--handoff", scenario.handoff]
    for name, value in parameters.items():
        command += ["-D", f"{name}={value}"]
    return command


def compiled(command):
    """What the compiler said; that it refuses is no result of a boot test but its end."""
    try:
        answer = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    except OSError as problem:
        raise Unusable(f"{command[0]}: {problem.strerror}") from problem
    if answer.returncode != 0:
        raise Unusable(f"{shlex.join(command)}\nended with {answer.returncode}:\n{answer.stdout}")
    return answer.stdout


def build_bundle(setting, scenario, expected, folder, facts=None):
    lay_out(setting, scenario, expected, folder, facts)
    command = [*compiler(setting, scenario, expected, folder, "build"), "-o", os.path.join(folder, "out")]
    write(os.path.join(folder, "build.sh"), (shlex.join(command) + "\n").encode())
    compiled(command)
    return read(bundle_path(setting, scenario))


def bundle_path(setting, scenario):
    return os.path.join(setting.work, scenario.name, "out", f"{scenario.handoff}.bundle")


def edited_bundle(setting, scenario):
    """The bundle of the scenario's control, made wrong."""
    try:
        return edit_bundle.edited(read(bundle_path(setting, SCENARIOS[scenario.control])), scenario.edits,
                                  KERNELS[scenario.machine.giver], scenario.boot_cpu)
    except (edit_bundle.EditError, edit_bundle.stub_edit.EditError) as problem:
        raise Unusable(f"{scenario.control}'s bundle: {problem}") from problem


def patience(setting, scenario):
    """How long silence must last to count: much longer than the control took here, on this busy or idle machine."""
    taken = float(read(os.path.join(setting.work, scenario.control, "seconds")).decode())
    return max(SILENCE, 3 * taken)


def seen_by(says):
    """name -> value of what the second kernel found."""
    return dict(word.partition("=")[::2] for word in words(says.after("second ") or ""))


def judge(console, expected):
    """Differences between what was expected of the second kernel and what it said, as text; none means as expected."""
    scenario, says = expected.scenario, Says(console)
    second = says.after("second ")
    if not says.has("hands over") or not says.has("loaded kexec_loaded=1"):
        return ["the first kernel did not load the bundle and hand over"]
    if scenario.expect == "silent" and console.seconds_of(LEAVES) is None:
        return [f"the first kernel did not leave: no `{LEAVES}`"]
    if scenario.expect == "silent":
        if second is not None or says.has(f"cmdline {expected.command_line}"):
            return [f"the second kernel came up, which it must not: {second}"]
        return [] if console.ended != "line" else ["the second kernel reached its process 1, which it must not"]
    if second is None:
        return ["the second kernel did not come up"]
    seen, wanted, differences = seen_by(says), expected.second_line(), []
    if scenario.expect == "fewer-cpus":
        del wanted["cpus"]
        if not 0 < int(seen.get("cpus", "0")) < scenario.machine.cpus:
            differences.append(f"cpus: {seen.get('cpus')} of {scenario.machine.cpus} are online, it must be fewer than all")
    differences += [f"{name}: expected {value}, found {seen.get(name)}" for name, value in wanted.items() if seen.get(name) != value]
    if not says.has(f"cmdline {expected.command_line}"):
        differences.append(f"command line: expected `{expected.command_line}`, found `{says.after('cmdline ')}`")
    return differences


def run_scenario(setting, scenario):
    """Builds, boots and compares; 0 or 1, and the console."""
    folder = fresh_folder(os.path.join(setting.work, scenario.name))
    expected = Expected(setting, scenario)
    bundle = edited_bundle(setting, scenario) if scenario.edits else build_bundle(setting, scenario, expected, folder)
    initrd, log = os.path.join(folder, "first-initrd"), os.path.join(folder, "console.log")
    write(initrd, setting.first_initrd(scenario.machine, bundle))
    command = setting.command(scenario.machine, initrd, "baton.stage=load")
    write(os.path.join(folder, "boot.sh"), (shlex.join(command) + "\n").encode())
    # A kernel waits long for each CPU that does not come; only for silence is there a clock.
    watch = (LEAVES, patience(setting, scenario)) if scenario.expect == "silent" else None
    console = qemu.run(command, log, is_last, FIRST_LIMIT, watch)
    if console.ended == "exit" and not console.lines:
        raise Unusable(f"QEMU ended at once: {console.complaint}")
    differences = judge(console, expected)
    handed, up = console.seconds_of(SAYS + "hands over"), console.seconds_of(SAYS + "second ")
    times = f"first kernel handed over at {handed:.1f} s" if handed is not None else "no handoff"
    times += f", second kernel up at {up:.1f} s" if up is not None else f", silence until {console.seconds:.1f} s"
    if differences:
        print(f"{scenario.name}: {times}\n" + "\n".join(f"  {line}" for line in differences) + f"\n  {explain(console, log)}")
        return 1, console
    if up is not None:
        write(os.path.join(folder, "seconds"), f"{up - handed:.3f}\n".encode())
    print(f"{scenario.name}: {times}: {scenario.expect}, as expected")
    return 0, console


def show(setting, scenario):
    """The same for a reader: facts, plan, boot, and what the second kernel said."""
    machine = scenario.machine
    print(f"The machine: {machine.platform}, {machine.cpus} {machine.cpu} CPUs, {machine.megabytes} MiB, emulated by {setting.qemu}.")
    print("It describes itself (baton-load --facts, in a first boot):", flush=True)
    take_facts(setting, machine)
    expected = Expected(setting, scenario)
    folder = fresh_folder(os.path.join(setting.work, scenario.name))
    lay_out(setting, scenario, expected, folder)
    print(f"\nThe plan of {scenario.program} on it (baton plan):\n", flush=True)
    print(compiled(compiler(setting, scenario, expected, folder, "plan")), flush=True)
    print("A second boot loads the bundle (baton-load -l) and hands over (baton-load -e):", flush=True)
    status, console = run_scenario(setting, scenario)
    if status == 0:
        says = Says(console)
        seen = seen_by(says)
        print(f"\nThe second kernel's greeting, from its process 1:\n"
              f"  {says.after('kernel ')} is up: {seen['cpus']} CPUs, {seen['order']}-endian, pages of {int(seen['page']) // 1024} KiB\n"
              f"  command line    {says.after('cmdline ')}\n"
              f"  entered on CPU  {seen['boot-cpu']}, says the tree: the stub stored it there\n"
              f"  tree            /chosen baton,marker is `{seen['marker']}`\n"
              f"  initrd          /marker is `{seen['initrd']}`, and /filler is whole: {seen['filler'][:16]}...")
        print(f"\nThe whole console: {os.path.join(setting.work, scenario.name, 'console.log')}"
              f"\nThe compiler's output: {os.path.join(setting.work, scenario.name, 'out')}")
    return status


def list_tests():
    for machine in MACHINES.values():
        print("facts", machine.name, machine.cpus, machine.giver, "-", machine.name)
    for scenario in SCENARIOS.values():
        kernels = ",".join(sorted({scenario.machine.giver, scenario.taker}))
        print("run", scenario.name, scenario.machine.cpus, kernels, scenario.control or "-", scenario.machine.name)
    return 0


def command_line_parser(doc):
    """What the programs here take alike, and the subparsers: each adds what it can run."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(SOURCE, "build", "release"), help="the build tree")
    parser.add_argument("--work", help="folder for what the tests leave (default: tests/boot in the build tree)")
    parser.add_argument("--qemu", default="qemu-system-ppc64", help="the emulator")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="the tests, one a line")
    return parser, commands


def parsed(parser):
    options = parser.parse_args()
    options.work = options.work or os.path.join(options.build, "tests", "boot")
    return options


def main():
    parser, commands = command_line_parser(__doc__)
    facts = commands.add_parser("facts", help="boot a machine for its facts")
    facts.add_argument("machine", choices=sorted(MACHINES), metavar="MACHINE")
    run = commands.add_parser("run", help="build a handoff, boot it and compare")
    run.add_argument("scenario", choices=sorted(SCENARIOS), metavar="SCENARIO")
    show_command = commands.add_parser("show", help="both, with the plan and what the second kernel said")
    show_command.add_argument("scenario", choices=sorted(SCENARIOS), metavar="SCENARIO")
    options = parsed(parser)
    try:
        if options.command == "list":
            return list_tests()
        setting = Setting(options)
        if options.command == "facts":
            take_facts(setting, MACHINES[options.machine])
            return 0
        if options.command == "show":
            return show(setting, SCENARIOS[options.scenario])
        return run_scenario(setting, SCENARIOS[options.scenario])[0]
    except Unusable as problem:
        print(f"boot: cannot be run: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
