"""Instruction bodies stay within signed 64-bit numbers, so that they mean the same in Python and in native code.

All vectors run once more, every number that the CPU hands to a body being one that watches its range.
"""

from collections.abc import Callable
from typing import Any

import pytest

from cpvm.machine import Machine
from cpvm.machine.cpu import CPU
from cpvm.s370.ops import Ops
from vectors.vector import SIZE, files, load, prepare, run

LOW, HIGH = -(1 << 63), (1 << 63) - 1
OPERATIONS = ("add", "sub", "mul", "floordiv", "mod", "and", "or", "xor", "lshift", "rshift")


class Watched(int):
    """A number whose results must fit 64 bits, and which is not shifted by 64 and more."""


def _watch(name: str) -> Callable[[int, int], Watched]:
    plain: Callable[[int, int], int] = getattr(int, f"__{name}__")

    def operation(self: int, other: int) -> Watched:
        if "shift" in name:
            amount = int(self) if name.startswith("r") and name != "rshift" else int(other)
            assert 0 <= amount < 64, f"{name} by {amount}"
        if "div" in name or "mod" in name:
            a, b = (other, self) if name.startswith("r") else (self, other)
            assert int(a) >= 0 and int(b) > 0, "floor division is that of hardware only for positive numbers"
        result = plain(int(self), int(other))
        assert LOW <= result <= HIGH, f"{name} gives {result:X}"
        return Watched(result)

    return operation


for _name in OPERATIONS:
    setattr(Watched, f"__{_name}__", _watch(_name))
    setattr(Watched, f"__r{_name}__", _watch(f"r{_name}"))
setattr(Watched, "__neg__", lambda self: Watched(-int(self)))  # noqa: B010
setattr(Watched, "__invert__", lambda self: Watched(~int(self)))  # noqa: B010


def _handing_out(method: Callable[..., Any]) -> Callable[..., Any]:
    def hand_out(*arguments: Any) -> Any:
        result = method(*(int(a) if isinstance(a, Watched) else a for a in arguments))
        if type(result) is int:
            assert LOW <= result <= HIGH, f"{method.__name__} gives {result:X}"
            return Watched(result)
        return result

    return hand_out


def test_watched_numbers_watch() -> None:
    with pytest.raises(AssertionError, match="add"):
        Watched(HIGH) + 1
    with pytest.raises(AssertionError, match="lshift by 64"):
        Watched(1) << 64
    with pytest.raises(AssertionError, match="floor division"):
        Watched(-1) // 2
    assert 5 - Watched(3) == 2


def test_bodies_stay_within_64_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in vars(Ops):
        if not name.startswith("_"):
            monkeypatch.setattr(CPU, name, _handing_out(getattr(CPU, name)))
    machine = Machine(SIZE)
    prepare(machine)
    for path in files():
        for number, vector in enumerate(load(path), 1):
            try:
                found = run(machine, vector).against(vector)
            except AssertionError as wrong:
                raise AssertionError(f"{path.name}:{number} {vector.code}: {wrong}") from None
            assert found == vector.out
