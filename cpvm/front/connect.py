"""`cpvm connect`: the local terminal on a system that is running already."""

import socket
import sys

from cpvm.front.address import Address
from cpvm.front.locations import history_folder
from cpvm.terminal.connect import RemoteSession
from cpvm.terminal.line import Session, Terminal
from cpvm.terminal.local import PlainTerminal, ScreenTerminal, has_screen

_TIMEOUT = 15.0  # seconds until a connection that does not come about is given up


def connect(address: Address) -> int:
    """Serve the user until either side ends the connection; returns the exit status."""
    try:
        connection = socket.create_connection((address.host, address.port), _TIMEOUT)
    except OSError as error:
        print(f"cpvm connect: no system answers at {address}: {error.strerror or error}", file=sys.stderr)
        print("cpvm connect: is it running? `cpvm start` starts one", file=sys.stderr)
        return 1
    connection.settimeout(None)
    terminal: ScreenTerminal | PlainTerminal
    if has_screen():
        terminal = ScreenTerminal("remote", leave=True, history=history_folder())
    else:
        terminal = PlainTerminal("remote", sys.stdin, sys.stdout)

    def attach(attached: Terminal) -> Session:
        session = RemoteSession(attached, connection)
        session.start()
        return session

    terminal.run(attach)
    return 0
