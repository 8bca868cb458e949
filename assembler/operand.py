"""Operand fields as trees: by the grammar, or for the usual shapes by a short path.

The grammar is `operand.lark`; the short path recognises common shapes by regular expression and builds the same trees
(a test holds the two against each other).  Trees are kept by text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import lark

from assembler.expression import (
    Attribute,
    Closed,
    Expr,
    Here,
    Literal,
    Name,
    Number,
    Product,
    Qualified,
    Sum,
    decimal,
    qualifier,
    selfdefining,
)
from assembler.message import Flaw

MAX_NESTING = 40
"""Parentheses inside each other in one operand field."""


@dataclass(frozen=True, slots=True)
class Operand:
    """`address(first,second)`; `second_only` tells D(,B) from D(B)."""

    address: Expr
    first: Expr | None = None
    second: Expr | None = None
    two: bool = False
    column: int = 0
    label: str = ""
    """The label of a qualified symbol in the address."""


@dataclass(frozen=True, slots=True)
class Operands:
    operands: tuple[Operand, ...]
    literals: tuple[Literal, ...]


# --- the grammar's path -----------------------------------------------------------------------------------------------


class _Builder(lark.Transformer[Any, Any]):
    """Trees from lark's rules; the methods have the rules' aliases as names."""

    def operands(self, found: list[Any]) -> tuple[Operand, ...]:
        return tuple(found)

    def plain(self, found: list[Any]) -> Operand:
        return Operand(found[0][0], column=found[0][1])

    def one_subfield(self, found: list[Any]) -> Operand:
        return Operand(found[0][0], found[1][0], None, False, found[0][1])

    def two_subfields(self, found: list[Any]) -> Operand:
        return Operand(found[0][0], found[1][0], found[2][0], True, found[0][1])

    def second_subfield(self, found: list[Any]) -> Operand:
        return Operand(found[0][0], None, found[1][0], True, found[0][1])

    def first_subfield(self, found: list[Any]) -> Operand:
        return Operand(found[0][0], found[1][0], None, True, found[0][1])

    # Expressions travel as (tree, column) pairs.
    def _sum(self, found: list[Any], sign: int) -> tuple[Expr, int]:
        left, column = found[0]
        right = found[1][0]
        parts = left.parts if isinstance(left, Sum) and not isinstance(left, Closed) else ((1, left),)
        return Sum((*parts, (sign, right))), column

    def add(self, found: list[Any]) -> tuple[Expr, int]:
        return self._sum(found, 1)

    def subtract(self, found: list[Any]) -> tuple[Expr, int]:
        return self._sum(found, -1)

    def _product(self, left: tuple[Expr, int], operator: str, right: Expr) -> tuple[Expr, int]:
        tree, column = left
        parts = tree.parts if isinstance(tree, Product) else (("", tree),)
        return Product((*parts, (operator, right))), column

    def multiply(self, found: list[Any]) -> tuple[Expr, int]:
        return self._product(found[0], "*", found[2][0])

    def divide(self, found: list[Any]) -> tuple[Expr, int]:
        return self._product(found[0], "/", found[1][0])

    def plus(self, found: list[Any]) -> tuple[Expr, int]:
        result: tuple[Expr, int] = found[0]
        return result

    def minus(self, found: list[Any]) -> tuple[Expr, int]:
        return Sum(((-1, found[0][0]),)), found[0][1]

    def number(self, found: list[Any]) -> tuple[Expr, int]:
        return Number(decimal(str(found[0]), found[0].start_pos)), found[0].start_pos

    def selfdefining(self, found: list[Any]) -> tuple[Expr, int]:
        return Number(selfdefining(str(found[0]), found[0].start_pos)), found[0].start_pos

    def symbol(self, found: list[Any]) -> tuple[Expr, int]:
        return Name(str(found[0]).upper(), found[0].start_pos), found[0].start_pos

    def qualified(self, found: list[Any]) -> tuple[Expr, int]:
        label, _, name = str(found[0]).upper().partition(".")
        return Qualified(name, found[0].start_pos + len(label) + 1, label), found[0].start_pos

    def here(self, found: list[Any]) -> tuple[Expr, int]:
        return Here(), found[0].start_pos

    def literal(self, found: list[Any]) -> tuple[Expr, int]:
        return Literal(str(found[0]), found[0].start_pos), found[0].start_pos

    def attribute(self, found: list[Any]) -> tuple[Expr, int]:
        kind, of = str(found[0])[0].upper(), found[1]
        at = of.start_pos
        inner: Expr = Here() if of == "*" else Literal(str(of), at) if of[0] == "=" else Name(str(of).upper(), at)
        return Attribute(kind, inner), found[0].start_pos

    def parenthesized(self, found: list[Any]) -> tuple[Expr, int]:
        tree, column = found[0]
        return (Closed(tree.parts) if type(tree) is Sum else tree), column


@cache
def _parser() -> lark.Lark:
    grammar = (Path(__file__).parent / "operand.lark").read_text(encoding="ascii")
    return lark.Lark(grammar, start="operands", parser="lalr", lexer="contextual", transformer=_Builder())


def parse_by_grammar(text: str) -> tuple[Operand, ...]:
    """Operands by lark; raises Flaw with the column of the error."""
    depth = deepest = 0
    for char in text:
        if char == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif char == ")":
            depth -= 1
    if deepest > MAX_NESTING:
        raise Flaw("IFO233", f"MORE THAN {MAX_NESTING} LEVELS OF PARENTHESES", 8, text.find("("))
    try:
        return _parser().parse(text)  # type: ignore[return-value]
    except lark.exceptions.VisitError as error:
        if isinstance(error.orig_exc, Flaw):
            raise error.orig_exc from None
        raise Flaw("IFO236", "ILLEGAL EXPRESSION", 8) from None
    except lark.exceptions.UnexpectedCharacters as error:
        raise Flaw("IFO236", f"ILLEGAL CHARACTER IN EXPRESSION - {text[error.pos_in_stream or 0 :][:8]}", 8,
                   error.pos_in_stream or 0) from None  # fmt: skip
    except lark.exceptions.UnexpectedToken as error:
        end = error.token.type == "$END"
        at = len(text) if end else error.token.start_pos or 0
        if end:
            raise Flaw("IFO234", "PREMATURE END OF EXPRESSION", 8, at) from None
        raise Flaw("IFO178", f"SYNTAX ERROR AT {str(error.token)[:20]}", 8, at) from None
    except lark.exceptions.LarkError:
        raise Flaw("IFO178", "SYNTAX ERROR IN OPERAND", 8) from None


# --- the short path ---------------------------------------------------------------------------------------------------

_T = r"(?:\*|[0-9]{1,9}(?![0-9'])|[A-Z$#@_][A-Z0-9$#@_]*+(?!')|[XB]'[0-9A-F]{1,8}'|L'[A-Z$#@_][A-Z0-9$#@_]*+)"
_LITERAL = r"=[0-9]*[A-Z](?:L[0-9]+)?(?:'(?:[^']|'')*+'|\([A-Z0-9$#@_+*-]+\))"
_ONE = re.compile(
    rf"(?:({_T}(?:[+-]{_T})*+)|({_LITERAL}))(?:\(({_T}(?:[+-]{_T})*+)?(?:(,)({_T}(?:[+-]{_T})*+))?\))?(,|$)"
)
_TERM = re.compile(rf"([+-]?)({_T})")


def _short_term(text: str, column: int) -> Expr:
    first = text[0]
    if first == "*":
        return Here()
    if first.isdigit():
        return Number(int(text))
    if len(text) > 2 and text[1] == "'":
        if first == "L":
            return Attribute("L", Name(text[2:], column + 2))
        return Number(selfdefining(text, column))
    return Name(text, column)


def _short_sum(text: str, column: int) -> Expr:
    if "+" not in text and "-" not in text:
        return _short_term(text, column)
    parts = [
        (-1 if match[1] == "-" else 1, _short_term(match[2], column + match.start(2))) for match in _TERM.finditer(text)
    ]
    return Sum(tuple(parts))


def parse_by_shape(text: str) -> tuple[Operand, ...] | None:
    """Operands of the usual shapes without the grammar; None if the text has another shape."""
    found: list[Operand] = []
    at = 0
    size = len(text)
    while True:
        match = _ONE.match(text, at)
        if match is None:
            return None
        plain, literal, first, comma, second, end = match.groups()
        tree = _short_sum(plain, at) if plain else Literal(literal, at)
        if first is None and comma is None:
            if text[match.end() - len(end) - 1] == ")" and text[match.end() - len(end) - 2] == "(":
                return None
            found.append(Operand(tree, None, None, False, at))
        else:
            found.append(
                Operand(
                    tree,
                    _short_sum(first, match.start(3)) if first is not None else None,
                    _short_sum(second, match.start(5)) if second is not None else None,
                    comma is not None,
                    at,
                )
            )
        at = match.end()
        if at >= size:
            return tuple(found) if end == "" else None


_cache: dict[str, Operands | Flaw] = {}
_CACHE_LIMIT = 50_000


def parse(text: str) -> Operands:
    """The operands of a field, from the cache if this text has been seen before; raises Flaw."""
    known = _cache.get(text)
    if known is None:
        try:
            operands = parse_by_shape(text)
            if operands is None:
                operands = parse_by_grammar(text)
                if "." in text:
                    operands = tuple(replace(one, label=qualifier(one.address)) for one in operands)
            known = Operands(operands, _literals(operands) if "=" in text else ())
        except Flaw as flaw:
            known = Flaw(flaw.number, flaw.text, flaw.severity, flaw.column)  # without what led to it
        if len(_cache) >= _CACHE_LIMIT:
            _cache.clear()
        _cache[text] = known
    if isinstance(known, Flaw):
        raise Flaw(known.number, known.text, known.severity, known.column)
    return known


def parse_expression(text: str) -> Expr:
    """A single expression without subfields; raises Flaw."""
    operands = parse(text).operands
    if len(operands) != 1 or operands[0].first is not None or operands[0].second is not None:
        raise Flaw("IFO178", f"SYNTAX ERROR - {text[:20]} IS NOT ONE EXPRESSION", 8, 0)
    return operands[0].address


def _literals(operands: tuple[Operand, ...]) -> tuple[Literal, ...]:
    found: list[Literal] = []
    pending: list[Expr] = [
        tree for op in operands for tree in (op.address, op.first, op.second) if tree is not None
    ]  # fmt: skip
    while pending:
        tree = pending.pop(0)
        if isinstance(tree, Literal):
            found.append(tree)
        else:
            pending.extend(tree.walk())
    return tuple(found)
