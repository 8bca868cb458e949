"""Reading what others have put into a folder of the host: ordinary files, and nothing that a file name leads to.

Whoever may put something into the folder of a reader could otherwise have CP read, with CP's rights, what he may not
read himself: by a symbolic link. A FIFO would have it wait for ever.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_FLAGS: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_BY_FOLDER: Final = os.open in os.supports_dir_fd


class NotOffered(Exception):
    """It is no ordinary file, or is too long; the text says which."""


def is_file(path: Path) -> bool:
    """Whether there is an ordinary file, or a link to anything, which `read` refuses."""
    return _kind(path) in (stat.S_IFREG, stat.S_IFLNK)


def is_folder(path: Path) -> bool:
    """Whether there is a folder, which is no link to one."""
    return _kind(path) == stat.S_IFDIR


def _kind(path: Path) -> int:
    try:
        return stat.S_IFMT(path.lstat().st_mode)
    except OSError:
        return 0


def read(path: Path, base: Path, most: int) -> bytes:
    """The bytes of an ordinary file in BASE, or in a folder of BASE that is no link. Raises NotOffered, OSError."""
    with _inside(path, base) as (name, folder):
        if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise NotOffered("IT IS A LINK")
        number = os.open(name, _FLAGS, dir_fd=folder)
        with open(number, "rb") as file:
            found = os.fstat(number)
            if not stat.S_ISREG(found.st_mode):
                raise NotOffered("IT IS NO FILE")
            if found.st_nlink > 1:
                raise NotOffered("IT HAS ANOTHER NAME, TOO")
            data = file.read(most + 1)
    if len(data) > most:
        raise NotOffered(f"LONGER THAN {most >> 20} MEGABYTES")
    return data


def remove(path: Path, base: Path) -> None:
    """Remove what was read; nothing happens if it has gone. Raises OSError."""
    with contextlib.suppress(FileNotFoundError), _inside(path, base) as (name, folder):
        os.unlink(name, dir_fd=folder)


def move(path: Path, base: Path, place: Path) -> None:
    """Move it to the folder PLACE, which is made if it is missing and must be no link. Raises OSError."""
    with contextlib.suppress(FileExistsError):
        place.mkdir(mode=0o700)
    with _inside(path, base) as (name, folder), _inside(place / path.name, base) as (there, target):
        os.replace(name, there, src_dir_fd=folder, dst_dir_fd=target)


@contextlib.contextmanager
def _inside(path: Path, base: Path) -> Iterator[tuple[str, int | None]]:
    """The name of a file and a handle of its folder, whose name may lead elsewhere a moment later."""
    if not _BY_FOLDER:  # pragma: no cover - Windows
        yield str(path), None
        return
    flags = os.O_RDONLY | os.O_DIRECTORY | (0 if path.parent == base else os.O_NOFOLLOW)
    folder = os.open(path.parent, flags)
    try:
        yield path.name, folder
    finally:
        os.close(folder)
