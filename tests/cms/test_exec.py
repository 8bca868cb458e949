"""EXEC: the answers of a real CMS to a set of EXECs, and the errors that those do not show."""

from __future__ import annotations

from pathlib import Path

import pytest
from bare_cms import BareCMS

SESSION = Path(__file__).parent / "exec_session.txt"
RC5 = "RC5 CSECT\n LA 15,5\n BR 14\n END"


def session() -> tuple[dict[tuple[str, str], str], list[tuple[str, list[str]]]]:
    """The EXECs of the session file, and its typed lines with their answers."""
    files: dict[tuple[str, str], str] = {}
    typed: list[tuple[str, list[str]]] = []
    name = ""
    for line in SESSION.read_text().splitlines():
        if line.startswith("= "):
            name = line[2:]
            files[name, "EXEC"] = ""
        elif line.startswith("> "):
            typed.append((line[2:], []))
        elif line.startswith("|"):
            typed[-1][1].append(line[2:])
        elif name and not typed:
            files[name, "EXEC"] += line + "\n"
    return files, typed


def answer(output: list[str]) -> list[str]:
    return [line.split(" T=")[0].rstrip() for line in output]


def run(text: str, command: str = "EXEC X", *answers: str, storage: int = 1 << 20) -> list[str]:
    """What CMS types when an EXEC of these lines is run; the lines after `command` are typed as it asks for them."""
    cms = BareCMS(files={("X", "EXEC"): text, ("SUB", "EXEC"): "&EXIT 3\n"}, storage=storage)
    cms.ipl()
    return answer(cms.type(command, *answers))


def test_real_session() -> None:
    files, typed = session()
    cms = BareCMS(files=files, programs={"RC5": RC5})
    cms.host.answers["QUERY"] = 0
    cms.ipl()
    for number, (line, expected) in enumerate(typed, 1):
        assert answer(cms.type(line)) == expected, f"line {number}: {line}"


ERRORS = [
    ("&X = A B", 1, "Conversion error", 812),
    ("&X = 1 2", 1, "Invalid assignment", 809),
    ("&X = 1 +", 1, "Invalid assignment", 809),
    ("&X = 5\n&INDEX = 3", 2, "Misuse of special variable", 810),
    ("&X = &SUBSTR A", 1, "Misuse of built-in function", 814),
    ("&IF A EQ", 1, "Invalid form of condition", 808),
    ("&LOOP 1", 1, "Invalid syntax", 807),
    ("&LOOP 1 1\n" * 5 + "&CONTINUE", 5, "Max depth of loop nesting exceeded", 805),
    ("&X = 0 - 9999999\n&X = &X - 1", 2, "EXEC arithmetic underflow", 817),
    ("&X = 99999 * 99999", 1, "EXEC arithmetic overflow", 818),
    ("&X = 1 / 0", 1, "EXEC divide by zero", 820),
    ("&LITERAL &CONCAT A B", 1, "Invalid control word", 816),
    ("&GOTO 9", 1, "&SKIP or &GOTO error", 802),
    ("&SKIP -1", 1, "&SKIP or &GOTO error", 802),
    ("&LOOP -NONE 2", 1, "&SKIP or &GOTO error", 802),
    ("&CONTROL OFF\n&ERROR FOO\nBAR", 3, "Error in &ERROR action", 811),
    ("&EXIT ABC", 1, "Conversion error", 812),
    ("&TYPE " + "(" * 66, 1, "Too many tokens in statement", 813),
    ("&TYPE\n" + "X" * 131, 0, "Bad file format", 803),
    ("&TYPE\n" + "X" * 256, 0, "Bad file format", 803),
    ("&A.B = 5", 1, "Special character in variable symbol", 819),
    ("&READ VARS &A-", 1, "Special character in variable symbol", 819),
    ("&31 = A", 1, "Misuse of special variable", 810),
    ("&TYPE &99", 1, "Misuse of special variable", 810),
    ("&* = A", 1, "Misuse of special variable", 810),
    ("&RETCODE = A", 1, "Conversion error", 812),
    ("&GLOBAL3 = A", 1, "Conversion error", 812),
    ("&TIME SOON", 1, "Invalid syntax", 807),
    ("&ARGS " + "A " * 31, 1, "Too many arguments", 804),
]


@pytest.mark.parametrize(("text", "line", "why", "code"), ERRORS, ids=range(len(ERRORS)))
def test_errors(text: str, line: int, why: str, code: int) -> None:
    got = [
        line
        for line in run(text + "\n", "EXEC X", *["LINE"] * ("&READ" in text))
        if not line.startswith(("&", "+++", "FOO", "BAR"))
    ]
    assert got == [f"DMSEXT072E Error in EXEC file X, line {line} - {why}", f"Ready({code:05});"]


def test_no_name() -> None:
    assert run("&EXIT\n", "EXEC") == ["DMSEXC001E NO FILENAME SPECIFIED.", "Ready(00024);"]


def test_invalid_character_in_name() -> None:
    assert run("&EXIT\n", "EXEC A?B") == ["DMSSTT062E Invalid character '?' in fileID 'A?B EXEC'.", "Ready(00020);"]


def test_a_file_too_large_for_the_machine() -> None:
    lines = "* a comment of some length, so that there is something to keep\n" * 4000
    assert run(lines, storage=5 << 16) == ["DMSEXT109S VIRTUAL STORAGE CAPACITY EXCEEDED.", "Ready(00104);"]


def test_control_without_operands_is_what_it_was_at_the_beginning() -> None:
    text = "&CONTROL OFF TIME NOMSG NOPACK\n&CONTROL\n&TYPE A\nSTATE NO FILE A\n"
    missing = ["STATE NO FILE A", "DMSSTT002E File 'NO FILE A' not found.", "+++ R(00028) +++"]
    assert run(text) == ["A", *missing, "Ready;"]


def test_nopack_keeps_eight_columns_for_each_token() -> None:
    assert run("&CONTROL OFF NOPACK\n&TYPE A BC D\n") == ["A        BC       D", "Ready;"]


def test_percent_signs_stand_for_arguments_without_value() -> None:
    text = "&CONTROL OFF\n&TYPE &INDEX .&1 .&2 .&3\n&ARGS A % C\n&TYPE &INDEX .&1 .&2 .&3\n"
    assert run(text, "X % B") == ["2 . .B .", "3 .A . .C", "Ready;"]


def test_all_and_any_arguments_are_those_that_were_passed() -> None:
    text = "&CONTROL OFF\n&1 = Z\n&IF &$ EQ Z &TYPE CHANGED\n&IF &* EQ B &TYPE ALL\n&LOOP 1 &$ EQ B\n&TYPE NEVER\n"
    assert run(text, "X B B") == ["ALL", "Ready;"]
    assert run("&CONTROL OFF\n&IF &$ EQ Z &TYPE NO\n&IF &* EQ Z &TYPE NO\n") == ["Ready;"]


def test_settable_special_variables() -> None:
    text = (
        "&CONTROL OFF\n&TYPE &DOS &DISKA &DISKS &DISKQ &DISK* &DISK?\n&DOS = ON\n&DISKA = MINE\n&DISK* = X\n"
        "&DISK? = Y\n&RETCODE = 7\n&0 = ME\n&TYPE &DOS &DISKA &DISK* &DISK? &RETCODE &0 &EXEC\n"
    )
    assert run(text) == ["OFF CMS CMS NA A A", "ON MINE X Y 7 ME X", "Ready;"]


def test_immediate_commands_are_obeyed_when_stacked() -> None:
    text = "&CONTROL OFF\n&STACK HT\n&TYPE NOT SEEN\n&A = &TYPEFLAG\n&STACK RT\n&TYPE &A\n&STACK RO\n&STACK HO\n"
    assert run(text + "&STACK HB\n&STACK SO\n&TYPE &READFLAG\n")[-2:] == ["CONSOLE", "Ready;"]
    assert run("&CONTROL OFF\n&TYPE A\n&STACK HX\n&TYPE B\n") == ["A", "CMS"]


def test_a_null_line_can_be_stacked() -> None:
    assert run("&CONTROL OFF\n&STACK\n&TYPE &READFLAG\n&READ VARS &X\n&TYPE .&X\n") == ["STACK", ".", "Ready;"]


def test_many_variables() -> None:
    lines = "&CONTROL OFF\n&I = 0\n&LOOP 2 200\n&I = &I + 1\n&V&I = &I\n&TYPE &V1 &V64 &V65 &V200 &V201\n"
    assert run(lines) == ["1 64 65 200", "Ready;"]


def test_lines_read_from_the_terminal_are_executed() -> None:
    assert run("&CONTROL OFF\n&READ 2\n&TYPE &X\n", "X", "&x = 7", "exec sub") == ["7", "Ready;"]


def test_levels_share_globals() -> None:
    text = "&CONTROL OFF\n&GLOBAL1 = &GLOBAL1 + 1\n&IF &GLOBAL LT 4 EXEC X\n&TYPE &GLOBAL &GLOBAL1\n"
    assert run(text) == ["4 5", "3 5", "2 5", "1 5", "Ready;"]


def test_storage_is_given_back() -> None:
    text = "&CONTROL OFF\n&V1 = 1\n&IF &1 EQ 0 &EXIT\n&N = &1 - 1\nEXEC X &N\n"
    cms = BareCMS(files={("X", "EXEC"): text, ("Y", "EXEC"): "&CONTROL OFF\n&LOOP 1 25\nEXEC X 4\n"}, storage=1 << 19)
    cms.ipl()
    assert answer(cms.type("Y")) == ["Ready;"]


def test_hx_ends_a_loop() -> None:
    cms = BareCMS(files={("X", "EXEC"): "&CONTROL OFF\n-A\n&GOTO -A\n"})
    cms.ipl()
    cms.start("X")
    assert cms.interrupt("HX") == ["CMS"]
    assert answer(cms.type("EXEC NOFILE"))[-1] == "Ready(00801);"
