"""What part of the processors a machine is to have: SET SHARE as of z/VM, and SET PRIORITY and FAVORED of VM/370.

A share is a part of all processors (ABSOLUTE) or a number whose part of the sum of all such numbers counts (RELATIVE).
It is what the machine gets at least, as long as it can use it; a limit says what it gets at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from cpvm.cp.message import INVALID_OPERAND, INVALID_OPTION, OPERAND_MISSING
from cpvm.cp.operand import Operands, abbreviates, decimal

NORMAL: Final = 100
"""The relative share of a machine for which nothing is set."""
MOST_RELATIVE: Final = 10_000
_BURST: Final = 0.1
"""Seconds of its limit that a machine may save up."""


class Limit(Enum):
    """What becomes of a machine that has had as much as its maximum."""

    NONE = "NOLIMIT"
    SOFT = "LIMITSOFT"
    """It runs when no other would."""
    HARD = "LIMITHARD"
    """It waits."""


@dataclass(frozen=True)
class Portion:
    """A part of the processors: tenths of a percent of all of them, 1 to 1000, or a relative number, 1 to 10,000."""

    absolute: bool
    amount: int

    def __str__(self) -> str:
        if not self.absolute:
            return f"RELATIVE {self.amount}"
        whole, tenth = divmod(self.amount, 10)
        return f"ABSOLUTE {whole}.{tenth}%" if tenth else f"ABSOLUTE {whole}%"


@dataclass(frozen=True)
class Share:
    """What a machine is to have at least, and at most."""

    least: Portion = Portion(absolute=False, amount=NORMAL)
    limit: Limit = Limit.NONE
    most: Portion | None = None
    """What the limit is; none if there is no limit."""

    def __str__(self) -> str:
        """As it stands in a SHARE statement."""
        most = f" {self.most} {self.limit.value}" if self.most is not None else ""
        return f"{self.least}{most}"

    @property
    def lines(self) -> tuple[str, str]:
        """As QUERY SHARE shows it, without the userid."""
        kind, amount = str(self.least).split()
        most = f"{self.limit.value} {self.most}" if self.most is not None else Limit.NONE.value
        return f"{kind} SHARE = {amount}", f"MAXIMUM SHARE = {most}"


def share(operands: Operands, now: Share) -> Share:
    """The operands of SET SHARE and of the statement: all that are left. NOW is what those do not say.

    Raises CPError.
    """
    if operands.peek() is None:
        raise OPERAND_MISSING.error()
    least = _portion(operands)
    if least is None:
        limit = _limit(operands.need())
        least, most = now.least, now.most
    else:
        most = _portion(operands, least.absolute)
        word = operands.take()
        limit = _limit(word) if word else Limit.NONE if most is None else Limit.SOFT
        if limit is Limit.NONE and most is not None:
            raise INVALID_OPERAND.error(Limit.NONE.value)
    operands.end()
    return Share(least) if limit is Limit.NONE else Share(least, limit, most or least)


def _limit(word: str) -> Limit:
    for limit, minimum in ((Limit.NONE, 5), (Limit.SOFT, 6), (Limit.HARD, 6)):
        if abbreviates(word, limit.value, minimum):
            return limit
    raise INVALID_OPTION.error(word)


def _portion(operands: Operands, absolute: bool | None = None) -> Portion | None:
    """A portion, if one follows; its kind need not be said where it is ABSOLUTE or not as the one before."""
    word = operands.peek() or ""
    if operands.skip("ABSOLUTE", 3):
        absolute = True
    elif operands.skip("RELATIVE", 3):
        absolute = False
    elif absolute is None or not word[:1].isdecimal():
        return None
    return Portion(absolute, _tenths(operands.need()) if absolute else decimal(operands.take(), 1, MOST_RELATIVE))


def _tenths(word: str) -> int:
    """nnn[.n]% as tenths of a percent; the sign may be left out."""
    whole, point, tenth = word.removesuffix("%").partition(".")
    if (
        not (whole + tenth).isdecimal()
        or not word.isascii()
        or len(tenth) > 1
        or (point and not tenth)
        or len(whole) > 3
    ):
        raise INVALID_OPERAND.error(word)
    amount = int(whole or "0") * 10 + int(tenth or "0")
    if not 1 <= amount <= 1000:
        raise INVALID_OPERAND.error(word)
    return amount


NOTHING_SET: Final = Share()
"""The share of a machine for which nothing is said."""


class Allowance:
    """What a machine with a limit may still use, in nanoseconds; it grows with real time."""

    def __init__(self) -> None:
        self._left = 0.0
        self._at = 0

    def grow(self, rate: float, now: int) -> None:
        """RATE: processors that the machine may use, perhaps less than one. NOW in nanoseconds."""
        if self._at:
            self._left = min(self._left + (now - self._at) * rate, _BURST * 1e9 * rate)
        self._at = now

    def spend(self, used: int) -> None:
        """So many nanoseconds were used."""
        self._left -= used

    @property
    def spent(self) -> bool:
        """Whether nothing is left."""
        return self._left < 0

    def wait(self, rate: float) -> float:
        """Seconds until something is left again."""
        return max(0.0, -self._left / rate / 1e9)
