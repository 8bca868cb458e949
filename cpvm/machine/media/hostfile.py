"""Opening files of the host that are to be media: ordinary files and disks of the host, never what makes one wait.

A FIFO in the place of a tape would have whoever opens it wait for somebody at the other end, perhaps for ever, and all
users of the system with him; what gives bytes without end would fill the storage.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Final

MOST: Final = 256 * 1024 * 1024
"""Bytes of a file that is taken into storage whole, such as a deck of cards."""

_NO_WAIT: Final = getattr(os, "O_NONBLOCK", 0)


def ordinary(name: str, flags: int) -> int:
    """For `open`, as its `opener`. Raises OSError: it is a FIFO, a socket, a terminal or the like."""
    number = os.open(name, flags | _NO_WAIT, 0o666)
    mode = os.fstat(number).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISBLK(mode)):
        os.close(number)
        raise OSError(errno.EINVAL, "not a file", name)
    return number


def whole(path: str | Path) -> bytes:
    """The bytes of an ordinary file of at most `MOST`. Raises OSError."""
    with open(path, "rb", opener=ordinary) as file:
        data = file.read(MOST + 1)
    if len(data) > MOST:
        raise OSError(errno.EFBIG, f"longer than {MOST >> 20} megabytes", str(path))
    return data


def to_write(name: str, flags: int) -> int:
    """For `open` of what is written from the front to the end: anything, but a FIFO only if somebody reads it.

    Raises OSError.
    """
    number = os.open(name, flags | _NO_WAIT, 0o666)
    if _NO_WAIT:
        os.set_blocking(number, True)
    return number
