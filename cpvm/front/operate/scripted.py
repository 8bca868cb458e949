"""A machine operated by a script: each statement as soon as what it waits for is there.

Statements take effect between two instructions. The console's output stops the machine at once when a script waits for
it, so that the same script does the same things at the same instructions each time, as far as clocks allow.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from cpvm.front.operate import display
from cpvm.front.operate.attendant import LOOK, PATIENCE, Attendant
from cpvm.front.operate.panel import Panel
from cpvm.front.operate.statements import Statement
from cpvm.front.operate.words import PanelError
from cpvm.front.status import ABANDONED, TIMED_OUT
from cpvm.machine.configure import ConfigurationError
from cpvm.machine.device import DeviceError, MediaError

DEFAULT_TIMEOUT = 300  # seconds
_MOST = 1 << 16  # characters of output that are looked through
_SHOWN = 60  # characters of it that a message quotes

Condition = Callable[[], bool]
Result = TypeVar("Result")


class ScriptFailed(Exception):
    """A script cannot be carried on; the text names its file and line."""

    def __init__(self, text: str, status: int = ABANDONED) -> None:
        super().__init__(text)
        self.status = status


class Scripted(Attendant):
    """Works through a script.

    Args:
        panel: that of the machine.
        statements: the script.
        name: of the script's file, for messages.
        echo: takes lines that the script types at the console.
        then: who looks after the machine when the script has come to its end.
    """

    def __init__(
        self,
        panel: Panel,
        statements: Sequence[Statement],
        name: str,
        echo: Callable[[str], None],
        then: Attendant,
    ) -> None:
        self.panel = panel
        self._then = then
        self._machine = panel.machine
        self._statements = statements
        self._name = name
        self._echo = echo
        self._next = 0
        self._condition: Condition | None = None
        self._wanted = ""  # what is waited for, as a message says it
        self._text = ""  # what the console has typed, from the last text that was waited for on
        self._since = ""  # the same, from the last line that the script typed on
        self._printed: dict[int, str] = {}  # what printers have printed, from the last text that was waited for on
        self._exact = False  # whether what is waited for stops the machine as soon as it is there
        self._watched = -1  # address of the printer that is waited for
        self._idle = False  # whether the machine waits and nothing is under way
        self._timeout, self._in_instructions = float(DEFAULT_TIMEOUT), False
        self._deadline = 0.0
        self._resume: int | None = None  # number of instructions at which a pause ends
        self._at_time: int | None = None  # virtual time at which a pause ends
        self._again = False  # whether attention is worth another try: the machine may have been busy and missed it

    # ---- the machine's side
    @property
    def done(self) -> bool:
        """Whether all statements have been carried out."""
        return self._condition is None and self._next >= len(self._statements)

    @property
    def held(self) -> bool:
        """Whether the script has pressed the stop key."""
        return self.panel.held

    @property
    def unhurried(self) -> bool:
        """Whether the machine is stopped as soon as what is waited for is there, or nothing is."""
        return self._exact or (self.done and self._then.unhurried)

    def heard(self, text: str) -> None:
        """The console has typed this."""
        self._text = (self._text + text)[-_MOST:]
        self._since = (self._since + text)[-_MOST:]
        if self._condition is not None:
            self._machine.stop(LOOK)

    def printed(self, address: int, text: str) -> None:
        """A printer has printed this."""
        self._printed[address] = (self._printed.get(address, "") + text)[-_MOST:]
        if address == self._watched:
            self._machine.stop(LOOK)

    def answered(self) -> None:
        """The machine has read a line."""
        if self._condition is not None:
            self._machine.stop(LOOK)

    def patience(self) -> int | None:
        """Instructions until a pause or a wait ends; none before the first statement."""
        if not self._next and self._statements:
            return 0
        if self._resume is not None:
            return max(1, self._resume - self._machine.executed)
        if self._at_time is not None:
            return max(1, self._at_time - self._machine.virtual_time)
        if self._condition is not None and self._in_instructions:
            return max(1, int(self._deadline) - self._machine.executed)
        return None

    def look(self) -> None:
        """Go on as far as possible. Raises ScriptFailed."""
        while self.panel.quit is None and self._passed() and self._next < len(self._statements):
            self._next += 1
            self._guarded(lambda: self._statements[self._next - 1].act(self))
            self._idle = False
        if self.done:
            self._then.look()

    def _guarded(self, act: Callable[[], Result]) -> Result:
        """What may fail. Raises ScriptFailed."""
        try:
            return act()
        except (PanelError, ConfigurationError, DeviceError, MediaError) as error:
            raise self._failed(str(error)) from None

    def idle(self, timeout: float | None) -> bool:
        """The machine waits. Raises ScriptFailed if the script waits for what cannot come."""
        if self.done:
            return self._then.idle(timeout)
        before = self._next
        self._idle = True
        if self._at_time is not None:
            self._machine.let_pass(self._at_time - self._machine.virtual_time)
        self._resume = self._at_time = None
        self.look()
        if self._next != before or self.done:
            return True
        if self._again and self._machine.operator.typed:
            self._again = False
            self._machine.request()
            return True
        if timeout is None:
            what = "the processor is stopped" if self.held else "the machine waits, and nothing will wake it"
            raise self._failed(f"{self._wanted} does not come: {what}{self._last()}")
        time.sleep(timeout)
        return True

    def ended(self, told: str) -> bool:
        """The machine has ended by itself. Raises ScriptFailed if the script still waits for something."""
        if self.done:
            return self._then.ended(told)
        self.panel.ended = True
        self._resume = self._at_time = None
        self.look()
        if not self.panel.ended or self.panel.quit is not None:
            return True
        if not self.done:
            raise self._failed(f"{self._wanted} does not come: {told}{self._last()}")
        return self._then.ended(told)

    def _passed(self) -> bool:
        """Whether what the last statement waits for is there. Raises ScriptFailed after the time-out."""
        if self._resume is not None and self._machine.executed < self._resume:
            return False
        if self._at_time is not None and self._machine.virtual_time < self._at_time:
            return False
        self._resume = self._at_time = None
        if self._condition is None:
            return True
        if self._guarded(self._condition):
            self._condition, self._exact = None, False
            return True
        if self._deadline <= (self._machine.executed if self._in_instructions else time.monotonic()):
            unit = "instructions" if self._in_instructions else "seconds"
            limit = f"{self._timeout:g} {unit}" if not self._in_instructions else f"{int(self._timeout)} {unit}"
            raise self._failed(f"{self._wanted} has not come within {limit}{self._last()}", TIMED_OUT)
        return False

    def _failed(self, text: str, status: int = ABANDONED) -> ScriptFailed:
        number = self._statements[self._next - 1].number if self._next else 0
        return ScriptFailed(f"{self._name}:{number}: {text}", status)

    def _last(self) -> str:
        """What the console typed last, for a message."""
        lines = self._since.split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f'; the console typed last: "{last[-_SHOWN:]}"' if last else ""

    def _await(self, condition: Condition, wanted: str, exact: bool = False) -> None:
        now = self._machine.executed if self._in_instructions else time.monotonic()
        self._deadline = now + self._timeout
        self._condition, self._wanted, self._watched = condition, wanted, -1
        self._exact = exact

    # ---- the statements
    def wait_console(self, text: str) -> None:
        """Go on when the console has typed this."""

        def typed() -> bool:
            _, found, rest = self._text.partition(text)
            if found:
                self._text = rest
            return bool(found)

        self._await(typed, f'"{text}"', exact=True)

    def wait_device(self, address: int, text: str) -> None:
        """Go on when a display shows this, or a printer has printed it."""
        if self._is_display(address):
            self._await(lambda: self._shows(address, text), f'"{text}" on display {address:03X}')
            return

        def printed() -> bool:
            _, found, rest = self._printed.get(address, "").partition(text)
            if found:
                self._printed[address] = rest
            return bool(found)

        self._await(printed, f'"{text}" on printer {address:03X}', exact=True)
        self._watched = address

    def _is_display(self, address: int) -> bool:
        device = self.panel.device(address)
        if device.kind == "printer":
            return False
        if not display.has_screen(device):
            raise PanelError(f"{address:03X}: a {device.type} is neither a display nor a printer")
        return True

    def _shows(self, address: int, text: str) -> bool:
        return any(text in line for line in self._machine.screen(address))

    def wait_idle(self) -> None:
        """Go on when the CPU waits and nothing is under way."""
        self._idle = False
        self._await(lambda: self._idle, "an idle machine")

    def wait_end(self) -> None:
        """Go on when the machine has ended: disabled wait, program loop, invalid PSW."""
        self._await(lambda: self.panel.ended, "the machine's end")

    def expect(self, address: int | None, text: str) -> None:
        """Fail unless this is there."""
        if address is not None and self._is_display(address):
            if not self._shows(address, text):
                raise PanelError(f'"{text}" is not on display {address:03X}')
        elif address is not None:
            if text not in self._printed.get(address, ""):
                raise PanelError(f'printer {address:03X} has not printed "{text}"')
        elif text not in self._since:
            raise PanelError(f'the console has not typed "{text}"{self._last()}')

    def type(self, address: int | None, text: str) -> None:
        """Type at the console, and go on when that is read; or into a display.

        Like a person, it begins when the machine reads or has nothing to do, so that no program meets an attention
        that it does not expect; one that is busy with other things has to bear it.
        """
        if address is not None:
            self._when_free(address, lambda: self._machine.type_into(address, text))
            return
        if self._machine.room.taken is None:
            raise PanelError("the machine has no console")
        operator, due, typed = self._machine.operator, self._machine.executed + PATIENCE, False

        def taken() -> bool:
            nonlocal typed
            if not typed and (operator.reading or self._idle or self._machine.executed >= due):
                self._since = ""
                self._echo(text)
                self._machine.type(text)
                self._again = typed = True
            return typed and not operator.typed

        self._await(taken, f'a read of "{text}"')

    def key(self, address: int, keys: Sequence[str]) -> None:
        """Press keys of a display, each when the keyboard is free."""
        left = list(keys)

        def press() -> bool:
            while left and (left[0] == "reset" or not display.locked(self.panel.device(address))):
                self._machine.press(address, left.pop(0))
            return not left

        self._await(press, f"the keyboard of {address:03X}")

    def _when_free(self, address: int, act: Callable[[], None]) -> None:
        def free() -> bool:
            if display.locked(self.panel.device(address)):
                return False
            act()
            return True

        self._await(free, f"the keyboard of {address:03X}")

    def pause_instructions(self, count: int) -> None:
        """Go on after so many instructions."""
        self._resume = self._machine.executed + count

    def pause(self, microseconds: int) -> None:
        """Go on after so much virtual time."""
        self._at_time = self._machine.virtual_time + microseconds

    def set_timeout(self, count: int, in_instructions: bool) -> None:
        """Let each wait last so many seconds or instructions."""
        self._timeout, self._in_instructions = float(count), in_instructions
