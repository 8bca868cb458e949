"""The linker: control cards, libraries, the map, and decks made of decks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assembler import assemble
from assembler.deck import read
from assembler.linkage import link
from assembler.linker import LinkError, Loader, merge, module, report, txtlib
from assembler.linker.libraries import library, read_cards
from cpvm.s370.ebcdic import to_ebcdic

A = "A CSECT\n ENTRY AE\n DC V(B),A(BE+2),AL3(AE),Y(AE-A)\nAE DC F'1'\n EXTRN BE\n END AE"
B = "B CSECT\n DC A(B),V(AE)\n ENTRY BE\nBE DC A(CC+4),Q(PR),A(-BE)\nCC COM\n DS 5F\nPR DXD D\n END"
C = "C CSECT\n DC V(NOWHERE),Q(PR)\n WXTRN WEAK\n DC A(WEAK)\nPR DXD F\nLEN CXD\n DC A(CC)\nCC COM\n DS 9F\n END"


@cache
def deck(source: str) -> list[bytes]:
    done = assemble(source)
    assert done.return_code == 0, [str(message) for message in done.messages]
    return done.deck


def loaded(*decks: Sequence[bytes], origin: int = 0x1000, keep: bool = False) -> Loader:
    loader = Loader(origin)
    for number, cards in enumerate(decks, 1):
        loader.load(cards, f"D{number}")
    loader.finish(keep=keep)
    return loader


def card(text: str) -> bytes:
    return to_ebcdic(text.ljust(80))


def test_a_deck_made_of_decks_links_to_the_same_storage() -> None:
    decks = [deck(A), deck(B), deck(C)]
    merged = merge.deck(loaded(*decks, origin=0, keep=True), "ABC")
    assert all(len(one) == 80 for one in merged)
    whole, again = loaded(*decks), loaded(merged)
    assert again.data == whole.data
    assert (again.entry, again.registers, again.undefined) == (whole.entry, whole.registers, ["NOWHERE"])
    assert [(s.name, s.place) for s in again.sections] == [(s.name, s.place) for s in whole.sections]
    assert merge.deck(loaded(merged, origin=0, keep=True), "ABC") == merged


def test_what_a_merged_deck_has_left_open() -> None:
    found = read(merge.deck(loaded(deck(A), deck(B), deck(C), origin=0, keep=True), "ABC"))
    kinds = {symbol.name: symbol.kind for symbol in found.symbols}
    assert kinds == {
        "A": "SD", "B": "SD", "C": "SD", "AE": "LD", "BE": "LD", "CC": "CM", "PR": "XD", "NOWHERE": "ER", "WEAK": "WX",
    }  # fmt: skip
    assert next(symbol.length for symbol in found.symbols if symbol.name == "CC") == 36


@settings(max_examples=60, deadline=None)
@given(st.permutations([0, 1, 2, 3, 4]), st.integers(0, 4))
def test_any_order_of_decks_merged_or_not(order: list[int], cut: int) -> None:
    sources = [A, B, C, " DC A(*),V(A)\n END", "D CSECT\n DC A(D),V(C)\n DS XL7\n DC X'FF'\n END"]
    decks = [deck(sources[one]) for one in order]
    some = merge.deck(loaded(*decks[: cut + 1], origin=0, keep=True), "SOME")
    assert loaded(some, *decks[cut + 1 :]).data == loaded(*decks).data


def test_the_map() -> None:
    lines = list(report.lines(loaded(deck(A), deck(A), deck(B), deck(C)), "X"))
    assert lines[2:9] == [
        "NAME      TYPE  ADDRESS  LENGTH  FILE",
        "A         SD    001000   000014  D1",
        "  AE      LD    001010           D1",
        "B         SD    001018   000014  D3",
        "  BE      LD    001020           D3",
        "C         SD    001030   000014  D4",
        "CC        CM    001048   000024",
    ]
    assert "ENTRY POINT 001010  AE" in lines
    assert lines[-4:] == [
        "PSEUDO REGISTERS 000008", "UNDEFINED: NOWHERE", "WEAK, NOT RESOLVED: WEAK", "DEFINED TWICE: A",
    ]  # fmt: skip


def test_replace_cards() -> None:
    rep = b"\x02" + to_ebcdic("REP  000004  01".ljust(79))
    cards = deck("A CSECT\n DC 3F'0'\n END")
    rep = rep[:16] + to_ebcdic("1234,ABCD BEHIND".ljust(64))
    assert loaded([*cards[:-1], rep, cards[-1]]).data.hex() == "000000001234abcd0000000000000000"


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (card("INCLUDE X"), "D1: card 1: INVALID CARD - INCLUDE X"),
        (card("ENTRY"), "D1: card 1: NAME IS MISSING"),
        (card("LIBRARY X"), "D1: card 1: INVALID CARD - LIBRARY X"),
        (b"\x02" + card("REP")[:79], "D1: card 1: ADDRESS IS MISSING"),
        (b"\x02" + card("REP  00000G")[:79], "D1: card 1: NOT HEXADECIMAL: 00000G"),
        (b"\x02" + card("REP  000004    123")[:79], "D1: card 1: NOT FOUR HEXADECIMAL DIGITS: 123"),
        (b"\x02" + card("SLC")[:79], "D1: card 1: INVALID ADDRESS"),
        (b"\x02" + card("SLC            NOSUCH")[:79], "D1: card 1: SET LOCATION COUNTER NAME 'NOSUCH' UNDEFINED"),
        (b"\x02" + card("ICS            NAME")[:79], "D1: card 1: NAME OR LENGTH IS MISSING"),
        (b"\x02" + card("TXT")[:9] + b"\0\4\x40\x40\0\7", "D1: card 1: ESD IDENTIFICATION 7 IS NOT DEFINED"),
        (
            b"\x02" + card("ESD")[:9] + b"\0\x10\x40\x40\0\1" + card("X")[:8] + b"\x0b",
            "D1: card 1: INVALID ESD TYPE 0B",
        ),
        (b"\x02" + card("ESD")[:9] + b"\xff\x10", "D1: card 1: INVALID COUNT 65296"),
    ],
)
def test_bad_cards_are_told_with_file_and_number(made: bytes, text: str) -> None:
    assert [str(note) for note in loaded([made]).notes] == [text]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 79), st.integers(0, 255)), max_size=12),
    st.binary(max_size=80),
)
def test_no_deck_brings_it_down(changes: list[tuple[int, int, int]], junk: bytes) -> None:
    cards = [bytearray(one) for one in (*deck(A), *deck(B), *deck(C), junk)]
    for number, at, value in changes:
        if number < len(cards) and at < len(cards[number]):
            cards[number][at] = value
    loader = Loader(0, limit=0x100000)
    try:
        loader.load([bytes(one) for one in cards], "X")
        loader.finish()
        module.records(loader)
        list(report.lines(loader, "X"))
        merge.deck(loader, "X")
    except LinkError:
        pass


def test_an_entry_in_front_of_its_section_is_an_address_all_the_same() -> None:
    esd = (
        bytes.fromhex("02C5E2C4 40404040 4040 0020 4040 0001")
        + to_ebcdic("B       ")
        + bytes.fromhex("00800000 40000004")
    )
    esd += to_ebcdic("X       ") + bytes.fromhex("01000004 40000001")
    end = bytes.fromhex("02C5D5C4 40000004 404040404040 0001")
    found = loaded([esd.ljust(80, b"\x40"), end.ljust(80, b"\x40")])
    x = found.names.find("X")
    assert x is not None and x.address == found.entry == 0x1000 + 4 - 0x800000 & 0xFFFFFF
    assert module.records(found, with_map=True)


def test_too_large() -> None:
    cards = deck("A CSECT\n DS XL65535\n END")
    with pytest.raises(LinkError, match="STORAGE CAPACITY EXCEEDED"):
        Loader(0xFFF000).load(cards, "X")
    with pytest.raises(LinkError, match="NOT IN STORAGE"):
        Loader(-1)


# --- libraries --------------------------------------------------------------------------------------------------------


def test_a_library_is_found_by_every_name(tmp_path: Path) -> None:
    file = tmp_path / "x.txtlib"
    file.write_bytes(b"".join(txtlib.write([deck(A), deck(B)])))
    records = read_cards(file)
    assert txtlib.directory(records) == {"A": 2, "AE": 2, "B": 8, "BE": 8}
    found = library(file).find("BE")
    assert found and found[1] == f"{file}(BE)" and found[0][-1][:4] == txtlib.LDT
    assert library(file).find("CC") is None


@pytest.mark.parametrize("form", ["folder", "txtlib", "decks"])
def test_names_are_looked_for_until_nothing_is_missing(tmp_path: Path, form: str) -> None:
    other = "E CSECT\n DC V(A)\n END"
    (tmp_path / "lib").mkdir()
    path = tmp_path / "lib"
    if form == "folder":
        for name, source in (("a", A), ("B", B), ("be", B), ("e", other)):
            (path / f"{name}.text").write_bytes(b"".join(deck(source)))
    elif form == "txtlib":
        path = tmp_path / "lib.txtlib"
        path.write_bytes(b"".join(txtlib.write([deck(other), deck(A), deck(B)])))
    else:
        path = tmp_path / "lib.text"
        path.write_bytes(b"".join([*deck(other), *deck(A), *deck(B)]))
    loader = Loader(0)
    loader.load(deck("M CSECT\n DC V(E)\n END"), "M")
    loader.search([library(path)])
    loader.finish()
    assert loader.undefined == []
    assert [section.name for section in loader.sections] == ["M", "E", "A", "B"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "is empty"),
        (b"\x02" * 81, "81 bytes are not whole cards"),
        (b"\x41\xff", "neither cards of 80 bytes nor lines of text"),
        (to_ebcdic("LIBPDS").ljust(80, b"\xff"), "not a TXTLIB, or its directory is damaged"),
    ],
)
def test_files_that_are_no_libraries(tmp_path: Path, data: bytes, text: str) -> None:
    file = tmp_path / "bad"
    file.write_bytes(data)
    with pytest.raises(LinkError, match=text):
        library(file)


def test_a_library_has_at_most_1000_names() -> None:
    with pytest.raises(LinkError, match="at most 1000 names"):
        txtlib.write([deck(f"S{number} CSECT\n END") for number in range(1)] * 1001)
    with pytest.raises(LinkError, match="deck 1 has no name"):
        txtlib.write([deck(" DC F'1'\n END")])


def test_control_cards_as_text(tmp_path: Path) -> None:
    file = tmp_path / "control"
    file.write_text(" entry be\n* a comment\n")
    assert loaded(deck(A), deck(B), read_cards(file)).entry == 0x1020


def test_the_facade_says_what_is_wrong() -> None:
    with pytest.raises(LinkError, match="deck 2: card 1"):
        link([deck(A), [b"\x02" + to_ebcdic("TXT") + b"\xff" * 76]], 0)
