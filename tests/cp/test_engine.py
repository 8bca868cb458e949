"""Machines that run at the same time, on every engine: results, commands that disturb them, the end of the system."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import everyengine
import pytest

from cpvm.cp import vmblok
from cpvm.cp.session import ReadState
from cpvm.cp.syslock import Outside
from cpvm.cp.system import System
from cpvm.machine.engines import AUTO, REFERENCE, EngineError

from .helper import DIRECTORY, PATIENCE, FakeTerminal, Site
from .test_guest import store

NATIVE = [name for name in everyengine.ALL if name != REFERENCE]
ATTEMPTS = 5000  # commands after which a machine that should have got on is taken to stand still

COUNTING = [
    "S200 41110001",  # LA   1,1(1)
    "S204 41220001",  # LA   2,1(2)
    "S208 58300300",  # L    3,X'300'
    "S20C 50300304",  # ST   3,X'304'
    "S210 50100308",  # ST   1,X'308'
    "S214 47F00200",  # B    X'200'
]
SUM = [
    "S200 1B22",  # SR   2,2
    "S202 1A21",  # AR   2,1
    "S204 46100202",  # BCT  1,X'202'
    "S208 50200400",  # ST   2,X'400'
    "S20C 82000280",  # LPSW X'280'
    "S280 000200000000600D",
]
FLOOD = [
    "S200 58300300",  # L    3,X'300'
    "S204 41400320",  # LA   4,X'320'
    "S208 41500340",  # LA   5,X'340'
    "S20C 58600304",  # L    6,X'304'      X'40', length of the command
    "S210 41700100",  # LA   7,256
    "S214 83460008",  # DIAG 4,6,8
    "S218 4770021C",  # BC   7,X'21C'
    "S21C 1266",  # LTR  6,6               return code
    "S21E 47700240",  # BNZ  X'240'
    "S222 5A800308",  # A    8,X'308'
    "S226 46300204",  # BCT  3,X'204'
    "S22A 82000280",  # LPSW X'280'
    "S240 82000288",  # LPSW X'288'
    "S280 000200000000600D",
    "S288 0002000000000BAD",
    "S308 00000001",
]


@pytest.fixture(params=everyengine.ALL)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A system whose machines run two at a time on one of the engines."""
    System.create(tmp_path, DIRECTORY)
    site = Site(tmp_path, engine=request.param, processors=2)
    yield site
    site.system.shutdown()
    assert not [thread for thread in site.system.processors.threads if thread.is_alive()]


def both(site: Site) -> tuple[FakeTerminal, FakeTerminal]:
    return site.logon("CMSUSER"), site.logon("USER01", "SECRET")


def start(terminal: FakeTerminal, lines: list[str], *, run: bool = False) -> None:
    """Have a program run that begins at X'200'; RUN: it goes on in CP READ."""
    store(terminal, [*lines, "PSW 00000000 00000200"])
    if run:
        terminal.type("SET RUN ON")
    terminal.session.line("BEGIN")
    terminal.until(ReadState.RUNNING)


def word(terminal: FakeTerminal, address: str) -> int:
    return int(terminal.type(f"DISPLAY {address}.4")[0].split()[1], 16)


def count(site: Site) -> str:
    """So much that it takes a while, on this engine."""
    return "00004000" if site.system.engine == REFERENCE else "00400000"


def test_two_at_once_compute_what_is_right(site: Site) -> None:
    first, second = both(site)
    n = int(count(site), 16)
    for terminal, more in ((first, 0), (second, 1)):
        store(terminal, [*SUM, f"G1 {n + more:08X}", "PSW 00000000 00000200"])
    for terminal in (first, second):
        terminal.session.line("BEGIN")
    for terminal, more in ((first, 0), (second, 1)):
        assert terminal.until(ReadState.CP_READ)[0].endswith("'00020000 0000600D'")
        m = n + more
        assert word(terminal, "400") == m * (m + 1) // 2 & 0xFFFFFFFF


@pytest.mark.parametrize("engine", NATIVE)
def test_two_are_in_native_code_at_the_same_time(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    System.create(tmp_path, DIRECTORY)
    site = Site(tmp_path, engine=engine, processors=2)
    together = threading.Barrier(2)
    meeting = threading.Semaphore(0)

    class Meet(Outside):
        def __enter__(self) -> None:
            super().__enter__()
            if meeting.acquire(blocking=False):
                together.wait(PATIENCE)

    monkeypatch.setattr(vmblok, "Outside", Meet)
    try:
        for terminal in both(site):
            store(terminal, [*COUNTING, "PSW 00000000 00000200"])
        meeting.release(2)
        machines = [site.system.users[userid] for userid in ("CMSUSER", "USER01")]
        site.on_cp(lambda: [vm.begin() for vm in machines])
        assert site.logon("OPERATOR").type("Q USERS") == ["003 USERS, 000 DIALED"]
        assert not meeting.acquire(blocking=False) and not together.broken
    finally:
        site.system.shutdown()


def test_store_reaches_a_machine_that_runs(site: Site) -> None:
    first, second = both(site)
    for terminal in (first, second):
        start(terminal, COUNTING, run=True)
        terminal.session.attention()
        terminal.until(ReadState.CP_READ)
    for value in range(0x1000, 0x1008):
        store(first, [f"300 {value:08X}"])
        assert any(word(first, "304") == value for _ in range(ATTEMPTS))
    assert word(second, "304") == 0


def test_a_machine_is_seen_between_two_instructions(site: Site) -> None:
    first, second = both(site)
    start(second, COUNTING)
    start(first, COUNTING, run=True)
    first.session.attention()
    first.until(ReadState.CP_READ)
    seen = set()
    for _ in range(40):
        lines = first.type("DISPLAY G1-2 PSW 308.4")
        r1, r2 = (int(found, 16) for found in lines[0].split()[-2:])
        address = int(lines[1].split()[-1], 16) & 0xFFFFFF
        stored = int(lines[2].split()[1], 16)
        assert r1 - r2 == (address == 0x204)
        assert r1 - stored == (0x204 <= address <= 0x210)
        seen.add(r1)
    assert len(seen) > 10


def test_store_into_the_loop_that_runs_ends_it(site: Site) -> None:
    first, _ = both(site)
    start(first, [*COUNTING, "S280 000200000000C0DE"], run=True)
    first.session.attention()
    first.until(ReadState.CP_READ)
    before = word(first, "308")
    assert any(word(first, "308") != before for _ in range(ATTEMPTS))
    first.session.line("STORE S208 82000280")  # LPSW X'280'
    assert any("0000C0DE" in line for line in first.until_line("DISABLED WAIT"))


def test_a_register_that_is_stored_stays_stored(site: Site) -> None:
    first, _ = both(site)
    start(first, COUNTING, run=True)
    first.session.attention()
    first.until(ReadState.CP_READ)
    assert first.type("STORE G7 12345678") == ["STORE COMPLETE"]
    before = word(first, "308")
    assert any(word(first, "308") != before for _ in range(ATTEMPTS))
    assert first.type("DISPLAY G7")[0].split()[-1] == "12345678"


@pytest.mark.parametrize("command", ["SYSTEM RESET", "SYSTEM CLEAR"])
def test_reset_of_a_machine_that_runs(site: Site, command: str) -> None:
    first, second = both(site)
    start(second, COUNTING)
    start(first, COUNTING, run=True)
    first.session.attention()
    first.until(ReadState.CP_READ)
    assert any(word(first, "308") for _ in range(ATTEMPTS))
    first.type(command)
    assert first.type("DISPLAY PSW") == ["PSW = 00000000 00000000"]
    value = word(first, "308")
    assert word(first, "308") == value
    assert (value == 0) == (command == "SYSTEM CLEAR")
    second.session.attention()
    assert second.until(ReadState.CP_READ) == ["CP"]


def test_attention_stops_machines_that_loop(site: Site) -> None:
    terminals = both(site)
    for terminal in terminals:
        start(terminal, COUNTING)
    for _ in range(8):
        for terminal in terminals:
            terminal.session.attention()
            assert terminal.until(ReadState.CP_READ) == ["CP"]
            terminal.session.line("BEGIN")
            terminal.until(ReadState.RUNNING)


def test_external_interruption_of_a_machine_that_loops(site: Site) -> None:
    first, second = both(site)
    start(second, COUNTING)
    store(first, ["X0 000008E0", *COUNTING, "S058 0002000000000E11", "PSW 01000000 00000200"])
    first.type("SET RUN ON")
    first.session.line("BEGIN")
    first.until(ReadState.RUNNING)
    first.session.line("#CP EXTERNAL")
    assert first.until_line("DISABLED WAIT")[-1].endswith("'00020000 00000E11'")


def test_logoff_and_force_of_machines_that_loop(site: Site) -> None:
    operator = site.logon("OPERATOR")
    for _ in range(3):
        first, second = both(site)
        start(first, COUNTING)
        start(second, COUNTING)
        operator.type("FORCE CMSUSER")
        assert first.until(ReadState.LOGON)[-1] == "VM/370 ONLINE"
        second.type("#CP LOGOFF", ReadState.LOGON)
        assert operator.type("QUERY USERS")[-1] == "001 USERS, 000 DIALED"


def test_more_machines_than_processors(site: Site) -> None:
    terminals = [*both(site), site.logon("MAINT", "CPCMS")]
    for terminal in terminals:
        start(terminal, COUNTING, run=True)
        terminal.session.attention()
        terminal.until(ReadState.CP_READ)
    for terminal in terminals:
        before = word(terminal, "308")
        assert any(word(terminal, "308") != before for _ in range(ATTEMPTS))


def test_a_flood_of_commands_from_two_machines(site: Site) -> None:
    """Beside a third one that computes; each command reads what it should, and changes something that is shared."""
    first, second = both(site)
    third = site.logon("MAINT", "CPCMS")
    start(third, COUNTING, run=True)
    commands = 60
    for terminal, other in ((first, "USER01"), (second, "CMSUSER")):
        line = f"MSG {other} HELLO"
        store(terminal, [*FLOOD, f"S300 {commands:08X}", f"S304 00{len(line):06X}"])
        store(terminal, [f"S320 {line.encode('cp037').hex()}", "G8 0", "PSW 00000000 00000200"])
    for terminal in (first, second):
        terminal.session.line("BEGIN")
    for terminal in (first, second):
        lines = terminal.until(ReadState.CP_READ)
        assert any(line.endswith("'00020000 0000600D'") for line in lines), lines
    for terminal in (first, second):
        shown = [line for line in terminal.type("DISPLAY G8") if line.startswith("GPR")]
        assert shown[0].split()[-1] == f"{commands:08X}"
    hellos = [line for terminal in (first, second) for line in terminal.transcript if "HELLO" in line]
    assert len(hellos) == 2 * commands
    third.session.attention()
    third.until(ReadState.CP_READ)
    assert word(third, "308") > 0


def test_services_see_cp_at_rest(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """No two threads are in CP, or in one machine, at the same time."""
    inside: list[str] = []
    running: list[str] = []
    wrong: list[str] = []
    host = site.system.host_halves  # any object of CP's

    def service(call: Any) -> None:
        inside.append(call.vm.userid)
        for _ in range(20):
            len(host)
        if len(inside) != 1:
            wrong.append(f"service with {inside}")
        inside.remove(call.vm.userid)

    real = site.system.dispatcher.slice

    def one_slice(vm: Any) -> None:
        if vm.userid in running:
            wrong.append(f"{vm.userid} twice")
        running.append(vm.userid)
        real(vm)
        running.remove(vm.userid)

    from cpvm.cp import diagnose

    monkeypatch.setitem(diagnose._SERVICES, 0x1C0, diagnose.Service(0x1C0, "", service))
    monkeypatch.setattr(site.system.processors, "_run", one_slice)
    first, second = both(site)
    for terminal in (first, second):
        start(terminal, ["S200 834601C0", "S204 46300200", "S208 82000280", "S280 000200000000600D", "G3 00000400"])
    for terminal in (first, second):
        terminal.until(ReadState.CP_READ)
        assert terminal.type("DISPLAY PSW") == ["PSW = 00020000 0000600D"]
    assert not wrong


def test_a_machine_that_fails_leaves_its_processor_to_others(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = both(site)

    def explode(budget: int) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(site.system.users["CMSUSER"].machine, "run", explode)
    for _ in range(4):
        first.session.line("BEGIN 200")
        assert first.until(ReadState.CP_READ)[0].startswith("DMKDSP455W")
    start(second, COUNTING)
    second.session.attention()
    assert second.until(ReadState.CP_READ) == ["CP"]


@pytest.mark.parametrize("how", ["from outside", "SHUTDOWN", "by a guest"])
def test_shutdown_while_both_loop(site: Site, how: str) -> None:
    first, second = both(site)
    operator = site.logon("OPERATOR")
    start(first, COUNTING)
    start(second, COUNTING)
    if how == "SHUTDOWN":
        operator.session.line("SHUTDOWN")
    elif how == "by a guest":
        line = "SHUTDOWN"
        store(operator, [*FLOOD, "S300 00000001", f"S304 00{len(line):06X}", f"S320 {line.encode('cp037').hex()}"])
        operator.type("STORE PSW 00000000 00000200")
        operator.session.line("BEGIN")
    else:
        site.system.shutdown()
    assert site.system.wait(PATIENCE)
    rows = first.until(ReadState.CLOSED)
    assert any(line.startswith("LOGOFF AT") for line in rows)


def test_an_idle_system_does_nothing(site: Site) -> None:
    """Machines that wait take no turns: nobody is called, nothing is looked at."""
    for terminal in both(site):
        start(terminal, ["S200 82000288", "S288 FF02000000000000"])
    machines = list(site.system.users.values())
    waiting: list[bool] = []
    for _ in range(ATTEMPTS):
        site.on_cp(lambda: waiting.append(all(vm.waiting for vm in machines)))
        if waiting[-1]:
            break
    slices: list[str] = []
    real = site.system.processors._run
    site.system.processors._run = lambda vm: (slices.append(vm.userid), real(vm))[1]  # type: ignore[assignment]
    operator = site.logon("OPERATOR")
    for _ in range(20):
        operator.type("QUERY NAMES")
    assert not slices
    with site.system.lock:
        assert not site.system.processors.busy


def test_processor_time_belongs_to_the_machine_that_used_it(site: Site) -> None:
    first, second = both(site)
    for terminal in (first, second):
        store(terminal, ["50 7FFFFF00"])
    start(first, COUNTING, run=True)
    first.session.attention()
    first.until(ReadState.CP_READ)
    assert any(word(first, "50") != 0x7FFFFF00 for _ in range(ATTEMPTS))
    first.type("SET RUN OFF")
    first.type("CP")
    used, other = (site.system.users[userid].usage for userid in ("CMSUSER", "USER01"))
    assert used.virtual_ns > 0
    assert other.virtual_ns == 0
    assert word(second, "50") == 0x7FFFFF00


def test_query_engine(site: Site) -> None:
    first, second = both(site)
    n = int(count(site), 16)
    store(first, [*SUM, f"G1 {n:08X}", "PSW 00000000 00000200"])
    first.type("BEGIN")
    lines = first.type("QUERY ENGINE")
    assert lines[0].startswith(f"ENGINE= {site.system.engine.upper()}, MIPS= ")
    fields = dict(field.split("= ") for field in lines[1].split(", "))
    done = {name: int(value) for name, value in fields.items()}
    assert done["INSTRUCTIONS"] == 2 * n + 3
    assert done["NATIVE"] + done["REFERENCE"] == done["INSTRUCTIONS"]
    if site.system.engine == REFERENCE:
        assert done["NATIVE"] == 0 and len(lines) == 2
    else:
        assert done["NATIVE"] > n and lines[2].startswith("TRANSLATIONS= ") and lines[3].startswith("EXITS- ")
    assert all(len(line) < 80 for line in lines)
    assert second.type("Q ENG")[1] == "INSTRUCTIONS= 0, NATIVE= 0, REFERENCE= 0"
    assert second.type("QUERY ENGINE CMSUSER") == ["DMKCQG003E INVALID OPTION - CMSUSER"]
    assert second.type("QUERY ENGINE USER01 X") == ["DMKCQG002E INVALID OPERAND - X"]
    assert second.type("QUERY ENGINE FIRSTUSER01")[1:2] == ["INSTRUCTIONS= 0, NATIVE= 0, REFERENCE= 0"]
    operator = site.logon("OPERATOR")
    assert operator.type("QUERY ENGINE CMSUSER")[1] == lines[1]
    assert operator.type("QUERY ENGINE MAINT") == ["DMKCQG045E MAINT NOT LOGGED ON"]
    assert operator.type("QUERY ENGINE TOOLONGAUSERID") == ["DMKCQG007E INVALID USERID - TOOLONGAUSERID"]


def test_an_engine_that_is_none(tmp_path: Path) -> None:
    System.create(tmp_path, DIRECTORY)
    with pytest.raises(EngineError, match="there is no engine steam"):
        System(tmp_path, engine="steam")
    Site(tmp_path, engine=AUTO).system.shutdown()  # nothing was left open


def test_the_operator_is_told_of_a_missing_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CPVM_ENGINE", raising=False)
    monkeypatch.setattr("cpvm.machine.engines.available", lambda: False)
    System.create(tmp_path, DIRECTORY)
    site = Site(tmp_path)
    try:
        both(site)
        told = [line for line in site.system.log.lines if "DMKCPI970I" in line]
        assert len(told) == 1 and "llvmlite" in told[0]
        assert len(site.system.processors.threads) == 1
    finally:
        site.system.shutdown()
