"""The two passes: the first places everything, the second produces the text.

The macro stage hands over plain statements one by one, so that pass 1 sees each as soon as it is generated and the
macro stage can ask for the attributes of symbols already defined.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from assembler.addressing import Bases
from assembler.constant import Constant
from assembler.expression import Expr, absolute
from assembler.literals import Pool
from assembler.message import NAME_FIELD, OPERATION_FIELD, Flaw, Message
from assembler.nominal import Relocation
from assembler.operand import parse
from assembler.operation import Operation
from assembler.source import Statement
from assembler.symbols import SYMBOL, Card, Section, Symbol, Terms, Value

MAX_SECTION = 0x1000000
MAX_MESSAGES = 20_000
MAX_TEXT = 0x800000
"""Bytes of text that one assembly may produce."""


@dataclass(slots=True)
class Text:
    """Text for one section at one address (relative to the section)."""

    section: Section
    loc: int
    data: bytes


@dataclass(slots=True)
class RelocationEntry:
    """A field at `address` in `section` to be relocated by `relative`."""

    relative: Section
    section: Section
    kind: str
    length: int
    sign: int
    address: int


@dataclass(slots=True)
class EntryPoint:
    """An ENTRY name in the external symbol dictionary."""

    symbol: str
    statement: Statement
    column: int


@dataclass(slots=True)
class Assembler:
    """The state of one assembly; it is also the environment in which expressions are evaluated."""

    statements: list[Statement] = field(default_factory=list)
    symbols: dict[str, Symbol] = field(default_factory=dict)
    sections: dict[tuple[str, bool], Section] = field(default_factory=dict)
    externals: dict[str, Section] = field(default_factory=dict)
    order: list[Section] = field(default_factory=list)
    dictionary: list[Section | EntryPoint] = field(default_factory=list)
    """What goes into the external symbol dictionary (and dummy sections), in the order in which it was mentioned."""
    section: Section | None = None
    first: Section | None = None
    pools: list[Pool] = field(default_factory=lambda: [Pool()])
    pool_number: int = 0
    bases: Bases = field(default_factory=Bases)
    stack: list[tuple[str, object]] = field(default_factory=list)
    output: list[Text | Card] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    """Cards of the user's own in front of the deck."""
    relocations: list[RelocationEntry] = field(default_factory=list)
    entries: list[EntryPoint] = field(default_factory=list)
    deferred: list[Statement] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    duplicates: list[Symbol] = field(default_factory=list)
    """Second definitions of a name, which do not count."""
    undefined: dict[str, list[int]] = field(default_factory=dict)
    """Names that are not defined, and the statements that use them."""
    given_up: bool = False
    deck_id: str = ""
    end: tuple[int, Section] | None = None
    produced: int = 0
    count: int = 0
    second: bool = False
    _here: int = 0
    _here_terms: Terms = ()
    _moved: int = 0
    _current: Statement | None = None

    # --- messages -----------------------------------------------------------------------------------------------------

    def flaw(self, st: Statement, flaw: Flaw) -> None:
        """Note a flaw of a statement as a message."""
        if flaw.column >= 0:
            at = st.operand_column() + flaw.column
            column = at + 1 if at < 71 else 16 + (at - 71) % 56
        elif flaw.column == NAME_FIELD:
            column = 1
        elif flaw.column == OPERATION_FIELD:
            column = max((st.text[0] if st.text else "").find(st.op, len(st.name)), 0) + 1
        else:
            column = st.operand_column() + 1 if st.operand else 0
        self.message(st, column, flaw.severity, flaw.number, flaw.text)

    def message(self, st: Statement, column: int, severity: int, number: str, text: str) -> None:
        if len(self.messages) >= MAX_MESSAGES:
            if not self.given_up:
                self.given_up = True
                self.messages.append(Message(st.number, 0, 16, "IFO328", "TOO MANY MESSAGES, THE REST ARE LEFT OUT"))
            return
        source = st.text[0] if st.text else ""
        found = Message(st.number, column, severity, number, text, source.rstrip(), st.macro)
        self.messages.append(found)
        if st.messages is None:
            st.messages = []
        st.messages.append(found)

    # --- the passes ---------------------------------------------------------------------------------------------------

    def pass_one(self, source: Iterable[Statement]) -> None:
        """Place statements as the macro stage delivers them."""
        statements = self.statements
        for st in source:
            self.count += 1
            st.number = self.count
            statements.append(st)
            self._current = st
            operation = st.operation
            if operation is None:
                continue
            try:
                operation.define(self, st)  # type: ignore[attr-defined]
            except Flaw as flaw:
                self.flaw(st, flaw)
        self._finish_pass_one()

    def _finish_pass_one(self) -> None:
        if self.pools[-1].literals and self._current is not None and self.pools[-1].section is None:
            self.section = self.last_pool_section()
            self.place_pool(self._current)
        self._settle_deferred()
        base = self.first.base if self.first is not None else 0
        for section in self.order:
            if section.has_text:
                section.base = base if section is not self.first else section.base
                base = section.base + (section.size + 7 & ~7)
            if section.base + section.size > MAX_SECTION and self._current is not None:
                self.flaw(self._current, Flaw("IFO313", "LOCATION COUNTER OVERFLOW", 12))

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
            try:
                st.operation.define(self, st)  # type: ignore[attr-defined]
            except Flaw as flaw:
                self.flaw(st, flaw)
            ready += waiting.pop(st.name.upper(), [])

    def pass_two(self) -> None:
        """Generate the text of the placed statements."""
        self.second = True
        self.bases = Bases()
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

    # --- sections and locations ---------------------------------------------------------------------------------------

    def open_section(self, name: str, kind: str) -> Section:
        """The section of that name, new or resumed; raises Flaw if the name is that of another kind."""
        key = (name, kind == "CM")
        found = self.sections.get(key) if not name else None
        if name:
            found = self.sections.get((name, False)) or self.sections.get((name, True))
        if found is None:
            if len(self.order) > 4000:
                raise Flaw("IFO315", "TOO MANY CONTROL SECTIONS", 12)
            found = Section(name, kind, len(self.order) + 1)
            self.sections[key] = found
            self.enter(found)
            if kind in ("SD", "PC") and self.first is None:
                self.first = found
        elif found.kind != kind:
            raise Flaw("IFO196", f"{name} HAS BEEN PREVIOUSLY DEFINED", 8, NAME_FIELD)
        self.section = found
        return found

    def enter(self, section: Section) -> None:
        """Note a new section or external name in the order of the dictionary."""
        self.order.append(section)
        self.dictionary.append(section)

    def last_pool_section(self) -> Section:
        """The section that takes the literals left at END: the first one, unless that is private code with nothing in
        it, which an EQU before the first CSECT opens."""
        first = self.first or self.private_code()
        if first.kind == "PC" and not first.size:
            named = [section for section in self.order if section.kind == "SD"]
            return next((section for section in named if section.size), named[0] if named else first)
        return first

    def private_code(self) -> Section:
        """The unnamed section that statements before the first CSECT open."""
        return self.open_section("", "PC")

    def external_section(self, name: str, kind: str) -> Section:
        """The external name, entered in the ESD at its first use."""
        found = self.externals.get(name)
        if found is None:
            found = Section(name, kind, len(self.order) + len(self.externals) + 100_000)
            self.externals[name] = found
            self.enter(found)
        elif kind == "ER" and found.kind == "WX":
            found.kind = "ER"
        return found

    def mention(self, constant: Constant) -> None:
        """Pass 1: enter the names of a V-type constant in the ESD, even those that are defined here as well; a constant
        in a dummy section refers to nothing, and a weak reference stays weak."""
        if self.section is not None and not self.section.has_text:
            return
        for name in map(str.upper, constant.values or ()) if constant.kind == "V" else ():
            if name not in self.externals and SYMBOL.fullmatch(name) and len(name) <= 8:
                self.external_section(name, "ER")

    def place(self, st: Statement, boundary: int = 1) -> int:
        """Align the location counter, note the statement's place and return it."""
        section = self.section or self.private_code()
        loc = section.loc + (-section.loc % boundary)
        st.pad = loc - section.loc
        st.section = section
        st.loc = loc
        st.pool = self.pool_number
        section.loc = loc
        self._here, self._here_terms = loc, section.terms
        return loc

    def advance(self, st: Statement, length: int) -> None:
        """Move the location counter of the statement's section behind `length` bytes; raises Flaw at 16 MB."""
        section: Section = st.section  # type: ignore[assignment]
        st.length = length
        loc = st.loc + length
        if loc >= MAX_SECTION:
            raise Flaw("IFO313", "LOCATION COUNTER OVERFLOW", 12)
        section.loc = loc
        section.size = max(section.size, loc)

    def grow(self, section: Section, loc: int) -> None:
        if loc >= MAX_SECTION:
            section.loc = section.size
            raise Flaw("IFO313", "LOCATION COUNTER OVERFLOW", 12)
        section.size = loc

    def text(self, st: Statement, data: bytes) -> None:
        """Produce text at the statement's place."""
        section: Section = st.section  # type: ignore[assignment]
        if data and section.has_text:
            self.produced += len(data)
            if self.produced > MAX_TEXT:
                raise Flaw("IFO316", "TOO MUCH TEXT", 16)
            if st.pad:
                data = bytes(st.pad) + data
            self.output.append(Text(section, st.loc - st.pad, data))

    def relocate(self, st: Statement, found: list[Relocation]) -> None:
        section: Section = st.section  # type: ignore[assignment]
        if section.has_text:
            for one in found:
                self.relocations.append(
                    RelocationEntry(one.section, section, one.kind, one.length, one.sign, st.loc + one.offset)
                )

    # --- symbols ------------------------------------------------------------------------------------------------------

    def label(self, st: Statement, section: Section, loc: int, length: int, kind: str) -> None:
        """Define the statement's name as an address."""
        self.define(st, loc, section.terms, length, kind)

    def define(self, st: Statement, value: int, terms: Terms, length: int, kind: str) -> Symbol | None:
        """Define the statement's name; a second definition and a bad name are noted, not raised."""
        name = st.name.upper()
        if not SYMBOL.fullmatch(name):
            self.flaw(st, Flaw("IFO016", f"ILLEGAL OR INVALID NAME FIELD - {name[:16]}", 8, NAME_FIELD))
            return None
        if name in self.symbols:
            if not self.second:
                self.duplicates.append(Symbol(name, value, terms, length, kind, st.number))
                self.flaw(st, Flaw("IFO196", f"{name} HAS BEEN PREVIOUSLY DEFINED", 8, NAME_FIELD))
            return None
        symbol = Symbol(name, value, terms, length, kind, st.number)
        self.symbols[name] = symbol
        return symbol

    def symbol(self, name: str, column: int) -> Symbol:
        """The symbol, noted as used in the statement in hand; raises Flaw (IFO188)."""
        found = self.symbols.get(name)
        if found is None:
            if self.second and self._current is not None:
                self.undefined.setdefault(name, []).append(self._current.number)
            raise Flaw("IFO188", f"{name} IS AN UNDEFINED SYMBOL", 8, column)
        if self.second and self._current is not None:
            found.references.append(self._current.number)
        return found

    def here(self) -> Value:
        if self.second:
            return self._here + self._moved, self._here_terms
        section = self.section or self.private_code()
        return section.loc, section.terms

    def here_length(self) -> int:
        return self._current.length or 1 if self._current is not None else 1

    def move(self, offset: int) -> None:
        self._moved = offset

    def external(self, name: str, column: int) -> Symbol:
        """The name in a V-type constant: external, even if a section or entry of this assembly has it too."""
        if not SYMBOL.fullmatch(name) or len(name) > 8:
            raise Flaw("IFO187", f"INVALID EXTERNAL NAME {name[:16]}", 8, column)
        found = self.symbols.get(name)
        if found is not None and self.second and self._current is not None:
            found.references.append(self._current.number)
        if not self.has_text():
            return Symbol(name, 0, (), 1, "T", 0)
        section = self.externals.get(name) or self.external_section(name, "ER")
        return Symbol(name, 0, section.terms, 1, "T", 0)

    def pseudo_register(self, name: str, column: int) -> Symbol:
        found = self.symbols.get(name)
        if found is None or not found.terms or found.terms[0][0].kind not in ("XD", "DS"):
            raise Flaw("IFO207", f"{name} IS NOT A PSEUDO REGISTER OR DUMMY SECTION", 8, column)
        return found

    def warn(self, flaw: Flaw) -> None:
        """Note a flaw of the statement in hand, which is generated all the same."""
        if self._current is not None:
            self.flaw(self._current, flaw)

    def has_text(self) -> bool:
        section = self._current.section if self._current is not None else None
        return not isinstance(section, Section) or section.has_text

    def base_displacement(self, value: int, terms: Terms, column: int) -> int:
        register, displacement = self.bases.resolve(value, terms, column)
        return register << 12 | displacement

    def register(self, tree: Expr, column: int) -> int:
        value = absolute(tree, self)
        if not 0 <= value <= 15:
            raise Flaw("IFO320", f"REGISTER {value} IS NOT BETWEEN 0 AND 15", 8, column)
        return value

    # --- literals -----------------------------------------------------------------------------------------------------

    def note_literals(self, st: Statement) -> None:
        """Enter the literals of an operand field in the current pool (pass 1)."""
        try:
            literals = parse(st.operand).literals
        except Flaw:
            return  # pass 2 tells of it
        for literal in literals:
            self.pools[self.pool_number].note(literal.text, literal.column, st.number, self)

    def literal(self, text: str, column: int) -> Symbol:
        current = self._current
        number = current.number if current is not None else 0
        pool = self.pools[current.pool if self.second and current is not None else self.pool_number]
        found = pool.find(text, column, number)
        if found is None:
            raise Flaw("IFO161", f"INVALID LITERAL {text[:20]} - IT MAY NOT STAND HERE", 8, column)
        if self.second:
            found.symbol.references.append(number)
        return found.symbol

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
