"""Spool files: made, sent, ordered, changed, transferred, purged, and still there after a restart."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from cpvm.cp.session import ReadState
from cpvm.cp.system import System
from cpvm.cp.vspool import Output, Reader
from cpvm.machine.device import CHECK, NotReadyError
from cpvm.machine.devices.punch2540 import Punch2540
from cpvm.s370.ccw import Sense
from cpvm.s370.ebcdic import from_ebcdic, to_ebcdic

from .helper import FakeTerminal, Site


class FakePath:
    """A channel's side of one command."""

    def __init__(self, command: int, data: bytes) -> None:
        self.command = command
        self.data = data
        self.statuses: list[int] = []

    def take(self, count: int) -> bytes:
        return self.data[:count]


def punch(site: Site, userid: str, *cards: str) -> None:
    """Cards from the user's virtual punch."""
    output = site.system.users[userid].devices[0x00D]
    assert isinstance(output, Output)
    site.on_cp(lambda: [output.card(to_ebcdic(f"{card:<80}")) for card in cards])


def read_cards(site: Site, userid: str) -> list[str]:
    """All cards up to the end of the file."""
    reader = site.system.users[userid].devices[0x00C]
    assert isinstance(reader, Reader)
    cards: list[str] = []

    def read() -> None:
        while (card := reader.next()) is not None:
            cards.append(from_ebcdic(card).rstrip())
        reader.settle()

    site.on_cp(read)
    return cards


def send(site: Site, sender: FakeTerminal, userid: str, to: str, *names: str) -> None:
    """A file of one card for each name, to a user's reader."""
    sender.type(f"SPOOL PUN TO {to}")
    for name in names:
        punch(site, userid, name)
        sender.type(f"CLOSE PUN NAME {name} DATA")


def test_a_file_goes_to_another_user_with_messages(site: Site) -> None:
    sender, receiver = site.logon("CMSUSER"), site.logon("USER01", "SECRET")
    assert sender.type("SPOOL PUN TO USER01 CLASS B COPY 2") == []
    punch(site, "CMSUSER", "FIRST CARD", "SECOND CARD")
    assert sender.type("CLOSE PUNCH NAME MY FILE") == ["PUN FILE 0001 TO  USER01   COPY 002 NOHOLD"]
    assert receiver.type("QUERY FILES") == [
        "PUN FILE 0001 FROM CMSUSER  COPY 02 NOHOLD",
        "FILES: 001 RDR, NO PRT, NO PUN",
    ]
    lines = receiver.type("Q RDR ALL")
    assert lines[0] == "OWNERID  FILE CLASS RECDS  CPY HOLD   DATE  TIME    NAME    TYPE     DIST"
    assert lines[1].startswith("CMSUSER  0001 B PUN 000002 02  NONE ")
    assert lines[1].endswith(" MY       FILE     BIN3")
    assert receiver.type("Q R") == [
        "OWNERID  FILE CLASS RECDS  CPY HOLD",
        "CMSUSER  0001 B PUN 000002 02  NONE",
    ]
    assert read_cards(site, "USER01") == ["FIRST CARD", "SECOND CARD"]
    assert receiver.type("Q RDR") == ["NO RDR FILES"]


def test_closed_files_survive_a_restart_and_open_ones_are_absent(site: Site) -> None:
    sender = site.logon("CMSUSER")
    send(site, sender, "CMSUSER", "*", "KEEPME")
    output = site.system.users["CMSUSER"].devices[0x00D]
    assert isinstance(output, Output)
    big = "X" * 80
    punch(site, "CMSUSER", *[big] * 5000)  # more than one chunk: written through, but not closed

    def vanish() -> None:  # as if the process had been killed: nothing is closed
        output._writer = None

    site.on_cp(vanish)
    site.restart()
    user = site.logon("CMSUSER")
    assert "FILES: 001 RDR, NO PRT, NO PUN" in user.transcript
    assert read_cards(site, "CMSUSER") == ["KEEPME"]
    assert site.system.database.query("SELECT count(*) FROM spool_data") == [(0,)]


def test_a_file_read_to_its_end_stays_until_the_guest_goes_on(site: Site) -> None:
    user = site.logon("CMSUSER")
    send(site, user, "CMSUSER", "*", "ONE", "TWO")
    reader = site.system.users["CMSUSER"].devices[0x00C]
    assert isinstance(reader, Reader)
    cards: list[bytes | None] = []
    site.on_cp(lambda: cards.extend(reader.next() for _ in range(2)))
    assert cards[1] is None
    assert user.type("Q FILES") == ["FILES: 002 RDR, NO PRT, NO PUN"]
    assert user.type("CLOSE RDR") == []
    assert user.type("Q FILES") == ["FILES: 001 RDR, NO PRT, NO PUN"]
    assert read_cards(site, "CMSUSER") == ["TWO"]


@pytest.mark.parametrize(("end", "left"), [("LOGOFF", 1), ("FORCE", 2), ("SHUTDOWN", 2)])
def test_a_guest_that_is_ended_amid_its_work_has_not_gone_on(site: Site, end: str, left: int) -> None:
    """Who reads cards and is forced off, or shut down, before it has written them finds them again."""
    operator = site.logon("MAINT", "CPCMS")
    user = site.logon("CMSUSER")
    send(site, user, "CMSUSER", "*", "ONE", "TWO")
    reader = site.system.users["CMSUSER"].devices[0x00C]
    assert isinstance(reader, Reader)
    site.on_cp(lambda: [reader.next() for _ in range(2)])
    if end == "LOGOFF":
        user.type("LOGOFF", ReadState.LOGON)
    elif end == "FORCE":
        operator.type("FORCE CMSUSER")
    else:
        site.system.shutdown()
        system = System(site.folder)
        files = len(system.spool.files("RDR", "CMSUSER"))
        system.shutdown()
        assert files == left
        return
    assert len(site.system.spool.files("RDR", "CMSUSER")) == left


def test_reader_hold_cont_and_class(site: Site) -> None:
    user = site.logon("CMSUSER")
    send(site, user, "CMSUSER", "*", "ONE", "TWO", "THREE")
    assert user.type("CHANGE RDR 3 CLASS C") == ["0001 FILE CHANGED"]
    assert user.type("SPOOL RDR CONT CLASS A HOLD") == []
    assert read_cards(site, "CMSUSER") == ["ONE", "TWO"]
    assert [line[:35] for line in user.type("Q RDR")[1:]] == [
        "CMSUSER  0001 A PUN 000001 01  USER",
        "CMSUSER  0002 A PUN 000001 01  USER",
        "CMSUSER  0003 C PUN 000001 01  NONE",
    ]
    assert user.type("SPOOL READER NOHOLD CLASS *") == []
    assert read_cards(site, "CMSUSER") == ["THREE"]
    assert user.type("Q V 00C") == ["RDR  00C CL * CONT   NOHOLD EOF   READY"]


def test_order_change_and_purge(site: Site) -> None:
    user = site.logon("CMSUSER")
    send(site, user, "CMSUSER", "*", "A1", "A2", "A3", "A4")
    assert user.type("ORDER RDR 4 2") == ["0002 FILES ORDERED"]
    assert [line[9:13] for line in user.type("Q RDR")[1:]] == ["0004", "0002", "0001", "0003"]
    assert user.type("CHANGE RDR 1 NAME NEW NAME HOLD") == ["0001 FILE CHANGED"]
    assert "NEW      NAME" in user.type("Q RDR 1")[1]
    assert user.type("PURGE RDR CLASS B") == ["NO FILES PURGED"]
    assert user.type("PURGE RDR 2 4") == ["0002 FILES PURGED"]
    assert user.type("PUR ALL") == ["0002 FILES PURGED"]
    assert user.type("PURGE RDR 99") == ["DMKCSU042E SPOOLID 0099 DOES NOT EXIST"]


def test_transfer_to_and_from(site: Site) -> None:
    sender, receiver = site.logon("CMSUSER"), site.logon("USER01", "SECRET")
    send(site, sender, "CMSUSER", "*", "ONE", "TWO")
    assert sender.type("TRANSFER 1 TO USER01") == ["0001 FILE TRANSFERRED"]
    assert receiver.type("Q F") == [
        "RDR FILE 0001 TRANSFERRED FROM CMSUSER",
        "FILES: 001 RDR, NO PRT, NO PUN",
    ]
    assert sender.type("TRAN ALL FROM USER01") == ["0001 FILE TRANSFERRED"]
    assert sender.type("Q F") == ["FILES: 002 RDR, NO PRT, NO PUN"]
    assert sender.type("TRAN CL A T USER01") == ["0002 FILES TRANSFERRED"]
    assert sender.type("TRAN CL A F USER01") == ["0002 FILES TRANSFERRED"]
    assert sender.type("Q F") == ["FILES: 002 RDR, NO PRT, NO PUN"]
    assert sender.type("TRANSFER ALL FROM") == ["DMKCSU020E USERID MISSING OR INVALID"]
    assert sender.type("TRANSFER ALL NOSUCH") == ["DMKCSU053E NOSUCH NOT IN CP DIRECTORY"]


def test_several_files_are_transferred_at_once_or_not_at_all(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ends CP in the middle of the command leaves no file with the one user and one with the other."""
    sender = site.logon("CMSUSER")
    send(site, sender, "CMSUSER", "*", "ONE", "TWO", "THREE")
    database, begun = site.system.database, 0
    transaction = database.transaction

    def second_fails() -> contextlib.AbstractContextManager[sqlite3.Connection]:
        nonlocal begun
        begun += 1
        if begun > 1:
            raise sqlite3.OperationalError("disk I/O error")
        return transaction()

    monkeypatch.setattr(database, "transaction", second_fails)
    assert sender.type("TRANSFER ALL TO USER01") == ["0003 FILES TRANSFERRED"]
    assert [file.name for file in site.system.spool.files("RDR", "USER01")] == ["ONE", "TWO", "THREE"]


def test_printer_output_keeps_its_carriage_control(site: Site) -> None:
    user = site.logon("CMSUSER")
    printer = site.system.users["CMSUSER"].devices[0x00E]
    assert isinstance(printer, Output)
    site.on_cp(lambda: [printer.line(0x8B, b""), printer.line(0x09, to_ebcdic("A LINE"))])
    assert user.type("SPOOL E CLASS X COPY 3 HOLD") == []
    assert user.type("CLOSE PRT") == ["PRT FILE 0001 FOR CMSUSER  COPY 003 HOLD"]
    assert user.type("Q PRT")[1] == "CMSUSER  0001 X PRT 000002 03  USER"
    records = list(site.system.spool.records(1))
    assert [record.opcode for record in records] == [0x8B, 0x09]
    assert from_ebcdic(records[1].data) == "A LINE"


def test_cont_keeps_the_file_open_and_purge_discards_it(site: Site) -> None:
    user = site.logon("CMSUSER")
    user.type("SPOOL PUN TO * CONT")
    punch(site, "CMSUSER", "ONE")
    assert user.type("CLOSE PUN") == []
    punch(site, "CMSUSER", "TWO")
    assert user.type("SPOOL PUN NOCONT CLOSE")[-1].startswith("PUN FILE 0001 TO ")
    assert read_cards(site, "CMSUSER") == ["ONE", "TWO"]
    punch(site, "CMSUSER", "LOST")
    assert user.type("CLOSE PUN PURGE") == []
    assert user.type("Q FILES") == ["FILES: NO RDR, NO PRT, NO PUN"]


def test_logoff_closes_what_is_open(site: Site) -> None:
    user = site.logon("CMSUSER")
    user.type("SPOOL PUN TO *")
    punch(site, "CMSUSER", "ONE")
    user.type("LOGOFF")
    user.type("LOGON CMSUSER CMSUSER")
    assert read_cards(site, "CMSUSER") == ["ONE"]


def test_console_spool(site: Site) -> None:
    user = site.logon("CMSUSER")
    user.type("SPOOL CONS START TO *")
    user.type("Q USERS")
    assert user.type("SPOOL CONSOLE STOP CLOSE")[-1].startswith("CON FILE 0001 TO ")
    records = [from_ebcdic(record.data) for record in site.system.spool.records(1)]
    assert records == ["001 USERS, 000 DIALED"]


def test_a_session_has_one_console_file_to_the_end(site: Site) -> None:
    user = site.logon("CMSUSER")
    user.type("SPOOL CONS START TO USER01")
    user.type("Q USERS")
    user.type("LOGOFF")
    (file,) = site.system.spool.files("RDR", "USER01")
    records = [from_ebcdic(record.data) for record in site.system.spool.records(file.spoolid)]
    assert [record[:9] for record in records] == ["001 USERS", "CONNECT= ", "LOGOFF AT"]
    assert site.system.spool.files("PRT") == []


def test_wrong_operands_change_nothing(site: Site) -> None:
    user = site.logon("CMSUSER")
    assert user.type("SPOOL PUN CLASS B FROB") == ["DMKCSP003E INVALID OPTION - FROB"]
    assert user.type("SPOOL PUN COPY 100") == ["DMKCSP002E INVALID OPERAND - 100"]
    assert user.type("SPOOL PUN TO NOSUCH") == ["DMKCSP053E NOSUCH NOT IN CP DIRECTORY"]
    assert user.type("SPOOL 191 CLASS A") == ["DMKCSP006E INVALID DEVICE TYPE - 191"]
    assert user.type("SPOOL 0FF CLASS A") == ["DMKCSP040E DEVICE 0FF DOES NOT EXIST"]
    assert user.type("CLOSE FROB") == ["DMKCSP003E INVALID OPTION - FROB"]
    assert user.type("Q V 00D") == [
        "PUN  00D CL A NOCONT NOHOLD COPY 01 READY",
        "     00D FOR CMSUSER  DIST BIN3",
    ]


def test_tag(site: Site) -> None:
    user = site.logon("CMSUSER")
    user.type("TAG DEV PUN NODE1 USERX")
    assert user.type("TAG QUERY DEV PUN") == ["NODE1 USERX"]
    send(site, user, "CMSUSER", "*", "ONE")
    assert user.type("TAG QUERY FILE 1") == ["NODE1 USERX"]
    assert user.type("TAG QUERY FILE 9") == ["DMKCSB042E SPOOLID 0009 DOES NOT EXIST"]


def test_a_full_spool_makes_the_device_not_ready_and_loses_nothing(site: Site) -> None:
    user = site.logon("CMSUSER")
    user.type("SPOOL PUN TO *")
    output = site.system.users["CMSUSER"].devices[0x00D]
    assert isinstance(output, Output)
    limit = site.system.spool.limit
    taken = 0

    def fill() -> None:
        nonlocal taken
        with contextlib.suppress(NotReadyError):
            for number in range(6000):
                output.card(to_ebcdic(f"{number:080}"))
                taken += 1
                site.system.spool.limit = 0  # from the second card on

    site.on_cp(fill)
    assert 3000 < taken < 6000
    assert user.until_line("DMKVSP427I") == ["DMKVSP427I SPOOL SPACE FULL; PUN 00D NOT READY"]
    site.on_cp(lambda: setattr(site.system.spool, "limit", limit))
    site.on_cp(lambda: output.card(to_ebcdic("LAST")))
    assert user.type("CLOSE PUN")[-1].startswith("PUN FILE 0001 TO ")
    cards = read_cards(site, "CMSUSER")
    assert [int(card) for card in cards[:-1]] == list(range(taken))
    assert cards[-1] == "LAST"


def test_a_guest_that_punches_into_a_full_spool_sees_intervention_required(site: Site) -> None:
    user = site.logon("CMSUSER")
    user.type("SPOOL PUN TO *")
    site.on_cp(lambda: setattr(site.system.spool, "limit", 0))
    vm = site.system.users["CMSUSER"]
    output = vm.devices[0x00D]
    assert isinstance(output, Output)
    device = vm.machine.device(0x00D)
    assert isinstance(device, Punch2540)

    def fill() -> None:
        with contextlib.suppress(NotReadyError):
            while True:
                output.card(bytes(80))

    site.on_cp(fill)
    path = FakePath(0x01, bytes(80))
    site.on_cp(lambda: path.statuses.append(device.perform(path)))  # type: ignore[arg-type]
    assert path.statuses == [CHECK]
    assert device.sense[0] & Sense.INTERVENTION_REQUIRED
    assert device.not_ready
    site.on_cp(lambda: setattr(site.system.spool, "limit", 1 << 40))
    user.type("CLOSE PUN")  # frees nothing, but there is space
    assert not device.not_ready


def test_class_d_sees_and_purges_the_files_of_others(site: Site) -> None:
    user, operator = site.logon("CMSUSER"), site.logon("OPERATOR")
    for device, text in (("PUNCH TO USER01", "PUNCH"), ("PRINTER", "PRINTER")):
        user.type(f"SPOOL {device}")
        block = site.system.users["CMSUSER"].devices[0x00D if text == "PUNCH" else 0x00E]
        site.on_cp(lambda block=block: block.put(0x09, to_ebcdic("DATA")))  # type: ignore[misc]
        user.type(f"CLOSE {text}")
    assert operator.type("QUERY PRINTER") == ["NO PRT FILES"]
    assert operator.type("QUERY PRINTER SYSTEM")[1].startswith("CMSUSER  0002 A PRT 000001 01  NONE")
    assert operator.type("QUERY READER SYSTEM ALL")[1].startswith("USER01   0001 A PUN")
    assert operator.type("QUERY READER FIRSTUSER01")[1].startswith("USER01   0001 A PUN")
    assert operator.type("CHANGE PRINTER CMSUSER ALL HOLD") == ["0001 FILE CHANGED"]
    assert user.type("QUERY PRINTER")[1].endswith("SYS")
    assert user.type("CHANGE PRINTER ALL NOHOLD") == ["0001 FILE CHANGED"]
    assert user.type("QUERY PRINTER")[1].endswith("SYS")
    assert user.type("QUERY READER USER01") == ["DMKCQG027E SPOOLID MISSING OR INVALID"]
    assert user.type("PURGE READER SYSTEM") == ["DMKCSU027E SPOOLID MISSING OR INVALID"]
    assert operator.type("PURGE PRINTER SYSTEM CLASS A") == ["0001 FILE PURGED"]
    assert operator.type("PURGE PRINTER 0001") == ["DMKCSU042E SPOOLID 0001 DOES NOT EXIST"]  # it is in the reader
    assert operator.type("TRANSFER PRINTER 0001 TO *") == ["DMKCSU042E SPOOLID 0001 DOES NOT EXIST"]
    assert operator.type("PURGE READER USER01 ALL") == ["0001 FILE PURGED"]
    assert site.system.spool.files("RDR") == []


def test_bare_userid_form_keep_and_columns_of_old_systems(site: Site) -> None:
    user, other = site.logon("CMSUSER"), site.logon("USER01", "SECRET")
    assert user.type("SPOOL PUN USER01 KEEP FORM WIDE") == []
    punch(site, "CMSUSER", "ONE")
    assert user.type("CLOSE PUN") == ["PUN FILE 0001 TO  USER01   COPY 001 NOHOLD"]
    file = site.system.spool.file(1)
    assert file is not None and file.keep and file.form == "WIDE"
    assert read_cards(site, "USER01") == ["ONE"]
    assert other.type("Q RDR")[-1].endswith("USER")  # kept, held
    assert user.type("SPOOL PUN SYSTEM") == []
    assert user.type("Q V 00D")[1].startswith("     00D FOR CMSUSER")


def test_transfer_between_queues(site: Site) -> None:
    user = site.logon("CMSUSER")
    printer = site.system.users["CMSUSER"].devices[0x00E]
    assert isinstance(printer, Output)
    site.on_cp(lambda: printer.line(0x09, to_ebcdic("A LINE")))
    user.type("CLOSE PRT")
    assert user.type("TRANSFER PRINTER 1 TO * READER") == ["0001 FILE TRANSFERRED"]
    assert read_cards(site, "CMSUSER") == ["A LINE"]


def test_order_and_purge_of_the_operator(site: Site) -> None:
    user, operator = site.logon("CMSUSER"), site.logon("OPERATOR")
    send(site, user, "CMSUSER", "USER01", "A1", "A2", "A3")
    assert operator.type("ORDER USER01 READER 3 1") == ["0002 FILES ORDERED"]
    assert [line[9:13] for line in operator.type("Q RDR USER01")[1:]] == ["0003", "0001", "0002"]
    assert operator.type("PURGE USER01 READER 3") == ["0001 FILE PURGED"]
    assert operator.type("PURGE SYSTEM ALL") == ["0002 FILES PURGED"]
    assert operator.type("PURGE NOSUCH ALL") == ["DMKCSU003E INVALID OPTION - NOSUCH"]
    assert user.type("PURGE SYSTEM ALL") == ["DMKCSU003E INVALID OPTION - SYSTEM"]


def test_noeof_leaves_the_reader_waiting_for_more(site: Site) -> None:
    user = site.logon("CMSUSER")
    device = site.system.users["CMSUSER"].machine.device(0x00C)
    assert user.type("SPOOL RDR NOEOF") == []
    assert device.end_of_file is False  # type: ignore[union-attr]
    assert user.type("SPOOL RDR EOF") == []
    assert device.end_of_file is True  # type: ignore[union-attr]


def test_a_file_for_somebody_has_his_distribution_code(site: Site) -> None:
    user = site.logon("USER01", "SECRET")
    user.type("SPOOL PRT FOR CMSUSER")
    printer = site.system.users["USER01"].devices[0x00E]
    assert isinstance(printer, Output)
    site.on_cp(lambda: printer.line(0x09, to_ebcdic("A LINE")))
    assert user.type("CLOSE PRT") == ["PRT FILE 0001 FOR CMSUSER  COPY 001 NOHOLD"]
    (file,) = site.system.spool.files("PRT", "CMSUSER")
    assert (file.origin, file.dist) == ("USER01", "BIN3")
