"""The local terminal's window as a 3270: keys through a pipe, and what an independent VT terminal shows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pyte
import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.input.base import PipeInput
from prompt_toolkit.output.vt100 import Vt100_Output

from cpvm.s370.datastream import Aid
from cpvm.s370.ebcdic import to_ebcdic
from cpvm.terminal.completion import Command, Vocabulary
from cpvm.terminal.line import ReadState
from cpvm.terminal.local import ScreenTerminal
from cpvm.terminal.vt import RESTORE

from .fakewindow import WindowSession, WindowSystem
from .test_local import VT100

ALTERNATE = "\x1b[?1049h"


def words() -> Vocabulary:
    return Vocabulary(
        cp={"QUERY": Command(words=("TIME", "TIMER", "NAMES")), "MSG": Command()},
        logon={"LOGON": Command()},
        guest={
            "TYPE": Command(("Type fn ft [fm] [( options [)]]",), ("HEX",)),
            "EXEC": Command(("EXec fn",), (), "EXEC"),
        },
    )


class Screen:
    """A terminal in a window of 26 rows, and its user."""

    def __init__(self, keyboard: PipeInput, *, full: bool = False) -> None:
        self.system = WindowSystem()
        self.text = VT100(keyboard)
        self.keyboard = keyboard
        self._output = Vt100_Output(self.text, lambda: Size(26, 80), term="xterm")
        with create_app_session(input=keyboard, output=self._output):
            self.terminal = ScreenTerminal("CONS", leave=True, full=full, vocabulary=words)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.until(lambda: bool(self.system.sessions) and self.terminal._state is ReadState.LOGON)

    def _run(self) -> None:
        with create_app_session(input=self.keyboard, output=self._output):
            self.terminal.run(self.system.connect)

    @property
    def session(self) -> WindowSession:
        session = self.system.sessions[0]
        assert isinstance(session, WindowSession)
        return session

    def keys(self, text: str) -> None:
        self.keyboard.send_text(text)

    @staticmethod
    def until(condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.002)

    @property
    def full(self) -> bool:
        """Whether the window is a 3270 now."""
        text = self.text.getvalue()
        return text.rfind(ALTERNATE) > text.rfind(RESTORE)

    def looks(self) -> list[str]:
        """The 3270, as a terminal shows it."""
        screen = pyte.Screen(80, 26)
        text = self.text.getvalue()
        pyte.Stream(screen).feed(text[text.rfind(ALTERNATE) :].replace("\x1b[2 q", "").replace("\x1b[4 q", ""))
        return [line.rstrip() for line in screen.display]

    def ended(self) -> bool:
        self._thread.join(10)
        return not self._thread.is_alive()


@pytest.fixture
def screen() -> Iterator[Screen]:
    with create_pipe_input() as keyboard:
        screen = Screen(keyboard)
        yield screen
        screen.terminal.close()
        assert screen.ended()
        screen.system.stop()


def show(screen: Screen, text: str) -> None:
    screen.keys(f"SHOW {text}\r")
    screen.until(lambda: screen.full and screen.looks()[0].startswith(text))


def test_a_programs_screen_takes_the_window_and_gives_it_back(screen: Screen) -> None:
    show(screen, "PROGRAM")
    assert "MEANWHILE" not in screen.text.getvalue()
    screen.keys("abc\r")
    assert to_ebcdic("abc") in screen.session.records.get(timeout=10)
    at = screen.text.until(RESTORE)
    screen.text.until("MEANWHILE", at)  # lines that came in the meantime
    screen.text.until("BACK", at)
    screen.keys("NEXT\r")
    screen.text.until("<NEXT>", at)


def test_what_is_being_typed_stays_while_the_window_is_a_3270(screen: Screen) -> None:
    screen.keys("HALF A LI")
    screen.text.until("HALF A LI")
    screen.system.post(lambda: screen.session._show("SURPRISE"))
    screen.until(lambda: screen.full)
    screen.keys("\x1bOR")
    assert screen.session.records.get(timeout=10)[0] == 0xF3
    at = screen.text.until(RESTORE)
    screen.text.until("HALF A LI", at)
    screen.keys("NE\r")
    screen.text.until("<HALF A LINE>", at)


def test_attention_and_sysreq(screen: Screen) -> None:
    show(screen, "PROGRAM")
    screen.keys("\x03\x1bs")
    assert screen.session.looks.get(timeout=10) == "escape"
    screen.until(lambda: screen.session.attentions == 1)


def test_a_program_that_has_the_screen_keeps_it(screen: Screen) -> None:
    show(screen, "PROGRAM")
    screen.keys("\x14")
    screen.until(lambda: any("A PROGRAM HAS THE SCREEN" in line for line in screen.looks()))
    assert screen.full and screen.session.looks.empty()


def test_the_look_is_the_users_choice(screen: Screen) -> None:
    screen.keys("\x14")
    screen.until(lambda: screen.full and screen.looks()[0].startswith("CHOSEN"))
    screen.keys("\x14")
    screen.text.until(RESTORE)
    assert [screen.session.looks.get(timeout=10) for _ in range(2)] == ["screen", "lines"]


def test_leaving_from_the_3270(screen: Screen) -> None:
    show(screen, "PROGRAM")
    screen.keys("\x1d")
    assert screen.ended()
    assert screen.session.hung_up.wait(10)
    assert not screen.full


def test_the_system_goes_while_the_window_is_a_3270(screen: Screen) -> None:
    show(screen, "PROGRAM")
    screen.system.post(lambda: screen.terminal.write("CONNECTION CLOSED"))
    screen.system.post(screen.terminal.close)
    assert screen.ended()
    text = screen.text.getvalue()
    assert not screen.full and "CONNECTION CLOSED" in text[text.rfind(RESTORE) :]


def test_the_window_goes_while_it_is_a_3270(screen: Screen) -> None:
    show(screen, "PROGRAM")
    screen.keyboard.close()
    assert screen.ended()
    assert screen.session.hung_up.wait(10)
    assert not screen.full


def test_a_3270_from_the_start() -> None:
    with create_pipe_input() as keyboard:
        screen = Screen(keyboard, full=True)
        screen.until(lambda: screen.full and screen.looks()[0].startswith("CHOSEN"))
        screen.keys("\r")
        assert screen.session.records.get(timeout=10)[0] == Aid.ENTER
        screen.terminal.close()
        assert screen.ended()
        screen.system.stop()


def test_tab_completes(screen: Screen) -> None:
    screen.keys("LO\t\rsecret\r")
    screen.until(lambda: screen.terminal._state is ReadState.VM_READ)
    screen.keys("type my \t\r")
    screen.text.until("<type my notes >")
    screen.keys("#cp q\tt\t\t")
    screen.text.until("time   timer")
    screen.keys("r\t\r")
    screen.text.until("<#cp query timer >")
    assert screen.session.typed[0] == "LOGON "


def test_a_window_that_gives_no_raw_keys_stays_with_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cpvm.terminal.local.can_take_over", lambda input: False)
    with create_pipe_input() as keyboard:
        screen = Screen(keyboard)
        assert screen.terminal.size is None
        screen.keys("\x14HELLO\r")
        screen.text.until("<HELLO>")
        assert not screen.full
        screen.terminal.close()
        assert screen.ended()
        screen.system.stop()


def test_more_lines_than_are_kept_while_the_window_is_a_3270(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cpvm.terminal.local.MOST_WITHHELD", 3)
    show(screen, "PROGRAM")
    screen.system.post(lambda: [screen.terminal.write(f"LINE {n}") for n in range(10)])
    screen.system.settle()
    screen.keys("\r")
    at = screen.text.until(RESTORE)
    screen.text.until("BACK", at)
    assert "LINE 9" in screen.text.getvalue() and "LINE 6" not in screen.text.getvalue()
