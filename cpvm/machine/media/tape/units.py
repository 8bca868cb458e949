"""Tape units: what programs, and the clock, see of the differences between types.

Sources: GA22-6866 (2400 series), GA22-6918 (2415), GA32-0015 (2420), GA32-0022 (3410/3411), GA32-0020 (3803/3420).
Speeds are those of the fastest model of each type: 2401-6, 2415-6, 2420-7, 3410-3, 3420-8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MIL: Final = 1000  # lengths of tape are counted in thousandths of an inch
FOOT: Final = 12 * MIL
MARK: Final = 3500  # a tape mark with the gap before it; an erase gap is as long
BEHIND_SPOT: Final = 25 * FOOT  # from the reflective spot that tells the end of the reel to the end of the tape
REEL: Final = 2400 * FOOT
LATEST: Final = (800, 1600, 6250)


@dataclass(frozen=True, slots=True)
class Unit:
    """A type of tape unit.

    `sense` bytes; `speed` in inches a second; `rewind` seconds for a reel of 2400 feet; `densities` in bytes an inch,
    the usual one last; `fixed` sense bytes that tell the machine's type; `id` for Sense ID.
    """

    sense: int
    speed: float
    rewind: float
    densities: tuple[int, ...]
    fixed: Mapping[int, int]
    id: bytes | None = None

    def length(self, count: int, density: int) -> int:
        """Mils of tape for a block of so many bytes, with the gap between blocks."""
        return count * MIL // density + (300 if density > 1600 else 600)

    def pass_time(self, mils: int) -> int:
        """Microseconds for so many mils to pass the heads."""
        return round(mils * 1000 / self.speed)

    def rewind_time(self, mils: int) -> int:
        """Microseconds to rewind so many mils."""
        return round(mils * self.rewind * 1_000_000 / REEL)


_2400: Final = Unit(6, 112.5, 60, (800, 1600), {})
_2415: Final = Unit(6, 18.75, 240, (800, 1600), {})
_2420: Final = Unit(6, 200, 60, (1600,), {})
_3410: Final = Unit(9, 50, 120, (800, 1600), {5: 0x40, 6: 0x23})
_3420: Final = Unit(
    24, 200, 45, LATEST, {5: 0xC0, 6: 0x2B, 13: 0x80, 14: 0x01, 16: 0x01}, bytes.fromhex("FF380302342008")
)

UNITS: Final[Mapping[str, Unit]] = {
    "3420": _3420,
    "2401": _2400,
    "2402": _2400,
    "2403": _2400,
    "2404": _2400,
    "2415": _2415,
    "2420": _2420,
    "3410": _3410,
    "3411": _3410,
}
"""Units by type number."""
