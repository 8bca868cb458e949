"""Channel command words, channel status words and the bits in them.

Source: *IBM System/370 Principles of Operation*, GA22-7000, chapter "Input/Output Operations".
The bit names are plain integers, not enumerations: channels test them for every CCW.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ADDRESS_MASK: Final = 0xFFFFFF
CCW_LENGTH: Final = 8


class Flag:
    """CCW flags (byte 4 of a CCW)."""

    CD: Final = 0x80  # chain data: the next CCW continues this operation in another area
    CC: Final = 0x40  # chain command
    SLI: Final = 0x20  # suppress length indication
    SKIP: Final = 0x10  # no transfer to storage
    PCI: Final = 0x08  # program-controlled interruption
    IDA: Final = 0x04  # the address is that of an indirect data address list
    UNUSED: Final = 0x03  # must be zero


class UnitStatus:
    """Unit status (byte 4 of a CSW), made by the device and its control unit."""

    ATTENTION: Final = 0x80
    STATUS_MODIFIER: Final = 0x40
    CONTROL_UNIT_END: Final = 0x20
    BUSY: Final = 0x10
    CHANNEL_END: Final = 0x08
    DEVICE_END: Final = 0x04
    UNIT_CHECK: Final = 0x02
    UNIT_EXCEPTION: Final = 0x01
    ENDED: Final = 0x0C  # channel end and device end


class ChannelCondition:
    """Channel status (byte 5 of a CSW), made by the channel."""

    PCI: Final = 0x80
    INCORRECT_LENGTH: Final = 0x40
    PROGRAM_CHECK: Final = 0x20
    PROTECTION_CHECK: Final = 0x10
    CHANNEL_DATA_CHECK: Final = 0x08
    CHANNEL_CONTROL_CHECK: Final = 0x04
    INTERFACE_CONTROL_CHECK: Final = 0x02
    CHAINING_CHECK: Final = 0x01
    ERRORS: Final = 0x3F  # any of these ends the channel program


class Sense:
    """Sense byte 0, common to all devices."""

    COMMAND_REJECT: Final = 0x80
    INTERVENTION_REQUIRED: Final = 0x40
    BUS_OUT_CHECK: Final = 0x20
    EQUIPMENT_CHECK: Final = 0x10
    DATA_CHECK: Final = 0x08
    OVERRUN: Final = 0x04


class Command:
    """Command codes that mean the same on every device."""

    TEST_IO: Final = 0x00  # not valid in a CCW
    IPL: Final = 0x02
    NOP: Final = 0x03
    SENSE: Final = 0x04
    TIC: Final = 0x08  # low four bits 1000
    READ_BACKWARD: Final = 0x0C  # low four bits 1100
    SENSE_ID: Final = 0xE4


@dataclass(frozen=True, slots=True)
class CCW:
    """A channel command word: command code, data address (24 bits), flags, count (16 bits)."""

    command: int
    address: int
    flags: int
    count: int

    @classmethod
    def from_bytes(cls, data: bytes) -> CCW:
        """Take a CCW apart; `data` is 8 bytes (byte 5 is ignored, as by the channel).

        Raises:
            ValueError: `data` is not 8 bytes long.
        """
        if len(data) != CCW_LENGTH:
            raise ValueError(f"a CCW has 8 bytes, not {len(data)}")
        return cls(data[0], int.from_bytes(data[1:4], "big"), data[4], data[6] << 8 | data[7])

    def to_bytes(self) -> bytes:
        """The 8 bytes of the CCW."""
        word = self.command << 24 | self.address & ADDRESS_MASK
        return word.to_bytes(4, "big") + bytes((self.flags, 0)) + self.count.to_bytes(2, "big")

    @property
    def is_tic(self) -> bool:
        """Whether this is a transfer in channel (low four bits of the command 1000)."""
        return self.command & 0x0F == Command.TIC


@dataclass(slots=True)
class CSW:
    """A channel status word. It is not changed once made; only for the time that it takes it is not a frozen class.

    `key` 0-15, `logout` the logout-pending bit, `deferred_cc` 0-3, `address` the byte behind the last CCW used,
    `unit` and `channel` the status bytes, `count` the residual count.
    """

    key: int = 0
    address: int = 0
    unit: int = 0
    channel: int = 0
    count: int = 0
    deferred_cc: int = 0
    logout: bool = False

    def to_bytes(self) -> bytes:
        """The 8 bytes as stored at location X'40'."""
        first = self.key << 4 | self.logout << 2 | self.deferred_cc
        word = first << 24 | self.address & ADDRESS_MASK
        return (word << 32 | self.unit << 24 | self.channel << 16 | self.count).to_bytes(8, "big")

    @classmethod
    def from_bytes(cls, data: bytes) -> CSW:
        """Take 8 bytes apart.

        Raises:
            ValueError: `data` is not 8 bytes long.
        """
        if len(data) != 8:
            raise ValueError(f"a CSW has 8 bytes, not {len(data)}")
        return cls(
            key=data[0] >> 4,
            address=int.from_bytes(data[1:4], "big"),
            unit=data[4],
            channel=data[5],
            count=data[6] << 8 | data[7],
            deferred_cc=data[0] & 3,
            logout=bool(data[0] & 4),
        )


def caw(data: bytes) -> tuple[int, int]:
    """Key (0-15) and CCW address of the channel address word `data` (4 bytes at location X'48').

    Raises:
        ValueError: bits 4-7 are not zero or the CCW address is not on a doubleword: a program check for the channel.
    """
    word = int.from_bytes(data, "big")
    if word & 0x0F000007:
        raise ValueError(f"invalid CAW {data.hex().upper()}")
    return word >> 28, word & ADDRESS_MASK
