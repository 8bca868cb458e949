"""Host halves work in processes of their own, so that what a user's program makes of one takes neither the system's
storage nor its time: an assembly without end, or one that makes gigabytes, ends itself and nothing else.

There are few processes, for all users; each step of a conversation takes one that is free, that of the step before if
it can be had. Between two steps a conversation is plain data. Who comes first is served first. A step that takes long
goes on behind all others, as far as the host's processors go, and its process is not counted: so assemblies without end
do not keep others from theirs.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections import deque
from functools import lru_cache
from typing import IO, Any, Final, cast

from cpvm.cp.halfprocess import DONE, read_frame, write_frames

LEAST: Final = 2
"""Processes at most on a host with one processor; else as many as it has processors."""
LONG: Final = 2.0
"""Seconds after which a step is one that takes long."""
MOST: Final = 16
"""Processes at most, those counted in whose steps take long."""
BEHIND: Final = 10
"""How much further than others such steps go behind on the host's processors."""
_BOOT: Final = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from cpvm.cp.halfprocess import main; main()"


class HalfFailed(Exception):
    """A half failed, was ended, or could not begin; the text says why."""


class _Process:
    """One process; for one thread at a time but for `kill`."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", _BOOT, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=os.sep,
            start_new_session=True,  # Ctrl-C at the operator's terminal is not for it
        )
        self.holds = 0
        """The number of the half whose step it did last."""
        self.began = 0.0
        """When its present step began."""
        self.behind = False
        """Its step has taken long."""

    def ask(self, *frames: bytes) -> tuple[bytes, bytes, bytes, bytes]:
        """Send frames and wait for the answer's. Raises EOFError, OSError: the process has ended."""
        write_frames(cast(Any, self._child.stdin), *frames)
        out = cast(Any, self._child.stdout)
        return read_frame(out), read_frame(out), read_frame(out), read_frame(out)

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._child.poll() is None

    def kill(self) -> None:
        """End it, whatever it does."""
        self._child.kill()

    def fall_behind(self) -> None:
        """Let others go first from now on. A process cannot be brought to the front again: it is for this step only."""
        self.behind = True
        with contextlib.suppress(OSError, AttributeError):
            nice = os.getpriority(os.PRIO_PROCESS, self._child.pid)
            os.setpriority(os.PRIO_PROCESS, self._child.pid, nice + BEHIND)

    def forget(self) -> None:
        """It is of no use any more."""
        self.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            with contextlib.suppress(OSError):
                cast(IO[bytes], pipe).close()


class HalfPool:
    """The processes of one Python, whatever systems it has."""

    def __init__(self, most: int | None = None) -> None:
        self._most = most or max(LEAST, os.cpu_count() or 1)
        self.changed = threading.Condition()
        self._idle: list[_Process] = []
        self._busy: set[_Process] = set()
        self._line: deque[RemoteHalf] = deque()  # who waits for a process
        self._count = 0
        self._numbers = itertools.count(1)

    def half(self, module: str) -> RemoteHalf:
        """A new conversation with the half that MODULE defines."""
        return RemoteHalf(self, module, next(self._numbers))

    def take(self, half: RemoteHalf) -> _Process:
        """A free process; waits for one. Raises HalfFailed: the half was cancelled, or there can be none."""
        with self.changed:
            self._line.append(half)
            try:
                while not half.cancelled and not (self._line[0] is half and self._room()):
                    self.changed.wait(LONG if self._line[0] is half else None)
            finally:
                self._line.remove(half)
                self.changed.notify_all()
            if half.cancelled:
                raise HalfFailed("it was cancelled")
            for dead in [process for process in self._idle if not process.alive]:  # the host has ended it
                self._idle.remove(dead)
                dead.forget()
                self._count -= 1
            process = next((process for process in self._idle if process.holds == half.number), None)
            if process is None and self._idle and (self._count >= self._most or not self._idle[0].holds):
                process = self._idle[0]
            if process is not None:
                self._idle.remove(process)
            else:
                self._count += 1
        if process is None:
            try:
                process = _Process()
            except OSError as error:
                self.give_back(None)
                raise HalfFailed(f"no process for it: {error.strerror}") from error
        process.began = time.monotonic()
        with self.changed:
            self._busy.add(process)
        return process

    def _room(self) -> bool:
        """Whether somebody may have a process. Those that have been at work for long fall behind."""
        if self._idle:
            return True
        for process in self._busy:
            if not process.behind and time.monotonic() - process.began >= LONG:
                process.fall_behind()
        return self._count < MOST and self._count - sum(process.behind for process in self._busy) < self._most

    def done(self, process: _Process, *, again: bool) -> None:
        """PROCESS has ended its step; it is free for the next one if it can be used AGAIN, or else gone."""
        with self.changed:
            self._busy.discard(process)
        if again and not process.behind:
            self.give_back(process)
        else:
            process.forget()
            self.give_back(None)

    def give_back(self, process: _Process | None) -> None:
        """A process is free; None: there is one less."""
        with self.changed:
            if process is None:
                self._count -= 1
            else:
                self._idle.append(process)
            self.changed.notify_all()

    def close(self) -> None:
        """End the processes that are idle."""
        with self.changed:
            while self._idle:
                self._idle.pop().forget()
                self._count -= 1


class RemoteHalf:
    """One conversation with a half, as CP sees it."""

    def __init__(self, pool: HalfPool, module: str, number: int) -> None:
        self.number = number
        self.cancelled = False
        self._pool = pool
        self._module = module
        self._state = b""
        self._used = 0
        self._process: _Process | None = None

    def step(self, reply: bytes) -> bytes:
        """Go on until something is wanted of the guest; blocks. Raises HalfFailed."""
        process = self._pool.take(self)
        with self._pool.changed:
            self._process = process
            if self.cancelled:  # meanwhile
                process.kill()
        again = process.holds == self.number
        try:
            status, used, state, request = process.ask(
                self._module.encode(), b"" if again else b"NEW", b"" if again else self._state, reply
            )
        except (EOFError, OSError) as error:
            self._pool.done(process, again=False)
            raise HalfFailed("it was cancelled" if self.cancelled else "it took too much, and was ended") from error
        finally:
            with self._pool.changed:  # so that `cancel` does not end what is another's then
                self._process = None
        self._used += int(used)
        if status != DONE:
            self._pool.done(process, again=False)
            raise HalfFailed(request.decode("utf-8", "replace"))
        self._state = state
        process.holds = self.number
        self._pool.done(process, again=True)
        return request

    @property
    def kept(self) -> int:
        """Bytes of the state, which are in CP's storage."""
        return len(self._state)

    def take_used(self) -> int:
        """Nanoseconds of processor time since this was asked last."""
        used, self._used = self._used, 0
        return used

    def cancel(self) -> None:
        """Nobody wants its answer any more."""
        with self._pool.changed:
            self.cancelled = True
            if self._process is not None:
                self._process.kill()
            self._pool.changed.notify_all()

    def save(self) -> dict[str, Any]:
        """The state as plain data."""
        return cast(dict[str, Any], json.loads(self._state or b"{}"))

    def load(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        self._state = json.dumps(state).encode()


@lru_cache(maxsize=1)
def pool() -> HalfPool:
    """That of this Python; its processes end with it."""
    made = HalfPool()
    atexit.register(made.close)
    return made
