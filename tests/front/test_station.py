"""A program at a 3270: what it sees, its keys, its waiting."""

import doctest
import threading

import pytest

from cpvm.front import look
from cpvm.front.station import ScreenTimeoutError, Station
from cpvm.machine.media.screen import Inhibited
from cpvm.s370.datastream import Read, Write

FORM = bytes.fromhex(
    "C3"
    "110000 1D60"  # protected
    "110001 C3C1D9C4"  # CARD
    "110050 1DE8 D5C1D4C5"  # 1, 0: NAME, protected and intensified
    "110060 1DC8 13"  # 1, 16: to type in, intensified
    "110070 2903 C0F0 42F5 41F2 D9C5E5"  # 1, 32: REV, turquoise, reverse
    "1100A0 1D4C"  # 2, 0: hidden
    "1100B0 1D50"  # 2, 16: numeric
    "1100C0 1DF0"  # 2, 32: skipped
)


class Bench(Station):
    """A display that keeps what it sends."""

    def __init__(self) -> None:
        super().__init__("BENCH")
        self.sent: list[bytes] = []
        self.keys: list[str] = []
        self._obey(Write.ERASE_WRITE, FORM)

    def _transmit(self, record: bytes) -> None:
        self.sent.append(record)

    def attention(self) -> None:
        self.keys.append("attn")

    def system_request(self) -> None:
        self.keys.append("sysreq")

    def hangup(self) -> None:
        self.close()

    def restore(self) -> None:
        self._obey(Write.WRITE, b"\xc2")


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_examples() -> None:
    assert doctest.testmod(look).failed == 0


def test_fields(bench: Bench) -> None:
    assert [(f.row, f.column, f.length) for f in bench.fields] == [
        *((0, 1, 79), (1, 1, 15), (1, 17, 15), (1, 33, 47), (2, 1, 15), (2, 17, 15), (2, 33, 1727)),
    ]
    name, field, reverse = bench.fields[1:4]
    assert (name.text, name.protected, name.intensified, name.detectable) == ("NAME", True, True, True)
    assert (field.text, field.protected, field.intensified, field.modified) == ("", False, True, False)
    assert (reverse.text, reverse.colour, reverse.highlighting) == ("REV", "turquoise", "reverse")
    assert [f.hidden for f in bench.fields] == [False] * 4 + [True, False, False]
    assert [f.numeric for f in bench.fields] == [False, False, False, True, False, True, True]
    assert bench.field("NAME") == field == bench.field_at(1, 16) == bench.field_at(1, 31)
    for wrong in (lambda: bench.field("NOBODY"), lambda: bench.field_at(24, 0), lambda: bench.text_at(1, 70, 20)):
        with pytest.raises(LookupError):
            wrong()
    assert bench.find("CARD") == (0, 1)
    assert bench.find("DRAC") is None
    assert bench.text_at(1, 1, 4) == "NAME"
    assert bench.cursor == (1, 17)


def test_a_screen_without_fields(bench: Bench) -> None:
    bench._obey(Write.ERASE_WRITE, b"\xc3\xc1")
    assert bench.fields == []
    with pytest.raises(LookupError):
        bench.field_at(0, 0)
    with pytest.raises(LookupError):
        bench.field("A")
    assert bench.cells(0)[0].colour == "green"


def test_how_positions_look(bench: Bench) -> None:
    cells = bench.cells(1)
    assert (cells[0].attribute, cells[0].char) == (True, " ")
    assert (cells[1].char, cells[1].colour, cells[1].intensified) == ("N", "white", True)
    assert (cells[17].colour, cells[17].highlighting) == ("red", "")
    assert (cells[33].char, cells[33].colour, cells[33].highlighting) == ("R", "turquoise", "reverse")
    assert bench.cells(0)[1].colour == "blue"


def test_typing_and_keys_for_the_program(bench: Bench) -> None:
    bench.enter("ADA")
    assert bench.sent == [b"\x7d" + b"\xc1\xe4" + b"\x11\xc1\x61\xc1\xc4\xc1"]
    assert bench.locked
    bench.restore()
    assert bench.field("NAME").modified
    bench.press("pf3")
    assert bench.sent[-1][0] == 0xF3
    bench.restore()
    bench.press("clear")
    assert bench.sent[-1] == b"\x6d"
    bench.press("attn", "sysreq")
    assert bench.keys == ["attn", "sysreq"]
    for key in ("pf25", "select", "enterr"):
        with pytest.raises(KeyError):
            bench.press(key)


def test_local_keys(bench: Bench) -> None:
    bench.fill("NAME", "ADA")
    bench.press("home")
    assert bench.cursor == (1, 17)
    bench.press("insert")
    bench.type("X")
    bench.press("insert", "right", "delete")
    assert bench.field("NAME").text == "XAA"
    bench.press("backspace", "erase_eof")
    assert bench.field("NAME").text == "X"
    bench.press("tab")
    assert bench.cursor == (2, 1)
    bench.type("SECRET")
    assert "SECRET" not in bench.text
    assert bench.field_at(2, 1).text == "SECRET"
    bench.press("tab")
    with pytest.raises(Inhibited, match="numeric"):
        bench.type("A")
    bench.press("backtab", "up", "down", "left", "newline")
    bench.fill(bench.field("NAME"), "GRACE")
    assert bench.field("NAME").text == "GRACE"
    bench.press("erase_input")
    assert not any(field.text for field in bench.fields if not field.protected)
    bench.move(0, 5)
    with pytest.raises(Inhibited, match="protected"):
        bench.type("A")
    with pytest.raises(LookupError):
        bench.move(24, 0)
    assert bench.sent == []
    bench.press("pa1", "reset", "home")
    assert bench.sent == [b"\x6c"]


def test_the_cursor_selects(bench: Bench) -> None:
    bench._obey(Write.ERASE_WRITE, bytes.fromhex("C3 110000 1DE4 6F C1 110010 1DE8 50 C2"))
    bench.move(0, 2)
    bench.press("cursor_select")
    assert bench.text_at(0, 1, 2) == ">A"
    assert bench.sent == []
    bench.move(0, 18)
    bench.press("cursor_select")
    assert bench.sent[0][0] == 0x7D


def test_what_the_system_asks_for(bench: Bench) -> None:
    bench._obey(Read.BUFFER, b"")
    assert len(bench.sent[0]) > 1920
    assert not bench._obey(Write.STRUCTURED_FIELD, b"\0\x05\xff")
    assert bench._obey(Write.STRUCTURED_FIELD, bytes.fromhex("000501FF02"))
    assert bench.sent[1][0] == 0x88


def test_waiting(bench: Bench) -> None:
    bench.press("enter")
    changes = bench.changes
    timer = threading.Timer(0.02, bench.restore)
    timer.start()
    bench.unlocked()
    assert bench.wait_change(changes) == changes + 1
    bench.wait_for("NAME")
    bench.wait_for("NAME", at=(1, 1))
    bench.wait_until_gone("NOTHING")
    for wrong in (
        lambda: bench.wait_for("NAME", 0.01, at=(1, 2)),
        lambda: bench.wait_until_gone("NAME", 0.01),
        lambda: bench.wait_status("VM READ", timeout=0.01),
        lambda: bench.wait_change(bench.changes, 0.01),
    ):
        with pytest.raises(ScreenTimeoutError, match=r"did not appear on(.|\n)*CARD"):
            wrong()


def test_waiting_ends_with_the_connection(bench: Bench) -> None:
    timer = threading.Timer(0.02, bench.hangup)
    timer.start()
    with pytest.raises(ScreenTimeoutError, match="the connection ended"):
        bench.wait_for("NEVER", 60)
