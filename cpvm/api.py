"""Start and use a system from Python: what the tests use, users may use too.

    from cpvm import api

    with api.start() as system:                       # the default system directory; made if it does not exist
        user = system.logon("CMSUSER")
        user.type("IPL CMS")
        user.type("")
        response = user.type("LISTFILE * EXEC")
        print(response.text, response.return_code, response.ready)
        user.logoff()

A 3270 has a screen, with fields, and keys (`system.display()`, or `connect` for a system somewhere else; `Display`):

        display = system.display()
        display.logon("CMSUSER")
        display.ipl_cms()
        display.enter("EDIT PROFILE EXEC")
        display.wait_for("EDIT:")
        print(display.text, display.field_at(*display.cursor).protected)

Nothing here sleeps: a call waits until the system says that it waits for input, at most for its `timeout` in seconds.
Below that are bare machines, without CP and CMS. `BareMachine` is a System/370 with console, reader, punch and printer:
registers, PSW, storage and keys, clocks; devices can be attached; `ipl`, `run`, `step`, `trace`, `save`, `restore`.
`run_deck` does it all for a deck of cards, here an object deck of the assembler:

    >>> from assembler import assemble
    >>> from cpvm import api
    >>> deck = assemble("SEVEN    CSECT\\n         LA    15,7\\n         BR    14\\n         END\\n").deck
    >>> run = api.run_deck(deck)
    >>> run.stop.reason is api.StopReason.DISABLED_WAIT, run.machine.gr[15]
    (True, 7)

`Machine` is the same without devices, for those who attach their own (`device_types` gives all there are).
`load_plugin` loads a Python file that defines devices, instructions, DIAGNOSE codes or CP commands of its own.
"""

from __future__ import annotations

import itertools
import ssl
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from cpvm import sysgen
from cpvm.cp.hosttrouble import words
from cpvm.cp.lockfile import SystemRunningError
from cpvm.cp.system import System, SystemStartError
from cpvm.cp.warmstart import Start
from cpvm.front.bare import BareMachine
from cpvm.front.console import (
    DEFAULT_TIMEOUT,
    Console,
    LineClosed,
    LogonRefused,
    NoAnswer,
    Ready,
    Response,
    TerminalError,
    ready_in,
)
from cpvm.front.cpstation import CPStation as Display
from cpvm.front.cpstation import TransferError
from cpvm.front.deckrun import DeckRun, run_deck
from cpvm.front.folders.opening import folders_are_disks
from cpvm.front.halves import host_halves
from cpvm.front.link import connector, display_connector
from cpvm.front.loader import LoadError
from cpvm.front.localstation import LocalStation
from cpvm.front.look import Cell, Field
from cpvm.front.netstation import NetworkStation
from cpvm.front.plugins import PluginError, load_installed
from cpvm.front.plugins import load_file as load_plugin
from cpvm.front.station import ScreenTimeoutError
from cpvm.front.tlsclient import TLSError, Trust
from cpvm.front.tracing import Executed
from cpvm.machine import AddressError, IPLError, Machine, ProgramCheck, SnapshotError, Step, Stop, StopReason
from cpvm.machine.device import ConfigurationError, Device, DeviceError, device_types
from cpvm.machine.engines import AUTO, EngineError
from cpvm.machine.host import Host, NullHost
from cpvm.machine.media.screen import Inhibited
from cpvm.s370.psw import EC, MACHINE_CHECK, PROBLEM, PSW, WAIT
from cpvm.sysgen import SystemDirectoryError
from cpvm.terminal.line import ReadState
from cpvm.terminal.server import TelnetServer

__all__ = [
    "EC",
    "MACHINE_CHECK",
    "PROBLEM",
    "PSW",
    "WAIT",
    "AddressError",
    "BareMachine",
    "Cell",
    "ConfigurationError",
    "DeckRun",
    "Device",
    "DeviceError",
    "Display",
    "EngineError",
    "Executed",
    "Field",
    "Host",
    "IPLError",
    "Inhibited",
    "LineClosed",
    "LoadError",
    "LogonRefused",
    "Machine",
    "NoAnswer",
    "NullHost",
    "PluginError",
    "ProgramCheck",
    "ReadState",
    "Ready",
    "Response",
    "ScreenTimeoutError",
    "SnapshotError",
    "Start",
    "Step",
    "Stop",
    "StopReason",
    "SystemDirectoryError",
    "SystemHandle",
    "TLSError",
    "TerminalError",
    "TransferError",
    "Trust",
    "User",
    "connect",
    "device_types",
    "load_plugin",
    "ready_in",
    "run_deck",
    "start",
]


class User(Console):
    """A terminal of a running system: `SystemHandle.logon` makes one with a user logged on."""

    def logon(self, userid: str, password: str | None = None, timeout: float = DEFAULT_TIMEOUT) -> Response:
        """Log on here, with the userid as password if none is given. Returns everything that CP said.

        Raises:
            LogonRefused: CP did not accept it.
            NoAnswer, LineClosed: as for `type`.
        """
        first = self.type(f"LOGON {userid}", timeout)
        lines, state = first.lines, first.state
        if state is ReadState.PASSWORD:
            second = self.type(password if password is not None else userid, timeout)
            lines, state = lines + second.lines, second.state
        if state is ReadState.LOGON or self.closed or not self.userid:
            raise LogonRefused(f"{userid.upper()} could not be logged on", lines)
        return Response(lines, state)

    def logoff(self, timeout: float = DEFAULT_TIMEOUT) -> Response:
        """Log off, whatever is running. Raises as `type` does."""
        if self.read_state is ReadState.VM_READ:
            response = self.type("#CP LOGOFF", timeout)
            if not self.userid:
                return response
        if self.read_state is not ReadState.CP_READ:
            self.attention(timeout)
        return self.type("LOGOFF", timeout)


class SystemHandle:
    """A running system. Use it as a context manager, or call `stop`."""

    def __init__(self, system: System, directory: Path, cms_outdated: bool = False) -> None:
        self.system = system
        self.directory = directory
        self.cms_outdated = cms_outdated
        """Whether the CMS system disk was built from another source than this cpvm brings."""
        self._names = itertools.count(1)
        self._servers: list[TelnetServer] = []
        self._afterwards: list[Callable[[], None]] = []
        self._stopped = threading.Event()
        self._stopping = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def terminal(self, listener: Callable[[str], None] | None = None) -> User:
        """A new terminal, nobody logged on. `listener` is called with each line, as a typewriter would print it."""
        user = User(connector(self.system), self.system.post, f"P{next(self._names):04d}", listener)
        user.wait()
        return user

    def display(self, model: int = 2) -> LocalStation:
        """A new 3270 display of the model 2 to 5, nobody logged on."""
        return LocalStation(self.system, f"G{next(self._names):04d}", model)

    def logon(self, userid: str, password: str | None = None, timeout: float = DEFAULT_TIMEOUT) -> User:
        """A new terminal with `userid` logged on. Raises as `User.logon` does."""
        user = self.terminal()
        try:
            user.logon(userid, password, timeout)
        except BaseException:
            user.hangup()
            raise
        return user

    def listen(self, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None) -> tuple[str, int]:
        """Serve telnet terminals, 3270s among them; returns the address, with the port that was chosen if `port` was 0.

        With `tls` only those that begin with a TLS handshake; their lines have names from T0001 on.

        Raises:
            OSError: the address cannot be had.
        """
        system = self.system
        server = TelnetServer(
            connector(system),
            host,
            port,
            display_connector(system),
            fence=system.post,
            failed=lambda error: system.report("TERMINALS", error),
            tls=tls,
            prefix="L" if tls is None else "T",
            taken=lambda name: any(session.terminal.name == name for session in tuple(system.sessions)),
        )
        server.start()
        self._servers.append(server)
        return server.address

    def on_stop(self, action: Callable[[], None]) -> None:
        """Have `action` called when CP has shut down, by whomever; it runs on CP's thread and must not block."""
        self.system.on_shutdown.append(action)

    def after_stop(self, action: Callable[[], None]) -> None:
        """Have `action` called by `stop` when CP has shut down; it may wait."""
        self._afterwards.append(action)

    def stop(self) -> None:
        """Shut the system down in good order and wait for it: users are logged off, all data is kept."""
        with self._stopping:
            if self._stopped.is_set():
                return
            self.system.shutdown(wait=True)
            for server in self._servers:
                server.stop()
            for action in self._afterwards:
                action()
            self._stopped.set()


def connect(
    host: str = "127.0.0.1",
    port: int = 3270,
    model: int = 2,
    *,
    lu: str = "",
    trust: Trust | None = None,
    timeout: float = DEFAULT_TIMEOUT,
) -> NetworkStation:
    """A 3270 display of a system that runs somewhere else, or of any host that speaks TN3270 or TN3270E.

        with api.connect("127.0.0.1", 3270) as display:
            display.logon("CMSUSER")
            display.ipl_cms()
            print(display.command("LISTFILE").text)

    Args:
        host, port: where it listens.
        model: 2 to 5.
        lu: the name of the line to ask for; any if empty.
        trust: which certificates are accepted; with it the connection is one of TLS.
        timeout: seconds that reaching it may take.

    Raises:
        OSError: it cannot be reached.
        TLSError: it is not to be trusted.
    """
    return NetworkStation(host, port, model, lu=lu, trust=trust, timeout=timeout)


def start(
    directory: Path | str | None = None,
    *,
    progress: Callable[[str], None] | None = None,
    rebuild_cms: bool = False,
    engine: str = AUTO,
    processors: int | None = None,
    spool: Start = Start.WARM,
    drain: bool = False,
) -> SystemHandle:
    """Start the system in `directory` (the user's default one if None), which is made first if it does not exist.

    Plugins of installed packages are loaded first; a RuntimeWarning tells of one that cannot be (see `load_plugin`).

    Args:
        directory: the system directory.
        progress: called with a line of text now and then while a new system is made.
        rebuild_cms: whether to make the CMS system disk anew first; everything else in the system stays as it is.
        engine: what executes the machines' instructions (see `cpvm.machine.engines`).
        processors: how many machines run at the same time at most; by default as many as the host has processors, one
            with the reference engine.
        spool: what becomes of the spool: everything stays as it is (WARM), or see `cpvm.cp.warmstart.Start`.
        drain: whether the system's own printers, punches and readers wait for the operator's START.

    Raises:
        SystemDirectoryError: it cannot be made or used, another process is using it, or the engine cannot be had.
    """
    for trouble in load_installed():
        warnings.warn(trouble, RuntimeWarning, stacklevel=2)
    path = sysgen.prepare(Path(directory) if directory is not None else None, progress)
    try:
        folders_are_disks()
        system = System(path, host_halves(), engine=engine, processors=processors)
    except EngineError as error:
        raise SystemDirectoryError(str(error)) from error
    except SystemRunningError as error:
        raise SystemDirectoryError(f"{error}; `cpvm connect` is one more terminal on a running system") from error
    except SystemStartError as error:
        raise SystemDirectoryError(str(error)) from error
    try:
        if rebuild_cms:
            sysgen.rebuild_cms(system, progress)
        old = sysgen.cms_outdated(path)
        system.start(spool, drain=drain)
    except BaseException as error:
        system.shutdown(wait=True)
        refused = words(error)
        if refused:
            raise SystemDirectoryError(f"{path}: {refused.lower()}") from error
        raise
    return SystemHandle(system, path, old)
