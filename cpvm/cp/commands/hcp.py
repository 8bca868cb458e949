"""HCP: a command for the host (an extension of VM/370's Community Edition, for Hercules)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from typing import Any

from cpvm.cp.command import Answer, Effect, Request, command, pause
from cpvm.cp.message import OPERAND_MISSING, message
from cpvm.cp.operand import Operands

NOT_ALLOWED = message("890E", "HOST COMMANDS ARE NOT ALLOWED; SEE HELP CP HCP")
FAILED = message("891E", "HOST COMMAND NOT DONE; {}")
ALLOWED = "host-commands"
"""The file in the system folder by which the host's user allows them."""
_SECONDS = 60
_LINES = 500
_MOST = 1_000_000  # bytes that are looked at
_LOOK = 0.02  # seconds between two looks whether it has ended


@command("HCP", module="DMKHCP", minimum=3, classes="A", syntax="HCP command")
def hcp(request: Request, operands: Operands) -> Answer:
    """Have the host's shell do something, and show what it writes."""
    line = operands.take_rest()
    if not line:
        raise OPERAND_MISSING.error()
    if not (request.system.folder / ALLOWED).is_file():
        raise NOT_ALLOWED.error()
    return _hcp(request, line)


def _hcp(request: Request, line: str) -> Generator[Effect, Any, int | None]:
    request.system.log.write(f"HCP BY {request.vm.userid}: {line[:100]}")
    with tempfile.TemporaryFile() as written:
        try:
            shell = subprocess.Popen(
                line,
                shell=True,
                cwd=request.system.folder,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise FAILED.error(str(error).upper()) from None
        ends = time.monotonic() + _SECONDS
        try:
            while shell.poll() is None:
                if time.monotonic() > ends:
                    raise FAILED.error(f"MORE THAN {_SECONDS} SECONDS")
                yield from pause(_LOOK)
        finally:
            if shell.poll() is None:
                _kill(shell)
        written.seek(0)
        text = written.read(_MOST).decode("utf-8", "replace")
    for shown in text.splitlines()[:_LINES]:
        request.write(shown)
    code = shell.returncode
    return code if 0 <= code < 256 else 255


def _kill(shell: subprocess.Popen[bytes]) -> None:
    """End the shell and all that it has started."""
    with contextlib.suppress(OSError):
        os.killpg(shell.pid, signal.SIGKILL)
    shell.wait()
