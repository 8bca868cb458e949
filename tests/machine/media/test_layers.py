"""Volumes over images and other volumes: overlays, clones, bases that moved or changed, fixed blocks, kills."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from pathlib import Path

import killdisk
import pytest
from sampledisk import BLOCKS, CYLINDERS, SampleBlocks, SampleDisk, block, track

from cpvm.machine.device import MediaError
from cpvm.machine.media import base as bases
from cpvm.machine.media import clone as clones
from cpvm.machine.media.clone import clone, split
from cpvm.machine.media.images import BlockImage, TrackImage, open_image, overlay_of
from cpvm.machine.media.images.writing import write_compressed, write_fba
from cpvm.machine.media.volume import (
    GROUP,
    BlockVolume,
    Volume,
    create_blocks,
    open_volume,
)
from cpvm.s370.ckd import Record, encode_track

NEW = encode_track(1, 2, [Record(1, 2, 1, b"KEY", b"changed")])


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_compressed(tmp_path / "base.cckd", SampleDisk())[0]


def change(path: Path, cyl: int, head: int, new: bytes = NEW) -> None:
    with open_image(path, read_only=False) as disk:
        assert isinstance(disk, TrackImage)
        disk.write(cyl, head, new)
        disk.commit()


def get(path: Path, cyl: int, head: int) -> bytes:
    with open_image(path) as disk:
        assert isinstance(disk, TrackImage)
        return disk.read(cyl, head)


# ---- overlays


def test_an_image_is_changed_by_its_overlay(image: Path) -> None:
    before = image.read_bytes()
    change(image, 1, 2)
    assert image.read_bytes() == before
    assert overlay_of(image).exists()
    with open_image(image) as disk:
        assert isinstance(disk, Volume)
        assert (disk.read_only, disk.device_type, disk.cylinders, disk.changed()) == (True, "2311", CYLINDERS, [12])
        for cyl in range(CYLINDERS):
            for head in range(10):
                assert disk.read(cyl, head) == (NEW if (cyl, head) == (1, 2) else track(cyl, head))
        with pytest.raises(MediaError, match="read-only"):
            disk.write(0, 0, NEW)


def test_reading_makes_no_overlay(image: Path) -> None:
    assert get(image, 1, 2) == track(1, 2)
    assert [path.name for path in image.parent.iterdir()] == [image.name]


def test_an_overlay_elsewhere(image: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "mine"
    other.parent.mkdir()
    with pytest.raises(MediaError, match="does not exist"):
        open_image(image, overlay=other)
    with open_image(image, False, overlay=other) as disk:
        assert isinstance(disk, Volume)
        disk.write(0, 0, NEW)
    assert get(image, 0, 0) == track(0, 0)
    with open_image(image, overlay=other) as disk:
        assert isinstance(disk, Volume) and disk.read(0, 0) == NEW
    (second,) = write_compressed(tmp_path / "second.cckd", SampleDisk())
    with pytest.raises(MediaError, match="does not hold the changes of"):
        open_image(second, False, overlay=other)
    with pytest.raises(MediaError, match="is a volume"):
        open_image(other, overlay=other)


def test_one_writer_and_no_reader_beside_it(image: Path) -> None:
    change(image, 0, 0)
    with open_image(image, False):
        for read_only in (True, False):
            with pytest.raises(MediaError, match="in use"):
                open_image(image, read_only)
    with open_image(image), open_image(image), pytest.raises(MediaError, match="in use"):
        open_image(image, False)


def test_shadow_files_lie_under_an_overlay(image: Path, tmp_path: Path) -> None:
    header = image.read_bytes()[:1024]
    shadow = tmp_path / "base_1.cckd"
    shadow.write_bytes(b"CKD_S370" + header[8:] + b"\xff" * 4)
    with open_image(image, False, shadows=[shadow]) as disk:
        assert isinstance(disk, Volume)
        disk.write(0, 0, NEW)
    assert (get(image, 0, 0), get(image, 1, 1)) == (NEW, track(1, 1))
    shadow.unlink()
    with pytest.raises(MediaError, match=r"base_1.cckd is not there; if it was moved: cpvm disk check"):
        open_image(image)


# ---- the base stays what it was


def test_a_base_that_has_changed_is_refused(image: Path) -> None:
    change(image, 1, 2)
    times = image.stat()
    data = bytearray(image.read_bytes())
    data[-10] ^= 1
    image.write_bytes(data)
    os.utime(image, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(MediaError, match="has changed since"):
        open_image(image)


def test_the_same_contents_at_another_time_are_the_same(image: Path, tmp_path: Path) -> None:
    change(image, 1, 2)
    os.utime(image, (1, 1))
    assert get(image, 1, 2) == NEW
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in (image, overlay_of(image)):
        path.rename(moved / path.name)
    assert get(moved / image.name, 1, 2) == NEW, "a base beside its volume moves with it"


def test_the_time_counts_if_not_all_the_contents_are_known(image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bases, "WHOLE", 100)
    change(image, 1, 2)
    assert get(image, 1, 2) == NEW
    os.utime(image, (1, 1))
    with pytest.raises(MediaError, match="at least its time has"):
        open_image(image)


def test_a_base_that_is_gone(image: Path, tmp_path: Path) -> None:
    change(image, 1, 2)
    overlay = overlay_of(image)
    image.rename(tmp_path / "other.cckd")
    with pytest.raises(MediaError, match="is not there"):
        open_volume(overlay)


# ---- clones


def test_a_clone_of_an_image_is_small_and_its_own(image: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        clone(tmp_path / name, image)
        change(tmp_path / name, 1, 2, NEW.replace(b"changed", name.encode() * 7))
    assert get(tmp_path / "a", 1, 2) != get(tmp_path / "b", 1, 2)
    assert get(tmp_path / "a", 2, 2) == get(tmp_path / "b", 2, 2) == track(2, 2)
    assert (tmp_path / "a").stat().st_size < 20000
    with pytest.raises(MediaError, match="exists already"):
        clone(tmp_path / "a", image)


def test_a_volume_with_clones_is_not_written_any_more(tmp_path: Path) -> None:
    first = tmp_path / "first"
    with Volume.create(first, "3350", "CPVM01", 4) as volume:
        volume.write(1, 2, NEW)
    clone(tmp_path / "second", first)
    clone(tmp_path / "third", tmp_path / "second")
    with pytest.raises(MediaError, match="not written any more"):
        Volume.open(first)
    with Volume.open(first, read_only=True), Volume.open(tmp_path / "third") as third:
        assert (third.volid, third.read(1, 2)) == ("CPVM01", NEW)
        third.write(1, 2, track(0, 0))
    with Volume.open(tmp_path / "second", read_only=True) as second:
        assert second.read(1, 2) == NEW


@pytest.mark.parametrize("step", ["_make", "link", "replace", "freeze"])
def test_a_clone_that_is_given_up_in_the_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """As if the process were killed: the volume can be written, whatever of the clone is there."""
    path = tmp_path / "v"
    with Volume.create(path, "2311", "SPLIT", 2) as volume:
        volume.write(1, 2, NEW)

    def give_up(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        where = {"link": os, "replace": Path}.get(step, clones)
        patch.setattr(where, step, give_up)
        with pytest.raises(KeyboardInterrupt):
            split(path)
    for turn in range(2):
        with Volume.open(path) as volume:
            assert volume.read(1, 2) == NEW
            volume.write(0, turn, NEW)
        below = split(path)
        with Volume.open(below, read_only=True) as frozen:
            assert frozen.read(0, turn) == NEW
        with pytest.raises(MediaError, match="not written any more"):
            Volume.open(below)


def test_another_volume_in_the_place_of_a_base(tmp_path: Path) -> None:
    Volume.create(tmp_path / "first", "3350", "CPVM01", 4).close()
    clone(tmp_path / "second", tmp_path / "first")
    (tmp_path / "first").unlink()
    Volume.create(tmp_path / "first", "3350", "CPVM01", 4).close()
    with pytest.raises(MediaError, match="is not the volume that it was made over"):
        Volume.open(tmp_path / "second")


def test_chains_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cpvm.machine.media.volume.DEEPEST", 4)
    Volume.create(tmp_path / "0", "2311", "DEEP", 2).close()
    for number in range(1, 5):
        clone(tmp_path / str(number), tmp_path / str(number - 1))
    Volume.open(tmp_path / "4").close()
    with pytest.raises(MediaError, match="more than 4 volumes"):
        clone(tmp_path / "5", tmp_path / "4")
        Volume.open(tmp_path / "5")


def test_a_base_of_itself(tmp_path: Path) -> None:
    Volume.create(tmp_path / "a", "2311", "LOOP", 2).close()
    clone(tmp_path / "b", tmp_path / "a")
    with Volume.open(tmp_path / "a", read_only=True) as volume:
        facts = dict(volume.facts)
    database = sqlite3.connect(tmp_path / "b")
    database.executemany("INSERT OR REPLACE INTO volume VALUES (?, ?)", [("id", facts["id"]), ("frozen", 1)])
    database.commit()
    database.close()
    shutil.copy(tmp_path / "b", tmp_path / "a")
    with pytest.raises(MediaError, match="more than 32 volumes"):
        Volume.open(tmp_path / "a", read_only=True)


# ---- fixed blocks


def test_a_new_volume_of_blocks(tmp_path: Path) -> None:
    with create_blocks(tmp_path / "v", "3370", "FBA001", 100) as volume:
        assert volume.read(1)[:10] == bytes.fromhex("E5D6D3F1C6C2C1F0F0F1")
        assert volume.read(0) == volume.read(99) == bytes(512)
        volume.write(99, b"Z" * 512)
        for bad in (-1, 100):
            with pytest.raises(MediaError, match="has no block"):
                volume.read(bad)
        with pytest.raises(MediaError, match="512 bytes"):
            volume.write(0, b"short")
    with open_volume(tmp_path / "v") as again:
        assert isinstance(again, BlockVolume)
        assert (again.read(99), again.read(98), again.device_type) == (b"Z" * 512, bytes(512), "3370")
    with pytest.raises(MediaError, match="fixed-block"):
        Volume.open(tmp_path / "v")


@pytest.mark.parametrize("write", [write_fba, write_compressed])
def test_blocks_over_an_image(tmp_path: Path, write: type) -> None:
    path = tmp_path / "base"
    write(path, SampleBlocks())
    expected = [block(number) for number in range(BLOCKS)]
    chance = random.Random(1)
    for turn in range(5):
        with open_image(path, False, device="3310") as disk:
            assert isinstance(disk, BlockImage)
            for _ in range(20):
                at = chance.choice((0, BLOCKS - 1, GROUP, GROUP - 1, chance.randrange(BLOCKS)))
                expected[at] = bytes((turn, at & 0xFF)) * 256
                disk.write(at, expected[at])
            disk.commit()
    with open_image(path, device="3310") as disk:
        assert isinstance(disk, BlockImage)
        assert [disk.read(number) for number in range(BLOCKS)] == expected


# ---- damage


def test_damaged_volumes(tmp_path: Path, image: Path) -> None:
    """Whatever is in the file of a volume: an error of the medium, no other."""
    change(image, 1, 2)
    good = overlay_of(image).read_bytes()
    path = tmp_path / "bad"
    chance = random.Random(7)
    found = 0
    for _ in range(150):
        data = bytearray(good)
        for _ in range(chance.choice((1, 5, 50))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data)
        try:
            with open_volume(path, read_only=chance.random() < 0.5) as volume:
                assert isinstance(volume, Volume)
                volume.read(1, 2)
                found += bool(volume.damage())
        except MediaError:
            found += 1
    assert found > 20


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("format", 99),
        ("format", None),
        ("type", "9999"),
        ("volid", 5),
        ("cylinders", 0),
        ("cylinders", "many"),
        ("cylinders", 10**6),
        ("base", "{}"),
        ("base", "{"),
        ("base", 7),
        ("blocks", -3),
    ],
)
def test_facts_that_cannot_be(tmp_path: Path, image: Path, name: str, value: object) -> None:
    change(image, 1, 2)
    database = sqlite3.connect(overlay_of(image))
    database.execute("INSERT OR REPLACE INTO volume VALUES (?, ?)", (name, value))
    database.commit()
    database.close()
    with pytest.raises(MediaError):
        open_volume(overlay_of(image))


def test_a_new_volume_appears_whole(tmp_path: Path) -> None:
    with pytest.raises(MediaError):
        Volume.create(tmp_path / "no" / "such" / "folder", "3350", "X", 1)
    with pytest.raises(ValueError, match="identifier"):
        Volume.create(tmp_path / "v", "3350", "TOO LONG", 1)
    assert list(tmp_path.iterdir()) == []


# ---- kills


def test_killed_writers(tmp_path: Path) -> None:
    _, acknowledged = killdisk.campaign(tmp_path, 4)
    assert acknowledged
