"""Lines typed at the local terminal, kept for each userid from one run to the next.

Only a line that answers a read of CP or of the virtual machine goes into a file, and only while somebody is logged on:
never a password, nor what is typed ahead, which may turn out to be one. The files can be read by their owner alone.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from prompt_toolkit.history import FileHistory
from prompt_toolkit.history import History as PromptHistory

from cpvm.terminal.line import MAX_HISTORY, History, ReadState

_USERID = re.compile(r"[A-Z0-9$#@_]{1,8}")


class Typist(Protocol):
    """The terminal at which the lines are typed."""

    @property
    def userid(self) -> str: ...

    @property
    def read_state(self) -> ReadState: ...

    @property
    def asked(self) -> bool: ...


class Files:
    """A file of lines for each userid in a folder. What the host refuses to read or to write is not kept, no more."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, userid: str) -> Path | None:
        """The file of a userid; none for a name that is no userid (it may come from another computer)."""
        return self._folder / userid if _USERID.fullmatch(userid) else None

    def load(self, userid: str) -> list[str]:
        """The last lines, oldest first."""
        path = self._path(userid)
        if path is None:
            return []
        try:
            lines = [*reversed([*FileHistory(str(path)).load_history_strings()])]
            if len(lines) > 2 * MAX_HISTORY:
                self._shorten(path, lines[-MAX_HISTORY:])
        except OSError:
            return []
        return lines[-MAX_HISTORY:]

    def add(self, userid: str, line: str) -> None:
        """Put a line behind the others."""
        path = self._path(userid)
        if path is None:
            return
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._store(path, [line])

    def _store(self, path: Path, lines: Iterable[str]) -> None:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        for line in lines:
            FileHistory(str(path)).store_string(line)

    def _shorten(self, path: Path, lines: Iterable[str]) -> None:
        new = path.with_name(f".{path.name}.{os.getpid()}")
        self._store(new, lines)
        new.replace(path)


class UserHistory(PromptHistory):
    """What the arrow keys bring back: the lines of whoever is logged on.

    Args:
        typist: the terminal.
        folder: where the lines are kept between runs; nowhere if None.
    """

    def __init__(self, typist: Typist, folder: Path | None) -> None:
        super().__init__()
        self._typist = typist
        self._files = Files(folder) if folder else None
        self._users: dict[str, History] = {}

    def _history(self) -> History:
        userid = self._typist.userid
        if userid not in self._users:
            history = self._users[userid] = History()
            history.lines += self._files.load(userid) if self._files and userid else []
        return self._users[userid]

    async def load(self) -> AsyncGenerator[str, None]:
        """The lines, latest first."""
        for line in reversed([*self._history().lines]):
            yield line

    def get_strings(self) -> list[str]:
        """The lines, oldest first."""
        return self._history().lines

    def append_string(self, string: str) -> None:
        """Remember a line, unless it is a password or a repetition."""
        history, state = self._history(), self._typist.read_state
        before = [len(history.lines), *history.lines[-1:]]
        history.add(string, state)
        if [len(history.lines), *history.lines[-1:]] != before:
            self.store_string(string)

    def store_string(self, string: str) -> None:
        """Keep a line for the next run, if it was asked for by CP or a virtual machine."""
        state, userid = self._typist.read_state, self._typist.userid
        if self._files and userid and self._typist.asked and state in (ReadState.VM_READ, ReadState.CP_READ):
            self._files.add(userid, string)

    def load_history_strings(self) -> Iterable[str]:
        """The same as `load`, for those who ask in this way."""
        return reversed(self.get_strings())
