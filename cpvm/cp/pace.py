"""Keeps a guest that writes without end from filling the host with what no terminal can show so fast."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cpvm.cp.vmblok import VMBLOK

_WINDOW_SECONDS = 0.05  # in this time a guest may write
_WINDOW_LINES = 500  # so many lines; then it rests
_REST_SECONDS = 0.01  # so that 10,000 lines of a file take half a second, and others have their turn


class Pace:
    """Counts the lines of one machine."""

    def __init__(self, vm: VMBLOK) -> None:
        self._vm = vm
        self._began = 0.0
        self._lines = 0

    def line(self) -> None:
        """The machine, which is executing the instruction that did it, has written a line."""
        now = time.monotonic()
        if now - self._began >= _WINDOW_SECONDS:
            self._began, self._lines = now, 0
        self._lines += 1
        if self._lines == _WINDOW_LINES:
            self._vm.defer(lambda: self._vm.rest(_REST_SECONDS), own=True)
