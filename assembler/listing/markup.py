"""A statement's source as HTML: its fields in colours, symbols and literals linked with their definitions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from assembler.instruction import MachineInstruction
from assembler.listing.rows import source_of
from assembler.source import Statement, is_comment
from assembler.symbols import Symbol

if TYPE_CHECKING:
    from assembler.assembly import Assembly

_TOKEN = re.compile(
    r"""(?P<literal>=[0-9]*[A-Za-z](?:L[0-9]+)?(?:'(?:[^']|'')*'|\([^()]*\)))
      |(?P<attribute>(?<![A-Za-z0-9_$\#@])[LTKNSIDOltknsido]'(?=[A-Za-z$\#@_&]))
      |(?P<string>[XxBbCc]?'(?:[^']|'')*'?)
      |(?P<symbol>[A-Za-z$\#@_][A-Za-z0-9$\#@_]*)
      |(?P<other>[0-9]+|[^A-Za-z0-9$\#@_'=]+|=)""",
    re.VERBOSE,
)
_OPERAND_END = 71
_RESUME = 15


def symbol_id(name: str) -> str:
    """The anchor of a symbol in the cross-reference."""
    return "y-" + "".join(char if char.isalnum() and char.isascii() else f".{ord(char):x}" for char in name)


def describe(symbol: Symbol) -> str:
    """A symbol in one line, for a tip."""
    where = f" in {symbol.terms[0][0].name or 'private code'}" if len(symbol.terms) == 1 else ""
    return (
        f"{symbol.name}: {symbol.address & 0xFFFFFFFF:08X}{where}, length {symbol.length}, statement {symbol.statement}"
    )


class Markup:
    """Turns statements of one assembly into HTML."""

    def __init__(self, assembly: Assembly) -> None:
        self._symbols: Mapping[str, Symbol] = assembly.symbols
        places = {id(st.text): st.number for st in assembly.statements if st.text}
        self._macros = {
            one.name: places.get(id(one.record.lines), 0)
            for one in assembly.expander.table.definitions
            if one.record is not None
        }
        """Macros of the source, and the statements of their prototypes."""
        self._xref = assembly.options.xref
        self._literals: dict[str, list[int]] = {}
        for pool in assembly.assembler.pools:
            for literal in pool.arranged():
                self._literals.setdefault(literal.text, []).append(literal.symbol.statement)

    def records(self, st: Statement) -> list[str]:
        """The statement's records, each as HTML."""
        records = [record[:80].rstrip() for record in source_of(st)]
        first = records[0]
        if not st.text:
            return [f"{'':15}<span class=str>{escape(st.operand)}</span>"]
        if is_comment(first):
            return [f"<span class=com>{escape(record)}</span>" for record in records]
        out = [self._first(st, first, len(records) > 1)]
        out += [self._continuation(st, record) for record in records[1:]]
        return out

    def _first(self, st: Statement, record: str, continued: bool) -> str:
        name = record.split(None, 1)[0] if record[:1].strip() else ""
        rest = record[len(name) :]
        op = rest.split(None, 1)[0] if rest.strip() else ""
        before = rest[: rest.find(op)] if op else rest
        at = len(name) + len(before) + len(op)
        out = self._name(st, name) + before + self._operation(st, op)
        gap = len(record) - at - len(record[at:].lstrip())
        start = at + gap
        end = _OPERAND_END if continued else min(start + len(st.operand), _OPERAND_END)
        if not st.op or not st.operand:
            end = start if st.op else _OPERAND_END
        out += record[at:start] + self._operand(st, record[start:end])
        return out + (
            f"<span class=rem>{escape(record[end:])}</span>" if record[end:].strip() else escape(record[end:])
        )

    def _continuation(self, st: Statement, record: str) -> str:
        inside = record[_RESUME:_OPERAND_END]
        return escape(record[:_RESUME]) + self._operand(st, inside) + escape(record[_OPERAND_END:])

    def _name(self, st: Statement, name: str) -> str:
        symbol = self._symbols.get(name.upper())
        if symbol is None:
            return f"<span class=name>{escape(name)}</span>" if name else ""
        tip = escape(describe(symbol), quote=True)
        if self._xref == "NONE" or (self._xref == "SHORT" and not symbol.references):
            return f'<span class=name title="{tip}">{escape(name)}</span>'
        return f'<a class=name href="#{symbol_id(symbol.name)}" title="{tip}">{escape(name)}</a>'

    def _operation(self, st: Statement, op: str) -> str:
        tip = ""
        defined = self._macros.get(st.op, 0) if op and st.operation is None else 0
        if defined:
            return f'<a class=op href="#s{defined}" title="macro {escape(st.op, quote=True)}">{escape(op)}</a>'
        if isinstance(st.operation, MachineInstruction):
            row = st.operation.row
            tip = f' title="{escape(row.title, quote=True)} ({row.mnemonic}, {row.format.name})"'
        return f"<span class=op{tip}>{escape(op)}</span>" if op else ""

    def _operand(self, st: Statement, text: str) -> str:
        out = []
        for match in _TOKEN.finditer(text):
            kind, token = match.lastgroup, match[0]
            shown = escape(token)
            if kind == "literal":
                number = self._literal(token, st.number)
                out.append(
                    f'<a class=str href="#s{number}">{shown}</a>' if number else f"<span class=str>{shown}</span>"
                )
            elif kind == "string":
                out.append(f"<span class=str>{shown}</span>")
            elif kind == "symbol" and (symbol := self._symbols.get(token.upper())) is not None:
                tip = escape(describe(symbol), quote=True)
                out.append(f'<a href="#s{symbol.statement}" title="{tip}">{shown}</a>')
            else:
                out.append(shown)
        return "".join(out)

    def _literal(self, text: str, statement: int) -> int:
        """The statement at which a literal lies: in the first pool behind its use."""
        places = self._literals.get(text, ())
        return next((number for number in places if number > statement), places[-1] if places else 0)
