"""The two passes: the first places everything, the second produces the text.

The macro stage hands over plain statements one by one, so that pass 1 sees each as soon as it is generated and the
macro stage can ask for the attributes of symbols already defined.  Statements whose places depend on later ones make
all of them be placed again.
"""

from __future__ import annotations

from collections.abc import Iterable

from assembler.addressing import Bases
from assembler.counters import join_counters, places
from assembler.literals import Pool
from assembler.message import Flaw
from assembler.naming import Names
from assembler.operation import Operation
from assembler.source import Statement
from assembler.state import MAX_SECTION
from assembler.symbols import Section
from assembler.usings import KeptBases

MAX_ROUNDS = 20
"""Times that statements are placed at most."""


class Assembler(Names):
    """One assembly; it is also the environment in which expressions are evaluated."""

    __slots__ = ()

    def pass_one(self, source: Iterable[Statement]) -> None:
        """Place statements as the macro stage delivers them."""
        for st in source:
            self._place(st)
        self._place_rest()
        if self.counters or not self.late.isdisjoint(self.symbols):
            self._settle_places()
        self._finish_pass_one()

    def _place(self, st: Statement) -> None:
        self.count += 1
        st.number = self.count
        self.statements.append(st)
        self._current = st
        if st.early is not None:
            for flaw in st.early:
                self.flaw(st, flaw)
        operation = st.operation
        if operation is None:
            return
        try:
            operation.define(self, st)  # type: ignore[attr-defined]
        except Flaw as flaw:
            self.flaw(st, flaw)

    def _place_rest(self) -> None:
        """Place what waits for the end of the source: literals and EQU statements."""
        if self.pools[-1].literals and self._current is not None and self.pools[-1].section is None:
            self.section = self.last_pool_section()
            self.place_pool(self._current)
        self._settle_deferred()

    def _settle_places(self) -> None:
        """Place all statements again until nothing moves: lengths that need later symbols, and the beginnings of
        further counters, are known only when the rest has been placed."""
        from assembler.statements.ltorg import LITERAL

        source = [st for st in self.statements if st.operation is not LITERAL]
        for _ in range(MAX_ROUNDS):
            before = self._placed()
            self._start_again()
            for st in source:
                self._place(st)
            self._place_rest()
            if self._placed() == before:
                return
        self.flaw(source[-1], Flaw("IFO338", "LENGTHS AND ADDRESSES DEPEND ON EACH OTHER", 12))

    def _placed(self) -> object:
        symbols = {name: (symbol.value, symbol.terms, symbol.length) for name, symbol in self.symbols.items()}
        return symbols, [section.size for section in self.order], list(places(self).values())

    def _start_again(self) -> None:
        """Go back to the first statement with what is known now."""
        for counter, start in places(self).items():
            assert counter.parent is not None
            counter.start = counter.loc = counter.size = start
            counter.terms = counter.parent.terms
        for section in self.order:
            section.loc = section.size = section.base = 0
            section.active, section.counters = section, []
        for st in self.statements:
            st.loc, st.length, st.pad, st.pool = -1, 0, 0, 0
            st.section = st.value = st.messages = None
        self.previous, self.symbols = self.symbols, {}
        self.known_counters, self.counters = self.counters, {}
        self.statements, self.count = [], 0
        self.pools, self.pool_number = [Pool()], 0
        self.labels, self.late = set(), set()
        self.cards, self.deferred, self.duplicates, self.messages = [], [], [], []
        self.section = self.first = None
        self.deck_id = ""
        self.given_up = False

    def _finish_pass_one(self) -> None:
        if self.counters:
            join_counters(self)
        base = self.first.base if self.first is not None else 0
        for section in self.order:
            if section.has_text:
                section.base = base if section is not self.first else section.base
                base = section.base + (section.size + 7 & ~7)
            if section.base + section.size > MAX_SECTION and self._current is not None:
                where = f" - {section.name}" if section.name else ""
                self.flaw(self._current, Flaw("IFO313", f"LOCATION COUNTER OVERFLOW{where}", 12))
                break

    def _settle_deferred(self) -> None:
        """Define the names of EQU statements that had to wait for others, each when what it waits for is known."""
        waiting: dict[str, list[Statement]] = {}
        ready = self.deferred[::-1]
        while ready:
            st = ready.pop()
            self._current = st
            missing = st.operation.missing(self, st)  # type: ignore[attr-defined]
            if missing:
                waiting.setdefault(missing, []).append(st)
                continue
            section: Section | None = st.section  # type: ignore[assignment]
            self.pin((st.loc, section.terms) if section is not None else None)  # what `*` in the expression is
            try:
                st.operation.define(self, st)  # type: ignore[attr-defined]
            except Flaw as flaw:
                self.flaw(st, flaw)
            self.pin(None)
            ready += waiting.pop(st.name.upper(), [])

    def pass_two(self) -> None:
        """Generate the text of the placed statements."""
        self.second = True
        self.bases = KeptBases(self) if self.options.using_map or self.options.rxref else Bases()
        for st in self.statements:
            operation = st.operation
            if operation is None or operation is _NOTHING:
                continue
            self._current = st
            self._moved = 0
            section: Section | None = st.section  # type: ignore[assignment]
            if section is not None:
                self._here = st.loc
                self._here_terms = section.terms
            try:
                operation.generate(self, st)  # type: ignore[attr-defined]
            except Flaw as flaw:
                self.flaw(st, flaw)
                if flaw.severity >= 16:
                    break
        self._check_entries()

    def _check_entries(self) -> None:
        for entry in self.entries:
            symbol = self.symbols.get(entry.symbol)
            if symbol is None or len(symbol.terms) != 1 or not symbol.terms[0][0].has_text:
                self.flaw(
                    entry.statement,
                    Flaw(
                        "IFO189",
                        f"INVALID ENTRY OPERAND, LINKAGE CANNOT BE PERFORMED - {entry.symbol}",
                        8,
                        entry.column,
                    ),
                )

    # --- literals -----------------------------------------------------------------------------------------------------

    def place_pool(self, st: Statement) -> None:
        """Place the current pool at the location counter and begin a new one; its statements go behind `st`."""
        pool = self.pools[self.pool_number]
        section = self.section or self.private_code()
        section.loc += -section.loc % 8
        pool.section = section
        from assembler.statements.ltorg import LITERAL

        for literal in pool.literals.values():
            self.mention(literal.constant)
        for literal in pool.arranged():
            loc = section.loc
            literal.symbol.value = loc
            literal.symbol.terms = section.terms
            one = Statement((), "", "", literal.text, level=st.level)
            self.count += 1
            one.number = literal.symbol.statement = self.count
            one.operation = LITERAL
            one.parsed = literal
            one.section = section
            one.loc = loc
            one.pool = self.pool_number
            one.length = literal.size
            self.statements.append(one)
            section.loc = loc + literal.size
            if section.loc > section.size:
                self.grow(section, section.loc)
        self.pools.append(Pool())
        self.pool_number += 1


_NOTHING = Operation()
