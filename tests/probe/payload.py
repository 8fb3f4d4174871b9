#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Does a payload without a stub run where its segment table puts it?

Takes what `baton build` wrote for a handoff of one `file` segment, and that file; lets giver_pseries.S of the
probes enter it under QEMU with four CPUs, and waits for the lines it must print, in any order after the first.
It builds nothing and looks at nothing but the console. Exit status: 0 all lines came, 1 one did not or another
did, 2 it could not be run.

Example: payload.py --build out --handoff run_payload --file roll_call.bin --givers . --order big --master 2
         --prefix "roll call:" --line "roll call: master 0000000000000002" --line ...
"""
import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True  # the source folder stays as it is

from built_handoff import Segment, Unusable, read
from probe import MASTER_MSR, MSR_LE, PLATFORMS, SLAVE_MSR, Layout

IDS = [0, 1, 2, 3]


def loaded_image(options):
    with open(os.path.join(options.build, options.handoff + ".json"), encoding="utf-8") as stream:
        table = json.load(stream)
    if table["giver"] not in ("both", options.order) or len(table["segments"]) != 1:
        raise Unusable(f"{options.handoff} is no handoff of one segment for a {options.order} giver")
    image = Segment(table["segments"][0])
    image.fill(read(options.file))
    if image.start < Layout.LAST or image.end > PLATFORMS["pseries"]["ram"]:
        raise Unusable(f"segment {image.name} at {image.start:#x} is outside the probe's memory")
    return int(table["entry"], 16), image


def giver_block(entry, options):
    le = MSR_LE if options.order == "little" else 0
    unused = [0] * (Layout.MAX_CPUS - len(IDS))
    return struct.pack(f">{2 * Layout.MAX_CPUS + 6}Q", entry, MASTER_MSR | le, SLAVE_MSR, options.master, len(IDS),
                       *IDS, *unused, *[0] * Layout.MAX_CPUS, 0)


def console_lines(options, entry, image):
    """What came until as many lines as are wanted had, or the limit."""
    platform = PLATFORMS["pseries"]
    with tempfile.TemporaryDirectory(prefix="baton-payload-") as folder:
        command = [options.qemu, "-M", platform["machine"], "-cpu", options.cpu, "-smp", f"{len(IDS)},threads=1",
                   "-m", f"{platform['ram'] >> 20}M", "-nodefaults", "-no-reboot", "-display", "none", "-monitor", "none",
                   "-serial", "stdio", "-kernel", os.path.join(options.givers, platform["giver"])]
        for name, address, content in (("giver_block", Layout.GIVER_BLOCK, giver_block(entry, options)),
                                       ("image", image.start, image.content)):
            path = os.path.join(folder, name)
            with open(path, "wb") as stream:
                stream.write(content)
            command += ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True, errors="replace")
        except OSError as problem:
            raise Unusable(f"{options.qemu}: {problem.strerror}") from problem
        timer = threading.Timer(options.limit, process.kill)
        timer.start()
        lines = []
        try:
            for line in process.stdout:
                if line.startswith(options.prefix):
                    lines.append(line.rstrip("\r\n"))
                if len(lines) == len(options.line):
                    break
        finally:
            timer.cancel()
            process.kill()
            process.communicate()
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("build", "handoff", "file", "givers", "prefix"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--order", choices=("big", "little"), required=True)
    parser.add_argument("--master", type=int, choices=IDS, required=True)
    parser.add_argument("--line", action="append", required=True, help="a line that must come; the first comes first")
    parser.add_argument("--cpu", default="power9")
    parser.add_argument("--qemu", default="qemu-system-ppc64")
    parser.add_argument("--limit", type=float, default=15, metavar="SECONDS")
    options = parser.parse_args()
    try:
        entry, image = loaded_image(options)
        lines = console_lines(options, entry, image)
    except (Unusable, OSError, KeyError, ValueError) as problem:
        print(f"payload: {problem}", file=sys.stderr)
        return 2
    print("\n".join(lines))
    if lines[:1] != options.line[:1] or sorted(lines[1:]) != sorted(options.line[1:]):
        print("wanted:\n" + "\n".join(options.line), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
