"""Where the output of a real printer or punch goes on the host: a file, a folder of files, or a command.

An outlet takes one copy of a spool file at a time: `begin`, `write`, then `finish`, or `abandon` if it is not wanted.
What `finish` has returned for is there after any kill, except for what a command does with it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import IO, Final, Protocol

from cpvm.cp.session import harmless
from cpvm.cp.spool import SpoolFile

_UNSAFE = re.compile(r"[^A-Za-z0-9$#@_+=-]")
_LOOK_MS: Final = 100  # between two looks whether to wait any longer
_NO_DISK: Final = frozenset((errno.EINVAL, errno.ENOTSUP, errno.EROFS))  # of fsync for a FIFO or a device
_LAST_WORDS: Final = 200  # bytes of what a command said when it failed
_LOOK_BYTES: Final = 1024 * 1024  # written between two looks how much the host's disk has left


class OutletError(Exception):
    """The host does not take the output; the text says why. The operator is wanted."""


class Outlet(Protocol):
    """Methods raise OutletError or OSError; they are called by one thread, except for `kill`."""

    continuous: bool
    """True if one spool file follows the other on the same paper."""

    def begin(self, file: SpoolFile, copy: int) -> None:
        """A copy of a file begins; COPY counts from 1."""

    def write(self, data: bytes) -> None:
        """More of it."""

    def finish(self) -> None:
        """The copy is complete."""

    def abandon(self) -> None:
        """The copy is not wanted, or not now. What is on continuous paper stays there. Raises nothing."""

    def kill(self) -> None:
        """End an operation that another thread waits for. Raises nothing."""


class Room:
    """Sees that what users print leaves as much of the host's disk free as the spool does."""

    def __init__(self, reserve: Callable[[], int]) -> None:
        """RESERVE: bytes that are to stay free."""
        self._reserve = reserve
        self._unlooked = 0

    def look(self, folder: Path) -> None:
        """Raise OSError if the disk of FOLDER has less."""
        self._unlooked = 0
        if shutil.disk_usage(folder).free < self._reserve():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))

    def more(self, count: int, folder: Path) -> None:
        """COUNT bytes are to be written; looks now and then."""
        self._unlooked += count
        if self._unlooked >= _LOOK_BYTES:
            self.look(folder)


class FileOutlet:
    """A host file that grows, as paper piles up behind a printer."""

    continuous = True

    def __init__(self, path: Path, room: Room | None = None) -> None:
        self._path = path
        self._room = room
        self._is_file = False
        self._file: FileIO | None = None
        self._killed = False

    def begin(self, file: SpoolFile, copy: int) -> None:
        """Open the file at its end; made if it is missing. A FIFO that nobody reads is an error."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._killed = False
        self._file = FileIO(self._path, "ab", opener=_without_waiting)  # who looks sees what has been printed
        self._is_file = self._path.is_file()
        if self._room is not None and self._is_file:
            self._room.look(self._path.parent)

    def write(self, data: bytes) -> None:
        """Append. Where somebody has to take it, as from a FIFO, it is waited for, until `kill`."""
        assert self._file is not None
        if self._room is not None and self._is_file:
            self._room.more(len(data), self._path.parent)
        left = memoryview(data)
        while left:  # a disk that is nearly full takes a part
            taken = self._file.write(left)
            if taken is None:
                self._wait(self._file)
            else:
                left = left[taken:]

    def _wait(self, file: FileIO) -> None:
        poll = select.poll()
        poll.register(file, select.POLLOUT)
        while not self._killed:
            if poll.poll(_LOOK_MS):
                return
        raise OutletError(f"{self._path.name} is not read by anybody")

    def finish(self) -> None:
        """All is on the disk, if it is one."""
        file, self._file = self._file, None
        assert file is not None
        with file:
            try:
                os.fsync(file.fileno())
            except OSError as error:
                if error.errno not in _NO_DISK:
                    raise

    def abandon(self) -> None:
        """Close the file."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()

    def kill(self) -> None:
        """Wait no longer."""
        self._killed = True


class FolderOutlet:
    """A folder that gets a file for each copy. A file has its name as soon as it is complete, not before.

    The name comes of the spool file alone, so a copy that is produced again after a kill replaces itself.
    """

    continuous = False

    def __init__(self, folder: Path, suffix: str, room: Room | None = None) -> None:
        self._folder = folder
        self._room = room
        self._suffix = suffix
        self._file: IO[bytes] | None = None
        self._name = ""

    def begin(self, file: SpoolFile, copy: int) -> None:
        """Open a hidden file."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._room is not None:
            self._room.look(self._folder)
        self._name = file_name(file, copy, self._suffix)
        part = self._folder / f".{self._name}.part"
        part.unlink(missing_ok=True)  # by a kill; or somebody has put a link there
        self._file = part.open("xb")

    def write(self, data: bytes) -> None:
        """Append."""
        assert self._file is not None
        if self._room is not None:
            self._room.more(len(data), self._folder)
        self._file.write(data)

    def finish(self) -> None:
        """Give the file its name."""
        file = self._file
        assert file is not None
        with file:
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(self._folder / self._name)
        self._file = None
        _sync_folder(self._folder)

    def abandon(self) -> None:
        """Remove the hidden file."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()
            with contextlib.suppress(OSError):
                Path(file.name).unlink()

    def kill(self) -> None:
        """Nothing waits here."""


class CommandOutlet:
    """A command of the host that gets the copy on its standard input, such as `lpr`.

    It is executed without a shell unless SHELL is set; in FOLDER. It has failed if its status is not 0.
    """

    continuous = False

    def __init__(self, words: list[str], folder: Path, *, shell: bool = False) -> None:
        self._words = words
        self._folder = folder
        self._shell = shell
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None

    def begin(self, file: SpoolFile, copy: int) -> None:
        """Start the command; CPVM_USER, CPVM_FILE, CPVM_NAME, CPVM_CLASS and CPVM_COPY tell it of the file."""
        self.abandon()
        about = {
            "CPVM_USER": file.owner,
            "CPVM_FILE": f"{file.spoolid:04}",
            "CPVM_NAME": f"{file.name} {file.type}".strip(),
            "CPVM_CLASS": file.spool_class,
            "CPVM_COPY": str(copy),
        }
        environment = os.environ | {name: harmless(text) for name, text in about.items()}
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed by finish and abandon
        try:
            self._process = subprocess.Popen(
                " ".join(self._words) if self._shell else self._words,
                shell=self._shell,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                cwd=self._folder,
                env=environment,
                start_new_session=True,  # the attention key of CP's terminal is not for it
            )
        except OSError as error:
            raise OutletError(f"{self._words[0]}: {error.strerror or error}") from error

    def write(self, data: bytes) -> None:
        """Pass it on."""
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(data)
        except (OSError, ValueError):
            raise OutletError(self._reason()) from None

    def finish(self) -> None:
        """Wait for the command."""
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.close()
        except OSError:
            raise OutletError(self._reason()) from None
        if self._process.wait() != 0:
            raise OutletError(self._reason())
        self._forget()

    def abandon(self) -> None:
        """End the command, whatever it does."""
        if self._process is not None:
            self.kill()
            if self._process.stdin is not None:
                with contextlib.suppress(OSError, ValueError):
                    self._process.stdin.close()
            self._process.wait()
        self._forget()

    def kill(self) -> None:
        """End the command that another thread waits for."""
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(OSError):
                if hasattr(os, "killpg"):
                    os.killpg(process.pid, signal.SIGKILL)  # what a shell has started, too
                else:
                    process.kill()

    def _reason(self) -> str:
        """Why it failed: the last line that it wrote, or its status."""
        assert self._process is not None and self._said is not None
        status = self._process.wait()
        self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, self._said.tell() - _LAST_WORDS))
        lines = self._said.read().decode("utf-8", "replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return last or f"{self._words[0]} ended with status {status}"

    def _forget(self) -> None:
        self._process = None
        if self._said is not None:
            self._said.close()
            self._said = None


def file_name(file: SpoolFile, copy: int, suffix: str) -> str:
    """The name of a copy in a folder: when it was made, whose, which, its name and type."""
    when = time.strftime("%Y%m%d-%H%M%S", time.localtime(file.created))
    parts = [when, file.owner, f"{file.spoolid:04}", file.name, file.type]
    name = "-".join(_UNSAFE.sub("_", part) for part in parts if part)
    return f"{name}{f'-{copy}' if copy > 1 else ''}{suffix}"


def _without_waiting(name: str, flags: int) -> int:
    """Open without waiting for somebody at the other end of a FIFO."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0), 0o666)


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk, where the host can do that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
