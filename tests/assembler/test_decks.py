"""Object decks card by card (cases in `cases/decks.txt`)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assembler import assemble
from cpvm.s370.ebcdic import from_ebcdic

KINDS = {0: "SD", 1: "LD", 2: "ER", 4: "PC", 5: "CM", 6: "XD", 10: "WX"}


def read_cases() -> list[tuple[str, list[str], list[str]]]:
    text = (Path(__file__).parent / "cases" / "decks.txt").read_text()
    found = []
    for case in re.split(r"(?m)^### ", text)[1:]:
        head, _, rest = case.partition("\n")
        source, expected = rest.split("\n===\n")
        found.append((head.strip(), source.splitlines(), expected.strip().splitlines()))
    return found


def described(cards: list[bytes], named: bool) -> list[str]:
    """The deck in the notation of the cases; with `named`, each card's columns 73-80 behind its last item."""
    out: list[str] = []
    for card in cards:
        kind = from_ebcdic(card[1:4])
        data = card[16 : 16 + int.from_bytes(card[10:12], "big")]
        number = int.from_bytes(card[14:16], "big")
        if card[0] != 2:
            out.append(f"RAW {from_ebcdic(card).rstrip()}")
            continue
        if kind == "ESD":
            for at in range(0, len(data), 16):
                item = data[at : at + 16]
                what = KINDS[item[8]]
                owner = int.from_bytes(item[13:16], "big")
                line = f"ESD {from_ebcdic(item[:8]).rstrip()} {what} {owner if what == 'LD' else number}"
                number += what != "LD"
                if what not in ("ER", "WX"):
                    line += f" {item[9:12].hex()}"
                if what not in ("ER", "WX", "LD"):
                    line += f" {item[13:16].hex()}"
                out.append(line)
        elif kind == "TXT":
            out.append(f"TXT {card[5:8].hex()} {number}: {data.hex()}")
        elif kind == "RLD":
            out.append(f"RLD {data.hex()}")
        else:
            out.append("END" if card[5] == 0x40 else f"END {card[5:8].hex()} {number}")
        if named:
            out[-1] += f" {from_ebcdic(card[72:])}"
    return [line.upper() if not line.startswith("RAW") else line for line in out]


CASES = read_cases()


@pytest.mark.parametrize(("source", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_deck(source: list[str], expected: list[str]) -> None:
    done = assemble(source)
    assert not done.messages
    assert all(len(card) == 80 for card in done.deck)
    assert described(done.deck, "TITLE" in source[0]) == expected
