"""A system whose sessions have a 3270 besides their lines, for tests of windows."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any

from cpvm.s370.datastream import Control, Order, Write
from cpvm.s370.ebcdic import to_ebcdic
from cpvm.terminal.filenames import Files
from cpvm.terminal.line import ReadState, Terminal

from .fake import FakeSession, FakeSystem

FILES = [("PROFILE", "EXEC", "A1"), ("MY", "NOTES", "A1"), ("EDIT", "MODULE", "S2")]


def page(text: str) -> bytes:
    """Data of an Erase/Write: a text and a field to type in."""
    field = bytes((Order.SF, 0x40, Order.IC))
    return bytes((0xC0 | Control.RESTORE, Order.SBA, 0x40, 0x40)) + to_ebcdic(text) + field


class WindowSession(FakeSession):
    """`SHOW text` shows a screen, which any key ends."""

    def __init__(self, system: FakeSystem, terminal: Terminal) -> None:
        super().__init__(system, terminal)
        self.records: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.looks: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.names: Files | None = FILES

    def received(self, record: bytes) -> None:
        self.records.put(record)
        self.system.post(self._back)

    def look(self, screen: bool) -> None:
        self.looks.put("screen" if screen else "lines")
        self.system.post(lambda: self._show("CHOSEN") if screen else self._back())

    def escape(self) -> None:
        self.looks.put("escape")

    def files(self, reply: Callable[[Files | None], None]) -> None:
        self.system.post(lambda: reply(self.names))

    def _show(self, text: str) -> None:
        self.window.send(Write.ERASE_WRITE, page(text))

    @property
    def window(self) -> Any:
        return self.terminal

    def _back(self) -> None:
        self.window.lines()
        self.terminal.write("BACK")
        self.go(ReadState.VM_READ)

    def _line(self, text: str) -> None:
        verb, _, rest = text.partition(" ")
        if verb == "SHOW":
            self.typed.append(text)
            self.terminal.write("BEFORE")
            self._show(rest)
            self.terminal.write("MEANWHILE")
        else:
            super()._line(text)


class WindowSystem(FakeSystem):
    """Has windows only."""

    def connect(self, terminal: Terminal) -> WindowSession:
        session = WindowSession(self, terminal)
        self.sessions.append(session)
        self.post(session.begin)
        return session
