"""The files of one folder of the host, and nothing else: no links are followed, no other folder is reached.

Changes go in two steps. All new contents are written under temporary names; then the table, which names them, is put
in its place in one move: that is when the change is done. After that the files are moved to where they belong. Who is
killed before the table is there has changed nothing; who is killed later leaves the rest to `recover`.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cpvm.front.folders import table
from cpvm.front.folders.table import Change, Table
from cpvm.machine.device import MediaError

_TEMPORARY: Final = ".cpvm-new-"
_BINARY: Final = getattr(os, "O_BINARY", 0)
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT: Final = getattr(os, "O_NONBLOCK", 0)
_BY_FOLDER: Final = os.open in os.supports_dir_fd


@dataclass(frozen=True)
class Sign:
    """What a host file is known by: its size in bytes, its time in nanoseconds, its number."""

    size: int
    time: int
    number: int = 0

    @classmethod
    def of(cls, found: os.stat_result) -> Sign:
        """Of what the host says of a file."""
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)


class HostFolder:
    """A folder, by a handle that stays with it when it is renamed. Methods raise MediaError if the host fails."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises MediaError: there is no such folder."""
        self.path = path
        self._fd: int | None = None
        try:
            if not path.is_dir():
                raise MediaError(f"{path} is not a folder")
            if _BY_FOLDER:
                self._fd = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        except OSError as error:
            raise self._failed("", error) from None

    def close(self) -> None:
        """Close the handle."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _failed(self, name: str, error: OSError) -> MediaError:
        return MediaError(f"{self.path / name if name else self.path}: {error.strerror or error}")

    def _at(self, name: str) -> str:
        table.plain(name)
        return name if self._fd is not None else str(self.path / name)

    # ---- looking

    def scan(self) -> tuple[dict[str, Sign], list[str]]:
        """The regular files whose names have no point in front, and what is to be said of everything else."""
        found: dict[str, Sign] = {}
        notes = []
        try:
            with os.scandir(self._fd if self._fd is not None else self.path) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    try:
                        info = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    if stat.S_ISREG(info.st_mode):
                        found[entry.name] = Sign.of(info)
                    elif stat.S_ISLNK(info.st_mode):
                        notes.append(f"{entry.name} is not shown: it is a link")
                    elif not stat.S_ISDIR(info.st_mode):
                        notes.append(f"{entry.name} is not shown: it is not a file")
        except OSError as error:
            raise self._failed("", error) from None
        return found, notes

    def sign(self, name: str) -> Sign | None:
        """What a file is known by now; None if there is nothing of that name. A link has none that is known."""
        try:
            return Sign.of(os.stat(self._at(name), dir_fd=self._fd, follow_symlinks=False))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed(name, error) from None

    def read(self, name: str, most: int) -> tuple[bytes, Sign]:
        """The bytes of a regular file, and what it was known by while they were read.

        Raises:
            MediaError: it cannot be read, is no regular file any more, or has more than `most` bytes.
        """
        try:
            fd = os.open(self._at(name), os.O_RDONLY | _BINARY | _NO_LINK | _NO_WAIT, dir_fd=self._fd)
            with os.fdopen(fd, "rb") as file:
                info = os.fstat(fd)
                if not stat.S_ISREG(info.st_mode):
                    raise MediaError(f"{self.path / name} is not a file")
                if info.st_size > most:
                    raise MediaError(f"{self.path / name} is larger than a CMS file can be")
                return file.read(most + 1)[:most], Sign.of(info)
        except OSError as error:
            raise self._failed(name, error) from None

    def table(self) -> Table:
        """The folder's table, empty if there is none."""
        if self.sign(table.NAME) is None:
            return Table()
        try:
            return table.from_json(self.read(table.NAME, 1 << 28)[0])
        except table.TableError as error:
            raise MediaError(f"{self.path}: {error}") from None

    # ---- changing

    def temporary(self, number: int, data: bytes) -> str:
        """Write bytes under a temporary name, lasting. Returns the name."""
        name = f"{_TEMPORARY}{number}"
        self._write(name, data)
        return name

    def _write(self, name: str, data: bytes) -> None:
        try:
            with suppress(FileNotFoundError):
                os.unlink(self._at(name), dir_fd=self._fd)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY | _NO_LINK
            fd = os.open(self._at(name), flags, 0o666, dir_fd=self._fd)
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(fd)
        except OSError as error:
            raise self._failed(name, error) from None

    def store(self, whole: Table) -> None:
        """Put the table in its place, lasting: what it says is done."""
        new = f"{_TEMPORARY}table"
        self._write(new, whole.to_json())
        self._move(new, table.NAME)
        self._lasting()

    def carry_out(self, changes: list[Change]) -> None:
        """Move files to where they belong; what was done before is left as it is."""
        for change in changes:
            if change.temporary:
                if self.sign(change.temporary) is None:
                    continue  # done
                if change.aside and self.sign(change.aside) is None and self.sign(change.to) is not None:
                    self._move(change.to, change.aside)
                self._move(change.temporary, change.to)
            else:
                self._remove(change.to)
        self._lasting()

    def recover(self) -> Table:
        """Finish what a killed process has begun, remove what it has not. Returns the table."""
        whole = self.table()
        if whole.changes:
            self.carry_out(whole.changes)
            self.settle(whole)
        try:
            names = os.listdir(self._fd if self._fd is not None else self.path)
        except OSError as error:
            raise self._failed("", error) from None
        for name in names:
            if name.startswith(_TEMPORARY):
                self._remove(name)
        return whole

    def settle(self, whole: Table) -> None:
        """The changes of a table are done: note sizes and times of the files, and store it without them."""
        for change in whole.changes:
            entry, sign = whole.files.get(change.to), self.sign(change.to)
            if entry is not None and sign is not None and change.temporary:
                whole.files[change.to] = table.replaced(entry, sign.size, sign.time)
        whole.changes = []
        self.store(whole)

    def _move(self, old: str, new: str) -> None:
        try:
            os.replace(self._at(old), self._at(new), src_dir_fd=self._fd, dst_dir_fd=self._fd)
        except OSError as error:
            raise self._failed(new, error) from None

    def _remove(self, name: str) -> None:
        try:
            os.unlink(self._at(name), dir_fd=self._fd)
        except FileNotFoundError:
            pass
        except OSError as error:
            if error.errno not in (errno.EISDIR, errno.EPERM):
                raise self._failed(name, error) from None

    def _lasting(self) -> None:
        """Have the host keep the names, too."""
        if self._fd is not None:
            with suppress(OSError):  # some file systems have nothing to do here
                os.fsync(self._fd)
