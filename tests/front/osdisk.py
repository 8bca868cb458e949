"""An OS volume made by hand: data sets of several record formats and a partitioned one, with their DSCBs."""

from __future__ import annotations

from cpvm.front.disks.blank import NewTracks, os_disk
from cpvm.s370.ckd import GEOMETRY, Record, Track, encode_track
from cpvm.s370.ebcdic import to_ebcdic

TEXT = [f"LINE {number:3} OF THE TEXT".ljust(80) for number in range(100)]
VARIABLE = ["", "A", "AN EMPTY RECORD WAS FIRST", "X" * 1000] * 9
SPANNED = ["S" * 3000, "SHORT", "T" * 5000]
MEMBERS = {"ALPHA": TEXT[:5], "BETA": TEXT[5:60], "OMEGA": []}
HEADS = 30


def cchh(track: int) -> bytes:
    return (track // HEADS).to_bytes(2, "big") + (track % HEADS).to_bytes(2, "big")


def extent(number: int, first: int, last: int) -> bytes:
    return bytes((1, number)) + cchh(first) + cchh(last)


def format_1(name: str, org: int, recfm: int, blksize: int, lrecl: int, **more: object) -> bytes:
    """A DSCB: key and data. `more`: extents, last (track, record), pointer."""
    extents = more["extents"]
    assert isinstance(extents, list)
    last = more.get("last", (0, 0))
    assert isinstance(last, tuple)
    out = bytearray(140)
    out[:44] = to_ebcdic(name.ljust(44))
    out[44] = 0xF1
    out[45:51] = to_ebcdic("OSTEST")
    out[51:53] = b"\0\1"
    out[53:56] = bytes((76, 0, 32))
    out[59] = len(extents)
    out[62:75] = to_ebcdic("IBM OSVS2".ljust(13))
    out[82:84] = org.to_bytes(2, "big")
    out[84] = recfm
    out[86:88] = blksize.to_bytes(2, "big")
    out[88:90] = lrecl.to_bytes(2, "big")
    out[98:101] = last[0].to_bytes(2, "big") + bytes((last[1],))
    for number, (first, end) in enumerate(extents[:3]):
        out[105 + 10 * number : 115 + 10 * number] = extent(number, first, end)
    pointer = more.get("pointer", bytes(5))
    assert isinstance(pointer, bytes)
    out[135:140] = pointer
    return bytes(out)


def format_3(extents: list[tuple[int, int]]) -> bytes:
    out = bytearray(140)
    out[:4] = b"\3" * 4
    out[44] = 0xF3
    places = [*range(4, 44, 10), *range(45, 135, 10)]
    for number, (place, (first, end)) in enumerate(zip(places, extents, strict=False)):
        out[place : place + 10] = extent(3 + number, first, end)
    return bytes(out)


def blocked(lines: list[str], per_block: int) -> list[bytes]:
    data = [to_ebcdic(line) for line in lines]
    return [b"".join(data[at : at + per_block]) for at in range(0, len(data), per_block)]


def variable(segments: list[tuple[int, bytes]]) -> bytes:
    """A block of records: (segment control code, data)."""
    records = b"".join((len(data) + 4).to_bytes(2, "big") + bytes((code, 0)) + data for code, data in segments)
    return (len(records) + 4).to_bytes(2, "big") + b"\0\0" + records


def spread(blocks: list[bytes], tracks: list[int], per_track: int) -> dict[int, list[tuple[bytes, bytes]]]:
    """(key, data) of the records of tracks; an end-of-file record behind the last block."""
    records = [(b"", block) for block in blocks] + [(b"", b"")]
    return {t: records[n * per_track : (n + 1) * per_track] for n, t in enumerate(tracks)}


def directory(entries: list[tuple[str, int, int]]) -> bytes:
    """A directory block of 256 bytes: name, relative track, record; BETA has user data, OMEGA is an alias."""
    out = b""
    for name, track, record in entries:
        flags = {"BETA": 0x02, "OMEGA": 0x80}.get(name, 0)
        data = b"\1\2\3\4" if name == "BETA" else b""
        out += to_ebcdic(name.ljust(8)) + track.to_bytes(2, "big") + bytes((record, flags)) + data
    out += b"\xff" * 8
    return ((len(out) + 2).to_bytes(2, "big") + out).ljust(256, b"\0")


def os_volume() -> NewTracks:
    """The volume: a 3350 of 10 cylinders."""
    disk = os_disk(GEOMETRY["3350"], 10, "OSTEST")
    contents: dict[int, list[tuple[bytes, bytes]]] = {}
    scattered = [40, 41, 50, 60, 70, 71, 72]
    contents |= spread(blocked(TEXT, 10), [30, 31], 6)
    contents |= spread(blocked(TEXT, 1), scattered, 15)
    short = [variable([(0, to_ebcdic(line)) for line in VARIABLE[at : at + 4]]) for at in range(0, len(VARIABLE), 4)]
    contents |= spread(short, [80], 20)
    s, t = to_ebcdic(SPANNED[0]), to_ebcdic(SPANNED[2])
    spans = [
        variable([(1, s[:1500])]),
        variable([(2, s[1500:]), (0, to_ebcdic(SPANNED[1]))]),
        variable([(1, t[:1500])]),
        variable([(3, t[1500:3000])]),
        variable([(2, t[3000:])]),
    ]
    contents |= spread(spans, [90, 91], 5)
    member_records = [(b"", block) for block in blocked(MEMBERS["ALPHA"], 2)] + [(b"", b"")]
    beta = len(member_records)
    member_records += [(b"", block) for block in blocked(MEMBERS["BETA"], 2)] + [(b"", b"")]
    omega = len(member_records)
    member_records.append((b"", b""))
    places = {name: (1 + at // 20, at % 20 + 1) for name, at in (("ALPHA", 0), ("BETA", beta), ("OMEGA", omega))}
    block = directory([(name, *places[name]) for name in ("ALPHA", "BETA", "OMEGA")])
    contents[100] = [(b"\xff" * 8, block), (b"", b"")]
    for n in range(3):
        contents[101 + n] = member_records[20 * n : 20 * n + 20]
    tracks = []
    for number, records in contents.items():
        cyl, head = divmod(number, HEADS)
        tracks.append(
            (cyl, head, encode_track(cyl, head, [Record(cyl, head, r, k, d) for r, (k, d) in enumerate(records, 1)]))
        )
    disk.fill(tracks)
    vtoc = Track.from_bytes(disk.read(0, 1))
    dscbs = [
        format_1("TEST.TEXT", 0x4000, 0x90, 800, 80, extents=[(30, 31)], last=(1, 4)),
        format_1(
            "TEST.SCATTERED",
            0x4000,
            0x80,
            80,
            80,
            extents=[(40, 41), (50, 50), (60, 60)],
            last=(6, 10),
            pointer=b"\0\0\0\1\x08",
        ),
        format_1("TEST.VARIABLE", 0x4000, 0x50, 5000, 1004, extents=[(80, 80)], last=(0, 9)),
        format_1("TEST.SPANNED", 0x4000, 0x58, 2000, 6000, extents=[(90, 91)], last=(0, 5)),
        format_1("TEST.PDS", 0x0200, 0x90, 160, 80, extents=[(100, 104)], last=(3, 1)),
        format_3([(70, 72)]),
    ]
    for record, dscb in zip(vtoc.records[2:], dscbs, strict=False):
        record.key, record.data = dscb[:44], dscb[44:]
    disk.fill([(0, 1, vtoc.to_bytes())])
    return disk
