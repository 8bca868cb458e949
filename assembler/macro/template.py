"""Texts with variable symbols in them, compiled once and filled in at each expansion.

`&NAME` is replaced by its value, `&NAME(3)` by an element; a period behind it is the concatenation sign and goes away;
`&&` stays as it is (it becomes one ampersand in a character constant); `&(text)` is a created variable symbol.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from assembler.macro.variables import Parameter, SetSymbol, Variable, is_attribute, split_list
from assembler.message import Flaw

if TYPE_CHECKING:
    from assembler.macro.evaluators import Evaluator


class Scope(Protocol):
    """Where variable symbols are looked up, and what attributes of ordinary symbols are known."""

    def variable(self, name: str) -> Variable:
        """The variable symbol; raises Flaw if there is none."""

    def has_variable(self, name: str) -> bool: ...

    def type_attribute(self, text: str) -> str: ...

    def length_attribute(self, text: str, kind: str) -> int: ...

    def operation_attribute(self, name: str) -> str: ...

    def declared_types(self, name: str) -> tuple[str, str]: ...

    def absolute_symbol(self, name: str) -> int: ...

    def warn(self, flaw: Flaw) -> None:
        """Note a flaw with which the statement is carried out all the same."""


_NAME = re.compile(r"[A-Za-z$#@_][A-Za-z0-9$#@_]*+")
_MAX_DEPTH = 30


@dataclass(slots=True)
class Reference:
    """A variable symbol in a text: its name (or the text that creates it), subscripts and the text in parentheses."""

    name: str
    created: Template | None
    subscripts: tuple[Evaluator, ...] | None
    plain: Template | None
    """The text of the parentheses, for a variable that takes no subscript."""

    def resolve(self, scope: Scope) -> tuple[Variable, tuple[int, ...] | None]:
        name = self.name if self.created is None else self.created.fill(scope).upper()
        variable = scope.variable(name)
        if self.plain is None or (isinstance(variable, SetSymbol) and not variable.dimension):
            return variable, None
        if self.subscripts is None:
            raise Flaw("IFO307", f"INVALID SUBSCRIPT OF &{name}")
        from assembler.macro.values import as_int

        return variable, tuple(as_int(one(scope)) for one in self.subscripts)

    def value(self, scope: Scope) -> int | str:
        variable, subscripts = self.resolve(scope)
        if isinstance(variable, SetSymbol):
            if subscripts is not None and len(subscripts) != 1:
                raise Flaw("IFO307", f"TOO MANY SUBSCRIPTS OF &{self.name}")
            return variable.get(subscripts[0] if subscripts else None)
        return variable.element(subscripts) if subscripts is not None else variable.text

    def text(self, scope: Scope) -> str:
        variable, subscripts = self.resolve(scope)
        if isinstance(variable, SetSymbol):
            value = str(variable.get(subscripts[0] if subscripts else None)).lstrip("-" if variable.kind == "A" else "")
            if subscripts is None and self.plain is not None:
                value += self.plain.fill(scope)
            return value
        return variable.element(subscripts) if subscripts is not None else variable.text


class Template:
    """A text compiled into constant parts and references."""

    __slots__ = ("parts", "source")

    def __init__(self, source: str, parts: list[str | Reference]) -> None:
        self.source = source
        self.parts = parts

    def fill(self, scope: Scope) -> str:
        parts = self.parts
        if len(parts) == 1:
            one = parts[0]
            return one if isinstance(one, str) else one.text(scope)
        return "".join([part if isinstance(part, str) else part.text(scope) for part in parts])


def matching(text: str, at: int) -> int:
    """Index of the parenthesis that closes the one at `at`, outside of strings; -1 if there is none."""
    depth = 0
    quoted = False
    for index in range(at, len(text)):
        char = text[index]
        if char == "'" and (quoted or not is_attribute(text, index)):
            quoted = not quoted
        elif quoted:
            continue
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0:
                return index
    return -1


_SUBSCRIPTED = re.compile(r"&[A-Za-z$#@_][A-Za-z0-9$#@_]*\(")


def closing_apostrophe(text: str, at: int) -> int:
    """Index of the apostrophe that ends the string at `at`; -1 if there is none.

    Doubled apostrophes end nothing, nor do those of attribute references in subscripts: `'&LIST(N'&LIST)'`.
    """
    end = at + 1
    while True:
        end = text.find("'", end)
        if end < 0:
            return -1
        if text[end + 1 : end + 2] == "'":
            end += 2
        elif is_attribute(text, end) and (behind := _behind_subscript(text, at, end)):
            end = behind
        else:
            return end


def _behind_subscript(text: str, start: int, apostrophe: int) -> int:
    """The index behind the subscript in which this apostrophe belongs to an attribute reference, or 0."""
    for match in _SUBSCRIPTED.finditer(text, start, apostrophe):
        close = matching(text, match.end() - 1)
        inside = text[match.end() : close] if close > apostrophe else ""
        if inside and all(char != "'" or is_attribute(text, match.end() + place) for place, char in enumerate(inside)):
            return close + 1
    return 0


def read_reference(text: str, at: int, depth: int = 0, arithmetic: bool = True) -> tuple[Reference, int]:
    """The variable symbol whose ampersand is at `at`, and the index behind it; raises Flaw."""
    from assembler.macro.expression import compile_expression

    if depth > _MAX_DEPTH:
        raise Flaw("IFO308", "VARIABLE SYMBOLS NESTED TOO DEEPLY")
    created: Template | None = None
    name = ""
    match = _NAME.match(text, at + 1)
    if match is not None:
        name = match[0].upper()
        end = match.end()
    elif text[at + 1 : at + 2] == "(":
        close = matching(text, at + 1)
        if close < 0:
            raise Flaw("IFO308", "UNPAIRED PARENTHESIS IN A CREATED VARIABLE SYMBOL")
        created = compile_template(text[at + 2 : close], depth + 1)
        end = close + 1
    else:
        raise Flaw("IFO308", f"INVALID VARIABLE SYMBOL {text[at : at + 8]}")
    plain: Template | None = None
    subscripts: tuple[Evaluator, ...] | None = None
    if text[end : end + 1] == "(":
        close = matching(text, end)
        if close > 0:
            inside = text[end + 1 : close]
            plain = compile_template(text[end : close + 1], depth + 1)
            try:
                subscripts = tuple(compile_expression(piece, depth + 1, arithmetic) for piece in split_list(inside))
            except Flaw:
                subscripts = None
            end = close + 1
    return Reference(name, created, subscripts, plain), end


def compile_template(text: str, depth: int = 0) -> Template:
    """The template of a text; raises Flaw for an ampersand that begins nothing."""
    parts: list[str | Reference] = []
    at = 0
    while True:
        mark = text.find("&", at)
        if mark < 0:
            break
        if text[mark + 1 : mark + 2] == "&":
            parts.append(text[at : mark + 2])
            at = mark + 2
            continue
        if mark > at:
            parts.append(text[at:mark])
        reference, at = read_reference(text, mark, depth)
        parts.append(reference)
        if text[at : at + 1] == ".":
            at += 1
    if at < len(text) or not parts:
        parts.append(text[at:])
    return Template(text, parts)


def parameter_of(variable: Variable) -> Parameter | None:
    return variable if isinstance(variable, Parameter) else None
