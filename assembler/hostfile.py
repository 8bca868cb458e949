"""Reading files of the host whole, but within bounds: what is named may be a device that has no end."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TypeVar

_Content = TypeVar("_Content", str, bytes)

MAX_FILE = 256 << 20
"""Bytes, or characters of text, of the largest file: three times a source of a million records."""


def read_bytes(path: Path) -> bytes:
    """The bytes of a file. Raises OSError, also for more than MAX_FILE."""
    with path.open("rb") as file:
        return _bounded(file.read(MAX_FILE + 1), path)


def read_text(path: Path) -> str:
    """The text of a file in UTF-8. Raises OSError, also for more than MAX_FILE; UnicodeDecodeError."""
    with path.open(encoding="utf-8") as file:
        return _bounded(file.read(MAX_FILE + 1), path)


def _bounded(data: _Content, path: Path) -> _Content:
    if len(data) > MAX_FILE:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return data
