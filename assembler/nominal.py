"""Nominal values of constants as bytes.

Source: OS/VS Assembler Language (GC33-4010), "DC instruction", types C X B F H E D L P Z A Y S V Q; the hexadecimal
floating-point format is that of Principles of Operation (GA22-7000).  Values are converted exactly and rounded once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

from assembler.constant import Constant
from assembler.expression import Environment, Expr, absolute, qualifier, undouble
from assembler.message import Flaw
from assembler.symbols import Section, Symbol, Terms
from cpvm.s370.ebcdic import to_ebcdic


@dataclass(frozen=True, slots=True)
class Relocation:
    """A field to be relocated when the deck is loaded: `kind` A, V or Q, `sign` 1 or -1."""

    offset: int
    length: int
    kind: str
    section: Section
    sign: int


class Place(Environment, Protocol):
    """The environment of a constant being generated: its location moves along, and names may be external."""

    def move(self, offset: int) -> None:
        """Set the location counter to `offset` bytes behind the statement's start."""

    def external(self, name: str, column: int) -> Symbol:
        """The external name of a V-type constant."""

    def pseudo_register(self, name: str, column: int) -> Symbol:
        """The pseudo register or dummy section of a Q-type constant."""

    def warn(self, flaw: Flaw) -> None:
        """Note a flaw with which the constant is generated all the same."""

    def has_text(self) -> bool:
        """Whether the constant goes into the object text; one in a dummy section does not."""

    def base_displacement(self, value: int, terms: Terms, column: int, label: str) -> int:
        """Base register and displacement as a halfword."""


_NUMBER = re.compile(r"([UuSs]?)([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[Ee]([+-]?[0-9]{1,3}))?")
_DECIMAL = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?")


def _number(text: str, constant: Constant, env: Place) -> tuple[Fraction, bool]:
    """A decimal number with exponent, times ten to the exponent modifier; and whether it is unsigned.

    Powers of ten outside -85 to 75 are refused and the number is taken without them, as Assembler XF does.
    """
    match = _NUMBER.fullmatch(text.strip())
    if match is None or not (match[3] or match[4]):
        raise Flaw("IFO236", f"ILLEGAL CHARACTER IN EXPRESSION - {text[:16]}", 8, constant.column)
    unsigned, sign, whole, part, power = match.groups()
    if len(whole) + len(part or "") > 200:
        raise Flaw("IFO224", "LENGTH ERROR - TOO MANY DIGITS", 8, constant.column)
    exponent = int(power or 0) + (absolute(constant.exponent, env) if constant.exponent else 0)
    if not -85 <= exponent <= 75:
        what = "ILLEGAL OR INVALID EXPONENT MODIFIER IN DC/DS/DXD CONSTANT"
        env.warn(Flaw("IFO201", f"{what} - {exponent} IS NOT BETWEEN -85 AND 75", 8, constant.column))
        exponent = 0
    value = Fraction(int(whole + (part or "") or 0), 10 ** len(part or "")) * Fraction(10) ** exponent
    return (-value if sign == "-" else value), unsigned.upper() == "U"


def rounded(value: Fraction) -> int:
    """To the nearest integer, halves away from zero."""
    whole = (abs(value) * 2 + 1) // 2
    return int(-whole if value < 0 else whole)


def _scale(constant: Constant, low: int, high: int, env: Place) -> int:
    """The scale modifier; one out of range is refused and taken as 0."""
    scale = absolute(constant.scale, env) if constant.scale else 0
    if low <= scale <= high:
        return scale
    env.warn(Flaw("IFO200", f"INVALID SCALE MODIFIER - {scale} IS NOT BETWEEN {low} AND {high}", 8, constant.column))
    return 0


def _fixed(text: str, constant: Constant, bits: int, env: Place) -> int:
    value, unsigned = _number(text, constant, env)
    scale = _scale(constant, -187, 346, env)
    number = rounded(value * Fraction(2) ** scale)
    low, high = (0, (1 << bits) - 1) if unsigned else (-(1 << bits - 1), (1 << bits - 1) - 1)
    if not low <= number <= high:
        what = "L, D, E, F, H, OR Y-TYPE CONSTANT TRUNCATED, HIGH ORDER DIGITS LOST"
        env.warn(Flaw("IFO203", f"{what} - {text[:16]} IN {bits} BITS", 4, constant.column))
    return number & (1 << bits) - 1


def hexadecimal_float(value: Fraction, digits: int) -> tuple[int, int, int]:
    """Sign, characteristic and fraction of `digits` hexadecimal digits; raises OverflowError if it does not fit."""
    if not value:
        return 0, 0, 0
    sign, magnitude = (1, -value) if value < 0 else (0, value)
    exponent = 0
    while magnitude >= 1:
        magnitude /= 16
        exponent += 1
    while magnitude < Fraction(1, 16):
        magnitude *= 16
        exponent -= 1
    fraction = rounded(magnitude * 16**digits)
    if fraction >= 16**digits:
        fraction //= 16
        exponent += 1
    if not 0 <= exponent + 64 <= 127:
        raise OverflowError
    return sign, exponent + 64, fraction


def _floating(text: str, constant: Constant, length: int, env: Place) -> bytes:
    value, _ = _number(text, constant, env)
    scale = _scale(constant, 0, 28 if constant.kind == "L" else 14, env)
    try:
        if constant.kind == "L":
            sign, power, fraction = hexadecimal_float(value, 28)
            if scale and fraction:
                fraction = rounded(abs(value) / Fraction(16) ** (power - 64) * 16 ** (28 - scale))
                power += scale
            low_power = (power - 14) & 0x7F if fraction else 0
            high = (sign << 63) | power << 56 | fraction >> 56
            low = (sign << 63) | low_power << 56 | fraction & 0xFFFFFFFFFFFFFF
            return (high.to_bytes(8, "big") + low.to_bytes(8, "big"))[:length]
        digits = (length - 1) * 2
        if scale:
            sign, power, _ = hexadecimal_float(value, 14)
            exact = rounded(abs(value) / Fraction(16) ** (power - 64) * 16 ** (digits - scale))
            if value and not exact:
                what = "ARITHMETIC PRECISION OF FLOATING-POINT CONSTANT LOST"
                env.warn(Flaw("IFO202", f"{what} - {text[:16]}", 8, constant.column))
            return (sign << 7 | power + scale).to_bytes(1, "big") + exact.to_bytes(length - 1, "big")
        sign, power, fraction = hexadecimal_float(value, digits)
    except OverflowError:
        env.warn(Flaw("IFO239", f"INVALID FLOATING POINT CHARACTERISTIC - {text[:16]}", 8, constant.column))
        return bytes(length)
    return (sign << 7 | power).to_bytes(1, "big") + fraction.to_bytes(length - 1, "big")


def _digits(text: str, constant: Constant) -> tuple[bool, str]:
    match = _DECIMAL.fullmatch(text.strip())
    if match is None or not (match[2] or match[3]):
        raise Flaw("IFO236", f"ILLEGAL CHARACTER IN EXPRESSION - {text[:16]}", 8, constant.column)
    return match[1] == "-", match[2] + (match[3] or "")


def _refuse_nothing(value: str, constant: Constant) -> None:
    """Raises Flaw if nothing is written where a value belongs."""
    if value:
        return
    if constant.kind in "FHEDL":
        raise Flaw("IFO255", "FIXED OR FLOATING POINT EXPRESSION ERROR - NO VALUE", 8, constant.column)
    raise Flaw("IFO178", "SYNTAX ERROR - NO VALUE", 8, constant.column)


def _one(value: str, constant: Constant, length: int, env: Place) -> bytes:
    """The bytes of one quoted value in a field of `length` bytes."""
    kind = constant.kind
    _refuse_nothing(value, constant)
    if kind == "C":
        return to_ebcdic(undouble(value))[:length].ljust(length, b"\x40")
    if kind == "X":
        if not re.fullmatch("[0-9A-Fa-f]+", value):
            raise Flaw("IFO236", f"ILLEGAL CHARACTER IN EXPRESSION - X'{value[:16]}'", 8, constant.column)
        data = bytes.fromhex(value if len(value) % 2 == 0 else "0" + value)
        return data[-length:].rjust(length, b"\0")
    if kind == "B":
        if not re.fullmatch("[01]+", value):
            raise Flaw("IFO236", f"ILLEGAL CHARACTER IN EXPRESSION - B'{value[:16]}'", 8, constant.column)
        return int(value, 2).to_bytes((len(value) + 7) // 8, "big")[-length:].rjust(length, b"\0")
    if kind in "FH":
        return _fixed(value, constant, length * 8, env).to_bytes(length, "big")
    if kind in "EDL":
        return _floating(value, constant, length, env)
    negative, digits = _digits(value, constant)
    if kind == "P":
        packed = (digits + ("D" if negative else "C")).rjust(length * 2, "0")
        if len(packed) > length * 2:
            env.warn(Flaw("IFO322", f"VALUE {value[:16]} TRUNCATED TO {length} BYTES", 4, constant.column))
        return bytes.fromhex(packed[-length * 2 :])
    zoned = digits.rjust(length, "0")[-length:]
    data = bytes(0xF0 | int(digit) for digit in zoned)
    return data[:-1] + bytes(((0xD0 if negative else 0xC0) | data[-1] & 0x0F,))


def _bits(value: str, constant: Constant, bits: int, env: Place) -> int:
    """One value in a field of `bits` bits (bit-length modifier)."""
    length = (bits + 7) // 8
    if constant.kind in "FH":
        return _fixed(value, constant, bits, env)
    data = int.from_bytes(_one(value, constant, length, env), "big")
    return data >> (length * 8 - bits) if constant.kind in "CEDL" else data & (1 << bits) - 1


def generate(constant: Constant, place: Place, offset: int) -> tuple[bytes, list[Relocation]]:
    """The bytes of one operand that begins `offset` bytes into its statement, and what is to be relocated in it."""
    count = constant.duplicate(place)
    explicit = constant.explicit_length(place)
    if constant.values is None:
        if not count:
            return b"", []
        raise Flaw("IFO178", "SYNTAX ERROR - CONSTANT HAS NO NOMINAL VALUE", 8, constant.column)
    if constant.bits and explicit is not None:
        return _generate_bits(constant, place, explicit, count), []
    if constant.type.form != "address":
        once = b"".join(
            _one(value, constant, explicit or constant.implied(value), place) for value in constant.values
        )  # fmt: skip
        return once * count, []
    return _addresses(constant, place, explicit or constant.type.length, count, offset)


def _addresses(
    constant: Constant, place: Place, length: int, count: int, offset: int
) -> tuple[bytes, list[Relocation]]:  # fmt: skip
    values = constant.values or ()
    trees = constant.addresses()
    moves = any("*" in value for value in values)  # the location counter moves along from duplicate to duplicate
    out = bytearray()
    relocations: list[Relocation] = []
    for _ in range(count if moves else min(count, 1)):
        for value, (tree, base) in zip(values, trees, strict=True):
            place.move(offset + len(out))
            field, found = _address(
                constant, value, tree, base, length=length, place=place, offset=offset + len(out)
            )  # fmt: skip
            out += field
            relocations += found
    place.move(0)
    if count > 1 and not moves:
        size = len(out)
        out *= count
        relocations += [
            replace(one, offset=one.offset + at) for at in range(size, len(out), size) for one in tuple(relocations)
        ]
    return bytes(out), relocations


def _generate_bits(constant: Constant, place: Place, bits: int, count: int) -> bytes:
    number = size = 0
    trees = constant.addresses()
    for index, value in enumerate(constant.values or ()):
        field = absolute(trees[index][0], place) & (1 << bits) - 1 if trees else _bits(value, constant, bits, place)
        number = number << bits | field
        size += bits
    eight = sum(number << size * one for one in range(8)).to_bytes(size, "big")  # that many duplicates fill bytes
    rest = sum(number << size * one for one in range(count % 8))
    left = size * (count % 8)
    padding = -left % 8
    return eight * (count // 8) + (rest << padding).to_bytes((left + padding) // 8, "big")


def _address(
    constant: Constant, name: str, tree: Expr, base: Expr | None, *, length: int, place: Place, offset: int
) -> tuple[bytes, list[Relocation]]:  # fmt: skip
    kind = constant.kind
    if kind in "VQ":
        name = name.upper()
        symbol = (place.external if kind == "V" else place.pseudo_register)(name, constant.column)
        section = symbol.terms[0][0] if symbol.terms else None
        if section is None:
            return bytes(length), []
        value = symbol.address if kind == "V" and section.kind not in ("ER", "WX") else 0
        return (value & (1 << 8 * length) - 1).to_bytes(length, "big"), [Relocation(offset, length, kind, section, 1)]
    value, terms = tree.evaluate(place)
    if kind == "S":
        if base is not None:
            register = absolute(base, place)
            if terms or not 0 <= value <= 4095 or not 0 <= register <= 15:
                raise Flaw(
                    "IFO217",
                    "RELOCATABILITY ERROR - S-TYPE CONSTANT WANTS A DISPLACEMENT AND A REGISTER",
                    8,
                    constant.column,
                )
            return (register << 12 | value).to_bytes(2, "big"), []
        return place.base_displacement(value, terms, constant.column, qualifier(tree)).to_bytes(2, "big"), []
    relocations: list[Relocation] = []
    for section, times in terms:
        if section.kind == "DS" and place.has_text():
            what = "NAME OF STATEMENT IN DSECT USED IN RELOCATABLE ADDRESS CONSTANT"
            place.warn(Flaw("IFO158", what, 8, constant.column))
            continue
        value += section.base * times
        # Of eight bytes the last four hold the address: decks of System/370 know no longer ones.
        place_of, size = (offset + length - 4, 4) if length > 4 else (offset, length)
        relocations += [Relocation(place_of, size, "A", section, 1 if times > 0 else -1)] * abs(times)
    limit = 1 << 8 * length
    if relocations and length < 2:  # XF wants three bytes for type A, later assemblers two
        what = "RELOCATABLE EXPRESSION IN A- OR Y-TYPE ADDRESS CONSTANT WITH THE SPECIFIED LENGTH NOT ALLOWED"
        raise Flaw("IFO204", what, 8, constant.column)
    if constant.kind == "Y" and not -(limit >> 1) <= value < limit >> 1:
        what = "L, D, E, F, H, OR Y-TYPE CONSTANT TRUNCATED, HIGH ORDER DIGITS LOST"
        place.warn(Flaw("IFO203", f"{what} - {value} IN {length} BYTES", 4, constant.column))
    elif not -(limit >> 1) <= value < limit and length < 4:
        place.warn(Flaw("IFO322", f"VALUE {value} TRUNCATED TO {length} BYTES", 4, constant.column))
    return (value & limit - 1).to_bytes(length, "big"), relocations
