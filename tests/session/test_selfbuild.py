"""CMS builds a command of its own: cards, ASSEMBLE, TXTLIB, LOAD and GENMOD give the module that it has."""

from pathlib import Path

import pytest

from cms.modules import build_folder
from cms.source import COMMANDS, Library
from cpvm import cli

FOLDER = COMMANDS / "libraries"


def test_maclib_made_under_cms(
    system_directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (built,) = (module for module in build_folder(FOLDER, Library()) if module.name == "MACLIB")
    sources = sorted(file for file in FOLDER.glob("*.assemble") if file.stem != "dmslbt")
    names = [file.stem.upper() for file in sources]
    system = ["--system", str(system_directory)]
    for file in sources:
        assert cli.main(["read", "--to", "CMSUSER", "--cms", *system, str(file)]) == 0
    others = [name for name in names if name != "DMSLBM"]
    lines = [
        "IPL CMS",
        "",
        *("READCARD *" for _ in names),
        *(f"ASSEMBLE {name} (NOPRINT NOTERM" for name in names),
        f"TXTLIB GEN MYLIBS {' '.join(others)}",
        f"LOAD DMSLBM {' '.join(others)} (CLEAR",
        "GENMOD MYMACLIB (NOMAP",
        "MYMACLIB MAP CMSLIB",
        "ERASE DMSLBP TEXT",
        "ERASE DMSLBS TEXT",
        "GLOBAL TXTLIB MYLIBS",
        "LOAD DMSLBM (CLEAR",
        "GENMOD MYMAC2",
        "MYMAC2 MAP CMSLIB (TERM",
    ]
    Path("build.script").write_text("\n".join(lines) + "\n")
    assert cli.main(["run", "build.script", *system]) == 0
    transcript = capsys.readouterr().out
    assert "UNDEFINED" not in transcript and "Ready(" not in transcript
    assert "MYMAC2 MAP CMSLIB (TERM\nMACRO    INDEX   SIZE\nABEND        2 " in transcript
    disk = f"{system_directory / 'volumes' / 'CPVM01.volume'}"
    assert cli.main(["disk", "cp", "--binary", "--cylinders", "56-65", f"{disk}:MYMACLIB MODULE", "made"]) == 0
    data = Path("made").read_bytes()
    header, text = data[2:82], data[84:]
    expected = built.records
    assert text == expected[1]
    assert header[:34] == expected[0][:34] and header[40:44] == expected[0][40:44]
