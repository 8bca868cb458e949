"""Conditional assembly expressions: arithmetic (SETA), logical (SETB, AIF) and character (SETC).

An expression is compiled once into closures.  The kinds are told apart by their values: numbers, strings from
apostrophes, and `Loose` strings from variable symbols, which count as numbers when compared with numbers.  AND, OR, XOR
and NOT work on truth values in all of a logical expression (AIF, SETB), and on bits elsewhere.
Sources: OS/VS Assembler Language (GC33-4010), "SETA", "SETB", "SETC"; High Level Assembler Language Reference
(SC26-4940), the same, for the order of operators.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from assembler.datafield import literal_end
from assembler.expression import decimal, selfdefining
from assembler.macro import evaluators
from assembler.macro.evaluators import Evaluator
from assembler.macro.functions import FUNCTIONS, OF_SYMBOLS
from assembler.macro.template import closing_apostrophe, compile_template, read_reference
from assembler.macro.values import as_int, compare
from assembler.message import Flaw

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
_ATTRIBUTE = re.compile(r"[LTKNSIDOltknsido]'(?=[A-Za-z$#@&_=*])")
_CONCATENATED = re.compile(r"['&(A-Za-z$#@_]")
_OPERAND = re.compile(r"\s*+['&A-Za-z$#@_0-9+-]|\s++\(")
_UNARY = frozenset(name for name, function in FUNCTIONS.items() if len(function.operands) == 1 and name != "NOT")
_BITWISE = ("AND", "OR", "XOR")
_SHIFTS = ("SLL", "SRL", "SLA", "SRA")
_FINDING = ("FIND", "INDEX")
_BINARY = _SHIFTS + _FINDING
_CALL = re.compile(r"[A-Za-z][A-Za-z0-9]*+(?=\()")
_BLANKS = re.compile(r"\s*+")
MAX_DEPTH = 40


class _Parser:
    def __init__(self, text: str, depth: int, arithmetic: bool) -> None:
        self.text = text
        self.arithmetic = arithmetic
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

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail("EXPRESSION NESTED TOO DEEPLY")

    def logical(self) -> Evaluator:
        """A whole expression, of the kind that is wanted here."""
        self.deeper()
        result = self.finding() if self.arithmetic else self.disjunction(("XOR",), self.either)
        self.depth -= 1
        return result

    # Truth values: relations before NOT, this before AND, OR and XOR.

    def disjunction(self, words: tuple[str, ...], part: Callable[[], Evaluator]) -> Evaluator:
        result = part()
        while word := self.word(*words):
            other = part()
            if word == "AND":
                result = evaluators.both(result, other)
            else:
                result = evaluators.either(result, other, word == "XOR")
        return result

    def either(self) -> Evaluator:
        return self.disjunction(("OR",), self.conjunction)

    def conjunction(self) -> Evaluator:
        return self.disjunction(("AND",), self.negation)

    def inversions(self) -> bool:
        """Take the words NOT that come next; whether they invert."""
        times = 0
        while self.word("NOT"):
            times += 1
        return times % 2 == 1

    def negation(self) -> Evaluator:
        inverted = self.inversions()
        result = self.relation()
        return evaluators.negated(result) if inverted else result

    def relation(self) -> Evaluator:
        left = self.binary()
        word = self.word(*_RELATIONS)
        if word is None:
            return left
        inverted = self.inversions()
        right = self.binary()
        if inverted:
            right = evaluators.negated(right)
        holds = _RELATIONS[word]
        return lambda scope: 1 if holds(compare(left(scope), right(scope))) else 0

    # Numbers: NOT before AND, OR and XOR, these before shifts, these before FIND and INDEX.

    def finding(self) -> Evaluator:
        return self.functions(
            _FINDING, lambda: self.functions(_SHIFTS, lambda: self.functions(_BITWISE, self.inverted))
        )

    def inverted(self) -> Evaluator:
        inverted = self.inversions()
        result = self.relation()
        return evaluators.called(FUNCTIONS["NOT"], [result]) if inverted else result

    def functions(self, words: tuple[str, ...], part: Callable[[], Evaluator]) -> Evaluator:
        """Functions of two operands between them: `1 SLL 4`, `'ABC' INDEX 'B'`."""
        result = part()
        while word := self.word(*words):
            result = evaluators.called(FUNCTIONS[word], [result, part()])
        return result

    def binary(self) -> Evaluator:
        return self.sum() if self.arithmetic else self.functions(_BINARY, self.sum)

    def sum(self) -> Evaluator:
        result = self.product()
        while operator := self.operator("+-"):
            result = evaluators.added(result, self.product(), 1 if operator == "+" else -1)
        return result

    def product(self) -> Evaluator:
        result = self.concatenation()
        while operator := self.operator("*/"):
            result = evaluators.times(result, self.concatenation(), operator)
        return result

    def concatenation(self) -> Evaluator:
        pieces = [self.unary()]
        while self.text[self.at : self.at + 1] == "." and _CONCATENATED.match(self.text, self.at + 1):
            self.at += 1
            pieces.append(self.unary())
        return pieces[0] if len(pieces) == 1 else evaluators.joined(pieces)

    def unary(self) -> Evaluator:
        self.blanks()
        prefix = _WORD.match(self.text, self.at)
        if prefix is not None and prefix[0].upper() in _UNARY and _OPERAND.match(self.text, prefix.end()):
            self.deeper()
            self.at = prefix.end()
            return evaluators.called(FUNCTIONS[prefix[0].upper()], [self.unary()])
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
                return evaluators.repeated(inner, self.string())
            match = _CALL.match(self.text, self.at)
            if match and match[0].upper() not in _BITWISE:  # a duplication factor before a function
                self.at = match.end()
                return evaluators.repeated(inner, self.function(match[0].upper()))
            return inner
        if char == "'":
            return self.string()
        if char == "&":
            reference, self.at = read_reference(text, at, self.depth, self.arithmetic)
            return evaluators.variable(reference)
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
            if self.text[self.at : self.at + 1] == "(":
                return self.function(name)
            return lambda scope: scope.absolute_symbol(name)
        raise self.fail()

    def attribute(self, kind: str) -> Evaluator:
        if self.text[self.at] == "&":
            reference, self.at = read_reference(self.text, self.at, self.depth, self.arithmetic)
            if self.text[self.at : self.at + 1] == "." and not _CONCATENATED.match(self.text, self.at + 1):
                self.at += 1
            return evaluators.attribute_of_variable(kind, reference)
        if self.text[self.at] == "=" and kind not in "KNO":
            end = literal_end(self.text, self.at)
            literal, self.at = self.text[self.at : end], end
            return evaluators.attribute_of_symbol(kind, literal)
        match = _WORD.match(self.text, self.at)
        if match is None or kind in "KN":
            raise self.fail("ATTRIBUTE OF NO SYMBOL")
        self.at = match.end()
        return evaluators.attribute_of_symbol(kind, match[0].upper())

    def function(self, name: str) -> Evaluator:
        """`NAME(operand,...)`, the parenthesis next."""
        function = FUNCTIONS.get(name)
        if function is None and name not in OF_SYMBOLS:
            raise self.fail(f"UNKNOWN FUNCTION {name[:16]}")
        operands: list[Evaluator] = []
        self.parentheses += 1
        while self.text[self.at : self.at + 1] in ("(", ",") and self.at < len(self.text):
            self.at += 1
            operands.append(self.logical())
            self.blanks()
        self.parentheses -= 1
        if self.text[self.at : self.at + 1] != ")":
            raise self.fail("UNPAIRED PARENTHESIS")
        self.at += 1
        wanted = 1 if function is None else len(function.operands)
        if len(operands) != wanted:
            raise self.fail(f"{name} WANTS {wanted} OPERANDS")
        if function is None:
            result = evaluators.declared_type(OF_SYMBOLS.index(name), operands[0])
        else:
            result = evaluators.called(function, operands)
        while self.text[self.at : self.at + 1] == "(":
            result = self.substring(result)
        return result

    def string(self) -> Evaluator:
        """A string with its substring notation, and strings that follow it at once."""
        pieces: list[Evaluator] = []
        while True:
            end = closing_apostrophe(self.text, self.at)
            if end < 0:
                raise self.fail("UNPAIRED APOSTROPHE")
            template = compile_template(self.text[self.at + 1 : end], self.depth)
            self.at = end + 1
            piece: Evaluator = evaluators.string(template)
            while self.text[self.at : self.at + 1] == "(":
                piece = self.substring(piece)
            pieces.append(piece)
            # Behind a substring notation the concatenation sign may be left out.
            if self.text[self.at : self.at + 1] == "'" and self.text[self.at - 1] == ")":
                continue
            break
        return pieces[0] if len(pieces) == 1 else evaluators.joined(pieces)

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
        return evaluators.substring(of, first, count)


def compile_expression(text: str, depth: int = 0, arithmetic: bool = False) -> Evaluator:
    """The evaluator of a whole expression; raises Flaw if it is not one.

    `arithmetic`: AND, OR, XOR and NOT work on bits.
    """
    return _Parser(text, depth, arithmetic).whole()
