"""Keeps what plugins do wrong from the machine: each failure becomes something that the architecture knows.

An instruction that raises is an operation exception, a device that raises gives unit check with equipment check, and
the operator is told which plugin it was (`cpvm.s370.plugin.report`). What is built in is not guarded: an exception
there is to be seen.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from cpvm.machine.stop import ProgramCheck
from cpvm.s370 import plugin
from cpvm.s370.ccw import Sense, UnitStatus
from cpvm.s370.interruption import OPERATION

_SUSPENDED: Final = -1
_PLAIN = (int, str, bytes, type(None), float)


def instruction(body: Callable[..., None], mnemonic: str) -> Callable[..., None]:
    """The semantics of an instruction; guarded if they are a plugin's."""
    name = plugin.owner(body)
    if name is None:
        return body

    def guarded(cpu: Any, *operands: int) -> None:
        try:
            body(cpu, *operands)
        except ProgramCheck:
            raise
        except Exception as error:
            plugin.report(name, f"instruction {mnemonic}", error, cpu.machine)
            raise ProgramCheck(OPERATION) from None

    return guarded


class DeviceFailed(Exception):
    """A plugin's device did what no device may do."""


def device(cls: Any, name: str, refused: type[Exception], damaged: type[Exception]) -> None:
    """Guard a device class of a plugin, all that the channel and the operator call.

    Args:
        cls: the class.
        name: of the plugin.
        refused: what the operator's methods raise.
        damaged: what saving and loading raise.
    """
    for method, fail in (
        ("begin", _nothing),
        ("halt", _nothing),
        ("reset", _nothing),
        ("close", _nothing),
        ("is_immediate", _false),
        ("end", _check),
    ):
        setattr(cls, method, _guarded(getattr(cls, method), name, fail, ()))
    cls.perform = _guarded(_checked(cls.perform), name, _end_with_check, ())
    cls.save = _guarded(_plain(cls.save, damaged), name, _raise(damaged), (damaged,))
    cls.load = _guarded(cls.load, name, _raise(damaged), (damaged,))
    for method in ("mount", "dismount", "press"):
        setattr(cls, method, _guarded(getattr(cls, method), name, _raise(refused), (refused,)))
    configure = _guarded(cls.configure.__func__, name, _raise(refused), (refused,))
    cls.configure = classmethod(configure)


def _guarded(
    method: Callable[..., Any], name: str, fail: Callable[..., Any], passed: tuple[type[Exception], ...]
) -> Callable[..., Any]:
    @wraps(method)
    def guarded(self: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return method(self, *arguments, **named)
        except passed:
            raise
        except Exception as error:
            where = f"{method.__name__} of device {self.type}"
            address = getattr(self, "address", -1)
            if address >= 0:
                where += f" at {address:03X}"
            plugin.report(name, where, error, self)
            return fail(self, *arguments, error=error, name=name)

    return guarded


def _checked(perform: Callable[..., Any]) -> Callable[..., Any]:
    """What a command method gives must be unit status."""

    @wraps(perform)
    def checked(self: Any, path: Any) -> Any:
        status = perform(self, path)
        if status != _SUSPENDED and not (isinstance(status, int) and 0 <= status <= 0xFF):
            raise DeviceFailed(f"command {path.command:02X} gives {status!r}, which is no unit status")
        if not (isinstance(self.sense, bytes) and len(self.sense) == self.sense_length):
            raise DeviceFailed(f"sense is {self.sense!r}, not {self.sense_length} bytes")
        return status

    return checked


def _plain(save: Callable[..., Any], damaged: type[Exception]) -> Callable[..., Any]:
    """What a device saves must be plain data."""

    @wraps(save)
    def plain(self: Any) -> Any:
        state = save(self)
        for key, value in state.items():
            if not _is_plain(value):
                raise damaged(f"device {self.type}: {key} cannot be saved: {type(value).__name__} is no plain data")
        return state

    return plain


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(entry) for key, entry in value.items())
    return isinstance(value, _PLAIN)


def _nothing(self: Any, *arguments: Any, error: Exception, name: str) -> None:
    pass


def _false(self: Any, *arguments: Any, error: Exception, name: str) -> bool:
    return False


def _check(self: Any, *arguments: Any, error: Exception, name: str) -> int:
    self.sense = bytes((Sense.EQUIPMENT_CHECK,)).ljust(self.sense_length, b"\0")
    self.remainder = None
    return int(UnitStatus.UNIT_CHECK)


def _end_with_check(self: Any, path: Any, *, error: Exception, name: str) -> int:
    status = _check(self, error=error, name=name)
    return status | int(UnitStatus.ENDED) if path.moved else status


def _raise(kind: type[Exception]) -> Callable[..., Any]:
    def fail(self: Any, *arguments: Any, error: Exception, name: str) -> None:
        raise kind(f"plugin {name} failed: {type(error).__name__}: {error}") from None

    return fail
