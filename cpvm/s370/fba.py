"""Fixed-block DASD: the device types, and what Read Device Characteristics gives of them.

Sources: GA26-1657 (3370), GA26-1660 (3310), "Read Device Characteristics", "Define Extent", "Locate".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

BLOCK: Final = 512
"""Bytes of a block."""

# file mask of Define Extent
MASK_WRITES, MASK_NO_FORMAT, MASK_NO_WRITE, MASK_RESERVED, MASK_ALL = 0xC0, 0x00, 0x40, 0x80, 0xC0
MASK_ZEROS: Final = 0x3B  # not used, and the customer engineers' extent
# operations of Locate
WRITE, READ_REPLICATED, FORMAT_DEFECTIVE, WRITE_VERIFY, READ = 0x01, 0x02, 0x04, 0x05, 0x06


@dataclass(frozen=True, slots=True)
class FixedBlock:
    """A type of fixed-block DASD.

    `blocks` of 512 bytes; `per_track` of them pass in a revolution, `per_cylinder` are reached without moving the arm.
    `unit` is the control unit's type; `kind` the unit type byte of the characteristics. Times in milliseconds: of a
    revolution, of the arm's shortest, average and longest way.
    """

    name: str
    blocks: int
    per_track: int
    per_cylinder: int
    unit: int
    model: int
    kind: int
    rotation: float
    seek: tuple[int, int, int]

    @property
    def type(self) -> int:
        """Device type as digits in a number: 0x3370."""
        return int(self.name[:4], 16)

    def characteristics(self, blocks: int) -> bytes:
        """The 32 bytes of Read Device Characteristics for a disk with so many blocks."""
        return b"".join(
            (
                b"\x30\x08",  # operation modes, features
                b"\x21",  # direct access, fixed block
                bytes((self.kind,)),
                BLOCK.to_bytes(2, "big"),
                self.per_track.to_bytes(4, "big"),
                self.per_cylinder.to_bytes(4, "big"),
                blocks.to_bytes(4, "big"),
                bytes(8),  # blocks under fixed heads, in the alternate area, in the customer engineers' area
                round(self.rotation).to_bytes(2, "big"),
                self.seek[0].to_bytes(2, "big"),
                self.seek[2].to_bytes(2, "big"),
            )
        )


FIXED_BLOCK: Final[dict[str, FixedBlock]] = {
    f.name: f
    for f in (
        FixedBlock("3310", 125664, 32, 352, 0x4331, 0x01, 0x01, 19.2, (9, 27, 46)),
        FixedBlock("3370", 558000, 62, 744, 0x3880, 0x00, 0x02, 20.2, (5, 20, 40)),
        FixedBlock("3370-2", 712752, 62, 744, 0x3880, 0x04, 0x05, 20.2, (5, 19, 40)),
    )
}
FIXED_BLOCK["3370-1"] = FIXED_BLOCK["3370"]
