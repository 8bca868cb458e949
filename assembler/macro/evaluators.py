"""The closures that conditional assembly expressions are compiled into."""

from __future__ import annotations

from collections.abc import Callable

from assembler.expression import undouble
from assembler.macro.functions import Function
from assembler.macro.template import Reference, Scope, Template
from assembler.macro.values import MAX_STRING, Loose, Result, as_int, as_text, limited
from assembler.macro.variables import SetSymbol
from assembler.message import Flaw

Evaluator = Callable[[Scope], Result]


def either(one: Evaluator, other: Evaluator, exclusive: bool) -> Evaluator:
    if exclusive:
        return lambda scope: int(bool(as_int(one(scope))) != bool(as_int(other(scope))))
    return lambda scope: 1 if as_int(one(scope)) or as_int(other(scope)) else 0


def both(one: Evaluator, other: Evaluator) -> Evaluator:
    return lambda scope: 1 if as_int(one(scope)) and as_int(other(scope)) else 0


def negated(one: Evaluator) -> Evaluator:
    return lambda scope: 0 if as_int(one(scope)) else 1


def added(one: Evaluator, other: Evaluator, sign: int) -> Evaluator:
    return lambda scope: limited(as_int(one(scope)) + sign * as_int(other(scope)))


def times(one: Evaluator, other: Evaluator, operator: str) -> Evaluator:
    def divide(scope: Scope) -> int:
        first, second = as_int(one(scope)), as_int(other(scope))
        if not second:
            return 0
        quotient = abs(first) // abs(second)
        return quotient if (first < 0) == (second < 0) else -quotient

    if operator == "/":
        return divide
    return lambda scope: limited(as_int(one(scope)) * as_int(other(scope)))


def called(function: Function, operands: list[Evaluator]) -> Evaluator:
    if len(operands) == 1:
        (only,) = operands
        return lambda scope: function(only(scope))
    return lambda scope: function(*[one(scope) for one in operands])


def declared_type(which: int, name: Evaluator) -> Evaluator:
    """SYSATTRA (0) or SYSATTRP (1) of the symbol that a text names."""
    return lambda scope: scope.declared_types(as_text(name(scope)))[which]


def joined(pieces: list[Evaluator]) -> Evaluator:
    """Concatenation."""

    def join(scope: Scope) -> str:
        text = "".join(as_text(one(scope)) for one in pieces)
        if len(text) > MAX_STRING:
            raise Flaw("IFO309", "CHARACTER EXPRESSION TOO LONG")
        return text

    return join


def repeated(count: Evaluator, text: Evaluator) -> Evaluator:
    def repeat(scope: Scope) -> str:
        times, one = as_int(count(scope)), as_text(text(scope))
        if times < 0 or times * len(one) > MAX_STRING:
            raise Flaw("IFO206", "DUPLICATION FACTOR ERROR")
        return one * times

    return repeat


def variable(reference: Reference) -> Evaluator:
    def value(scope: Scope) -> Result:
        found = reference.value(scope)
        return found if isinstance(found, int) else Loose(found)

    return value


def string(template: Template) -> Evaluator:
    plain = len(template.parts) == 1 and isinstance(template.parts[0], str)
    if plain:
        constant = undouble(template.source) if "'" in template.source else template.source
        return lambda scope: constant

    def fill(scope: Scope) -> str:
        text = "".join(
            [part.replace("''", "'") if isinstance(part, str) else part.text(scope) for part in template.parts]
        )
        if len(text) > MAX_STRING:
            raise Flaw("IFO309", "CHARACTER EXPRESSION TOO LONG")
        return text

    return fill


def substring(of: Evaluator, first: Evaluator, count: Evaluator | None) -> Evaluator:
    def take(scope: Scope) -> str:
        text, start = as_text(of(scope)), as_int(first(scope))
        size = as_int(count(scope)) if count is not None else len(text)
        where = "EXPRESSION IN SUBSTRING NOTATION"
        if not size or (count is None and start == len(text) + 1):
            return ""
        if start < 1:
            scope.warn(Flaw("IFO115", f"FIRST {where} HAS ZERO OR NEGATIVE VALUE"))
        elif size < 0:
            scope.warn(Flaw("IFO116", f"SECOND {where} HAS NEGATIVE VALUE", 4))
        elif start > len(text):
            scope.warn(Flaw("IFO117", f"FIRST {where} EXCEEDS THE LENGTH OF THE STRING"))
        if start < 1 or size < 0:
            return ""
        return text[start - 1 : start - 1 + size]

    return take


def attribute_of_variable(kind: str, reference: Reference) -> Evaluator:
    def number(scope: Scope) -> Result:
        if kind == "N":
            variable, subscripts = reference.resolve(scope)
            if isinstance(variable, SetSymbol):
                return max(variable.array, default=0) if variable.dimension else 0
            return variable.count(subscripts or ())
        text = reference.text(scope)
        if kind == "K":
            return len(text)
        return attribute_of_symbol(kind, text)(scope)

    return number


def attribute_of_symbol(kind: str, name: str) -> Evaluator:
    """T', O' (strings), D', L', S', I' of what a text names."""
    if kind == "T":
        return lambda scope: scope.type_attribute(name)
    if kind == "O":
        return lambda scope: scope.operation_attribute(name.upper())
    return lambda scope: scope.length_attribute(name.upper(), kind)
