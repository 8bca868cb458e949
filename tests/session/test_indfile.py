"""IND$FILE: files between CMS and a display, by structured fields and by screens."""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Iterator

import pytest

from cpvm import api
from cpvm.front.station import ScreenTimeoutError, Station
from cpvm.machine.media.screen import Transfer
from cpvm.machine.media.screen.buffer import FIELD
from cpvm.s370.ebcdic import to_ebcdic
from cpvm.terminal.indfile import DFT, Outcome

from .cutclient import CUTClient
from .displays import log_on

ALL = bytes(range(256))
NOISE = random.Random(9).randbytes(20_000)
COMPLETE = "TRANS03   File transfer complete"


@pytest.fixture
def station(system: api.SystemHandle) -> Iterator[Station]:
    """A display with CMS."""
    station = log_on(system)
    yield station
    station.hangup()


def transfer(station: Station, command: str, dft: DFT, *, code: int = 0) -> Outcome:
    """Type the command at an empty screen, and wait until CMS is ready with this code."""
    ready = f"Ready({code:05d});" if code else "Ready;"
    station.press("clear")
    station.wait(lambda: station.lines[0] == "")
    station.screen.transfer = dft
    station.enter(f"IND$FILE {command}")
    station.wait(lambda: dft.outcome is not None)
    station.wait(lambda: station.screen.find(ready) >= 0 and not station.screen.locked)
    assert dft.outcome is not None
    return dft.outcome


def put(station: Station, command: str, data: bytes, *, limit: int = 16384, code: int = 0) -> str:
    """The message at the end."""
    return transfer(station, f"PUT {command}", DFT(io.BytesIO(data), limit=limit), code=code).text


def get(station: Station, command: str, *, limit: int = 16384) -> bytes:
    """What has come."""
    out = io.BytesIO()
    outcome = transfer(station, f"GET {command}", DFT(target=out, limit=limit))
    assert outcome == Outcome(COMPLETE, True)
    return out.getvalue()


def listed(station: Station, name: str) -> str:
    """Format, length, number of records; empty if there is no such file."""
    station.press("clear")
    station.wait(lambda: station.lines[0] == "")
    station.enter(f"LISTFILE {name} A (ALLOC")
    station.wait(lambda: station.screen.find("Ready") >= 0 and not station.screen.locked)
    return " ".join(station.lines[2].split()[3:6]) if station.screen.find("Ready;") >= 0 else ""


@pytest.mark.parametrize("limit", [256, 2000, 32768])
def test_text_and_bytes_in_transmissions_of_any_size(station: Station, limit: int) -> None:
    text = b"FIRST\r\n\r\n" + b"".join(b"LINE %d [A] {B} ^~|!\r\n" % n for n in range(200))
    assert put(station, "SOME TEXT A (ASCII CRLF", text, limit=limit) == COMPLETE
    assert listed(station, "SOME TEXT").startswith("V 21 202")
    assert get(station, "SOME TEXT A (ASCII CRLF", limit=limit) == text
    assert put(station, "SOME BYTES A (RECFM F LRECL 100", NOISE[:5000], limit=limit) == COMPLETE
    assert listed(station, "SOME BYTES").startswith("F 100 50")
    assert get(station, "SOME BYTES A", limit=limit) == NOISE[:5000]


def test_code_points_of_text(station: Station) -> None:
    """Each code has its own byte on the way, and those of letters are ASCII's."""
    assert put(station, "ALL CODES A (RECFM F LRECL 256", ALL) == COMPLETE
    sent = get(station, "ALL CODES A (ASCII")
    assert sorted(sent) == list(range(256))
    assert bytes(sent[code] for code in to_ebcdic("Az09 +-*/=;:.,")) == b"Az09 +-*/=;:.,"
    assert put(station, "ALL BACK A (ASCII RECFM F LRECL 256", sent) == COMPLETE
    assert get(station, "ALL BACK A") == ALL


def test_formats(station: Station) -> None:
    assert put(station, "A A A (ASCII CRLF RECFM F LRECL 10", b"ONE\r\nTWO\r\n") == COMPLETE
    assert listed(station, "A A").startswith("F 10 2")
    assert get(station, "A A A (ASCII CRLF") == b"ONE\r\nTWO\r\n"
    assert get(station, "A A A") == to_ebcdic("ONE       TWO       ")
    # what is replaced keeps its format, what is appended to has one
    assert put(station, "A A A (ASCII CRLF", b"THREE\r\n") == COMPLETE
    assert put(station, "A A A (ASCII CRLF APPEND RECFM V", b"FOUR\r\n") == COMPLETE
    assert listed(station, "A A").startswith("F 10 2")
    assert get(station, "A A * (ASCII CRLF") == b"THREE\r\nFOUR\r\n"
    # a line that does not fit
    segmented = "TRANS04   File transfer complete with records segmented"
    assert put(station, "A A A (ASCII CRLF", b"0123456789ABC\r\nX\r\n") == segmented
    assert get(station, "A A A (ASCII CRLF") == b"0123456789\r\nABC\r\nX\r\n"
    # without lines every LRECL bytes, of a new file 80
    assert put(station, "B B A", NOISE[:170]) == COMPLETE
    assert listed(station, "B B").startswith("F 80 3")
    assert get(station, "B B A") == NOISE[:170] + bytes(70)


def test_records_with_their_lengths(station: Station) -> None:
    records = [b"", b"\r\n", NOISE, bytes(65535), b"\x0d"]
    stream = b"".join(len(record).to_bytes(2, "big") + record for record in records)
    assert put(station, "V V A (LENGTHS", stream) == COMPLETE
    assert listed(station, "V V").startswith("V 65535 5")
    assert get(station, "V V A (LENGTHS") == stream.replace(b"\0\0", b"\0\1\0", 1)  # CMS has no empty records


def test_ends_of_text(station: Station) -> None:
    """A last line without an end, half of an end, the X'1A' of old, a carriage return within a line."""
    assert put(station, "E E A (ASCII CRLF", b"ONE\r\nT\rWO\r\nLAST\x1a") == COMPLETE
    assert get(station, "E E A (ASCII CRLF") == b"ONE\r\nT\rWO\r\nLAST\r\n"
    assert put(station, "E E A (ASCII CRLF", b"ONE\r\nTWO\r\n\x1a") == COMPLETE
    assert get(station, "E E A (ASCII CRLF") == b"ONE\r\nTWO\r\n"
    assert put(station, "E E A (ASCII CRLF", b"ONE\r\nTWO\r") == COMPLETE
    assert get(station, "E E A (ASCII CRLF") == b"ONE\r\nTWO\r\r\n"


WRONG = [
    ("", 24, "TRANS06   Command incomplete"),
    ("FETCH A A A", 24, "TRANS16   Incorrect request code"),
    ("PUT A", 24, "TRANS33   CMS file identifier missing or incorrect"),
    ("PUT A A *", 24, "TRANS33   CMS file identifier missing or incorrect"),
    ("GET A A A9", 24, "TRANS33   CMS file identifier missing or incorrect"),
    ("GET A A A B", 24, "TRANS33   CMS file identifier missing or incorrect"),
    ("GET NONE SUCH A", 28, "TRANS34   CMS file not found"),
    ("PUT A A S", 36, "TRANS35   CMS disk is read-only"),
    ("PUT A A Q", 36, "TRANS36   CMS disk is not accessed"),
    ("GET A A Q", 36, "TRANS36   CMS disk is not accessed"),
    ("GET A A A (BLUE", 24, "TRANS28   Invalid option BLUE"),
    ("PUT A A A (LRECL 65536", 24, "TRANS28   Invalid option 65536"),
    ("PUT A A A (LRECL", 24, "TRANS28   Invalid option LRECL"),
    ("PUT A A A (RECFM U", 24, "TRANS28   Invalid option U"),
    ("PUT A A A (LENGTHS CRLF", 24, "TRANS28   Invalid option CRLF"),
    ("GET A A A (APPEND", 24, "TRANS29   Invalid option APPEND with RECEIVE"),
    ("PUT A A A (ASCII CRLF", 100, "TRANS13   A CMS file cannot be empty"),
]


def test_what_is_wrong(station: Station) -> None:
    for command, code, message in WRONG:
        outcome = transfer(station, command, DFT(io.BytesIO()), code=code)
        assert outcome == Outcome(f"{message}: file transfer canceled", False), command


def test_a_transfer_that_fails_leaves_the_old_file(station: Station) -> None:
    assert put(station, "OLD FILE A (ASCII CRLF", b"AS IT WAS\r\n") == COMPLETE
    full = "TRANS37   CMS disk is full: file transfer canceled"
    assert put(station, "OLD FILE A", NOISE * 600, code=100) == full
    assert get(station, "OLD FILE A (ASCII CRLF") == b"AS IT WAS\r\n"

    class Broken(io.BytesIO):
        def read(self, most: int | None = -1, /) -> bytes:
            if self.tell() > 5000:
                raise OSError(5, "Input/output error")
            return super().read(most)

    outcome = transfer(station, "PUT OLD FILE A", DFT(Broken(NOISE), limit=2000), code=40)
    assert outcome == Outcome("Input/output error", False)

    stopped = DFT(
        io.BytesIO(NOISE), limit=2000, progress=lambda done: stopped.cancel("enough") if done > 5000 else None
    )
    assert transfer(station, "PUT OLD FILE A", stopped, code=40) == Outcome("enough", False)
    assert get(station, "OLD FILE A (ASCII CRLF") == b"AS IT WAS\r\n"
    assert listed(station, "IND$FILE CMSUT1") == ""

    stopped = DFT(target=io.BytesIO(), limit=300, progress=lambda done: stopped.cancel("enough"))
    assert put(station, "NEW FILE A", NOISE) == COMPLETE
    assert transfer(station, "GET NEW FILE A", stopped, code=40) == Outcome("enough", False)


class Silent:
    """A terminal that says that it transfers files, and does not."""

    limit = 4096

    def __init__(self, answers: list[bytes]) -> None:
        self.answers = answers
        self.asked: list[bytes] = []

    def field(self, data: bytes) -> bytes:
        self.asked.append(data)
        if data[:2] in (b"\x45\x11", b"\x47\x11"):
            return b""  # that is announced only
        return self.answers.pop(0) if self.answers else b""


def begin(station: Station, command: str, terminal: Transfer) -> None:
    station.press("clear")
    station.wait(lambda: station.lines[0] == "")
    station.screen.transfer = terminal
    station.enter(f"IND$FILE {command}")


def ended(station: Station, text: str) -> None:
    """Wait for CMS with another code than 0, and this text."""
    station.wait(lambda: station.screen.find(text) >= 0 and station.screen.find("Ready(") >= 0)
    station.wait(lambda: not station.screen.locked)


def test_typed_by_hand_it_ends_with_a_key(station: Station) -> None:
    terminal = Silent([])
    begin(station, "PUT A A A", terminal)
    station.wait(lambda: bool(terminal.asked) and not station.screen.locked)
    for _ in range(10):  # a key that comes before the program waits for one is none
        station.press("reset", "enter")
        with contextlib.suppress(ScreenTimeoutError):
            station.wait(lambda: station.screen.find("Ready(") >= 0, 3)
            break
    ended(station, "TRANS16   The terminal does not transfer a file: file transfer canceled")


@pytest.mark.parametrize(
    "answer",
    [
        "4605630600000001c0806100ff" + "00" * 20,  # less than it says
        "4605630600000001c080610004",
        "46056306",
        "47056306",
        "4608690401",
        "00096904",
    ],
)
def test_a_terminal_that_answers_nonsense(station: Station, answer: str) -> None:
    opened, closed = bytes.fromhex("0009"), bytes.fromhex("4109")
    terminal = Silent([opened, bytes.fromhex(answer), closed, opened, bytes.fromhex("47056306")])
    begin(station, "PUT A A A", terminal)
    ended(station, "Ready(00")
    assert b"TRANS" in terminal.asked[-1]
    assert listed(station, "A A") == ""


class Slow:
    """A terminal that does not answer the first request for bytes at once."""

    def __init__(self, does: DFT) -> None:
        self.does = does
        self.limit = does.limit
        self.request = b""

    def field(self, data: bytes) -> bytes:
        if data[:2] == b"\x46\x11" and not self.request:
            self.request = data
            return b""
        return self.does.field(data)

    def answer(self) -> bytes:
        """What it should have answered."""
        reply = b"\xd0" + self.does.field(self.request)
        return b"\x88" + (len(reply) + 2).to_bytes(2, "big") + reply


def test_lines_of_cp_wait_for_the_end(station: Station, system: api.SystemHandle) -> None:
    operator = system.logon("OPERATOR")
    slow = Slow(DFT(io.BytesIO(NOISE)))
    begin(station, "PUT SOME FILE A", slow)
    station.wait(lambda: bool(slow.request))
    operator.type("MSG CMSUSER GOOD MORNING")
    assert station.screen.find("GOOD MORNING") < 0
    station._terminal.received(slow.answer())
    station.wait_for("GOOD MORNING")
    station.wait_for("Ready;")
    assert slow.does.outcome == Outcome(COMPLETE, True)


def test_the_break_key_takes_the_screen(station: Station) -> None:
    slow = Slow(DFT(io.BytesIO(NOISE)))
    begin(station, "PUT SOME FILE A", slow)
    station.wait(lambda: bool(slow.request) and not station.screen.locked)
    station.press("pa1")
    station.wait(lambda: station.status == "CP READ" and not station.screen.locked)
    station.enter("BEGIN")
    station.wait(lambda: station.status != "CP READ" and not station.screen.locked)
    station._terminal.received(slow.answer())
    station.wait_for("Ready;")
    assert slow.does.outcome == Outcome(COMPLETE, True)


def test_a_line_that_breaks_leaves_the_old_file(station: Station, system: api.SystemHandle) -> None:
    assert put(station, "SOME FILE A (ASCII CRLF", b"AS IT WAS\r\n") == COMPLETE
    slow = Slow(DFT(io.BytesIO(NOISE)))
    begin(station, "PUT SOME FILE A", slow)
    station.wait(lambda: bool(slow.request))
    station.hangup()
    again = system.display()
    again.logon("CMSUSER")
    again.wait_status("CP READ")
    again.enter("BEGIN")
    again.wait(lambda: again.status != "CP READ" and not again.locked)
    again.press("enter")
    again.wait_for("TRANS16   The terminal does not transfer a file: file transfer canceled")
    again.wait_for("Ready(00040);")
    assert get(again, "SOME FILE A (ASCII CRLF") == b"AS IT WAS\r\n"
    assert listed(again, "IND$FILE CMSUT1") == ""
    again.hangup()


def test_a_full_screen_is_no_obstacle(station: Station) -> None:
    station.enter("LISTFILE * MODULE S")
    station.wait(lambda: station.status == "MORE..." and not station.screen.locked)
    sent = DFT(io.BytesIO(NOISE))
    station.screen.transfer = sent
    station.enter("HT")
    station.wait(lambda: station.lines[22] == "" and not station.screen.locked)
    station.enter("IND$FILE PUT SOME FILE A")
    station.wait(lambda: sent.outcome is not None)
    assert sent.outcome == Outcome(COMPLETE, True)


@pytest.fixture
def plain(system: api.SystemHandle, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    """Such a display, with CMS."""
    monkeypatch.setattr(Station, "extended", False)
    station = log_on(system, 4)
    yield station
    station.hangup()


def by_screens(station: Station, command: str, client: CUTClient) -> str:
    station.press("clear")
    station.wait(lambda: station.lines[0] == "")
    client.run(f"IND$FILE {command}")
    station.wait(lambda: station.screen.find("Ready") >= 0 and not station.screen.locked)
    assert client.message is not None
    return client.message


def test_by_screens(plain: Station) -> None:
    text = b"FIRST\r\n\r\n" + b"".join(b"LINE %d [A] {B} ^~|!\r\n" % n for n in range(200))
    assert by_screens(plain, "PUT SOME TEXT A (ASCII CRLF", CUTClient(plain, text)) == COMPLETE
    received = CUTClient(plain)
    assert by_screens(plain, "GET SOME TEXT A (ASCII CRLF", received) == COMPLETE
    assert received.good
    assert received.received == text
    assert by_screens(plain, "PUT SOME BYTES A (RECFM V LRECL 1000", CUTClient(plain, ALL * 20)) == COMPLETE
    received = CUTClient(plain)
    received.retransmissions = 3
    assert by_screens(plain, "GET SOME BYTES A", received) == COMPLETE
    assert received.received == ALL * 20


def test_by_screens_typed_by_hand(plain: Station) -> None:
    plain.press("clear")
    plain.enter("IND$FILE GET NONE SUCH")
    plain.wait_for("TRANS34   CMS file not found")
    plain.press("enter")
    plain.wait_for("Ready(00028);")
    plain.press("clear")
    plain.enter("IND$FILE PUT SOME FILE")
    plain.wait(lambda: not plain.screen.locked and plain.screen.kind[1919] == FIELD)
    plain.press("pf2")
    plain.wait_for("TRANS00   The terminal has canceled")
    plain.press("enter")
    plain.wait_for("Ready(00040);")


def test_by_screens_it_can_fail(plain: Station) -> None:
    client = CUTClient(plain)
    assert by_screens(plain, "GET NONE SUCH A", client) == "TRANS34   CMS file not found: file transfer canceled"
    assert not client.good
    client = CUTClient(plain, NOISE)
    client.cancel_at = 4
    canceled = "TRANS00   The terminal has canceled: file transfer canceled"
    assert by_screens(plain, "PUT SOME FILE A", client) == canceled
    assert listed(plain, "SOME FILE") == ""
