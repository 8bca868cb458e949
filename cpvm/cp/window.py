"""A terminal that shows lines, and turns into a 3270 while a program has a screen: one window for both.

For programs it is a 3270. What CP says goes to the lines; a program's screen, DIAL, or the user's wish puts the window
into the other look, in which everything is as at any 3270, and the lines of that time are added to the others. The
window goes back to the lines as soon as no program has the screen any more.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from cpvm.cp.displaywire import DisplayWire
from cpvm.cp.graphic import GraphicTerminal
from cpvm.cp.screenlines import Line
from cpvm.cp.session import Origin, ReadState
from cpvm.typedpasswords import masked

if TYPE_CHECKING:
    from cpvm.cp.system import System
    from cpvm.cp.vmblok import VMBLOK

_RECENT: Final = 60  # lines of the last time that come along when the window turns into a 3270


@runtime_checkable
class Window(DisplayWire, Protocol):
    """The user's window. `send` shows the 3270, if the lines are to be seen."""

    def write(self, text: str) -> None:
        """One more line."""

    def state(self, state: ReadState) -> None:
        """The state is now STATE."""

    def fill(self, text: str) -> None:
        """Put TEXT where the user types lines."""

    def lines(self) -> None:
        """Show the lines again."""


class _Switch:
    """The way to the display: what is sent there is to be seen."""

    def __init__(self, window: Window, terminal: WindowTerminal) -> None:
        self.name, self.local = window.name, window.local
        self.address = str(getattr(window, "address", ""))
        self.size, self.extended = window.size, window.extended
        self.close = window.close
        self._window, self._terminal = window, terminal

    def send(self, command: int, data: bytes) -> None:
        self._terminal.enter_screen()
        self._window.send(command, data)


class WindowTerminal(GraphicTerminal):
    """The window, as a terminal of CP's."""

    def __init__(self, system: System, window: Window) -> None:
        self.window = window
        self._screen_shown = False
        self._chosen = False  # the user wants to see the 3270
        self._recent: deque[Line] = deque(maxlen=_RECENT)
        self._online = ""  # what there is to say while nobody is logged on
        super().__init__(system, _Switch(window, self))
        self.screen.echoed = self._echoed

    # From the window, on any thread

    def typed(self, text: str) -> None:
        """A line was typed below the lines."""
        self._system.post(lambda: self._remember(text))
        self.session.line(text)

    def look(self, screen: bool) -> None:
        """The user wants to see CP's screen as a 3270 has it, or lines as long as no program has a screen."""
        self._system.post(lambda: self._look(screen))

    def _look(self, screen: bool) -> None:
        self._chosen = screen
        self._changed()

    def _remember(self, text: str) -> None:
        if self.session.current is not ReadState.PASSWORD and text.strip():
            shown = masked(text, logon=self.session.current is ReadState.LOGON)
            self._recent.append(Line(shown, Origin.TYPED))

    def _echoed(self, text: str) -> None:
        """A line was typed on CP's screen: it belongs to the lines, too."""
        self.window.write(text)
        self._recent.append(Line(text, Origin.TYPED))

    # What CP says

    def write_from(self, text: str, origin: Origin) -> None:
        """One more line; on the 3270, too, if that is what the window shows."""
        self.window.write(text)
        self._recent.append(Line(text, origin))
        if self._screen_shown:
            super().write_from(text, origin)

    def online(self, text: str) -> None:
        """Nobody is logged on here."""
        self.window.write(text)
        self._recent.clear()  # of somebody who is not here any more
        self._online = text
        if self._screen_shown:
            super().online(text)

    def state(self, state: ReadState) -> None:
        """The state is now STATE."""
        self.window.state(state)
        super().state(state)

    def fill(self, text: str) -> None:
        """Put TEXT where the user types."""
        if self._screen_shown:
            super().fill(text)
        else:
            self.window.fill(text)

    def lines(self, line: int, data: bytes, *, erase: bool) -> None:
        """A program's data for the output area."""
        self.enter_screen()
        super().lines(line, data, erase=erase)

    # Which of the two is shown

    @property
    def _wanted(self) -> bool:
        """Whether the window is to show the 3270. While CP reads, a program that is stopped does not need it."""
        vm: VMBLOK | None = self.session.vm
        in_cp = vm is not None and vm.console.cp_read
        program = self._full is not None and (self._full_shown or not in_cp)
        return self._chosen or program or self.screen.imaged or self.session.dialed is not None

    def enter_screen(self) -> None:
        """Show the 3270; CP's screen has the last lines."""
        if self._screen_shown:
            return
        self._screen_shown = True
        if self.screen.imaged:
            self.screen.redraw()
            return
        self.screen.restore(list(self._recent), self.screen.parked)
        if not self._recent and self.session.vm is None:
            super().online(self._online)

    def _flush(self) -> None:
        if self._wanted:
            self.enter_screen()
            super()._flush()
            return
        self._flushing = False
        if self._screen_shown:
            self._screen_shown = False
            self.screen.page()  # the lines of it are among the others, and so they have been read
            self.screen.restore([], self.screen.parked)
            self.window.lines()
        self._go_on()


__all__ = ["Window", "WindowTerminal"]
