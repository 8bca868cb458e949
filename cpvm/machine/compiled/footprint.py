"""Memory that LLVM does not need between two pieces of work, given back to the host.

Most of what the process holds because of LLVM is the text of its library, page by page as it was executed. These pages
are those of the file: the host keeps them in its cache as long as it likes, and they come back within a millisecond
when LLVM works again. Only Linux lets a process give them back; elsewhere nothing happens.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

LIBRARY: Final = "libllvmlite"
_DONTNEED: Final = 4
"""MADV_DONTNEED of madvise(2). Executable pages of a file were never written to: nothing is lost."""


def let_go() -> None:
    """Give back what LLVM does not need while it does not work."""
    host = _host()
    if host is None:
        return
    for start, size in _text():
        host.madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), _DONTNEED)
    with suppress(AttributeError):  # a C library that is not GNU's
        host.malloc_trim(ctypes.c_size_t(0))


@cache
def _host() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        if library.madvise is not None:
            return library
    return None


@cache
def _text() -> tuple[tuple[int, int], ...]:
    """Host address and size of the executable parts of the library."""
    with suppress(OSError, ValueError):
        return tuple(_mapped(Path("/proc/self/maps").read_text()))
    return ()


def _mapped(maps: str) -> Iterator[tuple[int, int]]:
    for line in maps.splitlines():
        words = line.split(maxsplit=5)
        if len(words) == 6 and words[1] == "r-xp" and Path(words[5]).name.startswith(LIBRARY):
            start, end = (int(word, 16) for word in words[0].split("-"))
            yield start, end - start
