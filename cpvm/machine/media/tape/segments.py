"""AWSTAPE and HET: blocks in segments, each behind a header of six bytes.

A header has the lengths of its segment and of the segment before it, two bytes each, low byte first, and two bytes of
flags. An AWSTAPE block is one segment or more; a tape mark is a header alone. HET is the same with the data of a block
compressed, if that makes it shorter, by zlib or bzip2.
Source: the formats as the P/390 and Hercules have them; README.TAPE of Hercules.
"""

from __future__ import annotations

import bz2
import zlib
from pathlib import Path
from typing import ClassVar, Final

from cpvm.machine.media.tape.store import READ_LIMIT, Block, TapeFile

HEADER: Final = 6
NEW_BLOCK, TAPE_MARK, END_OF_BLOCK, ZLIB, BZIP2 = 0x80, 0x40, 0x20, 0x01, 0x02
COMPRESSED: Final = ZLIB | BZIP2
BUS_TECH: Final = 0x80  # in the second byte of flags: zlib, as another maker's files say it
SEGMENT: Final = 65535
_LEVEL: Final = 4
_SEGMENTS: Final = 1024  # more in a block than anybody writes


class AWSTape(TapeFile):
    """AWSTAPE: blocks as they are. Compressed blocks are read all the same."""

    FORMAT: ClassVar[str] = "AWSTAPE"

    def write(self, at: int, data: bytes) -> Block:
        """Write a block at a position."""
        return self._put(at, data, 0, len(data))

    def mark(self, at: int) -> Block:
        """Write a tape mark at a position."""
        self._append(at, self._header(0, self._length_before(at), TAPE_MARK))
        self._last = (at, at + HEADER)
        return Block(at, at + HEADER, mark=True)

    def _put(self, at: int, stored: bytes, method: int, length: int) -> Block:
        parts = []
        before = self._length_before(at)
        for begin in range(0, len(stored), SEGMENT):
            part = stored[begin : begin + SEGMENT]
            flags = method | (0 if begin else NEW_BLOCK) | (END_OF_BLOCK if begin + SEGMENT >= len(stored) else 0)
            parts += [self._header(len(part), before, flags), part]
            before = len(part)
        image = b"".join(parts)
        self._append(at, image)
        self._last = (at, at + len(image))
        return Block(at, at + len(image), length)

    @staticmethod
    def _header(length: int, before: int, flags: int) -> bytes:
        return length.to_bytes(2, "little") + before.to_bytes(2, "little") + bytes((flags, 0))

    def _length_before(self, at: int) -> int:
        """Length of the segment that ends at a position."""
        if at <= 0:
            return 0
        block = self.backward(at, data=False)
        length = 0
        here = block.start if block else at
        while here < at:
            length = int.from_bytes(self._read(here, 2), "little")
            here += HEADER + length
        return length

    # ---- reading

    def _parse(self, at: int, data: bool) -> Block | None:
        here, total, parts, method = at, 0, [], None
        for _ in range(_SEGMENTS):
            header = self._read(here, HEADER)
            if len(header) < HEADER:
                return None
            length, flags = header[0] | header[1] << 8, header[4]
            kind = BUS_TECH if header[5] & BUS_TECH else flags & COMPRESSED
            if not flags & (NEW_BLOCK | TAPE_MARK) if method is None else flags & (NEW_BLOCK | TAPE_MARK):
                return Block(at, at, fault="no header of a block")
            if flags & TAPE_MARK:
                if length:
                    return Block(at, at, fault="a tape mark with data")
                return Block(at, here + HEADER, mark=True)
            if method is not None and kind != method:
                return Block(at, at, fault="segments that do not belong together")
            method = kind
            here += HEADER + length
            total += length
            if here > self.size:
                return None
            if total > READ_LIMIT:
                return Block(at, at, fault=f"a block of more than {READ_LIMIT} bytes")
            if data or method:
                parts.append(self._read(here - length, length))
            if flags & END_OF_BLOCK:
                break
        else:
            return Block(at, at, fault=f"a block of more than {_SEGMENTS} segments")
        if not method:
            if not total:
                return Block(at, here, fault="a block of no bytes")
            return Block(at, here, total, b"".join(parts))
        return self._expanded(at, here, method, b"".join(parts))

    @staticmethod
    def _expanded(at: int, end: int, method: int, stored: bytes) -> Block:
        """The block that was compressed to these bytes."""
        try:
            if method == BZIP2:
                data = bz2.BZ2Decompressor().decompress(stored, READ_LIMIT)
                whole = len(data) < READ_LIMIT
            elif method in (ZLIB, BUS_TECH):
                expander = zlib.decompressobj()
                data = expander.decompress(stored, READ_LIMIT)
                whole = expander.eof
            else:
                return Block(at, end, fault="compressed in an unknown way")
        except (OSError, EOFError, ValueError, zlib.error):
            return Block(at, end, fault="compressed data that cannot be expanded")
        if not data or not whole:
            return Block(at, end, len(data), data, fault="compressed data that are not whole")
        return Block(at, end, len(data), data)

    def _before(self, at: int) -> int:
        here = at
        while here > 0:
            link = self._read(here, 4)
            if len(link) < 4:
                return -1
            here -= HEADER + (link[2] | link[3] << 8)
            if here < 0:
                return -1
            header = self._read(here, HEADER)
            if header[:2] != link[2:4]:
                return -1
            if header[4] & (NEW_BLOCK | TAPE_MARK):
                return here
        return -1


class HETTape(AWSTape):
    """HET: the data of a block are compressed if that makes them shorter."""

    FORMAT: ClassVar[str] = "HET"

    def __init__(self, path: Path, read_only: bool = False, method: int = ZLIB) -> None:
        """`method`, for blocks to be written, is ZLIB or BZIP2. Raises MediaError."""
        super().__init__(path, read_only)
        self.method = method

    def write(self, at: int, data: bytes) -> Block:
        """Write a block at a position."""
        packed = zlib.compress(data, _LEVEL) if self.method == ZLIB else bz2.compress(data, _LEVEL)
        if len(packed) < len(data):
            return self._put(at, packed, self.method, len(data))
        return self._put(at, data, 0, len(data))
