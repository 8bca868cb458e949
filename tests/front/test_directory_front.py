"""`cpvm directory`, `cpvm user` and `cpvm nss`, on a system that is stopped and on one that runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cpvm import cli
from cpvm.cp.savedsys import PAGE
from cpvm.cp.session import ReadState
from cpvm.cp.system import System
from cpvm.front import user
from tests.cp.helper import DIRECTORY, Site


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "system"
    System.create(path, DIRECTORY)
    return path


@pytest.fixture
def folder(tmp_path: Path, model: Path) -> Path:
    return shutil.copytree(model, tmp_path / "system")


@pytest.fixture
def site(folder: Path) -> Iterator[Site]:
    site = Site(folder)
    yield site
    site.system.shutdown()


def cpvm(*words: object) -> int:
    try:
        return cli.main([str(word) for word in words]) or 0
    except SystemExit as end:
        return int(end.code or 0)


def test_what_is_shown_can_be_installed(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert cpvm("directory", "show", "--system", folder) == 0
    shown = capsys.readouterr().out
    assert "USER MAINT * 1M 16M ABCDEG 64\n ACCOUNT 2 SYSTEM\n OPTION ECMODE\n" in shown
    assert " MDISK 190 3350 010 010 TEST01 MR ALL * *\n" in shown
    assert "USER NOBODY NOLOG" in shown
    source = tmp_path / "source"
    source.write_text(shown, encoding="utf-8")
    assert cpvm("directory", "check", source, "--system", folder) == 0
    assert cpvm("directory", "install", source, "--system", folder) == 0
    capsys.readouterr()
    assert cpvm("directory", "show", "--system", folder) == 0
    assert capsys.readouterr().out == shown


def test_errors_change_nothing(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("USER A A\nFOO\nMDISK 191 3350 1 1 NONE01\n", encoding="utf-8")
    assert cpvm("directory", "install", source, "--system", folder) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"{source}: line 2: unknown statement FOO",
        f"{source}: line 3: volume NONE01 is not known; a VOLUME statement defines it",
    ]
    assert cpvm("directory", "install", tmp_path / "none", "--system", folder) == 2
    assert cpvm("directory", "check", source, "--system", tmp_path / "nowhere") == 2
    site = Site(folder)
    site.logon("CMSUSER")
    site.system.shutdown()


def test_users_come_and_go_while_the_system_runs(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    maint = site.logon("MAINT", "CPCMS")
    words = ("--password", "first", "--disk", "3", "--alias", "ANNABELLE", "--system", site.folder)
    assert cpvm("user", "add", "anna", *words) == 0
    anna = site.logon("ANNABELLE", "FIRST")
    assert anna.type("QUERY V DASD") == ["DASD 190 3350 TEST01 R/O  010 CYL", "DASD 191 3350 ANNA   R/W  003 CYL"]
    assert cpvm("user", "add", "anna", *words) == 2
    assert cpvm("user", "password", "anna", "--password", "SECOND", "--system", site.folder) == 0
    anna.type("LOGOFF", ReadState.LOGON)
    anna = site.logon("ANNA", "SECOND")
    assert cpvm("user", "add", "bert", "--like", "anna", "--disk", "0", "--password", "X", "--system", site.folder) == 0
    capsys.readouterr()
    assert cpvm("user", "list", "--system", site.folder) == 0
    assert "ANNA     ANNABELLE        G          1024K 191 3 cyl" in capsys.readouterr().out
    assert cpvm("user", "remove", "anna", "--system", site.folder) == 0
    assert anna.type("QUERY TIME")[0].startswith("TIME IS")
    assert maint.type("LINK ANNA 191 291 RR")[0].startswith("DMKLNK053E")
    assert cpvm("user", "remove", "anna", "--system", site.folder) == 2
    assert cpvm("user", "remove", "maint", "--system", site.folder) == 1, "others link to its disk"


def test_changes_at_the_same_time_are_all_kept(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three add users at once, one removes a user: who is told that it is done finds it done."""
    make_disk, others = user._make_disk, ["carl"]

    def meanwhile(*given: Any) -> None:
        make_disk(*given)
        if others:
            assert cpvm("user", "add", others.pop(), "--disk", "2", *words) == 0
        else:
            assert cpvm("user", "add", "bert", "--disk", "0", *words) == 0
            assert cpvm("user", "remove", "nobody", "--system", folder) == 0

    words = ("--password", "X", "--system", folder)
    monkeypatch.setattr(user, "_make_disk", meanwhile)
    assert cpvm("user", "add", "anna", "--disk", "2", *words) == 0
    capsys.readouterr()
    assert cpvm("user", "list", "--system", folder) == 0
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines()}
    assert {"ANNA", "BERT", "CARL"} <= listed and "NOBODY" not in listed
    assert not list((folder / "volumes").glob(".*"))


def test_a_user_who_comes_twice_at_the_same_time_leaves_one_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_disk, words = user._make_disk, ("user", "add", "anna", "--disk", "2", "--password", "X", "--system", folder)

    def meanwhile(*given: Any) -> None:
        make_disk(*given)
        monkeypatch.undo()
        assert cpvm(*words) == 0

    monkeypatch.setattr(user, "_make_disk", meanwhile)
    assert cpvm(*words) == 2
    assert [path.name for path in (folder / "volumes").glob("ANNA*")] == ["ANNA1.volume"]


@pytest.mark.parametrize("password", ["", "has blank", "ninechars", "nolog", "*"])
def test_bad_passwords_are_refused(folder: Path, password: str) -> None:
    assert cpvm("user", "add", "anna", "--password", password, "--system", folder) == 2
    assert cpvm("user", "password", "maint", "--password", password, "--system", folder) == 2


# ---- saved systems


def header(keys: bytes) -> bytes:
    psw = bytes.fromhex("000400CA80020128")
    return (psw + bytes(64 + 32 + 64) + keys).ljust(PAGE, b"\0")


def test_page_images_come_in_and_go_out(site: Site, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    image, out = tmp_path / "cms.image", tmp_path / "out"
    image.write_bytes(header(b"\xf6" * 33) + b"".join(bytes([page]) * PAGE for page in range(33)))
    assert cpvm("nss", "import", image, "--name", "CMS370", "--minsize", "200K", "--system", site.folder) == 0
    system = site.system.saved.get("CMS370")
    assert system is not None and system.state is not None
    assert [str(part) for part in system.ranges] == ["00000-0000F EW", "00010-0001F SW", "00020-00020 EW"]
    assert (system.state.psw.hex(), system.minimum, system.keys) == ("000400ca80020128", 200 << 10, b"\xf6" * 66)
    assert cpvm("nss", "export", "CMS370", out, "--system", site.folder) == 0
    assert out.read_bytes() == image.read_bytes()
    segment, chart = tmp_path / "segment", tmp_path / "map"
    segment.write_bytes(bytes(16 * PAGE))
    chart.write_text("NAME CMSSEG\nPAGES F00-F0F SR  * the pages\nSEGMENT\n", encoding="utf-8")
    assert cpvm("nss", "import", segment, "--map", chart, "--system", site.folder) == 0
    capsys.readouterr()
    assert cpvm("nss", "list", "--system", site.folder) == 0
    assert "CMSSEG   segment     16 pages" in capsys.readouterr().out
    assert cpvm("nss", "purge", "CMSSEG", "--system", site.folder) == 0
    assert site.system.saved.get("CMSSEG") is None


@pytest.mark.parametrize(
    "case",
    [
        ("PAGES 0 EW\n", ["--name", "X"], "the image has 3 pages; 1 are wanted, or 2 with CP's own"),
        ("PAGES 0-4 EW\n", ["--name", "X"], "the image has 3 pages; 5 are wanted, or 6 with CP's own"),
        ("PAGES 0-2 EW\n", [], "nothing is not a name of a saved system"),
        ("PAGES 2-0\n", ["--name", "X"], "line 1: 2-0 are no page numbers"),
        ("NAME X\nFOO\n", [], "line 2: FOO is no statement of a map"),
        ("NAME X\nMINSIZE 5Q\n", [], "line 2: 5Q is no size of storage"),
        ("NAME X\nPAGES 0-1\nPAGES 1-2\n", [], "a page is named twice"),
        ("NAME X\nPAGES 5\nPAGES 1-2\n", [], "the pages are not in the order of their numbers"),
    ],
)
def test_wrong_maps_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str], case: tuple[str, list[str], str]
) -> None:
    chart, words, told = case
    image, path = folder / "image", folder / "map"
    image.write_bytes(b"\1" * 3 * PAGE)
    path.write_text(chart, encoding="utf-8")
    assert cpvm("nss", "import", image, "--map", path, *words, "--system", folder) == 2
    assert told in capsys.readouterr().err


def test_an_image_must_be_pages(folder: Path, tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(bytes(100))
    assert cpvm("nss", "import", image, "--name", "X", "--system", folder) == 2
    assert cpvm("nss", "import", tmp_path / "none", "--name", "X", "--system", folder) == 2
    assert cpvm("nss", "export", "X", image, "--system", folder) == 2
    image.write_bytes(bytes(PAGE))
    assert cpvm("nss", "import", image, "--name", "190", "--system", folder) == 2, "IPL 190 is that of a device"


# ---- disks of other systems


def test_a_disk_becomes_a_volume_of_a_running_system(site: Site, tmp_path: Path) -> None:
    image, source = tmp_path / "vm50-1.cckd", tmp_path / "source"
    assert cpvm("disk", "init", "--cms", image, "3350", "VM501", "6") == 0
    words = ("disk", "import", image, "--system", site.folder)
    assert cpvm(*words, "--volid", "VM50-1") == 0
    assert cpvm(*words, "--volid", "VM50-1") == 2, "it is there"
    assert cpvm(*words, "--volid", "TOOLONG") == 2
    assert cpvm(*words, tmp_path / "file") == 2, "a file and a system"
    assert cpvm("directory", "show", source, "--system", site.folder) == 0
    more = "USER CE CE\n * a comment\n CONSOLE 009 3215\n MDISK 191 3350 000 006 VM50-1 MR ALL WRITE MULT\n"
    source.write_text(source.read_text(encoding="utf-8") + more, encoding="utf-8")
    assert cpvm("directory", "install", source, "--system", site.folder) == 0
    user = site.logon("CE")
    assert user.type("QUERY V DASD") == ["DASD 191 3350 VM50-1 R/W  006 CYL"]
    forget = ("directory", "forget", "VM50-1", "--system", site.folder)
    assert cpvm(*forget) == 2, "somebody's disk is on it"
    assert cpvm("user", "remove", "CE", "--system", site.folder) == 0
    assert cpvm(*forget) == 0
    assert cpvm(*forget) == 2
    assert "VM50-1" not in site.system.directory.volumes
