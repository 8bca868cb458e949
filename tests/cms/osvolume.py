"""An OS volume for tests: a label, a VTOC and data sets, written from the formats alone.

Source: OS/VS2 Debugging Handbook, GC28-0709: DSCBs of format 1, 4 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cpvm.front.disks.blank import format_4, os_disk
from cpvm.s370.ckd import GEOMETRY, Record, Track, encode_track
from cpvm.s370.ebcdic import to_ebcdic

HEADS = GEOMETRY["3350"].heads
RECFM = {"F": 0x80, "FB": 0x90, "V": 0x40, "VB": 0x50, "U": 0xC0, "VBS": 0x58}


@dataclass
class Volume:
    """A 3350 minidisk that OS has written."""

    cylinders: int = 5
    tracks: dict[tuple[int, int], bytes] = field(default_factory=dict)
    dscbs: list[bytes] = field(default_factory=list)

    def add(
        self,
        name: str,
        blocks: list[bytes],
        form: tuple[str, int, int],
        extents: list[list[int]],
        *,
        per_track: int = 3,
        partitioned: bool = False,
        keyed: int = 0,
    ) -> None:
        """Put blocks on the tracks of the extents, `per_track` each; b"" is an end of file.

        `form`: RECFM, LRECL, BLKSIZE. The first `keyed` blocks have a key of eight bytes, as those of a directory.
        """
        recfm, lrecl, blksize = form
        places = [track for extent in extents for track in extent]
        end = (0, 0)
        for index, track in enumerate(places):
            mine = blocks[index * per_track : (index + 1) * per_track]
            cyl, head = divmod(track, HEADS)
            records = [
                Record(cyl, head, r, bytes(8) if index * per_track + r <= keyed else b"", data)
                for r, data in enumerate(mine, 1)
            ]
            self.tracks[cyl, head] = encode_track(cyl, head, records)
            if mine:
                end = (index, len(mine))
        dscb = bytearray(140)
        dscb[:44] = to_ebcdic(name.ljust(44))
        dscb[44] = 0xF1
        dscb[59] = len(extents)
        dscb[82] = 2 if partitioned else 0x40
        dscb[84] = RECFM[recfm]
        dscb[86:90] = blksize.to_bytes(2, "big") + lrecl.to_bytes(2, "big")
        dscb[98:101] = end[0].to_bytes(2, "big") + bytes([end[1]])
        for number, extent in enumerate(extents):
            at = 105 + 10 * number
            dscb[at : at + 2] = bytes([1, number])
            for where, track in ((at + 2, extent[0]), (at + 6, extent[-1])):
                cyl, head = divmod(track, HEADS)
                dscb[where : where + 4] = cyl.to_bytes(2, "big") + head.to_bytes(2, "big")
        self.dscbs.append(bytes(dscb))

    def images(self) -> list[tuple[int, int, bytes]]:
        """The tracks of the whole disk; its VTOC has two tracks, and begins in the second."""
        geometry = GEOMETRY["3350"]
        blank = os_disk(geometry, self.cylinders, "OSVOL1", 2)
        free = b"\5" * 4 + bytes((0, 100, 0, 1, 20))  # from track 100 on a cylinder and 20 tracks
        free = free.ljust(44, b"\0") + b"\xf5" + bytes(95)
        dscbs = [format_4(geometry, self.cylinders, 2), free, *[bytes(140)] * 40, *self.dscbs]
        vtoc = {}
        for number in range(2):
            mine = dscbs[number * 40 : (number + 1) * 40]
            records = [Record(0, 1 + number, r, dscb[:44], dscb[44:]) for r, dscb in enumerate(mine, 1)]
            vtoc[0, 1 + number] = encode_track(0, 1 + number, records)
        out = []
        for cyl in range(self.cylinders):
            for head in range(HEADS):
                place = cyl, head
                image = vtoc.get(place) or self.tracks.get(place) or blank.read(cyl, head)
                assert Track.from_bytes(image)
                out.append((cyl, head, image))
        return out


def varying(records: list[bytes]) -> bytes:
    """A block of V records."""
    body = b"".join((len(record) + 4).to_bytes(2, "big") + b"\0\0" + record for record in records)
    return (len(body) + 4).to_bytes(2, "big") + b"\0\0" + body


def directory(members: dict[str, tuple[int, int]]) -> bytes:
    """A block of a directory: names to (relative track, record)."""
    body = b"".join(
        to_ebcdic(name.ljust(8)) + track.to_bytes(2, "big") + bytes([record, 1]) + b"\1\2"
        for name, (track, record) in sorted(members.items())
    )
    body += b"\xff" * 8 + bytes(4)
    return ((len(body) + 2).to_bytes(2, "big") + body).ljust(256, b"\0")
