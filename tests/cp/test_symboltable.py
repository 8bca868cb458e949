"""Names of places: where they come from, and what is near."""

from __future__ import annotations

import json

import pytest

from assembler import assemble
from cpvm.cp.symboltable import LIMIT, NEAR, SymbolTable, read, read_records

JSON = json.dumps(
    {
        "sections": [{"name": "MAIN", "type": "SD"}, {"name": "AREA", "type": "XD"}],
        "symbols": [
            {"name": "MAIN", "value": 0, "section": "MAIN"},
            {"name": "Loop", "value": 4, "section": "MAIN"},
            {"name": "R1", "value": 1, "section": None},
            {"name": "FIELD", "value": 8, "section": "AREA"},
        ],
    }
)
WANTED = [("MAIN", 0), ("LOOP", 4)]


def test_json_of_the_assembler() -> None:
    assert read([JSON]) == WANTED


def test_json_on_cards() -> None:
    assert read([JSON[at : at + 80].rstrip() for at in range(0, len(JSON), 80)]) == WANTED


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"symbols": 5}', '{"symbols": [1], "sections": {}}', "[]", "", "no names here"]
)
def test_what_tells_nothing(text: str) -> None:
    assert read(text.splitlines()) == []


def test_load_maps() -> None:
    lines = ["LOAD MAP", "MAIN     SD 020000", "  SUB1   AT 020120", "UNDEF", "TESTCMD  020AB0 ", " 0 ENTRIES"]
    assert read(lines) == [("MAIN", 0x20000), ("SUB1", 0x20120), ("TESTCMD", 0x20AB0)]


def test_the_cross_reference_of_a_listing() -> None:
    lines = [
        "                             CROSS-REFERENCE",
        "SYMBOL    LEN    VALUE  DEFN    REFERENCES",
        "LOOP     00004 000204 0012     0034  0035",
        "  0012  000204 4110 0005           12 LOOP  LA 1,5",
    ]
    assert read(lines) == [("LOOP", 0x204)]


def test_a_plain_list() -> None:
    assert read(["020000 MAIN", "20104   LOOP"]) == [("MAIN", 0x20000), ("LOOP", 0x20104)]


def test_an_object_deck() -> None:
    deck = assemble(
        "MAIN     CSECT\n         ENTRY INNER\n         DC    F'0'\nINNER    DC    F'0'\n         END\n"
    ).deck
    assert read_records(deck) == [("MAIN", 0), ("INNER", 4)]


def test_what_is_near() -> None:
    table = SymbolTable()
    assert table.near(5) == ""
    assert table.add([("MAIN", 0), ("LOOP", 0x10), ("FAR", 0x2000000)], 0x20000) == 2
    assert table.near(0x1FFFF) == ""
    assert table.near(0x20000) == "MAIN"
    assert table.near(0x2000F) == "MAIN+F"
    assert table.near(0x20010) == "LOOP"
    assert table.near(0x20010 + NEAR + 1) == ""
    assert table.find("LOOP") == 0x20010
    table.clear()
    assert (len(table), table.find("LOOP"), table.near(0x20010)) == (0, None, "")


def test_there_is_a_limit() -> None:
    table = SymbolTable()
    assert table.add((f"N{number}", number) for number in range(LIMIT + 5)) == LIMIT
