"""A virtual reader whose file a program takes page by page, by DIAGNOSE X'14', instead of card by card (DMKDRD)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from cpvm.cp.spoolpage import pages

if TYPE_CHECKING:
    from cpvm.cp.spool import SpoolFile
    from cpvm.cp.vspool import Reader


class PageReader:
    """The reader's file as pages, and where the program is in it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._pages: Iterator[bytes] = iter(())
        self._file: SpoolFile | None = None
        self._next = 0  # the page that comes next
        self._at_end = False
        self.scanned: tuple[str, int] | None = None
        """The kind of SFBLOKs that are asked for one after the other, and the last spoolid given."""

    @property
    def file(self) -> SpoolFile | None:
        """The active file: the one that the reader is at."""
        if self._file is not None and self._reader.current is not self._file:
            self._file = None  # it was closed
        return self._file

    def open(self) -> bool:
        """Take the next file, unless one is active. False if there is none."""
        if self.file is None and self._reader.open_next():
            self._file = self._reader.current
            self.rewind()
        return self.file is not None

    def rewind(self, page: int = 0) -> None:
        """Go back to a page."""
        assert self._file is not None
        self._pages = pages(self._file, self._reader.vm.system.spool.records(self._file.spoolid))
        self._next = 0
        self._at_end = False
        while self._next < page and next(self._pages, None) is not None:
            self._next += 1

    def read(self) -> bytes | None:
        """The next page; None at the end of the file, or of all files if the reader is spooled CONT."""
        while True:
            page = next(self._pages, None)
            if page is not None:
                self._next += 1
                return page
            if not self._reader.options.cont or not self._go_on():
                return None

    def back(self, count: int) -> bytes | None:
        """The page COUNT before the one that was given last, or the first one."""
        self.rewind(max(0, self._next - 1 - count))
        return self.read()

    def _go_on(self) -> bool:
        """At the end of a file, CONT: once more if it has copies, or the next one."""
        file = self.file
        if file is None:
            return False
        if file.copies > 1:
            self.set_copies(file.copies - 1)
            self.rewind()
            return True
        self._reader.close()
        return self.open()

    def set_copies(self, copies: int) -> None:
        """Another number of copies for the active file."""
        assert self._file is not None
        self._file = replace(self._file, copies=copies)
        self._reader.replace_current(self._file)
        self._reader.vm.system.spool.update(self._file)
