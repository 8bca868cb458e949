"""Names on a disk that somebody has made in order to harm whoever copies its files or looks at them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from cpvm.front.disks.copying import Form, Records, host_file_name, to_host
from cpvm.front.saying import say

RECORD = "HELLO".encode("cp037")


@pytest.mark.parametrize(
    "name",
    [
        ("/TMP/X", "Y"),
        ("../..", "/ETC"),
        ("..", ".."),
        ("..", "/X"),
        (".", "."),
        ("", ""),
        ("../.SSH/", "KEYS"),
        ("A\\B", "C:D"),
        ("A\0B", "\n"),
        ("\x1b[2J", "\x9b1m"),
        ("../../../ETC/PASSWD",),
        ("..",),
    ],
)
def test_a_file_stays_in_the_folder_whatever_it_is_called(tmp_path: Path, name: tuple[str, ...]) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    told = to_host([Records(name, "F", 5, (RECORD,))], folder, Form())
    (made,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert made.parent == folder and made.read_text() == "HELLO\n"
    assert made.name == host_file_name(name) and made.name.isprintable() and not made.name.startswith(".")
    assert str(made) in told[0]


@pytest.mark.parametrize(
    ("name", "host"),
    [
        (("PROFILE", "EXEC"), "profile.exec"),
        (("A$#@+-_1", "X"), "a$#@+-_1.x"),
        (("SYS1.MACLIB",), "sys1.maclib"),
        (("GETMAIN",), "getmain"),
    ],
)
def test_common_names_are_as_they_were(name: tuple[str, ...], host: str) -> None:
    assert host_file_name(name) == host


def test_what_is_shown_has_no_control_characters() -> None:
    out = io.StringIO()
    say("A\x1b[2J\x9b1m\n\x07B ÄÖ¬", out)
    assert out.getvalue() == "A.[2J.1m..B ÄÖ¬\n"
