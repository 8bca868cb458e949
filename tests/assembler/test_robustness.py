"""No input makes the assembler raise, hang or grow without bounds."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assembler import assemble
from assembler.linkage import LinkError
from tests.assembler.random_sources import mutated, random_characters, random_program
from tests.assembler.test_corpus import read_cases


def check(source: object) -> None:
    done = assemble(source)  # type: ignore[arg-type]
    assert done.return_code in (0, 4, 8, 12, 16)
    assert all(len(card) == 80 for card in done.deck)
    assert all(len(line) <= 121 for line in done.listing)
    try:
        done.image()
    except LinkError:
        assert done.return_code >= 8


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_any_text(text: str) -> None:
    check(text)


@pytest.mark.parametrize("block", range(10))
def test_random_statements(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assembler.macro.expander.MAX_STATEMENTS", 2000)
    for seed in range(block * 60, block * 60 + 60):
        check(random_program(random.Random(seed)))


def test_mutated_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assembler.macro.expander.MAX_STATEMENTS", 2000)
    programs = [source.splitlines() for _, source, _ in read_cases()]
    for seed in range(400):
        check(mutated(random.Random(seed), programs))


def test_random_characters() -> None:
    for seed in range(200):
        check(random_characters(random.Random(seed)))


@pytest.mark.parametrize(
    "source",
    [
        ["T CSECT", *[" DC 16777215X'1'"] * 4, " END"],
        ["T CSECT", " DS 16777215C", " DS 16777215C", " DC X'1'", " END"],
        ["T CSECT", " DC A(" + "(" * 200 + "1" + ")" * 200 + ")", " END"],
        [" AIF (" + "(" * 300 + "1" + ")" * 300 + ").X", ".X END"],
        ["X" * 500] * 50,
        ["T CSECT", " DC F'1E99999'", " DC P'" + "1" * 200 + "'", " END"],
        ["&A SETC '&A&A'", *["&A SETC '&A&A.ABCDEFGH'"] * 40, " END"],
        [" LCLC &C", "&C SETC (99999999)'A'", " END"],
        ["\0\1\2\xff", "é" * 90, "\t\tDC\tC'é'", " END"],
        [" ORG *+16777214", " DC D'1'", " END"],
        ["T START 16777208", " DS 100D", " END"],
    ],
)
def test_extremes(source: list[str]) -> None:
    check(source)


def test_speed_on_plain_code() -> None:
    """Twenty thousand statements are assembled: a matter of a second or two, here only of not being quadratic."""
    body = [f"L{n:06d} L     {n % 12 + 2},TABLE+{n % 64}(3)" for n in range(20_000)]
    head = ["T        CSECT", "         USING T+80000,12", "         USING T,11,10"]
    done = assemble([*head, *body, "         ORG T+80000", "TABLE    DS    CL100", "         END"])
    assert len(done.statements) == 20_006
    assert not any(message.severity > 4 for message in done.messages)


def test_a_macro_that_calls_itself_twice_is_given_up_as_a_whole() -> None:
    done = assemble(" MACRO\n M\n M\n M\n MEND\nT CSECT\n M\n DC X'1'\n END")
    assert [(message.number, message.severity) for message in done.messages] == [("IFO312", 12)]
    assert len(str(done.messages[0])) < 200
    assert done.image().data[:1] == b"\x01"


def test_a_long_chain_of_forward_equates_is_settled() -> None:
    source = [f"S{index} EQU S{index + 1}+1" for index in range(5000)]
    done = assemble([*source, "S5000 EQU 1", " DC A(S0)", " END"])
    assert not done.messages
    assert done.symbols["S0"].value == 5001


def test_equates_in_a_circle_are_undefined() -> None:
    done = assemble("A EQU B\nB EQU A\nC EQU C\nT CSECT\n DC A(A)\n END")
    assert {message.number for message in done.messages} == {"IFO188"}
    assert done.return_code == 8


def test_branches_are_limited_whatever_actr_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assembler.macro.expander.MAX_BRANCHES", 5000)
    done = assemble(" MACRO\n M\n.X ANOP\n ACTR 1000\n AGO .X\n MEND\nT CSECT\n M\n DC X'1'\n END")
    assert "IFO329" in {message.number for message in done.messages}
    assert done.return_code == 16


def test_messages_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assembler.state.MAX_MESSAGES", 50)
    done = assemble([" NOTHING"] * 1000)
    assert len(done.messages) == 51
    assert (done.messages[-1].number, done.return_code) == ("IFO328", 16)


def test_a_loop_of_errors_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them is a statement of its own, and ACTR may be renewed: without an end this took gigabytes."""
    monkeypatch.setattr("assembler.state.MAX_MESSAGES", 50)
    monkeypatch.setattr("assembler.macro.expander.MAX_MESSAGES", 50)
    done = assemble("&A SETA 2\n.L ANOP\n&A SETA &A*&A\n ACTR 1000000\n AGO .L\n END")
    assert len(done.statements) < 70
    assert (done.messages[-1].number, done.return_code) == ("IFO328", 16)


def test_text_beyond_the_limit_is_not_made() -> None:
    done = assemble("".join(f"A{i} CSECT\n DC 16000000X'1'\n" for i in range(40)) + " END")
    assert [message.number for message in done.messages] == ["IFO316", "IFO313"]
    assert done.return_code == 16
    assert sum(len(st.code or b"") for st in done.statements) < 100


def test_sections_beyond_storage_are_told_once() -> None:
    done = assemble("".join(f"A{i} CSECT\n DS 16000000X\n" for i in range(40)) + " END")
    assert [message.text for message in done.messages] == ["LOCATION COUNTER OVERFLOW - A1"]
