"""Host halves in processes of their own: conversations move between them, and what one does harms nobody."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cpvm.cp import halfpool
from cpvm.cp.halfpool import HalfFailed, HalfPool, RemoteHalf
from cpvm.cp.session import ReadState
from cpvm.s370.ebcdic import to_ebcdic

from .calling import Guest
from .helper import Site

SOURCE = """
import os, sys, time
from cpvm.cp import halfprocess


class Half:
    def __init__(self):
        self.state = {"said": []}

    def step(self, reply):
        word = reply.decode("cp037").strip()
        if word == "LOOP":
            while True:
                pass
        if word == "EAT":
            whole = []
            while True:
                whole.append(bytearray(1 << 24))
        if word == "BRIEF":
            halfprocess.MOST_SECONDS = 1
        if word == "WORK":
            began = time.process_time()
            while time.process_time() < began + 0.02:
                pass
        if word == "FAIL":
            raise ValueError("IT WILL NOT")
        if word == "STATE":
            self.state["much"] = "X" * (70 << 20)
        if word == "PRINT":
            print("NOISE", flush=True)
            os.write(1, b"MORE NOISE")
        if word == "FILE":
            with open(os.path.join(os.path.dirname(__file__), "mine"), "w") as file:
                file.write("X" * 100)
        if word == "NONE":
            return None
        if word == "DIE":
            os._exit(1)
        if word == "WHO":
            return str(os.getpid()).encode()
        self.state["said"].append(word)
        return " ".join(self.state["said"]).encode("cp037")

    def save(self):
        return self.state

    def load(self, state):
        self.state = state
"""


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HalfPool]:
    """A pool of one process that knows the module `strangehalf`."""
    (tmp_path / "strangehalf.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    made = HalfPool(1)
    yield made
    made.close()


def say(half: RemoteHalf, word: str) -> str:
    return half.step(word.encode("cp037")).decode("cp037")


def who(half: RemoteHalf) -> str:
    return half.step("WHO".encode("cp037")).decode()


def test_conversations_take_turns_in_one_process(pool: HalfPool) -> None:
    one, other = pool.half("strangehalf"), pool.half("strangehalf")
    for number in range(3):
        for half in (one, other):
            say(half, f"N{number}")
    assert say(one, "ONE") == "N0 N1 N2 ONE"
    assert say(other, "OTHER") == "N0 N1 N2 OTHER"
    assert who(one) == who(other)
    assert one.save() == {"said": ["N0", "N1", "N2", "ONE"]}
    again = pool.half("strangehalf")
    again.load(one.save())
    assert say(again, "MORE") == "N0 N1 N2 ONE MORE"
    say(one, "WORK")
    assert one.take_used() > 10_000_000
    assert one.take_used() == 0


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("FAIL", "ValueError: IT WILL NOT"),
        ("NONE", "a host half must return bytes"),
        ("EAT", "MemoryError"),
        ("STATE", "the state of the conversation is larger than"),
        ("DIE", "it took too much, and was ended"),
        ("FILE", "File too large"),
    ],
)
def test_what_goes_wrong_ends_one_conversation(pool: HalfPool, word: str, why: str) -> None:
    one, other = pool.half("strangehalf"), pool.half("strangehalf")
    say(other, "BEFORE")
    first = who(other)
    with pytest.raises(HalfFailed, match=why):
        say(one, word)
    assert say(other, "AFTER") == "BEFORE AFTER"
    assert who(other) != first


def test_what_a_half_prints_is_no_answer(pool: HalfPool) -> None:
    half = pool.half("strangehalf")
    assert say(half, "PRINT") == "PRINT"
    assert say(half, "MORE") == "PRINT MORE"


def test_a_step_has_so_much_processor_time(pool: HalfPool) -> None:
    half = pool.half("strangehalf")
    say(half, "BRIEF")
    with pytest.raises(HalfFailed, match="it took too much, and was ended"):
        say(half, "LOOP")
    assert say(pool.half("strangehalf"), "NEXT") == "NEXT"


def test_a_half_without_an_end_is_cancelled_and_so_is_one_that_waits(pool: HalfPool) -> None:
    one, other = pool.half("strangehalf"), pool.half("strangehalf")
    failures: list[str] = []

    def run(half: RemoteHalf, word: str) -> None:
        try:
            say(half, word)
        except HalfFailed as error:
            failures.append(str(error))

    say(one, "BEGIN")
    threads = [threading.Thread(target=run, args=(half, "LOOP")) for half in (one, other)]
    for thread in threads:
        thread.start()
    other.cancel()  # whether it waits for the process, or has it
    one.cancel()
    for thread in threads:
        thread.join(30)
    assert failures == ["it was cancelled"] * 2
    assert say(pool.half("strangehalf"), "NEXT") == "NEXT"


def test_one_that_takes_long_does_not_keep_others_waiting(pool: HalfPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halfpool, "LONG", 0.05)
    monkeypatch.setattr(halfpool, "MOST", 3)
    endless, more, other, last = (pool.half("strangehalf") for _ in range(4))
    said: list[str] = []

    def run(half: RemoteHalf, word: str) -> None:
        try:
            said.append(say(half, word))
        except HalfFailed as error:
            said.append(str(error))

    loops = [threading.Thread(target=run, args=(half, "LOOP")) for half in (endless, more)]
    for loop in loops:
        loop.start()
    first = int(who(other))  # a process of its own, while the others go on
    assert say(other, "NEXT") == "NEXT"
    assert [process.behind for process in pool._busy] == [True, True]
    behind = {os.getpriority(os.PRIO_PROCESS, process._child.pid) for process in pool._busy}
    assert behind == {min(19, os.getpriority(os.PRIO_PROCESS, first) + halfpool.BEHIND)}
    third = threading.Thread(target=run, args=(other, "LOOP"))
    third.start()
    waiting = threading.Thread(target=run, args=(last, "AFTER"))
    waiting.start()  # there may be no more processes, however long they take
    endless.cancel()
    waiting.join(30)
    assert sorted(said) == ["AFTER", "it was cancelled"]
    for half in (more, other):
        half.cancel()
    for thread in (*loops, third):
        thread.join(30)
    assert said.count("it was cancelled") == 3
    assert not pool._busy
    assert say(pool.half("strangehalf"), "NEXT") == "NEXT"
    assert pool._count == 1


def test_who_comes_first_is_served_first(pool: HalfPool) -> None:
    busy, *others = [pool.half("strangehalf") for _ in range(4)]
    process = pool.take(busy)
    order: list[RemoteHalf] = []
    take = pool.take

    def taken(half: RemoteHalf) -> halfpool._Process:
        process = take(half)
        order.append(half)
        return process

    pool.take = taken  # type: ignore[method-assign]
    threads = []
    for number, half in enumerate(others):
        threads.append(threading.Thread(target=say, args=(half, "NEXT")))
        threads[-1].start()
        while len(pool._line) <= number:
            pass
    pool.done(process, again=True)
    for thread in threads:
        thread.join(30)
    assert order == others


def test_a_host_without_processes(pool: HalfPool, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*arguments: object, **words: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", none)
        for _ in range(3):
            with pytest.raises(HalfFailed, match="Resource temporarily unavailable"):
                say(pool.half("strangehalf"), "NOW")
    assert say(pool.half("strangehalf"), "LATER") == "LATER"


def test_a_module_that_is_no_half(pool: HalfPool) -> None:
    with pytest.raises(HalfFailed, match="has 0 classes"):
        say(pool.half("json"), "NOW")
    with pytest.raises(HalfFailed, match="No module named"):
        say(pool.half("nosuchhalf"), "NOW")


# A guest's


def start(site: Site, word: str, *states: ReadState) -> Guest:
    """Have a guest begin a conversation with WORD."""
    terminal = site.logon("CMSUSER")
    guest = Guest(site, terminal)
    guest.put(0x200, bytes.fromhex("83120100 82000240"))
    guest.put(0x240, bytes.fromhex("00020000000000C0"))
    guest.put(0x68, bytes.fromhex("00020000000000EE"))
    block = to_ebcdic("STRANGE ") + bytes(4)
    block += b"".join(number.to_bytes(4, "big") for number in (0x500, 8, 0x600, 64, 0))
    guest.put(0x400, block)
    guest.put(0x500, to_ebcdic(f"{word:<8}"))
    guest.set(1, 0x400)
    terminal.type("STORE PSW 00000000 00000200")
    terminal.type("BEGIN", *states)
    return guest


def test_a_guest_talks_to_a_half_and_pays_for_it(site: Site, pool: HalfPool) -> None:
    site.system.host_halves["STRANGE"] = lambda: pool.half("strangehalf")
    guest = start(site, "HELLO", ReadState.CP_READ)
    assert guest.text(0x600, 5) == "HELLO"
    vm = site.system.users["CMSUSER"]
    assert vm.usage.overhead_ns > 0
    assert vm.taken - vm.machine.storage.taken() == len('{"said": ["HELLO"]}')


def test_a_half_without_an_end_ends_with_a_reset(site: Site, pool: HalfPool) -> None:
    made: list[RemoteHalf] = []

    def make() -> RemoteHalf:
        made.append(pool.half("strangehalf"))
        return made[-1]

    site.system.host_halves["STRANGE"] = make
    guest = start(site, "LOOP", ReadState.RUNNING)
    terminal = guest.terminal
    terminal.session.attention()
    terminal.until(ReadState.CP_READ)
    terminal.type("SYSTEM RESET")
    assert made[0].cancelled
    assert say(pool.half("strangehalf"), "NEXT") == "NEXT"  # the only process is free again
    assert "CONTROL PROGRAM ERROR" not in " ".join(site.system.log.lines)


def test_a_half_without_an_end_ends_with_its_user(site: Site, pool: HalfPool) -> None:
    site.system.host_halves["STRANGE"] = lambda: pool.half("strangehalf")
    guest = start(site, "LOOP", ReadState.RUNNING)
    terminal = guest.terminal
    terminal.session.attention()
    terminal.until(ReadState.CP_READ)
    terminal.type("LOGOFF", ReadState.LOGON, ReadState.CLOSED)
    assert say(pool.half("strangehalf"), "NEXT") == "NEXT"


def test_a_half_that_fails_is_told_to_the_guest_and_the_operator(site: Site, pool: HalfPool) -> None:
    site.system.host_halves["STRANGE"] = lambda: pool.half("strangehalf")
    guest = start(site, "FAIL", ReadState.CP_READ)
    assert guest.text(0x600, 4) != "FAIL"
    assert site.system.users["CMSUSER"].conversation is None
    assert any("HOST HALF STRANGE OF CMSUSER" in line for line in site.system.log.lines)
