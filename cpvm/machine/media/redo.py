"""The log of a volume: writes of channel programs that are not in the volume's file yet.

A file beside that of the volume, `NAME-redo`, which is there only while a process writes the volume, or was killed. It
begins with the writes since the last time that all was put into the volume's file; each group in it is what one channel
program has written, and has a checksum. A group that was not written to its end, and what stands behind it, does not
count. Neither does anything of another generation than the one that follows what the volume's file says.

What is appended by `cpvm.machine.quick.writes`, with one write to the file for each group, is the operating system's as
soon as the program is at its end: a killed process loses nothing, a failing host at most the last moments, whole, for
what is in the volume's file and what is in the log follow each other in the order in which it was written.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from struct import Struct
from typing import Final

from cpvm.machine.device import MediaError
from cpvm.machine.quick.layout import ENTRY_HEAD, GROUP_HEAD, MULTIPLIER, SEED

ROOM: Final = 8 << 20
"""Bytes that a log may have."""
FACT: Final = "redo"
"""Name of the fact of a volume that says which generation was put into its file last."""

_HEAD: Final = Struct("=qqq")
_WORD: Final = (1 << 64) - 1

Write = tuple[int, int, bytes]
"""Number of the track, offset in its image, data."""


def log_of(path: Path) -> Path:
    """Where the log of a volume is, if it has one."""
    return path.with_name(path.name + "-redo")


def checksum(data: bytes) -> int:
    """As `cpvm.machine.quick.writes.checksum`."""
    value = SEED ^ len(data)
    for (word,) in Struct("=Q").iter_unpack(data):
        value = ((value ^ word) & _WORD) * MULTIPLIER & _WORD
        value ^= (value >> 32) | (0xFFFFFFFF00000000 if value >> 63 else 0)
    return value - (1 << 64) if value >> 63 else value


def read(path: Path, generation: int) -> list[Write]:
    """The writes in the log of a volume, in order; none if there is no log. Raises MediaError."""
    try:
        data = log_of(path).read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise MediaError(f"{log_of(path)}: {error.strerror}") from error
    return list(_writes(data, generation))


def _writes(data: bytes, generation: int) -> Iterator[Write]:
    at = 0
    while at + GROUP_HEAD <= len(data):
        found, length, check = _HEAD.unpack_from(data, at)
        at += GROUP_HEAD
        if found != generation or not 0 < length <= len(data) - at or length % 8:
            return
        group = data[at : at + length]
        if checksum(group) != check:
            return
        yield from _entries(group)
        at += length


def _entries(group: bytes) -> Iterator[Write]:
    at = 0
    while at < len(group):
        track, offset, n = _HEAD.unpack_from(group, at)
        at += ENTRY_HEAD
        yield track, offset, group[at : at + n]
        at += n + 7 & ~7


def remove(path: Path) -> None:
    """Remove the log of a volume: all that it has is in the volume's file."""
    with suppress(OSError):
        log_of(path).unlink()


def create(path: Path) -> int:
    """An empty log for a volume: its file descriptor, -1 if it cannot be had."""
    try:
        return os.open(log_of(path), os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
    except OSError:
        return -1
