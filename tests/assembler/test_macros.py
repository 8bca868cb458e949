"""Macro language: what is generated (cases in `cases/macros.txt`), libraries, COPY, system variables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assembler import Options, assemble
from assembler.macro.expander import Complaint


def read_cases() -> list[tuple[str, list[str], list[str]]]:
    text = (Path(__file__).parent / "cases" / "macros.txt").read_text()
    found = []
    for case in re.split(r"(?m)^### ", text)[1:]:
        head, _, rest = case.partition("\n")
        source, expected = rest.split("\n===")
        found.append((head.strip(), source.splitlines(), [line for line in expected.strip().splitlines() if line]))
    return found


CASES = read_cases()


@pytest.mark.parametrize(("source", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_generated(source: list[str], expected: list[str]) -> None:
    done = assemble(["T        CSECT", *source, "         USING T,15", "         END"])
    wanted = [line for line in expected if not line.startswith("!")]
    generated = [
        f"{st.op} {st.operand}"
        for st in done.statements
        if st.operation is not None
        and not isinstance(st.operation, Complaint)
        and st.op not in ("", "MNOTE")
        and (st.level or "&" in source_of(st.line, source))
    ]
    assert [line for line in generated if line in wanted or line.split()[0] in ("DC", "LA", "L", "EQU")] == wanted
    assert [f"! {m.number}" for m in done.messages if m.number != "IFO209"] == [
        line for line in expected if line.startswith("!")
    ]  # fmt: skip


def source_of(line: int, source: list[str]) -> str:
    return source[line - 2] if 2 <= line < len(source) + 2 else ""


def test_library_members_and_copy() -> None:
    library = {"GREET": "         MACRO\n         GREET &A\n         DC    C'&A'\n         MEND", "TAIL": " DC X'FF'"}
    done = assemble("T CSECT\n GREET HI\n COPY TAIL\n END", library=library)
    assert done.return_code == 0
    assert done.image().data[:3].hex().upper() == "C8C9FF"
    assert done.library_records == 5


def test_folder_of_macros(tmp_path: Path) -> None:
    (tmp_path / "greet.macro").write_text(" MACRO\n GREET\n DC C'G'\n MEND\n")
    (tmp_path / "PART.copy").write_text(" DC C'P'\n")
    done = assemble("T CSECT\n GREET\n COPY PART\n END", library=[{"OTHER": ""}, tmp_path])
    assert (done.return_code, done.image().data[:2].hex().upper()) == (0, "C7D7")


def test_missing_member() -> None:
    done = assemble("T CSECT\n COPY NOTHERE\n END")
    assert [(m.number, m.text, m.severity) for m in done.messages] == [
        ("IFO068", "COPY MEMBER NOTHERE NOT FOUND IN LIBRARY", 8)
    ]
    assert done.return_code == 8


def test_a_member_that_copies_itself_ends() -> None:
    done = assemble("T CSECT\n COPY SELF\n END", library={"SELF": " DC X'1'\n COPY SELF"})
    assert "IFO301" in {m.number for m in done.messages}


def test_system_variables() -> None:
    options = Options(date="11/23/26", time="08.30")
    done = assemble("T CSECT\n DC C'&SYSPARM.,&SYSDATE.,&SYSTIME'\n END", sysparm="YES", options=options)
    assert done.statements[1].operand == "C'YES,11/23/26,08.30'"


def test_messages_of_inner_macros_name_the_calls() -> None:
    source = [" MACRO", " IN", " L 1,NOWHERE", " MEND", " MACRO", " OUT", " IN", " MEND", "T CSECT", " OUT", " END"]
    (message,) = assemble(source).messages
    assert (message.number, message.chain) == ("IFO188", ("IN AT 7", "OUT AT 10"))


def test_runaway_generation_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assembler.macro.expander.MAX_STATEMENTS", 500)
    source = [
        " MACRO",
        " M &N",
        " LCLA &D",
        "&D SETA &N+1",
        " DC X'1'",
        " AIF (&D GT 50).E",
        " M &D",
        " M &D",
        ".E MEND",
        "T CSECT",
        " M 1",
        " END",
    ]
    done = assemble(source)
    assert done.return_code == 16
    assert len(done.statements) < 1000
