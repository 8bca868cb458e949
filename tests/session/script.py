"""Session files: whole terminal sessions with the output that they must give.

    * a comment
    @user MAINT          the lines below are typed by MAINT, at his own terminal; CMSUSER until then
    > LISTFILE * EXEC    a line to be typed; > alone is Enter
    | PROFILE  EXEC     A1
    | Ready; T=~ ~       ~ stands for characters other than blank, ... for any characters or none
    |*                   any number of lines
    @attention           the attention key instead of a line

The `|` lines below a typed line are its whole output, up to the moment when the system waits for the next line; without
any, the output is not checked. Below `@user` they are output that must come while nothing is typed, such as a message.
A user is logged on, and CMS is IPLed, when he is named first, unless the first line that he types is an IPL or begins
with #CP; blanks at the end of a line and blank lines at the end of an output do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cpvm import api

TIMEOUT = 120.0
FIRST_USER = "CMSUSER"


class SessionFileError(Exception):
    """A line of a session file is none of the known ones."""


@dataclass
class Step:
    """One line of a session file that does something, and the output that it must give."""

    number: int
    action: str
    """`>`, `@user` or `@attention`."""
    text: str = ""
    expected: list[str] = field(default_factory=list)


def steps(source: str) -> list[Step]:
    """The steps of a session. Raises SessionFileError."""
    found: list[Step] = []
    for number, line in enumerate(source.splitlines(), 1):
        mark, rest = line[:1], line[1:].removeprefix(" ").rstrip()
        if not line.strip() or mark == "*":
            continue
        if mark == ">":
            found.append(Step(number, ">", rest))
        elif mark == "|" and found:
            found[-1].expected.append(rest)
        elif match := re.fullmatch(r"@user\s+(\S+)\s*|@attention\s*", line):
            found.append(Step(number, line.split()[0], (match[1] or "").upper()))
        else:
            raise SessionFileError(f"line {number}: {line}")
    return found


def pattern(expected: str) -> re.Pattern[str]:
    """A regular expression for one expected line."""
    parts = re.split(r"(~|\.\.\.)", expected)
    return re.compile("".join({"~": r"\S+", "...": r".*"}.get(part, re.escape(part)) for part in parts) + r"\s*")


def mismatch(expected: list[str], lines: tuple[str, ...]) -> str | None:
    """What is wrong with an output, for a person to read; None if it is as expected."""
    got = [line.rstrip() for line in lines]
    while got and not got[-1]:
        got.pop()
    patterns: list[re.Pattern[str] | None] = [None if line == "*" else pattern(line) for line in expected]
    # positions[i]: how much of `got` the first i patterns can have matched
    reachable = {0}
    for at, one in enumerate(patterns):
        if one is None:
            reachable = {position for first in reachable for position in range(first, len(got) + 1)}
        else:
            reachable = {p + 1 for p in reachable if p < len(got) and one.fullmatch(got[p])}
        if not reachable:
            return _explain(expected, got, f"nothing matches | {expected[at]}")
    return None if len(got) in reachable else _explain(expected, got, "there are more lines than expected")


def _explain(expected: list[str], got: list[str], why: str) -> str:
    return "\n".join(
        [why, "expected:", *(f"  | {line}" for line in expected), "got:", *(f"  | {line}" for line in got)]
    )


def run(system: api.SystemHandle, source: str) -> None:
    """Play a session; raises AssertionError with line number and outputs where it does not go as it must."""
    todo = steps(source)
    if todo and todo[0].action != "@user":
        todo.insert(0, Step(0, "@user", FIRST_USER))
    users: dict[str, api.User] = {}
    for at, step in enumerate(todo):
        if step.action == "@user":
            if step.text not in users:
                users[step.text] = _log_on(system, step.text, todo[at + 1 :])
            user = users[step.text]
            for line in step.expected:
                user.expect(rf"\A{pattern(line).pattern}\Z", TIMEOUT)
            continue
        user.new_lines()
        response = user.attention(TIMEOUT) if step.action == "@attention" else user.type(step.text, TIMEOUT)
        if step.expected and (wrong := mismatch(step.expected, response.lines)):
            raise AssertionError(f"line {step.number}: {step.action} {step.text}\n{wrong}")


def _log_on(system: api.SystemHandle, userid: str, following: list[Step]) -> api.User:
    user = system.logon(userid)
    first = next((step.text.upper() for step in following if step.action == ">"), "")
    if not first.startswith(("IPL", "I ", "#CP")):
        user.type("IPL CMS", TIMEOUT)
        user.type("", TIMEOUT)
        user.new_lines()
    return user


def session_files() -> Iterator[Path]:
    """All session files: those of the CMS commands, and those of tests/session."""
    here = Path(__file__).parent
    yield from sorted((here.parent.parent / "cms" / "commands").glob("*/*.session"))
    yield from sorted(here.glob("*.session"))
