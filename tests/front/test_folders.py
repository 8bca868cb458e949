"""Folders as CMS disks: what is shown of them, names, contents."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cpvm.front.folders import contents, names
from cpvm.front.folders.disk import FolderDisk
from cpvm.machine.device import MediaError

from .folderguest import Guest, ebcdic, sound

BLANK = b"\x40"


# ---- what is shown


def test_files_of_the_folder_are_cms_files(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    (folder / "profile.exec").write_text("&CONTROL OFF\n")
    (folder / "notes.txt").write_text("one\n\nété\n")
    (folder / "Makefile").write_text("x\r\ny\n")
    (folder / "wide.assemble").write_text("*" * 81 + "\n")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\0" + bytes(range(97)))
    disk = sound(opened(read_only=True))
    files = disk.files
    assert disk.label == "WORK"
    assert files["PROFILE", "EXEC"].records == [ebcdic("&CONTROL OFF".ljust(80))]
    assert (files["NOTES", "TXT"].recfm, files["NOTES", "TXT"].records) == (
        "V",
        [ebcdic("one"), BLANK, ebcdic("été")],
    )
    assert files["MAKEFILE", "FILE"].records == [ebcdic("x"), ebcdic("y")]
    assert (files["WIDE", "ASSEMBLE"].recfm, files["WIDE", "ASSEMBLE"].lrecl) == ("V", 81)
    assert b"".join(files["PHOTO", "JPG"].records) == (folder / "photo.jpg").read_bytes().ljust(160, b"\0")


def test_1047(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    (folder / "a.b").write_text("[x]\n")
    assert sound(opened(read_only=True, page="1047")).files["A", "B"].records == [b"\xad\xa7\xbd"]
    with pytest.raises(MediaError, match="1048 is no code page"):
        opened(read_only=True, page="1048")


def test_what_is_not_shown_is_told(folder: Path, opened: Callable[..., FolderDisk], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("no\n")
    (folder / "link.txt").symlink_to(secret)
    (folder / "arrow.txt").write_text("a → b\nc → ☃\n")
    (folder / "empty.txt").touch()
    (folder / ".hidden").write_text("x\n")
    (folder / "deep").mkdir()
    os.mkfifo(folder / "pipe.txt")
    (folder / "chapter-one.txt").write_text("1\n")
    (folder / "chapter-two.txt").write_text("2\n")
    (folder / "README").write_text("1\n")
    (folder / "readme.file").write_text("2\n")
    disk = opened(read_only=True)
    assert set(sound(disk).files) == {("CHAPTER-", "TXT"), ("README", "FILE")}
    assert sorted(disk.notes) == [
        "README is not shown: readme.file is README FILE already",
        "arrow.txt is not shown: 3 characters are not in code page 037: '→' (U+2192) 2 times, first in line 1; "
        "'☃' (U+2603) once, in line 2",
        "chapter-two.txt is not shown: chapter-one.txt is CHAPTER- TXT already",
        "empty.txt is not shown: it is empty, and a CMS file has at least one record",
        "link.txt is not shown: it is a link",
        "pipe.txt is not shown: it is not a file",
    ]


def test_a_thousand_files_and_large_ones(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    for number in range(1000):
        (folder / f"f{number}.data").write_text(f"{number}\n")
    (folder / "big.text").write_bytes(os.urandom(400_000))
    (folder / "huge.text").write_bytes(bytes(13_000_000))
    disk = opened(read_only=True)
    found = sound(disk)
    assert len(found.files) == 1001
    assert b"".join(found.files["BIG", "TEXT"].records) == (folder / "big.text").read_bytes()
    assert disk.notes == ["huge.text is not shown: it has 162500 records, a CMS file 65535 at most"]


def test_a_folder_larger_than_the_disk(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    for name in "abcde":
        (folder / f"{name}.text").write_bytes(bytes(1_000_000))
    disk = opened(device="2305-1")
    assert [note for note in disk.notes if "no room" in note] == [
        "d.text is not shown: there is no room left on the disk",
        "e.text is not shown: there is no room left on the disk",
    ]
    guest = Guest(disk)
    assert len(guest.fsts) == 3
    guest.erase("A", "TEXT")
    guest.close()
    disk.hold(writing=False)
    assert len(Guest(disk).fsts) == 3
    assert {path.name for path in folder.glob("*.text")} == {"b.text", "c.text", "d.text", "e.text"}


@pytest.mark.parametrize("device", ["2305-2", "2311", "2314", "3330", "3330-11", "3340", "3350", "3380", "3390-9"])
def test_other_disks(folder: Path, opened: Callable[..., FolderDisk], device: str) -> None:
    from cpvm.front.disks import cmsfiles
    from cpvm.front.disks.place import Part

    (folder / "a.b").write_text("x\n")
    disk = opened(read_only=True, device=device)
    assert disk.device_type == device
    assert list(cmsfiles.load(Part(disk, disk.geometry, disk.cylinders, folder)).files) == [("A", "B")]


def test_read_only_disks_follow_the_host_at_access(folder: Path, opened: Callable[..., FolderDisk]) -> None:
    (folder / "a.txt").write_text("old\n")
    (folder / "b.txt").write_text("stays\n")
    disk = opened(read_only=True)
    first = Guest(disk)
    chain = first.fsts[first.name("B", "TXT")]
    (folder / "a.txt").write_text("new one\n")
    (folder / "c.txt").write_text("third\n")
    old = int.from_bytes(first.fsts[first.name("A", "TXT")][28:30], "big")
    data = int.from_bytes(first.read(old)[80:82], "big")
    second = Guest(disk)
    assert first.read(data)[2:5] == ebcdic("old")  # who has not accessed it again still reads what was there
    assert second.fsts[second.name("B", "TXT")] == chain
    found = sound(disk).files
    assert found["A", "TXT"].records == [ebcdic("new one")]
    assert ("C", "TXT") in found
    (folder / "a.txt").unlink()
    assert ("A", "TXT") not in sound(disk).files
    with pytest.raises(MediaError, match="read-only"):
        disk.write(0, 1, disk.read(0, 1))


# ---- names and contents


@pytest.mark.parametrize(
    ("host", "cms"),
    [
        *(("profile.exec", "PROFILE EXEC"), ("README", "README FILE"), ("a.b.c", "A_B C"), ("naïve.txt", "NA_VE TXT")),
        *(("averylongname.assemble", "AVERYLON ASSEMBLE"), ("x.", "X FILE"), ("sp ace.x", "SP_ACE X")),
        *(("=4b=4b.=61", ".. /"), ("$a#@+-_.x", "$A#@+-_ X")),
    ],
)
def test_folding(host: str, cms: str) -> None:
    assert names.shown(names.folded(host)) == cms


def test_every_byte_survives_in_a_name() -> None:
    for code in range(256):
        name = (bytes((0xC1, code, 0xC2)).ljust(8, BLANK), bytes((0xC1,)).ljust(8, BLANK))
        host = names.host_name(name)
        assert names.folded(host) == name
        assert "/" not in host
        assert not host.startswith(".")


def test_every_record_survives() -> None:
    for code in range(256):
        for recfm, records in (("V", (bytes((code,)), b"\xc1" + bytes((code,)))), ("F", (bytes((0xC1, code)),) * 2)):
            form, data = contents.host_bytes(recfm, 2, records, "DATA", "037")
            back = contents.records_of(data, "DATA", "037", (recfm, 2, form))
            assert (back.recfm, back.records) == (recfm, records)
