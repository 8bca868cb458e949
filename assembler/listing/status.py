"""PRINT: which statements are listed, and how much of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assembler.listing.rows import is_inner_call
from assembler.macro.conditional import conditionals
from assembler.options import Options
from assembler.source import Statement, split_fields


@dataclass(slots=True)
class _State:
    on: bool = True
    gen: bool = True
    data: bool = False
    mcall: bool = False
    msource: bool = True


class Status:
    """The options of PRINT, with PUSH and POP; those of PCONTROL hold whatever PRINT says."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._now = _State(mcall=options.mcall)
        self._saved: list[_State] = []
        self._set(options.pcontrol)
        self._definitions = 0
        """Macro definitions that are open in the source."""
        self.hidden = False
        """Whether the statement obeyed last is not to be listed itself (NOPRINT)."""

    @property
    def on(self) -> bool:
        return self._now.on

    @property
    def data(self) -> bool:
        return self._now.data

    def source(self, st: Statement) -> bool:
        """Whether the statement's source is listed, not only what became of it (NOMSOURCE)."""
        return not st.level or self._now.msource

    def _set(self, words: tuple[str, ...]) -> None:
        for word in words:
            off = word.startswith("NO") or word == "OFF"
            name = word.removeprefix("NO").lower()
            if word in ("ON", "OFF"):
                self._now.on = not off
            elif name in ("gen", "data", "mcall", "msource"):
                setattr(self._now, name, not off)

    def obey(self, st: Statement) -> None:
        """Take note of PRINT, PUSH or POP."""
        words = tuple(st.operand.upper().split(","))
        self.hidden = "NOPRINT" in words and not st.messages
        if st.op == "PRINT":
            self._set(words)
            self._set(self._options.pcontrol)
        elif "PRINT" in words and st.op == "PUSH":
            self._saved.append(replace(self._now))
        elif "PRINT" in words and st.op == "POP" and self._saved:
            self._now = self._saved.pop()

    def lists(self, st: Statement, flagged: bool) -> bool:
        """Whether the statement is listed; one with messages that are told always is."""
        if flagged:
            return True
        now = self._now
        if not now.on:
            return False
        if is_inner_call(st):
            return now.gen and now.mcall
        if st.level:
            return now.gen or st.op == "MNOTE"
        return self._options.alogic or not self._is_conditional(st)

    def _is_conditional(self, st: Statement) -> bool:
        """Whether a record is conditional assembly of open code, not of a macro definition."""
        if st.op or not st.text or st.text[0][:1] == "*":
            return False
        word = split_fields(st.text[0])[1].upper()
        inside = self._definitions > 0
        self._definitions += (word == "MACRO") - (word == "MEND" and inside)
        return word in _HIDDEN and not inside


_HIDDEN = frozenset(conditionals()) - {"COPY", "MNOTE", "MACRO", "MEND", "MEXIT"}
