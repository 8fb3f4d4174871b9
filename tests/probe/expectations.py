# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What must a taker find at its entry? The conventions a probe can judge, as one table, and the comparison.

The table restates, by hand, the machine-visible part of a convention of the standard library; it is not
derived from it, so that a mistake there does not cancel out here. Not judged: ile (no instruction shows a
guest its LPCR), cache coherence beyond "what was executed was right", and order between CPUs.

A value is a function of the run's facts giving the set of allowed values. MSR fields: 0, 1, "any", or
"giver": as the giver left it. A field that is not named is "giver" too: the stub must not touch it.

Example: EXPECTATIONS["linux.bootblock@17"]["master"]["r4"](facts) == {0x2000000, 0} for a kernel at 32 MiB.
"""

MSR_FIELDS = {"SF": 63, "HV": 60, "VEC": 25, "VSX": 23, "EE": 15, "PR": 14, "FP": 13, "ME": 12, "IR": 5, "DR": 4,
              "RI": 1, "LE": 0}

EXPECTATIONS = {
    "linux.bootblock@17": {
        "master": {
            "r3": lambda facts: {facts.tree.start},
            "r4": lambda facts: {facts.image.start, 0},
            "r5": lambda facts: {0},
            "msr": {"SF": 1, "HV": "giver", "EE": 0, "PR": 0, "IR": 0, "DR": 0, "LE": "any"},
        },
        "slave": {
            "r3": lambda facts, cpu: {cpu},
            "msr": {"SF": 1, "HV": "giver", "EE": 0, "PR": 0, "IR": 0, "DR": 0, "LE": "any"},
        },
        # [first, last) of the low copy that must be the image's. The slaves' own view may differ in the
        # release word, which the master has written by the time a slave gets to look.
        "low": {"low.spin": (0x8, 0x5C), "low.code": (0x60, 0x100)},
        "low_written_by_taker": (0x40, 0x48),
        "tree": {"magic": lambda facts: {0xD00DFEED}, "boot_cpuid_phys": lambda facts: {facts.master}},
        # All memory of the segments is as loaded, but for these bytes of the tree.
        "tree_written": (28, 32),
    },
}

# Kernels of 2.6.10: big-endian, base in r4, and all of the head but its first word.
EXPECTATIONS["linux.bootblock@2"] = {
    **EXPECTATIONS["linux.bootblock@17"],
    "master": {**EXPECTATIONS["linux.bootblock@17"]["master"],
               "r4": lambda facts: {facts.image.start},
               "msr": {**EXPECTATIONS["linux.bootblock@17"]["master"]["msr"], "LE": 0}},
    "slave": {**EXPECTATIONS["linux.bootblock@17"]["slave"],
              "msr": {**EXPECTATIONS["linux.bootblock@17"]["slave"]["msr"], "LE": 0}},
    "low": {"low.head": (0x4, 0x100)},
}

# Kernels of 2.6.9: the tree's header (of version 1) ends before there would be an id. The whole tree is as loaded but
# for one name: the property of the node of the CPU that entered (boot_node.py).
EXPECTATIONS["linux.bootblock@1"] = {
    **EXPECTATIONS["linux.bootblock@2"],
    "tree": {"magic": lambda facts: {0xD00DFEED}},
    "tree_written": None,
}
EXPECTATIONS["probe.node_entry@1"] = {
    **EXPECTATIONS["linux.bootblock@17"],
    "tree": EXPECTATIONS["linux.bootblock@1"]["tree"],
    "tree_written": None,
}

# A taker of the tests that must be entered big-endian (handoffs/switch.baton); all else is as above.
EXPECTATIONS["probe.big_entry@1"] = {
    **EXPECTATIONS["linux.bootblock@17"],
    "master": {**EXPECTATIONS["linux.bootblock@17"]["master"],
               "msr": {**EXPECTATIONS["linux.bootblock@17"]["master"]["msr"], "LE": 0}},
}

# A client of ePAPR, on CPUs that are not of Book III-E. Slaves come by their slots, with what those say in r3: not their
# id alone, which is what they had in it before. `pen`: the slots are read from the tree, and the master's node loses the
# status that each other's has.
SLOT_R3 = 0xA5C3_0000_0000_0000
EXPECTATIONS["epapr.boot@1"] = {
    "master": {
        "r3": lambda facts: {facts.tree.start},
        "r4": lambda facts: {0},
        "r5": lambda facts: {0},
        "r6": lambda facts: {0x65504150},
        "r7": lambda facts: {facts.memory},
        "r8": lambda facts: {0},
        "r9": lambda facts: {0},
        "msr": {"SF": 1, "HV": "giver", "EE": 0, "PR": 0, "IR": 0, "DR": 0, "LE": 0},
    },
    "slave": {
        "r3": lambda facts, cpu: {SLOT_R3 | cpu},
        "r4": lambda facts, cpu: {0},
        "r5": lambda facts, cpu: {0},
        "r6": lambda facts, cpu: {0},
        "r7": lambda facts, cpu: {facts.memory},
        "r8": lambda facts, cpu: {0},
        "r9": lambda facts, cpu: {0},
        "msr": {"SF": 1, "HV": "giver", "EE": 0, "PR": 0, "IR": 0, "DR": 0, "LE": 0},
    },
    # What slaves run, or may still come to, stays the stub's.
    "low": {"low.pen": (0x0, 0x100)},
    "low_of_stub": True,
    "low_written_by_taker": None,
    "tag": SLOT_R3,
    "tree": {"magic": lambda facts: {0xD00DFEED}, "boot_cpuid_phys": lambda facts: {facts.master}},
    "tree_written": (28, 32),
    "pen": ("baton,status", "status"),
}


class Row:
    """One comparison: a key that names it, what was expected and seen in words, and whether they agree."""

    def __init__(self, key, expected, seen, agrees):
        self.key, self.expected, self.seen, self.agrees = key, expected, seen, agrees


def show_msr(value):
    names = [name for name, bit in MSR_FIELDS.items() if value >> bit & 1]
    rest = value & ~sum(1 << bit for bit in MSR_FIELDS.values())
    return " ".join(names) + (f" +{rest:#x}" if rest else "")


def one_of(values):
    return " or ".join(f"{value:#x}" for value in sorted(values))


def compare_value(key, allowed, seen):
    return Row(key, one_of(allowed), f"{seen:#x}", seen in allowed)


def compare_msr(key, fields, giver, seen):
    ignored, expected = 0, giver
    for name, value in fields.items():
        mask = 1 << MSR_FIELDS[name]
        if value == "any":
            ignored |= mask
        elif value != "giver":
            expected = expected & ~mask | (mask if value else 0)
    agrees = not (expected ^ seen) & ~ignored
    any_order = " (any LE)" if ignored & 1 else ""
    return Row(key, show_msr(expected & ~ignored) + any_order, show_msr(seen), agrees)


def compare_low(key, window, image_head, seen, written):
    first, last = window
    wrong = [offset for offset in range(first, last)
             if seen[offset] != image_head[offset] and not (written and written[0] <= offset < written[1])]
    text = "as it must be" if not wrong else f"{len(wrong)} bytes differ, first at {wrong[0]:#x}"
    return Row(key, f"[{first:#x}, {last:#x}) as loaded", text, not wrong)


def compare(convention, facts, report):
    """The rows for one run. `facts`: image, tree (start), master, ids, image_head, sums; `report`: what the taker printed."""
    table = EXPECTATIONS[convention]
    head = facts.stub_head if table.get("low_of_stub") else facts.image_head
    rows = [Row("tree.spin_table", "no fault", "; ".join(facts.tree_faults) or "no fault", not facts.tree_faults)] if table.get("pen") else []
    masters = [cpu for cpu in report.cpus if cpu.role == 0]
    slaves = [cpu for cpu in report.cpus if cpu.role == 1]
    rows.append(Row("master.arrived", "1 CPU at +0", f"{len(masters)}", len(masters) == 1))
    for cpu in masters[:1]:
        for name, allowed in table["master"].items():
            if name == "msr":
                rows.append(compare_msr("master.msr", allowed, report.giver_msr[facts.master], cpu.msr))
            else:
                rows.append(compare_value(f"master.{name}", allowed(facts), cpu.gpr[int(name[1:])]))
        for key, window in table["low"].items():
            rows.append(compare_low(f"master.{key}", window, head, cpu.low, None))

    expected_ids = sorted(cpu for cpu in facts.ids if cpu != facts.master)
    rows.append(Row("slaves.arrived", f"{len(expected_ids)} CPUs at 0x60", f"{len(slaves)}", len(slaves) == len(expected_ids)))
    # Who is who is known by r3 alone. Slaves with an id nobody has, or one twice, are shown against a missing one.
    unclaimed = list(expected_ids)
    by_id, strangers = [], []
    tag = table.get("tag", 0)
    for cpu in sorted(slaves, key=lambda cpu: cpu.gpr[3]):
        (by_id if cpu.gpr[3] ^ tag in unclaimed else strangers).append(cpu)
        if cpu.gpr[3] ^ tag in unclaimed:
            unclaimed.remove(cpu.gpr[3] ^ tag)
    pairs = [(cpu.gpr[3] ^ tag, cpu) for cpu in by_id] + list(zip(unclaimed, strangers))
    for number, cpu in pairs:
        if facts.untouched_slaves:
            changed = [name for name in facts.changed(cpu, {3: number, 4: 1}) if name not in facts.pen_registers]
            rows.append(Row(f"slave{number}.untouched", "r0-r31 lr ctr cr", " ".join(changed) + " changed" if changed else "as left", not changed))
        for name, allowed in table["slave"].items():
            if name == "msr":
                rows.append(compare_msr(f"slave{number}.msr", allowed, report.giver_msr[number], cpu.msr))
            else:
                rows.append(compare_value(f"slave{number}.{name}", allowed(facts, number), cpu.gpr[int(name[1:])]))
        for key, window in table["low"].items():
            rows.append(compare_low(f"slave{number}.{key}", window, head, cpu.low, table["low_written_by_taker"]))

    if masters and masters[0].gpr[3] == facts.tree.start and report.tree:
        header = {"magic": report.tree[0:4], "boot_cpuid_phys": report.tree[28:32]}
        for name, allowed in table["tree"].items():
            rows.append(compare_value(f"tree.{name}", allowed(facts), int.from_bytes(header[name], "big")))
    for (key, expected), seen in zip(facts.sums, report.sums):
        if key != "memory.elsewhere":
            rows.append(Row(key, f"sum {expected:#x}", f"{seen:#x}", expected == seen))
    elsewhere = [seen for (key, _), seen in zip(facts.sums, report.sums) if key == "memory.elsewhere"]
    spoilt = sum(seen != 0 for seen in elsewhere)
    rows.append(Row("memory.elsewhere", f"zeros in {len(elsewhere)} ranges", f"{len(elsewhere) - spoilt} of {len(elsewhere)}", not spoilt))
    return rows
