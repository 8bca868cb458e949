"""What ssh has to know of a system: who may come in, as whom, and what is there for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from cpvm.terminal.line import Session, Terminal
from cpvm.terminal.linemode import Histories
from cpvm.terminal.throttle import Fence

SCREEN_NAMES: Final = ("vm", "logon")
"""Names to call with for the logon screen, where CP asks who it is; a user of that name comes first."""


class Look(Enum):
    """What a terminal is to be."""

    AUTO = ""
    """Lines, and a 3270 while a program has a screen, where the client's terminal can show one; else lines."""
    LINES = "line"
    """Lines only, for programs too."""
    DISPLAY = "3270"
    """A 3270 from the beginning."""


_SUFFIX = re.compile(r"(?P<name>.+)\+(?P<look>line|3270)", re.IGNORECASE | re.DOTALL)


def parted(name: str) -> tuple[str, Look]:
    """A user name as ssh has it, and the look that is asked for by `+line` or `+3270` behind it."""
    match = _SUFFIX.fullmatch(name)
    return (match["name"], Look(match["look"].lower())) if match else (name, Look.AUTO)


@dataclass(frozen=True)
class Guest:
    """Somebody who was let in."""

    userid: str = ""
    """Whose machine is logged on, by a password or key that was right; "" for the logon screen."""
    look: Look = Look.AUTO
    local: bool = False
    """Whether the client is on this host."""
    address: str = "unknown"
    """The client's."""


@dataclass(frozen=True)
class Place:
    """What a session has to work with.

    Attributes:
        name: of the line.
        gate: the system.
        histories: what users have typed before.
    """

    name: str
    gate: Gate
    histories: Histories


class Command(Protocol):
    """Lines for CMS that somebody wants to have executed. `run` belongs to a thread of its own."""

    def run(self) -> int:
        """Execute them; returns the exit status. `cancel` ends it early."""
        ...

    def cancel(self) -> None:
        """Nobody waits for the rest. Thread-safe."""
        ...


class CommandClient(Protocol):
    """Who wants a command executed. Called from the command's thread and from CP's; only `read` may wait."""

    def write(self, text: str) -> None:
        """One line of output."""
        ...

    def complain(self, text: str) -> None:
        """One line about what went wrong."""
        ...

    def read(self) -> str | None:
        """The next line for a program that reads; None when there are no more."""
        ...


class Gate(Protocol):
    """The system, for ssh. All methods are for the event loop and do not block it."""

    @property
    def fence(self) -> Fence | None:
        """See `throttle`."""
        ...

    async def user(self, name: str) -> str | None:
        """The userid of the user called NAME, if there is one that may log on."""
        ...

    async def password(self, guest: Guest, password: str, line: str, attempt: int) -> str | None:
        """Look at the password of whoever calls himself GUEST, which came as the ATTEMPT on LINE.

        None if it is right, else what is wrong with it.
        """
        ...

    def keys(self, userid: str) -> str:
        """The user's keys, as OpenSSH's authorized_keys has them."""
        ...

    def taken(self, name: str) -> bool:
        """Whether a terminal in the system has this name."""
        ...

    def key_used(self, guest: Guest, line: str, fingerprint: str) -> None:
        """GUEST was let in on LINE by the key with this fingerprint."""
        ...

    def connect(self, terminal: Terminal, userid: str) -> Session:
        """A session for a terminal; with a USERID its first LOGON of that user needs no password."""
        ...

    def command(self, guest: Guest, name: str, lines: list[str], client: CommandClient) -> Command:
        """What executes lines for a guest, on a line with this name."""
        ...
