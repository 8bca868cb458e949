"""The ceiling on the host's storage, and that a user who has gone leaves nothing behind."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cpvm.cp import ceiling
from cpvm.cp.ceiling import Ceiling
from cpvm.cp.message import CPError
from cpvm.cp.session import ReadState
from cpvm.cp.timers import Timers
from cpvm.cp.vmblok import VMBLOK
from cpvm.machine.storage import Storage
from cpvm.s370.psw import PSW

from .helper import FakeTerminal, Site

MEGABYTE = 1 << 20
FILL = bytes.fromhex("50101000 87120200 47F00208")  # ST 1,0(,1); BXLE 1,2,*-4; B *


@pytest.fixture
def roomy(site: Site) -> Iterator[Site]:
    """A system for which the host's storage does not matter."""
    site.on_cp(lambda: setattr(site.system.ceiling, "host_left", lambda: None))
    yield site


def begin(site: Site, terminal: FakeTerminal, userid: str, first: int, last: int) -> None:
    """Have a machine store into each page from FIRST to LAST, and then compute without an end."""

    def prepare() -> None:
        machine = site.system.users[userid].machine
        machine.storage.write(0x200, FILL)
        machine.gr[1], machine.gr[2], machine.gr[3] = first, 4096, last

    site.on_cp(prepare)
    terminal.type("STORE PSW 00000000 00000200")
    terminal.type("BEGIN", ReadState.RUNNING)


def until(site: Site, condition: Callable[[], object]) -> None:
    found: list[object] = []
    for _ in range(100_000):
        site.on_cp(lambda: found.append(condition()))
        if found.pop():
            return
    raise AssertionError("it does not come about")


def waiting(site: Site) -> list[str]:
    return sorted(vm.userid for vm in site.system.ceiling._waiting)


def test_who_takes_too_much_waits_and_goes_on_when_there_is_room(roomy: Site) -> None:
    operator, hog, small = roomy.logon("OPERATOR"), roomy.logon("CMSUSER"), roomy.logon("USER01", "SECRET")
    roomy.on_cp(lambda: setattr(roomy.system.ceiling, "limit", 2 * MEGABYTE - 40960))
    hog.type("DEFINE STORAGE 2M")
    begin(roomy, hog, "CMSUSER", 0x3000, 0x1FF000)
    hog.until_line("DMKPGT400I SYSTEM PAGING SPACE FULL; YOUR MACHINE WAITS")
    operator.until_line("DMKPGT400I SYSTEM PAGING SPACE FULL")
    assert waiting(roomy) == ["CMSUSER"]
    # a machine with less than a fair part takes a little more, and is not kept waiting
    begin(roomy, small, "USER01", 0x3000, 0x13000)
    until(roomy, lambda: roomy.system.users["USER01"].machine.psw.address == 0x208)
    assert waiting(roomy) == ["CMSUSER"]
    # nobody else comes in, but for the operator, and those who are there
    refused = roomy.terminal()
    assert "DMKLOG199E MAINT NOT LOGGED ON; SYSTEM PAGING SPACE FULL" in refused.type("LOGON MAINT CPCMS")
    shown = next(line for line in operator.type("QUERY LIMITS SYSTEM") if line.startswith("STORAGE"))
    assert shown.startswith("STORAGE    LIMIT 2008K    USED 2")
    operator.type("SET LIMIT SYSTEM STORAGE 16M")
    until(roomy, lambda: not waiting(roomy))
    until(roomy, lambda: roomy.system.users["CMSUSER"].machine.psw.address == 0x208)
    refused.type("LOGON MAINT CPCMS")
    assert "MAINT" in roomy.system.users


def test_while_there_is_no_room_a_machine_takes_a_little_and_no_more(roomy: Site) -> None:
    small, hog = roomy.logon("USER01", "SECRET"), roomy.logon("CMSUSER")
    hog.type("DEFINE STORAGE 2M")
    roomy.on_cp(lambda: setattr(roomy.system.ceiling, "limit", 4096))
    begin(roomy, small, "USER01", 0x3000, 0x3000)
    until(roomy, lambda: roomy.system.ceiling._is_full)
    before = roomy.system.users["CMSUSER"].machine.storage.taken()
    begin(roomy, hog, "CMSUSER", 0x3000, 0x1FF000)
    hog.until_line("YOUR MACHINE WAITS")
    storage = roomy.system.users["CMSUSER"].machine.storage
    assert storage.taken() - before <= 4 * ceiling.A_LITTLE
    assert len(storage.watched) > 900
    # reset, and with what it had before: it is watched anew
    hog.session.attention()
    hog.until(ReadState.CP_READ)
    for command in ("SYSTEM RESET", "SYSTEM CLEAR"):
        hog.type(command)
        until(roomy, lambda: "CMSUSER" not in waiting(roomy))
        begin(roomy, hog, "CMSUSER", 0x3000, 0x1FF000)
        hog.until_line("YOUR MACHINE WAITS")
        assert storage.taken() - before <= 10 * ceiling.A_LITTLE
        hog.session.attention()
        hog.until(ReadState.CP_READ)
    # and with room it is not watched any more
    roomy.on_cp(lambda: setattr(roomy.system.ceiling, "limit", None))
    until(roomy, lambda: not waiting(roomy))
    assert not storage.watched
    hog.type("BEGIN", ReadState.RUNNING)
    until(roomy, lambda: roomy.system.users["CMSUSER"].machine.psw.address == 0x208)


def test_far_above_the_ceiling_everybody_waits_who_wants_more(roomy: Site) -> None:
    hog, small = roomy.logon("CMSUSER"), roomy.logon("USER01", "SECRET")
    hog.type("DEFINE STORAGE 2M")
    begin(roomy, hog, "CMSUSER", 0x3000, 0x1FF000)
    until(roomy, lambda: roomy.system.users["CMSUSER"].machine.psw.address == 0x208)
    assert roomy.system.ceiling.used > MEGABYTE
    roomy.on_cp(lambda: setattr(roomy.system.ceiling, "limit", MEGABYTE))
    begin(roomy, small, "USER01", 0x3000, 0x13000)
    small.until_line("SYSTEM PAGING SPACE FULL; YOUR MACHINE WAITS")
    assert "CMSUSER" not in waiting(roomy)  # which takes nothing more
    # what a machine that goes leaves is there for the others
    hog.session.attention()
    hog.until(ReadState.CP_READ)
    hog.type("LOGOFF", ReadState.LOGON, ReadState.CLOSED)
    until(roomy, lambda: not waiting(roomy))
    assert roomy.system.ceiling.used < MEGABYTE // 2


def test_a_user_who_waits_can_do_something_about_it(roomy: Site) -> None:
    hog = roomy.logon("CMSUSER")
    hog.type("DEFINE STORAGE 2M")
    roomy.on_cp(lambda: setattr(roomy.system.ceiling, "limit", MEGABYTE))
    begin(roomy, hog, "CMSUSER", 0x3000, 0x1FF000)
    hog.until_line("YOUR MACHINE WAITS")
    hog.session.attention()
    hog.until(ReadState.CP_READ)
    assert hog.type("SYSTEM CLEAR")[0].startswith("STORAGE CLEARED")
    until(roomy, lambda: not waiting(roomy))
    assert roomy.system.users["CMSUSER"].holds == 0
    assert roomy.system.ceiling.used < MEGABYTE
    begin(roomy, hog, "CMSUSER", 0x3000, 0x4000)
    until(roomy, lambda: roomy.system.users["CMSUSER"].machine.psw.address == 0x208)


def test_the_host_has_no_more(site: Site) -> None:
    left = 1 << 40
    site.on_cp(lambda: setattr(site.system.ceiling, "host_left", lambda: left))
    user = site.logon("CMSUSER")
    left = ceiling.LEAST - 1
    site.on_cp(lambda: setattr(site.system.ceiling, "_looked_at_host", 0.0))
    begin(site, user, "CMSUSER", 0x3000, 0x30000)
    user.until_line("YOUR MACHINE WAITS")
    left = 1 << 40
    until(site, lambda: site.system.users["CMSUSER"].machine.psw.address == 0x208)


def test_a_host_that_gives_no_memory_refuses_the_logon(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(self: Storage, size: int) -> None:
        raise OSError(12, "Cannot allocate memory")

    terminal = site.terminal()
    monkeypatch.setattr(Storage, "__init__", none)
    lines = terminal.type("LOGON CMSUSER CMSUSER")
    assert "DMKLOG199E CMSUSER NOT LOGGED ON; SYSTEM PAGING SPACE FULL" in lines
    monkeypatch.undo()


# Measuring, without machines


@dataclass(eq=False)
class Machine:
    """As much of a VMBLOK as the ceiling looks at."""

    userid: str
    storage: int = 16 * MEGABYTE
    takes: int = 0
    looked: int = 0
    generation: int = 0
    logged_off: bool = False
    holds: int = 0
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.console = SimpleNamespace(write_cp=self.said.append)

    @property
    def taken(self) -> int:
        self.looked += 1
        return self.takes

    def hold(self) -> None:
        self.holds += 1

    def release(self) -> None:
        self.holds -= 1


def world(limit: int | None, *machines: Machine) -> tuple[Ceiling, list[str], list[Callable[[], None]]]:
    log: list[str] = []
    later: list[Callable[[], None]] = []
    system = SimpleNamespace(
        log=SimpleNamespace(write=log.append),
        users={machine.userid: machine for machine in machines},
        timers=SimpleNamespace(after=lambda seconds, action: later.append(action)),
    )
    made = Ceiling(cast(Any, system), limit)
    made.host_left = lambda: None
    return made, log, later


def test_machines_are_measured_only_when_it_may_matter() -> None:
    one = Machine("ONE", takes=MEGABYTE)
    made, log, _ = world(100 * MEGABYTE, one)
    for _ in range(50):
        made.ran(cast(VMBLOK, one))
    assert one.looked == 0  # it cannot have more than its 16 MB
    assert made.used == MEGABYTE
    assert log == []
    many = [Machine(f"M{number}", takes=MEGABYTE) for number in range(10)]
    made, log, _ = world(100 * MEGABYTE, *many)
    for machine in many:
        made.ran(cast(VMBLOK, machine))
    assert all(machine.looked for machine in many[:6])  # ten times 16 MB would be too much
    assert made.used == 10 * MEGABYTE
    assert not any(machine.holds for machine in many)


def test_the_operator_is_told_once_and_again_when_it_was_better() -> None:
    one = Machine("ONE")
    made, log, later = world(10 * MEGABYTE, one)
    for takes in (9 * MEGABYTE, 9 * MEGABYTE, 10 * MEGABYTE, 11 * MEGABYTE):
        one.takes = takes
        made.ran(cast(VMBLOK, one))
    assert [line.split(" ", 1)[1] for line in log] == [
        "SYSTEM PAGING SPACE 90 PERCENT FULL", "SYSTEM PAGING SPACE FULL",
    ]  # fmt: skip
    assert one.holds == 1
    assert one.said == ["DMKPGT400I SYSTEM PAGING SPACE FULL; YOUR MACHINE WAITS"]
    with pytest.raises(CPError, match="TWO NOT LOGGED ON"):
        made.check("TWO")
    made.check("OPERATOR")
    later.pop()()
    assert one.holds == 1
    one.takes = MEGABYTE
    later.pop()()
    assert one.holds == 0
    assert not later
    one.takes = 10 * MEGABYTE
    made.ran(cast(VMBLOK, one))
    assert len(log) == 4


def test_no_limit_is_no_limit() -> None:
    one = Machine("ONE", takes=1 << 40)
    made, log, _ = world(None, one)
    made.ran(cast(VMBLOK, one))
    assert not one.holds
    assert log == []


def test_a_machine_that_has_gone_counts_no_more() -> None:
    one, two = Machine("ONE", takes=9 * MEGABYTE), Machine("TWO", takes=MEGABYTE)
    made, _, later = world(8 * MEGABYTE, one, two)
    made.ran(cast(VMBLOK, one))
    assert one.holds == 1
    one.logged_off = True
    made.gone(cast(VMBLOK, one))
    made.ran(cast(VMBLOK, one))  # the slice in which it logged off
    later.pop()()
    assert not later
    made.ran(cast(VMBLOK, two))
    assert made.used == MEGABYTE
    assert two.holds == 0


def test_the_default_is_part_of_what_the_host_has() -> None:
    found = ceiling.default()
    assert found is None or found > 0
    left = ceiling.host_has_left()
    assert left is None or left > 0


def test_storage_knows_what_it_takes() -> None:
    storage = Storage(MEGABYTE)
    assert storage.taken() == 0
    for at in range(0, MEGABYTE, 8192):
        storage.write(at, b"X")
    for block in range(0, MEGABYTE // 2048, 4):
        storage.keys[block] = 4  # as the engine does, for hosts that tell nothing
    taken = storage.taken()
    assert MEGABYTE // 4 <= taken <= MEGABYTE
    for block in range(MEGABYTE // 2048):
        storage.set_key(block * 2048, 0)
    assert storage.taken() in (taken, 0)  # 0 only where the host tells nothing
    storage.discard()
    assert storage.taken() == 0


# What stays behind


def test_cancelled_requests_do_not_pile_up() -> None:
    now = 0.0
    timers = Timers(lambda: now)
    done: list[int] = []
    timers.after(5.0, lambda: done.append(5))
    request = timers.after(1e9, lambda: done.append(0))
    for _ in range(10_000):
        request.cancel()
        request.cancel()
        request = timers.after(1e9, lambda: done.append(0))
    timers.after(3.0, lambda: done.append(3))
    assert len(timers) < 200
    assert timers.next_due() == 3.0
    now = 10.0
    for action in timers.expired():
        action()
    assert done == [3, 5]
    request.cancel()
    assert timers.next_due() is None
    now = 2e9
    assert timers.expired() == []
    assert len(timers) == 0


def gone(site: Site, userid: str) -> Callable[[], bool]:
    """Tells whether nothing refers to a machine any more."""
    found = weakref.ref(site.system.users[userid])

    def look() -> bool:
        gc.collect()
        return found() is None

    return look


def log_off(terminal: FakeTerminal) -> None:
    terminal.type("LOGOFF", ReadState.LOGON, ReadState.CLOSED)


def test_a_wait_for_a_time_far_away_does_not_outlive_the_user(site: Site) -> None:
    user = site.logon("CMSUSER")
    before = len(site.system.timers)

    def wait() -> None:
        vm = site.system.users["CMSUSER"]
        vm.machine.psw = PSW.from_bytes(bytes.fromhex("01020000 00000000"))
        vm.machine.set_cr(0, 0x800)  # the clock comparator's mask
        vm.machine.cpu.timers.comparator = (1 << 64) - 1
        for _ in range(300):
            site.system.dispatcher._wait_begins(vm)
        assert vm.alarm is not None

    site.on_cp(wait)
    assert len(site.system.timers) - before < 140
    look = gone(site, "CMSUSER")
    log_off(user)
    until(site, look)


def test_a_sleep_does_not_outlive_the_user(site: Site) -> None:
    user = site.logon("CMSUSER")
    look = gone(site, "CMSUSER")
    user.type("SLEEP 99 HR", ReadState.SLEEPING)
    user.session.attention()
    user.until(ReadState.CP_READ)
    log_off(user)
    until(site, look)


def test_a_lost_line_does_not_outlive_the_user_nor_end_a_later_disconnect(site: Site) -> None:
    user = site.logon("CMSUSER")
    user.session.hangup()
    until(site, lambda: site.system.users["CMSUSER"].lost_line is not None)
    user = site.terminal()
    user.type("LOGON CMSUSER CMSUSER")
    assert user.reading is ReadState.CP_READ
    assert site.system.users["CMSUSER"].lost_line is None
    look = gone(site, "CMSUSER")
    log_off(user)
    until(site, look)
