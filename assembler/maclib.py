"""MACLIB files: macros and COPY members in one file of 80-byte records.

Record 1 is the header: `LIBPDS`, then two halfwords, the number of the record where the directory begins and the
directory's length in bytes.  Members follow, each closed by a record that begins with X'61FFFF61'.  The directory is at
the end: entries of 12 bytes, name (8), record number of the member's first record, number of its records without the
closing one; six entries to a record.  So CMS's MACLIB command lays them out; the header's first six characters and the
width of its fields are ours (no primary source was at hand).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

RECORD = 80
HEADER = to_ebcdic("LIBPDS")
END_OF_MEMBER = bytes.fromhex("61FFFF61")
ENTRY = 12
ENTRIES_PER_RECORD = 6
MAX_RECORDS = 65535


class MaclibError(ValueError):
    """The members do not fit a library, or the file is no library."""


def write(members: Mapping[str, Iterable[str]]) -> list[bytes]:
    """The records of a library with these members (name to lines). Raises MaclibError."""
    body: list[bytes] = []
    entries: list[bytes] = []
    for name, lines in sorted(members.items()):
        if not 1 <= len(name) <= 8:
            raise MaclibError(f"a member's name has 1 to 8 characters: '{name}'")
        records = [to_ebcdic(line.rstrip("\n")[:RECORD]).ljust(RECORD, b"\x40") for line in lines]
        first = len(body) + 2
        entries.append(
            to_ebcdic(name.upper()).ljust(8, b"\x40") + first.to_bytes(2, "big") + len(records).to_bytes(2, "big")
        )
        body += [*records, END_OF_MEMBER.ljust(RECORD, b"\x40")]
    if len(body) + 1 + len(entries) > MAX_RECORDS:
        raise MaclibError("a library has at most 65535 records")
    directory = [
        b"".join(entries[at : at + ENTRIES_PER_RECORD]).ljust(RECORD, b"\x00")
        for at in range(0, len(entries), ENTRIES_PER_RECORD)
    ]
    header = HEADER + (len(body) + 2).to_bytes(2, "big") + (len(entries) * ENTRY).to_bytes(2, "big")
    return [header.ljust(RECORD, b"\x40"), *body, *directory]


def directory(records: Sequence[bytes]) -> dict[str, tuple[int, int]]:
    """The members of a library: name to (number of the first record, counted from 1; number of records).

    Raises MaclibError.
    """
    if not records or records[0][:6] != HEADER:
        raise MaclibError("not a macro library")
    start = int.from_bytes(records[0][6:8], "big")
    count, rest = divmod(int.from_bytes(records[0][8:10], "big"), ENTRY)
    if rest or start < 2 or start - 1 + -(-count // ENTRIES_PER_RECORD) > len(records):
        raise MaclibError("the directory of the macro library is damaged")
    members: dict[str, tuple[int, int]] = {}
    for number in range(count):
        row, place = divmod(number, ENTRIES_PER_RECORD)
        entry = records[start - 1 + row][place * ENTRY : (place + 1) * ENTRY]
        first, length = int.from_bytes(entry[8:10], "big"), int.from_bytes(entry[10:12], "big")
        if not 2 <= first <= first + length < start:
            raise MaclibError("the directory of the macro library is damaged")
        members[from_ebcdic(entry[:8]).rstrip()] = (first, length)
    return members


def member(records: Sequence[bytes], name: str) -> list[str] | None:
    """The lines of one member, or None if there is none of that name. Raises MaclibError."""
    place = directory(records).get(name.upper())
    if place is None:
        return None
    first, length = place
    return [from_ebcdic(record) for record in records[first - 1 : first - 1 + length]]
