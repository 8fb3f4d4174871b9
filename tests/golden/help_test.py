#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Do the examples that `--help` prints work as they are printed?

Every line below `Example:` or `Examples:` in the help of the program and of each command is run in a folder that
has boot.baton and vmlinux, is a git repository, and has an older boot.old.baton and two builds, out.old and out. It
must end with 0, or with 2 where it compares and there are changes. A command whose help shows no example is an error.

Example: help_test.py build/release/bin/baton
"""
import os
import re
import shlex
import subprocess
import sys
import tempfile

import inputs

COMMANDS = ("", "build", "check", "plan", "verify", "trace", "explain", "dump", "diff", "fmt", "doc", "import", "init", "init convention", "init handoff")

PROGRAM = """language 1;
use "linux/kexec.baton";
use "linux/bootblock.baton";
use "loaders/kexec_load.baton";

machine guest from dtb "guest.dtb" {
  running_kernel = 0x0 ..< 32MiB;
  page = 64KiB;
}

handoff boot on guest via linux.kexec_load@2005 {
  from linux.kexec@2013;
  to linux.bootblock@17;
  giver big;
  param kernel_file : path;
  segment kernel = elf kernel_file { place bottom_up; align 64KiB; }
  segment tree = devicetree machine.tree { place top_down; }
  segment stub = trampoline { place top_down; }
  bind image = kernel;
  enter stub;
}
"""
TREE = """dtb
/dts-v1/;
/ { #address-cells = <2>; #size-cells = <2>;
  memory@0 { device_type = "memory"; reg = <0 0 0 0x20000000>; };
  cpus { #address-cells = <1>; #size-cells = <0>;
    cpu@0 { device_type = "cpu"; reg = <0>; ibm,ppc-interrupt-server#s = <0 1>; }; };
  chosen { }; };
"""
KERNEL = "elf order=big entry=0x0\nload 0x0 size=0x1000 memsz=0x20000\nkernel-head 0x0\n"

# What `verify` and `trace` look at: the tree's address into r3, the image's into r4, the CPU's number into the tree.
STUB = """	bcl	20, 31, 1f
1:	mflr	6
	mr	7, 3
	ld	3, tree - 1b(6)
	ld	4, kernel - 1b(6)
	stw	7, 28(3)
	li	5, 0
	mtctr	4
	bctr
	.balign 8
kernel:	.quad 0x8000000
tree:	.quad 0xc000000
	.globl kernel, tree
"""
STUB_BYTES = """hex
429f0005 7cc802a6 7c671b78 e866002c e8860024 90e3001c 38a00000 7c8903a6
4e800420 60000000 00000000 08000000 00000000 0c000000
"""


def examples(help_text):
    """The command lines below the line that announces them."""
    _, found, below = re.sub(r"(?m)^Examples?:$", "\0", help_text).partition("\0")
    return [line.strip() for line in below.splitlines() if line.strip().startswith("baton ")] if found else []


def main(program):
    failures, count = [], 0
    program = os.path.abspath(program)
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/boot.baton", "w", encoding="utf-8") as stream:
            stream.write(PROGRAM)
        inputs.make(folder + "/guest.dtb", TREE)
        inputs.make(folder + "/vmlinux", KERNEL)
        inputs.make(folder + "/stub.bin", STUB_BYTES)
        with open(folder + "/stub.S", "w", encoding="utf-8") as stream:
            stream.write(STUB)
        with open(folder + "/boot.old.baton", "w", encoding="utf-8") as stream:
            stream.write(PROGRAM.replace("linux.kexec@2013", "linux.kexec@2008"))
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "a program"]):
            subprocess.run(git + words, cwd=folder, check=True, env=environment, stdout=subprocess.PIPE)
        for source, out in (("boot.old.baton", "out.old"), ("boot.baton", "out")):
            subprocess.run([program, "build", source, "-o", out, "-D", "kernel_file=vmlinux"], cwd=folder, check=True)
        for command in COMMANDS:
            words = [program] + command.split() + ["--help"]
            text = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
            lines = examples(text)
            if not lines:
                failures.append(f"`baton {command} --help` shows no example")
            for line in lines:
                count += 1
                done = subprocess.run([program] + shlex.split(line)[1:], cwd=folder, check=False, text=True,
                                      env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                if done.returncode != 0 and (command != "diff" or done.returncode != 2):
                    failures.append(f"`{line}` ended with {done.returncode}:\n{done.stderr}")
    print("\n".join(failures) if failures else f"{count} examples run as they are printed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
