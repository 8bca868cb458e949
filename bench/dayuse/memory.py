"""Whether a process's memory is flat."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import linear_regression, mean
from typing import Final, NamedTuple

FLAT: Final = 0.05
"""How far memory may be from where it was."""


class Sample(NamedTuple):
    """Seconds since the beginning; kilobytes resident and proportional; users logged on."""

    at: float
    rss: int
    pss: int
    users: int


class Flatness(NamedTuple):
    """Kilobytes (proportional) in the first and the last quarter of a time, on average; the least and the greatest
    average of a tenth of it; the change over the whole of it by the line that fits best."""

    first: float
    last: float
    least: float
    greatest: float
    trend: float

    @property
    def kept(self) -> bool:
        """Whether neither the last quarter nor the trend is more than FLAT above."""
        return self.last <= self.first * (1 + FLAT) and self.trend <= self.first * FLAT

    def rows(self) -> list[tuple[str, str]]:
        """For people."""
        if not self.first:
            return [("memory", "not measured")]
        return [
            ("memory, first quarter of the last two thirds", f"{self.first / 1024:.0f} MB"),
            ("memory, last quarter", f"{self.last / 1024:.0f} MB ({self.last / self.first - 1:+.1%})"),
            ("memory, trend over these two thirds", f"{self.trend / self.first:+.1%}"),
            ("memory, least and greatest tenth", f"{self.least / 1024:.0f} and {self.greatest / 1024:.0f} MB"),
        ]


def flatness(samples: Sequence[Sample], since: float) -> Flatness:
    """How memory was since a time; all 0 if there are fewer than ten samples."""
    judged = [sample for sample in samples if sample.at >= since]
    if len(judged) < 10:
        return Flatness(0, 0, 0, 0, 0)
    values = [sample.pss for sample in judged]
    quarter = len(values) // 4
    tenths = [mean(values[len(values) * n // 10 : len(values) * (n + 1) // 10]) for n in range(10)]
    slope = linear_regression([sample.at for sample in judged], values).slope
    trend = slope * (judged[-1].at - judged[0].at)
    return Flatness(mean(values[:quarter]), mean(values[-quarter:]), min(tenths), max(tenths), trend)
