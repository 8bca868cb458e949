"""The room around a bare machine: the keyboard, places for displays, and the host's files, for its devices."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from cpvm.front.folders.opening import folders_are_disks
from cpvm.machine.configure import ConfigurationError
from cpvm.machine.device import ConsoleBackend

Failed = Callable[[OSError], None]
"""Told that the host could not write what a device put out."""

Heard = Callable[[int, str], None]
"""Told the text that the device at an I/O address has put out."""

_STANDARD = "-"
_links: dict[str, dict[str, Any]] = {}


class Output:
    """A host file that a device writes to. What the host cannot write is told at once, and raised for the device."""

    def __init__(self, file: IO[Any], path: str, failed: Failed, heard: Callable[[str], None]) -> None:
        self._file = file
        self.path = path
        self._failed = failed
        self._heard = heard
        self.closed = False

    def write(self, data: Any) -> int:
        """Write text or bytes. Raises OSError."""
        try:
            written = self._file.write(data)
        except OSError as error:
            raise self._told(error) from None
        if isinstance(data, str):
            self._heard(data)
        return written

    def flush(self) -> None:
        """Hand over to the host what was written. Raises OSError."""
        try:
            self._file.flush()
        except OSError as error:
            raise self._told(error) from None

    def tell(self) -> int:
        """Where in the file the next write goes."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file, unless it is the process's own. Raises OSError."""
        if self.closed:
            return
        self.closed = True
        try:
            if self.path == _STANDARD:
                self._file.flush()
            else:
                self._file.close()
        except OSError as error:
            raise self._told(error) from None

    def _told(self, error: OSError) -> OSError:
        if error.filename is None:
            error.filename = self.path
        self._failed(error)
        return error


class HostRoom:
    """What stands around a `BareMachine`.

    Args:
        keyboard: the operator's keyboard and printer.
        failed: told of host files that cannot be written.
    """

    def __init__(self, keyboard: ConsoleBackend, failed: Failed) -> None:
        folders_are_disks()
        self._keyboard = keyboard
        self._failed = failed
        self.asked = False
        """Whether a device that is being made wants the keyboard."""
        self.taken: int | None = None
        """I/O address of the device that has the keyboard."""
        self.address = -1
        """I/O address of the device that is being made, or gets a medium."""
        self.heard: Heard = lambda address, text: None
        self._files: dict[str, Output] = {}
        self._read: set[str] = set()

    def console(self) -> ConsoleBackend:
        """The operator's keyboard and printer, which one device can have."""
        if self.taken is not None:
            raise ConfigurationError(f"{self.taken:03X} is the console already; the keyboard here serves only one")
        self.asked = True
        return self._keyboard

    def display(self, name: str) -> Any:
        """A screen with this name."""
        raise ConfigurationError(
            f"there is no terminal {name} here; a display without one is operated by scripts and the panel"
        )

    def output(self, path: str, binary: bool, append: bool = False) -> IO[Any]:
        """A host file to be written; `-` is standard output, for text."""
        if path == _STANDARD:
            if binary:
                raise ConfigurationError("only text can go to standard output")
            return Output(sys.stdout, path, self._failed, self._hearing())  # type: ignore[return-value]
        try:
            key = str(Path(path).resolve())
            other = self._files.get(key)
            if other is not None and not other.closed and Path(path).is_file():
                raise ConfigurationError(f"{path}: another device writes to this file")
            if key in self._read:
                raise ConfigurationError(f"{path}: another device reads this file")
            mode = ("a" if append else "w") + ("b" if binary else "")
            file: IO[Any] = Path(path).open(mode, encoding=None if binary else "utf-8")  # noqa: SIM115
        except (OSError, ValueError) as error:
            raise ConfigurationError(_reason(path, error)) from None
        self._files[key] = output = Output(file, path, self._failed, self._hearing())
        return output  # type: ignore[return-value]

    def _hearing(self) -> Callable[[str], None]:
        address = self.address
        return lambda text: self.heard(address, text)

    def input(self, path: str) -> bytes:
        """The contents of a host file."""
        try:
            contents = Path(path).read_bytes()
            self._read.add(str(Path(path).resolve()))
            return contents
        except (OSError, ValueError) as error:
            raise ConfigurationError(_reason(path, error)) from None

    def link(self, name: str) -> object:
        """Where things of two machines in this process meet: a dictionary that all who give the name share."""
        return _links.setdefault(name, {})

    def close(self) -> list[OSError]:
        """Close all files; why some cannot be written."""
        troubles = []
        for file in self._files.values():
            try:
                file.close()
            except OSError as error:
                troubles.append(error)
        return troubles


def _reason(path: str, error: OSError | ValueError) -> str:
    return f"{path}: {error.strerror or error}" if isinstance(error, OSError) else f"{path!r} is not a file name"
