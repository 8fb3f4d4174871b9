#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Is every hostile text handled, or refused in words, without a crash, a hang or memory without bound?

The texts are made here, of ten megabytes, or of two and a half where every line becomes a declaration or a clause: one
token over and over, nesting without end, bytes that are no text, names that a suggestion is looked for among tens of
thousands, values that grow by doubling, conventions that inherit through tens of thousands of versions; and correct
programs of a hundred thousand lines. Each is checked and formatted in a process of its own, whose address space and
processor time are limited by the size of the text; it must end with an exit code of ours, print what a reader can go
through, and, where a text is said to be wrong, say so with the code that is named here.

    hostile_test.py --baton build/release/bin/baton --work DIR [--only NAME] [--figures]
"""
import argparse
import os
import random
import resource
import subprocess
import sys
import time

MOST = 10 << 20
# Where each line is a declaration or a clause, a second goes by for a megabyte or two: what takes the square of the
# size is far behind its limit here too.
DENSE = MOST // 4
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "bench"))
import large_programs  # noqa: E402

HEAD = large_programs.HEAD
# Processor time and address space of a text without a byte, and what those of MOST bytes have besides.
SECONDS, MORE_SECONDS = 4, 16
MEMORY, MORE_MEMORY = 1 << 29, 1 << 29
# What is printed: a thousand findings of some lines each.
MOST_PRINTED = 2 << 20


def fill(unit, head=HEAD, tail="", size=MOST):
    return head + unit * ((size - len(head) - len(tail)) // len(unit)) + tail


def dense(unit):
    return fill(unit, size=DENSE)


def convention(body):
    return HEAD + 'convention a@1 {\n  source "x";\n  role image : raw;\n' + body + "}\n"


def versions(count, one):
    return "".join(f"convention a@{i} extends a@{i - 1} {{ source \"x\"; {one} }}\n" for i in range(2, count))


def texts():
    """Name, text, and the code of a finding that must be among those that are printed; None where all is well."""
    third, half = MOST // 3, MOST // 2
    yield "lets", dense("let a = 1;\n"), "limit-reached"
    yield "let-and-no-semicolon", fill("let a = 1\n"), "limit-reached"
    yield "semicolons", fill(";"), "limit-reached"
    yield "open-braces", fill("{"), "syntax-error"
    yield "closed-braces", fill("}"), "limit-reached"
    yield "blocks", fill("a{", HEAD + "machine m {"), "nesting-too-deep"
    yield "blocks-closed", HEAD + "machine m {" + "a{" * third + "}" * third + "}", "nesting-too-deep"
    yield "ten-thousand-braces", HEAD + "{" * 10000 + "}" * 10000 + "\n", "syntax-error"
    yield "ten-thousand-blocks", HEAD + "machine m {" + "a{" * 10000 + "}" * 10000 + "}\n", "nesting-too-deep"
    yield "ten-thousand-parentheses", HEAD + "let a = " + "(" * 10000 + "1" + ")" * 10000 + ";\n", "nesting-too-deep"
    yield "ten-thousand-sets", HEAD + "let a = b in " + "{" * 10000 + "1" + "}" * 10000 + ";\n", "nesting-too-deep"
    yield "parentheses", HEAD + "let a = " + "(" * MOST, "nesting-too-deep"
    yield "names", fill("a "), "syntax-error"
    yield "arguments", HEAD + "machine m {\n x " + "a " * half + ";\n}", "nesting-too-deep"
    yield "list", HEAD + "machine m {\n ram = " + "1," * half + "1;\n}", "limit-reached"
    yield "sum", HEAD + "let a = " + "1+" * half + "1;", "nesting-too-deep"
    yield "members", HEAD + "let a = " + "a." * half + "a;", "nesting-too-deep"
    yield "set", HEAD + "let a = b in { " + "1, " * 3000000 + "1 };\n", "nesting-too-deep"
    yield "call", HEAD + "let a = f(" + "1, " * 3000000 + "1);\n", "nesting-too-deep"
    yield "machines", dense("machine m{}\n"), "duplicate-declaration"
    yield "conventions", dense("convention a@1 { role r : raw; }\n"), "limit-reached"
    yield "quotes", fill('"\n'), "unclosed-string"
    yield "long-string", HEAD + 'let a = "' + "x" * MOST + '";\n', None
    yield "escapes", HEAD + 'let a = "' + "\\q" * half + '";\n', "bad-escape"
    yield "comment", HEAD + "//" + "x" * MOST, None
    yield "comments", fill("//\n"), None
    yield "block-comments", fill("/* */"), "block-comment"
    yield "docs", fill("/// x\n"), "dangling-doc"
    yield "zeros", "\0" * MOST, "bad-encoding"
    yield "nul", HEAD + "let a\0 = 1;\nlet b = \"x\0y\";\nlet c = 2;\n", "bad-encoding"
    yield "control-characters", fill("\1 "), "bad-encoding"
    yield "units", fill("64KB "), "decimal-unit"
    yield "digits", HEAD + "let a = " + "1" * MOST + ";\n", "integer-too-large"
    yield "long-name", HEAD + "let " + "a" * MOST + " = 1;\n", None
    yield "unknown-long-name", HEAD + "let b = " + "a" * MOST + ";\n", "unknown-name"
    yield "tabs", fill("\t"), None
    yield "returns", fill("\r"), "bad-encoding"
    yield "not-utf-8", HEAD.encode() + b"\xff " * half, "bad-encoding"
    yield "utf-16", (HEAD * 100000).encode("utf-16"), "bad-encoding"
    yield "noise", bytes(random.Random(1).randbytes(MOST)), "bad-encoding"
    letters = random.Random(1).choices("abc {}();=,.@\"\n<>+-*/1 0x", k=1 << 20)
    yield "noise-of-signs", "".join(letters) * 10, "stray-character"
    yield "crlf", (HEAD + "let a = 1;\n").replace("\n", "\r\n").encode(), None
    yield "byte-order-mark", b"\xef\xbb\xbf" + (HEAD + "let a = 1;\n").encode(), None
    yield "return-alone", b"\xef\xbb\xbf" + HEAD.encode() + b"let a = 1;\r\n// x\r", "bad-encoding"
    yield "empty", "", "missing-language"
    yield "seventeen-megabytes", HEAD + "// " + "x" * (17 << 20), "program-missing"
    yield "unknown-clauses", HEAD + "machine m {\n" + "".join(f"w{i} x;\n" for i in range(225000)) + "}\n", "unknown-clause"
    yield "misspelt-clauses", convention("sourc \"x\";\n" * 200000), "limit-reached"
    yield "one-register", convention("ensures master { r3 = 0; }\n" * 95000), "limit-reached"
    yield "order", convention("order " + "real_mode < head_copied, " * 400000 + "real_mode < head_copied;\n"), "limit-reached"
    yield "orders", convention("order " + ", ".join(["real_mode < head_copied"] * 30000) + ";\n"), "limit-reached"
    yield "roles", convention("".join(f"role r{i} : raw;\n" for i in range(75000))), "limit-reached"
    yield "withdrawals", convention("ensures memory {\n" + "".join(
        f"unspecified bytes 0x{i * 16:x} +: 16;\n" for i in range(50000)) + "}\n"), "limit-reached"
    yield "asserts", HEAD + "handoff h {" + "assert x.y < 1;\n" * 160000 + "}\n", "unknown-name"
    yield "nodes", HEAD + "handoff h { segment t = devicetree \"x\" { " + 'node "/a" { "b" = 1; }\n' * 100000 + "} }\n", \
        "missing-clause"
    yield "heirs", HEAD + "handoff base@1 {" + "assert x.y < 1;\n" * 1000 + "}\n" + "".join(
        f"handoff h{i} extends base@1 on m {{ load normal; }}\n" for i in range(50000)), "limit-reached"
    yield "overrides", HEAD + "handoff base@1 { segment t = devicetree \"x\" { node \"/a\" {" + "".join(
        f'"p{i}" = {i};\n' for i in range(25000)) + "} } }\nhandoff h extends base@1 on m { segment t { node \"/a\" {" + "".join(
        f'override "p{i}" = {i};\n' for i in range(25000)) + "} } }\n", "missing-clause"
    yield "unknown-names", HEAD + "".join(f"let a{i} = a{i + 1} + 1;\n" for i in range(100000)), "unknown-name"
    yield "doubled-text", HEAD + 'let a0 = "xxxxxxxxxxxxxxxx";\n' + "".join(
        f"let a{i} = a{i - 1} ++ a{i - 1};\n" for i in range(1, 60)), "limit-reached"
    yield "many-texts", HEAD + f'let a0 = "{"x" * 60000}";\n' + "".join(
        f"let a{i} = a{i - 1};\n" for i in range(1, 20000)), "limit-reached"
    yield "doubled-set", HEAD + "let a0 = { 1, 2 };\n" + "".join(
        f"let a{i} = {{ a{i - 1}, a{i - 1} }};\n" for i in range(1, 60)), "type-mismatch"
    yield "holes", HEAD + "let r0 = 0x0 ..< 1TiB;\n" + "".join(
        f"let r{i} = r{i - 1} except 0x{i * 32:x} +: 16;\n" for i in range(1, 20000)), "limit-reached"
    first = convention("ensures slaves { arrival absent; }\nensures master { r3 = 0; }\n")
    yield "versions", first + versions(25000, "ensures master { override r3 = 1; }"), None
    yield "growing-versions", first + "".join(
        f"convention a@{i} extends a@{i - 1} {{ source \"x\"; ensures memory {{ bytes 0x{i * 16:x} +: 16 = "
        f"bytes 0x{i * 16:x} +: 16; }} }}\n" for i in range(2, 30000)), "limit-reached"
    yield "circle", HEAD + "".join(
        f'convention a@{i} extends a@{(i + 1) % 40000} {{ source "x"; }}\n' for i in range(40000)), "cyclic-extends"
    yield "loaders", HEAD + 'loader a@1 { source "x"; granule = 64KiB; }\n' + "".join(
        f"loader a@{i} extends a@{i - 1} {{ source \"x\"; check entry < {i}KiB error EINVAL; }}\n"
        for i in range(2, 25000)), "limit-reached"
    yield "checks", HEAD + 'loader a@1 { source "x"; granule = 64KiB;\n' + "".join(
        f"check entry < {i}KiB error EINVAL;\n" for i in range(50000)) + "}\n", "limit-reached"
    for shape, make in large_programs.PROGRAMS.items():
        if shape not in large_programs.WRONG:
            yield f"hundred-thousand-lines-{shape}", make(100000), None
    yield "orphans", HEAD + "".join(
        f'convention a@{i} extends b@{i} {{ source "x"; }}\n' for i in range(40000)), "unknown-name"


def set_limits(size):
    share = min(size / MOST, 1)
    seconds, memory = SECONDS + round(share * MORE_SECONDS), MEMORY + int(share * MORE_MEMORY)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def try_one(baton, path, wanted):
    """What is wrong, as sentences, and the seconds."""
    problems, seconds = [], []
    size = os.path.getsize(path)
    for command in ("check", "fmt --check"):
        begin = time.monotonic()
        done = subprocess.run([baton, *command.split(), path], capture_output=True, check=False,
                              preexec_fn=lambda: set_limits(size))
        seconds.append(time.monotonic() - begin)
        printed = len(done.stdout) + len(done.stderr)
        about = f"baton {command}: "
        if done.returncode not in (0, 1, 2, 66):
            tail = done.stderr[-200:].decode(errors="replace")
            problems.append(about + f"exit code {done.returncode}, `{tail}`")
        elif printed > MOST_PRINTED:
            problems.append(about + f"{printed} bytes are printed")
        elif command == "check" and wanted is None and done.returncode != 0:
            problems.append(about + "is refused: " + done.stderr[:200].decode(errors="replace"))
        elif command == "check" and wanted and (done.returncode == 0 or f" {wanted}]".encode() not in done.stderr):
            problems.append(about + f"no {wanted}, but " + done.stderr[:200].decode(errors="replace"))
    return problems, seconds


def main():
    parser = argparse.ArgumentParser(description="Tries hostile texts on the compiler.")
    parser.add_argument("--baton", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--only")
    parser.add_argument("--figures", action="store_true", help="print how long each takes")
    given = parser.parse_args()
    os.makedirs(given.work, exist_ok=True)
    count, wrong = 0, 0
    path = os.path.join(given.work, "hostile.baton")
    for name, text, wanted in texts():
        if given.only and given.only != name:
            continue
        with open(path, "wb") as out:
            out.write(text if isinstance(text, bytes) else text.encode())
        problems, seconds = try_one(given.baton, path, wanted)
        count += 1
        wrong += bool(problems)
        if given.figures:
            print(f"{name:28}{seconds[0]:8.2f} s{seconds[1]:8.2f} s", flush=True)
        for problem in problems:
            print(f"{name}: {problem}", flush=True)
    if count == 0:
        sys.exit(f"hostile_test.py: there is no text `{given.only}`")
    print(f"hostile_test.py: {count} texts, {wrong} of them not as they should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
