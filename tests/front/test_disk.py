"""`cpvm disk`: new disks, CMS files in and out; what is typed wrong."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from cms.cmsdisk import CMSDisk
from cpvm.front.disks import textcode
from cpvm.front.disks.blank import format_4
from cpvm.front.disks.place import split
from cpvm.front.disks.textcode import CodeError, decode, encode
from cpvm.machine.media.images import TrackImage, open_image
from cpvm.s370.ckd import GEOMETRY, Track, decode_track

from .diskshell import Shell, contents

# ---- init


@pytest.mark.parametrize("name", ["d.ckd", "d.cckd", "d.cckd64", "d.volume"])
def test_a_new_disk(disk: Shell, name: str) -> None:
    assert disk("init", name, "3330", "work01", 7).lines == [f"{name}: WORK01, 3330, 7 cylinders"]
    assert disk("list", name).lines == [
        "WORK01  3330, 7 cylinders, volume label in record 3, VTOC at 0/1",
        f"{'DSNAME':44} DSORG RECFM LRECL BLKSI TRACKS EXT CREATED",
        "0 data sets",
    ]
    assert disk("check", name).lines == [f"{name}: no errors found"]
    tracks = contents(name)
    ipl, _, label = decode_track(tracks[0])
    assert ipl.data[:8] == bytes.fromhex("000600000000000F")
    assert label.data[:16] == bytes.fromhex("E5D6D3F1E6D6D9D2F0F1400000000101")
    assert tracks[2:] == [Track.empty(n // 19, n % 19).to_bytes() for n in range(2, 7 * 19)]
    dscbs = decode_track(tracks[1])
    assert len(dscbs) == 39
    assert (dscbs[0].key, dscbs[0].data[0], dscbs[1].data[0]) == (b"\x04" * 44, 0xF4, 0xF5)
    assert dscbs[1].key[:9] == bytes.fromhex("05050505 0002 0006 11")  # from track 2, 6 cylinders and 17 tracks


# Overhead, tolerance, DSCBs and directory blocks of a track: the device characteristics table of OS/VS.
@pytest.mark.parametrize(
    ("device", "constants"),
    [
        ("2311", "0E29 51141401 0219 10 0A"),
        ("2314", "1C7E 922D2D01 0216 19 11"),
        ("3330", "336D BFBF3801 0200 27 1C"),
        ("3340", "2157 F2F24B01 0200 16 10"),
        ("3350", "4B36 010B5208 0200 2F 24"),
        ("2305-2", "3A0A 01215B08 0200 22 1A"),
    ],
)
def test_a_vtoc_describes_its_device(device: str, constants: str) -> None:
    geometry = GEOMETRY[device]
    data = format_4(geometry, geometry.cylinders, 1)
    assert data[62:66] == struct.pack(">HH", geometry.cylinders, geometry.heads)
    assert data[66:76].hex(" ").upper() == bytes.fromhex(constants).hex(" ").upper()


def test_more_ways_to_make_a_disk(disk: Shell) -> None:
    disk("init", "a.ckd", "2311", "ALT", "--alternates")
    disk("init", "b.volume", "2311", "NOVTOC", "--no-vtoc")
    disk("init", "c.cckd", "3350", "BIG", "--vtoc", 5)
    assert disk("list", "a.ckd").lines[0].startswith("ALT  2311, 203 cylinders")
    assert disk("list", "b.volume").lines == ["NOVTOC  2311, 200 cylinders, volume label in record 3, no VTOC"]
    assert decode_track(contents("a.ckd")[1])[0].data[8:14] == bytes.fromhex("00C80000001E")  # next alternate, 30 left
    assert disk("info", "c.cckd").lines[-1] == "used:       6 tracks with records"
    assert disk("init", "a.ckd", "2311", "X", status=2).err == "cpvm disk init: a.ckd exists already\n"
    disk("init", "a.ckd", "2311", "X", "--force")
    assert disk("list", "a.ckd").lines[0].startswith("X  ")


@pytest.mark.parametrize("name", ["f.fba", "f.img", "f.cfba", "f.cfba64", "f.volume"])
def test_a_new_fixed_block_disk(disk: Shell, name: str) -> None:
    assert disk("init", name, "3310", "FBA001", 1000).lines == [f"{name}: FBA001, 3310, 1000 blocks"]
    (line,) = disk("list", name).lines
    assert line.startswith("FBA001  33") and line.endswith("1000 blocks, volume label in block 1")
    assert disk("check", name).lines == [f"{name}: no errors found"]
    assert contents(name)[1][:10] == bytes.fromhex("E5D6D3F1C6C2C1F0F0F1")
    assert disk("dump", name, "1").lines[1].startswith("    0000  E5D6D3F1 C6C2C1F0 F0F14040")
    disk("dump", name, "1000", status=2)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["init", "d", "3350"], "its name does not say which format"),
        (["init", "d.ckd", "3351"], "3351 is no device type"),
        (["init", "d.ckd", "3350", "TOOLONG"], "is not 1 to 6 letters, digits"),
        (["init", "d.ckd", "3350", "V", "561"], "1 to 560 cylinders, not 561"),
        (["init", "d.ckd", "3350", "V", "0"], "is not a number from 1 on"),
        (["init", "d.fba", "3350"], "no fixed-block device type"),
        (["init", "d.ckd", "3370"], "the format ckd is not for a fixed-block disk"),
        (["init", "no/such/folder/d.ckd", "3350"], "No such file"),
        (["init", "d.ckd", "3350", "--vtoc", "30"], "0 to 29 tracks"),
        (["list", "none"], "none: No such file or directory"),
        (["list", ".", "--shadow", "x"], "Is a directory"),
        (["info", "text"], "text is not a disk image"),
        (["cp", "text"], "say what is copied"),
        (["cp", "text", "other"], "text is not a disk image"),
        (["cp", "text", "none.ckd:A B"], "none.ckd: No such file"),
        (["cp", "none.ckd:A B", "text"], "none.ckd: No such file"),
        (["check", "d.volume", "--base", "x"], "d.volume does not exist"),
        (["list", "x.ckd", "--cylinders", "9-3"], "is not a range of cylinders"),
        (["frob"], "invalid choice"),
        ([], "required"),
    ],
)
def test_what_cannot_be_done(disk: Shell, words: list[str], says: str) -> None:
    Path("text").write_text("not a disk\n")
    assert says in disk(*words, status=2).err


# ---- CMS files


def test_text_in_and_out(disk: Shell, cms: Path) -> None:
    Path("profile.exec").write_text("&CONTROL OFF\n\tACCESS 190 A   \n[^]{}¬¢\n")
    done = disk("cp", "profile.exec", "cms.ckd:")
    assert done.lines == [
        "profile.exec -> PROFILE EXEC on CMS191, 3 records",
        "cms.ckd is as it was, the changes are in cms.ckd.overlay",
    ]
    listed = disk("list", cms, "profile *").lines
    assert re.fullmatch(r"PROFILE  EXEC     A1 F         80        3        1 \d\d/\d\d/\d\d \d\d:\d\d", listed[2])
    assert disk("cp", "cms.ckd:PROFILE EXEC", "out").lines == ["PROFILE EXEC -> out, 3 records"]
    assert Path("out").read_text() == "&CONTROL OFF\n        ACCESS 190 A\n[^]{}¬¢\n"
    with open_image(cms) as image:
        assert isinstance(image, TrackImage)
        file = CMSDisk.load(image.read, 3).read("PROFILE", "EXEC")
    assert file.records[2][:7].hex().upper() == "BAB0BBC0D05F4A"
    disk("cp", "out", "cms.ckd:NEW DATA", "--code", "1047")
    disk("cp", "cms.ckd:NEW DATA", "raw", "--binary")
    assert Path("raw").read_bytes()[160:167].hex().upper() == "AD5FBDC0D0B04A"
    disk("cp", "cms.ckd:NEW DATA", "back", "--code", "1047")
    assert Path("back").read_bytes() == Path("out").read_bytes()
    assert disk("check", cms).lines == ["cms.ckd: no errors found"]


def test_record_formats(disk: Shell, cms: Path) -> None:
    Path("long").write_text("A" * 200 + "\n\nB\n")
    disk("cp", "long", "cms.ckd:LONG V")
    disk("cp", "long", "cms.ckd:LONG F", "--recfm", "f", "--lrecl", 300)
    assert "a record 100" in disk("cp", "long", "cms.ckd:LONG X", "--recfm", "F", "--lrecl", 100, status=2).err
    assert [line[21:34] for line in disk("list", cms).lines[2:4]] == ["F        300 ", "V        200 "]
    disk("cp", "cms.ckd:LONG V", "v", "--binary")
    assert Path("v").read_bytes() == b"\0\xc8" + b"\xc1" * 200 + b"\0\1\x40" + b"\0\1\xc2"
    disk("cp", "v", "cms.ckd:BIN V", "--binary", "--recfm", "V")
    disk("cp", "cms.ckd:BIN V", "v2", "--binary")
    assert Path("v2").read_bytes() == Path("v").read_bytes()
    Path("bytes").write_bytes(bytes(range(256)))
    disk("cp", "bytes", "cms.ckd:BIN F", "--binary", "--lrecl", 100)
    disk("cp", "cms.ckd:BIN F", "f", "--binary")
    assert Path("f").read_bytes() == bytes(range(256)) + bytes(44)
    assert (
        "no length of a variable record" in disk("cp", "bytes", "cms.ckd:X Y", "--binary", "--recfm", "V", status=2).err
    )
    Path("wide").write_text("日本\n")
    assert "not in code page 037: " in disk("cp", "wide", "cms.ckd:X Y", status=2).err
    Path("latin").write_bytes(b"\xff\xfe\n")
    assert "not UTF-8" in disk("cp", "latin", "cms.ckd:X Y", status=2).err
    Path("empty").write_bytes(b"")
    disk("cp", "empty", "cms.ckd:X Y", status=2)
    assert disk("list", cms).lines[-1].startswith("4 files;")


def test_a_file_that_is_there_keeps_its_form(disk: Shell, cms: Path) -> None:
    Path("a").write_text("ONE\n")
    disk("cp", "a", "cms.ckd:A A", "--recfm", "V")
    assert "is on CMS191 already; --force replaces it" in disk("cp", "a", "cms.ckd:A A", status=2).err
    Path("a").write_text("TWO\nTHREE\n")
    disk("cp", "--force", "a", "cms.ckd:A A")
    assert disk("list", cms, "A A").lines[2].startswith("A        A        A1 V          5        2")
    disk("cp", "cms.ckd:A A", "out")
    assert "out exists already" in disk("cp", "cms.ckd:A A", "out", status=2).err
    disk("cp", "--force", "cms.ckd:A A", "out")
    assert Path("out").read_text() == "TWO\nTHREE\n"


def test_many_files_and_from_disk_to_disk(disk: Shell, cms: Path) -> None:
    for name in ("one.exec", "two.exec", "three.script"):
        Path(name).write_text(f"{name}\n")
    disk("cp", "one.exec", "two.exec", "three.script", "cms.ckd:")
    disk("init", "b.volume", "3330", "CMSB", 2, "--cms")
    assert len(disk("cp", "cms.ckd:* EXEC", "b.volume:").lines) == 2
    assert disk("cp", "cms.ckd:ONE EXEC", "b.volume:UNO =").lines == ["ONE EXEC -> UNO EXEC on CMSB, 1 record"]
    assert [line.split()[0] for line in disk("list", "b.volume").lines[2:-1]] == ["ONE", "TWO", "UNO"]
    Path("out").mkdir()
    assert len(disk("cp", "b.volume:", "cms.ckd:THREE SCRIPT", "out").lines) == 4
    assert sorted(path.name for path in Path("out").iterdir()) == ["one.exec", "three.script", "two.exec", "uno.exec"]
    assert "is not a folder" in disk("cp", "b.volume:", "file", status=2).err
    assert "all be called" in disk("cp", "one.exec", "two.exec", "cms.ckd:X Y", status=2).err
    assert "all be called" in disk("cp", "cms.ckd:* EXEC", "b.volume:X Y", status=2).err
    assert "there is no file" in disk("cp", "cms.ckd:NO FILE", "x", status=2).err
    assert "is not the name of a CMS file" in disk("cp", "cms.ckd:NO", "x", status=2).err
    assert "already" in disk("cp", "cms.ckd:ONE EXEC", "b.volume:", status=2).err


def test_a_file_that_does_not_fit_changes_nothing(disk: Shell, cms: Path) -> None:
    Path("small").write_text("S\n")
    disk("cp", "small", "cms.ckd:SMALL FILE")
    before = contents(cms)
    Path("big").write_bytes(bytes(2_000_000))
    assert "does not fit" in disk("cp", "big", "cms.ckd:BIG FILE", "--binary", "--force", status=2).err
    assert contents(cms) == before


def test_a_minidisk_within_a_volume(disk: Shell) -> None:
    disk("init", "v.volume", "3350", "CPVOL", 10, "--no-vtoc")
    mine = CMSDisk(3, "MINI", now=datetime(1976, 2, 29, 12, 30))
    mine.write_text("A", "DATA", "A1", "HELLO\n")
    with open_image("v.volume", False) as volume:
        assert isinstance(volume, TrackImage)
        for cyl, head, image in mine.tracks():
            track = Track.from_bytes(image)
            track.cyl = cyl + 4
            for record in (track.r0, *track.records):
                record.cyl = cyl + 4
            volume.write(cyl + 4, head, track.to_bytes())
    outside = [image for n, image in enumerate(contents("v.volume")) if not 120 <= n < 210]
    Path("b").write_text("MORE\n")
    disk("cp", "b", "v.volume:B DATA", "--cylinders", "4-6")
    listed = disk("list", "v.volume", "--cylinders", "4-6").lines
    assert listed[0] == "MINI  3350, 3 cylinders, CMS disk of 800-byte blocks"
    assert listed[2].endswith("02/29/76 12:30")
    disk("cp", "v.volume:B DATA", "out", "--cylinders", "4-6")
    assert Path("out").read_text() == "MORE\n"
    assert disk("check", "v.volume", "--cylinders", "4-6").status == 0
    assert [image for n, image in enumerate(contents("v.volume")) if not 120 <= n < 210] == outside
    assert "not 4-10" in disk("list", "v.volume", "--cylinders", "4-10", status=2).err


def test_cylinders_behind_the_file_system_stay(disk: Shell) -> None:
    made = CMSDisk(3, "NUC", reserved=1)
    made.raw_track(2, 3, [b"NUCLEUS"])
    made.ipl([b"IPL TEXT"])
    disk("init", "n.volume", "3350", "X", 3)
    with open_image("n.volume", False) as volume:
        assert isinstance(volume, TrackImage)
        for cyl, head, image in made.tracks():
            volume.write(cyl, head, image)
    Path("a").write_text("A\n")
    disk("cp", "a", "n.volume:A A")
    tracks = contents("n.volume")
    assert decode_track(tracks[63])[0].data == b"NUCLEUS"
    assert decode_track(tracks[0])[0].data[:8] == b"IPL TEXT"
    assert disk("check", "n.volume").status == 0


# ---- odds and ends


def test_code_pages_are_one_to_one() -> None:
    for page in textcode.PAGES:
        text = decode(bytes(range(256)), page)
        assert len(set(text)) == 256
        assert encode(text, page) == bytes(range(256))
    assert encode("[]^¬", "037").hex() == "babbb05f"
    assert encode("[]^¬Ý¨", "1047").hex() == "adbd5fb0babb"
    with pytest.raises(CodeError):
        encode("€", "037")


def test_percent_on_a_terminal(tmp_path: Path) -> None:
    """A long operation on a terminal shows percent, which is gone at the end."""
    script = (
        "import sys, time\n"
        "sys.stderr.isatty = lambda: True\n"
        "from cpvm.front.disks.progress import Percent\n"
        "clock = iter(range(100))\n"
        "time.monotonic = lambda: next(clock)\n"
        "with Percent('checking') as percent:\n"
        "    percent(1, 4)\n"
        "    percent(4, 4)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stderr == b"\rchecking: 25%\rchecking: 100%\r" + b" " * 14 + b"\r"


def test_what_a_word_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert split("a/disk.ckd") == (Path("a/disk.ckd"), None)
    assert split("disk.ckd:") == (Path("disk.ckd"), "")
    assert split("disk.ckd: A B ") == (Path("disk.ckd"), "A B")
    assert split("C:\\disk.ckd") == (Path("C:\\disk.ckd"), None)
    assert split("C:/disk.ckd:A B") == (Path("C:/disk.ckd"), "A B")
    Path("odd:name").touch()
    assert split("odd:name") == (Path("odd:name"), None)
