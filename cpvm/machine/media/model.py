"""What the types of CKD drives and their control units differ in, other than geometry: commands, sense bytes, times.

Sources: A26-5988 (2841, 2311), GA26-3599 (2314), GA26-1589 (2835, 2305), GA26-1617 (3830 model 2), GA26-1592 and
GA26-1615 (3330), GA26-1619 (3340, 3344), GA26-1638 (3350), GA26-1661 (3880, 3375, 3380). Define Extent, Locate Record
and the commands that need them came with the 3990 and with a later feature of the 3880: none of these drives has them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cpvm.s370.ckd import Geometry

# sense byte 0: `cpvm.s370.ccw.Sense`, and
TRACK_CONDITION, SEEK_CHECK = 0x02, 0x01
# sense byte 1; the first is Track Overrun, the two before the last Invalid Sequence and Missing Address Marker, on the
# 2311 and 2314
INVALID_TRACK_FORMAT, END_OF_CYLINDER, INVALID_SEQUENCE, NO_RECORD_FOUND = 0x40, 0x20, 0x10, 0x08
FILE_PROTECTED, MISSING_MARKER, WRITE_INHIBITED, INCOMPLETE = 0x04, 0x02, 0x02, 0x01
# messages of format 0, sense byte 7: program and system checks
INVALID_COMMAND, SEQUENCE, SHORT_COUNT, BAD_VALUE = 1, 2, 3, 4

SCANS: Final = frozenset({0x2D, 0x4D, 0x6D, 0x25, 0x45, 0x65, 0x35, 0x75, 0x55})
SECTORS: Final = frozenset({0x22, 0x23})
OVERFLOW: Final = frozenset({0x01})
LOG, IDENTITY, UNCONDITIONAL = frozenset({0xA4}), frozenset({0xE4}), frozenset({0x14})
MULTIPLE: Final = frozenset({0x5E})
CHARACTERISTICS: Final = frozenset({0x64})
OPTIONAL: Final = (SCANS | {code | 0x80 for code in SCANS} | SECTORS | OVERFLOW | LOG | IDENTITY | UNCONDITIONAL) | (
    MULTIPLE | CHARACTERISTICS
)
"""Commands that not every type has."""

_FAMILY = SECTORS | OVERFLOW | LOG | IDENTITY | UNCONDITIONAL  # 3330 and what followed it on the 3830
_LATE = SECTORS | LOG | IDENTITY | UNCONDITIONAL | MULTIPLE  # on the 3880


@dataclass(frozen=True, slots=True)
class Model:
    """The manners of a type.

    `commands` are those of `OPTIONAL` that it has; `mask_zeros` the bits of the file mask that must be zero; `home` the
    bytes that Write Home Address takes (the last five are flag, cylinder and head; those before place the track's
    defects); `switches`: a defective track's alternate is found by the control unit itself, not by the program.
    `cylinder_shift` says where sense byte 6 has the high bits of the cylinder. `unit_model` is the control unit's in
    Sense ID. Times in microseconds: of a revolution, and of the arm to the next cylinder, on average, over all.
    """

    commands: frozenset[int]
    rotation: int
    seek: tuple[int, int, int]
    sense_length: int = 24
    mask_zeros: int = 0x20
    home: int = 5
    switches: bool = False
    cylinder_shift: int = 4
    unit_model: int = 2
    byte3: int = 0  # what a 2311 or 2314 reports of itself in sense byte 3: ready, on line
    byte4: Callable[[int], int] = lambda address: 0  # sense byte 4, from the I/O address

    @property
    def modern(self) -> bool:
        """Whether the sense bytes have formats and messages."""
        return self.sense_length > 6

    def arm_time(self, distance: int, cylinders: int) -> int:
        """Microseconds that the arm moves over so many cylinders; a third of all `cylinders` is the average."""
        low, average, high = self.seek
        if distance <= 1 or cylinders < 5:
            return low if distance else 0
        third = cylinders // 3
        if distance <= third:
            return low + (average - low) * (distance - 1) // max(third - 1, 1)
        return average + (high - average) * (distance - third) // max(cylinders - 1 - third, 1)


_MODELS: Final = {
    "2305": Model(_FAMILY, 10_000, (0, 0, 0), unit_model=0),
    "2311": Model(SCANS | {c | 0x80 for c in SCANS} | OVERFLOW, 25_000, (25_000, 75_000, 135_000), 6, 0x27, byte3=0xC8),
    "2314": Model(SCANS | {c | 0x80 for c in SCANS} | OVERFLOW, 25_000, (25_000, 75_000, 130_000), 6, 0x27, byte3=0x40),
    "3330": Model(_FAMILY, 16_700, (10_000, 30_000, 55_000), cylinder_shift=6, byte4=lambda a: a & 7 | (~a & 7) << 3),
    "3330-11": Model(
        _FAMILY, 16_700, (10_000, 30_000, 55_000), cylinder_shift=5, byte4=lambda a: a & 7 | (~a & 7) << 3
    ),
    "3340": Model(_FAMILY, 20_240, (10_000, 25_000, 50_000), home=7, cylinder_shift=5, byte4=lambda a: 0x80 >> (a & 7)),
    "3350": Model(
        _FAMILY, 16_700, (10_000, 25_000, 50_000), home=11, cylinder_shift=5, byte4=lambda a: 0x80 >> (a & 7)
    ),
    "3375": Model(
        _LATE,
        20_240,
        (4_000, 19_000, 38_000),
        switches=True,
        cylinder_shift=6,
        unit_model=5,
        byte4=lambda a: a & 7,
    ),
    "3380": Model(
        _LATE | CHARACTERISTICS,
        16_600,
        (3_000, 16_000, 30_000),
        switches=True,
        unit_model=5,
        byte4=lambda a: a & 0x0F,
    ),
    "3390": Model(_LATE | CHARACTERISTICS, 14_100, (1_500, 9_500, 18_000), switches=True),
}


def model_of(geometry: Geometry) -> Model:
    """The manners of the type with this geometry."""
    return _MODELS.get(geometry.name) or _MODELS[geometry.name[:4]]


def sense_bytes(
    geometry: Geometry,
    checks: tuple[int, int],
    *,
    message: int = 0,
    place: tuple[int, int] = (0, 0),
    address: int = 0,
    restart: int = 0,
) -> bytes:
    """The sense bytes of a drive.

    Args:
        geometry: its type.
        checks: sense bytes 0 and 1.
        message: of format 0; only if byte 0 tells of command reject.
        place: cylinder and head of the arm.
        address: the drive's I/O address, the low bits of which are its own.
        restart: the command code that goes on with an overflow record, if Operation Incomplete is among the checks.
    """
    model = model_of(geometry)
    sense = bytearray(model.sense_length)
    sense[0], sense[1] = checks
    if not model.modern:
        sense[3] = model.byte3 | (checks[1] & END_OF_CYLINDER) >> 3
        sense[5] = restart
        return bytes(sense)
    cylinder, head = place
    if geometry.type == 0x3340:
        sense[2] = 0x80 | geometry.model  # rotational position sensing is installed
    sense[3] = restart
    sense[4] = model.byte4(address)
    if model.seek[0]:  # it has an arm
        sense[5] = cylinder & 0xFF
        sense[6] = (cylinder >> 8 << model.cylinder_shift | head & 0x1F) & 0xFF
    sense[7] = message
    return bytes(sense)
