"""Short turns for threads that execute Python beside others, for as long as somebody needs them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SWITCH: Final = 0.0005
"""Seconds after which a thread that executes Python lets others go on that wait. Python's own 5 milliseconds are too
much: a machine needs its turn each time it comes back from native code, and so it would be late in everything."""

_mutex = threading.Lock()
_needed: list[float] = []
"""What it was before, once for each who needs short turns."""


@contextmanager
def short_turns() -> Iterator[None]:
    """Threads take turns every SWITCH seconds at most; as before when the last who needed it is gone."""
    with _mutex:
        before = _needed[0] if _needed else sys.getswitchinterval()
        _needed.append(before)
        sys.setswitchinterval(min(before, SWITCH))
    try:
        yield
    finally:
        with _mutex:
            _needed.remove(before)
            if not _needed:
                sys.setswitchinterval(before)
