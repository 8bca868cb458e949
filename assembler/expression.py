"""Expressions: trees that are built once for each text (`operand.py`) and evaluated as often as needed.

Relocatability follows Assembler H: sums and differences of relocatable terms are kept with their signs, multiplication
and division want absolute operands.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

from assembler.message import Flaw
from assembler.symbols import Symbol, Value, combine
from cpvm.s370.ebcdic import to_ebcdic


class Environment(Protocol):
    """What an expression needs to know of the assembly around it."""

    def symbol(self, name: str, column: int) -> Symbol:
        """The symbol, noted as used; raises Flaw (IFO188) if it is not defined."""

    def here(self) -> Value:
        """The location counter."""

    def literal(self, text: str, column: int) -> Symbol:
        """The literal's place in its pool."""

    def here_length(self) -> int:
        """L'*: the length of the statement in hand."""


class Expr(ABC):
    """An expression, or a part of one."""

    __slots__ = ()

    @abstractmethod
    def evaluate(self, env: Environment) -> Value:
        """Its value; raises Flaw if it has none."""

    def walk(self) -> tuple[Expr, ...]:
        """The direct parts of the expression."""
        return ()


@dataclass(frozen=True, slots=True)
class Number(Expr):
    value: int

    def evaluate(self, env: Environment) -> Value:
        return self.value, ()


@dataclass(frozen=True, slots=True)
class Name(Expr):
    name: str
    column: int

    def evaluate(self, env: Environment) -> Value:
        symbol = env.symbol(self.name, self.column)
        return symbol.value, symbol.terms


@dataclass(frozen=True, slots=True)
class Qualified(Name):
    """`LABEL.SYMBOL`: the symbol, to be addressed by the USING of that label."""

    label: str


def qualifier(tree: Expr) -> str:
    """The label in an expression with a qualified symbol, or a null string."""
    if isinstance(tree, Qualified):
        return tree.label
    return next((found for part in tree.walk() if (found := qualifier(part))), "")


@dataclass(frozen=True, slots=True)
class Here(Expr):
    def evaluate(self, env: Environment) -> Value:
        return env.here()


@dataclass(frozen=True, slots=True)
class Literal(Expr):
    text: str
    column: int

    def evaluate(self, env: Environment) -> Value:
        symbol = env.literal(self.text, self.column)
        return symbol.value, symbol.terms


@dataclass(frozen=True, slots=True)
class Attribute(Expr):
    """L', I', S' or T' of a symbol, of `*` or of a literal; T' is the code of the letter, U of what is not defined."""

    kind: str
    of: Expr

    def evaluate(self, env: Environment) -> Value:
        if isinstance(self.of, Here):
            return (env.here_length() if self.kind == "L" else 0), ()
        if isinstance(self.of, Name):
            try:
                symbol = env.symbol(self.of.name, self.of.column)
            except Flaw:
                if self.kind != "T":
                    raise
                return to_ebcdic("U")[0], ()
        else:
            assert isinstance(self.of, Literal)
            symbol = env.literal(self.of.text, self.of.column)
        if self.kind == "T":
            return to_ebcdic(symbol.type)[0], ()
        return {"L": symbol.length, "I": symbol.integer, "S": symbol.scale}[self.kind], ()

    def walk(self) -> tuple[Expr, ...]:
        return (self.of,)


@dataclass(frozen=True, slots=True)
class Sum(Expr):
    """Terms with their signs, so that a long sum does not nest."""

    parts: tuple[tuple[int, Expr], ...]

    def evaluate(self, env: Environment) -> Value:
        (sign, first), *rest = self.parts
        value, terms = first.evaluate(env)
        if sign < 0:
            value, terms = -value, combine((), terms, -1)
        for sign, part in rest:
            other, other_terms = part.evaluate(env)
            value += sign * other
            if other_terms:
                terms = combine(terms, other_terms, sign)
        if not -0x80000000 <= value <= 0xFFFFFFFF:
            raise Flaw("IFO319", "ARITHMETIC OVERFLOW IN EXPRESSION")
        return value, terms

    def walk(self) -> tuple[Expr, ...]:
        return tuple(part for _, part in self.parts)


@dataclass(frozen=True, slots=True)
class Product(Expr):
    """Factors with `*` or `/` before each but the first; a division by zero gives zero."""

    parts: tuple[tuple[str, Expr], ...]

    def evaluate(self, env: Environment) -> Value:
        result = 0
        for operator, part in self.parts:
            value, terms = part.evaluate(env)
            if terms:
                raise Flaw("IFO217", "RELOCATABILITY ERROR - RELOCATABLE TERM IN MULTIPLICATION OR DIVISION", 12)
            if not operator:
                result = value
            elif operator == "*":
                result *= value
            else:
                quotient = abs(result) // abs(value) if value else 0
                result = quotient if (result < 0) == (value < 0) else -quotient
            if not -0x80000000 <= result <= 0xFFFFFFFF:
                raise Flaw("IFO319", "ARITHMETIC OVERFLOW IN EXPRESSION")
        return result, ()

    def walk(self) -> tuple[Expr, ...]:
        return tuple(part for _, part in self.parts)


@dataclass(frozen=True, slots=True)
class Closed(Sum):
    """A sum in parentheses: not to be merged with the sum around it when a sign stands before it."""


# --- self-defining terms ----------------------------------------------------------------------------------------------


def undouble(text: str) -> str:
    """The inside of a quoted string with doubled quotes and ampersands made single."""
    if "'" in text:
        text = text.replace("''", "'")
    return text.replace("&&", "&") if "&" in text else text


def selfdefining(text: str, column: int = -1) -> int:
    """The value of X'..', B'..' or C'..' as a signed 32-bit number."""
    inside = undouble(text[2:-1])
    base = text[0].upper()
    try:
        if base == "C":
            if not 1 <= len(inside) <= 4:
                raise ValueError
            value = int.from_bytes(to_ebcdic(inside), "big")
        elif not re.fullmatch("0*+[0-9A-Fa-f]{0,8}" if base == "X" else "0*+[01]{0,32}", inside) or not inside:
            raise ValueError
        else:
            value = int(inside, 16 if base == "X" else 2)
    except ValueError:
        raise Flaw("IFO169", f"INVALID SELF-DEFINING TERM {text[:20]}", 8, column) from None
    return value - 0x100000000 if value > 0x7FFFFFFF else value


def decimal(text: str, column: int = -1) -> int:
    if len(text) > 10 and int(text[-12:]) != int(text[:200]):
        raise Flaw("IFO169", f"INVALID SELF-DEFINING TERM {text[:20]}", 8, column)
    value = int(text[-12:])
    if value > 0xFFFFFFFF:
        raise Flaw("IFO169", f"INVALID SELF-DEFINING TERM {text[:20]}", 8, column)
    return value


def absolute(tree: Expr, env: Environment) -> int:
    """The value of an expression that has to be absolute; raises Flaw (IFO217) if it is relocatable."""
    value, terms = tree.evaluate(env)
    if terms:
        raise Flaw("IFO217", "RELOCATABILITY ERROR - AN ABSOLUTE EXPRESSION IS NEEDED", 12)
    return value
