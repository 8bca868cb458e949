"""One level of macro expansion (or open code): its variable symbols, where it stands, and its branch counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assembler.macro.conditional import Conditional
from assembler.macro.definition import MacroDefinition
from assembler.macro.variables import Parameter, SetSymbol, SysList, Variable, split_list
from assembler.message import Call, Flaw

if TYPE_CHECKING:
    from assembler.macro.expander import Expander

DEFAULT_ACTR = 4096
"""Branches that a macro or the open code may take unless ACTR says otherwise."""


class Frame:
    """The scope of a macro expansion; `definition` is None for open code."""

    __slots__ = ("actr", "chain", "definition", "engine", "position", "section", "variables")

    def __init__(self, engine: Expander, definition: MacroDefinition | None, chain: tuple[Call, ...]) -> None:
        self.engine = engine
        self.definition = definition
        self.position = 0
        self.actr = DEFAULT_ACTR
        self.chain = chain
        self.variables: dict[str, Variable] = {}

    # --- Scope --------------------------------------------------------------------------------------------------------

    def variable(self, name: str) -> Variable:
        found = self.variables.get(name)
        if found is None:
            found = self.engine.system.get(name) or self._declared_before(name)
            if found is None:
                raise Flaw("IFO006", f"UNDEFINED VARIABLE SYMBOL &{name[:20]}")
        return found

    def _declared_before(self, name: str) -> Variable | None:
        """A SET symbol whose declaration stands further up in the macro but was skipped; it counts all the same."""
        for index, model in self.definition.declarations() if self.definition is not None else ():
            if index < self.position and f"&{name}" in model.operand.upper():
                entry = self.engine.operations.get(model.op.upper())
                if isinstance(entry, Conditional):
                    entry.execute(self.engine, self, model)
        return self.variables.get(name)

    def has_variable(self, name: str) -> bool:
        return name in self.variables

    def type_attribute(self, text: str) -> str:
        return self.engine.attributes.type_of(text)

    def length_attribute(self, text: str, kind: str) -> int:
        """L', I' or S'; of an unknown symbol 1 or 0, with a warning."""
        try:
            return self.engine.attributes.number(text, kind)
        except Flaw as flaw:
            self.warn(flaw)
            return int(kind == "L")

    def warn(self, flaw: Flaw) -> None:
        """Note a flaw of the statement in hand, which goes on."""
        self.engine.complain(flaw, self.engine.record, self)

    def operation_attribute(self, name: str) -> str:
        return self.engine.table.attribute(name)

    def declared_types(self, name: str) -> tuple[str, str]:
        return self.engine.attributes.declared(name)

    def absolute_symbol(self, name: str) -> int:
        return self.engine.attributes.absolute(name)

    # --- branching ----------------------------------------------------------------------------------------------------

    def branch(self, label: str) -> None:
        """Go on at a sequence symbol; raises Flaw if there is none or the ACTR count is used up."""
        self.actr -= 1
        self.engine.count_branch()
        if self.actr < 0:
            self.engine.leave(self)
            raise Flaw("IFO118", "THE ACTR LIMIT HAS BEEN EXCEEDED", 8)
        label = label.upper()
        if self.definition is None:
            self.engine.code.branch(label)
            return
        position = self.definition.labels.get(label)
        if position is None:
            self.engine.leave(self)
            raise Flaw("IFO310", f"SEQUENCE SYMBOL {label[:20]} IS NOT DEFINED", 12)
        self.position = position

    # --- the operands of a call ---------------------------------------------------------------------------------------

    def bind(self, name: str, operand: str) -> list[str]:
        """Give the parameters the values of a call; returns the names of keywords that the macro does not have."""
        definition = self.definition
        assert definition is not None
        variables = self.variables
        unknown: list[str] = []
        for keyword, default in definition.keywords.items():
            variables[keyword] = Parameter(default)
        positional: list[str] = []
        for piece in split_list(operand) if operand else ():
            mark = piece.find("=")
            if mark > 0:
                keyword = piece[:mark].upper()
                if keyword in definition.keywords:
                    variables[keyword] = Parameter(piece[mark + 1 :])
                    continue
                if keyword[0] not in "('" and keyword.replace("$", "A").replace("#", "A").replace("@", "A").isalnum():
                    unknown.append(keyword)
                    continue
            positional.append(piece)
        for index, parameter in enumerate(definition.positional):
            if parameter:
                variables[parameter] = Parameter(positional[index] if index < len(positional) else "")
        if definition.label:
            variables[definition.label] = Parameter(name)
        variables["SYSLIST"] = SysList(name, positional)
        return unknown

    def declare(self, name: str, kind: str, dimension: int) -> SetSymbol:
        """A local SET symbol; raises Flaw if the name is taken."""
        found = self.variables.get(name) or self.engine.system.get(name)
        if found is None:
            found = self.variables[name] = SetSymbol(kind, dimension)
        elif not isinstance(found, SetSymbol) or found.kind != kind:
            raise Flaw("IFO007", f"USAGE OF &{name[:20]} IS INCONSISTENT WITH ITS DECLARATION")
        return found
