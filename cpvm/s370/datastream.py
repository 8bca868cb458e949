"""The 3270 data stream: command, order, attention and attribute codes, and buffer addresses.

Source: *3270 Data Stream Programmer's Reference*, GA23-0059; *3270 Information Display System Component Description*,
GA27-2749 (3272 and 3277). Plain integers, as in `cpvm.s370.ccw`.
"""

from __future__ import annotations

from typing import Final


class Write:
    """Commands that change the buffer, as a channel sends them."""

    WRITE: Final = 0x01
    ERASE_WRITE: Final = 0x05
    ERASE_WRITE_ALTERNATE: Final = 0x0D
    ERASE_ALL_UNPROTECTED: Final = 0x0F
    STRUCTURED_FIELD: Final = 0x11


class Read:
    """Commands that ask for the buffer, as a channel sends them."""

    BUFFER: Final = 0x02
    MODIFIED: Final = 0x06
    MODIFIED_ALL: Final = 0x0E


REMOTE: Final = {
    0xF1: Write.WRITE,
    0xF5: Write.ERASE_WRITE,
    0x7E: Write.ERASE_WRITE_ALTERNATE,
    0x6F: Write.ERASE_ALL_UNPROTECTED,
    0xF3: Write.STRUCTURED_FIELD,
    0xF2: Read.BUFFER,
    0xF6: Read.MODIFIED,
    0x6E: Read.MODIFIED_ALL,
}
"""The codes of the same commands on a line, in structured fields and in TN3270."""


class Control:
    """Bits of the write control character."""

    RESET: Final = 0x40
    ALARM: Final = 0x04
    RESTORE: Final = 0x02  # unlock the keyboard, forget the attention identification
    RESET_MODIFIED: Final = 0x01


class Order:
    """Order codes."""

    PT: Final = 0x05  # program tab
    GE: Final = 0x08  # graphic escape
    SBA: Final = 0x11  # set buffer address
    EUA: Final = 0x12  # erase unprotected to address
    IC: Final = 0x13  # insert cursor
    SF: Final = 0x1D  # start field
    SA: Final = 0x28  # set attribute
    SFE: Final = 0x29  # start field extended
    MF: Final = 0x2C  # modify field
    RA: Final = 0x3C  # repeat to address


DUP: Final = 0x1C
FIELD_MARK: Final = 0x1E
FORMAT_CONTROLS: Final = frozenset((0x0C, 0x0D, 0x15, 0x19, DUP, FIELD_MARK, 0x25, 0x3F))
"""Form feed, carriage return, new line, end of medium, duplicate, field mark, line feed, substitute: kept as data."""


class Attribute:
    """Bits of a field attribute; the first two only make it a graphic."""

    PROTECTED: Final = 0x20
    NUMERIC: Final = 0x10
    SKIP: Final = 0x30  # protected and numeric: the cursor jumps over the field
    DISPLAY: Final = 0x0C  # 0 normal, 4 detectable by the light pen, 8 intensified and detectable, C not displayed
    HIDDEN: Final = 0x0C
    MODIFIED: Final = 0x01
    VALUE: Final = 0x3F


class Extended:
    """Types of attributes in SFE, MF and SA."""

    ALL: Final = 0x00  # SA only: back to defaults
    HIGHLIGHTING: Final = 0x41
    COLOUR: Final = 0x42
    CHARACTER_SET: Final = 0x43
    BACKGROUND: Final = 0x45
    TRANSPARENCY: Final = 0x46
    FIELD: Final = 0xC0  # the field attribute itself
    VALIDATION: Final = 0xC1
    OUTLINING: Final = 0xC2
    INPUT_CONTROL: Final = 0xFE


class Aid:
    """Attention identification: the key that the operator pressed."""

    NONE: Final = 0x60
    READ_PARTITION: Final = 0x61  # a structured field asked for the data
    STRUCTURED_FIELD: Final = 0x88
    ENTER: Final = 0x7D
    SELECT: Final = 0x7E  # light pen, or cursor select
    CLEAR: Final = 0x6D
    PA1: Final = 0x6C
    PA2: Final = 0x6E
    PA3: Final = 0x6B
    TEST_REQUEST: Final = 0xF0


SHORT_READ: Final = frozenset((Aid.CLEAR, Aid.PA1, Aid.PA2, Aid.PA3))
"""The keys after which Read Modified gives nothing but the identification."""

KEYS: Final = {
    "enter": Aid.ENTER,
    "clear": Aid.CLEAR,
    "pa1": Aid.PA1,
    "pa2": Aid.PA2,
    "pa3": Aid.PA3,
    "test": Aid.TEST_REQUEST,
    "select": Aid.SELECT,
    **{f"pf{n}": 0xF0 + n for n in range(1, 10)},
    **{f"pf{n}": 0x7A + n - 10 for n in range(10, 13)},
    **{f"pf{n}": 0xC0 + n - 12 for n in range(13, 22)},
    **{f"pf{n}": 0x4A + n - 22 for n in range(22, 25)},
}
"""Attention identifications by the names of their keys."""

GRAPHICS: Final = bytes.fromhex(
    "40c1c2c3c4c5c6c7c8c94a4b4c4d4e4f"
    "50d1d2d3d4d5d6d7d8d95a5b5c5d5e5f"
    "6061e2e3e4e5e6e7e8e96a6b6c6d6e6f"
    "f0f1f2f3f4f5f6f7f8f97a7b7c7d7e7f"
)
"""The EBCDIC graphic that stands for six bits in addresses and attributes."""


def encode_address(address: int, size: int) -> bytes:
    """A buffer address as the terminal sends it: 12 bits in two graphics, or 14 bits if the buffer has more than 4096
    positions (`size`)."""
    if size > 0x1000:
        return bytes((address >> 8 & 0x3F, address & 0xFF))
    return bytes((GRAPHICS[address >> 6 & 0x3F], GRAPHICS[address & 0x3F]))


def decode_address(high: int, low: int, wide: bool = True) -> int:
    """The buffer address in two bytes: 14 bits if the first two are zero, else the lower six of each.

    A 3272 (`wide` false) knows the latter form only.
    """
    if wide and not high & 0xC0:
        return (high & 0x3F) << 8 | low
    return (high & 0x3F) << 6 | low & 0x3F
