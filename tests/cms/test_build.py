"""The builder of the system disk, and the MACLIB format."""

from __future__ import annotations

from pathlib import Path

import pytest
from bare_cms import system_disk

from cms import maclib_format, modules, source
from cms.build import empty_disk
from cms.cmsdisk import CMSDisk
from cms.maclib_format import MaclibError
from cms.source import BuildError, Library, assemble_file, assemble_files
from cpvm.s370.ckd import decode_track
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic


def built_disk() -> CMSDisk:
    """The system disk as read back from its tracks."""
    system = system_disk()
    tracks = {(cyl, head): image for cyl, head, image in system.tracks()}
    return CMSDisk.load(lambda cyl, head: tracks[cyl, head], system.cylinders)


def test_system_disk_holds_modules_and_the_macro_library() -> None:
    disk = built_disk()
    names = {name for name, kind in disk.files if kind == "MODULE"}
    assert {"EDIT", "TYPE", "LISTFILE"} <= names
    library = disk.read("CMSLIB", "MACLIB")
    assert (library.recfm, library.lrecl) == ("F", 80)
    lines = maclib_format.member(list(library.records), "wrterm")
    assert lines is not None and lines[0].split() == ["MACRO"] and lines[-1].split() == ["MEND"]
    assert maclib_format.member(list(library.records), "NOSUCH") is None


def test_every_file_of_the_system_disk_has_mode_2() -> None:
    assert {file.fm[1] for file in built_disk().files.values()} == {"2"}


def test_ipl_records_point_to_the_nucleus() -> None:
    system = system_disk()
    first, second = system.nucleus.ipl_records(29)
    assert first[:8] == bytes.fromhex("0004000000003000")
    assert second[6:10] == (29).to_bytes(2, "big") + len(system.nucleus.records()).to_bytes(2, "big")
    tracks = {(cyl, head): image for cyl, head, image in system.tracks()}
    blocks = [record.data for record in decode_track(tracks[system.cylinders - 1, 0])]
    assert b"".join(blocks) == system.nucleus.image.data[: len(blocks) * 800]
    at = system.nucleus.image.address("NUCIDENT") - 0x10000
    assert from_ebcdic(system.nucleus.image.data[at : at + 16]) == "CMS VERSION 1.0 "


def test_nucleus_is_complete_and_fits() -> None:
    image = system_disk().nucleus.image
    assert image.address("DMSINI") == 0x10000
    assert image.end <= 0x20000
    assert not image.undefined and not image.duplicates


def test_errors_name_file_and_statement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "ROOT", tmp_path)
    bad, worse = tmp_path / "bad.assemble", tmp_path / "worse.assemble"
    bad.write_text("BAD      CSECT\n         L     1,NOSUCH\n         END\n")
    worse.write_text("WORSE    CSECT\n         FROB  1\n         END\n")
    with pytest.raises(BuildError, match=r"bad\.assemble: .*statement 2.*NOSUCH"):
        assemble_file(bad, Library())
    with pytest.raises(BuildError) as caught:
        assemble_files([bad, worse], Library())
    assert "bad.assemble" in str(caught.value) and "worse.assemble" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("X        CSECT\n         BR    14\n         END\n", "no source has a line"),
        ("*COMMAND X,TRANS\nX        CSECT\n         DC    V(NOSUCH)\n         END\n", "undefined names NOSUCH"),
        ("*COMMAND X,TRANS\nX        CSECT\n         DS    9000X\n         END\n", "larger .9000 bytes. than"),
    ],
)
def test_bad_commands_fail_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str) -> None:
    monkeypatch.setattr(source, "ROOT", tmp_path)
    monkeypatch.setattr(modules, "ROOT", tmp_path)
    folder = tmp_path / "x"
    folder.mkdir()
    (folder / "dmsx.assemble").write_text(text)
    with pytest.raises(BuildError, match=message):
        modules.build_folder(folder, Library())


def test_module_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "ROOT", tmp_path)
    monkeypatch.setattr(modules, "ROOT", tmp_path)
    main = "*COMMAND MAIN,USER\nMAIN     CSECT\n         DC    A(0)\nENTRY    BR    14\n         DC    V(SUB)\n"
    (tmp_path / "m.assemble").write_text(main + "         END   ENTRY\n")
    (tmp_path / "a.assemble").write_text("SUB      CSECT\n         DS    70000X\n         END\n")
    (module,) = modules.build_folder(tmp_path, Library())
    header, *text = module.records
    words = [int.from_bytes(header[at : at + 4], "big") for at in (0, 4, 8, 12)]
    assert words == [0x20004, 0x20000, 0x20000 + len(b"".join(text)), 0x20000 + len(b"".join(text))]
    assert max(map(len, text)) <= 65535 and len(text) == 2
    assert text[0][8:12] == (0x20010).to_bytes(4, "big")


def test_empty_disk_has_its_files() -> None:
    disk = empty_disk(2, "USR191", {("PROFILE", "EXEC"): "&CONTROL OFF\n", ("NOTHING", "TEXT"): ""})
    assert set(disk.files) == {("PROFILE", "EXEC")}
    assert disk.read("PROFILE", "EXEC").text == "&CONTROL OFF\n"


def test_maclib_members_come_back() -> None:
    members = {"B": ["         MACRO", "         MEND"], "ALPHABET": [f"LINE {n}" for n in range(7)]}
    records = maclib_format.write(members)
    assert all(len(record) == 80 for record in records)
    assert maclib_format.directory(records) == {"ALPHABET": (2, 7), "B": (10, 2)}
    assert [line.rstrip() for line in maclib_format.member(records, "B") or []] == members["B"]
    assert records[8].startswith(bytes.fromhex("61FFFF61"))


def test_many_members_need_several_directory_records() -> None:
    members = {f"M{n}": ["X"] for n in range(20)}
    records = maclib_format.write(members)
    assert set(maclib_format.directory(records)) == set(members)
    assert len(records) == 1 + 2 * 20 + 4


@pytest.mark.parametrize(
    "records",
    [
        [],
        [to_ebcdic("SOMETHING").ljust(80)],
        [to_ebcdic("LIBPDS").ljust(80, b"\xff")],
        [(to_ebcdic("LIBPDS") + bytes.fromhex("0002000C")).ljust(80), b"\xff" * 80],
    ],
)
def test_what_is_no_maclib_is_refused(records: list[bytes]) -> None:
    with pytest.raises(MaclibError):
        maclib_format.directory(records)


def test_maclib_names_are_checked() -> None:
    with pytest.raises(MaclibError):
        maclib_format.write({"LONGERTHAN8": ["X"]})
