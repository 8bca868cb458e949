"""`cpvm ipl`: a bare virtual machine with its console on this terminal, or operated by a script.

It ends in a disabled wait; its PSW is shown, and the wait code becomes the exit status.
"""

from __future__ import annotations

import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import IO

from cpvm.front.bare import BareMachine
from cpvm.front.enginestats import lines
from cpvm.front.iplending import status_of, told
from cpvm.front.iplmachine import Options, Refused, begin, build, reason
from cpvm.front.operate.attendant import Attendant
from cpvm.front.operate.keyboard import AtKeyboard, EndOfInput, Keyboard
from cpvm.front.operate.panel import Panel, Quit, ipl_failure
from cpvm.front.operate.scripted import Scripted, ScriptFailed
from cpvm.front.operate.statements import ScriptError, Statement, parse, read
from cpvm.front.status import USAGE
from cpvm.front.tracing import HEADING, Executed
from cpvm.machine import IPLError, Stop, StopReason
from cpvm.machine.device import DeviceError, MediaError
from cpvm.machine.engines import telling

_INTERRUPT = "interrupt"  # tag of the stop that two presses of Ctrl-C are


def ipl(options: Options) -> int:
    """Run a machine as asked; returns the exit status. What goes wrong is told on standard error, one line."""
    try:
        return _ipl(options)
    except MediaError as error:  # as the machine is given up
        _tell(f"cpvm ipl: {error}")
        return USAGE


def _ipl(options: Options) -> int:
    with ExitStack() as stack:
        stack.enter_context(telling(lambda text: _tell(f"cpvm ipl: {text}")))
        try:
            script = _script(options)
            machine = build(options, stack)
            trace = _trace(options, stack)
            begin(machine, options)
        except (Refused, ScriptError) as error:
            _tell(f"cpvm ipl: {error}")
            return USAGE
        except IPLError as error:
            _tell(ipl_failure(error))
            return USAGE
        try:
            status = _end(machine, _run(machine, options, trace, script))
        except ScriptFailed as error:
            _tell(f"cpvm ipl: {error}")
            status = error.status
        if options.registers:
            _tell(machine.display())
        if options.stats:
            _tell("\n".join(lines(machine.engine_statistics())))
        if options.save:
            try:
                machine.save(Path(options.save))
            except (OSError, DeviceError) as error:
                _tell(f"cpvm ipl: {reason(error, options.save) if isinstance(error, OSError) else error}")
                return USAGE
    return status


def _tell(text: str) -> None:
    sys.stdout.flush()
    print(text, file=sys.stderr)


def _script(options: Options) -> list[Statement] | None:
    """The script, if there is to be one. Raises ScriptError."""
    if options.script is None:
        return None
    return parse(sys.stdin.read(), _name(options)) if options.script == "-" else read(options.script)


def _name(options: Options) -> str:
    """What messages call the script."""
    return "standard input" if options.script == "-" else options.script or ""


def _trace(options: Options, stack: ExitStack) -> IO[str] | None:
    """Where the trace goes. A file that is there already must be a trace: it might be a deck, named in a slip."""
    if options.trace is None:
        return None
    if options.trace == "-":
        return sys.stderr
    path = Path(options.trace)
    try:
        if path.is_file():
            with path.open("rb") as file:
                if file.read(len(HEADING)) not in (b"", HEADING.encode()):
                    raise Refused(f"{path}: exists and is no trace; a file named behind --trace is written, not run")
        trace = stack.enter_context(path.open("w", encoding="utf-8", buffering=1 << 16))
    except OSError as error:
        raise Refused(reason(error, options.trace)) from None
    print(HEADING, file=trace)
    return trace


class _Hands:
    """Whose hands are on the machine: the script's, then those at the keyboard, or nobody's."""

    def __init__(self, machine: BareMachine, options: Options, script: list[Statement] | None) -> None:
        self._machine = machine
        self._panel = Panel(machine, _say)
        self._pressed = 0.0  # when Ctrl-C was pressed last
        self._keyboard: Keyboard | None = None
        terminal = sys.stdin is not None and sys.stdin.isatty()
        then: Attendant = EndOfInput(machine.operator)
        if script is None or (terminal and options.script != "-"):
            self._keyboard = Keyboard(sys.stdin)
            escape = options.escape_on(terminal)
            then = AtKeyboard(self._panel, self._keyboard, _tell, escape, options.stay, piped=not terminal)
        self.attendant = then
        if script is not None:
            scripted = Scripted(self._panel, script, _name(options), self._echo, then)
            machine.operator.heard, machine.operator.answered = scripted.heard, scripted.answered
            machine.room.heard = scripted.printed
            self.attendant = scripted

    def _echo(self, text: str) -> None:
        self._machine.operator.echo(text + "\n")

    def end(self, signum: int, frame: FrameType | None) -> None:
        """The host wants the process to end: so that nothing is lost, the machine is given up in good order."""
        self._panel.held = False
        self._panel.quit = Quit(128 + signum)
        self._machine.stop(self._panel.quit)
        if self._keyboard is not None:
            self._keyboard.request()  # it may be waiting there

    def interrupt(self, signum: int, frame: FrameType | None) -> None:
        """Ctrl-C: the request key; twice within a second, or if nobody is at the keyboard, it ends the machine."""
        now = time.monotonic()
        if self._keyboard is None or now - self._pressed < 1.0:
            self._panel.held = False
            self._machine.stop(_INTERRUPT)
        self._pressed = now
        if self._keyboard is not None:
            self._keyboard.request()


def _say(text: str) -> None:
    print(text, flush=True)


def _run(machine: BareMachine, options: Options, trace: IO[str] | None, script: list[Statement] | None) -> Stop | None:
    """Run the machine to its end. Raises ScriptFailed."""
    hands = _Hands(machine, options, script)

    def write(executed: Executed) -> None:
        try:
            print(executed, file=trace)
        except OSError as error:
            machine.stop(error)

    handlers = {signal.SIGINT: hands.interrupt}
    handlers |= {getattr(signal, name): hands.end for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)}
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        while True:
            left = None if options.limit is None else options.limit - machine.executed
            stop = machine.go(left, attendant=hands.attendant, trace=write if trace else None)
            if stop is None or stop.reason in _FINAL or not hands.attendant.ended(told(machine, stop)):
                return stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


_FINAL = (StopReason.HOST, StopReason.BUDGET, StopReason.ADDRESS_STOP)
"""Ends that somebody wanted."""


def _end(machine: BareMachine, stop: Stop | None) -> int:
    """Tell how the machine ended; returns the exit status."""
    if stop and isinstance(stop.detail, OSError):
        if isinstance(stop.detail, BrokenPipeError):
            raise stop.detail  # nobody reads what we write: no reason to complain
        _tell(f"cpvm ipl: {reason(stop.detail, stop.detail.filename or 'cannot write')}")
        return USAGE
    _tell(told(machine, stop))
    return status_of(machine, stop)
