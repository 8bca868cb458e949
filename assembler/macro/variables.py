"""Variable symbols: SET symbols, macro parameters and system variables.

Source: OS/VS Assembler Language (GC33-4010), "Variable symbols".
"""

from __future__ import annotations

import re

from assembler.message import Flaw

MAX_STRING = 4096
"""Characters in a SETC value (Assembler F: 8, H: 255; longer ones are kept here)."""

MAX_SUBSCRIPT = 100_000

_ATTRIBUTE = re.compile(r"[LTKNSIDOltknsido]'(?=[A-Za-z$#@&_*=])")


def is_attribute(text: str, at: int) -> bool:
    """Whether the apostrophe at `at` belongs to an attribute reference (L'SYMBOL) and begins no string."""
    if not at or text[at - 1] not in "LTKNSIDOltknsido" or not _ATTRIBUTE.match(text, at - 1):
        return False
    return at < 2 or not (text[at - 2].isalnum() or text[at - 2] in "$#@_&'")


def split_list(text: str) -> list[str]:
    """The pieces of an operand list between commas outside of parentheses and strings."""
    if "(" not in text and "'" not in text:
        return text.split(",")
    pieces: list[str] = []
    depth = start = at = 0
    size = len(text)
    while at < size:
        char = text[at]
        if char == "'":
            if not is_attribute(text, at):
                end = at + 1
                while True:
                    end = text.find("'", end)
                    if end < 0:
                        end = size
                        break
                    if text[end + 1 : end + 2] == "'":
                        end += 2
                        continue
                    break
                at = end
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "," and depth <= 0:
            pieces.append(text[start:at])
            start = at + 1
        at += 1
    pieces.append(text[start:])
    return pieces


def sublist(text: str) -> list[str] | None:
    """The elements of `(A,B,C)`, or None if the text is no list."""
    if len(text) < 2 or text[0] != "(" or text[-1] != ")":
        return None
    pieces = split_list(text[1:-1])
    depth = 0
    for at, char in enumerate(text):
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0 and at < len(text) - 1:
                return None
    return pieces


class Parameter:
    """A macro parameter or system variable: text, which may be a list."""

    __slots__ = ("_list", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._list: list[str] | None = None

    def element(self, subscripts: tuple[int, ...]) -> str:
        """The element of a (nested) sublist; a missing one is null."""
        text = self.text
        for depth, index in enumerate(subscripts):
            elements = self._elements() if depth == 0 else sublist(text)
            if index < 1:
                raise Flaw("IFO307", f"SUBSCRIPT {index} IS LESS THAN ONE")
            if elements is None:
                text = text if index == 1 else ""
            else:
                text = elements[index - 1] if index <= len(elements) else ""
        return text

    def _elements(self) -> list[str] | None:
        if self._list is None:
            self._list = sublist(self.text)
        return self._list

    def count(self, subscripts: tuple[int, ...] = ()) -> int:
        """N': elements of the list; 1 for a value that is no list, 0 for a null value."""
        text = self.element(subscripts) if subscripts else self.text
        elements = sublist(text)
        if elements is None:
            return 1 if text else 0
        return len(elements)


class SysList(Parameter):
    """&SYSLIST: the positional operands; &SYSLIST(0) is the name field."""

    __slots__ = ("operands",)

    def __init__(self, name: str, operands: list[str]) -> None:
        super().__init__(name)
        self.operands = [Parameter(operand) for operand in operands]

    def element(self, subscripts: tuple[int, ...]) -> str:
        index, *rest = subscripts
        if index == 0:
            return self.text
        if not 1 <= index <= len(self.operands):
            if index < 0:
                raise Flaw("IFO307", f"SUBSCRIPT {index} IS NEGATIVE")
            return ""
        return self.operands[index - 1].element(tuple(rest))

    def count(self, subscripts: tuple[int, ...] = ()) -> int:
        if not subscripts:
            return len(self.operands)
        index, *rest = subscripts
        return self.operands[index - 1].count(tuple(rest)) if 1 <= index <= len(self.operands) else 0


class MacroNames(Parameter):
    """&SYSMAC: the macro in hand; &SYSMAC(n) the one n calls further out, null beyond the outermost."""

    __slots__ = ("names",)

    def __init__(self, names: list[str]) -> None:
        super().__init__(names[0])
        self.names = names

    def element(self, subscripts: tuple[int, ...]) -> str:
        return self.names[subscripts[0]] if 0 <= subscripts[0] < len(self.names) else ""

    def count(self, subscripts: tuple[int, ...] = ()) -> int:
        return len(self.names)


class SetSymbol:
    """A SETA (`A`), SETB (`B`) or SETC (`C`) symbol; `dimension` 0 for a scalar."""

    __slots__ = ("array", "dimension", "kind", "value")

    def __init__(self, kind: str, dimension: int = 0) -> None:
        self.kind = kind
        self.dimension = dimension
        self.value: int | str = "" if kind == "C" else 0
        self.array: dict[int, int | str] = {}

    def get(self, index: int | None) -> int | str:
        if index is None:
            return self.value if not self.dimension else self.array.get(1, self.value)
        self._check(index)
        return self.array.get(index, self.value)

    def set(self, index: int | None, value: int | str) -> None:
        if index is None:
            if self.dimension:
                raise Flaw("IFO307", "SUBSCRIPT MISSING")
            self.value = value
        else:
            if not self.dimension:
                raise Flaw("IFO007", "SUBSCRIPT ON A SET SYMBOL DECLARED WITHOUT DIMENSION")
            self._check(index)
            self.array[index] = value

    def extend(self, index: int) -> None:
        """Let there be an element of that number, without a value if it is new."""
        self._check(index)
        self.array.setdefault(index, self.value)

    def _check(self, index: int) -> None:
        if not 1 <= index <= MAX_SUBSCRIPT:
            raise Flaw("IFO307", f"SUBSCRIPT {index} IS OUT OF RANGE")


Variable = Parameter | SetSymbol
