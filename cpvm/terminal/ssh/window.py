"""A terminal by ssh that shows lines, and a 3270 drawn with VT sequences while a program has a screen (see `vt`).

Ctrl-T turns from the one to the other. What comes as lines while the 3270 is to be seen is shown behind it.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from cpvm.terminal.keys import PASTE_ON
from cpvm.terminal.ssh.gate import Guest, Look, Place
from cpvm.terminal.ssh.line import Channel, SSHLine
from cpvm.terminal.ssh.pty import Pty
from cpvm.terminal.vt import Hotkey, VTPanel, largest_model
from cpvm.terminal.window import WindowSession

MAX_BEHIND: Final = 2000
"""Lines kept while the 3270 covers them."""

_LOOK_KEY: Final = "\x14"
_LOOK_NAME: Final = "c-t"


class SSHWindow(SSHLine):
    """One session with a terminal that can show a 3270."""

    extended = True
    """Whether the 3270 has colours and structured fields."""

    def __init__(self, place: Place, guest: Guest, channel: Channel, pty: Pty) -> None:
        super().__init__(place, guest, channel, pty)
        self.size = largest_model(pty.rows, pty.columns)
        """Rows and columns of the 3270."""
        self._terminal = pty
        self._panel: VTPanel | None = None
        self._chosen = guest.look is Look.DISPLAY
        self._behind: deque[str] = deque(maxlen=MAX_BEHIND)

    # -- called by CP, from its own threads ------------------------------------------------------------------

    def send(self, command: int, data: bytes) -> None:
        """A command for the 3270."""
        self._post(lambda: self._command(command, data))

    def lines(self) -> None:
        """Show the lines again."""
        self._post(self._uncover)

    # -- the two looks ---------------------------------------------------------------------------------------

    @property
    def _covered(self) -> bool:
        return self._panel is not None and self._panel.shown

    async def serve(self) -> None:
        if self._chosen:
            self._loop.call_soon(self._look)
        try:
            await super().serve()
        finally:
            self._panel = None

    def _look(self) -> None:
        if isinstance(self._session, WindowSession):
            self._session.look(self._chosen)

    def _toggle(self) -> None:
        if self._panel is not None and self._covered and not self._chosen:
            self._panel.tell("A PROGRAM HAS THE SCREEN")
            return
        self._chosen = not self._chosen
        self._look()

    def _command(self, command: int, data: bytes) -> None:
        if self._closing:
            return
        if self._panel is None:
            self._panel = VTPanel(
                self._transmit,
                (self._terminal.rows, self._terminal.columns),
                self._record,
                screen=self.size,
                colours=self._terminal.colours,
                black=self._terminal.black,
                shapes=self._terminal.shapes,
                attention=self._attention_key,
                system_request=self._escape,
                hotkeys=(Hotkey(_LOOK_NAME, "Ctrl-T", "lines or 3270", "Ctrl-T lines"),),
                hotkey=lambda key: self._toggle(),
                secure=True,
            )
        panel = self._panel
        if not panel.shown:
            self._editor.hide()
            self._transmit(self._editor.take())
            self._editor.echo = False
            panel.start()
        panel.name = self._userid
        panel.command(command, data)

    def _attention_key(self) -> None:
        if self._session is not None:
            self._session.attention()

    def _uncover(self) -> None:
        if not self._covered:
            return
        assert self._panel is not None
        self._panel.stop()
        self._editor.echo = True
        self._editor.show()
        behind = "".join(self._behind)
        self._behind.clear()
        self._transmit((PASTE_ON if self._brackets else "") + behind + self._editor.take())

    def _escape(self) -> None:
        if isinstance(self._session, WindowSession):
            self._session.escape()

    def _record(self, record: bytes) -> None:
        if isinstance(self._session, WindowSession):
            self._throttle.count()
            self._session.received(record)

    def _shown(self, text: str) -> str:
        line = super()._shown(text)
        if not self._covered:
            return line
        self._behind.append(line)
        return ""

    def _finish(self) -> None:
        if self._covered and not self._closing:
            self._uncover()
        super()._finish()

    # -- what the client does --------------------------------------------------------------------------------

    def _data(self, data: bytes) -> None:
        if self._covered:
            assert self._panel is not None
            self._panel.feed(self._decoder.decode(data))
            return
        before, key, after = (data, b"", b"") if self._editor.pasting else data.partition(_LOOK_KEY.encode())
        if before:
            super()._data(before)
        if key:
            self._toggle()
        if after:
            super()._data(after)  # typed before the other look was to be seen

    def resized(self, rows: int, columns: int) -> None:
        self._terminal.rows, self._terminal.columns = rows, columns
        if self._panel is not None:
            self._panel.resize(rows, columns)
        super().resized(rows, columns)

    def interrupted(self) -> None:
        if self._covered:
            self._attention_key()
        else:
            super().interrupted()
