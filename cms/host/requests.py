"""The language of host halves: what a program outside of the machine may ask of its guest half, and the replies.

A request is a halfword operation and its operands; a reply a fullword return code and data (big-endian, EBCDIC).  A
file identifier is 18 bytes: name, type, mode.  The guest half carries requests out with CMS functions.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

EXIT, TYPE, READ, STATE, WRITE, CLOSE, ERASE, COMMAND, READLINE, PRINT, GLOBAL = range(11)

MAX_DATA = 30_000
"""Bytes of data in one request, so that it fits the guest's buffer."""


LINES = 200
"""Lines that one request can print."""


class ReplyError(ValueError):
    """The guest's reply is shorter than it has to be."""


def _name(text: str, size: int = 8) -> bytes:
    return to_ebcdic(text.upper()[:size].ljust(size))


def file_id(name: str, kind: str, mode: str) -> bytes:
    """The 18 bytes of a file identifier."""
    return _name(name) + _name(kind) + _name(mode, 2)


def _request(operation: int, data: bytes = b"") -> bytes:
    return operation.to_bytes(2, "big") + data


def leave(code: int) -> bytes:
    """End the command with a return code."""
    return _request(EXIT, struct.pack(">Hi", 0, code))


def type_line(text: str) -> bytes:
    """Type a line; a message that begins with DMS is edited as SET EMSG says."""
    return _request(TYPE, to_ebcdic(text[:130] or " "))


def read(file: bytes, first: int, count: int) -> bytes:
    """Read records from number `first` (counted from 1); the guest may give fewer than `count`."""
    return _request(READ, file + struct.pack(">Hi", min(count, 32767), first))


def state(file: bytes) -> bytes:
    """Ask for a file's mode, format, record length and number of records."""
    return _request(STATE, file)


def write(file: bytes, recfm: str, records: list[bytes]) -> bytes:
    """Append records: F all of one length, V each with its length."""
    if recfm == "F":
        lrecl = len(records[0])
        data = b"".join(records)
    else:
        lrecl = max(len(record) for record in records)
        data = b"".join(len(record).to_bytes(2, "big") + record for record in records)
    return _request(WRITE, file + to_ebcdic(recfm) + b"\0" + struct.pack(">Hi", len(records), lrecl) + data)


def close(file: bytes) -> bytes:
    return _request(CLOSE, file)


def erase(file: bytes) -> bytes:
    return _request(ERASE, file)


def command(*words: str) -> bytes:
    """Have CMS execute a command, given as tokens."""
    return _request(COMMAND, b"".join(_name(word) for word in words))


def read_line() -> bytes:
    """Read a line from the terminal."""
    return _request(READLINE)


def print_lines(lines: list[str]) -> bytes:
    """Print lines whose first character is ASA carriage control. At most `LINES` of them."""
    data = [to_ebcdic(text[:133] or " ") for text in lines[:LINES]]
    return _request(PRINT, b"".join(len(line).to_bytes(2, "big") + line for line in data))


def global_names(kind: str) -> bytes:
    """Ask for the libraries that GLOBAL named, `kind` MACLIB or TXTLIB."""
    return _request(GLOBAL, _name(kind))


# --- replies ----------------------------------------------------------------------------------------------------------


def code(reply: bytes) -> int:
    """The return code of any reply.  Raises ReplyError."""
    if len(reply) < 4:
        raise ReplyError("no return code")
    return int.from_bytes(reply[:4], "big", signed=True)


@dataclass(frozen=True, slots=True)
class FileState:
    """What STATE tells of a file."""

    recfm: str
    mode: str
    lrecl: int
    items: int
    output: str = "A"
    """Where what is made of it goes: its disk if that can be written on, else the disk of which that is an extension,
    else A."""


def file_state(reply: bytes) -> FileState:
    """The reply of `state` with return code 0.  Raises ReplyError."""
    if len(reply) < 16:
        raise ReplyError("short STATE reply")
    recfm, mode = from_ebcdic(reply[4:5]), from_ebcdic(reply[6:8])
    lrecl, items = struct.unpack(">ii", reply[8:16])
    output = from_ebcdic(reply[16:17]).strip(" \0") or mode[:1]
    return FileState(recfm, mode, lrecl, items, output)


def records(reply: bytes) -> list[bytes]:
    """The records in the reply of `read` with return code 0.  Raises ReplyError."""
    if len(reply) < 16:
        raise ReplyError("short READ reply")
    recfm = from_ebcdic(reply[4:5])
    count, lrecl = struct.unpack(">Hi", reply[6:12])
    data = reply[16:]
    if recfm == "F":
        if lrecl <= 0 or len(data) < count * lrecl:
            raise ReplyError("short READ reply")
        return [data[at : at + lrecl] for at in range(0, count * lrecl, lrecl)]
    found: list[bytes] = []
    at = 0
    for _ in range(count):
        size = int.from_bytes(data[at : at + 2], "big")
        if at + 2 + size > len(data):
            raise ReplyError("short READ reply")
        found.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    return found


def text(reply: bytes) -> str:
    """The line in the reply of `read_line`."""
    return from_ebcdic(reply[4:])


def names(reply: bytes) -> list[str]:
    """The names in the reply of `global_names`."""
    found = [from_ebcdic(reply[at : at + 8]).strip(" \0") for at in range(4, len(reply) - 7, 8)]
    return [name for name in found if name]
