"""What a command may wait for: a line, some time, work on another thread (DMKCFM)."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Ask:
    """Wait for one line from the user."""

    prompt: str
    hidden: bool = False
    masked: bool = False  # a mask is typed where the line goes


@dataclass(frozen=True)
class Pause:
    """Wait SECONDS, or until attention; None waits for attention only."""

    seconds: float | None


@dataclass(frozen=True)
class Work:
    """Wait until FUNCTION has been run on another thread."""

    function: Callable[[], Any]


@dataclass(frozen=True)
class Delay:
    """Wait SECONDS, whatever the user does."""

    seconds: float


Effect = Ask | Pause | Work | Delay


class Interrupted(Exception):
    """Thrown into a command that asks when its user presses attention, or is not there."""


def ask(prompt: str, *, hidden: bool = False, masked: bool = False) -> Generator[Effect, Any, str]:
    """Show PROMPT and wait for a line; what is typed is HIDDEN if the terminal can do that, and MASKED on paper."""
    return str((yield Ask(prompt, hidden, masked)))


def pause(seconds: float | None) -> Generator[Effect, Any, None]:
    """Sleep; attention ends it early."""
    yield Pause(seconds)


def delay(seconds: float) -> Generator[Effect, Any, None]:
    """Make whoever gave the command wait; attention does not end it."""
    if seconds > 0:
        yield Delay(seconds)


def work(function: Callable[[], Result]) -> Generator[Effect, Any, Result]:
    """Run FUNCTION on another thread. It must not touch anything of CP's."""
    result: Result = yield Work(function)
    return result
