# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How may each clause be written wrong? The data of mistakes_test.py.

A key is the shape of a row of the clause table, or (context, shape) where a context needs its own. A case has
`valid`, the clause as it should be; `once`, whether it may stand once in its block (`again`, if given, is the second
one, written so that it collides); `shape` and `type`, the clause with arguments of another shape, or with a value of
another type, `^` before the word that is to be pointed at. `type` is None where all arguments are words. `foreign` is
a context where it does not stand; `refused` that it is told to be written elsewhere. A mark in `valid` is what is
pointed at while the table says that the clause is not served.
"""

REGISTERS = ["r0", "r13", "r31", "lr", "ctr", "cr", "xer"]

# Where a clause of each context is misplaced.
FOREIGN = {
    "a convention": "a machine", "ensures master": "expects", "ensures slaves": "expects",
    "ensures memory": "a loader", "expects": "a loader", "a machine": "a convention", "a loader": "a handoff",
    "a handoff": "a loader", "an elf segment": "a convention", "a file segment": "a convention",
    "a devicetree segment": "a convention", "a reserve segment": "a convention", "an elfcorehdr segment": "a convention",
    "a trampoline segment": "a convention", "a tree node": "a machine",
}

CONVENTION = """convention n_demo.exit@1 {
%s  role image : loadable;
  role tree : devicetree optional;
  ensures master { enter image.entry;
%s
  }
  ensures slaves { %s
%s
  }
  ensures memory {
%s
  }
  expects image {
%s
  }
%s
}
"""
BASE = """convention n_base.exit@1 { source "base"; role image : loadable; ensures master { incidental r3 = 0; } ensures slaves { arrival absent; } }
machine n_lpar { page = 64KiB; region low = 0x0 ..< 1MiB; }
handoff n_old@1 { segment n_kept = reserve 64KiB { place at 0x10_0000; } }
"""
HANDOFF = """handoff n_boot on n_lpar via linux.kexec_load@2005 {
%s  segment image = file "a.bin" { place bottom_up; }
%s
}
"""
PARTS = {"from": "  from n_base.exit@1;\n", "to": "  to n_base.exit@1;\n", "enter": "  enter image;\n"}
SEGMENTS = {"an elf segment": 'elf "a.elf"', "a file segment": 'file "b.bin"', "a devicetree segment": 'devicetree "a.dtb"',
            "a reserve segment": "reserve 64KiB", "an elfcorehdr segment": "elfcorehdr",
            "a trampoline segment": "trampoline"}


def convention(context, text):
    """A convention with the text in one of its blocks, and nothing that the text itself states."""
    has = lambda head: text.lstrip("^").startswith(head)
    holes = ["", "", "", "", ""]
    for number, name in enumerate(["ensures master", "ensures slaves", "ensures memory", "expects", "a convention"]):
        if context == name:
            holes[number] = text
    whole = CONVENTION % ("" if context == "a convention" and has("source") else '  source "demo";\n', holes[0],
                          "" if context == "ensures slaves" and has("arrival") else "arrival absent;",
                          holes[1], holes[2], holes[3], holes[4])
    # An argument is a role of a convention that is a call.
    if has("argument"):
        whole = whole.replace("enter image.entry;", "enter call;")
        whole = whole.replace("  role tree :", "  role n_pages : pagelist;\n  role tree :")
    # `enter` and the sections stand once.
    if context == "ensures master" and has("enter"):
        whole = whole.replace("ensures master { enter image.entry;", "ensures master {")
    return whole


def program(context, text):
    source = 'language 1;\nuse "loaders/kexec_load.baton";\n'
    if context == "a file":
        return text if "language" in text else source + BASE + text + "\n"
    source += BASE
    if context in ("a convention", "ensures master", "ensures slaves", "ensures memory", "expects"):
        return source + convention(context, text)
    if context == "a machine":
        return source + f"machine n_box {{\n{text}\n}}\n"
    if context == "a loader":
        granule = "" if text.lstrip("^").startswith("granule") else "  granule = 64KiB;\n"
        return source + f"loader n_demo.load@1 {{\n{granule}{text}\n}}\n"
    if context in SEGMENTS or context == "a tree node":
        kind = SEGMENTS.get(context, 'devicetree "a.dtb"')
        inner = f'node "/chosen" {{\n{text}\n}}' if context == "a tree node" else text
        # A core header that covers nothing is a mistake of its own.
        if kind == "elfcorehdr" and not text.lstrip("^").startswith("cover"):
            inner = "cover machine.ram;\n" + inner
        text = f"segment extra = {kind} {{\n{inner}\n}}"
    head = text.lstrip("^").split()[0].rstrip(";")
    known = [part for name, part in PARTS.items() if not head == name and not (head[:-1] == name and context == "a handoff")]
    parts = "".join(known)
    if context == "a trampoline segment":
        parts = parts.replace("enter image;", "enter extra;")
    handoff = HANDOFF.replace("n_boot", "n_boot extends n_old@1") if "n_kept" in text else HANDOFF
    return source + handoff % (parts, text)


def case(valid, once, shape, type, **more):
    return {"valid": valid, "once": once, "shape": shape, "type": type, **more}


def ranges(head, equals=True, once=True):
    sign = " =" if equals else ""
    shape = f"{head} ^0x0 ..< 1MiB;" if equals else f"{head}^;"
    return case(f"{head}{sign} 0x0 ..< 1MiB;", once, shape, f'{head}{sign} ^"low";')


def number(head, value, wrong='^"text"', equals=True):
    sign = " =" if equals else ""
    return case(f"{head}{sign} {value};", True, f"{head} ^{value};" if equals else f"{head}^;", f"{head}{sign} {wrong};")


CASES = {
    # Declarations
    "language 1": case("language 1;", False, "language ^;\nlet a = 1;", None, no_misplacing=True),
    "use PATH": case('use "linux/kexec.baton";', False, "use ^linux;", None, no_misplacing=True),
    "let NAME = VALUE": case("let n_a = 1;", True, "let n_a ^1;", 'let n_a = 64KiB + ^"a";', again="let ^n_a = 2;",
                             no_misplacing=True),
    "convention NAME@N [extends NAME@N]": case(
        'convention n_one@1 extends n_base.exit@1 { source "x"; }', True,
        ["convention n_one^ { }", 'convention n_one@^one { source "x"; }', "convention n_one@1^;"], None,
        again='convention ^n_one@1 { source "y"; ensures slaves { arrival absent; } }', no_misplacing=True),
    "machine NAME": case("machine n_one { }", True, ["machine n_one ^= { }", "machine n_one^;"], None,
                         again="machine ^n_one { }", no_misplacing=True),
    "machine NAME from dtb PATH": case('machine n_one from dtb "a.dtb" { }', True, "machine n_one from ^dtb { }", None,
                                       again='machine ^n_one from dtb "b.dtb" { }', no_misplacing=True),
    "machine NAME from live": case("machine n_one from ^live { }", True, 'machine n_one from ^live "a" { }', None,
                                   no_misspelling=True, no_misplacing=True, again="machine ^n_one from live { }"),
    "loader NAME@N [extends NAME@N]": case("loader n_one@1 { granule = 64KiB; }", True, "loader n_one^ { granule = 64KiB; }",
                                           None, again="loader ^n_one@1 { granule = 64KiB; }", no_misplacing=True),
    "handoff NAME[@N] [extends NAME@N] [on MACHINE] [via LOADER@N]": case(
        'handoff n_two on n_lpar via linux.kexec_load@2005 { from n_base.exit@1; to n_base.exit@1;\n'
        'segment image = file "a"; enter image; }', True,
        'handoff n_two on n_lpar via linux.kexec_load^ { from n_base.exit@1; to n_base.exit@1;\n'
        'segment image = file "a"; enter image; }', None,
        again='handoff ^n_two on n_lpar via linux.kexec_load@2005 { from n_base.exit@1; to n_base.exit@1;\n'
              'segment image = file "a"; enter image; }', no_misplacing=True),

    # Convention
    "status stable | experimental": case("status stable;", True, ["status ^new;", "status^;", "status stable ^1;"], None),
    "source STRING": case('source "x";', True, ["source ^x;", "source^;"], "source ^64KiB;"),
    ("a loader", "source STRING"): case('source "x";', True, ["source ^x;", "source^;"], "source ^64KiB;"),
    "supersedes CONVENTION@N": case("supersedes n_base.exit@1;", True, ["supersedes n_base.exit^;", "supersedes^;"], None),
    "role NAME : loadable | elf64 | devicetree | raw [optional]": case(
        "role extra : raw;", True, ["role extra ^raw;", "role extra : ^rawe;", "role ^: raw;"], None,
        again="role ^extra : raw;"),
    "ensures master": case("ensures master { r9 = 0; }", False, ["ensures ^mastre { r9 = 0; }", "ensures^ { }"], None,
                           no_misspelling=True, no_misplacing=True),
    "ensures slaves": case("ensures slaves { r9 = 0; }", False, "ensures ^slave { r9 = 0; }", None, no_misspelling=True,
                           no_misplacing=True),
    "ensures memory": case("ensures memory { fact icache_coherent; }", False, "ensures ^memry { fact icache_coherent; }",
                           None, no_misspelling=True, no_misplacing=True),
    "expects ROLE": case("expects image { align 64KiB; }", False, ["expects^ { }", "expects ^imag { align 64KiB; }"], None,
                         no_misspelling=True, no_misplacing=True),
    "order EVENT < EVENT < ..., ...": case(
        "order head_copied < slaves_released;", False, ["order ^head_copied;", "order^;", "order head_copied < ^slaves_releasd;"],
        "order ^64KiB < slaves_released;"),

    # ensures master, ensures slaves
    "enter ROLE.entry": case("enter image.entry;", True, "enter^;", 'enter ^"image";', foreign="a machine"),
    "enter absolute ADDRESS": case("enter absolute 0x60;", True, "enter absolute^;", 'enter absolute ^"low";',
                                   foreign="a machine"),
    "arrival STATE | in { STATE, ... } | any": case("arrival absent;", True, ["arrival^;", "arrival in ^absent;"],
                                                     "arrival ^64KiB;"),
    "mode real | virtual": case("mode real;", True, ["mode ^off;", "mode^;"], None),
    "msr FIELD = 0 | 1 | any | giver | VALUE, ...": case(
        "msr LE = 1;", True, ["msr LE^;", "msr ^1;", "msr ^LEE = 1;"], ['msr LE = ^"on";', "msr LE = ^2;"]),
    "ile = VALUE | in { VALUE, ... }": case("ile = 0;", True, ["ile ^0;", "ile in ^0;"], 'ile = ^"big";'),
    "REG = VALUE | in { VALUE, ... }": case("REG = 0;", True, ["REG ^0;", "REG in ^0;", "REG^;"], 'REG = ^"zero";',
                                            foreign="a machine"),
    "bytes RANGE = bytes RANGE": case(
        "bytes 0x0 +: 0x100 = bytes 0x1000 +: 0x100;", True, ["bytes 0x0 +: 0x100^;", "bytes 0x0 +: 0x100 = ^0x1000 +: 0x100;"],
        'bytes 0x0 +: 0x100 = bytes ^64KiB;'),
    "fact segments_placed | icache_coherent | hash_table_cleared": case(
        "fact icache_coherent;", True, ["fact ^icache_coherant;", "fact^;", "fact ^1;"], None),
    "place ROLE within RANGES | place ROLE disjoint RANGES | place others disjoint RANGES": case(
        "place image within machine.rma;", True, ["place image ^machine.rma;", "place^;"], 'place image within ^"low";'),
    "tree.format in { INT, ... }": case("tree.format in { 16, 17 };", True, ["tree.format in ^17;", "tree.format ^17;"],
                                        'tree.format in { ^"17" };'),
    "tree.boot_cpuid_phys = VALUE": case("tree.boot_cpuid_phys = 0;", True, "tree.boot_cpuid_phys ^0;",
                                         'tree.boot_cpuid_phys = ^"zero";'),
    "tree.boot_cpu_node = VALUE": case("tree.boot_cpu_node = 0;", True, "tree.boot_cpu_node ^0;",
                                       'tree.boot_cpu_node = ^"zero";'),
    "tree.property STRING STRING [= VALUE | absent | not VALUE | at most SIZE]": case(
        'tree.property "/chosen" "a" = 1;', True,
        ['tree.property ^"chosen" "a";', 'tree.property "/chosen"^;', 'tree.property "/chosen" "a" ^1;', 'tree.property "/chosen" ^a;', 'tree.property "/chosen" "a" at ^4;'],
        'tree.property "/chosen" "a" = ^0x0 ..< 1MiB;'),
    "tree.property cpu STRING [= VALUE | absent | not VALUE | at most SIZE]": case(
        'tree.property cpu "a" = "b";', True, ['tree.property cpu^;', 'tree.property cpu ^a = 1;', 'tree.property cpu "a" absent ^= 1;'],
        'tree.property cpu "a" = ^0x0 ..< 1MiB;'),
    "pen slot SIZE while INT at offset INT": case(
        "pen slot 64 while 0x1 at offset 0x0;", True,
        ["pen ^64 while 0x1 at offset 0x0;", "pen slot 64^;", "pen slot ^48 while 0x1 at offset 0x0;", "pen slot 64 while ^0x10001 at offset 0x0;",
         "pen slot 64 while 0x1 at offset ^0x4;"],
        'pen slot ^"big" while 0x1 at offset 0x0;'),
    "field at offset INT size INT named NAME [default VALUE]": case(
        "field at offset 0x8 size 8 named value default 1;", True,
        ["field ^0x8 size 8 named value;", "field at offset 0x8 size ^3 named value;", "field at offset ^0x6 size 4 named value;",
         "field at offset 0x8 size 8^;"],
        'field at offset 0x8 size 8 named value default ^"one";', again="^field at offset 0x10 size 8 named value;"),
    "tree.reserves RANGES, ...": ranges("tree.reserves", equals=False),

    # expects
    "landing slaves at offset INT": case(
        "landing slaves at offset 0x60;", True, ["landing ^masters at offset 0x60;", "landing slaves at offset^;"],
        'landing slaves at offset ^"low";'),
    "head INT runs_at_zero": case("head 0x100 runs_at_zero;", True, "head 0x100^;", 'head ^"x" runs_at_zero;'),
    "order_neutral entry | landing": case("order_neutral entry;", True, ["order_neutral ^exit;", "order_neutral^;"], None),
    "word at offset INT named NAME [default INT]": case(
        "word at offset 0x5c named flag default 1;", True, ["word at offset 0x5c^;", "word ^0x5c named flag;"],
        'word at offset ^"x" named flag;', again="^word at offset 0x60 named flag;"),
    "disjoint RANGES, ...": ranges("disjoint", equals=False),
    "align SIZE": case("align 64KiB;", True, ["align^;", "align ^= 64KiB;"], 'align ^"big";'),
    ("expects", "align SIZE"): case("align 64KiB;", True, ["align^;", "align ^= 64KiB;"], 'align ^"big";'),
    "within RANGES, ...": ranges("within", equals=False, once=False),
    ("expects", "within RANGES, ..."): ranges("within", equals=False),

    # Machine
    **{f"{name} = RANGES, ...": ranges(name) for name in
       ("ram", "crashkernel", "crash_cma", "rtas", "opal.memory", "tce", "hash_table", "initrd", "reserved")},
    **{f"{name} = RANGE": ranges(name) for name in ("rma", "running_kernel")},
    "hypervisor = 0 | 1": number("hypervisor", "1"),
    "kexec_slaves = STATE": case("kexec_slaves = absent;", True, "kexec_slaves ^absent;", "kexec_slaves = ^64KiB;"),
    "opal.base = ADDRESS": number("opal.base", "0x3000_0000"),
    "opal.entry = ADDRESS": number("opal.entry", "0x3000_0000"),
    "cpus = INT, ...": number("cpus", "0, 1"),
    "isa = INT": number("isa", "206"),
    "cache_block = SIZE": number("cache_block", "128"),
    "page = SIZE": number("page", "64KiB"),
    "tree = PATH": case("^tree = \"x\";", False, None, None, no_misspelling=True, no_misplacing=True,
                        refused=True),
    "region NAME = RANGES, ...": case("region low = 0x0 ..< 1MiB;", True, ["region ^= 0x0 ..< 1MiB;", "region low^;"],
                                      'region low = ^"x";'),
    "reserve NAME = RANGES, ...": case("reserve low = 0x0 ..< 1MiB;", True, ["reserve ^= 0x0 ..< 1MiB;", "reserve low^;"],
                                       'reserve low = ^"x";'),
    # Loader
    "table native64 | compat32 | json, ...": case("table json;", True, ["table ^native32;", "table^;"], None),
    "granule = SIZE": number("granule", "64KiB"),
    "segments <= INT": case("segments <= 16;", True, ["^segments >= 16;", "^segments 16;"], 'segments <= ^"many";'),
    "check [on_crash] PREDICATE error NAME | none [because STRING]": case(
        "check entry within machine.ram error EINVAL;", False, ["check entry within machine.ram^;", "check^;"],
        "check ^entry error EINVAL;"),

    # Handoff
    "from CONVENTION@N": case("from n_base.exit@1;", True, ["from n_base.exit^;", "from^;"], None),
    "to CONVENTION@N": case("to n_base.exit@1;", True, ["to n_base.exit^;", "to^;"], None),
    "giver big | little | both": case("giver both;", True, ["giver ^middle;", "giver^;"], None),
    "load normal | on_crash": case("load normal;", True, ["load ^slowly;", "load^;"], None),
    "param NAME : path | string | size | address | int | bool [in RANGE | in { VALUE, ... }] [= VALUE]": case(
        "param count : int in { 1, 2 } = 1;", True, ["param count ^int;", "param count : ^number;"],
        ['param count : int = ^"one";', 'param count : int in { 1, ^"two" };', "param count : address in ^64KiB;"],
        again="param ^count : int;"),
    "segment NAME = elf PATH": case('segment extra = elf "x";', True, ['segment extra ^elf "x";', "segment extra = elf^;",
                                    'segment extra = ^elff "x";'], "segment extra = elf ^64KiB;",
                                    again='segment ^extra = elf "y";'),
    "segment NAME = file PATH": case('segment extra = file "x";', True, "segment extra = file^;",
                                     "segment extra = file ^64KiB;", again='segment ^extra = file "y";'),
    "segment NAME = devicetree PATH | TREE": case('segment extra = devicetree "x";', True, "segment extra = devicetree^;",
                                                  "segment extra = devicetree ^64KiB;", again='segment ^extra = file "y";'),
    "segment NAME = reserve SIZE": case("segment extra = reserve 64KiB;", True, "segment extra = reserve^;",
                                        'segment extra = reserve ^"x";', again='segment ^extra = file "y";'),
    "segment NAME = trampoline": case("segment extra = trampoline;", True, "segment extra = trampoline ^64KiB;", None,
                                      again='segment ^extra = file "y";'),
    "segment NAME": case("segment n_kept { avoid 0x0 +: 64KiB; }", False, ["segment ^n_keeps { avoid machine.ram; }",
                         "segment n_kept ^64KiB { avoid machine.ram; }"], None),
    "bind ROLE = SEGMENT | giver.ROLE | argument.NAME": case("bind image = image;", True, ["bind image ^image;", "bind^;", "bind image = ^imagee;"],
                                             None, again="bind ^image = image;"),
    "slaves by overlay": case("slaves by overlay;", True, ["slaves ^overlay;", "slaves by ^overlayy;"], None,
                              again="^slaves by none;"),
    "slaves by none": case("slaves by none;", True, "slaves by^;", None),
    "slaves by auto": case("slaves by auto;", True, "slaves by auto ^1;", None),
    "enter SEGMENT": case("enter image;", True, ["enter^;", 'enter ^"image";', "enter ^imagee;"], None),
    "relies on incidental KEY": case("relies on incidental r3;", False, "relies on ^r3;", None),
    "assert PREDICATE [else STRING]": case('assert image.start < 1GiB else "x";', False,
                                           ["assert^;", "assert image.start < 1GiB else ^x;"], "assert ^image.start;"),

    # Segments
    "place bottom_up | top_down | at ADDRESS": case("place top_down;", True, ["place ^somewhere;", "place^;"],
                                                    'place at ^"low";'),
    "avoid RANGES, ...": ranges("avoid", equals=False, once=False),
    "size <= SIZE": case("size <= 4KiB;", True, ["^size 4KiB;", "^size >= 4KiB;"], 'size <= ^"x";'),
    "poke WORD = VALUE": case("poke flag = 1;", False, ["poke flag^;", "poke ^= 1;"], 'poke flag = ^"one";'),
    "version INT": number("version", "17", equals=False),
    "node STRING": case('node "/chosen" { }', False, ["node ^chosen { }", "node^ { }"], "node ^64KiB { }"),
    "reserve RANGES | SEGMENT, ...": ranges("reserve", equals=False, once=False),

    # Tree node
    "STRING [= VALUE, ...]": case('"linux,x" = 1;', True, '"linux,x" ^1;', '"linux,x" = ^machine.tree;',
                                  again='^"linux,x" = 2;', foreign="a machine"),
    "drop STRING": case('drop "linux,x";', True, ["drop ^x;", "drop^;"], "drop ^64KiB;", again='^drop "linux,x";'),

    # Modifiers
    "incidental CLAUSE": case("incidental r7 = 0;", True, "incidental^;", 'incidental r7 = ^"x";', again="incidental ^r7 = 0;",
                              foreign="a machine"),
    ("ensures memory", "incidental CLAUSE"): case("incidental tree.format in { 17 };", True, "incidental^;",
                                                  'incidental tree.format in { ^"x" };',
                                                  again="incidental ^tree.format in { 16 };", foreign="a machine"),
    "unspecified KEY | unspecified bytes RANGES": case("unspecified bytes 0x0 ..< 1MiB;", False, "unspecified^;",
                                                       'unspecified bytes ^"x";', foreign="a machine"),
    ("ensures master", "unspecified KEY | unspecified bytes RANGES"): case(None, False, "unspecified^;", None),
    ("ensures slaves", "unspecified KEY | unspecified bytes RANGES"): case(None, False, "unspecified^;", None),
    ("a loader", "override CLAUSE"): case(None, False, "override^;", None),
    ("a loader", "drop KEY"): case(None, False, "drop^;", None),
    "override CLAUSE": case(None, False, "override^;", None),
    "drop KEY": case(None, False, "drop^;", None),

    # Known, and refused by name while the table says so.
    "role NAME : pagelist": case("role pages : ^pagelist;", False, "role pages : ^pagelists;", None, no_misspelling=True,
                                 no_misplacing=True),
    "role NAME : hook": case("role quiesce : ^hook;", False, "role quiesce : ^hooks;", None, no_misspelling=True,
                             no_misplacing=True),
    "role NAME : argument": case("role start : ^argument;", False, "role start : ^arguments;", None, no_misspelling=True,
                                 no_misplacing=True),
    "breaking allowed RULE because STRING": case('breaking allowed ENTRY_MOVED because "x";', False, "breaking^;", None),
    "enter call": case("enter ^call;", True, "enter call ^1;", None, foreign="a machine"),
    "argument NAME = REG : pagelist | hook | argument": case(
        "argument n_pages = r3 : pagelist;", True, ["argument n_pages ^r3;", "argument n_pages = ^r99 : pagelist;",
        "argument n_pages = r3 : ^pagelists;"], None, again="^argument n_pages = r4 : pagelist;"),
    "notes PATH": case('notes "x";', True, "notes^;", "notes ^64KiB;"),
    "segment NAME = elfcorehdr": case("segment extra = elfcorehdr { cover machine.ram; }", True,
                                      "segment extra = elfcorehdr ^64KiB { cover machine.ram; }", None,
                                      again='segment ^extra = file "y";'),
    "slaves by relay": case("slaves by ^relay;", True, "slaves by relay ^1;", None),
    "allow SLUG because STRING": case('allow delay-as-barrier because "x";', False, "allow^;", None),
    "usable RANGES, ...": ranges("usable", equals=False, once=False),
    "cover RANGES, ...": ranges("cover", equals=False, once=False),
    "except RANGES, ...": ranges("except", equals=False, once=False),
    "ranges <= INT": case("ranges <= 100;", True, "^ranges 100;", 'ranges <= ^"x";'),
    "remap RANGE to ADDRESS": case("remap 0x0 ..< 1MiB to 1GiB;", False, "remap 0x0 ..< 1MiB^;", 'remap ^"x" to 1GiB;'),
    "digest sha256 of SEGMENT, ...": case("digest sha256 of image;", True, "digest ^image;", None),
    "before enter copy RANGE to ADDRESS": case("before enter copy 0x0 ..< 1MiB to 1GiB;", False, "before ^copy;",
                                               'before enter copy ^"x" to 1GiB;'),
}
