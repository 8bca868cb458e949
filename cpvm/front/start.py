"""`cpvm start`: a system with a terminal here and a telnet listener."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from cpvm import __version__, api
from cpvm.front import services, users
from cpvm.front.address import DEFAULT_HOST, DEFAULT_PORT, Address, is_loopback, parse_address
from cpvm.front.link import connector
from cpvm.front.locations import history_folder
from cpvm.front.nocore import no_core_file
from cpvm.front.startprompt import SpoolStart
from cpvm.front.status import USAGE
from cpvm.front.vocabulary import vocabulary
from cpvm.machine.engines import AUTO, telling
from cpvm.terminal.local import PlainTerminal, ScreenTerminal, has_screen
from cpvm.terminal.server import TelnetServer


class Progress:
    """What is going on, on one line of standard error that is written over and over if it is a screen."""

    def __init__(self) -> None:
        self._screen = sys.stderr.isatty()
        self._length = 0

    def __call__(self, text: str) -> None:
        if self._screen:
            sys.stderr.write("\r" + text[:79].ljust(self._length))
            self._length = min(len(text), 79)
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def done(self) -> None:
        """Leave the line empty."""
        if self._screen and self._length:
            sys.stderr.write("\r" + " " * self._length + "\r")
            sys.stderr.flush()
            self._length = 0


OUTDATED = "CMS here is older than this cpvm's: `cpvm start --rebuild-cms` renews it"


def start(
    directory: Path | None,
    listen: Address | None,
    rebuild_cms: bool = False,
    engine: str = AUTO,
    spool: SpoolStart | None = None,
    *,
    arguments: argparse.Namespace | None = None,
) -> int:
    """Run a system until it is shut down, its CMS made anew first if asked for; returns the exit status.

    SHUTDOWN REIPL starts it again. What keeps its machines from being fast is told before the terminal begins; later,
    the operator's console tells it. `arguments` may ask for services (`cpvm.front.services`).
    """
    how = spool or SpoolStart()
    if how.shutdown:
        return 0
    no_core_file()
    status = _once(directory, listen, rebuild_cms, engine, how, arguments=arguments)
    while status is None:
        status = _once(directory, listen, False, engine, SpoolStart(), arguments=arguments)
    return status


def _once(
    directory: Path | None,
    listen: Address | None,
    rebuild_cms: bool,
    engine: str,
    spool: SpoolStart,
    *,
    arguments: argparse.Namespace | None,
) -> int | None:
    """The exit status; None: it is to start again."""
    progress = Progress()
    slow: list[str] = []
    try:
        with telling(slow.append):
            system = api.start(
                directory,
                progress=progress,
                rebuild_cms=rebuild_cms,
                engine=engine,
                spool=spool.how,
                drain=spool.drain,
            )
    except api.SystemDirectoryError as error:
        progress.done()
        print(f"cpvm: {error}", file=sys.stderr)
        return USAGE
    progress.done()
    for text in slow:
        print(f"cpvm: {text}", file=sys.stderr)
    with system:
        address = None
        if listen:
            try:
                address = Address(*system.listen(listen.host, listen.port))
            except OSError as error:
                why = os.strerror(error.errno) if error.errno else error
                print(f"cpvm: cannot listen on {listen}: {why}", file=sys.stderr)
                print("cpvm: use another address with --listen HOST:PORT, or none with --listen none", file=sys.stderr)
                return USAGE
        try:
            more = services.begin(system, arguments or argparse.Namespace())
        except services.ServiceError as error:
            print(f"cpvm: {error}", file=sys.stderr)
            return USAGE
        display = Display(
            getattr(arguments, "full", False), getattr(arguments, "model", None), getattr(arguments, "lines", False)
        )
        _serve(system, address, [line for service in more for line in service.welcome], display)
    return None if system.system.operations.reipl else 0


class Display(NamedTuple):
    """The 3270 in the window: one from the start, or never; its rows and columns, if not those that fit."""

    full: bool = False
    size: tuple[int, int] | None = None
    lines: bool = False


def _serve(system: api.SystemHandle, address: Address | None, more: Sequence[str], display: Display) -> None:
    for line in welcome(system.directory, address, more):
        print(line)
    if system.cms_outdated:
        print(OUTDATED)
    sys.stdout.flush()
    terminal: ScreenTerminal | PlainTerminal
    if has_screen():
        terminal = ScreenTerminal(
            "CONS",
            _Farewell(system),
            history=history_folder(),
            display=display.size,
            full=display.full,
            lines_only=display.lines,
            vocabulary=vocabulary,
        )
    else:
        terminal = PlainTerminal("CONS", sys.stdin, sys.stdout, keep=address is not None or bool(more))

    def end(signum: int, frame: FrameType | None) -> None:
        # Not here: the thread that is interrupted may hold what a shutdown needs.
        threading.Thread(target=terminal.close).start()

    def attention(signum: int, frame: FrameType | None) -> None:
        if isinstance(terminal, PlainTerminal):
            terminal.attention()

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)
    if isinstance(terminal, PlainTerminal):
        signal.signal(signal.SIGINT, attention if sys.stdin.isatty() else end)
    terminal.run(connector(system.system))
    if system.system.running:
        print("Shutting down")


class _Farewell:
    """Ctrl-D at the logon prompt ends the system; the second time only, if that would log somebody off."""

    def __init__(self, system: api.SystemHandle) -> None:
        self._system = system
        self._warned = False

    def __call__(self) -> str | None:
        count = len(self._system.system.users)
        if not count or self._warned:
            return None
        self._warned = True
        return f"{count} {'USER IS' if count == 1 else 'USERS ARE'} LOGGED ON; CTRL-D AGAIN SHUTS THE SYSTEM DOWN"


def welcome(directory: Path, address: Address | None, more: Sequence[str] = ()) -> list[str]:
    """What is printed at the start: what this is, what to type next, and `more`, how to get here by other ways."""
    plain = [user.name for user in users.USERS if not user.alias]
    students = [user.name for user in users.USERS if user.alias]
    lines = [
        f"cpvm {__version__}: VM/370 on {directory}",
        "",
        f"Users: {', '.join(plain)}, {students[0]} to {students[-1]}",
        "       the password of each is its name until it is changed",
        "Type:  LOGON CMSUSER      then the password",
        "       IPL CMS            then Enter once; HELP tells more",
        "       #CP QUERY NAMES    a command for CP, whatever is running",
        "       Ctrl-C             stops it and lets you talk to CP; BEGIN goes on",
        "       LOGOFF             ends your session",
        "       SHUTDOWN           OPERATOR and MAINT end the system with it,",
        "                          you with Ctrl-D before LOGON",
    ]
    if address:
        here = replace(address, host={"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address.host, address.host))
        lines.append(f"More terminals: cpvm connect {here}, c3270 {here},")
        lines.append(f"       or telnet {here.host} {here.port}")
        if not is_loopback(address.host):
            lines += [
                f"Other computers can connect, too: telnet {socket.gethostname()} {address.port}",
                "The passwords above are refused there until they are changed.",
            ]
    return [*lines, *more, ""]


__all__ = ["DEFAULT_HOST", "DEFAULT_PORT", "Address", "Progress", "TelnetServer", "parse_address", "start", "welcome"]
