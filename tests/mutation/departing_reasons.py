# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Why is a change of departing code as good, where no trial tells it apart?

Departing code is judged by trials: that they end the same way is not yet a reason. Each row has one: regular expressions for
the whole of the instruction before, of what became of it, and of what is otherwise in the end; the first that matches counts.
Of two neighbours that change places `becomes` has both.

    explain("li %r23, 0", "nop", "r23")
"""
import re

REASONS = [
    ("(sync|isync)", ".*", r".*",
     "another barrier orders the same: what is copied ends with sync and isync, the release begins with a sync, rfid synchronizes the context; "
     "what a slave did before its call is its caller's"),
    (r"(sync|isync|bdnz .*|bl .*); .*|.*; (sync|isync)", ".*; .*", r"nothing|on another way",
     "a barrier comes once more, in each turn, or beside another one that orders the same"),
    (r"li %r9, 2.*|andc %r9, %r12, %r9.*|mtmsrd %r9, 1.*", ".*", r"[^;]*",
     "MSR[RI] tells the handler of a machine check whether SRR0 and SRR1 are in use: none is run here; EE stays off, which is looked at"),
    (r"rlwinm %r9, %r9, 0, 17, 15", r"rlwinm?\.? .*|rlwnm .*", r"nothing", "mtmsrd with L = 1 takes EE and RI alone from it"),
    (r"b\w+ .*; .*", ".*; .*", r"([^;]*; )?on another way", "what comes before the branch now does no harm where it goes"),
    (r".*; .*", ".*; .*", "nothing", "neither needs what the other does"),
    (r"clrldi %r\d+, %r\d+, 4; addi .*", ".*; .*", r".*on another way", "with translation off the four high bits of an address are not looked at"),
    (r"clrldi %r(31|11|12), %r\d+, 4", r"(clrldi|rldicl) .*|nop", r".*(on another way|stores other bytes)",
     "with translation off the four high bits of an address are not looked at"),
    (r"clrldi .*", r"rldic .*", "nothing", "shifted by nothing it has the same bits"),
    (r"li %r2[34], 0", ".*", r"[^;]*", "a list begins with an indirection or is done, and names a destination before its first page"),
    (r"li %r30, 0", ".*", r"[^;]*", "the high bits are for the walk, which comes before translation is off"),
    (r"or %r1, %r1, %r1|or %r2, %r2, %r2", ".*", r"[^;]*", "the hint of a priority changes no state, and r1 and r2 of a slave are nobody's"),
    (r"andi\. %r0, %r22, [1248]", r"andi\. %r0, .*", "nothing", "an entry has one tag, they are asked for in this order, and no address has a bit below the smallest page"),
    (r"andi\. %r0, %r22, [1248]", r"andi\. .*", r"(nothing|r\d+)(; stores other bytes)?", "the answer is in CR0: the number itself is for nobody"),
    (r"b \.\+0x\w+", "(nop|tdi .*|xori .*)", "on another way", "an entry has one tag: what is asked next is not so"),
    (r"(bne|beq) .*", "(bne|beq) .*", r"([^;]*; )?on another way", "its loop begins some instructions away, which bring about the same again"),
    (r"(b|ba|bl|bcl|bctrl|bdnz|beq|bne|blr)( .*)?", r"b\w* .*", r"[^;]*|on other ways",
     "it goes where it went: the condition does not matter or is so, and CTR and LR are for nobody then"),
    (r".*", r"(addic|addc) .*", r"([^;]*, )?xer", "XER is for nobody then"),
    (r".*", r"\w+\. .*", r"nothing|cr|r\d+", "CR0 is for nobody then"),
    (r"(ld|std) (%r\d+), 0\((%r\d+)\)", r"(ldu|stdu) .*", "nothing", "the base is what it was"),
    (r"(ld|stw) .*", r"(ldu|stwu) .*", r"stores other bytes|r\d+", "the base is for nobody then; the hook keeps it"),
    (r"li %r9, 0x30", r"li %r9, (0x4030|0x31)", "nothing", "MSR[PR] is off, and so is LE where the caller is big-endian"),
    (r"li %r9, 1", r"li %r9, (0x4001|0x21|0x11)", "nothing", "MSR[PR], IR and DR are off already"),
    (r"andc %r12, %r12, %r9", r"xor .*", "nothing", "what is turned off is on before"),
    (r"srdi %r26, %r19, 6", r"rldicl? .*", r"nothing|r\d+", "a page has 64 bytes or more, and less than 4 GiB"),
    (r"addi %r9, %r\d+, 0x\w+|li %r9, 0x60", r"(addi|li) .*", "(r9, )?srr0", "the two low bits of SRR0 are not looked at"),
    (r"lwz %r10, .*", r"l\w+ .*", r"nothing|r10", "0 or 1 is all that stands there, and beside it the high byte of a count of few"),
    (r"stw %r9, .*", r"(stb|sth) .*", "stores other bytes", "the other bytes are 0 already"),
    (r"cmp[dw]i .*", r"cmp\w+ .*", "nothing", "only whether it is 0 is asked"),
    (r"neg .*", r"subf %r25, %r19, %r0", "nothing", "r0 is 0"),
    (r"mr %r22, %r16", r"or .*%r0.*", "nothing", "r0 is 0"),
    (r"or %r10, %r10, %r30", r"xor .*", "nothing", "a real address has none of the four high bits"),
    (r"(li|addi) .*, 0", r"(lis|addis) .*, 0", "nothing", "0 is 0 in either half"),
]


def explain(before, after, otherwise):
    """Empty when nobody knows."""
    for was, becomes, state, reason in REASONS:
        if re.fullmatch(was, before) and re.fullmatch(becomes, after) and re.fullmatch(state, otherwise):
            return reason
    return ""
