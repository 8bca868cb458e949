"""The state of one assembly, and the way a flaw becomes a message.

The state is one object that all statements work on; what can be done to it stands in layers: sections and the location
counter (`sections.py`), names (`naming.py`), and the two passes themselves with the literal pools (`passes.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from assembler.addressing import Bases, Promise
from assembler.literals import Pool
from assembler.message import NAME_FIELD, OPERATION_FIELD, Flaw, Message
from assembler.options import Options
from assembler.source import Statement, place_in_records
from assembler.symbols import Card, Section, Symbol, Terms, Value

MAX_SECTION = 0x1000000
MAX_MESSAGES = 20_000
MAX_COUNTERS = 4000


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
class State:
    """What is known of the assembly so far."""

    options: Options = field(default_factory=Options)
    statements: list[Statement] = field(default_factory=list)
    symbols: dict[str, Symbol] = field(default_factory=dict)
    sections: dict[str, Section] = field(default_factory=dict)
    externals: dict[str, Section] = field(default_factory=dict)
    order: list[Section] = field(default_factory=list)
    dictionary: list[Section | EntryPoint] = field(default_factory=list)
    """What goes into the external symbol dictionary (and dummy sections), in the order in which it was mentioned."""
    section: Section | None = None
    first: Section | None = None
    pools: list[Pool] = field(default_factory=lambda: [Pool()])
    pool_number: int = 0
    bases: Bases = field(default_factory=Bases)
    stack: list[list[Promise]] = field(default_factory=list)
    """What PUSH USING has saved."""
    prints: int = 0
    """How often PRINT has been saved."""
    counters: dict[str, Section] = field(default_factory=dict)
    """Location counters begun by LOCTR."""
    known_counters: dict[str, Section] = field(default_factory=dict)
    """Those of the round before, with their places."""
    previous: dict[str, Symbol] = field(default_factory=dict)
    """Symbols as the round before placed them; later symbols have these values while statements are placed."""
    late: set[str] = field(default_factory=set)
    """Names that were asked for while statements were placed, and not yet defined."""
    labels: set[str] = field(default_factory=set)
    """Names of USING statements."""
    output: list[Text | Card | Statement] = field(default_factory=list)
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
    translator: str = ""
    """Name (10 characters), version (4) and date (5) of the compiler that END names."""
    end: tuple[int, Section] | None = None
    produced: int = 0
    count: int = 0
    second: bool = False
    _here: int = 0
    _here_terms: Terms = ()
    _moved: int = 0
    _pinned: Value | None = None
    """What the location counter stands at while a literal is generated."""
    _current: Statement | None = None

    @property
    def current(self) -> Statement | None:
        """The statement in hand."""
        return self._current

    # --- messages -----------------------------------------------------------------------------------------------------

    def flaw(self, st: Statement, flaw: Flaw) -> None:
        """Note a flaw of a statement as a message."""
        record = 0
        if flaw.column >= 0:
            record, column = place_in_records(st.text, st.operand_column() + flaw.column)
        elif flaw.column == NAME_FIELD:
            column = 1
        elif flaw.column == OPERATION_FIELD:
            column = max((st.text[0] if st.text else "").find(st.op, len(st.name)), 0) + 1
        else:
            column = st.operand_column() + 1 if st.operand else 0
        self.message(st, column, flaw.severity, flaw.number, flaw.text, record)

    def message(  # noqa: PLR0917
        self, st: Statement, column: int, severity: int, number: str, text: str, record: int = 0
    ) -> None:
        """Note a message about a statement; `column` is one of its `record`, the first being 0."""
        if len(self.messages) >= MAX_MESSAGES:
            if not self.given_up:
                self.given_up = True
                self.messages.append(Message(st.number, 0, 16, "IFO328", "TOO MANY MESSAGES, THE REST ARE LEFT OUT"))
            return
        source = st.text[record] if st.text else ""
        found = Message(st.number, column, severity, number, text, source.rstrip(), st.macro, st.file, st.line, record)
        self.messages.append(found)
        if st.messages is None:
            st.messages = []
        st.messages.append(found)
