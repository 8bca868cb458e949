"""The local terminal: with a screen (keys through a pipe, output to a screen of text), and without one."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.input.base import PipeInput
from prompt_toolkit.output.vt100 import Vt100_Output

from cpvm.terminal.line import ReadState
from cpvm.terminal.local import PlainTerminal, ScreenTerminal

from .fake import FakeSystem


class Text(io.StringIO):
    """A stream that another thread writes to."""

    def until(self, wanted: str, start: int = 0) -> int:
        """Wait for some output; returns the position behind it."""
        end = time.monotonic() + 10
        while (at := self.getvalue().find(wanted, start)) < 0:
            assert time.monotonic() < end, f"no {wanted!r} in {self.getvalue()[start:]!r}"
            time.sleep(0.002)
        return at + len(wanted)

    def isatty(self) -> bool:
        return True


class VT100(Text):
    """A stream that answers when it is asked where the cursor is, as a terminal does."""

    def __init__(self, keyboard: PipeInput) -> None:
        super().__init__()
        self._keyboard = keyboard

    def write(self, text: str) -> int:
        if "\x1b[6n" in text:
            self._keyboard.send_text("\x1b[1;1R")
        return super().write(text)


class Screen:
    """A screen terminal on a fake system, with the user's keyboard."""

    def __init__(self, keyboard: PipeInput, end: Callable[[], str | None], history: Path | None = None) -> None:
        self.system = FakeSystem()
        self.text = VT100(keyboard)
        self.keyboard = keyboard
        self.terminal = ScreenTerminal("CONS", end, leave=True, history=history)
        self._output = Vt100_Output(self.text, lambda: Size(24, 80), term="xterm")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.text.until("FAKE ONLINE")
        self.wait(ReadState.LOGON)

    def _run(self) -> None:
        with create_app_session(input=self.keyboard, output=self._output):
            self.terminal.run(self.system.connect)

    @property
    def session(self):  # type: ignore[no-untyped-def]
        return self.system.sessions[0]

    def keys(self, text: str) -> None:
        self.keyboard.send_text(text)

    def wait(self, state: ReadState) -> None:
        end = time.monotonic() + 10
        while self.terminal._state is not state:
            assert time.monotonic() < end, f"never {state}"
            time.sleep(0.002)

    def ended(self) -> bool:
        self._thread.join(10)
        return not self._thread.is_alive()


@pytest.fixture
def objections() -> list[str]:
    return []


@pytest.fixture
def screen(objections: list[str]) -> Iterator[Screen]:
    with create_pipe_input() as keyboard:
        screen = Screen(keyboard, lambda: objections.pop() if objections else None)
        yield screen
        screen.terminal.close()
        assert screen.ended()
        screen.system.stop()


def test_a_session(screen: Screen) -> None:
    screen.keys("LOGON CMSUSER\r")
    screen.wait(ReadState.PASSWORD)
    screen.keys("secret\r")
    screen.wait(ReadState.VM_READ)
    at = screen.text.until("VM REA")  # the last letter is also that of PASSWORD, and not drawn again
    assert "secret" not in screen.text.getvalue()
    assert "******" in screen.text.getvalue()
    screen.keys("LISTX\x7fFILE\r")
    at = screen.text.until("<LISTFILE>", at)
    screen.keys("\x1b[A\r")
    screen.text.until("<LISTFILE>", at)
    assert screen.session.typed == ["LOGON CMSUSER", "secret", "LISTFILE", "LISTFILE"]
    assert "CMSUSER" in screen.text.getvalue()


def test_attention_clears_the_line(screen: Screen) -> None:
    screen.keys("HALF A LINE\x03")
    screen.wait(ReadState.CP_READ)
    screen.keys("Q\r")
    screen.text.until("<Q>")
    assert screen.session.typed == ["Q"]
    assert screen.session.attentions == 1


def test_output_appears_above_the_line_being_typed(screen: Screen) -> None:
    screen.keys("LISTF")
    screen.text.until("LISTF")
    screen.system.post(lambda: screen.terminal.write("MSG FROM MAINT: \x1b[2JHI"))
    screen.text.until("MSG FROM MAINT: .[2JHI")
    screen.keys("ILE\r")
    screen.text.until("<LISTFILE>")


def test_end_of_input_is_a_null_line_and_at_the_logon_prompt_the_end(screen: Screen, objections: list[str]) -> None:
    screen.system.post(lambda: screen.session.go(ReadState.VM_READ))
    screen.wait(ReadState.VM_READ)
    screen.keys("\x04")
    screen.text.until("<>")
    screen.system.post(lambda: screen.session.go(ReadState.LOGON))
    screen.wait(ReadState.LOGON)
    objections.append("2 USERS ARE LOGGED ON")
    screen.keys("\x04")
    screen.text.until("2 USERS ARE LOGGED ON")
    screen.keys("\x04")
    assert screen.ended()
    assert screen.session.hung_up.wait(10)
    assert screen.session.typed == [""]


def test_leaving_while_a_program_runs(screen: Screen) -> None:
    screen.keys("RUN\r")
    screen.wait(ReadState.RUNNING)
    screen.keys("\x1d")
    assert screen.ended()
    assert screen.session.hung_up.wait(10)


def test_the_system_closes_the_terminal(screen: Screen) -> None:
    screen.keys("BYE\r")
    assert screen.ended()
    assert "GOODBYE" in screen.text.getvalue()
    assert not screen.session.hung_up.is_set()


def test_the_system_closes_the_terminal_and_says_so_twice(screen: Screen, capfd: pytest.CaptureFixture[str]) -> None:
    def close() -> None:  # both before the prompt can end
        screen.terminal.state(ReadState.CLOSED)
        screen.terminal.close()

    assert screen.terminal._loop
    screen.terminal._loop.call_soon_threadsafe(close)
    assert screen.ended()
    output = capfd.readouterr()
    assert "xception" not in screen.text.getvalue() + output.out + output.err


def test_without_a_screen_each_read_takes_a_line() -> None:
    system = FakeSystem()
    sink = io.StringIO()
    PlainTerminal("CONS", io.StringIO("LOGON CMSUSER\nsecret\nONE\nTWO"), sink).run(system.connect)
    assert system.sessions[0].typed == ["LOGON CMSUSER", "secret", "ONE", "TWO"]
    assert sink.getvalue() == "FAKE ONLINE\nENTER PASSWORD:\nHELLO CMSUSER\n<ONE>\n<TWO>\n"
    assert system.sessions[0].hung_up.wait(10)
    system.stop()


def test_characters_that_the_system_lacks_are_named() -> None:
    system = FakeSystem()
    sink = io.StringIO()
    PlainTerminal("CONS", io.StringIO("LOGON €\nsecret€\nLOGON €\nsecret\n"), sink).run(system.connect)
    assert system.sessions[0].typed == ["LOGON ?", "secret€", "LOGON ?", "secret"]
    assert sink.getvalue().count("NOT IN CODE PAGE 037: € U+20AC\n") == 2
    system.stop()


def test_in_the_window_they_are_named_too(screen: Screen) -> None:
    screen.keys("A€\r")
    at = screen.text.until("NOT IN CODE PAGE 037: € U+20AC")
    screen.text.until("<A?>", at)


def test_without_a_screen_the_end_of_input_need_not_be_the_end() -> None:
    system = FakeSystem()
    sink = Text()
    terminal = PlainTerminal("CONS", io.StringIO("ONE\n"), sink, keep=True)
    thread = threading.Thread(target=terminal.run, args=(system.connect,), daemon=True)
    thread.start()
    sink.until("<ONE>")
    system.settle()
    assert thread.is_alive()
    terminal.close()
    thread.join(10)
    assert not thread.is_alive()
    system.stop()
