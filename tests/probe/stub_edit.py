# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How is a good stub made wrong in exactly one respect?

The edits find their place by decoding the instructions that a master executes, from the entry to the jump
out of the stub, in the byte order it is entered in. They know no stub's layout and no generator. A stub
in which the thing to break is not found is an error: a negative test must never pass by breaking nothing.

This is no general disassembler: an instruction it does not know on that path stops it with an error.

Example: in a stub whose path ends `stb r3,31(r8); mr r3,r8; b kernel`, edit "no-boot-id" replaces the stb
by a nop and the only difference at the taker's entry is the tree's boot_cpuid_phys.
"""

import struct

NOP = 0x60000000
LANDING = 0x60


class EditError(Exception):
    pass


def bits(word, first, last):
    """Bits first..last in the manuals' numbering: 0 is the most significant of 32."""
    return (word >> (31 - last)) & ((1 << (last - first + 1)) - 1)


def signed(value, width):
    return value - (1 << width) if value >> (width - 1) else value


STORES_D = {36: "stw", 37: "stwu", 38: "stb", 39: "stbu", 44: "sth", 45: "sthu"}
STORES_X = {149: "stdx", 231: "stvx", 151: "stwx", 183: "stwux", 215: "stbx", 247: "stbux", 407: "sthx", 660: "stdbrx", 662: "stwbrx",
            918: "sthbrx"}
WRITES_RT_D = {7, 8, 12, 13, 14, 15, 32, 33, 34, 35, 40, 41, 42, 43}  # mulli, subfic, addic, addi(s), loads
WRITES_RA_D = {20, 21, 23, 24, 25, 26, 27, 28, 29, 30}  # rotates, or/xor/and immediates
WRITES_RA_X = {24, 26, 27, 28, 58, 60, 124, 284, 316, 412, 413, 444, 445, 476, 536, 539, 792, 794, 824, 826, 827, 922, 954, 986}
WRITES_RT_X = {8, 10, 11, 19, 20, 21, 23, 40, 75, 83, 84, 87, 104, 136, 138, 200, 202, 232, 233, 234, 235, 266, 279, 339,
               343, 371, 457, 459, 489, 491, 532, 534, 790}
WRITES_NOTHING_X = {0, 32, 54, 86, 103, 144, 146, 178, 467, 598, 854, 982}  # compares, mt*, caches, sync, lvx
COMPARES_D = {10, 11}
SC_1 = 0x44000022  # the hypervisor is asked for something
TRAPS_D = {2, 3}


class Step:
    """One executed instruction: its offset in the stub, its word, which GPR it writes, whether it stores."""

    def __init__(self, offset, word):
        self.offset, self.word = offset, word
        self.writes, self.stores, self.leaves, self.target = None, None, False, None
        self.on_condition = False
        self.decode()

    def decode(self):
        word, primary = self.word, bits(self.word, 0, 5)
        extended = bits(word, 21, 30)
        rt, ra = bits(word, 6, 10), bits(word, 11, 15)
        if primary in STORES_D:
            self.stores = STORES_D[primary]
        elif primary == 62 and bits(word, 30, 31) in (0, 1):
            self.stores = "std"
        elif primary == 31 and extended in STORES_X:
            self.stores = STORES_X[extended]
        elif primary in WRITES_RT_D or (primary == 58 and bits(word, 30, 31) != 3):
            self.writes = rt
        elif primary in WRITES_RA_D:
            self.writes = None if word == NOP else ra
        elif primary == 31 and extended in WRITES_RA_X:
            self.writes = None if extended == 444 and bits(word, 6, 10) == ra == bits(word, 16, 20) else ra
        elif primary == 31 and extended in WRITES_RT_X:
            self.writes = rt
        elif (primary == 31 and extended in WRITES_NOTHING_X) or primary in COMPARES_D:
            pass
        elif primary in TRAPS_D and rt == 0:  # traps on no condition: what the other byte order's branch reads as
            pass
        elif primary == 18:
            self.target = signed(bits(word, 6, 29) << 2, 26) + (0 if word & 2 else self.offset)
            if word & 1:
                raise EditError(f"a call at +{self.offset:#x} ({word:08x}): cannot follow")
            if word & 2:
                self.leaves, self.target = True, None
        elif primary == 16 and word == 0x429F0005:  # bcl 20,31,.+4: only reads the program counter
            pass
        elif primary == 16 and word & 3 == 0 and bits(word, 16, 16):  # the end of a loop, whose body was followed once
            pass
        elif word == SC_1:
            pass
        elif primary == 16 and word & 3 == 0:
            self.on_condition = True
            self.target = signed(bits(word, 16, 29) << 2, 16) + self.offset
        elif primary == 19 and extended == 150:  # isync
            pass
        elif primary == 19 and extended in (16, 528) and bits(word, 6, 10) & 0x14 == 0x14:  # blr, bctr
            self.leaves = True
        elif primary == 19 and extended in (18, 274):  # rfid, hrfid
            self.leaves = True
        else:
            raise EditError(f"cannot decode the word at +{self.offset:#x} ({word:08x})")


def executed_path(stub, order):
    """The instructions from +0 to the first that leaves the stub, followed through unconditional branches."""
    steps, offset = [], 0
    seen = set()
    asked = False  # the hypervisor, which may refuse: the one condition that is followed skips what is done then
    while True:
        if offset in seen:
            raise EditError(f"the master loops at +{offset:#x}: cannot follow")
        seen.add(offset)
        if offset % 4 or not 0 <= offset <= len(stub) - 4:
            raise EditError(f"the master runs out of the stub's bytes at +{offset:#x}")
        step = Step(offset, struct.unpack_from(">I" if order == "big" else "<I", stub, offset)[0])
        asked = asked or step.word == SC_1
        if step.on_condition and not asked:
            raise EditError(f"a condition at +{offset:#x} ({step.word:08x}): cannot follow")
        if step.target is not None and not 0 <= step.target < len(stub):
            step.leaves = True
        steps.append(step)
        if step.leaves:
            return steps
        offset = step.target if step.target is not None else offset + 4


def put(stub, offset, word, order):
    struct.pack_into(">I" if order == "big" else "<I", stub, offset, word)


def branch(source, destination):
    distance = destination - source
    if not -(1 << 25) <= distance < 1 << 25:
        raise EditError(f"a branch from +{source:#x} to {destination:#x} is out of reach")
    return 0x48000000 | (distance & 0x03FFFFFC)


def drop_last_write(stub, order, register):
    writers = [step for step in executed_path(stub, order) if step.writes == register]
    if not writers:
        raise EditError(f"no instruction on the path writes r{register}")
    put(stub, writers[-1].offset, NOP, order)
    return stub


def insert_before_exit(stub, order, words):
    """Executes `words` just before the instruction that leaves the stub, in new bytes at the stub's end."""
    last = executed_path(stub, order)[-1]
    stub.extend(bytes(-len(stub) % 8))
    start = len(stub)
    stub.extend(bytes(4 * (len(words) + 1)))
    for index, word in enumerate(words):
        put(stub, start + 4 * index, word, order)
    end = start + 4 * len(words)
    put(stub, end, last.word if last.target is None else branch(end, last.target), order)
    put(stub, last.offset, branch(last.offset, start), order)
    return stub


def drop_boot_id(stub, order):
    stores = [step for step in executed_path(stub, order) if step.stores]
    if len(stores) != 1:
        raise EditError(f"the path has {len(stores)} stores, not the one that puts the id into the tree")
    put(stub, stores[0].offset, NOP, order)
    return stub


def drop_copy_store(stub, order):
    """The first store of a stub that copies is of the first copy's loop."""
    stores = [step for step in executed_path(stub, order) if step.stores]
    if len(stores) < 2 or stores[0].stores not in ("std", "stvx"):
        raise EditError("the path does not begin with the stores of a copy")
    put(stub, stores[0].offset, NOP, order)
    return stub


def drop_relay_store(stub, order, which):
    """A relay stores the head to 0 (in a loop), then the word that slaves wait for, then the id."""
    stores = [step for step in executed_path(stub, order) if step.stores]
    if [step.stores for step in stores[:2]] != ["stdx", "stw"]:
        raise EditError("the path does not begin with the two stores of a relay")
    put(stub, stores[which].offset, NOP, order)
    return stub


def drop_hypercall(stub, order):
    """The hypervisor is not asked, and seems to have said yes."""
    asked = [step for step in executed_path(stub, order) if step.word == SC_1]
    if len(asked) != 1:
        raise EditError(f"the path asks the hypervisor {len(asked)} times, not once")
    put(stub, asked[0].offset, 0x38600000, order)  # li r3,0
    return stub


def drop_boot_name(stub, order):
    """The last store of a byte: by then a relay has stored words and doublewords only."""
    stores = [step for step in executed_path(stub, order) if step.stores == "stb"]
    if len(stores) != 1:
        raise EditError(f"the path has {len(stores)} stores of a byte, not the one that names the boot CPU's node")
    put(stub, stores[0].offset, NOP, order)
    return stub


def name_next_cpu(stub, order):
    """The place is one further: the node of another CPU is named."""
    path = executed_path(stub, order)
    factors = [step.word & 0xFFFF for step in path if step.word >> 26 == 7]  # mulli
    stores = [step for step in path if step.stores == "stb"]
    if len(factors) != 1 or len(stores) != 1:
        raise EditError("the path has not the one multiplication and the one store that find the boot CPU's node")
    displacement = signed(stores[0].word & 0xFFFF, 16) + factors[0]
    if displacement >= 0x8000:
        raise EditError("the next place is out of the store's reach")
    put(stub, stores[0].offset, stores[0].word & ~0xFFFF | displacement & 0xFFFF, order)
    return stub


def kill_landing(stub, order):
    del order  # slaves always come in big-endian
    if len(stub) < LANDING + 4 or stub[LANDING:LANDING + 4] in (b"\0\0\0\0", b"\x48\0\0\0"):
        raise EditError("the stub has no slave landing")
    put(stub, LANDING, 0x48000000, "big")  # b .
    return stub


def spoil_spin_word(stub, order):
    del order
    if len(stub) < 0x54:
        raise EditError("the stub has no head")
    stub[0x50] ^= 0xFF
    return stub


def change_slave_word(stub, matches, change):
    """The one word of the slaves' own code in the head, which is big-endian whoever the master is."""
    places = [at for at in range(LANDING, min(len(stub), 0x100), 4) if matches(struct.unpack_from(">I", stub, at)[0])]
    if len(places) != 1:
        raise EditError(f"{len(places)} such words in the slaves' code")
    struct.pack_into(">I", stub, places[0], change(struct.unpack_from(">I", stub, places[0])[0]))
    return stub


# name -> edit of (bytearray, byte order), in place
EDITS = {
    "no-boot-id": drop_boot_id,
    "no-copy-store": drop_copy_store,
    "no-hypercall": drop_hypercall,
    "no-boot-name": drop_boot_name,
    "wrong-boot-name": name_next_cpu,
    "wrong-r3": lambda stub, order: drop_last_write(stub, order, 3),
    "wrong-r4": lambda stub, order: drop_last_write(stub, order, 4),
    "nonzero-r5": lambda stub, order: insert_before_exit(stub, order, [0x38A00001]),  # li r5,1
    "clear-ri": lambda stub, order: insert_before_exit(stub, order, [0x39200000, 0x7D210164]),  # li r9,0; mtmsrd r9,1
    "drop-fp": lambda stub, order: insert_before_exit(  # mfmsr r9; li r10,0x2000; andc r9,r9,r10; mtmsrd r9,0
        stub, order, [0x7D2000A6, 0x39402000, 0x7D295078, 0x7D200164]),
    "scribble-tree": lambda stub, order: insert_before_exit(stub, order, [0x39200000, 0x91230024]),  # li r9,0; stw r9,36(r3)
    "scribble-beside-tree": lambda stub, order: insert_before_exit(stub, order, [0x9063FFFC]),  # stw r3,-4(r3)
    "dead-landing": kill_landing,
    "no-relay-head": lambda stub, order: drop_relay_store(stub, order, 0),
    "no-relay-word": lambda stub, order: drop_relay_store(stub, order, 1),
    "foreign-spin-word": spoil_spin_word,
    # ld r3,D(ra): from the doubleword after the slot's own r3; li r9,0: another number; sldi r12,r3,6: slot 0 for all
    "slot-r3": lambda stub, order: change_slave_word(stub, lambda word: word >> 21 == 58 << 5 | 3 and word & 3 == 0, lambda word: word + 8),
    "slot-r9": lambda stub, order: change_slave_word(stub, lambda word: word == 0x39200000, lambda word: word + 1),
    "slot-of-all": lambda stub, order: change_slave_word(stub, lambda word: word == 0x786C3664, lambda word: 0x39800000),  # li r12,0
}
