"""Which parts of a program are hot, by looking where it stands now and then.

When native code has used up its budget, the address where it stands gets the weight of the instructions that were
executed. What is executed for long gathers weight, wherever in it the samples fall; nothing is counted in native code.
"""

from __future__ import annotations

from typing import Final

LINE: Final = 6
"""Addresses are taken together by 64 bytes."""
LINES: Final = 1024
"""Lines that are known; if there are more, all weights are halved and the light ones forgotten."""
PATIENCE: Final = 4
"""By so much more weight is needed for the next time."""
DEAREST: Final = 4096
"""But not by more than this, altogether."""


class Weights:
    """The weights of lines; `where` is anything that tells address spaces apart."""

    def __init__(self) -> None:
        self._weights: dict[tuple[int, int], int] = {}
        self._factors: dict[tuple[int, int], int] = {}

    def add(self, where: int, address: int, weight: int, enough: int) -> bool:
        """Add weight to an address. True, with its weight gone, if it has got enough of it."""
        line = where, address >> LINE
        total = self._weights.get(line, 0) + weight
        factor = self._factors.get(line, 1)
        if total >= enough * factor:
            self._weights.pop(line, None)
            self._factors[line] = min(factor * PATIENCE, DEAREST)
            return True
        self._weights[line] = total
        if len(self._weights) > LINES:
            self._weights = {key: v // 2 for key, v in self._weights.items() if v // 2 > enough // LINES}
            if len(self._factors) > 4 * LINES:
                self._factors.clear()
        return False

    def forgive(self, where: int, address: int) -> None:
        """What made this line need more weight than others is over."""
        self._factors.pop((where, address >> LINE), None)
