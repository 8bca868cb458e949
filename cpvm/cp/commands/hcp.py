"""HCP: a command for the host (an extension of VM/370's Community Edition, for Hercules)."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from typing import Any

from cpvm.cp.command import Answer, Effect, Request, command, work
from cpvm.cp.message import OPERAND_MISSING, message
from cpvm.cp.operand import Operands

NOT_ALLOWED = message("890E", "HOST COMMANDS ARE NOT ALLOWED; SEE HELP CP HCP")
FAILED = message("891E", "HOST COMMAND NOT DONE; {}")
ALLOWED = "host-commands"
"""The file in the system folder by which the host's user allows them."""
_SECONDS = 60
_LINES = 500


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
    folder = request.system.folder

    def run() -> tuple[int, str]:
        done = subprocess.run(
            line, shell=True, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=_SECONDS, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout.decode("utf-8", "replace")

    try:
        code, text = yield from work(run)
    except subprocess.TimeoutExpired:
        raise FAILED.error(f"MORE THAN {_SECONDS} SECONDS") from None
    except OSError as error:
        raise FAILED.error(str(error).upper()) from None
    for shown in text.splitlines()[:_LINES]:
        request.write(shown)
    return code if 0 <= code < 256 else 255
