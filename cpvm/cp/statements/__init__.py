"""The statements of the directory source (DMKDIR). Each file defines some; adding one touches one file.

    @statement("ACCOUNT", form="ACCOUNT number [distribution]", where=USER | PROFILE)
    def account(reader: Reader, words: list[str]) -> None: ...

The words are those behind the keyword, in upper case. What is wrong is raised as StatementError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Flag, auto
from functools import lru_cache
from typing import TYPE_CHECKING

from cpvm.cp.registry import RegistryError, discover

if TYPE_CHECKING:
    from cpvm.cp.directory_source import Reader


class Where(Flag):
    """Where a statement may stand: before the first user, in a user's entry, in a profile."""

    SYSTEM = auto()
    USER = auto()
    PROFILE = auto()


SYSTEM, USER, PROFILE = Where.SYSTEM, Where.USER, Where.PROFILE
INVALID, SEQUENCE, MISSING, DUPLICATE, NO_DIRECTORY = 751, 752, 753, 758, 762
"""Numbers of DMKDIR's messages."""


class StatementError(Exception):
    """What is wrong with one statement, and the number of the message."""

    def __init__(self, text: str, number: int = INVALID) -> None:
        super().__init__(text)
        self.number = number


Body = Callable[["Reader", list[str]], None]


@dataclass(frozen=True)
class Statement:
    """One statement. FORM is its syntax."""

    keyword: str
    form: str
    where: Where
    body: Body


_STATEMENTS: dict[str, Statement] = {}


def statement(keyword: str, *, form: str, where: Where) -> Callable[[Body], Body]:
    """Enter the decorated function as the statement KEYWORD. A duplicate raises RegistryError."""

    def enter(body: Body) -> Body:
        if keyword in _STATEMENTS:
            raise RegistryError(f"directory statement {keyword} is defined twice")
        _STATEMENTS[keyword] = Statement(keyword, form, where, body)
        return body

    return enter


@lru_cache(maxsize=1)
def _load() -> None:
    discover("cpvm.cp.statements")


def find(keyword: str) -> Statement | None:
    """The statement with this keyword."""
    _load()
    return _STATEMENTS.get(keyword)


def statements() -> list[Statement]:
    """All statements, in alphabetical order."""
    _load()
    return [entry for _, entry in sorted(_STATEMENTS.items())]


def fixed(words: list[str], count: int, keyword: str) -> list[str]:
    """The words, which must be COUNT; else the form of the statement is told."""
    return between(words, count, count, keyword)


def between(words: list[str], low: int, high: int, keyword: str) -> list[str]:
    """The words, which must be LOW to HIGH many; else the form of the statement is told."""
    if not low <= len(words) <= high:
        raise StatementError(_STATEMENTS[keyword].form, MISSING if len(words) < low else INVALID)
    return words
