#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What does a program, or a device tree, of any number of lines look like?

Each shape is a function from a number of lines to text of about as many. `mixed` is many declarations of the usual
size, as a generator would write for a fleet of machines; the others put all lines into one list that grows, which is
where something quadratic would hide. Every program passes `baton check`. The device tree is nested: dtc fails on
some ten thousand siblings.

    large_programs.py SHAPE LINES > big.baton
"""
import sys

HEAD = "language 1;\n"

CONVENTION = """/// What firmware {n} leaves behind.
convention fleet.boot{n}@1 {{
  status experimental;
  source "manual of board {n}, chapter 3";
  role image : loadable;
  role tree : devicetree optional;

  ensures master {{
    enter image.entry;
    mode real;
    msr SF = 1, EE = 0, LE = giver;
    r1 = stack(size: unknown);
    r3 = cpu.physical_id;
    r4 in {{ image.base, 0 }};  // older boards say 0
    incidental r5 = {n};
  }}
  ensures slaves {{
    arrival arriving;
    enter absolute 0x60;
    r3 = cpu.physical_id;
  }}
  ensures memory {{
    bytes 0x0 +: 0x100 = bytes image.entry +: 0x100 because "slaves run the copy";
    fact icache_coherent;
    place others disjoint image.overwrites;
  }}
  order segments_placed < real_mode < head_copied < slaves_released < master_enters;
  expects image {{
    head 0x100 runs_at_zero;
    landing slaves at offset 0x60;
    within machine.rma;
    align 64KiB;
  }}
}}
convention fleet.boot{n}@2 extends fleet.boot{n}@1 {{
  source "manual of board {n}, second edition";
  supersedes fleet.boot{n}@1;
  ensures master {{ override msr LE = 0; }}
}}
"""

HANDOFF = """loader fleet.load{n}@1 {{
  source "board {n}";
  table native64, json;
  granule = machine.page;
  segments <= 16;
  check segment.extent within machine.ram error EINVAL;
  check segment.start >= machine.running_kernel.end error ETXTBSY;
}}
machine board{n} {{
  ram = 0x0 ..< 4GiB, 0x1_0000_0000 +: 4GiB;
  running_kernel = 0x0 ..< 32MiB;
  page = 64KiB;
  cpus = 0, 1, 2, 3;
  reserve log = 0x{address:x} +: 1MiB;
}}
let low{n} = 0x{address:x};
let room{n} = 64KiB * {n} + 4KiB;

handoff boot{n} on board{n} via fleet.load{n}@1 {{
  from fleet.boot{n}@2;
  to fleet.boot{n}@2;
  giver big;
  param cmdline : string = "quiet";
  segment kernel = elf "vmlinux-{n}" {{
    place bottom_up;
    align 64KiB;
    avoid machine.log;
  }}
  segment tree = devicetree "board{n}.dtb" {{
    place top_down;
    node "/chosen" {{
      "bootargs" = cmdline ++ " board={n}";
      "linux,initrd-start" = u64(low{n}), u32({n});
      drop "linux,stdout-path";
    }}
    reserve kernel;
  }}
  bind image = kernel;
  bind tree = tree;
  slaves by auto;
  enter kernel;
  assert kernel.start + room{n} <= 4GiB else "board {n} has no room";
}}
"""


def mixed(lines):
    text = [HEAD]
    have, number = 1, 0
    while have < lines:
        number += 1
        one = (CONVENTION + HANDOFF).format(n=number, address=0x4000000 + 0x10000 * number)
        have += one.count("\n")
        text.append(one)
    return "".join(text)


def lets(lines):
    """Each constant is made of the one before."""
    return HEAD + "let n0 = 0x0;\n" + "".join(f"let n{i} = n{i - 1} + 4KiB;\n" for i in range(1, lines - 1))


def clauses(lines):
    """One convention whose clauses go on and on."""
    body = "".join(f"    bytes 0x{i * 16:x} +: 16 = bytes image.base + 0x{i * 16:x} +: 16;\n" for i in range(lines - 9))
    return (HEAD + 'convention long.one@1 {\n  source "generated";\n  role image : loadable;\n'
            "  ensures slaves { arrival absent; }\n  ensures memory {\n" + body + "  }\n}\n")


def versions(lines):
    """A convention of very many versions, each of which extends the one before by a register or two."""
    text = [HEAD, 'convention old.one@1 {\n  source "generated";\n  role image : loadable;\n'
            "  ensures slaves { arrival absent; }\n  ensures master { r3 = 0; }\n}\n"]
    for i in range(2, max(3, (lines - 8) // 4)):
        text.append(f"convention old.one@{i} extends old.one@{i - 1} {{\n  source \"edition {i}\";\n"
                    f"  ensures master {{ override r3 = {i}; }}\n}}\n")
    return "".join(text)


def ranges(lines):
    """A machine with a region a line."""
    body = "".join(f"  reserve area{i} = 0x{(i * 2 + 1) << 16:x} +: 64KiB;\n" for i in range(lines - 4))
    return HEAD + "machine wide {\n  ram = 0x0 ..< 1024GiB;\n" + body + "}\n"


def list_of(lines):
    """One clause of one list, a member a line."""
    body = ",\n".join(f"      0x{i << 17:x} +: 64KiB" for i in range(lines - 3))
    return HEAD + "machine wide {\n  ram =\n" + body + ";\n}\n"


def segments(lines):
    """Handoffs of five hundred segments each."""
    text = [HEAD + 'convention wide.one@1 {\n  source "generated";\n  role image : loadable;\n'
            "  ensures slaves { arrival absent; }\n  expects image { align 64KiB; }\n}\n"
            "machine lpar { ram = 0x0 ..< 4GiB; page = 64KiB; }\n"
            'loader wide.load@1 { source "x"; granule = 64KiB; table json; }\n']
    have, number = 9, 0
    while have < lines - 12:
        count = min(500, max(1, (lines - have - 7) // 4))
        text.append(f"handoff wide{number} on lpar via wide.load@1 {{\n  from wide.one@1;\n  to wide.one@1;\n"
                    + "".join(f"  segment file{i} = file \"f{i}\" {{\n    place bottom_up;\n    align 64KiB;\n  }}\n"
                              for i in range(count))
                    + "  bind image = file0;\n  slaves by none;\n  enter file0;\n}\n")
        have += 7 + 4 * count
        number += 1
    return "".join(text)


def assertions(lines):
    """A handoff of very many assertions."""
    body = "".join(f"  assert image.start + {i} <= 4GiB else \"{i}\";\n" for i in range(max(0, lines - 28)))
    return segments(30).replace("  enter file0;\n", "  enter file0;\n" + body.replace("image", "file0"), 1)


def comments(lines):
    """Nothing but comments, and comments behind clauses."""
    return HEAD + "".join(f"// remark {i}\n" if i % 2 else f"let n{i} = {i};  // the constant {i}\n" for i in range(lines - 1))


def mistakes(lines):
    """Every second line is wrong: what is reported is a list too."""
    return HEAD + "".join(f"let n{i} = 64KiB + \"{i}\";\n" if i % 2 else f"let n{i} = 64KiB + {i};\n" for i in range(lines - 1))


def broken(lines):
    """Every second line cannot be read."""
    return HEAD + "".join(f"let n{i} = = {i};\n" if i % 2 else f"let n{i} = 64KiB + {i};\n" for i in range(lines - 1))


def tree(lines):
    """A device tree of about as many lines: folders of boards of devices, none with more than some hundred children."""
    text = ["/dts-v1/;\n/ {\n"]
    have, board = 3, 0
    while have < lines:
        text.append(f"  rack@{board:x} {{\n")
        have += 2
        for slot in range(16):
            text.append(f"    slot@{slot:x} {{\n")
            for device in range(8):
                text.append(f"      device@{device:x} {{\n        compatible = \"acme,device-{board}\", \"acme,device\";\n"
                            f"        reg = <0x{device:x} 0x{board << 8 | slot:x} 0x0 0x1000>;\n"
                            f"        interrupts = <{device} {slot}>; // wired\n        status = \"okay\";\n      }};\n")
            text.append("    };\n")
            have += 2 + 8 * 6
            if have >= lines:
                break
        text.append("  };\n")
        board += 1
    return "".join(text) + "};\n"


PROGRAMS = {shape.__name__: shape for shape in
            (mixed, lets, clauses, versions, ranges, list_of, segments, assertions, comments, mistakes, broken)}
# Checked with findings.
WRONG = ("mistakes", "broken")
SHAPES = {**PROGRAMS, "tree": tree}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in SHAPES or not sys.argv[2].isdigit():
        sys.exit(f"usage: large_programs.py {'|'.join(SHAPES)} LINES")
    sys.stdout.write(SHAPES[sys.argv[1]](int(sys.argv[2])))


if __name__ == "__main__":
    main()
