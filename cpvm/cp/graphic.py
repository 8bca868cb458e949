"""3270 terminals (DMKGRF): CP's screen, a program's screen, or a display that is dialed to a machine.

The wire to the display is the terminal's business (`DisplayWire`). Everything here runs on the CP thread, but for
`GraphicTerminal.received` and `lost`, which post.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cpvm.cp.cpscreen import CPScreen
from cpvm.cp.directory import display_named
from cpvm.cp.displaywire import DialedDisplay, DisplayWire
from cpvm.cp.fullscreen import DiagnosedScreen, FullScreen, Kept
from cpvm.cp.moreclock import MoreClock
from cpvm.cp.screenlines import OUTPUT_LINES, Line
from cpvm.cp.session import Origin, ReadState, Session, harmless
from cpvm.cp.userwishes import UserWishes
from cpvm.machine.media.screen import StreamError
from cpvm.s370.datastream import Aid, Read, Write
from cpvm.s370.ebcdic import from_ebcdic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cpvm.cp.system import System
    from cpvm.cp.timers import TimerRequest
    from cpvm.cp.vmblok import VMBLOK

MOST_LINES = 200
"""Lines that may wait for the screen to be cleared before the machine that writes them has to wait, too."""

NOT_ACCEPTED_SECONDS = 3.0
"""How long the status says NOT ACCEPTED."""

INTERRUPT_KEY = 0x40
"""The external interruption that PA2 is for programs that have asked for it."""

_STRUCTURED = (Aid.STRUCTURED_FIELD, Aid.READ_PARTITION)


class GraphicTerminal:
    """One display, as a terminal of CP's."""

    def __init__(self, system: System, wire: DisplayWire) -> None:
        self.wire = wire
        self.name = wire.name
        self.local = wire.local
        self.address = str(getattr(wire, "address", ""))  # "": a terminal of this process
        rows, columns = wire.size
        self.screen = CPScreen(rows, columns, extended=wire.extended)
        self.display = DialedDisplay(wire)
        self._system = system
        self._full: FullScreen | None = None  # a program's full screen
        self._full_shown = False
        self._keeps = False  # CP's lines wait for the program, not the program for CP's reader
        self._reading = False  # the display has been asked for its buffer
        self._flushing = False
        self._refusal: TimerRequest | None = None
        self._waits: tuple[VMBLOK, int] | None = None  # the machine that waits for the screen, and which of its lives
        self.session = Session(system, self)
        self._wishes = UserWishes(self.session)
        self.screen.session = self.session
        self.session.columns = columns
        self._clock = MoreClock(system, self.screen, wire, self._next_page)
        system.welcome(self.session)  # from here on CP's thread may be at it
        system.post(self._dial_by_name)

    # From the wire, on any thread

    def received(self, record: bytes) -> None:
        """The display sends a record: attention identification, cursor, fields."""
        self._system.post(lambda: self._received(record))

    def lost(self) -> None:
        """The display is gone."""
        self.session.hangup()
        self._system.post(self._go_on)

    def escape(self) -> None:
        """The user wants CP, whatever program has the display (SYSREQ)."""
        self._system.post(self._escape)

    def refused(self) -> None:
        """The display could not carry out what it was sent, although the screen here could."""
        self._system.post(self._refused_it)

    def _dial_by_name(self) -> None:
        """A terminal with the name of a machine's display is dialed to that without being told to."""
        if (there := display_named(self._system.directory.users, self.name)) is not None:
            self.session.line(f"DIAL {there[0]} {there[1]:03X}")

    # What CP says

    def write(self, text: str) -> None:
        """Show one line."""
        self.write_from(text, Origin.CP)

    def write_from(self, text: str, origin: Origin) -> None:
        """Show one line; displays tell by its looks where it comes from."""
        self.screen.write(text, origin)
        if not self._keeps and not (self._wishes.guest_controls and self.screen.state is not ReadState.CP_READ):
            self._suspend()
        self._changed()

    def online(self, text: str) -> None:
        """Nobody is logged on here."""
        self.screen.show_logo(self._system.operations.logo.lines(), text)
        self._changed()

    def state(self, state: ReadState) -> None:
        """The state is now STATE."""
        self.screen.state = state
        self.screen.covers = self._full is not None and not self._full_shown
        if state is ReadState.LOGON:
            self.screen.no_image()  # of a user who is not here any more
            self._drop_full()
        elif state is ReadState.VM_READ:
            if isinstance(self._full, DiagnosedScreen):
                self._drop_full()  # the program wants lines again
            self.screen.unpark()
        elif state in (ReadState.CP_READ, ReadState.PASSWORD):
            self._keeps = False
            self._suspend()
            if self._wishes.in_cp:
                self.screen.park()
        elif state is ReadState.RUNNING and not self._wishes.in_cp:
            self.screen.unpark()
            if self._full is not None and not self._full_shown and not self.screen.unread:
                self._resume()
        self._changed()

    def fill(self, text: str) -> None:
        """Put TEXT where the user types."""
        self.screen.fill(text)
        self._changed()

    def tab(self, columns: Sequence[int]) -> None:
        """Move the cursor to the next of these columns of what is being typed."""
        self.screen.tab(columns)
        self._changed()

    def redraw(self) -> None:
        """CP's screen is to look different."""
        self.screen.redraw()
        self._changed()

    def refuse(self) -> None:
        """What was pressed has no meaning now."""
        self.screen.refused = True
        self._changed()

    def close(self) -> None:
        """The session is over."""
        self._flush()
        self._clock.stop()
        self._go_on()
        self.wire.close()

    @property
    def full(self) -> bool:
        """Whether more lines wait than should."""
        return self.screen.backlog >= MOST_LINES

    def wait(self, vm: VMBLOK) -> None:
        """Keep the machine from running until its lines can be shown."""
        if self.full and self._waits is None and not self.session.closed:
            self._waits = (vm, vm.generation)
            vm.hold()

    def _go_on(self) -> None:
        if self._waits is not None:
            (vm, generation), self._waits = self._waits, None
            if vm.generation == generation:
                vm.release()

    # The user of a machine comes back, or goes

    def keep(self) -> Kept:
        """What the program shows, for the terminal that the user comes back to."""
        vm = self.session.vm
        assert vm is not None
        kept = Kept(vm.console, self._full, self.screen.park(), self.wire.extended)
        self._drop_full()
        return kept

    def restore(self, lines: Sequence[Line], kept: Kept | None) -> None:
        """The user of this terminal was at another one, where these lines and this program's screen were shown."""
        self.screen.restore(lines, kept.image if kept is not None else [])
        if kept is not None and kept.full is not None:
            self._full, self._full_shown = kept.full, False
            kept.full.resize(self.wire.size, self.wire.extended)
        self._changed()

    # A program's screen

    def lines(self, line: int, data: bytes, *, erase: bool) -> None:
        """Data for the output area of CP's screen; below it, text for the input area."""
        if line < OUTPUT_LINES:
            self.screen.image(line, data, erase=erase)
        else:
            self.screen.fill(harmless(from_ebcdic(data)))
        self._changed()

    def clear(self) -> None:
        """The program clears the output area."""
        self.screen.no_image()
        self._changed()

    def full_write(self, command: int, data: bytes, *, keep: bool = False) -> None:
        """DIAGNOSE X'58' writes the whole screen, which is the program's until it reads lines again.

        With KEEP CP's lines wait meanwhile instead of taking the screen, whatever it shows; PA1 still does. Structured
        fields need a display that knows them; what it answers is read by `full_read`.

        Raises StreamError.
        """
        vm = self.session.vm
        if vm is None or (command == Write.STRUCTURED_FIELD and not self.wire.extended):
            raise StreamError("there is nobody to show it to" if vm is None else "a display without structured fields")
        full = self._full
        if not isinstance(full, DiagnosedScreen):
            full = DiagnosedScreen(vm.console, self.wire.size, self.wire.extended)
            self._take(full, at_once=keep)
        self._keeps = keep
        full.write(command, data)
        if self._full_shown:
            self.wire.send(command, data)
        elif command == Write.STRUCTURED_FIELD:
            full.asked = data

    def full_read(self, *, modified: bool) -> bytes:
        """What the program reads of its screen; of CP's, what was typed into fields of the output area."""
        return self._full.read(modified=modified) if isinstance(self._full, DiagnosedScreen) else self.screen.altered()

    def program_writes(self, full: FullScreen, command: int, data: bytes) -> None:
        """The channel program of a console has written its screen."""
        if self._full is not full:
            self._take(full)
        if self._full_shown:
            self.wire.send(command, data)

    def program_reads(self, full: FullScreen) -> bool:
        """Ask the display for its buffer. False if it does not show the program's screen, so that nobody typed."""
        if self._full is not full or not self._full_shown:
            return False
        self._reading = True
        self.wire.send(Read.BUFFER, b"")
        return True

    def program_reset(self) -> None:
        """The machine was reset: its program is gone, and what it showed."""
        self.screen.no_image()
        self._drop_full()
        self._changed()

    def program_ended(self, full: FullScreen) -> None:
        """The machine of a console was reset: the screen is CP's."""
        if self._full is full:
            self._drop_full()
            self._changed()

    def _take(self, full: FullScreen, *, at_once: bool = False) -> None:
        self._full = full
        self._full_shown = at_once or not (self.screen.more or self._wishes.in_cp)
        self.screen.no_image()
        self.screen.covers = not self._full_shown

    def _drop_full(self) -> None:
        self._keeps = self._reading = self.screen.covers = False
        if self._full is not None:
            self._full = None
            self.screen.redraw()

    def _suspend(self) -> None:
        """CP needs the screen; the program's comes back when it is cleared."""
        if self._full is not None and self._full_shown:
            self._full_shown, self._reading = False, False
            self.screen.covers = True
            self.screen.redraw()

    def _resume(self) -> None:
        assert self._full is not None
        self._full_shown = True
        self.screen.covers = False
        self.screen.page()
        for command, data in self._full.shown():
            self.wire.send(command, data)
        self._clock.stop()

    # What the operator says

    def _received(self, record: bytes) -> None:
        if self.session.closed or not record:
            return
        aid = record[0]
        if self.session.dialed is not None:
            self.display.received(record)
            self.session.dialed.vm.wake()
        elif self._full is not None and (aid in _STRUCTURED or (self._full_shown and aid != self._wishes.break_key)):
            self._full_key(self._full, record)
        elif aid in _STRUCTURED or aid == Aid.NONE:
            pass  # nobody has asked
        elif self._full_shown and self._full is not None:  # the break key
            self._keeps = False
            self._suspend()
            self.session.attention()
        elif self._full is not None and aid in (Aid.CLEAR, Aid.PA2) and not (self.screen.backlog or self._wishes.in_cp):
            self._resume()
        elif aid == Aid.PA2 and self._interrupts():
            pass
        else:
            self.screen.key(record)
            self._changed()  # every key locks the keyboard until something is written

    def _escape(self) -> None:
        if self.session.closed:
            return
        if self.session.dialed is not None:
            self.session.dialed.drop()
        else:
            self._keeps = False
            self._suspend()
            self.session.attention()
        self.redraw()

    def _refused_it(self) -> None:
        if self.session.dialed is not None:
            self.display.refused()
            self.session.dialed.vm.wake()
        elif self._full is not None and self._full_shown:
            self._full.refused()

    def _full_key(self, full: FullScreen, record: bytes) -> None:
        reading, self._reading = self._reading, False
        try:
            if not (reading and full.answer(record)):
                full.key(record)
        except StreamError:
            if self._full_shown:
                for command, data in full.shown():
                    self.wire.send(command, data)

    def _interrupts(self) -> bool:
        """PA2, for a program that has asked to be interrupted by it (DIAGNOSE X'54'), with TERMINAL APL ON."""
        vm: VMBLOK | None = self.session.vm
        status = self.screen.state is ReadState.VM_READ or self.screen.more
        if vm is None or not (vm.pa2_external and vm.terminal.apl and status):
            return False
        vm.machine.external(INTERRUPT_KEY)
        vm.wake()
        self.screen.pressed = True
        self._changed()
        return True

    # The display

    def _changed(self) -> None:
        if not self._flushing:
            self._flushing = True
            self._system.post(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self.session.dialed is not None:
            self.screen.redraw()  # by the time that it is CP's again
            return
        if self._full is not None and self._full_shown:
            return
        if not self.full:
            self._go_on()
        data = self.screen.update()
        self.wire.send(data[0], data[1:])
        self._clock.watch()
        if self.screen.refused and self._refusal is None:
            self._refusal = self._system.timers.after(NOT_ACCEPTED_SECONDS, self._refused)

    def _refused(self) -> None:
        self._refusal = None
        if self.screen.refused:
            self.screen.refused = False
            self._changed()

    def _next_page(self) -> None:
        """A full screen has stood long enough."""
        if self._full is not None and not self.screen.backlog:
            self._resume()
        else:
            self.screen.page()
            self._changed()


def graphic_of(session: Session | None) -> GraphicTerminal | None:
    """The 3270 that a session's terminal is, if it is one."""
    terminal = session.terminal if session is not None else None
    return terminal if isinstance(terminal, GraphicTerminal) else None


__all__ = ["MOST_LINES", "DisplayWire", "GraphicTerminal", "graphic_of"]
