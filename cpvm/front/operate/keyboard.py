"""Somebody at the keyboard: lines go to the console, those that begin with the escape character to the panel."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import IO

from cpvm.front.operate.attendant import PATIENCE, Attendant
from cpvm.front.operate.panel import Panel
from cpvm.front.operate.words import PanelError
from cpvm.front.peripherals import Key, Operator, Typed

ESCAPE = "%"


class Keyboard:
    """What is typed on standard input, which a thread of its own reads."""

    def __init__(self, file: IO[str] | None) -> None:
        self._typed: deque[Typed] = deque()
        self._gate = threading.Lock()  # open when something may be there
        threading.Thread(target=self._read, args=(file,), name="keyboard", daemon=True).start()

    def _read(self, file: IO[str] | None) -> None:
        try:
            for line in file or ():
                self._put(line.rstrip("\r\n"))
        except (OSError, ValueError):  # closed under our feet: the same as its end
            pass
        self._put(Key.END)

    def request(self) -> None:
        """Press the request key; may be called from a signal handler."""
        self._put(Key.REQUEST)

    def get(self, timeout: float | None) -> Typed:
        """The next line or key. Raises queue.Empty after `timeout` seconds (0: if there is none now)."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self._typed:
            left = -1 if end is None else end - time.monotonic()
            if (end is not None and left <= 0) or not self._gate.acquire(timeout=left):
                raise queue.Empty
        return self._typed.popleft()

    def _put(self, typed: Typed) -> None:
        # neither a Condition, which a signal handler might find locked by the thread that it interrupts, nor
        # SimpleQueue, whose `get` may wait for ever in Python 3.11 if its time-out passes at the wrong moment
        self._typed.append(typed)
        with contextlib.suppress(RuntimeError):  # it is open
            self._gate.release()


class EndOfInput(Attendant):
    """Nobody, after all that there was to type: reads of the console come to an end."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator

    @property
    def unhurried(self) -> bool:
        """Whether the console knows."""
        return self._operator.ended

    def look(self) -> None:
        """Tell the console that nothing more comes."""
        if not self._operator.ended:
            self._operator.enter(Key.END)

    def idle(self, timeout: float | None) -> bool:
        """Tell the console, once."""
        if self._operator.ended:
            return False
        self._operator.enter(Key.END)
        return True


class AtKeyboard(Attendant):
    """The operator at a keyboard.

    Args:
        panel: that of the machine.
        keyboard: theirs.
        complain: takes lines about what cannot be done.
        escape: what lines for the panel begin with; none are if it is empty. Twice, it stands for itself.
        stay: whether the operator stays when the machine has ended, to start it again.
        piped: whether the lines come from a file. Then each waits until the machine reads or has nothing to do, or
            for so long that it must be meant to interrupt: a line typed early would give an attention.
    """

    def __init__(
        self,
        panel: Panel,
        keyboard: Keyboard,
        complain: Callable[[str], None],
        escape: str = "",
        stay: bool = False,
        *,
        piped: bool = False,
    ) -> None:
        self.panel = panel
        self._keyboard = keyboard
        self._complain = complain
        self._operator = panel.machine.operator
        self._escape = escape
        self._stay = stay
        self._piped = piped
        self._taken = 0  # instructions executed when the last line was taken

    @property
    def held(self) -> bool:
        """Whether the stop key was pressed."""
        return self.panel.held

    @property
    def unhurried(self) -> bool:
        """Whether it is a person; lines of a file are typed at the same instructions each time."""
        return not self._piped or self._operator.ended

    def look(self) -> None:
        """Take what was typed meanwhile."""
        while not self._operator.ended and self.panel.quit is None and not self._early():
            try:
                self._take(self._keyboard.get(0))
            except queue.Empty:
                return

    def idle(self, timeout: float | None) -> bool:
        """Wait for the keyboard."""
        if self._operator.ended:
            return False
        with contextlib.suppress(queue.Empty):
            self._take(self._keyboard.get(timeout))
        return True

    def ended(self, told: str) -> bool:
        """Wait for what the operator does about it."""
        if not self._stay or not self._escape or self._operator.ended:
            return False
        self.panel.ended = True
        self._complain(f"{told}\n{self._escape}ipl ADDR, {self._escape}restart or {self._escape}quit")
        while self.panel.ended and self.panel.quit is None:
            if not self.idle(None):
                return False
        return True

    def _early(self) -> bool:
        """Whether the next line of a file has to wait."""
        waited = self.panel.machine.executed - self._taken
        return self._piped and not self._operator.reading and waited < PATIENCE

    def _take(self, typed: Typed) -> None:
        self._taken = self.panel.machine.executed
        if isinstance(typed, Key) or not self._escape or not typed.startswith(self._escape):
            self._operator.enter(typed)
            return
        line = typed[len(self._escape) :]
        if line.startswith(self._escape):
            self._operator.enter(line)
            return
        try:
            self.panel.perform(line)
        except PanelError as error:
            self._complain(str(error))
