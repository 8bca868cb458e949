"""The registry of conditional assembly statements: one class and file for each, under `assembler/macro/`."""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from assembler.macro.definition import Model
    from assembler.macro.expander import Expander, Frame


class Conditional(ABC):
    """A statement that the macro stage carries out; `execute` raises Flaw."""

    name = ""
    type_attribute = "U"

    @abstractmethod
    def execute(self, engine: Expander, frame: Frame, model: Model) -> None:
        """Carry a statement out; what `engine` reads next may be another one then."""


class DuplicateConditional(Exception):
    """Two classes claim one operation code."""


_conditionals: dict[str, Conditional] = {}
_Class = TypeVar("_Class", bound=type[Conditional])


def conditional(*names: str) -> Callable[[_Class], _Class]:
    """Enter the decorated class under these operation codes; raises DuplicateConditional."""

    def enter(cls: _Class) -> _Class:
        for name in names:
            if name in _conditionals:
                raise DuplicateConditional(name)
            instance = cls()
            instance.name = name
            _conditionals[name] = instance
        return cls

    return enter


@cache
def conditionals() -> dict[str, Conditional]:
    """All conditional assembly statements by operation code."""
    package = importlib.import_module("assembler.macro")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return _conditionals
