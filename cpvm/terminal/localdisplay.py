"""The 3270 in the window of the local terminal: a panel, shown while the system or the user wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from prompt_toolkit.input.base import Input
from prompt_toolkit.output import Output

from cpvm.terminal.line import Session
from cpvm.terminal.takeover import black, colours, save_screen, shapes, take_over, window_size, writer
from cpvm.terminal.vt import Hotkey, VTPanel, largest_model
from cpvm.terminal.window import WindowSession

LOOK_KEY: Final = "c-t"
"""Turns the window from lines into a 3270 and back, here and in the lines."""

LEAVE_KEY: Final = "c-]"


class Owner(Protocol):
    """The terminal that the window belongs to."""

    @property
    def session(self) -> Session | None: ...

    def leave(self) -> None:
        """The user leaves."""


class LocalDisplay:
    """A 3270 for one window. All methods belong on the event loop's thread.

    Args:
        owner: the terminal.
        input, output: the window.
        size: rows and columns of the 3270; by default the largest model for which the window has room.
        leaving: whether there is a key that ends the terminal.
        secure: whether the way to the system is encrypted.
    """

    def __init__(
        self,
        owner: Owner,
        input: Input,
        output: Output,
        size: tuple[int, int] | None = None,
        *,
        leaving: bool = False,
        secure: bool = False,
    ) -> None:
        self._owner = owner
        self._input, self._output = input, output
        self.shown = False
        """Whether the 3270 is to be seen."""
        self.chosen = False
        """Whether the user wants to see it, whatever the system does."""
        self._done = asyncio.Event()
        keys = [Hotkey(LOOK_KEY, "Ctrl-T", "lines or 3270", "Ctrl-T lines")]
        if leaving:
            keys.append(Hotkey(LEAVE_KEY, "Ctrl-]", "leave"))
        window = window_size(output)
        self.panel = VTPanel(
            writer(output),
            window,
            self._received,
            screen=size or largest_model(*window),
            colours=colours(output),
            black=black(),
            shapes=shapes(),
            secure=secure,
            attention=self._attention,
            system_request=self._system_request,
            hotkeys=keys,
            hotkey=self._hotkey,
            save=save_screen,
        )

    def command(self, command: int, data: bytes, begin: Callable[[], None]) -> None:
        """The system sends something: it is to be seen. `begin` is called if it was not so before."""
        if not self.shown:
            self.shown = True
            self._done.clear()
            begin()
        session = self._owner.session
        self.panel.name = session.userid if session else ""
        self.panel.command(command, data)

    def lines(self) -> None:
        """The lines are to be seen."""
        self.shown = False
        self._done.set()

    async def run(self) -> bool:
        """Show the 3270 as long as it is to be seen. Returns False if the window has gone."""
        if not self.shown:
            return True
        return await take_over(self.panel, self._done, self._input, self._output)

    def toggle(self) -> None:
        """The user wants the other look."""
        session = self._owner.session
        if isinstance(session, WindowSession):
            if self.shown and not self.chosen:
                self.panel.tell("A PROGRAM HAS THE SCREEN")
                return
            self.chosen = not self.chosen
            session.look(self.chosen)

    def _received(self, record: bytes) -> None:
        session = self._owner.session
        if isinstance(session, WindowSession):
            session.received(record)

    def _attention(self) -> None:
        if session := self._owner.session:
            session.attention()

    def _system_request(self) -> None:
        session = self._owner.session
        if isinstance(session, WindowSession):
            session.escape()

    def _hotkey(self, key: str) -> None:
        if key == LOOK_KEY:
            self.toggle()
        else:
            self._owner.leave()
