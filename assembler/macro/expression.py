"""Conditional assembly expressions: arithmetic (SETA), logical (SETB, AIF) and character (SETC).

An expression is compiled once into closures.  The kinds are told apart by their values: numbers, strings from
apostrophes, and `Loose` strings from variable symbols, which count as numbers when compared with numbers.
Source: OS/VS Assembler Language (GC33-4010), "SETA", "SETB", "SETC".
"""

from __future__ import annotations

import re
from collections.abc import Callable

from assembler.expression import decimal, selfdefining, undouble
from assembler.macro.template import Reference, Scope, Template, compile_template, read_reference
from assembler.macro.variables import MAX_STRING, SetSymbol
from assembler.message import Flaw
from cpvm.s370.ebcdic import to_ebcdic

Result = int | str
Evaluator = Callable[[Scope], Result]


class Loose(str):
    """The text of a variable symbol outside of apostrophes."""

    __slots__ = ()


_RELATIONS: dict[str, Callable[[int], int]] = {
    "EQ": lambda order: order == 0,
    "NE": lambda order: order != 0,
    "LT": lambda order: order < 0,
    "LE": lambda order: order <= 0,
    "GT": lambda order: order > 0,
    "GE": lambda order: order >= 0,
}
_WORD = re.compile(r"[A-Za-z$#@_][A-Za-z0-9$#@_]*+")
_NUMBER = re.compile(r"[0-9]++")
_SELF = re.compile(r"[XBxb]'[0-9A-Fa-f]*'|[Cc]'(?:[^'&]|''|&&)+'")
_SELF_WHOLE = re.compile(r"[XBCxbc]'(?:[^']|'')+'")
_ATTRIBUTE = re.compile(r"[LTKNSIDltknsid]'(?=[A-Za-z$#@&_=*])")
_BLANKS = re.compile(r"\s*+")
MAX_DEPTH = 40


def as_int(value: Result) -> int:
    """A number, or a string that holds one; raises Flaw."""
    if isinstance(value, int):
        return value
    text = value.strip()
    if not text:
        return 0
    digits = text[1:] if text[0] in "+-" else text
    if digits.isascii() and digits.isdigit():
        return -decimal(digits) if text[0] == "-" else decimal(digits)
    if _SELF_WHOLE.fullmatch(text):
        return selfdefining(text)
    raise Flaw("IFO108", f"CHARACTER STRING USED AS AN ARITHMETIC TERM CONTAINS NON-DECIMAL CHARACTERS - {value[:20]}")


def as_text(value: Result) -> str:
    """A string; a number loses its sign, as in substitution."""
    return str(abs(value)) if isinstance(value, int) else str(value)


def _limit(value: int) -> int:
    if not -0x80000000 <= value <= 0xFFFFFFFF:
        raise Flaw("IFO319", "ARITHMETIC OVERFLOW IN EXPRESSION")
    return value


def _compare(one: Result, other: Result) -> int:
    if isinstance(one, (int, Loose)) and isinstance(other, (int, Loose)):
        try:
            first, second = as_int(one), as_int(other)
        except Flaw:
            if isinstance(one, int) or isinstance(other, int):
                raise
        else:
            return (first > second) - (first < second)
    left, right = as_text(one), as_text(other)
    if len(left) != len(right):
        return len(left) - len(right)
    if left == right:
        return 0
    return 1 if to_ebcdic(left) > to_ebcdic(right) else -1


class _Parser:
    def __init__(self, text: str, depth: int) -> None:
        self.text = text
        self.at = 0
        self.depth = depth
        self.parentheses = 0

    def fail(self, what: str = "SYNTAX ERROR IN EXPRESSION") -> Flaw:
        return Flaw("IFO178", f"{what} - {self.text[self.at : self.at + 12] or 'END OF OPERAND'}", 8, self.at)

    def blanks(self) -> None:
        match = _BLANKS.match(self.text, self.at)
        if match:
            self.at = match.end()

    def operator(self, operators: str) -> str:
        """The arithmetic operator that comes next, or a null string; blanks before it count only in parentheses."""
        if self.parentheses:
            self.blanks()
        char = self.text[self.at : self.at + 1]
        if not char or char not in operators:
            return ""
        self.at += 1
        if self.parentheses:
            self.blanks()
        return char

    def word(self, *words: str) -> str | None:
        """Take one of these words if it comes next."""
        self.blanks()
        match = _WORD.match(self.text, self.at)
        if match is not None and match[0].upper() in words:
            self.at = match.end()
            return match[0].upper()
        return None

    def whole(self) -> Evaluator:
        result = self.logical()
        self.blanks()
        if self.at < len(self.text):
            raise self.fail()
        return result

    def logical(self) -> Evaluator:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail("EXPRESSION NESTED TOO DEEPLY")
        result = self.conjunction()
        while word := self.word("OR", "XOR"):
            result = _either(result, self.conjunction(), word == "XOR")
        self.depth -= 1
        return result

    def conjunction(self) -> Evaluator:
        result = self.negation()
        while self.word("AND"):
            result = _both(result, self.negation())
        return result

    def negation(self) -> Evaluator:
        times = 0
        while self.word("NOT"):
            times += 1
        result = self.relation()
        return _negated(result) if times % 2 else result

    def relation(self) -> Evaluator:
        left = self.sum()
        word = self.word(*_RELATIONS)
        if word is None:
            return left
        right = self.sum()
        holds = _RELATIONS[word]
        return lambda scope: 1 if holds(_compare(left(scope), right(scope))) else 0

    def sum(self) -> Evaluator:
        result = self.product()
        while operator := self.operator("+-"):
            result = _added(result, self.product(), 1 if operator == "+" else -1)
        return result

    def product(self) -> Evaluator:
        result = self.unary()
        while operator := self.operator("*/"):
            result = _times(result, self.unary(), operator)
        return result

    def unary(self) -> Evaluator:
        self.blanks()
        negative = False
        while self.text[self.at : self.at + 1] in ("+", "-") and self.at < len(self.text):
            negative ^= self.text[self.at] == "-"
            self.at += 1
        result = self.primary()
        return (lambda scope: -as_int(result(scope))) if negative else result

    def primary(self) -> Evaluator:
        text, at = self.text, self.at
        char = text[at : at + 1]
        if char == "(":
            self.at += 1
            self.parentheses += 1
            inner = self.logical()
            self.blanks()
            if self.text[self.at : self.at + 1] != ")":
                raise self.fail("UNPAIRED PARENTHESIS")
            self.at += 1
            self.parentheses -= 1
            if self.text[self.at : self.at + 1] == "'":
                return _repeated(inner, self.string())
            return inner
        if char == "'":
            return self.string()
        if char == "&":
            reference, self.at = read_reference(text, at, self.depth)
            return _variable(reference)
        match = _NUMBER.match(text, at)
        if match:
            self.at = match.end()
            value = decimal(match[0], at)
            return lambda scope: value
        match = _SELF.match(text, at)
        if match:
            self.at = match.end()
            number = selfdefining(match[0], at)
            return lambda scope: number
        match = _ATTRIBUTE.match(text, at)
        if match:
            self.at = match.end()
            return self.attribute(match[0][0].upper())
        match = _WORD.match(text, at)
        if match:
            self.at = match.end()
            name = match[0].upper()
            return lambda scope: scope.absolute_symbol(name)
        raise self.fail()

    def attribute(self, kind: str) -> Evaluator:
        if self.text[self.at] == "&":
            reference, self.at = read_reference(self.text, self.at, self.depth)
            if self.text[self.at : self.at + 1] == ".":
                self.at += 1
            return _attribute_of_variable(kind, reference)
        match = _WORD.match(self.text, self.at)
        if match is None or kind in "KN":
            raise self.fail("ATTRIBUTE OF NO SYMBOL")
        self.at = match.end()
        name = match[0].upper()
        if kind == "T":
            return lambda scope: scope.type_attribute(name)
        return lambda scope: scope.length_attribute(name, kind)

    def string(self) -> Evaluator:
        """A string with its substring notation, and what is concatenated to it."""
        pieces: list[Evaluator] = []
        while True:
            end = self.at + 1
            while True:
                end = self.text.find("'", end)
                if end < 0:
                    raise self.fail("UNPAIRED APOSTROPHE")
                if self.text[end + 1 : end + 2] == "'":
                    end += 2
                    continue
                break
            template = compile_template(self.text[self.at + 1 : end], self.depth)
            self.at = end + 1
            piece: Evaluator = _string(template)
            while self.text[self.at : self.at + 1] == "(":
                piece = self.substring(piece)
            pieces.append(piece)
            # Behind a substring notation the concatenation sign may be left out.
            if self.text[self.at : self.at + 1] == "'" and self.text[self.at - 1] == ")":
                continue
            if self.text[self.at : self.at + 1] == "." and self.text[self.at + 1 : self.at + 2] in ("'", "&"):
                self.at += 1
                if self.text[self.at] == "'":
                    continue
                pieces.append(self.primary())
            break
        if len(pieces) == 1:
            return pieces[0]
        return lambda scope: "".join(as_text(one(scope)) for one in pieces)

    def substring(self, of: Evaluator) -> Evaluator:
        self.at += 1
        first = self.logical()
        self.blanks()
        if self.text[self.at : self.at + 1] != ",":
            raise self.fail("SUBSTRING NOTATION WANTS TWO EXPRESSIONS")
        self.at += 1
        count: Evaluator | None = None
        if self.text[self.at : self.at + 2] == "*)":
            self.at += 1
        else:
            count = self.logical()
        self.blanks()
        if self.text[self.at : self.at + 1] != ")":
            raise self.fail("UNPAIRED PARENTHESIS")
        self.at += 1
        return _substring(of, first, count)


def _either(one: Evaluator, other: Evaluator, exclusive: bool) -> Evaluator:
    if exclusive:
        return lambda scope: int(bool(as_int(one(scope))) != bool(as_int(other(scope))))
    return lambda scope: 1 if as_int(one(scope)) or as_int(other(scope)) else 0


def _both(one: Evaluator, other: Evaluator) -> Evaluator:
    return lambda scope: 1 if as_int(one(scope)) and as_int(other(scope)) else 0


def _negated(one: Evaluator) -> Evaluator:
    return lambda scope: 0 if as_int(one(scope)) else 1


def _added(one: Evaluator, other: Evaluator, sign: int) -> Evaluator:
    return lambda scope: _limit(as_int(one(scope)) + sign * as_int(other(scope)))


def _times(one: Evaluator, other: Evaluator, operator: str) -> Evaluator:
    def divide(scope: Scope) -> int:
        first, second = as_int(one(scope)), as_int(other(scope))
        if not second:
            return 0
        quotient = abs(first) // abs(second)
        return quotient if (first < 0) == (second < 0) else -quotient

    if operator == "/":
        return divide
    return lambda scope: _limit(as_int(one(scope)) * as_int(other(scope)))


def _repeated(count: Evaluator, text: Evaluator) -> Evaluator:
    def repeat(scope: Scope) -> str:
        times, one = as_int(count(scope)), as_text(text(scope))
        if times < 0 or times * len(one) > MAX_STRING:
            raise Flaw("IFO206", "DUPLICATION FACTOR ERROR")
        return one * times

    return repeat


def _variable(reference: Reference) -> Evaluator:
    def value(scope: Scope) -> Result:
        found = reference.value(scope)
        return found if isinstance(found, int) else Loose(found)

    return value


def _string(template: Template) -> Evaluator:
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


def _substring(of: Evaluator, first: Evaluator, count: Evaluator | None) -> Evaluator:
    def take(scope: Scope) -> str:
        text, start = as_text(of(scope)), as_int(first(scope))
        size = as_int(count(scope)) if count is not None else len(text)
        where = "EXPRESSION IN SUBSTRING NOTATION"
        if start < 1:
            scope.warn(Flaw("IFO115", f"FIRST {where} HAS ZERO OR NEGATIVE VALUE"))
        elif size < 0:
            scope.warn(Flaw("IFO116", f"SECOND {where} HAS NEGATIVE VALUE", 4))
        elif start > len(text) and size:
            scope.warn(Flaw("IFO117", f"FIRST {where} EXCEEDS THE LENGTH OF THE STRING"))
        if start < 1 or size < 0:
            return ""
        return text[start - 1 : start - 1 + size]

    return take


def _attribute_of_variable(kind: str, reference: Reference) -> Evaluator:
    def number(scope: Scope) -> Result:
        if kind == "N":
            variable, subscripts = reference.resolve(scope)
            if isinstance(variable, SetSymbol):
                return max(variable.array, default=0) if variable.dimension else 1
            return variable.count(subscripts or ())
        if kind == "D":
            return int(scope.type_attribute(reference.text(scope)) != "U")
        text = reference.text(scope)
        if kind == "K":
            return len(text)
        if kind == "T":
            return scope.type_attribute(text)
        return scope.length_attribute(text.upper(), kind)

    return number


def compile_expression(text: str, depth: int = 0) -> Evaluator:
    """The evaluator of a whole expression; raises Flaw if it is not one."""
    return _Parser(text, depth).whole()
