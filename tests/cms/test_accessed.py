"""The files of accessed disks, read from a CMS's storage."""

from __future__ import annotations

import random

from cms.accessed import MOST_FILES, File, accessed_files
from cpvm.s370.ebcdic import to_ebcdic


class Storage:
    """64K with the tables of a CMS."""

    def __init__(self) -> None:
        self.data = bytearray(0x10000)
        self.put(0x200, to_ebcdic("CMS VERSION 1.0"))

    def put(self, at: int, data: bytes) -> None:
        self.data[at : at + len(data)] = data

    def word(self, at: int, value: int) -> None:
        self.put(at, value.to_bytes(4, "big"))

    def read(self, at: int, length: int) -> bytes:
        if at + length > len(self.data):
            raise LookupError
        return bytes(self.data[at : at + length])

    def disk(self, at: int, letter: str, files: int, following: int = 0, flags: int = 0x80) -> None:
        self.word(at + 0x08, following)
        self.word(at + 0x10, files)
        self.put(at + 0x44, to_ebcdic(letter) + bytes((0, flags)))

    def block(self, at: int, *files: str, following: int = 0) -> None:
        self.word(at, following)
        self.put(at + 0x0A, len(files).to_bytes(2, "big"))
        for number, file in enumerate(files):
            if file:
                name, type, mode = file.split()
                where = at + 0x10 + 64 * number
                self.put(where, to_ebcdic(name.ljust(8) + type.ljust(8)))
                self.put(where + 0x18, to_ebcdic(mode))


def test_disks_in_search_order() -> None:
    storage = Storage()
    storage.word(0x560, 0x1000)
    storage.disk(0x1000, "A", 0x2000, 0x1100)
    storage.disk(0x1100, "B", 0x2800, 0x1200, flags=0)  # not accessed
    storage.disk(0x1200, "S", 0x3000)
    storage.block(0x2000, "PROFILE EXEC A1", "", "MY NOTES A1", following=0x2400)
    storage.block(0x2400, "LAST FILE A5")
    storage.block(0x2800, "NOT SEEN B1")
    storage.block(0x3000, "EDIT MODULE A2")
    assert accessed_files(storage.read) == [
        File("PROFILE", "EXEC", "A1"), File("MY", "NOTES", "A1"), File("LAST", "FILE", "A5"),
        File("EDIT", "MODULE", "S2"),
    ]  # fmt: skip


def test_another_system() -> None:
    assert accessed_files(Storage().read) == []
    storage = Storage()
    storage.put(0x200, to_ebcdic("OS/VS1 RELEASE 6"))
    assert accessed_files(storage.read) is None

    def nothing(at: int, length: int) -> bytes:
        raise LookupError

    assert accessed_files(nothing) is None


def test_tables_that_go_round_in_circles_or_nowhere() -> None:
    storage = Storage()
    storage.word(0x560, 0x1000)
    storage.disk(0x1000, "A", 0x2000, 0x1000)
    storage.block(0x2000, *["ONE FILE A1"] * 20, following=0x2000)
    found = accessed_files(storage.read)
    assert found is not None and len(found) == MOST_FILES
    r = random.Random(1)
    for _ in range(200):
        storage.put(r.randrange(0x200, 0x6000), r.randbytes(r.randrange(1, 40)))
        storage.put(0x200, to_ebcdic("CMS"))
        files = accessed_files(storage.read)
        assert files is None or len(files) <= MOST_FILES
