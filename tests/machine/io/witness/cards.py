"""Channel programs for card readers, punches and printers."""

from __future__ import annotations

from collections.abc import Iterator

from witness.chains import CC, DATA, NOP, OTHER, SENSE, SLI, Case, Program, chained, vary

CARDS = [bytes(0xC1 + n for _ in range(70)) + b"\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9" for n in range(4)]
POSITIONS = 132
"""Hercules prints longer lines, as no printer does."""
TEXT = "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG 0123456789 ".encode("cp037") * 3


def readers() -> Iterator[Case]:
    """3505, 2501: Hercules has one reader for all types."""
    deck = {"cards": [card.hex() for card in CARDS]}
    for type, code in (("3505", 0x02), ("3505", 0x42), ("2501", 0x02)):
        yield from vary(f"{type} read {code:02X}", type, deck, code, 80, reads=True)
    for count in range(len(CARDS) + 1):
        read = Program([(2, DATA, SLI, 80)])
        yield Case(f"3505: {count} cards of {len(CARDS)} and the end of the file", "3505", deck, [read] * (count + 1))
    chain = chained(*[(2, DATA + 80 * n, SLI, 80) for n in range(6)])
    yield Case("3505: a chain over the end of the file", "3505", deck, [Program(chain)])
    for code in (0x01, 0x05, 0x07, 0x0B, 0x0F, 0x1B, 0x55, 0xFF, 0x33):
        yield Case(f"3505: command {code:02X} is none", "3505", deck, [Program([(code, DATA, SLI, 80)])])
        chain = chained((NOP, 0, SLI, 1), (code, DATA, SLI, 80))
        yield Case(f"3505: command {code:02X} is none behind another", "3505", deck, [Program(chain)])


def punches() -> Iterator[Case]:
    """3525."""
    for code in (0x01, 0x41):
        yield from vary(f"3525 punch {code:02X}", "3525", {}, code, 80, reads=False, contents=TEXT)
    for code in (0x02, 0x07, 0x0B, 0x55):
        yield Case(f"3525: command {code:02X}", "3525", {}, [Program([(code, DATA, SLI, 80)])])


def printers() -> Iterator[Case]:
    """1403 and 3211."""
    for type in ("1403", "3211"):
        yield from vary(f"{type} print", type, {}, 0x09, 60, reads=False, contents=TEXT, limit=POSITIONS)
        for code in (0x01, 0x09, 0x11, 0x19, 0x89, 0xC9, 0xE1):
            for count in (1, 80, 131, POSITIONS):
                for flags in (0, SLI):
                    program = Program([(code, DATA, flags, count)], {DATA: TEXT})
                    yield Case(f"{type}: command {code:02X} count {count} flags {flags:02X}", type, {}, [program])
        for code in (0x0B, 0x13, 0x1B, 0x8B, 0xCB, 0xE3):
            for flags in (0, SLI):
                yield Case(f"{type}: carriage {code:02X} flags {flags:02X}", type, {}, [Program([(code, 0, flags, 7)])])
            chain = chained((code, 0, 0, 7), (0x09, DATA, SLI, 20), (code, 0, SLI, 1), (0x01, OTHER, SLI, 20))
            yield Case(f"{type}: carriage {code:02X} in a chain", type, {}, [Program(chain, {DATA: TEXT, OTHER: TEXT})])
        for code in (0x07, 0x0C, 0x0F, 0x55, 0xFF):
            yield Case(f"{type}: command {code:02X}", type, {}, [Program([(code, DATA, SLI, 80)])])
        for code in (0x73, 0x7B):
            yield Case(f"{type}: data checks {code:02X}", type, {}, [Program([(code, 0, SLI, 1)])])
    for flags, count in ((0, 1), (SLI, 1), (0, 5), (SLI, 32)):
        yield Case(f"1403: sense count {count} flags {flags:02X}", "1403", {}, [Program([(SENSE, DATA, flags, count)])])


def consoles() -> Iterator[Case]:
    """3215."""
    yield from vary("3215 write", "3215", {}, 0x09, 26, reads=False, contents=TEXT[:26], limit=150)
    for code in (0x01, 0x09):
        for count in (1, 20, 126):
            program = Program([(code, DATA, 0, count)], {DATA: b"\xc1" * 126})
            yield Case(f"3215: write {code:02X} count {count}", "3215", {}, [program])
    for code in (0x07, 0x02, 0x55, 0x0C):
        yield Case(f"3215: command {code:02X}", "3215", {}, [Program([(code, DATA, SLI, 80)])])
    yield Case("3215: alarm", "3215", {}, [Program([(0x0B, 0, SLI, 1)])])
    yield Case("3215: alarm and write", "3215", {}, [Program(chained((0x0B, 0, SLI | CC, 1), (9, DATA, 0, 3)))])
