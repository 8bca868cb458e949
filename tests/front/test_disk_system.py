"""`cpvm disk` on minidisks of a system, by userid and address; what a running system has is left alone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from cms.cmsdisk import CMSDisk
from cpvm import cli
from cpvm.cp.system import System
from cpvm.front.disks.blank import cms_disk
from cpvm.machine.media.volume import Volume
from cpvm.s370.ckd import GEOMETRY, Record, Track, encode_track

DIRECTORY = """\
VOLUME VOL001 3350 40
USER ANN ANN 1M 1M G
 MDISK 191 3350 5 10 VOL001 MR
USER BOB BOB 1M 1M G
 MDISK 191 3350 15 10 VOL001 MR
 LINK ANN 191 291 RR
"""


@pytest.fixture
def system(tmp_path: Path) -> Path:
    folder = tmp_path / "system"
    System.create(folder, DIRECTORY)
    with Volume.open(folder / "volumes" / "VOL001.volume") as volume, volume.deferred():
        for start, name in ((5, "ANN191"), (15, "BOB191")):
            disk = volume.minidisk(start, 10)
            blank = cms_disk(GEOMETRY["3350"], 10, name)
            for cyl in range(10):
                for head in range(30):
                    disk.write(cyl, head, blank.read(cyl, head))
    return folder


def disk(*words: object) -> int:
    try:
        return cli.main(["disk", *map(str, words)])
    except SystemExit as end:
        return int(end.code or 0)


def test_files_go_in_and_out(system: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "notes.script"
    text.write_text("one\ntwo\n")
    assert disk("cp", text, "ann 191:", "--system", system) == 0
    assert disk("cp", "ANN.191:NOTES SCRIPT", "BOB 191:COPY =", "--system", system) == 0
    assert disk("check", "BOB 191", "--system", system) == 0
    capsys.readouterr()
    assert disk("list", "BOB 191", "--system", system) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "BOB191  3350, 10 cylinders, CMS disk of 800-byte blocks"
    assert lines[2].startswith("COPY     SCRIPT   A1")
    assert disk("cp", "BOB 291:NOTES SCRIPT", tmp_path / "out", "--system", system) == 0
    assert (tmp_path / "out").read_text() == "one\ntwo\n"
    assert disk("export", "ANN 191", tmp_path / "ann.cckd", "--system", system) == 0
    capsys.readouterr()
    assert disk("list", tmp_path / "ann.cckd") == 0
    assert "NOTES    SCRIPT" in capsys.readouterr().out


def test_a_running_system_keeps_its_volumes(system: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    running = System(system)
    running.start()
    try:
        for words in (["list", "ANN 191"], ["cp", tmp_path / "x", "ANN 191:X Y"], ["check", "ANN 191"]):
            assert disk(*words, "--system", system) == 2
            assert "is running already; its volumes are its own until SHUTDOWN" in capsys.readouterr().err
        assert disk("list", system / "volumes" / "VOL001.volume", "--cylinders", "5-14") == 2
        assert "in use" in capsys.readouterr().err
    finally:
        running.shutdown()
    assert disk("list", "ANN 191", "--system", system) == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("ANN 192", "ANN has no minidisk 192"),
        ("EVE 191", "EVE is not in the directory"),
        ("ANN", "'ANN' is no minidisk, such as 'CMSUSER 191'"),
        ("ANN 19G", "is no minidisk"),
    ],
)
def test_what_is_no_minidisk(system: Path, words: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert disk("list", words, "--system", system) == 2
    assert reason in capsys.readouterr().err


def test_no_system(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert disk("list", "ANN 191", "--system", tmp_path / "none") == 2
    assert "no system" in capsys.readouterr().err


# ---- folders as disks, files that go


def test_a_whole_disk_goes_to_a_folder_and_comes_back_the_same(tmp_path: Path) -> None:
    """Formats, lengths, modes and dates are in the folder, too."""
    first, second, folder = tmp_path / "a.volume", tmp_path / "b.volume", tmp_path / "files"
    folder.mkdir()
    for path in (first, second):
        assert disk("init", path, "3350", "CMS191", 5, "--cms") == 0
    with Volume.open(first) as volume:
        cms = CMSDisk(5, "CMS191")
        for at, (recfm, lrecl) in enumerate([("F", 80), ("F", 133), ("V", 80), ("F", 1), ("V", 255)]):
            text = [f"LINE {n} OF [FILE]".encode("cp037")[: lrecl or None] for n in range(1, 40)]
            when = datetime(1979, 7, 4 + at, 19, 45)
            cms.write(f"TEXT{at}", "SCRIPT", f"A{at}", text, recfm, lrecl, when)
            binary = [bytes((0x15, 0x25, n, 0x40))[: lrecl or None] for n in range(1, 40)]
            cms.write(f"BIN{at}", "MODULE" if at % 2 else "DATA", "A1", binary, recfm, lrecl, when)
        for cyl, head, image in cms.tracks():
            volume.write(cyl, head, image)
    assert disk("cp", f"{first}:* *", f"{folder}:") == 0
    assert (folder / "text2.script").read_text().splitlines()[:2] == ["LINE 1 OF [FILE]", "LINE 2 OF [FILE]"]
    assert disk("cp", f"{folder}:* *", f"{second}:") == 0
    with Volume.open(first) as one, Volume.open(second) as other:
        assert CMSDisk.load(one.read, 5).files == CMSDisk.load(other.read, 5).files
    (folder / "text2.script").write_text("CHANGED BY THE HOST\n")
    assert disk("cp", f"{folder}:TEXT2 SCRIPT", f"{second}:", "--force") == 0
    with Volume.open(second) as other:
        file = CMSDisk.load(other.read, 5).files["TEXT2", "SCRIPT"]
        assert (file.recfm, file.fm, file.text) == ("V", "A2", "CHANGED BY THE HOST\n")


def test_files_are_erased_and_renamed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, text = tmp_path / "a.volume", tmp_path / "text"
    text.write_text("x\n")
    disk("init", path, "3380", "CMS191", 2, "--cms")
    for name in ("ONE LISTING", "TWO LISTING", "THREE SCRIPT"):
        assert disk("cp", text, f"{path}:{name}", "--lrecl", 60, "--recfm", "F") == 0
    capsys.readouterr()
    assert disk("rename", f"{path}:* LISTING", "= LIST") == 0
    assert disk("rename", f"{path}:THREE SCRIPT", "four script") == 0
    assert capsys.readouterr().out.splitlines() == [
        "ONE LISTING -> ONE LIST on CMS191",
        "TWO LISTING -> TWO LIST on CMS191",
        "THREE SCRIPT -> FOUR SCRIPT on CMS191",
    ]
    assert disk("erase", f"{path}:* LIST") == 0
    assert capsys.readouterr().out.splitlines() == ["ONE LIST erased from CMS191", "TWO LIST erased from CMS191"]
    assert disk("list", path) == 0
    assert capsys.readouterr().out.splitlines()[2:][0].startswith("FOUR     SCRIPT   A1 F         60        1")
    assert disk("check", path) == 0
    capsys.readouterr()
    for words, reason in (
        (["erase", path], "say which file of the disk"),
        (["rename", path, "A B"], "say which file of the disk"),
        (["erase", f"{path}:NO FILE"], "there is no file NO FILE"),
        (["rename", f"{path}:FOUR SCRIPT", "FOUR SCRIPT"], "is on CMS191 already"),
        (["rename", f"{path}:FOUR SCRIPT", "NINELETTERS X"], "is not the name of a CMS file"),
        (["rename", f"{path}:FOUR SCRIPT", "A/B X"], "invalid file name or type"),
    ):
        assert disk(*words) == 2
        assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["list", "F", "--device", "3380"],
        ["info", "F"],
        ["dump", "F", "0/0"],
        ["check", "F"],
        ["export", "F", "f.cckd"],
        ["import", "F", "f.volume"],
        ["cp", "F", "copy.ckd"],
        ["cp", "--linked", "F", "clone.volume"],
        ["check", "F", "--base", "x"],
        ["list", "F", "--cylinders", "0-3"],
        ["list", "F", "--overlay", "o"],
        ["erase", "F:A TXT"],
        ["rename", "F:A TXT", "B TXT"],
    ],
)
def test_commands_on_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("F").mkdir()
    (Path("F") / "a.txt").write_text("a\n")
    status = disk(*words)
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    refused = {"--linked", "--base", "--overlay", "--cylinders"} & set(words)
    assert status == (2 if refused else 0), said.err
    if words[0] == "export":
        assert disk("check", "f.cckd") == 0
    if words[0] == "rename":
        assert (Path("F") / "b.txt").read_text() == "a\n"


def test_bytes_that_text_does_not_bring_back_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, data = tmp_path / "a.volume", tmp_path / "data"
    disk("init", path, "3350", "CMS191", 1, "--cms")
    data.write_bytes(b"\xc1\x00\x25\x15\xc2")
    disk("cp", "--binary", "--lrecl", 5, data, f"{path}:PROG DATA")
    capsys.readouterr()
    assert disk("cp", f"{path}:PROG DATA", tmp_path / "text") == 0
    assert "text of 3 control characters, not to be copied back; see --binary" in capsys.readouterr().out
    assert disk("cp", "--binary", f"{path}:PROG DATA", tmp_path / "bytes") == 0
    assert "control" not in capsys.readouterr().out
    assert (tmp_path / "bytes").read_bytes() == data.read_bytes()


# ---- volumes of VM/370


def test_minidisks_are_found_on_a_volume(system: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = system / "volumes" / "VOL001.volume"
    assert disk("list", path) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("VOL001  3350, 40 cylinders, volume label in record 3")
    assert lines[1:] == [
        "CYLINDERS  LABEL  BLOCKS OF",
        "5-14       ANN191   800 bytes",
        "15-24      BOB191   800 bytes",
        "2 CMS minidisks; the files of one: --cylinders FIRST-LAST",
    ]
    assert disk("list", path, "--cylinders", "15-24") == 0
    assert capsys.readouterr().out.startswith("BOB191  3350, 10 cylinders, CMS disk of 800-byte blocks")
    assert disk("check", path) == 0
    with Volume.open(path) as volume:
        ann = volume.minidisk(5, 10)
        track = Track.from_bytes(ann.read(0, 0))
        mfd = bytearray(track.records[3].data)
        mfd[0x170:0x174] = (77).to_bytes(4, "big")
        track.records[3].data = bytes(mfd)
        ann.write(0, 0, track.to_bytes())
    capsys.readouterr()
    assert disk("check", path) == 1
    assert "cylinders 5-14: the directory says that 77 blocks are in use" in capsys.readouterr().out


def test_what_cp_allocates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cp.volume"
    label = ("VOL1CPVOL1".encode("cp037") + b"\0\0\0\0\0\5").ljust(46, b"\x40") + "CP370".encode("cp037").ljust(
        34, b"\x40"
    )
    codes = b"\4\4" + b"\1" * 8 + b"\0" * 5 + b"\2" * 5 + b"\xff"
    records = [
        Record(0, 0, 1, b"", bytes(24)),
        Record(0, 0, 2, b"", bytes(4096)),
        Record(0, 0, 3, "VOL1".encode("cp037"), label),
        Record(0, 0, 4, b"", codes.ljust(1024, b"\0")),
    ]
    with Volume.create(path, "3350", "CPVOL1", cylinders=20) as volume:
        volume.write(0, 0, encode_track(0, 0, records))
    assert disk("list", path) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        *("allocated: DRCT 0-1", "allocated: PERM 2-9", "allocated: TEMP 10-14", "allocated: TDSK 15-19"),
        "0 CMS minidisks",
    ]
    assert disk("check", path) == 0
