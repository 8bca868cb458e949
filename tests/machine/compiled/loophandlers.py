"""Handlers of interruptions for the programs of `loops.py`, and what else they have in the first 4,096 bytes."""

from compiled.assembly import encoded
from cpvm.s370.psw import PSW

STACK = 0x6000
TABLES = 0xE000
"""Tables for translation; the page table is behind 16 entries of the segment table."""
DEVICE = 0x0C1
RESTARTED = 0x300
"""PSW to begin anew with."""
PATIENCE_AT, PATIENCE = 0x308, 25
"""Program interruptions until that is done."""
COUNTERS = 0x310
"""Of interruptions, by class."""
STACK_AT, ADDRESS_AT, PAGES_AT, CHANNEL_PROGRAM = 0x324, 0x328, 0x32C, 0x340
SAVED, HANDLERS = 0x200, 0x400
CLASSES = (("E", 0x18, 0x58), ("S", 0x20, 0x60), ("P", 0x28, 0x68), ("I", 0x38, 0x78))
"""Letter, old PSW, new PSW."""


def _word(v: int) -> bytes:
    return v.to_bytes(4, "big")


def low_storage(psw: PSW, extended: bool, mixed: bool, page_bits: int) -> dict[int, bytes]:
    """Pieces of the first 4,096 bytes. `mixed`: some handlers run in the other mode than the program."""
    found = {RESTARTED: psw.to_bytes(), PATIENCE_AT: _word(PATIENCE)}
    found[STACK_AT] = _word(STACK) + _word(0xFFFFFF) + _word(TABLES + 64)
    found[CHANNEL_PROGRAM] = bytes.fromhex("0200000020000004")
    found[0x48] = _word(CHANNEL_PROGRAM)
    at = HANDLERS
    for letter, old, new in CLASSES:
        found[new] = PSW(mode=8 if extended != (mixed and letter in "SE") else 0, address=at).to_bytes()
        found[at] = _handler(letter, old, page_bits)
        at += len(found[at])
    return found


def _over(mask: int, register: int, text: bytes) -> bytes:
    """Some instructions that are left out on these condition codes."""
    return encoded("BALR", r1=register) + encoded("BC", m1=mask, b2=register, d2=4 + len(text)) + text


def _handler(letter: str, old: int, page_bits: int) -> bytes:
    """Goes back. After many program interruptions it begins anew, since a program may have gone astray."""
    counter = COUNTERS + 4 * "ESPI".index(letter)
    text = encoded("STM", r3=15, d2=SAVED) + encoded("LA", r1=1, d2=1)
    text += encoded("A", r1=1, d2=counter) + encoded("ST", r1=1, d2=counter)
    if letter == "P":
        text += encoded("L", r1=1, d2=PATIENCE_AT) + encoded("BCTR", r1=1) + encoded("ST", r1=1, d2=PATIENCE_AT)
        begin = encoded("LA", r1=1, d2=PATIENCE) + encoded("ST", r1=1, d2=PATIENCE_AT) + encoded("LM", r3=15, d2=SAVED)
        begin += encoded("L", r1=13, d2=STACK_AT) + encoded("LPSW", d2=RESTARTED)
        text += encoded("LTR", r1=1, r2=1) + _over(2, 2, begin)
        text += encoded("TM", d1=old + 1, i2=8) + _over(8, 2, _repair(page_bits))
    return text + encoded("LM", r3=15, d2=SAVED) + encoded("LPSW", d2=old)


def _repair(page_bits: int) -> bytes:
    """After page translation make the page valid; after segment translation skip the instruction."""
    make = encoded("L", r1=3, d2=0x90) + encoded("N", r1=3, d2=ADDRESS_AT) + encoded("SRL", r1=3, d2=page_bits)
    make += encoded("AR", r1=3, r2=3) + encoded("A", r1=3, d2=PAGES_AT)
    make += encoded("NI", b1=3, d1=1, i2=0xF7 if page_bits == 12 else 0xFB)
    skip = encoded("SR", r1=3, r2=3) + encoded("IC", r1=3, d2=0x8D) + encoded("A", r1=3, d2=0x2C)
    skip += encoded("ST", r1=3, d2=0x2C)
    text = encoded("CLI", d1=0x8F, i2=0x11) + _over(7, 4, make)
    return text + encoded("CLI", d1=0x8F, i2=0x10) + _over(7, 4, skip)
