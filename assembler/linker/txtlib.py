"""TXTLIB files: object decks in one file of 80-byte records, laid out as a MACLIB is (see `assembler.maclib`).

Each member is a deck closed by an LDT card, which may name the entry point.  The directory has an entry of 12 bytes for
each section and entry name of a member, in the order of the deck: the name, the number of the record where the member
begins, the number of its records.  So a member is found by any of its names.
"""

from __future__ import annotations

from collections.abc import Sequence

from assembler import maclib
from assembler.linker import cards
from assembler.linker.names import LinkError
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

MAX_NAMES = 1000
"""Names in a library; CMS's TXTLIB command has no room for more."""

LDT = b"\x02" + to_ebcdic("LDT")


def names(deck: Sequence[bytes]) -> list[str]:
    """The names under which a deck is found: its sections (not a private one's blanks) and entries, in order."""
    found: dict[str, None] = {}
    for card in deck:
        if cards.kind(card) == "ESD":
            found.update(
                dict.fromkeys(item.name for item in cards.esd_items(card) if item.kind in (0, 1) and item.name)
            )
    return list(found)


def write(decks: Sequence[Sequence[bytes]]) -> list[bytes]:
    """The records of a library of these decks. Raises LinkError: a deck has no name, or there are too many."""
    body: list[bytes] = []
    entries: list[bytes] = []
    for number, deck in enumerate(decks, 1):
        records = [bytes(card).ljust(cards.CARD, b"\x40") for card in deck]
        if cards.kind(records[-1]) != "LDT":
            records.append(LDT.ljust(cards.CARD, b"\x40"))
        found = names(records)
        if not found:
            raise LinkError(f"deck {number} has no name")
        where = (len(body) + 2).to_bytes(2, "big") + len(records).to_bytes(2, "big")
        entries += [to_ebcdic(name.ljust(8)) + where for name in found]
        body += records
    if len(entries) > MAX_NAMES or len(body) + 1 + len(entries) > maclib.MAX_RECORDS:
        raise LinkError(f"a library has at most {MAX_NAMES} names")
    rows = [
        b"".join(entries[at : at + maclib.ENTRIES_PER_RECORD]).ljust(cards.CARD, b"\x00")
        for at in range(0, len(entries), maclib.ENTRIES_PER_RECORD)
    ]
    return [maclib.header(len(body) + 2, len(entries) * maclib.ENTRY), *body, *rows]


def directory(records: Sequence[bytes]) -> dict[str, int]:
    """The names of a library, and the number of the record (from 1) where their member begins. Raises LinkError.

    The last halfword of an entry is not looked at: libraries made elsewhere may have flags there.
    """
    try:
        start, length = maclib.place_of_directory(records[0])
    except (IndexError, maclib.MaclibError):
        start = length = 0
    count, rest = divmod(length, maclib.ENTRY)
    if rest or start < 2 or start - 1 + -(-count // maclib.ENTRIES_PER_RECORD) > len(records):
        raise LinkError("not a TXTLIB, or its directory is damaged")
    found: dict[str, int] = {}
    for number in range(count):
        row, place = divmod(number, maclib.ENTRIES_PER_RECORD)
        entry = records[start - 1 + row][place * maclib.ENTRY : (place + 1) * maclib.ENTRY]
        first = int.from_bytes(entry[8:10], "big")
        if first >= start:
            raise LinkError("not a TXTLIB, or its directory is damaged")
        if first > 1:
            found.setdefault(from_ebcdic(entry[:8]).rstrip(), first)
    return found


def member(records: Sequence[bytes], first: int) -> list[bytes]:
    """The member that begins in a record: up to its LDT card."""
    found: list[bytes] = []
    for card in records[first - 1 :]:
        found.append(card)
        if card[:4] == LDT:
            break
    return found


def is_library(data: bytes) -> bool:
    """Whether these are the bytes of a library."""
    return data[:6] == to_ebcdic("LIBPDS")
