"""Pages of a host file as storage of a machine, copy-on-write: many machines share what none of them has changed.

The host's memory management does it: a private mapping of the file over a part of the machine's storage. What the
machine stores goes into a page of its own. Where a host cannot map so, the pages are copied, which looks the same from
inside of the machine.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Final

PAGE: Final = 4096
_READ_WRITE: Final = 3
_PRIVATE: Final = 0x02
_FIXED: Final = 0x10
_ANONYMOUS: Final = 0x20 if sys.platform == "linux" else 0x1000
_ENTRY: Final = 8
"""Bytes of an entry of the host's table of pages."""
_TAKEN: Final = bytes(flags & 0xC0 != 0 and not flags & 0x20 for flags in range(256))
"""For the last byte of an entry: 1 if the page is in storage or swapped out, and no file's."""
_Map = Callable[[int, int, int, int, int, int], int | None]


@lru_cache(maxsize=1)
def _system_call() -> _Map | None:
    """The host's mmap; None if it has none that can be used."""
    if sys.platform not in ("linux", "darwin") or mmap.PAGESIZE != PAGE:
        return None
    try:
        function = ctypes.CDLL(None, use_errno=True).mmap
    except (OSError, AttributeError):
        return None
    integer = ctypes.c_int
    function.argtypes = (ctypes.c_void_p, ctypes.c_size_t, integer, integer, integer, ctypes.c_ssize_t)
    function.restype = ctypes.c_void_p
    call: _Map = function
    return call


def can_share() -> bool:
    """Whether machines on this host share pages; else each has a copy."""
    return _system_call() is not None


def map_file(memory: mmap.mmap, at: int, length: int, file: int, offset: int) -> None:
    """Have LENGTH bytes of MEMORY at AT be those of the open FILE (a descriptor) from OFFSET; whole pages.

    Raises OSError: the host cannot read the file.
    """
    call = _system_call()
    if call is not None and _place(call, memory, at, length, (_PRIVATE | _FIXED, file, offset)):
        return
    data = os.pread(file, length, offset)
    memory[at : at + length] = data.ljust(length, b"\0")


def forget_file(memory: mmap.mmap, at: int, length: int) -> None:
    """Have zeros of its own in LENGTH bytes of MEMORY at AT, whatever was mapped there; whole pages."""
    call = _system_call()
    if call is None or not _place(call, memory, at, length, (_PRIVATE | _FIXED | _ANONYMOUS, -1, 0)):
        memory[at : at + length] = bytes(length)


def taken(memory: mmap.mmap, length: int) -> bytes | None:
    """For each page of the first LENGTH bytes of MEMORY: 1 if it takes room in the host's storage or on its paging
    device, else 0; None where the host does not tell. Pages of files that nobody has changed take none: they can be
    read again.

    Source: Linux, Documentation/admin-guide/mm/pagemap.rst: bits 63, 62 and 61 of a page's entry.
    """
    file = _pagemap()
    if file is None:
        return None
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    try:
        entries = os.pread(file, length // PAGE * _ENTRY, start // PAGE * _ENTRY)
    except OSError:
        return None
    return entries[_ENTRY - 1 :: _ENTRY].translate(_TAKEN)


@lru_cache(maxsize=1)
def _pagemap() -> int | None:
    """A descriptor of what the host tells of this process's pages; it stays open."""
    if sys.byteorder != "little" or mmap.PAGESIZE != PAGE:
        return None
    try:
        return os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _place(call: _Map, memory: mmap.mmap, at: int, length: int, source: tuple[int, int, int]) -> bool:
    """SOURCE: flags, file, offset."""
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory)) + at
    if start % PAGE:
        return False
    return call(start, length, _READ_WRITE, *source) == start
