"""Line-mode terminals over telnet (RFC 854), and over plain TCP for programs such as netcat.

A client that lets the system echo is served key by key with a line editor; one that does not (it refused, or it
never spoke telnet) is served line by line. Passwords are not echoed in either case, as far as the client listens.

Attention is Ctrl-C, BREAK or Interrupt Process; Ctrl-D on an empty line enters a null line (the end of input for a
program), and at the logon prompt it ends the connection. A lost connection disconnects the user, whose machine goes on.
A plain client that ends its input, as `nc -N` does, still gets its answers; the read that comes after them is the end.

Hard limits: `MAX_UNREAD`, `MAX_AHEAD`, and those of the line editor and of the negotiation.
"""

import asyncio
import codecs
import contextlib
import json
import re
import threading
from collections import deque
from collections.abc import Iterable

from cpvm.terminal import negotiation as tn
from cpvm.terminal.client import Fill, in_code_page, is_loopback, tune
from cpvm.terminal.editor import Entered, Event, Key, LineEditor, ProgramKey
from cpvm.terminal.line import MAX_LINE, STATUS, Connect, History, ReadState, Session, StateName, press, printable

MAX_UNREAD = 4 << 20
"""Bytes of output that a client may leave unread; beyond that its line is dropped (the user is disconnected)."""

MAX_AHEAD = 1000
"""Lines typed ahead of the machine; beyond that the system stops listening to this client until it has caught up."""

MOST_KEYS = 24
"""Program function keys."""

_KEY = re.compile(rb"Cpvm\.Key (\d{1,2})")
_LINE_END = re.compile("\r[\n\0]?|\n")
_CHUNK = 4096
_LAST_ANSWERS = 600.0  # seconds that a plain client that has ended its input may wait for the next read
_CLOSE_GRACE = 5.0  # seconds that a closed line may take to deliver its last output


class TelnetLine:
    """One connection: a terminal for CP, a client for the network."""

    def __init__(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, telnet: tn.Negotiator
    ) -> None:
        self.name = name
        self._reader = reader
        self._writer = writer
        self.local = is_loopback(writer)
        self._loop = asyncio.get_running_loop()
        self._telnet = telnet
        self._editor = LineEditor(History(), allowed=in_code_page)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._outbox: deque[str | ReadState | Fill] = deque()
        self._wake_posted = False
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._line_mode = True  # the client edits its lines itself
        self._held: deque[str] = deque()  # lines typed ahead, in this order, not yet given to CP
        self._burst = False  # several lines have come at once
        self._caught_up = asyncio.Event()
        self._caught_up.set()
        self._closing = False
        self._answered = asyncio.Event()  # set while the system waits for a line that has not been given to it

    # -- called by CP, from its own thread -------------------------------------------------------------------

    def write(self, text: str) -> None:
        """Type one line of output."""
        self._post(text)

    def state(self, state: StateName) -> None:
        """The system now waits for a line, or runs."""
        self._post(ReadState[state.name])

    def fill(self, text: str) -> None:
        """Put TEXT where the user types."""
        self._post(Fill(text))

    def close(self) -> None:
        """End the connection when all output has been sent."""
        self._post(ReadState.CLOSED)

    def _post(self, item: str | ReadState | Fill) -> None:
        with self._lock:
            self._outbox.append(item)
            if self._wake_posted:
                return
            self._wake_posted = True
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is there to read this
            self._loop.call_soon_threadsafe(self._deliver)

    # -- output ----------------------------------------------------------------------------------------------

    def _deliver(self) -> None:
        with self._lock:
            items = list(self._outbox)
            self._outbox.clear()
            self._wake_posted = False
        editor = self._editor
        out: list[str] = []
        for item in items:
            if isinstance(item, ReadState):
                if out:
                    self._send_text(out)
                self._enter_state(item)
                continue
            if isinstance(item, Fill):
                if out:
                    self._send_text(out)
                self._fill_in(item.text)
                continue
            if not out:
                editor.hide()
                out.append(editor.take())
            out.append(printable(item) + "\r\n")
        if out:
            self._send_text(out)

    def _send_text(self, out: list[str]) -> None:
        self._editor.show()
        out.append(self._editor.take())
        self._send("".join(out))
        out.clear()

    def _enter_state(self, state: ReadState) -> None:
        editor = self._editor
        if (state is ReadState.PASSWORD) != (editor.state is ReadState.PASSWORD):
            # What was typed before the password was asked for may be part of it: keep it, but not on the screen.
            editor.hide()
            editor.state = state
            editor.show()
        editor.state = state
        if state is ReadState.CLOSED:
            self._finish()
            return
        if self._telnet.heard and self._line_mode:
            self._telnet.offer(tn.ECHO, state is ReadState.PASSWORD)
            editor.echo = self._telnet.ours(tn.ECHO)
        self._report_state()
        self._send(editor.take())
        if state.reading:
            self._answered.set()
            self._pass_on()
        else:
            self._answered.clear()

    def _fill_in(self, text: str) -> None:
        if self._editor.echo:
            self._editor.fill(text)
            self._send(self._editor.take())
        elif self._telnet.ours(tn.MESSAGES):
            self._telnet.subnegotiate(tn.MESSAGES, b"Cpvm.Fill " + json.dumps(text).encode())
            self._send("")

    def _report_state(self) -> None:
        if self._telnet.ours(tn.MESSAGES):
            report = {"state": self._editor.state.name, "userid": self._session.userid if self._session else ""}
            self._telnet.subnegotiate(tn.MESSAGES, b"Cpvm.State " + json.dumps(report).encode())

    def _send(self, text: str) -> None:
        if self._writer.transport.is_closing():
            return
        data = self._telnet.take() + text.encode("utf-8", "replace").replace(b"\xff", b"\xff\xff")
        if not data:
            return
        self._writer.write(data)
        if self._writer.transport.get_write_buffer_size() > MAX_UNREAD:
            self._writer.transport.abort()

    def _finish(self) -> None:
        if not self._closing:
            self._closing = True
            self._caught_up.set()
            self._writer.close()
            self._reader.feed_eof()
            self._loop.call_later(_CLOSE_GRACE, self._writer.transport.abort)

    # -- input -----------------------------------------------------------------------------------------------

    async def serve(self, connect: Connect, before: Iterable[tn.Item] = ()) -> None:
        """Serve the client until either side ends the connection; `before` has been received already."""
        tune(self._writer)
        self._telnet.offer(tn.ECHO)
        self._telnet.offer(tn.SGA)
        self._send("")
        self._session = connect(self)
        try:
            for item in before:
                self._item(item)
            while not self._closing and (data := await self._reader.read(_CHUNK)):
                for item in self._telnet.receive(data):
                    self._item(item)
                self._send(self._editor.take())
                await self._writer.drain()
                await self._caught_up.wait()
            await self._last_answers()
        except (ConnectionError, TimeoutError):
            pass
        finally:
            if not self._closing:
                self._session.hangup()
            self._finish()

    async def _last_answers(self) -> None:
        """The client sends no more: a plain one may still wait for what it has asked for."""
        if self._telnet.heard or self._closing:
            return
        answered = asyncio.ensure_future(self._all_answered())
        lost = asyncio.ensure_future(self._writer.wait_closed())
        await asyncio.wait((answered, lost), timeout=_LAST_ANSWERS, return_when=asyncio.FIRST_COMPLETED)
        answered.cancel()
        lost.cancel()

    async def _all_answered(self) -> None:
        while self._held or not self._answered.is_set():
            await self._answered.wait()

    def _item(self, item: tn.Item) -> None:
        if isinstance(item, bytes):
            text = self._decoder.decode(item)
            self._burst = len(_LINE_END.findall(text)) > 1
            for event in self._editor.feed(text):
                self._event(event)
        elif isinstance(item, tn.Command):
            self._command(item.code)
        elif isinstance(item, tn.OptionChanged):
            self._option(item)
        elif item.option == tn.NAWS and len(item.data) == 4:
            self._editor.resize(int.from_bytes(item.data[:2], "big"))
        elif item.option == tn.MESSAGES and (key := _KEY.fullmatch(item.data)) and 1 <= int(key[1]) <= MOST_KEYS:
            self._event(ProgramKey(int(key[1])))

    def _option(self, change: tn.OptionChanged) -> None:
        if not change.ours:
            return
        if change.option == tn.ECHO:
            self._editor.echo = change.on
            if self._editor.state is not ReadState.PASSWORD:
                self._line_mode = not change.on
            if change.on:
                self._telnet.ask(tn.NAWS)
                self._telnet.ask(tn.BINARY)
                self._telnet.offer(tn.BINARY)
        elif change.option == tn.MESSAGES:
            self._report_state()

    def _event(self, event: Event) -> None:
        assert self._session is not None
        self._send(self._editor.take())
        if isinstance(event, Entered):
            self._enter(event.text)
        elif isinstance(event, ProgramKey):
            if self._editor.state is not ReadState.PASSWORD:
                press(self._session, event.number)
        elif event is Key.ATTENTION:
            self._attention()
        elif event is Key.END:
            if self._editor.state is ReadState.LOGON:
                self._session.hangup()
                self._finish()
            else:
                self._enter("")
        else:
            self.write(f"LINE OF MORE THAN {MAX_LINE} CHARACTERS IGNORED")

    def _command(self, code: int) -> None:
        if code in (tn.IP, tn.BRK, tn.ABORT, tn.SUSP):
            for event in self._editor.feed("\x03"):
                self._event(event)
        elif code == tn.AYT:
            self.write(f"[{STATUS[self._editor.state]}]")
        elif code == tn.EC:
            self._editor.do("backspace")
        elif code == tn.EL:
            self._editor.do("kill")
        elif code == tn.EOF_COMMAND:
            self._event(Key.END)

    def _attention(self) -> None:
        assert self._session is not None
        self._held.clear()
        self._pass_on()
        self._session.attention()

    def _enter(self, text: str) -> None:
        assert self._session is not None
        if self._answered.is_set() or self._held or self._burst:
            self._held.append(text)
            self._pass_on()
        else:
            self._session.line(text)  # a single line for whatever is running, such as HT

    def _pass_on(self) -> None:
        """Give CP the next of the lines typed ahead if it waits for one."""
        if self._held and self._answered.is_set() and self._session is not None:
            self._answered.clear()
            self._session.line(self._held.popleft())
        if len(self._held) < MAX_AHEAD:
            self._caught_up.set()
        else:
            self._caught_up.clear()
