"""What Read Device Characteristics gives of a 3380 or 3390.

Source: GA26-1661 (3880 Storage Control), GA32-0099 (3990), "Read Device Characteristics".
"""

from __future__ import annotations

from cpvm.machine.media.model import Model
from cpvm.s370.ckd import Geometry

LENGTH = 64
_CLASS = 0x20  # direct access, count-key-data
_CODES = {0x3380: 0x0E, 0x3390: 0x26}
_RECORD_0 = {0x3380: 47988, 0x3390: 57326}  # the longest record 0
_OVERHEAD = {0x3380: 1088, 0x3390: 1428}  # home address and record 0
_TRACK = {0x3380: 47968, 0x3390: 58786}
# number of the capacity formula and its factors; then the factor of the sector formula
_FORMULA = {0x3380: bytes.fromhex("012001EC00EC"), 0x3390: bytes.fromhex("022213090674")}
_FACTOR_6 = {0x3380: 0, 0x3390: 6}
_SECTORS = {0x3380: 0x5007, 0x3390: 0x7708}
_UNIT_CODE = {0x3880: 0x09, 0x3990: 0x10}
_MULTIPLE_BURST = 0x80000000  # error correction; the other facilities are those of Define Extent and Locate Record


def characteristics(geometry: Geometry, model: Model, cylinders: int) -> bytes:
    """The 64 bytes for a 3380 or 3390 with so many cylinders (alternate ones included)."""
    kind = geometry.type
    alternates = max(0, cylinders - geometry.cylinders)
    data = bytearray(LENGTH)

    def put(at: int, size: int, value: int) -> None:
        data[at : at + size] = value.to_bytes(size, "big")

    put(0, 2, geometry.control_unit)
    put(2, 1, model.unit_model)
    put(3, 2, kind)
    put(5, 1, geometry.model)
    put(6, 4, _MULTIPLE_BURST)
    put(10, 1, _CLASS)
    put(11, 1, _CODES[kind])
    put(12, 2, cylinders - alternates)
    put(14, 2, geometry.heads)
    put(16, 1, geometry.sectors)
    put(18, 2, _TRACK[kind])
    put(20, 2, _OVERHEAD[kind])
    data[22:28] = _FORMULA[kind]
    if alternates:
        put(28, 2, cylinders - alternates)
        put(30, 2, alternates * geometry.heads)
    put(40, 1, _CODES[kind])  # record identifiers of error logs
    put(41, 1, _CODES[kind])
    put(42, 1, _UNIT_CODE[geometry.control_unit])
    put(43, 1, 2)
    put(44, 2, _RECORD_0[kind])
    put(47, 1, 1)  # tracks that can be read together
    put(48, 1, _FACTOR_6[kind])
    put(49, 2, _SECTORS[kind])
    return bytes(data)
