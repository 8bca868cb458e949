"""Names: definition, use, and what an expression may ask of the assembly around it."""

from __future__ import annotations

from assembler.expression import Expr, absolute
from assembler.message import NAME_FIELD, Flaw
from assembler.operand import parse
from assembler.sections import Sections
from assembler.source import Statement
from assembler.symbols import SYMBOL, Section, Symbol, Terms, Value


class Names(Sections):
    """The layer of the assembly in which expressions are evaluated."""

    __slots__ = ()

    def label(self, st: Statement, section: Section, loc: int, length: int, kind: str) -> None:
        """Define the statement's name as an address."""
        self.define(st, loc, section.terms, length, kind)

    def define(self, st: Statement, value: int, terms: Terms, length: int, kind: str) -> Symbol | None:
        """Define the statement's name; a second definition and a bad name are noted, not raised."""
        name = st.name if st.name.isupper() else st.name.upper()
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
            if not self.second:
                self.late.add(name)
                found = self.previous.get(name)
                if found is not None:
                    return found
            elif self._current is not None:
                self.undefined.setdefault(name, []).append(self._current.number)
            raise Flaw("IFO188", f"{name} IS AN UNDEFINED SYMBOL", 8, column)
        if self.second and self._current is not None:
            found.refer(self._current.number)
        return found

    def here(self) -> Value:
        if self._pinned is not None:
            return self._pinned
        if self.second:
            return self._here + self._moved, self._here_terms
        section = self.section or self.private_code()
        return section.loc, section.terms

    def here_length(self) -> int:
        return self._current.length or 1 if self._current is not None else 1

    def pin(self, place: Value | None) -> None:
        """Let the location counter stand at that place, or go on as usual (None)."""
        self._pinned = place

    def move(self, offset: int) -> None:
        self._moved = offset

    def external(self, name: str, column: int) -> Symbol:
        """The name in a V-type constant: external, even if a section or entry of this assembly has it too."""
        if not SYMBOL.fullmatch(name) or len(name) > 8:
            raise Flaw("IFO187", f"INVALID EXTERNAL NAME {name[:16]}", 8, column)
        found = self.symbols.get(name)
        if found is not None and self.second and self._current is not None:
            found.refer(self._current.number)
        if not self.has_text():
            return Symbol(name, 0, (), 1, "T", 0)
        section = self.externals.get(name) or self.external_section(name, "ER")
        return Symbol(name, 0, section.terms, 1, "T", 0)

    def pseudo_register(self, name: str, column: int) -> Symbol:
        found = self.symbols.get(name)
        if found is None or not found.terms or found.terms[0][0].kind not in ("XD", "DS"):
            raise Flaw("IFO207", f"{name} IS NOT A PSEUDO REGISTER OR DUMMY SECTION", 8, column)
        if self.second and self.has_text():
            found.terms[0][0].external = True
        return found

    def warn(self, flaw: Flaw) -> None:
        """Note a flaw of the statement in hand, which is generated all the same."""
        if self._current is not None:
            self.flaw(self._current, flaw)

    def has_text(self) -> bool:
        section = self._current.section if self._current is not None else None
        return not isinstance(section, Section) or section.has_text

    def base_displacement(self, value: int, terms: Terms, column: int, label: str) -> int:
        register, displacement = self.bases.resolve(value, terms, column, label)
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
            self.pools[self.pool_number].note(literal.text, literal.column, st, self)

    def literal(self, text: str, column: int) -> Symbol:
        current = self._current
        number = current.number if current is not None else 0
        pool = self.pools[current.pool if self.second and current is not None else self.pool_number]
        found = pool.find(text, column, number)
        if found is None:
            raise Flaw("IFO161", f"INVALID LITERAL {text[:20]} - IT MAY NOT STAND HERE", 8, column)
        if self.second:
            found.symbol.refer(number)
        return found.symbol
