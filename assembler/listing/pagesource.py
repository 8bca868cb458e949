"""The program as HTML: a row for each statement, macro expansions folded away, messages where they belong."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from assembler.expression import undouble
from assembler.hints import hint
from assembler.listing.markup import Markup
from assembler.listing.rows import base_of, row
from assembler.listing.source import HEADING
from assembler.listing.status import Status
from assembler.message import Message
from assembler.source import Statement

if TYPE_CHECKING:
    from assembler.assembly import Assembly

_SHAPES = frozenset(("TITLE", "EJECT", "AEJECT", "CEJECT", "SPACE", "ASPACE"))
_TIP_BYTES = 64


def message_id(message: Message) -> str:
    """The anchor of a message."""
    return f"m{message.statement}-{message.number}-{message.column}"


class Program:
    """Writes the statements, keeping track of the expansions that are open."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._markup = Markup(assembly)
        self._status = Status(assembly.options)
        self._callers: dict[int, bool] = {}
        """Statements that have an expansion, and whether a message stands in it."""
        for st in assembly.statements:
            flagged = any(message.severity > 0 for message in st.messages or ())
            for call in st.macro:
                self._callers[id(call.statement)] = self._callers.get(id(call.statement), False) or flagged
        self._open: list[Statement] = []

    def html(self) -> Iterator[str]:
        yield f"<div class=program>\n<div class=head>{escape(HEADING)}</div>\n"
        for st in self._assembly.statements:
            yield from self._statement(st)
        yield "</details>\n" * len(self._open)
        yield "</div>\n"

    def _statement(self, st: Statement) -> Iterator[str]:
        callers = [call.statement for call in st.macro]
        while self._open and not any(self._open[-1] is one for one in callers):
            self._open.pop()
            yield "</details>\n"
        status, flagged = self._status, bool(st.messages)
        if st.op in ("PRINT", "PUSH", "POP"):
            was_on = status.on
            status.obey(st)
            if not (was_on or status.on) or status.hidden:
                yield self._hidden(st)
                return
        elif not status.on and not flagged and id(st) not in self._callers:
            yield self._hidden(st)
            return
        elif st.op in _SHAPES and not flagged:
            yield self._shape(st)
            return
        elif st.level == 0 and not status.lists(st, flagged):
            yield self._hidden(st)
            return
        if id(st) in self._callers:
            self._open.append(st)
            wide = " open" if self._callers[id(st)] else ""
            yield f"<details class=macro{wide}><summary>"
            yield from self._rows(st)
            yield "</summary>\n"
        else:
            yield from self._rows(st)
        for message in st.messages or ():
            yield self._message(message)

    @staticmethod
    def _hidden(st: Statement) -> str:
        """A place to which links lead, of a statement that is not listed."""
        return f"<span id=s{st.number}></span>" if st.op else ""

    @staticmethod
    def _shape(st: Statement) -> str:
        if st.op == "TITLE":
            return f"<div class=page><b>{escape(undouble(st.operand[1:-1]))}</b></div>\n"
        if st.op in ("SPACE", "ASPACE"):
            count = st.value if st.value is not None else 1
            return "<div class=more> </div>\n" * max(1, min(count, 3))
        return "<div class=page></div>\n" if st.op == "EJECT" else ""

    def _rows(self, st: Statement) -> Iterator[str]:
        if not st.show:
            yield self._hidden(st)
            return
        shown = row(st)
        records = self._markup.records(st)
        loc = f"{shown.loc:06X}" if shown.loc >= 0 else ""
        if st.pad and st.code and getattr(st.section, "has_text", False):
            place = st.loc - st.pad + base_of(st)
            yield f"<div class=more><span class=loc>{place:06X}</span> <span class=code>{'00' * st.pad}</span></div>\n"
        text = shown.code.hex().upper()
        halfwords = " ".join(text[at : at + 4] for at in range(0, min(len(text), 16), 4))
        code = halfwords if shown.instruction else text[:16]
        tip = ""
        if not shown.instruction and len(shown.code) > 8:
            more = "..." if len(shown.code) > _TIP_BYTES else ""
            tip = f' title="{text[: 2 * _TIP_BYTES]}{more}"'
        addresses = " ".join(f"{one & 0xFFFFF:05X}" if one >= 0 else "     " for one in (shown.addr1, shown.addr2))
        front = f"{code:<14} {addresses}" if len(code) <= 14 else f"{code:<26}"
        sign = "+" if st.level else " "
        yield (
            f"<div class=r id=s{st.number}><span class=loc>{loc:<6}</span> <span class=code{tip}>{front}</span> "
            f"<span class=num>{st.number:>5}{sign}</span>{records[0]}</div>\n"
        )
        for record in records[1:]:
            yield f"<div class=r>{'':34}{'':5}{sign}{record}</div>\n"
        if self._status.data and not shown.instruction:
            for at in range(8, len(shown.code), 8):
                place, piece = shown.loc + at, shown.code[at : at + 8].hex().upper()
                yield f"<div class=more><span class=loc>{place:06X}</span> <span class=code>{piece}</span></div>\n"

    def _message(self, message: Message) -> str:
        kind = "error" if message.severity >= 8 else "warning" if message.severity else "info"
        mark = f"<span class=mark>{'':{39 + message.column}}^</span>" if 0 < message.column <= 71 else ""
        text = escape(f"{message.number} {message.text} (severity {message.severity})")
        advice = hint(message, self._assembly)
        if advice:
            text += f"<span class=hint>{escape(advice)}</span>"
        return f'<div class="note {kind}" id="{message_id(message)}">{mark}{text}</div>\n'
