"""Macro definitions: prototype, body, sequence symbols."""

from __future__ import annotations

import re

from assembler.macro.template import Template, compile_template
from assembler.macro.variables import split_list
from assembler.message import Flaw
from assembler.source import Record, split_fields

PARAMETER = re.compile(r"&([A-Za-z$#@_][A-Za-z0-9$#@_]*)(?:(=)(.*))?", re.DOTALL)


class Model:
    """A statement with its fields and, once it has been asked for, the templates of its variable symbols."""

    __slots__ = ("column", "compiled", "name", "op", "operand", "record", "remark", "templates", "variable")

    def __init__(self, record: Record) -> None:
        self.record = record
        if record.text[:1] == "*" or record.text[:2] == ".*":
            self.name, self.op, self.operand, self.remark, self.column = "", "", "", "", -1
        else:
            self.name, self.op, self.operand, self.remark, self.column = split_fields(record.text)
        self.variable = "&" in self.name or "&" in self.op or "&" in self.operand
        self.templates: tuple[Template, Template, Template] | None = None
        self.compiled: object = None

    @property
    def sequence(self) -> str:
        """The sequence symbol in the name field (`.LOOP`), or a null string."""
        name = self.name
        return name.upper() if name.startswith(".") and not name.startswith(".*") else ""

    def fields(self) -> tuple[Template, Template, Template]:
        """Templates of name, operation and operand; raises Flaw."""
        if self.templates is None:
            name = "" if self.name.startswith(".") else self.name
            # The remark may stand in the operand once a null parameter is filled in, so the operand is rescanned then.
            self.templates = (compile_template(name), compile_template(self.op), compile_template(self.operand))
        return self.templates


class MacroDefinition:
    """A macro: its parameters and the models of its body."""

    type_attribute = "M"

    def __init__(self, name: str) -> None:
        self.name = name
        self.label = ""
        self.positional: list[str] = []
        self.keywords: dict[str, str] = {}
        self.body: list[Model] = []
        self.labels: dict[str, int] = {}
        self.library = False
        self.record: Record | None = None
        """The prototype."""
        self._declarations: list[tuple[int, Model]] | None = None

    def declarations(self) -> list[tuple[int, Model]]:
        """The statements of the body that declare SET symbols, unless they create their names, with their places."""
        if self._declarations is None:
            self._declarations = [
                (index, model)
                for index, model in enumerate(self.body)
                if model.op[:3].upper() in ("LCL", "GBL") and "&(" not in model.operand
            ]
        return self._declarations

    def prototype(self, model: Model) -> None:
        """Take name and parameters from the prototype statement; raises Flaw."""
        if model.name:
            match = PARAMETER.fullmatch(model.name)
            if match is None and not model.name.startswith("."):
                raise Flaw("IFO304", f"INVALID NAME FIELD {model.name[:12]} IN PROTOTYPE")
            self.label = match[1].upper() if match else ""
        if not model.operand:
            return
        for piece in split_list(model.operand):
            if not piece:
                self.positional.append("")
                continue
            match = PARAMETER.fullmatch(piece)
            if match is None:
                raise Flaw("IFO304", f"INVALID PARAMETER {piece[:12]} IN PROTOTYPE")
            name = match[1].upper()
            if name in self.keywords or name in self.positional or name == self.label:
                raise Flaw("IFO304", f"PARAMETER &{name[:12]} IS DEFINED TWICE")
            if match[2]:
                self.keywords[name] = match[3]
            else:
                self.positional.append(name)

    def add(self, model: Model, inner: bool = False) -> None:
        """Take a statement of the body; the sequence symbols of a definition inside (`inner`) are not the macro's."""
        sequence = model.sequence
        if sequence and not inner:
            self.labels.setdefault(sequence, len(self.body))
        self.body.append(model)
