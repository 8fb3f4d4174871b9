#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Does every #include of compiler/ point down, and every third-party header stand behind its door?

Folders stand in layers; a file may include headers of its own folder and of folders in lower layers, and a
few pairs are forbidden or allowed besides. Third-party headers are named in the folders that own them and
nowhere else. Before the tree is looked at, the scanner proves itself on trees that are wrong on purpose.

    layering_test.py SOURCE_DIR/compiler
"""
import os
import re
import sys
import tempfile

# Lowest first. Folders of one layer do not see each other, except where ALLOWED says so.
LAYERS = (
    ("base",), ("source", "handshake"), ("diagnostics",), ("syntax",), ("model",), ("contract", "ppc64"),
    ("check", "inputs"), ("lint", "placement"), ("trampoline",), ("emit",), ("verify",), ("slaves", "replay"), ("report",), ("driver",),
)
LAYER = {folder: number for number, layer in enumerate(LAYERS) for folder in layer}
FORBIDDEN = {
    ("verify", "trampoline"): "the judge may not know the synthesis it judges",
    ("verify", "placement"): "the judge sees bytes and addresses only",
    ("verify", "emit"): "the judge sees bytes and addresses only",
    ("replay", "trampoline"): "what is replayed are bytes, whoever made them",
    ("replay", "placement"): "what is replayed are bytes at addresses",
    ("replay", "emit"): "what is replayed are bytes at addresses",
    ("report", "replay"): "a report shows what was found, and finds nothing",
    ("emit", "trampoline"): "outputs are made of stubs and tables, not of the search",
    ("handshake", "source"): "a handshake is made of events, not of text",
    ("ppc64", "model"): "encodings know no language",
    ("ppc64", "syntax"): "encodings know no language",
}
DOORS = (
    (re.compile(r"^antlr4|^BatonLexer|^BatonParser|^BatonBaseVisitor|^BatonVisitor"), {"syntax"}),
    (re.compile(r"^(lib)?fdt\.h$|^libfdt"), {"inputs", "emit"}),
    (re.compile(r"^llvm/(MC|Target|TargetParser|CodeGen)/|^llvm/Support/TargetSelect\.h$"), {"ppc64"}),
    (re.compile(r"^llvm/(Object|BinaryFormat)/"), {"inputs"}),
    (re.compile(r"^CLI/|^CLI11"), {"driver"}),
    (re.compile(r"^z3"), {"verify"}),
)
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def faults(root):
    """Every arrow that is not allowed: (file:line, sentence). Unknown folders are faults too."""
    found = []
    for folder in sorted(os.listdir(root)):
        if not os.path.isdir(os.path.join(root, folder)):
            continue
        if folder == "decisions":  # records, no code
            continue
        if folder not in LAYER:
            found.append((folder, f"`{folder}` has no layer: say in LAYERS where it stands"))
            continue
        for directory, folders, files in os.walk(os.path.join(root, folder)):
            folders.sort()
            for name in sorted(files):
                if name.endswith((".h", ".cpp", ".def", ".inc")):
                    path = os.path.join(directory, name)
                    found += file_faults(os.path.relpath(path, root), folder, path)
    return found


def file_faults(shown, folder, path):
    found = []
    with open(path, encoding="utf-8") as text:
        for number, line in enumerate(text, 1):
            match = INCLUDE.match(line)
            if match:
                sentence = fault(folder, match.group(1), match.group(2))
                if sentence:
                    found.append((f"{shown}:{number}", sentence))
    return found


def fault(folder, quote, header):
    for pattern, owners in DOORS:
        if pattern.search(header) and folder not in owners:
            return f"`{header}` belongs behind {' and '.join(sorted(owners))}, not in {folder}"
    if quote != '"':
        return None
    if header.startswith((".", "/")):
        return f"`{header}` is not written relative to compiler/"
    target = header.split("/")[0]
    if "/" not in header or target not in LAYER:
        return None  # a generated or third-party header: the doors decide
    if target == folder:
        return None
    if (folder, target) in FORBIDDEN:
        return f"{folder} includes `{header}`: {FORBIDDEN[folder, target]}"
    if LAYER[target] >= LAYER[folder]:
        return f"{folder} includes `{header}`: the arrow points up"
    return None


PLANTED = (
    # folder of the file, its line, whether it is a fault
    ("model", '#include "model/value.h"', False),
    ("model", '#include "syntax/ast.h"', False),
    ("model", '#include "contract/gap.h"', True),
    ("check", '#include "contract/order.h"', False),
    ("check", '#include "placement/holes.h"', True),
    ("contract", '#include "ppc64/registers.h"', True),
    ("lint", '#include "inputs/elf.h"', False),
    ("lint", '#include "placement/layout.h"', True),
    ("emit", '#include "placement/layout.h"', False),
    ("emit", '#include "baton/bundle.h"', False),
    ("verify", '#include "ppc64/instruction.h"', False),
    ("verify", '  #  include "trampoline/body.h"', True),
    ("verify", '// #include "trampoline/body.h"', False),
    ("replay", '#include "verify/run.h"', False),
    ("replay", '#include "trampoline/body.h"', True),
    ("verify", '#include "replay/replay.h"', True),
    ("handshake", '#include "base/result.h"', False),
    ("handshake", '#include "ppc64/instruction.h"', True),
    ("base", '#include "../driver/plan.h"', True),
    ("syntax", '#include <antlr4-runtime.h>', False),
    ("check", '#include <antlr4-runtime.h>', True),
    ("check", '#include "antlr4-runtime/antlr4-runtime.h"', True),
    ("inputs", '#include <libfdt.h>', False),
    ("placement", '#include <libfdt.h>', True),
    ("ppc64", '#include <llvm/MC/MCContext.h>', False),
    ("inputs", '#include <llvm/MC/MCContext.h>', True),
    ("inputs", '#include "llvm/Object/ELF.h"', False),
    ("emit", '#include "llvm/Object/ELF.h"', True),
    ("report", '#include <llvm/Support/JSON.h>', False),
    ("driver", '#include <CLI/CLI.hpp>', False),
    ("report", '#include <CLI/CLI.hpp>', True),
    ("verify", '#include <z3.h>', False),
    ("driver", '#include <z3.h>', True),
)


def self_test():
    """Each planted line is judged right, on a tree that holds it and nothing else."""
    for folder, line, wrong in PLANTED:
        with tempfile.TemporaryDirectory() as root:
            os.mkdir(os.path.join(root, folder))
            with open(os.path.join(root, folder, "planted.cpp"), "w", encoding="utf-8") as out:
                out.write("// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\n" + line + "\n")
            places = [place for place, _ in faults(root)]
            wanted = [f"{folder}/planted.cpp:2"] if wrong else []
            if places != wanted:
                sys.exit(f"self-test: `{line}` in {folder}: found {places}, not {wanted}")
    with tempfile.TemporaryDirectory() as root:
        os.mkdir(os.path.join(root, "misc"))
        if not faults(root):
            sys.exit("self-test: a folder without a layer is not found")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    self_test()
    missing = [folder for folder in LAYER if not os.path.isdir(os.path.join(sys.argv[1], folder))]
    if missing:
        sys.exit(f"{sys.argv[1]} lacks {', '.join(missing)}: the layers no longer describe the tree")
    found = faults(sys.argv[1])
    for place, sentence in found:
        print(f"{place}: {sentence}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
