"""Hercules, beside which engines are measured; and what machine it all runs on."""

from __future__ import annotations

import os
import platform
import pty
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LIMIT = 120.0
"""Seconds for one run."""

_ENDED = re.compile(
    rb"HHCCP011I.*?PSW=[0-9A-F]{8} ([0-9A-F]{8})"  # 3.x: the PSW is on a line of its own
    rb"|HHC00809I[^\n]*disabled wait state (?:PSW=)?[0-9A-F]{8} ?([0-9A-F]{8})",  # 4.x
    re.DOTALL,
)
_VERSION = re.compile(rb"Hercules [Vv]ersion ([^\s(,]+)")
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Run:
    """One run of a program on Hercules."""

    seconds: float
    """Processor time of its CPU thread."""
    result: int
    """The wait code."""
    version: str


def wait_code(shown: bytes) -> int | None:
    """The address in the PSW with which Hercules said that its CPU is in a disabled wait; None if it has not.

    >>> wait_code(b"HHCCP011I CPU0000: Disabled wait state\\r\\n          PSW=00020000 0000600D\\r\\n") == 0x600D
    True
    >>> wait_code(b"12:00:00 HHC00809I Processor CP00: disabled wait state 00020000 0000600D") == 0x600D
    True
    """
    found = _ENDED.search(_ESCAPES.sub(b"", shown))
    return int(found[1] or found[2], 16) & 0xFFFFFF if found else None


@contextmanager
def started(peer: str, data: bytes, devices: str = "0009 3215-C /\n", more: str = "") -> Iterator[tuple[int, int]]:
    """Hercules with a program, as it stands in storage from 0 on, and the restart key pressed.

    Gives the descriptor of its terminal and its process number. `devices` and `more` are lines of its configuration.
    """
    with tempfile.TemporaryDirectory() as d:
        Path(d, "core").write_bytes(data)
        Path(d, "conf").write_text(f"ARCHMODE S/370\nCPUMODEL 3033\nMAINSIZE 16\nNUMCPU 1\n{more}{devices}")
        Path(d, "rc").write_text(f"sysclear\nloadcore {d}/core 0\nrestart\n")
        ours, theirs = pty.openpty()
        try:
            process = subprocess.Popen(
                [peer, "-d", "-f", f"{d}/conf"],
                stdin=subprocess.PIPE,
                stdout=theirs,
                stderr=theirs,
                cwd=d,
                env=os.environ | {"HERCULES_RC": f"{d}/rc", "TERM": "dumb"},
            )
        except OSError as error:
            os.close(ours)
            raise SystemExit(f"{peer}: {error.strerror or error}") from None
        finally:
            os.close(theirs)
        try:
            yield ours, process.pid
        finally:
            process.kill()
            process.wait()
            os.close(ours)


def hercules(peer: str, data: bytes) -> Run:
    """Run a program, as it stands in storage from 0 on, from the restart key to its disabled wait."""
    with started(peer, data) as (terminal, pid):
        return _wait(terminal, pid)


def _wait(terminal: int, pid: int) -> Run:
    shown = bytearray()
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        result = wait_code(shown)
        if result is not None:
            version = _VERSION.search(shown)
            return Run(_used(pid), result, version[1].decode(errors="replace") if version else "")
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                shown += os.read(terminal, 65536)
            except OSError:
                break
    raise SystemExit(f"Hercules did not come to its end; it showed last: {shown[-300:].decode(errors='replace')}")


def _used(pid: int) -> float:
    """Processor time so far of that thread of a process that has used most, seconds: it is the CPU's."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return max(int(task.read_text().split()[0]) for task in tasks) / 1e9


def this_machine() -> dict[str, str]:
    """Processor, operating system, Python and llvmlite."""
    try:
        llvmlite = subprocess.run(
            [sys.executable, "-c", "import llvmlite; print(llvmlite.__version__)"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
    except OSError:
        llvmlite = ""
    return {
        "processor": _processor(),
        "processors": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "llvmlite": llvmlite or "none",
    }


def _processor() -> str:
    try:
        found = re.search(r"(?m)^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()
