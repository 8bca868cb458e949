"""Compiling in a process of its own.

It takes seconds and a lot of memory, which that process gives back by ending; Python threads here are not delayed;
and a process may end at any time, but not in the middle of LLVM's work. If this one ends first, the other goes on and
leaves what it has made in the cache.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from cpvm.machine.compiled.build import Code, compile_code, key, pack, target_machine, unpack, write_cache

_PROGRAM: Final = (
    "import sys; sys.path[:] = sys.argv[2:]; from cpvm.machine.compiled.elsewhere import serve; serve(sys.argv[1])"
)
_PATIENCE: Final = 0.1
"""Seconds between two looks whether this process is about to end."""


class Failed(Exception):
    """The other process could not do it; one line, its last words."""


def make(path: Path, wanted: bytes) -> Code | None:
    """Have another process compile; None if there can be none, or if this process is about to end.

    Args:
        path: where it leaves the result if nobody waits for it any more.
        wanted: the key of what is to be made.

    Raises:
        Failed: it did not get to the end.
    """
    if not sys.executable:
        return None
    try:
        other = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(path), *sys.path],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # what is typed to stop this process is not meant for it
        )
    except OSError:
        return None
    while True:
        try:
            data, complaint = other.communicate(timeout=_PATIENCE)
            break
        except subprocess.TimeoutExpired:
            if not threading.main_thread().is_alive():
                raise Failed("the process ends") from None
    if other.returncode:
        raise Failed(_last_words(complaint) or f"the compiler ended with status {other.returncode}")
    return unpack(data, wanted)


def _last_words(complaint: bytes) -> str:
    """Of what a process has written on standard error, the last line that speaks of an error, or the last one."""
    lines = [line.strip() for line in complaint.decode(errors="replace").split("\n") if line.strip()]
    return next((line for line in reversed(lines) if "error" in line.lower()), lines[-1] if lines else "")


def serve(path: str) -> None:
    """Compile for another process: what the other one gets is the contents of a file of the cache."""
    wanted = key()
    code = compile_code(target_machine(), apart=True)
    try:
        sys.stdout.buffer.write(pack(wanted, *code))
        sys.stdout.buffer.flush()
    except OSError:  # nobody waits for it
        write_cache(Path(path), wanted, *code)
        with suppress(OSError):
            sys.stdout.close()
