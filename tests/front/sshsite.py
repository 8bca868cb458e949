"""A system without CMS that serves ssh, and its clients."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import asyncssh

from cpvm.cp.system import System
from cpvm.front.sshgate import SystemGate
from cpvm.front.sshkeys import host_key
from cpvm.terminal.ssh import server

PATIENCE = 30  # seconds until a test that hangs fails
DIRECTORY = """\
VOLUME TEST01 3350 10
USER OPERATOR OPERATOR 256K 1M ABCDEG
CONSOLE 009 3215
USER CMSUSER CMSUSER 256K 2M G
ALIAS CONVERSATIONAL
CONSOLE 009 3215
USER USER01 SECRET 256K 2M G
CONSOLE 009 3215
USER NOBODY NOLOG 256K 2M G
CONSOLE 009 3215
"""


class Site:
    """A system that serves ssh."""

    def __init__(self, folder: Path) -> None:
        System.create(folder, DIRECTORY)
        self.folder = folder
        self.system = System(folder)
        self.system.start()
        self.faults: list[Exception] = []
        self.server = server.SSHServer(
            SystemGate(self.system, folder), "127.0.0.1", 0, host_key(folder), failed=self.faults.append
        )
        self.server.start()

    def stop(self) -> None:
        self.system.shutdown()
        self.server.stop()
        assert not self.faults

    @property
    def log(self) -> str:
        return (self.folder / "operator.log").read_text()

    def connect(self, username: str, secret: str | None = None, keys: Any = ()) -> Any:
        return asyncssh.connect(
            *self.server.address,
            username=username,
            password=secret,
            client_keys=list(keys),
            known_hosts=None,
            config=None,
            agent_path=None,
        )


class Terminal:
    """A session whose output is read as it comes."""

    def __init__(self, process: Any) -> None:
        self.process = process
        self.text = self.errors = ""
        self._read = 0

    def type(self, text: str) -> None:
        self.process.stdin.write(text)

    async def until(self, wanted: str) -> str:
        """All output since the last call up to and with `wanted`."""
        while (at := self.text.find(wanted, self._read)) < 0:
            more = await self.process.stdout.read(65536)
            assert more, f"ended before {wanted!r}: {self.text[self._read :]!r}"
            self.text += more
        start, self._read = self._read, at + len(wanted)
        return self.text[start : self._read]

    async def end(self) -> int | None:
        """The exit status, when all has come."""
        while more := await self.process.stdout.read(65536):
            self.text += more
        self.errors = await self.process.stderr.read()
        await self.process.wait()
        status: int | None = self.process.exit_status
        return status


async def terminal(connection: Any, term: str | None = "dumb", size: tuple[int, int] = (80, 24)) -> Terminal:
    extra = {"term_type": term, "term_size": size} if term else {}
    return Terminal(await connection.create_process(**extra))


def run(work: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(work, PATIENCE)

    asyncio.run(limited())
