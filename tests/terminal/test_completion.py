"""Completion of a line being typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cpvm.terminal.completion import Command, LineCompleter, Vocabulary
from cpvm.terminal.filenames import Files
from cpvm.terminal.line import ReadState

WORDS = Vocabulary(
    cp={"QUERY": Command(words=("TIME", "TIMER", "NAMES")), "MSG": Command(), "LINK": Command(words=("TO", "AS"))},
    logon={"LOGON": Command(), "LOGIN": Command(), "DIAL": Command()},
    guest={
        "TYPE": Command(("Type fn ft [fm] [( options [)]]",), ("HEX", "COL")),
        "COPYFILE": Command(("COPYfile fileid1 [fileid2 ...] [fileido] [( options [)]]",), ("REPLACE",)),
        "EXEC": Command(("EXec fn [args ...]",), (), "EXEC"),
        "QUERY": Command(("Query function",), ("DISK", "SEARCH")),
    },
)
FILES: Files = [
    ("PROFILE", "EXEC", "A1"), ("PROJECT", "EXEC", "A1"), ("MY", "NOTES", "A1"), ("MY", "DATA", "B1"),
    ("XTYPE", "MODULE", "S2"),
]  # fmt: skip


class Session:
    def __init__(self, files: Files | None) -> None:
        self.names = files
        self.asked = 0

    def files(self, reply: Callable[[Files | None], None]) -> None:
        self.asked += 1
        reply(self.names)


def completer(state: ReadState = ReadState.VM_READ, files: Files | None = FILES) -> LineCompleter:
    session = Session(files)
    return LineCompleter(lambda: WORDS, lambda: state, lambda: session)


@pytest.mark.parametrize(
    ("line", "added", "words"),
    [
        ("TY", "PE ", ["TYPE"]),
        ("t", "ype ", ["type"]),
        ("PRO", "", ["PROFILE", "PROJECT"]),
        ("TYPE P", "RO", ["PROFILE", "PROJECT"]),
        ("TYPE PROF", "ILE ", ["PROFILE"]),
        ("type my ", "", ["data", "notes"]),
        ("TYPE * N", "OTES ", ["NOTES"]),
        ("TYPE MY NOTES ", "A1 ", ["A1"]),
        ("TYPE MY NOTES A (", "", ["COL", "HEX"]),
        ("TYPE MY NOTES A ( H", "EX ", ["HEX"]),
        ("T MY N", "OTES ", ["NOTES"]),
        ("COPYFILE MY NOTES A X Y Z (R", "EPLACE ", ["REPLACE"]),
        ("EXEC M", "", []),
        ("EXEC PRO", "", ["PROFILE", "PROJECT"]),
        ("QUERY T", "IME", ["TIME", "TIMER"]),
        ("QUERY S", "EARCH ", ["SEARCH"]),
        ("#CP QUERY N", "AMES ", ["NAMES"]),
        ("#cp l", "ink ", ["link"]),
        ("CP Q", "UERY ", ["QUERY"]),
        ("UNKNOWN X", "", []),
    ],
)
def test_in_cms(line: str, added: str, words: list[str]) -> None:
    assert completer().complete(line) == (added, words)


def test_commands_of_a_cms_that_does_not_run_are_not_offered() -> None:
    assert completer(files=None).complete("TY") == ("", [])
    assert completer(files=None).complete("MS") == ("G ", ["MSG"])


def test_in_cp_and_before_logon() -> None:
    assert completer(ReadState.CP_READ).complete("") == ("", ["LINK", "MSG", "QUERY"])
    assert completer(ReadState.LOGON).complete("lo") == ("g", ["login", "logon"])


def test_nothing_for_a_password() -> None:
    assert completer(ReadState.PASSWORD).complete("LO") == ("", [])


def test_files_are_asked_for_once_in_a_while_and_only_when_needed() -> None:
    session = Session(FILES)
    there = LineCompleter(lambda: WORDS, lambda: ReadState.VM_READ, lambda: session)
    there.complete("#CP Q")
    assert session.asked == 0
    for _ in range(5):
        there.complete("TYPE P")
    assert session.asked == 1


def test_a_system_that_does_not_answer_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cpvm.terminal.completion.PATIENCE", 0.01)

    class Silent:
        def files(self, reply: Callable[[Files | None], None]) -> None:
            pass

    there = LineCompleter(lambda: WORDS, lambda: ReadState.VM_READ, Silent)
    assert there.complete("MS") == ("G ", ["MSG"])
    assert LineCompleter(lambda: WORDS, lambda: ReadState.VM_READ, lambda: None).complete("MS") == ("G ", ["MSG"])
