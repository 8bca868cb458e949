"""One window for lines and for a 3270: what its two ends offer each other, and how that goes over telnet.

A client says that it is such a window, and how large its 3270 is, by its terminal type, `CPVM-24X80`. Records of the
3270 go in subnegotiations of option 201 (`negotiation.MESSAGES`), in pieces, of which the last says what it is:
`Cpvm.Show`, to the window: a command and its data, `Cpvm.Record`, to the system. `Cpvm.Lines` shows the lines again;
`Cpvm.Look screen` and `Cpvm.Look lines` are what the user wants to see, `Cpvm.Escape` is SYSREQ. `Cpvm.Files` asks for
the names of the guest's files, `Cpvm.Names` tells them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from typing import Final, Protocol, runtime_checkable

from cpvm.s370.datastream import REMOTE

MAX_RECORD: Final = 65536
"""Bytes of one record; a longer one is thrown away."""

_PIECE: Final = 900
_PART: Final = b"Cpvm.Part "
_TYPE = re.compile(r"CPVM-(\d{1,3})X(\d{1,3})")
_CODES: Final = {command: code for code, command in REMOTE.items()}


@runtime_checkable
class WindowSession(Protocol):
    """The system's end of a window: beyond what a terminal for lines has, a 3270."""

    def received(self, record: bytes) -> None:
        """The 3270 sends a record."""

    def look(self, screen: bool) -> None:
        """What the user wants to see: the 3270 always, or lines where no program has a screen."""

    def escape(self) -> None:
        """The SYSREQ key of the 3270: the user wants CP, whatever program has the display."""


def terminal_type(size: tuple[int, int]) -> str:
    """How a window with a 3270 of so many rows and columns calls itself."""
    return f"CPVM-{size[0]}X{size[1]}"


def window_size(kind: str) -> tuple[int, int] | None:
    """The rows and columns that a terminal type tells of; None if it is no window's, or they cannot be."""
    match = _TYPE.fullmatch(kind)
    if not match:
        return None
    rows, columns = int(match[1]), int(match[2])
    return (rows, columns) if 24 <= rows <= 255 and 80 <= columns <= 255 and rows * columns <= 0x4000 else None


def frames(kind: bytes, data: bytes) -> Iterator[bytes]:
    """The messages that carry a record; `kind` as `Cpvm.Record`."""
    while len(data) > _PIECE:
        yield _PART + data[:_PIECE]
        data = data[_PIECE:]
    yield kind + b" " + data


def command_frames(command: int, data: bytes) -> Iterator[bytes]:
    """The messages that carry a command for the display."""
    return frames(b"Cpvm.Show", bytes((_CODES[command],)) + data)


def command_of(record: bytes) -> tuple[int, bytes] | None:
    """The command and data that were in a record; None if there is no such command."""
    command = REMOTE.get(record[0]) if record else None
    return None if command is None else (command, record[1:])


class Assembly:
    """Puts records together again.

    Args:
        kinds: of records, as `Cpvm.Record`.
    """

    def __init__(self, *kinds: bytes) -> None:
        self._kinds = kinds
        self._parts = bytearray()
        self._lost = False

    def add(self, message: bytes) -> tuple[bytes, bytes] | None:
        """One more message; kind and record, if one is whole with this."""
        if message.startswith(_PART):
            self._take(message[len(_PART) :])
            return None
        kind, blank, piece = message.partition(b" ")
        if not blank or kind not in self._kinds:
            return None
        self._take(piece)
        record, lost = bytes(self._parts), self._lost
        self._parts.clear()
        self._lost = False
        return None if lost else (kind, record)

    def _take(self, piece: bytes) -> None:
        self._lost = self._lost or len(self._parts) + len(piece) > MAX_RECORD
        if self._lost:
            self._parts.clear()
        else:
            self._parts += piece


# ---- names of files, for the completion of lines

MAX_NAMES: Final = 1 << 20
"""Bytes of the list of files; a longer one is cut."""


def packed(files: Sequence[tuple[str, str, str]] | None) -> bytes:
    """Files as a record; None, where there is no system that has any, is not the same as none."""
    text = "-" if files is None else "+" + "\n".join(" ".join(file) for file in files)
    return zlib.compress(text.encode("utf-8", "replace"))


def unpacked(record: bytes) -> list[tuple[str, str, str]] | None:
    """The files in a record; None if it tells of none, or is wrong."""
    try:
        text = zlib.decompressobj().decompress(record, MAX_NAMES).decode("utf-8", "replace")
    except zlib.error:
        return None
    if not text.startswith("+"):
        return None
    rows = (line.split(" ") for line in text[1:].split("\n"))
    return [(row[0], row[1], row[2]) for row in rows if len(row) == 3 and all(map(str.isprintable, row))]
