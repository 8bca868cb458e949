"""The native code of this process: loaded or compiled once, in the background, for all machines."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from cpvm.machine.compiled.footprint import let_go

if TYPE_CHECKING:
    from cpvm.machine.compiled.build import Native


class Library:
    """Native code that is there sooner or later, or never, if it cannot be made."""

    def __init__(self, load: Callable[[], Native]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.native: Native | None = None
        """The code, as soon as it is ready."""
        self.error: Exception | None = None
        """Why it cannot be had."""
        self._after: list[Callable[[], object]] | None = []
        self._held: Callable[[int], int] | None = None

    def _work(self) -> None:
        try:
            self.native = self._load()
        except Exception as error:
            self.error = error
        with self._lock:
            after, self._after = self._after, None
        for action in after or ():
            action()

    def then(self, action: Callable[[], object]) -> None:
        """Begin, and do something when it is there, or has failed: at once if that is known already."""
        with self._lock:
            waiting = self._after is not None
            if self._after is not None:
                self._after.append(action)
        if waiting:
            self.start()
        else:
            action()

    def start(self) -> None:
        """Begin, without waiting for the end."""
        with self._lock:
            if self._thread is not None or self.error is not None:
                return
            # Not a daemon: the process must not end in the middle of LLVM's work.
            thread = threading.Thread(target=self._work, name="cpvm-compile")
            try:
                thread.start()
            except RuntimeError as error:  # the host has none
                self.error = error
                after, self._after = self._after, None
            else:
                self._thread = thread
                return
        for action in after or ():
            action()

    @property
    def held(self) -> Callable[[int], int]:
        """`Native.run`, which keeps Python's lock meanwhile; the code must be ready.

        Letting go of the lock for a few microseconds is worse than keeping it: those who wait for it are woken, find it
        taken again, and never wait long enough to be given it.
        """
        if self._held is None:
            assert self.native is not None
            address = ctypes.cast(self.native.run, ctypes.c_void_p).value  # type: ignore[arg-type]
            assert address is not None
            self._held = ctypes.PYFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(address)
        return self._held

    def wait(self) -> Native:
        """The code. Raises what went wrong, if something did."""
        self.start()
        if self._thread is not None:
            self._thread.join()
        if self.native is None:
            assert self.error is not None
            raise self.error
        return self.native


def _load() -> Native:
    from cpvm.machine.compiled import build, elsewhere  # imports llvmlite, which takes its time

    native = build.load(make=elsewhere.make)
    let_go()
    return native


@cache
def library() -> Library:
    """That of this process."""
    return Library(_load)
