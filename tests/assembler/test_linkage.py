"""The linkage step: placement, resolution, relocation, reports; and the deck reader."""

from __future__ import annotations

import pytest

from assembler import assemble
from assembler.deck import DeckError, read, split_decks
from assembler.linkage import LinkError, link
from cpvm.s370.ebcdic import to_ebcdic

MAIN = "MAIN CSECT\n DC V(SUB),A(TAB+4),A(MAIN-TAB),AL3(TAB)\n DC X'EE'\n EXTRN TAB\n END MAIN"
SUB = "SUB CSECT\n ENTRY TAB\n DC XL4'0'\nTAB DC A(SUB,*)\n END"


def deck(source: str) -> list[bytes]:
    done = assemble(source)
    assert done.return_code == 0, [str(message) for message in done.messages]
    return done.deck


def test_two_decks() -> None:
    image = link([deck(MAIN), deck(SUB)], 0x20000)
    assert image.data.hex().upper() == ("0002001000020018FFFFFFEC020014EE00000000000200100002001800000000")
    assert (image.entry, image.undefined, image.duplicates) == (0x20000, [], [])
    assert [(e.name, e.kind, e.address, e.length) for e in image.map] == [
        ("MAIN", "SD", 0x20000, 16), ("SUB", "SD", 0x20010, 12), ("TAB", "LD", 0x20014, 0),
    ]  # fmt: skip
    assert image.address("TAB") == 0x20014


def test_undefined_weak_and_duplicate_names() -> None:
    one = deck("A CSECT\n EXTRN X\n WXTRN W\n DC A(X,W),V(Y)\n END")
    two = deck("A CSECT\n DC X'FF'\n END")
    image = link([one, two], 0)
    assert image.undefined == ["X", "Y"]
    assert image.duplicates == ["A"]
    assert image.data == bytes(16)
    assert " UNDEFINED X" in image.report()


def test_a_duplicate_section_is_left_out_but_may_be_referred_to() -> None:
    first = deck("A CSECT\n DC F'1'\n END")
    second = deck("B CSECT\n DC A(A2)\nA CSECT\n DC F'7'\nA2 DC F'8'\n END")
    image = link([first, second], 0x100)
    assert image.data.hex() == "00000001000000000000010400000000"


def test_common_takes_the_largest_length() -> None:
    one = deck("A CSECT\n DC A(CC)\nCC COM\n DS F\n END")
    two = deck("B CSECT\n DC A(CC+8)\nCC COM\n DS 4F\n END")
    image = link([one, two], 0)
    assert image.data[:16].hex() == "00000010000000000000001800000000"
    assert len(image.data) == 32


def test_pseudo_registers() -> None:
    one = deck("A CSECT\n DC Q(P),Q(R)\n CXD\nP DXD F\nR DXD D\n END")
    image = link([one], 0)
    assert image.data[:12].hex() == "000000000000000800000010"
    assert image.pseudo_registers == 16


def test_entry_points() -> None:
    decks = [deck("A CSECT\n DC X'1'\n END"), deck("B CSECT\n DC X'1'\nGO DC X'2'\n END GO")]
    assert link(decks, 0x1000).entry == 0x1009
    assert link(decks, 0x1000, "B").entry == 0x1008
    image = link(decks, 0x1000, "NOWHERE")
    assert image.undefined == ["NOWHERE"]


def test_reading_what_was_written() -> None:
    found = read(deck(MAIN))
    assert [(s.name, s.kind, s.esdid, s.length) for s in found.symbols] == [
        ("MAIN", "SD", 1, 16), ("SUB", "ER", 2, 0), ("TAB", "ER", 3, 0),
    ]  # fmt: skip
    assert found.entry == (1, 0)
    assert sorted((r.relative, r.length, r.sign, r.address) for r in found.relocations) == [
        (1, 4, 1, 8), (2, 4, 1, 0), (3, 3, 1, 12), (3, 4, -1, 8), (3, 4, 1, 4),
    ]  # fmt: skip


def test_other_cards_are_kept() -> None:
    found = read([to_ebcdic(" ENTRY X".ljust(80)), *deck(SUB)])
    assert found.others == [(1, " ENTRY X")]
    assert len(split_decks([*deck(SUB), *deck(MAIN)])) == 2


@pytest.mark.parametrize("card", [b"\x02" + to_ebcdic("TXT") + b"\xff" * 76, b"\x02" + to_ebcdic("RLD") + b"\xff" * 76])
def test_damaged_cards(card: bytes) -> None:
    with pytest.raises(DeckError, match="CARD 1"):
        read([card], "X")
    with pytest.raises(LinkError):
        link([[card]], 0)


def test_text_outside_of_its_section() -> None:
    cards = deck("A CSECT\n DC F'1'\n END")
    bad = bytearray(cards[1])
    bad[5:8] = (0x1000).to_bytes(3, "big")
    with pytest.raises(LinkError, match="OUTSIDE"):
        link([[cards[0], bytes(bad), cards[2]]], 0)
