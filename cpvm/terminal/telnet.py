"""Line-mode terminals over telnet (RFC 854), and over plain TCP for programs such as netcat.

A client that lets the system echo is served key by key with a line editor; one that does not (it refused, or it
never spoke telnet) is served line by line. Passwords are not echoed in either case, as far as the client listens.

Attention is Ctrl-C, BREAK or Interrupt Process; Ctrl-D on an empty line enters a null line (the end of input for a
program), cancels a password, and at the logon prompt it ends the connection. A lost connection disconnects the user,
whose machine goes on. A plain client that ends its input, as `nc -N` does, still gets its answers; the read that comes
after them is the end.

Hard limits: those of `NetworkLine`, of the line editor and of the negotiation.
"""

import asyncio
import json
import re
from collections.abc import Iterable

from cpvm.terminal import negotiation as tn
from cpvm.terminal.client import is_loopback, peer_address, tune
from cpvm.terminal.keys import PASTE_ON, ProgramKey
from cpvm.terminal.line import STATUS, Connect, ReadState
from cpvm.terminal.linemode import MAX_UNREAD, Histories, NetworkLine
from cpvm.terminal.throttle import Fence

MOST_KEYS = 24
"""Program function keys."""

_KEY = re.compile(rb"Cpvm\.Key (\d{1,2})")
_BARE_RETURN = re.compile(r"\r(?!\n)")
_BRACKETING = re.compile(r"XTERM|VTE|RXVT|SCREEN|TMUX|KONSOLE|KITTY|ALACRITTY|FOOT|WEZTERM|PUTTY|GNOME|MS-TERMINAL")
_CHUNK = 1024
_CLOSE_GRACE = 5.0  # seconds that a closed line may take to deliver its last output


class TelnetLine(NetworkLine):
    """One connection.

    Args:
        histories: what users have typed before.
        kind: the client's terminal type in capitals, if it has told one.
        fence: the system's (see `throttle`).
    """

    def __init__(
        self,
        name: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        telnet: tn.Negotiator,
        *,
        histories: Histories | None = None,
        kind: str = "",
        fence: Fence | None = None,
    ) -> None:
        super().__init__(name, is_loopback(writer), histories or Histories(), fence, address=peer_address(writer))
        self._reader = reader
        self._writer = writer
        self._telnet = telnet
        self._kind = kind
        self._line_mode = True  # the client edits its lines itself
        self._echo_settled = False  # the client has said at least once who echoes
        self._for_password = False  # it was asked not to echo a password, no more

    # -- output ----------------------------------------------------------------------------------------------

    def _transmit(self, text: str) -> None:
        if self._writer.transport.is_closing():
            return
        if not self._telnet.ours(tn.BINARY):
            text = _BARE_RETURN.sub("\r\0", text)
        data = self._telnet.take() + text.encode("utf-8", "replace")
        if not data:
            return
        self._writer.write(data)
        if self._writer.transport.get_write_buffer_size() > MAX_UNREAD:
            self._writer.transport.abort()

    def _hang_up(self) -> None:
        self._writer.close()
        self._reader.feed_eof()
        self._loop.call_later(_CLOSE_GRACE, self._writer.transport.abort)

    def _ended(self) -> bool:
        return self._closing or self._writer.transport.is_closing()

    def _entered(self, state: ReadState) -> bool:
        if self._telnet.heard and self._line_mode:
            if state is ReadState.PASSWORD:
                self._for_password = self._echo_settled
            elif self._telnet.ours(tn.ECHO):
                self._for_password = False
            self._telnet.offer(tn.ECHO, state is ReadState.PASSWORD)
            self._editor.echo = self._telnet.ours(tn.ECHO)
        self._report_state()
        return state.reading

    def _fill_elsewhere(self, text: str) -> None:
        if self._telnet.ours(tn.MESSAGES):
            self._telnet.subnegotiate(tn.MESSAGES, b"Cpvm.Fill " + json.dumps(text).encode())
            self._transmit("")

    def _report_state(self) -> None:
        if self._telnet.ours(tn.MESSAGES):
            report = {"state": self._editor.state.name, "userid": self._session.userid if self._session else ""}
            self._telnet.subnegotiate(tn.MESSAGES, b"Cpvm.State " + json.dumps(report).encode())

    # -- input -----------------------------------------------------------------------------------------------

    async def serve(self, connect: Connect, before: Iterable[tn.Item] = ()) -> None:
        """Serve the client until either side ends the connection; `before` has been received already."""
        tune(self._writer)
        self._telnet.offer(tn.ECHO)
        self._telnet.offer(tn.SGA)
        self._transmit("")
        self._session = connect(self)
        try:
            for item in before:
                self._item(item)
            while not self._closing and (data := await self._throttle.read(self._reader, _CHUNK)):
                for item in self._telnet.receive(data):
                    self._item(item)
                    await self._throttle.pause()
                self._transmit(self._editor.take())
                await self._writer.drain()
                await asyncio.sleep(0)  # neither does `read` wait while a client sends faster than it is served
                await self._caught_up.wait()
            if not self._telnet.heard and not self._closing:
                lost = asyncio.ensure_future(self._writer.wait_closed())
                await self._last_answers(lost)
                lost.cancel()
        except (ConnectionError, TimeoutError):
            pass
        finally:
            if not self._closing:
                self._session.hangup()
            self._finish()

    def _item(self, item: tn.Item) -> None:
        if isinstance(item, bytes):
            self._data(item)
        elif isinstance(item, tn.Command):
            self._command(item.code)
        elif isinstance(item, tn.OptionChanged):
            self._option(item)
        elif item.option == tn.NAWS and len(item.data) == 4:
            self._resize(int.from_bytes(item.data[:2], "big"))
        elif item.option == tn.MESSAGES and (key := _KEY.fullmatch(item.data)) and 1 <= int(key[1]) <= MOST_KEYS:
            self._event(ProgramKey(int(key[1])))

    def _option(self, change: tn.OptionChanged) -> None:
        if not change.ours:
            return
        if change.option == tn.ECHO:
            self._echo(change.on)
        elif change.option == tn.MESSAGES:
            self._report_state()

    def _echo(self, on: bool) -> None:
        """The client lets the system echo, or does not."""
        self._editor.echo = on
        self._echo_settled = True
        if not on:
            self._line_mode, self._for_password = True, False
            # A client that edits and echoes itself leaves ends of lines to its terminal, but not in binary.
            self._telnet.offer(tn.BINARY, False)
            self._telnet.ask(tn.BINARY, False)
            return
        if self._for_password:
            if self._editor.state is not ReadState.PASSWORD:  # it was typed ahead
                self._telnet.offer(tn.ECHO, False)
                self._editor.echo = self._for_password = False
            return
        self._line_mode = False
        self._telnet.ask(tn.NAWS)
        self._telnet.ask(tn.BINARY)
        self._telnet.offer(tn.BINARY)
        if _BRACKETING.match(self._kind) and not self._brackets:
            self._brackets = True
            self._transmit(PASTE_ON)

    def _command(self, code: int) -> None:
        if code in (tn.IP, tn.BRK, tn.ABORT, tn.SUSP):
            self._press_attention()
        elif code == tn.AYT:
            self.write(f"[{STATUS[self._editor.state]}]")
        elif code == tn.EC:
            self._editor.do("backspace")
        elif code == tn.EL:
            self._editor.do("kill")
        elif code == tn.EOF_COMMAND:
            self._end_of_input()
