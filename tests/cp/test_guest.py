"""Guest programs: a few instructions put into storage with STORE and started with BEGIN."""

from __future__ import annotations

import re

import pytest

from cpvm.cp import clock
from cpvm.cp.session import ReadState
from cpvm.cp.vspool import Output
from cpvm.s370.ebcdic import to_ebcdic

from .helper import FakeTerminal, Site

WRITE_TEXT = to_ebcdic("HELLO FROM THE GUEST").hex()

ONE_WRITE = [
    "S200 41100240",  # LA   1,X'240'
    "S204 50100048",  # ST   1,72           CAW
    "S208 9C000009",  # SIO  X'009'
    "S20C 9D000009",  # TIO  X'009'
    "S210 4770020C",  # BC   7,X'20C'
    "S214 82000280",  # LPSW X'280'
    "S240 0900030020000014",  # write 20 bytes with carriage return
    f"S300 {WRITE_TEXT}",
    "S280 000200000000DEAD",
]


def store(terminal: FakeTerminal, lines: list[str]) -> None:
    for line in lines:
        assert terminal.type(f"STORE {line}") == ["STORE COMPLETE"], line


def start(terminal: FakeTerminal, address: str, *until: ReadState) -> list[str]:
    store(terminal, ["PSW 00000000 00000000"])
    return terminal.type(f"BEGIN {address}", *until)


def test_guest_writes_and_stops_in_a_disabled_wait(site: Site) -> None:
    terminal = site.logon("CMSUSER")
    store(terminal, ONE_WRITE)
    assert start(terminal, "200") == [
        "HELLO FROM THE GUEST",
        "DMKDSP450W CP ENTERED; DISABLED WAIT PSW '00020000 0000DEAD'",
        "CP",
    ]
    assert terminal.reading is ReadState.CP_READ
    assert terminal.type("D PSW") == ["PSW = 00020000 0000DEAD"]


def test_guest_reads_a_line_and_lines_typed_ahead(site: Site) -> None:
    terminal = site.logon("CMSUSER")
    store(terminal, [
        "S078 0000000000000210",  # I/O new PSW
        "S200 41100240",  # LA   1,X'240'
        "S204 50100048",  # ST   1,72
        "S208 9C000009",  # SIO  X'009'     read, then write what was read
        "S20C 82000288",  # LPSW X'288'     wait for the end
        "S210 47F00200",  # B    X'200'
        "S240 0A00034060000020",  # read up to 32 bytes
        "S248 0900034020000005",  # write 5 bytes with carriage return
        "S288 FE02000000000000",
    ])  # fmt: skip
    assert start(terminal, "200") == []
    assert terminal.reading is ReadState.VM_READ
    assert terminal.type("abcde") == ["abcde"]
    assert terminal.type("#cp query users") == ["001 USERS, 000 DIALED"]
    assert terminal.reading is ReadState.VM_READ
    assert terminal.type("one__#two__#th@hree") == ["one__", "two__", "three"]
    assert terminal.type("#CP") == ["CP"]
    assert terminal.reading is ReadState.CP_READ
    assert terminal.type("B") == []
    assert terminal.reading is ReadState.VM_READ
    terminal.session.attention()
    assert terminal.until(ReadState.CP_READ) == ["CP"]
    assert terminal.type("begin#fiver") == ["fiver"]


def test_program_interruption_loop(site: Site) -> None:
    terminal = site.logon("CMSUSER")
    assert terminal.type("BEGIN 100") == ["DMKDSP453W CP ENTERED; PROGRAM INTERRUPT LOOP", "CP"]
    assert terminal.type("Q USERS") == ["001 USERS, 000 DIALED"]


def test_a_loop_can_be_stopped_and_others_go_on(site: Site) -> None:
    looping = site.logon("CMSUSER")
    other = site.logon("USER01", "SECRET")
    store(looping, ["S200 47F00200"])  # B *
    looping.session.line("BEGIN 200")
    looping.until(ReadState.RUNNING)
    store(other, ONE_WRITE)
    assert start(other, "200")[0] == "HELLO FROM THE GUEST"
    looping.session.attention()
    assert looping.until(ReadState.CP_READ) == ["CP"]
    lines = looping.type("QUERY TIME")
    assert re.search(r"VIRTCPU= 000:\d\d\.\d\d TOTCPU= 000:\d\d\.\d\d$", lines[1])  # how much depends on the host


def test_attention_reaches_a_guest_that_does_not_read(site: Site) -> None:
    terminal = site.logon("CMSUSER")
    store(terminal, [
        "S078 0000000000000210",
        "S200 82000288",  # LPSW  wait enabled
        "S210 41100240",  # LA   1,X'240'
        "S214 50100048",  # ST   1,72
        "S218 9C000009",  # SIO  X'009'    read and write back
        "S21C 47F00200",  # B    X'200'
        "S240 0A00034060000020",
        "S248 0900034020000005",
        "S288 FE02000000000000",
    ])  # fmt: skip
    terminal.session.line("BEGIN 200")
    terminal.until(ReadState.RUNNING)
    terminal.session.line("ahead")
    assert terminal.until_line("ahead") == ["ahead"]


def test_a_failure_of_the_machine_hurts_only_its_user(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = site.logon("CMSUSER")
    other = site.logon("USER01", "SECRET")
    vm = site.system.users["CMSUSER"]

    def explode(budget: int) -> object:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(vm.machine, "run", explode)
    lines = broken.type("BEGIN")
    assert lines[0].startswith("DMKDSP455W CP ENTERED")
    assert lines[-1] == "CP"
    assert other.type("Q USERS") == ["002 USERS, 000 DIALED"]
    assert any("MACHINE OF CMSUSER" in line for line in site.system.log.lines)


def test_long_line_is_truncated_with_a_message(site: Site) -> None:
    terminal = site.logon("CMSUSER")
    lines = terminal.type("* " + "X" * 300)
    assert lines == ["INPUT LINE TRUNCATED TO 130 CHARACTERS"]


def test_ipl_of_a_deck_in_the_reader(site: Site) -> None:
    terminal = site.logon("CMSUSER")
    assert terminal.type("IPL BOOT") == ["DMKCFG231E IPL DEVICE 00C NOT READY"]
    assert terminal.type("IPL NOSYS") == ["DMKCFG044E NOSYS DOES NOT EXIST"]
    assert terminal.type("IPL 555") == ["DMKCFG040E DEVICE 555 DOES NOT EXIST"]
    assert terminal.type("IPL 191")[0].startswith("DMKCFG230E IPL UNIT ERROR; CSW ")

    def make_deck() -> None:
        # PSW: disabled wait at X'123'; a CCW that reads the second card to X'300'
        first = bytes.fromhex("0002000000000123 0200030020000050 0000000000000000").ljust(80, b"\x40")
        writer = site.system.spool.open()
        writer.put(0x41, first)
        writer.put(0x41, to_ebcdic(f"{'SECOND CARD':<80}"))
        writer.close(
            queue="RDR", owner="CMSUSER", origin="MAINT", kind="PUN", spool_class="A", copies=1, hold=False, dist=""
        )

    site.on_cp(make_deck)
    assert terminal.type("IPL BOOT CLEAR") == [
        "DMKDSP450W CP ENTERED; DISABLED WAIT PSW '00020000 00000123'",
        "CP",
    ]
    assert "*SECOND CARD     *" in terminal.type("D T300")[0]


def test_address_stop(site: Site) -> None:
    terminal = site.logon("CMSUSER")
    store(terminal, ONE_WRITE)
    assert terminal.type("ADSTOP 20C") == []
    assert start(terminal, "200") == ["HELLO FROM THE GUEST", "ADSTOP AT 00020C", "CP"]
    assert terminal.type("BEGIN")[0].startswith("DMKDSP450W")
    assert terminal.type("ADSTOP 201") == ["DMKCFD004E INVALID HEXLOC - 201"]


def test_control_characters_are_not_passed_on(site: Site) -> None:
    terminal, other = site.logon("CMSUSER"), site.logon("USER01", "SECRET")
    terminal.type("MSG USER01 A\x1b[2JB\x07C")
    assert other.type("Q USERS")[1] == "MSG FROM CMSUSER : A[2JBC"
    store(terminal, ONE_WRITE)
    store(terminal, ["S300 C1270016C215C3"])  # A, escape, null, a control code, B, new line, C
    store(terminal, ["S240 0900030020000007"])
    assert start(terminal, "200")[:2] == ["A B", "C"]


def test_run_on_lets_the_machine_go_on_in_cp_read(site: Site) -> None:
    terminal = site.logon("CMSUSER")
    store(terminal, ["S200 5A100300 50100304 47F00200", "300 1"])  # A 1,..; ST 1,..; B
    terminal.type("SET RUN ON")
    terminal.session.line("BEGIN 200")
    terminal.until(ReadState.RUNNING)
    terminal.session.attention()
    terminal.until(ReadState.CP_READ)
    before = int(terminal.type("D 304")[0].split()[1], 16)
    for _ in range(1000):
        after = int(terminal.type("D 304")[0].split()[1], 16)
        if after != before:
            break
    assert after != before
    terminal.type("SET RUN OFF")


WAIT_FOR_ANYTHING = [
    "S058 0002000000000E11",  # external new PSW: disabled wait at X'E11'
    "S078 0002000000000A11",  # I/O new PSW: disabled wait at X'A11'
    "S050 7FFFFFFF",
    "S200 82000288",
    "S288 FF02000000000000",
]


def waiting_guest(terminal: FakeTerminal) -> None:
    store(terminal, WAIT_FOR_ANYTHING)
    terminal.session.line("BEGIN 200")
    terminal.until(ReadState.RUNNING)


def test_a_file_that_arrives_interrupts_a_guest_with_an_empty_reader(site: Site) -> None:
    terminal, other = site.logon("CMSUSER"), site.logon("USER01", "SECRET")
    waiting_guest(terminal)
    other.type("SPOOL PUN TO CMSUSER")
    punch = site.system.users["USER01"].devices[0x00D]
    assert isinstance(punch, Output)
    site.on_cp(lambda: punch.card(to_ebcdic("A CARD")))
    other.type("CLOSE PUN")
    assert terminal.until(ReadState.CP_READ) == [
        "PUN FILE 0001 FROM USER01   COPY 01 NOHOLD",
        "DMKDSP450W CP ENTERED; DISABLED WAIT PSW '00020000 00000A11'",
        "CP",
    ]
    assert terminal.type("D 38.8 CSW") == ["000038  FF02000C 00000000", "CSW = 00000000 04000000"]


def test_real_interval_timer_wakes_a_waiting_guest(site: Site) -> None:
    terminal = site.logon("CMSUSER")
    terminal.type("SET TIMER REAL")
    store(terminal, WAIT_FOR_ANYTHING)
    store(terminal, ["50 00000080"])
    terminal.session.line("BEGIN 200")
    assert terminal.until(ReadState.CP_READ)[0].endswith("00000E11'")
    assert terminal.type("D 18") == ["000018  FF020080"]


def test_clock_comparator_wakes_a_waiting_guest(site: Site) -> None:
    terminal = site.logon("CMSUSER")
    machine = site.system.users["CMSUSER"].machine
    terminal.type("STORE X0 000008E0")
    site.on_cp(lambda: machine.storage.write(0x300, (clock.tod() + 20_000 * 4096).to_bytes(8, "big")))
    store(terminal, WAIT_FOR_ANYTHING)
    store(terminal, ["S200 B2060300 82000288"])  # SCKC X'300'; LPSW
    assert terminal.type("BEGIN 200")[0].endswith("00000E11'")
    assert terminal.type("D 18") == ["000018  FF021004"]


def test_accounting_record_at_logoff(site: Site) -> None:
    terminal = site.logon("CMSUSER")
    store(terminal, ["S200 4110FFFF 46100204"])  # LA 1,X'FFF'...; BCT 1,*
    terminal.session.line("BEGIN 200")
    terminal.until(ReadState.RUNNING)
    terminal.session.attention()
    terminal.until(ReadState.CP_READ)
    terminal.type("LOGOFF")
    rows: list[tuple[object, ...]] = []
    site.on_cp(
        lambda: rows.extend(site.system.database.query("SELECT userid, account, virtual, total FROM accounting"))
    )
    assert len(rows) == 1
    userid, account, virtual, total = rows[0]
    assert (userid, account) == ("CMSUSER", "3")
    assert 0 < int(str(virtual)) <= int(str(total))


def test_a_guest_that_writes_without_end(site: Site) -> None:
    flood, other = site.logon("CMSUSER"), site.logon("USER01", "SECRET")
    store(flood, ONE_WRITE)
    store(flood, ["S214 47F00200"])  # B X'200' instead of the wait
    flood.session.line("BEGIN 200")
    flood.until_line("HELLO FROM THE GUEST")
    for _ in range(20):
        assert other.type("Q USERS") == ["002 USERS, 000 DIALED"]
    flood.session.attention()
    assert flood.until(ReadState.CP_READ)[-1] == "CP"
    assert flood.type("SYSTEM RESET") == ["SYSTEM RESET"]
    assert other.type("Q USERS") == ["002 USERS, 000 DIALED"]


def test_a_printer_that_is_not_ready(site: Site) -> None:
    terminal = site.logon("CMSUSER")
    store(terminal, [*ONE_WRITE[:2], "S208 9C00000E", "S20C 9D00000E", *ONE_WRITE[4:]])
    assert terminal.type("NOTREADY 00E") == []
    assert terminal.type("NOTREADY 191") == ["DMKCPB006E INVALID DEVICE TYPE - 191"]
    start(terminal, "200")
    assert terminal.type("D CSW")[0].split()[3][:2] == "02"
    assert terminal.type("READY 00E#Q V 00E")[0].endswith("READY")
    start(terminal, "200")  # takes the device end that is pending
    start(terminal, "200")
    site.on_cp(lambda: None)
    assert any(isinstance(block, Output) and block.open for block in site.system.users["CMSUSER"].devices.values())
