"""A system of its own for terminal tests: it logs on anybody whose password is `secret`, and answers typed lines."""

import queue
import threading
from collections.abc import Callable
from typing import Any

from cpvm.terminal.line import ReadState, Terminal


class FakeSession:
    def __init__(self, system: "FakeSystem", terminal: Terminal) -> None:
        self.system = system
        self.terminal = terminal
        self.userid = ""
        self.typed: list[str] = []
        self.attentions = 0
        self.columns = 0
        self.hung_up = threading.Event()
        self._state = ReadState.LOGON
        self._candidate = ""
        self._busy = False

    def line(self, text: str) -> None:
        self.system.post(lambda: self._line(text))

    def attention(self) -> None:
        self.system.post(self._attention)

    def resized(self, columns: int) -> None:
        self.columns = columns

    def hangup(self) -> None:
        self.system.post(self.hung_up.set)  # behind the lines that were typed before

    def program_key(self, number: int) -> None:
        fill = getattr(self.terminal, "fill", None)
        if fill is not None:
            self.system.post(lambda: fill(f"KEY {number}"))

    def go(self, state: ReadState) -> None:
        self._state = state
        self.terminal.state(state)

    def begin(self) -> None:
        self.terminal.write("FAKE ONLINE")
        self.go(ReadState.LOGON)

    def finish(self) -> None:
        """The program that RUN has begun ends."""
        self._busy = False
        self.go(ReadState.VM_READ)

    def _attention(self) -> None:
        self.attentions += 1
        self._busy = False
        self.terminal.write("CP")
        self.go(ReadState.CP_READ)

    def _line(self, text: str) -> None:
        if self._state is ReadState.CLOSED:
            return  # typed before the end was heard of; CP's sessions take no notice either
        self.typed.append(text)
        if self._busy:
            return
        verb, _, rest = text.partition(" ")
        if self._state is ReadState.PASSWORD:
            if text == "secret":
                self.userid = self._candidate
                self.terminal.write(f"HELLO {self.userid}")
                self.go(ReadState.VM_READ)
            else:
                self.terminal.write("WRONG")
                self.go(ReadState.LOGON)
        elif verb == "LOGON":
            self._candidate = rest
            self.terminal.write("ENTER PASSWORD:")
            self.go(ReadState.PASSWORD)
        elif verb == "LOGOFF":
            self.userid = ""
            self.go(ReadState.LOGON)
        elif verb == "BYE":
            self.terminal.write("GOODBYE")
            self._state = ReadState.CLOSED
            self.terminal.close()
        elif verb == "FLOOD":
            self.go(ReadState.RUNNING)
            for number in range(int(rest)):
                self.terminal.write(f"{number:08d} " + "x" * 120)
            self.go(ReadState.VM_READ)
        elif verb == "RUN":
            self._busy = True
            self.go(ReadState.RUNNING)
        else:
            self.go(ReadState.RUNNING)
            self.terminal.write(f"<{text}>")
            self.go(ReadState.VM_READ)


class FakeSystem:
    """Everything happens on one thread, as in CP."""

    def __init__(self) -> None:
        self.sessions: list[FakeSession] = []
        self._queue: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def post(self, action: Callable[[], Any]) -> None:
        self._queue.put(action)

    def connect(self, terminal: Terminal) -> FakeSession:
        session = FakeSession(self, terminal)
        self.sessions.append(session)
        self.post(session.begin)
        return session

    def settle(self) -> None:
        """Wait until all that was posted is done."""
        done = threading.Event()
        self.post(done.set)
        assert done.wait(10)

    def stop(self) -> None:
        self._queue.put(None)
        self._thread.join(10)

    def _run(self) -> None:
        while action := self._queue.get():
            action()
