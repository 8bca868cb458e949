"""The terminal in the user's own window (prompt_toolkit): line editing, history, and a status bar as a 3270 has one.

Output appears above the line being typed. Ctrl-C is the attention key. Ctrl-D on an empty line enters a null line, the
end of input for a program, and at the logon prompt it ends the terminal. Passwords are masked and never remembered.

Function keys do what SET PFnn says. The window turns into a 3270 while a program has a screen, or with Ctrl-T, if the
system knows of such windows (see `cpvm.terminal.window`).
"""

import asyncio
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app, get_app_session
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory, ConditionalAutoSuggest
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.patch_stdout import StdoutProxy

from cpvm.terminal.codepage import taken
from cpvm.terminal.completion import LineCompleter, Vocabulary
from cpvm.terminal.history import UserHistory
from cpvm.terminal.line import STATUS, Connect, ReadState, Session, StateName, press, printable
from cpvm.terminal.localdisplay import LOOK_KEY, LocalDisplay
from cpvm.terminal.plain import LocalBase, PlainTerminal
from cpvm.terminal.takeover import can_take_over, window_size
from cpvm.terminal.vt import largest_model

_BATCH = 0.02  # seconds between two redraws of the input line while output comes
MOST_WITHHELD: Final = 10_000
"""Lines that are kept while the window is a 3270; of more the last ones."""

_ATTENTION_HINT, _END_HINT = " Ctrl-C attention ", " Ctrl-D end of input "
_LOOK_HINT = " Ctrl-T 3270 "
_LEAVE_HINT = " Ctrl-] leave "


class Terminal(Protocol):
    """What `run` of both kinds of local terminal serves."""

    def run(self, connect: Connect) -> None: ...


class _Switch(Exception):
    """The prompt has to go: the window turns into a 3270."""


class ScreenTerminal(LocalBase):
    """A terminal on a screen.

    Args:
        name: shown by QUERY NAMES.
        end: called when the user ends the terminal at the logon prompt; a line of text keeps it open and is shown.
        leave: whether Ctrl-] ends the terminal at any time (a user logged on is disconnected).
        history: folder in which typed lines are kept between runs, for each userid; nowhere if None.
        display: rows and columns of the 3270 into which the window turns for programs with a screen; by default the
            largest model for which there is room.
        full: whether it is a 3270 from the start.
        lines_only: whether it is never one, nor for programs.
        vocabulary: makes the words that the Tab key completes, when they are first needed.
        secure: whether the way to the system is encrypted, which the 3270 shows.
    """

    extended = True

    def __init__(
        self,
        name: str,
        end: Callable[[], str | None] = lambda: None,
        *,
        leave: bool = False,
        history: Path | None = None,
        display: tuple[int, int] | None = None,
        full: bool = False,
        lines_only: bool = False,
        vocabulary: Callable[[], Vocabulary] | None = None,
        secure: bool = False,
    ) -> None:
        super().__init__(name)
        self.asked = False
        """Whether the system has read since the last line was sent to it."""
        self._leave = leave
        self._history = UserHistory(self, history)
        self._remembered = ""  # the userid whose lines the arrow keys bring back now
        self._end = end
        app = get_app_session()
        fits = can_take_over(app.input) and not lines_only
        self.size = (display or largest_model(*window_size(app.output))) if fits else None
        """Rows and columns of the 3270; None if the window cannot be one."""
        self._full = full
        self._secure = secure
        self._completer = (
            LineCompleter(vocabulary, lambda: self._state, lambda: self._session) if vocabulary is not None else None
        )
        self._display: LocalDisplay | None = None
        self._typing = Document()  # what stood in the prompt when it had to go
        self._withheld: deque[str] | None = None  # lines that came while the window is a 3270
        self._writing = threading.Lock()
        self._prompt: PromptSession[str] | None = None
        self._proxy: StdoutProxy | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = threading.Event()

    @property
    def session(self) -> Session | None:
        """The system's end."""
        return self._session

    def write(self, text: str) -> None:
        """Show one line of output."""
        with self._writing:
            if self._withheld is not None:
                self._withheld.append(printable(text) + "\n")
            elif self._proxy:
                self._proxy.write(printable(text) + "\n")

    def send(self, command: int, data: bytes) -> None:
        """A command for the 3270, which is to be seen."""
        display = self._display
        if display:
            with self._writing:
                if self._withheld is None:
                    self._withheld = deque(maxlen=MOST_WITHHELD)  # from now on, not from when the prompt has gone
            self._soon(lambda: display.command(command, data, self._interrupt_prompt))

    def lines(self) -> None:
        """The lines are to be seen."""
        if self._display:
            self._soon(self._display.lines)

    def _soon(self, do: Callable[[], None]) -> None:
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(do)

    def state(self, state: StateName) -> None:
        """Show the state."""
        self._state = ReadState[state.name]
        self.asked = self._state.reading
        if self._prompt:
            self._prompt.app.invalidate()
        if self.userid != self._remembered and self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._change_user)
        if self._state is ReadState.CLOSED:
            self.close()

    def fill(self, text: str) -> None:
        """Put TEXT where the user types."""
        prompt, loop = self._prompt, self._loop
        if prompt and loop and not loop.is_closed():
            document = Document(printable(text))
            loop.call_soon_threadsafe(lambda: prompt.default_buffer.set_document(document, bypass_readonly=True))
            loop.call_soon_threadsafe(prompt.app.invalidate)

    def close(self) -> None:
        """End `run`."""
        self._closed.set()
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop_prompt)
            self.lines()

    def run(self, connect: Connect) -> None:
        """Serve the user until the terminal is closed by either side."""
        asyncio.run(self._serve(connect))

    async def _serve(self, connect: Connect) -> None:
        self._loop = asyncio.get_running_loop()
        app = get_app_session()
        if self.size is not None:
            self._display = LocalDisplay(
                self, app.input, app.output, self.size, leaving=self._leave, secure=self._secure
            )
        self._proxy = self._new_proxy()
        try:
            self._prompt = PromptSession(
                "",
                key_bindings=self._keys(),
                history=self._history,
                is_password=Condition(lambda: self._state is ReadState.PASSWORD),
                bottom_toolbar=self._toolbar,
                reserve_space_for_menu=0,
                auto_suggest=ConditionalAutoSuggest(AutoSuggestFromHistory(), Condition(self._suggesting)),
                enable_system_prompt=False,
            )
            self._session = connect(self)
            if self._full and self._display:
                self._display.toggle()
            while not self._closed.is_set() and await self._turn(self._session):
                pass
            if not self._closed.is_set():
                self._session.hangup()
        finally:
            self._proxy.close()

    def _suggesting(self) -> bool:
        """Whether a line of the history is offered, in grey, that begins with what is typed."""
        return self._state is not ReadState.PASSWORD

    def _new_proxy(self) -> StdoutProxy:
        return StdoutProxy(sleep_between_writes=_BATCH, raw=False)

    async def _turn(self, session: Session) -> bool:
        """One line typed, or one time as a 3270. False if the user has ended the terminal."""
        if self._display and self._display.shown:
            return await self._full_screen(self._display)
        self._release()
        assert self._prompt is not None
        typing, self._typing = self._typing, Document()
        self._prompt.app.erase_when_done = False
        try:
            text = await self._prompt.prompt_async(default=typing)
        except EOFError:
            return False
        except _Switch:
            return True
        if not self._closed.is_set():
            for typed in text.split("\n"):  # several, if they were pasted
                self.asked = False
                line, complaint = taken(typed, hidden=self._state is ReadState.PASSWORD)
                if complaint:
                    self.write(complaint)
                session.line(line)
        return True

    async def _full_screen(self, display: LocalDisplay) -> bool:
        """The window is a 3270; lines that come meanwhile are shown afterwards. False if the user has ended it."""
        assert self._loop is not None
        with self._writing:
            proxy, self._proxy = self._proxy, None
        if proxy:
            await self._loop.run_in_executor(None, proxy.close)  # once it has written what came before
        try:
            return await display.run()
        finally:
            with self._writing:
                self._proxy = self._new_proxy()
            if not display.shown:
                self._release()

    def _release(self) -> None:
        """Show the lines that came while the window was a 3270."""
        with self._writing:
            withheld, self._withheld = self._withheld, None
            if withheld and self._proxy:
                self._proxy.write("".join(withheld))

    def leave(self) -> None:
        """The user ends the terminal from the 3270."""
        if self._session:
            self._session.hangup()
        self.close()

    def _interrupt_prompt(self) -> None:
        """The prompt gives way to the 3270; what is being typed comes back with it."""
        app = self._prompt.app if self._prompt else None
        if self._prompt and app and app.future and not app.future.done():
            self._typing = self._prompt.default_buffer.document
            app.erase_when_done = True
            app.exit(exception=_Switch())

    def _change_user(self) -> None:
        """Have the arrow keys bring back another user's lines; what is being typed stays."""
        self._remembered = self.userid
        if self._prompt:
            buffer = self._prompt.default_buffer
            buffer.reset(buffer.document)
            self._prompt.app.invalidate()

    def _stop_prompt(self) -> None:
        app = self._prompt.app if self._prompt else None
        if app and app.future and not app.future.done():  # CLOSED and close() both come here, perhaps after Ctrl-D
            app.exit(result="")

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("c-c")
        def attention(event: KeyPressEvent) -> None:
            event.current_buffer.reset()
            if self._session:
                self._session.attention()

        def program_key(number: int) -> None:
            @keys.add(f"f{number}", eager=True)
            def pressed(event: KeyPressEvent) -> None:
                if self._state is not ReadState.PASSWORD:
                    press(self._session, number)

        for number in range(1, 25):
            program_key(number)

        @keys.add("c-d", filter=Condition(lambda: not get_app().current_buffer.text))
        def end(event: KeyPressEvent) -> None:
            if self._state is not ReadState.LOGON:
                event.current_buffer.validate_and_handle()
            elif objection := self._end():
                self.write(objection)
            else:
                event.app.exit(exception=EOFError())

        @keys.add("tab")
        def tab(event: KeyPressEvent) -> None:
            if self._completer:
                self._completer.tab(event.current_buffer, event.app.output.get_size().columns, self.write)

        @keys.add(LOOK_KEY)
        def look(event: KeyPressEvent) -> None:
            if self._display:
                self._display.toggle()

        @keys.add("c-]", filter=Condition(lambda: self._leave), eager=True)  # not Emacs's character search
        def leave(event: KeyPressEvent) -> None:
            event.app.exit(exception=EOFError())

        return keys

    def _toolbar(self) -> StyleAndTextTuples:
        left = f" {self.userid or 'cpvm'} "
        right = f" {STATUS[self._state]} "
        columns = get_app().output.get_size().columns
        room = columns - len(left) - len(right) - 1
        hints = ""
        keys = [_ATTENTION_HINT, *[_LEAVE_HINT] * self._leave, *[_LOOK_HINT] * bool(self._display), _END_HINT]
        for hint in keys:  # the most useful first, as far as there is room
            hints += hint if len(hints) + len(hint) <= room else ""
        gap = max(1, columns - len(left) - len(hints) - len(right))
        return [("bold", left), ("", hints), ("", " " * gap), ("bold", right)]


def has_screen() -> bool:
    """Whether this process's input and output are a terminal, and one that can do more than print lines."""
    dumb = os.environ.get("TERM", "") in ("dumb", "unknown")
    return sys.stdin.isatty() and sys.stdout.isatty() and not dumb


__all__ = ["PlainTerminal", "ScreenTerminal", "Terminal", "has_screen"]
