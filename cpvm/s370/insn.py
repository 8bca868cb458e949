"""The instruction registry: one row for each instruction, beside its semantics.

A module of the package ``cpvm.s370.instructions`` defines instructions as plain functions and enters each with the
decorator ``@insn``. Decoder, disassembler, assembler and every engine read the same rows. Modules are discovered when
the table is first asked for; two rows for one operation code or one mnemonic refuse to import.

An operation code is one byte (X'5A') or, where the second byte is part of it, two (X'B205', X'9C01').
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

from cpvm.s370 import plugin
from cpvm.s370.facilities import Facility
from cpvm.s370.formats import Format, decode, encode, fields_of, length_of

OPERANDS = frozenset(("r1", "r2", "r3", "m1", "m3", "i1", "i2", "i3", "l", "l1", "l2", "a1", "a2"))
"""The names an operand may have. ``l`` is one less than the count of bytes, as encoded; ``a`` an effective address."""


@dataclass(frozen=True)
class Insn:
    """One instruction of the architecture."""

    opcode: int
    mnemonic: str
    format: Format
    title: str
    """The manual's name of it."""
    body: Callable[..., None]
    """Its semantics: called with an Ops and the operands."""
    operands: tuple[str, ...]
    privileged: bool = False
    """A privileged-operation exception in the problem state."""
    even: tuple[str, ...] = ()
    """Register operands that must be even."""
    floating: tuple[str, ...] = ()
    """Register operands that must be 0, 2, 4 or 6."""
    align: int = 1
    """Boundary in bytes on which the address a2 must lie."""
    extended: tuple[str, ...] = ()
    """Register operands that must be 0 or 4: the first of a pair of floating-point registers."""
    facility: Facility = Facility.COMMERCIAL
    """What the instruction belongs to."""

    @property
    def length(self) -> int:
        """Length in bytes."""
        return self.format.length

    @property
    def fields(self) -> tuple[str, ...]:
        """The encoded fields that its operands consist of."""
        return fields_of(self.format, self.operands)

    def encode(self, **fields: int) -> bytes:
        """The bytes of this instruction with these fields (see `cpvm.s370.formats.encode`). Raises ValueError."""
        return encode(self.format, self.opcode, fields)

    def decode(self, text: bytes) -> dict[str, int]:
        """The fields that belong to this instruction, by name. Raises ValueError if the text is too short."""
        found = decode(self.format, text)
        return {name: found[name] for name in self.fields}


class DuplicateInstruction(Exception):
    """Two rows claim one operation code or one mnemonic."""


_MNEMONIC = re.compile(r"[A-Z@#$][A-Z0-9@#$]{0,7}")
_table: dict[int, Insn] = {}
_names: dict[str, Insn] = {}
_Body = TypeVar("_Body", bound=Callable[..., None])


def insn(
    opcode: int,
    mnemonic: str,
    form: Format,
    *,
    privileged: bool = False,
    even: tuple[str, ...] = (),
    floating: tuple[str, ...] = (),
    align: int = 1,
    extended: tuple[str, ...] = (),
    facility: Facility = Facility.COMMERCIAL,
) -> Callable[[_Body], _Body]:
    """Enter the decorated function as the semantics of an instruction.

    The first line of its docstring becomes the title.

    Raises:
        DuplicateInstruction: the mnemonic or the operation code is assigned, or would hide others.
        ValueError: the format has no such operation code; an operand's name is unknown, or the format has it not; the
            mnemonic is none.
    """

    def enter(body: _Body) -> _Body:
        operands = tuple(inspect.signature(body).parameters)[1:]
        if not OPERANDS.issuperset(operands):
            raise ValueError(f"{mnemonic}: operands {operands}")
        title = (inspect.getdoc(body) or "").split("\n")[0].rstrip(".")
        row = Insn(opcode, mnemonic, form, title, body, operands, privileged, even, floating, align, extended, facility)
        if not _MNEMONIC.fullmatch(mnemonic):
            raise ValueError(f"{mnemonic}: a mnemonic is one to eight capital letters and digits")
        first = opcode if opcode < 0x100 else opcode >> 8
        if not 0 <= first <= 0xFF or length_of(first) != form.length:
            raise ValueError(f"X'{opcode:02X}' {mnemonic}: no operation code of format {form}")
        row.encode(**dict.fromkeys(row.fields, 0))
        if plugin.is_loading():
            _discover()
        shadows = any(code >> 8 == first for code in _table) if opcode < 0x100 else first in _table
        if opcode in _table or mnemonic in _names or shadows:
            raise DuplicateInstruction(f"X'{opcode:02X}' {mnemonic} is defined twice")
        _table[opcode] = row
        _names[mnemonic] = row
        plugin.claim(body, f"instruction {mnemonic}", lambda: _withdraw(row))
        return body

    return enter


def _withdraw(row: Insn) -> None:
    del _table[row.opcode], _names[row.mnemonic]


@cache
def _discover() -> None:
    package: Any = importlib.import_module("cpvm.s370.instructions")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def table() -> Mapping[int, Insn]:
    """All instructions, by operation code."""
    _discover()
    return MappingProxyType(_table)


def by_mnemonic(name: str) -> Insn | None:
    """The instruction with this mnemonic (capital letters), or None."""
    _discover()
    return _names.get(name)


def by_opcode(opcode: int) -> Insn | None:
    """The instruction with this operation code (one byte, or two where it takes two), or None."""
    _discover()
    return _table.get(opcode)


IGNORED_BITS = 0x01
"""Of the second byte of SIO, TIO, HIO and TCH only the last bit belongs to the operation code."""


def identify(text: bytes) -> Insn | None:
    """The instruction that these bytes begin with, or None if the operation code is not assigned.

    Raises ValueError if there are fewer than two bytes.
    """
    if len(text) < 2:
        raise ValueError("an instruction has at least two bytes")
    first, second = text[0], text[1]
    found = by_opcode(first)
    if found is None and first != 0:
        if 0x9C <= first <= 0x9F:
            second &= IGNORED_BITS
        found = by_opcode(first << 8 | second)
    return found
