"""A 3270 that transfers files by screens (CUT), as those without structured fields do: IND$FILE's other side."""

from __future__ import annotations

from typing import Final

from cpvm.front.station import Station
from cpvm.machine.media.screen.buffer import FIELD
from cpvm.s370.datastream import Attribute
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

SIX: Final = to_ebcdic("abcdefghijklmnopqrstuvwxyz&-.,:+ABCDEFGHIJKLMNOPQRSTUVWXYZ012345")
LETTERS: Final = to_ebcdic(" ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%&_()<+,-./:>?")
SELECTORS: Final = to_ebcdic(";=*'")
QUADRANTS: Final = tuple(
    bytes.fromhex(quadrant)
    for quadrant in (
        LETTERS.hex(),
        b" ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%&'()*+,-./:;?".hex(),
        bytes((0, *range(0x1A))).hex() + "00" * 26 + "3c3d3e00fafbfcfdfeff7b7c7d7e7f1a1b1c1d1e1f000000",
        "00a0a1eaebecedeeefe0e1aaabacadaeafb0b1b2b3b4b5b6b7b8b98000cacbcccdcecfc0008a8b8c8d8e8f9000dadbdc"
        "dddedfd00000212223245b5c005e5f009c9d9e9fbabbbcbdbebf9a9b00",
    )
)
"""The bytes that each of the 77 graphics stands for, behind each of the selectors."""

_LAST, _RESPONSE, _MOST = 1919, 1914, 1912
_END: Final = bytes((0x5C, 0xA9))
_BEGIN, _COMPLETE, _ERROR = b"\x81\x81", b"\x81\x89", b"\x81\x94"


def decode(codes: bytes, quadrant: int = -1) -> tuple[bytes, int]:
    """The bytes that these graphics stand for, and the quadrant at the end."""
    out = bytearray()
    for code in codes:
        if code in SELECTORS:
            quadrant = SELECTORS.index(code)
        else:
            out.append(QUADRANTS[quadrant][LETTERS.index(code)])
    return bytes(out), quadrant


def encode(data: bytes) -> bytes:
    """Bytes as graphics."""
    out = bytearray()
    quadrant = -1
    for byte in data:
        found = [n for n, codes in enumerate(QUADRANTS) if (byte or n == 2) and byte in codes]
        if quadrant not in found:
            quadrant = found[0]
            out.append(SELECTORS[quadrant])
        out.append(0xC1 if byte == 0 else LETTERS[QUADRANTS[quadrant].index(byte)])
    return bytes(out)


class CUTClient:
    """Transfers one file at a station.

    Attributes:
        received: what has come from the host.
        message: how it ended; None as long as it goes on.
        good: whether all has gone over.
        retransmissions: how often a frame is asked for once more.
        cancel_at: the number of frames after which the user cancels.
    """

    def __init__(self, station: Station, data: bytes = b"") -> None:
        self.received = b""
        self.message: str | None = None
        self.good = False
        self.retransmissions = 0
        self.cancel_at = -1
        self._codes = encode(data)
        self._quadrant = -1
        self._station = station
        self._frames = 0

    def run(self, command: str) -> None:
        """Type the command and serve the host until it is done."""
        self._station.enter(command)
        while self.message is None:
            self._station.wait(self._framed)
            self._frame()

    def _framed(self) -> bool:
        screen = self._station.screen
        skip = screen.size == 1920 and screen.kind[_LAST] == FIELD and screen.text[_LAST] & Attribute.SKIP
        return not screen.locked and skip == Attribute.SKIP

    def _frame(self) -> None:
        screen = self._station.screen
        kind = screen.text[0]
        if self.retransmissions:
            self.retransmissions -= 1
            self._station.press("pf1")
            return
        self._frames += 1
        if self._frames == self.cancel_at:
            for at, code in enumerate((0xC3, 0x81, 0x81, 0x94)):
                screen.put(_RESPONSE + 1 + at, code)
            self._station.press("pf2")
            return
        if kind == 0xC3:
            self._control(bytes(screen.text[2:4]), from_ebcdic(bytes(screen.text[4:84])))
        elif kind == 0xC2:
            self._request()
        elif kind == 0xC1:
            self._data()
        self._station.press("enter")

    def _control(self, status: bytes, text: str) -> None:
        if status != _BEGIN:
            assert status in (_COMPLETE, _ERROR)
            self.message = text.split("$", 1)[0].rstrip()
            self.good = status == _COMPLETE

    def _request(self) -> None:
        screen = self._station.screen
        codes, self._codes = self._codes[:_MOST], self._codes[_MOST:]
        codes = codes or _END
        frame = bytes((0xC1, screen.text[3], self._sum(codes), *self._length(codes))) + codes
        for at, code in enumerate(frame):
            screen.put(2 + at, code)

    def _data(self) -> None:
        text = self._station.screen.text
        codes = bytes(text[5 : 5 + (SIX.index(text[3]) << 6 | SIX.index(text[4]))])
        assert text[2] == self._sum(codes)
        if codes != _END:
            data, self._quadrant = decode(codes, self._quadrant)
            self.received += data

    @staticmethod
    def _sum(codes: bytes) -> int:
        result = 0
        for code in codes:
            result ^= code
        return SIX[result & 0x3F]

    @staticmethod
    def _length(codes: bytes) -> tuple[int, int]:
        return SIX[len(codes) >> 6], SIX[len(codes) & 0x3F]
