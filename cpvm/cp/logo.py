"""The logo: what a display shows while nobody is logged on at it (DMKBOX).

The installation's own is the text file `logo.txt` in the system directory, UTF-8; it is read again whenever it has
changed, and SET LOGO writes it. Without that file it is the one here; an empty file means that there is none.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from cpvm.cp.session import harmless

LOGO_FILE: Final = "logo.txt"
MOST_LINES: Final = 60
"""Lines of a logo; a display shows those for which it has room."""
MOST_COLUMNS: Final = 132
_MOST_BYTES: Final = MOST_LINES * (MOST_COLUMNS + 2) * 4

OWN: Final = (
    "VV       VV  MM      MM         ///   333333333  777777777  000000000",
    " VV     VV   MMM    MMM        ///          333        777  00     00",
    " VV     VV   MMMM  MMMM       ///           333       777   00     00",
    "  VV   VV    MM MMMM MM      ///        333333       777    00     00",
    "  VV   VV    MM  MM  MM     ///             333     777     00     00",
    "   VV VV     MM      MM    ///              333    777      00     00",
    "    VVV      MM      MM   ///        333333333    777       000000000",
    "",
    "VIRTUAL   MACHINE   FACILITY / 370",
    "",
    "",
    "VM/370 ONLINE",
    "",
    "",
    "LOGON userid           to begin a session",
    "DIAL userid            to use a system that somebody's machine runs",
    "ENTER or CLEAR         for an empty screen      ",
)


class Logo:
    """The logo of the system whose files are in FOLDER."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOGO_FILE
        self._seen: tuple[int, int] | None = None
        self._lines: tuple[str, ...] = OWN

    def lines(self) -> tuple[str, ...]:
        """The lines, at most MOST_LINES of MOST_COLUMNS; none if there is no logo."""
        try:
            status = os.stat(self._path)
            seen = (status.st_mtime_ns, status.st_size)
            if seen != self._seen:
                with open(self._path, "rb") as file:
                    text = file.read(_MOST_BYTES).decode("utf-8", "replace")
                self._lines = tuple(harmless(line)[:MOST_COLUMNS].rstrip() for line in text.splitlines()[:MOST_LINES])
                self._seen = seen
        except OSError:
            self._lines, self._seen = OWN, None
        return self._lines

    @property
    def own(self) -> bool:
        """Whether there is no file, so that it is CP's."""
        return not self._path.exists()

    def set(self, lines: list[str]) -> None:
        """Make these lines the logo. Raises OSError."""
        new = self._path.with_suffix(".new")
        try:
            with open(new, "w", encoding="utf-8") as file:
                file.write("".join(f"{line}\n" for line in lines))
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, self._path)
        except OSError:
            with contextlib.suppress(OSError):
                new.unlink()
            raise
        self._seen = None

    def reset(self) -> None:
        """Have CP's own again. Raises OSError."""
        self._path.unlink(missing_ok=True)
        self._seen = None
