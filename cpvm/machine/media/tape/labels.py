"""IBM standard labels: blocks of 80 bytes of EBCDIC before and behind the files of a tape.

Source: *OS/VS Tape Labels*, GC26-3795: volume label VOL1, header labels HDR1 and HDR2, trailer labels EOF1 and EOF2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

LENGTH: Final = 80
_KINDS: Final = ("VOL", "HDR", "EOF", "EOV", "UHL", "UTL")
_DENSITY: Final = "3"  # 1600 bytes an inch
SYSTEM: Final = "CPVM"
_BLOCKING: Final = {"B": "B", "S": "S", "R": "BS"}  # blocked, spanned, both
DUMMY: Final = to_ebcdic("HDR1".ljust(LENGTH, "0"))
"""The header that stands on a new tape until a file is written."""


class LabelError(ValueError):
    """What is to stand in a label does not fit there; the text, one line, says why."""


def is_label(data: bytes) -> bool:
    """Whether a block is a standard label."""
    return len(data) == LENGTH and from_ebcdic(data[:3]) in _KINDS and 0xF0 <= data[3] <= 0xF9


def text(data: bytes) -> str:
    """A label as it reads."""
    return from_ebcdic(data)


def volume_serial(name: str) -> str:
    """A volume serial number in its proper form. Raises LabelError."""
    if not re.fullmatch(r"[A-Za-z0-9@#$-]{1,6}", name):
        raise LabelError(f"{name}: a volume serial number has 1 to 6 letters and digits")
    return name.upper()


def data_set_name(name: str) -> str:
    """The name of a file in its proper form. Raises LabelError."""
    if not re.fullmatch(r"[A-Za-z0-9@#$.-]{1,44}", name):
        raise LabelError(f"{name}: a file's name in a label has 1 to 44 letters, digits and periods")
    return name.upper()


def volume(serial: str, owner: str = "") -> bytes:
    """The volume label. Raises LabelError."""
    if len(owner) > 10 or not owner.isascii() or not owner.isprintable():
        raise LabelError(f"{owner}: an owner has up to 10 characters")
    return to_ebcdic(f"VOL1{volume_serial(serial):<37}{owner.upper():<10}".ljust(LENGTH))


@dataclass(frozen=True)
class FileLabel:
    """What the labels of a file say: name, place on the volume (from 1), record format, lengths, blocks, date."""

    name: str
    serial: str = ""
    sequence: int = 1
    recfm: str = "U"
    lrecl: int = 0
    blksize: int = 0
    blocks: int = 0
    created: date | None = None

    def headers(self) -> list[bytes]:
        """HDR1 and HDR2."""
        return [self._first("HDR1", 0), self._second("HDR2")]

    def trailers(self) -> list[bytes]:
        """EOF1 and EOF2."""
        return [self._first("EOF1", self.blocks), self._second("EOF2")]

    def _first(self, kind: str, blocks: int) -> bytes:
        day = f"{self.created:%y%j}" if self.created else "00000"
        century = " " if self.created is None or self.created.year < 2000 else str(self.created.year // 100 - 20)
        name = f"{self.name[-17:]:<17}"  # the last 17 characters of a longer one
        middle = f"{self.serial:<6}0001{self.sequence % 10000:04d}{'':6}{century}{day} 000000"
        return to_ebcdic(f"{kind}{name}{middle}{blocks % 1_000_000:06d}{SYSTEM:<13}".ljust(LENGTH))

    def _second(self, kind: str) -> bytes:
        block = "B" if self.recfm.endswith("B") else " "
        front = f"{kind}{self.recfm[0]}{self.blksize % 100_000:05d}{self.lrecl % 100_000:05d}{_DENSITY}0"
        return to_ebcdic(f"{front:<38}{block}".ljust(LENGTH))


def file_label(labels: list[bytes]) -> FileLabel | None:
    """What a group of labels says of its file; None if none is a file's first label, or it is that of a new tape."""
    found: FileLabel | None = None
    for label in labels:
        line = text(label)
        if line[:4] in ("HDR1", "EOF1", "EOV1") and label[4:] != DUMMY[4:]:
            found = FileLabel(
                line[4:21].rstrip(), line[21:27].rstrip(), _number(line[31:35]), blocks=_number(line[54:60])
            )
        elif line[:4] in ("HDR2", "EOF2", "EOV2") and found is not None:
            recfm = line[4] if line[4] in "FVU" else "U"
            recfm += _BLOCKING.get(line[38], "") if recfm != "U" else ""
            found = replace(found, recfm=recfm, lrecl=_number(line[10:15]), blksize=_number(line[5:10]))
    return found


def _number(digits: str) -> int:
    return int(digits) if digits.isascii() and digits.isdigit() else 0
