"""Optical media attach (OMA) tapes, to be read only: one host file for each file of the tape, and a list of them.

The list, a text whose first line begins with `@TDF`, names a file and its form on each further line: `HEADERS` (blocks
behind headers of 16 bytes), `TEXT` (lines of ASCII, a block each), `FIXED RECSIZE n`; or says `TM`, a tape mark by
itself, or `EOT`, the end. A tape mark is behind each file.
Source: the format as Hercules describes it in README.TAPE.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

from cpvm.machine.device import MediaError
from cpvm.machine.media.hostfile import whole
from cpvm.machine.media.tape.store import READ_LIMIT, Block
from cpvm.s370.ebcdic import to_ebcdic

MAGIC: Final = b"@TDF"
_HEADER: Final = 16
_HEADER_MAGIC: Final = b"@HDF"
_PART_BITS: Final = 40  # a position is the number of a part, and the place in its file
_PLACE: Final = (1 << _PART_BITS) - 1
_END_OF_TEXT: Final = b"\x1a"


def is_description(beginning: bytes) -> bool:
    """Whether a file that begins so is the list of an OMA tape."""
    return beginning.startswith(MAGIC)


@dataclass
class _Part:
    """A file of the tape. `blocks`: where the next one begins, and where its data begin and end; made when needed."""

    path: Path | None = None
    form: str = "TM"
    record: int = 0
    blocks: list[tuple[int, int, int]] | None = None
    ends: list[int] = field(default_factory=list)
    fault: str = ""


class OMATape:
    """An OMA tape; its reel has no write-enable ring."""

    FORMAT: ClassVar[str] = "OMA"
    read_only: Final = True

    def __init__(self, path: Path) -> None:
        """The tape that a list describes. Raises MediaError: the list is wrong, or a file is missing."""
        self._path = path
        self._parts: list[_Part] = []
        try:
            lines = path.read_text(encoding="ascii", errors="replace").splitlines()
        except OSError as error:
            raise MediaError(f"{path}: {error.strerror}") from error
        for number, line in enumerate(lines[1:], 2):
            words = line.split()
            if not words or words[0] == "*":
                continue
            if words[0].upper() == "EOT":
                break
            self._parts.append(self._described(number, words))

    def _described(self, number: int, words: list[str]) -> _Part:
        match [words[0], *(word.upper() for word in words[1:])]:
            case [name] if name.upper() == "TM":
                return _Part()
            case [name, "HEADERS" | "TEXT" as form, *_]:
                part = _Part(self.path.parent / name.replace("\\", "/"), form)
            case [name, "FIXED", "RECSIZE", size] if size.isdecimal() and 0 < int(size[:9]) <= READ_LIMIT:
                part = _Part(self.path.parent / name.replace("\\", "/"), "FIXED", int(size))
            case _:
                raise MediaError(f"{self.path}, line {number}: not FILE HEADERS, FILE TEXT, FILE FIXED RECSIZE n or TM")
        try:
            there = part.path is None or part.path.is_file()
        except OSError as error:  # a name that is too long
            raise MediaError(f"{self.path}, line {number}: {error.strerror}") from error
        if not there:
            raise MediaError(f"{self.path}, line {number}: {part.path}: no such file")
        return part

    @property
    def path(self) -> Path:
        """The list."""
        return self._path

    # ---- reading

    def forward(self, at: int, data: bool = True) -> Block | None:
        """The block that begins at a position; None at the end."""
        number, place = at >> _PART_BITS, at & _PLACE
        if not 0 <= number < len(self._parts):
            return None
        part = self._parts[number]
        self._map(part)
        index = bisect_left(part.ends, place + 1)
        if index == len(part.ends):
            if part.fault:
                return Block(at, at, fault=part.fault)
            return Block(at, number + 1 << _PART_BITS, mark=True)
        return self._block(number, index, data)

    def backward(self, at: int, data: bool = True) -> Block | None:
        """The block that ends at a position; None at the load point."""
        number, place = at >> _PART_BITS, at & _PLACE
        if at <= 0:
            return None
        if number > len(self._parts) or (place and number == len(self._parts)):
            return Block(at, at, fault="no block ends here")
        if not place:
            part = self._parts[number - 1]
            self._map(part)
            start = number - 1 << _PART_BITS | (part.ends[-1] if part.ends else 0)
            return Block(start, at, mark=True)
        part = self._parts[number]
        self._map(part)
        index = bisect_left(part.ends, place)
        if index == len(part.ends) or part.ends[index] != place:
            return Block(at, at, fault="no block ends here")
        return self._block(number, index, data)

    def _block(self, number: int, index: int, data: bool) -> Block:
        part = self._parts[number]
        assert part.blocks is not None
        start = part.ends[index - 1] if index else 0
        _, begin, end = part.blocks[index]
        content = self._content(part)[begin:end] if data or part.form == "TEXT" else b""
        if part.form == "TEXT":
            content = to_ebcdic(content.rstrip(b"\r").decode("latin-1"))
            begin, end = 0, len(content)
        base = number << _PART_BITS
        fault = "" if end > begin else "a block of no bytes"
        return Block(base | start, base | part.ends[index], end - begin, content, fault=fault)

    def _content(self, part: _Part) -> bytes:
        if part.path is None:
            return b""
        try:
            return whole(part.path)
        except OSError as error:
            raise MediaError(f"{part.path}: {error.strerror}") from error

    def _map(self, part: _Part) -> None:
        """Find the blocks of a part."""
        if part.blocks is not None:
            return
        content = self._content(part)
        blocks: list[tuple[int, int, int]] = []
        at = 0
        if part.form == "TEXT":
            content = content.partition(_END_OF_TEXT)[0]
            while at < len(content):
                end = content.find(b"\n", at)
                end = len(content) if end < 0 else end
                blocks.append((end + 1, at, end))
                at = end + 1
        elif part.form == "FIXED":
            while at < len(content):
                end = min(at + part.record, len(content))
                blocks.append((end, at, end))
                at = end
        elif part.form == "HEADERS":
            while at < len(content):
                length = int.from_bytes(content[at : at + 4], "little", signed=True)
                begin = at + _HEADER
                if length == -1:
                    break
                wrong = not 0 < length <= READ_LIMIT or begin + length > len(content)
                if wrong or content[at + 8 : at + 12] != _HEADER_MAGIC:
                    part.fault = f"{part.path}: no header at {at}"
                    break
                at = begin + (length + 15) // 16 * 16
                blocks.append((at, begin, begin + length))
        part.blocks = blocks
        part.ends = [end for end, _, _ in blocks]

    def tail(self, at: int) -> int:
        """Nothing is behind the end of the list."""
        return 0

    # ---- what a reel without ring does not do

    def _protected(self) -> MediaError:
        return MediaError(f"{self.path}: OMA tapes are not written here")

    def write(self, at: int, data: bytes) -> Block:
        """Raises MediaError."""
        raise self._protected()

    def mark(self, at: int) -> Block:
        """Raises MediaError."""
        raise self._protected()

    def cut(self, at: int) -> None:
        """Raises MediaError."""
        raise self._protected()

    def commit(self) -> None:
        """There is nothing to be made lasting."""

    def close(self) -> None:
        """There is nothing to let go of."""
