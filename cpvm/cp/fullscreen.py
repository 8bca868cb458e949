"""Whole screens that are a program's: by DIAGNOSE X'58', or through the channel program of a console that is a 3270.

The screen is kept here, so that CP can take the display away and give it back, and so that a user who was disconnected
finds it again at another terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from cpvm.cp.screenlines import OUTPUT_LINES, Image, add_image
from cpvm.machine.devices.display3277 import Display
from cpvm.machine.media.screen import (
    Keyboard,
    Screen,
    StreamError,
    accept,
    read_buffer,
    read_modified,
    repaint,
    structured,
    write,
)
from cpvm.s370.datastream import Aid, Write

if TYPE_CHECKING:
    from cpvm.cp.graphic import GraphicTerminal
    from cpvm.cp.vconsole import VirtualConsole

_STRUCTURED = (Aid.STRUCTURED_FIELD, Aid.READ_PARTITION)


class FullScreen(Protocol):
    """A program's screen."""

    @property
    def screen(self) -> Screen:
        """What the program has written, and what was entered."""
        ...

    def key(self, record: bytes) -> None:
        """The display sends a record: the program gets attention. Raises StreamError: it is none of this screen's."""

    def refused(self) -> None:
        """The display could not carry out what it was sent."""

    def resize(self, size: tuple[int, int], extended: bool) -> None:
        """The terminal is another one now."""

    def answer(self, record: bytes) -> bool:
        """The display's buffer, which was asked for. False if nobody waits for it."""
        ...

    def shown(self) -> tuple[tuple[int, bytes], ...]:
        """Commands, with their data, that show it on the display again."""
        ...


def resized(old: Screen, size: tuple[int, int], extended: bool, wide: bool = True) -> tuple[Screen, bool]:
    """The screen for a terminal of another size, and whether it still shows what was there."""
    new = Screen(*old.default, size, extended=extended, wide=wide)
    if (old.rows, old.columns) in (new.default, new.alternate):
        try:
            write(new, *repaint(old))
            new.aid, new.locked = old.aid, old.locked
            return new, True
        except StreamError:  # colours that the new terminal does not have
            new = Screen(*old.default, size, extended=extended, wide=wide)
    new.locked = False
    return new, False


def fit(device: Display, size: tuple[int, int], extended: bool) -> bool:
    """Give a display that is a device the size and abilities of its terminal; False if what it showed is gone."""
    device.screen, same = resized(device.screen, size, extended)
    device.screen.transfer = _Elsewhere()
    device.keyboard = Keyboard(device.screen)
    return same


class _Elsewhere:
    """Transfer of files, as the screen that mirrors a display has it: the display does it."""

    limit = 0

    def field(self, data: bytes) -> bytes:
        """Nothing is answered here."""
        return b""


class DiagnosedScreen:
    """A screen that DIAGNOSE X'58' writes.

    Attributes:
        asked: structured fields that could not be sent yet.
    """

    def __init__(self, console: VirtualConsole, size: tuple[int, int], extended: bool) -> None:
        self.screen = Screen(24, 80, size, extended=extended)
        self.screen.transfer = _Elsewhere()
        self.asked = b""
        self._console = console
        self._pending = b""  # what the display answered to structured fields, until the program reads it

    def write(self, command: int, data: bytes) -> None:
        """A command of the program's. Raises StreamError."""
        if command == Write.STRUCTURED_FIELD:
            if not self.screen.extended:
                raise StreamError("the terminal has no structured fields")
            structured.write(self.screen, data)  # the terminal itself answers what is asked
            self._pending = b""
        else:
            write(self.screen, command, data)

    def key(self, record: bytes) -> None:
        if record[0] in _STRUCTURED:
            self._pending = record
        else:
            accept(self.screen, record)
        self._console.request()

    def answer(self, record: bytes) -> bool:
        return False

    def refused(self) -> None:
        self._console.request()  # whoever waits for an answer reads that there is none

    def read(self, *, modified: bool) -> bytes:
        """What the program reads; read modified gives the display's answer to structured fields, once, if any."""
        if modified and self._pending:
            pending, self._pending = self._pending, b""
            return pending
        return (read_modified(self.screen) if modified else read_buffer(self.screen)).data

    def shown(self) -> tuple[tuple[int, bytes], ...]:
        asked, self.asked = self.asked, b""
        return (repaint(self.screen), *([(int(Write.STRUCTURED_FIELD), asked)] if asked else []))

    def resize(self, size: tuple[int, int], extended: bool) -> None:
        if (self.screen.alternate, self.screen.extended) == (size, extended):
            return
        self.screen, same = resized(self.screen, size, extended)
        self.screen.transfer = _Elsewhere()
        if not same:  # as if its user had cleared it: programs draw it anew then
            self.screen.aid = Aid.CLEAR
            self._console.request()


class Kept:
    """What a display showed of its program, for the terminal that comes next; the program goes on writing it.

    Attributes:
        full: the program's whole screen.
        image: its data for the output area of CP's screen, and on which line.
    """

    def __init__(self, console: VirtualConsole, full: FullScreen | None, image: Image, extended: bool) -> None:
        self.full, self.image = full, image
        self._console = console
        self._extended = extended

    def lines(self, line: int, data: bytes, *, erase: bool) -> None:
        """Data for the output area; nobody is there who would type into the input area."""
        if erase:
            self.image.clear()
        if line < OUTPUT_LINES:
            add_image(self.image, line, data)

    def clear(self) -> None:
        """The program clears the output area."""
        self.image.clear()

    def full_write(self, command: int, data: bytes, *, keep: bool = False) -> None:
        """DIAGNOSE X'58' writes the whole screen. Raises StreamError."""
        if not isinstance(self.full, DiagnosedScreen):
            self.full = DiagnosedScreen(self._console, (24, 80), self._extended)
        self.image.clear()
        self.full.write(command, data)

    def full_read(self, *, modified: bool) -> bytes:
        """What the program reads: no key has been pressed."""
        if isinstance(self.full, DiagnosedScreen):
            return self.full.read(modified=modified)
        return bytes((Aid.NONE, 0x40, 0x40))

    def program_reads_lines(self) -> None:
        """The program wants lines again."""
        if isinstance(self.full, DiagnosedScreen):
            self.full = None


class ConsoleDisplay:
    """The back end of a console that is a 3270 for the machine: the user's terminal, which CP shares."""

    def __init__(self, console: VirtualConsole) -> None:
        self._console = console
        self.device: Display = _ResettingDisplay(self)

    @property
    def screen(self) -> Screen:
        return self.device.screen

    @property
    def _terminal(self) -> GraphicTerminal | None:
        return self._console.graphic

    def connect(self, terminal: GraphicTerminal) -> None:
        """A terminal has come. It is CP's until the program writes."""
        self.resize(terminal.wire.size, terminal.wire.extended)
        self.device.present(True)

    def disconnect(self) -> None:
        """The terminal is gone."""
        self.device.present(False)

    def resize(self, size: tuple[int, int], extended: bool) -> None:
        if (self.screen.alternate, self.screen.extended) != (size, extended):
            self.device.type = "3279" if extended else "3278"
            if not fit(self.device, size, extended):
                self.key(bytes((Aid.CLEAR,)))

    def shown(self) -> tuple[tuple[int, bytes], ...]:
        return (repaint(self.screen),)

    def key(self, record: bytes) -> None:
        try:
            self.device.enter(record)
        finally:
            self._console.vm.wake()

    def refused(self) -> None:
        self.device.refuse()
        self._console.vm.wake()

    def answer(self, record: bytes) -> bool:
        try:
            return self.device.answer(record)
        finally:
            self._console.vm.wake()

    def ended(self) -> None:
        """The machine was reset: the screen is CP's again."""
        if self._terminal is not None:
            self._terminal.program_ended(self)

    # The back end of the display

    def attach(self, display: Display) -> None:
        """There is one display only."""

    def write(self, command: int, data: bytes) -> None:
        """Show what the program writes."""
        if self._terminal is not None:
            self._terminal.program_writes(self, command, data)

    def read(self) -> None:
        """Ask for the buffer. While CP has the display nobody types into the program's fields."""
        if self._terminal is None or not self._terminal.program_reads(self):
            self.device.answer(read_buffer(self.screen).data)


class _ResettingDisplay(Display):
    """A display that a reset of the machine gives back to CP."""

    def __init__(self, owner: ConsoleDisplay) -> None:
        super().__init__(None, "3278")
        self._owner = owner
        self.backend = owner
        self.ready = False

    def reset(self) -> None:
        super().reset()
        self._owner.ended()


__all__ = ["ConsoleDisplay", "DiagnosedScreen", "FullScreen", "Kept", "fit", "resized"]
