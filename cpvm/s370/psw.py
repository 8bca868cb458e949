"""The program status word, in the basic-control (BC) and the extended-control (EC) mode.

Source: *Principles of Operation*, GA22-7000, "Program Status Word".
"""

from dataclasses import dataclass
from typing import Self

# bits 12-15 together, as `PSW.mode` and `Ops.mode` have them
EC, MACHINE_CHECK, WAIT, PROBLEM = 8, 4, 2, 1

# program mask
FIXED_OVERFLOW_MASK, DECIMAL_OVERFLOW_MASK, UNDERFLOW_MASK, SIGNIFICANCE_MASK = 8, 4, 2, 1

# system mask of the BC mode: a bit each for channels 0 to 5, one for all others, one for external interruptions
BC_CHANNEL_0, BC_OTHER_CHANNELS, EXTERNAL_MASK = 0x80, 0x02, 0x01
# system mask of the EC mode
EC_PER, EC_TRANSLATION, EC_IO = 0x40, 0x04, 0x02
EC_ZERO_FIRST, EC_ZERO_SECOND = 0xB800C0FF, 0xFF000000
"""Bits of the two words of an EC-mode PSW that must be zero."""


Fields = tuple[int, int, int, int, int, int, int, int, int]
"""Of a PSW, in the order of `PSW`."""


def take_apart(first: int, second: int) -> Fields:
    """The fields of a PSW from its two words, signed or not."""
    first &= 0xFFFFFFFF
    second &= 0xFFFFFFFF
    mask, key, mode, address = first >> 24, first >> 20 & 15, first >> 16 & 15, second & 0xFFFFFF
    if mode & EC:
        wrong = (first & EC_ZERO_FIRST) << 32 | second & EC_ZERO_SECOND
        return mask & ~(EC_ZERO_FIRST >> 24), key, mode, first >> 12 & 3, first >> 8 & 15, address, 0, 0, wrong
    return mask, key, mode, second >> 28 & 3, second >> 24 & 15, address, first & 0xFFFF, second >> 30, 0


def put_together(fields: Fields) -> tuple[int, int]:
    """The two words of a PSW, unsigned, from its fields."""
    mask, key, mode, cc, pmask, address, code, ilc, wrong = fields
    first = mask << 24 | key << 20 | mode << 16 | wrong >> 32
    second = address | wrong & 0xFFFFFFFF
    if mode & EC:
        return first | cc << 12 | pmask << 8, second
    return first | code, second | ilc << 30 | cc << 28 | pmask << 24


@dataclass(frozen=True)
class PSW:
    """A PSW, taken apart. In the EC mode there are no interruption code and instruction-length code."""

    system_mask: int = 0
    """Bits 0-7."""
    key: int = 0
    """Protection key, 0 to 15."""
    mode: int = 0
    """Bits 12-15: EC mode (8), machine-check mask (4), wait (2), problem state (1)."""
    cc: int = 0
    program_mask: int = 0
    address: int = 0
    """Instruction address, 24 bits."""
    code: int = 0
    """Interruption code, 16 bits; BC mode only."""
    ilc: int = 0
    """Instruction-length code in halfwords, 0 to 3; BC mode only."""
    unassigned: int = 0
    """EC mode: the bits that ought to be zero, where they are not, as a number of 64 bits."""

    @property
    def ec(self) -> bool:
        """Whether this is an EC-mode PSW."""
        return self.mode & EC != 0

    @property
    def wait(self) -> bool:
        """Whether the CPU waits."""
        return self.mode & WAIT != 0

    @property
    def problem(self) -> bool:
        """Whether the CPU is in the problem state."""
        return self.mode & PROBLEM != 0

    @property
    def valid(self) -> bool:
        """Whether the bits that must be zero are."""
        return self.unassigned == 0

    def words(self) -> tuple[int, int]:
        """The two words, unsigned."""
        return put_together(
            (
                self.system_mask,
                self.key,
                self.mode,
                self.cc,
                self.program_mask,
                self.address,
                self.code,
                self.ilc,
                self.unassigned,
            )
        )

    def to_bytes(self) -> bytes:
        """The PSW as 8 bytes of storage."""
        first, second = self.words()
        return (first << 32 | second).to_bytes(8, "big")

    @classmethod
    def from_words(cls, first: int, second: int) -> Self:
        """A PSW from two words, signed or not."""
        return cls(*take_apart(first, second))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """A PSW from 8 bytes of storage. Raises ValueError if there are not 8."""
        if len(data) != 8:
            raise ValueError("a PSW has 8 bytes")
        return cls.from_words(int.from_bytes(data[:4], "big"), int.from_bytes(data[4:], "big"))
