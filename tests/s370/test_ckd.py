"""DASD geometry and track images, against figures from IBM's reference summaries and CKD files made by Hercules."""

from __future__ import annotations

import pytest

from cpvm.s370.ckd import GEOMETRY, CKDError, Record, Track, decode_track, encode_track

# type: largest record, records of 800 bytes, of 4096 bytes, of 80 bytes with a key of 8; bytes of a track in a CKD file
FIGURES = {
    "2314": (7294, 7, 1, 31, 7680),
    "3330": (13030, 14, 3, 47, 13312),
    "3340": (8368, 8, 2, 25, 8704),
    "3350": (19069, 19, 4, 54, 19456),
    "3375": (35616, 30, 8, 53, 35840),
    "3380": (47476, 36, 10, 57, 47616),
    "3390": (56664, 39, 12, 54, 56832),
}


@pytest.mark.parametrize("name", FIGURES)
def test_capacity(name: str) -> None:
    g = GEOMETRY[name]
    largest, of800, of4096, keyed, image = FIGURES[name]
    assert g.largest == largest
    assert (g.records_per_track(800), g.records_per_track(4096), g.records_per_track(80, 8)) == (of800, of4096, keyed)
    assert g.image_size == image
    assert g.records_per_track(g.largest) == 1
    assert g.records_per_track(g.largest + 1) == 0
    assert g.fits([Record(0, 0, n, b"", bytes(800)) for n in range(of800)])
    assert not g.fits([Record(0, 0, n, b"", bytes(800)) for n in range(of800 + 1)])


# track 0/0 of "dasdinit 3350 VOL001", up to the end of the records
DASDINIT = (
    "0000000000 0000000000000008 0000000000000000"
    "0000000001040018 C9D7D3F1 000600000000000F 0300000000000001 0000000000000000"
    "0000000002040090 C9D7D3F2" + "00" * 144 + "0000000003040050 E5D6D3F1"
    "E5D6D3F1E5D6D3F0F0F1 40 0000000101" + "40" * 25 + "C8C5D9C3E4D3C5E2" + "40" * 31 + "FF" * 8
)


def test_image_made_by_hercules() -> None:
    image = bytes.fromhex(DASDINIT)
    track = Track.from_bytes(image + bytes(1000))  # padding behind the end mark does not matter
    assert [(r.rec, len(r.key), len(r.data)) for r in track.records] == [(1, 4, 24), (2, 4, 144), (3, 4, 80)]
    assert track.to_bytes() == image
    assert encode_track(0, 0, decode_track(image)) == image


def test_round_trip() -> None:
    records = [Record(7, 3, n, b"K" * (n % 3), b"D" * (n * 37)) for n in range(20)]
    r0 = Record(7, 3, 0, b"", b"12345678")
    image = encode_track(7, 3, records, r0)
    track = Track.from_bytes(image)
    assert (track.cyl, track.head, track.r0, track.records) == (7, 3, r0, records)


def test_damaged_images() -> None:
    image = encode_track(1, 2, [Record(1, 2, 1, b"KEY", bytes(800))])
    for length in range(len(image)):
        with pytest.raises(CKDError):
            decode_track(image[:length])
    with pytest.raises(CKDError):
        decode_track(image[:5] + b"\xff" * 8)
    with pytest.raises(CKDError):
        encode_track(0, 0, [Record(0, 0, 1, bytes(256), b"")])
    with pytest.raises(CKDError):
        encode_track(0, 0, [Record(0, 0, 1, b"", bytes(65536))])


def test_sectors_rise_and_fill_the_track() -> None:
    g = GEOMETRY["3350"]
    sectors = [g.sector(at) for at in g.positions([Record(0, 0, n, b"", bytes(800)) for n in range(1, 20)])]
    assert sectors == sorted(set(sectors))
    assert 0 < sectors[0] < 3
    assert 110 < sectors[-1] < 128
    assert g.sector(g.circumference * 2) == 127
    with pytest.raises(CKDError, match="rotational"):
        GEOMETRY["2314"].sector(0)


def test_a_large_record_0_leaves_less_room() -> None:
    g = GEOMETRY["3350"]
    full = [Record(0, 0, 1, b"", bytes(g.largest))]
    assert g.fits(full, Record(0, 0, 0, b"", bytes(8)))
    assert not g.fits(full, Record(0, 0, 0, b"", bytes(9)))
    assert not g.fits(full, Record(0, 0, 0, b"K", bytes(8)))
    assert g.fits(full, Record(0, 0, 0, b"", b""))


def test_overflow_segments() -> None:
    segment = Record(0x8005, 3, 1, b"K", b"DATA")
    assert segment.overflows
    assert segment.id == bytes.fromhex("0005000301")
    assert segment.count == bytes.fromhex("0005000301010004")
    assert decode_track(encode_track(5, 3, [segment])) == [segment]
    assert not Record(5, 3, 1, b"", b"").overflows
    assert not Record(0xFF05, 3, 1, b"", b"").overflows
    assert Record(0xFF05, 3, 1, b"", b"").id == bytes.fromhex("FF05000301")
