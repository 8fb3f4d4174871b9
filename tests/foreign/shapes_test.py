#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Does `baton verify` say of each stub in this folder what cases.py says it is?

Compiles each variant by the cross compiler, judges it in a handoff with a kernel and a tree, and compares the answer: a
right one is proved or assumed throughout; a wrong one is refuted, in the clause that is named; of what cannot be told the
clause and the reason are named; what is no stub at all is refused with a sentence. A wrong one that is accepted fails,
whatever else is said. What is refuted is confirmed by QEMU, or is of a kind that QEMU cannot show (tests/probe/replayed.py).
Prints counts.

    shapes_test.py --baton build/release/bin/baton [--only SHAPE.VARIANT] [--show]
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE.parent / "golden"), str(HERE.parent / "probe")]
import inputs  # noqa: E402
import replayed  # noqa: E402
from cases import CASES, SHAPES  # noqa: E402

PREFIX = {"big": "powerpc64-linux-gnu-", "little": "powerpc64le-linux-gnu-"}
FLAGS = ["-O1", "-ffreestanding", "-fno-pic", "-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-fno-builtin",
         "-fno-jump-tables",
         "-mno-vsx", "-mno-altivec", "-msoft-float", "-Wa,-mregnames"]
KERNEL = "elf order={order} entry=0x0\nload 0x0 size=0x1000 memsz=0x20000\nkernel-head 0x0\nword 0x28 0x480001d8\nword 0x200 0x48000000\n"
TREE = """dtb
/dts-v1/;
/ {
  #address-cells = <2>;
  #size-cells = <2>;
  memory@0 { device_type = "memory"; reg = <0 0 0 0x40000000>; };
  cpus {
    #address-cells = <1>;
    #size-cells = <0>;
    cpu@0 { device_type = "cpu"; reg = <0>; };
    cpu@5 { device_type = "cpu"; reg = <5>; };
  };
  chosen { };
};
"""


class Broken(Exception):
    """A tool that this test needs did not do its part."""


def run(command, folder):
    done = subprocess.run([str(word) for word in command], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise Broken(f"{command[0]}: {done.stdout}{done.stderr}")
    return done.stdout


def toc_hash(data):
    """What compiled.c makes of the bytes that it hashes."""
    mix, mask = (0x9E3779B9, 0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F), 0xFFFFFFFF
    state = mix[0]
    for byte in data:
        state = {0: state ^ byte, 1: state + byte * 3, 2: state << 1 | state >> 31, 3: state - byte, 4: (state * 33) ^ byte,
                 5: ~state}.get(byte & 7, state + mix[byte & 3]) & mask
    return state


class World:
    """What lies around the stubs: kernels of both byte orders, their heads, and the tree as the handoff writes it."""

    def __init__(self, baton, folder):
        self.baton, self.folder = baton, folder
        for order in PREFIX:
            inputs.make(str(folder / f"kernel.{order}"), KERNEL.format(order=order))
            head = inputs.make_elf.parse(KERNEL.format(order=order)).loads[0].file_bytes()[:0x100]
            (folder / f"head.{order}").write_bytes(head)
        inputs.make(str(folder / "guest.dtb"), TREE)
        self.hashes = {}

    def handoff(self, case):
        return ["--in", HERE / "handoffs.baton", "--handoff", case.handoff, "-D", f"kernel_file={self.folder}/kernel.{case.kernel}",
                "-D", f"tree_file={self.folder}/guest.dtb"]

    def stub(self, case, place):
        """The object of one variant."""
        os.makedirs(place)
        heads = {"head.bin": case.kernel, "head.other": "little" if case.kernel == "big" else "big"}
        for name, order in heads.items():
            (place / name).write_bytes((self.folder / f"head.{order}").read_bytes())
        shape, prefix = SHAPES[case.shape], PREFIX[case.order]
        defines = ["-D" + define for define in case.defines]
        objects = []
        for source in shape.sources:
            objects.append(place / (source + ".o"))
            own = [flag for flag in case.flags if not source.endswith(".S")]
            run([prefix + "gcc", *FLAGS, *own, *defines, f"-I{place}", f"-Wa,-I{place}", "-c", HERE / source, "-o", objects[-1]], place)
        stub = objects[0]
        if len(objects) > 1 or case.link:
            stub = place / "stub.o"
            run([prefix + "ld", *(case.link or ["-r"]), "-o", stub, *objects], place)
        return stub

    def tree_hash(self, case):
        """Of the header of the tree that the handoff writes; its size and strings are its own."""
        key = (case.handoff, case.kernel)
        if key not in self.hashes:
            done = subprocess.run([self.baton, "build", *map(str, self.handoff(case)[1:2]), *map(str, self.handoff(case)[2:]), "-o",
                                   self.folder / ("built-" + "-".join(key))], capture_output=True, text=True, timeout=60, check=False)
            written = list((self.folder / ("built-" + "-".join(key))).glob("*.dtb"))
            if not written:
                raise Broken(done.stdout + done.stderr)
            self.hashes[key] = toc_hash(written[0].read_bytes()[:24])
        return self.hashes[key]

    def judge(self, case, place):
        stub = self.stub(case, place)
        sets = dict(SHAPES[case.shape].sets)
        sets.update(case.sets)
        if sets.get("hash") == "tree":
            sets["hash"] = hex(self.tree_hash(case))
        command = [self.baton, "verify", stub, *self.handoff(case), "--format", "json", *case.options]
        for name, value in sets.items():
            if value is not None:
                command += ["--set", f"{name}={value}"]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, check=False)
        return command, done


def named(obligations, outcome, clause, reason):
    return [o for o in obligations if o["outcome"] == outcome and clause in o["clause"] and reason in o.get("detail", "")]


def difference(case, done):
    """What is not as the case says; empty when all is."""
    if case.outcome == "not loaded":
        if done.returncode == 0 or done.stdout:
            return "it is judged"
        return "" if case.clause in done.stderr else f"the sentence has no `{case.clause}`: {done.stderr}"
    try:
        document = json.loads(done.stdout)
    except ValueError:
        return f"no verdict (exit {done.returncode}): {done.stdout}{done.stderr}"
    obligations = [o for way in document["givers"] for o in way["obligations"]]
    bad = [f"{o['outcome']}: {o['clause']}: {o.get('detail', '')}" for o in obligations if o["outcome"] in ("unknown", "refuted")]
    said = "\n    ".join(line for line in bad if "is not reached" not in line) or "nothing is refuted, or unknown"
    if (done.returncode == 0) != (not bad):
        return f"exit {done.returncode}, and {said}"
    if case.outcome == "right":
        return "" if not bad else said
    if not bad:
        return "A WRONG ONE IS ACCEPTED"
    if case.outcome == "unknown" and any(o["outcome"] == "refuted" for o in obligations):
        return said
    if not named(obligations, case.outcome, case.clause, case.reason):
        return f"not {case.outcome} in `{case.clause}` because of `{case.reason}`, but\n    {said}"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--baton", required=True, type=lambda path: str(pathlib.Path(path).resolve()))
    parser.add_argument("--only", default="", metavar="PART", help="cases whose name has this in it")
    parser.add_argument("--show", action="store_true", help="what was said of each")
    options = parser.parse_args()
    chosen = [case for case in CASES if options.only in case.name]
    names = [case.name for case in CASES]
    if len(set(names)) != len(names) or not chosen:
        print("no such case, or two of one name:", [name for name in names if names.count(name) > 1])
        return 2
    counts, failed, digests, tally = {}, 0, {}, replayed.Tally(verbose=False)
    os.environ["BATON_REPLAY"] = "require"
    with tempfile.TemporaryDirectory(prefix="baton-shapes-") as place:
        folder = pathlib.Path(place)
        world = World(options.baton, folder)

        def one(case):
            try:
                command, done = world.judge(case, folder / case.name)
                stub = pathlib.Path(command[2]).read_bytes()
                return case, command, done, difference(case, done), hashlib.sha256(stub).hexdigest()
            except Broken as problem:
                return case, [], None, str(problem), ""

        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
            for case, command, done, wrong, digest in pool.map(one, chosen):
                counts[case.outcome] = counts.get(case.outcome, 0) + 1
                # A variant that compiles to what another is would be no variant.
                same = digests.setdefault((digest, case.handoff, case.kernel, tuple(sorted(case.sets.items())), tuple(case.options)), case.name)
                if done and done.stdout:
                    tally.take(case.name, done.stdout, done.stderr)
                if not wrong and same != case.name:
                    wrong = f"it is the same stub as {same}"
                if wrong or options.show:
                    print(f"{'FAILED ' if wrong else ''}{case.name} ({case.outcome}{': ' + case.clause if case.clause else ''}): {wrong}")
                    if options.show and done:
                        print(" ".join(map(str, command)) + "\n" + (done.stderr if case.outcome == "not loaded" else "\n".join(
                            f"    {o['outcome']} {o['clause']}: {o.get('detail', '')}" for way in json.loads(done.stdout)["givers"]
                            for o in way["obligations"] if o["outcome"] in ("refuted", "unknown"))))
                failed += 1 if wrong else 0
    shapes = len({case.shape for case in chosen})
    print(f"{shapes} shapes, {len(chosen)} variants: {counts.get('right', 0)} right, {counts.get('refuted', 0)} refuted in the named clause, "
          f"{counts.get('not loaded', 0)} not loaded, {counts.get('unknown', 0)} unknown with the named reason; {failed} not as expected")
    return 1 if tally.report(len(chosen) == len(CASES)) or failed else 0


if __name__ == "__main__":
    sys.exit(main())
