"""`cpvm disk` on CMS disks of the enhanced format: all block sizes, tracks and blocks, deep files, damage."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cpvm import cli
from cpvm.front.disk import run
from cpvm.front.disks.cmsfiles import edf_label
from cpvm.front.disks.edf import of_tracks
from cpvm.machine.media.images import BlockImage, TrackImage, open_image
from cpvm.machine.media.volume import Volume, create_blocks
from cpvm.s370.ckd import GEOMETRY, Record, decode_track, encode_track

from .edfdisk import File, Maker

FIXED: File = ("SMALL", "DATA", "F", 80, [b"\xc1".ljust(80, b"\x40"), b"\xc2" * 80])
TEXT: File = ("NOTES", "SCRIPT", "V", 60, [f"line {n} of many".encode("cp037") for n in range(3000)])
DEEP: File = ("DEEP", "DATA", "F", 800, [bytes((n & 255,)) * 800 for n in range(1300)])
SPARSE: File = ("SPARSE", "DATA", "F", 1024, [b"\1" * 1024, *[bytes(1024)] * 300, b"\2" * 1024])
LONG: File = ("LONG", "DATA", "V", 9000, [b"\xc1" * 9000, b"\xc2", b"\xc3" * 5000])
MANY: list[File] = [(f"F{n}", "DATA", "F", 4, [n.to_bytes(4, "big")]) for n in range(100)]
ALL = [FIXED, TEXT, DEEP, SPARSE, LONG, *MANY]


def parsed(*words: object) -> argparse.Namespace:
    return cli.parser("disk").parse_args(["disk", *map(str, words)])


def on_tracks(path: Path, size: int, device: str = "3350") -> Path:
    """A volume with all of the files."""
    geometry = GEOMETRY[device]
    per_track = geometry.records_per_track(size)
    maker = Maker(size, geometry.cylinders * geometry.heads * per_track)
    label = maker.directory("EDF191", ALL)
    maker.blocks[3] = label
    with Volume.create(path, device, "X", cylinders=geometry.cylinders) as volume, volume.deferred():
        for index in sorted({(number - 1) // per_track for number in maker.blocks}):
            cyl, head = divmod(index, geometry.heads)
            datas = [maker.blocks.get(index * per_track + n, bytes(size)) for n in range(1, per_track + 1)]
            records = [Record(cyl, head, n, b"", data) for n, data in enumerate(datas, 1)]
            volume.write(cyl, head, encode_track(cyl, head, records))
    return path


def on_blocks(path: Path, size: int) -> Path:
    maker = Maker(size, 500_000 // (size // 512))
    label = maker.directory("EDF191", ALL)
    with create_blocks(path, "3370", "", 500_000) as volume, volume.deferred():
        volume.write(2, label.ljust(512, b"\0"))
        for number, data in maker.blocks.items():
            for at in range(0, size, 512):
                volume.write((number - 1) * (size // 512) + at // 512, data[at : at + 512])
    return path


def reader() -> ModuleType:
    """The independent reader of the file system's tests, which stands in their folder."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "cms"))
    try:
        return importlib.import_module("edf_reader")
    finally:
        sys.path.pop(0)


def out(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def same(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    assert run(parsed("cp", "--binary", f"{path}:* *", folder)) == 0
    for fn, ft, recfm, _, records in ALL:
        stream = b"".join((len(r).to_bytes(2, "big") if recfm == "V" else b"") + r for r in records)
        assert (folder / f"{fn}.{ft}".lower()).read_bytes() == stream


@pytest.mark.parametrize("size", [512, 1024, 2048, 4096])
def test_tracks(tmp_path: Path, size: int, capsys: pytest.CaptureFixture[str]) -> None:
    path = on_tracks(tmp_path / "d.volume", size)
    assert run(parsed("list", path)) == 0
    lines = out(capsys)
    assert lines[0] == f"EDF191  3350, 555 cylinders, CMS disk of {size}-byte blocks"
    assert f"DEEP     DATA     A1 F        800     1300 {-(-1300 * 800 // size):8} 07/04/85 19:45" in lines
    assert lines[-1].startswith("105 files; ")
    same(path, tmp_path)


@pytest.mark.parametrize("size", [512, 1024, 4096])
def test_blocks(tmp_path: Path, size: int, capsys: pytest.CaptureFixture[str]) -> None:
    path = on_blocks(tmp_path / "d.volume", size)
    assert run(parsed("list", path, "DEEP *")) == 0
    assert f"{size}-byte blocks" in out(capsys)[0]
    same(path, tmp_path)


@pytest.mark.parametrize("device", ["2314", "3330", "3340", "3375", "3380", "3390"])
def test_other_devices(tmp_path: Path, device: str) -> None:
    same(on_tracks(tmp_path / "d.volume", 1024, device), tmp_path)


def test_text_and_what_is_not_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = on_tracks(tmp_path / "d.volume", 2048)
    text = tmp_path / "notes"
    assert run(parsed("cp", f"{path}:NOTES SCRIPT", text)) == 0
    assert text.read_text().splitlines() == [f"line {n} of many" for n in range(3000)]
    capsys.readouterr()
    assert run(parsed("cp", text, f"{path}:NEW SCRIPT")) == 2
    assert "is not formatted" in capsys.readouterr().err
    cdf = tmp_path / "cdf.volume"
    assert run(parsed("init", cdf, "3350", "CDF191", 5, "--cms")) == 0
    assert run(parsed("cp", f"{path}:NOTES SCRIPT", f"{cdf}:")) == 0
    assert run(parsed("check", cdf)) == 0


@pytest.mark.parametrize("size", [512, 1024, 2048, 4096])
def test_files_are_written(tmp_path: Path, size: int, capsys: pytest.CaptureFixture[str]) -> None:
    """What is written comes back; map, label and pointers say what they should."""
    source, path = on_tracks(tmp_path / "source.volume", size), tmp_path / "new.volume"
    assert run(parsed("init", path, "3350", "NEW191", 30, "--cms", "--block", size)) == 0
    assert run(parsed("cp", f"{source}:* *", f"{path}:")) == 0
    same(path, tmp_path)
    assert run(parsed("erase", f"{path}:F7 DATA")) == 0
    assert run(parsed("rename", f"{path}:F8 DATA", "G8 =")) == 0
    assert run(parsed("cp", f"{path}:G8 DATA", tmp_path / "g8", "--binary")) == 0
    assert (tmp_path / "g8").read_bytes() == b"\0\0\0\x08"
    assert run(parsed("check", path)) == 0
    capsys.readouterr()
    assert run(parsed("list", path)) == 0
    assert out(capsys)[-1].startswith("104 files; ")
    per_track = GEOMETRY["3350"].records_per_track(size)
    with open_image(path) as disk:
        assert isinstance(disk, TrackImage)
        independent = reader().read_edf_disk(disk.read, 30)
        assert independent.problems == []
        assert len(independent.files) == 104

        def block(number: int) -> bytes:
            cyl, head = divmod((number - 1) // per_track, 30)
            return decode_track(disk.read(cyl, head))[(number - 1) % per_track].data

        label = [int.from_bytes(block(3)[at : at + 4], "big") for at in range(12, 44, 4)]
        assert label == [size, 4, 30, 30, 900 * per_track, label[5], 64, size // 64]
        table = block(4)[64:128]
        assert table[:16] == b"\0\0\0\2\0\0\0\0" + "ALLOCMAP".encode("cp037")
        root, count, depth = (int.from_bytes(table[at:end], "big") for at, end in ((40, 44), (44, 48), (52, 53)))
        roots = (
            [root] if not depth else [int.from_bytes(block(root)[at : at + 4], "big") for at in range(0, 4 * count, 4)]
        )
        bits = b"".join(block(number) for number in roots)
        assert sum(byte.bit_count() for byte in bits) == label[5]


def test_a_full_disk_stays_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, big = tmp_path / "new.volume", tmp_path / "big"
    assert run(parsed("init", path, "2314", "NEW191", 1, "--cms", "--block", 1024)) == 0
    big.write_bytes(b"x" * 200_000)
    assert run(parsed("cp", "--binary", big, f"{path}:BIG FILE")) == 2
    assert "there is no room" in capsys.readouterr().err
    assert run(parsed("list", path)) == 0
    assert out(capsys)[-1].startswith("0 files")


def test_damage_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parsed("check", on_tracks(tmp_path / "good.volume", 1024))) == 0
    path = on_tracks(tmp_path / "bad.volume", 1024)
    with Volume.open(path) as volume:
        volume.write(0, 1, encode_track(0, 1, []))
    capsys.readouterr()
    assert run(parsed("check", path)) == 1
    assert "is not formatted" in capsys.readouterr().out


def test_blocks_that_the_map_or_two_files_have_wrong_are_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As writing in another order than the format's would leave them when it is broken off."""
    path, text = tmp_path / "new.volume", tmp_path / "text"
    assert run(parsed("init", path, "3350", "NEW191", 1, "--cms", "--block", 1024)) == 0
    text.write_bytes(b"x" * 5000)
    for name in ("ONE", "TWO"):
        assert run(parsed("cp", "--binary", text, f"{path}:{name} FILE")) == 0
    assert run(parsed("check", path)) == 0
    with Volume.open(path) as volume:
        label = edf_label(volume.read(0, 0))
        assert label is not None
        disk = of_tracks(volume.read, volume.geometry, label)
        trees = {name: (origin, depth) for name, origin, depth, _ in disk.trees()}
        per_track = volume.geometry.records_per_track(1024)

        def change(number: int, at: int, data: bytes) -> None:
            cyl, head = divmod((number - 1) // per_track, volume.geometry.heads)
            records = decode_track(volume.read(cyl, head))
            record = records[(number - 1) % per_track]
            record.data = record.data[:at] + data + record.data[at + len(data) :]
            volume.write(cyl, head, encode_track(cyl, head, records))

        two, _ = trees["TWO FILE"]
        stolen = list(disk.blocks_of(*trees["ONE FILE"], 4))[1]
        lost = list(disk.blocks_of(*trees["TWO FILE"], 4))[1]
        change(two, 0, stolen.to_bytes(4, "big"))
        freed = list(disk.blocks_of(*trees["ONE FILE"], 4))[2]
        bits = disk.map()
        change(
            trees["the map of blocks"][0],
            (freed - 1) // 8,
            bytes((bits[(freed - 1) // 8] & ~(0x80 >> (freed - 1) % 8),)),
        )
        volume.commit()
    capsys.readouterr()
    assert run(parsed("check", path)) == 1
    said = capsys.readouterr().out
    assert f"block {stolen} belongs to both ONE FILE and TWO FILE" in said
    assert f"block {lost} is in use in the map of blocks, but belongs to no file" in said
    assert f"block {freed} is in use by ONE FILE, but free in the map of blocks" in said


def test_random_damage_ends_in_words(tmp_path: Path) -> None:
    import random

    from cpvm.front.disks.cmsfiles import look
    from cpvm.front.disks.edf import EDFError
    from cpvm.front.disks.place import DiskError, Options

    path = on_blocks(tmp_path / "d.volume", 512)
    told = 0
    with open_image(path, read_only=True) as disk:
        assert isinstance(disk, BlockImage)
        raw = {n: disk.read(n) for n in range(12_000)}
        known = [n for n, data in raw.items() if any(data)]
        read = disk.read
        rng = random.Random(8)
        for _ in range(60):
            bad = {rng.choice([2, *known]): rng.randbytes(512) for _ in range(3)}
            if rng.random() < 0.5:
                number = rng.choice(known)
                bad[number] = bytes(a ^ (rng.random() < 0.02) * rng.randrange(256) for a in raw[number])

            def damaged(number: int, bad: dict[int, bytes] = bad) -> bytes:
                return bad.get(number) or read(number)

            disk.read = damaged  # type: ignore[method-assign, assignment]
            try:
                for file in look(disk, Options()).files.values():
                    assert len(file.records) >= 0
            except (DiskError, EDFError):
                told += 1
    assert told > 10
