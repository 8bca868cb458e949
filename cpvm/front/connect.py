"""`cpvm connect`: a terminal, in this window, on a system that is running already, or a 3270 on any host."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from dataclasses import dataclass
from types import FrameType

from cpvm.front.address import Address
from cpvm.front.locations import history_folder
from cpvm.front.tlsclient import TLSError, Trust, plain, secured
from cpvm.terminal.completion import Vocabulary
from cpvm.terminal.connect import RemoteSession
from cpvm.terminal.line import Session, Terminal
from cpvm.terminal.local import PlainTerminal, ScreenTerminal, has_screen

_TIMEOUT = 15.0  # seconds until a connection that does not come about is given up
_USAGE = 2


@dataclass(frozen=True)
class Wishes:
    """How the terminal is to be.

    Attributes:
        full: a 3270 from the start, by TN3270 or TN3270E, on any host.
        lines: never a 3270.
        size: rows and columns of the 3270; by default the largest model that fits the window.
        lu: name of the logical unit that a 3270 asks for.
        trust: which certificates are accepted; no TLS if None.
    """

    full: bool = False
    size: tuple[int, int] | None = None
    lu: str = ""
    trust: Trust | None = None
    lines: bool = False


def connect(address: Address, wishes: Wishes | None = None) -> int:
    """Serve the user until either side ends the connection; returns the exit status."""
    wishes = wishes or Wishes()
    if wishes.full and not has_screen():
        print("cpvm connect: --3270 needs a terminal, and input or output is redirected", file=sys.stderr)
        return _USAGE
    try:
        connection = socket.create_connection((address.host, address.port), _TIMEOUT)
    except OSError as error:
        print(f"cpvm connect: no system answers at {address}: {error.strerror or error}", file=sys.stderr)
        print("cpvm connect: is it running? `cpvm start` starts one", file=sys.stderr)
        return 1
    if wishes.trust is not None:
        try:
            connection = plain(secured(connection, address, wishes.trust))
        except TLSError as error:
            print(f"cpvm connect: {error}", file=sys.stderr)
            return 1
    connection.settimeout(None)
    if wishes.full:
        from cpvm.front.connect3270 import visit

        return visit(connection, size=wishes.size, lu=wishes.lu, secure=wishes.trust is not None)
    return _lines(connection, wishes)


def _vocabulary() -> Vocabulary:
    from cpvm.front.vocabulary import vocabulary

    return vocabulary()  # CP's commands need not be known before somebody presses Tab


def _lines(connection: socket.socket, wishes: Wishes) -> int:
    terminal: ScreenTerminal | PlainTerminal
    if has_screen():
        terminal = ScreenTerminal(
            "remote",
            leave=True,
            history=history_folder(),
            display=wishes.size,
            lines_only=wishes.lines,
            vocabulary=_vocabulary,
            secure=wishes.trust is not None,
        )
    else:
        terminal = PlainTerminal("remote", sys.stdin, sys.stdout)

    def attach(attached: Terminal) -> Session:
        session = RemoteSession(attached, connection)
        session.start()
        return session

    def end(signum: int, frame: FrameType | None) -> None:
        # Not here: the thread that is interrupted may hold what the end needs.
        threading.Thread(target=terminal.close).start()

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and threading.current_thread() is threading.main_thread():
            signal.signal(getattr(signal, name), end)
    terminal.run(attach)
    return 0
