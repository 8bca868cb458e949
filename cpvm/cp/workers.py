"""Threads for what takes long and touches nothing of CP's: checking passwords, host halves."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

Done = Callable[[Any, Exception | None], None]

PASSWORDS: Final = 2
"""Threads for what does not take long."""
NICE: Final = 5
"""By which the host prefers machines and CP to these: who may make them work need not be anybody's user."""
HALVES: Final = 32
"""Host halves at work at the same time."""


class Workers:
    """What is lengthy has threads of its own, so that it cannot keep others from logging on."""

    def __init__(self, post: Callable[[Callable[[], None]], None]) -> None:
        """POST has a function called on the CP thread."""
        self._post = post
        self._pool = ThreadPoolExecutor(PASSWORDS, thread_name_prefix="cp-work", initializer=_give_way)
        self._lengthy = ThreadPoolExecutor(HALVES, thread_name_prefix="host-half")

    def do(self, function: Callable[[], Any], done: Done, *, lengthy: bool = False) -> None:
        """Run FUNCTION on a thread; DONE gets its result or its exception on the CP thread.

        It gets the RuntimeError if the host has no thread for it.
        """
        refused = False

        def run() -> None:
            if refused:
                return
            try:
                result = function()
            except Exception as error:
                failure = error  # the name `error` ends with this block
                self._post(lambda: done(None, failure))
            else:
                self._post(lambda: done(result, None))

        try:
            (self._lengthy if lengthy else self._pool).submit(run)
        except RuntimeError as error:  # the pool has it all the same, for the day when it gets a thread
            refused, no_thread = True, error
            self._post(lambda: done(None, no_thread))

    def stop(self) -> None:
        """Begin with nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._lengthy.shutdown(wait=False, cancel_futures=True)


def _give_way() -> None:
    """Have this thread go behind others; on hosts where a thread has a priority of its own."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            thread = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICE)
