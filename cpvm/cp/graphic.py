"""3270 terminals (DMKGRF): CP's screen, a program's screen by DIAGNOSE X'58', or a display that is dialed to a machine.

The wire to the display is the terminal's business (`DisplayWire`). Everything here runs on the CP thread, but for
`GraphicTerminal.received` and `lost`, which post.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cpvm.cp.cpscreen import OUTPUT_LINES, CPScreen
from cpvm.cp.session import ReadState, Session, harmless
from cpvm.machine.media.screen import Screen, StreamError, accept, read_buffer, read_modified, repaint
from cpvm.machine.media.screen import write as draw
from cpvm.s370.datastream import Aid, Control, Read, Write
from cpvm.s370.ebcdic import from_ebcdic

if TYPE_CHECKING:
    from cpvm.cp.system import System
    from cpvm.cp.timers import TimerRequest
    from cpvm.cp.vmblok import VMBLOK
    from cpvm.machine.devices.display3277 import Display

_MORE = (50, 10)  # seconds until the alarm, and then until the screen is cleared, where nobody is logged on
MOST_LINES = 200
"""Lines that may wait for the screen to be cleared before the machine that writes them has to wait, too."""

_STRUCTURED = (Aid.STRUCTURED_FIELD, Aid.READ_PARTITION)


class DisplayWire(Protocol):
    """The way to a display. Methods are called on CP's threads and do not wait."""

    @property
    def name(self) -> str:
        """Shown where VM/370 shows the device's address."""
        ...

    @property
    def local(self) -> bool:
        """Whether the display is on this host."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the alternate size, or 24 and 80."""
        ...

    @property
    def extended(self) -> bool:
        """Whether it has colours and structured fields."""
        ...

    def send(self, command: int, data: bytes) -> None:
        """Send a command, as a channel gives it (`datastream.Write`, `datastream.Read`), and its data."""

    def close(self) -> None:
        """End the connection when all has been sent."""


class DialedDisplay:
    """The display as a machine's device has it: the back end of a `Display` (`machine.devices.display3277`)."""

    def __init__(self, terminal: GraphicTerminal) -> None:
        self._terminal = terminal
        self.device: Display | None = None
        self.reading = False

    def attach(self, display: Display) -> None:
        """The display is this device from now on."""
        self.device = display

    def write(self, command: int, data: bytes) -> None:
        """Show what the program writes."""
        self._terminal.wire.send(command, data)

    def read(self) -> None:
        """Ask for the buffer."""
        self.reading = True
        self._terminal.wire.send(Read.BUFFER, b"")

    def received(self, record: bytes) -> None:
        """A record from the display: an answer, or a key."""
        if self.device is None:
            return
        reading, self.reading = self.reading, False
        if reading and self.device.answer(record):
            return
        try:
            self.device.enter(record)
        except StreamError:
            self.device.power(True)  # show it again


class GraphicTerminal:
    """One display, as a terminal of CP's."""

    def __init__(self, system: System, wire: DisplayWire) -> None:
        self.wire = wire
        self.name = wire.name
        self.local = wire.local
        rows, columns = wire.size
        self.screen = CPScreen(rows, columns)
        self.display = DialedDisplay(self)
        self._system = system
        self._full: Screen | None = None  # a program's full screen
        self._full_shown = False
        self._flushing = False
        self._more: TimerRequest | None = None
        self._alarmed = False
        self._waits: tuple[VMBLOK, int] | None = None  # the machine that waits for the screen, and which of its lives
        self.session = Session(system, self)
        self.screen.session = self.session
        system.welcome(self.session)  # from here on CP's thread may be at it

    # From the wire, on any thread

    def received(self, record: bytes) -> None:
        """The display sends a record: attention identification, cursor, fields."""
        self._system.post(lambda: self._received(record))

    def lost(self) -> None:
        """The display is gone."""
        self.session.hangup()
        self._system.post(self._go_on)

    # What CP says

    def write(self, text: str) -> None:
        """Show one line."""
        self.screen.write(text)
        self._suspend()
        self._changed()

    def state(self, state: ReadState) -> None:
        """The state is now STATE."""
        self.screen.state = state
        if state is ReadState.LOGON:
            self.screen.no_image()  # of a user who is not here any more
        if state in (ReadState.VM_READ, ReadState.LOGON, ReadState.PASSWORD) and self._full is not None:
            self._full = None  # the program wants lines again
            self.screen.redraw()
        elif state is ReadState.CP_READ:
            self._suspend()
        self._changed()

    def fill(self, text: str) -> None:
        """Put TEXT where the user types."""
        self.screen.fill(text)
        self._changed()

    def close(self) -> None:
        """The session is over."""
        self._flush()
        self._stop_timer()
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

    # A program's screen, by DIAGNOSE X'58'

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

    def full_write(self, command: int, data: bytes) -> None:
        """A command for the whole screen, which is the program's until it reads lines again.

        Raises StreamError.
        """
        if self._full is None:
            rows, columns = self.wire.size
            self._full = Screen(24, 80, (rows, columns), extended=self.wire.extended)
            self._full_shown = not self.screen.more
            self.screen.no_image()
        draw(self._full, command, data)
        if self._full_shown:
            self.wire.send(command, data)

    def full_read(self, *, modified: bool) -> bytes:
        """What the program reads of its screen; of CP's, what was typed into fields of the output area."""
        if self._full is None:
            return self.screen.altered()
        return (read_modified(self._full) if modified else read_buffer(self._full)).data

    def _suspend(self) -> None:
        """CP needs the screen; the program's comes back when it is cleared."""
        if self._full is not None and self._full_shown:
            self._full_shown = False
            self.screen.redraw()

    def _resume(self) -> None:
        assert self._full is not None
        self._full_shown = True
        self.screen.page()
        self.wire.send(*repaint(self._full))

    # What the operator says

    def _received(self, record: bytes) -> None:
        if self.session.closed or not record:
            return
        aid = record[0]
        if self.session.dialed is not None:
            self.display.received(record)
            self.session.dialed.vm.wake()
        elif self._full is not None and self._full_shown and aid != Aid.PA1:
            self._full_key(record)
        elif aid in _STRUCTURED or aid == Aid.NONE:
            pass  # nobody has asked
        elif self._full is not None and aid in (Aid.CLEAR, Aid.PA2) and not self.screen.more:
            self._resume()
        else:
            if aid == Aid.PA1:
                self._suspend()
            self.screen.key(record)
            self._changed()  # every key locks the keyboard until something is written

    def _full_key(self, record: bytes) -> None:
        assert self._full is not None
        try:
            accept(self._full, record)
        except StreamError:
            self.wire.send(*repaint(self._full))
            return
        if self.session.vm is not None:
            self.session.vm.console.request()

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
        self._watch()

    # MORE...

    def _watch(self) -> None:
        """Clear a full screen after a while, unless the operator holds it."""
        if not self.screen.more or self.screen.held:
            self._stop_timer()
        elif self._more is None:
            self._alarmed = False
            self._wait(self._times()[0])

    def _times(self) -> tuple[int, int]:
        vm: VMBLOK | None = self.session.vm
        return vm.terminal.more if vm is not None else _MORE

    def _wait(self, seconds: float) -> None:
        self._more = self._system.timers.after(seconds, self._waited)

    def _waited(self) -> None:
        self._more = None
        if self.session.closed or not self.screen.more or self.screen.held:
            return
        if not self._alarmed:
            self._alarmed = True
            self.wire.send(Write.WRITE, bytes((0xC0 | Control.ALARM | Control.RESTORE,)))
            self._wait(self._times()[1])
        else:
            self.screen.page()
            self._changed()

    def _stop_timer(self) -> None:
        if self._more is not None:
            self._more.cancel()
            self._more = None


def graphic_of(session: Session | None) -> GraphicTerminal | None:
    """The 3270 that a session's terminal is, if it is one."""
    terminal = session.terminal if session is not None else None
    return terminal if isinstance(terminal, GraphicTerminal) else None
