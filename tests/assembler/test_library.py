"""Macro libraries: folders, MACLIB files, lists of paths."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assembler import assemble, maclib
from assembler.library import as_library

MACRO = [" MACRO", " SAY &A", " DC C'&A'", " MEND"]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    file = tmp_path / "mine.maclib"
    file.write_bytes(b"".join(maclib.write({"SAY": MACRO, "PART": [" DC C'P'"]})))
    return file


def test_members_of_a_maclib(library: Path) -> None:
    done = assemble("T CSECT\n SAY HI\n COPY PART\n END", library=library)
    assert (done.messages, done.image().data[:3].hex()) == ([], "c8c9d7")


def test_a_list_of_paths_is_searched_in_order(library: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "part.copy").write_text(" DC C'F'\n")
    first = assemble("T CSECT\n COPY PART\n END", library=f"{folder}{os.pathsep}{library}")
    second = assemble("T CSECT\n COPY PART\n SAY A\n END", library=f"{library}{os.pathsep}{folder}")
    assert first.image().data[:1] == b"\xc6"
    assert second.image().data[:2] == b"\xd7\xc1"


def test_bare_names_are_members_and_suffixes_go_first(tmp_path: Path) -> None:
    (tmp_path / "ONE").write_text(" DC C'1'\n")
    (tmp_path / "TWO").write_text(" DC C'X'\n")
    (tmp_path / "two.copy").write_text(" DC C'2'\n")
    (tmp_path / "three.text").write_text("")
    library = as_library(tmp_path)
    assert library.get("ONE") == [" DC C'1'"]
    assert library.get("TWO") == [" DC C'2'"]
    assert library.get("THREE") is None


def test_what_is_no_maclib_is_refused(tmp_path: Path) -> None:
    for number, data in enumerate((b"x", b"", bytes(80), maclib.HEADER.ljust(80, b"\xff"))):
        file = tmp_path / f"bad{number}.maclib"
        file.write_bytes(data)
        with pytest.raises(maclib.MaclibError):
            as_library(file)


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert as_library(tmp_path / "none").get("X") is None
