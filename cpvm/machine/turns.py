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
_before: list[float] = []
"""What it was before, each time that somebody came who needs short turns; the first one counts."""


@contextmanager
def short_turns() -> Iterator[None]:
    """Threads take turns every SWITCH seconds at most; as before when the last who needs it has gone."""
    with _mutex:
        now = sys.getswitchinterval()
        _before.append(_before[0] if _before else now)
        sys.setswitchinterval(min(now, SWITCH))
    try:
        yield
    finally:
        with _mutex:
            before = _before.pop()
            if not _before:
                sys.setswitchinterval(before)
