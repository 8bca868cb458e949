"""The program about unit record devices, with all of them: what it sees, and what is in their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from cpvm import api
from cpvm.machine.media.cards import to_image
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic
from guest.program import deck

DEVICES = (
    "012,2540R,images,file2=last,r2=r2",
    "013,2540P,p1,p2=p2,rp3=rp3,binary",
    "014,3505,cards3,intrq,s1=s1,s2=s2",
    "015,3525,punched,ascii",
    "016,1442,cards4,s1=s14,s2=s24,out=ascii",
    "017,2501,cards2",
    "018,2540P,over,ascii,pfr=cards2",
    "01E,1403,printed.1403,form=1:1+12:4+9:6,lines=8",
    "01F,1443,printed.1443",
    "020,3203,printed.3203",
    "021,3211,printed.3211",
)
ENTRY = 0x1000
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


LINE_132 = (LETTERS * 4)[:132]
FILES = {
    "punched": f"{LETTERS}\n{LETTERS[:10]}\nABCD\n",
    "s14": "CARD 03\nCARD 04   ABCD\n",
    "s24": "CARD 01   +          +\nCARD 02\n",
    "over": "CARD 01   ++\nCARD 02   ++\n",
    "printed.1403": (
        "LINE\nLINE\n\nLINE\n\n"  # to line 6
        "\f\n\n\n"  # channel 12, line 4 of the next form
        "\fLINE\n\fLINE\nLINE\n\n"  # over line 1 and on; a chain that channel 12 ends
        f"{LINE_132}\n\fS         LARGE\nS         LARGE\n"
        "\fSMALL AND LARGE\n\f\f\n"  # folded; and the carriage runs away
    ),
    "printed.1443": LINE_132[:120] + "\nLINE\n" + "\n" * 4,
    "printed.3203": "\nLINE\nLINE\n\n",
    "printed.3211": "LINE\nLINE\n\n\n\f\f\n    LINE\n    S         LARGE\n    SMALL AND LARGE\n",
}


def cards(count: int) -> list[str]:
    return [f"CARD {number:02}" for number in range(1, count + 1)]


def fill_hoppers(folder: Path) -> None:
    for count in (2, 3, 4):
        (folder / f"cards{count}").write_text("\n".join(cards(count)) + "\n")
    (folder / "last").write_text("LAST\n")
    images = [bytearray(to_image(to_ebcdic(text.ljust(80)))) for text in cards(9)]
    images[7][0:2] = b"\x07\x30"  # rows 1 to 5 of a column, which is no code
    (folder / "images").write_bytes(b"".join(images))


@pytest.mark.parametrize("immediate", [True, False])
def test_every_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, immediate: bool) -> None:
    monkeypatch.chdir(tmp_path)
    fill_hoppers(tmp_path)
    machine = api.BareMachine(devices=DEVICES, immediate_io=True)
    machine.load_deck([deck("unitrec")])
    machine.end_of_input()
    machine.ipl()
    machine.address_stop = ENTRY  # the loader, which polls its reader, is none of this test's business
    machine.go()
    machine.address_stop = None
    machine.io.immediate = immediate
    stop = machine.go()
    machine.close()
    assert "UNITREC: PASSED" in machine.typed_out, (stop, machine.typed_out)
    images = (tmp_path / "p1").read_bytes()
    first, holes, long, much, gathered = (images[at : at + 160] for at in range(0, 800, 160))
    assert len(images) == 800
    assert first == to_image(to_ebcdic(LETTERS.ljust(80)))
    assert holes[:8].hex() == "2400220021002020"
    assert long == to_image(to_ebcdic((LETTERS * 3)[:80]))
    assert much == bytes(code & 0x3F for code in to_ebcdic((LETTERS * 5)[:160]))
    assert gathered == to_image(to_ebcdic("ABC012".ljust(80)))
    assert [from_punched(tmp_path / name) for name in ("p2", "rp3")] == [
        [LETTERS[:10], LETTERS[26:36]],
        [LETTERS[:20]],
    ]
    for name, text in FILES.items():
        assert (tmp_path / name).read_text() == text, name
    assert from_ebcdic((tmp_path / "r2").read_bytes()).split() == ["CARD", "05", "CARD", "06", "CARD", "07"]
    assert from_ebcdic((tmp_path / "s1").read_bytes()).rstrip() == "CARD 01"
    assert from_ebcdic((tmp_path / "s2").read_bytes()).split() == ["CARD", "02", "CARD", "03"]


def from_punched(path: Path) -> list[str]:
    """The text of the cards in a file of images that have no more than letters and digits."""
    codes = {to_image(to_ebcdic(char))[:2]: char for char in LETTERS + " "}
    data = path.read_bytes()
    columns = [codes[data[at : at + 2]] for at in range(0, len(data), 2)]
    return ["".join(columns[at : at + 80]).rstrip() for at in range(0, len(columns), 80)]
