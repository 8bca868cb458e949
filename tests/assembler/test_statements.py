"""Assembler statements: whole programs, their storage, symbols and messages (cases in `cases/statements.txt`)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assembler import assemble
from cpvm.s370.ebcdic import from_ebcdic


def read_cases() -> list[tuple[str, list[str], list[str]]]:
    text = (Path(__file__).parent / "cases" / "statements.txt").read_text()
    found = []
    for case in re.split(r"(?m)^### ", text)[1:]:
        head, _, rest = case.partition("\n")
        source, expected = rest.split("\n===")
        found.append((head.strip(), source.splitlines(), [line for line in expected.strip().splitlines() if line]))
    return found


CASES = read_cases()


@pytest.mark.parametrize(("source", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_program(source: list[str], expected: list[str]) -> None:
    done = assemble(source)
    image = done.image().data
    messages = []
    for line in expected:
        if line.startswith("@"):
            at, _, digits = line[1:].partition(": ")
            wanted = bytes.fromhex(digits.replace(" ", ""))
            start = int(at, 16)
            assert image[start : start + len(wanted)].hex().upper() == wanted.hex().upper(), line
        elif line.startswith("!"):
            messages.append(line[2:])
        else:
            name, _, value = line.partition("=")
            assert done.symbols[name].value == int(value), line
    found = [f"{m.number} {m.statement} {m.column} {m.severity}" for m in done.messages]
    assert [
        text if " " in wanted else text.split()[0] for text, wanted in zip(found, messages, strict=False)
    ] == messages
    assert len(found) == len(messages), found


def test_return_codes() -> None:
    assert assemble("T CSECT\n DROP 5\n END").return_code == 4
    assert assemble("T CSECT\n L 1\n END").return_code == 12
    assert assemble("T CSECT\n COPY X\n END").return_code == 8
    assert assemble("T CSECT\n END").return_code == 0
    assert assemble("").return_code == 4


def test_literal_before_end_goes_to_the_first_section() -> None:
    done = assemble("A CSECT\n USING A,15\nB CSECT\n L 1,=F'9'\n END")
    assert done.sections["A"].size == 4
    assert done.image().data[:4].hex() == "00000009"


def test_deck_has_cards_of_80_bytes_with_sequence_numbers() -> None:
    done = assemble("RC00 TITLE 'X'\nRC0 CSECT\n SR 15,15\n BR 14\n DC A(RC0)\n END RC0")
    assert {len(card) for card in done.deck} == {80}
    assert [from_ebcdic(card[1:4]) for card in done.deck] == ["ESD", "TXT", "RLD", "END"]
    assert [from_ebcdic(card[72:]) for card in done.deck] == ["RC000001", "RC000002", "RC000003", "RC000004"]
    esd, txt, rld, end = done.deck
    assert esd[10:32].hex().upper() == "001040400001D9C3F040404040400000000040000008"
    assert txt[4:24].hex().upper() == "4000000040400008404000011BFF07FE00000000"
    assert rld[10:24].hex().upper() == "000840404040000100010C000004"
    assert end[5:8].hex() == "000000"
    assert end[14:16].hex() == "0001"


def test_same_source_gives_the_same_deck() -> None:
    source = "T CSECT\n L 1,=F'1'\n DC V(A,B,C),A(T)\n USING T,15\n END T"
    assert assemble(source).deck == assemble(source).deck


def test_text_is_split_over_cards() -> None:
    done = assemble("T CSECT\n DC 150X'AB'\n DS 4X\n DC X'CD'\n END")
    cards = [card for card in done.deck if from_ebcdic(card[1:4]) == "TXT"]
    assert [(int.from_bytes(c[5:8], "big"), int.from_bytes(c[10:12], "big")) for c in cards] == [
        (0, 56), (56, 56), (112, 38), (154, 1),
    ]  # fmt: skip
