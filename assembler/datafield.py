"""Operand fields of DC, DS, DXD and literals as constants: duplication factor, type, modifiers, nominal values.

Source: OS/VS Assembler Language (GC33-4010), "DC instruction"; type extensions, program types and blanks between the
digits of a value are the High Level Assembler's (SC26-4940).
"""

from __future__ import annotations

import re
from functools import lru_cache

from assembler.constant import EXTENDED, TYPES, At, Constant
from assembler.expression import Expr, Number, selfdefining
from assembler.message import Flaw
from assembler.operand import parse, parse_expression
from cpvm.s370.ebcdic import from_ebcdic

_SIMPLE = re.compile(
    r"([0-9]{0,7})([CXBFHEDLPZ])(?:L([0-9]{1,5}))?"
    r"(?:'((?:[^'&]|''|&&)*+)')?(,|$)"
)
_TERM = r"(?:\*|[0-9]{1,9}(?![0-9])|[A-Z$#@_][A-Z0-9$#@_]{0,62}(?![A-Z0-9$#@_]))"
_SUM = rf"{_TERM}(?:[+-]{_TERM})*+"
_SIMPLE_ADDRESS = re.compile(rf"([0-9]{{0,7}})([AYV])(?:L([0-9]))?\(({_SUM}(?:,{_SUM})*+)\)(,|$)")
_DIGITS = re.compile(r"[0-9]+")
_SIGNED = re.compile(r"[+-]?[0-9]+")
_STRING = re.compile(r"'((?:[^']|'')*+)'")
_PROGRAM = re.compile(r"[Pp]\(((?:[XBCxbc]'(?:[^']|'')+')|([0-9]{1,10}))\)")
_ATTRIBUTE = re.compile(r"(?<![A-Za-z0-9_$#@&'])[LISTlist]'(?=[A-Za-z$#@_*=])")


def closing(text: str, at: int) -> int:
    """Index of the parenthesis that closes the one at `at`; raises Flaw."""
    depth = 0
    start = at
    while at < len(text):
        char = text[at]
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if not depth:
                return at
        elif char == "'" or _ATTRIBUTE.match(text, at):
            if char != "'":
                at += 2
                continue
            string = _STRING.match(text, at)
            if string is None:
                raise Flaw("IFO178", "SYNTAX ERROR - UNPAIRED APOSTROPHE", 8, at)
            at = string.end()
            continue
        at += 1
    raise Flaw("IFO178", "SYNTAX ERROR - UNPAIRED PARENTHESIS", 8, start)


def split_commas(text: str) -> list[tuple[str, int]]:
    """The pieces of a text between commas outside of parentheses and strings, with their columns."""
    pieces: list[tuple[str, int]] = []
    start = at = 0
    while at < len(text):
        char = text[at]
        if char == "(":
            at = closing(text, at)
        elif char == "'":
            string = _STRING.match(text, at)
            if string is None:
                raise Flaw("IFO178", "SYNTAX ERROR - UNPAIRED APOSTROPHE", 8, at)
            at = string.end() - 1
        elif _ATTRIBUTE.match(text, at):
            at += 1
        elif char == ",":
            pieces.append((text[start:at], start))
            start = at + 1
        at += 1
    pieces.append((text[start:], start))
    return pieces


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def number_or_parenthesis(self, signed: bool = False) -> Expr | None:
        text, at = self.text, self.at
        match = (_SIGNED if signed else _DIGITS).match(text, at)
        if match:
            self.at = match.end()
            digits = match[0]
            if len(digits) > 9:
                raise Flaw("IFO169", "INVALID SELF-DEFINING TERM - TOO LARGE", 8, at)
            return Number(int(digits))
        if text[at : at + 1] == "(":
            end = closing(text, at)
            self.at = end + 1
            return At(parse_expression_at(text[at + 1 : end], at + 1), at + 1)
        return None

    def constant(self) -> Constant:
        text, start = self.text, self.at
        duplication = self.number_or_parenthesis()
        kind = text[self.at : self.at + 1].upper()
        if kind not in TYPES:
            raise Flaw(
                "IFO198",
                f"INVALID TYPE DECLARED ON DC/DS/DXD CONSTANT - {text[self.at : self.at + 4] or 'NONE'}",
                8,
                self.at,
            )
        self.at += 1
        extension = text[self.at : self.at + 1].upper()
        if extension and kind + extension in EXTENDED:
            self.at += 1
        else:
            extension = ""
        program = self.program()
        length = scale = exponent = None
        bits = False
        while True:
            letter = text[self.at : self.at + 1].upper()
            if letter not in ("L", "S", "E"):
                break
            at = self.at
            self.at += 1
            if letter == "L" and text[self.at : self.at + 1] == ".":
                bits = True
                self.at += 1
            modifier = self.number_or_parenthesis(signed=letter != "L")
            if modifier is None:
                raise Flaw("IFO178", f"SYNTAX ERROR - INVALID MODIFIER {text[at : at + 4]}", 8, at)
            if letter == "L":
                length = modifier
            elif letter == "S":
                scale = modifier
            else:
                exponent = modifier
        values: tuple[str, ...] | None = None
        addresses: tuple[tuple[Expr, Expr | None], ...] = ()
        form = (EXTENDED[kind + extension] if extension else TYPES[kind]).form
        at = self.at
        if text[at : at + 1] == "'":
            string = _STRING.match(text, at)
            if string is None:
                raise Flaw("IFO178", "SYNTAX ERROR - UNPAIRED APOSTROPHE", 8, at)
            if form == "address":
                raise Flaw("IFO178", f"SYNTAX ERROR - TYPE {kind} WANTS ITS VALUE IN PARENTHESES", 8, at)
            inside = string[1]
            values = (inside,) if form == "text" else _listed(inside)
            self.at = string.end()
        elif text[at : at + 1] == "(":
            end = closing(text, at)
            if form != "address":
                raise Flaw("IFO178", f"SYNTAX ERROR - TYPE {kind} WANTS ITS VALUE IN APOSTROPHES", 8, at)
            values, addresses = _addresses(kind, text[at + 1 : end], at + 1)
            self.at = end + 1
        return Constant(
            kind,
            duplication,
            length,
            bits,
            scale,
            exponent,
            values,
            addresses,
            start,
            extension,
            program,
        )

    def program(self) -> int | None:
        """The program type `P(term)` that may stand behind the type; raises Flaw."""
        match = _PROGRAM.match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        return int(match[2]) if match[2] else selfdefining(match[1], match.start(1))


def literal_end(text: str, at: int) -> int:
    """Index behind the literal whose equals sign is at `at`; raises Flaw."""
    reader = _Reader(text)
    reader.at = at + 1
    reader.constant()
    return reader.at


def declared_types(constant: Constant) -> tuple[str, str]:
    """Assembler type and program type of a constant."""
    known = "" if constant.program is None else program_type(constant.program)
    return constant.kind + constant.extension, known


def program_type(value: int) -> str:
    """The four characters by which SYSATTRP knows a program type."""
    return from_ebcdic((value & 0xFFFFFFFF).to_bytes(4, "big"))


def _listed(inside: str) -> tuple[str, ...]:
    """The values of a list; blanks may separate their digits."""
    return tuple((inside.replace(" ", "") if " " in inside else inside).split(","))


def parse_expression_at(text: str, column: int) -> Expr:
    """An expression cut out of a longer operand; flaws of its syntax tell the column in the whole."""
    try:
        return parse_expression(text)
    except Flaw as flaw:
        raise flaw.shifted(column) from None


def _addresses(kind: str, text: str, column: int) -> tuple[tuple[str, ...], tuple[tuple[Expr, Expr | None], ...]]:
    pieces = [(piece, at + column) for piece, at in split_commas(text)]
    found: list[tuple[Expr, Expr | None]] = []
    for piece, at in pieces:
        if kind == "S":
            try:
                operands = parse(piece).operands
            except Flaw as flaw:
                raise flaw.shifted(at) from None
            if len(operands) != 1 or operands[0].second is not None:
                raise Flaw("IFO178", "SYNTAX ERROR IN S-TYPE CONSTANT", 8, at)
            base = operands[0].first
            found.append((At(operands[0].address, at), At(base, at) if base is not None else None))
        else:
            found.append((At(parse_expression_at(piece, at), at), None))
    return tuple(piece for piece, _ in pieces), tuple(found)


_cache: dict[str, tuple[Constant, ...] | Flaw] = {}
_pieces: dict[tuple[str, int], Constant] = {}


def parse_constants(text: str) -> tuple[Constant, ...]:
    """The operands of a DC or DS, from the cache if the text has been seen before; raises Flaw."""
    known = _cache.get(text)
    if known is None:
        try:
            known = _read(text)
        except Flaw as flaw:
            known = Flaw(flaw.number, flaw.text, flaw.severity, flaw.column)  # without what led to it
        if len(_cache) >= 20_000:
            _cache.clear()
        _cache[text] = known
    if isinstance(known, Flaw):
        raise Flaw(known.number, known.text, known.severity, known.column)
    return known


@lru_cache(maxsize=1024)
def _number(digits: str) -> Number:
    return Number(int(digits))


def _simple(match: re.Match[str]) -> Constant:
    """The constant of an operand that needs no parser; programs write the same ones over and over."""
    at = match.start()
    key = (match[0], at)
    known = _pieces.get(key)
    if known is None:
        count, kind, length, inside, _ = match.groups()
        address = kind in "AYV"
        if address:
            values: tuple[str, ...] | None = tuple(inside.split(","))
        else:
            values = None if inside is None else (inside,) if kind == "C" else _listed(inside)
        known = Constant(
            kind,
            _number(count) if count else None,
            _number(length) if length else None,
            False,
            None,
            None,
            values,
            (),
            at,
            inside=match.start(4) if address else -1,
        )
        if len(_pieces) >= 20_000:
            _pieces.clear()
        _pieces[key] = known
    return known


def _read(text: str) -> tuple[Constant, ...]:
    found: list[Constant] = []
    at = 0
    while True:
        match = _SIMPLE.match(text, at) or _SIMPLE_ADDRESS.match(text, at)
        if match is not None:
            found.append(_simple(match))
            at = match.end()
            if not match[5]:
                return tuple(found)
            continue
        reader = _Reader(text)
        reader.at = at
        found.append(reader.constant())
        at = reader.at
        if at >= len(text):
            return tuple(found)
        if text[at] != ",":
            raise Flaw("IFO178", f"SYNTAX ERROR - {text[at : at + 8]}", 8, at)
        at += 1
