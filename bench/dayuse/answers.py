"""What must come back: lines with `~` for characters other than blank, `...` for any; `*` alone for any lines; between
two lines of which one comes ` || `."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

READY = "Ready; T=~ ~"
ANY_READY = re.compile(r"Ready(\(-?\d+\))?;.*")


@cache
def pattern(expected: str) -> re.Pattern[str]:
    """A regular expression for one line."""
    ways = []
    for way in expected.split(" || "):
        parts = re.split(r"(~|\.\.\.)", way.rstrip())
        ways.append("".join({"~": r"\S+", "...": r".*"}.get(part, re.escape(part)) for part in parts))
    return re.compile(f"(?:{'|'.join(ways)})\\s*")


def fits(expected: Sequence[str], lines: Sequence[str]) -> bool:
    """Whether LINES are what is EXPECTED; blank lines do not count."""
    wanted = [line for line in expected if line.strip()]
    places = {0}  # how many lines what was looked at so far may have taken
    for one in wanted:
        if one == "*":
            places = set(range(min(places, default=len(lines) + 1), len(lines) + 1))
        else:
            places = {at + 1 for at in places if at < len(lines) and pattern(one).fullmatch(lines[at])}
    return len(lines) in places


def complete(expected: Sequence[str], lines: Sequence[str]) -> bool:
    """Whether the last of the expected lines, but for `*`, has come; any message Ready is as good as another."""
    last = next(line for line in reversed(expected) if line != "*")
    if last.startswith("Ready"):
        return sum(ANY_READY.fullmatch(line) is not None for line in lines) >= sum(
            one.startswith("Ready") for one in expected
        )
    found = pattern(last)
    return sum(found.fullmatch(line) is not None for line in lines) >= sum(one == last for one in expected)
