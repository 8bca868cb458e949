"""Wrong passwords are counted, answered later and later, and at last not looked at: by userid, by place, by any way."""

from __future__ import annotations

import queue
import time

import pytest

from cpvm.cp import guard, signon
from cpvm.cp.guard import Guard, Leak, Rate, origin, wait
from cpvm.cp.journal import MOST_ALIKE, What, read
from cpvm.cp.message import CPError
from cpvm.cp.session import ReadState

from .helper import PATIENCE, FakeTerminal, Site


class Remote(FakeTerminal):
    """A terminal somewhere else."""

    address = "192.0.2.1"


def remote(site: Site, address: str = "192.0.2.1", *, local: bool = False) -> FakeTerminal:
    terminal = Remote(f"R{site.count:04}", local=local)
    terminal.address = address
    site.count += 1
    terminal.session = site.system.connect(terminal)
    terminal.until(ReadState.LOGON)
    return terminal


def attempts(site: Site, given: list[tuple[str, str]], address: str, *, local: bool = False) -> list[str]:
    """What is said to userids and passwords that come all at the same moment."""
    answers: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()

    def begin(number: int, user: str, password: str) -> None:
        def done(userid: str, error: CPError | None) -> None:
            answers.put((number, f"{error.number:03}" if error is not None else userid))

        signon.sign_on(site.system, user, password, place=signon.Place("S0001", address, local), done=done)

    site.on_cp(lambda: [begin(number, *pair) for number, pair in enumerate(given)])
    return [answer for _, answer in sorted(answers.get(timeout=PATIENCE) for _ in given)]


def test_each_answer_waits_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "FIRST_DELAY", 0.25)
    assert [wait(count) for count in range(8)] == [0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
    assert wait(10**9) == guard.LONGEST_DELAY


def test_the_answer_is_delayed_and_attention_does_not_hurry_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "FIRST_DELAY", 0.2)
    asked: list[float] = []
    after = site.system.timers.after
    monkeypatch.setattr(
        site.system.timers, "after", lambda seconds, act: (asked.append(seconds), after(seconds, act))[1]
    )
    user = site.logon("USER01", "SECRET")
    user.session.line("LINK MAINT 191 291 R GUESS")
    user.session.attention()
    assert user.until_line("DMKLNK")[-1] == "DMKLNK114E MAINT 191 NOT LINKED; MODE OR PASSWORD INCORRECT"
    stranger = remote(site)
    stranger.type("LOGON CMSUSER GUESS")
    assert asked.count(0.2) == 2


def test_forgetting_keeps_memory_bounded() -> None:
    watch = Guard()
    for number in range(guard.MOST_KEYS + 100):
        watch.wrong(str(number))
    assert watch.count("0") == 0 and watch.count(str(guard.MOST_KEYS)) == 1


def test_a_clock_that_stands_or_jumps_does_no_harm() -> None:
    now = [100.0]
    watch = Guard(lambda: now[0], limit=2, seconds=60, forget=True)
    watch.wrong("A")
    watch.wrong("A")
    assert watch.closed("A")
    now[0] = 0.0
    assert watch.closed("A")
    now[0] = 161.0
    assert not watch.closed("A") and watch.count("A") == 0


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("", ""),
        ("MACHINE USER01", "MACHINE USER01"),
    ],
)
def test_places(address: str, place: str) -> None:
    assert origin(address) == place


def test_an_address_is_let_in_again_little_by_little() -> None:
    now = [0.0]
    leak = Leak(3, 10, lambda: now[0])
    for _ in range(3):
        assert not leak.closed("A")
        leak.wrong("A")
    assert leak.closed("A") and not leak.closed("B")
    now[0] = 10.0
    assert not leak.closed("A")
    leak.wrong("A")
    assert leak.closed("A")
    now[0] = -1000.0  # a clock that goes back
    assert leak.closed("A")
    for number in range(guard.MOST_KEYS + 10):
        leak.wrong(str(number))
    assert len(leak._levels) == guard.MOST_KEYS


def test_a_rate() -> None:
    now = [0.0]
    rate = Rate(3, 2, lambda: now[0])
    assert [rate.wait("A") for _ in range(5)] == [0, 0, 0, 0.5, 1.0]
    assert rate.wait("B") == 0
    now[0] = 10.0
    assert rate.wait("A") == 0


# In a system


def test_many_guesses_at_once_are_no_more_than_one_after_the_other(site: Site) -> None:
    given = [("USER01", f"GUESS{number}") for number in range(40)] + [("USER01", "SECRET")]
    said = attempts(site, given, "192.0.2.1")
    assert said.count("050") == Guard.LIMIT and said.count("051") == 41 - Guard.LIMIT
    assert attempts(site, [("CMSUSER", "X")], "192.0.2.2") == ["050"]  # another userid is open


def test_who_tries_many_userids_is_stopped_and_others_are_not(site: Site) -> None:
    site.system.guards.places = Leak(now=lambda: 0.0)
    given = [(f"NONE{number}", "X") for number in range(guard.ADDRESS_LIMIT - 4)]
    assert set(attempts(site, given, "192.0.2.1")) == {"053"}
    users = ("USER01", "CMSUSER", "MAINT", "OPERATOR")
    assert attempts(site, [(user, "X") for user in users], "192.0.2.1") == ["050"] * 4
    assert attempts(site, [("USER01", "SECRET")], "192.0.2.1") == ["051"]
    stranger = remote(site)
    assert stranger.type("LOGON USER01") == ["DMKLOG051E MAXIMUM PASSWORD ATTEMPTS EXCEEDED, TRY LATER"]
    assert attempts(site, [("USER01", "SECRET")], "192.0.2.2") == ["USER01"]


def test_one_user_may_come_many_times_at_once(site: Site) -> None:
    assert attempts(site, [("USER01", "SECRET")] * 20, "192.0.2.1") == ["USER01"] * 20


def test_of_many_userids_tried_at_once_few_are_answered(site: Site) -> None:
    """Nor does the answer to the others tell whether the password was right."""
    site.system.guards.places = Leak(3, now=lambda: 0.0)
    given = [(user, "X") for user in ("CMSUSER", "MAINT", "OPERATOR", "CMSUSER", "MAINT")]
    said = attempts(site, [*given, ("USER01", "SECRET")], "192.0.2.1")
    assert said.count("050") == 3 and said[-1] in ("051", "USER01") and said.count("051") >= 2


def test_many_right_ones_at_once_from_one_address_are_let_in(site: Site) -> None:
    site.system.guards.places = Leak(3, now=lambda: 0.0)
    users = [("USER01", "SECRET"), ("MAINT", "CPCMS")] * Guard.LIMIT
    assert attempts(site, users, "192.0.2.1") == [user for user, _ in users]


def test_one_network_of_ipv6_is_one_place(site: Site) -> None:
    site.system.guards.places = Leak(now=lambda: 0.0)
    for number in range(guard.ADDRESS_LIMIT):
        attempts(site, [(f"NONE{number}", "X")], f"2001:db8::{number:x}")
    assert attempts(site, [("USER01", "SECRET")], "2001:db8::ffff") == ["051"]
    assert attempts(site, [("USER01", "SECRET")], "2001:db8:0:1::1") == ["USER01"]


def test_from_this_host_it_is_one_guess_at_a_time_but_never_closed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(8):
        terminal = remote(site, "127.0.0.1", local=True)
        if number < Guard.LIMIT:
            assert terminal.type("LOGON USER01 GUESS")[0].startswith("DMKLOG050E")
    waited: list[float] = []
    after = site.system.timers.after
    monkeypatch.setattr(site.system.timers, "after", lambda seconds, act: (waited.append(seconds), after(0.0, act))[1])
    user = remote(site, "127.0.0.1", local=True)
    assert user.type("LOGON USER01 SECRET")[-1].startswith("LOGON AT")
    assert guard.LONGEST_DELAY in waited


def test_at_the_systems_own_terminal_nothing_is_closed(site: Site) -> None:
    for _ in range(3):
        terminal = site.terminal()
        for _ in range(3):
            terminal.type("LOGON USER01 GUESS")
    assert site.logon("USER01", "SECRET").transcript[-1].startswith("LOGON AT")


def test_a_program_with_terminals_of_its_own_is_closed_out(site: Site) -> None:
    """Logical devices: a program can type faster than anybody, and where its user is nobody knows."""
    user = site.logon("USER01", "SECRET")
    device = []

    def make() -> None:
        vm = site.system.users["USER01"]
        device.append(vm.logical.initiate())

    site.on_cp(make)
    session = device[0].session
    assert signon.place_of(session) == signon.Place("L000", "MACHINE USER01", user.local)
    assert not signon.place_of(session).own
    user.type("DISCONN")
    site.on_cp(lambda: device.append(site.system.users["USER01"].logical.initiate()))
    assert not device[1].local  # nobody knows where its user is


def test_link_is_closed_to_who_guesses(site: Site) -> None:
    user, other = site.logon("USER01", "SECRET"), site.logon("CMSUSER")
    for number in range(guard.LINK_LIMIT):
        assert user.type(f"LINK MAINT 191 291 R GUESS{number}")[0].startswith("DMKLNK114E")
    assert user.type("LINK MAINT 191 291 R READIT") == ["DMKLNK115E LINK INVALID; EXCESSIVE INCORRECT PASSWORDS"]
    user.type("LOGOFF")
    again = site.logon("USER01", "SECRET")
    assert again.type("LINK MAINT 191 291 R READIT") == ["DMKLNK115E LINK INVALID; EXCESSIVE INCORRECT PASSWORDS"]
    assert other.type("LINK MAINT 191 291 R READIT") == ["DASD 291 LINKED R/O"]


def test_autolog_is_closed_to_who_guesses_and_the_user_is_not(site: Site) -> None:
    operator = site.logon("OPERATOR")
    for number in range(guard.LINK_LIMIT):
        assert operator.type(f"AUTOLOG USER01 GUESS{number} Q T")[0].startswith("DMKALG059E")
    assert operator.type("AUTOLOG USER01 SECRET Q T") == ["DMKALG051E MAXIMUM PASSWORD ATTEMPTS EXCEEDED, TRY LATER"]
    assert remote(site).type("LOGON USER01 SECRET")[-1].startswith("LOGON AT")


def test_the_old_password_cannot_be_guessed_at_a_terminal_that_was_left(site: Site) -> None:
    user = site.logon("USER01", "SECRET")
    for number in range(Guard.LIMIT):
        user.type("SET PASSWORD")
        assert user.type(f"GUESS{number}") == ["DMKCFS050E PASSWORD INCORRECT"]
    assert user.type("SET PASSWORD") == ["DMKCFS051E MAXIMUM PASSWORD ATTEMPTS EXCEEDED, TRY LATER"]


def test_links_without_end_are_slowed_down(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site.system.guards, "links", Rate(3, 50, lambda: 0.0))
    waited: list[float] = []
    after = site.system.timers.after
    monkeypatch.setattr(
        site.system.timers, "after", lambda seconds, act: (waited.append(seconds), after(seconds, act))[1]
    )
    user = site.logon("USER01", "SECRET")
    waited.clear()
    user.type("#".join(f"LINK MAINT 190 {0x300 + number:03X} RR" for number in range(5)))
    assert len([seconds for seconds in waited if 0 < seconds < 1]) == 2


def test_odd_passwords_are_wrong_ones(site: Site) -> None:
    assert attempts(site, [("USER01", "\ud800\0\x7f" * 1000)], "192.0.2.1") == ["050"]


def test_an_error_in_the_check_is_an_answer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(password: str, hashed: str) -> bool:
        raise ValueError(f"not {password!r}")

    monkeypatch.setattr(signon, "check_password", fails)
    assert attempts(site, [("USER01", "MYSECRET")], "192.0.2.1") == ["908"]
    log = (site.folder / "operator.log").read_text()
    assert "ValueError: not '...'" in log and "MYSECRET" not in log


def test_refusals_are_recorded_with_the_place(site: Site) -> None:
    attempts(site, [("USER01", "X"), ("USER01", "SECRET")], "192.0.2.1")
    found = [entry for entry in read(site.folder) if entry is not None and entry.what == What.SIGNON]
    assert [(entry.user, entry.place) for entry in found] == [("USER01", "S0001 192.0.2.1")] * 2
    assert sorted(entry.result for entry in found) == ["DMKLOG050E", "OK"]


def test_a_password_typed_before_it_is_asked_for_is_the_answer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site.system.guards, "links", Rate(0, 20))  # LINK waits before it asks
    user = site.logon("USER01", "SECRET")
    for line in ("LINK MAINT 191 291 R", "READIT", "QUERY V 291"):
        user.session.line(line)
    shown = user.until_line("DASD 291 3350")
    assert "DASD 291 LINKED R/O" in shown and not any("READIT" in line for line in shown)
    vm = site.system.users["USER01"]
    assert [vm.console._retrieval.retrieve() for _ in range(2)] == ["QUERY V 291", "LINK MAINT 191 291 R"]
    assert not any("READIT" in line.text for line in vm.console._recent)


def test_who_goes_before_the_answer_is_recorded_all_the_same(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "FIRST_DELAY", 1000.0)
    monkeypatch.setattr(guard, "LONGEST_DELAY", 1000.0)
    stranger, user, operator = remote(site), site.logon("USER01", "SECRET"), site.logon("OPERATOR")

    def refused() -> set[str]:
        return {f"{entry.what} {entry.result}" for entry in read(site.folder) if entry is not None and entry.failed}

    stranger.session.line("LOGON CMSUSER GUESS")
    user.session.line("LINK MAINT 191 291 R GUESS")
    operator.session.line("AUTOLOG CMSUSER GUESS Q T")
    ends = time.monotonic() + PATIENCE
    while len(refused()) < 3 and time.monotonic() < ends:
        site.on_cp(lambda: None)
    for terminal in (stranger, user, operator):
        terminal.session.hangup()
    site.on_cp(lambda: None)
    assert refused() == {"LOGON DMKLOG050E", "LINK DMKLNK114E", "AUTOLOG DMKALG059E"}


def test_strangers_do_not_wash_the_journal_out(site: Site) -> None:
    for _ in range(12):
        stranger = remote(site)  # each time at another line
        for line in ("LOGON NOSUCH", "DIAL NOSUCH", "LOGON USER01 GUESS"):
            stranger.type(line)
    found = [entry for entry in read(site.folder) if entry is not None and entry.failed]
    assert len([entry for entry in found if entry.result == "DMKLOG053E"]) == MOST_ALIKE
    assert len([entry for entry in found if entry.what == What.DIAL]) == MOST_ALIKE
    assert {entry.place for entry in found if not entry.user} == {"192.0.2.1"}
    closed = [entry for entry in found if entry.result == "DMKLOG051E"]
    assert closed and {entry.place for entry in closed} == {"192.0.2.1"}


def test_a_key_opens_where_passwords_do_not(site: Site) -> None:
    """Others behind the same address have guessed, or at this userid."""
    site.system.guards.places = Leak(1, now=lambda: 0.0)
    attempts(site, [("USER01", "X")] * Guard.LIMIT, "192.0.2.1")
    terminal = remote(site)
    assert terminal.type("LOGON USER01")[0].startswith("DMKLOG051E")
    terminal.session.proven = "USER01"  # as ssh says when the key was right
    assert terminal.type("LOGON USER01")[-1].startswith("LOGON AT")
