"""SYM cards (option TEST): entries by the layout of the Assembler Programmer's Guide."""

from __future__ import annotations

from assembler import Options, assemble
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

SOURCE = """T        CSECT
GO       LR    1,2
         LR    1,2
A        DC    CL5'X'
B        DC    3F'1',XL2'0'
P        DC    PL3'5'
S        DC    HS4'1'
C        CCW   1,0,0,1
D        DSECT
E        DS    D
LONGNAME_MORE DS C
         END
"""


def symbols(test: bool) -> bytes:
    cards = assemble(SOURCE, options=Options(test=test)).deck
    chosen = [card for card in cards if card[1:4] == to_ebcdic("SYM")]
    assert chosen == cards[: len(chosen)]
    assert all(card[4:10] == to_ebcdic(" " * 6) and from_ebcdic(card[12:16]) == "    " for card in chosen)
    return b"".join(card[16 : 16 + int.from_bytes(card[10:12], "big")] for card in chosen)


def test_no_cards_unless_they_are_wanted() -> None:
    assert symbols(False) == b""


def test_entries() -> None:
    wanted = [
        "10 000000 E3",  # section T
        "41 000000 C7D6",  # instruction GO
        "80 000004 C1 00 0004",  # character, five bytes
        "C0 00000C C2 10 03 000003",  # three full words
        "88 000018 04 0001",  # two hexadecimal bytes without a name
        "A0 00001A D7 30 02",  # packed
        "90 00001E E2 14 01 0004",  # halfword, scaled
        "50 000020 C3",  # channel command word
        "20 000000 C4",  # dummy section
        "80 000000 C5 1C 07",  # double word
        "88 000008 00 0000",  # a name that does not fit is left out
    ]
    assert symbols(True).hex().upper() == "".join(wanted).replace(" ", "")


def test_entries_run_over_cards() -> None:
    source = ["T CSECT", *[f"NAME{n:04d} DS F" for n in range(20)], " END"]
    cards = [card for card in assemble(source, options=Options(test=True)).deck if card[1:4] == to_ebcdic("SYM")]
    counts = [int.from_bytes(card[10:12], "big") for card in cards]
    assert counts == [56] * (len(cards) - 1) + [(5 + 20 * 14) % 56]
