"""What a system's folder has that is nobody else's on this computer: hashes of passwords, keys of links, users' files.

`cpvm` makes the folder for its owner alone. A folder that has been copied or unpacked, or made by somebody beforehand,
has the rights that fell to it; so its files have rights of their own, and a start takes away those of others. What
printers and punches write is left as it is: it may be meant for others.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
"""The rights that nobody but the owner has."""

FILES: Final = (
    "cp.sqlite*",
    "operator.*",
    "journal*",
    "accounting*",
    "system.config",
    "system.json",
    "devices",
    "folders",
    "lock",
    "*.pem",
)
"""Patterns of the files in the folder itself that are private."""

FOLDERS: Final = ("volumes", "saved", "inbox", "ssh")
"""Folders in it that are private, with all that is in them."""


def make_private(path: Path) -> None:
    """Make an empty file that only its owner can read, unless it is there. Raises OSError."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def opener(name: str, flags: int) -> int:
    """For `open`: what is made is its owner's alone."""
    return os.open(name, flags, 0o600)


def keep_private(folder: Path) -> None:
    """Take the rights of others from what is private in a system's folder, as far as it is ours. Links stay."""
    if os.name == "nt":  # pragma: no cover - rights are those of the folder
        return
    for pattern in FILES:
        for path in folder.glob(pattern):
            _tighten(path, stat.S_IFREG)
    for name in FOLDERS:
        _tighten(folder / name, stat.S_IFDIR)


def _tighten(path: Path, kind: int) -> None:
    with contextlib.suppress(OSError):
        found = path.lstat()
        if stat.S_IFMT(found.st_mode) == kind and found.st_mode & OTHERS:
            path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)
