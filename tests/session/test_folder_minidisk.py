"""A folder of the host as a minidisk: CMS reads it and writes it, the host too, other users as they may."""

from pathlib import Path

import pytest

from cpvm import api, cli


def shared(system: Path, folder: Path, *words: str) -> None:
    assert cli.main(["disk", "share", str(folder), *words, "--system", str(system)]) == 0


def folder_in(place: Path) -> Path:
    folder = place / "work"
    folder.mkdir()
    (folder / "hello.exec").write_text("&TYPE HELLO FROM THE HOST\n")
    (folder / "picture.png").write_bytes(b"\0\1\2" * 100)
    return folder


def test_cms_works_in_a_folder(system_directory: Path, tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    shared(system_directory, folder, "CMSUSER", "293", "--write")
    with api.start(system_directory) as system:
        cms = system.logon("CMSUSER")
        cms.type("IPL CMS")
        cms.type("")
        cms.type("ACCESS 293 B")
        assert "HELLO FROM THE HOST" in cms.type("HELLO").text
        assert cms.type("COPYFILE HELLO EXEC B SECOND SCRIPT B (RECFM V").return_code == 0
        assert (folder / "second.script").read_text().rstrip() == "&TYPE HELLO FROM THE HOST"
        assert cms.type("RENAME PICTURE PNG B PHOTO PNG B").return_code == 0
        assert (folder / "photo.png").read_bytes() == b"\0\1\2" * 100
        assert cms.type("ERASE HELLO EXEC B").return_code == 0
        assert not (folder / "hello.exec").exists()
        (folder / "late.txt").write_text("later\n")
        assert cms.type("STATE LATE TXT B").return_code == 28
        cms.type("CP DETACH 293")
        cms.type("CP LINK * 293 293 MR")
        cms.type("ACCESS 293 B")
        assert "later" in cms.type("TYPE LATE TXT B").text


def test_a_file_that_took_the_place_of_another_is_found_under_a_new_name(
    system_directory: Path, tmp_path: Path
) -> None:
    """What it is on the host is known after the next start, too: text, though its working file was not."""
    folder = folder_in(tmp_path)
    (folder / "one.data").write_text("first\n")
    (folder / "two.data").write_text("second\n")
    shared(system_directory, folder, "CMSUSER", "293", "--write")
    with api.start(system_directory) as system:
        cms = system.logon("CMSUSER")
        for line in ("IPL CMS", "", "ACCESS 293 B"):
            cms.type(line)
        assert cms.type("COPYFILE TWO DATA B ONE DATA B (REPLACE").return_code == 0
        assert cms.type("RENAME ONE DATA B THREE DATA B").return_code == 0
    with api.start(system_directory) as system:
        cms = system.logon("CMSUSER")
        for line in ("IPL CMS", "", "ACCESS 293 B"):
            cms.type(line)
        assert "second" in cms.type("TYPE THREE DATA B").text
        assert not any("is not shown: at byte" in line for line in system.system.log.lines)


def test_readers_see_the_folder_at_access(system_directory: Path, tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    shared(system_directory, folder, "MAINT", "293", "--all")
    with api.start(system_directory) as system:
        cms = system.logon("CMSUSER")
        cms.type("IPL CMS")
        cms.type("")
        cms.type("CP LINK MAINT 293 293 RR")
        cms.type("ACCESS 293 B")
        (folder / "late.txt").write_text("later\n")
        cms.type("ACCESS 293 B")
        assert "later" in cms.type("TYPE LATE TXT B").text
        assert cms.type("ERASE LATE TXT B").return_code != 0
        assert (folder / "late.txt").exists()


def test_a_folder_comes_to_a_running_system(system_directory: Path, tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with api.start(system_directory) as system:
        shared(system_directory, folder, "CMSUSER", "293")
        cms = system.logon("CMSUSER")
        cms.type("IPL CMS")
        cms.type("")
        cms.type("ACCESS 293 B")
        assert "HELLO FROM THE HOST" in cms.type("HELLO").text


def test_a_formatted_folder_stays_as_it_is(system_directory: Path, tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    shared(system_directory, folder, "CMSUSER", "293", "--write")
    with api.start(system_directory) as system:
        cms = system.logon("CMSUSER")
        cms.type("IPL CMS")
        cms.type("")
        cms.type("FORMAT 293 B")
        cms.type("YES")
        cms.type("EMPTY")
        cms.type("ACCESS 293 B")
        assert "HELLO FROM THE HOST" in cms.type("HELLO").text
    assert sorted(path.name for path in folder.glob("[a-z]*")) == ["hello.exec", "picture.png"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["NOBODY", "293"], "NOBODY is not in the directory"),
        (["CMSUSER", "191"], "CMSUSER has a device 191 already"),
        (["CMSUSER", "1911"], "is not a virtual address"),
    ],
)
def test_what_cannot_be_shared(
    system_directory: Path, tmp_path: Path, words: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = cli.main(["disk", "share", str(folder_in(tmp_path)), *words, "--system", str(system_directory)])
    except SystemExit as end:
        status = int(end.code or 0)
    assert status == 2
    assert reason in capsys.readouterr().err


def test_a_folder_is_shared_and_taken_back(system_directory: Path, tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    before = (system_directory / "volumes").glob("*")
    known = set(before)
    shared(system_directory, folder, "CMSUSER", "293")
    assert cli.main(["disk", "unshare", "WORK", "--system", str(system_directory)]) == 0
    assert "WORK" not in (system_directory / "folders").read_text()
    assert set((system_directory / "volumes").glob("*")) == known
    assert (folder / "hello.exec").exists()


def test_a_directory_source_names_no_folder(system_directory: Path, tmp_path: Path) -> None:
    source = tmp_path / "user.direct"
    source.write_text(f"VOLUME {tmp_path} 3350 115\n")
    assert cli.main(["directory", "check", str(source), "--system", str(system_directory)]) == 1
