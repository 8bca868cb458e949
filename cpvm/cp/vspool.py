"""Virtual readers, punches and printers: unit record devices backed by the spool (DMKVSP)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cpvm.cp.message import message
from cpvm.cp.pagereader import PageReader
from cpvm.cp.spool import QuotaError, SpoolError, SpoolFile, SpoolRecord, SpoolWriter
from cpvm.cp.spoolfile import CARD, ERRORS, LOAD_FORMS
from cpvm.cp.vdevblok import VDEVBLOK, SpoolOptions
from cpvm.machine.device import MediaError, NotReadyError
from cpvm.machine.unitrecord import UnitRecord as UnitRecordDevice

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK

SPOOL_FULL = message("DMKVSP427I", "SPOOL SPACE FULL; {} {:03X} NOT READY")
LIMIT_REACHED = message("DMKVSP427I", "YOUR SPOOL LIMIT IS REACHED; {} {:03X} NOT READY")
CONSOLE_LIMIT = message("DMKVSP427I", "YOUR SPOOL LIMIT IS REACHED; CONSOLE OUTPUT NOT SPOOLED")
USER_FULL = message("DMKVSP427I", "SPOOL LIMIT OF {} IS REACHED")
SYSTEM_FULL = message("DMKPGT401I", "SYSTEM TEMP SPACE FULL")
CONSOLE_FULL = message("DMKVSP427I", "SPOOL SPACE FULL; CONSOLE OUTPUT NOT SPOOLED")
CLOSE_FAILED = message("DMKVSP428E", "SPOOL SPACE FULL; {} {:03X} NOT CLOSED")
UNREADABLE = message("DMKVSP429E", "SPOOL FILE {:04} CANNOT BE READ; HELD")
NOT_READ = message("DMKVSP429E", "SPOOL FILE {:04} CANNOT BE READ NOW; READ IT AGAIN FROM ITS BEGINNING")


class UnitRecord(VDEVBLOK):
    """What readers, punches, printers and the console's spool have in common."""

    def __init__(self, vm: VMBLOK, vaddr: int, kind: str, devtype: str, spool_class: str) -> None:
        super().__init__(vaddr, kind, devtype)
        self.vm = vm
        self.options = SpoolOptions(spool_class, dist=vm.entry.distribution)


class Output(UnitRecord):
    """A punch, a printer, or the spool file of a console: gathers records into a file until CLOSE."""

    def __init__(self, vm: VMBLOK, vaddr: int, kind: str, devtype: str, spool_class: str) -> None:
        super().__init__(vm, vaddr, kind, devtype, spool_class)
        self._writer: SpoolWriter | None = None
        self.full = False
        """True while the spool has no space for the next record; the device is not ready until there is some."""

    @property
    def spool_kind(self) -> str:
        """PUN, PRT or CON, as in messages about the file."""
        return "CON" if self.kind == "CONS" else self.kind

    @property
    def open(self) -> bool:
        """True if something was written that is not closed yet."""
        return self._writer is not None

    def put(self, opcode: int, data: bytes) -> None:
        """Add one record to the file.

        Raises NotReadyError if the spool is full; nothing is lost then. A console cannot wait: what it types while the
        spool is full stays in storage, up to a limit, and is not spooled beyond that.
        """
        try:
            if self._writer is None:
                self._writer = self.vm.system.spool.open(self.vm.userid, insist=self.kind == "CONS")
            self._writer.put(opcode, data, insist=self.kind == "CONS")
        except (SpoolError, sqlite3.Error) as error:
            if not self.full:
                self.full = True
                self.vm.system.space_wanted()
                self._tell(isinstance(error, QuotaError))
                if isinstance(error, sqlite3.Error):
                    self.vm.system.log.failure("SPOOL", error)
            if self.kind != "CONS":
                raise NotReadyError(str(error)) from error

    def _tell(self, limit: bool) -> None:
        """Tell the user that the spool, or what the user may have of it (LIMIT), is full; and the operator, once."""
        vm = self.vm
        if not limit and not vm.system.spool_told:
            vm.system.spool_told = True
            vm.system.log.write(SYSTEM_FULL.full())
        elif limit and not vm.spool_told:
            vm.spool_told = True
            vm.system.log.write(USER_FULL.full(vm.userid))
        if self.kind == "CONS":
            vm.message((CONSOLE_LIMIT if limit else CONSOLE_FULL).full())
        else:
            vm.message((LIMIT_REACHED if limit else SPOOL_FULL).full(self.kind, self.vaddr))

    def space(self) -> None:
        """There is space in the spool again: the device becomes ready."""
        if self.full:
            self.full = False
            device = self.vm.machine.device(self.vaddr)
            if isinstance(device, UnitRecordDevice):
                device.press("start")
                self.vm.wake()

    # The back ends of cpvm.machine's devices

    def card(self, data: bytes) -> None:
        """A card was punched."""
        self.put(CARD, data)
        self.vm.usage.cards_punched += 1

    def line(self, opcode: int, data: bytes) -> None:
        """A line was printed, or the carriage moved."""
        self.put(opcode, data)
        if opcode != LOAD_FORMS:
            self.vm.usage.lines_printed += 1

    def close(
        self, *, name: str = "", filetype: str = "", dist: str = "", hold: bool | None = None, even_cont: bool = False
    ) -> SpoolFile | None:
        """CLOSE: make a spool file of what was written. None if there is nothing, or the device is spooled CONT.

        If the file cannot be written the user is told, and the device stays open.
        """
        writer, options, vm = self._writer, self.options, self.vm
        if writer is None:
            self.space()  # the next record tells whether there is any
            return None
        if options.cont and not even_cont:
            return None
        try:
            file = self._file_of(writer, name=name, filetype=filetype, dist=dist, hold=hold)
        except sqlite3.Error as error:
            vm.system.log.failure(f"{self.kind} {self.vaddr:03X} OF {vm.userid}", error)
            vm.message(CLOSE_FAILED.full(self.kind, self.vaddr))
            return None
        self._writer = None
        self.space()
        self._tell_of(file)
        return file

    def _file_of(
        self, writer: SpoolWriter, *, name: str = "", filetype: str = "", dist: str = "", hold: bool | None = None
    ) -> SpoolFile:
        """The spool file of what was written. Raises sqlite3.Error; then it can be tried again."""
        options, vm = self.options, self.vm
        return writer.close(
            queue="RDR" if options.to else ("PUN" if self.kind == "PUN" else "PRT"),
            owner=options.to or options.for_user or vm.userid,
            origin=vm.userid,
            kind=self.spool_kind,
            spool_class=options.spool_class,
            copies=options.copies,
            hold=options.hold if hold is None else hold,
            dist=dist or self._distribution(),
            name=name,
            filetype=filetype,
            tag=options.tag,
            keep=options.keep,
            form=options.form,
        )

    def _tell_of(self, file: SpoolFile) -> None:
        """Tell the user of a new file, and whose reader it is in."""
        vm, to = self.vm, self.options.to
        if vm.imsg:
            vm.console.write_cp(
                f"{file.kind} FILE {file.spoolid:04} {'TO ' if to else 'FOR'} {file.owner:<8}"
                f" COPY {file.copies:03} {'HOLD' if file.hold else 'NOHOLD'}"
            )
        if to:
            vm.system.file_arrived(file)

    def _distribution(self) -> str:
        """The code of whoever the file is FOR, unless SPOOL DIST has set one."""
        entry = self.vm.system.directory.users.get(self.options.for_user)
        if entry is not None and self.options.dist == self.vm.entry.distribution:
            return entry.distribution
        return self.options.dist

    def discard(self) -> None:
        """CLOSE PURGE: throw away what was written."""
        if self._writer is not None:
            self._writer.discard()
            self._writer = None
            self.space()

    def release(self) -> None:
        if self._writer is not None:
            self.vm.system.owed.put(self._close_now, f"{self.kind} {self.vaddr:03X} OF {self.vm.userid}")

    def _close_now(self) -> None:
        """Close whatever is open, when nobody can be asked any more. Raises sqlite3.Error; may be called again then."""
        if self._writer is not None:
            file = self._file_of(self._writer)
            self._writer = None
            self._tell_of(file)


class Reader(UnitRecord):
    """A virtual card reader. The file that was read to its end is kept until the guest goes on to something else,
    so that a kill between the last card and the guest's last write loses nothing."""

    def __init__(self, vm: VMBLOK, vaddr: int, kind: str, devtype: str, spool_class: str) -> None:
        super().__init__(vm, vaddr, kind, devtype, spool_class)
        self._file: SpoolFile | None = None
        self._records: Iterator[SpoolRecord] = iter(())
        self._finished: list[SpoolFile] = []
        self._doubtful = 0  # the file that could not be read the last time
        self.pages = PageReader(self)
        """The file page by page, for DIAGNOSE X'14'."""

    @property
    def current(self) -> SpoolFile | None:
        """The file that is being read."""
        return self._file

    @property
    def idle(self) -> bool:
        """True if the guest is not in the middle of a file."""
        return self._file is None

    def next(self) -> bytes | None:
        """The next card; None at the end of a file, or if no file is there. Raises MediaError: it cannot be read."""
        while True:
            if not self.ready or (self._file is None and not self._open_next()):
                return None
            try:
                for record in self._records:
                    if record.opcode == CARD or (record.data and record.opcode != LOAD_FORMS):
                        self.vm.usage.cards_read += 1
                        return record.data
            except (sqlite3.Error, *ERRORS) as error:
                raise self._unreadable(error) from error
            self._finish()
            if not self.options.cont or self._candidate() is None:
                return None

    def open_next(self) -> bool:
        """Take the next file for `pages`; what was read to its end leaves the reader first. False if there is none."""
        self.settle()
        return self._file is None and self._open_next()

    def replace_current(self, file: SpoolFile) -> None:
        """The description of the current file has changed."""
        self._file = file

    def _candidate(self) -> SpoolFile | None:
        """The file that comes next. Raises sqlite3.Error."""
        done = {file.spoolid for file in self._finished}
        for file in self.vm.system.spool.files("RDR", self.vm.userid):
            wanted = self.options.spool_class in ("*", file.spool_class)
            if wanted and not file.held and file.spoolid not in done and not self.vm.system.in_use(file, self):
                return file
        return None

    def _open_next(self) -> bool:
        try:
            self._file = self._candidate()
        except sqlite3.Error as error:
            self._refused(error)
            raise MediaError(str(error)) from error
        if self._file is None:
            return False
        self._records = self.vm.system.spool.records(self._file.spoolid)
        return True

    def _finish(self) -> None:
        if self._file is not None:
            self._finished.append(self._file)
        self._file = None
        self._records = iter(())

    def _unreadable(self, error: Exception) -> MediaError:
        """The file cannot be read: the guest begins with it anew.

        One that is damaged is held, so that the others can be read; so is one that cannot be read twice.
        """
        file, self._file, self._records = self._file, None, iter(())
        system = self.vm.system
        if file is not None:
            again = file.spoolid == self._doubtful
            self._doubtful = file.spoolid
            if isinstance(error, sqlite3.Error) and not again:
                self._refused(error)
                self.vm.message(NOT_READ.full(file.spoolid))
            else:
                self.vm.message(UNREADABLE.full(file.spoolid))
                system.log.write(f"SPOOL FILE {file.spoolid:04} OF {file.owner} CANNOT BE READ")
                try:
                    system.spool.hold(file.spoolid)
                except sqlite3.Error as refused:
                    self._refused(refused)
        return MediaError(str(error))

    def _refused(self, error: Exception) -> None:
        """The host does not let the spool be read or changed: the operator is told."""
        self.vm.system.log.failure(f"READER OF {self.vm.userid}", error)

    def settle(self) -> None:
        """The guest has gone on: files read to the end leave the reader, or are held if SPOOL says HOLD.

        Those that the host does not let go are let go the next time.
        """
        while self._finished:
            try:
                self._dispose(self._finished[0], self.options.hold)
            except sqlite3.Error as error:
                self._refused(error)
                return
            del self._finished[0]

    def close(self, hold: bool | None = None) -> SpoolFile | None:
        """CLOSE READER: the current file is finished with. Returns it, if there was one. Raises sqlite3.Error."""
        file = self._file
        self._finish()
        while self._finished:
            self._dispose(self._finished[0], self.options.hold if hold is None else hold)
            del self._finished[0]
        return file

    def _dispose(self, file: SpoolFile, hold: bool) -> None:
        spool = self.vm.system.spool
        if spool.file(file.spoolid) is None:
            return
        if hold or file.keep:
            spool.hold(file.spoolid)
        else:
            spool.purge(file)

    def break_off(self) -> None:
        """The guest is ended amid its work: files read to the end stay, since nobody knows what became of the cards."""
        self._finished.clear()

    def release(self) -> None:
        self._file = None  # LOGOFF in the middle of a file leaves it where it is
        self._records = iter(())
        self.settle()
