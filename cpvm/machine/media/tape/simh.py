"""SIMH and E11 tapes: a block between two copies of its length, four bytes each, low byte first.

SIMH pads a block of odd length with one more byte, E11 does not. A length of 0 is a tape mark; the highest bit of a
length says that the block was read with an error. X'FFFFFFFF' is the end of the recorded part, X'FFFFFFFE' a piece of
erased tape.
Source: R. M. Supnik, *SIMH Magtape Representation and Handling*.
"""

from __future__ import annotations

from typing import ClassVar, Final

from cpvm.machine.media.tape.store import READ_LIMIT, Block, TapeFile

WORD: Final = 4
END_OF_MEDIUM: Final = 0xFFFFFFFF
GAP: Final = 0xFFFFFFFE
LENGTH: Final = 0x00FFFFFF
BAD: Final = 0x80000000
_OTHER_CLASSES: Final = 0x7F000000
_PIECE: Final = 1 << 16
_GAPS: Final = GAP.to_bytes(WORD, "little")


class SIMHTape(TapeFile):
    """A SIMH tape: blocks fill an even number of bytes."""

    FORMAT: ClassVar[str] = "SIMH"
    PADDED: ClassVar[bool] = True

    def write(self, at: int, data: bytes) -> Block:
        """Write a block at a position."""
        length = len(data).to_bytes(WORD, "little")
        image = length + data + (b"\0" if self.PADDED and len(data) % 2 else b"") + length
        self._append(at, image)
        self._last = (at, at + len(image))
        return Block(at, at + len(image), len(data))

    def mark(self, at: int) -> Block:
        """Write a tape mark at a position."""
        self._append(at, bytes(WORD))
        self._last = (at, at + WORD)
        return Block(at, at + WORD, mark=True)

    def _word(self, at: int) -> int | None:
        word = self._read(at, WORD)
        return int.from_bytes(word, "little") if len(word) == WORD else None

    def _behind_gap(self, at: int) -> int:
        while self._word(at) == GAP:
            piece = self._read(at, _PIECE)  # a long gap is many words: they are not looked at one by one
            same = 0
            while piece.startswith(_GAPS, same) and same + WORD <= len(piece):
                same += WORD
            at += same
        return at

    def _parse(self, at: int, data: bool) -> Block | None:
        here = self._behind_gap(at)  # a gap belongs to the block behind it
        word = self._word(here)
        if word is None or word == END_OF_MEDIUM:
            return None
        if word == 0:
            return Block(at, here + WORD, mark=True)
        length = word & LENGTH
        if word & _OTHER_CLASSES or length > READ_LIMIT:
            return Block(at, at, fault="no length of a block")
        begin = here + WORD
        tail = begin + length + (length % 2 if self.PADDED else 0)
        end = tail + WORD
        if end > self.size:
            return None
        if self._word(tail) != word:
            return Block(at, at, fault="two lengths of a block that differ")
        fault = "" if word != BAD | length else "recorded as read with an error"
        if not length:
            fault = "a block of no bytes"
        return Block(at, end, length, self._read(begin, length) if data else b"", fault=fault)

    def _before(self, at: int) -> int:
        word = self._word(at - WORD)
        if word is None or word & _OTHER_CLASSES:
            return -1
        length = word & LENGTH
        start = at - WORD
        if word:
            start -= length + (length % 2 if self.PADDED else 0) + WORD
        while start >= WORD and self._word(start - WORD) == GAP:
            start -= WORD
        return start


class E11Tape(SIMHTape):
    """An E11 tape: blocks are not padded."""

    FORMAT: ClassVar[str] = "E11"
    PADDED: ClassVar[bool] = False
