"""`cpvm disk` on minidisks of a system, by userid and address; what a running system has is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpvm import cli
from cpvm.cp.system import System
from cpvm.front.disks.blank import cms_disk
from cpvm.machine.media.volume import Volume
from cpvm.s370.ckd import GEOMETRY

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
