"""Files and messages between systems: exactly once, through neighbours, over outages; and who may call."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from cpvm.cp.journal import read
from cpvm.cp.network import link, service
from cpvm.cp.network.wire import Channel, LinkError, answer, call
from cpvm.cp.system import System
from cpvm.s370.ebcdic import from_ebcdic

from .helper import DIRECTORY, FakeTerminal, Site
from .test_spool import punch, read_cards


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "FIRST_RETRY", 0.01)
    monkeypatch.setattr(link, "LAST_RETRY", 0.05)
    monkeypatch.setattr(service, "REFUSED_SECONDS", 0.01)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def make(folder: Path, *statements: str) -> Path:
    """A system that is not started."""
    if not folder.exists():
        System.create(folder, DIRECTORY)
    (folder / "system.config").write_text("\n".join(statements) + "\n", encoding="utf-8")
    return folder


@contextmanager
def two(tmp_path: Path, key: str = "SECRET") -> Iterator[tuple[Site, Site]]:
    """ALPHA calls BETA."""
    port = free_port()
    with ExitStack() as stack:
        sites = []
        for folder in (
            make(tmp_path / "b", "NODE BETA", f"NETWORK LISTEN 127.0.0.1:{port}", "LINK ALPHA * KEY SECRET"),
            make(tmp_path / "a", "NODE ALPHA", f"LINK BETA 127.0.0.1:{port} KEY {key}"),
        ):
            site = Site(folder)
            stack.callback(lambda site=site: site.system.shutdown())  # type: ignore[misc]
            sites.append(site)
        yield sites[1], sites[0]


def wait_until(site: Site, condition: Callable[[], bool]) -> None:
    done = threading.Event()

    def look() -> None:
        if condition():
            done.set()

    for _ in range(200_000):
        site.on_cp(look)
        if done.is_set():
            return
    raise AssertionError("it does not come about")


def send(site: Site, user: FakeTerminal, tag: str, *cards: str) -> None:
    """Cards of CMSUSER's to another node."""
    user.type(f"TAG DEV PUN {tag}")
    user.type("SPOOL PUN TO NET")
    punch(site, "CMSUSER", *cards)
    user.type("CLOSE PUN NAME MY DECK")


def test_a_file_arrives_and_both_users_are_told(tmp_path: Path) -> None:
    with two(tmp_path) as (alpha, beta):
        receiver, sender = beta.logon("USER01", "SECRET"), alpha.logon("CMSUSER")
        send(alpha, sender, "BETA USER01", "ONE", "TWO")
        told = receiver.until_line("MSG FROM NET     : DMTAXS104I FILE SPOOLED TO USER01 -- ORG ALPHA(CMSUSER)")
        assert any("PUN FILE 0001 FROM NET" in line for line in told)
        told = sender.until_line("BETA: DMTAXS104I FILE SPOOLED TO USER01 -- ORG ALPHA(CMSUSER)")
        assert any("DMTNJI147I SENT FILE 0001 ON LINK BETA TO BETA(USER01)" in line for line in told) or (
            sender.until_line("DMTNJI147I SENT FILE 0001 ON LINK BETA TO BETA(USER01)")
        )
        assert receiver.type("QUERY RDR ALL")[1].endswith(" MY       DECK     BIN3")
        assert receiver.type("TAG QUERY FILE 1") == ["ALPHA CMSUSER"]
        assert read_cards(beta, "USER01") == ["ONE", "TWO"]
        wait_until(alpha, lambda: not alpha.system.spool.files("RDR"))
        assert alpha.system.database.query("SELECT * FROM net_out") == []
        records = [[entry for entry in read(site.folder) if entry is not None] for site in (alpha, beta)]
        sent, got = ([entry for entry in each if entry.what == "TRANSFER"] for each in records)
        assert [(entry.place, entry.about) for entry in sent] == [("LINK BETA", "0001 TO BETA(USER01)")]
        assert [entry.place for entry in got] == ["LINK ALPHA"]
        assert got[0].about.startswith("USER01 ") and "FROM ALPHA(CMSUSER) FOR BETA(USER01)" in got[0].about
        wait_until(beta, lambda: beta.system.database.query("SELECT * FROM net_in") == [])


def test_a_file_waits_for_its_neighbour_and_goes_when_it_is_back(tmp_path: Path) -> None:
    port = free_port()
    alpha = Site(make(tmp_path / "a", "NODE ALPHA", f"LINK BETA 127.0.0.1:{port} KEY SECRET"))
    try:
        sender = alpha.logon("CMSUSER")
        send(alpha, sender, "BETA USER01", "ONE")
        sender.until_line("DMTAXS101I FILE 0001 ENQUEUED ON LINK BETA")
        operator = alpha.logon("OPERATOR")
        assert operator.type("SMSG NET QUERY") == ["NODE ALPHA, 1 LINKS", "LINK BETA     ACTIVE   0001 FILES"]
        assert operator.type("SMSG NET QUERY BETA") == [
            "LINK BETA     ACTIVE",
            "FILE 0001 BETA     USER01   PR 50 RECDS 000001",
        ]
        beta = Site(make(tmp_path / "b", "NODE BETA", f"NETWORK LISTEN 127.0.0.1:{port}", "LINK ALPHA * KEY SECRET"))
        try:
            wait_until(alpha, lambda: not alpha.system.spool.files("RDR"))
            assert len(beta.system.spool.files("RDR", "USER01")) == 1
        finally:
            beta.system.shutdown()
    finally:
        alpha.system.shutdown()


def test_a_neighbour_in_between_stores_and_forwards(tmp_path: Path) -> None:
    ports = free_port(), free_port()
    with ExitStack() as stack:

        def started(folder: Path) -> Site:
            site = Site(folder)
            stack.callback(site.system.shutdown)
            return site

        middle = started(
            make(
                tmp_path / "m",
                "NODE MIDDLE",
                f"NETWORK LISTEN 127.0.0.1:{ports[0]}",
                "LINK ALPHA * KEY ONE",
                f"LINK GAMMA 127.0.0.1:{ports[1]} KEY TWO",
            )
        )
        alpha = started(
            make(tmp_path / "a", "NODE ALPHA", f"LINK MIDDLE 127.0.0.1:{ports[0]} KEY ONE", "ROUTE * VIA MIDDLE")
        )
        sender = alpha.logon("CMSUSER")
        send(alpha, sender, "GAMMA USER01 10", "ONE")
        wait_until(middle, lambda: len(middle.system.spool.files("RDR", "NET")) == 1)
        gamma = started(
            make(
                tmp_path / "g",
                "NODE GAMMA",
                f"NETWORK LISTEN 127.0.0.1:{ports[1]}",
                "LINK MIDDLE * KEY TWO",
                "ROUTE ALPHA VIA MIDDLE",
            )
        )
        wait_until(gamma, lambda: len(gamma.system.spool.files("RDR", "USER01")) == 1)
        sender.until_line("GAMMA: DMTAXS104I FILE SPOOLED TO USER01 -- ORG ALPHA(CMSUSER)")
        wait_until(middle, lambda: not middle.system.spool.files("RDR"))
        receiver = gamma.logon("USER01", "SECRET")
        assert sender.type("SMSG NET MSG GAMMA USER01 hello") == []
        receiver.until_line("MSG FROM ALPHA(CMSUSER): hello")


def test_destinations_that_are_wrong(tmp_path: Path) -> None:
    with two(tmp_path) as (alpha, beta):
        sender = alpha.logon("CMSUSER")
        send(alpha, sender, "NOWHERE USER01", "ONE")
        sender.until_line("DMTAXS103E FILE 0001 REJECTED -- INVALID DESTINATION ADDRESS; HELD")
        assert sender.type("TRANSFER ALL FROM NET") == ["0001 FILE TRANSFERRED"]
        send(alpha, sender, "BETA NOSUCH", "TWO")
        sender.until_line("BETA: DMTAXS103E FILE 0002 REJECTED -- USERID NOSUCH NOT KNOWN AT BETA; HELD THERE")
        (file,) = beta.system.spool.files("RDR")
        assert (file.owner, file.hold) == ("NET", True)
        send(alpha, sender, "ALPHA USER01", "HERE")
        sender.until_line("MSG FROM NET     : DMTAXS104I FILE SPOOLED TO USER01 -- ORG ALPHA(CMSUSER)")
        assert len(alpha.system.spool.files("RDR", "USER01")) == 1
        assert sender.type("SMSG NET MSG NOWHERE X hello") == [
            "DMTCMX303E NODE NOWHERE NOT CONNECTED; MESSAGE NOT SENT"
        ]
        assert sender.type("SMSG NET START BETA") == ["DMTCMX205E START IS NOT FOR YOUR PRIVILEGE CLASS"]
        assert sender.type("SMSG NET QUERY GAMMA") == ["DMTCMX202E INVALID LINK GAMMA"]
        assert sender.type("SMSG NET FROB") == ["DMTCMX201E INVALID COMMAND FROB"]
        assert sender.type("SMSG NET MSG BETA") == ["DMTCMX203E USERID MISSING"]


def test_a_printer_file_without_userid_goes_to_the_other_systems_printer(tmp_path: Path) -> None:
    make(tmp_path / "b", "*")
    (tmp_path / "b" / "devices").write_text("00F 1403 spool folder=printer nosep\n")
    with two(tmp_path) as (alpha, beta):
        sender = alpha.logon("CMSUSER")
        sender.type("TAG DEV PRT BETA")
        sender.type("SPOOL PRT NET")
        printer = alpha.system.users["CMSUSER"].devices[0x00E]
        alpha.on_cp(lambda: printer.line(0x09, b"\xc8\xc9"))  # type: ignore[attr-defined]
        sender.type("CLOSE PRT")
        wait_until(beta, lambda: any((tmp_path / "b" / "printer").glob("*.txt")))
        (path,) = (tmp_path / "b" / "printer").glob("*.txt")
        assert path.read_text().startswith("HI\n")


def test_draining_a_link_and_starting_it_again(tmp_path: Path) -> None:
    with two(tmp_path) as (alpha, beta):
        operator, sender = alpha.logon("OPERATOR"), alpha.logon("CMSUSER")
        assert operator.type("SMSG NET DRAIN BETA")[-1] == "LINK BETA DRAINED"
        send(alpha, sender, "BETA USER01", *["X" * 80] * 5000)
        wait_until(alpha, lambda: alpha.system.network.links["BETA"].status == "INACTIVE")
        assert operator.type("SMSG NET START BETA")[-1] == "LINK BETA STARTED"
        wait_until(beta, lambda: len(beta.system.spool.files("RDR", "USER01")) == 1)
        (file,) = beta.system.spool.files("RDR", "USER01")
        assert file.records == 5000
        assert {from_ebcdic(record.data) for record in beta.system.spool.records(file.spoolid)} == {"X" * 80}


def test_a_full_spool_on_the_other_side_delays_a_file(tmp_path: Path) -> None:
    with two(tmp_path) as (alpha, beta):
        beta.on_cp(lambda: setattr(beta.system.spool, "limit", 0))
        sender = alpha.logon("CMSUSER")
        send(alpha, sender, "BETA USER01", *["X" * 80] * 9000)
        alpha_log = alpha.system.log.lines
        wait_until(alpha, lambda: any("NOT TAKEN BY BETA; THE SPOOL IS FULL" in line for line in alpha_log))
        assert beta.system.spool.files("RDR") == []
        beta.on_cp(lambda: setattr(beta.system.spool, "limit", 1 << 40))
        wait_until(beta, lambda: len(beta.system.spool.files("RDR", "USER01")) == 1)
        wait_until(alpha, lambda: not alpha.system.spool.files("RDR"))


def test_two_that_call_each_other_have_one_connection(tmp_path: Path) -> None:
    ports = free_port(), free_port()
    sites = [
        Site(
            make(
                tmp_path / name,
                f"NODE {name}",
                f"NETWORK LISTEN 127.0.0.1:{ports[mine]}",
                f"LINK {other} 127.0.0.1:{ports[1 - mine]} KEY K",
            )
        )
        for mine, (name, other) in enumerate((("ALPHA", "BETA"), ("BETA", "ALPHA")))
    ]
    try:
        alpha, beta = sites
        wait_until(alpha, lambda: alpha.system.network.links["BETA"].status == "CONNECT")
        wait_until(beta, lambda: beta.system.network.links["ALPHA"].status == "CONNECT")
        for site, to in ((alpha, "BETA"), (beta, "ALPHA")):
            send(site, site.logon("CMSUSER"), f"{to} USER01", "ONE")
        for site in sites:
            wait_until(site, lambda site=site: len(site.system.spool.files("RDR", "USER01")) == 1)  # type: ignore[misc]
            assert not any("SIGNED OFF" in line for line in site.system.log.lines)
    finally:
        for site in sites:
            site.system.shutdown()


def test_another_key_is_refused(tmp_path: Path) -> None:
    with two(tmp_path, key="WRONG") as (alpha, beta):
        wait_until(beta, lambda: any("ALPHA DOES NOT KNOW THE KEY" in line for line in beta.system.log.lines))
        assert alpha.system.network.links["BETA"].status == "ACTIVE"


def ends(first: str, second: str, mine: str = "BETA") -> tuple[Channel | str, Channel | str]:
    """Log ALPHA, who has the key FIRST, on to BETA, who has SECOND; channels, or what was wrong."""
    here, there = socket.socketpair()
    found: list[Channel | str] = ["", ""]

    def called() -> None:
        try:
            found[1] = answer(there, mine, {"ALPHA": second}.get)
        except LinkError as error:
            found[1] = str(error)
            there.close()

    thread = threading.Thread(target=called)
    thread.start()
    try:
        found[0] = call(here, "ALPHA", "BETA", first)
    except LinkError as error:
        found[0] = str(error)
    here.close() if isinstance(found[0], str) else None
    thread.join()
    return found[0], found[1]


def test_logging_on_and_frames() -> None:
    first, second = ends("KEY", "KEY")
    assert isinstance(first, Channel) and isinstance(second, Channel)
    first.send(7, b"hello")
    assert second.receive() == (7, b"hello")
    second.send(9)
    assert first.receive() == (9, b"")
    first.close()
    with pytest.raises(LinkError):
        second.receive()
    assert ends("KEY", "OTHER")[1] == "ALPHA does not know the key"
    assert ends("KEY", "KEY", mine="GAMMA")[0] == "BETA refuses: no such link at GAMMA"


def test_a_frame_that_was_changed_or_repeated_is_refused() -> None:
    for change in (lambda data: data[:-1] + bytes((data[-1] ^ 1,)), lambda data: data):
        first, second = ends("KEY", "KEY")
        assert isinstance(first, Channel) and isinstance(second, Channel)
        spy, sink = socket.socketpair()
        real, first._socket = first._socket, spy
        first.send(2, b"data")
        data = sink.recv(1000)
        real.sendall(change(data))
        real.sendall(data)
        if change(data) == data:
            assert second.receive() == (2, b"data")
        with pytest.raises(LinkError, match="tampered"):
            second.receive()


@pytest.mark.parametrize("data", [b"", b"\0\0\0\4{}[]", b"\0\0\0\2[]", b"\xff\xff\xff\xff", b"GET / HTTP/1.0\r\n\r\n"])
def test_strangers_are_turned_away(data: bytes) -> None:
    here, there = socket.socketpair()
    here.sendall(data)
    here.shutdown(socket.SHUT_WR)
    with pytest.raises(LinkError):
        answer(there, "BETA", {"ALPHA": "KEY"}.get)
