"""Copies in the host's storage of the pages of saved systems, which all machines map that load them.

A page of a disk's file that the host cannot read, or that has been cut off, ends whoever touches it, and that is the
process of all machines. So a file is read as a whole when it is first wanted, where that can be refused, and machines
map the copy: it has no name, and nobody else has it. It takes its room once, however many machines have loaded it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

_AT_ONCE: Final = 1024 * 1024  # bytes read at once


class DamagedError(Exception):
    """The file has not as many bytes as were saved."""


class SavedPages:
    """The copies of a running system, by file; what a file has never changes, a new copy has a new name.

    For threads that have the system lock.
    """

    def __init__(self) -> None:
        self._copies: dict[Path, int] = {}

    def open(self, path: Path, length: int) -> int:
        """A descriptor, to be closed by the caller, with the LENGTH bytes of a file.

        It is the file's own on a host that has no files without names. Raises OSError, DamagedError.
        """
        if path not in self._copies:
            number = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            try:
                if os.fstat(number).st_size != length:
                    raise DamagedError(str(path))
                copy = _unnamed(path.name)
                if copy is None:
                    kept, number = number, -1
                    return kept
                try:
                    _copy(number, copy, length)
                except BaseException:
                    os.close(copy)
                    raise
                self._copies[path] = copy
            finally:
                if number >= 0:
                    with contextlib.suppress(OSError):  # nothing was written
                        os.close(number)
        return os.dup(self._copies[path])

    def keep(self, paths: Collection[Path]) -> None:
        """Let go of all files but these; machines that have mapped one of the others keep its pages."""
        for path in self._copies.keys() - set(paths):
            os.close(self._copies.pop(path))

    def close(self) -> None:
        """Let go of all of them."""
        self.keep(())


def _unnamed(name: str) -> int | None:
    """A new file in storage; None if the host has none."""
    if not hasattr(os, "memfd_create"):
        return None
    with contextlib.suppress(OSError):  # no memory or no files: without a copy it may go
        return os.memfd_create(name[:200], os.MFD_CLOEXEC)
    return None


def _copy(source: int, copy: int, length: int) -> None:
    done = 0
    while done < length:
        data = os.pread(source, min(_AT_ONCE, length - done), done)
        if not data:
            raise DamagedError("it has become shorter")
        done += len(data)
        while data:
            data = data[os.write(copy, data) :]
