"""The system of a day: `cpvm start` in a process of its own, its end by SHUTDOWN or a kill, its memory."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Final

from bench.dayuse import telnet
from bench.dayuse.answers import pattern
from bench.dayuse.terminals import Lost, Terminal

START: Final = 120.0
"""Seconds in which the system must listen."""


def free_port() -> int:
    """A port on this computer that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _has(terminal: Terminal, wanted: re.Pattern[str]) -> bool:
    return any(wanted.fullmatch(line) for line in terminal.lines)


class SiteError(Exception):
    """The system does not start, or does not end as it should."""


class Site:
    """The system in FOLDER; what it says goes to a file `day.log` beside."""

    def __init__(self, folder: Path, *, ssh: bool = True) -> None:
        self.folder = folder
        self.address = ("127.0.0.1", free_port())
        self.ssh_address = ("127.0.0.1", free_port())
        self.log = folder.parent / "day.log"
        self._ssh = ssh
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process, while it runs."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> float:
        """Start it; seconds until a terminal could be connected. Raises SiteError."""
        began = time.perf_counter()
        command = [sys.executable, "-m", "cpvm.cli", "start", "--system", str(self.folder)]
        command += ["--listen", "{}:{}".format(*self.address)]
        if self._ssh:
            command += ["--ssh", "{}:{}".format(*self.ssh_address)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while time.perf_counter() < began + START:
            if self._process.poll() is not None:
                raise SiteError(f"the system ended with status {self._process.returncode}: see {self.log}")
            try:
                await self._look()
            except (Lost, TimeoutError, OSError):
                await asyncio.sleep(0.1)
                continue
            return time.perf_counter() - began
        raise SiteError(f"the system does not listen after {START:.0f} s")

    async def _look(self) -> None:
        """Whether it listens. Raises Lost, TimeoutError, OSError."""
        terminal = await telnet.connect(self.address)
        await terminal.until(lambda: "VM/370 ONLINE" in terminal.lines, 10.0)
        terminal.close()
        if self._ssh:
            _, writer = await asyncio.open_connection(*self.ssh_address)
            writer.close()

    async def shut_down(self) -> float:
        """OPERATOR logs on and types SHUTDOWN; seconds until the process has ended. Raises SiteError."""
        assert self._process is not None
        terminal = await telnet.connect(self.address)
        for text, then in (("LOGON OPERATOR", "ENTER PASSWORD:"), ("OPERATOR", "LOGON AT...")):
            await terminal.until(lambda: terminal.reading)
            terminal.enter(text)
            await terminal.until(partial(_has, terminal, pattern(then)))
        await terminal.until(lambda: terminal.reading)
        began = time.perf_counter()
        terminal.enter("SHUTDOWN")
        status = await self._over()
        terminal.close()
        if status != 0:
            raise SiteError(f"after SHUTDOWN the system ended with status {status}: see {self.log}")
        return time.perf_counter() - began

    async def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._over()

    async def _over(self) -> int:
        assert self._process is not None
        try:
            return await asyncio.to_thread(self._process.wait, START)
        except subprocess.TimeoutExpired:
            raise SiteError("the system does not end") from None

    def end(self) -> None:
        """End the process, however."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(START)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def memory(self) -> tuple[int, int]:
        """Kilobytes: resident, and its proportional share of what is shared."""
        text = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        found = [re.search(rf"(?m)^{what}:\s+(\d+)", text) for what in ("Rss", "Pss")]
        rss, pss = (int(match[1]) if match else 0 for match in found)
        return rss, pss

    def processor(self) -> float:
        """Seconds of processor time that the process has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def complaints(self) -> list[str]:
        """Lines in what the system has said that tell of an error of its own."""
        if not self.log.exists():
            return []
        return [
            line for line in self.log.read_text(errors="replace").splitlines() if "Traceback" in line or "rror:" in line
        ]
