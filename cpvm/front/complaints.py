"""The assembler's messages as compilers show theirs: file, line and column, the source line, a mark, advice.

    hello.assemble:5:16: error: IFO188 MSGG IS AN UNDEFINED SYMBOL (statement 5)
        5 |          L     1,MSGG
          |                  ^
          = did you mean MSG?

The first line has the form that editors know how to jump to.  A message about a generated statement is told at the
macro instruction in the source; the macros between, and the statement itself, follow as notes with places of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assembler import Assembly, Message
from assembler.hints import hint
from assembler.message import Call
from assembler.source import Statement

_WORDS = ((16, "fatal error"), (8, "error"), (4, "warning"), (0, "note"))
_MOST_CALLS = 6
_INDENT = 5


def severity_word(severity: int) -> str:
    """What compilers call it: note, warning, error or fatal error."""
    return next(word for least, word in _WORDS if severity >= least)


class Complaints:
    """The messages of one assembly as lines of text."""

    def __init__(self, assembly: Assembly, source: str, lines: Sequence[str], brief: bool = False) -> None:
        """`source` is what the source's file is called, `lines` what is in it; `brief` is one line a message."""
        self._assembly = assembly
        self._source = source
        self._lines = lines
        self._brief = brief

    def lines(self, message: Message) -> Iterator[str]:
        """A message, as many lines as it takes."""
        outermost = message.calls[-1] if message.calls else None
        options = self._assembly.options
        behind = f"statement {message.statement}, " if options.stmt else ""
        if outermost is None:
            place = self._place(message.file, message.line + message.record, message.column)
        else:
            place = self._place(outermost.file, outermost.line, _operation_column(outermost.statement))
        word = severity_word(message.severity)
        yield f"{place}: {word}: {message.number} {message.text} ({behind}severity {message.severity})"
        if self._brief:
            return
        if outermost is None:
            if message.file or message.line <= len(self._lines):  # a missing END stands nowhere
                yield from self._excerpt(message.line + message.record, message.source, message.column)
        else:
            call = outermost.statement
            yield from self._excerpt(call.line, call.text[0] if call.text else "", _operation_column(call))
        advice = hint(message, self._assembly)
        if advice:
            yield f"{'':{_INDENT}} = {advice}"
        if outermost is not None:
            yield from self._chain(message)

    def _chain(self, message: Message) -> Iterator[str]:
        """The calls inside the outermost one, then the generated statement."""
        inner = message.calls[-2::-1] if len(message.calls) > 1 else ()
        shown: tuple[Call, ...] = tuple(inner)
        if len(shown) > _MOST_CALLS:
            yield f"{'':{_INDENT}} ... {len(shown) - _MOST_CALLS} more calls"
            shown = shown[-_MOST_CALLS:]
        for call in shown:
            place = self._place(call.file, call.line, _operation_column(call.statement))
            yield f"{place}: note: {call.by} calls {call.macro} here (statement {call.number})"
        place = self._place(message.file, message.line, message.column)
        macro = message.calls[0].macro
        told = "MNOTE" if message.number == "MNOTE" else "the statement"
        yield f"{place}: note: {told} in macro {macro}"
        if message.number != "MNOTE":
            yield from self._excerpt(message.line, message.source, message.column, "+")

    def _place(self, member: str, line: int, column: int) -> str:
        file = self._assembly.where(member) or member if member else self._source
        if not self._assembly.options.number:
            return file
        if not member:
            line = min(line, len(self._lines))
        return ":".join((file, *((str(max(line, 1)), str(column)) if column else (str(max(line, 1)),))))

    @staticmethod
    def _excerpt(line: int, text: str, column: int, sign: str = " ") -> Iterator[str]:
        """The record with its number and a mark under the column."""
        text = text[:80].rstrip()
        if not text:
            return
        yield f"{line:>{_INDENT}}{sign}| {text}"
        if column:
            yield f"{'':{_INDENT}} | {'':{column - 1}}^"


def _operation_column(st: Statement) -> int:
    """The column in which the operation code of a macro instruction stands."""
    text = st.text[0].upper() if st.text else ""
    return max(text.find(st.op, len(st.name)), 0) + 1
