"""The blocks of the Inter-User Communication Vehicle: functions, flags, parameter lists, a message under way.

Source: SC19-6203, *VM/SP System Programmer's Guide*, "Inter-User Communications Vehicle"; *z/VM CP Programming
Services*.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cpvm.cp.iucvpath import Path

LENGTH = 40
"""Bytes of a parameter list, and of what an interruption X'4000' puts into the buffer."""

FLAGS, CODE, IDENTIFIER, TARGET_CLASS, ADDRESS_1, LENGTH_1 = 2, 3, 4, 8, 12, 16
SOURCE_CLASS, TAG, ADDRESS_2, LENGTH_2 = 20, 24, 28, 32
LIMIT, CONTROL_CODE, PARTNER, USER_DATA = 4, 6, 8, 16
DATA, AUDIT = 12, 8
"""Offsets in a parameter list."""


class Function(IntEnum):
    """The function, in general register 0."""

    QUERY = 0
    TEST_MESSAGE = 1
    RETRIEVE_BUFFER = 2
    DESCRIBE = 3
    SEND = 4
    RECEIVE = 5
    REPLY = 6
    TEST_COMPLETION = 7
    REJECT = 8
    PURGE = 9
    ACCEPT = 10
    CONNECT = 11
    DECLARE_BUFFER = 12
    QUIESCE = 13
    RESUME = 14
    SEVER = 15
    SET_MASK = 16
    SET_CONTROL_MASK = 17


class Code(IntEnum):
    """IPRCODE."""

    NORMAL = 0
    PATH = 1
    QUIESCED = 2
    LIMIT = 3
    NO_PRIORITY = 4
    SHORT = 5
    PROTECTION = 6
    ADDRESSING = 7
    CLASS = 8
    PURGED = 9
    NEGATIVE = 10
    NOT_LOGGED_ON = 11
    NO_BUFFER = 12
    TOO_MANY = 13
    TARGET_TOO_MANY = 14
    NOT_AUTHORIZED = 15
    NO_SERVICE = 16
    CONTROL_CODE = 17
    LIMIT_TOO_LARGE = 18
    DECLARED = 19
    SEVERED = 20
    NO_PARAMETER_DATA = 21
    LIST = 22


class Flag(IntFlag):
    """IPFLAGS1; what a bit means depends on the function."""

    DATA = 0x80  # data in the parameter list; SEVER, QUIESCE, RESUME: all paths
    QUIESCE = 0x40  # CONNECT, ACCEPT; elsewhere a list of buffers
    PRIORITY = 0x20
    ONE_WAY = 0x10
    ANSWER_LIST = 0x08
    BY_CLASS = 0x04
    BY_IDENTIFIER = 0x02
    BY_PATH = 0x01


class Type(IntEnum):
    """IPTYPE, the kind of an interruption."""

    PENDING = 1
    COMPLETE = 2
    SEVERED = 3
    QUIESCED = 4
    RESUMED = 5
    PRIORITY_REPLY = 6
    REPLY = 7
    PRIORITY_MESSAGE = 8
    MESSAGE = 9


class Audit(IntFlag):
    """IPAUDIT, its first two bytes: what was wrong with a message."""

    NONE = 0
    TRUNCATED_REPLY = 0x8000  # the answer was longer than the area for it
    ANSWER_PROTECTION = 0x1000
    ANSWER_ADDRESSING = 0x0800
    REJECTED = 0x0020
    SEVERED = 0x0010


class List:
    """A parameter list, or what goes to the interruption buffer: 40 bytes with fields."""

    def __init__(self, data: bytes = bytes(LENGTH)) -> None:
        self.data = bytearray(data)

    def word(self, at: int) -> int:
        """The unsigned fullword at an offset."""
        return int.from_bytes(self.data[at : at + 4], "big")

    def half(self, at: int) -> int:
        """The unsigned halfword at an offset."""
        return int.from_bytes(self.data[at : at + 2], "big")

    def put(self, at: int, value: int, size: int = 4) -> None:
        """Store a number of SIZE bytes."""
        self.data[at : at + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "big")

    def put_bytes(self, at: int, data: bytes) -> None:
        """Store bytes."""
        self.data[at : at + len(data)] = data

    @property
    def path(self) -> int:
        """IPPATHID."""
        return self.half(0)

    @property
    def flags(self) -> int:
        """IPFLAGS1."""
        return self.data[FLAGS]


@dataclass(eq=False)
class Message:
    """One message on a path, sent from SENDER's side of it.

    `data` is what goes with it; `answer` says where the reply goes in the sender's storage, address and length.
    """

    sender: Path
    identifier: int
    flags: int
    target_class: int
    source_class: int
    tag: int
    data: bytes
    answer: tuple[int, int]
    key: int
    presented: bool = False
    received: bool = False
    audit: int = 0
    left: int = 0  # of the sender's answer area, or of the reply if that was longer
    reply: bytes | None = None  # in the parameter list

    @property
    def two_way(self) -> bool:
        """Whether a reply is awaited."""
        return not self.flags & Flag.ONE_WAY
