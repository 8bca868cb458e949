"""Instruction formats: where the fields of an instruction lie, and how to put them there and take them out.

Source: *IBM System/370 Principles of Operation*, GA22-7000, "Instruction Formats". Bits are counted from the left of
the instruction. The names are the manual's: ``r1`` (or ``m1``), ``x2``, ``b2``, ``d2``, ``l1`` ...; ``i1`` is the
immediate field of SVC.
"""

from collections.abc import Mapping
from enum import StrEnum


class Format(StrEnum):
    """The shape of an instruction."""

    RR = "RR"
    RRE = "RRE"
    RX = "RX"
    RS = "RS"
    SI = "SI"
    S = "S"
    SS = "SS"
    SSE = "SSE"

    @property
    def length(self) -> int:
        """Length in bytes: 2, 4 or 6."""
        return _LENGTH[self]


_LENGTH = {
    Format.RR: 2,
    Format.RRE: 4,
    Format.RX: 4,
    Format.RS: 4,
    Format.SI: 4,
    Format.S: 4,
    Format.SS: 6,
    Format.SSE: 6,
}

FIELDS: Mapping[Format, Mapping[str, tuple[int, int]]] = {
    Format.RR: {"r1": (8, 4), "m1": (8, 4), "r2": (12, 4), "i1": (8, 8)},
    Format.RRE: {"r1": (24, 4), "r2": (28, 4)},
    Format.RX: {"r1": (8, 4), "m1": (8, 4), "x2": (12, 4), "b2": (16, 4), "d2": (20, 12)},
    Format.RS: {"r1": (8, 4), "r3": (12, 4), "m3": (12, 4), "b2": (16, 4), "d2": (20, 12)},
    Format.SI: {"i2": (8, 8), "b1": (16, 4), "d1": (20, 12)},
    Format.S: {"b2": (16, 4), "d2": (20, 12)},
    Format.SS: {
        "l": (8, 8),
        "l1": (8, 4),
        "l2": (12, 4),
        "i3": (12, 4),
        "b1": (16, 4),
        "d1": (20, 12),
        "b2": (32, 4),
        "d2": (36, 12),
    },
    Format.SSE: {"b1": (16, 4), "d1": (20, 12), "b2": (32, 4), "d2": (36, 12)},
}
"""For each format, name of a field -> (first bit, number of bits)."""


def length_of(first_byte: int) -> int:
    """Length in bytes (2, 4, 4 or 6) of the instruction that begins with this byte: its first two bits tell."""
    return (2, 4, 4, 6)[first_byte >> 6]


def fields_of(form: Format, operands: tuple[str, ...]) -> tuple[str, ...]:
    """The encoded fields that make up these operands, in the order of the operands.

    An effective address stands for its parts: ``a2`` of RX is ``d2 x2 b2``, any other ``aN`` is ``dN bN``.
    """
    names: list[str] = []
    for name in operands:
        if name.startswith("a"):
            n = name[1]
            names += [f"d{n}", f"x{n}", f"b{n}"] if form is Format.RX else [f"d{n}", f"b{n}"]
        else:
            names.append(name)
    return tuple(names)


def encode(form: Format, opcode: int, fields: Mapping[str, int]) -> bytes:
    """The bytes of an instruction; fields not named are zero. Lengths are given as encoded (one less than the count).

    Raises ValueError if the format has no such field or the value does not fit into it.
    """
    size = form.length * 8
    value = opcode << size - (8 if opcode < 256 else 16)
    for name, content in fields.items():
        place = FIELDS[form].get(name)
        if place is None:
            raise ValueError(f"format {form} has no field {name}")
        first, bits = place
        if not 0 <= content < 1 << bits:
            raise ValueError(f"{name}={content} does not fit into {bits} bits")
        value |= content << size - first - bits
    return value.to_bytes(form.length, "big")


def decode(form: Format, text: bytes) -> dict[str, int]:
    """All the fields that the format could have in this instruction, each by its name.

    Raises ValueError if the text is shorter than the format.
    """
    size = form.length * 8
    if len(text) < form.length:
        raise ValueError(f"an instruction of format {form} takes {form.length} bytes")
    value = int.from_bytes(text[: form.length], "big")
    return {name: value >> size - first - bits & (1 << bits) - 1 for name, (first, bits) in FIELDS[form].items()}
