"""What a tape drive asks of a reel, and what all formats of reels in host files share.

A position is a whole number: the place in the file where a block begins. Position 0 is the load point. A drive keeps
its position itself, as plain data; a store keeps none.
"""

from __future__ import annotations

import contextlib
import os
from abc import ABC, abstractmethod
from array import array
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar, Final, Protocol

from cpvm.machine.device import MediaError
from cpvm.machine.media import trouble
from cpvm.machine.media.hostfile import ordinary

MAX_BLOCK: Final = 65535
"""The longest block that is written, in bytes; AWSTAPE and HET files of others have no longer ones either."""
READ_LIMIT: Final = 1 << 20
"""The longest block that is read; what claims to be longer is a damaged one."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block or a tape mark, from `start` to `end` in the file.

    `length` counts the bytes of the block as the drive has them, 0 for a tape mark. `data` is empty if it was not asked
    for. `fault` says in a few words what is wrong with a block that cannot be read or not be trusted; its `data` are
    then what could be had, and `end` is `start` if nobody can tell where it ends.
    """

    start: int
    end: int
    length: int = 0
    data: bytes = b""
    mark: bool = False
    fault: str = ""


class TapeStore(Protocol):
    """A reel. All methods raise MediaError if the host fails them."""

    FORMAT: ClassVar[str]

    @property
    def path(self) -> Path: ...
    @property
    def read_only(self) -> bool: ...

    def forward(self, at: int, data: bool = True) -> Block | None:
        """The block that begins at a position; None where nothing is recorded any more."""

    def backward(self, at: int, data: bool = True) -> Block | None:
        """The block that ends at a position; None at the load point."""

    def write(self, at: int, data: bytes) -> Block:
        """Write a block of 1 to MAX_BLOCK bytes at a position. What was recorded from there on is lost."""

    def mark(self, at: int) -> Block:
        """Write a tape mark likewise."""

    def cut(self, at: int) -> None:
        """Erase from a position on."""

    def commit(self) -> None:
        """Make what was written survive loss of power, not only of this process."""

    def tail(self, at: int) -> int:
        """Bytes behind a position at which nothing is recorded: a block that was not written to its end."""

    def close(self) -> None:
        """Commit, and let go of the file; may be called twice."""


class TapeFile(ABC):
    """A reel in a host file. Blocks are read from the file as they are needed, and written to it at once.

    A write is one cut of the file and one call of the host that appends, so that a process killed at any moment leaves
    the blocks before as they are and behind them nothing, or the beginning of a block; `forward` takes such a
    beginning, at the end of the file, for nothing recorded. `tail` gives its length for those who want to know.
    """

    FORMAT: ClassVar[str] = ""

    def __init__(self, path: Path, read_only: bool = False) -> None:
        """Take up the file; if there is none, it is made with the first write. Raises MediaError."""
        self._path = path
        self._read_only = read_only
        self._file: IO[bytes] | None = None
        self._written = False
        self._last = (0, 0)  # start and end of the block that was passed last
        self._starts: array[int] = array("q")  # of all blocks as far as `_mapped`, if a search needed them
        self._mapped = -1
        if path.exists():
            self._open("rb" if read_only else "r+b")
        elif read_only:
            raise MediaError(f"{path}: no such file")
        elif not path.absolute().parent.is_dir():
            raise MediaError(f"{path}: no such folder")

    def _open(self, mode: str) -> IO[bytes]:
        try:
            file = open(self.path, mode, buffering=0, opener=ordinary)  # noqa: SIM115 - the caller keeps it
        except OSError as error:
            raise MediaError(f"{self.path}: {error.strerror}") from error
        if not _lock(file, mode != "rb"):
            file.close()
            raise MediaError(f"{self.path}: in use by another machine or program")
        self._file = file
        return file

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def read_only(self) -> bool:
        """Whether the reel has no write-enable ring."""
        return self._read_only

    # ---- the file

    @property
    def size(self) -> int:
        """Bytes in the file."""
        if self._file is None:
            return 0
        try:
            return os.fstat(self._file.fileno()).st_size
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> MediaError:
        trouble.tell(f"tape {self.path.name}", error)
        return MediaError(f"{self.path}: {error.strerror or error}")

    def _read(self, at: int, count: int) -> bytes:
        """So many bytes of the file, fewer at its end, none before its beginning."""
        if self._file is None or at < 0:
            return b""
        try:
            self._file.seek(at)
            data = self._file.read(count) or b""
            while len(data) < count and (more := self._file.read(count - len(data))):
                data += more
        except OSError as error:
            raise self._failed(error) from error
        return data

    def _append(self, at: int, data: bytes) -> None:
        """Put these bytes at a position, and end the file behind them."""
        if self._read_only:
            raise MediaError(f"{self.path}: not to be written")
        file = self._file if self._file is not None else self._open("x+b")
        if self.size < at:
            raise MediaError(f"{self.path}: shorter than it was: position {at} is behind its end")
        self._forget(at)
        self._written = True
        try:
            if self.size > at:
                file.truncate(at)
            file.seek(at)
            left = memoryview(data)
            while left:
                left = left[file.write(left) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                file.truncate(at)
            raise self._failed(error) from error

    def cut(self, at: int) -> None:
        """Erase from a position on."""
        if self.size > at:
            self._append(at, b"")

    def commit(self) -> None:
        """Make what was written survive loss of power."""
        if self._file is None or not self._written:
            return
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._failed(error) from error
        self._written = False

    def close(self) -> None:
        """Commit, and let go of the file."""
        if self._file is None:
            return
        try:
            self.commit()
            self._file.close()
        except OSError as error:
            raise self._failed(error) from error
        finally:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None
            self._read_only = True

    # ---- blocks

    def forward(self, at: int, data: bool = True) -> Block | None:
        """The block that begins at a position; None where nothing is recorded any more."""
        block = self._parse(at, data)
        if block is not None and block.end > block.start:
            self._last = (block.start, block.end)
        return block

    def backward(self, at: int, data: bool = True) -> Block | None:
        """The block that ends at a position; None at the load point."""
        if at <= 0:
            return None
        start = self._last[0] if self._last[1] == at else self._before(at)
        block = self._parse(start, data) if start >= 0 else None
        if block is None or block.end != at:
            start = self._search(at)
            block = self._parse(start, data) if start >= 0 else None
        if block is None or block.end != at:
            return Block(at, at, fault="no block ends here")
        return block

    def tail(self, at: int) -> int:
        """Bytes behind a position at which nothing is recorded: a block that was not written to its end."""
        return max(0, self.size - at)

    def _search(self, at: int) -> int:
        """Where the block begins that ends at a position, if links between blocks do not tell; -1 if there is none.

        All blocks from the load point on are passed, once.
        """
        here = self._mapped if self._mapped > 0 else 0
        while here < at:
            block = self._parse(here, False)
            if block is None or block.end <= block.start:
                break
            self._starts.append(block.start)
            here = self._mapped = block.end
        index = bisect_right(self._starts, at - 1) - 1
        return self._starts[index] if index >= 0 else -1

    def _forget(self, at: int) -> None:
        """The file is about to change from a position on."""
        if self._last[1] > at:
            self._last = (0, 0)
        while self._mapped > at and self._starts:
            self._mapped = self._starts.pop()
        if self._mapped > at:
            self._mapped = -1

    # ---- of the formats

    @abstractmethod
    def write(self, at: int, data: bytes) -> Block:
        """Write a block of 1 to MAX_BLOCK bytes at a position. What was recorded from there on is lost."""

    @abstractmethod
    def mark(self, at: int) -> Block:
        """Write a tape mark likewise."""

    @abstractmethod
    def _parse(self, at: int, data: bool) -> Block | None:
        """The block at a position; None if nothing, or only the beginning of a block, is there."""

    @abstractmethod
    def _before(self, at: int) -> int:
        """Where the block that ends at a position seems to begin; -1 if its neighbours do not tell."""


if os.name == "nt":  # pragma: no cover

    def _lock(file: IO[bytes], exclusive: bool) -> bool:
        return True  # Windows itself lets nobody delete a file that is in use; its byte locks would stop our own reads

else:
    import fcntl

    def _lock(file: IO[bytes], exclusive: bool) -> bool:
        """Keep others from writing the file, or from using it at all, until it is closed. False: they do already."""
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
