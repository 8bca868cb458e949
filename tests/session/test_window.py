"""A window that shows lines and turns into a 3270 for programs that have a screen, on a real CMS."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from cpvm import api
from cpvm.front.link import connector
from cpvm.machine.media.screen import Keyboard, Screen, read_modified, structured, write
from cpvm.s370.datastream import Write
from cpvm.terminal.filenames import Files, FileSession
from cpvm.terminal.line import ReadState, StateName
from cpvm.terminal.window import WindowSession

_PATIENCE = 30.0


class Window:
    """A user's window."""

    local = True
    extended = True

    def __init__(self, system: api.SystemHandle, name: str = "W0001", size: tuple[int, int] = (24, 80)) -> None:
        self.name = name
        self.size = size
        self.screen = Screen(24, 80, size, extended=True)
        self.keyboard = Keyboard(self.screen)
        self.said: list[str] = []
        self.filled: list[str] = []
        self.shows_screen = False
        self.now = ReadState.RUNNING
        self.closed = False
        self._changed = threading.Condition()
        session = connector(system.system)(self)
        assert isinstance(session, WindowSession) and isinstance(session, FileSession)
        self.session = session

    # what the system calls

    def _note(self, do: Callable[[], object]) -> None:
        with self._changed:
            do()
            self._changed.notify_all()

    def write(self, text: str) -> None:
        self._note(lambda: self.said.append(text))

    def state(self, state: StateName) -> None:
        self._note(lambda: setattr(self, "now", ReadState[state.name]))

    def fill(self, text: str) -> None:
        self._note(lambda: self.filled.append(text))

    def lines(self) -> None:
        self._note(lambda: setattr(self, "shows_screen", False))

    def close(self) -> None:
        self._note(lambda: setattr(self, "closed", True))

    def send(self, command: int, data: bytes) -> None:
        with self._changed:
            self.shows_screen = True
            answer = b""
            if command == Write.STRUCTURED_FIELD:
                answer = structured.write(self.screen, data)
            else:
                write(self.screen, command, data)
            self._changed.notify_all()
        if answer:
            self.session.received(answer)

    # what the user does

    def wait(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE
        with self._changed:
            while not condition():
                seen = "\n".join(self.screen.lines() if self.shows_screen else self.said)
                assert self._changed.wait(max(0.0, end - time.monotonic())), seen

    def until(self, text: str) -> None:
        """Wait for a line that begins with TEXT, which is then forgotten with those before it."""
        self.wait(lambda: any(line.startswith(text) for line in self.said))
        del self.said[: next(n for n, line in enumerate(self.said) if line.startswith(text)) + 1]

    def sees(self, text: str) -> bool:
        return self.screen.find(text) >= 0

    def type(self, text: str, key: str = "enter") -> None:
        """Type on the 3270."""
        self.wait(lambda: self.shows_screen and not self.screen.locked)
        with self._changed:
            self.keyboard.type(text)
            self.keyboard.press(key)
            record = read_modified(self.screen).data
        self.session.received(record)

    @property
    def status(self) -> str:
        return self.screen.line(self.screen.rows - 1)[-20:].strip()


@pytest.fixture
def window(system: api.SystemHandle) -> Iterator[Window]:
    window = Window(system)
    window.wait(lambda: window.now is ReadState.LOGON)
    window.session.line("LOGON CMSUSER CMSUSER")
    window.until("LOGON AT")
    window.wait(lambda: window.now is ReadState.CP_READ)
    window.session.line("IPL CMS")
    window.wait(lambda: window.now is ReadState.VM_READ)
    window.session.line("")
    window.until("Ready;")
    window.wait(lambda: window.now is ReadState.VM_READ)
    yield window
    window.session.hangup()


def test_the_window_is_a_3270_as_long_as_a_program_shows_its_screen(window: Window) -> None:
    assert not window.shows_screen
    window.session.line("EDIT PROFILE EXEC")
    window.wait(lambda: window.shows_screen and window.sees("EDIT:") and window.status == "VM READ")
    window.type("DOWN 2")
    window.wait(lambda: window.sees("COMMANDS IN THIS FILE") and window.status == "VM READ")
    window.type("QUIT")
    window.wait(lambda: not window.shows_screen)
    window.until("Ready;")
    assert not window.closed


def test_lines_that_a_full_screen_program_causes_are_kept_for_afterwards(window: Window) -> None:
    window.session.line("HELP")
    window.wait(lambda: window.sees("Welcome to CMS"))
    window.session.line("#CP MSG CMSUSER HELLO")
    window.wait(lambda: window.sees("MSG FROM CMSUSER : HELLO") or window.sees("HELLO"))
    window.wait(lambda: window.status in ("MORE...", "HOLDING"))
    window.type("", "clear")
    window.wait(lambda: window.sees("Welcome to CMS"))
    window.type("", "pf12")
    window.wait(lambda: not window.shows_screen)
    assert any("HELLO" in line for line in window.said)


@pytest.mark.parametrize(("command", "seen"), [("HELP", "Welcome to CMS"), ("EDIT PROFILE EXEC", "EDIT:")])
def test_attention_gives_the_lines_back_and_begin_the_screen(window: Window, command: str, seen: str) -> None:
    window.session.line(command)
    window.wait(lambda: window.sees(seen))
    window.session.attention()
    window.wait(lambda: window.now is ReadState.CP_READ and not window.shows_screen)
    window.session.line("QUERY TIME")
    window.until("TIME IS")
    assert not window.shows_screen
    window.session.line("BEGIN")
    window.wait(lambda: window.shows_screen and window.sees(seen))


def test_the_user_can_choose_the_3270_and_go_back_to_lines(window: Window) -> None:
    window.session.line("QUERY SEARCH")
    window.until("Ready;")
    window.session.look(True)
    window.wait(lambda: window.shows_screen and window.sees("QUERY SEARCH") and window.sees("Ready;"))
    window.type("LISTFILE PROFILE EXEC")
    window.wait(lambda: window.screen.lines().count("PROFILE  EXEC     A1") == 1)
    window.session.look(False)
    window.wait(lambda: not window.shows_screen)
    at = window.said.index("LISTFILE PROFILE EXEC")
    assert window.said[at + 1].startswith("PROFILE  EXEC")


def test_many_lines_in_the_lines_look_need_no_clearing(window: Window) -> None:
    window.session.line("LISTFILE * HELPCMS S")
    window.until("Ready;")
    assert not window.shows_screen


def test_program_function_keys_and_passwords(system: api.SystemHandle, window: Window) -> None:
    window.session.line("#CP SET PF2 DELAYED QUERY TIME")
    window.session.program_key(2)  # type: ignore[attr-defined]
    window.wait(lambda: window.filled == ["QUERY TIME"])
    other = Window(system, "W0002", (43, 80))
    other.session.look(True)
    other.wait(lambda: other.sees("VM/370 ONLINE"))
    assert other.screen.rows == 43
    other.type("LOGON USER01")
    other.wait(lambda: other.now is ReadState.PASSWORD and not other.screen.locked)
    other.type("USER01")
    other.until("LOGON AT")
    assert "USER01" not in [line.strip() for line in other.said]
    other.session.look(False)
    other.wait(lambda: not other.shows_screen)
    other.session.line("LOGOFF")
    other.wait(lambda: other.now is ReadState.LOGON or other.closed)


def test_a_lost_window_in_the_middle_of_a_screen(system: api.SystemHandle, window: Window) -> None:
    window.session.line("HELP")
    window.wait(lambda: window.sees("Welcome to CMS"))
    window.session.hangup()
    other = Window(system, "W0002")
    other.wait(lambda: other.now is ReadState.LOGON)
    other.session.line("LOGON CMSUSER CMSUSER")
    other.until("RECONNECTED")
    if not other.shows_screen:
        other.session.line("BEGIN")
    else:
        other.wait(lambda: other.status == "CP READ")
        other.type("BEGIN")
    other.wait(lambda: other.sees("Welcome to CMS") or other.status == "MORE...")
    if not other.sees("Welcome to CMS"):
        other.type("", "clear")
    other.wait(lambda: other.sees("Welcome to CMS"))
    other.session.hangup()


def test_the_guests_files_are_known_without_asking_the_guest(system: api.SystemHandle, window: Window) -> None:
    def files(of: Window) -> Files | None:
        there = threading.Event()
        found: list[Files | None] = []

        def reply(names: Files | None) -> None:
            found.append(names)
            there.set()

        of.session.files(reply)  # type: ignore[attr-defined]
        assert there.wait(_PATIENCE)
        return found[0]

    names = files(window)
    assert names is not None
    assert ("PROFILE", "EXEC", "A1") in names and ("EDIT", "MODULE", "S2") in names
    window.session.line("ERASE PROFILE EXEC")
    window.until("Ready;")
    assert ("PROFILE", "EXEC", "A1") not in (files(window) or ())
    window.session.line("#CP SYSTEM CLEAR")
    window.wait(lambda: window.now is ReadState.CP_READ)
    assert files(window) is None
    assert files(Window(system, "W0003")) is None
