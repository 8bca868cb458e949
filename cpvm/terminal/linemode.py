"""A line-mode terminal of somebody on the network, whatever protocol brings it: telnet and ssh have this in common.

Lines go to CP as it asks for them. What is typed while a machine runs goes to it at once if it is a single line (an
immediate command such as HT); several lines that come together, as pasted or piped ones do, wait for the reads that
follow, and the attention key throws away what still waits.

Hard limits: `MAX_UNREAD`, `MAX_AHEAD`, `MAX_USERS`, those of the line editor and of `throttle`.
"""

import asyncio
import codecs
import contextlib
import threading
from abc import ABC, abstractmethod
from collections import OrderedDict, deque
from collections.abc import Callable

from cpvm.terminal.client import Fill
from cpvm.terminal.codepage import report
from cpvm.terminal.editor import Entered, Event, Key, LineEditor, Unmapped
from cpvm.terminal.keys import PASTE_OFF, ProgramKey
from cpvm.terminal.line import MAX_LINE, History, ReadState, Session, StateName, WideSession, press, printable
from cpvm.terminal.places import occupied
from cpvm.terminal.throttle import Fence, Throttle

MAX_UNREAD = 4 << 20
"""Bytes of output that a client may leave unread; beyond that its line is dropped (the user is disconnected)."""

MAX_AHEAD = 5000
"""Lines typed ahead of the machine; beyond that the system stops listening to this client until it has caught up."""

MAX_USERS = 500
"""Userids whose typed lines are remembered while the system runs."""

LAST_ANSWERS = 600.0
"""Seconds that a client which has ended its input may wait for the answers to what it has typed."""


class Histories:
    """What each user has typed at terminals of this kind since the system was started."""

    def __init__(self) -> None:
        self._users: OrderedDict[str, History] = OrderedDict()

    def of(self, userid: str) -> History:
        """The lines of a user."""
        history = self._users.setdefault(userid, History())
        self._users.move_to_end(userid)
        while len(self._users) > MAX_USERS:
            self._users.popitem(last=False)
        return history


_Item = str | ReadState | Fill | Callable[[], None]
"""A line, the state, what is to be put where the user types, or what else is to be done in this order."""


class NetworkLine(ABC):
    """A terminal for CP, a client for the network.

    Args:
        name: of the line, as QUERY NAMES shows it.
        local: whether the client is on this host.
        histories: lines typed before.
        fence: the system's (see `throttle`).
        address: where the client is.
    """

    line_end = "\r\n"
    """What ends a line of output."""

    def __init__(
        self, name: str, local: bool, histories: Histories, fence: Fence | None = None, *, address: str = "unknown"
    ) -> None:
        self.name = name
        self.local = local
        self.address = address
        self._loop = asyncio.get_running_loop()
        self._histories = histories
        self._own_history = History()  # while nobody is logged on
        self._editor = LineEditor(self._own_history)
        self._userid = ""  # whose lines the editor brings back
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._outbox: deque[_Item] = deque()
        self._wake_posted = False
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._held: deque[str] = deque()  # lines typed ahead, in this order, not yet given to CP
        self._burst = False  # several lines have come at once
        self._caught_up = asyncio.Event()
        self._caught_up.set()
        self._closing = False
        self._answered = asyncio.Event()  # set while the system waits for a line that has not been given to it
        self._columns = 0  # as CP knows them
        self._brackets = False  # the terminal was asked to bracket what is pasted
        self._throttle = Throttle(fence, self._ended)

    # -- what a protocol does --------------------------------------------------------------------------------

    @abstractmethod
    def _transmit(self, text: str) -> None:
        """Send text, which may be none, and whatever the protocol has to send."""

    @abstractmethod
    def _hang_up(self) -> None:
        """End the connection when all output has been sent; called once."""

    @abstractmethod
    def _ended(self) -> bool:
        """Whether the connection has ended."""

    @abstractmethod
    def _entered(self, state: ReadState) -> bool:
        """The system is in this state now. Returns whether it waits for what the user types."""

    def _shown(self, text: str) -> str:
        """A line of output as it is sent."""
        return printable(text) + self.line_end

    @abstractmethod
    def _fill_elsewhere(self, text: str) -> None:
        """Put TEXT where the user types if that is not the editor here."""

    @property
    def occupied(self) -> bool:
        """Whether somebody uses the terminal, more than to look at it."""
        return occupied(self._session)

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

    def _post(self, item: _Item) -> None:
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
            if isinstance(item, str) and not isinstance(item, ReadState):
                if not out:
                    editor.hide()
                    out.append(editor.take())
                out.append(self._shown(item))
                continue
            if out:
                self._send_text(out)
            if isinstance(item, ReadState):
                self._enter_state(item)
            elif isinstance(item, Fill):
                self._fill_in(item.text)
            else:
                item()
        if out:
            self._send_text(out)

    def _send_text(self, out: list[str]) -> None:
        self._editor.show()
        out.append(self._editor.take())
        self._transmit("".join(out))
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
        if self._session is not None and self._session.userid != self._userid:
            self._userid = self._session.userid
            editor.history = self._histories.of(self._userid) if self._userid else self._own_history
        reading = self._entered(state)
        self._transmit(editor.take())
        if reading:
            self._answered.set()
            self._pass_on()
        else:
            self._answered.clear()

    def _fill_in(self, text: str) -> None:
        if self._editor.echo:
            self._editor.fill(text)
            self._transmit(self._editor.take())
        else:
            self._fill_elsewhere(text)

    def _finish(self) -> None:
        if not self._closing:
            if self._brackets:
                self._transmit(PASTE_OFF)
            self._closing = True
            self._caught_up.set()
            self._hang_up()

    # -- input -----------------------------------------------------------------------------------------------

    async def _last_answers(self, lost: "asyncio.Future[None]") -> None:
        """The client sends no more: it may still wait for what it has asked for, unless it is LOST."""
        answered = asyncio.ensure_future(self._all_answered())
        await asyncio.wait((answered, lost), timeout=LAST_ANSWERS, return_when=asyncio.FIRST_COMPLETED)
        answered.cancel()

    async def _all_answered(self) -> None:
        while self._held or not self._answered.is_set():
            await self._answered.wait()

    def _data(self, data: bytes) -> None:
        """The client has sent characters."""
        text = self._decoder.decode(data)
        self._burst = self._editor.line_ends(text) > 1
        for event in self._editor.feed(text):
            self._event(event)

    def _event(self, event: Event) -> None:
        assert self._session is not None
        self._transmit(self._editor.take())
        if isinstance(event, Entered):
            self._enter(event.text)
        elif isinstance(event, ProgramKey):
            if self._editor.state is not ReadState.PASSWORD:
                self._throttle.count()
                press(self._session, event.number)
        elif isinstance(event, Unmapped):
            self.write(report(event.chars))
        elif event is Key.ATTENTION:
            self._attention()
        elif event is Key.END:
            self._end_of_input()
        else:
            self.write(f"LINE OF MORE THAN {MAX_LINE} CHARACTERS IGNORED")

    def _resize(self, columns: int) -> None:
        """The client's terminal has so many columns."""
        if self._editor.resize(columns) and columns != self._columns and isinstance(self._session, WideSession):
            self._columns = columns
            self._throttle.count()
            self._session.resized(columns)
        self._transmit(self._editor.take())

    def _press_attention(self) -> None:
        """The attention key of the protocol."""
        for event in self._editor.feed("\x03"):
            self._event(event)

    def _end_of_input(self) -> None:
        """Ctrl-D on an empty line: a null line, no password, or the end."""
        assert self._session is not None
        if self._editor.state is ReadState.LOGON:
            self._session.hangup()
            self._finish()
        elif self._editor.state is ReadState.PASSWORD:
            self._attention()
        else:
            self._enter("")

    def _attention(self) -> None:
        assert self._session is not None
        self._held.clear()
        self._pass_on()
        self._throttle.count()
        self._session.attention()

    def _enter(self, text: str) -> None:
        assert self._session is not None
        if self._answered.is_set() or self._held or self._burst or self._editor.pasting:
            self._held.append(text)
            self._pass_on()
        else:
            self._throttle.count()
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
