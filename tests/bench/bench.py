#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How long does the compiler take, how often does it touch a payload's bytes, how short are its stubs,
and how does it grow with a program, or with a machine?

Prints eleven groups of figures. Times are those of whole processes, taken in turns within one run, because
machines are shared: what counts is the ratio, not the milliseconds. Bytes are counted, not timed. Exits with
1 when something that is counted is not as it should be; a time never fails.

    bench.py --baton build/release/bin/baton --work DIR [--rounds 40] [--payload-mib 256] [--only time]
"""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import crash_times
import machines
import scale
import stub_table
import verify_figures

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "golden"))
import inputs  # noqa: E402  the recipes of binary inputs

MIB = 1 << 20
TARGET = 0.7
KERNEL = "elf order=little entry=0x0\nload 0x0 size=0x4000 memsz=0x20000\nkernel-head 0x0\n"


def say(text=""):
    print(text, flush=True)


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.unlink(path)


def build_command(baton, folder, out, *more):
    return [baton, "build", os.path.join(HERE, "boot.baton"), "-o", os.path.join(folder, out),
            "-D", "kernel_file=" + os.path.join(folder, "vmlinux"),
            "-D", "initrd_file=" + os.path.join(folder, "initrd"),
            "-D", "tree_file=" + os.path.join(folder, "tree.dtb"), *more]


def checked(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode != 0:
        raise stub_table.FigureError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


# --- times -------------------------------------------------------------------------------------------------


def once(command, silence):
    """Milliseconds from spawn to exit, and of processor time of the process and those it waited for."""
    begin = time.perf_counter_ns()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=silence)
    _, status, usage = os.wait4(child, 0)
    wall = (time.perf_counter_ns() - begin) / 1e6
    if status != 0:
        raise stub_table.FigureError(f"{' '.join(command)} failed with status {status}")
    return wall, (usage.ru_utime + usage.ru_stime) * 1e3


def times(baton, compiler, folder, rounds):
    """In memory, on disk, and on disk over the outputs of the last run, which the file system may make dear."""
    memory = "/dev/shm"
    if os.path.isdir(memory) and os.access(memory, os.W_OK):
        with tempfile.TemporaryDirectory(prefix="baton-bench-", dir=memory) as place:
            times_in(place, f"all files in memory ({memory})", baton, compiler, rounds)
    times_in(folder, f"all files under {folder}, outputs removed before each run", baton, compiler, rounds, True)
    times_in(folder, f"all files under {folder}, outputs replaced by each run", baton, compiler, rounds)


def times_in(folder, where, baton, compiler, rounds, fresh=False):
    inputs.make(os.path.join(folder, "vmlinux"), KERNEL)
    inputs.make(os.path.join(folder, "initrd"), "pattern 16KiB")
    inputs.make(os.path.join(folder, "tree.dtb"), stub_table.TREE)
    checked(build_command(baton, folder, "out"))
    source = os.path.join(folder, "out", "boot.S")
    gcc = shutil.which(compiler)
    if not gcc:
        raise stub_table.FigureError(f"there is no {compiler}")
    assembler = checked([gcc, "-print-prog-name=as"]).strip()
    assembler = shutil.which(assembler) or assembler
    commands = [
        ("gcc -c boot.S", [gcc, "-c", source, "-o", os.path.join(folder, "gcc.o")]),
        ("baton build --no-verify", build_command(baton, folder, "out-unproved", "--no-verify")),
        ("baton build", build_command(baton, folder, "out-proved")),
        ("baton check", [baton, "check", os.path.join(HERE, "boot.baton")]),
        ("baton --version", [baton, "--version"]),
        ("as boot.S", [assembler, "-mbig", "-a64", source, "-o", os.path.join(folder, "as.o")]),
        ("true", [shutil.which("true")]),
    ]
    null = os.open(os.devnull, os.O_WRONLY)
    silence = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    wall = {name: [] for name, _ in commands}
    cpu = {name: [] for name, _ in commands}
    for turn in range(-3, rounds):
        # Each round begins with another command, so that none always follows the same one.
        start = turn % len(commands)
        for name, command in commands[start:] + commands[:start]:
            if fresh:
                for output in ("gcc.o", "as.o", "out-unproved", "out-proved"):
                    remove(os.path.join(folder, output))
            elapsed, used = once(command, silence)
            if turn >= 0:
                wall[name].append(elapsed)
                cpu[name].append(used)
    os.close(null)
    reference = commands[0][0]
    load = os.getloadavg()[0]
    say(f"Whole processes, small payload ({rounds} rounds in turns after 3 to warm up; {os.cpu_count()} processors, "
        f"load average {load:.1f});")
    say(where)
    if load > os.cpu_count() * 0.5:
        say("The machine is busy with other work: milliseconds are those of a loaded machine, ratios are of the same run.")
    say()
    say(f"{'command':25} {'median ms':>10} {'quartiles':>15} {'cpu ms':>7} {'medians/gcc':>12} {'pairwise':>9} {'cpu/gcc':>8}")
    verdicts = []
    for name, _ in commands:
        low, median, high = statistics.quantiles(wall[name], n=4)
        ratio = median / statistics.median(wall[reference])
        pairs = statistics.median(a / b for a, b in zip(wall[name], wall[reference]))
        used = statistics.mean(cpu[name])
        say(f"{name:25} {median:10.2f} {low:7.2f}-{high:<7.2f} {used:7.2f} {ratio:12.2f} {pairs:9.2f} "
            f"{used / statistics.mean(cpu[reference]):8.2f}")
        if name.startswith("baton build"):
            met = max(ratio, pairs) <= TARGET
            verdicts.append(f"{name}: {ratio:.2f} of gcc -c (target {TARGET}): {'met' if met else 'NOT met'}")
    say()
    say("pairwise: the median of the ratios within a round. cpu: means of user and system time.")
    for verdict in verdicts:
        say(verdict)
    say()


# --- bytes -------------------------------------------------------------------------------------------------


def big_kernel(path, size):
    """A kernel with one PT_LOAD of `size` bytes: a small one whose program header and end are moved."""
    inputs.make(path, KERNEL + f"set load.0.p_filesz {size}\nset load.0.p_memsz {size}\n")
    with open(path, "r+b") as stream:
        stream.seek(64 + 8)  # p_offset of the first program header
        offset = int.from_bytes(stream.read(8), "little")
    append_pattern(path, offset + size)


def append_pattern(path, size):
    block = inputs.pattern(MIB)
    with open(path, "ab") as stream:
        stream.seek(0, os.SEEK_END)
        while stream.tell() < size:
            stream.write(block[:min(MIB, size - stream.tell())])
        stream.flush()
        os.fsync(stream.fileno())


def make_payload(folder, kernel_size, initrd_size):
    big_kernel(os.path.join(folder, "vmlinux"), kernel_size)
    inputs.make(os.path.join(folder, "initrd"), "pattern 0")
    append_pattern(os.path.join(folder, "initrd"), initrd_size)
    inputs.make(os.path.join(folder, "tree.dtb"), stub_table.TREE)


def forget_cached(path):
    with open(path, "rb") as stream:
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def accounted(command):
    """/proc/PID/io of a process at its end, its faults and its processor seconds."""
    child = os.posix_spawn(command[0], command, os.environ)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    with open(f"/proc/{child}/io", encoding="ascii") as stream:
        io = {key: int(value) for key, value in (line.split(":") for line in stream)}
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        raise stub_table.FigureError(f"{' '.join(command)} failed with status {status}")
    return io, usage


def traced(command, trace):
    """What the system calls of one run move, by path: {path: {"read": n, "write": n, "mmap": n}}."""
    strace = shutil.which("strace")
    if not strace:
        raise stub_table.FigureError("there is no strace (Debian: strace)")
    calls = "read,pread64,readv,preadv,preadv2,write,pwrite64,writev,pwritev,pwritev2,mmap," \
            "sendfile,copy_file_range,splice"
    checked([strace, "-f", "-y", "-s", "0", "-o", trace, "-e", "trace=" + calls, *command])
    moved = {}
    with open(trace, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            match = re.match(r"\d+ +(\w+)\((.*)\) = (0x)?([0-9a-f]+)", line)
            if not match:
                continue
            call, arguments = match[1], match[2]
            path = re.search(r"\d+<([^>]*)>", arguments)
            if not path:
                continue  # anonymous memory
            if call == "mmap":
                kind, size = "mmap", int(arguments.split(",")[1])
            elif call in ("sendfile", "copy_file_range", "splice"):
                raise stub_table.FigureError(f"strace shows {call}, which this count does not know")
            else:
                kind, size = ("read" if "read" in call else "write"), int(match[4])
            counts = moved.setdefault(path[1], {"read": 0, "write": 0, "mmap": 0})
            counts[kind] += size
    return moved


def hashed_blocks(command, out):
    """Calls of the two SHA-256 block functions under callgrind: [(function, calls)], or None without valgrind."""
    valgrind = shutil.which("valgrind")
    annotate = shutil.which("callgrind_annotate")
    if not valgrind or not annotate:
        return None
    checked([valgrind, "--tool=callgrind", "--callgrind-out-file=" + out, *command])
    calls, name, names = {}, None, {}
    with open(out, encoding="utf-8", errors="replace") as stream:
        for line in stream:
            match = re.match(r"cfn=\((\d+)\)(?: (.*))?$", line.rstrip())
            called = re.match(r"fn=\((\d+)\) (.*)$", line.rstrip())
            if called:
                names[called[1]] = called[2]
            if match:
                if match[2]:
                    names[match[1]] = match[2]
                name = names[match[1]]
            elif line.startswith("calls=") and name:
                calls[name] = calls.get(name, 0) + int(line[6:].split()[0])
                name = None
    return calls


def payload(baton, folder, mib):
    kernel_size, initrd_size = mib * MIB, mib * MIB // 4
    total = kernel_size + initrd_size
    say(f"A payload of {mib} + {mib // 4} MiB ({total:,} bytes), whole pipeline with verification")
    say()
    make_payload(folder, kernel_size, initrd_size)
    files = [os.path.join(folder, name) for name in ("vmlinux", "initrd")]
    command = build_command(baton, folder, "out")
    shutil.rmtree(os.path.join(folder, "out"), ignore_errors=True)
    for path in files:
        forget_cached(path)
    io, usage = accounted(command)
    moved = traced(command, os.path.join(folder, "strace.txt"))
    outside = [path for path in moved if path not in files and not path.startswith(os.path.join(folder, "out") + "/")]
    bundle = os.path.getsize(os.path.join(folder, "out", "boot.bundle"))
    written = sum(counts["write"] for counts in moved.values())
    mapped = sum(moved.get(path, {"mmap": 0})["mmap"] for path in files)
    by_read = sum(moved.get(path, {"read": 0})["read"] for path in files)
    page = os.sysconf("SC_PAGESIZE")

    def line(what, count):
        say(f"  {what:66} {count:14,}  {count / total:9.6f} per payload byte")

    line("written: /proc/PID/io wchar", io["wchar"])
    line("written: the sum of write calls by strace (a second run)", written)
    line("of which not payload (tables, header, map, stub, tree, ...)", written - total)
    line("payload files mapped: mmap lengths by strace", mapped)
    line("payload bytes that read calls copied", by_read)
    line("all read calls (libraries, programs): /proc/PID/io rchar", io["rchar"])
    line("fetched from storage, caches dropped before: read_bytes", io["read_bytes"])
    line(f"faults x {page} (one fault may map several pages)", (usage.ru_minflt + usage.ru_majflt) * page)
    say(f"  {'processor time: user + system':66} {usage.ru_utime:6.2f} + {usage.ru_stime:5.2f} s")
    if io["read_bytes"] == 0:
        say("  read_bytes = 0: this file system does not account for storage, or the pages could not be dropped.")
    for path in outside:
        if moved[path]["write"] > 4096:
            raise stub_table.FigureError(f"{moved[path]['write']} bytes were written to {path}")
    # The bundle holds the payload once and is the only file with it; each input is mapped once, copied never.
    problems = []
    if written > bundle + 256 * 1024:
        problems.append(f"{written - bundle:,} bytes are written beside the bundle of {bundle:,}")
    if mapped != sum(os.path.getsize(path) for path in files):
        problems.append("the payload files are not mapped exactly once")
    if by_read:
        problems.append(f"{by_read} payload bytes are copied by read calls")

    small = 4
    make_payload(folder, small * MIB, MIB)
    shutil.rmtree(os.path.join(folder, "out"), ignore_errors=True)
    calls = hashed_blocks(build_command(baton, folder, "out"), os.path.join(folder, "callgrind.out"))
    say()
    if calls is None:
        say("  passes of SHA-256: not counted, there is no valgrind (Debian: valgrind)")
    else:
        blocks = {name: count for name, count in calls.items()
                  if "SHA256::hashBlock" in name or name.startswith("baton_sha256")}
        compressed = sum(count for name, count in blocks.items() if "hashBlock" in name) * 64
        other = blocks.get("baton_sha256_add", 0) + blocks.get("baton_sha256", 0)
        amount = (small + 1) * MIB
        say(f"  hashed: 64-byte blocks under callgrind, payload of {small} + 1 MiB: {compressed:,} bytes, "
            f"{compressed / amount:.4f} per payload byte")
        say(f"  calls of the bundle format's own SHA-256 besides: {other}")
        if compressed > amount * 1.02 or compressed < amount:
            problems.append(f"the payload is hashed {compressed / amount:.2f} times, not once")
    say()
    say("A mapped byte is touched twice: by SHA-256 and by the kernel when write(2) copies it from the page cache;")
    say("it is fetched from storage once and copied in memory once.")
    say()
    for path in files + [os.path.join(folder, "out")]:
        remove(path)
    if problems:
        raise stub_table.FigureError("; ".join(problems))


DIFF_TARGET = 100


def stdlib_diff(baton, rounds):
    """Reading, checking and comparing every shipped convention, twice over."""
    stdlib = os.path.realpath(os.path.join(HERE, os.pardir, os.pardir, "stdlib"))
    command = [baton, "diff", stdlib, stdlib, "--strict", "exact"]
    said = checked(command)
    if "nothing changed in meaning" not in said:
        raise stub_table.FigureError(f"a library differs from itself:\n{said}")
    null = os.open(os.devnull, os.O_WRONLY)
    silence = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    taken = [once(command, silence) for _ in range(rounds)]
    wall = sorted(each[0] for each in taken)
    cpu = statistics.median(each[1] for each in taken)
    median = statistics.median(wall)
    say(f"diff of the whole stdlib against itself: {median:.1f} ms (median of {rounds}; least {wall[0]:.1f}, processor "
        f"{cpu:.1f}); target: less than {DIFF_TARGET} ms: {'met' if median < DIFF_TARGET else 'MISSED'}")
    say()


def large_machines(baton, folder):
    inputs.make(os.path.join(folder, "vmlinux"), KERNEL)
    machines.run(baton, folder)


def holes(program):
    if program is None:
        say("left out: --holes names the program")
    else:
        subprocess.run([program], check=True)


def verification(baton, program, folder, rounds):
    verify_figures.run(baton, folder, once, say, rounds)
    if program is None:
        say("left out: --judge names the program")
    else:
        subprocess.run([program], check=True)


def handshakes(program):
    if program is None:
        say("left out: --handshakes names the program")
    else:
        subprocess.run([program], check=True)


def main():
    parser = argparse.ArgumentParser(description="Prints the figures.")
    parser.add_argument("--baton", required=True)
    parser.add_argument("--work", required=True, help="a folder for inputs and outputs")
    parser.add_argument("--cc", default="powerpc64-linux-gnu-gcc")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--payload-mib", type=int, default=256, help="size of the big kernel; the initrd has a quarter")
    parser.add_argument("--holes", help="the program holes_bench; without it that part is left out")
    parser.add_argument("--handshakes", help="the program handshake_bench; without it that part is left out")
    parser.add_argument("--judge", help="the program verify_bench; without it that part is left out")
    parser.add_argument("--only", choices=["time", "payload", "stubs", "diff", "scale", "machines", "crash", "holes",
                                           "handshakes", "verify"])
    given = parser.parse_args()
    baton, work = os.path.abspath(given.baton), os.path.abspath(given.work)
    parts = [("time", lambda at: times(baton, given.cc, at, given.rounds)),
             ("payload", lambda at: payload(baton, at, given.payload_mib)),
             ("stubs", lambda at: say(stub_table.table(baton, at))),
             ("diff", lambda at: stdlib_diff(baton, given.rounds)),
             ("scale", lambda at: scale.run(baton, "dtc", at, scale.SIZES, 7)),
             ("machines", lambda at: large_machines(baton, at)),
             ("crash", lambda at: crash_times.run(os.path.dirname(os.path.dirname(baton)), at)),
             ("holes", lambda at: holes(given.holes)),
             ("handshakes", lambda at: handshakes(given.handshakes)),
             ("verify", lambda at: verification(baton, given.judge, at, given.rounds))]
    failed = False
    for number, (name, part) in enumerate(parts, 1):
        if given.only not in (None, name):
            continue
        folder = os.path.join(work, name)
        os.makedirs(folder, exist_ok=True)
        say(f"--- {number}. {name} ---")
        try:
            part(folder)
        except (stub_table.FigureError, scale.ScaleError, crash_times.Unusable) as error:
            say(f"bench.py: {error}")
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
