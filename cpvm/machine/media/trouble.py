"""Who is told that the host fails a disk or a tape: the guest sees an equipment check, and this is for the operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str, Exception], None]

listeners: list[Listener] = []
"""Called with what messages call the medium, and the host's error; from the thread of the I/O. Must never raise."""


@contextmanager
def telling(listener: Listener) -> Iterator[None]:
    """Within the block the listener is told."""
    listeners.append(listener)
    try:
        yield
    finally:
        listeners.remove(listener)


def tell(name: str, error: Exception) -> None:
    """The host has failed the medium of this NAME."""
    for listener in tuple(listeners):
        listener(name, error)
