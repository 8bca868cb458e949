"""MACLIB files: macros and COPY members in one file of 80-byte records.

Record 1 is the header: `LIBPDS`, a halfword, the number of the record where the directory begins, and a fullword, the
directory's length in bytes.  Members follow, each closed by a record that begins with X'61FFFF61'.  The directory is at
the end: entries of 12 bytes, name (8), record number of the member's first record, number of its records without the
closing one; six entries to a record.  An entry whose record number is zero is not in use; of two members of one name
the first counts.  A TXTLIB is laid out alike (`assembler.linker.txtlib`).

Source: VM/ESA CMS control blocks LIBSECT (CMS PDS header) and DIRSECT (its entries), whose halfwords for item numbers
are marked as those of the SCP, VM/370; order and length of entries as in libraries that the CMS of CP-67 made.
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
    return [header(len(body) + 2, len(entries) * ENTRY), *body, *directory]


def header(start: int, length: int) -> bytes:
    """The first record of a library whose directory begins in record `start` and has `length` bytes."""
    return (HEADER + start.to_bytes(2, "big") + length.to_bytes(4, "big")).ljust(RECORD, b"\x40")


def place_of_directory(first: bytes) -> tuple[int, int]:
    """Where a library's first record says that the directory is: number of its record, length in bytes.

    Libraries that cpvm 0.1 wrote have the length in a halfword, with blanks behind it.  Raises MaclibError.
    """
    if first[:6] != HEADER:
        raise MaclibError("not a macro library")
    length = int.from_bytes(first[8:12], "big")
    if first[10:12] == b"\x40\x40" and length >> 16:
        length >>= 16
    return int.from_bytes(first[6:8], "big"), length


def directory(records: Sequence[bytes]) -> dict[str, tuple[int, int]]:
    """The members of a library: name to (number of the first record, counted from 1; number of records).

    Raises MaclibError.
    """
    if not records:
        raise MaclibError("not a macro library")
    start, length = place_of_directory(records[0])
    count, rest = divmod(length, ENTRY)
    if rest or start < 2 or start - 1 + -(-count // ENTRIES_PER_RECORD) > len(records):
        raise MaclibError("the directory of the macro library is damaged")
    members: dict[str, tuple[int, int]] = {}
    for number in range(count):
        row, place = divmod(number, ENTRIES_PER_RECORD)
        entry = records[start - 1 + row][place * ENTRY : (place + 1) * ENTRY]
        first, length = int.from_bytes(entry[8:10], "big"), int.from_bytes(entry[10:12], "big")
        if not first:
            continue
        if not 2 <= first <= first + length <= start:
            raise MaclibError("the directory of the macro library is damaged")
        members.setdefault(from_ebcdic(entry[:8]).rstrip(), (first, length))
    return members


def member(records: Sequence[bytes], name: str) -> list[str] | None:
    """The lines of one member, or None if there is none of that name. Raises MaclibError."""
    place = directory(records).get(name.upper())
    if place is None:
        return None
    first, length = place
    return [from_ebcdic(record) for record in records[first - 1 : first - 1 + length]]
