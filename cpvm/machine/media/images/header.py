"""The headers of Hercules disk image files.

A file begins with 512 bytes that say what it is: eight characters of ASCII, then for count-key-data disks the number of
heads and the size of a track image (little-endian words), the low byte of the device type, the number of the file
within its volume and the number of its last cylinder (0: the last file). Compressed files have a second header of 512
bytes and a table of offsets of tables of offsets of tracks; in the 64-bit kind, offsets have eight bytes.
Source: "Compressed Dasd Emulation" in the documentation of Hercules 3.13; cckd64.h of SDL Hyperion.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cpvm.machine.device import MediaError
from cpvm.s370.ckd import GEOMETRY, Geometry

HEADER: Final = 512
"""Size of each of the two headers, bytes."""

# The identifiers: CKD or FBA, then P (plain), C (compressed) or S (shadow), then 370 (32-bit) or 064 (64-bit).
PLAIN: Final = (b"CKD_P370", b"CKD_P064")
COMPRESSED: Final = (b"CKD_C370", b"CKD_C064", b"FBA_C370", b"FBA_C064")
SHADOW: Final = (b"CKD_S370", b"CKD_S064", b"FBA_S370", b"FBA_S064")

_DEVICE = struct.Struct("<8s2IBBH")
_FACTS = "3sB2i"
_NARROW = struct.Struct("<" + _FACTS + "5IiIIBBh")
_WIDE = struct.Struct("<" + _FACTS + "I5QqQBBh")


@dataclass(frozen=True)
class DeviceHeader:
    """The first header. `sequence` is 0 for the only file of a volume, `last` 0 in its last file."""

    identifier: bytes
    heads: int
    track_size: int
    type_byte: int
    sequence: int = 0
    last: int = 0

    @classmethod
    def from_bytes(cls, data: bytes) -> DeviceHeader:
        """Decode; `data` has at least 24 bytes."""
        return cls(*_DEVICE.unpack_from(data))

    def to_bytes(self) -> bytes:
        """The header of 512 bytes."""
        return _DEVICE.pack(
            self.identifier, self.heads, self.track_size, self.type_byte, self.sequence, self.last
        ).ljust(HEADER, b"\0")


OPENED, BIG_ENDIAN, NO_EMBEDDED = 0x80, 0x02, 0x01
OPENED_FOR_WRITING: Final = 0x40


@dataclass
class CompressedHeader:
    """The second header of a compressed file: offsets and sizes in bytes.

    `size` of the image is the number of cylinders, or of 512-byte blocks. `null_format` is what a track without an
    image looks like (see `cpvm.machine.media.images.compressed`).
    """

    wide: bool
    level1: int
    size: int
    null_format: int
    codec: int
    level2: int = 256
    options: int = 0
    big_endian: bool = False
    file_size: int = 0
    used: int = 0
    free: int = 0
    free_total: int = 0
    free_largest: int = 0
    free_number: int = 0
    embedded: int = 0
    parameter: int = -1
    version: bytes = b"\0\3\1"

    @property
    def order(self) -> str:
        """Byte order of the tables, for `struct`."""
        return ">" if self.big_endian else "<"

    @classmethod
    def from_bytes(cls, data: bytes, wide: bool) -> CompressedHeader:
        """Decode the second header, 512 bytes."""
        big_endian = bool(data[3] & BIG_ENDIAN)
        layout = struct.Struct((">" if big_endian else "<") + (_WIDE if wide else _NARROW).format[1:])
        fields = layout.unpack_from(data)
        version, options, level1, level2, *rest = fields
        if wide:
            _, file_size, used, free, total, largest, number, embedded, null, codec, parameter = rest
        else:
            file_size, used, free, total, largest, number, embedded, _, null, codec, parameter = rest
        at = 12 if wide else 40
        size = int.from_bytes(data[at : at + 4], "little")  # a byte field: it is not turned round
        return cls(
            wide=wide,
            level1=level1,
            size=size,
            null_format=null,
            codec=codec,
            level2=level2,
            options=options,
            big_endian=big_endian,
            file_size=file_size,
            used=used,
            free=free,
            free_total=total,
            free_largest=largest,
            free_number=number,
            embedded=embedded,
            parameter=parameter,
            version=version,
        )

    def to_bytes(self) -> bytes:
        """The header of 512 bytes, little-endian."""
        head = (self.version, self.options & ~BIG_ENDIAN, self.level1, self.level2)
        spaces = (self.file_size, self.used, self.free, self.free_total, self.free_largest, self.free_number)
        tail = (self.null_format, self.codec, self.parameter)
        if self.wide:
            packed = _WIDE.pack(*head, self.size, *spaces, self.embedded, *tail)
        else:
            packed = _NARROW.pack(*head, *spaces, self.embedded, self.size, *tail)
        return packed.ljust(HEADER, b"\0")


def geometry_of(path: Path, header: DeviceHeader, cylinders: int) -> Geometry:
    """The DASD type of a file's header: the smallest model with so many cylinders.

    Raises:
        MediaError: there is none.
    """
    models = [g for g in GEOMETRY.values() if g.type & 0xFF == header.type_byte and g.heads == header.heads]
    if not models:
        raise MediaError(f"{path}: device type xx{header.type_byte:02X} with {header.heads} heads is unknown")
    fitting = [g for g in models if cylinders <= g.cylinders + g.alternates]
    if not fitting:
        raise MediaError(f"{path}: no {models[0].type:04X} has {cylinders} cylinders")
    return min(fitting, key=lambda g: g.cylinders)
