"""Faults of the host for a process under test: the other side of `shim.c`.

A process started with `environment()` has its calls of the C library pass through the shim; within it `Faults` says
which of them fail. The product knows nothing of it: SQLite, Python and native code are tested as they are.
"""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("shim.c")
_CONTROL: Final = "FAULTS_CONTROL"
_LAYOUT: Final = struct.Struct("=9q256s")

WRITE, SYNC, OPEN, CLOSE, RENAME, UNLINK, READ, TRUNCATE, MKDIR, THREAD, MEMORY, CREATE = (1 << n for n in range(12))
CHANGING: Final = WRITE | CREATE | RENAME | UNLINK | TRUNCATE | MKDIR
FOREVER: Final = -1


@dataclass(frozen=True)
class Fault:
    """What fails: these CALLS with this error number, all of them or those that a case picks.

    ROOM: bytes that writes still get before they fail, the last one short; -1: none.
    """

    name: str
    calls: int
    error: int
    room: int = -1


FAULTS: Final = (
    Fault("disk full", WRITE | CREATE | MKDIR, errno.ENOSPC),
    Fault("disk full after a short write", WRITE, errno.ENOSPC, room=700),
    Fault("quota", WRITE, errno.EDQUOT),
    Fault("read-only", CHANGING, errno.EROFS),
    Fault("write error", WRITE, errno.EIO),
    Fault("sync error", SYNC, errno.EIO),
    Fault("rename error", RENAME, errno.EIO),
    Fault("close error", CLOSE, errno.EIO),
    Fault("read error", READ, errno.EIO),
    Fault("too many open files", OPEN, errno.EMFILE),
)


def compiler() -> str | None:
    """The C compiler of this computer; without one nothing here can be used."""
    return shutil.which("cc") if sys.platform == "linux" else None


def build(folder: Path) -> Path:
    """Compile the shim."""
    made = folder / "faults.so"
    subprocess.run(
        [compiler() or "cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", made, SOURCE, "-ldl"], check=True
    )
    return made


def environment(folder: Path, shim: Path) -> dict[str, str]:
    """The environment of a process under test, whose control block lies in FOLDER."""
    control = folder / "faults.control"
    control.write_bytes(bytes(_LAYOUT.size))
    return os.environ | {"LD_PRELOAD": str(shim), _CONTROL: str(control), "PYTHONUNBUFFERED": "1"}


class Faults:
    """The control block, in the process under test or beside it."""

    def __init__(self, control: Path | None = None) -> None:
        with (control or Path(os.environ[_CONTROL])).open("r+b") as file:
            self._block = mmap.mmap(file.fileno(), _LAYOUT.size)

    def _set(self, at: int, value: int) -> None:
        struct.pack_into("=q", self._block, 8 * at, value)

    def _get(self, at: int) -> int:
        value: int = struct.unpack_from("=q", self._block, 8 * at)[0]
        return value

    def begin(self, fault: Fault, path: str = "", *, skip: int = 0, count: int = FOREVER) -> None:
        """From now on FAULT is there for files with PATH in their names, after SKIP calls, for COUNT calls."""
        self.end()
        for at, value in enumerate((fault.error, skip, count, fault.room, 0, 0), 1):
            self._set(at, value)
        self._block[72:] = path.encode().ljust(_LAYOUT.size - 72, b"\0")
        self._set(0, fault.calls)

    def end(self) -> None:
        """All is well again."""
        self._set(0, 0)

    @property
    def hits(self) -> int:
        """Calls that have failed since `begin`."""
        return self._get(5)

    @property
    def seen(self) -> int:
        """Calls that could have failed since `begin`."""
        return self._get(6)

    @contextmanager
    def during(self, fault: Fault, path: str = "", *, skip: int = 0, count: int = FOREVER) -> Iterator[None]:
        """FAULT is there within the block."""
        self.begin(fault, path, skip=skip, count=count)
        try:
            yield
        finally:
            self.end()

    def clocks(self, real: float = 0.0, steady: float = 0.0) -> None:
        """How many seconds the time of day and the monotonic clock are ahead of this computer's."""
        self._set(7, int(real * 1e9))
        self._set(8, int(steady * 1e9))
