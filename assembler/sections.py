"""Control sections and their location counters: opening and resuming, placing statements, producing text."""

from __future__ import annotations

from assembler.constant import Constant
from assembler.message import NAME_FIELD, Flaw
from assembler.nominal import Relocation
from assembler.source import Statement
from assembler.state import MAX_SECTION, RelocationEntry, State, Text
from assembler.symbols import SYMBOL, Section

MAX_TEXT = 0x800000
"""Bytes of text that one assembly may produce."""

MAX_RELOCATIONS = 500_000
"""Relocation entries of one assembly."""

MAX_SECTIONS = 4000


class Sections(State):
    """The layer of the assembly that knows where things go."""

    __slots__ = ()

    def open_section(self, name: str, kind: str) -> Section:
        """The section of that name, new or resumed; raises Flaw if the name is that of another kind."""
        key = name or f"({kind})"
        found = self.sections.get(key)
        if found is None:
            if len(self.order) > MAX_SECTIONS:
                raise Flaw("IFO315", "TOO MANY CONTROL SECTIONS", 12)
            found = Section(name, kind, len(self.order) + 1)
            self.sections[key] = found
            self.enter(found)
        elif found.kind != kind:
            raise Flaw("IFO196", f"{name} HAS BEEN PREVIOUSLY DEFINED", 8, NAME_FIELD)
        if kind in ("SD", "PC") and self.first is None:
            self.first = found
        self.section = found.active
        return found

    def enter(self, section: Section) -> None:
        """Note a new section or external name in the order of the dictionary."""
        self.order.append(section)
        self.dictionary.append(section)

    def last_pool_section(self) -> Section:
        """The section that takes the literals left at END: the first one, unless that is private code with nothing in
        it, which an EQU before the first CSECT opens."""
        first = self._first_with_text()
        return first.counters[-1] if first.counters else first

    def _first_with_text(self) -> Section:
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
        in a dummy section refers to nothing, and a weak reference stays weak.  A dummy section that a Q-type constant
        names is entered there, unless it is defined later."""
        if constant.kind not in ("Q", "V") or (self.section is not None and not self.section.has_text):
            return
        for name in map(str.upper, constant.values or ()):
            if constant.kind == "Q":
                found = self.sections.get(name)
                if found is not None and found.kind == "DS" and not found.external:
                    found.external = True
                    self.dictionary.remove(found)
                    self.dictionary.append(found)
            elif name not in self.externals and SYMBOL.fullmatch(name) and len(name) <= 8:
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

    def note_place(self, st: Statement) -> None:
        """Note where the location counter stands at a statement that takes no space and begins no section."""
        if self.section is not None:
            st.section, st.loc = self.section, self.section.loc

    def grow(self, section: Section, loc: int) -> None:
        if loc >= MAX_SECTION:
            section.loc = section.size
            raise Flaw("IFO313", "LOCATION COUNTER OVERFLOW", 12)
        section.size = loc

    def text(self, st: Statement, data: bytes) -> None:
        """Produce text at the statement's place; the statement itself stands for it if its code is all there is."""
        section: Section = st.section  # type: ignore[assignment]
        if data and section.has_text:
            self.produced += len(data)
            if self.produced > MAX_TEXT:
                raise Flaw("IFO316", "TOO MUCH TEXT", 16)
            if st.pad:
                self.output.append(Text(section, st.loc - st.pad, bytes(st.pad) + data))
            elif data is st.code:
                self.output.append(st)
            else:
                self.output.append(Text(section, st.loc, data))

    def relocate(self, st: Statement, found: list[Relocation]) -> None:
        section: Section = st.section  # type: ignore[assignment]
        if section.has_text:
            if len(self.relocations) + len(found) > MAX_RELOCATIONS:
                raise Flaw("IFO316", "TOO MANY ADDRESSES TO BE RELOCATED", 16)
            for one in found:
                self.relocations.append(
                    RelocationEntry(one.section, section, one.kind, one.length, one.sign, st.loc + one.offset)
                )
