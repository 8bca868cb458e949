"""A simulated terminal by ssh: a session without a terminal of its own (`ssh -T`), so that lines come as they are."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import asyncssh

from bench.dayuse.terminals import Lost, Terminal


class SSH(Terminal):
    """One session. It logs its user on by itself, and cannot know the system's state: lines may be typed ahead."""

    kind = "ssh"

    def __init__(self) -> None:
        super().__init__()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._process: Any = None
        self._listening: asyncio.Task[None] | None = None

    async def open(self, address: tuple[str, int], userid: str, password: str) -> None:
        """Connect. Raises Lost."""
        try:
            self._connection = await asyncssh.connect(
                *address,
                username=userid,
                password=password,
                client_keys=[],
                known_hosts=None,
                config=None,
                agent_path=None,
            )
            self._process = await self._connection.create_process(term_type=None)
        except (OSError, asyncssh.Error) as error:
            raise Lost(str(error)) from error
        self._listening = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        part = ""
        with contextlib.suppress(OSError, asyncssh.Error):
            while text := await self._process.stdout.read(65536):
                *lines, part = (part + text).split("\n")
                for line in lines:
                    self._line(line)
        self._ended()
        self.close()

    @property
    def reading(self) -> bool:
        return not self.lost

    def enter(self, text: str) -> None:
        with contextlib.suppress(OSError, asyncssh.Error):
            self._process.stdin.write(text + "\n")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.abort()


async def connect(address: tuple[str, int], userid: str, password: str) -> SSH:
    """A session whose user is logged on. Raises Lost."""
    terminal = SSH()
    await terminal.open(address, userid, password)
    return terminal
