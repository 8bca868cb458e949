"""LLVM assembly as it is put together: a function's lines, with fresh names, folding what is known already.

A value is an int, known while the code is generated, or the name of an LLVM value of type i64; a condition is a bool or
the name of an i1.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

Value = int | str
Condition = bool | str

UNLIKELY = ", !prof !0"
"""Behind a conditional branch: its first target is hardly ever taken."""

_FOLD: dict[str, Callable[[int, int], int]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "shl": operator.lshift,
    "ashr": operator.rshift,
}
_NEUTRAL = {("add", 0), ("sub", 0), ("or", 0), ("xor", 0), ("shl", 0), ("ashr", 0), ("lshr", 0), ("mul", 1)}


class Text:
    """The body of one LLVM function."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._slots: list[str] = []
        self._count = 0

    def fresh(self, stem: str) -> str:
        """A new name."""
        self._count += 1
        return f"{stem}{self._count}"

    def set(self, expression: str) -> str:
        """A new value."""
        name = "%" + self.fresh("t")
        self.lines.append(f"  {name} = {expression}")
        return name

    def do(self, line: str) -> None:
        """An instruction without a value."""
        self.lines.append("  " + line)

    def label(self, name: str) -> None:
        """A block begins."""
        self.lines.append(name + ":")

    def slot(self, kind: str = "i64") -> str:
        """A variable on the stack; LLVM makes registers of them."""
        name = "%" + self.fresh("s")
        self._slots.append(f"  {name} = alloca {kind}")
        return name

    def function(self, head: str) -> str:
        """The whole function, its first line being given."""
        return "\n".join([head, "entry:", *self._slots, "  br label %start", "start:", *self.lines, "}"])

    # ---- values
    def op(self, name: str, a: Value, b: Value) -> Value:
        """An operation on two numbers of 64 bits."""
        if isinstance(a, int) and isinstance(b, int) and name in _FOLD:
            return _FOLD[name](a, b)
        if isinstance(b, int) and (name, b) in _NEUTRAL:
            return a
        if a == 0 and name in {"add", "or", "xor"}:
            return b
        return self.set(f"{name} i64 {a}, {b}")

    def compare(self, how: str, a: Value, b: Value) -> str:
        """An i1."""
        return self.set(f"icmp {how} i64 {a}, {b}")

    def both(self, a: str, b: str) -> str:
        return self.set(f"and i1 {a}, {b}")

    def either(self, a: str, b: str) -> str:
        return self.set(f"or i1 {a}, {b}")

    def select(self, condition: str, a: Value, b: Value) -> str:
        return self.set(f"select i1 {condition}, i64 {a}, i64 {b}")

    # ---- control
    def branch(self, condition: Condition, yes: str, no: str, hint: str = "") -> None:
        """Go on at one of two labels."""
        if isinstance(condition, bool):
            self.do(f"br label %{yes if condition else no}")
        else:
            self.do(f"br i1 {condition}, label %{yes}, label %{no}{hint}")

    def go(self, label: str) -> None:
        self.do(f"br label %{label}")

    # ---- memory
    def at(self, base: str, offset: Value) -> str:
        """A pointer, offset in bytes."""
        return base if offset == 0 else self.set(f"getelementptr i8, ptr {base}, i64 {offset}")

    def load(self, pointer: str, kind: str, signed: bool = False) -> str:
        """A number in the host's byte order, i8 to i64."""
        v = self.set(f"load {kind}, ptr {pointer}, align 1")
        return v if kind == "i64" else self.set(f"{'sext' if signed else 'zext'} {kind} {v} to i64")

    def store(self, pointer: str, kind: str, v: Value) -> None:
        """The low bits of a number in the host's byte order."""
        self.do(f"store {kind} {self.cut(v, kind)}, ptr {pointer}, align 1")

    def load_big(self, pointer: str, n: int, signed: bool) -> str:
        """A number of n bytes as System/370 has it."""
        if n == 1:
            return self.load(pointer, "i8", signed)
        kind = f"i{8 * n}"
        v = self.set(f"load {kind}, ptr {pointer}, align 1")
        v = self.set(f"call {kind} @llvm.bswap.{kind}({kind} {v})")
        return v if n == 8 else self.set(f"{'sext' if signed else 'zext'} {kind} {v} to i64")

    def store_big(self, pointer: str, n: int, v: Value) -> None:
        """The low n bytes of a number as System/370 has them."""
        kind = f"i{8 * n}"
        low = self.cut(v, kind)
        if n > 1:
            low = self.set(f"call {kind} @llvm.bswap.{kind}({kind} {low})")
        self.do(f"store {kind} {low}, ptr {pointer}, align 1")

    def cut(self, v: Value, kind: str) -> Value:
        """The low bits of a number, as a value of this type."""
        if kind == "i64":
            return v
        if isinstance(v, int):
            return v & (1 << int(kind[1:])) - 1
        return self.set(f"trunc i64 {v} to {kind}")
