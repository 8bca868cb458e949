"""The assembly as JSON, for tools: statements, symbols, sections, messages.

The schema is described in `docs/reference/assembler-json.md`; `VERSION` changes if a field changes its meaning or goes
away.  Output is made piece by piece, one statement a line, so that a large program takes no more storage than its
statements do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from assembler.hints import hint
from assembler.instruction import MachineInstruction
from assembler.listing.references import Uses
from assembler.listing.rows import base_of, row, source_of
from assembler.listing.summaries import members
from assembler.macro.conditional import conditionals
from assembler.macro.expander import Complaint
from assembler.message import Call, Message
from assembler.source import Statement, is_comment, split_fields
from assembler.statements.ltorg import LiteralData
from assembler.symbols import Section, Symbol

if TYPE_CHECKING:
    from assembler.assembly import Assembly

VERSION = 1


def data(assembly: Assembly, source: str) -> Iterator[str]:
    """Pieces of the JSON text; `source` is what the source's file is called."""
    head = {
        "version": VERSION,
        "source": source,
        "date": assembly.options.date,
        "time": assembly.options.time,
        "sysparm": assembly.sysparm,
        "return_code": assembly.return_code,
        "entry": _entry(assembly),
    }
    yield "{\n"
    for name, value in head.items():
        yield f"{_text(name)}: {_text(value)},\n"
    lists: tuple[tuple[str, Iterator[Any]], ...] = (
        ("sections", _sections(assembly)),
        ("statements", _statements(assembly)),
        ("symbols", _symbols(assembly)),
        ("literals", _literals(assembly)),
        ("relocations", _relocations(assembly)),
        ("macros", _macros(assembly)),
        ("messages", (_message(assembly, message) for message in assembly.messages)),
    )
    for number, (name, items) in enumerate(lists):
        yield f"{_text(name)}: ["
        mark = "\n"
        for item in items:
            yield f"{mark}{_text(item)}"
            mark = ",\n"
        yield "\n]" + (",\n" if number < len(lists) - 1 else "\n")
    yield "}\n"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _entry(assembly: Assembly) -> dict[str, Any] | None:
    end = assembly.assembler.end
    return {"section": end[1].name, "address": end[0] + end[1].base} if end is not None else None


def _sections(assembly: Assembly) -> Iterator[dict[str, Any]]:
    for item in assembly.assembler.dictionary:
        if isinstance(item, Section):
            own = item.kind not in ("ER", "WX")
            yield {
                "name": item.name,
                "type": item.kind,
                "id": item.esdid or None,
                "address": item.base if own else None,
                "length": item.size if own else None,
            }
        else:
            yield {
                "name": item.symbol,
                "type": "LD",
                "id": None,
                "address": _address(assembly, item.symbol),
                "length": None,
            }


def _address(assembly: Assembly, name: str) -> int | None:
    symbol = assembly.symbols.get(name)
    return symbol.address & 0xFFFFFFFF if symbol is not None else None


class Kinds:
    """What statements are, taken one after the other: a record of open code may belong to a macro definition."""

    def __init__(self) -> None:
        self._inside = 0
        self._conditionals = frozenset(conditionals())

    def of(self, st: Statement) -> str:
        """One of comment, definition, conditional, call, instruction, statement, literal."""
        if isinstance(st.operation, MachineInstruction):
            return "instruction"
        if st.operation is not None and not isinstance(st.operation, Complaint):
            return "literal" if isinstance(st.operation, LiteralData) else "statement"
        if st.op:
            return "call" if st.operation is None else "statement"
        text = st.text[0] if st.text else ""
        word = "" if not text.strip() or is_comment(text) else split_fields(text)[1].upper()
        inside = self._inside > 0 or word == "MACRO"
        self._inside += (word == "MACRO") - (word == "MEND" and self._inside > 0)
        if inside and (word or text.startswith(".*")):
            return "definition"
        return "conditional" if word in self._conditionals else "comment"


def _statements(assembly: Assembly) -> Iterator[dict[str, Any]]:
    uses = Uses(assembly.assembler, True)
    used: dict[int, dict[str, str]] = {}
    for symbol in assembly.symbols.values():
        for number in dict.fromkeys(symbol.references):
            used.setdefault(number, {})[symbol.name] = uses.letter(number, symbol.name)
    for name, numbers in assembly.assembler.undefined.items():
        for number in numbers:
            used.setdefault(number, {})[name] = ""
    defined: dict[int, list[str]] = {}
    for symbol in assembly.symbols.values():
        defined.setdefault(symbol.statement, []).append(symbol.name)
    told: dict[int, list[int]] = {}
    for index, message in enumerate(assembly.messages):
        told.setdefault(message.statement, []).append(index)
    kinds = Kinds()
    for st in assembly.statements:
        item = _statement(assembly, st, kinds.of(st), used.get(st.number, {}), defined.get(st.number, []))
        if st.number in told:
            item["messages"] = told[st.number]
        yield item


def _statement(
    assembly: Assembly, st: Statement, kind: str, used: dict[str, str], defined: list[str]
) -> dict[str, Any]:
    shown = row(st)
    section = st.section if isinstance(st.section, Section) and st.operation is not None else None
    item: dict[str, Any] = {
        "number": st.number,
        "kind": kind,
        "file": _file(assembly, st.file),
        "line": st.line or None,
        "level": st.level,
        "calls": [_call(assembly, call) for call in st.macro],
        "section": section.name if section is not None else None,
        "location": shown.loc if shown.loc >= 0 else None,
        "length": st.length if section is not None else 0,
        "code": st.code.hex().upper(),
        "address1": shown.addr1 if shown.addr1 >= 0 else None,
        "address2": shown.addr2 if shown.addr2 >= 0 else None,
        "name": st.name,
        "operation": st.op,
        "operand": st.operand,
        "source": [line.rstrip() for line in source_of(st)],
        "defines": defined,
        "uses": used,
    }
    if st.pad and st.code:
        item["padding"] = {"location": st.loc - st.pad + base_of(st), "length": st.pad}
    return item


def _file(assembly: Assembly, member: str) -> str | None:
    """The library member's file, None for the source itself."""
    return assembly.where(member) or member if member else None


def _call(assembly: Assembly, call: Call) -> dict[str, Any]:
    return {"macro": call.macro, "statement": call.number, "file": _file(assembly, call.file), "line": call.line}


def _symbols(assembly: Assembly) -> Iterator[dict[str, Any]]:
    uses = Uses(assembly.assembler, True)
    for symbol in assembly.symbols.values():
        yield {
            "name": symbol.name,
            "value": symbol.address,
            "section": _relative(symbol),
            "length": symbol.length,
            "type": symbol.type,
            "statement": symbol.statement,
            "references": [
                {"statement": number, "use": uses.letter(number, symbol.name)}
                for number in dict.fromkeys(symbol.references)
            ],
        }


def _relative(symbol: Symbol) -> str | None:
    """The section of a simply relocatable value, None for an absolute or complex one."""
    return symbol.terms[0][0].name if len(symbol.terms) == 1 and symbol.terms[0][1] == 1 else None


def _literals(assembly: Assembly) -> Iterator[dict[str, Any]]:
    for pool in assembly.assembler.pools:
        for literal in pool.arranged():
            symbol = literal.symbol
            yield {
                "text": literal.text,
                "address": symbol.address,
                "section": _relative(symbol),
                "length": symbol.length,
                "statement": symbol.statement,
                "references": list(dict.fromkeys(symbol.references)),
            }


def _relocations(assembly: Assembly) -> Iterator[dict[str, Any]]:
    for entry in assembly.assembler.relocations:
        yield {
            "section": entry.section.name,
            "address": entry.section.base + entry.address,
            "length": entry.length,
            "type": entry.kind,
            "sign": entry.sign,
            "relative": entry.relative.name if entry.kind != "CXD" else None,
        }


def _macros(assembly: Assembly) -> Iterator[dict[str, Any]]:
    for one in members(assembly):
        yield {
            "name": one.name,
            "kind": "copy" if one.copied else "macro",
            "file": assembly.where(one.name) or None if not one.defined else None,
            "defined": one.defined or None,
            "by": one.by or None,
            "statements": [number for number in dict.fromkeys(one.references) if number],
        }


def _message(assembly: Assembly, message: Message) -> dict[str, Any]:
    return {
        "number": message.number,
        "severity": message.severity,
        "text": message.text,
        "statement": message.statement,
        "file": _file(assembly, message.file),
        "line": message.line + message.record or None,
        "column": message.column or None,
        "advice": hint(message, assembly) or None,
        "calls": [_call(assembly, call) for call in message.calls],
    }
