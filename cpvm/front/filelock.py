"""A lock that ends with the process that holds it, however it ends."""

import os
from pathlib import Path
from typing import IO


class LockedError(Exception):
    """Another process holds the lock. `holder` is its process number, or an empty string if that is not known."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"held by process {holder}" if holder else "held by another process")
        self.holder = holder


class FileLock:
    """Holds an exclusive lock on the file `path` (made if it is missing) until `release`, or until the process ends.

    Raises:
        LockedError: another process, or another FileLock of this one, holds it.
        OSError: the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._file: IO[str] | None = path.open("a+", encoding="ascii", errors="replace")
        try:
            _lock(self._file)
        except OSError:
            self._file.seek(0)
            holder = self._file.read(20).strip()
            self._file.close()
            self._file = None
            raise LockedError(holder) from None
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def holds(self, path: Path) -> bool:
        """Whether this is the lock of the file that is at PATH now. Raises OSError."""
        return self._file is not None and os.path.samestat(os.fstat(self._file.fileno()), os.stat(path))

    def release(self) -> None:
        """Give the lock back; does nothing the second time."""
        if self._file:
            self._file.close()
            self._file = None


if os.name == "nt":  # pragma: no cover
    import msvcrt

    def _lock(file: IO[str]) -> None:
        # A byte far behind the text is locked, since Windows does not let others read what is locked.
        file.seek(1 << 20)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        file.seek(0)

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
