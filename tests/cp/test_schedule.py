"""Who gets the processors: shares, limits, and machines that wait now and then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from cpvm.cp.message import CPError
from cpvm.cp.operand import Operands
from cpvm.cp.schedule import ADVANCE, CREDIT, MOST_DELAYED, MOST_LIMITED, PRIORITY, Scheduler
from cpvm.cp.share import NOTHING_SET, Allowance, Share, share
from cpvm.cp.vmblok import VMBLOK

MS = 1_000_000


def shared(text: str, now: Share = NOTHING_SET) -> Share:
    return share(Operands(text), now)


@dataclass(eq=False)
class Machine:
    """As much of a VMBLOK as the scheduler looks at, and what it would do."""

    userid: str
    share: Share = NOTHING_SET
    slice: int = 4 * MS
    priority: int = PRIORITY
    favored: int | None = None
    due: float = 0.0
    interactive: int = 0
    claim: tuple[float, float] | None = None
    allowance: Allowance = field(default_factory=Allowance)
    queued: bool = False
    running: bool = False
    runnable: bool = True


def machine(name: str, said: str = "", **more: int) -> VMBLOK:
    return cast(VMBLOK, Machine(name, shared(said) if said else NOTHING_SET, **more))


class Host:
    """Processors in step, and a clock that goes while they work."""

    def __init__(self, processors: int = 1) -> None:
        self.now = 1
        self.scheduler = Scheduler(lambda: self.now)
        self.scheduler.processors = processors
        self.used: Counter[str] = Counter()
        self.asleep: list[tuple[float, VMBLOK]] = []

    def run(self, nanoseconds: int, ended: Callable[[VMBLOK], float] = lambda vm: 0.0) -> dict[str, float]:
        """Each machine's part of the processors, in percent. ENDED tells how long one waits after a slice."""
        self.used.clear()
        begin = self.now
        while self.now < begin + nanoseconds:
            self._wake()
            chosen = [vm for _ in range(self.scheduler.processors) if (vm := self.scheduler.next()) is not None]
            self.now += max((cast(Machine, vm).slice for vm in chosen), default=MS)
            for vm in chosen:
                self._end(vm, ended(vm))
        whole = (self.now - begin) * self.scheduler.processors
        return {userid: used * 100 / whole for userid, used in self.used.items()}

    def _end(self, vm: VMBLOK, sleep: float) -> None:
        used = cast(Machine, vm).slice
        self.used[vm.userid] += used
        if not sleep:
            self.scheduler.add(vm)
        wait = max(self.scheduler.charge(vm, used), sleep)
        if wait:
            cast(Machine, vm).runnable = False
            self.asleep.append((self.now + wait * 1e9, vm))

    def _wake(self) -> None:
        for due, vm in list(self.asleep):
            if due <= self.now:
                self.asleep.remove((due, vm))
                cast(Machine, vm).runnable = True
                self.scheduler.add(vm)


def parts(machines: list[VMBLOK], processors: int = 1, milliseconds: int = 10_000) -> dict[str, float]:
    """What each gets if all compute."""
    host = Host(processors)
    for vm in machines:
        host.scheduler.add(vm)
    return host.run(milliseconds * MS)


def test_equals_take_turns() -> None:
    host = Host()
    machines = [machine(name) for name in "ABC"]
    for vm in machines:
        host.scheduler.add(vm)
    order: list[str] = []
    host.run(24 * MS, lambda vm: order.append(vm.userid) or 0.0)  # type: ignore[func-returns-value]
    assert order == ["A", "B", "C"] * 2


def test_equals_get_the_same_however_long_their_slices_are() -> None:
    got = parts([machine("LONG", slice=4 * MS), machine("SHORT", slice=MS // 10)])
    assert got == pytest.approx({"LONG": 50, "SHORT": 50}, abs=0.5)


@pytest.mark.parametrize(
    ("machines", "expected"),
    [
        ({"A": "REL 300", "B": "REL 100"}, {"A": 75, "B": 25}),
        ({"A": "REL 10000", "B": "REL 1"}, {"A": 99.99, "B": 0.01}),
        ({"A": "ABS 30%", "B": "", "C": "REL 300"}, {"A": 30, "B": 17.5, "C": 52.5}),
        ({"A": "ABS 30%", "B": "ABS 10%"}, {"A": 75, "B": 25}),
        ({"A": "ABS 80%", "B": "ABS 80%", "C": ""}, {"A": 49.5, "B": 49.5, "C": 1}),
        ({"A": "ABS 0.5", "B": ""}, {"A": 0.5, "B": 99.5}),
        ({"A": "ABS 100%"}, {"A": 100}),
    ],
)
def test_shares_are_kept(machines: dict[str, str], expected: dict[str, float]) -> None:
    assert parts([machine(name, said) for name, said in machines.items()]) == pytest.approx(expected, abs=0.2)


def test_what_one_leaves_the_others_get() -> None:
    host = Host()
    half, other, third = machine("HALF", "ABS 50%"), machine("OTHER"), machine("THIRD", "REL 200")
    for vm in (half, other, third):
        host.scheduler.add(vm)
    got = host.run(10_000 * MS, lambda vm: 0.036 if vm is half else 0.0)
    assert got["HALF"] < 11
    assert got["THIRD"] / got["OTHER"] == pytest.approx(2, rel=0.02)
    assert host.scheduler.part(third) == pytest.approx(2 / 3 if half.claim is None else 1 / 3)


def test_priority_and_favored_are_shares() -> None:
    assert parts([machine("A"), machine("B", priority=31)])["B"] == pytest.approx(67, abs=0.5)
    host = Host(processors=2)
    machines = [machine("F", slice=MS), *(machine(f"M{number}", slice=MS) for number in range(9))]
    host.scheduler.favor(machines[0], 60)
    for vm in machines:
        host.scheduler.add(vm)
    assert host.run(5_000 * MS)["F"] == pytest.approx(30, abs=1)  # 60% of one of two
    host.scheduler.favor(machines[0], 0)
    assert host.run(5_000 * MS)["F"] == pytest.approx(800 / 17, abs=1)
    host.scheduler.favor(machines[0], None)
    assert host.run(5_000 * MS)["F"] == pytest.approx(10, abs=1)


@pytest.mark.parametrize("processors", [1, 2])
def test_a_hard_limit_holds_though_nobody_else_is_there(processors: int) -> None:
    assert parts([machine("A", "REL 100 ABS 10% LIMITHARD")], processors)["A"] == pytest.approx(10, abs=0.3)
    assert parts([machine("A", "ABS 20% LIMITHARD")], processors)["A"] == pytest.approx(20, abs=0.3)


def test_a_relative_limit_is_measured_by_those_that_are_there() -> None:
    got = parts([machine("A", "REL 200 100 LIMITHARD"), machine("B")])
    assert got["A"] == pytest.approx(100 / 3, abs=2)
    assert parts([machine("A", "REL 200 100 LIMITHARD")])["A"] == pytest.approx(50, abs=1)  # 100 of its own 200


def test_a_soft_limit_holds_only_beside_others() -> None:
    limited = "REL 300 ABS 10% LIMITSOFT"
    assert parts([machine("A", limited)])["A"] == pytest.approx(100)
    assert parts([machine("A", limited), machine("B")])["A"] == pytest.approx(10, abs=0.5)


def test_who_slept_is_served_at_once_but_saves_up_no_more_than_the_credit() -> None:
    host = Host()
    sleeper, *busy = [machine("SLEEPER"), *(machine(f"M{number}") for number in range(10))]
    for vm in busy:
        host.scheduler.add(vm)
    host.run(60_000 * MS)
    host.scheduler.add(sleeper)
    credit = CREDIT // MS
    assert host.run(credit * MS)["SLEEPER"] > 95
    assert host.run(2_000 * MS)["SLEEPER"] == pytest.approx(100 / 11, abs=1)


def test_newcomers_do_not_go_before_who_is_at_work() -> None:
    """Somebody has just used a lot; then a class logs on."""
    host = Host()
    worker, *others = [machine("WORKER"), *(machine(f"M{number}") for number in range(50))]
    host.scheduler.enter(worker)
    host.scheduler.add(worker)
    host.run(CREDIT, lambda vm: 10.0 if host.now > CREDIT - 4 * MS else 0.0)
    assert host.scheduler.empty
    for vm in others:
        host.scheduler.enter(vm)
        host.scheduler.add(vm)
    cast(Machine, worker).runnable = True
    host.scheduler.add(worker)
    for _turn in range(len(others) + 1):  # each of them once, not all that they need
        vm = host.scheduler.next()
        assert vm is not None
        host.scheduler.add(vm)
        host.scheduler.charge(vm, 4 * MS)
        if vm is worker:
            break
    assert vm is worker


def test_short_waits_do_not_take_from_others() -> None:
    """A machine that computes for 156 ms and waits for 1 ms is no more interactive than the others."""
    host = Host()
    cheat, *others = [machine("CHEAT", slice=156 * MS), *(machine(f"M{number}") for number in range(3))]
    for vm in (cheat, *others):
        host.scheduler.add(vm)
    got = host.run(60_000 * MS, lambda vm: 0.001 if vm is cheat else 0.0)
    assert got["CHEAT"] < 26


def test_time_for_which_one_delays_others_counts_where_they_want_it() -> None:
    """Who keeps another processor waiting for the lock all the time gets half as much, and no less of a limit."""
    host = Host()
    waiter, worker = machine("WAITER"), machine("WORKER")
    for vm in (waiter, worker):
        host.scheduler.add(vm)

    def ended(vm: VMBLOK) -> float:
        if vm is waiter:
            assert host.scheduler.charge(vm, 0, 4 * MS) == 0
        return 0.0

    got = host.run(10_000 * MS, ended)
    assert got["WAITER"] == pytest.approx(100 / 3, abs=0.5)
    limited = machine("LIMITED", "ABS 10% LIMITHARD")
    assert host.scheduler.charge(limited, 0, 1000 * MS) == 0
    assert host.scheduler.charge(limited, 1000 * MS) > 5


def test_who_is_charged_while_it_waits_for_its_turn_loses_it() -> None:
    scheduler = Scheduler(lambda: 1)
    first, second = machine("A"), machine("B")
    for vm in (first, second):
        scheduler.add(vm)
    scheduler.charge(first, MS)
    assert scheduler.next() is second
    assert scheduler.next() is first


def test_what_cp_does_for_a_machine_counts_and_has_to_wait_for_its_turn() -> None:
    host = Host()
    talker, *busy = [machine("TALKER"), *(machine(f"M{number}") for number in range(3))]
    assert host.scheduler.turn(talker) == 0
    for vm in busy:
        host.scheduler.add(vm)
    host.run(60_000 * MS)
    host.scheduler.charge_apart(talker, 40 * MS, 100 * MS)  # what was saved up
    assert host.scheduler.turn(talker) == 0
    host.scheduler.charge_apart(talker, ADVANCE, ADVANCE)
    assert host.scheduler.turn(talker) < 0.05
    host.scheduler.charge_apart(talker, 25 * MS, 1_000 * MS)
    assert host.scheduler.turn(talker) == pytest.approx(0.3, abs=0.05)  # three others have as much meanwhile
    host.run(320 * MS)
    assert host.scheduler.turn(talker) == 0
    host.scheduler.charge_apart(talker, 60_000 * MS, 60_000 * MS)
    assert host.scheduler.turn(talker) == MOST_DELAYED


def test_a_limit_holds_for_what_cp_does_too() -> None:
    host = Host()
    limited = machine("LIMITED", "ABS 10% LIMITHARD")
    wait = host.scheduler.charge_apart(limited, 50 * MS, 5_000 * MS)
    assert wait == pytest.approx(0.5, abs=0.11)
    assert host.scheduler.turn(limited) == pytest.approx(wait)
    assert host.scheduler.charge_apart(limited, 5_000 * MS, 5_000 * MS) > 40
    assert host.scheduler.turn(limited) == MOST_LIMITED  # and one can still log off


def test_settings_count_at_once_and_sums_stay_right() -> None:
    host = Host()
    first, second = machine("A"), machine("B")
    for vm in (first, second):
        host.scheduler.add(vm)
    host.run(100 * MS)
    host.scheduler.set_share(first, shared("REL 300"))
    assert host.run(10_000 * MS)["A"] == pytest.approx(75, abs=1)
    host.scheduler.set_share(first, shared("ABS 10%"))
    assert host.run(10_000 * MS)["A"] == pytest.approx(10, abs=1)
    host.scheduler.set_share(first, NOTHING_SET)
    host.scheduler.set_priority(second, 31)
    assert host.run(10_000 * MS)["B"] == pytest.approx(67, abs=1)


def test_queues_are_shown_in_the_order_of_turns() -> None:
    scheduler = Scheduler(lambda: 1)
    machines = [machine("A"), machine("B"), machine("C")]
    machines[1].interactive = 2
    for vm in machines:
        scheduler.add(vm)
    assert [[vm.userid for vm in queue] for queue in scheduler.waiting] == [["B"], ["A", "C"]]
    assert len(scheduler) == 3
    for _ in range(3):
        assert scheduler.next() is not None
    assert scheduler.turns == [1, 2] and machines[1].interactive == 1
    assert scheduler.empty and scheduler.next() is None


def test_one_that_cannot_run_any_more_is_left_out() -> None:
    scheduler = Scheduler(lambda: 1)
    gone, there = machine("GONE", "ABS 50%"), machine("THERE")
    for vm in (gone, there):
        scheduler.add(vm)
    cast(Machine, gone).runnable = False
    assert scheduler.next() is there
    assert gone.claim is None and not gone.queued
    assert scheduler.part(there) == 1


@pytest.mark.parametrize(
    ("said", "kept", "lines"),
    [
        ("REL 200", "RELATIVE 200", ("RELATIVE SHARE = 200", "MAXIMUM SHARE = NOLIMIT")),
        ("ABSOLUTE 5", "ABSOLUTE 5%", ("ABSOLUTE SHARE = 5%", "MAXIMUM SHARE = NOLIMIT")),
        (
            "ABS 5.5% 20% LIMITH",
            "ABSOLUTE 5.5% ABSOLUTE 20% LIMITHARD",
            ("ABSOLUTE SHARE = 5.5%", "MAXIMUM SHARE = LIMITHARD ABSOLUTE 20%"),
        ),
        (
            "REL 100 ABS 20%",
            "RELATIVE 100 ABSOLUTE 20% LIMITSOFT",
            ("RELATIVE SHARE = 100", "MAXIMUM SHARE = LIMITSOFT ABSOLUTE 20%"),
        ),
        (
            "rel 100 200 limits",
            "RELATIVE 100 RELATIVE 200 LIMITSOFT",
            ("RELATIVE SHARE = 100", "MAXIMUM SHARE = LIMITSOFT RELATIVE 200"),
        ),
        (
            "LIMITHARD",
            "RELATIVE 100 RELATIVE 100 LIMITHARD",
            ("RELATIVE SHARE = 100", "MAXIMUM SHARE = LIMITHARD RELATIVE 100"),
        ),
        ("REL 7 NOLIMIT", "RELATIVE 7", ("RELATIVE SHARE = 7", "MAXIMUM SHARE = NOLIMIT")),
    ],
)
def test_operands(said: str, kept: str, lines: tuple[str, str]) -> None:
    got = shared(said)
    assert (str(got), got.lines) == (kept, lines)
    assert shared(str(got)) == got


def test_a_limit_alone_changes_nothing_else() -> None:
    limited = shared("REL 300 ABS 20% LIMITHARD")
    assert shared("LIMITSOFT", limited) == shared("REL 300 ABS 20% LIMITSOFT")
    assert shared("NOLIMIT", limited) == shared("REL 300")


@pytest.mark.parametrize(
    "said",
    [
        *("", "REL", "REL 0", "REL 10001", "REL X", "ABS 0%", "ABS 100.1%", "ABS 5.55%", "ABS 5.", "ABS .", "ABS %"),
        *(
            "5",
            "MANY",
            "REL 100 LIMIT",
            "REL 100 20% LIMITHARD X",
            "REL 100 200 NOLIMIT",
            "LIMITSOFT LIMITHARD",
            "ABS \u0665",
        ),
    ],
)
def test_wrong_operands(said: str) -> None:
    with pytest.raises(CPError):
        shared(said)
