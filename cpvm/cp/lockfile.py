"""One process a system: the lock on a system's folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from cpvm.cp.database import DatabaseError

NAME = "lock"


class SystemStartError(Exception):
    """The system cannot be created or started; the text says why."""


class SystemRunningError(SystemStartError):
    """Another process runs the system, or works on it."""


def trouble_of(folder: Path, error: Exception) -> str:
    """Why the system in FOLDER cannot be started."""
    if isinstance(error, DatabaseError):
        return str(error)
    return f"{folder}: {error.strerror or error}" if isinstance(error, OSError) else f"{folder}: {error}"


def lock_folder(folder: Path) -> IO[str]:
    """Lock the system in FOLDER until the file returned is closed or the process ends. Raises SystemStartError."""
    if not folder.is_dir():
        raise SystemStartError(f"{folder} does not exist: no system was created here")
    try:
        file = (folder / NAME).open("a", encoding="ascii")
    except OSError as error:
        raise SystemStartError(trouble_of(folder, error)) from error
    try:
        _lock(file)
    except OSError as error:
        file.close()
        raise SystemRunningError(f"the system in {folder} is running already") from error
    return file


if os.name == "nt":  # pragma: no cover
    import msvcrt

    def _lock(file: IO[str]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
