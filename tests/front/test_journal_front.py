"""`cpvm journal`, and what the host's commands record."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cpvm import cli
from cpvm.cp import password
from cpvm.cp.journal import Journal, What
from cpvm.cp.system import System

SOURCE = """\
VOLUME TEST01 3350 10
USER OPERATOR OPERATOR 256K 1M ABCDEG
CONSOLE 009 3215
USER USER01 SECRET 256K 2M G
CONSOLE 009 3215
USER SERVICE AUTOONLY 256K 2M G
CONSOLE 009 3215
USER NOBODY NOLOG 256K 2M G
CONSOLE 009 3215
"""
NOON = 1_795_000_000.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(password, "_COST", 1 << 4)
    monkeypatch.setenv("USER", "somebody")
    monkeypatch.setenv("LOGNAME", "somebody")
    System.create(tmp_path / "system", SOURCE)
    return tmp_path / "system"


@pytest.fixture
def full(folder: Path) -> Path:
    now = [NOON]
    written = Journal(folder, now=lambda: now[0])
    for what, user, place, about, result in (
        (What.LOGON, "USER01", "L0001 192.0.2.7", "", "DMKLOG050E"),
        (What.LOGON, "USER01", "L0001 192.0.2.7", "", "OK"),
        (What.LINK, "USER01", "L0001 192.0.2.7", "OPERATOR 191 RR R/O", "OK"),
        (What.COMMAND, "OPERATOR", "CONS", "SHUTDOWN\x1b[2J", "OK"),
        (What.LINK, "USER01", "L0001 192.0.2.7", "OPERATOR 191 MR", "DMKLNK114E"),
    ):
        written.write(what, user, place=place, about=about, result=result)
        now[0] += 60
    written.close()
    return folder


def shown(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    capsys.readouterr()
    assert cli.main(["journal", "--system", str(folder), *options]) == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("options", "which"),
    [
        ((), [0, 1, 2, 3, 4]),
        (("--user", "operator"), [2, 3, 4]),
        (("--user", "USER01", "--event", "link"), [2, 4]),
        (("--event", "LOGON", "--event", "COMMAND"), [0, 1, 3]),
        (("--failed",), [0, 4]),
        (("--place", "192.0."), [0, 1, 2, 4]),
        (("--place", "L0001"), [0, 1, 2, 4]),
        (("--last", "2"), [3, 4]),
        (("--failed", "--last", "1"), [4]),
        (("--since", "1m"), []),
        (("--until", "2001-01-01"), []),
        (("--since", "2001-01-01", "--until", "2100-01-01 10:30"), [0, 1, 2, 3, 4]),
    ],
)
def test_filters(full: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], which: list[int]) -> None:
    everything = shown(full, capsys)
    assert shown(full, capsys, *options) == [everything[number] for number in which]


def test_a_line_and_json(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(full, capsys)
    assert lines[0][19:].split() == ["LOGON", "USER01", "L0001", "192.0.2.7", "DMKLOG050E"]
    assert "\x1b" not in "".join(lines)
    plain = json.loads(shown(full, capsys, "--json")[4])
    assert (plain["what"], plain["about"], plain["times"]) == ("LINK", "OPERATOR 191 MR", 1)


@pytest.mark.parametrize(
    "options",
    [
        *(
            ("--since", "yesterday"),
            ("--since", "99999999h"),
            ("--event", "NONSENSE"),
            ("--last", "0"),
            ("--last", "x"),
        ),
        *(("--until", "2026-13-01"), ("--system", "/nonexistent")),
    ],
)
def test_mistakes(full: Path, options: tuple[str, ...]) -> None:
    arguments = [sys.executable, "-m", "cpvm.cli", "journal", "--system", str(full), *options]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and "Traceback" not in done.stderr


def test_lines_that_are_none_are_told(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (full / "journal.jsonl").open("ab") as file:
        file.write(b"\xff\xfe nonsense\n")
    assert cli.main(["journal", "--system", str(full)]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 5 and said.err == "cpvm journal: 1 lines cannot be read\n"


def test_what_the_hosts_commands_change(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("NEWONE1\n")
    key = tmp_path / "key.pub"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    for arguments in (
        ("user", "add", "NEWUSER", "--disk", "0", "--password-file", str(secret)),
        ("user", "password", "USER01", "--password-file", str(secret)),
        ("user", "key", "add", "USER01", str(key)),
        ("user", "remove", "NEWUSER"),
    ):
        assert cli.main([*arguments, "--system", str(folder)]) == 0
    lines = shown(folder, capsys, "--place", "HOST")
    told = [" ".join(line[19:].split()) for line in lines]
    assert [line for line in told if not line.startswith("KEY")] == [
        "DIRECTORY HOST somebody USER NEWUSER ADDED",
        "DIRECTORY HOST somebody PASSWORD OF USER01",
        "DIRECTORY HOST somebody USER NEWUSER REMOVED",
    ]
    assert any("OF USER01 ADDED" in line for line in told)
    assert "NEWONE1" not in (folder / "journal.jsonl").read_text()


def test_a_password_file_that_will_not_do(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    for file in (tmp_path / "empty", tmp_path / "none", tmp_path):
        assert cli.main(["user", "password", "USER01", "--password-file", str(file), "--system", str(folder)]) != 0
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_nolog_and_autoonly_come_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["directory", "show", "--system", str(folder)]) == 0
    source = capsys.readouterr().out
    assert "USER SERVICE AUTOONLY " in source and "USER NOBODY NOLOG " in source and "USER USER01 * " in source
    assert "scrypt" not in source
