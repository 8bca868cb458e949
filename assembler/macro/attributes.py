"""Attributes of ordinary symbols as the macro stage sees them: of symbols defined so far, and by looking ahead.

As in Assembler H, a symbol that is not yet defined is looked for in the rest of the open code, COPY members included;
its operation gives the type attribute, its operands the length.  Literals have attributes too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress

from assembler.constant import TYPES, Constant
from assembler.datafield import declared_types, parse_constants, parse_expression_at, program_type, split_commas
from assembler.expression import Environment, absolute
from assembler.instruction import MachineInstruction
from assembler.macro.opencode import OpenCode
from assembler.macro.variables import sublist
from assembler.message import Flaw
from assembler.scale import scale_and_integer
from assembler.source import SourceFile, split_fields
from assembler.symbols import SYMBOL, Symbol, Value
from cpvm.s370.ebcdic import from_ebcdic

_LABELLED = re.compile(r"[A-Za-z$#@_][A-Za-z0-9$#@_]*\s")
_LEFTMOST = re.compile(r"[A-Za-z$#@_][A-Za-z0-9$#@_]*+(?!')")
_NUMERIC = re.compile(r"[+-]?[0-9]+|[XBCxbc]'(?:[^']|'')+'")


_WITH_SCALE = "FHEDLPZGK"
_ILLEGAL = {"L": ("IFO120", "LENGTH"), "S": ("IFO123", "SCALE"), "I": ("IFO124", "INTEGER")}

MAX_EQUATES = 100
"""EQU statements that follow one another to the length of a symbol."""


class _Known(Environment):
    """An environment in which numbers and the symbols defined so far have values."""

    def __init__(self, symbols: dict[str, Symbol]) -> None:
        self._symbols = symbols

    def symbol(self, name: str, column: int) -> Symbol:
        found = self._symbols.get(name)
        if found is None:
            raise Flaw("IFO188", f"{name} IS AN UNDEFINED SYMBOL", 8, column)
        return found

    def here(self) -> Value:
        raise Flaw("IFO217", "RELOCATABILITY ERROR - LOCATION COUNTER NOT KNOWN")

    def literal(self, text: str, column: int) -> Symbol:
        raise Flaw("IFO161", "INVALID LITERAL")

    def here_length(self) -> int:
        return 1


class Attributes:
    """What T', L', I' and S' of a symbol are; `operation` resolves an operation code without side effects."""

    def __init__(
        self,
        symbols: dict[str, Symbol],
        operation: Callable[[str], object],
        code: OpenCode,
        member: Callable[[str], Sequence[str]],
    ) -> None:
        self._symbols = symbols
        self._known = _Known(symbols)
        self._operation = operation
        self._code = code
        self._member = member
        self._ahead: dict[str, tuple[str, str]] | None = None
        self._found: dict[str, Symbol | None] = {}

    def type_of(self, text: str) -> str:
        """T' of a value: O nothing, N a number, else the symbol's type, U if it is unknown."""
        if not text:
            return "O"
        if text[0] == "(":  # of a list, that of its first element, if that is no list itself
            elements = sublist(text)
            text = elements[0] if elements else text
            if not text:
                return "O"
        if _NUMERIC.fullmatch(text):
            return "N"
        symbol = self._literal(text) if text[0] == "=" else self._lookup(text.upper())
        return symbol.type if symbol is not None else "U"

    def number(self, text: str, kind: str) -> int:
        """L', I', S' or D' of a symbol; raises Flaw if it is not to be found (D' gives 0)."""
        if kind == "D" and text[:1] != "=":  # what stands further on is not defined yet
            return int(text.upper() in self._symbols)
        symbol = self._literal(text) if text[:1] == "=" else self._lookup(text.upper())
        if kind == "D":
            return int(symbol is not None)
        if symbol is None:
            raise Flaw("IFO080", f"ATTRIBUTE REFERENCE TO UNDEFINED SYMBOL - {kind}'{text[:20]}", 4)
        if kind == "L":
            wrong = any(section.kind in ("ER", "WX") for section, _ in symbol.terms)  # its length is known elsewhere
        else:
            wrong = symbol.type not in _WITH_SCALE
        if wrong:
            number, what = _ILLEGAL[kind]
            raise Flaw(number, f"ILLEGAL {what} ATTRIBUTE REFERENCE - {kind}'{text[:20]}", 4)
        return {"L": symbol.length, "I": symbol.integer, "S": symbol.scale}[kind]

    def declared(self, text: str) -> tuple[str, str]:
        """Assembler type and program type of a symbol; null strings if it has none."""
        symbol = self._lookup(text.upper())
        return symbol.declared if symbol is not None else ("", "")

    def absolute(self, name: str) -> int:
        """The value of a symbol already defined as absolute, in a SETA expression; raises Flaw."""
        symbol = self._symbols.get(name)
        if symbol is None:
            raise Flaw("IFO231", f"SYMBOL NOT PREVIOUSLY DEFINED - {name[:20]}")
        if symbol.terms:
            raise Flaw("IFO217", f"RELOCATABILITY ERROR - {name[:20]}")
        return symbol.value

    def _lookup(self, name: str) -> Symbol | None:
        found = self._symbols.get(name)
        if found is not None:
            return found
        if not SYMBOL.fullmatch(name):
            return None
        if name not in self._found:
            self._found[name] = self._look_ahead(name)
        return self._found[name]

    def _literal(self, text: str) -> Symbol | None:
        """A literal as a symbol; None if it is none."""
        try:
            (constant,) = parse_constants(text[1:])
            return self._of_constant(text, constant)
        except (Flaw, ValueError):
            return None

    def _of_constant(self, name: str, constant: Constant) -> Symbol:
        """A symbol with the attributes of a constant; raises Flaw if its modifiers are not known yet."""
        kind = explicit_type(constant.kind, constant.length is not None)
        symbol = Symbol(name, 0, (), constant.length_attribute(self._known), kind, 0)
        symbol.scale, symbol.integer = scale_and_integer(constant, self._known)
        symbol.declared = declared_types(constant)
        return symbol

    def _look_ahead(self, name: str) -> Symbol | None:
        if self._ahead is None:
            self._ahead = {}
            members: set[str] = set()
            for file in reversed(self._code.files):
                reader = SourceFile(file.lines, "", file.columns)
                reader.position = file.position
                self._search(reader, self._ahead, members)
        if name not in self._ahead:
            return None
        op, operand = self._ahead[name]
        return self._guess(name, op, operand)

    def _search(self, reader: SourceFile, found: dict[str, tuple[str, str]], members: set[str]) -> None:
        """Note the named statements of a file, and of the members that it copies, each member once."""
        readers = [reader]
        inside = 0
        while readers:
            record = readers[-1].next()
            if record is None:
                readers.pop()
                continue
            text = record.text
            words = text.split(None, 2)
            if text.startswith(" ") and words[:1] == ["MACRO"]:
                inside += 1
            elif inside:
                inside -= "MEND" in words[:2]
            elif _LABELLED.match(text):
                label, op, operand, _, _ = split_fields(text)
                found.setdefault(label.upper(), (op.upper(), operand))
            elif words[:1] == ["COPY"] and len(words) > 1 and words[1] not in members:
                members.add(words[1])
                with suppress(Flaw):  # the COPY statement will tell of a member that is missing
                    readers.append(SourceFile(list(self._member(words[1]))))

    def _guess(self, name: str, op: str, operand: str, depth: int = 0) -> Symbol:
        operation = self._operation(op)
        if isinstance(operation, MachineInstruction):
            return Symbol(name, 0, (), operation.length, "I", 0)
        if op in ("DC", "DS"):
            with suppress(Flaw):
                return self._of_constant(name, parse_constants(operand)[0])
        if op == "EQU":
            with suppress(Flaw):
                return self._equated(name, operand, depth)
            return Symbol(name, 0, (), 1, "U", 0)
        length = getattr(operation, "length_attribute", 1)
        return Symbol(name, 0, (), length, str(getattr(operation, "type_attribute", "U")), 0)

    def _equated(self, name: str, operand: str, depth: int) -> Symbol:
        """A symbol of an EQU statement further on; raises Flaw."""
        value, *rest = (piece for piece, _ in split_commas(operand))
        rest += [""] * (4 - len(rest))
        symbol = Symbol(name, 0, (), 1, "U", 0)
        leftmost = _LEFTMOST.match(value)
        if rest[0]:
            symbol.length = absolute(parse_expression_at(rest[0], 0), self._known)
        elif leftmost is not None and depth < MAX_EQUATES:
            other = leftmost[0].upper()
            known = self._symbols.get(other)
            if known is None and self._ahead is not None and other in self._ahead:
                known = self._guess(other, *self._ahead[other], depth + 1)
            symbol.length = known.length if known is not None else 1
        if rest[1]:
            symbol.type = from_ebcdic(bytes((absolute(parse_expression_at(rest[1], 0), self._known) & 0xFF,)))
        program = program_type(absolute(parse_expression_at(rest[2], 0), self._known)) if rest[2] else ""
        symbol.declared = (rest[3].upper(), program)
        return symbol


def explicit_type(kind: str, has_length: bool) -> str:
    """The type attribute of a constant: those of some types with a length modifier differ."""
    if not has_length or kind not in TYPES:
        return kind
    return {"F": "G", "H": "G", "E": "K", "D": "K", "L": "K", "A": "R", "Y": "R", "S": "R", "V": "R"}.get(kind, kind)
