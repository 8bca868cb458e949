"""The listing as one web page: no other files, no scripts; links lead from uses to definitions and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from assembler.deck import entry_owner
from assembler.listing.diagnostics import flagged
from assembler.listing.markup import symbol_id
from assembler.listing.pagesource import Program, message_id
from assembler.listing.references import Uses
from assembler.listing.summaries import members
from assembler.options import chosen
from assembler.symbols import Section, Symbol
from assembler.usings import KeptBases
from cpvm.s370.ebcdic import to_ebcdic

if TYPE_CHECKING:
    from assembler.assembly import Assembly

Part: TypeAlias = "tuple[str, str, Callable[[Assembly], Iterator[str]]]"

KINDS = {
    "SD": "control section", "PC": "private code", "CM": "common", "XD": "pseudo register", "ER": "external name",
    "WX": "weak external name", "LD": "entry", "DS": "dummy section",
}  # fmt: skip


def page(assembly: Assembly, source: str) -> Iterator[str]:
    """Pieces of the page; `source` is what the source's file is called."""
    parts = [part for part in _PARTS if _has(part[0], assembly)]
    title = escape(assembly.assembler.deck_id or assembly.options.name or Path(source).stem)
    css = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{title}: assembler listing</title>\n<style>\n{css}</style>\n</head>\n<body>\n"
    yield f"<header>\n<h1>{title}</h1>\n<p class=facts>{_facts(assembly, source)}</p>\n</header>\n<nav><ul>"
    yield "".join(f'<li><a href="#{name}">{escape(heading)}</a></li>' for name, heading, _ in parts)
    yield "</ul></nav>\n<main>\n"
    for name, heading, write in parts:
        yield f'<section id="{name}">\n<h2>{escape(heading)}</h2>\n'
        yield from write(assembly)
        yield "</section>\n"
    when = escape(f"{assembly.options.date} {assembly.options.time}")
    yield f"</main>\n<footer>{when}</footer>\n</body>\n</html>\n"


def _facts(assembly: Assembly, source: str) -> str:
    code = assembly.return_code
    kind = "ok" if code == 0 else "warned" if code <= 4 else "failed"
    count = len({message.statement for message in flagged(assembly)})
    told = f"{count} statement{'s' if count != 1 else ''} flagged" if count else "no statements flagged"
    size = sum(section.size for section in assembly.sections.values() if section.has_text)
    return (
        f"{escape(source)} &middot; {len(assembly.statements):,} statements &middot; {size:,} bytes &middot; "
        f"<span class={kind}>return code {code}, {told}</span>"
    )


def _has(part: str, assembly: Assembly) -> bool:
    """Whether a part is wanted and has anything in it; the program itself is what all others lead to."""
    asm, options = assembly.assembler, assembly.options
    return {
        "messages": bool(flagged(assembly)),
        "relocations": options.rld and bool(asm.relocations),
        "literals": options.xref != "NONE" and any(pool.literals for pool in asm.pools),
        "symbols": options.xref != "NONE",
        "macros": bool(assembly.expander.calls or assembly.expander.table.copies),
        "usings": isinstance(asm.bases, KeptBases) and bool(asm.bases.actions),
        "dictionary": options.esd,
    }.get(part, True)


def _link(number: int, use: str = "") -> str:
    return f'<a href="#s{number}">{number}</a>' + (f"<span class=use>{use}</span>" if use else "")


def _table(headings: Iterable[str], rows: Iterable[tuple[str, Iterable[str]]]) -> Iterator[str]:
    """A table whose rows have an anchor (or an empty string) and cells of HTML."""
    yield "<table>\n<thead><tr>" + "".join(f"<th>{escape(one)}</th>" for one in headings) + "</tr></thead>\n<tbody>\n"
    for anchor, cells in rows:
        mark = f' id="{anchor}"' if anchor else ""
        yield f"<tr{mark}>" + "".join(f"<td class=m>{cell}</td>" for cell in cells) + "</tr>\n"
    yield "</tbody>\n</table>\n"


# --- the parts --------------------------------------------------------------------------------------------------------


def _messages(assembly: Assembly) -> Iterator[str]:
    yield "<ul class=messages>\n"
    for message in flagged(assembly):
        kind = "failed" if message.severity >= 8 else "warned"
        chain = f" in {escape(' in '.join(call.macro for call in message.calls))}" if message.calls else ""
        yield (
            f'<li><span class={kind}>{message.severity}</span> <a href="#{message_id(message)}">statement '
            f"{message.statement}</a>{chain}: <b>{message.number}</b> {escape(message.text)}</li>\n"
        )
    yield "</ul>\n"


def _dictionary(assembly: Assembly) -> Iterator[str]:
    asm = assembly.assembler
    rows: list[tuple[str, Iterable[str]]] = []
    for item in asm.dictionary:
        if isinstance(item, Section):
            own = item.kind not in ("ER", "WX")
            symbol = assembly.symbols.get(item.name)
            number = f"{item.esdid:04X}" if item.esdid else ""
            name = _defined(item.name or "(no name)", symbol)
            address, length = (f"{item.base:06X}", f"{item.size:06X}") if own else ("", "")
            rows.append(("", (name, item.kind, KINDS.get(item.kind, ""), number, address, length)))
        else:
            owner = entry_owner(asm, item.symbol)
            if owner is not None:
                symbol = asm.symbols[item.symbol]
                name = _defined(item.symbol, symbol)
                kind = f"entry of {escape(owner.name)}"
                rows.append(("", (name, "LD", kind, "", f"{symbol.address & 0xFFFFFF:06X}", "")))
    yield from _table(("Name", "Type", "", "ID", "Address", "Length"), rows)


def _defined(name: str, symbol: Symbol | None) -> str:
    return escape(name) if symbol is None else f'<a href="#s{symbol.statement}">{escape(name)}</a>'


def _program(assembly: Assembly) -> Iterator[str]:
    yield from Program(assembly).html()


def _relocations(assembly: Assembly) -> Iterator[str]:
    entries = sorted(assembly.assembler.relocations, key=lambda one: (one.section.esdid, one.address))
    rows = (
        (
            "",
            (
                escape(one.section.name or "(no name)"),
                f"{one.section.base + one.address:06X}",
                str(one.length),
                one.kind,
                f"{'-' if one.sign < 0 else '+'} {escape(one.relative.name or '(no name)')}"
                if one.kind != "CXD"
                else "",
            ),
        )
        for one in entries
    )
    yield from _table(("Section", "Address", "Length", "Type", "Relative to"), rows)


def _symbols(assembly: Assembly) -> Iterator[str]:
    uses = Uses(assembly.assembler, True)
    rows: list[tuple[str, Iterable[str]]] = []
    for symbol in sorted(assembly.symbols.values(), key=lambda one: to_ebcdic(one.name)):
        if assembly.options.xref == "SHORT" and not symbol.references:
            continue
        section = symbol.terms[0][0].name if len(symbol.terms) == 1 else ""
        references = " ".join(
            _link(number, uses.letter(number, symbol.name)) for number in dict.fromkeys(symbol.references)
        )
        value = f"{symbol.address & 0xFFFFFFFF:08X}"
        cells = (escape(symbol.name), value, escape(section), str(symbol.length), escape(symbol.type.strip()))
        rows.append((symbol_id(symbol.name), (*cells, _link(symbol.statement), references)))
    for name, numbers in sorted(assembly.assembler.undefined.items()):
        references = " ".join(_link(number) for number in dict.fromkeys(numbers))
        rows.append((symbol_id(name), (escape(name), "<b>undefined</b>", "", "", "", "", references)))
    yield from _table(("Symbol", "Value", "Section", "Length", "Type", "Defined", "Used in"), rows)
    yield "<p class=facts>M: stored into. B: branched to. X: executed. U: USING. D: DROP.</p>\n"


def _literals(assembly: Assembly) -> Iterator[str]:
    found = [one for pool in assembly.assembler.pools for one in pool.arranged()]
    rows = (
        (
            "",
            (
                escape(one.text),
                f"{one.symbol.address & 0xFFFFFF:06X}",
                str(one.symbol.length),
                _link(one.symbol.statement),
                " ".join(_link(number) for number in dict.fromkeys(one.symbol.references)),
            ),
        )
        for one in found
    )
    yield from _table(("Literal", "Address", "Length", "Placed", "Used in"), rows)


def _macros(assembly: Assembly) -> Iterator[str]:
    rows: list[tuple[str, Iterable[str]]] = []
    for one in members(assembly):
        where = _link(one.defined) if one.defined else escape(assembly.where(one.name) or "library")
        calls = " ".join(_link(number) for number in dict.fromkeys(one.references) if number)
        kind = "COPY" if one.copied else "macro"
        rows.append(("", (escape(one.name), kind, where, escape(one.by), calls)))
    yield from _table(("Name", "Kind", "Defined", "Called by", "Statements"), rows)


def _usings(assembly: Assembly) -> Iterator[str]:
    bases = assembly.assembler.bases
    rows: list[tuple[str, Iterable[str]]] = []
    for action in bases.actions if isinstance(bases, KeptBases) else ():
        st = action.statement
        text = escape(f"{st.name} {st.op} {st.operand}".strip())
        if not action.kept:
            rows.append(("", (_link(st.number), text, "", "", "", "")))
        for kept in action.kept:
            promise = kept.promise
            low = promise.value + sum(section.base * count for section, count in promise.terms)
            reach = f"{low & 0xFFFFFF:06X}-{(low + promise.size - 1) & 0xFFFFFF:06X}"
            used = (f"{kept.furthest:03X}", _link(kept.last)) if kept.furthest >= 0 else ("not used", "")
            rows.append(("", (_link(st.number), text, f"R{promise.register}", reach, *used)))
            text = ""
    headings = ("Statement", "", "Register", "Covers", "Largest displacement", "Last used in")
    yield from _table(headings, rows)


def _summary(assembly: Assembly) -> Iterator[str]:
    lines = chosen(assembly.options, assembly.sysparm)
    records = max((st.line for st in assembly.statements if not st.level and not st.file), default=0)
    facts = f"{records} records read, {assembly.library_records} from libraries, {len(assembly.deck)} cards punched"
    yield f"<p>{escape(facts)}</p>\n<pre><code>" + escape("\n".join(lines[1:])) + "</code></pre>\n"


_PARTS: tuple[Part, ...] = (
    ("messages", "Messages", _messages),
    ("source", "Program", _program),
    ("dictionary", "Sections", _dictionary),
    ("relocations", "Relocations", _relocations),
    ("symbols", "Symbols", _symbols),
    ("literals", "Literals", _literals),
    ("macros", "Macros and COPY members", _macros),
    ("usings", "USING map", _usings),
    ("options", "Options and statistics", _summary),
)
