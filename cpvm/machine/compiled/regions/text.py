"""LLVM assembly of a region: text that knows which of its blocks come before which, and what sums consist of."""

from __future__ import annotations

from cpvm.machine.compiled.text import Condition, Text, Value


class RegionText(Text):
    """The body of the function of a region."""

    def __init__(self) -> None:
        super().__init__()
        self.block = ""
        """The label of the present block."""
        self.sums: dict[str, tuple[Value, Value]] = {}
        """What was added to what, by the name of the sum."""
        self._above: dict[str, tuple[str, ...]] = {"": ("",)}
        self._from: dict[str, str] = {}

    def op(self, name: str, a: Value, b: Value) -> Value:
        v = super().op(name, a, b)
        if name == "add" and isinstance(v, str):
            self.sums[v] = a, b
        return v

    def branch(self, condition: Condition, yes: str, no: str, hint: str = "") -> None:
        super().branch(condition, yes, no, hint)
        self._reached(yes)
        self._reached(no)

    def go(self, label: str) -> None:
        super().go(label)
        self._reached(label)

    def _reached(self, label: str) -> None:
        """Keep the last block that all ways here have in common: each way was written before, save those back."""
        found = self._from.get(label)
        self._from[label] = self.block if found is None else self._common(found, self.block)

    def _common(self, a: str, b: str) -> str:
        one, two = self._above[a], self._above[b]
        common = ""
        for x, y in zip(one, two, strict=False):
            if x != y:
                break
            common = x
        return common

    def label(self, name: str) -> None:
        super().label(name)
        self._above[name] = *self._above[self._from.get(name, "")], name
        self.block = name

    def root(self, name: str) -> None:
        """A block begins that may be reached from anywhere."""
        super().label(name)
        self._above[name] = ("", name)
        self.block = name

    def has_passed(self, block: str) -> bool:
        """Whether control was in that block, whenever it is here."""
        return block in self._above[self.block]

    def mark(self) -> tuple[int, str]:
        """To come back to."""
        return len(self.lines), self.block

    def back_to(self, mark: tuple[int, str]) -> None:
        """Drop what was written since."""
        del self.lines[mark[0] :]
        self.block = mark[1]
