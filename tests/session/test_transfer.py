"""`cpvm put` and `cpvm get`: over the network to a running system, and in a system that runs meanwhile."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from cpvm import api
from cpvm.cli import main

NOISE = random.Random(5).randbytes(50_000)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command; its exit status, and what it says on both streams."""
    monkeypatch.setenv("CPVM_PASSWORD", "CMSUSER")

    def command(*words: object) -> tuple[int, str, str]:
        try:
            status = main([str(word) for word in words])
        except SystemExit as end:
            status = int(end.code or 0)
        out, error = capsys.readouterr()
        return status, out, error

    return command


@pytest.fixture
def there(system: api.SystemHandle) -> list[str]:
    """Where the system is, and who logs on."""
    host, port = system.listen("127.0.0.1", 0)
    return ["--to", f"{host}:{port}", "--user", "cmsuser"]


def test_text_both_ways(run: Run, there: list[str], tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("Café [x] {y}\n\n  third   \n" + "".join(f"line {n}\n" for n in range(500)), encoding="utf-8")
    assert run("put", notes, *there)[:2] == (0, f"{notes} -> NOTES TXT A, 503 records\n")
    back = tmp_path / "back.txt"
    assert run("get", "NOTES TXT", "--into", back, *there)[0] == 0
    assert back.read_text(encoding="utf-8") == notes.read_text(encoding="utf-8").replace("third   ", "third")
    assert "is there already; --force replaces it" in run("put", notes, *there)[2]
    assert run("put", notes, "--append", "--buffer", "256", *there)[0] == 0
    assert run("get", "NOTES TXT", "--into", back, "--force", *there)[0] == 0
    assert len(back.read_text(encoding="utf-8").splitlines()) == 1006
    assert "exists" in run("get", "NOTES TXT", "--into", back, *there)[2]


def test_records_both_ways(run: Run, there: list[str], tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_bytes(NOISE)
    assert run("put", data, "--as", "MY DATA A1", "--binary", "--lrecl", 500, "--recfm", "F", *there)[0] == 0
    variable = tmp_path / "v.bin"
    variable.write_bytes(b"\0\3ABC" + (40_000).to_bytes(2, "big") + NOISE[:40_000] + b"\0\1\x40")
    assert run("put", variable, "--as", "= DATA", "--binary", "--recfm", "V", *there)[0] == 0
    folder = tmp_path / "folder"
    folder.mkdir()
    status, out, _ = run("get", "* DATA", "--into", folder, "--binary", *there)
    assert (status, sorted(out.splitlines())) == (
        0,
        [f"MY DATA -> {folder}/my.data, 100 records", f"V DATA -> {folder}/v.data, 3 records"],
    )
    assert (folder / "my.data").read_bytes() == NOISE
    assert (folder / "v.data").read_bytes() == variable.read_bytes()
    # a file that is replaced keeps its format
    data.write_bytes(b"1234")
    assert run("put", data, "--as", "MY DATA", "--binary", "--force", *there)[0] == 0
    assert run("get", "MY DATA", "--into", folder, "--binary", "--force", *there)[0] == 0
    assert (folder / "my.data").read_bytes() == b"1234" + bytes(496)


def test_code_pages(run: Run, there: list[str], tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("[x] ^ ¬ |\n", encoding="utf-8")
    assert run("put", text, "--codepage", "1047", *there)[0] == 0
    here = tmp_path / "here"
    assert run("get", "TEXT TXT", "--into", here, "--codepage", "1047", *there)[0] == 0
    assert here.read_text(encoding="utf-8") == "[x] ^ ¬ |\n"
    assert run("get", "TEXT TXT", "--into", here, "--force", *there)[0] == 0
    assert here.read_text(encoding="utf-8") == "Ýx¨ ¬ ^ |\n"
    text.write_text("ok\n3 € and ☃ €\n", encoding="utf-8")
    report = (
        "3 characters are not in code page 037: '€' (U+20AC) 2 times, first in line 2; '☃' (U+2603) once, in line 2"
    )
    status, _, error = run("put", text, "--force", *there)
    assert (status, error) == (2, f"cpvm put: {text}: {report}; --substitute puts ? there\n")
    status, _, error = run("put", text, "--force", "--substitute", *there)
    assert (status, error) == (0, f"cpvm put: {text}: {report}; ? is there instead\n")
    assert run("get", "TEXT TXT", "--into", here, "--force", *there)[0] == 0
    assert here.read_text(encoding="utf-8") == "ok\n3 ? and ? ?\n"


def test_what_cannot_be(run: Run, there: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = tmp_path / "text.txt"
    text.write_text("A\n")
    assert run("get", "NONE SUCH", *there)[::2] == (1, "cpvm get: there is no file NONE SUCH A\n")
    assert run("get", "NONE", *there)[0] == 2
    assert run("put", tmp_path / "none", *there)[0] == 2
    assert run("put", text, "--as", "X Y Z9", *there)[0] == 2
    status, _, error = run("put", text, "--as", "X Y S", *there)
    assert (status, error) == (1, f"cpvm put: {text}: TRANS35   CMS disk is read-only: file transfer canceled\n")
    assert "DMSLST069E" in run("get", "X Y Q", *there)[2]
    monkeypatch.setenv("CPVM_PASSWORD", "WRONG")
    status, _, error = run("put", text, *there)
    assert (status, error[:24]) == (1, "cpvm put: DMKLOG050E PAS")
    monkeypatch.delenv("CPVM_PASSWORD")
    assert "there is nobody to ask for the password" in run("put", text, *there)[2]
    (tmp_path / "password").write_text("CMSUSER\n")
    assert run("put", text, "--password-file", tmp_path / "password", *there)[0] == 0
    assert (
        "no system answers at 127.0.0.1:9"
        in run("put", text, "--to", "127.0.0.1:9", *there[2:], "--password-file", tmp_path / "password")[2]
    )


def test_a_user_who_left_something_running(
    run: Run, system: api.SystemHandle, there: list[str], tmp_path: Path
) -> None:
    text = tmp_path / "text.txt"
    text.write_text("A\n")
    user = system.logon("CMSUSER")
    assert "DMKLOG054E" in run("put", text, *there)[2]
    user.hangup()
    assert "was disconnected while something ran" in run("put", text, *there)[2]


def test_a_system_that_runs_meanwhile(run: Run, system_directory: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("A\n")
    assert run("put", text, "--system", system_directory, "--user", "cmsuser")[0] == 0
    assert run("get", "TEXT TXT", "--into", tmp_path / "x", "--system", system_directory, "--user", "cmsuser")[0] == 0
    assert (tmp_path / "x").read_text() == "A\n"
    with api.start(system_directory):
        error = run("put", text, "--system", system_directory, "--user", "cmsuser")[2]
        assert "is running already" in error
