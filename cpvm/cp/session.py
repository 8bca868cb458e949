"""A terminal's session with CP (DMKCNS): from VM/370 ONLINE to the end of the line.

The terminal lives on its own thread. It hands its lines over with the three methods of Session, which only post
them to the CP thread; everything else here runs there. CP calls the terminal's methods from its own threads, one at a
time; they must not block.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cpvm.cp.command import CommandRun
    from cpvm.cp.dialed import DialedDevice
    from cpvm.cp.vmblok import VMBLOK


ONLINE = "VM/370 ONLINE"
MOST_AHEAD = 256
"""Lines that the user of a display may have typed and nobody has taken; the next is NOT ACCEPTED."""


def harmless(text: str) -> str:
    """TEXT with blanks for what is not printable: nobody can send control characters to another's terminal."""
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


class Origin(Enum):
    """Where a line of output comes from: displays may show these differently."""

    CP = auto()
    VM = auto()  # the virtual machine
    MESSAGE = auto()  # CP, with a message that must not be missed: MSG, WNG
    TYPED = auto()  # the user: what was typed is shown again in the output area


class ReadState(Enum):
    """What the terminal's user may do now."""

    LOGON = auto()  # VM/370 ONLINE: a LOGON command is awaited
    PASSWORD = auto()  # the next line must not be shown
    CP_READ = auto()  # CP awaits a command
    VM_READ = auto()  # the virtual machine awaits a line
    RUNNING = auto()  # the virtual machine runs or waits; a line typed now is kept for it
    SLEEPING = auto()  # SLEEP: attention wakes
    CLOSED = auto()  # the session is over


class Terminal(Protocol):
    """What CP needs of a terminal. No method may block."""

    @property
    def name(self) -> str:
        """Shown where VM/370 shows the line's address."""
        ...

    @property
    def local(self) -> bool:
        """True for the system's own terminal and for connections from the same host."""
        ...

    def write(self, text: str) -> None:
        """Show one line."""
        ...

    def state(self, state: ReadState) -> None:
        """The state is now STATE; called on each change, and after each line that CP took."""
        ...

    def close(self) -> None:
        """The session is over; nothing will be written any more."""
        ...


class SessionOwner(Protocol):
    """The system, as a session sees it."""

    def post(self, event: Callable[[], None]) -> None:
        """Run EVENT on the CP thread."""
        ...

    def console_line(self, session: Session, text: str) -> None:
        """TEXT was typed."""
        ...

    def console_attention(self, session: Session) -> None:
        """The attention key was pressed."""
        ...

    def console_hangup(self, session: Session) -> None:
        """The line is gone."""
        ...


class Session:
    """One terminal, connected. `vm` is the virtual machine it is the console of, once somebody is logged on."""

    def __init__(self, owner: SessionOwner, terminal: Terminal) -> None:
        self._owner = owner
        self.terminal = terminal
        self.vm: VMBLOK | None = None
        self.logon: CommandRun | None = None  # a LOGON command that waits for its password
        self.dialed: DialedDevice | None = None  # the line of a machine that the terminal is connected to
        self.ahead: deque[str] = deque()  # lines typed while LOGON works
        self.columns = 0  # of the terminal, as far as it has told
        self.failures = 0  # wrong passwords in a row
        self.proven = ""  # the user that whoever is at the terminal has proven to be; good for one LOGON
        self.closed = False
        self.current: ReadState | None = None
        self._write_from: Callable[[str, Origin], None] | None = getattr(terminal, "write_from", None)

    # For the terminal; may be called from any thread

    def line(self, text: str) -> None:
        """The user typed TEXT."""
        self._owner.post(lambda: None if self.closed else self._owner.console_line(self, text))

    def attention(self) -> None:
        """The user pressed the attention key."""
        self._owner.post(lambda: None if self.closed else self._owner.console_attention(self))

    def program_key(self, number: int) -> None:
        """The user pressed program function key NUMBER, 1 to 24."""
        self._owner.post(lambda: self._program_key(number))

    def _program_key(self, number: int) -> None:
        if self.closed:
            return
        if self.vm is None:
            self.refuse()
        else:
            self.vm.console.program_key(number)

    def resized(self, columns: int) -> None:
        """The terminal has so many columns."""
        self._owner.post(lambda: self._resized(columns))

    def _resized(self, columns: int) -> None:
        self.columns = columns
        if self.vm is not None:
            self.vm.terminal.fit(columns)

    def hangup(self) -> None:
        """The connection broke, or the user closed the terminal."""
        self._owner.post(lambda: None if self.closed else self._owner.console_hangup(self))

    # For CP

    def entered(self, text: str) -> None:
        """As `line`, on the CP thread: TEXT counts even if the connection ends at this very moment."""
        if not self.closed:
            self._owner.console_line(self, text)

    def write(self, text: str, origin: Origin = Origin.CP) -> None:
        """Show one line. A terminal that fails is treated as one that is not there."""
        if not self.closed:
            with contextlib.suppress(Exception):
                if self._write_from is not None:
                    self._write_from(harmless(text), origin)
                else:
                    self.terminal.write(harmless(text))

    def online(self) -> None:
        """Nobody is logged on here: show the logo, on a terminal that has a screen for it."""
        logo: Callable[[str], None] | None = getattr(self.terminal, "online", None)
        if logo is None:
            self.write(ONLINE)
        elif not self.closed:
            with contextlib.suppress(Exception):
                logo(ONLINE)

    def refuse(self) -> None:
        """Tell the user, on a terminal that can, that a key has no meaning now (NOT ACCEPTED)."""
        refuse: Callable[[], None] | None = getattr(self.terminal, "refuse", None)
        if refuse is not None and not self.closed:
            with contextlib.suppress(Exception):
                refuse()

    @property
    def accepting(self) -> bool:
        """Whether one more typed line can be kept until somebody wants it. On the CP thread."""
        return self.vm.console.accepting if self.vm is not None else len(self.ahead) < MOST_AHEAD

    def fill(self, text: str) -> None:
        """Put TEXT where the user types, as if it had been typed and not entered; not all terminals can do that."""
        fill = getattr(self.terminal, "fill", None)
        if fill is not None and not self.closed:
            with contextlib.suppress(Exception):
                fill(harmless(text))

    def state(self, state: ReadState) -> None:
        """Tell the terminal what its user may do."""
        self.current = state
        if not self.closed:
            with contextlib.suppress(Exception):
                self.terminal.state(state)

    def close(self) -> None:
        """End the session."""
        if self.closed:
            return
        self.state(ReadState.CLOSED)
        self.closed = True
        with contextlib.suppress(Exception):
            self.terminal.close()
