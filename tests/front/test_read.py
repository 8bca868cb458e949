"""`cpvm read` and what the operator answers at the start."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path

import pytest

from cpvm.cli import main
from cpvm.cp import password
from cpvm.cp.realunit import inbox
from cpvm.cp.realunit.idcard import Address
from cpvm.cp.system import System
from cpvm.cp.warmstart import Start
from cpvm.front.startprompt import PROMPT, SpoolStart, ask, read_answer
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

DIRECTORY = """\
VOLUME TEST01 3350 10
USER CMSUSER CMSUSER 256K 2M G
ALIAS CONVERSATIONAL
ACCOUNT 1 BIN7
CONSOLE 009 3215
SPOOL 00C 2540 READER *
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(password, "_COST", 1 << 4)
    monkeypatch.setattr(inbox, "LOOK_SECONDS", 0.01)
    System.create(tmp_path / "system", DIRECTORY)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "system"


def files(folder: Path) -> list[tuple[str, str, str, str, list[str]]]:
    """Class, name, type, dist and cards of CMSUSER's reader files."""
    system = System(folder)
    try:
        return [
            (
                file.spool_class,
                file.name,
                file.type,
                file.dist,
                [from_ebcdic(record.data).rstrip() for record in system.spool.records(file.spoolid)],
            )
            for file in system.spool.files("RDR", "CMSUSER")
        ]
    finally:
        system.shutdown()


def test_text_for_a_system_that_does_not_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("my.exec").write_text("&TYPE HÄ\n&EXIT\n", encoding="utf-8")
    assert main(["read", "my.exec", "--to", "cmsuser", "--system", str(folder)]) == 0
    assert capsys.readouterr().out == "my.exec: RDR FILE 0001 FOR CMSUSER, 2 CARDS\n"
    assert files(folder) == [("A", "MY", "EXEC", "BIN7", ["&TYPE HÄ", "&EXIT"])]
    assert list((folder / "inbox").iterdir()) == []


def test_a_running_system_takes_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("deck").write_bytes(to_ebcdic("ONE".ljust(80)) + to_ebcdic("TWO".ljust(80)))
    system = System(folder)
    system.start()
    try:
        words = ["read", "deck", "--to", "CONVERSATIONAL", "--class", "b", "--name", "FN FT", "--binary"]
        assert main([*words, "--system", str(folder)]) == 0
    finally:
        system.shutdown()
    assert files(folder) == [("B", "FN", "FT", "BIN7", ["ONE", "TWO"])]
    assert "FOR CMSUSER, 2 CARDS" in capsys.readouterr().out


def test_an_id_card_says_whose_it_is(folder: Path) -> None:
    Path("job.txt").write_text("ID CMSUSER CLASS J NAME NIGHT JOB\n//GO\n")
    assert main(["read", "job.txt", "--system", str(folder)]) == 0
    assert files(folder) == [("J", "NIGHT", "JOB", "BIN7", ["//GO"])]


def test_a_control_card_for_cms(folder: Path) -> None:
    Path("my.data").write_text("X\n")
    assert main(["read", "my.data", "--to", "CMSUSER", "--cms", "--system", str(folder)]) == 0
    ((_, _, _, _, deck),) = files(folder)
    assert deck[0].startswith(":READ  MY       DATA     A1 ") and deck[1:] == ["X"]


def test_a_folder(folder: Path) -> None:
    Path("decks").mkdir()
    for name in ("b.data", "a.data", ".hidden"):
        (Path("decks") / name).write_text(name)
    assert main(["read", "decks", "--to", "CMSUSER", "--system", str(folder)]) == 0
    assert [(name, cards) for _, name, _, _, cards in files(folder)] == [("A", ["a.data"]), ("B", ["b.data"])]


def test_what_is_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("long.txt").write_text("X" * 81 + "\n")
    Path("plain.txt").write_text("NO CARD\n")
    Path("odd").write_bytes(b"\xc1" * 81)
    here = ["--system", str(folder)]
    for words, status, text in (
        (["long.txt", "--to", "CMSUSER"], 1, "long.txt: line 1 is longer than a card: 81 characters"),
        (["long.txt", "--to", "CMSUSER", "--trunc"], 0, ""),
        (["plain.txt"], 1, "plain.txt: id card missing; give --to USERID"),
        (["plain.txt", "--to", "NOSUCH"], 1, "plain.txt: NOSUCH is not in the directory of users"),
        (["missing", "--to", "CMSUSER"], 1, "missing: No such file or directory"),
        (["odd", "--to", "CMSUSER"], 1, "odd: 81 bytes are not whole cards of 80"),
        (["odd", "--to", "CMSUSER", "--text"], 1, "odd: that is not text in UTF-8 with characters of EBCDIC"),
        (["plain.txt", "--to", "NOT A NAME"], 2, "NOT A NAME is no userid"),
        (["plain.txt", "--to", "CMSUSER", "--class", "AB"], 2, "class AB is not one letter or digit"),
    ):
        assert main(["read", *words, *here]) == status
        assert text in capsys.readouterr().err
    assert main(["read", "plain.txt", "--to", "X", "--system", "nowhere"]) == 2
    assert "there is no system in nowhere" in capsys.readouterr().err


def test_a_deck_is_taken_once_though_the_answer_was_lost(folder: Path) -> None:
    system = System(folder)
    try:
        (folder / "inbox").mkdir()
        path = folder / "inbox" / "0123.deck"
        content = b'{"userid": "CMSUSER", "spool_class": "A", "name": "", "type": ""}\n' + bytes(160)
        path.write_bytes(content)
        assert inbox.take(path, system.database, system.spool, system.directory) is not None
        with system.database.transaction() as db:  # as if it had been killed before it could answer
            db.execute("INSERT INTO reader_taken VALUES ('0123', 1)")
        path.write_bytes(content)
        assert inbox.take(path, system.database, system.spool, system.directory) is None
        assert len(system.spool.files("RDR")) == 1
    finally:
        system.shutdown()


def test_many_at_once(folder: Path) -> None:
    system = System(folder)
    system.start()
    results: list[inbox.Handed] = []
    try:
        threads = [
            threading.Thread(
                target=lambda: results.append(inbox.hand_over(folder, Address("CMSUSER"), [bytes(80)] * 10))
            )
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        system.shutdown()
    assert sorted(handed.spoolid for handed in results) == list(range(1, 9))


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("\n", SpoolStart()),
        ("warm", SpoolStart()),
        ("COLD DRAIN", SpoolStart(Start.COLD, True)),
        ("drain", SpoolStart(drain=True)),
        ("ck dr", SpoolStart(Start.CKPT, True)),
        ("force", SpoolStart(Start.FORCE)),
        ("shutdown", SpoolStart(shutdown=True)),
        ("hot", None),
        ("cold cold", None),
    ],
)
def test_answers(line: str, answer: SpoolStart | None) -> None:
    assert read_answer(line) == answer


def test_asking(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("what\nforce drain\n"))
    assert ask() == SpoolStart(Start.FORCE, True)
    out = capsys.readouterr().out
    assert out.count(PROMPT) == 2 and "INVALID REPLY - what" in out


def test_asking_takes_no_more_than_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"cold\nLOGON OPERATOR\n")
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as source:
        monkeypatch.setattr("sys.stdin", source)
        assert ask() == SpoolStart(Start.COLD)
        assert os.read(reading, 100) == b"LOGON OPERATOR\n"
