"""Disks written on the host, read by an independent reader and by cmsdisk itself."""

from __future__ import annotations

import random
from datetime import datetime

import pytest
from cdf_reader import read_disk, records_of

from cms.cmsdisk import CMSDisk, CMSDiskError, text_records
from cpvm.s370.ckd import Record, encode_track

NOW = datetime(2026, 11, 23, 14, 5)


def images(disk: CMSDisk) -> dict[tuple[int, int], bytes]:
    return {(cyl, head): image for cyl, head, image in disk.tracks()}


def test_empty_disk_is_sound() -> None:
    tracks = images(CMSDisk(2, "EMPTY", now=NOW))
    found = read_disk(lambda c, h: tracks[c, h])
    assert found.problems == []
    assert (found.label, found.total, found.used, found.files) == ("EMPTY", 1140, 5, {})
    assert len(tracks) == 60


@pytest.mark.parametrize("seed", range(4))
def test_files_of_both_formats_are_found_again(seed: int) -> None:
    rng = random.Random(seed)
    disk = CMSDisk(5, "TEST01", now=NOW)
    for number in range(rng.randint(1, 60)):
        count = rng.choice([1, 3, 700, 2000])
        if rng.random() < 0.5:
            lrecl = rng.choice([1, 80, 133, 799, 801]) if count < 700 else 80
            disk.write(f"F{number}", "DATA", "A1", [rng.randbytes(lrecl) for _ in range(count // 4 + 1)], "F", lrecl)
        else:
            disk.write(
                f"V{number}", "DATA", "A2", [rng.randbytes(rng.randint(1, 130)) for _ in range(count // 4 + 1)], "V"
            )
    tracks = images(disk)
    found = read_disk(lambda c, h: tracks[c, h])
    assert found.problems == []
    assert found.used == disk.used
    assert {name: (f.mode, f.recfm, f.lrecl, tuple(f.records)) for name, f in found.files.items()} == {
        name: (f.fm, f.recfm, f.lrecl, f.records) for name, f in disk.files.items()
    }
    again = CMSDisk.load(lambda c, h: tracks[c, h], 5)
    assert again.files == disk.files
    assert (again.label, again.used) == (disk.label, disk.used)


def test_a_file_with_chains_beyond_the_first() -> None:
    disk = CMSDisk(12, "LONG", now=NOW)
    records = [number.to_bytes(4, "big") * 200 for number in range(60 + 400 * 2 + 7)]
    disk.write("LONG", "DATA", "A1", records)
    tracks = images(disk)
    found = read_disk(lambda c, h: tracks[c, h])
    assert found.problems == []
    assert found.files["LONG", "DATA"].records == records


def test_the_list_of_a_large_disk_ends_as_on_real_ones() -> None:
    """Behind X'FFFD' are the blocks of the map, then zeros; without them X'FFFF'. Source: volumes of VM/370."""
    for cylinders, maps in ((1, 0), (70, 6), (115, 10)):
        blocks = _first_track(CMSDisk(cylinders, "BIG"))
        marks = [int.from_bytes(blocks[4][at : at + 2], "big") for at in range(0, 364, 2)]
        end = marks.index(0)
        assert marks[end - maps - 1] == (0xFFFD if maps else 0xFFFF)
        assert not any(marks[end:])


def _first_track(disk: CMSDisk) -> dict[int, bytes]:
    return records_of(next(iter(disk.tracks()))[2])


def test_reserved_cylinders_and_ipl_text() -> None:
    disk = CMSDisk(3, "SYS190", reserved=1, now=NOW)
    disk.ipl([b"\x00\x08\x00\x00" * 6])
    disk.raw_track(2, 4, [b"N" * 4096, b"M" * 100])
    tracks = images(disk)
    assert read_disk(lambda c, h: tracks[c, h]).problems == []
    assert tracks[0, 0].find(b"\x00\x08\x00\x00" * 6) > 0
    assert b"N" * 4096 in tracks[2, 4]
    assert len(tracks) == 90
    with pytest.raises(CMSDiskError, match="reserved"):
        disk.raw_track(1, 0, [])


def test_a_full_disk_refuses_and_keeps_the_rest() -> None:
    disk = CMSDisk(1, "SMALL", now=NOW)
    disk.write_text("KEPT", "FILE", "A1", "kept\n")
    with pytest.raises(CMSDiskError, match="does not fit"):
        disk.write("BIG", "FILE", "A1", [bytes(800)] * 570)
    disk.write("FITS", "FILE", "A1", [bytes(800)] * 560)
    tracks = images(disk)
    found = read_disk(lambda c, h: tracks[c, h])
    assert found.problems == []
    assert set(found.files) == {("KEPT", "FILE"), ("FITS", "FILE")}
    assert found.used == found.total


def test_bad_names_and_records_are_refused() -> None:
    disk = CMSDisk(1, "BAD")
    for fn, ft, fm, records in (
        ("TOOLONGNAME", "A", "A1", [b"x"]),
        ("A B", "A", "A1", [b"x"]),
        ("A", "", "A1", [b"x"]),
        ("A", "B", "19", [b"x"]),
        ("A", "B", "A7", [b"x"]),
        ("A", "B", "A1", []),
        ("A", "B", "A1", [b""]),
    ):
        with pytest.raises(CMSDiskError):
            disk.write(fn, ft, fm, records)
    with pytest.raises(CMSDiskError, match="line 2"):
        text_records("short\n" + "x" * 81, 80)
    with pytest.raises(CMSDiskError):
        disk.read("NO", "FILE")


def test_text_survives() -> None:
    disk = CMSDisk(1, "TEXT", now=NOW)
    disk.write_text("HELLO", "EXEC", "A1", "&TYPE Hello,  World\n\n&EXIT\n", recfm="V")
    assert disk.read("hello", "exec").text == "&TYPE Hello,  World\n\n&EXIT\n"


def test_load_refuses_what_is_no_cms_disk() -> None:
    tracks = images(CMSDisk(1, "X"))
    broken = {place: image.replace("CMS=".encode("cp037"), b"\0\0\0\0") for place, image in tracks.items()}
    with pytest.raises(CMSDiskError, match="label"):
        CMSDisk.load(lambda c, h: broken[c, h], 1)
    with pytest.raises(CMSDiskError):
        CMSDisk.load(lambda c, h: b"", 1)


def _cp67_tracks(disk: CMSDisk, quarter: int) -> dict[tuple[int, int], bytes]:
    """A disk of one file on a 2314 as CP-67's CMS had it: 829-byte records, the first chain link in a quarter of one.

    The eighth record of two tracks has 414 bytes on the first and 415 on the second.
    """
    blocks = {number: data.ljust(829, b"\0") for number, data in disk.blocks().items()}
    fst = bytearray(blocks[5])
    link = int.from_bytes(fst[28:30], "big")
    fst[28:30] = (link | quarter << 14).to_bytes(2, "big")
    blocks[5] = bytes(fst)
    blocks[link] = (bytes(200 * quarter) + blocks[link][:200]).ljust(829, b"\0")
    out: dict[tuple[int, int], bytes] = {}
    for index in range(disk.cylinders * disk.heads):
        cyl, head = divmod(index, disk.heads)
        base = index // 2 * 15
        records = [
            Record(cyl, head, number, b"", blocks.get(base + number, bytes(829)))
            for number in (range(8, 16) if index % 2 else range(1, 9))
        ]
        for record in records:
            if record.rec == 8:
                record.data = record.data[414:] if index % 2 else record.data[:414]
        out[cyl, head] = encode_track(cyl, head, records)
    return out


@pytest.mark.parametrize("quarter", range(4))
def test_disks_of_cp67_are_read(quarter: int) -> None:
    disk = CMSDisk(2, "OLD", "2314")
    disk.write_text("PROFILE", "EXEC", "P1", "CP QUERY USERS\nLOGIN 192\n")
    tracks = _cp67_tracks(disk, quarter)
    found = CMSDisk.load(lambda cyl, head: tracks[cyl, head], 2, "2314")
    assert found.label == "OLD"
    assert found.files["PROFILE", "EXEC"].records == disk.files["PROFILE", "EXEC"].records
