"""What the first tracks or blocks of a new disk hold: IPL records and the volume label.

Source: OS/VS2 System Programming Library: Data Management (GC26-3830), volume label.
"""

from __future__ import annotations

from cpvm.s370.ckd import Record, encode_track
from cpvm.s370.ebcdic import to_ebcdic


def label(volid: str) -> bytes:
    """A standard volume label: 80 bytes, VOL1 and the identifier."""
    return to_ebcdic(f"VOL1{volid:6}".ljust(80))


def label_track(volid: str) -> bytes:
    """Track 0 of a new volume: two IPL records, and the volume label.

    IPL from it ends in a disabled wait with code F: record 1 is that PSW and a channel program that does nothing.
    """
    ipl = bytes.fromhex("000600000000000F0300000020000001") + bytes(8)
    records = ((b"IPL1", ipl), (b"IPL2", bytes(144)), (b"VOL1", label(volid)))
    return encode_track(0, 0, [Record(0, 0, n, to_ebcdic(k.decode()), d) for n, (k, d) in enumerate(records, 1)])
