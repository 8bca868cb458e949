"""File transfer by structured fields, as a distributed function terminal does it: the terminal's side.

Each request of the host's is a field X'D0'; the terminal answers with a field of the same kind. Formats as observed
between IND$FILE and x3270 (`docs/howto/transfer.md` has the list); 3270 data stream: GA23-0059.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

MINIMUM_LIMIT: Final = 256
"""The least bytes of one transmission that a terminal may announce."""

DEFAULT_LIMIT: Final = 16384
"""Bytes of one transmission."""

MAXIMUM_LIMIT: Final = 32768
"""The most bytes of one transmission: what IND$FILE has a buffer for."""

_OPEN, _CLOSE, _SET_CURSOR, _GET, _INSERT, _DATA = 0x0012, 0x4112, 0x4511, 0x4611, 0x4711, 0x4704
_OPENED, _CLOSED, _HERE, _TAKEN = 0x0009, 0x4109, 0x4605, 0x4705
_NUMBER, _ERROR, _PLAIN, _BEGIN = 0x6306, 0x6904, 0xC080, 0x61
_END_OF_FILE, _FAILED = 0x2200, 0x0100
_OVERHEAD = 27  # bytes of a transmission that are not the file's
_DATA_HEAD = 5
_MESSAGE = b"FT:MSG"
_LONG_OPEN, _SHORT_OPEN = 38, 32  # bytes behind X'D0'
_COMPLETE = ("TRANS03", "TRANS04")


class Reader(Protocol):
    """Where the bytes come from that the host asks for."""

    def read(self, most: int, /) -> bytes:
        """Up to MOST bytes; none at the end. May raise OSError: the transfer fails then."""
        ...


class Writer(Protocol):
    """Where the bytes go that the host sends."""

    def write(self, data: bytes, /) -> object:
        """Keep them. May raise OSError: the transfer fails then."""
        ...


@dataclass(frozen=True)
class Outcome:
    """How a transfer has ended.

    Attributes:
        text: the host's message, as `TRANS03   File transfer complete`, or why this side could not go on.
        good: whether all of the file has arrived.
    """

    text: str
    good: bool

    @property
    def segmented(self) -> bool:
        """Whether lines were longer than the records of the host's file, and became several."""
        return self.text.startswith("TRANS04")


class DFT:
    """One transfer. It is a `machine.media.screen.Transfer`.

    Args:
        source: what is sent to the host; None: the file comes from there.
        target: what gets the bytes from the host.
        limit: bytes of one transmission, MINIMUM_LIMIT to MAXIMUM_LIMIT.
        progress: told how many bytes have gone over so far.

    Attributes:
        outcome: None until the host has said how it ended.
        bytes: of the file, so far.
    """

    def __init__(
        self,
        source: Reader | None = None,
        target: Writer | None = None,
        *,
        limit: int = DEFAULT_LIMIT,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        if not MINIMUM_LIMIT <= limit <= MAXIMUM_LIMIT:
            raise ValueError(f"a transmission has {MINIMUM_LIMIT} to {MAXIMUM_LIMIT} bytes, not {limit}")
        self.limit = limit
        self.outcome: Outcome | None = None
        self.bytes = 0
        self._source, self._target = source, target
        self._progress = progress
        self._message = False  # what comes is the host's message
        self._number = 1
        self._why = ""  # the reason why this side could not go on
        self._cancelled = False

    def cancel(self, why: str = "canceled") -> None:
        """Say so at the host's next request; the host's message ends the transfer."""
        self._cancelled = True
        self._why = self._why or why

    def field(self, data: bytes) -> bytes:
        """Carry out a request: the field behind X'D0'. What is none, or not understood, is not answered."""
        if self.outcome is not None or len(data) < 2:
            return b""
        request = int.from_bytes(data[:2], "big")
        if request == _OPEN:
            return self._open(data)
        if request == _CLOSE:
            return _CLOSED.to_bytes(2, "big")
        if self._cancelled and not self._message and request in (_GET, _DATA):
            return self._fail(request)
        if request == _GET:
            return self._get()
        if request == _DATA:
            return self._take(data)
        return b""  # SET CURSOR and INSERT announce the request behind them

    def _open(self, data: bytes) -> bytes:
        if len(data) not in (_LONG_OPEN, _SHORT_OPEN):
            self.cancel("the host opens a file in a way that is not known")
            return self._fail(_OPEN)
        self._message = data[-7:].rstrip() == _MESSAGE
        self._number = 1
        return _OPENED.to_bytes(2, "big")

    def _numbered(self) -> bytes:
        number, self._number = self._number, self._number + 1 & 0xFFFFFFFF
        return _NUMBER.to_bytes(2, "big") + number.to_bytes(4, "big")

    def _get(self) -> bytes:
        try:
            data = self._source.read(self.limit - _OVERHEAD) if self._source is not None else b""
        except OSError as error:
            self.cancel(str(error.strerror or error))
            return self._fail(_GET)
        if not data:
            return _error(_GET, _END_OF_FILE)
        self._count(data)
        head = _PLAIN.to_bytes(2, "big") + bytes((_BEGIN,)) + (len(data) + _DATA_HEAD).to_bytes(2, "big")
        return _HERE.to_bytes(2, "big") + self._numbered() + head + data

    def _take(self, data: bytes) -> bytes:
        length = int.from_bytes(data[5:7], "big") - _DATA_HEAD
        if len(data) < 7 or data[4] != _BEGIN or not 0 <= length <= len(data) - 7:
            self.cancel("the host sent bytes in a way that is not known")
            return self._fail(_DATA)
        data = data[7 : 7 + length]
        if self._message:
            self._end(data)
        else:
            try:
                if self._target is not None:
                    self._target.write(data)
            except OSError as error:
                self.cancel(str(error.strerror or error))
                return self._fail(_DATA)
            self._count(data)
        return _TAKEN.to_bytes(2, "big") + self._numbered()

    def _count(self, data: bytes) -> None:
        self.bytes += len(data)
        self._progress(self.bytes)

    def _end(self, data: bytes) -> None:
        text = data.split(b"$", 1)[0].decode("latin-1").rstrip()
        text = "".join(char if char.isprintable() else " " for char in text)
        good = text.startswith(_COMPLETE) and not self._why
        self.outcome = Outcome(self._why or text, good)

    def _fail(self, request: int) -> bytes:
        return _error(request, _FAILED)


def _error(request: int, code: int) -> bytes:
    return bytes((request >> 8, 0x08)) + _ERROR.to_bytes(2, "big") + code.to_bytes(2, "big")
