"""Attributes of ordinary symbols as the macro stage sees them: of symbols defined so far, and by looking ahead.

As in Assembler H, a symbol that is not yet defined is looked for in the rest of the open code; its operation gives the
type attribute, its first operand the length.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from assembler.constant import TYPES
from assembler.datafield import declared_types, parse_constants
from assembler.expression import Environment
from assembler.instruction import MachineInstruction
from assembler.macro.variables import sublist
from assembler.message import Flaw
from assembler.scale import scale_and_integer
from assembler.source import SourceFile, split_fields
from assembler.symbols import SYMBOL, Symbol, Value

_LABELLED = re.compile(r"[A-Za-z$#@_][A-Za-z0-9$#@_]*\s")
_NUMERIC = re.compile(r"[+-]?[0-9]+|[XBCxbc]'(?:[^']|'')+'")


class _Nothing(Environment):
    """An environment in which only numbers have values."""

    def symbol(self, name: str, column: int) -> Symbol:
        raise Flaw("IFO188", f"{name} IS AN UNDEFINED SYMBOL", 8, column)

    def here(self) -> Value:
        raise Flaw("IFO217", "RELOCATABILITY ERROR - LOCATION COUNTER NOT KNOWN")

    def literal(self, text: str, column: int) -> Symbol:
        raise Flaw("IFO161", "INVALID LITERAL")

    def here_length(self) -> int:
        return 1


class Attributes:
    """What T', L', I' and S' of a symbol are; `operation` resolves an operation code without side effects."""

    def __init__(self, symbols: dict[str, Symbol], operation: Callable[[str], object], main: SourceFile) -> None:
        self._symbols = symbols
        self._operation = operation
        self._main = main
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
        symbol = self._lookup(text.upper())
        return symbol.type if symbol is not None else "U"

    def number(self, text: str, kind: str) -> int:
        """L', I', S' or D' of a symbol; raises Flaw if it is not to be found (D' gives 0)."""
        symbol = self._lookup(text.upper())
        if kind == "D":
            return int(symbol is not None)
        if symbol is None:
            raise Flaw("IFO080", f"ATTRIBUTE REFERENCE TO UNDEFINED SYMBOL - {kind}'{text[:20]}", 4)
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

    def _look_ahead(self, name: str) -> Symbol | None:
        if self._ahead is None:
            self._ahead = {}
            reader = SourceFile(self._main.lines, "", self._main.columns)
            reader.position = self._main.position
            inside = 0
            while (record := reader.next()) is not None:
                text = record.text
                if text.startswith(" ") and text.split(None, 1)[:1] == ["MACRO"]:
                    inside += 1
                elif inside:
                    inside -= "MEND" in text.split(None, 2)[:2]
                elif _LABELLED.match(text):
                    label, op, operand, _, _ = split_fields(text)
                    self._ahead.setdefault(label.upper(), (op.upper(), operand))
        if name not in self._ahead:
            return None
        op, operand = self._ahead[name]
        return self._guess(name, op, operand)

    def _guess(self, name: str, op: str, operand: str) -> Symbol:
        length, kind = 1, "U"
        scale = integer = 0
        declared = ("", "")
        operation = self._operation(op)
        if isinstance(operation, MachineInstruction):
            length, kind = operation.length, "I"
        elif op in ("DC", "DS"):
            try:
                constant = parse_constants(operand)[0]
                kind = explicit_type(constant.kind, constant.length is not None)
                length = constant.length_attribute(_Nothing())
                scale, integer = scale_and_integer(constant, _Nothing())
                declared = declared_types(constant)
            except Flaw:
                pass
        elif op != "EQU":
            kind = str(getattr(operation, "type_attribute", "U"))
        symbol = Symbol(name, 0, (), length, kind, 0)
        symbol.scale, symbol.integer, symbol.declared = scale, integer, declared
        return symbol


def explicit_type(kind: str, has_length: bool) -> str:
    """The type attribute of a constant: those of some types with a length modifier differ."""
    if not has_length or kind not in TYPES:
        return kind
    return {"F": "G", "H": "G", "E": "K", "D": "K", "L": "K", "A": "R", "Y": "R", "S": "R", "V": "R"}.get(kind, kind)
