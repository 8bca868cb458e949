"""BASE: a base register that surely does not hold what USING promised.

The contents of a register are known behind BALR with register 0, and where the address of a symbol has just been
loaded.  What follows up to the next label is then held against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from assembler.effects import changed_registers
from assembler.expression import Name
from assembler.instruction import MachineInstruction
from assembler.source import Statement
from assembler.symbols import Section
from assembler.warnings.registry import Blunder, Found, View, blunder

_LOOKED_AT = 16
_CALLS = frozenset(("BALR", "BASR", "BAL", "BAS"))
_GONE = frozenset(("BCR", "BC", "LPSW", "SVC", "DIAG", "EX"))


@dataclass(frozen=True, slots=True)
class Contents:
    """What a register holds: an address in a section of this assembly, or that of an external name."""

    register: int
    section: Section | None
    address: int
    what: str


@blunder("BASE", "IFO352", ("BALR", "BASR", "LA", "L"))
class BaseContents(Blunder):
    def check(self, view: View, st: Statement) -> Found:
        if st.op == "L" and "=" not in st.operand:
            return ()
        register = st.code[1] >> 4
        return self._following(view, st, register) if register and register in _bases(view) else ()

    def _following(self, view: View, st: Statement, register: int) -> Found:
        held = self._held(view, st, register)
        if held is None:
            return
        for one in islice(view.following(view.index), _LOOKED_AT):
            if (one.name and one.section is not None) or one.op in ("CSECT", "DSECT", "LOCTR", "ORG", "DROP"):
                return
            operation = one.operation
            if not isinstance(operation, MachineInstruction) or one.messages:
                if one.op in ("DC", "DS") and one.length:
                    return
                continue
            wrong = self._wrong(view, one, held)
            if wrong:
                yield self.flaw(f"{wrong} (STATEMENT {one.number})")
                return
            name = operation.row.mnemonic
            if register in changed_registers(operation, one.code):
                return
            if name in _GONE or (name in _CALLS and held.section is not None and one.code[-1] & 15):
                return

    @staticmethod
    def _held(view: View, st: Statement, register: int) -> Contents | None:
        section = st.section
        if not isinstance(section, Section):
            return None
        if st.op in ("BALR", "BASR"):
            if st.code[1] & 15:
                return None
            return Contents(register, section, st.loc + 2 + section.base, f"{st.op} {register},0")
        area = view.areas(st)[0]
        if st.op == "LA":
            tree = area.operand.address
            if not area.symbolic or area.operand.first is not None or not isinstance(tree, Name):
                return None
            symbol = view.asm.symbols.get(tree.name)
            if symbol is None or len(symbol.terms) != 1:
                return None
            return Contents(register, symbol.terms[0][0], symbol.address, f"LA {register},{tree.name}")
        literal = view.literal(st, area.operand)
        if literal is None or literal.constant.kind != "V" or len(literal.constant.values or ()) != 1:
            return None
        name = (literal.constant.values or [""])[0].upper()
        if name in view.asm.symbols:
            return None
        return Contents(register, None, 0, f"L {register},{literal.text}")

    @staticmethod
    def _wrong(view: View, st: Statement, held: Contents) -> str:
        """What is wrong with the use of the register as a base in a statement, or an empty string."""
        for area in view.areas(st):
            if not area.symbolic or area.base != held.register or area.address < 0:
                continue
            target = view.section_of(area.operand)
            if target is None or not target.has_text:
                continue
            promised = area.address - area.displacement
            if held.section is None:
                return f"{held.what} TAKES THE BASE REGISTER OF {target.name or 'PRIVATE CODE'}, WHICH IS USED AS SUCH"
            if held.section is target and promised != held.address:
                return (
                    f"{held.what} LEAVES X'{held.address & 0xFFFFFF:06X}' IN THE BASE REGISTER, "
                    f"USING PROMISES X'{promised & 0xFFFFFF:06X}'"
                )
        return ""


def _bases(view: View) -> frozenset[int]:
    """The registers that USING statements name for anything."""
    known = view.notes.get("bases")
    if known is None:
        found: set[int] = set()
        for st in view.usings:
            for operand in view.operands(st)[1:] if not st.operand.startswith("(") else ():
                tree = operand.address
                if isinstance(tree, Name):
                    symbol = view.asm.symbols.get(tree.name)
                    if symbol is not None and not symbol.terms:
                        found.add(symbol.value)
                else:
                    found.add(int(getattr(tree, "value", -1)))
        known = view.notes["bases"] = frozenset(found)
    return known
