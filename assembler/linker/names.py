"""The table of external names, entry for entry that of CMS's loader (LDTE in `cms/maclib/ldrwork.macro`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntFlag

from cpvm.s370.ebcdic import to_ebcdic

ENTRY_LENGTH = 20
"""Bytes of an entry in CMS's storage, and in the map of a MODULE file."""


class LinkError(ValueError):
    """Decks cannot be linked; the text names file and card where one is to blame."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the user should know: severity 4 (the program may run) or 8 (it is damaged)."""

    severity: int
    text: str
    file: str = ""
    card: int = 0

    def __str__(self) -> str:
        where = f"{self.file}: card {self.card}: " if self.card else f"{self.file}: " if self.file else ""
        return where + self.text


class Flag(IntFlag):
    """The flag byte of an entry."""

    UNDEFINED = 0x80
    COMMON = 0x40
    TRIED = 0x20
    WEAK = 0x10
    REGISTER = 0x08
    ICS = 0x04
    CSECT = 0x02
    NEVER = 0x01


NONE = Flag(0)


@dataclass(slots=True, eq=False)
class Name:
    """A name: `first` is a control section's address, a common's or pseudo register's length; `address` its value (of a
    pseudo register the displacement); `alignment` of a pseudo register is its boundary minus one."""

    name: str
    first: int = 0
    address: int = 0
    flags: Flag = NONE
    alignment: int = 0
    length: int = 0
    file: str = ""

    @property
    def defined(self) -> bool:
        return not self.flags & Flag.UNDEFINED

    @property
    def weak(self) -> bool:
        """Undefined, and nobody minds."""
        return bool(self.flags & Flag.WEAK)

    def record(self) -> bytes:
        """The entry as it is in storage."""
        return (
            to_ebcdic(self.name.ljust(8))
            + self.first.to_bytes(4, "big")
            + self.address.to_bytes(4, "big")
            + bytes((self.flags, 0, 0, self.alignment))
        )


class Names:
    """Names in the order in which they came up; pseudo registers have a name space of their own."""

    def __init__(self) -> None:
        self._entries: list[Name] = []
        self._by_name: dict[tuple[bool, str], Name] = {}

    def __iter__(self) -> Iterator[Name]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, at: int) -> Name:
        return self._entries[at]

    def find(self, name: str, register: bool = False) -> Name | None:
        return self._by_name.get((register, name))

    def add(self, name: str, flags: Flag = NONE) -> Name:
        entry = Name(name, flags=flags)
        self._entries.append(entry)
        self._by_name[bool(flags & Flag.REGISTER), name] = entry
        return entry

    def refer(self, name: str) -> Name:
        """The entry of a name, made as undefined if it is new."""
        return self.find(name) or self.add(name, Flag.UNDEFINED)

    def records(self) -> bytes:
        """The table as it is in storage: newest first."""
        return b"".join(entry.record() for entry in reversed(self._entries))
