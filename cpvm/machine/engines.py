"""Which engine executes a machine's instructions.

All give the same results. `reference` is written in Python. `compiled` is a native interpreter made of the same
definitions through the package llvmlite; `translated` is that one, which moreover translates the regions of a program
where most instructions are executed into native code of their own. `auto` is `translated` as soon as its native code is
ready, which takes a moment, and `reference` until then; and for good where llvmlite cannot be had or does not work,
which is told once. The environment variable CPVM_ENGINE says what `auto` is to be instead.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from cpvm.machine.enginestats import EngineStatistics
from cpvm.machine.interpreter import Interpreter

if TYPE_CHECKING:
    from cpvm.machine.compiled.native import Library
    from cpvm.machine.cpu import CPU
    from cpvm.machine.interruptions import Interruptions

__all__ = [
    "AUTO",
    "COMPILED",
    "ENGINES",
    "REFERENCE",
    "TRANSLATED",
    "EngineError",
    "EngineStatistics",
    "available",
    "make",
    "telling",
]

REFERENCE: Final = "reference"
COMPILED: Final = "compiled"
TRANSLATED: Final = "translated"
AUTO: Final = "auto"
ENGINES: Final = (REFERENCE, COMPILED, TRANSLATED, AUTO)

VARIABLE: Final = "CPVM_ENGINE"

MISSING: Final = (
    "llvmlite is not installed, so the reference engine executes all instructions, a thousand times as slowly;"
    " pip install 'cpvm[engine]' installs it"
)


class EngineError(Exception):
    """An engine that cannot be had; one line for the user."""


_listeners: list[Callable[[str], None]] = []


@contextmanager
def telling(tell: Callable[[str], None]) -> Iterator[None]:
    """Meanwhile, tell what keeps `auto` from being fast: one line for each cause, once.

    `tell` may be called from any thread, and at any time after a machine was made.
    """
    told: set[str] = set()

    def once(text: str) -> None:
        if text not in told:
            told.add(text)
            tell(text)

    _listeners.append(once)
    try:
        yield
    finally:
        _listeners.remove(once)


def _tell(text: str) -> None:
    for listener in tuple(_listeners):
        listener(text)


def available() -> bool:
    """Whether llvmlite is there; it is not looked whether it works."""
    return importlib.util.find_spec("llvmlite") is not None


def make(name: str, cpu: CPU, interruptions: Interruptions) -> Interpreter:
    """The engine with this name.

    Raises:
        EngineError: there is no such engine, or one that is neither `auto` nor `reference` cannot be had here.
    """
    variable = os.environ.get(VARIABLE) if name == AUTO else None
    name = variable or name
    if name not in ENGINES:
        where = f"{VARIABLE}: " if variable else ""
        raise EngineError(f"{where}there is no engine {name}: it is one of {', '.join(ENGINES)}")
    if name == REFERENCE:
        return Interpreter(cpu, interruptions)
    if not available():
        if name != AUTO:
            raise EngineError(f"the {name} engine needs llvmlite, which is not installed: pip install 'cpvm[engine]'")
        engine = Interpreter(cpu, interruptions)
        engine.note = MISSING
        _tell(MISSING)
        return engine
    return _native(name, cpu, interruptions)


def _native(name: str, cpu: CPU, interruptions: Interruptions) -> Interpreter:
    """An engine with native code; `auto` does not wait for it."""
    from cpvm.machine.compiled import native  # llvmlite is imported only where it is used
    from cpvm.machine.compiled.engine import CompiledInterpreter
    from cpvm.machine.compiled.translated import TranslatedInterpreter

    library = native.library()
    engine = (CompiledInterpreter if name == COMPILED else TranslatedInterpreter)(cpu, interruptions, library)
    if name == AUTO:
        library.then(lambda: _told(library, engine))
        return engine
    try:
        library.wait()
    except Exception as error:
        raise EngineError(f"the {name} engine cannot be had: {_reason(error)}") from error
    _told(library, engine)
    return engine


def _told(library: Library, engine: Interpreter) -> None:
    """The native code is there now, or never will be: tell what the user should know about it."""
    if library.error is not None:
        why = _reason(library.error)
        engine.note = f"native code cannot be had, so the reference engine executes all instructions: {why}"
        _tell(engine.note)
    elif library.native is not None and library.native.trouble:
        _tell(f"native code is made anew in each process, which takes seconds: {library.native.trouble}")


def _reason(error: Exception) -> str:
    """An exception in one line."""
    text = " ".join(str(error).split())
    return text if isinstance(error, OSError) and text else f"{type(error).__name__}: {text}" if text else repr(error)
