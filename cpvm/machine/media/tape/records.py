"""Records in blocks: fixed, variable and undefined length, as OS access methods write them on tape.

Source: *OS/VS Data Management Services Guide*, GC26-3783, record formats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from cpvm.machine.media.tape.store import MAX_BLOCK

FORMATS: Final = ("F", "FB", "V", "VB", "U")
WORD: Final = 4  # length of a block or record descriptor word
VARIABLE_LIMIT: Final = 32760


class RecordError(ValueError):
    """Records and blocks do not go together; the text, one line, says how."""


@dataclass(frozen=True)
class RecordFormat:
    """A record format. `lrecl` and `blksize` in bytes; those of V and VB count the descriptor words; U has no `lrecl`.

    Raises RecordError if the three do not agree.
    """

    recfm: str
    lrecl: int
    blksize: int

    def __post_init__(self) -> None:
        if self.recfm not in FORMATS:
            raise RecordError(f"record format {self.recfm} is not one of {', '.join(FORMATS)}")
        limit = VARIABLE_LIMIT if self.recfm.startswith("V") else MAX_BLOCK
        if not 1 <= self.blksize <= limit:
            raise RecordError(f"a block of {self.blksize} bytes is not of 1 to {limit}")
        if self.recfm.startswith("F"):
            if self.lrecl < 1 or self.blksize % self.lrecl:
                raise RecordError(f"blocks of {self.blksize} bytes do not hold whole records of {self.lrecl}")
            if self.recfm == "F" and self.lrecl != self.blksize:
                raise RecordError("with record format F, record and block have one length")
        elif self.recfm.startswith("V") and not WORD < self.lrecl <= self.blksize - WORD:
            raise RecordError(f"blocks of {self.blksize} bytes cannot hold records of {self.lrecl} and four more")

    @classmethod
    def make(cls, recfm: str, lrecl: int | None, blksize: int | None) -> RecordFormat:
        """A format; what is left open becomes records of 80 bytes, ten to a block. Raises RecordError."""
        recfm = recfm.upper()
        if recfm == "U":
            return cls(recfm, 0, blksize or VARIABLE_LIMIT)
        if recfm.startswith("V"):
            length = lrecl or ((blksize or 0) - WORD if blksize else 255 + WORD)
            return cls(recfm, length, blksize or length * (10 if recfm == "VB" else 1) + WORD)
        length = lrecl or (blksize if recfm == "F" and blksize else 80)
        return cls(recfm, length, blksize or length * (10 if recfm == "FB" else 1))

    # ---- into blocks

    def blocks(self, records: Iterable[bytes]) -> Iterator[bytes]:
        """The blocks that hold these records. Raises RecordError: a record is too long, or empty where none may be."""
        block = b""
        for number, record in enumerate(records, 1):
            item = self._item(record, number)
            if self.recfm == "VB" and block and len(block) + len(item) + WORD > self.blksize:
                yield self._described(block)
                block = b""
            block += item
            if self.recfm in ("U", "V") or (self.recfm.startswith("F") and len(block) >= self.blksize):
                yield self._described(block)
                block = b""
        if block:
            yield self._described(block)

    def _item(self, record: bytes, number: int) -> bytes:
        if self.recfm.startswith("F"):
            if len(record) != self.lrecl:
                raise RecordError(f"record {number} has {len(record)} bytes, not {self.lrecl}")
            return record
        if self.recfm == "U":
            if not 1 <= len(record) <= self.blksize:
                raise RecordError(f"record {number} has {len(record)} bytes, not 1 to {self.blksize}")
            return record
        if len(record) + WORD > self.lrecl:
            raise RecordError(f"record {number} has {len(record)} bytes, more than {self.lrecl - WORD}")
        return (len(record) + WORD).to_bytes(2, "big") + b"\0\0" + record

    def _described(self, block: bytes) -> bytes:
        if not self.recfm.startswith("V"):
            return block
        return (len(block) + WORD).to_bytes(2, "big") + b"\0\0" + block

    # ---- out of blocks

    def records(self, block: bytes) -> Iterator[bytes]:
        """The records in a block. Raises RecordError: it does not hold whole records."""
        if self.recfm == "U":
            yield block
        elif self.recfm.startswith("F"):
            if len(block) % self.lrecl:
                raise RecordError(f"a block of {len(block)} bytes does not hold whole records of {self.lrecl}")
            yield from (block[at : at + self.lrecl] for at in range(0, len(block), self.lrecl))
        else:
            at, end = WORD, int.from_bytes(block[:2], "big")
            if not WORD <= end <= len(block):
                raise RecordError(f"a block of {len(block)} bytes says that it has {end}")
            while at < end:
                length = int.from_bytes(block[at : at + 2], "big")
                if not WORD <= length <= end - at:
                    raise RecordError(f"a record says that it has {length} bytes, with {end - at} left in its block")
                yield block[at + WORD : at + length]
                at += length
