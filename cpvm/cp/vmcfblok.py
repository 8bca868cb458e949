"""The blocks of the Virtual Machine Communication Facility: parameter list, message header, a message under way.

Source: GC20-1807, *VM/370 System Programmer's Guide*, "Virtual Machine Communication Facility"; SY20-0884, VMCBLOK.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING

from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

if TYPE_CHECKING:
    from cpvm.cp.vmcf import VMCF

HEADER_LENGTH = 40
_PARAMETERS = struct.Struct(">BxHI8sIIII8s")
_HEADER = struct.Struct(">BBHI8sIIII8s")


class Function(IntEnum):
    """VMCPFUNC, the subfunction."""

    AUTHORIZE = 0
    UNAUTHORIZE = 1
    SEND = 2
    SEND_RECEIVE = 3
    SENDX = 4
    RECEIVE = 5
    CANCEL = 6
    REPLY = 7
    QUIESCE = 8
    RESUME = 9
    IDENTIFY = 10
    REJECT = 11


class Code(IntEnum):
    """Return codes; those of a transfer of data are also its error codes."""

    NORMAL = 0
    BUFFER = 1
    FUNCTION = 2
    PROTOCOL = 3
    NOT_AUTHORIZED = 4
    NOT_AVAILABLE = 5
    PROTECTION = 6
    TOO_LARGE = 7
    DUPLICATE = 8
    QUIESCED = 9
    TOO_MANY = 10
    REPLY_CANCELLED = 11
    NOT_FOUND = 12
    NOT_YET = 13
    TOO_LATE = 14
    LENGTH = 16
    OVERLAP = 17
    NO_PRIORITY = 18
    TRANSFER = 19


class Option(IntFlag):
    """VMCPFLG1."""

    SPECIFIC = 0x80
    PRIORITY = 0x40
    SPECIAL_MESSAGES = 0x20


class Status(IntFlag):
    """VMCMSTAT."""

    NONE = 0
    FINAL = 0x80
    REJECTED = 0x40
    PRIORITY = 0x20


@dataclass(frozen=True)
class Parameters:
    """VMCPARM. Addresses and lengths are unsigned words as they stand in the list."""

    options: int
    function: int
    identifier: int
    user: str
    address_a: int
    length_a: int
    address_b: int
    length_b: int
    use: bytes

    @classmethod
    def from_bytes(cls, data: bytes) -> Parameters:
        """The list in 40 bytes."""
        options, function, identifier, user, a, length_a, b, length_b, use = _PARAMETERS.unpack(data)
        return cls(options, function, identifier, from_ebcdic(user).rstrip(), a, length_a, b, length_b, use)


@dataclass(eq=False)
class VMCFMessage:
    """One message from SOURCE (None: CP, for SMSG) to SINK. `key` is the source's PSW key."""

    source: VMCF | None
    sink: VMCF
    parameters: Parameters
    key: int
    data: bytes = b""  # SENDX
    presented: bool = False  # the sink was interrupted for it
    received: bool = False  # by RECEIVE; a SEND/RECV waits for its reply
    done: bool = False  # the response is on its way, or there will be none

    @property
    def source_name(self) -> str:
        """The userid that the sink sees."""
        return self.source.vm.userid if self.source is not None else "SYSTEM"


@dataclass(eq=False)
class Arrival:
    """An interruption X'4001' that is due: a message for its sink, or with FINAL its end for its source."""

    message: VMCFMessage
    status: Status
    error: int = 0
    left_a: int | None = None  # residual counts, None: the length of the parameter list
    left_b: int | None = None
    use: bytes | None = None  # the sink's doubleword, None: the source's

    def header(self) -> bytes:
        """VMCMHDR as the machine finds it in its buffer; the data of SENDX not included."""
        message, asked = self.message, self.message.parameters
        response = self.status & Status.FINAL and asked.function != Function.IDENTIFY
        name = message.sink.vm.userid if response else message.source_name
        return _HEADER.pack(
            self.status, self.error, asked.function, asked.identifier, to_ebcdic(f"{name:<8}"), asked.address_a,
            asked.length_a if self.left_a is None else self.left_a, asked.address_b,
            asked.length_b if self.left_b is None else self.left_b, asked.use if self.use is None else self.use,
        )  # fmt: skip
